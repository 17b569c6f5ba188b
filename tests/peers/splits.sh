#!/bin/bash
# Folds and splits beside scikit-learn's: disjoint, complete, shares; purging beside its definition.
set -u
python=${PYTHON:-.venv/bin/python}
binnacle=${BINNACLE:-$PWD/build/binnacle}
if ! "$python" -c 'import sklearn' 2>/dev/null; then
	echo "SKIP: splits against scikit-learn: $python has no scikit-learn"
	exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state
mkdir "$work/ws" && "$binnacle" -C "$work/ws" init "$work/ws" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$python" tests/peers/splits.py "$binnacle" "$work/ws"
