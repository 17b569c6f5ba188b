"""The Python side of mlflow_pyfunc.sh.

    make                         writes mixed.csv, and asked.csv with what training never saw
    compare FOLDER ROWS WANT     pyfunc, and the loader without MLflow and pandas, against CSV of `binnacle predict`
    json ANSWER WANT             what `mlflow models predict` wrote, against the same
"""
import csv
import json
import math
import random
import subprocess
import sys
import warnings


def make():
    random.seed(4)
    head = ["n", "f", "small", "ok", "when", "code", "colour", "label", "y", "digit"]
    rows = []
    for i in range(400):
        n, f = random.randrange(-50, 50), random.gauss(0, 3)
        ok, code = random.random() < 0.5, "%03d" % random.randrange(8)
        colour = random.choice(["red", "blue", "größe", "a,b"])
        when = "2026-%02d-%02dT%02d:30:00Z" % (1 + i % 12, 1 + i % 28, i % 24)
        y = n + 2 * f + 5 * ok + int(code) + 3 * (colour == "red")
        rows.append([n, repr(f), repr(f / 7), str(ok).lower(), when, code, colour, "hi" if y > 3 else "lo, or so", repr(y), int(y > 0) + int(y > 9)])
    for name, cut in (("mixed.csv", 1.0), ("asked.csv", 0.9)):
        with open(name, "w", newline="") as out:
            w = csv.writer(out)
            w.writerow(head)
            for i, row in enumerate(rows):
                row = list(row)
                for k in range(7):
                    if random.random() > (0.97 if name == "mixed.csv" else cut):
                        row[k] = ""
                if name == "asked.csv" and i % 9 == 0:
                    row[6] = "never seen"
                w.writerow(row)


def want_of(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def close(a, b):
    try:
        return abs(float(a) - float(b)) <= 2e-6 * (1 + abs(float(b)))
    except ValueError:
        return str(a) == str(b)


def check(what, got, want):
    """got: a dict of columns."""
    names = list(want[0])
    if list(got) != names:
        sys.exit("FAIL: %s: columns %s, not %s" % (what, list(got), names))
    for r, row in enumerate(want):
        for name in names:
            g = got[name][r]
            if isinstance(g, float) and math.isnan(g) and row[name] == "":
                continue
            if not close(g, row[name]):
                sys.exit("FAIL: %s: row %d: %s is %r, not %s" % (what, r + 1, name, g, row[name]))


PLAIN = """
import csv, json, sys
sys.path.insert(0, sys.argv[1] + "/code")
sys.modules["pandas"] = None  # not here
import binnacle_model
rows = list(csv.DictReader(open(sys.argv[2], newline="")))
answer = binnacle_model.load(sys.argv[1]).predict({k: [r[k] for r in rows] for k in rows[0]})
print(json.dumps({k: list(map(lambda v: v if isinstance(v, (str, int)) else float(v), c)) for k, c in answer.items()}))
assert "mlflow" not in sys.modules
"""


def compare(folder, rows, path):
    warnings.simplefilter("ignore")
    import mlflow.pyfunc
    import pandas

    want = want_of(path)
    model = mlflow.pyfunc.load_model(folder)
    frame = pandas.read_csv(rows)
    answer = model.predict(frame)
    check("pyfunc of " + folder, {c: list(answer[c]) for c in answer.columns}, want)
    # A column more, in another order, and one row alone are the same rows.
    other = frame[list(frame.columns)[::-1]].assign(more=1).iloc[3:4]
    one = model.predict(other)
    check("one row of " + folder, {c: list(one[c]) for c in one.columns}, want[3:4])
    try:
        model.predict(frame[[c for c in frame.columns if c not in ("n", "num_cores", "cores", "partition")]].iloc[:, :2])
        sys.exit("FAIL: a frame without the columns is answered")
    except Exception as e:
        if "missing column" not in str(e):
            sys.exit("FAIL: a frame without the columns: %s" % e)
    said = subprocess.run([sys.executable, "-c", PLAIN, folder, rows], capture_output=True, text=True)
    if said.returncode:
        sys.exit("FAIL: without MLflow: " + said.stderr[-500:])
    check("NumPy alone of " + folder, json.loads(said.stdout), want)


def of_json(answer, path):
    with open(answer) as f:
        rows = json.load(f)["predictions"]
    check("mlflow models predict", {k: [r[k] for r in rows] for k in rows[0]}, want_of(path))


if sys.argv[1] == "make":
    make()
elif sys.argv[1] == "compare":
    compare(*sys.argv[2:])
else:
    of_json(*sys.argv[2:])
