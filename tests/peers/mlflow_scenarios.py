"""What users of MLflow's Python client do, against the server at MLFLOW_TRACKING_URI.

    mlflow_scenarios.py [NAME...]      all of them, or those named; prints a line for each, exit status 1 if one failed

Nothing here knows which server it is: the same file passes against `mlflow server`.
"""
import base64
import hashlib
import hmac
import http.server
import json
import logging
import os
import socket
import sys
import tempfile
import threading
import time
import traceback
import warnings

os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import mlflow  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

# What a model needs is guessed by a new process that imports everything again: it asks the server nothing, and took
# most of the time.
mlflow.models.infer_pip_requirements = lambda _uri, _flavor, fallback=None, **_: fallback
V3 = int(mlflow.__version__.split(".")[0]) >= 3
SALT = "%s %d" % (mlflow.__version__, time.time_ns())
X = np.arange(60.0).reshape(30, 2)
Y = (X[:, 0] > 30).astype(int)
scenarios = {}


class Skip(Exception):
    pass


def scenario(f):
    scenarios[f.__name__] = f
    return f


def begin(name):
    mlflow.set_experiment("%s %s" % (name, SALT))
    return MlflowClient()


def fails(code, f, *args, **kwargs):
    try:
        f(*args, **kwargs)
    except MlflowException as e:
        assert e.error_code == code, (e.error_code, e)
        return str(e)
    raise AssertionError("no error, expected " + code)


def log_sklearn(name="model", **kwargs):
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(X, Y)
    where = {"name": name} if V3 else {"artifact_path": name}
    return model, mlflow.sklearn.log_model(model, **where, **kwargs)


@scenario
def quick_start():
    client = begin("quick start")
    with mlflow.start_run(run_name="first", description="a note", tags={"team": "a"}) as run:
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"depth": 3, "long": "v" * 6000})
        mlflow.log_metric("loss", 0.5, step=0)
        mlflow.log_metrics({"loss": 0.25, "acc": 0.75}, step=1)
        mlflow.set_tags({"a/b": "1", "c": "ü 日本"})
    r = client.get_run(run.info.run_id)
    assert r.info.status == "FINISHED" and r.info.end_time >= r.info.start_time
    assert r.info.run_name == "first" and r.data.params["depth"] == "3"
    assert r.data.metrics == {"loss": 0.25, "acc": 0.75}
    assert r.data.tags["mlflow.note.content"] == "a note" and r.data.tags["c"] == "ü 日本"
    assert "mlflow.source.name" in r.data.tags
    try:
        with mlflow.start_run():
            raise ValueError
    except ValueError:
        pass
    assert mlflow.last_active_run().info.status == "FAILED"


@scenario
def sklearn_autolog():
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    client = begin("sklearn")
    mlflow.sklearn.autolog()
    try:
        with mlflow.start_run() as run:
            search = GridSearchCV(DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=2).fit(X, Y)
            search.score(X, Y)
    finally:
        mlflow.sklearn.autolog(disable=True)
    r = client.get_run(run.info.run_id)
    assert "best_max_depth" in r.data.params and "best_cv_score" in r.data.metrics
    assert len(mlflow.search_runs(filter_string="tags.mlflow.parentRunId = '%s'" % run.info.run_id)) == 2
    assert r.inputs.dataset_inputs
    paths = {f.path for f in client.list_artifacts(run.info.run_id)}
    assert {"cv_results.csv", "estimator.html"} <= paths, paths


@scenario
def xgboost_autolog():
    import xgboost

    client = begin("xgboost")
    mlflow.xgboost.autolog()
    try:
        with mlflow.start_run() as run:
            data = xgboost.DMatrix(X, label=Y)
            xgboost.train({"objective": "binary:logistic", "max_depth": 2}, data, num_boost_round=5,
                          evals=[(data, "train")], verbose_eval=False)
    finally:
        mlflow.xgboost.autolog(disable=True)
    r = client.get_run(run.info.run_id)
    assert r.data.params["max_depth"] == "2"
    assert len(client.get_metric_history(run.info.run_id, "train-logloss")) == 5
    loaded = mlflow.pyfunc.load_model("runs:/%s/model" % run.info.run_id)
    assert len(loaded.predict(pd.DataFrame(X))) == 30


