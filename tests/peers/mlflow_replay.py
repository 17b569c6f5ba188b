"""Replays a corpus of requests to an MLflow tracking server and normalises the answers.

    mlflow_replay.py URL --record DIR                writes DIR/NAME.answers.jsonl
    mlflow_replay.py URL --expect DIR --allow FILE   compares with it; an unlisted difference fails

A corpus file has a JSON object in each line. {"scenario": NAME} starts a scenario and forgets what was taken before.
Every other line is a request:

    at       its name within the scenario
    do       "METHOD PATH?QUERY"; a PATH without a leading slash is below /api/2.0/mlflow/
    body     sent as JSON; or "raw": a text that is sent as it is
    type     Content-Type, if it is not application/json; "" sends none
    take     {NAME: JSON pointer}: takes a value from the answer; ${NAME} in later requests is replaced by it, and
             ${x*300} by 300 of that letter
    keep     names of response headers that are compared

A line of the list of allowed differences names requests ("at", a pattern of FILE/SCENARIO/AT) and the JSON pointers of
what differs (patterns), and says why.

Normalised: a value that was taken becomes ${NAME}; any other word of 32 hexadecimal digits, UUID, or number of an
experiment ${id}; an instant within a day of now ${now}; a name that the server made up ${name}; 100 of a letter or more
${x*100}; a page of HTML ${html}. Objects with a "key" or an "alias" are sorted by it where all are distinct, and so are
the words of a set in a message. sqlstate and error_class, which clients ignore, are dropped.
"""
import argparse
import fnmatch
import glob
import http.client
import json
import os
import re
import sys
import time
import urllib.parse

DAY_MS = 86400000
WORD = r"(?<![0-9A-Za-z])%s(?![0-9A-Za-z])"


def pointer(tree, path):
    for part in path.split("/")[1:]:
        tree = tree[int(part)] if isinstance(tree, list) else tree[part]
    return tree


def is_now(n):
    return abs(n - time.time() * 1000) < DAY_MS


class Normal:
    def __init__(self, taken):
        self.pairs = sorted(taken.items(), key=lambda kv: (-len(kv[1]), kv[0]))

    def text(self, s):
        for name, value in self.pairs:
            if len(value) >= 4:
                s = re.sub(WORD % re.escape(value), lambda _: "${%s}" % name, s)
        if s.startswith("<!doctype html"):
            return "${html}"
        if re.fullmatch("[a-z]+-[a-z]+-[0-9]{1,4}", s):
            return "${name}"
        s = re.sub(WORD % "([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})", "${id}", s)
        s = re.sub(r"\{('[^{}]*')\}", lambda m: "{" + ", ".join(sorted(m[1].split(", "))) + "}", s)
        s = re.sub("mlflow-artifacts:/[0-9]{4,}", "mlflow-artifacts:/${id}", s)
        s = re.sub(r"(\w)\1{99,}", lambda m: "${%s*%d}" % (m[1], len(m[0])), s)
        return re.sub(WORD % r"1[0-9]{12}", lambda m: "${now}" if is_now(int(m[0])) else m[0], s)

    def named(self, key, v):
        v = self.tree(v)
        return "${id}" if key == "experiment_id" and isinstance(v, str) and re.fullmatch("[0-9]{4,}", v) else v

    def tree(self, v):
        if isinstance(v, dict):
            return {k: self.named(k, x) for k, x in v.items() if k not in ("sqlstate", "error_class")}
        if isinstance(v, list):
            v = [self.tree(x) for x in v]
            for key in ("key", "alias"):
                if v and all(isinstance(x, dict) and isinstance(x.get(key), str) for x in v):
                    if len({x[key] for x in v}) == len(v):
                        return sorted(v, key=lambda x: x[key])
            return v
        if isinstance(v, str):
            return self.text(v)
        if isinstance(v, (int, float)) and not isinstance(v, bool) and is_now(v):
            return "${now}"
        return v


class Server:
    def __init__(self, url, headers):
        self.url = urllib.parse.urlsplit(url)
        self.headers = headers
        self.connection = None

    def send(self, method, path, body, content_type):
        headers = dict(self.headers)
        if content_type:
            headers["Content-Type"] = content_type
        for again in (True, False):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=120)
            try:
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                data = answer.read()
                if answer.will_close:
                    self.connection.close()
                    self.connection = None
                return answer.status, answer.headers, data
            except (http.client.HTTPException, OSError):
                self.connection.close()
                self.connection = None
                if not again:
                    raise


