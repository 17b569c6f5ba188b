#!/bin/bash
# Makes .venv with the Python peers of check-all and bench, once. PYTHON=... uses another one.
set -u
[ -n "${PYTHON:-}" ] && [ -x "${PYTHON:-}" ] && exit 0
command -v python3 >/dev/null || exit 1
[ -x .venv/bin/python ] || python3 -m venv .venv || exit 1
[ -e .venv/peers-installed ] && exit 0
.venv/bin/pip install -q numpy scipy scikit-learn pandas pyarrow safetensors polars duckdb pyyaml \
	mlflow-skinny fastapi uvicorn evidently==0.7.21 great_expectations \
	"pandas<3" && touch .venv/peers-installed