@scenario
def pytorch_autolog():
    try:
        import torch
        import lightning
    except ImportError as e:
        raise Skip(e)
    client = begin("pytorch")

    class Net(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)

        def forward(self, x):
            return self.layer(x)

        def training_step(self, batch, _):
            loss = torch.nn.functional.mse_loss(self(batch[0]), batch[1])
            self.log("train_loss", loss, on_epoch=True)
            return loss

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=1e-5)

    rows = torch.utils.data.TensorDataset(torch.tensor(X, dtype=torch.float32),
                                          torch.tensor(Y, dtype=torch.float32)[:, None])
    mlflow.pytorch.autolog(log_models=True, checkpoint=False)
    try:
        with mlflow.start_run() as run:
            lightning.Trainer(max_epochs=3, enable_progress_bar=False, enable_model_summary=False, logger=False,
                              enable_checkpointing=False, accelerator="cpu").fit(
                                  Net(), torch.utils.data.DataLoader(rows, batch_size=10))
    finally:
        mlflow.pytorch.autolog(disable=True)
    r = client.get_run(run.info.run_id)
    assert "train_loss" in r.data.metrics and r.data.params["optimizer_name"] == "SGD", r.data
    loaded = mlflow.pytorch.load_model("runs:/%s/model" % run.info.run_id)
    assert loaded(torch.zeros(1, 2)).shape == (1, 1)


