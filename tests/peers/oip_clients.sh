#!/bin/bash
# The Open Inference Protocol with common clients: tritonclient, MLServer's codecs, KServe's client. Their default
# requests get the answers of `binnacle predict`, or an error that says what to request.
set -u
python=${PYTHON_CLIENTS:-.venv/clients/bin/python}
case $python in /*) ;; *) python=$PWD/$python ;; esac
binnacle=${BINNACLE:-$PWD/build/binnacle}
here=$PWD/$(dirname "$0")
work=$(mktemp -d) || exit 1
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; chmod -R u+w "$work"; rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config PYTHONDONTWRITEBYTECODE=1
unset BINNACLE_HOME BINNACLE_TOKEN
if ! "$python" -c 'import numpy, pandas' 2>/dev/null; then
	echo "SKIP: tritonclient, MLServer's codecs, KServe's client: $python is not here, or lacks numpy and pandas"
	exit 0
fi
mkdir "$work/ws"
cd "$work/ws" || exit 1
run() { "$binnacle" "$@" >"$work/log" 2>&1 || { echo "FAIL: binnacle $*"; cat "$work/log"; exit 1; }; }
run init
run data generate jobs --rows 300
run data export jobs jobs.csv
run run start --trainer ridge --data jobs --target node_power_consumption --name r --wait
run run start --trainer logistic --data jobs --target job_state --name c --wait
run model register r --name power
run model register c --name state
"$binnacle" predict power/1 jobs.csv >power.csv 2>/dev/null || exit 1
"$binnacle" predict state/1 jobs.csv >state.csv 2>/dev/null || exit 1
"$binnacle" serve power/1 state/1 --port 0 --no-token --json >serve.json 2>serve.err &
server=$!
url=
for _ in $(seq 200); do
	url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' serve.json)
	[ -n "$url" ] && break
	kill -0 $server 2>/dev/null || break
	sleep 0.1
done
[ -n "$url" ] || { echo "SKIP: serving to real clients: $(cat serve.err)"; exit 0; }
bad=0
while read -r name module; do
	if "$python" -c "import $module" 2>"$work/log"; then
		"$python" "$here/oip_clients.py" "$name" "$url" || { echo "FAIL: $name"; bad=1; }
	else
		echo "SKIP: $name: $python cannot import $module: $(tail -n 1 "$work/log")"
	fi
done <<'LIST'
tritonclient tritonclient.http
mlserver mlserver.codecs
kserve kserve
LIST
exit $bad
