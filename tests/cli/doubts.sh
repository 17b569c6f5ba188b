#!/bin/bash
# Filters that are probably mistakes get a warning: comparisons with null, categories without rows. A bad condition in a
# suite fails only its own check, with the reason.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init
printf 'x,g,s\n1,fool,a b\n2,bar,\n,fool,c\n4,baz,d\n5,bar,e\n6,fool,f\n' >in.csv
"$B" data add t in.csv -q >/dev/null || fail add
doubt() { # WHERE WARNING ROWS
	local got rows
	rows=$("$B" data export t - --where "$1" 2>"$dir/err" | tail -n +2 | wc -l)
	got=$(cat "$dir/err")
	check "$1" "${2:+warning: --where:$2} $3" "$got $rows"
}
doubt "x = null" "1:3: no comparison with null is true: ask with IS NULL" 0
doubt "x == NULL" "1:3: no comparison with null is true: ask with IS NULL" 0
doubt "x != null" "1:3: no comparison with null is true: ask with IS NOT NULL" 0
doubt "g <> null" "1:3: no comparison with null is true: ask with IS NOT NULL" 0
doubt "x > 1 AND (x = null OR g = 'bar')" "1:14: no comparison with null is true: ask with IS NULL" 2
doubt "null = x" "1:6: no comparison with null is true: ask with IS NULL" 0
doubt "x IS NULL" "" 1
doubt "g = 'foo'" "1:5: no value 'foo' in column 'g', the nearest is 'fool'" 0
doubt "g = Fool" "1:5: no value 'Fool' in column 'g', the nearest is 'fool'" 0
doubt "g != 'foo'" "1:6: no value 'foo' in column 'g', the nearest is 'fool'" 6
doubt "'foo' = g" "1:1: no value 'foo' in column 'g', the nearest is 'fool'" 0
doubt "g IN ('foo', 'bar')" "1:1: no value 'foo' in column 'g', the nearest is 'fool'" 2
doubt "g = 'something else'" "1:5: no value 'something else' in column 'g'" 0
doubt "NOT g = 'foo'" "1:9: no value 'foo' in column 'g', the nearest is 'fool'" 6
doubt "g = 'fool'" "" 3
doubt "g LIKE 'foo%'" "" 3
doubt "upper(g) = 'FOOL'" "" 3
doubt "g = 'foo' AND x = null" "1:17: no comparison with null is true: ask with IS NULL
warning: --where:1:5: no value 'foo' in column 'g', the nearest is 'fool'" 0
for verb in "head t" "freq t g" "describe t" "split t" "transform u t" "export in.csv -"; do
	# shellcheck disable=SC2086
	"$B" data $verb --where "g = 'foo' or x > 1" >/dev/null 2>"$dir/err"
	check "data $verb" 1 "$(grep -c "no value 'foo' in column 'g', the nearest is 'fool'" "$dir/err")"
done
"$B" data diff t t --where "g = 'foo' or x > 1" >/dev/null 2>"$dir/err"
check "data diff: of both" 2 "$(grep -c "no value 'foo' in column 'g', the nearest is 'fool'" "$dir/err")"

# ---- conditions of a suite
item() { printf '{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "x"%s}}' "$1"; }
printf '{"expectations": [%s, %s, %s, %s, %s, %s, %s]}' "$(item '')" "$(item ', "row_condition": "x >"')" \
	"$(item ', "row_condition": "y > 1"')" "$(item ', "row_condition": "g =="')" "$(item ', "row_condition": "x > 1 and"')" \
	"$(item ', "row_condition": "x > 1", "condition_parser": "spark"')" "$(item ', "row_condition": "x > 1"')" >suite.json
expect 1 "a suite with bad conditions" "$B" data check t --suite suite.json
says "row_condition:1:4: expected a value at the end"
says "row_condition:1:1: no column 'y'"
says "condition_parser 'spark' is not supported"
expect 1 "for programs" "$B" data check t --suite suite.json --json
check "one check of seven succeeds, five say why" "1 5" \
	"$(grep -c '"success": true' <<<"$out") $(grep -c '"raised_exception": true' <<<"$out")"

# A split of nothing makes no versions.
before=$("$B" data ls --tsv 2>/dev/null | wc -l)
"$B" data split t --where "x > 1000000" >/dev/null 2>"$dir/err"
check "split of no rows" 2 $?
check "it says how many" 1 "$(grep -c "where keeps 0 of the [0-9]* rows of t@v1: there is nothing to split" "$dir/err")"
printf 'a,b\n' | "$B" data add rowless - -q >/dev/null 2>&1
"$B" data split rowless >/dev/null 2>"$dir/err"
check "split of a table without rows" 2 $?
check "it says so" 1 "$(grep -c "rowless@v1 has no rows to split" "$dir/err")"
check "no versions" "$((before + 1))" "$("$B" data ls --tsv 2>/dev/null | wc -l)"
exit $bad
