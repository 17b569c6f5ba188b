#!/bin/bash
# An exported model predicts in Python like `binnacle predict`: through mlflow.pyfunc.load_model, `mlflow models
# predict`, and with NumPy only. Columns of every kind: integers, floats of both sizes, bools, times, vectors,
# categories that look like numbers, missing cells, categories not seen in training.
set -u
python=${PYTHON:-.venv/bin/python}
case $python in /*) ;; *) python=$PWD/$python ;; esac
binnacle=${BINNACLE:-$PWD/build/binnacle}
here=$PWD/$(dirname "$0")
if ! "$python" -c 'import mlflow.pyfunc, pandas, numpy' 2>/dev/null; then
	echo "SKIP: exported models in MLflow's pyfunc: $python lacks mlflow, pandas or numpy"
	exit 0
fi
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config PYTHONDONTWRITEBYTECODE=1
unset BINNACLE_HOME
mkdir "$work/ws"
cd "$work/ws" || exit 1
run() { "$binnacle" "$@" >"$work/log" 2>&1 || { echo "FAIL: binnacle $*"; cat "$work/log"; exit 1; }; }
run init
run data generate jobs --rows 700
run data export jobs jobs.csv
"$python" "$here/mlflow_pyfunc.py" make || exit 1
run data add mixed mixed.csv --type code=category --type small=float32
if [ -f vectors.arrow ]; then
	run data add vectors vectors.arrow
	run data export vectors vectors.csv
else
	echo "SKIP: vectors in MLflow's pyfunc: $python lacks pyarrow"
fi
n=0
while read -r name data target trainer rest; do
	[ "$data" = vectors ] && [ ! -f vectors.arrow ] && continue
	n=$((n + 1))
	run run start --trainer "$trainer" --data "$data" --target "$target" --name "$name" --wait $rest
	run model register "$name" --name "$name"
	run model export "$name/1" "$name"
	file=$data.csv
	[ "$data" = mixed ] && file=asked.csv
	run predict "$name" "$file" --out "$name.want.csv"
	"$python" "$here/mlflow_pyfunc.py" compare "$name" "$file" "$name.want.csv" || exit 1
	# The folder can still be used by binnacle.
	run predict "$name" "$file" --out again.csv --force
	cmp -s again.csv "$name.want.csv" || { echo "FAIL: the exported folder answers otherwise"; exit 1; }
done <<'LIST'
power jobs node_power_consumption ridge
power-mlp jobs node_power_consumption mlp --set epochs=3
state jobs job_state logistic
state-mlp jobs job_state mlp --set epochs=3
two mixed label logistic
value mixed y ridge
digit mixed digit logistic
vectors vectors y ridge --exclude note
LIST
[ ! -f vectors.arrow ] || "$python" "$here/mlflow_pyfunc.py" refuse vectors || exit 1
if "$python" -m mlflow models predict --help >/dev/null 2>&1; then
	for name in state two; do
		file=jobs.csv
		[ $name = two ] && file=asked.csv
		"$python" -m mlflow models predict -m "$name" -i $file -t csv -o "$name.json" --env-manager local >"$work/log" 2>&1 ||
			{ echo "FAIL: mlflow models predict"; tail -n 5 "$work/log"; exit 1; }
		"$python" "$here/mlflow_pyfunc.py" json "$name.json" "$name.want.csv" || exit 1
	done
else
	echo "SKIP: mlflow models predict: this mlflow has no command line"
fi
echo "NOTE: $n exported models answer in mlflow.pyfunc as here"
