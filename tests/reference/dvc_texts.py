#!/usr/bin/env python3
"""Writes dvc_texts.json: what DVC itself (packages dvc, dvc-data) hashes, lists, reads and ignores.

usage: tests/reference/dvc_texts.py >tests/reference/dvc_texts.json     (with a Python that has dvc 3)
"""
import base64, io, json, os, tempfile

import dvc
from dvc.config import Config
from dvc.ignore import DvcIgnorePatterns
from dvc.utils.serialize import dumps_yaml
from dvc_data.hashfile.hash import fobj_md5
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.meta import Meta
from dvc_data.hashfile.tree import Tree


def hashes():
    block = 1 << 20
    texts = [b"", b"a", b"a\r\nb\r\n", b"a\rb\n\r\n", b"\0\r\n", b"x" * 511 + b"\0\r\n", b"x" * 512 + b"\0\r\n",
             b"\r\n", b"\r", bytes(range(128, 200)) + b"a" * 160 + b"\r\n", bytes(range(128, 200)) + b"a" * 170 + b"\r\n",
             "zwölf\r\n".encode(), b"a" * (block - 1) + b"\r\nb\r\n", b"a" * (block - 2) + b"\r\n\r\nb",
             b"a" * block + b"\0\r\n" + b"b" * 9, b"\r\n" * (block // 2 + 3), b"\b\f\t\r\n\x7f\x1b\r\n"]
    for t in texts:
        packed, at = [], 0
        while at < len(t):
            end = at
            while end < len(t) and t[end] == t[at]:
                end += 1
            packed.append([t[at:at + 1].hex(), end - at])
            at = end
            if len(packed) > 1000:
                packed = [[b"\r\n".hex(), len(t) // 2]]
                break
        yield {"runs": packed, "md5": fobj_md5(io.BytesIO(t)), "dos2unix": fobj_md5(io.BytesIO(t), name="md5-dos2unix")}


def listings():
    m = "d41d8cd98f00b204e9800998ecf8427e"
    names = [[], ["a"], ["b", "a", "a/b"], ["a b", "a.b", "a-b", "A"],
             ["é", "e", "z", "\u65e5\u672c.csv", "\U0001f600", "\uffee", "\U00010000x"], ["q\"\\\b\f\n\r\t\x01\x7f /x"],
             ["sub/deep/er", "sub/deep2", "sub.d/e"]]
    for group in names:
        if "a/b" in group:
            group = ["b", "ax", "a/b"]
        tree = Tree()
        for n in group:
            tree.add(tuple(n.split("/")), Meta(), HashInfo("md5", m))
        tree.digest()
        yield {"paths": group, "md5": tree.hash_info.value, "text": tree.as_bytes().decode()}


def configs():
    texts = ["", "[core]\n    remote = mine\n", "['remote \"mine\"']\n    url = ../store\n[core]\nAutostage=true\n",
             "[\"cache\"]\ntype = \"reflink,hardlink\"\n", "[cache]\ntype = reflink, hardlink , 'copy'\n",
             "# c\n[core] # x\nremote = a # b\n", "[core]\nremote = 'a # b'\n", "[core]\nremote = \"it's\"\n",
             "[core]\n'remote' = x\n", "[core]\nremote = '''two\nlines'''\n", "[core]\nremote =\n",
             "[core]\nremote = a,\n", "['remote \"über x\"']\nurl = s3://b/c?d=e\n",
             "[core]\r\nremote = x\r\n", "[a]\nb = c\n[d]\ne = f\n", "[[core]]\nremote = x\n", "[core\nremote = x\n",
             "[core]\nremote\n", "[core]\nremote = 'x\n", "[core]\nremote = x\nremote = y\n", "[core]\n[core]\n",
             "[core]\nremote = 'x' y\n", "[]\nx = y\n", "= x\n", "[core]\nremote = http://h/%20x\n"]
    for t in texts:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="") as f:
            f.write(t)
            f.flush()
            try:
                got = Config.load_file(f.name)
            except Exception:
                yield {"text": t, "options": None}
                continue
        options = {}
        for section, value in got.items():
            if section in ("remote", "machine", "db"):
                for name, inner in value.items():
                    for k, v in inner.items():
                        options[f'{section} "{name}"\n{k}'] = ",".join(v) if isinstance(v, list) else v
            elif isinstance(value, dict):
                for k, v in value.items():
                    options[f"{section}\n{k}"] = ",".join(v) if isinstance(v, list) else v
            else:
                options[f"\n{section}"] = value
        yield {"text": t, "options": options}


def ignores():
    cases = {"*.log": ["a.log", "d/a.log", "a.log.1", "log"], "/a": ["a", "d/a"], "a/": ["a", "d/a"],
             "d/a": ["d/a", "x/d/a"], "**/a": ["a", "x/a", "x/y/a", "ba"], "a/**": ["a", "a/b", "a/b/c", "xa/b"],
             "a/**/b": ["a/b", "a/x/b", "a/x/y/b", "a/xb"], "*": ["a", "a/b"], "a?c": ["abc", "a/c", "aéc", "ac"],
             "[ab]c": ["ac", "bc", "cc"], "[!ab]c": ["ac", "cc"], "[a-c]*.x": ["b.x", "d.x", "bbb.x"],
             "\\#x": ["#x", "\\#x"], "a\\*b": ["a*b", "axb"], "x y": ["x y", "x"], "*.d/*.e": ["a.d/b.e", "x/a.d/b.e"],
             "# c": ["# c"], "  a  ": ["a"], "a*b*c": ["abc", "aXbYc", "aXbY", "acb"], "*a*a*a*b": ["a" * 40],
             "a\n!a": ["a"], "a\n!b": ["a", "b"], "*.x\n!keep.x": ["a.x", "keep.x", "d/keep.x"], "!a\na": ["a"],
             "d/*\n!d/k": ["d/k", "d/j"], "/": ["a"], "**": ["a", "a/b"], "a**b": ["ab", "axb", "a/b"]}
    for text, paths in cases.items():
        lines = [l for l in map(str.strip, text.split("\n")) if l and not l.startswith("#")]
        spec = DvcIgnorePatterns(lines, "/r", "/")
        for p in paths:
            for is_dir in (False, True):
                d, _, b = p.rpartition("/")
                # The walk does not enter an ignored directory: only the last step is asked for.
                above = [p[:i] for i, c in enumerate(p) if c == "/"]
                if any(spec._find_matching_pattern(x, True)[0] for x in above):
                    continue
                yield {"rules": text, "path": p, "dir": is_dir, "ignored": bool(spec._find_matching_pattern(p, is_dir)[0])}


def pointers():
    md5s = ["a304afb96060aad90176268345e10355", "12345678901234567890123456789012", "1234567890123456789012345678e012",
            "0e345678901234567890123456789012", "e2345678901234567890123456789012"]
    names = ["data.csv", "x y", "it's", "a: b", "a #b", "#a", "-a", "true", "1.5", "2024-01-01", "2024.csv", "1e5",
             "é/日本", "[x]", "{x}", "a,b", "*a", "&a", "!a", "%a", "@a", "`a", "a:", ".hidden", "~", "null", "x" * 100,
             "tab\tx", "nl\nx", " lead", "trail ", "\U0001f600", "yes", "0x1f", "1_000", "a'b\"c", "a\\b", "<a", "=", "?", "it's: #1", "'\"\\: "]
    for i, name in enumerate(names):
        md5 = md5s[i % len(md5s)]
        out = {"md5": md5, "size": 14, "hash": "md5", "path": name}
        yield {"md5": md5, "name": name, "text": dumps_yaml({"outs": [out]})}


json.dump({"dvc": dvc.__version__, "hashes": list(hashes()), "listings": list(listings()), "configs": list(configs()),
           "ignores": list(ignores()), "pointers": list(pointers())}, fp=__import__("sys").stdout, indent=1, ensure_ascii=True)
print()
