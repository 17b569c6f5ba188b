#!/usr/bin/env python3
"""Writes tfdv.json: TFDV's comparators on small columns, computed from their definitions with NumPy.

    .venv/bin/python tests/reference/tfdv.py > tests/reference/tfdv.json

L-infinity and normalized absolute difference are of counts of values; the divergence is Jensen-Shannon's, base 2, of
values, or of histograms of ten equal widths whose mass is spread over the union of the boundaries (here by their
cumulative distributions). TFDV itself does not install beside the other packages.
"""
import json
import math

import numpy as np

TEXTS = {
    "same": (list("aabbc"), list("aabbc")),
    "shares": (list("aabbc") * 20, list("abc") * 30),
    "new": (list("aaab"), list("aaac")),
    "apart": (list("ab"), list("cd")),
    "one": (["x"], ["x", "y"]),
    "unicode": (["é", "日本", "é"], ["日本", "", "é", "é"]),
    "none": ([], ["a"]),
}
R = np.random.RandomState(7)
NUMBERS = {
    "same": ([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]),
    "shifted": (R.normal(0, 1, 300).round(3).tolist(), R.normal(0.5, 1.5, 200).round(3).tolist()),
    "apart": ([1.0, 2.0], [10.0, 20.0]),
    "inside": (list(map(float, range(101))), list(map(float, range(40, 61)))),
    "point": ([5.0, 5.0, 5.0], [5.0, 5.0]),
    "points": ([5.0], [6.0]),
    "point_inside": ([5.0, 5.0], [0.0, 10.0, 4.0]),
    "nan": ([1.0, 2.0, "nan"], [1.0, 2.0]),
    "infinite": ([1.0, 2.0, "inf", "-inf"], [1.0, 2.0, "inf", 3.0]),
    "only_nan": (["nan"], ["nan", 1.0]),
    "integers": ([1, 1, 2, 3, 5, 8, 13, 21], [1, 2, 4, 8, 16]),
}


def jsd(p, q):
    p, q = np.asarray(p, float), np.asarray(q, float)
    m = (p + q) / 2

    def kl(x):
        return sum(a * math.log2(a / b) for a, b in zip(x, m) if a > 0)

    return min(1.0, (kl(p) + kl(q)) / 2)


def texts(a, b):
    if not a or not b:
        return None, None, None
    values = sorted(set(a) | set(b))
    na, nb = np.array([a.count(v) for v in values]), np.array([b.count(v) for v in values])
    return (float(np.max(np.abs(na / na.sum() - nb / nb.sum()))), float(np.max(np.abs(na - nb)) / (na.sum() + nb.sum())),
            jsd(na / na.sum(), nb / nb.sum()))


def parts(x):
    x = np.array([float(v) for v in x])
    return x[np.isfinite(x)], [np.isnan(x).sum(), (x == -np.inf).sum(), (x == np.inf).sum()], len(x)


def numbers(a, b):
    sides = [parts(a), parts(b)]
    grids = [np.linspace(f.min(), f.max(), 11) if len(f) and f.min() < f.max() else None for f, _, _ in sides]
    union = np.unique(np.concatenate([g for g in grids if g is not None] or [np.array([])]))
    points = sorted({float(f.min()) for f, _, _ in sides if len(f) and f.min() == f.max()})
    shares = []
    for (finite, others, n), grid in zip(sides, grids):
        if grid is None:
            mass = np.zeros(max(len(union) - 1, 0))
        else:
            counts, _ = np.histogram(finite, bins=grid)
            cdf = np.concatenate([[0], np.cumsum(counts)])
            mass = np.diff(np.interp(union, grid, cdf))
        at = [len(finite) if grid is None and len(finite) and finite[0] == p else 0 for p in points]
        shares.append(np.concatenate([mass, at, others]) / n)
    return None, None, jsd(*shares)


def main():
    cases = []
    for kind, table, fn in (("string", TEXTS, texts), ("float64", NUMBERS, numbers)):
        for name, (a, b) in table.items():
            l, d, j = fn(a, b)
            cases.append({"name": f"{kind} {name}", "type": kind, "a": a, "b": b, "infinity_norm": l,
                          "normalized_abs_difference": d, "jensen_shannon_divergence": j})
    print('{"cases": [\n' + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]}")


main()
