#!/usr/bin/env python3
"""Writes profile.json: what pandas, NumPy and SciPy say about columns that C can make again.

    .venv/bin/python tests/reference/profile.py > tests/reference/profile.json

Numbers come from a 64-bit LCG (x = x * 6364136223846793005 + 1442695040888963407, u = (x >> 11) /
2^53) and plain arithmetic, so tests/core/profile/test_profile.c makes the same doubles bit for bit.
"""
import json
import math
import sys

import numpy as np
import pandas as pd
import scipy
from scipy import stats

MASK = (1 << 64) - 1
WORDS = ["", "a", "bb", "ccc", "été", "日本語", "node-0001", "x" * 40]


def uniforms(seed):
    x = seed
    while True:
        x = (x * 6364136223846793005 + 1442695040888963407) & MASK
        yield (x >> 11) * (1.0 / 9007199254740992.0)


def column(kind, n, seed):
    """kind: float (a cube far from 0), small (few different integers), int (many), bool, text;
    each 7th value is missing where gaps is set."""
    g = uniforms(seed)
    out = []
    for _ in range(n):
        u = next(g)
        if kind == "float":
            out.append(1e6 + 50 * u * u * u)
        elif kind == "signed":
            out.append((u - 0.5) * 1e-3)
        elif kind == "small":
            out.append(int(u * 12) - 3)
        elif kind == "int":
            out.append(int(u * 1000000007))
        elif kind == "bool":
            out.append(u < 0.3)
        elif kind == "text":
            out.append(WORDS[int(u * u * len(WORDS))])
    return out


def exact(x):
    return None if x is None or (isinstance(x, float) and math.isnan(x)) else float(x)


def case(kind, n, seed, gaps):
    values = column(kind, n, seed)
    if gaps:
        values = [None if i % 7 == 3 else v for i, v in enumerate(values)]
    present = [v for v in values if v is not None]
    s = pd.Series(present, dtype=object if kind == "text" else None)
    r = {"kind": kind, "n": n, "seed": seed, "gaps": gaps, "missing": n - len(present),
         "distinct": int(s.nunique()), "unique": bool(s.is_unique)}
    top = s.value_counts()
    r["top_counts"] = [int(c) for c in top.iloc[:20]]
    if kind == "text":
        lengths = s.str.len()
        r.update(length_min=int(lengths.min()), length_max=int(lengths.max()),
                 length_mean=float(lengths.mean()), empty=int((s == "").sum()))
        return r
    f = s.astype(float)
    r.update(min=exact(f.min()), max=exact(f.max()), sum=math.fsum(f), mean=exact(f.mean()),
             std=exact(f.std()), skew=exact(f.skew()),
             scipy_skew=exact(stats.skew(f, bias=False)) if len(f) > 2 else None,
             zeros=int((f == 0).sum()), negatives=int((f < 0).sum()),
             quantiles=[float(q) for q in np.quantile(f, np.arange(101) / 100.0)])
    if kind in ("float", "signed"):
        r["hist"] = [int(c) for c in np.histogram(f, bins=40)[0]]
    return r


def main():
    cases = [case("float", 1, 1, False), case("float", 2, 2, False), case("float", 3, 3, True),
             case("float", 1000, 4, True), case("signed", 4000, 5, False),
             case("float", 60000, 6, True), case("signed", 200000, 7, False),
             case("small", 5000, 8, True), case("int", 3000, 9, False),
             case("int", 100000, 10, True), case("bool", 2000, 11, True),
             case("text", 5000, 12, True)]
    json.dump({"made_by": {"numpy": np.__version__, "pandas": pd.__version__,
                           "scipy": scipy.__version__}, "words": WORDS, "cases": cases},
              sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
