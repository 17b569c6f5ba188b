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
import tempfile
import warnings

os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ["TQDM_DISABLE"] = "1"
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import great_expectations as gx  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sqlalchemy import create_engine  # noqa: E402

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

TABLES["texts"] = {
    "j": ("string", ['{"a": 1}', "[1, 2,]", "NaN", None, "", '"\\ud800"', "01", "-0.5e3", '{"a" 1}',
                     "[[[[]]]]", " 1 ", "tru", '"\\x"', '"a\tb"', "-", "1.", "Infinity", '{"a":1,}']),
    "d": ("string", ["2023-02-28", "2023-02-29", "2024-02-29", None, "", "2023-2-3", "2023-12-31x",
                     "23-01-01", "0000-01-01", "9999-12-31", " 2023-01-01", "2023-13-01",
                     "2023-00-10", "2023-1-1", "2023-01-32", "2023-01-1", "20230101", "2023-1-01"]),
    "t": ("string", ["09:05:07", "24:00:00", "09:05:60", None, "9:5:7", "09:05", "23:59:59", "09:05:07.5",
                     "00:00:00", "12:00:61", "1:2:3", "", "09-05-07", "09:05:7", "99:99:99", "a", "7:7:7",
                     "07:07:077"]),
    "w": ("string", ["Mon 05 Feb 2024 01:02 PM +0100", "mon 5 feb 2024 1:2 pm Z", None, "Tue 30 Feb 2024 01:02 AM +0000",
                     "Xxx 05 Feb 2024 01:02 PM +0100", "Mon 05 Feb 2024 13:02 PM +0100", "Mon  05 Feb 2024 01:02 PM +01:00",
                     "Mon 05 Feb 2024 01:02 PM +24:00", "Mon 05 Feb 2024 01:02 PM -01:30:15", "Mon 05 Feb 2024 01:02 PM z",
                     "Mon 05 Feb 2024 01:02 PM +0130:15", "Mon 05 Feb 2024 00:02 PM +0100", "", "x", "Mon", "05", "2024", "PM"]),
    "x": ("string", ["2024 060 5", "2023 366 5", "2024 000 5", None, "2024 367 5", "2024 1 5", "9999 366 1", "9999 365 1",
                     "2024 60 0", "2024 60 8", "", "x", "2024", "60", "5", "2024 060", "2024  060 5", "2024 06 5"]),
    "v": ("string", ["2020 53 1", "2021 54 1", "2021 00 1", None, "2021 52 7", "0000 01 1", "2021 1 1", "2021 01 0",
                     "2026 53 5", "9999 52 7", "", "x", "2021", "01", "1", "2021 01", "2015 53 7", "9999 52 5"]),
    "n": ("float64", [1.0, 2.0, 2.0, 3.0, NAN, INF, 5.0, 1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 2.5, 0.5, -INF]),
    "k": ("string", ["a", "a", "b", "c", None, "a", "b", "b", "a", "d", "a", "c", "a", "a", "b", "a", "e", "c"]),
}
TABLES["alike"] = {"a": ("int64", [1, 2, 3, 4]), "b": ("float64", [1.0, None, 3.0, 5.0]),
                   "c": ("float64", [1.0, None, 3.0, 4.0]), "s": ("string", ["x", "y", None, "x"])}
for c in "jdtwxvk":
    CASES += [("texts", V + "be_json_parseable", {"column": c, "mostly": 0.1})]
CASES += [("texts", V + "be_json_parseable", {"column": "j"}), ("empty", V + "be_json_parseable", {"column": "s"}),
          ("nulls", V + "be_json_parseable", {"column": "s"}), ("mixed", V + "be_json_parseable", {"column": "u"})]
