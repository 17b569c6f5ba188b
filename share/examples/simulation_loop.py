#!/usr/bin/env python3
"""simulation_loop.py - simulation_loop.c in Python.

    export PYTHONPATH="$(pkg-config --variable=pythondir binnacle)"
    binnacle init && python3 simulation_loop.py && binnacle run show latest
    binnacle run start --watch -- python3 simulation_loop.py 0.02
"""
import math
import sys

import binnacle

damping, end = 0.05, 40.0
dt = float(sys.argv[1]) if len(sys.argv) > 1 else 0.01
if not 0 < dt <= 0.1:
    sys.exit("usage: simulation_loop.py [DT]    0 < DT <= 0.1")
with binnacle.run(experiment="oscillator") as run:
    if not run:
        print("not logged: %s" % run.error, file=sys.stderr)
    run.param("dt", dt)
    run.tag("code", "simulation_loop.py")
    x, v = 1.0, 0.0
    for step in range(round(end / dt)):
        v -= dt * (x + 2 * damping * v)
        x += dt * v
        energy = 0.5 * (x * x + v * v)
        exact = 0.5 * math.exp(-2 * damping * dt * (step + 1))
        run.log("energy", energy, step)
        run.log("relative_error", abs(energy - exact) / exact, step)