@scenario
def models():
    client = begin("models")
    name = "m " + SALT
    with mlflow.start_run() as run:
        mlflow.log_metric("acc", 0.5, step=1)
        model, info = log_sklearn(registered_model_name=name, input_example=X[:2],
                                  signature=mlflow.models.infer_signature(X, Y))
    run_id = run.info.run_id
    want = model.predict(X)
    for uri in ["runs:/%s/model" % run_id, "models:/%s/1" % name, info.model_uri]:
        assert (mlflow.sklearn.load_model(uri).predict(X) == want).all(), uri
    second = mlflow.register_model("runs:/%s/model" % run_id, name, tags={"k": "v"})
    assert second.version in (2, "2") and second.status == "READY", second
    client.set_registered_model_alias(name, "candidate", "2")
    assert mlflow.pyfunc.load_model("models:/%s@candidate" % name).predict(X) is not None
    assert client.get_model_version_by_alias(name, "candidate").version in (2, "2")
    assert "candidate" in client.get_model_version(name, "2").aliases
    client.delete_registered_model_alias(name, "candidate")
    fails("INVALID_PARAMETER_VALUE", client.get_model_version_by_alias, name, "candidate")
    client.update_model_version(name, "1", description="first")
    client.set_model_version_tag(name, "1", "k", "w")
    v = client.get_model_version(name, "1")
    assert v.description == "first" and v.tags["k"] == "w" and v.run_id == run_id
    client.transition_model_version_stage(name, "1", "Staging")
    assert [x.version for x in client.get_latest_versions(name, ["Staging"])][0] in (1, "1")
    assert mlflow.pyfunc.load_model("models:/%s/Staging" % name)
    assert mlflow.pyfunc.load_model("models:/%s/latest" % name)
    found = client.search_model_versions("name = '%s'" % name)
    assert [int(x.version) for x in found] == [1, 2], found  # the one updated last comes first
    assert [m.name for m in client.search_registered_models("name = '%s'" % name)] == [name]
    copy = client.copy_model_version("models:/%s/1" % name, "copy " + SALT)
    assert copy.version in (1, "1") and mlflow.pyfunc.load_model("models:/copy %s/1" % SALT)
    client.rename_registered_model("copy " + SALT, "renamed " + SALT)
    client.delete_model_version("renamed " + SALT, "1")
    client.delete_registered_model("renamed " + SALT)
    fails("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, "renamed " + SALT)
    fails("RESOURCE_ALREADY_EXISTS", client.create_registered_model, name)


@scenario
def logged_models():
    if not V3:
        raise Skip("MLflow 2")
    client = begin("logged models")
    experiment = mlflow.get_experiment_by_name("logged models " + SALT).experiment_id
    with mlflow.start_run() as run:
        _, info = log_sklearn("net", params={"p": 1}, tags={"t": "x"}, model_type="classifier")
        mlflow.log_metric("acc", 0.9, step=3, model_id=info.model_id)
    m = mlflow.get_logged_model(info.model_id)
    assert str(m.status) == "READY" and m.params["p"] == "1" and m.tags["t"] == "x" and m.model_type == "classifier"
    assert m.source_run_id == run.info.run_id and [x.value for x in m.metrics if x.key == "acc"] == [0.9]
    assert mlflow.sklearn.load_model("models:/" + info.model_id)
    found = mlflow.search_logged_models([experiment], filter_string="metrics.acc > 0.5 AND params.p = '1'",
                                        order_by=[{"field_name": "metrics.acc", "ascending": False}],
                                        output_format="list")
    assert [x.model_id for x in found] == [info.model_id]
    r = client.get_run(run.info.run_id)
    assert [o.model_id for o in r.outputs.model_outputs] == [info.model_id]
    client.set_logged_model_tags(info.model_id, {"u": "y"})
    client.delete_logged_model_tag(info.model_id, "t")
    assert client.get_logged_model(info.model_id).tags.get("u") == "y"
    assert "t" not in client.get_logged_model(info.model_id).tags
    external = mlflow.create_external_model(name="elsewhere", params={"q": "2"})
    assert client.get_logged_model(external.model_id).params["q"] == "2"
    client.delete_logged_model(info.model_id)
    fails("RESOURCE_DOES_NOT_EXIST", client.get_logged_model, info.model_id)


@scenario
def search_runs():
    client = begin("search")
    ids = []
    for i, name in enumerate(["alpha", "beta", "gamma"]):
        with mlflow.start_run(run_name=name, tags={"grp": "ab"[i % 2]}) as run:
            mlflow.log_params({"lr": str(0.1 * i), "opt": "Adam" if i else "sgd"})
            mlflow.log_metrics({"acc": 0.25 * (i + 1), "val/acc": i})
            ids.append(run.info.run_id)

    def names(filter_string, order=("attributes.run_name ASC",)):
        found = mlflow.search_runs(filter_string=filter_string, order_by=list(order), output_format="list")
        return [r.info.run_name for r in found]

    for filter_string, want in [
        ("metrics.acc > 0.25", "beta gamma"), ("metrics.acc >= 0.75", "gamma"), ("metrics.acc < 0.5", "alpha"),
        ("metrics.acc <= 0.5", "alpha beta"), ("metrics.`val/acc` = 1", "beta"), ("metrics.`val/acc` != 1", "alpha gamma"),
        ("params.opt = 'Adam'", "beta gamma"), ("params.opt != 'Adam'", "alpha"), ("params.opt LIKE 'Ad%'", "beta gamma"),
        ("params.opt ILIKE 'ADAM'", "beta gamma"), ("params.nothing IS NULL", "alpha beta gamma"),
        ("params.opt IS NOT NULL", "alpha beta gamma"), ("tags.grp = 'b'", "beta"), ("tags.grp != 'b'", "alpha gamma"),
        ("tags.grp IS NULL", ""), ("attributes.status = 'FINISHED'", "alpha beta gamma"), ("run_name = 'beta'", "beta"),
        ("run_name LIKE '%a%' AND tags.grp = 'a'", "alpha gamma"), ("run_id IN ('%s', '%s')" % (ids[0], ids[2]), "alpha gamma"),
        ("run_id NOT IN ('%s')" % ids[0], "beta gamma"), ("start_time > 0", "alpha beta gamma"), ("end_time < 0", ""),
    ]:
        assert " ".join(names(filter_string)) == want, (filter_string, names(filter_string))
    assert names("", ["metrics.acc DESC"]) == ["gamma", "beta", "alpha"]
    assert names("", ["params.opt DESC", "metrics.acc ASC"]) == ["alpha", "beta", "gamma"]
    frame = mlflow.search_runs()
    assert {"metrics.acc", "params.lr", "tags.grp"} <= set(frame.columns) and len(frame) == 3
    page = client.search_runs([frame.experiment_id[0]], max_results=2)
    rest = client.search_runs([frame.experiment_id[0]], max_results=2, page_token=page.token)
    assert len(page) == 2 and len(rest) == 1 and not rest.token
    fails("INVALID_PARAMETER_VALUE", mlflow.search_runs, filter_string="metrics.acc > 'x'")
    assert "search " + SALT in [e.name for e in client.search_experiments(filter_string="name LIKE 'search %'")]


@scenario
def nested_runs():
    begin("nested")
    with mlflow.start_run(run_name="parent") as parent:
        for i in range(3):
            with mlflow.start_run(run_name="child %d" % i, nested=True):
                mlflow.log_metric("m", i)
    found = mlflow.search_runs(filter_string="tags.mlflow.parentRunId = '%s'" % parent.info.run_id)
    assert len(found) == 3
    child = mlflow.get_run(found.run_id[0])
    assert mlflow.get_parent_run(child.info.run_id).info.run_id == parent.info.run_id


@scenario
def datasets():
    client = begin("datasets")
    data = mlflow.data.from_pandas(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), source="file:///data.csv", name="pairs")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training", tags={"k": "v"})
        mlflow.log_input(mlflow.data.from_numpy(X, name="grid"))
    inputs = {i.dataset.name: i for i in client.get_run(run.info.run_id).inputs.dataset_inputs}
    assert set(inputs) == {"pairs", "grid"}
    assert inputs["pairs"].dataset.digest == data.digest
    assert json.loads(inputs["pairs"].dataset.schema)["mlflow_colspec"][0]["name"] == "a"
    assert {t.key: t.value for t in inputs["pairs"].tags} == {"mlflow.data.context": "training", "k": "v"}
    assert len(mlflow.search_runs(filter_string="dataset.name = 'pairs' AND dataset.context = 'training'")) == 1
    assert mlflow.data.get_source(inputs["pairs"].dataset) is not None


