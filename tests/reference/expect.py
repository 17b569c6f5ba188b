#!/usr/bin/env python3
"""Writes expect.json: what Great Expectations itself says of small tables full of edge cases.

    .venv/bin/python tests/reference/expect.py > tests/reference/expect.json

Each case is a table and a check; the answer is GX's success, counts and failing values on the pandas
engine. tests/core/check/test_expect.c asks our own checks the same; tests/peers/gx.sh does it against
the GX that is installed.
"""
import json
import logging
import math
import os
import sys
import warnings

os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ["TQDM_DISABLE"] = "1"
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import great_expectations as gx  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

INF, NAN = math.inf, math.nan
T = "2020-05-0%dT12:00:00Z"

TABLES = {
    "mixed": {
        "f": ("float64", [1.5, None, -2.0, 3.25, 1.5, 0.0, None, 100.0]),
        "i": ("int64", [1, 2, 3, 4, 5, 5, 7, 8]),
        "s": ("string", ["abc", "été", None, "", "node-01", "node-02", "abc", "日本語"]),
        "t": ("timestamp", [T % 1, T % 2, T % 2, None, T % 4, T % 5, T % 6, T % 7]),
        "b": ("bool", [True, False, True, True, False, True, True, True]),
        "g": ("float64", [1.5, 2.0, None, 3.0, 1.0, 0.0, None, 99.0]),
        "u": ("string", ["a", "b", "c", "d", "e", "f", "g", "h"]),
    },
    "infinite": {
        "f": ("float64", [1.0, INF, -INF, None, 2.0, INF]),
        "i": ("int64", [9007199254740993, -1, 0, 0, 1, 2]),
    },
    "empty": {"f": ("float64", []), "i": ("int64", []), "s": ("string", [])},
    "one": {"f": ("float64", [2.5]), "i": ("int64", [7]), "s": ("string", ["x"])},
    "nulls": {"f": ("float64", [None, None, None]), "s": ("string", [None, None, None])},
    "down": {"f": ("float64", [9.0, 7.0, None, 7.0, 3.0]), "i": ("int64", [5, 4, 4, 3, 6]),
             "k": ("string", ["a", "a", "b", None, None]),
             "l": ("int64", [1, 1, 2, 3, 3])},
    "tied": {"x": ("int64", [1, 1, 2, 2, 3]), "y": ("int64", [2, 1, 3, 1, 0]),
             "z": ("float64", [0.1, 0.6, 0.3, None, 0.6]),
             "s": ("string", ["a", "b", "b", "a", None]),
             "one": ("float64", [3.0, 3.0, 3.0, 3.0, 3.0]),
             "b": ("bool", [True, False, True, True, True])},
}

V = "expect_column_values_to_"
CASES = [
    ("mixed", "expect_column_to_exist", {"column": "f"}),
    ("mixed", "expect_column_to_exist", {"column": "nope"}),
    ("mixed", "expect_column_to_exist", {"column": "i", "column_index": 1}),
    ("mixed", "expect_column_to_exist", {"column": "i", "column_index": 3}),
    ("mixed", "expect_column_to_exist", {"column": "i", "column_index": 30}),
    ("mixed", "expect_table_row_count_to_equal", {"value": 8}),
    ("mixed", "expect_table_row_count_to_be_between", {"min_value": 9}),
    ("mixed", "expect_table_row_count_to_be_between", {"min_value": 1, "max_value": 8}),
    ("empty", "expect_table_row_count_to_equal", {"value": 0}),
    ("mixed", "expect_table_column_count_to_equal", {"value": 7}),
    ("mixed", "expect_table_column_count_to_be_between", {"max_value": 3}),
    ("one", "expect_table_columns_to_match_ordered_list", {"column_list": ["f", "i", "s"]}),
    ("one", "expect_table_columns_to_match_ordered_list", {"column_list": ["f", "s", "i"]}),
    ("one", "expect_table_columns_to_match_ordered_list", {"column_list": ["f", "i"]}),
    ("one", "expect_table_columns_to_match_set", {"column_set": ["s", "f", "i"]}),
    ("one", "expect_table_columns_to_match_set", {"column_set": ["s", "f"]}),
    ("one", "expect_table_columns_to_match_set", {"column_set": ["s"], "exact_match": False}),
    ("one", "expect_table_columns_to_match_set", {"column_set": ["z"], "exact_match": False}),
    ("mixed", V + "be_of_type", {"column": "f", "type_": "float64"}),
    ("mixed", V + "be_of_type", {"column": "i", "type_": "int64"}),
    ("mixed", V + "be_of_type", {"column": "i", "type_": "float64"}),
    ("mixed", V + "be_of_type", {"column": "b", "type_": "bool"}),
    ("mixed", V + "be_of_type", {"column": "b", "type_": "nonsense"}),
    ("mixed", V + "be_in_type_list", {"column": "i", "type_list": ["float64", "int64"]}),
    ("mixed", V + "be_in_type_list", {"column": "f", "type_list": ["int64", "bool"]}),
]
for t, c in [("mixed", "f"), ("mixed", "s"), ("mixed", "i"), ("mixed", "t"), ("nulls", "f"),
             ("nulls", "s"), ("empty", "f"), ("empty", "s"), ("one", "s"), ("infinite", "f")]:
    CASES += [(t, V + "not_be_null", {"column": c}), (t, V + "be_null", {"column": c}),
              (t, V + "be_unique", {"column": c}),
              (t, V + "not_be_null", {"column": c, "mostly": 0.7}),
              (t, "expect_column_unique_value_count_to_be_between",
               {"column": c, "min_value": 1, "max_value": 6}),
              (t, "expect_column_proportion_of_unique_values_to_be_between",
               {"column": c, "min_value": 0.9, "max_value": 1}),
              (t, "expect_column_proportion_of_unique_values_to_be_between",
               {"column": c, "min_value": 0.5, "strict_max": True, "max_value": 1})]
