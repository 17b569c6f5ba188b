#!/bin/bash
# How values are displayed: infinity, NaN and missing are distinguished, integers keep their digits, counts are exact,
# differences are between values, a failed check reports what it found; and how a file was read.
set -u
. tests/support/shell.sh || exit 2

cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
add() { printf "$2" | "$BINNACLE" data add "$1" - "${@:3}" >/dev/null 2>err; }
items() { "$BINNACLE" "$@" --json 2>/dev/null | tr -d ' \n' | sed 's/.*"items":\[//; s/\]}$//'; }
lines() { "$BINNACLE" "$@" 2>/dev/null | sed 's/  */ /g; s/^ //; s/ $//'; }

# ---- infinity, NaN, missing -----------------------------------------------------------------------------------
add three 'k,n,t\n1,inf,-\n2,-inf,\n3,NaN,""\n4,3,x\n'
check head_json '{"k":1,"n":"inf","t":"-"},{"k":2,"n":"-inf","t":null},{"k":3,"n":null,"t":""},{"k":4,"n":3.0,"t":"x"}' "$(items data head three)"
check head_text 'k n t
1 inf "-"
2 -inf -
3 - ""
4 3.00000 x' "$(lines data head three)"
check freq_text 'VALUE COUNT SHARE
"" 1 25.0 %
- 1 25.0 %
x 1 25.0 %
(missing) 1 25.0 %' "$(lines data freq three t)"
check freq_json '{"count":1,"kind":"number","share":0.25,"value":"-inf"},{"count":1,"kind":"number","share":0.25,"value":"3"},{"count":1,"kind":"number","share":0.25,"value":"inf"},{"count":1,"kind":"missing","share":0.25,"value":null}' "$(items data freq three n)"
check freq_kinds 'value	count	share	kind
	1	0.25	text
-	1	0.25	text
x	1	0.25	text
	1	0.25	missing' "$("$BINNACLE" data freq three t --tsv 2>/dev/null)"
check freq_of_text_and_number 'text number' "$(printf 'a,b\ninf,inf\nx,1\n' | "$BINNACLE" data add infs - -q >/dev/null 2>&1
	for c in a b; do "$BINNACLE" data freq infs $c --tsv 2>/dev/null | awk '$1 == "inf" { print $4 }'; done | xargs)"
check head_tsv '3	-	""
4	3.0	x' "$("$BINNACLE" data head three --tsv 2>/dev/null | tail -n 2 | sed 's/3\t\t/3\t-\t/')"
check export_tells_them '3,,""' "$("$BINNACLE" data export three 2>/dev/null | sed -n 4p)"
add zeros 'x\n-0\n0\n-0.0\n1.5\n'
check zero_is_zero '{"count":3,"kind":"number","share":0.75,"value":"0"},{"count":1,"kind":"number","share":0.25,"value":"1.5"}' "$(items data freq zeros x)"

add odd 'k,t\n1,"(missing)"\n2,\n3,""\n4,(missing)\n'
check missing_is_no_text 'VALUE COUNT SHARE
"(missing)" 2 50.0 %
"" 1 25.0 %
(missing) 1 25.0 %' "$(lines data freq odd t)"
check describe_tells_them '"(missing)" (2), "" (1)' "$(lines data describe odd t | sed -n 's/^Most frequent //p')"
add small 'x\n5e-324\n1e-310\n-2.2250738585072014e-308\n'
check shortest_digits '{"x":5e-324},{"x":1e-310},{"x":-2.2250738585072014e-308}' "$(items data head small)"
"$BINNACLE" run start --name odd --wait -q -- sh -c "$BINNACLE log metric loss=nan; $BINNACLE log metric loss=inf --step 1
	$BINNACLE log metric acc=nan; $BINNACLE log metric id=9007199254740993; $BINNACLE log metric tiny=1e-400; $BINNACLE log metric zero=0e5" >/dev/null 2>&1
