#!/bin/bash
# Checks that the tables of attacks name existing tests, numbered without gaps, and that every test in a file
# of attacks is in them.
#   tests/lint/attacks.sh
set -u
cd "$(dirname "$0")/../.." || exit 2
bad=0
complain() { echo "$table: $*"; bad=1; }
# Whether script $1 has test $2, by its own output or that of a helper function.
says() { grep -qF -e "ok $2" -e "untouched \"$2\"" -e "during \"$2\"" -e "check \"$2\"" "$1"; }
is_there() { # FILE NAME
	if [ -f "$1.c" ]; then
		grep -qE "START_TEST\($2(##[a-z]+)?\)|^SWAP\(${2#test_swap_}," "$1.c"
	else
		says "$1.sh" "$2"
	fi
}
rows() { # TABLE LEAST
	local line test file name n=0
	table=$1
	while IFS= read -r line; do
		case $line in '' | '#'*) continue ;; esac
		[ "$(awk -F' [|] ' '{ print NF }' <<<"$line")" = 6 ] || { complain "not six columns: $line"; continue; }
		n=$((n + 1))
		[ "${line%% *}" = $n ] || complain "row $n is numbered ${line%% *}"
		test=${line##* | }
		file=tests/${test%% *} name=${test#* }
		if [ ! -f "$file.c" ] && [ ! -f "$file.sh" ]; then
			complain "row $n: there is no $file"
		else
			is_there "$file" "$name" || complain "row $n: $file has no '$name'"
		fi
	done <"$table"
	[ $n -ge "$2" ] || complain "has $n rows; $2 are promised"
	total="${total:+$total, }$n in ${table##*/}"
}
named() { grep -qF -- "| $1" "$table" || complain "${1%% *}: '${1#* }' is in no row"; } # FILE NAME
rows tests/attacks/table.txt 80
for file in tests/*/*/test_attacks*.c; do
	[ -f "$file" ] || continue
	while read -r name; do
		file=${file#tests/}
		named "${file%.c} $name"
	done < <(sed -nE 's/^START_TEST\((test_[a-z0-9_]*)\).*/\1/p' "$file")
done
rows tests/attacks/files.txt 40
while read -r name; do
	named "core/store/test_swapped test_swap_$name"
done < <(sed -nE 's/^SWAP\(([a-z0-9_]*),.*/\1/p' tests/core/store/test_swapped.c)
while read -r name; do
	named "cli/file_attacks $name"
done < <(sed -nE 's/^(untouched|during|echo) "(ok )?([^$"]*)".*/\3/p' tests/cli/file_attacks.sh)
[ $bad = 0 ] || exit 1
echo "attacks: $total, each a test"
