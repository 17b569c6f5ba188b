"""Every type, width, form and packing that Arrow has, against pyarrow, through the program itself.

arrow_types.py BINNACLE DIR: pyarrow writes a table, `binnacle data export` reads it and writes it again; what pyarrow
(validating in full) finds there must be what is meant, and so must the cells of `data head --json` and of CSV.
"""

import csv
import datetime
import decimal
import itertools
import json
import os
import random
import subprocess
import sys

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.ipc as ipc

binnacle, folder = sys.argv[1:3]
checked = 0
rnd = random.Random(11)
DAY = 86400 * 10**9


def path(name):
    return os.path.join(folder, name)


def run(*args):
    return subprocess.run([binnacle, "data", *args], capture_output=True, text=True)


def same(what, want, got):
    global checked
    checked += 1
    if want != got:
        sys.exit(f"{what}:\n  want {str(want)[:700]}\n  got  {str(got)[:700]}")


def write(name, table, rows=None, stream=False, **options):
    make = ipc.new_stream if stream else ipc.new_file
    with make(path(name), table.schema, options=ipc.IpcWriteOptions(**options)) as f:
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


def cell(x):
    """A value of any Arrow type as one that compares."""
    t = x.type
    if not x.is_valid:
        return None
    if pa.types.is_dictionary(t):
        return cell(x.type.value_type and pa.scalar(x.as_py(), t.value_type))
    if pa.types.is_timestamp(t) or pa.types.is_duration(t) or pa.types.is_time(t):
        per = {"s": 10**9, "ms": 10**6, "us": 1000, "ns": 1}[t.unit]
        return x.value * per
    if pa.types.is_date(t):
        return x.value if pa.types.is_date32(t) else x.value // 86400000
    if pa.types.is_map(t):
        return [[cell(k), cell(v)] for k, v in zip(x.values.field(0), x.values.field(1))]
    if isinstance(x, pa.ListScalar):
        return [cell(v) for v in x.values]
    v = x.as_py()
    return v


def cells(table):
    return {n: [cell(x) for x in c] for n, c in zip(table.column_names, table.columns)}


def absent(make, n):
    return [None if rnd.random() < 0.2 else make(i) for i in range(n)]


WORDS = ["", "a", "né", "日本語", "more than twelve bytes", "🚢 with a long tail of text", 'q"q', "NA"]


def word(_):
    return rnd.choice(WORDS)


def integers(bits, signed):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return lambda i: (low, high, rnd.randint(low, high))[rnd.randrange(3)]


