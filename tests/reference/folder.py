"""Reads a model folder with other people's libraries: MLflow, safetensors, PyYAML, numpy alone.

    folder.py MODEL_DIR TEST.csv      predictions made from features.json and the tensors must score
                                      what metrics.json says the model scored on the test part
"""
import csv
import json
import sys

import numpy as np
import yaml
from mlflow.models import Model
from safetensors.numpy import load_file

folder, table = sys.argv[1:3]
mlmodel = Model.load(folder)
card = open(f"{folder}/model_card.md").read().split("---\n")
front = yaml.safe_load(card[1])
features = json.load(open(f"{folder}/features.json"))
metrics = json.load(open(f"{folder}/metrics.json"))["test"]
tensors = load_file(f"{folder}/model.safetensors")
flavour = mlmodel.flavors["binnacle"]
names = [c["name"] for c in json.loads(mlmodel.metadata["inputs"])]
assert [c["name"] for c in mlmodel.signature.outputs.to_dict()][0] == "prediction"
assert names == [i["name"] for i in features["inputs"]], "signature and features differ"
assert front["library_name"] == "binnacle" and front["model-index"], "front matter"

rows = list(csv.DictReader(open(table)))
columns = []
for i in features["inputs"]:
    assert i["kind"] == "number"
    x = np.array([float(r[i["name"]] or "nan") for r in rows])
    columns.append((np.where(np.isnan(x), i["fill"], x) - i["mean"]) / i["scale"])
x = np.stack(columns, axis=1)
y = np.array([float(r[features["target"]["name"]]) for r in rows])

if flavour["trainer"] == "mlp":
    z, layer = x.astype(np.float32), 0
    while f"layer{layer}.weight" in tensors:
        z = z @ tensors[f"layer{layer}.weight"] + tensors[f"layer{layer}.bias"]
        layer += 1
        if f"layer{layer}.weight" in tensors:
            z = np.maximum(z, 0)
    z = z.astype(np.float64)
else:
    z = x @ tensors["coef"].T + tensors["intercept"]

if flavour["task"] == "regression":
    p = z[:, 0]
    if "target.mean_scale" in tensors:
        p = p * tensors["target.mean_scale"][1] + tensors["target.mean_scale"][0]
    name, ours = "rmse", float(np.sqrt(np.mean((y - p) ** 2)))
else:
    if z.shape[1] == 1:
        z = np.hstack([np.zeros_like(z), z])
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    k = [features["target"]["classes"].index(format(v, "g")) for v in y]
    name, ours = "log_loss", float(-np.mean(np.log(p[np.arange(len(k)), k])))
difference = abs(ours - metrics[name]) / (1 + abs(metrics[name]))
print(f"NOTE: {flavour['trainer']} read by MLflow, safetensors and numpy: {name} differs by "
      f"{difference:.1e}")
sys.exit(0 if difference < 1e-5 else 1)
