#!/usr/bin/env python3
"""Writes splits.json: which rows scikit-learn's splitters and a plain definition of purging put where.

    .venv/bin/python tests/reference/splits.py > tests/reference/splits.json

Purged folds are computed row by row from the definition in M. Lopez de Prado, "Advances in Financial Machine Learning"
(2018), 7.4: a training row is left out if its label's interval overlaps that of the test, or if it begins within
the embargo, a number of rows, after the last label of the test.
"""
import json
import sys

import numpy as np
import sklearn
from sklearn.model_selection import KFold, TimeSeriesSplit

MASK = (1 << 64) - 1


def numbers(seed, n, below):
    x, out = seed & MASK, []
    for _ in range(n):
        x = (x * 6364136223846793005 + 1442695040888963407) & MASK
        out.append((x >> 33) % below)
    return out


def bounds(index):
    index = list(map(int, index))
    assert index == list(range(index[0], index[-1] + 1))
    return [index[0], index[-1] + 1]


def time_series(n, k, window=0):
    size = n // (k + 1)
    split = TimeSeriesSplit(n_splits=k, max_train_size=window * size or None)
    return {"rows": n, "folds": k, "window": window,
            "train": [bounds(a) for a, _ in split.split(np.zeros(n))],
            "test": [bounds(b) for _, b in split.split(np.zeros(n))]}


def purged(seed, n, k, longest, embargo):
    """Rows in order, a second apart or more; labels last up to `longest` seconds; `embargo` percent of the rows."""
    gaps, lasts = numbers(seed, n, 3), numbers(seed + 1, n, longest)
    events = np.cumsum([1 + g for g in gaps])
    ends = events + 1 + np.array(lasts)
    skip = int(n * embargo / 100)
    trains = []
    for test in np.array_split(np.arange(n), k):
        begin, last, end = events[test[0]], events[test[-1]], max(ends[i] for i in test)
        after = [i for i in range(n) if events[i] >= end]
        banned = set(after[:skip])
        train = []
        for i in range(n):
            if i in test or i in banned:
                continue
            if begin <= events[i] <= last or (ends[i] > begin and events[i] < end):
                continue
            train.append(i)
        trains.append(train)
    return {"events": [int(e) for e in events], "ends": [int(e) for e in ends], "folds": k, "embargo": embargo,
            "train": trains}


json.dump({
    "made_by": f"scikit-learn {sklearn.__version__}",
    "sizes": [{"rows": n, "folds": k,
               "test": sorted(len(b) for _, b in KFold(k, shuffle=True, random_state=1).split(np.zeros(n)))}
              for n, k in [(10, 2), (10, 3), (103, 10), (1000, 7), (2, 2)]],
    "time": [time_series(*a) for a in
             [(10, 3), (103, 5), (60, 9), (60, 5, 1), (60, 5, 2), (120, 11, 4), (5, 4)]],
    "purged": [purged(*a) for a in
               [(1, 60, 4, 8, 0), (2, 100, 5, 20, 0), (3, 100, 5, 20, 3), (4, 90, 3, 5, 10), (5, 50, 10, 1, 4)]],
}, sys.stdout, separators=(",", ":"))
print()
