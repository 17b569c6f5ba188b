#!/usr/bin/env python3
"""The bytes that tests/core/store/test_record.c expects, from the description in
core/store/log/record.h and sign.h alone: struct, hashlib, a bitwise CRC32C and the Ed25519 of
RFC 8032, section 6. Prints one line for each form; with names, those alone."""
import hashlib
import struct
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return struct.pack("<I", crc ^ 0xFFFFFFFF)


def point_add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P,
    )


def point_times(k, a):
    total = (0, 1)
    while k:
        if k & 1:
            total = point_add(total, a)
        a = point_add(a, a)
        k >>= 1
    return total


def base_point():
    y = 4 * pow(5, P - 2, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (x if x % 2 == 0 else P - x, y)


def compress(a):
    return (a[1] | (a[0] & 1) << 255).to_bytes(32, "little")


def number(data):
    return int.from_bytes(hashlib.sha512(data).digest(), "little") % L


def sign(seed, text):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254
    public = compress(point_times(a, base_point()))
    r = number(h[32:] + text)
    point = compress(point_times(r, base_point()))
    s = (r + number(point + public + text) * a) % L
    return public, point + s.to_bytes(32, "little")


WORKSPACE = b"0f8b1c2d-0000-4000-8000-000000000001"
WRITER = b"ann@node-1a2b3c4d-0"
CHAIN = hashlib.sha256(b"binnacle log 1\n" + WRITER).digest()
SEED = bytes([1]) * 32
SEQ, CLOCK = 7, 1760000000000 << 16 | 3
KIND, ENTITY, JSON = b"toy.set", b"toy/a", b'{"v":1}'


def text16(s):
    return struct.pack("<H", len(s)) + s


def header():
    front = struct.pack("<QI", 5, 0x0A0B0C0D) + CHAIN
    front += text16(WRITER) + text16(b"node") + text16(b"1a2b3c4d-0000")
    body = b"BNSEG1\r\n" + struct.pack("<I", 8 + 4 + len(front) + 4) + front
    return body + crc32c(body)


def record(kind_of, version, seq, clock, kind, entity, body):
    kind, entity = kind + b"\0", entity + b"\0"
    size = 36 + len(kind) + len(entity) + len(body) + 4
    front = struct.pack("<IBBHHHQQ", size, kind_of, 0, len(kind), len(entity), version, seq, clock)
    whole = front + CHAIN[:8] + kind + entity + body
    return whole + crc32c(whole)


def event(kind_of, version, body):
    return record(kind_of, version, SEQ, CLOCK, KIND, ENTITY, body)


def parts(magic, *fields):
    return magic + b"\0" + b"".join(struct.pack("<I", len(f)) + f for f in fields)


def u16(v):
    return struct.pack("<H", v)


def u64(v):
    return struct.pack("<Q", v)


def block(text, epoch):
    key, signature = sign(SEED, text)
    front = struct.pack("<BBHHH", 1, 0, len(key), len(signature), len(epoch))
    return front + key + epoch + signature


def signed(version, epoch):
    text = parts(b"BNSIG1", WORKSPACE, WRITER, u64(SEQ), u64(CLOCK), CHAIN, epoch,
                 u16(version), KIND, ENTITY, JSON)
    return event(4, version if version > 1 else 0, block(text, epoch) + JSON)


def trailer_body():
    return struct.pack("<QII", 3, 0x01020304, 0) + CHAIN


def seal():
    text = parts(b"BNSEAL1", WORKSPACE, WRITER, u64(7), u64(99), CHAIN, b"")
    body = trailer_body() + block(text, b"")
    size = 36 + 2 + len(body) + 4 + 4
    return record(5, 0, 7, 99, b"", b"", body + struct.pack("<I", size))


FORMS = {
    "HEADER": header(),
    "JSON": event(1, 0, JSON),
    "RAW": event(2, 0, b"\0\1\2"),
    "TRAILER": record(3, 0, 7, 99, b"", b"", trailer_body()),
    "VERSION": event(1, 2, JSON),
    "SIGNED": signed(1, b""),
    "EPOCH": signed(3, b"\xee" * 32),
    "SEAL": seal(),
}

for name in sys.argv[1:] or FORMS:
    print(FORMS[name].hex() if sys.argv[1:] else f"{name} {FORMS[name].hex()}")
