"""The other sides of tests/peers/registry.sh.

image FOLDER BYTES                       an OCI layout of three layers, the last of that size
tokens PORT KEY CERT USER PASSWORD LOG   a token server (Docker's token specification), RS256 by openssl
proxy PORT TO FIFO HOLD LOG              passes requests on to port TO, and logs "METHOD BODY-BYTES PATH". HOLD:
    "PATCH N [BYTES]"  the N-th PATCH is held for ever, after so many bytes of its body were passed on (0); FIFO is told
    "ANSWER BYTES"     the first answer that is longer is held for ever after so many bytes; FIFO is told
"""
import base64, hashlib, io, json, os, random, socket, subprocess, sys, tarfile, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


def image(folder, size):
    rng = random.Random(size)
    os.makedirs(folder + "/blobs/sha256")

    def put(data, kind):
        digest = hashlib.sha256(data).hexdigest()
        with open(folder + "/blobs/sha256/" + digest, "wb") as f:
            f.write(data)
        return {"mediaType": kind, "digest": "sha256:" + digest, "size": len(data)}

    def layer(name, n):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as t:
            info = tarfile.TarInfo(name)
            info.size = n
            t.addfile(info, io.BytesIO(rng.randbytes(n)))
        return put(out.getvalue(), "application/vnd.oci.image.layer.v1.tar")

    layers = [layer("small", 100), layer("middle", 3000000), layer("large", size)]
    config = put(json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
        "type": "layers", "diff_ids": [x["digest"] for x in layers]}}).encode(),
        "application/vnd.oci.image.config.v1+json")
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = put(json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config,
                               "layers": layers}).encode(), kind)
    with open(folder + "/index.json", "w") as f:
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, f)
    with open(folder + "/oci-layout", "w") as f:
        f.write('{"imageLayoutVersion": "1.0.0"}')


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def tokens(port, key, cert, user, password, log):
    with open(cert) as f:
        der = "".join(x for x in f.read().split("\n") if x and not x.startswith("-"))
    want = "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            query = parse_qs(urlsplit(self.path).query)
            if self.headers.get("Authorization") != want:
                self.send_response(401)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            with open(log, "a") as f:
                f.write(" ".join(query.get("scope", [])) + "\n")
            access = []
            for scope in query.get("scope", []):
                kind, name, actions = scope.split(":")
                access.append({"type": kind, "name": name, "actions": actions.split(",")})
            now = int(time.time())
            head = b64(json.dumps({"typ": "JWT", "alg": "RS256", "x5c": [der]}).encode())
            body = b64(json.dumps({"iss": "peer", "sub": user, "aud": query["service"][0], "exp": now + 300,
                                   "nbf": now - 10, "iat": now, "jti": str(now), "access": access}).encode())
            signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key],
                                    input=(head + "." + body).encode(), stdout=subprocess.PIPE, check=True).stdout
            text = json.dumps({"token": head + "." + body + "." + b64(signed), "expires_in": 300}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args):
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Server).serve_forever()


def proxy(port, to, fifo, hold, log):
    hold = hold.split()
    state = {"patches": 0, "held": False}
    lock = threading.Lock()

    def tell():
        with open(fifo, "w") as f:
            f.write("held\n")
        while True:
            time.sleep(1000)

    class Server(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self):
            length = int(self.headers.get("Content-Length") or 0)
            most = None
            with lock:
                if self.command == "PATCH":
                    state["patches"] += 1
                if hold[0] == "PATCH" and self.command == "PATCH" and state["patches"] == int(hold[1]):
                    most = int(hold[2]) if len(hold) > 2 else 0
            if most == 0:
                tell()
            s = socket.create_connection(("127.0.0.1", to))
            lines = ["%s %s HTTP/1.1" % (self.command, self.path), "Connection: close"]
            lines += ["%s: %s" % (k, v) for k, v in self.headers.items() if k.lower() not in ("connection", "expect")]
            s.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            sent = 0
            while sent < length:
                data = self.rfile.read(min(65536, length - sent, (most or length) - sent))
                if not data:
                    s.close()
                    return
                s.sendall(data)
                sent += len(data)
                if sent == most:
                    tell_then_close(s)
            with lock, open(log, "a") as f:
                f.write("%s %d %s\n" % (self.command, sent, self.path))
            back = 0
            while True:
                data = s.recv(65536)
                if not data:
                    break
                try:
                    self.connection.sendall(data)
                except OSError:
                    break
                back += len(data)
                if hold[0] == "ANSWER" and back > int(hold[1]) and not state["held"]:
                    state["held"] = True
                    tell()
            s.close()
            self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = pass_on

        def log_message(self, *args):
            pass

    def tell_then_close(s):
        with open(fifo, "w") as f:
            f.write("held\n")
        s.close()
        while True:
            time.sleep(1000)

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

    Quiet(("127.0.0.1", port), Server).serve_forever()


what, args = sys.argv[1], sys.argv[2:]
if what == "image":
    image(args[0], int(args[1]))
elif what == "tokens":
    tokens(int(args[0]), *args[1:])
else:
    proxy(int(args[0]), int(args[1]), *args[2:])
