"""Plain requests to an MLflow server, without MLflow and without Binnacle: remote_rest.py URL WHAT [ARGUMENT...].

fill            twelve runs with histories, artifacts, a model of run vision-0 in two versions, one alias
run NAME        a run as the server has it, as JSON
tag NAME KEY    the value of a tag
state NAME      active or deleted
alias MODEL A   the version that has an alias
versions MODEL  how many versions there are
same FILE       compares what `run show --json` and `run chart --json` printed (FILE.show, FILE.chart) with the server
The token is in MLFLOW_TRACKING_TOKEN.
"""
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

URL = sys.argv[1]
SEEN = (400, 404, 405, 501)


def call(method, path, body=None, query=None, raw=None):
    url = URL + path + ("?" + urllib.parse.urlencode(query) if query else "")
    data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
    ask = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    if os.environ.get("MLFLOW_TRACKING_TOKEN"):
        ask.add_header("Authorization", "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"])
    with urllib.request.urlopen(ask, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text.strip().startswith(b"{") else text


def api(path, body=None, **query):
    method = "POST" if body is not None else "GET"
    return call(method, "/api/2.0/mlflow/" + path, body, query)


def experiments():
    try:
        return api("experiments/search", {"max_results": 1000})["experiments"]
    except urllib.error.HTTPError as e:
        if e.code not in SEEN:
            raise
        return api("experiments/list")["experiments"]


def runs():
    for e in experiments():
        body = {"experiment_ids": [e["experiment_id"]], "max_results": 200, "run_view_type": "ALL"}
        yield from api("runs/search", body).get("runs", [])


def run_of(name):
    found = [r for r in runs() if r["info"].get("run_name") == name]
    if len(found) != 1:
        sys.exit(f"{len(found)} runs are named {name}")
    return api("runs/get", run_id=found[0]["info"]["run_id"])["run"]


def words(items):
    return {i["key"]: i["value"] for i in items or []}


def put(uri, name, text):
    path = uri.split("mlflow-artifacts:", 1)[1].lstrip("/")
    call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}/{name}", raw=text.encode())


def fill_run(experiment, name, i):
    t0 = 1700000000000 + i * 1000
    info = api("runs/create", {"experiment_id": experiment, "run_name": name, "start_time": t0, "user_id": "ann",
                               "tags": [{"key": "team", "value": "ops"}, {"key": "mlflow.runName", "value": name},
                                        {"key": "mlflow.source.name", "value": "train.py"}]})["run"]["info"]
    metrics = [{"key": k, "value": v, "timestamp": t0 + s, "step": s} for s in range(30)
               for k, v in (("loss", 1 / (s + 1) + 0.01 * i), ("val/acc", 1 - 1 / (s + 2 + i)))]
    api("runs/log-batch", {"run_id": info["run_id"], "metrics": metrics,
                           "params": [{"key": "lr", "value": repr(0.1 / (i + 1))}, {"key": "depth", "value": str(i)}]})
    if info["artifact_uri"].startswith("mlflow-artifacts:"):
        put(info["artifact_uri"], "notes/hello.txt", "hello")
        put(info["artifact_uri"], "model/MLmodel", "flavors: {}\n")
    api("runs/update", {"run_id": info["run_id"], "status": "FINISHED", "end_time": t0 + 5000})
    return info


def fill_model(info):
    api("registered-models/create", {"name": "power"})
    for _ in range(2):
        api("model-versions/create", {"name": "power", "source": info["artifact_uri"] + "/model", "run_id": info["run_id"]})
    api("registered-models/alias", {"name": "power", "alias": "canary", "version": "1"})
    api("registered-models/create", {"name": "empty"})


def fill():
    first = None
    for name in ("vision", "text"):
        experiment = api("experiments/create", {"name": name})["experiment_id"]
        for i in range(6):
            info = fill_run(experiment, f"{name}-{i}", i)
            first = first or info
    if first["artifact_uri"].startswith("mlflow-artifacts:"):
        fill_model(first)


def differences(path):
    show, chart = json.load(open(path + ".show")), json.load(open(path + ".chart"))
    run = run_of(show["name"])
    data, bad = run["data"], []
    if show["params"] != words(data.get("params")):
        bad.append(f"parameters {show['params']} != {words(data.get('params'))}")
    tags = {k: v for k, v in words(data.get("tags")).items() if k != "mlflow.note.content"}
    own = {k: v for k, v in show["tags"].items() if k != "mlflow.note.content"}
    if own != tags:
        bad.append(f"tags {own} != {tags}")
    drawn = {s["metric"]: (s["x"], s["y"]) for c in chart["charts"] for s in c["series"]}
    for m in data["metrics"]:
        try:
            points = api("metrics/get-history", run_id=run["info"]["run_id"], metric_key=m["key"])["metrics"]
        except urllib.error.HTTPError as e:
            if e.code not in SEEN:
                raise
            points = [m]
        points.sort(key=lambda p: p["step"])
        if show["metrics"][m["key"]]["count"] != len(points) or show["metrics"][m["key"]]["last"] != m["value"]:
            bad.append(f"metric {m['key']}: {show['metrics'][m['key']]}")
        if len(points) > 1 and drawn.get(m["key"]) != ([float(p["step"]) for p in points], [p["value"] for p in points]):
            bad.append(f"points of {m['key']}: {drawn.get(m['key'])}")
    return bad


what, args = sys.argv[2], sys.argv[3:]
if what == "fill":
    fill()
elif what == "run":
    print(json.dumps(run_of(args[0])))
elif what == "tag":
    print(words(run_of(args[0])["data"].get("tags")).get(args[1], "-"))
elif what == "state":
    print(run_of(args[0])["info"]["lifecycle_stage"])
elif what == "alias":
    model = api("registered-models/get", name=args[0])["registered_model"]
    print(words([{"key": a["alias"], "value": a["version"]} for a in model.get("aliases", [])]).get(args[1], "-"))
elif what == "versions":
    print(len(api("model-versions/search", filter=f"name='{args[0]}'").get("model_versions", [])))
else:
    bad = differences(args[0])
    print("\n".join(bad))
    sys.exit(bool(bad))
