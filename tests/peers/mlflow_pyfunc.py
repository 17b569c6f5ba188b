"""The Python side of mlflow_pyfunc.sh.

    make                         writes mixed.csv, and asked.csv with what training never saw
    compare FOLDER ROWS WANT     pyfunc, and the loader without MLflow and pandas, against CSV of `binnacle predict`
    refuse FOLDER                cells that are no vector of three numbers are errors with their place
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
    vectors = [[random.gauss(0, 1) for _ in range(3)] for _ in range(60)]
    y = [v[0] - 2 * v[2] for v in vectors]
    for i in range(0, 60, 7):
        vectors[i] = [vectors[i][0], None, vectors[i][2]] if i % 2 else None
    try:
        import pyarrow
    except ImportError:
        return
    columns = {"y": y, "note": ["x"] * 60, "emb": pyarrow.array(vectors, pyarrow.list_(pyarrow.float32(), 3))}
    table = pyarrow.table(columns)
    with pyarrow.OSFile("vectors.arrow", "wb") as out, pyarrow.ipc.new_file(out, table.schema) as w:
        w.write_table(table)



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
sys.modules["pandas"] = None  # not installed
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
    # An additional column, another order, and a row alone give the same predictions.
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


def refuse(folder):
    sys.path.insert(0, folder + "/code")
    import binnacle_model
    import numpy

    model = binnacle_model.load(folder)
    whole = float(model.predict({"emb": [[1, 2, 3]]})["prediction"][0])
    for same in ("[1,2,3]", (1, 2, 3), numpy.array([1, 2, 3]), numpy.array([1, 2, 3], dtype=numpy.float32)):
        if float(model.predict({"emb": [same]})["prediction"][0]) != whole:
            sys.exit("FAIL: %r has another answer than [1, 2, 3]" % (same,))
    lost = float(model.predict({"emb": [None]})["prediction"][0])
    for same in ("", math.nan, [None, math.nan, math.inf]):
        if float(model.predict({"emb": [same]})["prediction"][0]) != lost:
            sys.exit("FAIL: %r is not missing" % (same,))
    for bad in ("123", "abc", b"123", 5, {1: 2, 3: 4, 5: 6}, {1, 2, 3}, [1, 2], [True, 2, 3], [1, "2", 3], [1, [2], 3],
                numpy.zeros((3, 3)), "[1,\"2\",3]", numpy.array([True, True, False]), True):
        try:
            model.predict({"emb": [[1, 2, 3], bad]})
        except ValueError as e:
            if not str(e).startswith("row 2, column 'emb"):
                sys.exit("FAIL: %r: %s" % (bad, e))
        else:
            sys.exit("FAIL: %r is taken for a vector" % (bad,))


def of_json(answer, path):
    with open(answer) as f:
        rows = json.load(f)["predictions"]
    check("mlflow models predict", {k: [r[k] for r in rows] for k in rows[0]}, want_of(path))


if sys.argv[1] == "make":
    make()
elif sys.argv[1] == "compare":
    compare(*sys.argv[2:])
elif sys.argv[1] == "refuse":
    refuse(*sys.argv[2:])
else:
    of_json(*sys.argv[2:])
