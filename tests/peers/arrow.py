"""Arrow files and CSV against pyarrow and pandas, through the program itself.

arrow.py BINNACLE DIR: pyarrow writes a table, `binnacle data export` reads it and writes it again as
Arrow and as CSV; pyarrow (validating in full) and pandas must find the same values there.
"""

import csv
import datetime
import os
import random
import struct
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.ipc as ipc

binnacle, folder = sys.argv[1:3]
checked = 0


def path(name):
    return os.path.join(folder, name)


def run(*args):
    return subprocess.run([binnacle, "data", *args], capture_output=True, text=True)


def same(what, want, got):
    global checked
    checked += 1
    if want != got:
        sys.exit(f"{what}:\n  want {str(want)[:500]}\n  got  {str(got)[:500]}")


def write(name, table, rows=None, **options):
    with ipc.new_file(path(name), table.schema, **options) as f:
        f.write_table(table, max_chunksize=rows)
    return path(name)


def through(source):
    """The table after it went through us."""
    out = path("through.arrow")
    r = run("export", source, "-o", out, "--force")
    if r.returncode:
        sys.exit(f"{source}: {r.stderr}")
    table = ipc.open_file(out).read_all()
    table.validate(full=True)
    return table


def all_types(n, seed):
    rnd = random.Random(seed)

    def some(make):
        return [None if rnd.random() < 0.1 else make(i) for i in range(n)]

    words = ["", "a", "né", "日本語", "🚢", "two words", 'q"q', "l1\nl2", "NA"]
    stamp = pa.timestamp("ns", "UTC")
    return pa.table(
        {
            "f64": pa.array(some(lambda i: rnd.uniform(-1e9, 1e9)), pa.float64()),
            "f32": pa.array(some(lambda i: rnd.randrange(1 << 20) / 8), pa.float32()),
            "i64": pa.array(some(lambda i: rnd.randrange(-(1 << 63), 1 << 63)), pa.int64()),
            "i32": pa.array(some(lambda i: rnd.randrange(-(1 << 31), 1 << 31)), pa.int32()),
            "i8": pa.array(some(lambda i: rnd.randrange(-128, 128)), pa.int8()),
            "flag": pa.array(some(lambda i: rnd.random() < 0.5), pa.bool_()),
            "at": pa.array(some(lambda i: rnd.randrange(1 << 60)), pa.int64()).cast(stamp),
            "text": pa.array(some(lambda i: rnd.choice(words) + str(i % 7)), pa.string()),
            "cat": pa.array(some(lambda i: rnd.choice(words)), pa.string()).dictionary_encode(),
        }
    )


def plain(table):
    """Values as Python objects, dictionaries decoded, times as integers."""
    out = {}
    for name, column in zip(table.column_names, table.columns):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("ns")).cast(pa.int64())
        out[name] = column.to_pylist()
    return out


for n, rows in ((0, None), (1, None), (7, 3), (1000, 8), (1000, 64), (200000, 9999)):
    table = all_types(n, n)
    got = through(write("all.arrow", table, rows))
    same(f"types of {n} rows", [str(t) for t in table.schema.types[:8]],
         [str(t) for t in got.schema.types[:8]])
    same(f"dictionary of {n} rows", True, pa.types.is_dictionary(got.schema.types[8]))
    same(f"{n} rows in pieces of {rows}", plain(table), plain(got))
    got.to_pandas()
    sliced = table.slice(n // 3, n // 2)
    same(f"slice of {n} rows", plain(sliced), plain(through(write("s.arrow", sliced, rows))))

# Forms that other writers use.
wide = pa.table(
    {
        "large": pa.array(["x", "é", None], pa.large_string()),
        "u8": pa.array([1, None, 255], pa.uint8()),
        "u16": pa.array([1, None, 65535], pa.uint16()),
        "u32": pa.array([1, None, (1 << 32) - 1], pa.uint32()),
        "i16": pa.array([-3, 2, None], pa.int16()),
        "s": pa.array([1, 2, None], pa.timestamp("s")),
        "ms": pa.array([1, 2, None], pa.timestamp("ms", "UTC")),
        "us": pa.array([1, 2, None], pa.timestamp("us")),
        "day": pa.array([datetime.date(2024, 2, 29), None, datetime.date(1969, 12, 31)]),
        "nothing": pa.nulls(3),
        "small": pa.array(["p", "q", None]).dictionary_encode().cast(
            pa.dictionary(pa.int8(), pa.large_string())),
    }
)
same("columns of others", plain(wide), plain(through(write("wide.arrow", wide))))

frame = pd.DataFrame({"a": [1, 2], "s": ["x", None], "c": pd.Categorical(["u", "v"])})
feather.write_feather(frame, path("pd.feather"), compression="uncompressed")
same("pandas feather", ["x", None], plain(through(path("pd.feather")))["s"])

deltas = pa.schema([("d", pa.dictionary(pa.int32(), pa.string()))])
with ipc.new_file(path("delta.arrow"), deltas,
                  options=ipc.IpcWriteOptions(emit_dictionary_deltas=True)) as f:
    for values, codes in ((["a", "b"], [0, 1]), (["a", "b", "c"], [2, 0, 1])):
        array = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(values))
        f.write_batch(pa.record_batch([array], schema=deltas))
