"""Tables of text that others made, against pandas: shape, types, missing values, values.

corpus.py BINNACLE CORPUS DIRECTORY [PART-OF-A-NAME]

Each file is added to a workspace and exported as an Arrow file; pandas reads it with the dialect that `data add --json`
says, and with its own rules for the rest. What differs is explained by a rule below, which looks at the file itself, or
the run fails. A rule says why Binnacle means it so; the counts at the end say how often each was needed.
"""
import collections
import csv
import gzip
import io
import json
import math
import os
import re
import subprocess
import sys
import tarfile
import warnings

import pandas as pd
import pyarrow as pa

BINNACLE, CORPUS, DIRECTORY = sys.argv[1:4]
ONLY = sys.argv[4] if len(sys.argv) > 4 else ""
NA = {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
      "NULL", "NaN", "None", "n/a", "nan", "null"}
SIZE_MAX = 40 << 20
reasons = collections.Counter()
unexplained = []


def files():
    """(name, bytes) of every .csv and .tsv, unpacked."""
    for top, _, names in sorted(os.walk(CORPUS, followlinks=True)):
        for name in sorted(names):
            path = os.path.join(top, name)
            label = os.path.relpath(path, CORPUS)
            if name.startswith("._") or os.path.getsize(path) > SIZE_MAX:
                continue
            if re.search(r"\.[ct]sv$", name):
                yield label, open(path, "rb").read()
            elif re.search(r"\.[ct]sv\.gz$", name):
                yield label[:-3], gzip.open(path).read()
            elif name == "resources.tar.gz":
                with tarfile.open(path) as tar:
                    for member in tar:
                        base = os.path.basename(member.name)
                        if re.search(r"\.[ct]sv$", base) and not base.startswith("._"):
                            yield f"{label}/{base}", tar.extractfile(member).read()


def run(*words):
    return subprocess.run([BINNACLE, *words], capture_output=True, text=True)


def explain(reason, where):
    reasons[reason] += 1
    if reason.startswith("UNEXPLAINED"):
        unexplained.append(f"{where}: {reason}")


def add(path, name, *options):
    return run("data", "add", name, path, "--json", *options)


def read_with_pandas(path, read, names=None):
    """As the dialect says; types and missing values are pandas' own business. names: of a table without a header."""
    warnings.simplefilter("ignore")
    options = {"sep": read["delimiter"], "decimal": read["decimal"], "low_memory": False,
               "encoding": read["encoding"], "float_precision": "round_trip", "skiprows": read["skip"]}
    if names:
        options["names"] = names
    if read["comment"]:
        options["comment"] = read["comment"]
    if read["quote"] is None:
        options["quoting"] = csv.QUOTE_NONE
    else:
        options["quotechar"] = read["quote"]
    if read["escape"]:
        options["escapechar"] = read["escape"]
    if read["trim"]:
        options["skipinitialspace"] = True
        options["sep"] = r"\s+" if read["delimiter"] == " " else read["delimiter"]
    frame = pd.read_csv(path, **options)
    if read["trim"]:
        frame.columns = [str(c).strip(" ") for c in frame.columns]
        for i, column in enumerate(frame.columns):
            if not pd.api.types.is_numeric_dtype(frame.iloc[:, i]):
                frame.isetitem(i, frame.iloc[:, i].map(lambda v: v.strip(" ") if isinstance(v, str) else v))
    if read["row_names"]:
        frame = frame.reset_index()
    return frame


def raw_fields(path, read):
    """Each field as it stands, and whether it has quotes: columns of (text, quoted)."""
    text = open(path, "rb").read().decode(read["encoding"])
    quote = read["quote"]
    rows, row, field, quoted, state = [], [], [], False, "start"
    i, n = 0, len(text)
    if text.startswith("\ufeff"):
        i = 1
    while i <= n:
        c = text[i] if i < n else "\n"
        if i == n and state == "start" and not row and not field:
            break
        if state == "quoted":
            if c == quote and i + 1 < n and text[i + 1] == quote:
                field.append(quote)
                i += 1
            elif c == quote:
                state = "plain"
            elif i == n:
                break
            else:
                field.append(c)
        elif c == quote and state == "start":
            quoted, state = True, "quoted"
        elif c == read["delimiter"] or c == "\n":
            value = "".join(field)
            if c == "\n" and value.endswith("\r") and not quoted:
                value = value[:-1]
            row.append((value, quoted))
            field, quoted, state = [], False, "start"
            if c == "\n":
                if len(row) > 1 or row[0][0].strip() or row[0][1]:
                    rows.append(row)
                row = []
        else:
            field.append(c)
            if c != "\r":
                state = "plain"
        i += 1
    rows = rows[read["header"]:]
    width = max((len(r) for r in rows), default=0)
    return [[r[k] for r in rows if k < len(r)] for k in range(width)]


