#!/bin/bash
# What a call of the logging client takes, beside a line of text by fprintf.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
unset BINNACLE_HOME BINNACLE_RUN_ID
"$BINNACLE" init "$work/ws" >/dev/null
"$BUILD/bench/bench_api" "$PWD/$BUILD/libbinnacle.so.0" "$work/ws" 10000
