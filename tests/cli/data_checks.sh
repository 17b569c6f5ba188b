#!/bin/bash
# Checks of rows and columns that GX's tables of cases (tests/reference/expect.py) cannot contain: decimals, integers
# beyond 2^53 and 2^63, dates; which rows fail, what is printed about them, and which checks are refused. Expected
# results were calculated by hand.
set -u
. tests/support/shell.sh || exit 2

cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
add() { printf "$2" | "$BINNACLE" data add "$1" - "${@:3}" >/dev/null 2>err || cat err; }
# ask TABLE TYPE KWARGS: prints the verdict, the observed values and the failing rows
ask() {
	printf '{"expectation_suite_name":"s","expectations":[{"expectation_type":"expect_%s","kwargs":%s}]}' "$2" "$3" >s.json
	"$BINNACLE" data check "$1" --suite s.json --tsv 2>err | sed -n 2p | cut -f1,4 | tr '\t' ' ' | sed 's/ $//'
	"$BINNACLE" data check "$1" --suite s.json --rows --json 2>/dev/null | tr -d ' \n' |
		sed -n 's/.*"unexpected_index_list":\[\([^]]*\)\].*/\1/p' | sed '/^$/d'
}

# ---- sums of a row --------------------------------------------------------------------------------------------
add bill 'a,b,c,u,d\n0.10,0.200,1,1,2024-01-02\n0.10,0.201,1,18446744073709551614,2024-01-02\n,0.3,1,2,2024-01-03\n,,,,\n' \
	--type 'a=decimal(10,2)' --type 'b=decimal(10,3)' --type c=int64 --type u=uint64 --type d=date
sum=multicolumn_sum_to_equal
check decimals_exact 'FAIL 2 of 4 rows: ["0.10","0.201"], [null,"0.300"]
1,2' "$(ask bill $sum '{"column_list":["a","b"],"sum_total":0.3}' | tr -d '\\')"
check decimals_and_integers 'pass 2 of 4 rows: ["0.10","0.201",1], [null,"0.300",1]
1,2' "$(ask bill $sum '{"column_list":["a","b","c"],"sum_total":1.3,"mostly":0.3}' | tr -d '\\')"
check any_missing 'FAIL 1 of 4 rows: ["0.10","0.201"]
1' "$(ask bill $sum '{"column_list":["a","b"],"sum_total":0.3,"ignore_row_if":"any_value_is_missing"}' | tr -d '\\')"
add wide 'x,y\n9007199254740993,1\n9007199254740992,1\n9223372036854775807,1\n'
check integers_exact 'FAIL 2 of 3 rows: [9007199254740992,1], [9223372036854775807,1]
1,2' "$(ask wide $sum '{"column_list":["x","y"],"sum_total":9007199254740994}')"
check dates_have_no_sum "ERROR column 'd' is date; this check needs numbers" "$(ask bill $sum '{"column_list":["c","d"],"sum_total":1}')"
check unknown_word "ERROR ignore_row_if: all_values_are_missing, any_value_is_missing or never" \
	"$(ask bill $sum '{"column_list":["a","b"],"sum_total":1,"ignore_row_if":"neither"}')"

# ---- the failing rows themselves, as the workbench's Y prints them --------------------------------------------
check rows_that_fail '0.10 0.201 1 18446744073709551614
 0.300 1 2' "$(ask bill $sum '{"column_list":["a","b"],"sum_total":0.3}' >/dev/null
	"$BINNACLE" data head bill --failing 1 --columns a,b,c,u --tsv 2>err | sed 1d | tr '\t' ' ')"
check of_these_where '0.300' "$("$BINNACLE" data head bill --failing 1 --where 'a IS NULL' --columns b --tsv 2>err | sed 1d)"
check no_such_check 'binnacle: the result has no check number 2' "$("$BINNACLE" data head bill --failing 2 2>&1 >/dev/null)"
check not_checked 'binnacle: fresh@v1 has not been checked' "$(add fresh 'a\n1\n'; "$BINNACLE" data head fresh --failing 1 2>&1 >/dev/null | head -1)"
check a_file_has_no_checks 2 "$("$BINNACLE" data head ./x.csv --failing 1 >/dev/null 2>&1; echo $?)"

