#!/bin/bash
# Runs the test binaries under BUILD/tests and the scripts tests/cli/*.sh, and prints the totals.
#   tests/run.sh BUILD [PATTERN...]     a pattern is a part of a test's path, such as core/store
# With more than one processor, and without patterns, the engine's suites run beside those of the program
# (BINNACLE_LANES=1: one after the other). A test prints what it could not do in a line that starts with "SKIP: ";
# these lines are listed at the end.
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
logs=${LOGS:-$build/test-logs}
rm -rf "$logs"
mkdir -p "$logs"
lanes=1
[ $# -eq 0 ] && [ "$(nproc)" -gt 1 ] && lanes=2
lanes=${BINNACLE_LANES:-$lanes}

wanted() {
	[ $# -eq 1 ] && return 0
	local t=$1 p
	shift
	for p in "$@"; do [[ $t == *"$p"* ]] && return 0; done
	return 1
}

# Prints the result in one piece, and appends "name<TAB>ok|FAIL<TAB>checks" to RESULTS.
run_one() { # RESULTS NAME COMMAND...
	local results=$1 name=$2 n said log=$logs/${2//\//_}.log start=$SECONDS
	shift 2
	if "$@" >"$log" 2>&1 </dev/null; then
		n=$(awk '/Checks: / { sub(/.*Checks: /, ""); s += $1 } END { if (s) print s }' "$log")
		[ -n "$n" ] || n=$(grep -c '^ok ' "$log")
		printf -v said '  ok    %-44s %4s checks  %3ss\n' "$name" "$n" $((SECONDS - start))
		said+=$(grep '^NOTE: ' "$log" | sed 's/^NOTE: /        /')
		printf '%s\n' "${said%$'\n'}"
		printf '%s\tok\t%s\n' "$name" "$n" >>"$results"
	else
		printf '  FAIL  %-44s (log: %s)\n%s\n' "$name" "$log" "$(grep -vE '^(ok |SKIP: |NOTE: )' "$log" | tail -n 25 | sed 's/^/        /')"
		printf '%s\tFAIL\t0\n' "$name" >>"$results"
	fi
}

suites_of_engine() {
	find "$build/tests" -type f -name 'test_*' -perm -u+x -not -path "$build/tests/tui/*" 2>/dev/null | sort
}
suites_of_program() {
	find "$build/tests/tui" -type f -name 'test_*' -perm -u+x 2>/dev/null | sort
	ls tests/cli/*.sh 2>/dev/null
}

run_lane() { # RESULTS PATTERN...; the suites on stdin
	local results=$1 suite name
	shift
	: >"$results"
	while IFS= read -r suite <&3; do
		name=${suite#"$build"/tests/} name=${name#tests/}
		wanted "$name" "$@" || continue
		case $suite in
		*.sh) run_one "$results" "$name" bash "$suite" ;;
		*) run_one "$results" "$name" "$suite" ;;
		esac
	done 3<&0
}

if [ "$lanes" -gt 1 ]; then
	suites_of_engine | run_lane "$logs/engine" "$@" &
	suites_of_program | run_lane "$logs/program" "$@"
	wait
else
	{ suites_of_engine && suites_of_program; } | run_lane "$logs/engine" "$@"
	: >"$logs/program"
fi

echo
suites=0 checks=0 skips=0 failed=()
while IFS=$'\t' read -r name verdict n; do
	suites=$((suites + 1)) checks=$((checks + n))
	[ "$verdict" = ok ] || failed+=("$name")
	while IFS= read -r line; do
		echo "skipped: $name: ${line#SKIP: }"
		skips=$((skips + 1))
	done < <(grep '^SKIP: ' "$logs/${name//\//_}.log")
done < <(cat "$logs/engine" "$logs/program")
if [ ${#failed[@]} -gt 0 ]; then
	echo "FAILED: $suites suites, $checks checks passed, ${#failed[@]} suites failed: ${failed[*]}"
	exit 1
fi
echo "PASSED: $suites suites, $checks checks, 0 failures, $skips skipped"
