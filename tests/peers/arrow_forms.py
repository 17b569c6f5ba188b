"""Writes the small Arrow files of tests/fuzz/corpus/arrow that we do not write ourselves: arrow_forms.py FOLDER.

They are seeds of fuzz_arrow, and tests/core/table/test_arrow_forms.c compares their cells with what is meant here.
"""

import decimal
import os
import sys

import pyarrow as pa
import pyarrow.ipc as ipc

folder = sys.argv[1]


def write(name, batches, stream=False, **options):
    make = ipc.new_stream if stream else ipc.new_file
    with make(os.path.join(folder, name), batches[0].schema, options=ipc.IpcWriteOptions(**options)) as f:
        for b in batches:
            f.write_batch(b)


def batch(**columns):
    return pa.record_batch(list(columns.values()), names=list(columns))


def words(values, codes, type=pa.int64()):
    return pa.DictionaryArray.from_arrays(pa.array(codes, type), pa.array(values, pa.string()))


# A stream with int64 codes, whose dictionary contains an absent value.
write("stream_codes", [batch(d=words(["x", None, "z"], [0, 1, 2, None]))], stream=True)
# A stream that replaces its dictionary, once by one that does not extend the previous one.
write("stream_replaced", [batch(d=words(["a", "b"], [1, 0])), batch(d=words(["a", "b", "c"], [2, 0])),
                          batch(d=words(["c", "a"], [0, 1]))], stream=True)
write("stream_deltas", [batch(d=words(["a"], [0, 0])), batch(d=words(["a", "b"], [1, 0]))], stream=True,
      emit_dictionary_deltas=True)
# As written by pandas' to_feather.
some = batch(x=pa.array([1, None, 3], pa.int64()), s=pa.array(["one", None, "three" * 20]))
write("packed_lz4", [some], compression="lz4")
write("packed_zstd", [some], compression="zstd")
# Numbers of all widths.
write("widths", [batch(
    u8=pa.array([0, 255, None], pa.uint8()), u16=pa.array([0, 65535, None], pa.uint16()),
    u32=pa.array([0, 2**32 - 1, None], pa.uint32()), u64=pa.array([0, 2**64 - 1, None], pa.uint64()),
    i16=pa.array([-32768, 32767, None], pa.int16()), half=pa.array([0.5, -65504.0, None], pa.float16()),
    small=pa.array([decimal.Decimal("-1.25"), decimal.Decimal("99.99"), None], pa.decimal32(4, 2)),
    large=pa.array([decimal.Decimal("-1"), decimal.Decimal("1" + "0" * 37), None], pa.decimal256(38, 0)))])
# Decimals with a negative scale.
write("hundreds", [batch(
    d=pa.array([decimal.Decimal("-12300"), decimal.Decimal("99900"), None], pa.decimal128(3, -2)),
    wide=pa.array([decimal.Decimal("1E+2"), decimal.Decimal("0"), None], pa.decimal256(36, -2)))])
write("times", [batch(
    s=pa.array([0, -1, None], pa.timestamp("s", "UTC")), naive=pa.array([1, 2, None], pa.timestamp("ms")),
    rome=pa.array([1, 2, None], pa.timestamp("us", "Europe/Rome")), day=pa.array([0, -1, None], pa.date32()),
    day64=pa.array([0, 86400000, None], pa.date64()), clock=pa.array([0, 86399, None], pa.time32("s")),
    took=pa.array([90, -1, None], pa.duration("s")))])
write("too_far", [batch(at=pa.array([0, 253402300799], pa.timestamp("s")))])
# Views with long texts in separate buffers, and list views in any order.
long = "longer than twelve bytes"
values = pa.array([1, 2, 3, None], pa.int32())
write("views", [batch(
    s=pa.array(["", "short", long, None], pa.string_view()), b=pa.array([b"\x00", b"x" * 13, None, b""], pa.binary_view()),
    l=pa.ListViewArray.from_arrays(pa.array([2, 0, 1, 0], pa.int32()), pa.array([2, 2, 0, 1], pa.int32()), values))])
write("views_lz4", [batch(s=pa.array([long * 9, "x", None, long], pa.string_view()))], stream=True, compression="lz4")
# Rows without any bytes in the file.
write("nulls_alone", [batch(a=pa.nulls(2000000), b=pa.nulls(2000000)), batch(a=pa.nulls(3), b=pa.nulls(3))])
# Structs and lists of them, a map, fixed lists, 64-bit offsets.
point = pa.struct([("x", pa.int16()), ("a.b", pa.string())])
write("nested", [batch(
    p=pa.array([{"x": 1, "a.b": "u"}, None, {"x": None, "a.b": "w"}], point),
    l=pa.array([[{"x": 1, "a.b": "u"}, None], [], None], pa.list_(point)),
    m=pa.array([[("k", 1.5)], [], None], pa.map_(pa.string(), pa.float64())),
    f=pa.array([[1, 2], None, [3, 4]], pa.list_(pa.uint8(), 2)),
    g=pa.array([["a"], None, [None, "b"]], pa.large_list(pa.large_string())),
    c=pa.ListArray.from_arrays(pa.array([0, 2, 2, 3], pa.int32()), words(["a", "b"], [1, 0, 1], pa.uint8())),
    n=words(["5"], [0, None, 0]).cast(pa.dictionary(pa.int64(), pa.string())),
    id=pa.array([b"0123456789abcdef", None, b"fedcba9876543210"], pa.binary(16)))], compression="zstd")
