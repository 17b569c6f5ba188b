"""Writes train.json: what scikit-learn fits, predicts and scores on the synthetic table.

    python tests/reference/train.py > tests/reference/train.json

Needs scikit-learn (written with the version named inside the file). The C tests read the JSON only.
"""
import json
import sys
import os

import numpy as np
import sklearn
from sklearn import metrics as m
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import OneHotEncoder, StandardScaler

sys.path.insert(0, os.path.dirname(__file__))
from synthetic import Lcg, rows  # noqa: E402

TRAIN = 300


def design(table, impute):
    numbers = np.array([[r["x0"], r["x1"], r["x2"], r["x3"]] for r in table])
    flag = np.array([[float(r["flag"])] for r in table])
    colour = np.array([[r["colour"]] for r in table])
    imputer = SimpleImputer(strategy=impute).fit(numbers[:TRAIN])
    numbers = imputer.transform(numbers)
    scaler = StandardScaler().fit(numbers[:TRAIN])
    flags = StandardScaler().fit(flag[:TRAIN])
    encoder = OneHotEncoder(handle_unknown="ignore").fit(colour[:TRAIN])
    x = np.hstack([scaler.transform(numbers), encoder.transform(colour).toarray(),
                   flags.transform(flag)])
    return x, imputer, scaler


def regression_metrics(y, p):
    return {"rmse": float(np.sqrt(m.mean_squared_error(y, p))),
            "mae": float(m.mean_absolute_error(y, p)), "r2": float(m.r2_score(y, p)),
            "mape": float(m.mean_absolute_percentage_error(y, p)),
            "max_error": float(m.max_error(y, p)),
            "median_ae": float(m.median_absolute_error(y, p))}


def classification_metrics(y, p, classes):
    c = np.argmax(p, axis=1)
    out = {"accuracy": float(m.accuracy_score(y, c)),
           "precision_macro": float(m.precision_score(y, c, average="macro", zero_division=0)),
           "recall_macro": float(m.recall_score(y, c, average="macro", zero_division=0)),
           "f1_macro": float(m.f1_score(y, c, average="macro", zero_division=0)),
           "log_loss": float(m.log_loss(y, p, labels=list(range(classes)))),
           "confusion": m.confusion_matrix(y, c, labels=list(range(classes))).tolist()}
    if classes == 2:
        out.update({"precision": float(m.precision_score(y, c)),
                    "recall": float(m.recall_score(y, c)), "f1": float(m.f1_score(y, c)),
                    "roc_auc": float(m.roc_auc_score(y, p[:, 1]))})
    else:
        out["roc_auc"] = float(m.roc_auc_score(y, p, multi_class="ovr", average="macro"))
    return out


def ridge(table, impute, alpha, weighted):
    x, imputer, scaler = design(table, impute)
    y = np.array([r["y_number"] for r in table])
    w = np.array([1.0 + (i % 3) for i in range(TRAIN)]) if weighted else None
    model = Ridge(alpha=alpha, solver="cholesky").fit(x[:TRAIN], y[:TRAIN], sample_weight=w)
    p = model.predict(x[TRAIN:])
    return {"impute": impute, "alpha": alpha, "weighted": weighted, "fill_x3": imputer.statistics_[3],
            "mean_x3": scaler.mean_[3], "scale_x3": scaler.scale_[3], "coef": model.coef_.tolist(),
            "intercept": float(model.intercept_), "predictions": p[:5].tolist(),
            "metrics": regression_metrics(y[TRAIN:], p)}


def logistic(table, target, c, weighted):
    x, _, _ = design(table, "mean")
    labels = sorted({r[target] for r in table[:TRAIN]})
    y = np.array([labels.index(r[target]) for r in table])
    w = np.array([1.0 + (i % 3) for i in range(TRAIN)]) if weighted else None
    model = LogisticRegression(C=c, tol=1e-12, max_iter=100000, solver="newton-cg"
                               if len(labels) > 2 else "newton-cholesky")
    model.fit(x[:TRAIN], y[:TRAIN], sample_weight=w)
    p = model.predict_proba(x[TRAIN:])
    return {"target": target, "C": c, "weighted": weighted, "coef": model.coef_.tolist(),
            "intercept": model.intercept_.tolist(), "probabilities": p[:5].tolist(),
            "metrics": classification_metrics(y[TRAIN:], p, len(labels))}


def baseline(table, target, robust):
    """What is predicted without any input."""
    x = np.zeros((len(table), 1))
    if target == "y_number":
        y = np.array([r[target] for r in table])
        model = DummyRegressor(strategy="median" if robust else "mean").fit(x[:TRAIN], y[:TRAIN])
        p = model.predict(x[TRAIN:])
        return {"target": target, "robust": robust, "value": [float(p[0])],
                "metrics": regression_metrics(y[TRAIN:], p)}
    labels = sorted({r[target] for r in table[:TRAIN]})
    y = np.array([labels.index(r[target]) for r in table])
    model = DummyClassifier(strategy="most_frequent" if robust else "prior")
    p = model.fit(x[:TRAIN], y[:TRAIN]).predict_proba(x[TRAIN:])
    return {"target": target, "robust": robust, "value": p[0].tolist(),
            "metrics": classification_metrics(y[TRAIN:], p, len(labels))}


def metric_case(seed, n, classes, ties):
    """Scores with many ties, from the generator that C has too."""
    g = Lcg(seed)
    y, p = [], []
    for _ in range(n):
        y.append(int(g.uniform() * classes))
        s = [int(g.uniform() * ties) + 1.0 for _ in range(classes)]
        total = 0.0
        for v in s:
            total = total + v
        p.append([v / total for v in s])
    y, p = np.array(y), np.array(p)
    return {"seed": seed, "rows": n, "classes": classes, "ties": ties,
            "metrics": classification_metrics(y, p, classes)}


def main():
    table = rows()
    doc = {
        "made_with": "scikit-learn " + sklearn.__version__,
        "ridge": [ridge(table, "mean", 1.0, False), ridge(table, "median", 0.01, False),
                  ridge(table, "most_frequent", 50.0, True)],
        "logistic": [logistic(table, "y_binary", 1.0, False),
                     logistic(table, "y_binary", 0.01, True),
                     logistic(table, "y_three", 1.0, False),
                     logistic(table, "y_three", 100.0, True)],
        "baseline": [baseline(table, target, robust) for robust in (False, True)
                     for target in ("y_number", "y_binary", "y_three")],
        "metrics": [metric_case(7, 200, 2, 5), metric_case(8, 300, 4, 3),
                    metric_case(9, 50, 2, 1000)],
    }
    json.dump(doc, sys.stdout, indent=1)
    print()


main()
