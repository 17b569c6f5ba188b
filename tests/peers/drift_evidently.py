"""The halves of drift_evidently.sh that need Python.

tables A B           two runs of tests/reference/drift_oracle.py give the same numbers
ask URL CSV          every row of the file through both models of a server
report JSON REF CUR  each feature of our report equals Evidently's default test on the same columns
"""
import json
import math
import sys
import urllib.request
import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")


def close(a, b):
    return abs(a - b) <= 1e-9 or abs(a - b) <= 1e-9 * abs(b)


def tables(a, b):
    a, b = json.load(open(a)), json.load(open(b))
    compared = 0
    for key in ("ks_2samp", "kstwo_sf", "chi2_sf"):
        assert len(a[key]) == len(b[key]), key
        for x, y in zip(a[key], b[key]):
            assert all(close(p, q) for p, q in zip(x, y)), (key, x, y)
            compared += 1
    for x, y in zip(a["cases"], b["cases"]):
        assert x["name"] == y["name"]
        for test, want in y["tests"].items():
            assert close(x["tests"][test]["score"], want["score"]), (x["name"], test)
            compared += 1
    print(f"NOTE: {compared} committed numbers equal those of {b['made_with']}")


def ask(url, path):
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=str)
    for model in ("large", "small"):
        for start in range(0, len(frame), 500):
            body = frame.iloc[start:start + 500].to_csv(index=False).encode()
            request = urllib.request.Request(f"{url}/predict/{model}", body,
                                             {"Content-Type": "text/csv"})
            answer = json.load(urllib.request.urlopen(request))
            assert len(answer["prediction"]) == min(500, len(frame) - start)


def column(frame, name, kind):
    x = frame[name]
    if kind == "category":
        return x.dropna()
    if kind == "boolean":
        return x.map({"true": True, "false": False}).dropna().astype(bool)
    number = pd.to_numeric(x, errors="coerce")
    if number.isna().all():
        number = pd.to_datetime(x).dt.tz_localize(None).astype("datetime64[ns]").astype("int64")
    return number.astype(float).replace([-np.inf, np.inf], np.nan).dropna()


def report(path, ref_path, cur_path):
    from evidently.legacy.calculations.stattests.registry import get_stattest
    from evidently.legacy.core import ColumnType
    ours = json.load(open(path))
    load = lambda p: pd.read_csv(p, keep_default_na=False, na_values=[""], dtype=str)
    ref, cur = load(ref_path), load(cur_path)
    drifted = 0
    for f in ours["features"]:
        kind = ColumnType.Numerical if f["kind"] == "number" else ColumnType.Categorical
        a, b = column(ref, f["name"], f["kind"]), column(cur, f["name"], f["kind"])
        test = get_stattest(a, b, kind, None)
        theirs = test(a, b, kind, None)
        where = f"{path}: {f['name']}: {f['test']} {f['score']}, Evidently {test.name}"
        assert f["n_ref"] == len(a) and f["n_cur"] == len(b), where
        assert f["test"] == test.name, where
        same = f["verdict"] == ("drift" if theirs.drifted else "no drift")
        if f["score"] is None or math.isnan(theirs.drift_score):
            assert f["verdict"] == "inconclusive", where
        else:
            assert same and close(f["score"], theirs.drift_score), (where, theirs.drift_score)
        drifted += bool(theirs.drifted)
    assert ours["dataset"]["drifted"] == drifted
    assert (ours["dataset"]["verdict"] == "drift") == (drifted / len(ours["features"]) >= 0.5)
    print(f"NOTE: {len(ours['features'])} inputs of {ours['model']}: test, score and verdict equal "
          f"Evidently's ({drifted} drifted)")


globals()[sys.argv[1]](*sys.argv[2:])
