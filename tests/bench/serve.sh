#!/bin/bash
# Requests per second of a model with `binnacle serve`, next to FastAPI + uvicorn with the same linear model in numpy,
# latency at half of that rate, latency among 2 000 slow clients, and drift of 1M x 1M rows next to SciPy, in one run.
# The load generator (bench_serve: keep-alive, 16 connections) runs on the same machine.
set -u
python=${PYTHON:-.venv/bin/python}
binnacle=${BINNACLE:-$PWD/build/binnacle}
seconds=${BENCH_SECONDS:-5}
make -s "$BUILD/bench/bench_serve" "$BUILD/bench/bench_drift" >&2 || exit 1
bench=$PWD/$BUILD/bench
here=$PWD/tests/bench
work=$(mktemp -d)
pids=()
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; chmod -R u+w "$work"; rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
case $python in /*) ;; *) python=$PWD/$python ;; esac
cd "$work" || exit 1

row='{"num_nodes_req":2,"num_cores_req":64,"num_gpus_req":2,"mem_req":198,"time_limit":1440,"num_tasks":2,"cores_per_task":32,"priority":164447}'
features=num_nodes_req,num_cores_req,num_gpus_req,mem_req,time_limit,num_tasks,cores_per_task,priority

load() { # URL: requests per second
	"$bench/bench_serve" "$1" "$seconds" "$row"
}

tail_of() { # URL: latency at half of $rate, and of new clients while 2 000 are slow
	local out
	out=$("$bench/bench_serve" "$1/predict" "$seconds" "$row" --rate $((${rate%.*} / 2)) --quantiles)
	echo "at half of that, an open loop (requests/s, p50, p99, max us): $out"
	for kind in heads bodies; do
		out=$("$bench/bench_serve" "$1/healthz" "$seconds" "" --slow-$kind 2000 --quantiles)
		echo "a new client beside 2000 slow $kind (requests/s, p50, p99, max us): $out"
	done
}

wait_for() { # URL
	for _ in $(seq 100); do
		curl -sf "$1" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	return 1
}

"$binnacle" init >/dev/null && "$binnacle" data generate jobs --rows 2000 -q >/dev/null &&
	"$binnacle" run start --trainer ridge --data jobs --target node_power_consumption \
		--features "$features" --name r --wait -q >/dev/null || exit 1
for mode in "" --no-log; do
	"$binnacle" serve r --port 0 --no-token --json $mode >serve.json 2>serve.err &
	pids+=($!)
	for _ in $(seq 100); do
		url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' serve.json)
		[ -n "$url" ] && break
		sleep 0.1
	done
	rate=$(load "$url/predict")
	echo "binnacle serve ${mode:-(predictions logged)}: $rate requests/s"
	[ -z "$mode" ] && logged=$rate
	[ -n "$mode" ] && tail_of "$url"
	kill -TERM "${pids[-1]}"
	wait "${pids[-1]}"
done
ours=$logged
peer=
if "$python" -c 'import fastapi, uvicorn, numpy' 2>/dev/null; then
	port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	(cd "$here/peers" && exec "$python" -m uvicorn serve_fastapi:app --port "$port" --log-level error) &
	pids+=($!)
	wait_for "http://127.0.0.1:$port/ping" && peer=$(load "http://127.0.0.1:$port/predict")
	echo "FastAPI + uvicorn, numpy dot product: $peer requests/s"
else
	echo "no fastapi for $python"
fi
inverse() { [ -n "$1" ] && awk -v x="$1" 'BEGIN {printf "%.4g", 1 / x}' || echo null; }
printf '{"area": "serve", "what": "POST /predict, 8 inputs, logged", "ours_s": %s, "peer": "FastAPI+uvicorn", "peer_s": %s, "note": "%s against %s requests/s"}\n' \
	"$(inverse "$ours")" "$(inverse "$peer")" "$ours" "${peer:--}"

"$bench/bench_drift" 1000000 "$work/a" "$work/b" >drift.txt || exit 1
cat drift.txt
while read -r test ms; do
	theirs=$("$python" "$here/peers/drift_scipy.py" "$test" "$work/a" "$work/b" 2>/dev/null)
	printf '{"area": "drift", "what": "%s, 1M x 1M rows", "ours_s": %s, "peer": "SciPy/Evidently", "peer_s": %s}\n' \
		"$test" "$(awk -v x="$ms" 'BEGIN {print x / 1000}')" "${theirs:-null}"
done <drift.txt
