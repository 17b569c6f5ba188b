#!/bin/bash
# Makes .venv with the Python peers of check-all and bench, once; `venv.sh clients` also .venv/clients with clients of
# inference servers, which need other libraries. PYTHON=... sets the interpreter of the first, PYTHON_CLIENTS=... of the
# second.
set -u
clients() {
	[ -n "${PYTHON_CLIENTS:-}" ] && [ -x "${PYTHON_CLIENTS:-}" ] && return 0
	[ -e .venv/clients/installed ] && return 0
	[ -x .venv/clients/bin/python ] || python3 -m venv .venv/clients || return 1
	.venv/clients/bin/pip install -q "tritonclient[http]" mlserver kserve && touch .venv/clients/installed
}
command -v python3 >/dev/null || exit 1
[ "${1:-}" != clients ] || clients || echo "SKIP: clients of inference servers: they could not be installed"
[ -n "${PYTHON:-}" ] && [ -x "${PYTHON:-}" ] && exit 0
[ -x .venv/bin/python ] || python3 -m venv .venv || exit 1
# The marker's number is raised when the list below changes.
[ -e .venv/peers-installed-4 ] && exit 0
.venv/bin/pip install -q numpy scipy scikit-learn pandas pyarrow safetensors polars duckdb pyyaml \
	mlflow-skinny fastapi uvicorn evidently==0.7.21 great_expectations \
	tsdownsample check-jsonschema junitparser prometheus_client markdown-it-py grafana-foundation-sdk "pandas<3" && touch .venv/peers-installed-4
