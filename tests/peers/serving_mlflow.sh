#!/bin/bash
# The server with other clients: MLflow's scoring client, Open Inference calls without the requests library, curl, and
# Prometheus (promtool on the metrics, and a real scrape) if installed.
set -u
python=${PYTHON:-.venv/bin/python}
binnacle=${BINNACLE:-$PWD/build/binnacle}
here=$PWD/$(dirname "$0")
work=$(mktemp -d) || exit 1
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; chmod -R u+w "$work"; rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
unset BINNACLE_HOME BINNACLE_TOKEN
mkdir "$work/ws"
cd "$work/ws" || exit 1
run() { "$binnacle" "$@" >"$work/log" 2>&1 || { echo "FAIL: binnacle $*"; cat "$work/log"; exit 1; }; }
run init
run data generate jobs --rows 800
run data export jobs jobs.csv
run run start --trainer ridge --data jobs --target node_power_consumption --name r --wait
run run start --trainer logistic --data jobs --target job_state --name c --wait
run model register r --name power
run model register c --name state
"$binnacle" predict power/1 jobs.csv >power.csv 2>/dev/null || exit 1
"$binnacle" predict state/1 jobs.csv >state.csv 2>/dev/null || exit 1
"$binnacle" serve power/1 state/1 --port 0 --no-token --json >serve.json 2>serve.err &
server=$!
for _ in $(seq 100); do
	url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' serve.json)
	[ -n "$url" ] && break
	sleep 0.1
done
[ -n "$url" ] || { echo "SKIP: serving to real clients: $(cat serve.err)"; exit 0; }

if "$python" -c 'import mlflow.pyfunc.scoring_server.client, pandas, numpy' 2>/dev/null; then
	"$python" "$here/serving_mlflow.py" "$url" jobs.csv power.csv state.csv || exit 1
else
	echo "SKIP: MLflow's scoring client: $python lacks mlflow, pandas or numpy"
fi

if command -v curl >/dev/null; then
	curl -sf -H 'Content-Type: text/csv' --data-binary @jobs.csv "$url/invocations" >curl.json &&
		grep -q '^{"predictions": \[' curl.json || { echo "FAIL: curl of CSV"; exit 1; }
	[ "$(curl -s -o /dev/null -w '%{http_code}' --data 'x=1' "$url/predict")" = 415 ] ||
		{ echo "FAIL: a form is not JSON"; exit 1; }
	echo "NOTE: curl: CSV answered, a form refused with 415"
	curl -sf "$url/metrics" >metrics.txt || exit 1
else
	echo "SKIP: curl is not here"
	exit 0
fi

# metrics_say LIMIT_S PATTERN: waits until the metrics contain the line
metrics_say() {
	local ends=$((SECONDS + $1))
	while curl -sf "$url/metrics" >metrics.txt; do
		grep -qE "$2" metrics.txt && return 0
		[ $SECONDS -lt $ends ] || return 1
		sleep 0.1
	done
	return 1
}
# Rows are logged before the report is made, and the server reads the report before its metrics are requested.
metrics_say 30 '^binnacle_predictions_waiting 0' || { echo "FAIL: predictions wait to be logged"; grep waiting metrics.txt; exit 1; }
"$binnacle" monitor report power/1 >report.txt 2>&1
case $? in 0 | 1 | 7) ;; *) echo "FAIL: monitor report: $(cat report.txt)"; exit 1 ;; esac
metrics_say 60 '^binnacle_drift_share' || { echo "FAIL: no drift gauges: $(cat report.txt)"; exit 1; }
promtool=$(command -v promtool || true)
if [ -n "$promtool" ]; then
	"$promtool" check metrics <metrics.txt || { echo "FAIL: promtool"; exit 1; }
	echo "NOTE: promtool: $(grep -c '^[a-z]' metrics.txt) samples without a complaint"
else
	echo "SKIP: promtool is not here (Debian package prometheus)"
fi
prometheus=$(command -v prometheus || true)
if [ -n "$prometheus" ] && [ -n "$promtool" ]; then
	cat >prometheus.yml <<END
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: binnacle
    static_configs: [{targets: ["${url#http://}"]}]
END
	port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	"$prometheus" --config.file=prometheus.yml --storage.tsdb.path="$work/tsdb" \
		--web.listen-address="127.0.0.1:$port" >"$work/prometheus.log" 2>&1 &
	prom=$!
	for _ in $(seq 60); do
		seen=$("$promtool" query instant "http://127.0.0.1:$port" \
			'sum(binnacle_predictions_total{model="power"})' 2>/dev/null)
		[ -n "$seen" ] && break
		sleep 0.5
	done
	kill $prom
	wait $prom 2>/dev/null
	[ -n "$seen" ] || { echo "FAIL: Prometheus saw nothing"; tail -5 "$work/prometheus.log"; exit 1; }
	echo "NOTE: Prometheus scraped: $seen"
else
	echo "SKIP: a scrape by Prometheus: it is not here"
fi
