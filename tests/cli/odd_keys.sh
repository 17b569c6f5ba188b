#!/bin/bash
# Keys with spaces, dots, punctuation and non-ASCII letters, and values with line ends: every screen and table shows
# them, and the notation in which the program prints such a key is accepted as input.
set -u
. tests/support/shell.sh || exit 2
export LC_ALL=C.UTF-8
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init
export B
log_all() { # RUN OFFSET
	expect 0 "a run with such keys" "$B" run start --wait -q --name "$1" --tag "t k=$(printf 'a\nb')" -- sh -ec '
	i='"$2"'
	for k in "val loss" "a.b.c" "näh" "m-inus" "c:d" "null" "test loss" "x - y" "100" "1e5" "desc" "a desc"; do
		i=$((i + 1))
		"$B" log metric "$k=$i"
		"$B" log param "p $k=$i"
	done
	"$B" log param "lines=$(printf "one\ntwo\tthree")"'
}
log_all first 0
log_all second 5

# screen NAME KEYS WANT...: what the screen contains after those keys
screen() {
	local name=$1 keys=$2 want
	shift 2
	printf '%s\n:save-screen seen\n' "$keys" >tour
	expect 0 "the screen $name" "$B" workbench --script tour --size 240x40 --save-dir .
	for want; do
		grep -qF -- "$want" seen.screen || fail "the screen $name does not show '$want': $(head -n 12 seen.screen)"
	done
	grep -qE 'column:|sort:|filter:' seen.screen && fail "the screen $name: $(grep -E 'column:|sort:|filter:' seen.screen)"
}
screen runs 3 'val loss' 'test loss' first second
screen "of a run" '3 Enter' 'val loss'
screen overview '3 1' '2 finished'

# On the command line: sorting, filtering, columns.
expect 0 "sort by such a key" "$B" run ls --sort '-metrics.`val loss`' --tsv
says "$(printf 'second\t')"
[ "$(cut -f2 <<<"$out" | sed -n 2p)" = second ] || fail "sorted by val loss: $out"
for key in '`val loss`' '"x - y"' '`näh`' 'a.b.c' 'm-inus' '`c:d`' 100 1e5 '`a desc`'; do
	expect 0 "sort by metrics.$key, two ways" "$B" run ls --sort "metrics.$key,-params.\`p val loss\`" --columns "metrics.$key,best($key)" --tsv
	[ "$(cut -f2 <<<"$out" | sed -n 2p)" = first ] || fail "sorted by $key: $out"
	expect 0 "filter by metrics.$key" "$B" run ls --filter "metrics.$key > 0 AND status = FINISHED" --tsv
	[ "$(wc -l <<<"$out")" = 3 ] || fail "filtered by $key: $out"
done
expect 2 "a quote that is not closed is named" "$B" run ls --sort 'metrics.`val loss'
says "sort:1:9: this quote is never closed"

# A value with line ends has lines of its own below one another, none of which begins like another row; columns have the width of what is displayed.
expect 0 "run show" "$B" run show first
says 'lines                    one
                           two three'
says 't k                      a
                           b'
grep -q '^b$\|^two' <<<"$out" && fail "a line end in a value ends the line: $out"
at() { sed -n "s/^\(  $1 *\)[0-9.]* .*/\1/p" <<<"$out" | head -n 1 | wc -m; }
[ "$(at näh)" = "$(at null)" ] || fail "näh is padded by bytes: $out"
expect 0 "run compare" "$B" run compare first second
[ "$(grep -E '^  (näh|null) ' <<<"$out" | sed 's/^\(  [^ ]* *\).*/\1/' | while IFS= read -r l; do wc -m <<<"$l"; done | sort -u | wc -l)" = 1 ] ||
	fail "compare pads by bytes: $out"
exit $bad
