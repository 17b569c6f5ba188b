#!/bin/bash
# Runs the test binaries under BUILD/tests and the scripts tests/cli/*.sh, in order, and prints the totals.
#   tests/run.sh BUILD [PATTERN...]     a pattern is a part of a test's path, such as core/store
# A test prints what it could not do in a line that starts with "SKIP: "; these lines are listed at the end.
set -u
build=$1
shift
export BINNACLE=${BINNACLE:-$PWD/$build/binnacle}
export CK_TIMEOUT_MULTIPLIER=${CK_TIMEOUT_MULTIPLIER:-100}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-atexit_sleep_ms=50}
unset TERM NO_COLOR BINNACLE_HOME
# Scratch directories are in memory if possible: the crash tests sync thousands of times, and their results do not
# depend on the disk.
scratch=
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] &&
	[ "$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)" -gt 1000000 ] 2>/dev/null; then
	scratch=$(mktemp -d /dev/shm/binnacle-check-XXXXXX) && export TMPDIR=$scratch
fi
trap '[ -z "$scratch" ] || rm -rf "$scratch"' EXIT
logs=$build/test-logs
rm -rf "$logs"
mkdir -p "$logs"
suites=0 checks=0 failed=() skips=()

wanted() {
	[ $# -eq 1 ] && return 0
	local t=$1 p
	shift
	for p in "$@"; do [[ $t == *"$p"* ]] && return 0; done
	return 1
}

run_one() { # NAME COMMAND...
	local name=$1 log
	shift
	log=$logs/${name//\//_}.log
	suites=$((suites + 1))
	local start=$SECONDS
	if "$@" >"$log" 2>&1 </dev/null; then
		local n
		n=$(awk '/Checks: / { sub(/.*Checks: /, ""); s += $1 } END { if (s) print s }' "$log")
		[ -n "$n" ] || n=$(grep -c '^ok ' "$log")
		checks=$((checks + n))
		printf '  ok    %-44s %4s checks  %3ss\n' "$name" "$n" $((SECONDS - start))
		grep '^NOTE: ' "$log" | sed 's/^NOTE: /        /'
	else
		failed+=("$name")
		printf '  FAIL  %-44s (log: %s)\n' "$name" "$log"
		grep -vE '^(ok |SKIP: |NOTE: )' "$log" | tail -n 25 | sed 's/^/        /'
	fi
	local line
	while IFS= read -r line; do skips+=("$name: ${line#SKIP: }"); done < <(grep '^SKIP: ' "$log")
}

for bin in $(find "$build/tests" -type f -name 'test_*' -perm -u+x 2>/dev/null | sort); do
	name=${bin#"$build"/tests/}
	wanted "$name" "$@" && run_one "$name" "$bin"
done
for script in tests/cli/*.sh; do
	[ -e "$script" ] || continue
	name=${script#tests/}
	wanted "$name" "$@" && run_one "$name" bash "$script"
done

echo
for s in "${skips[@]}"; do echo "skipped: $s"; done
if [ ${#failed[@]} -gt 0 ]; then
	echo "FAILED: $suites suites, $checks checks passed, ${#failed[@]} suites failed: ${failed[*]}"
	exit 1
fi
echo "PASSED: $suites suites, $checks checks, 0 failures, ${#skips[@]} skipped"