same("dictionary deltas", list("abcab"), plain(through(path("delta.arrow")))["d"])

feather.write_feather(frame, path("lz4.feather"))
same("pandas feather, packed", ["x", None], plain(through(path("lz4.feather")))["s"])

# CSV: floats as exact as in Python. (Digits before the point that a float64 cannot hold make a column text.)
rnd = random.Random(3)
texts = ["0.1", "1e22", "1e23", "9007199254740992.0", "4.9e-324", "2.2250738585072011e-308",
         "1.7976931348623157e308", "0.30000000000000004", "123456789012345677877719597056.5"]
for _ in range(20000):
    x = struct.unpack("<d", rnd.randbytes(8))[0]
    if x == x and abs(x) != float("inf"):
        texts.append(repr(x))
    texts.append(f"{rnd.uniform(-1000, 1000):.{rnd.randrange(1, 20)}f}")
    texts.append(f"{rnd.randrange(10 ** rnd.randrange(1, 16))}.{rnd.randrange(10 ** 6):06d}")
with open(path("floats.csv"), "w") as f:
    f.write("x\n" + "\n".join(texts) + "\n")
got = through(path("floats.csv"))
same("type of floats", "double", str(got.schema.types[0]))
for text, x in zip(texts, got["x"].to_pylist()):
    if struct.pack("<d", float(text)) != struct.pack("<d", x):
        sys.exit(f"{text}: {x!r}")
checked += len(texts)

# CSV: tables of all types written by pandas, and ours read by pandas.
table = all_types(5000, 5).drop_columns(["f32", "text", "cat"])
frame = table.to_pandas(integer_object_nulls=True)
frame.to_csv(path("pandas.csv"), index=False)
same("CSV of pandas", plain(table), plain(through(path("pandas.csv"))))
r = run("export", write("all.arrow", table), "-o", path("ours.csv"))
with open(path("ours.csv"), newline="", encoding="utf-8") as f:
    back = list(csv.DictReader(f))
same("f64 of our CSV", table["f64"].to_pylist(), [float(r["f64"]) if r["f64"] else None for r in back])
same("i64 of our CSV", table["i64"].to_pylist(), [int(r["i64"]) if r["i64"] else None for r in back])

# Other readers of Arrow files.
table = all_types(100000, 9)
out = path("ours.arrow")
run("export", write("all.arrow", table, 30000), "-o", out, "--force")
try:
    import polars

    got = polars.read_ipc(out)
    for name in ("f64", "i64", "flag", "text", "cat", "i8", "f32"):
        same(f"{name} in polars", plain(table)[name], got[name].to_list())
except ImportError:
    print("SKIP: our Arrow files in polars: no polars")
try:
    import duckdb

    ours = ipc.open_file(out).read_all()
    got = duckdb.sql("select count(*), count(f64), count(distinct cat), sum(i32) from ours").fetchall()[0]
    values = plain(table)
    same("our Arrow file in DuckDB", (
        100000, sum(x is not None for x in values["f64"]), len(set(values["cat"]) - {None}),
        sum(x for x in values["i32"] if x is not None)), got)
except ImportError:
    print("SKIP: our Arrow files in DuckDB: no duckdb")

print(f"NOTE: {checked} comparisons with pyarrow {pa.__version__} and pandas {pd.__version__}")