INT = re.compile(r"^\s*[+-]?\d+\s*$")
NUMBER = re.compile(r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$")


def is_missing(x):
    return x is None or (isinstance(x, float) and math.isnan(x)) or x is pd.NaT or x is pd.NA


def same(a, b):
    if is_missing(a) or is_missing(b):
        return is_missing(a) and is_missing(b)
    if isinstance(a, bool) or isinstance(b, bool):
        return str(a) == str(b)
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b
    return str(a) == str(b)


def column_reason(ours, theirs, fields, kind):
    """Why a column differs, by what stands in the file; None where nothing says it."""
    values = [v for v, q in fields if v not in NA or (q and v not in NA)]
    if kind == "timestamp":
        parsed = pd.to_datetime(pd.Series([None if is_missing(x) else str(x) for x in theirs]), errors="coerce",
                                utc=True, format="ISO8601")
        mine = pd.to_datetime(pd.Series([None if is_missing(x) else x for x in ours]), utc=True)
        if parsed.equals(mine) or ((parsed == mine) | (parsed.isna() & mine.isna())).all():
            return "ISO 8601 is a time here, text in pandas"
    quoted_na = sum(1 for v, q in fields if q and v in NA)
    if quoted_na and kind in ("category", "string"):
        rest = [(o, t) for o, t, (v, q) in zip(ours, theirs, fields) if not (q and v in NA)]
        if all(same(o, t) or str(o).strip() == str(t) for o, t in rest):
            return "a quoted NA or an empty text in quotes is text here, missing in pandas"
    zeros = any(re.match(r"^\s*[+-]?0\d", v) for v in values)
    if zeros and kind in ("category", "string"):
        return "numbers with zeros in front (007) are text here"
    big = [v for v in values if INT.match(v) and abs(int(v)) > 2 ** 53]
    if big and kind in ("category", "string", "float64"):
        return "integers beyond 2^53 (with fractions, or beyond int64) are text here"
    if kind in ("category", "string") and all(same(str(o).strip(), str(t)) for o, t in zip(ours, theirs)
                                              if not is_missing(o)):
        return "blanks around a value of text are kept by both, around a number by neither"
    if kind in ("category", "string") and all(
            v == str(o) for (v, _), o in zip(fields, ours) if not is_missing(o)):
        words = {v for v in values if not NUMBER.match(v)}
        if words and all(w in ("True", "False", "true", "false", "TRUE", "FALSE", "inf", "-inf", "Infinity") for w in words):
            return "bools among numbers are text here; pandas mixes objects"
        if theirs and any(not isinstance(t, str) and not is_missing(t) for t in theirs):
            return "pandas makes objects of several types of it; it is the file's text here"
    return None


def type_reason(kind, dtype, ours):
    """None where the types are the same thing; else why not."""
    missing = any(x is None for x in ours)
    if kind == "int64" and (dtype.kind == "i" or (dtype.kind == "f" and missing)):
        return "integers with gaps stay integers here, become fractions in pandas" if missing else None
    if kind == "float64" and dtype.kind == "f":
        return None
    if kind == "float64" and dtype.kind == "i" and any(x == 0 and math.copysign(1, x) < 0 for x in ours if x is not None):
        return "-0 among integers makes fractions here, which keep its sign"
    if kind == "float64" and not any(x is not None for x in ours):
        return "a column without a value is float64 here"
    if kind == "bool" and (dtype.kind == "b" or missing):
        return None
    if kind in ("category", "string") and dtype.kind in "OTU":
        return None
    if kind in ("category", "string") and isinstance(dtype, pd.StringDtype):
        return None
    return f"UNEXPLAINED types {kind} and {dtype}"


def compare_columns(label, path, read, frame, table):
    fields = raw_fields(path, read) if not (
        read["escape"] or read["comment"] or read["skip"] or read["trim"]) else None
    for k, name in enumerate(table.column_names):
        column = table.column(k)
        kind = str(column.type)
        kind = {"double": "float64"}.get(kind, "timestamp" if kind.startswith("timestamp")
                                         else "category" if kind.startswith("dictionary") else kind)
        ours = column.cast(pa.string()).to_pylist() if kind == "category" else (
            column.cast(pa.int64()).to_pylist() if kind == "timestamp" else column.to_pylist())
        if kind == "timestamp":
            ours = [None if x is None else pd.Timestamp(x, unit="ns", tz="UTC") for x in ours]
        theirs = [None if is_missing(x) else x for x in frame.iloc[:, k].tolist()]
        ours = [None if is_missing(x) else x for x in ours]
        if len(ours) != len(theirs):
            explain("UNEXPLAINED number of rows", f"{label}: {name}: {len(ours)} and {len(theirs)}")
            return
        if all(same(a, b) for a, b in zip(ours, theirs)):
            reason = type_reason(kind, frame.dtypes.iloc[k], ours)
            if reason:
                explain(reason, f"{label}: {name}")
            continue
        reason = column_reason(ours, theirs, fields[k] if fields and k < len(fields) else [], kind)
        at = next(i for i, (a, b) in enumerate(zip(ours, theirs)) if not same(a, b))
        explain(reason or f"UNEXPLAINED values of a {kind}", f"{label}: {name}, row {at}: {ours[at]!r} and {theirs[at]!r}")


def compare_shape(label, path, read, frame, table):
    if frame.shape[1] != table.num_columns:
        explain("UNEXPLAINED number of columns", f"{label}: {table.num_columns} and {frame.shape[1]}")
        return False
    if frame.shape[0] == table.num_rows:
        return True
    blank = sum(1 for line in open(path, "rb").read().splitlines() if not line.strip())
    if table.num_columns == 1 and table.num_rows - frame.shape[0] == blank:
        explain("an empty line of one column is a missing value here, no row in pandas", label)
        return False
    explain("UNEXPLAINED number of rows", f"{label}: {table.num_rows} and {frame.shape[0]}")
    return False


def refused(label, path, said):
    """Binnacle does not read it: does pandas?"""
    message = json.loads(said.stderr.strip().splitlines()[-1])["error"]["message"]
    if "is empty" in message:
        explain("refused: the file is empty", label)
        return None
    if "not UTF-8" in message:
        explain("refused: not UTF-8, the hint names --encoding", label)
        return ["--encoding", "latin1"]
    try:
        frame = pd.read_csv(path, low_memory=False)
    except Exception:
        explain("refused by both", label)
        return None
    if "fields instead of" in message or "field instead of" in message:
        if frame.index.nlevels > 1 or frame.shape[1] == 1:
            explain("refused: records of several lengths; pandas makes an index of what is too much", label)
        else:
            explain("refused: records that lack fields; pandas fills them with missing values", label)
        return None
    if "text after the closing quote" in message and re.match(rb'"[^",]*" +"', open(path, "rb").read(400)):
        explain("refused: blanks separate the fields, which are in quotes; pandas makes one column of it", label)
        return None
    explain("UNEXPLAINED refusal", f"{label}: {message}")
    return None


def check(label, content, number):
    suffix = ".tsv" if label.endswith(".tsv") else ".csv"
    path = os.path.join(DIRECTORY, f"f{number}{suffix}")
    out = os.path.join(DIRECTORY, f"f{number}.arrow")
    with open(path, "wb") as f:
        f.write(content)
    said = add(path, f"d{number}")
    options = []
    if said.returncode:
        options = refused(label, path, said)
        if options is None:
            return
        said = add(path, f"d{number}", *options)
        if said.returncode:
            explain("UNEXPLAINED refusal", f"{label}: {said.stderr}")
            return
    read = json.loads(said.stdout)["read"]
    for part in read["concluded"]:
        reasons["(concluded: " + part + ")"] += 1
    if run("data", "export", f"d{number}", out).returncode:
        explain("UNEXPLAINED export", label)
        return
    table = pa.ipc.open_file(out).read_all()
    try:
        frame = read_with_pandas(path, read)
        if read["comment"] and len(frame) + 1 == table.num_rows:
            explain("the names are those of a comment above the data, which pandas skips", label)
            frame = read_with_pandas(path, read, table.column_names)
    except Exception as error:
        explain(f"UNEXPLAINED: pandas refuses it", f"{label}: {error}")
        return
    if compare_shape(label, path, read, frame, table):
        compare_columns(label, path, read, frame, table)
    os.unlink(path)
    os.unlink(out)


def main():
    os.chdir(DIRECTORY)
    run("init", ".")
    count, packages = 0, collections.Counter()
    for label, content in files():
        if ONLY in label:
            check(label, content, count)
            count += 1
            packages[label.split("/")[0]] += 1
    print(f"{count} files of {len(packages)} packages: " + ", ".join(f"{p} {n}" for p, n in sorted(packages.items())))
    for reason, n in sorted(reasons.items()):
        print(f"  {n:5} {reason}")
    for line in unexplained[:60]:
        print("  " + line)
    print(f"{'not ok' if unexplained else 'ok'} corpus: {len(unexplained)} unexplained")
    return 1 if unexplained or (count < 500 and not ONLY) else 0


sys.exit(main())
