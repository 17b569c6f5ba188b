#!/bin/bash
# Runs every fuzz target of FOLDER for SECONDS each, starting from its corpus.
set -u
folder=$1 seconds=$2 bad=0
[ -n "$(ls "$folder" 2>/dev/null)" ] || { echo "no fuzz targets built (clang is needed)"; exit 0; }
for target in "$folder"/fuzz_*; do
	[ -x "$target" ] && [ -f "$target" ] || continue
	name=$(basename "$target")
	work=$(mktemp -d)
	corpus=tests/fuzz/corpus/${name#fuzz_}
	log=$work/log
	mkdir -p "$work/corpus"
	if "$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$folder/" "$work/corpus" $([ -d "$corpus" ] && echo "$corpus") \
		>"$log" 2>&1; then
		printf '  ok    %-20s %ss, %s inputs\n' "$name" "$seconds" \
			"$(awk '/number_of_executed_units/ {print $2}' "$log")"
	else
		printf '  FAIL  %s\n' "$name"
		tail -n 40 "$log"
		bad=1
	fi
	rm -rf "$work"
done
exit $bad
