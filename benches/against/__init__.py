"""The peers' versions of the bench patches: each module has `command(patch, seconds, folder)`, or None where it has none."""