@scenario
def artifacts():
    client = begin("artifacts")
    with tempfile.TemporaryDirectory() as d, mlflow.start_run() as run:
        os.makedirs(d + "/in/deep/er")
        open(d + "/in/a.txt", "w").write("a")
        open(d + "/in/deep/er/ü b.bin", "wb").write(os.urandom(3 << 20))
        open(d + "/in/empty", "w").close()
        mlflow.log_artifacts(d + "/in", "dir")
        mlflow.log_artifact(d + "/in/a.txt")
        mlflow.log_text("hello", "text/t.txt")
        mlflow.log_dict({"k": 1}, "d.json")
        mlflow.log_table(pd.DataFrame({"x": [1]}), "table.json")
        run_id = run.info.run_id
        assert [(f.path, f.is_dir) for f in client.list_artifacts(run_id)] == [
            ("a.txt", False), ("d.json", False), ("dir", True), ("table.json", False), ("text", True)]
        assert [(f.path, f.file_size or 0) for f in client.list_artifacts(run_id, "dir") if not f.is_dir] == [
            ("dir/a.txt", 1), ("dir/empty", 0)]
        got = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="dir", dst_path=d + "/out")
        assert open(got + "/deep/er/ü b.bin", "rb").read() == open(d + "/in/deep/er/ü b.bin", "rb").read()
        assert os.path.getsize(got + "/empty") == 0
        assert mlflow.artifacts.load_text(run.info.artifact_uri + "/text/t.txt") == "hello"
        assert mlflow.artifacts.load_dict("runs:/%s/d.json" % run_id) == {"k": 1}
        mlflow.log_text("again", "text/t.txt")
        assert mlflow.artifacts.load_text("runs:/%s/text/t.txt" % run_id) == "again"
        if hasattr(client, "delete_artifacts") or V3:
            from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
            get_artifact_repository(run.info.artifact_uri).delete_artifacts("dir")
            assert "dir" not in [f.path for f in client.list_artifacts(run_id)]
        try:
            mlflow.artifacts.load_text("runs:/%s/none.txt" % run_id)
        except Exception:
            pass
        else:
            raise AssertionError("an artifact that does not exist was loaded")


