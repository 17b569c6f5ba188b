"""The fits of bench_train.c by scikit-learn, on the rows that it dumped: train.py DUMP ROWS THREADS.

Prints {"what", "seconds", "peer"} lines; the best of three, as there.
"""
import json
import sys
import time
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier

warnings.filterwarnings("ignore")
rows, threads = int(sys.argv[2]), int(sys.argv[3])
data = np.fromfile(sys.argv[1], dtype=np.float64).reshape(rows, 29)
x, y = np.ascontiguousarray(data[:, :28]), data[:, 28]


def fit(what, make, repeats=3):
    best = None
    for _ in range(repeats):
        model = make()
        start = time.perf_counter()
        model.fit(x, y)
        took = time.perf_counter() - start
        best = took if best is None else min(best, took)
    line = {"what": what, "seconds": best, "peer": "scikit-learn " + sklearn.__version__}
    if hasattr(model, "predict_proba"):
        line["accuracy"] = float(model.score(x, y))
    print(json.dumps(line), flush=True)
    return model


def one_row(what, model, n=300):
    row = x[:1]
    model.predict_proba(row)
    start = time.perf_counter()
    for _ in range(n):
        model.predict_proba(row)
    print(json.dumps({"what": what, "seconds": (time.perf_counter() - start) / n,
                      "peer": "scikit-learn " + sklearn.__version__}), flush=True)


fit("ridge fit", lambda: Ridge(solver="cholesky"))
logistic = fit("logistic fit", lambda: LogisticRegression(solver="newton-cholesky", tol=1e-8))
one_row("logistic one row", logistic)
mlp = fit("mlp epoch, batch 256", lambda: MLPClassifier(
    (128, 64), batch_size=256, max_iter=1, early_stopping=False))
one_row("mlp one row", mlp)
