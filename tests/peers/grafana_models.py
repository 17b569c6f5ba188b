"""Dashboards read by the models of grafana-foundation-sdk, and their queries.

grafana_models.py check FILE...      each dashboard is read, written and compared: nothing is lost
grafana_models.py queries FILE...    prints "FILE<tab>PANEL<tab>QUERY" lines, with variables filled in
"""
import json
import sys
from pathlib import Path

VARIABLES = {"$__rate_interval": "1m", "${datasource}": "prometheus"}


def panels(board):
    for p in board["panels"]:
        yield p
        yield from p.get("panels", [])


def queries(board):
    for p in panels(board):
        for t in p.get("targets", []):
            yield p["title"], t["expr"]


def fill_in(expr, board):
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    for v in sorted(board["templating"]["list"], key=lambda v: -len(v["name"])):
        expr = expr.replace("$" + v["name"], ".*")
    return expr


def lost(before, after, place):
    """What is in `before` and not, or otherwise, in `after`."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from lost(value, after[key], f"{place}.{key}")
            elif value not in (None, [], {}):
                yield f"{place}.{key} is not read"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for i, (x, y) in enumerate(zip(before, after)):
            yield from lost(x, y, f"{place}[{i}]")
    elif before != after:
        yield f"{place} is read as {after!r}, not as {before!r}"


def check(path):
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard

    register_default_plugins()
    board = json.loads(path.read_text())
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(board)))
    wrong = list(lost(board, read, path.stem))
    for title, expr in queries(board):
        rest = fill_in(expr, board)
        if "$" in rest:
            wrong.append(f"{title}: a variable that is not defined in {rest}")
    if not any(queries(board)):
        wrong.append("no queries")
    return wrong


def main():
    bad = 0
    for name in sys.argv[2:]:
        path = Path(name)
        if sys.argv[1] == "check":
            for line in check(path):
                print(f"FAIL: {path.name}: {line}")
                bad = 1
        else:
            board = json.loads(path.read_text())
            for title, expr in queries(board):
                print(path.name, title, fill_in(expr, board), sep="\t")
    return bad


sys.exit(main())
