#!/bin/bash
# A large workspace: N runs of 50 metrics of 1 000 steps through the log, and ten series of a million points. The time to
# write and to fold, the bytes of log and index for each point, the pages of the workbench, a comparison of 100 runs,
# charts, files for each run, and the metadata calls of a program that opens it. The full size is BENCH_SCALE_RUNS=100000,
# with 17 GB of disk.
set -u
n=${BENCH_SCALE_RUNS:-10000} points=${BENCH_SCALE_POINTS:-1000000}
dir=$(mktemp -d "${BENCH_SCALE_DIR:-${TMPDIR:-/var/tmp}}/scale-XXXXXX")
trap 'rm -rf "$dir"' EXIT
bench=$BUILD/bench/bench_scale
line() { printf '{"area":"scale","what":"%s","ours_s":%s,"note":"%s"}\n' "$1" "$2" "$3"; }
bytes() { find "$1" -type f -printf '%s\n' | awk '{s += $1} END {print s}'; }
timed() { # WHAT NOTE COMMAND...
	local what=$1 note=$2 t0=$EPOCHREALTIME t1
	shift 2
	"$@" || exit 1
	t1=$EPOCHREALTIME
	line "$what" "$(awk "BEGIN{print (${t1/./} - ${t0/./}) / 1e6}")" "$note"
}
export BINNACLE_INDEX=$dir/index
timed "write" "$n runs of 50 x 1000 points, durable" "$bench" write "$dir/ws" "$n"
"$bench" fold "$dir/ws" || exit 1
log=$(bytes "$dir/ws/.binnacle/log") index=$(bytes "$dir/index")
line "bytes for each point" null "$(awk "BEGIN{printf \"log %.2f, index %.2f\", $log / ($n * 50000), $index / ($n * 50000)}")"
line "files for each run" null "$(find "$dir/ws/.binnacle" -type f | wc -l | awk "{printf \"%.2f\", \$1 / $n}")"
"$bench" one "$dir/ws"
"$bench" look "$dir/ws"
if strace -V >/dev/null 2>&1; then
	calls=$(cd "$dir/ws" && strace -f -c -e trace=%file,getdents64 -o "$dir/calls" "$BINNACLE" run ls -n 50 >/dev/null 2>&1
		awk '$NF == "total" {print $(NF - 2) ~ /^[0-9]+$/ ? $(NF - 2) : $4}' "$dir/calls")
	line "metadata calls of run ls" null "${calls:-unknown}, those of the dynamic linker included"
fi
export BINNACLE_INDEX=$dir/index-series
timed "write series" "10 x $points points, durable" "$bench" series "$dir/series" 10 "$points"
"$bench" fold "$dir/series"
"$bench" charts "$dir/series" 10
