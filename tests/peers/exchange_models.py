"""Compares registered models and logged models of an MLflow store with what `binnacle server` says of their import, both
through MLflow's own client: exchange_models.py SOURCE URL.

Left out are models whose names are none here, aliases and stages that need an approval, and tags of ours.
"""
import os
import re
import sys

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
from mlflow import MlflowClient


def own(tags):
    return {k: v for k, v in tags.items() if not k.startswith("binnacle.")}


def registered(client):
    out = {}
    for m in client.search_registered_models(max_results=1000):
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", m.name):
            continue
        m = client.get_registered_model(m.name)
        out[m.name] = {"description": m.description or "", "tags": own(m.tags),
                       "aliases": {k: str(v) for k, v in m.aliases.items() if k != "champion"}}
        for v in client.search_model_versions(f"name = '{m.name}'", max_results=1000):
            v = client.get_model_version(m.name, v.version)
            out[f"{m.name}/{v.version}"] = {
                "description": v.description or "", "tags": own(v.tags), "run": v.run_id, "source": v.source,
                "stage": v.current_stage if v.current_stage != "Production" else "None"}
    return out


def logged(client):
    out = {}
    if not hasattr(client, "search_logged_models"):
        return out
    for e in client.search_experiments():
        token = None
        while True:
            page = client.search_logged_models([e.experiment_id], max_results=50, page_token=token)
            for m in page:
                out[m.model_id] = {
                    "experiment": e.name, "name": m.name, "type": m.model_type, "run": m.source_run_id,
                    "status": str(m.status), "params": m.params, "tags": own(m.tags), "created": m.creation_timestamp,
                    "metrics": sorted((x.key, x.value, x.timestamp, x.step, x.run_id) for x in m.metrics or [])}
            token = page.token
            if not token:
                break
    return out


bad, counts = 0, []
for what in (registered, logged):
    a, b = (what(MlflowClient(uri, uri)) for uri in sys.argv[1:3])
    counts.append(len(a))
    for key in sorted(set(a) | set(b)):
        if a.get(key) != b.get(key):
            bad += 1
            print(key, a.get(key), "!=", b.get(key))
print(f"{counts[0]} models and versions, {counts[1]} logged models: {bad} differences")
sys.exit(bad > 0 or not counts[0])