for c, formats in (("d", ("%Y-%m-%d", "%y-%m-%d", "%Y-%m-%dx", " %Y-%m-%d", "%Y%m%d", "%Y-%m", "%d")),
                   ("t", ("%H:%M:%S", "%X", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S", "%M%%")),
                   ("w", ("%a %d %b %Y %I:%M %p %z", "%a %d %b %Y %H:%M %p %z", "%A %d %B %Y %I:%M %p %z")),
                   ("x", ("%Y %j %u", "%Y %j %w", "%Y %U %w", "%Y %W %u", "%Y %W")),
                   ("v", ("%G %V %u", "%G %V %w", "%Y %U %u")), ("k", ("%d",)), ("j", ("%f", "%Y"))):
    CASES += [("texts", V + "match_strftime_format", {"column": c, "strftime_format": f}) for f in formats]
CASES += [("empty", V + "match_strftime_format", {"column": "s", "strftime_format": "%Y"}),
          ("nulls", V + "match_strftime_format", {"column": "s", "strftime_format": "%Y"}),
          ("texts", V + "match_strftime_format", {"column": "d", "strftime_format": "%Y-%m-%d", "mostly": 0.3}),
          ("texts", V + "match_strftime_format", {"column": "d", "strftime_format": "%Q"}),
          ("texts", V + "match_strftime_format", {"column": "d", "strftime_format": "%Y-%Y"})]
K = "expect_column_kl_divergence_to_be_less_than"
for t, c, p in (("texts", "k", {"values": ["a", "b", "c"], "weights": [0.5, 0.3, 0.2]}),
                ("texts", "k", {"values": ["a", "b", "c", "d", "e", "f"], "weights": [0.4, 0.2, 0.1, 0.1, 0.1, 0.1]}),
                ("texts", "k", {"values": ["a", "b", "c", "d", "e"], "weights": [0.5, 0.3, 0.2, 0, 0]}),
                ("tied", "x", {"values": [1, 2, 3], "weights": [0.5, 0.25, 0.25]}),
                ("tied", "x", {"values": [1, 2], "weights": [0.5, 0.5]}),
                ("empty", "s", {"values": ["a"], "weights": [1]}),
                ("one", "i", {"values": [7, 8], "weights": [0.5, 0.5]}),
                ("texts", "k", {"values": ["a", "b"], "weights": [0.5, 0.3]})):
    CASES += [(t, K, dict(column=c, partition_object=p, threshold=x, tail_weight_holdout=h))
              for x in (0.05, 0.5, 5) for h in (0, 0.01, 0.2)]
for t, c, p in (("down", "f", {"bins": [0, 4, 8, 12], "weights": [0.25, 0.5, 0.25]}),
                ("down", "f", {"bins": [4, 8, 12], "weights": [0.5, 0.5]}),
                ("down", "f", {"bins": [4, 8, 12], "weights": [0.4, 0.4], "tail_weights": [0.1, 0.1]}),
                ("mixed", "f", {"bins": [-2, 0, 1.5, 100], "weights": [0.3, 0, 0.7]}),
                ("mixed", "i", {"bins": [1, 3, 5, 8], "weights": [0.3, 0.3, 0.4]}),
                ("down", "f", {"bins": [4, 4, 12], "weights": [0.5, 0.5]}),
                ("one", "f", {"bins": [2, 2.5, 3], "weights": [0.5, 0.5]}),
                ("tied", "z", {"bins": [0, 0.3, 0.6], "weights": [0.6, 0.4]})):
    CASES += [(t, K, dict(column=c, partition_object=p, threshold=x, tail_weight_holdout=h, internal_weight_holdout=i))
              for x in (0.1, 2) for h in (0, 0.1) for i in (0, 0.05)]
for t, c in (("mixed", "f"), ("mixed", "i"), ("nulls", "f"), ("nulls", "s"), ("empty", "f"), ("infinite", "f"), ("one", "s"),
             ("mixed", "nope")):
    CASES += [(t, "expect_column_proportion_of_non_null_values_to_be_between", dict(column=c, **k))
              for k in ({"min_value": 0.75}, {"min_value": 0.75, "strict_min": True}, {"max_value": 0.9}, {"min_value": 1})]
E = "expect_multicolumn_values_to_be_equal"
for kwargs in ({}, {"ignore_row_if": "any_value_is_missing"}, {"ignore_row_if": "never"}, {"mostly": 0.5}):
    CASES += [(t, E, dict(column_list=c, **kwargs)) for t, c in (
        ("alike", ["a", "b"]), ("alike", ["b", "c"]), ("alike", ["a", "b", "c"]), ("alike", ["b", "c", "s"]), ("alike", ["a"]),
        ("mixed", ["f", "g"]), ("empty", ["f", "i"]), ("mixed", ["f", "nope"]))]

# Queries, and LIKE without letters whose case SQLite ignores: by GX on SQLite.
Q = "unexpected_rows_expectation"
SQL_CASES = [(t, Q, {"unexpected_rows_query": q}) for t, q in (
    ("mixed", "SELECT * FROM {batch} WHERE f > 1"), ("mixed", "SELECT * FROM {batch} WHERE f > 1000"),
    ("mixed", "SELECT s, count(*) AS n FROM {batch} GROUP BY s HAVING n > 1"),
    ("mixed", "SELECT a.i FROM {batch} a JOIN {batch} b ON a.i = b.i AND a.u < b.u"),
    ("mixed", "WITH x AS (SELECT i, lag(i) OVER (ORDER BY i) AS p FROM {batch}) SELECT * FROM x WHERE i = p"),
    ("mixed", "SELECT * FROM {batch} WHERE f IS NULL AND s LIKE 'node%'"), ("mixed", "SELECT 1 FROM {batch} WHERE length(s) = 3"),
    ("mixed", "SELECT * FROM {batch} WHERE t >= '2020-05-05'"), ("mixed", "SELECT * FROM {batch} WHERE b"),
    ("mixed", "SELECT * FROM {batch} WHERE s IN ('abc', '日本語', 'été')"), ("empty", "SELECT * FROM {batch}"),
    ("one", "SELECT i FROM {batch} WHERE i BETWEEN 5 AND 8;"), ("nulls", "SELECT * FROM {batch} WHERE f IS NULL"),
    ("tied", "SELECT x FROM {batch} WHERE x > (SELECT avg(x) FROM {batch})"), ("tied", "SELECT avg(x) FROM {batch} WHERE x > 99"))]
for c in "su":
    for how, lists in (("any", (["%0%", "%é%"], ["___"], ["%語"], ["%"], ["node-0_", "x"])), ("all", (["%-%", "%1"], ["_%", "%_"]))):
        CASES_OF = [{"column": c, "like_pattern_list": p, "match_on": how} for p in lists]
        SQL_CASES += [("mixed", V + "match_like_pattern_list", k) for k in CASES_OF]
    SQL_CASES += [("mixed", V + "not_match_like_pattern_list", {"column": c, "like_pattern_list": p})
                  for p in (["%0%", "%é%"], ["___"], ["%語", "_"])]


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
    name = "".join(p.capitalize() for p in kind.split("_")).replace("Kl", "KL")
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
    with tempfile.TemporaryDirectory() as at:
        engine = create_engine(f"sqlite:///{at}/x.db")
        source = context.data_sources.add_sqlite("sqlite", connection_string=f"sqlite:///{at}/x.db")
        batches = {}
        for name, columns in TABLES.items():
            data = frame(columns)
            for column in data:
                if str(data[column].dtype).startswith("datetime"):
                    data[column] = data[column].dt.strftime("%Y-%m-%d %H:%M:%S")
            data.to_sql(name, engine, index=False)
            asset = source.add_table_asset(name, table_name=name)
            batches[name] = asset.add_batch_definition_whole_table("all").get_batch()
        for table, kind, kwargs in SQL_CASES:
            gx_answer = answer(batches[table], kind, kwargs)
            gx_answer.pop("rows", None)
            cases.append({"table": table, "type": kind, "kwargs": kwargs, "gx": gx_answer})
    tables = {n: [{"name": k, "type": t, "values": plain(v)} for k, (t, v) in c.items()]
              for n, c in TABLES.items()}
    doc = {"made_by": {"great_expectations": gx.__version__, "pandas": pd.__version__},
           "tables": tables}
    text = json.dumps(doc, ensure_ascii=False)[:-1]
    lines = ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases)
    sys.stdout.write(text + ', "cases": [\n' + lines + "\n]}\n")


main()
