#!/bin/bash
# Compares two builds on this machine: tests/bench/pairs.sh OLD_BUILD_DIR [WORKLOAD...]. OLD_BUILD_DIR contains
# `binnacle` and `libbinnacle.so.0` of the other version. Each workload runs in PAIRS (9) interleaved pairs, old first
# in one and new first in the next; medians are compared. Then each runs once more on a smaller input with one thread,
# and its user-mode instructions are counted, by perf if possible, else by valgrind, since they are free of noise.
# Prints a table, and writes JSON lines to BUILD/pairs.json. Timings never fail. Sizes: ROWS RUNS LOG_CALLS
# SECONDS_SERVE; COUNT=no skips the counting, PAIRS=0 the timing.
set -u
old_dir=$(realpath "${1:?the build directory of the other version}")
shift
build=${BUILD:-build}
new_dir=$(realpath "$build")
pairs=${PAIRS:-9} rows=${ROWS:-100000} runs=${RUNS:-2000} calls=${LOG_CALLS:-100} serve_s=${SECONDS_SERVE:-2}
make -s "$build/bench/bench_api" "$build/bench/bench_serve" >&2 || exit 1
bench=$new_dir/bench
work=$(mktemp -d)
servers=()
trap 'for p in "${servers[@]}"; do kill "$p" 2>/dev/null; done; rm -rf "$work"' EXIT
out=$new_dir/pairs.json
: >"$out"
export LC_ALL=C OPENBLAS_NUM_THREADS=1
unset BINNACLE_HOME BINNACLE_RUN_ID
counter=none
if [ "${COUNT:-yes}" = no ]; then
	:
elif perf stat -x, -e instructions:u true 2>&1 | grep -qE '^[0-9]+,'; then
	counter=perf
elif command -v valgrind >/dev/null; then
	counter=valgrind
fi

# ---- one side: its program, its workspaces, its directories -------------------------------------

side() { # old|new: selects the `b`, $here and $lib of that side
	local dir=$old_dir
	[ "$1" = new ] && dir=$new_dir
	program=$dir/binnacle lib=$dir/libbinnacle.so.0 here=$work/$1
	export HOME=$here XDG_STATE_HOME=$here/state XDG_CONFIG_HOME=$here/config BINNACLE_HEARTBEAT=1s
}
run=() # prefix of a counted command
b() { "${run[@]}" "$program" -C "$here/ws" "$@"; }

prepare() {
	mkdir -p "$here" && "$program" init "$here/ws" && "$program" init "$here/runs" && "$program" init "$here/few" &&
		b data add small "$work/small.csv" &&
		b run start --trainer ridge --data small --target node_power_consumption \
			--features "$features" --name r --wait &&
		b run start --name log --wait -- true && b model register r --name m &&
		"$bench/bench_api" "$lib" "$here/runs" "$runs" 20 1 && "$bench/bench_api" "$lib" "$here/few" 100 20 1 &&
		b run ls && "$program" -C "$here/runs" run ls && "$program" -C "$here/few" run ls
} >/dev/null

# ---- workloads: w_NAME N, where N is unique within a side ------------------------------------------

w_data_add() { b data add "t$1" "$work/$size.csv" -q; }
w_run_start() { b run start --trainer ridge --data small --target node_power_consumption --features "$features" --wait -q; }
w_log_metric() { for ((k = 0; k < calls; k++)); do b log metric loss=0.5 --step $((1000 * $1 + k)) --run log -q; done; }
w_log_library() { "${run[@]}" "$bench/bench_api" "$lib" "$here/ws" 1 10 1000; }
w_index_rebuild() { "${run[@]}" "$program" -C "$here/$many" index rebuild -q; }
w_run_ls() { "${run[@]}" "$program" -C "$here/$many" run ls -n 50 --sort -metrics.m3 --json; }
w_model_show() { b model show m/1 --json; }
w_predict() { b predict m/1 "$work/$size.csv" --out "$here/answers.csv" -q; }
w_help() { for k in 1 2 3 4 5 6 7 8 9 10; do "${run[@]}" "$program" --help; done; }
w_serve() { # prints requests per second on the other descriptor
	"$bench/bench_serve" "${urls[$1]}/predict" "$serve_s" "$row"
}
all=(data_add run_start log_metric log_library index_rebuild run_ls model_show predict serve help)
declare -A about=([data_add]="data add of a CSV, $rows rows" [run_start]="run start ridge --wait, 500 rows"
	[log_metric]="log metric, $calls times" [log_library]="10 000 points by the library"
	[index_rebuild]="index rebuild, $runs runs of 20" [run_ls]="run ls -n 50 by a metric, $runs runs"
	[model_show]="model show" [predict]="predict a CSV, $rows rows" [serve]="POST /predict, a request"
	[help]="--help, 10 times")

# ---- measuring ------------------------------------------------------------------------------------

