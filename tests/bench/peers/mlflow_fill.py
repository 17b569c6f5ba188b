"""Fills the database of a stopped `mlflow server` for the bench: by requests it would take many minutes.

    mlflow_fill.py DATABASE RUNS POINTS        the runs that `bench_mlflow fill` makes by requests
"""
import sqlite3
import sys
import uuid

path, runs, points = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
db = sqlite3.connect(path)


def columns(table):
    return [row[1] for row in db.execute("PRAGMA table_info(%s)" % table)]


def insert(table, rows):
    names = columns(table)
    keep = [k for k in rows[0] if k in names]
    db.executemany("INSERT INTO %s (%s) VALUES (%s)" % (table, ", ".join('"%s"' % k for k in keep), ", ".join("?" * len(keep))),
                   [[row[k] for k in keep] for row in rows])


def metric(run, key, value, time, step):
    return {"run_uuid": run, "key": key, "value": value, "timestamp": time, "step": step, "is_nan": 0}


insert("experiments", [{"experiment_id": 7, "name": "bench", "artifact_location": "mlflow-artifacts:/7", "lifecycle_stage": "active",
                        "creation_time": 1, "last_update_time": 1, "workspace": "default"}])
ids = [uuid.uuid4().hex for _ in range(runs + 1)]
insert("runs", [{"run_uuid": r, "name": "run %d" % i if i < runs else "history", "source_type": "UNKNOWN", "source_name": "",
                 "entry_point_name": "", "user_id": "", "status": "RUNNING", "start_time": 1700000000000, "source_version": "",
                 "lifecycle_stage": "active", "artifact_uri": "mlflow-artifacts:/7/%s/artifacts" % r, "experiment_id": 7}
                for i, r in enumerate(ids)])
values = [metric(r, key, value, 1, 1) for i, r in enumerate(ids[:runs])
          for key, value in [("acc", (i * 7919 % 10007) / 10007), ("loss", i), ("f1", 0.5)]]
insert("metrics", values)
insert("latest_metrics", values)
insert("params", [{"run_uuid": r, "key": key, "value": value} for i, r in enumerate(ids[:runs])
                  for key, value in [("lr", "0.%d" % (i % 100)), ("optimizer", "adam"), ("depth", str(i % 12))]])
insert("tags", [{"run_uuid": r, "key": key, "value": value} for i, r in enumerate(ids[:runs])
                for key, value in [("team", "a"), ("mlflow.runName", "run %d" % i)]]
       + [{"run_uuid": ids[runs], "key": "mlflow.runName", "value": "history"}])
for first in range(0, points, 100000):
    insert("metrics", [metric(ids[runs], "loss", 1 / (i + 1), 1700000000000 + i, i)
                       for i in range(first, min(points, first + 100000))])
insert("latest_metrics", [metric(ids[runs], "loss", 1 / points, 1700000000000 + points - 1, points - 1)])
db.commit()