for t, c in [("mixed", "f"), ("mixed", "i"), ("infinite", "f"), ("infinite", "i"), ("nulls", "f"),
             ("empty", "f"), ("empty", "i"), ("one", "f"), ("one", "i"), ("down", "f")]:
    CASES += [(t, V + "be_between", {"column": c, "min_value": 1.5, "max_value": 7}),
              (t, V + "be_between", {"column": c, "min_value": 1.5, "strict_min": True}),
              (t, V + "be_between", {"column": c, "max_value": 7, "strict_max": True}),
              (t, V + "be_between", {"column": c, "min_value": 1, "mostly": 0.8}),
              (t, V + "be_between", {"column": c, "min_value": 1, "mostly": 0.5}),
              (t, V + "be_in_set", {"column": c, "value_set": [1.5, 2, 7, 0]}),
              (t, V + "not_be_in_set", {"column": c, "value_set": [1.5, 2, 7, 0]}),
              (t, V + "be_in_set", {"column": c, "value_set": []}),
              (t, V + "be_increasing", {"column": c}),
              (t, V + "be_increasing", {"column": c, "strictly": True}),
              (t, V + "be_decreasing", {"column": c}),
              (t, V + "be_decreasing", {"column": c, "strictly": True, "mostly": 0.5})]
    for what in ("min", "max", "mean", "median", "stdev", "sum"):
        CASES += [(t, f"expect_column_{what}_to_be_between", {"column": c, "min_value": 0}),
                  (t, f"expect_column_{what}_to_be_between",
                   {"column": c, "min_value": -3, "max_value": 7, "strict_max": True})]
    CASES += [(t, "expect_column_quantile_values_to_be_between",
               {"column": c, "quantile_ranges": {"quantiles": [0, 0.25, 0.5, 0.9, 1],
                "value_ranges": [[None, 2], [-3, 3], [0, 5], [2, None], [None, None]]},
                "allow_relative_error": how}) for how in (False, "linear", "lower", "midpoint")
              # pandas interpolates 2 + (inf - 2) * 0 to NaN
              if t != "infinite" or how in (False, "lower")]
    CASES += [(t, f"expect_column_distinct_values_to_{how}", {"column": c, "value_set": s})
              for how in ("be_in_set", "contain_set", "equal_set")
              for s in ([1.5, 2, 7], [2.5], [7], [1, 2, 3, 4, 5, 7, 8])]
for t, c in [("mixed", "s"), ("empty", "s"), ("one", "s"), ("nulls", "s")]:
    CASES += [(t, V + "match_regex", {"column": c, "regex": r}) for r in
              ("^[a-z]+$", r"^node-\d+$", "^$", r"\w", "a|b", "^.{3}$", r"(?:ab|no)[^d]", "[x-]")]
    CASES += [(t, V + "not_match_regex", {"column": c, "regex": "^node"}),
              (t, V + "match_regex_list", {"column": c, "regex_list": ["^a", "^n"]}),
              (t, V + "match_regex_list",
               {"column": c, "regex_list": ["o", "2$"], "match_on": "all"}),
              (t, V + "not_match_regex_list", {"column": c, "regex_list": ["^a", "^n"]}),
              (t, "expect_column_value_lengths_to_be_between",
               {"column": c, "min_value": 1, "max_value": 3}),
              (t, "expect_column_value_lengths_to_be_between",
               {"column": c, "min_value": 3, "strict_min": True, "mostly": 0.2}),
              (t, "expect_column_value_lengths_to_equal", {"column": c, "value": 3}),
              (t, V + "be_in_set", {"column": c, "value_set": ["abc", "", "été", "x"]}),
              (t, V + "not_be_in_set", {"column": c, "value_set": ["abc", "日本語"]}),
              (t, "expect_column_distinct_values_to_contain_set",
               {"column": c, "value_set": ["abc", "x"]}),
              (t, "expect_column_distinct_values_to_be_in_set",
               {"column": c, "value_set": ["abc", "x"]})]
