"""Real data sets that scikit-learn ships, fitted by scikit-learn: what `binnacle` must reproduce.

    real.py expect > tests/reference/real.json      the committed table
    real.py export DIR                              NAME_train.csv and NAME_test.csv in DIR
    real.py compare CASE FOUND.json [TABLE]         `binnacle run show --json` against the table,
                                                    or, without one, against a fit made now

The data sets are read from the installed package and never committed.
"""
import json
import sys

import sklearn
from sklearn import metrics as m
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

TOLERANCE = 1e-3
LOADERS = {"cancer": load_breast_cancer, "diabetes": load_diabetes, "iris": load_iris,
           "wine": load_wine}
CASES = [("cancer", "logistic", "C", 1.0), ("cancer", "logistic", "C", 0.01),
         ("diabetes", "ridge", "alpha", 1.0), ("diabetes", "ridge", "alpha", 100.0),
         ("iris", "logistic", "C", 1.0), ("wine", "logistic", "C", 1.0),
         ("diabetes", "baseline", "robust", 0), ("diabetes", "baseline", "robust", 1),
         ("cancer", "baseline", "robust", 0), ("wine", "baseline", "robust", 1)]


def estimator(name, trainer, value):
    if trainer == "baseline":
        if name == "diabetes":
            return DummyRegressor(strategy="median" if value else "mean")
        return DummyClassifier(strategy="most_frequent" if value else "prior")
    return Ridge(alpha=value) if trainer == "ridge" else LogisticRegression(
        C=value, tol=1e-10, max_iter=100000)


def parts(name):
    frame = LOADERS[name](as_frame=True).frame
    return train_test_split(frame, test_size=0.3, random_state=0)


def fit(name, trainer, key, value):
    train, test = parts(name)
    x, y = train.drop(columns="target").to_numpy(), train["target"].to_numpy()
    u, v = test.drop(columns="target").to_numpy(), test["target"].to_numpy()
    pipe = make_pipeline(StandardScaler(), estimator(name, trainer, value)).fit(x, y)
    if name == "diabetes":
        p = pipe.predict(u)
        return {"rmse": m.mean_squared_error(v, p) ** 0.5, "mae": m.mean_absolute_error(v, p),
                "r2": m.r2_score(v, p), "mape": m.mean_absolute_percentage_error(v, p),
                "max_error": m.max_error(v, p), "median_ae": m.median_absolute_error(v, p)}
    p = pipe.predict_proba(u)
    c = pipe.predict(u)
    out = {"accuracy": m.accuracy_score(v, c), "log_loss": m.log_loss(v, p),
           "precision_macro": m.precision_score(v, c, average="macro", zero_division=0),
           "recall_macro": m.recall_score(v, c, average="macro", zero_division=0),
           "f1_macro": m.f1_score(v, c, average="macro", zero_division=0)}
    if p.shape[1] == 2:
        out.update({"precision": m.precision_score(v, c, zero_division=0), "recall": m.recall_score(v, c),
                    "f1": m.f1_score(v, c), "roc_auc": m.roc_auc_score(v, p[:, 1])})
    else:
        out["roc_auc"] = m.roc_auc_score(v, p, multi_class="ovr")
    return out


def case_name(case):
    return f"{case[0]} {case[1]} {case[2]}={case[3]:g}"


def expect():
    table = {"made_with": "scikit-learn " + sklearn.__version__, "tolerance": TOLERANCE,
             "split": "train_test_split(test_size=0.3, random_state=0)",
             "cases": {case_name(c): {k: float(v) for k, v in fit(*c).items()} for c in CASES}}
    json.dump(table, sys.stdout, indent=1)
    print()


def export(folder):
    for name in LOADERS:
        for part, frame in zip(("train", "test"), parts(name)):
            frame.to_csv(f"{folder}/{name}_{part}.csv", index=False)


def compare(case, found, table=None):
    if table:
        want = json.load(open(table))["cases"][case]
    else:
        want = next(fit(*c) for c in CASES if case_name(c) == case)
    got = json.load(open(found))["metrics"]
    worst, bad = 0.0, 0
    for key, value in want.items():
        ours = got["test_" + key]["last"]
        worst = max(worst, abs(ours - value))
        if not abs(ours - value) <= TOLERANCE:
            print(f"{case}: {key} is {ours!r}, scikit-learn has {value!r}")
            bad = 1
    print(f"NOTE: {case}: {len(want)} metrics on the test part, largest difference {worst:.1e}"
          + ("" if table else " to scikit-learn " + sklearn.__version__ + " run now"))
    return bad


if __name__ == "__main__":
    if sys.argv[1:2] == ["expect"]:
        expect()
    elif sys.argv[1:2] == ["export"]:
        export(sys.argv[2])
    elif sys.argv[1:2] == ["cases"]:
        for c in CASES:
            print(c[0], c[1], f"{c[2]}={c[3]:g}")
    else:
        sys.exit(compare(*sys.argv[2:]))