@scenario
def multipart():
    client = begin("multipart")
    os.environ.update(MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD="true", MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=str(5 << 20),
                      MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE=str(5 << 20))
    try:
        with tempfile.TemporaryDirectory() as d, mlflow.start_run() as run:
            data = os.urandom(12 << 20)
            open(d + "/big.bin", "wb").write(data)
            mlflow.log_artifact(d + "/big.bin", "parts")
            assert client.list_artifacts(run.info.run_id, "parts")[0].file_size == len(data)
            got = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="parts/big.bin", dst_path=d + "/o")
            assert open(got, "rb").read() == data
    finally:
        del os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD"]


@scenario
def metric_history():
    client = begin("history")
    with mlflow.start_run() as run:
        from mlflow.entities import Metric
        for chunk in range(3):
            client.log_batch(run.info.run_id, [Metric("m", i * 0.5, 1700000000000 + i, i)
                                               for i in range(chunk * 1000, chunk * 1000 + 1000)])
        client.log_metric(run.info.run_id, "odd", float("nan"), step=1)
        client.log_metric(run.info.run_id, "odd", float("inf"), step=2)
    points = client.get_metric_history(run.info.run_id, "m")
    assert [p.step for p in points] == list(range(3000)) and points[-1].value == 1499.5
    odd = client.get_metric_history(run.info.run_id, "odd")
    assert np.isnan(odd[0].value) and odd[1].value > 1e300
    assert client.get_run(run.info.run_id).data.metrics["m"] == 1499.5
    fails("INVALID_PARAMETER_VALUE", client.log_batch, run.info.run_id, [], [mlflow.entities.Param("a?", "1")])


@scenario
def asynchronous():
    client = begin("asynchronous")
    with mlflow.start_run() as run:
        for i in range(200):
            mlflow.log_metric("m", i, step=i, synchronous=False)
        mlflow.log_params({"a": 1}, synchronous=False).wait()
        mlflow.flush_async_logging()
    assert len(client.get_metric_history(run.info.run_id, "m")) == 200


@scenario
def deletes():
    client = begin("deletes")
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
    run_id, experiment = run.info.run_id, run.info.experiment_id
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted" and len(mlflow.search_runs()) == 0
    fails("INVALID_PARAMETER_VALUE", client.log_metric, run_id, "m", 2)
    client.restore_run(run_id)
    client.set_tag(run_id, "k", "v")
    client.delete_tag(run_id, "k")
    fails("RESOURCE_DOES_NOT_EXIST", client.delete_tag, run_id, "k")
    client.set_experiment_tag(experiment, "k", "v")
    client.rename_experiment(experiment, "renamed " + SALT)
    assert client.get_experiment(experiment).tags["k"] == "v"
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    client.restore_experiment(experiment)
    assert client.get_experiment_by_name("renamed " + SALT).lifecycle_stage == "active"
    fails("RESOURCE_DOES_NOT_EXIST", client.get_run, "0" * 32)
    fails("INVALID_PARAMETER_VALUE", client.log_param, run_id, "p?", 1)
    client.log_param(run_id, "p", 1)
    fails("INVALID_PARAMETER_VALUE", client.log_param, run_id, "p", 2)
    client.update_run(run_id, status="RUNNING", name="again")
    client.set_terminated(run_id, "KILLED")
    assert client.get_run(run_id).info.status == "KILLED" and client.get_run(run_id).info.run_name == "again"


@scenario
def prompts():
    begin("prompts")
    name = "greet-" + hashlib.sha256(SALT.encode()).hexdigest()[:8]
    space = mlflow.genai if V3 else mlflow
    first = space.register_prompt(name=name, template="Hello {{who}}", commit_message="first", tags={"k": "v"})
    assert int(first.version) == 1
    space.register_prompt(name=name, template="Hi {{who}}")
    space.set_prompt_alias(name, alias="prod", version=1)
    assert space.load_prompt("prompts:/%s@prod" % name).format(who="you") == "Hello you"
    assert space.load_prompt("prompts:/%s/2" % name).template == "Hi {{who}}"
    assert name not in [m.name for m in MlflowClient().search_registered_models()]
    if V3:
        assert name in [p.name for p in space.search_prompts("name = '%s'" % name)]


