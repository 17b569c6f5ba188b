#!/bin/bash
# The event log next to SQLite as a log, on the disk of $TMPDIR.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$BUILD/bench/bench_store" "$dir"