def filled(v, taken):
    if isinstance(v, str):
        v = re.sub(r"\$\{(\w)\*(\d+)\}", lambda m: m[1] * int(m[2]), v)
        return re.sub(r"\$\{(\w+)\}", lambda m: taken[m[1]] if m[1] in taken else m[0], v)
    if isinstance(v, dict):
        return {filled(k, taken): filled(x, taken) for k, x in v.items()}
    if isinstance(v, list):
        return [filled(x, taken) for x in v]
    return v


def replay(server, path):
    """Yields (name, normalised answer) of each request of a corpus file."""
    scenario, taken = "", {}
    for line in open(path, encoding="utf-8"):
        r = json.loads(line)
        if "scenario" in r:
            scenario, taken = r["scenario"], {}
            continue
        method, target = r["do"].split(" ", 1)
        target = filled(target, taken)
        if not target.startswith("/"):
            target = "/api/2.0/mlflow/" + target
        body, content_type = None, r.get("type")
        if "raw" in r:
            body = filled(r["raw"], taken).encode()
        elif "body" in r:
            body = json.dumps(filled(r["body"], taken)).encode()
            content_type = "application/json" if content_type is None else content_type
        status, headers, data = server.send(method, target, body, content_type)
        text = data.decode("utf-8", "replace")
        try:
            tree = json.loads(text)
        except ValueError:
            tree = text
        for name, where in r.get("take", {}).items():
            try:
                taken[name] = str(pointer(tree, where))
            except (KeyError, IndexError, TypeError, ValueError):
                pass
        normal = Normal(taken)
        answer = {"status": status, "body": normal.tree(tree)}
        for name in r.get("keep", []):
            answer.setdefault("headers", {})[name] = normal.text(headers.get(name) or "")
        yield scenario + "/" + r["at"], answer


def differences(a, b, at=""):
    """JSON pointers at which two normalised trees differ, with both values."""
    if isinstance(a, dict) and isinstance(b, dict):
        for k in sorted(set(a) | set(b)):
            if k not in a or k not in b:
                yield at + "/" + k, a.get(k, "(absent)"), b.get(k, "(absent)")
            else:
                yield from differences(a[k], b[k], at + "/" + k)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, "%s/%d" % (at, i))
    elif a != b or isinstance(a, bool) != isinstance(b, bool):
        yield at, a, b


def allowed(rules, name, where):
    for rule in rules:
        if fnmatch.fnmatchcase(name, rule["at"]) and any(fnmatch.fnmatchcase(where, p) for p in rule["differs"]):
            rule["used"] = True
            return True
    return False


def main():
    p = argparse.ArgumentParser()
    p.add_argument("url")
    p.add_argument("--corpus", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "mlflow_corpus"))
    p.add_argument("--record", help="directory to write the normalised answers to")
    p.add_argument("--expect", help="directory of normalised answers to compare with")
    p.add_argument("--allow", help="differences that are meant, each with its reason")
    p.add_argument("--header", action="append", default=[])
    p.add_argument("--only", default="", help="only corpus files whose names contain this")
    a = p.parse_args()
    server = Server(a.url, dict(h.split(": ", 1) for h in a.header))
    rules = [json.loads(line) for line in open(a.allow, encoding="utf-8")] if a.allow else []
    count = bad = meant = 0
    for path in sorted(glob.glob(os.path.join(a.corpus, "*.jsonl"))):
        stem = os.path.basename(path)[: -len(".jsonl")]
        if stem.endswith(".answers") or stem == "allowed" or a.only not in stem:
            continue
        expected = {}
        if a.expect:
            for line in open(os.path.join(a.expect, stem + ".answers.jsonl"), encoding="utf-8"):
                e = json.loads(line)
                expected[e.pop("at")] = e
        out = open(os.path.join(a.record, stem + ".answers.jsonl"), "w", encoding="utf-8") if a.record else None
        for name, answer in replay(server, path):
            count += 1
            if out:
                out.write(json.dumps({"at": name, **answer}, ensure_ascii=False) + "\n")
            if a.expect:
                lines = []
                for where, want, got in differences(expected.get(name, {}), answer):
                    if allowed(rules, stem + "/" + name, where):
                        meant += 1
                    else:
                        lines.append("  %s: expected %s, got %s" % (where, json.dumps(want), json.dumps(got)))
                if lines:
                    bad += 1
                    print("FAIL: %s %s\n%s" % (stem, name, "\n".join(lines)))
        if out:
            out.close()
    if a.expect and not a.only:
        for rule in rules:
            if not rule.get("used"):
                print("FAIL: no difference at %s %s any more: remove it from the list" % (rule["at"], rule["differs"]))
                bad += 1
    print("NOTE: %d requests, %d with differences, %d differences that are meant" % (count, bad, meant))
    return 1 if bad else 0


sys.exit(main())
