#!/bin/bash
# A model folder exported from the registry is read by MLflow, the safetensors package and PyYAML,
# and numpy computes the same predictions from its files.
set -u
python=${PYTHON:-.venv/bin/python}
binnacle=${BINNACLE:-$PWD/build/binnacle}
if ! "$python" -c 'import sklearn, pandas, mlflow, safetensors, yaml' 2>/dev/null; then
	echo "SKIP: model folders read by MLflow: $python lacks sklearn, mlflow, safetensors or yaml"
	exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"$python" tests/reference/real.py export "$work" || exit 1
mkdir "$work/ws" && "$binnacle" -C "$work/ws" init "$work/ws" >"$work/log" 2>&1 || exit 1
run() { "$binnacle" -C "$work/ws" "$@" >"$work/log" 2>&1 || { echo "FAIL: binnacle $*"; cat "$work/log"; exit 1; }; }

n=0
while read -r name trainer; do
	n=$((n + 1))
	[ $n = 1 ] && for set in diabetes cancer wine; do
		run data add $set-train "$work/${set}_train.csv" --quiet
		run data add $set-test "$work/${set}_test.csv" --quiet
	done
	run run start --trainer "$trainer" --data "$name-train@v1" --data "$name-test@v1:test" \
		--target target --valid 0 --test 0 --task "$([ "$name" = diabetes ] && echo regression ||
			echo classification)" --name "run-$n" --wait
	run model register "run-$n" --name "m$n"
	run model export "m$n/1" "$work/m$n"
	"$python" tests/reference/folder.py "$work/m$n" "$work/${name}_test.csv" || exit 1
done <<'LIST'
diabetes ridge
diabetes mlp
cancer logistic
wine logistic
wine mlp
LIST