check last_is_nan '"last":"nan"' "$("$BINNACLE" run show odd --json | tr -d ' \n' | grep -o '"acc":{[^}]*}' | grep -o '"last":[^,]*')"
check first_and_last '"first":"nan" "last":"inf"' "$("$BINNACLE" run show odd --json | tr -d ' \n' | grep -o '"loss":{[^}]*}' | grep -oE '"(first|last)":[^,]*' | xargs -d '\n')"
check filters_tell "odd" "$("$BINNACLE" run ls --filter 'metrics.acc IS NULL AND metrics.loss = inf' --tsv | sed 1d | cut -f2)"
check lost_digits_are_said "warning: metric 'id': 9007199254740993 is kept as 9007199254740992, the nearest float64
warning: metric 'tiny': 1e-400 is kept as 0, the nearest float64" "$("$BINNACLE" run log odd | grep kept)"

# ---- digits ---------------------------------------------------------------------------------------------------
add ids 'id,n\n9007199254740993,5\n9007199254740991,-7\n'
check describe_exact 'max:9007199254740993 min:9007199254740991 max:5 min:-7' \
	"$("$BINNACLE" data describe ids --json 2>/dev/null | tr -d ' ,"' | grep -E '^(max|min):' | xargs)"
# quantiles that are values, from all counts; the middle of two is a double
printf 'i,u,k\n' >ranks.csv
for k in 0 1 2 3 4; do echo "$((9007199254740993 + 2 * k)),1844674407370955161$k,$k"; done >>ranks.csv
"$BINNACLE" data add ranks ranks.csv --type u=uint64 -q >/dev/null 2>&1
check quantiles_exact '9007199254740993 9007199254740995 9007199254740997 9007199254740999 9007199254741001' \
	"$("$BINNACLE" data describe ranks --json 2>/dev/null | sed -nE '0,/"u"/s/^ *"(max|min|p25|p50|p75)": ([0-9]*),?$/\2/p' | sort | xargs)"
check quantiles_of_uint64 '"18446744073709551612"' "$("$BINNACLE" data describe ranks --json 2>/dev/null | sed -n 's/^ *"p50": \("[0-9]*"\),/\1/p')"
check quantiles_in_tsv '9007199254740997 18446744073709551612 2.0' "$("$BINNACLE" data describe ranks --tsv 2>/dev/null | sed 1d | cut -f9 | xargs)"
check quantiles_in_text '9007199254740997' "$("$BINNACLE" data describe ranks 2>/dev/null | awk '$1 == "i" { print $10 }')"
check quantiles_of_a_column '9007199254740993 9007199254740995 9007199254740997 9007199254740999 9007199254741001' \
	"$("$BINNACLE" data describe ranks i --json 2>/dev/null | sed -n 's/^ *"quantiles": \[\(.*\)\],/\1/p' | tr -d ' ' | tr , '\n' | grep -v '[.]' | xargs)"
check quantiles_of_a_filter '9007199254740995' "$("$BINNACLE" data describe ranks --where 'k < 3' --tsv 2>/dev/null | sed -n 2p | cut -f9)"
awk 'BEGIN { print "i"; for (i = 0; i < 12000; i++) printf "90071992547%06d\n", 40993 + i }' >sketch.csv
"$BINNACLE" data add sketch sketch.csv -q >/dev/null 2>&1
check extremes_of_a_sketch '90071992547040993 90071992547052992' "$("$BINNACLE" data describe sketch i --json 2>/dev/null | sed -n 's/^ *"quantiles": \[\([0-9]*\),.* \([0-9]*\)\],/\1 \2/p')"
check describe_column_exact '9007199254740993' "$("$BINNACLE" data describe ids id --json 2>/dev/null | sed -n 's/^ *"max": \(.*\),/\1/p')"
"$BINNACLE" data infer ids --ranges -o ranges.json 2>/dev/null
check infer_exact '9007199254740993' "$(sed -n 's/^ *"max_value": \(9.*\),/\1/p' ranges.json)"
check infer_holds 0 "$("$BINNACLE" data check ids --suite ranges.json >/dev/null 2>&1; echo $?)"
add wide 'u,d,i\n18446744073709551615,12345678901.5,1\n1,-0.5,2\n' --type u=uint64 --type 'd=decimal(12,1)'
check describe_wide '"18446744073709551615" 1 "12345678901.5" "-0.5" 2 1' \
	"$("$BINNACLE" data describe wide --json 2>/dev/null | sed -nE 's/^ *"(max|min)": (.*),/\2/p' | xargs -d '\n')"
