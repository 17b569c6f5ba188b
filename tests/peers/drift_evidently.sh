#!/bin/bash
# Drift compared with the installed Evidently and SciPy: the committed table of their numbers is
# regenerated and compared, and a whole report is compared with theirs on the same rows.
set -u
python=${PYTHON:-.venv/bin/python}
binnacle=${BINNACLE:-$PWD/build/binnacle}
if ! "$python" -c 'import evidently.legacy, scipy, pandas' 2>/dev/null; then
	echo "SKIP: drift against Evidently: $python lacks evidently (with pandas < 3) or scipy"
	exit 0
fi
here=$PWD/$(dirname "$0")
reference=$PWD/tests/reference
work=$(mktemp -d) || exit 1
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; chmod -R u+w "$work"; rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
unset BINNACLE_HOME BINNACLE_TOKEN

"$python" "$reference/drift_oracle.py" >"$work/oracle.json" || exit 1
"$python" "$here/drift_evidently.py" tables "$reference/drift_oracle.json" "$work/oracle.json" || exit 1

mkdir "$work/ws"
cd "$work/ws" || exit 1
run() { "$binnacle" "$@" >"$work/log" 2>&1 || { echo "FAIL: binnacle $*"; cat "$work/log"; exit 1; }; }
run init
run data generate jobs --rows 2500
run data generate small --rows 900
run data generate later --rows 2000 --seed 5 --drift 1
run data export jobs jobs.csv
run data export small small.csv
run data export later later.csv
run run start --trainer ridge --data jobs --target node_power_consumption --name large --wait
run run start --trainer ridge --data small --target node_power_consumption --name small --wait
run model register large --name large
run model register small --name small
"$binnacle" serve large/1 small/1 --port 0 --no-token --json >serve.json 2>serve.err &
server=$!
for _ in $(seq 100); do
	url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' serve.json)
	[ -n "$url" ] && break
	sleep 0.1
done
[ -n "$url" ] || { echo "SKIP: a report against Evidently: $(cat serve.err)"; exit 0; }
"$python" "$here/drift_evidently.py" ask "$url" later.csv || exit 1
kill -TERM $server
wait $server
server=
for model in large small; do
	"$binnacle" monitor report $model/1 --json >$model.json 2>"$work/log"
	[ $? -le 1 ] || { cat "$work/log"; exit 1; }
done
"$python" "$here/drift_evidently.py" report large.json jobs.csv later.csv &&
	"$python" "$here/drift_evidently.py" report small.json small.csv later.csv