CASES += [
    ("mixed", V + "be_between", {"column": "u", "min_value": "b", "max_value": "f"}),
    ("mixed", V + "be_between",
     {"column": "t", "min_value": "2020-05-02T00:00:00Z", "max_value": "2020-05-06T12:00:00Z"}),
    ("mixed", V + "be_increasing", {"column": "t"}),
    ("mixed", V + "be_increasing", {"column": "t", "strictly": True}),
    ("mixed", V + "be_decreasing", {"column": "t"}),
    ("mixed", V + "be_in_set", {"column": "b", "value_set": [True]}),
    ("mixed", V + "be_between", {"column": "nope", "min_value": 1}),
    ("mixed", "expect_column_mean_to_be_between", {"column": "nope", "min_value": 1}),
]
for kwargs in ({}, {"ignore_row_if": "either_value_is_missing"}, {"ignore_row_if": "neither"},
               {"mostly": 0.5}):
    CASES += [("mixed", "expect_column_pair_values_to_be_equal",
               dict(column_A="f", column_B="g", **kwargs)),
              ("mixed", "expect_column_pair_values_a_to_be_greater_than_b",
               dict(column_A="f", column_B="g", **kwargs)),
              ("mixed", "expect_column_pair_values_a_to_be_greater_than_b",
               dict(column_A="f", column_B="g", or_equal=True, **kwargs)),
              ("mixed", "expect_column_pair_values_to_be_equal",
               dict(column_A="s", column_B="u", **kwargs))]
for kwargs in ({}, {"ignore_row_if": "any_value_is_missing"}, {"ignore_row_if": "never"}):
    CASES += [("down", "expect_compound_columns_to_be_unique",
               dict(column_list=["k", "l"], **kwargs)),
              ("mixed", "expect_compound_columns_to_be_unique",
               dict(column_list=["f", "s"], **kwargs))]

Z = "expect_column_value_z_scores_to_be_less_than"
M = "expect_column_most_common_value_to_be_in_set"
P = "expect_column_pair_values_to_be_in_set"
R = "expect_select_column_values_to_be_unique_within_record"
S = "expect_multicolumn_sum_to_equal"
for t, c in [("mixed", "f"), ("mixed", "i"), ("infinite", "f"), ("nulls", "f"), ("empty", "f"),
             ("one", "f"), ("down", "f"), ("tied", "one"), ("tied", "b"), ("mixed", "s"),
             ("mixed", "nope")]:
    CASES += [(t, Z, {"column": c, "threshold": 1, "double_sided": True}),
              (t, Z, {"column": c, "threshold": 1, "double_sided": False}),
              (t, Z, {"column": c, "threshold": -0.5, "double_sided": True}),
              (t, Z, {"column": c, "threshold": -0.2, "double_sided": False, "mostly": 0.4})]
for t, c, sets in [("mixed", "f", ([1.5], [1.5, 7], [7], [])), ("mixed", "i", ([5], [5.0], [1])),
                   ("mixed", "s", (["abc"], ["été"], [1])), ("mixed", "b", ([True], [False])),
                   ("mixed", "u", (["a"], ["z"])), ("mixed", "t", (["2020-05-03T12:00:00Z"],)),
                   ("tied", "x", ([1], [2, 1], [3])), ("tied", "s", (["a"], ["a", "b"], ["c"])),
                   ("empty", "f", ([1], [])), ("nulls", "f", ([1],)), ("one", "i", ([7], [7.5])),
                   ("mixed", "nope", ([1],))]:
    CASES += [(t, M, dict(column=c, value_set=s, **k)) for s in sets
              for k in ({}, {"ties_okay": True})]
for kwargs in ({}, {"ignore_row_if": "either_value_is_missing"}, {"ignore_row_if": "neither"},
               {"mostly": 0.4}):
    CASES += [("mixed", P, dict(column_A="f", column_B="g", value_pairs_set=s, **kwargs))
              for s in ([[1.5, 1.5], [100, 99], [0, 0]], [[None, 2]], [[None, None], [-2, None]],
                        [[1.5, 99], [100, 1.5]], [["a", 1]], [])]
    CASES += [("tied", P, dict(column_A="s", column_B="x", value_pairs_set=s, **kwargs))
              for s in ([["a", 1], ["b", 1], ["b", 2]], [[None, 1]], [[1, "a"]])]
    CASES += [("empty", P, dict(column_A="f", column_B="i", value_pairs_set=[[1, 1]], **kwargs))]