check whole_numbers_are_whole '2' "$("$BINNACLE" data describe wide --tsv 2>/dev/null | awk -F'\t' '$1 == "i" { print $10 }')"
check beyond_int64_is_compared 18446744073709551615 "$("$BINNACLE" data head wide --where 'u > 9223372036854775808' --tsv 2>/dev/null | sed 1d | cut -f1)"
add more 'id,n\n9007199254740994,5\n9007199254740991,-7\n'
check beyond_fails 1 "$("$BINNACLE" data check more --suite ranges.json >/dev/null 2>&1; echo $?)"

# ---- counts ---------------------------------------------------------------------------------------------------
awk 'BEGIN { print "v"; for (i = 0; i < 60000; i++) { print "rare" i % 15000; print "often" i % 3 } }' >many.csv
"$BINNACLE" data add many many.csv >/dev/null 2>&1
check counts_exact 'often0 20000 often1 20000 often2 20000' "$("$BINNACLE" data freq many v -n 3 --tsv 2>/dev/null | sed 1d | cut -f1,2 | tr '\t\n' '  ' | xargs)"

# ---- differences ----------------------------------------------------------------------------------------------
awk 'BEGIN { print "x,k"; for (i = 0; i < 3000; i++) printf "%.17g,%d\n", i / 7, i % 5 }' >plain.csv
sed 's/\([^,]*\),\(.*\)/"\1","\2"/' plain.csv >quoted.csv
sed '5s/.*/99,1/' plain.csv >other.csv
for f in plain quoted other; do "$BINNACLE" data add $f $f.csv >/dev/null 2>&1; done
check same_values "" "$("$BINNACLE" data diff plain quoted --tsv 2>/dev/null | sed 1d)"
check one_row "x changed 1 k changed 1" "$("$BINNACLE" data diff plain other --tsv 2>/dev/null | sed 1d | cut -f1-3 | xargs)"
for shift in 0 10; do
	awk -v s=$shift 'BEGIN { print "x"; for (i = 0; i < 100; i++) printf "%.0f\n", 1e15 + s + i % 20 }' >far$shift.csv
	"$BINNACLE" data add far$shift far$shift.csv >/dev/null 2>&1
done
check shift_of_large_values "x changed 100 1.72553" "$("$BINNACLE" data diff far0 far10 2>/dev/null | awk 'NR == 2 { print $1, $2, $3, $8 }')"
add ints 'v\n1\n2\n9007199254740992\n'
add floats 'v\n1.0\n2.5\n9007199254740992.0\n'
check retyped_and_one "v retyped 1" "$("$BINNACLE" data diff ints floats --tsv 2>/dev/null | sed 1d | cut -f1-3 | xargs)"
add moved 'v\n2\n1\n9007199254740992\n'
for v in 4 5; do
	printf 'u,d,e\n1844674407370955161%d,12345678901234567890.123456789%d,1.50\n7,1.5,2\n' $v $v >exact$v.csv
	"$BINNACLE" data add exact$v exact$v.csv --type u=uint64 --type 'd=decimal(38,10)' --type "e=decimal(1$v,$v)" >/dev/null 2>&1
done
check beyond_doubles "u changed 1 d changed 1 e retyped 0" "$("$BINNACLE" data diff exact4 exact5 --tsv 2>/dev/null | sed 1d | cut -f1-3 | xargs)"
check order_counts "v changed 2" "$("$BINNACLE" data diff ints moved --tsv 2>/dev/null | sed 1d | cut -f1-3 | xargs)"
add longer 'v\n1\n2\n9007199254740992\n4\n'
check rows_added "" "$("$BINNACLE" data diff ints longer --tsv 2>/dev/null | sed 1d)"
check rows_added_is_said 'rows 3 and 4, of which the first 3 are equal; schema the same
no distribution differs' "$("$BINNACLE" data diff ints longer 2>&1)"

