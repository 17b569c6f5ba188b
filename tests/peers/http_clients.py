"""The listener through Python's http.client and raw sockets: http_clients.py PORT"""
import hashlib, http.client, re, socket, sys, threading, time

port = int(sys.argv[1])
bad = []


def check(what, ok, seen=""):
    if not ok:
        bad.append(what)
        print(f"FAIL: {what}: {seen!r}")


def connect():
    return http.client.HTTPConnection("127.0.0.1", port, timeout=20)


# One kept connection: bodies of every kind in turn.
c = connect()
for n in (0, 1, 65535, 65536, 1 << 20):
    body = bytes(range(256)) * (n // 256 + 1)
    c.request("POST", "/echo", body[:n], {"Content-Type": "application/octet-stream"})
    r = c.getresponse()
    check(f"echo of {n} bytes", r.status == 200 and r.read() == body[:n], r.status)
c.request("POST", "/echo", iter([b"ab", b"c" * 100000, b"d"]), encode_chunked=True,
          headers={"Transfer-Encoding": "chunked"})
r = c.getresponse()
check("a chunked request", r.read() == b"ab" + b"c" * 100000 + b"d", r.status)
c.request("GET", "/lines/100000")
r = c.getresponse()
check("a chunked answer", r.read() == b"".join(b"%d\n" % i for i in range(100000)))
c.request("HEAD", "/zeros/1000000")
r = c.getresponse()
check("HEAD", r.status == 200 and r.getheader("Content-Length") == "1000000" and r.read() == b"", r.status)
c.request("GET", "/nowhere")
r = c.getresponse()
check("404 keeps the connection", r.status == 404 and r.read() is not None)
big = b"x" * 200_000_000
c.request("PUT", "/upload", big)
r = c.getresponse()
check("200 MB up", r.read().split() == [b"%d" % len(big), hashlib.sha256(big).hexdigest().encode()])

# A refusal while the body is being sent: http.client raises on the broken pipe only if the server closed the connection
# before it sent its response, or reset it afterwards.
for size in (1000, 1 << 20, 50 << 20):
    for _ in range(5):
        c = connect()
        try:
            c.request("POST", "/private", b"x" * size)
            r = c.getresponse()
            check(f"a refusal of {size} bytes", r.status == 401 and b"no token" in r.read(), r.status)
        except OSError as e:
            check(f"a refusal of {size} bytes", False, str(e))

# Events as they arrive.
c = connect()
c.request("GET", "/events")
r = c.getresponse()
began, seen = time.time(), []
while len(seen) < 5:
    line = r.readline()
    if line.startswith(b"data:"):
        seen.append(int(line[5:]))
check("events", seen == [0, 1, 2, 3, 4] and time.time() - began < 5, (seen, time.time() - began))
c.close()


def raw(text, read=True):
    s = socket.create_connection(("127.0.0.1", port), timeout=20)
    s.sendall(text)
    out = b""
    try:
        while read and (got := s.recv(65536)):
            out += got
    except ConnectionResetError:
        pass
    s.close()
    return out


H = b"Host: h\r\n"
# Requests whose end two programs could see at different positions (or that are not clearly HTTP): one response, 4xx or
# 501, and nothing after it is read as another request.
smuggled = b"GET /who HTTP/1.1\r\nHost: h\r\n\r\n"
for what, text in {
    "two lengths": b"POST /echo HTTP/1.1\r\n" + H + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    "equal lengths": b"POST /echo HTTP/1.1\r\n" + H + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
    "a list of lengths": b"POST /echo HTTP/1.1\r\n" + H + b"Content-Length: 5, 5\r\n\r\nabcde",
    "length and chunks": b"POST /echo HTTP/1.1\r\n" + H + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "a plus": b"POST /echo HTTP/1.1\r\n" + H + b"Content-Length: +5\r\n\r\nabcde",
    "a minus": b"POST /echo HTTP/1.1\r\n" + H + b"Content-Length: -5\r\n\r\nabcde",
    "hex length": b"POST /echo HTTP/1.1\r\n" + H + b"Content-Length: 0x5\r\n\r\nabcde",
    "huge length": b"POST /echo HTTP/1.1\r\n" + H + b"Content-Length: 18446744073709551621\r\n\r\nabcde",
    "identity": b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: identity\r\n\r\nabcde",
    "xchunked": b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked with a vertical tab": b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "gzip, chunked": b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"POST /echo HTTP/1.1\r\n" + H + b"Content-Length : 5\r\n\r\nabcde",
    "a folded header": b"POST /echo HTTP/1.1\r\n" + H + b"X: a\r\n b\r\n\r\n",
    "a bare line feed": b"GET /who HTTP/1.1\nHost: h\n\n",
    "a bare carriage return": b"GET /who HTTP/1.1\r\nHost: h\rX: y\r\n\r\n",
    "a NUL": b"GET /who HTTP/1.1\r\nHost: h\0\r\n\r\n",
    "two hosts": b"GET /who HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no host": b"GET /who HTTP/1.1\r\n\r\n",
    "a chunk extension without end": b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 100000,
    "a chunk size with a blank": b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n 1\r\na\r\n0\r\n\r\n",
    "a chunk that is longer": b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
    "a chunk ended by LF": b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n",
    "a huge chunk": b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\na\r\n0\r\n\r\n",
    "0x in a chunk": b"POST /echo HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
    "HTTP/1.0 with chunks": b"POST /echo HTTP/1.0\r\n" + H + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/0.9": b"GET /who\r\n\r\n",
    "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50 + b"\r\n\r\n",
    "an absolute path of another host": b"GET http://other/who HTTP/1.1\r\nHost: h\r\n\r\n",
    "a long line": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n" + H + b"\r\n",
    "many headers": b"GET /who HTTP/1.1\r\n" + H + b"".join(b"X%d: y\r\n" % i for i in range(5000)) + b"\r\n",
    "CONNECT": b"CONNECT other:80 HTTP/1.1\r\nHost: other:80\r\n\r\n",
    "a method in lower case with blanks": b"get  /who HTTP/1.1\r\n" + H + b"\r\n",
}.items():
    out = raw(text + smuggled)
    status = out[9:12]
    fine = len(re.findall(rb"HTTP/1\.1 \d", out)) <= 1 and (not out or status[:1] == b"4" or status in (b"501", b"505"))
    if what == "an absolute path of another host":  # RFC 9112: servers must accept the absolute form
        fine = status[:1] in (b"2", b"4")
    check(what, fine, out[:300])

# Requests in one packet, answered in order; byte by byte; an endless body.
out = raw(smuggled * 20 + smuggled.replace(b"h\r\n\r\n", b"h\r\nConnection: close\r\n\r\n"))
check("21 requests in one packet", out.count(b"HTTP/1.1 200") == 21, out[:200])
s = socket.create_connection(("127.0.0.1", port), timeout=20)
for b in smuggled:
    s.sendall(bytes([b]))
check("byte by byte", s.recv(1000).startswith(b"HTTP/1.1 200"))
s.close()

# Crowds of slow heads and bodies, and a new client.
crowd = []
for i in range(1000):
    s = socket.create_connection(("127.0.0.1", port), timeout=20)
    s.sendall(b"GET /who HT" if i % 2 else b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\na")
    crowd.append(s)
worst = 0
for _ in range(50):
    began = time.time()
    c = connect()
    c.request("GET", "/who")
    check("an answer beside a crowd", c.getresponse().status == 200)
    c.close()
    worst = max(worst, time.time() - began)
check("within a second beside a crowd", worst < 1, worst)
for s in crowd:
    s.close()

# Many clients at once.
ok = []


def many():
    c = connect()
    for i in range(200):
        c.request("POST", "/echo", b"%d" % i)
        if c.getresponse().read() == b"%d" % i:
            ok.append(1)


threads = [threading.Thread(target=many) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
check("1600 echoes over 8 connections", len(ok) == 1600, len(ok))
print(f"NOTE: http.client: worst answer beside 1000 slow connections {worst * 1000:.0f} ms")
sys.exit(1 if bad else 0)