def leaves(n):
    """One column of each type without parts, by the name of what it becomes here."""
    out = {}

    def add(name, type, make, becomes=None):
        out[f"{name}"] = (pa.array(absent(make, n), type), str(becomes or type))

    for bits in (8, 16, 32, 64):
        add(f"i{bits}", getattr(pa, f"int{bits}")(), integers(bits, True))
        add(f"u{bits}", getattr(pa, f"uint{bits}")(), integers(bits, False))
    add("f16", pa.float16(), lambda i: rnd.choice([0.5, -2.0, 65504.0, 6e-8, 0.0, float("inf")]),
        "float")
    add("f32", pa.float32(), lambda i: rnd.randrange(1 << 20) / 8)
    add("f64", pa.float64(), lambda i: rnd.uniform(-1e300, 1e300))
    add("flag", pa.bool_(), lambda i: rnd.random() < 0.5)
    for unit, per in (("s", 10**9), ("ms", 10**6), ("us", 1000), ("ns", 1)):
        most = ((1 << 63) - 1) // per
        for zone in (None, "UTC", "Europe/Rome", "+02:00"):
            add(f"at_{unit}_{zone}", pa.timestamp(unit, zone), lambda i: rnd.randint(-most, most),
                pa.timestamp("ns", zone))
        add(f"for_{unit}", pa.duration(unit), lambda i: rnd.randint(-most, most), pa.duration("ns"))
        time = pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit)
        add(f"clock_{unit}", time, lambda i: rnd.randrange(DAY // per), pa.time64("ns"))
    add("day32", pa.date32(), lambda i: rnd.randint(-(1 << 31), (1 << 31) - 1))
    add("day64", pa.date64(), lambda i: 86400000 * rnd.randint(-100000, 100000), pa.date32())
    for precision, scale in ((1, 0), (9, 2), (18, 18), (38, 0), (38, 10)):
        def number(i):
            digits = rnd.randint(-(10**precision) + 1, 10**precision - 1)
            return decimal.Decimal(digits).scaleb(-scale, decimal.Context(prec=60))
        becomes = pa.decimal128(precision, scale)
        for width, most in ((32, 9), (64, 18), (128, 38), (256, 38)):
            if precision <= most and hasattr(pa, f"decimal{width}"):
                add(f"d{width}_{precision}_{scale}", getattr(pa, f"decimal{width}")(precision, scale),
                    number, becomes)
    for name, type, becomes in (("text", pa.string(), None), ("large", pa.large_string(), "string"),
                                ("view", pa.string_view(), "string")):
        add(name, type, word, becomes)
    for name, type, becomes in (("bytes", pa.binary(), None), ("lbytes", pa.large_binary(), "binary"),
                                ("vbytes", pa.binary_view(), "binary")):
        add(name, type, lambda i: rnd.randbytes(rnd.randrange(30)), becomes)
    add("uuid", pa.binary(16), lambda i: rnd.randbytes(16), "binary")
    out["nothing"] = (pa.nulls(n), "double")
    for bits in (8, 16, 32, 64):
        for letter in "iu":
            code = getattr(pa, ("int" if letter == "i" else "uint") + str(bits))()
            values = pa.array(WORDS)
            codes = pa.array(absent(lambda i: rnd.randrange(len(WORDS)), n), code)
            out[f"cat_{letter}{bits}"] = (pa.DictionaryArray.from_arrays(codes, values),
                                          "dictionary<values=string, indices=int32, ordered=0>")
    for name, values, becomes in (("large", pa.array(WORDS, pa.large_string()), "dictionary<values=string, indices=int32, ordered=0>"),
                                  ("null", pa.array(["x", None, "z"]), "dictionary<values=string, indices=int32, ordered=0>"),
                                  ("int", pa.array([5, None, -7]), "int64"),
                                  ("day", pa.array([1, 2, 3], pa.date32()), "date32[day]")):
        codes = pa.array(absent(lambda i: rnd.randrange(len(values)), n), pa.int8())
        out[f"cat_of_{name}"] = (pa.DictionaryArray.from_arrays(codes, values), becomes)
    return out


def compare(what, table, source, kinds=None):
    got = through(source)
    if kinds:
        same(f"{what}: types", kinds, [str(t) for t in got.schema.types])
    back = cells(got)
    for name, values in cells(table).items():
        if values != back[name]:
            for i, (x, y) in enumerate(zip(values, back[name])):
                same(f"{what}: column {name}, row {i}", x, y)
        same(f"{what}: column {name}", values, back[name])


# ---- leaves, in every packing, as file and stream, in batches of several sizes ----
for n, rows in ((0, None), (1, None), (9, 2), (700, 64), (700, 13)):
    made = leaves(n)
    table = pa.table({k: v[0] for k, v in made.items()})
    for packing, stream in itertools.product((None, "lz4", "zstd"), (False, True)):
        source = write("leaves.arrow", table, rows, stream, compression=packing)
        compare(f"{n} rows, {rows}, {packing}, {'stream' if stream else 'file'}", table, source,
                [v[1] for v in made.values()])
    part = table.slice(n // 3, n // 2)
    compare(f"a slice of {n} rows", part, write("slice.arrow", part, rows, compression="zstd"))

# ---- lists of every leaf, in every form of list ----
def lists_of(values, n):
    k = len(values)
    cuts = sorted(rnd.randint(0, k) for _ in range(n - 1))
    ends = [0, *cuts, k]
    yield "list", pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values)
    yield "large", pa.LargeListArray.from_arrays(pa.array(ends, pa.int64()), values)
    starts = [rnd.randint(0, k - 3) for _ in range(n)]
    sizes = [rnd.randrange(4) for _ in range(n)]
    if hasattr(pa, "ListViewArray"):
        yield "lview", pa.ListViewArray.from_arrays(pa.array(starts, pa.int32()), pa.array(sizes, pa.int32()), values)
        yield "llview", pa.LargeListViewArray.from_arrays(pa.array(starts, pa.int64()), pa.array(sizes, pa.int64()), values)
    yield "fixed", pa.FixedSizeListArray.from_arrays(values, k // n)
    mask = pa.array([i % 5 == 0 for i in range(n)])
    yield "nulls", pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values, mask=mask)
    yield "fnulls", pa.FixedSizeListArray.from_arrays(values, k // n, mask=mask)


n = 60
columns = {}
for name, (values, _) in leaves(n * 4).items():
    for form, array in lists_of(values, n):
        columns[f"{form}_{name}"] = array
table = pa.table(columns)
for packing, rows, stream in ((None, None, False), ("lz4", 7, True), ("zstd", 16, False)):
    compare(f"lists, {packing}", table, write("lists.arrow", table, rows, stream, compression=packing))
part = table.slice(17, 30)
compare("a slice of lists", part, write("lists.arrow", part, 11))
deep = pa.table({"deep": pa.array([[[[["a", None], []], None], []], None, []] * 9,
                                  pa.list_(pa.list_(pa.list_(pa.list_(pa.string())))))})
compare("lists of lists", deep, write("deep.arrow", deep, 5))

# ---- structs and maps ----
def struct(i):
    if i % 7 == 3:
        return None
    return {"a": i, "b": None if i % 4 == 1 else {"c.d": f"t{i}", "e": [i, None] if i % 2 else None}}


type = pa.struct([("a", pa.int16()), ("b", pa.struct([("c.d", pa.string()), ("e", pa.list_(pa.int64()))]))])
n = 50
rows = [struct(i) for i in range(n)]
of = [None if i % 6 == 5 else [struct(k) for k in range(i % 5)] for i in range(n)]
pairs = [None if i % 9 == 8 else [(f"k{k}", None if k % 3 == 1 else k / 2) for k in range(i % 4)] for i in range(n)]
nested = pa.table({"s": pa.array(rows, type), "l": pa.array(of, pa.list_(type)),
                   "m": pa.array(pairs, pa.map_(pa.string(), pa.float64())), "x.y": pa.array(range(n))})


def path_of(value, *steps):
    for s in steps:
        if value is None:
            return None
        value = [None if v is None else v[s] for v in value] if isinstance(value, list) else value[s]
    return value


want = {"x.y": list(range(n)),
        "s.a": [path_of(r, "a") for r in rows], "s.b.c\\.d": [path_of(r, "b", "c.d") for r in rows],
        "s.b.e": [path_of(r, "b", "e") for r in rows], "l.a": [path_of(r, "a") for r in of],
        "m.key": [r and [k for k, _ in r] for r in pairs], "m.value": [r and [v for _, v in r] for r in pairs]}
for i in range(len(want["m.key"])):
    if pairs[i] == []:
        want["m.key"][i] = want["m.value"][i] = []
want["l.b.c\\.d"] = [None if r is None else [path_of(path_of(e, "b"), "c.d") for e in r] for r in of]
want["l.b.e"] = [None if r is None else [path_of(path_of(e, "b"), "e") for e in r] for r in of]
for packing, batch, stream in ((None, None, False), ("zstd", 7, True), ("lz4", 3, False)):
    got = through(write("nested.arrow", nested, batch, stream, compression=packing))
    same("names of nested columns", sorted(want), sorted(got.column_names))
    for name, values in want.items():
        same(f"nested {name}", values, got[name].to_pylist())

# ---- dictionaries that grow, and that a stream replaces ----
schema = pa.schema([("d", pa.dictionary(pa.int32(), pa.string())), ("l", pa.list_(pa.dictionary(pa.int8(), pa.string())))])
sink, want = path("replaced.arrows"), []
for deltas in (False, True):
    want = []
    with ipc.new_stream(sink, schema, options=ipc.IpcWriteOptions(emit_dictionary_deltas=deltas)) as f:
        for words in (["a", "b"], ["a", "b", "c"], ["z", "b"], ["z", None, "b", "q"], ["a", "b"]):
            codes = [rnd.randrange(len(words)) for _ in range(5)]
            d = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words, pa.string()))
            l = pa.ListArray.from_arrays(pa.array([0, 1, 1, 3, 4, 5], pa.int32()),
                                         pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), pa.array(words, pa.string())))
            f.write_batch(pa.record_batch([d, l], schema=schema))
            want += [(words[c]) for c in codes]
    same(f"dictionaries of a stream, deltas {deltas}", want, through(sink)["d"].to_pylist())
    same("in lists", want, [x for l in through(sink)["l"].to_pylist() for x in l])

