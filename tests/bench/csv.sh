#!/bin/bash
# CSV ingestion next to pandas, pyarrow, polars and DuckDB on one generated file, in one run. BENCH_CSV_ROWS=3000000
# (about 0.85 GB); BENCH_DIR is the directory of the files. Each figure is the best of BENCH_REPEATS=3 with the file in
# the page cache.
set -u
python=${PYTHON:-.venv/bin/python}
make -s "$BUILD/bench/bench_csv" >&2 || exit 1
bench=$BUILD/bench/bench_csv
rows=${BENCH_CSV_ROWS:-3000000} repeats=${BENCH_REPEATS:-3}
dir=$(mktemp -d -p "${BENCH_DIR:-${TMPDIR:-/tmp}}")
trap 'rm -rf "$dir"' EXIT
file=$dir/bench.csv
"$bench" generate "$file" "$rows" || exit 1
mb=$(($(stat -c %s "$file") / 1000000))

best() { # COMMAND...: the run with the fewest seconds
	local i
	for ((i = 0; i < repeats; i++)); do "$@" 2>"$dir/err" || return 1; done | sort -t: -k2 -g | head -1
}

field() { sed -E "s/.*\"$1\": \"?([^\",}]*).*/\1/" <<<"$2"; }

compare() { # WHAT OURS PEER COMMAND...
	local what=$1 ours=$2 peer=$3 theirs
	shift 3
	theirs=$(best "$@") && [ -n "$theirs" ] || {
		echo "$peer: $(tail -1 "$dir/err")"
		return
	}
	printf '{"area": "data", "what": "%s", "ours_s": %s, "peer": "%s", "peer_s": %s, "note": "%s MB, peak memory %s MB, theirs %s MB"}\n' \
		"$what" "$(field seconds "$ours")" "$peer" "$(field seconds "$theirs")" "$mb" \
		"$(field rss_mb "$ours")" "$(field rss_mb "$theirs")"
}

parse=$(best "$bench" parse "$file")
ingest=$(best "$bench" ingest "$file" "$dir/ours.arrow")
echo "parse  $parse"
echo "ingest $ingest"
for peer in pandas pyarrow polars duckdb; do
	"$python" -c "import $peer" 2>/dev/null || {
		echo "no $peer for $python"
		continue
	}
	compare "CSV to typed columns" "$parse" "$peer" \
		"$python" tests/bench/peers/csv_pandas.py "$peer" "$file"
	[ "$peer" = duckdb ] && continue
	compare "CSV to durable Arrow file" "$ingest" "$peer to_arrow" \
		"$python" tests/bench/peers/csv_pandas.py "$peer" "$file" "$dir/peer.arrow"
done
