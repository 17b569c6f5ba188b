"""MLflow's own client and plain Open Inference calls against a server of ours, and against what
`binnacle predict` wrote for the same rows."""
import json
import sys
import urllib.error
import urllib.request

import numpy as np
import pandas as pd
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

url, jobs, power_csv, state_csv = sys.argv[1:]
host, port = url.removeprefix("http://").split(":")
frame = pd.read_csv(jobs, keep_default_na=False, na_values=[""], float_precision="round_trip")
power = pd.read_csv(power_csv, float_precision="round_trip")["prediction"].to_numpy()
state = pd.read_csv(state_csv, float_precision="round_trip")

client = ScoringServerClient(host, int(port))
client.wait_server_ready(timeout=10)
assert "version" in client.get_version()
got = np.array(client.invoke(frame).get_predictions().iloc[:, 0], dtype=float)
assert np.array_equal(got, power), np.abs(got - power).max()
print(f"NOTE: MLflow's scoring client: {len(got)} predictions equal, bit for bit")
try:
    client.invoke(frame.drop(columns=["num_nodes_alloc"]))
    raise SystemExit("a missing column was answered")
except Exception as e:
    assert "missing column 'num_nodes_alloc'" in str(e) and "BAD_REQUEST" in str(e), e


def call(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as e:
        return e.code, json.load(e)


assert call("/v2/health/live")[0] == call("/v2/health/ready")[0] == 200
assert call("/v2/models/state/ready") == (200, {"name": "state", "ready": True})
assert call("/v2/models/none/ready")[0] == 404
status, meta = call("/v2/models/state")
assert status == 200 and meta["platform"] == "binnacle_logistic" and meta["versions"] == ["1"]
kinds = {"FP64": float, "BOOL": bool, "BYTES": str}
inputs = []
for tensor in meta["inputs"]:
    x = frame[tensor["name"]]
    if tensor["datatype"] == "FP64" and x.dtype == object:
        x = pd.to_datetime(x).dt.tz_localize(None).astype("datetime64[ns]").astype("int64")
    data = [None if pd.isna(v) else kinds[tensor["datatype"]](v) for v in x]
    inputs.append({"name": tensor["name"], "shape": [len(data)], "datatype": tensor["datatype"],
                   "data": data})
status, answer = call("/v2/models/state/versions/1/infer", {"id": "7", "inputs": inputs})
assert status == 200 and answer["id"] == "7" and answer["model_version"] == "1", answer
out = {o["name"]: o for o in answer["outputs"]}
assert out["prediction"]["data"] == list(state["prediction"])
p = np.reshape(out["probabilities"]["data"], out["probabilities"]["shape"])
assert np.array_equal(p, state.drop(columns="prediction").to_numpy())
status, answer = call("/v2/models/state/infer", {"inputs": inputs[:-1]})
assert status == 400 and "missing input" in answer["error"], answer
print(f"NOTE: Open Inference Protocol: {len(state)} labels and {p.size} probabilities equal")