n=0 size=large many=runs
declare -A times count
timed() { # SIDE WORKLOAD: adds its seconds
	side "$1"
	n=$((n + 1))
	local t0=$EPOCHREALTIME t1
	"w_$2" $n >"$here/out" 2>"$here/err" || { echo "$1 $2 failed: $(head -c 300 "$here/err")" >&2; exit 1; }
	t1=$EPOCHREALTIME
	times[$1]+="$(awk "BEGIN {print $t1 - $t0}")"$'\n'
}
timed_serve() { # SIDE: adds seconds a request
	side "$1"
	times[$1]+="$(w_serve "$1" | awk '{print ($1 > 0 ? 1 / $1 : 0)}')"$'\n'
}
start_server() { # SIDE
	side "$1"
	"$program" -C "$here/ws" serve m/1 --port 0 --no-token --no-log --threads 2 --json >"$here/serve.json" \
		2>"$here/serve.err" &
	servers+=($!)
	urls[$1]=
	for _ in $(seq 300); do
		urls[$1]=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' "$here/serve.json" 2>/dev/null)
		[ -n "${urls[$1]}" ] && return
		sleep 0.1
	done
	echo "serve: $(cat "$here/serve.err")" >&2
	exit 1
}
stop_servers() {
	for p in "${servers[@]}"; do kill -TERM "$p" && wait "$p"; done
	servers=()
}
median() { sort -g | awk 'NF {v[n++] = $1} END {print n % 2 ? v[(n - 1) / 2] : (v[n / 2 - 1] + v[n / 2]) / 2}'; }

counted() { # SIDE WORKLOAD: the number of its user-mode instructions, on the small input
	side "$1"
	n=$((n + 1))
	local size=small many=few calls=3 log=$here/count
	export OMP_NUM_THREADS=1
	rm -f "$log".*
	case $counter in
	perf) run=(perf stat -x, -e instructions:u --append -o "$log.0") ;;
	valgrind) run=(valgrind --tool=callgrind --trace-children=yes --callgrind-out-file=/dev/null --log-file="$log.%p") ;;
	esac
	"w_$2" $n >"$here/out" 2>"$here/err"
	run=()
	unset OMP_NUM_THREADS
	sleep 0.2 # time itself: the end of a supervisor after its command cannot be observed here
	cat "$log".* 2>/dev/null | awk '/Collected/ {s += $NF} /instructions/ {split($0, f, ","); s += f[1]} END {printf "%d", s}'
}

# ---- go -------------------------------------------------------------------------------------------

features=num_nodes_req,num_cores_req,num_gpus_req,mem_req,time_limit,num_tasks,cores_per_task,priority
row='{"num_nodes_req":2,"num_cores_req":64,"num_gpus_req":2,"mem_req":198,"time_limit":1440,"num_tasks":2,"cores_per_task":32,"priority":164447}'
declare -A urls
side new
mkdir -p "$work/gen" "$here" && "$program" init "$work/gen" >/dev/null || exit 1
for s in "large $rows" "small 500"; do
	"$program" -C "$work/gen" data generate "${s% *}" --rows "${s#* }" -q >/dev/null &&
		"$program" -C "$work/gen" data export "${s% *}" "$work/${s% *}.csv" -q || exit 1
done
for s in old new; do side $s && prepare 2>"$work/err" || { cat "$work/err" >&2; exit 1; }; done
[ $# -gt 0 ] && all=("$@")
printf '%-38s %10s %10s %7s %13s\n' "medians of $pairs pairs" before after ratio instructions
for w in "${all[@]}"; do
	times=([old]= [new]=) count=([old]=0 [new]=0)
	timer="timed"
	if [ "$pairs" = 0 ]; then
		:
	elif [ "$w" = serve ]; then
		start_server old && start_server new
		timer=timed_serve
	else
		for s in old new; do timed $s "$w"; done # warm
		times=([old]= [new]=)
	fi
	for ((i = 0; i < pairs; i++)); do
		for s in $([ $((i % 2)) = 0 ] && echo old new || echo new old); do $timer $s "$w"; done
	done
	stop_servers
	if [ "$w" != serve ] && [ $counter != none ]; then
		for s in old new; do count[$s]=$(counted $s "$w"); done
	fi
	before=$(median <<<"${times[old]}") after=$(median <<<"${times[new]}")
	awk -v what="${about[$w]}" -v b="$before" -v a="$after" -v cb="${count[old]}" -v ca="${count[new]}" -v by="$counter" -v out="$out" 'BEGIN {
		printf "%-38s %8.3g s %8.3g s %7.2f %13s\n", what, b, a, b ? a / b : 0, cb ? sprintf("%.3f", ca / cb) : "-"
		printf "{\"area\": \"pairs\", \"what\": \"%s\", \"before_s\": %.6g, \"after_s\": %.6g, \"instructions_before\": %s, \"instructions_after\": %s, \"counted_by\": \"%s\"}\n",
			what, b, a, cb ? cb : "null", ca ? ca : "null", by >>out }'
done
echo "below 1: the new one is faster or does less; instructions counted by $counter (one thread, small input)"
