"""The same work as `binnacle serve` on a linear model, as one writes it with FastAPI."""
import numpy as np
from fastapi import FastAPI, Request

app = FastAPI()
NAMES = ["num_nodes_req", "num_cores_req", "num_gpus_req", "mem_req", "time_limit", "num_tasks",
         "cores_per_task", "priority"]
MEAN, SCALE, WEIGHTS = np.zeros(8), np.ones(8), np.linspace(0.1, 0.8, 8)


@app.get("/ping")
async def ping():
    return {"status": "ok"}


@app.post("/predict")
async def predict(request: Request):
    row = await request.json()
    x = np.array([row[name] for name in NAMES], dtype=float)
    return {"prediction": float((x - MEAN) / SCALE @ WEIGHTS)}
