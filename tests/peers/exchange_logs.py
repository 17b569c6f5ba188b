"""Compares runs that were imported from logs with what was logged: exchange_logs.py URL EXPECTED...

URL: `binnacle server` of the workspace; EXPECTED: expected.json of exchange_make.py. Everything in it must be there, value
by value, and the runs may have no other parameters and no other metrics but those of the machine and of W&B itself.
"""
import json
import sys
import urllib.parse
import urllib.request

URL = sys.argv[1]


def api(path, body=None, **query):
    url = f"{URL}/api/2.0/mlflow/{path}?{urllib.parse.urlencode(query)}"
    ask = urllib.request.Request(url, json.dumps(body).encode() if body else None, {"Content-Type": "application/json"})
    return json.loads(urllib.request.urlopen(ask, timeout=60).read())


def words(items):
    return {i["key"]: i["value"] for i in items or []}


def compare(name, run, want, bad):
    info, data = run["info"], run["data"]
    if words(data.get("params")) != want["params"]:
        bad.append(f"{name}: parameters {words(data.get('params'))} != {want['params']}")
    tags = words(data.get("tags"))
    for key, value in want["tags"].items():
        if tags.get(key) != value:
            bad.append(f"{name}: tag {key}: {tags.get(key)!r} != {value!r}")
    if info["status"] != want["status"]:
        bad.append(f"{name}: {info['status']} != {want['status']}")
    count = 0
    for key in words(data.get("metrics")):
        own = key.startswith(("system/", "_"))
        if key not in want["points"]:
            if not own:
                bad.append(f"{name}: metric {key} was not logged")
            continue
        history = api("metrics/get-history", run_id=info["run_id"], metric_key=key)["metrics"]
        points = sorted([p["step"], p["value"]] for p in history)
        largest = sys.float_info.max
        wanted = [[s, largest if v == "Infinity" else v] for s, v in want["points"][key]]
        if points != wanted:
            bad.append(f"{name}: {key}: {points} != {wanted}")
        count += len(points)
    missing = set(want["points"]) - set(words(data.get("metrics")))
    if missing:
        bad.append(f"{name}: no metric {missing}")
    return count


runs = {}
for e in api("experiments/search", {"max_results": 1000})["experiments"]:
    for r in api("runs/search", {"experiment_ids": [e["experiment_id"]], "max_results": 1000}).get("runs", []):
        runs[r["info"]["run_name"]] = r
bad, seen, points = [], 0, 0
for path in sys.argv[2:]:
    for name, want in json.load(open(path)).items():
        if name not in runs:
            bad.append(f"no run {name}")
            continue
        seen += 1
        points += compare(name, runs[name], want, bad)
for line in bad[:10]:
    print(line)
print(f"{seen} runs, {points} points: {len(bad)} differences")
sys.exit(bool(bad) or not seen)
