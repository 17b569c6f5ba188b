"""A fake of GitLab's MLflow endpoint with the limits that its documentation and its API's source state (it is no GitLab,
and proves nothing about one): remote_gitlab.py PORT FILE. FILE keeps its state over restarts.

Limits: a bearer token; a search looks at the first experiment alone, has no filter, and refuses an order that is a list;
experiments are listed; no histories, no restoring, no tags that are removed, no search for versions, whose numbers are
"N.0.0"; artifacts through the proxy only.
"""
import http.server
import json
import os
import sys
import urllib.parse

PORT, FILE = int(sys.argv[1]), sys.argv[2]
BASE = "/api/v4/projects/7/ml/mlflow/api/2.0/mlflow/"
state = {"experiments": [], "runs": {}, "models": {}}
if os.path.exists(FILE):
    state = json.load(open(FILE))


class Refused(Exception):
    pass


def refuse(status, code, message):
    raise Refused(status, {"error_code": code, "message": message})


def find(table, key):
    if key not in table:
        refuse(404, "RESOURCE_DOES_NOT_EXIST", "404 Not found")
    return table[key]


def set_word(items, key, value):
    items[:] = [i for i in items if i["key"] != key] + [{"key": key, "value": value}]


def create_run(q):
    id = "%08d-aaaa-4bbb-8ccc-%012d" % (len(state["runs"]), len(state["runs"]))
    info = {"run_id": id, "run_uuid": id, "experiment_id": q["experiment_id"], "run_name": q["run_name"],
            "status": "RUNNING", "lifecycle_stage": "active", "start_time": q["start_time"], "user_id": "1",
            "artifact_uri": "http://gitlab.example.org/api/v4/projects/7/packages/generic/ml_candidate_%s/-/" % id}
    state["runs"][id] = {"info": info, "data": {"metrics": [], "params": [], "tags": list(q.get("tags", []))}}
    return {"run": state["runs"][id]}


def search_runs(q):
    if isinstance(q.get("order_by"), list):
        refuse(400, "INVALID_PARAMETER_VALUE", "order_by is invalid")
    if int(q.get("max_results", 200)) > 1000:
        refuse(400, "INVALID_PARAMETER_VALUE", "max_results does not have a valid value")
    found = [r for r in state["runs"].values() if r["info"]["experiment_id"] == q["experiment_ids"][0]
             and r["info"]["lifecycle_stage"] == "active"][::-1]
    at, most = int(q.get("page_token") or 0), int(q.get("max_results", 200))
    page = {"runs": found[at:at + most]}
    if at + most < len(found):
        page["next_page_token"] = str(at + most)
    return page


def log_batch(q):
    data = find(state["runs"], q["run_id"])["data"]
    for m in q.get("metrics", []):
        data["metrics"] = [x for x in data["metrics"] if x["key"] != m["key"]] + [m]
    data["params"] += q.get("params", [])
    return {}


def update_run(q):
    run = find(state["runs"], q["run_id"])
    run["info"].update({k: q[k] for k in ("status", "end_time", "run_name") if k in q})
    return {"run_info": run["info"]}


def delete_run(q):
    find(state["runs"], q["run_id"])
    del state["runs"][q["run_id"]]
    return {}


def set_tag(q):
    set_word(find(state["runs"], q["run_id"])["data"]["tags"], q["key"], q["value"])
    return {}


def create_experiment(q):
    id = str(len(state["experiments"]) + 1)
    state["experiments"].append({"experiment_id": id, "name": q["name"], "lifecycle_stage": "active", "artifact_location": "not_implemented"})
    return {"experiment_id": id}


def model_of(name):
    m = find(state["models"], name)
    return {"name": name, "latest_versions": m["versions"][-1:], "aliases": m["aliases"]}


def create_model(q):
    if q["name"] in state["models"]:
        refuse(400, "RESOURCE_ALREADY_EXISTS", "Registered Model already exists")
    state["models"][q["name"]] = {"versions": [], "aliases": []}
    return {"registered_model": model_of(q["name"])}


def create_version(q):
    m = find(state["models"], q["name"])
    m["versions"].append({"name": q["name"], "version": "%d.0.0" % (len(m["versions"]) + 1), "current_stage": "development",
                          "source": "mlflow-artifacts:/packages/%s" % q["name"], "status": "READY", "tags": []})
    return {"model_version": m["versions"][-1]}


def set_alias(q):
    m = find(state["models"], q["name"])
    if q["version"] not in [v["version"] for v in m["versions"]]:
        refuse(404, "RESOURCE_DOES_NOT_EXIST", "404 Not found")
    m["aliases"] = [a for a in m["aliases"] if a["alias"] != q["alias"]] + [{"alias": q["alias"], "version": q["version"]}]
    return {}


ROUTES = {
    "GET experiments/list": lambda q: {"experiments": state["experiments"]},
    "POST experiments/create": create_experiment,
    "POST runs/create": create_run, "POST runs/search": search_runs, "POST runs/log-batch": log_batch,
    "POST runs/update": update_run, "POST runs/delete": delete_run, "POST runs/set-tag": set_tag,
    "GET runs/get": lambda q: {"run": find(state["runs"], q["run_id"])},
    "POST registered-models/create": create_model, "POST registered-models/alias": set_alias,
    "GET registered-models/get": lambda q: {"registered_model": model_of(q["name"])},
    "GET registered-models/search": lambda q: {"registered_models": [model_of(n) for n in state["models"]]},
    "POST model-versions/create": create_version,
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        q = dict(urllib.parse.parse_qsl(query)) if self.command == "GET" else json.loads(body or b"{}")
        status, out = 200, None
        try:
            if self.headers.get("Authorization") != "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"]:
                refuse(401, "UNAUTHORIZED", "401 Unauthorized")
            route = ROUTES.get(self.command + " " + path[len(BASE):]) if path.startswith(BASE) else None
            if not route:
                status, out = 404, {"error": "404 Not Found"}
            else:
                out = route(q)
                if self.command != "GET" and not path.endswith("search"):
                    with open(FILE + ".new", "w") as f:
                        json.dump(state, f)
                    os.replace(FILE + ".new", FILE)
        except Refused as e:
            status, out = e.args
        text = json.dumps(out).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_DELETE = do_PATCH = do_PUT = answer

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
