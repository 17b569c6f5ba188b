"""Compares runs of two MLflow stores through MLflow's own client: exchange_compare.py A B [--by-tag] [--known FILE].

Every experiment name, run, parameter, tag, metric point, dataset, artifact (by its bytes) of A must be in B, and nothing
else. --by-tag: runs of B are found by their tag binnacle.run_id, as a server chooses ids. --known: what A holds is kept in
FILE, and taken from it if it is there: A is a store that does not change.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import sys
import urllib.parse
import urllib.request

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

LARGEST = sys.float_info.max


def number(x):
    """As a database has it."""
    if x != x:
        return "nan"
    return max(-LARGEST, min(LARGEST, x))


def artifacts(repository, path=None):
    out = {}
    for f in repository.list_artifacts(path):
        if f.is_dir:
            out.update(artifacts(repository, f.path))
        else:
            with open(repository.download_artifacts(f.path), "rb") as local:
                out[f.path] = hashlib.sha256(local.read()).hexdigest()
    return out


def history(client, uri, ids, key):
    """(run, step, timestamp, value) of one metric of up to 100 runs, in as few questions as MLflow allows."""
    if uri.startswith("http"):
        query = urllib.parse.urlencode([("run_id", i) for i in ids] + [("metric_key", key)])
        with urllib.request.urlopen(f"{uri}/ajax-api/2.0/mlflow/metrics/get-history-bulk?{query}") as answer:
            found = json.load(answer)["metrics"]
        assert len(found) < 25000, "the answer was cut"
        return [(m["run_id"], int(m["step"]), int(m["timestamp"]), m["value"]) for m in found]
    if uri.startswith("sqlite"):
        found = client._tracking_client.store.get_metric_history_bulk(ids, key, 25000)
        assert len(found) < 25000, "the answer was cut"
        return [(m.run_id, m.step, m.timestamp, m.value) for m in found]
    return [(i, m.step, m.timestamp, m.value) for i in ids for m in client.get_metric_history(i, key)]


def histories(client, uri, found):
    """{run: {key: its points}}"""
    out = {r.info.run_id: {k: set() for k in r.data.metrics} for _, r in found}
    for key in sorted({k for of in out.values() for k in of}):
        ids = [i for i, of in out.items() if key in of]
        for n in range(0, len(ids), 100):
            for i, step, timestamp, value in history(client, uri, ids[n:n + 100], key):
                out[i][key].add((step, timestamp, str(number(value))))
    return out


def runs(client):
    names = {e.experiment_id: e.name for e in client.search_experiments(view_type=ViewType.ALL)}
    for e in names:
        token = None
        while True:
            page = client.search_runs([e], max_results=500, page_token=token)
            for r in page:
                yield names[e], r
            token = page.token
            if not token:
                break


def described(experiment, r, points):
    skip = ("binnacle.", "mlflow.user", "mlflow.source.name")
    return {
        "experiment": experiment,
        "name": r.info.run_name,
        "status": r.info.status,
        "start": r.info.start_time,
        "end": r.info.end_time,
        "removed": r.info.lifecycle_stage == "deleted",
        "params": dict(r.data.params),
        "tags": {k: v for k, v in r.data.tags.items() if not k.startswith(skip)},
        "datasets": sorted((i.dataset.name, i.dataset.digest, i.dataset.source_type, i.dataset.source,
                            i.dataset.schema, i.dataset.profile, str(sorted((t.key, t.value) for t in i.tags)))
                           for i in (r.inputs.dataset_inputs if r.inputs else [])),
        "artifacts": artifacts(get_artifact_repository(r.info.artifact_uri)),
        "points": {k: sorted(p) for k, p in points.items()},
    }


def store(uri, by_tag):
    """{run: what is said of it}, as JSON has it."""
    mlflow.set_tracking_uri(uri)  # 2.22 finds the artifacts of a server by it, not by the client's
    client = MlflowClient(uri, uri)
    # A server answers several questions at once; its workers are processes.
    found = list(runs(client))
    points = histories(client, uri, found)
    with concurrent.futures.ThreadPoolExecutor(4 if uri.startswith("http") else 1) as pool:
        asked = [(r.data.tags.get("binnacle.run_id") if by_tag else r.info.run_id,
                  pool.submit(described, experiment, r, points[r.info.run_id])) for experiment, r in found]
        return json.loads(json.dumps({str(key): said.result() for key, said in asked}))


def count_of_points(runs_of):
    return sum(len(p) for r in runs_of.values() for p in r["points"].values())


def main():
    p = argparse.ArgumentParser()
    p.add_argument("a")
    p.add_argument("b")
    p.add_argument("--by-tag", action="store_true")
    p.add_argument("--known")
    options = p.parse_args()
    if options.known and os.path.exists(options.known):
        with open(options.known, encoding="utf-8") as f:
            from_a = json.load(f)
    else:
        from_a = store(options.a, False)
        if options.known:
            with open(options.known + ".tmp", "w", encoding="utf-8") as f:
                json.dump(from_a, f)
            os.rename(options.known + ".tmp", options.known)
    from_b = store(options.b, options.by_tag)
    bad = 0
    for key in sorted(set(from_a) | set(from_b)):
        x, y = from_a.get(key), from_b.get(key)
        if x is None or y is None:
            print("run", key, "is only in", "A" if y is None else "B")
            bad += 1
            continue
        for field in x:
            if x[field] != y[field]:
                print("run", key, field, ":", str(x[field])[:300], "!=", str(y[field])[:300])
                bad += 1
    artifacts_seen = sum(len(r["artifacts"]) for r in from_a.values())
    print(f"{len(from_a)} runs, {count_of_points(from_a)} points, {artifacts_seen} artifacts: {bad} differences")
    sys.exit(bad > 0 or not from_a)


main()
