"""Compares runs of two MLflow stores through MLflow's own client: exchange_compare.py A B [--by-tag] [--no-logged].

Every experiment name, run, parameter, tag, metric point, dataset, artifact (by its bytes) of A must be in B, and nothing
else. --by-tag: runs of B are found by their tag binnacle.run_id, as a server chooses ids.
"""
import hashlib
import os
import sys

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

LARGEST = sys.float_info.max


def number(x):
    """As a database has it."""
    if x != x:
        return "nan"
    return max(-LARGEST, min(LARGEST, x))


def artifacts(client, run_id, path=None):
    out = {}
    for f in client.list_artifacts(run_id, path):
        if f.is_dir:
            out.update(artifacts(client, run_id, f.path))
        else:
            local = client.download_artifacts(run_id, f.path)
            out[f.path] = hashlib.sha256(open(local, "rb").read()).hexdigest()
    return out


def runs(client, with_removed):
    view = ViewType.ALL if with_removed else ViewType.ACTIVE_ONLY
    names = {e.experiment_id: e.name for e in client.search_experiments(view_type=ViewType.ALL)}
    for e in names:
        token = None
        while True:
            page = client.search_runs([e], run_view_type=view, max_results=500, page_token=token)
            for r in page:
                yield names[e], r
            token = page.token
            if not token:
                break


def described(client, experiment, r, points):
    skip = ("binnacle.", "mlflow.user", "mlflow.source.name")
    d = {
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
        "artifacts": artifacts(client, r.info.run_id),
        "points": {},
    }
    for k in r.data.metrics:
        history = client.get_metric_history(r.info.run_id, k)
        d["points"][k] = sorted({(m.step, m.timestamp, str(number(m.value))) for m in history})
        points[0] += len(d["points"][k])
    return d


def main():
    a, b = sys.argv[1], sys.argv[2]
    by_tag = "--by-tag" in sys.argv
    from_a, from_b, count = {}, {}, [0]
    for uri, into, tagged in ((a, from_a, False), (b, from_b, by_tag)):
        mlflow.set_tracking_uri(uri)  # 2.22 finds the artifacts of a server by it, not by the client's
        client = MlflowClient(uri, uri)
        for experiment, r in runs(client, "--removed" in sys.argv):
            key = r.data.tags.get("binnacle.run_id") if tagged else r.info.run_id
            into[key] = described(client, experiment, r, count)
    bad = 0
    for key in sorted(set(from_a) | set(from_b), key=str):
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
    print(f"{len(from_a)} runs, {count[0]} points, {artifacts_seen} artifacts: {bad} differences")
    sys.exit(bad > 0 or not from_a)


main()