@scenario
def webhooks():
    client = MlflowClient()
    if not hasattr(client, "create_webhook"):
        raise Skip("this client has none")
    from mlflow.entities.webhook import WebhookEvent

    seen = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    receiver = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    hook = client.create_webhook(name="hook-%d" % time.time_ns(), url="http://127.0.0.1:%d/x" % receiver.server_port,
                                 events=[WebhookEvent("registered_model", "created"),
                                         WebhookEvent("model_version_alias", "created")], secret="s3cret")
    with socket.socket() as free:  # nothing listens there afterwards
        free.bind(("127.0.0.1", 0))
        broken = client.create_webhook(name="broken", url="http://127.0.0.1:%d/x" % free.getsockname()[1],
                                       events=[WebhookEvent("registered_model", "created")])
    try:
        name = "hooked " + SALT
        client.create_registered_model(name, tags={"a": "b"}, description="d")
        client.create_model_version(name, "s3://bucket/x")
        client.set_registered_model_alias(name, "prod", "1")
        ends = time.time() + 60
        while len(seen) < 2 and time.time() < ends:
            time.sleep(0.05)
        assert len(seen) == 2, seen
        for headers, body in seen:
            signed = "%s.%s.%s" % (headers["X-MLflow-Delivery-Id"], headers["X-MLflow-Timestamp"], body.decode())
            mac = base64.b64encode(hmac.new(b"s3cret", signed.encode(), hashlib.sha256).digest()).decode()
            assert headers["X-MLflow-Signature"] == "v1," + mac
        payloads = {json.loads(b)["entity"]: json.loads(b) for _, b in seen}
        assert payloads["registered_model"]["data"]["name"] == name, payloads
        assert payloads["model_version_alias"]["data"]["alias"] == "prod", payloads
        assert payloads["registered_model"]["data"] == {"name": name, "tags": {"a": "b"}, "description": "d"}, payloads
        assert client.test_webhook(hook.webhook_id).success
        assert not client.test_webhook(broken.webhook_id).success
        assert hook.webhook_id in [w.webhook_id for w in client.list_webhooks()]
        client.update_webhook(hook.webhook_id, description="e")
        assert client.get_webhook(hook.webhook_id).description == "e"
    finally:
        client.delete_webhook(hook.webhook_id)
        client.delete_webhook(broken.webhook_id)
        receiver.shutdown()


@scenario
def traces_do_no_harm():
    """A server may refuse traces; a program that makes some goes on."""
    begin("traces")

    @mlflow.trace
    def f(x):
        return x + 1

    with mlflow.start_run() as run:
        assert f(1) == 2
        mlflow.log_metric("m", 1)
    assert MlflowClient().get_run(run.info.run_id).data.metrics == {"m": 1}


@scenario
def many_threads():
    client = begin("threads")
    with mlflow.start_run() as run:
        def work(n):
            for i in range(50):
                client.log_metric(run.info.run_id, "m%d" % n, i, step=i)
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert all(len(client.get_metric_history(run.info.run_id, "m%d" % n)) == 50 for n in range(8))


def main():
    names = sys.argv[1:] or list(scenarios)
    bad = 0
    for name in names:
        began = time.time()
        try:
            scenarios[name]()
            print("ok %s (%.1f s)" % (name, time.time() - began), flush=True)
        except Skip as e:
            print("SKIP: mlflow %s: %s: %s" % (mlflow.__version__, name, e), flush=True)
        except BaseException:
            bad += 1
            print("FAIL: mlflow %s: %s\n%s" % (mlflow.__version__, name, traceback.format_exc(limit=-4)), flush=True)
        while mlflow.active_run():
            mlflow.end_run()
    return 1 if bad else 0


sys.exit(main())
