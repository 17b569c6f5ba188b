#!/bin/bash
# The local queue: what queueing a run costs, and what a queued run costs beside what it does.
set -u
n=${BENCH_QUEUED:-3000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export BINNACLE_INDEX=$dir/index
mkdir "$dir/ws"
"$BUILD/bench/bench_queue" "$dir/ws" "$BINNACLE" "$n" 8 2