for kwargs in ({}, {"ignore_row_if": "any_value_is_missing"}, {"ignore_row_if": "never"},
               {"mostly": 0.5}):
    CASES += [(t, R, dict(column_list=c, **kwargs)) for t, c in (
        ("mixed", ["f", "g"]), ("mixed", ["f", "i"]), ("mixed", ["f", "g", "i"]), ("mixed", ["i"]),
        ("mixed", ["s", "u"]), ("down", ["i", "l"]), ("down", ["f", "i", "l"]), ("tied", ["x", "y"]),
        ("tied", ["x", "y", "s"]), ("empty", ["f", "i"]), ("mixed", ["i", "nope"]))]
    CASES += [(t, S, dict(column_list=c, sum_total=n, **kwargs)) for t, c, n in (
        ("mixed", ["f", "g"], 3), ("mixed", ["f", "g"], 6.25), ("mixed", ["f", "g", "i"], 4),
        ("mixed", ["i"], 5), ("down", ["i", "l"], 6), ("down", ["i", "l"], 6.5),
        ("tied", ["x", "y", "z"], 0.6), ("tied", ["x", "y"], 3), ("infinite", ["f", "i"], 2),
        ("infinite", ["i", "i"], 0), ("empty", ["f", "i"], 0), ("mixed", ["i", "b"], 2),
        ("mixed", ["i", "nope"], 2), ("infinite", ["i"], 9007199254740993))]


def frame(columns):
    data = {}
    for name, (kind, values) in columns.items():
        if kind == "float64":
            data[name] = pd.Series([NAN if v is None else v for v in values], dtype="float64")
        elif kind == "timestamp":
            data[name] = pd.to_datetime(pd.Series(values, dtype=object), utc=True)
        elif kind == "string":
            data[name] = pd.Series(values, dtype=object)
        else:
            data[name] = pd.Series(values, dtype=kind)
    return pd.DataFrame(data)


def plain(x):
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if isinstance(x, (int, np.integer)):
        return int(x)
    if isinstance(x, (float, np.floating)):
        x = float(x)
        return None if math.isnan(x) else ("inf" if x > 0 else "-inf") if math.isinf(x) else x
    return x if x is None or isinstance(x, str) else str(x)


def answer(batch, kind, kwargs):
    name = "".join(p.capitalize() for p in kind.split("_"))
    try:
        expectation = getattr(gx.expectations, name)(**kwargs)
        r = batch.validate(expectation, result_format="COMPLETE").to_json_dict()
    except Exception as e:  # GX refuses the arguments themselves
        return {"refused": type(e).__name__}
    out = {"success": bool(r["success"])}
    info = r.get("exception_info") or {}
    out["raised"] = bool(info.get("raised_exception", False)) if "raised_exception" in info else any(
        isinstance(v, dict) and v.get("raised_exception") for v in info.values())
    result = r.get("result") or {}
    for key in ("element_count", "unexpected_count", "missing_count", "unexpected_percent",
                "unexpected_percent_total", "missing_percent"):
        if key in result:
            out[key] = plain(result[key])
    if "unexpected_index_list" in result and result["unexpected_index_list"] is not None:
        out["rows"] = plain(result["unexpected_index_list"])
    observed = result.get("observed_value")
    if isinstance(observed, (int, float, np.number)) and not isinstance(observed, bool):
        out["observed"] = plain(observed)
    if kind == M and isinstance(observed, list) and kwargs["column"] != "t":
        out["modes"] = plain(observed)
    if isinstance(observed, dict) and "values" in observed:
        out["quantiles"] = plain(observed["values"])
    return out


def main():
    context = gx.get_context(mode="ephemeral")
    source = context.data_sources.add_pandas("pandas")
    batches = {}
    for name, columns in TABLES.items():
        asset = source.add_dataframe_asset(name)
        batches[name] = asset.add_batch_definition_whole_dataframe("all").get_batch(
            batch_parameters={"dataframe": frame(columns)})
    cases = []
    for table, kind, kwargs in CASES:
        cases.append({"table": table, "type": kind, "kwargs": kwargs,
                      "gx": answer(batches[table], kind, kwargs)})
    tables = {n: [{"name": k, "type": t, "values": plain(v)} for k, (t, v) in c.items()]
              for n, c in TABLES.items()}
    doc = {"made_by": {"great_expectations": gx.__version__, "pandas": pd.__version__},
           "tables": tables}
    text = json.dumps(doc, ensure_ascii=False)[:-1]
    lines = ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases)
    sys.stdout.write(text + ', "cases": [\n' + lines + "\n]}\n")


main()
