"""Csound's version of the bench patches: blocks of 64, double precision. Debian: csound."""

VOICE = """ aenv linsegr 0, 0.01, 1, 0.1, 0.5, 0.25, 0
 asaw vco2 1, p4
 aflt zdf_2pole asaw, aenv*4000+200, 2
"""
INSTRUMENTS = {
    "p1": "instr 1\n a1 oscili 1/256, p4\n outs a1, a1\nendin\n",
    "p2": f"instr 1\n{VOICE} aout = aflt*aenv*(1/16)\n outs aout, aout\nendin\n",
    "p3": f"""ga1 init 0
instr 1
{VOICE} ga1 = ga1 + tanh(aflt*aenv*4)
endin
instr 2
 afl init 0
 afr init 0
 al delay ga1 + afr*0.5, 0.375
 ar delay afl*0.5, 0.375
 afl = al
 afr = ar
 axl = ga1 + al
 axr = ga1 + ar
 arl, arr reverbsc axl, axr, 0.8, 8000
 outs (axl + arl*0.3)*0.3, (axr + arr*0.3)*0.3
 ga1 = 0
endin
""",
    "p4": "instr 1\n a1 oscili 1, p4\n a2 = a1*p5\n a3 tone a2, 1000\n outs a3, a3\nendin\n",
}


def score(patch, seconds):
    if patch == "p1":
        return [f"i1 0 {seconds} {55 + 13.7 * i}" for i in range(256)]
    if patch == "p4":
        return [f"i1 0 {seconds} {55 + 13.7 * i} {1 / 250}" for i in range(250)]
    pitches = [55 * 2 ** (i / 16) for i in range(64)] if patch == "p2" else [110]
    notes = [f"i1 {k * 0.5} 0.25 {f}" for k in range(seconds * 2) for f in pitches]
    return notes + ([f"i2 0 {seconds}"] if patch == "p3" else [])


def command(patch, seconds, folder):
    path = f"{folder}/{patch}-{seconds}.csd"
    with open(path, "w") as file:
        file.write("<CsoundSynthesizer>\n<CsOptions>\n</CsOptions>\n<CsInstruments>\nsr=48000\nksmps=64\nnchnls=2\n0dbfs=1\n")
        file.write(INSTRUMENTS[patch] + "</CsInstruments>\n<CsScore>\n" + "\n".join(score(patch, seconds)))
        file.write("\ne\n</CsScore>\n</CsoundSynthesizer>\n")
    return ["csound", "-d", "-m0", "-n", path]
