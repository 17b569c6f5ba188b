#!/bin/bash
# `binnacle server` beside `mlflow server` on SQLite, in turns in one run: log_metric, log_batch, 16 clients, a search over
# BENCH_RUNS runs, a history of BENCH_POINTS points, start-up, memory. Both are asked by the same plain client with kept
# connections (bench_mlflow), then by MLflow's own client. MLflow has its defaults (four worker processes).
set -u
binnacle=${BINNACLE:-$PWD/build/binnacle}
venv=$PWD/.venv/mlflow3
here=$PWD/tests/bench
runs=${BENCH_RUNS:-10000} points=${BENCH_POINTS:-1000000}
TORCH=no bash tests/peers/venv.sh mlflow
[ -x "$venv/bin/mlflow" ] || { echo "SKIP: MLflow 3 is not here"; exit 0; }
make -s "$BUILD/bench/bench_mlflow" >&2 || exit 1
bench=$PWD/$BUILD/bench/bench_mlflow
work=$(mktemp -d)
pids=()
stop() { for p in "${pids[@]}"; do kill "$p" 2>/dev/null && wait "$p" 2>/dev/null; done; pids=(); }
trap 'stop; chmod -R u+w "$work"; rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config DO_NOT_TRACK=true MLFLOW_DISABLE_TELEMETRY=true
unset BINNACLE_HOME BINNACLE_TOKEN
cd "$work" || exit 1
# Both at once, so that they differ.
read -r our_port their_port < <("$venv/bin/python" -c 'import socket
a, b = socket.socket(), socket.socket()
a.bind(("127.0.0.1", 0)); b.bind(("127.0.0.1", 0))
print(a.getsockname()[1], b.getsockname()[1])')
name="mlflow $("$venv/bin/python" -c 'import mlflow; print(mlflow.__version__)')"
ours() { exec "$binnacle" server --port "$our_port" --no-auth; }
theirs() { exec "$venv/bin/mlflow" server --port "$their_port" --backend-store-uri "sqlite:///$work/mlflow.db" \
	--artifacts-destination "$work/artifacts"; }
wait_for() { # PORT
	for _ in $(seq 600); do
		curl -sf "http://127.0.0.1:$1/health" >/dev/null 2>&1 && return 0
		sleep 0.2
	done
	return 1
}
start_both() {
	(ours) >"$work/ours.log" 2>&1 &
	pids+=($!)
	(theirs) >"$work/theirs.log" 2>&1 &
	pids+=($!)
	wait_for "$our_port" && wait_for "$their_port"
}
pss_of() { # PID: kB of the process and all below it, shared pages counted once
	local all=$1 next=$1 sum=0
	while [ -n "$next" ]; do
		next=$(for p in $next; do cat "/proc/$p/task/"*/children 2>/dev/null; done)
		all="$all $next"
	done
	for p in $all; do
		sum=$((sum + $(awk '/^Pss:/ { s += $2 } END { print s + 0 }' "/proc/$p/smaps_rollup" 2>/dev/null)))
	done
	echo $sum
}
line() { # WHAT OURS THEIRS NOTE [UNIT]
	printf '{"area": "mlflow", "what": "%s", "ours_s": %s, "peer": "%s", "peer_s": %s, "note": "%s", "unit": "%s"}\n' \
		"$1" "$2" "$name" "$3" "$4" "${5:-s}"
	echo "$1: $2, $name $3 ($4)"
}

"$binnacle" init >/dev/null || exit 1
# The first start makes MLflow's database, so the second one is measured; both have an empty store.
start_both || { tail -n 3 "$work/theirs.log"; exit 1; }
stop
a=$("$bench" start "$our_port" "$binnacle" server --port "$our_port" --no-auth 2>/dev/null)
b=$("$bench" start "$their_port" "$venv/bin/mlflow" server --port "$their_port" --backend-store-uri \
	"sqlite:///$work/mlflow.db" --artifacts-destination "$work/artifacts" 2>/dev/null)
line "start-up" "$a" "$b" "until /health is answered"
"$venv/bin/python" "$here/peers/mlflow_fill.py" "$work/mlflow.db" "$runs" "$points" || exit 1
start_both || exit 1
pair=("binnacle=http://127.0.0.1:$our_port" "$name=http://127.0.0.1:$their_port")
echo "memory at rest: $(pss_of "${pids[0]}") kB, $name $(pss_of "${pids[1]}") kB"
began=$(date +%s)
"$bench" fill "${pair[0]}" "$runs" "$points" || exit 1
echo "$runs runs and $points points by requests: $(($(date +%s) - began)) s"
for what in log-metric log-batch clients search history; do
	"$bench" $what "${pair[@]}" || echo "bench_mlflow $what failed"
done
line "memory after all" "$(pss_of "${pids[0]}")" "$(pss_of "${pids[1]}")" "PSS of all its processes" kB

# MLflow's own client, whose own work is in both figures.
cat >client.py <<'PY'
import logging, statistics, sys, time
import mlflow
logging.disable(logging.WARNING)
took = []
for url in sys.argv[1:3]:
    client = mlflow.MlflowClient(url)
    run = client.create_run("0").info.run_id
    for i in range(100):
        began = time.perf_counter()
        client.log_metric(run, "m", i, step=i)
        took.append(time.perf_counter() - began) if i >= 20 else None
    print(statistics.median(took))
    took = []
PY
figures=$("$venv/bin/python" client.py "http://127.0.0.1:$our_port" "http://127.0.0.1:$their_port" 2>/dev/null)
line "log_metric p50, Python client" $figures "MLflow's client at both"
exit 0
