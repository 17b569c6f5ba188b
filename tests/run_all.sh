#!/bin/bash
# What `make check-all` runs in addition to `make check`: tests against real peers. Python peers are
# installed in .venv, which this script creates; a script whose peer is missing prints a "SKIP: "
# line and succeeds.
set -u
build=$1
export BINNACLE=$PWD/$build/binnacle PYTHON=${PYTHON:-$PWD/.venv/bin/python}
bash tests/peers/venv.sh clients || echo "SKIP: python peers: no virtual environment could be made"
bad=0 ran=0
skips=()
for script in tests/peers/*.sh; do
	name=$(basename "$script" .sh)
	[ "$name" = venv ] && continue
	log=$(mktemp)
	ran=$((ran + 1))
	if timeout 1200 bash "$script" >"$log" 2>&1; then
		printf '  ok    peers/%s\n' "$name"
		grep '^NOTE: ' "$log" | sed 's/^NOTE: /        /'
	else
		printf '  FAIL  peers/%s\n' "$name"
		tail -n 30 "$log" | sed 's/^/        /'
		bad=1
	fi
	while IFS= read -r line; do skips+=("peers/$name: ${line#SKIP: }"); done < <(grep '^SKIP: ' "$log")
	rm -f "$log"
done
for s in "${skips[@]}"; do echo "skipped: $s"; done
[ $bad = 0 ] && echo "PASSED: $ran peer scripts, ${#skips[@]} skipped" || echo "FAILED: peer scripts"
exit $bad
