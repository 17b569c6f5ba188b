"""Makes stores with their tools' own writers: exchange_make.py KIND RUNS DIRECTORY.

KIND: file (mlruns), db (mlflow.db), both with experiments, nested and removed runs, odd values, datasets, artifacts,
logged models and a registry; wandb (offline runs); tensorboard (event files). The last two write expected.json: what was
logged, {run: {"params", "tags", "points": {key: [[step, value]]}, "status"}}.
"""
import json
import os
import pathlib
import random
import struct
import sys


def make_mlflow(kind, runs):
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import mlflow
    import mlflow.entities as entities
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param, RunTag

    rng = random.Random(7)
    mlflow.set_tracking_uri("file:" + os.path.abspath("mlruns") if kind == "file" else "sqlite:///mlflow.db")
    c = MlflowClient()
    note = {"team": "ops", "mlflow.note.content": "about"}
    experiments = [c.create_experiment(n, tags=note) for n in ("first", "second trial", "team/vision/über")] + ["0"]
    gone = c.create_experiment("gone")
    parent, ids = None, []
    files = pathlib.Path("files")
    (files / "model").mkdir(parents=True, exist_ok=True)
    for i in range(runs):
        t0 = 1700000000000 + i * 1000
        tags = {"mlflow.source.name": "train.py", "i": str(i)}
        if i % 10:
            tags["mlflow.parentRunId"] = parent
        r = c.create_run(experiments[i % 4], start_time=t0, tags=tags, run_name=f"run-{i}" if i % 3 else None)
        id = r.info.run_id
        ids.append(id)
        parent = id if i % 10 == 0 else parent
        metrics = [Metric("inf", float("inf"), t0, 0), Metric("neg step", -1.5e-300, t0, -3)]
        for s in range(rng.randint(0, 40)):
            metrics.append(Metric("loss", 1 / (s + 1) + rng.random(), t0 + s, s))
            if s % 7 == 3:
                metrics.append(Metric("val/acc", float("nan") if s == 10 else rng.random(), t0 + s, s))
        if i % 4 == 0:
            metrics += [Metric("loss", 0.25, t0 + 5000, 3), Metric("loss", 0.5, t0 + 5000, 3)]
        c.log_batch(id, metrics=metrics,
                    params=[Param("lr", repr(10 ** -rng.randint(1, 5))), Param("opt/name", "adam"),
                            Param("text", "a\nb  ü " * (i % 5))],
                    tags=[RunTag("mlflow.note.content", f"note {i}\nline")] if i % 6 == 0 else [])
        if i % 5 == 0:
            d = entities.Dataset(name=f"jobs{i % 3}", digest=f"abc{i % 3}", source_type="local",
                                 source='{"uri": "x.csv"}', schema='{"cols": 3}', profile='{"rows": 9}')
            c.log_inputs(id, [entities.DatasetInput(d, [entities.InputTag("mlflow.data.context", "training")])])
        if i % 8 == 0:
            (files / "model/MLmodel").write_text(f"run_id: {id}\nflavors: {{}}\n")
            (files / "model/weights.bin").write_bytes(bytes(rng.randrange(256) for _ in range(100 + i)))
            (files / "plot ü.txt").write_text("hi " * i)
            c.log_artifacts(id, str(files))
        if i % 16 == 0 and hasattr(c, "create_logged_model"):
            m = c.create_logged_model(r.info.experiment_id, name=f"lm-{i}", source_run_id=id, tags={"a": "b"},
                                      params={"lr": "0.1"}, model_type="classifier")
            c.finalize_logged_model(m.model_id, "READY")
            c.log_outputs(id, [entities.LoggedModelOutput(m.model_id, 5)])
            c.log_metric(id, "mm", 0.5, t0, 1, model_id=m.model_id)
        c.set_terminated(id, ("FINISHED", "FAILED", "KILLED", "FINISHED")[i % 4], t0 + 777)
        if i % 4 == 3:
            c.update_run(id, status="RUNNING")
        if i % 9 == 8:
            c.delete_run(id)
    c.delete_experiment(gone)
    for n in ("power", "my model"):
        c.create_registered_model(n, tags={"owner": "ann"}, description="the " + n)
        for v in range(3):
            id = ids[8 * v % len(ids)]
            c.create_model_version(n, c.get_run(id).info.artifact_uri + "/model", run_id=id, tags={"v": str(v)},
                                   description=f"d{v}")
        c.set_registered_model_alias(n, "best", 2)
    c.transition_model_version_stage("power", 3, "Staging")
    c.delete_model_version("my model", 2)


def make_wandb(runs):
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true")
    import wandb

    expected = {}
    for i in range(runs):
        lr = 0.1 / (i + 1)
        r = wandb.init(project="power", name=f"wb-{i}", notes="a note", tags=["x", "y"], group="g", job_type="train",
                       config={"lr": lr, "opt": {"name": "adam", "b": [1, 2]}, "flag": True})
        points = {"loss": [], "val/acc": [], "nested.a": [], "inf": [[100, "Infinity"]], "best": [[100, 0.99]]}
        for s in range(20):
            acc = float("nan") if s == 3 else s / 20
            r.log({"loss": 1 / (s + 1), "val/acc": acc, "nested": {"a": s}})
            points["loss"].append([s, 1 / (s + 1)])
            points["val/acc"].append([s, "NaN" if s == 3 else acc])
            points["nested.a"].append([s, s])
        r.log({"inf": float("inf")}, step=100)
        r.summary["best"] = 0.99
        r.summary["who"] = "ann"
        r.finish(exit_code=1 if i == 1 else 0)
        expected[f"wb-{i}"] = {
            "params": {"lr": repr(lr), "opt.name": "adam", "opt.b": "[1,2]", "flag": "true"},
            "tags": {"wandb.group": "g", "wandb.tag.x": "true", "wandb.tag.y": "true", "wandb.summary.who": "ann"},
            "points": points, "status": "FAILED" if i == 1 else "FINISHED"}
    json.dump(expected, open("expected.json", "w"))


def make_tensorboard(runs):
    from tensorboardX import SummaryWriter

    expected = {}

    def single(x):  # as the file has it
        return struct.unpack("f", struct.pack("f", x))[0]

    for i in range(runs):
        w = SummaryWriter(f"logs/run{i}")
        points = {"loss": [], "val/acc": []}
        for s in range(30):
            w.add_scalar("loss", 1 / (s + 1), s, walltime=1700000000 + s)
            w.add_scalar("val/acc", float("nan") if s == 5 else s / 32, s, walltime=1700000000.25 + s)
            points["loss"].append([s, single(1 / (s + 1))])
            points["val/acc"].append([s, "NaN" if s == 5 else s / 32])
        expected[f"run{i}"] = {"params": {}, "tags": {}, "points": points, "status": "FINISHED"}
        w.add_histogram("h", [1, 2, 3, 4], 1)
        w.add_hparams({"lr": 0.1 * i, "opt": "adam", "flag": True}, {"hparam/acc": 0.5})
        w.close()
    json.dump(expected, open("expected.json", "w"))


kind, runs, where = sys.argv[1], int(sys.argv[2]), sys.argv[3]
os.makedirs(where, exist_ok=True)
os.chdir(where)
if kind == "wandb":
    make_wandb(runs)
elif kind == "tensorboard":
    make_tensorboard(runs)
else:
    make_mlflow(kind, runs)
