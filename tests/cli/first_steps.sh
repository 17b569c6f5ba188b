#!/bin/bash
# The commands that Overview suggests in an empty workspace work unchanged, one after the other.
set -u
. tests/support/shell.sh || exit 2

# The commands of the screen, in order, as Y copies them; binnacle demo, the last one, has a separate test.
steps() {
	local i
	printf 'g\nY\n:save-screen steps0\n' >keys
	for i in 1 2 3 4; do printf 'j\nY\n:save-screen steps%s\n' $i >>keys; done
	"$B" workbench --script keys --save-dir "$PWD" --size=200x40 --utc || fail "the script"
	grep -q "This workspace is empty: " steps0.screen || fail "it does not say that it is empty"
	shown_command steps[0-4].screen |
		grep -v '^binnacle demo'
}

walk() { # NAME COUNT
	local n=0 line
	steps >commands
	while read -r line; do
		n=$((n + 1))
		eval "${line/#binnacle/\"\$B\"}" >out 2>&1 </dev/null || fail "$1: $line: $(cat out)"
		echo "ok $line"
	done <commands
	check "$1 has its steps" "$2" "$n"
}

mkdir "$dir/none" "$dir/table" && cd "$dir/none" || exit 1
"$B" init -q >/dev/null || fail init
walk "a workspace without a table" 4
cd "$dir/table" || exit 1
"$B" init -q >/dev/null || fail init
{ echo a,b; seq 1 40 | sed 's/.*/&,x&/'; } >weather.csv
walk "a workspace beside a table" 4
expect 0 "the table of that name" "$B" data show weather --json
says '"rows": 40'
exit $bad
