#!/bin/bash
# The local queue: the cost of queueing a run, and the overhead of a queued run.
set -u
n=${BENCH_QUEUED:-3000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export BINNACLE_INDEX=$dir/index
mkdir "$dir/ws"
"$BUILD/bench/bench_queue" "$dir/ws" "$BINNACLE" "$n" 8 2