# ---- pairs ----------------------------------------------------------------------------------------------------
pairs=column_pair_values_to_be_in_set
add jobs 'part,day,n,u\nlong,2024-01-01,7,18446744073709551614\nlong,2024-01-02,8,1\nshort,2024-01-01,7,1\n,2024-01-02,8,7\n' --type u=uint64
check text_and_time 'FAIL 2 of 4 rows: ["long","2024-01-02T00:00:00Z"], [null,"2024-01-02T00:00:00Z"]
1,3' "$(ask jobs $pairs '{"column_A":"part","column_B":"day","value_pairs_set":[["long","2024-01-01"],["short","2024-01-01"],["nope","2024-01-02"]]}')"
check missing_is_a_value 'FAIL 2 of 4 rows: ["long",7], ["short",7]
0,2' "$(ask jobs $pairs '{"column_A":"part","column_B":"n","value_pairs_set":[[null,8],["long",8.0],["long","7"]]}')"
check beyond_int64 'FAIL 2 of 4 rows: ["long",1], [null,7]
1,3' "$(ask jobs $pairs '{"column_A":"part","column_B":"u","value_pairs_set":[["long",18446744073709551614.0],["short",1]]}')"

# ---- equal within a row, most common, far from the mean -------------------------------------------------------
once=select_column_values_to_be_unique_within_record
add three 'a,b,c\n1,1.0,1\n2,3,x\n,,y\n1,2,2\n'
check by_value 'FAIL 2 of 4 rows: [1,1.0,"1"], [null,null,"y"]
0,2' "$(ask three $once '{"column_list":["a","b","c"]}')"
common=column_most_common_value_to_be_in_set
check one_mode 'pass observed: 7, 8' "$(ask jobs $common '{"column":"n","value_set":[8],"ties_okay":true}')"
check tied 'FAIL observed: 7, 8' "$(ask jobs $common '{"column":"n","value_set":[8]}')"
check text_mode 'pass observed: "long"' "$(ask jobs $common '{"column":"part","value_set":["long","x"]}')"
add nans 'x\nNaN\nNaN\nNaN\n4\n4\n5\n'
check nan_is_missing 'pass observed: 4' "$(ask nans $common '{"column":"x","value_set":[4]}')"
seq 1 30000 | sed '1s/.*/x/; 29990,$s/.*/77/' | "$BINNACLE" data add most - >/dev/null 2>&1
check of_many 'pass observed: 77' "$(ask most $common '{"column":"x","value_set":[77]}')"
z=column_value_z_scores_to_be_less_than
seq 1 100 | sed '1s/.*/x/; 50s/.*/1000/; 60s/.*/-1000/' | "$BINNACLE" data add far - >/dev/null 2>&1
check both_sides 'FAIL 2 of 99 rows: 1000, -1000
48,58' "$(ask far $z '{"column":"x","threshold":3}')"
check one_side 'FAIL 1 of 99 rows: 1000
48' "$(ask far $z '{"column":"x","threshold":3,"double_sided":false}')"
check some_rows 'FAIL 1 of 98 rows: -1000
58' "$(ask far $z '{"column":"x","threshold":3,"row_condition":"x < 1000","condition_parser":"pandas"}')"
check of_text "ERROR column 'part' is category; this check needs numbers" "$(ask jobs $z '{"column":"part","threshold":3}')"

