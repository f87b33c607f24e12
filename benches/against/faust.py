"""FAUST's version of the bench patches, by g++ -O3 -march=native in blocks of 64. Debian: faust g++."""
import os
import subprocess

HEAD = 'import("stdfaust.lib");\n'
TONE = "voice(f, e) = (os.sawtooth(f) : fi.svf.lp(e*4000+200, 2.0)) * e;\nenv(i) = en.adsr(0.01, 0.1, 0.5, 0.25, gate(i));\n"
# A gate a sample later for each voice: the compiler would share one envelope among all.
GATE = "gate(i) = ((ba.time + 24000 - i) % 24000) < 12000;\n"
SOURCES = {
    "p1": "process = par(i, 256, os.osc(55 + 13.7*i)) :> /(256) <: _,_;\n",
    "p2": GATE + TONE + "process = par(i, 64, voice(55*pow(2, i/16), env(i))) :> /(16) <: _,_;\n",
    "p3": GATE + TONE + """
sig = voice(110, env(0))*4 : ma.tanh;
pp(x) = (rl ~ (_,_)) with { rl(fl, fr) = (x + fr*0.5 : @(17999)), (fl*0.5 : @(17999)); };
stage = sig <: (pp, (_ <: _,_)) :> _,_;
rev(l, r) = re.stereo_freeverb(0.8, 0.5, 0.5, 23, l, r) : (*(0.3) + l), (*(0.3) + r);
process = stage : rev : *(0.3), *(0.3);
""",
    "p4": "b = exp(-2*ma.PI*1000/ma.SR);\nprocess = par(i, 250, os.osc(55 + 13.7*i) * (1/250) : fi.pole(b) : *(1-b)) :> _ <: _,_;\n",
}
MAIN = r"""
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
struct Meta { void declare(const char*, const char*) {} };
struct UI {
  void openVerticalBox(const char*) {} void openHorizontalBox(const char*) {} void openTabBox(const char*) {}
  void closeBox() {} void declare(float*, const char*, const char*) {}
};
struct dsp { virtual ~dsp() {} };
<<includeIntrinsic>>
<<includeclass>>
int main(int argc, char** argv) {
  auto* d = new mydsp();
  d->init(48000);
  float l[64], r[64], *out[2] = {l, r};
  double sum = 0;
  for (long b = 0, n = long(atof(argv[1]) * 750); b < n; b++) {
    d->compute(64, nullptr, out);
    for (int i = 0; i < 64; i++) sum += l[i] * l[i];
  }
  printf("%f\n", sum);
}
"""


def command(patch, seconds, folder):
    program = f"{folder}/faust-{patch}"
    if not os.path.exists(program):
        for name, text in ((f"{program}.dsp", HEAD + SOURCES[patch]), (f"{folder}/main.cpp", MAIN)):
            with open(name, "w") as file:
                file.write(text)
        subprocess.run(["faust", "-a", f"{folder}/main.cpp", "-o", f"{program}.cpp", f"{program}.dsp"], check=True)
        subprocess.run(["g++", "-O3", "-ffast-math", "-march=native", "-o", program, f"{program}.cpp"], check=True)
    return [program, str(seconds)]