# ---- cells as people see them ----
shown = pa.table({
    "u64": pa.array([2**64 - 1, 7, None], pa.uint64()),
    "d": pa.array([decimal.Decimal("-0.05"), decimal.Decimal("12.30"), None], pa.decimal128(10, 2)),
    "day": pa.array([datetime.date(2024, 2, 29), datetime.date(1, 1, 1), None]),
    "clock": pa.array([0, 86399 * 10**9 + 5 * 10**8, None], pa.time64("ns")),
    "naive": pa.array([0, 1500, None], pa.timestamp("ms")),
    "took": pa.array([90, -1, None], pa.duration("s")),
    "raw": pa.array([b"\x00\xff", b"", None]),
    "l": pa.array([[0.5, None], [], None], pa.list_(pa.float32())),
    "t": pa.array([["a,\"b\"", None], [], None], pa.list_(pa.string())),
    "f": pa.array([[1, 2], [3, 4], None], pa.list_(pa.uint8(), 2)),
})
r = run("export", write("shown.arrow", shown), "-o", path("shown.csv"))
same("CSV is written", 0, r.returncode)
with open(path("shown.csv"), newline="", encoding="utf-8") as f:
    lines = list(csv.reader(f))
same("cells of CSV", [
    ["18446744073709551615", "-0.05", "2024-02-29", "00:00:00", "1970-01-01T00:00:00", "PT1M30S", "00ff",
     "[0.5,null]", '["a,\\"b\\"",null]', "[1,2]"],
    ["7", "12.30", "0001-01-01", "23:59:59.5", "1970-01-01T00:00:01.5", "-PT1S", "", "[]", "[]", "[3,4]"],
    [""] * 10], lines[1:])
