#!/bin/bash
# Parquet files that binnacle writes, read by pyarrow, polars and DuckDB: see parquet.py.
set -u
python=${PYTHON:-.venv/bin/python}
for module in pyarrow polars duckdb; do
	if ! "$python" -c "import $module" 2>/dev/null; then
		echo "SKIP: Parquet files against others: no $module for $python"
		exit 0
	fi
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
exec "$python" "$(dirname "$0")/parquet.py" "$BINNACLE" "$dir"