add none 'v\n' --type v=int64
check no_rows "v changed apart" "$("$BINNACLE" data diff ints none --tsv 2>/dev/null | sed 1d | cut -f1,2,13 | xargs)"
check no_rows_first "v changed apart" "$("$BINNACLE" data diff none ints --tsv 2>/dev/null | sed 1d | cut -f1,2,13 | xargs)"

# different numbers of rows: only what chance does not explain
awk 'BEGIN { srand(7); print "i,x,c,m,k"
	for (i = 0; i < 600; i++) printf "%d,%.3f,%s,%s,%d\n", i, (rand() + rand() + rand()) * 10, substr("abc", int(rand() * 3) + 1, 1), rand() < 0.1 ? "" : 1, i % 7 }' >base.csv
sed 300d base.csv >less.csv
awk -F, -v OFS=, 'NR > 1 { $2 += 3 } 1' less.csv >shifted.csv
awk -F, -v OFS=, 'NR > 1 && $3 == "c" { $3 = "a" } 1' less.csv >merged.csv
awk -F, -v OFS=, 'NR > 1 && NR % 5 == 0 { $4 = "" } 1' less.csv >holes.csv
awk -F, -v OFS=, 'NR > 1 { $5 += 10 } 1' less.csv >apart.csv
for f in base less shifted merged holes apart; do "$BINNACLE" data add $f $f.csv -q >/dev/null 2>&1; done
changed() { "$BINNACLE" data diff "$@" --tsv 2>/dev/null | sed 1d | awk -F'\t' '{ print $1, $2, $(NF - 1) }' | xargs; }
check one_row_less "" "$(changed base less)"
check mean_moved "x changed values" "$(changed base shifted)"
check classes_merged "c changed values" "$(changed base merged)"
check more_missing "m changed missing" "$(changed base holes)"
check no_value_in_common "k changed apart" "$(changed base apart)"
{ cat base.csv; sed '1d; s/,[^,]*,\([abc]\),[^,]*,/,500,\1,,/' base.csv | head -60; } >grown.csv
"$BINNACLE" data add grown grown.csv -q >/dev/null 2>&1
check added_rows_of_another_kind "i changed values x changed values m changed missing" "$(changed base grown)"
awk -F, -v OFS=, '{ print } NR > 1 && NR < 90 { $1 += 600; last[NR] = $0 } END { for (i = 2; i < 90; i++) print last[i] }' base.csv >longer.csv
"$BINNACLE" data add longest longer.csv -q >/dev/null 2>&1
check running_numbers_go_on "" "$(changed base longest)"
check in_both_directions "k changed apart" "$(changed apart base)"
awk -F, -v OFS=, 'NR > 1 && NR % 35 == 0 { $2 += 1000 } 1' less.csv >outliers.csv
"$BINNACLE" data add outliers outliers.csv -q >/dev/null 2>&1
check values_beyond_the_range "x changed range" "$(changed base outliers)"
# by a key: one row was removed, x differs in all the others; the order does not matter
{ head -1 shifted.csv; sed 1d shifted.csv | sort -t, -k2; echo 9999,1,a,1,1; } >sorted.csv
"$BINNACLE" data add sorted sorted.csv -q >/dev/null 2>&1
by_key() { "$BINNACLE" data diff "$@" --tsv 2>/dev/null | sed 1d | cut -f1-3 | tr -d '"' | xargs; }
check rows_by_key "rows removed 1 rows added 1 x changed 599" "$(by_key base sorted --key i)"
check rows_by_two_columns "rows removed 1 rows added 1 x changed 599" "$(by_key base sorted --key i,c)"
check equal_rows "" "$(by_key sorted sorted --key i)"
check says_key "distributions are compared; --key 'i' would compare the rows" "$("$BINNACLE" data diff base shifted 2>&1 >/dev/null | sed -n 2p)"
check not_a_key "binnacle: rows 1 and 4 of the first version have the same 'k'" "$("$BINNACLE" data diff base sorted --where 'k < 3' --key k 2>&1 >/dev/null)"
# The rows themselves, as Python finds them.
python3 - <<'END'
import random
random.seed(3)
rows = [[i, f"u{i % 7}", random.randint(1, 8), random.choice("ab")] for i in range(900)]
new = [list(r) for r in rows if r[0] % 50]
for r in new:
    if r[0] % 9 == 0: r[2] += 1
    if r[0] % 33 == 0: r[3] = "c"
    if r[0] % 77 == 0: r[1] = ""