r = run("head", path("shown.arrow"), "--json")
same("head", 0, r.returncode)
same("cells of JSON", [
    {"u64": "18446744073709551615", "d": "-0.05", "day": "2024-02-29", "clock": "00:00:00", "naive": "1970-01-01T00:00:00",
     "took": "PT1M30S", "raw": "00ff", "l": [0.5, None], "t": ['a,"b"', None], "f": [1, 2]},
    {"u64": 7, "d": "12.30", "day": "0001-01-01", "clock": "23:59:59.5", "naive": "1970-01-01T00:00:01.5",
     "took": "-PT1S", "raw": "", "l": [], "t": [], "f": [3, 4]},
    {k: None for k in shown.column_names}], json.loads(r.stdout)["items"])

# ---- dates in milliseconds that have a time ----
mixed = pa.table({"d": pa.Array.from_buffers(pa.date64(), 2, [None, pa.py_buffer((86400000).to_bytes(8, "little") + (1500).to_bytes(8, "little"))])})
got = through(write("mixed.arrow", mixed))
same("dates with a time", ["timestamp[ns]", [DAY, 1500 * 10**6]],
     [str(got.schema.types[0]), [x.value for x in got["d"]]])

# ---- what we refuse, by name ----
for name, table, words in (
    ("far", pa.table({"at": pa.array([0, 253402300799], pa.timestamp("s"))}), ["'at'", "row 2", "9999-12-31"]),
    ("wide decimal", pa.table({"x": pa.array([decimal.Decimal(1)], pa.decimal256(60, 2))}), ["'x'", "decimal(60,2)"]),
    ("intervals", pa.table({"x": pa.array([(1, 2, 3)], pa.month_day_nano_interval())}), ["'x'", "interval"]),
    ("run ends", pa.table({"x": pa.RunEndEncodedArray.from_arrays([2], [1])}), ["'x'", "run-end"]),
    ("unions", pa.table({"x": pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])])}), ["'x'", "union"]),
):
    r = run("export", write("no.arrow", table))
    same(f"{name} are refused", True, r.returncode != 0)
    same(f"{name} are named: {r.stderr}", True, all(w in r.stderr for w in words))
