#!/bin/bash
# Checks that every row of docs/requirements.md names an existing command, screen and tests, and every row of the rules
# in docs/workbench.md existing tests. Commands are looked up in the tables of verbs (tui/cli/cmd_*.c), screens among
# the golden ones, test functions in the file named before them. A screen may be "-".
set -u
cd "$(dirname "$0")/../.." || exit 2
doc=docs/requirements.md
bad=0 rows=0
fail() { echo "$doc: row '$row': $*"; bad=1; }
quoted() { grep -oE '`[^`]+`' <<<"$1" | tr -d '`'; }

check_command() { # WORDS
	local noun verb
	read -r _ noun verb _ <<<"$1"
	if [ -n "$verb" ]; then
		grep -qE "^\s*\{\"$noun\", \"$verb\"," tui/cli/cmd_*.c || fail "no command '$1'"
	else
		grep -qE "^\s*\{\"$noun\", NULL," tui/cli/cmd_*.c || fail "no command '$1'"
	fi
}

check_tests() { # CELL
	local file= functions=0 name
	while IFS= read -r name; do
		case $name in
		tests/*)
			[ -z "$file" ] || [ "${file##*.}" = sh ] || [ $functions -gt 0 ] || fail "no test of $file is named"
			file=$name functions=0
			[ -f "$file" ] || fail "no file $file"
			;;
		test_*)
			functions=$((functions + 1))
			[ -f "$file" ] && ! grep -q "START_TEST($name)" "$file" && fail "no $name in $file"
			;;
		*) fail "'$name' is no test" ;;
		esac
	done < <(quoted "$1")
	[ -n "$file" ] || fail "no test"
	[ "${file##*.}" = sh ] || [ $functions -gt 0 ] || fail "no test of $file is named"
}

while IFS='|' read -r _ row how command screen tests end; do
	row=${row# } row=${row% }
	rows=$((rows + 1))
	[ -n "${how// /}" ] || fail "how it is met is empty"
	[ -z "$end" ] || fail "more than five cells"
	[ -n "$(quoted "$command")" ] || fail "no command"
	while IFS= read -r words; do check_command "$words"; done < <(quoted "$command")
	if [ "$screen" != " - " ]; then
		name=$(quoted "$screen")
		ls tests/tui/views/*/golden/"$name-80x24-utf8.screen" tests/golden/"$name-80x24-utf8.screen" 2>/dev/null |
			grep -q . || fail "no golden screen '$name'"
	fi
	check_tests "$tests"
done < <(sed '/^## Not yet/,$d' "$doc" | grep '^|' | grep -vE '^\| asked|^\|--')
[ $rows -ge 30 ] || { echo "$doc: only $rows rows were read"; bad=1; }
[ $bad = 0 ] && echo "requirements: $rows rows, every command, screen and test in them exists"

# Rules of screens: only the tests
doc=docs/workbench.md rows=0
while IFS='|' read -r _ row tests end; do
	row=${row# } row=${row% }
	rows=$((rows + 1))
	[ -z "$end" ] || fail "more than two cells"
	check_tests "$tests"
done < <(sed -n '/^## Rules/,/^## Implementation/p' "$doc" | grep '^|' | grep -vE '^\| rule|^\|--')
[ $rows -ge 20 ] || { echo "$doc: only $rows rules were read"; bad=1; }
[ $bad = 0 ] && echo "rules: $rows, every test of them exists"
exit $bad
