#!/usr/bin/env python3
"""Writes drift_oracle.json: what SciPy and Evidently say about columns that C can make again.

    .venv/bin/python tests/reference/drift_oracle.py > tests/reference/drift_oracle.json

Numbers come from a 64-bit LCG (x = x * 6364136223846793005 + 1442695040888963407, u = (x >> 11) /
2^53) and plain arithmetic, so tests/core/monitor/test_drift.c makes the same doubles bit for bit.
Every statistic is computed by the peer's own function, none by a formula of ours.
"""
import json
import math
import sys
import warnings

import evidently
import numpy as np
import pandas as pd
import scipy
from evidently.legacy.calculations import stattests as st
from evidently.legacy.calculations.stattests.registry import _get_default_stattest, get_stattest
from evidently.legacy.calculations.stattests.tvd_stattest import _total_variation_distance
from evidently.legacy.core import ColumnType
from scipy import stats

warnings.simplefilter("ignore")
MASK = (1 << 64) - 1


def uniforms(seed):
    x = seed & MASK
    while True:
        x = (x * 6364136223846793005 + 1442695040888963407) & MASK
        yield (x >> 11) * (1.0 / 9007199254740992.0)


def column(spec):
    """kind: u (a*u+b), sum3 (a*(u+u+u)+b), cube (a*u*u*u+b), steps (floor(a*u)+b),
    cents (floor(100*(a*u+b))/100); each nan_every-th value is NaN, inf_every-th infinite."""
    g = uniforms(spec["seed"])
    a, b = spec.get("a", 1.0), spec.get("b", 0.0)
    out = np.empty(spec["n"])
    for i in range(spec["n"]):
        u = next(g)
        kind = spec["kind"]
        if kind == "u":
            v = a * u + b
        elif kind == "sum3":
            s = u + next(g)
            s = s + next(g)
            v = a * s + b
        elif kind == "cube":
            v = a * (u * u * u) + b
        elif kind == "steps":
            v = math.floor(a * u) + b
        elif kind == "cents":
            v = math.floor(100 * (a * u + b)) / 100
        else:
            raise ValueError(kind)
        if spec.get("nan_every") and i % spec["nan_every"] == 0:
            v = math.nan
        if spec.get("inf_every") and i % spec["inf_every"] == 1:
            v = -math.inf
        out[i] = v
    return out


NUMBER_TESTS = {
    "ks": st.ks_stat_test, "wasserstein": st.wasserstein_stat_test, "psi": st.psi_stat_test,
    "kl_div": st.kl_div_stat_test, "jensenshannon": st.jensenshannon_stat_test,
    "hellinger": st.hellinger_stat_test,
}
CATEGORY_TESTS = {
    "psi": st.psi_stat_test, "kl_div": st.kl_div_stat_test,
    "jensenshannon": st.jensenshannon_stat_test, "chisquare": st.chi_stat_test,
    "z": st.z_stat_test, "hellinger": st.hellinger_stat_test,
}


def clean(x):
    return pd.Series(x).replace([-np.inf, np.inf], np.nan).dropna()


def case(name, ref_spec, cur_spec, category=False):
    ref, cur = clean(column(ref_spec)), clean(column(cur_spec))
    kind = ColumnType.Categorical if category else ColumnType.Numerical
    if category:
        ref, cur = ref.astype(int).astype(str), cur.astype(int).astype(str)
    values = pd.concat([ref, cur]).nunique()
    tests = dict(CATEGORY_TESTS if category else NUMBER_TESTS)
    if not category and values <= 5:
        tests.update(chisquare=st.chi_stat_test, z=st.z_stat_test)
    if values > 2:
        tests.pop("z", None)
    want = {}
    for test_name, test in tests.items():
        try:
            # For a number column the registry knows chisquare and z by their category form.
            use = ColumnType.Categorical if test_name in ("chisquare", "z") else kind
            result = get_stattest(ref, cur, kind, test)(ref.copy(), cur.copy(), use, None)
            if not math.isnan(result.drift_score):
                want[test_name] = {"score": float(result.drift_score),
                                   "drift": bool(result.drifted)}
        except Exception as e:  # what the peer refuses is no evidence
            print(f"{name}: {test_name}: {e!r}", file=sys.stderr)
    if category:  # distances without a registered test: the peer's function, and numpy
        want["tvd"] = {"score": float(_total_variation_distance(ref, cur))}
        keys = sorted(set(ref) | set(cur))
        shares = [c.value_counts(normalize=True).reindex(keys, fill_value=0.0) for c in (ref, cur)]
        want["linf"] = {"score": float(np.max(np.abs(shares[0] - shares[1])))}
    chosen = _get_default_stattest(ref, cur, kind)
    result = get_stattest(ref, cur, kind, None)(ref.copy(), cur.copy(), kind, None)
    return {"name": name, "ref": ref_spec, "cur": cur_spec, "category": category, "tests": want,
            "auto": {"test": chosen.name, "score": float(result.drift_score),
                     "drift": bool(result.drifted)}}


def spec(kind, n, seed, **more):
    return dict(kind=kind, n=n, seed=seed, **more)


