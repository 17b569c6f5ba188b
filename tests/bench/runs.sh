#!/bin/bash
# The index of runs: N runs of 20 metrics through the log; the time of a fold, the size of the index
# next to that of the log, and the time of commands and of pages in the workbench.
set -u
n=${BENCH_RUNS:-100000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export BINNACLE_INDEX=$dir/index
line() { printf '{"area":"runs","what":"%s","ours_s":%s,"note":"%s"}\n' "$1" "$2" "$3"; }
bytes() { find "$1" -type f -printf '%s\n' | awk '{s += $1} END {print s}'; }
"$BUILD/bench/bench_runs" write "$dir/ws" "$n" || exit 1
"$BUILD/bench/bench_runs" fold "$dir/ws"
log=$(bytes "$dir/ws/.binnacle/log")
index=$(bytes "$BINNACLE_INDEX")
line "index beside the log" null "$n runs: $((log / n)) and $((index / n)) bytes a run, $(awk "BEGIN{printf \"%.2f\", $index / $log}") x"
"$BUILD/bench/bench_runs" look "$dir/ws"
ls_once() {
	local t0=$EPOCHREALTIME
	(cd "$dir/ws" && "$BINNACLE" run ls -n 50 --sort -metrics.test_rmse --json >/dev/null)
	local t1=$EPOCHREALTIME
	echo $((${t1/./} - ${t0/./}))
}
us=$(for i in 1 2 3 4 5 6 7; do ls_once; done | sort -n | sed -n 4p)
line "run ls -n 50 by a metric, the process" "$(awk "BEGIN{print $us / 1e6}")" "$n runs, warm"