new += [[5000 + i, "new", 2, "a"] for i in range(10)]
random.shuffle(new)
for name, table in (("before", rows), ("now", new)):
    with open(name + ".csv", "w") as f:
        print("job,user,nodes,s", *[",".join(map(str, r)) for r in table], sep="\n", file=f)
END
"$BINNACLE" data add before before.csv -q >/dev/null 2>&1
"$BINNACLE" data add now now.csv -q >/dev/null 2>&1
"$BINNACLE" data diff before now --key job --rows --json >rows.json 2>rows.err
check rows_as_python_finds_them "same" "$(python3 - <<'END'
import csv, json
read = lambda f: {r["job"]: {k: v or None for k, v in r.items() if k != "job"} for r in csv.DictReader(open(f))}
a, b = read("before.csv"), read("now.csv")
want = {k: ("removed", a[k]) for k in a if k not in b}
want.update({k: ("added", b[k]) for k in b if k not in a})
want.update({k: ("changed", {c: [a[k][c], b[k][c]] for c in a[k] if a[k][c] != b[k][c]}) for k in a if k in b and a[k] != b[k]})
got = {r["key"]["job"]: (r["what"], r["cells"]) for r in json.load(open("rows.json"))["items"]}
print("same" if got == want and len(got) > 150 else [got, want])
END
)"
check rows_counted "18 rows removed, 10 added, 124 changed" "$(grep -o '.* changed' rows.err)"
check rows_in_text 101 "$("$BINNACLE" data diff before now --key job --rows 2>/dev/null | wc -l)"
check rows_need_a_key 2 "$("$BINNACLE" data diff before now --rows >/dev/null 2>&1; echo $?)"
check rows_equal 0 "$("$BINNACLE" data diff now now --key job --rows --tsv 2>/dev/null | tail -n +2 | wc -l)"
check not_a_column 3 "$("$BINNACLE" data diff base sorted --key nix >/dev/null 2>&1; echo $?)"
for seed in 1 2 3 4 5 6; do
	"$BINNACLE" data split base --seed $seed -q >/dev/null 2>&1
	check "parts of one table $seed" "" "$(changed base.train base.test)"
done
add few 'v,t\n1,a\n2,b\n'
add others 'v,t\n100,c\n200,d\n300,c\n'
check few_rows "v changed apart t changed apart" "$(changed few others)"
check nothing_to_compare "" "$(add none 'v,t\n,\n'; changed none none)"
add lists_of 'v\n1\n2\n'
check schema_differs "t removed" "$(changed few lists_of)"

# ---- checks ---------------------------------------------------------------------------------------------------
add colors 'c\nred\nblue\nblue\ngreen\n'
suite() { printf '{"name":"s","expectations":[{"type":"%s","kwargs":{"column":"%s","value_set":%s}}]}' "$1" "$2" "$3" >s.json; }
found() { "$BINNACLE" data check "$1" --suite s.json --tsv 2>/dev/null | sed -n 2p | cut -f4; }
suite expect_column_distinct_values_to_be_in_set c '["red","pink"]'
check outside '3 rows outside of the set: "blue", "green"' "$(found colors)"
suite expect_column_distinct_values_to_contain_set c '["red","pink","black"]'
check not_found '2 of the set not found: "black", "pink"' "$(found colors)"
suite expect_column_distinct_values_to_equal_set c '["red","blue","black"]'
check both '1 rows outside of the set: "green"; 1 of the set not found: "black"' "$(found colors)"
suite expect_column_distinct_values_to_equal_set n '[5, 6]'
check numbers '1 rows outside of the set: -7; 1 of the set not found: 6' "$(found ids)"
suite expect_column_distinct_values_to_be_in_set c '["red","blue","green"]'
suite expect_column_unique_value_count_to_be_between c '[]'
sed -i 's/"value_set":\[\]/"max_value":1/' s.json
check a_count_is_whole 'observed 3' "$(found colors)"
sed -i 's/"type":"[^"]*"/"type":"expect_column_to_exist"/; s/,"max_value":1//; s/"column":"c"/"column":"d"/' s.json
check no_such_column 'no such column' "$(found colors)"
sed -i 's/"column":"d"/"column":"c","column_index":3/' s.json
check another_place 'it is column 0' "$(found colors)"
suite expect_column_distinct_values_to_be_in_set c '["red","blue","green"]'
check passing '' "$(found colors)"

