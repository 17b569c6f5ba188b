#!/bin/bash
# Arrow files against pyarrow, both ways, and CSV against pandas: see arrow.py and arrow_types.py.
set -u
python=${PYTHON:-.venv/bin/python}
for module in pyarrow pandas; do
	if ! "$python" -c "import $module" 2>/dev/null; then
		echo "SKIP: arrow files against pyarrow: no $module for $python"
		exit 0
	fi
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$python" "$(dirname "$0")/arrow.py" "$BINNACLE" "$dir" || exit
exec "$python" "$(dirname "$0")/arrow_types.py" "$BINNACLE" "$dir"
