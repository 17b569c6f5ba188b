#!/bin/bash
# Real data through the program, from CSV to metrics: they agree with the same scikit-learn model on
# the same rows to 1e-3, in the committed table (tests/reference/real.json) and in a fit made now.
set -u
python=${PYTHON:-.venv/bin/python}
binnacle=${BINNACLE:-$PWD/build/binnacle}
if ! "$python" -c 'import sklearn, pandas' 2>/dev/null; then
	echo "SKIP: metrics against scikit-learn: $python has no scikit-learn and pandas"
	exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
bad=0
fail() {
	echo "FAIL: $*"
	bad=1
}

"$python" tests/reference/real.py export "$work" || exit 1
mkdir "$work/ws" && "$binnacle" -C "$work/ws" init "$work/ws" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
run() { "$binnacle" -C "$work/ws" "$@"; }

for name in cancer diabetes iris wine; do
	for part in train test; do
		run data add "$name-$part" "$work/${name}_$part.csv" --quiet >"$work/log" 2>&1 || {
			fail "data add $name-$part"
			cat "$work/log"
		}
	done
done

while read -r name trainer hyper; do
	task=auto # classes are numbers here, and these trainers do both tasks
	[ "$trainer" = baseline ] && [ "$name" != diabetes ] && task=classification
	if ! run run start --trainer "$trainer" --task "$task" --set "$hyper" --data "$name-train@v1" \
		--data "$name-test@v1:test" --target target --valid 0 --test 0 --wait >"$work/log" 2>&1 ||
		! run run show latest --json >"$work/run.json" 2>>"$work/log"; then
		fail "$name $trainer $hyper"
		cat "$work/log"
		continue
	fi
	case="$name $trainer $hyper"
	"$python" tests/reference/real.py compare "$case" "$work/run.json" tests/reference/real.json || bad=1
	"$python" tests/reference/real.py compare "$case" "$work/run.json" || bad=1
done < <("$python" tests/reference/real.py cases)
exit $bad