# ---- how it was read ------------------------------------------------------------------------------------------
add german 'Tag;Watt\n31.12.2024;1,5\n01.01.2025;2,25\n' --date-order dmy
check read_says "inferred from the first records: fields separated by ';', decimal comma (set with --delimiter, --decimal)
added german@v1" "$(cat err)"
check read_types "timestamp float64" "$("$BINNACLE" data describe german --tsv | sed 1d | cut -f2 | xargs)"
check recipe 'dmy ; ,' "$("$BINNACLE" data show german --json | sed -n 's/^ *"\(delimiter\|decimal\|date_order\)": "\(.*\)",\{0,1\}$/\1 \2/p' | sort -r | awk '{print $2}' | sort -r | xargs)"
add codes 'c,n,s\n90,90,x\n9e1,9e1,y\na7,+90,z\n90.0,090.0,w\n5,8,v\n' --null 90
check null_number_in_texts "9e1,a7,90.0,5" "$("$BINNACLE" data head codes --where 'c IS NOT NULL' --tsv 2>/dev/null | sed 1d | cut -f1 | paste -sd,)"
add spelled 'v\n1\n-999\nnone\n3\n' --null none --null -999
check nulls "int64 2" "$("$BINNACLE" data describe spelled v --json | sed -n 's/^ *"\(missing\|type\)": "\{0,1\}\([^",]*\).*/\2/p' | sort -r | xargs)"
add only 'v\n1\n\nNA\n-\n' --only-null -
check only_null "category" "$("$BINNACLE" data describe only --tsv | sed 1d | cut -f2)"
check bad_delimiter "binnacle: --delimiter 'ab' is not one ASCII character" "$(printf 'a\n' | "$BINNACLE" data add x - --delimiter ab 2>&1 | head -1)"
check bad_order "binnacle: 'dym' is not an order of day, month and year" "$(printf 'a\n' | "$BINNACLE" data add x - --date-order dym 2>&1 | head -1)"
check twice "binnacle: --delimiter and --quote are both ';'" "$(printf 'a\n' | "$BINNACLE" data add x - --delimiter ';' --quote ';' 2>&1 | head -1)"
printf 'a;b\n1,5;x\n' >file.csv
check head_of_a_file 'a b
1.50000 x' "$(lines data head ./file.csv)"
check head_told 'a;b
1,5;x' "$(lines data head ./file.csv --delimiter '|')"
printf '{"a":1}\n' >file.json
check refused "binnacle: file.json is JSON, not a table" "$("$BINNACLE" data add x file.json 2>&1 | head -1)"

# ---- splits ---------------------------------------------------------------------------------------------------
awk 'BEGIN { print "g,v"; for (i = 0; i < 100; i++) print (i < 90 ? "a" : "b") "," i }' >two.csv
"$BINNACLE" data add two two.csv >/dev/null 2>&1
check group_split "two.train@v1 90 two.test@v1 10" "$("$BINNACLE" data split two --how group --by g --seed 2 --tsv 2>err | sed 1d | cut -f1,2 | xargs)"
check group_said "warning: part 'train' has 90.0 % of the rows, not 80 %: rows of one 'g' stay together, and there are 2" "$(cat err)"

exit $bad