with open(path("v1.feather"), "wb") as f:
    f.write(b"FEA1" + bytes(60) + b"FEA1")
r = run("export", path("v1.feather"))
same("Feather of version 1 is named", True, r.returncode != 0 and "version 1" in r.stderr)
feather.write_feather(pa.table({"a": [1, None]}), path("v2.feather"))
same("Feather", [1, None], through(path("v2.feather"))["a"].to_pylist())

# ---- the other readers that people have, of ours ----
made = {k: v for k, v in leaves(300).items() if k not in ("nothing", "f16", "day32", "day64") and "+02" not in k}
table = pa.table({**{k: v[0] for k, v in made.items()}, "l": pa.array([[i, None] for i in range(300)]),
                  "f": pa.array([[i, i + 1] for i in range(300)], pa.list_(pa.int32(), 2))})
ours = path("ours.arrow")
same("written", 0, run("export", write("t.arrow", table, 77), "-o", ours, "--force").returncode)
back = ipc.open_file(ours).read_all()
try:
    import polars

    frame = polars.read_ipc(ours, use_pyarrow=False)
    for name in ("u64", "i16", "u8", "text", "bytes", "flag", "l", "f", "cat_u64", "d128_38_10"):
        want = back[name].to_pylist()
        same(f"{name} in polars", want, [list(x) if isinstance(x, polars.Series) else x for x in frame[name].to_list()])
    frame.write_ipc(path("polars.arrow"), compression="zstd")
    compare("written by polars", table.select(["u64", "i16", "text", "bytes", "l", "f"]), path("polars.arrow"))
    frame.write_ipc_stream(path("polars.arrows"))
    compare("streamed by polars", table.select(["u64", "i16", "text", "bytes", "l", "f"]), path("polars.arrows"))
except ImportError:
    print("SKIP: our Arrow files in polars: no polars")
try:
    import duckdb

    got = duckdb.sql("select count(u64), max(u16), sum(d128_9_2), count(distinct cat_i8), max(len(l)) from back").fetchall()[0]
    values = cells(table)
    same("ours in DuckDB", (sum(x is not None for x in values["u64"]), max(x for x in values["u16"] if x is not None),
                            sum(x for x in values["d128_9_2"] if x is not None), len(set(values["cat_i8"]) - {None}), 2), got)
except ImportError:
    print("SKIP: our Arrow files in DuckDB: no duckdb")

print(f"NOTE: {checked} comparisons of Arrow types with pyarrow {pa.__version__}")