def cases():
    out = []
    add = lambda *a, **k: out.append(case(*a, **k))
    seed = 100
    for n1, n2 in [(30, 40), (100, 100), (500, 400), (1000, 999), (1000, 4000), (1001, 700),
                   (5000, 4000), (12000, 9000)]:
        for shift in (0.0, 0.03, 0.1):
            seed += 2
            add(f"uniform {n1}x{n2} shift {shift}", spec("u", n1, seed),
                spec("u", n2, seed + 1, b=shift))
    add("bell shifted", spec("sum3", 5000, 3), spec("sum3", 4000, 4, b=0.05))
    add("skewed", spec("cube", 800, 11), spec("cube", 900, 12, a=1.2))
    add("ties", spec("cents", 600, 13), spec("cents", 650, 14, b=0.04))
    add("missing and infinite", spec("u", 700, 15, nan_every=7, inf_every=11),
        spec("u", 800, 16, a=0.9, nan_every=5))
    add("tiny scale", spec("u", 400, 17, a=1e-7), spec("u", 400, 18, a=1e-7))
    add("large offset", spec("u", 2000, 19, b=1e6), spec("u", 2000, 20, b=1e6))
    add("four values", spec("steps", 300, 21, a=4), spec("steps", 350, 22, a=4))
    add("five values large", spec("steps", 3000, 23, a=5), spec("steps", 3500, 24, a=5))
    add("two values", spec("steps", 500, 25, a=2), spec("steps", 450, 26, a=2))
    add("constant", spec("steps", 50, 27, a=1), spec("steps", 60, 28, a=1))
    add("twenty values", spec("steps", 400, 29, a=20), spec("steps", 420, 30, a=20))
    add("twenty-one values", spec("steps", 400, 31, a=21), spec("steps", 420, 32, a=21))
    add("categories 5", spec("steps", 800, 33, a=5), spec("steps", 600, 34, a=5), category=True)
    add("categories 5 large", spec("steps", 8000, 35, a=5), spec("steps", 600, 36, a=5),
        category=True)
    add("categories vanish", spec("steps", 900, 37, a=6), spec("steps", 700, 38, a=4),
        category=True)
    add("categories appear", spec("steps", 900, 39, a=4), spec("steps", 700, 40, a=6),
        category=True)
    add("two categories", spec("steps", 900, 41, a=2), spec("steps", 700, 42, a=1.7),
        category=True)
    add("one category", spec("steps", 900, 43, a=1), spec("steps", 700, 44, a=1), category=True)
    add("two categories large", spec("steps", 2000, 45, a=1.5), spec("steps", 700, 46, a=2),
        category=True)
    return out


def ks_table():
    rows = []
    pairs = [(1, 1), (1, 2), (2, 2), (2, 3), (3, 5), (4, 4), (5, 7), (8, 8), (10, 10), (7, 30),
             (20, 25), (50, 50), (50, 49), (100, 30), (100, 250), (300, 300), (999, 1000),
             (1000, 1000), (1000, 2500), (10000, 20), (10001, 5), (10001, 40), (20000, 100),
             (20000, 150), (20000, 300), (20000, 15000), (100000, 2000), (300000, 250000),
             (1000000, 1000000)]
    for n1, n2 in pairs:
        en = n1 * n2 / (n1 + n2)
        for z in (0.3, 0.5, 0.7, 0.9, 1.1, 1.358, 1.5, 1.63, 2.0, 2.6, 4.0):
            d = z / math.sqrt(en)
            if n1 <= 10000 and n2 <= 10000:
                lcm = n1 * n2 // math.gcd(n1, n2)
                h = max(1, min(lcm, round(d * lcm)))
                d = h / lcm
                # the statistic that ks_2samp would have found, through its own p-value function
                from scipy.stats import _stats_py
                ok, d, p = _stats_py._attempt_exact_2kssamp(n1, n2, math.gcd(n1, n2), d,
                                                            "two-sided")
                if not ok:
                    p = stats.kstwo.sf(d, np.round(en))
            else:
                if d >= 1:
                    continue
                p = stats.kstwo.sf(d, np.round(en))
            rows.append([n1, n2, float(d), float(np.clip(p, 0, 1))])
    return rows


def kstwo_table():
    rows = []
    for n in (1, 2, 3, 4, 5, 7, 10, 17, 30, 60, 100, 139, 140, 141, 200, 500, 1000, 3000, 10000,
              50000, 100000, 100001, 400000):
        for z in (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.85, 0.868, 0.87, 0.95, 1.0, 1.2, 1.36, 1.48,
                  1.49, 1.7, 1.99, 2.01, 2.5, 3.5, 6.0):
            d = z / math.sqrt(n)
            if d < 1:
                rows.append([n, d, float(stats.kstwo.sf(d, n))])
        for d in (0.4 / n, 0.6 / n, 0.9 / n, 1 / n, 1.5 / n, 0.49, 0.5, 0.51, 0.9, 1 - 0.5 / n):
            if 0 < d < 1:
                rows.append([n, d, float(stats.kstwo.sf(d, n))])
    return rows


def chi2_table():
    return [[x, df, float(stats.chi2.sf(x, df))]
            for df in (1, 2, 3, 4, 5, 10, 30, 99, 199, 999)
            for x in (1e-8, 0.01, 0.5, 1.0, 2.0, 3.84, 10.0, 25.0, 60.0, 150.0, 400.0, 1000.0,
                      1200.0)]


print(json.dumps({
    "made_with": f"numpy {np.__version__} scipy {scipy.__version__} pandas {pd.__version__} "
                 f"evidently {evidently.__version__}",
    "cases": cases(), "ks_2samp": ks_table(), "kstwo_sf": kstwo_table(), "chi2_sf": chi2_table()},
    indent=None, separators=(",", ":")).replace('},{', '},\n{').replace('],[', '],\n['))
