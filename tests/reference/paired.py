#!/usr/bin/env python3
"""Writes paired.json: what SciPy, statsmodels and scikit-learn say about paired differences and about dependence.

    .venv/bin/pip install statsmodels
    .venv/bin/python tests/reference/paired.py > tests/reference/paired.json

Numbers come from a 64-bit LCG and plain arithmetic; the JSON has them too, so the C tests read them from there.
Every statistic is computed by the peer's own function, none by a formula of ours.
"""
import json
import sys

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy import stats
from sklearn.feature_selection import mutual_info_regression
from sklearn.feature_selection._mutual_info import _compute_mi_cd
from statsmodels.stats.multitest import multipletests

MASK = (1 << 64) - 1


def uniforms(seed, n):
    x, out = seed & MASK, []
    for _ in range(n):
        x = (x * 6364136223846793005 + 1442695040888963407) & MASK
        out.append((x >> 11) * (1.0 / 9007199254740992.0))
    return np.array(out)


def rough(seed, n, shift, digits=None):
    d = uniforms(seed, n) + uniforms(seed + 1, n) - 1 + shift
    return np.round(d, digits) if digits is not None else d


DIFFERENCES = {
    "two": [0.3, 0.1],
    "three": [0.01, 0.02, -0.005],
    "five, all above": [0.4, 0.1, 0.25, 0.9, 0.33],
    "five equal": [0.25] * 5,
    "with zeros": [0.0, 0.5, -0.25, 0.0, 0.75, 1.5, 0.125],
    "with ties": [0.5, 0.5, -0.5, 0.25, 0.25, -0.125, 1.0, 1.0, 1.0],
    "ten": list(rough(11, 10, 0.2)),
    "ten, none": list(rough(12, 10, 0.0)),
    "twenty rounded": list(rough(13, 20, 0.1, 1)),
    "fifty": list(rough(14, 50, 0.05)),
    "two hundred": list(rough(15, 200, 0.02)),
    "two hundred rounded": list(rough(16, 200, 0.03, 1)),
    "far": [1e6 + v for v in rough(17, 12, 0.5)],
}


def wilcoxon(d):
    d = np.asarray(d)
    d = d[d != 0]
    if len(d) == 0:
        return None, None
    ties = len(np.unique(np.abs(d))) < len(d)
    if len(d) > 50:
        method = "asymptotic"
    elif ties and len(d) <= 16:
        method = stats.PermutationMethod(n_resamples=np.inf)  # every one of the 2^n signs
    elif ties:
        return None, None  # SciPy has no exact p for so many ties
    else:
        method = "exact"
    r = stats.wilcoxon(d, zero_method="wilcox", correction=False, method=method)
    return float(r.statistic), float(r.pvalue)


def paired(name, d):
    t = stats.ttest_rel(d, np.zeros(len(d)))
    w, wp = wilcoxon(d)
    out = {"name": name, "d": [float(v) for v in d], "t": num(t.statistic), "t_p": num(t.pvalue), "w": w, "w_p": wp}
    if len(d) >= 5 and len(set(d)) > 1:
        b = stats.bootstrap((np.asarray(d),), np.mean, n_resamples=200000, confidence_level=0.95, method="BCa",
                            random_state=np.random.default_rng(1), batch=1000)
        out["low"], out["high"] = float(b.confidence_interval.low), float(b.confidence_interval.high)
        out["error"] = float(b.standard_error)
    return out


def num(x):
    return float(x) if np.isfinite(x) else None


def relation(name, x, y, categories=None):
    out = {"name": name, "x": [float(v) for v in x], "y": [float(v) for v in y]}
    out["rho"] = num(stats.spearmanr(x, y).statistic)
    if categories is None:
        out["mi"] = float(mutual_info_regression(np.asarray(x).reshape(-1, 1), y, discrete_features=False,
                                                 n_neighbors=3, random_state=0)[0])
    else:
        out["category"] = [int(v) for v in categories]
        # Of whole numbers, without the scaling of the public function: after it the distances to the farthest
        # neighbour are rounded, and scikit-learn counts some as nearer than themselves.
        out["y"] = [float(v) for v in np.round(1e6 * np.asarray(y))]
        out["mi_category"] = float(_compute_mi_cd(np.array(out["y"]), np.asarray(categories), 3))
    return out


def relations():
    for n in (6, 20, 100, 400):
        x, e = uniforms(100 + n, n), uniforms(200 + n, n)
        yield relation(f"line, {n}", x, 2 * x + 0.3 * e)
        yield relation(f"wave, {n}", x, np.sin(9 * x) + 0.2 * e)
        yield relation(f"none, {n}", x, e)
        groups = np.floor(4 * x).astype(int)
        yield relation(f"groups, {n}", groups, groups % 3 + 0.7 * e, groups)
    x = uniforms(7, 30)
    yield relation("one group of one", np.r_[[9], np.floor(3 * x)], np.r_[[0.5], uniforms(8, 30) + x],
                   np.r_[[9], np.floor(3 * x)].astype(int))


def holm(name, p):
    return {"name": name, "p": p, "adjusted": [float(v) for v in multipletests(p, method="holm")[1]]}


json.dump({
    "made_with": f"numpy {np.__version__} scipy {scipy.__version__} statsmodels {statsmodels.__version__} "
                 f"scikit-learn {sklearn.__version__}",
    "student": [{"t": t, "df": df, "p": float(2 * stats.t.sf(abs(t), df))}
                for t in (0.0, 1e-3, 0.3, 1.0, 2.5, 12.7, 80.0, 1e5) for df in (1, 2, 3, 9, 49, 400, 1e6)],
    "paired": [paired(k, d) for k, d in DIFFERENCES.items()],
    "holm": [holm("one", [0.03]), holm("three", [0.01, 0.04, 0.03]), holm("many", [0.9, 0.001, 0.02, 0.02, 0.5, 0.04])],
    "relations": list(relations()),
}, sys.stdout, separators=(",", ":"))
print()
