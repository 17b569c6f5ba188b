#!/bin/bash
# The table of attacks names tests that exist, in order and without gaps, and every test of an attack that
# has no other home is in it.
#   tests/lint/attacks.sh
set -u
cd "$(dirname "$0")/../.." || exit 2
table=tests/attacks/table.txt
bad=0 n=0
complain() { echo "$table: $*"; bad=1; }
while IFS= read -r line; do
	case $line in '' | '#'*) continue ;; esac
	[ "$(awk -F' [|] ' '{ print NF }' <<<"$line")" = 6 ] || { complain "not six columns: $line"; continue; }
	n=$((n + 1))
	[ "${line%% *}" = $n ] || complain "row $n is numbered ${line%% *}"
	test=${line##* | }
	file=tests/${test%% *} name=${test#* }
	if [ -f "$file.c" ]; then
		grep -qE "START_TEST\($name(##[a-z]+)?\)" "$file.c" || complain "row $n: $file.c has no $name"
	elif [ -f "$file.sh" ]; then
		grep -qF "ok $name" "$file.sh" || complain "row $n: $file.sh does not say 'ok $name'"
	else
		complain "row $n: there is no $file"
	fi
done <$table
for file in tests/*/*/test_attacks*.c; do
	[ -f "$file" ] || continue
	while read -r name; do
		grep -qF "${file#tests/} $name" <(sed 's/ | \([^| ]*\) test_/ | \1.c test_/' $table) ||
			complain "$file: $name is in no row"
	done < <(sed -nE 's/^START_TEST\((test_[a-z0-9_]*)\).*/\1/p' "$file")
done
[ $n -ge 80 ] || complain "has $n rows; 80 are promised"
[ $bad = 0 ] || exit 1
echo "attacks: $n rows, each a test"
