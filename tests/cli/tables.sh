#!/bin/bash
# Lists on a terminal fit its width: commands are shortened before names, ids and heads never, and what is left out is
# reported. Without a terminal a long command does not widen every row. Absent numbers are not shown as values.
set -u
. tests/support/shell.sh || exit 2
export LC_ALL=C.UTF-8
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init
long=$(printf 'x%.0s' {1..700})
expect 0 "a run with a long command" "$B" run start --wait --name run-with-a-name -- \
	sh -c "$B log metric loss=0.5; $B log metric loss=nan; $B log metric acc=inf; : $long"
expect 0 "another" "$B" run start --wait --name short -- true

expect 0 "run show" "$B" run show run-with-a-name
grep -qE '^ +loss +nan +0\.50000 +0\.50000 +2$' <<<"$out" || fail "a loss that is nan"
grep -qE '^ +acc +inf +inf +inf +1$' <<<"$out" || fail "a metric that is inf"
expect 0 "run show --json" "$B" run show run-with-a-name --json
says '"last": "nan"'

"$B" run ls >piped || fail "run ls"
awk 'length($0) > 200 { exit 1 }' piped || fail "off a terminal a row is bounded"
grep -q 'run-with-a-name' piped || fail "off a terminal names are whole"
if ! command -v script >/dev/null; then
	echo "SKIP: lists on a terminal: script is not installed"
	exit 0
fi
script -qc "stty cols 80; $B run ls --no-color --columns 'last(loss)'" /dev/null </dev/null |
	tr -d '\r' >seen
awk 'length($0) > 80 { exit 1 }' seen || fail "a row is wider than the terminal"
grep -q 'run-with-a-name' seen || fail "names are cut before commands"
grep -q 'no room for: EXPERIMENT' seen || fail "what is left out is not said"
grep -q 'RUN .*NAME .*STATUS .*RUNS .*last(loss)' seen || fail "a head is cut"
