"""fundsp's version of the bench patches, built by cargo for this CPU."""
import os
import subprocess


def command(patch, seconds, folder):
    here = os.path.dirname(os.path.abspath(__file__))
    target = os.path.join(here, "../../../target/fundsp")
    program = f"{target}/release/fundsp-bench"
    if not os.path.exists(program):
        flags = {**os.environ, "RUSTFLAGS": "-C target-cpu=native"}
        subprocess.run(["cargo", "build", "--release", "--target-dir", target], cwd=here, env=flags, check=True)
    return [program, patch, str(seconds)]