# large numbers that spread little: their distance from the mean does not cancel
{ echo i,x; for k in $(seq 40); do echo "$((9007199254740993 + k % 3)),1000000000000000.$((k % 3 * 25))"; done; echo "9007199254741013,1000000000000004.5"; } >large.csv
"$BINNACLE" data add large large.csv -q >/dev/null 2>&1
check z_beyond_doubles 'FAIL 1 of 41 rows: 9007199254741013
40' "$(ask large $z '{"column":"i","threshold":5}')"
check z_of_large_fractions 'FAIL 1 of 41 rows: 1000000000000004.5
40' "$(ask large $z '{"column":"x","threshold":5}')"
check z_threshold_between 'pass' "$(ask large $z '{"column":"i","threshold":6.3}' | cut -c1-4)"
check median_beyond_doubles 'pass observed 9007199254740994' "$(ask large column_median_to_be_between '{"column":"i","min_value":9007199254740994,"max_value":9007199254740994}')"
check median_is_not_the_next 'FAIL' "$(ask large column_median_to_be_between '{"column":"i","min_value":9007199254740995}' | cut -c1-4)"
printf 'a,b,u,v,d,e\n9007199254740993,9007199254740992.0,9223372036854775809,9223372036854775808,1234567890123456789.01,1234567890123456789.02\n' >pairs.csv
"$BINNACLE" data add pairs pairs.csv --type b=float64 --type u=uint64 --type v=uint64 --type 'd=decimal(21,2)' --type 'e=decimal(21,2)' -q >/dev/null 2>&1
equal=column_pair_values_to_be_equal above=column_pair_values_a_to_be_greater_than_b
for pair in 'a b' 'u v' 'e d'; do
	set -- $pair
	check "$1_is_not_$2" 'FAIL 0' "$(ask pairs $equal '{"column_A":"'$1'","column_B":"'$2'"}' | cut -c1-4 | xargs)"
	check "$1_is_above_$2" pass "$(ask pairs $above '{"column_A":"'$1'","column_B":"'$2'"}' | cut -c1-4)"
	check "$2_is_not_above_$1" 'FAIL 0' "$(ask pairs $above '{"column_A":"'$2'","column_B":"'$1'"}' | cut -c1-4 | xargs)"
done

# ---- integers beyond int64 ------------------------------------------------------------------------------------
printf 'u\n1\n18446744073709551614\n18446744073709551615\n' >wide.csv
"$BINNACLE" data add u64 wide.csv --type u=uint64 -q >/dev/null 2>&1
between=column_values_to_be_between
check wide_bound 'FAIL 1 of 3 rows: "18446744073709551615"
2' "$(ask u64 $between '{"column":"u","min_value":1,"max_value":18446744073709551614}')"
check wide_from 'FAIL 2 of 3 rows: 1, "18446744073709551614"
0,1' "$(ask u64 $between '{"column":"u","min_value":18446744073709551615}')"
check wide_in_set 'FAIL 1 of 3 rows: 1
0' "$(ask u64 column_values_to_be_in_set '{"column":"u","value_set":[18446744073709551614,18446744073709551615]}')"
check wide_max 'pass observed "18446744073709551615"' "$(ask u64 column_max_to_be_between '{"column":"u","min_value":18446744073709551615}')"
check wide_max_is_not_more 'FAIL' "$(ask u64 column_max_to_be_between '{"column":"u","max_value":18446744073709551614}' | cut -c1-4)"
check wide_median 'pass observed "18446744073709551614"' "$(ask u64 column_median_to_be_between '{"column":"u","max_value":18446744073709551614}')"
check wide_inferred '"max_value": "18446744073709551615"' "$("$BINNACLE" data infer u64 --ranges 2>/dev/null | grep -o '"max_value": "[0-9]*"' | head -1)"
"$BINNACLE" data infer u64 --ranges 2>/dev/null >wide.json
check wide_inferred_holds 0 "$("$BINNACLE" data check u64 --suite wide.json >/dev/null 2>&1; echo $?)"
"$BINNACLE" data export u64 -o wide.arrow -q
check arrow_rejects_none 1 "$("$BINNACLE" data add again wide.arrow --on-error reject 2>&1 | grep -c 'wide.arrow is Arrow: its rows are never rejected')"

exit $bad
