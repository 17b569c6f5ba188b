#!/bin/bash
# binnacle data in scripts: from a file to versions, checks, splits and removal.
set -u
. tests/support/shell.sh || exit 2

field() { # FILE KEY: a top-level scalar of pretty JSON
	sed -n "s/^ *\"$2\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" "$1" | head -1
}

cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
printf 'id,host,w\n1,n1,10.5\n2,n2,11\n3,n1,\n4,n1,900\n' >power.csv
"$BINNACLE" data add power power.csv --json >added.json 2>err
check add_exit 0 $?
check add_ref power@v1 "$(field added.json ref)"
check add_rows 4 "$(field added.json rows)"
"$BINNACLE" data add power power.csv 2>err >/dev/null
check same_bytes "nothing new: these are the bytes of power@v1" "$(cat err)"
printf '5,n2,12\n' >>power.csv
"$BINNACLE" data add power power.csv >/dev/null 2>&1
check versions "2 1" "$("$BINNACLE" data ls power --tsv | awk -F'\t' 'NR > 1 { sub(/.*@v/, "", $1); print $1 }' | xargs)"
"$BINNACLE" data show pwer >/dev/null 2>err
check unknown_exit 3 $?
check unknown_hint "did you mean 'power'?" "$(grep -o "did you mean.*" err)"
check freq "n1	3" "$("$BINNACLE" data freq power host --tsv 2>/dev/null | sed -n 2p | cut -f1,2)"
check describe "id int64 w float64" "$("$BINNACLE" data describe power --tsv | awk -F'\t' '$1 == "id" || $1 == "w" { print $1, $2 }' | xargs)"

"$BINNACLE" data infer power -o suite.json 2>/dev/null
"$BINNACLE" data check power --suite suite.json >/dev/null 2>&1
check inferred_suite_passes 0 $?
cat >strict.json <<'J'
{"name": "strict", "expectations": [
 {"type": "expect_column_values_to_be_between", "kwargs": {"column": "w", "max_value": 100}},
 {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}]}
J
"$BINNACLE" data check power --suite strict.json --json >result.json 2>err
check failing_check_exit 1 $?
check failing_check_message "power@v2: 1 of 2 checks failed" "$(grep -o 'power@v2: 1 of 2 checks failed' err)"
check failing_row 3 "$(tr -d ' \n' <result.json | grep -o '"partial_unexpected_index_list":\[[0-9,]*\]' | grep -o '[0-9]*' | head -1)"
check kept_with_the_version "1 of 2 failed" "$("$BINNACLE" data show power --json | sed -n 's/.*"checks_text": "\(.*\)".*/\1/p')"
cat >slow.json <<'J'
{"name": "slow", "expectations": [
 {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "t", "regex": "(a+)+$"}},
 {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "t", "regex": "^a"}}]}
J
printf 't\n%s!\n' aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa >slow.csv
"$BINNACLE" data add slow slow.csv >/dev/null 2>&1
"$BINNACLE" data check slow --suite slow.json >out 2>err
check bounded_pattern_is_no_verdict 7 $?
check bounded_pattern_says_error "ERROR pass" "$(awk 'NR > 1 { print $1 }' out | xargs)"
sed 's/(a+)+\$/((((a{1,100}){1,100}){1,100}){1,100})/' slow.json >huge.json
(
	has_sanitizer || ulimit -v 1000000
	exec "$BINNACLE" data check slow --suite huge.json --json >out 2>err
)
check pattern_of_24_gigabytes 7 $?
check pattern_of_24_gigabytes_is_named 1 "$(grep -c 'exception_message.*too large' out)"
sed 's/be_between/be_betwen/' strict.json >typo.json
"$BINNACLE" data check power --suite typo.json >/dev/null 2>err
check bad_suite_exit 2 $?
check bad_suite_hint 1 "$(grep -c "the nearest is 'expect_column_values_to_be_between'" err)"

# 4000 columns of text take little memory, and columns with few values little address space
awk 'BEGIN { for (r = 0; r <= 60; r++) for (i = 0; i < 4000; i++) printf "%s%s%s", r ? "t" r % 4 : "c" i, r ? "" : "x", i < 3999 ? "," : "\n" }' >wide.csv
(
	has_sanitizer || ulimit -v 700000
	exec "$BINNACLE" data add wide wide.csv >/dev/null 2>err
)
check wide_table_of_texts 0 $?

"$BINNACLE" data generate jobs --rows 1000 --seed 3 >/dev/null 2>err
check synthetic_is_said 1 "$(grep -c SYNTHETIC err)"
"$BINNACLE" data split jobs --how temporal --by submit_time --parts train=0.75,test=0.25 --tsv 2>/dev/null | awk -F'\t' 'NR > 1 { print $1, $2 }' >parts
check split "jobs.train@v1 750
jobs.test@v1 250" "$(cat parts)"
check lineage "jobs@v1" "$("$BINNACLE" data show jobs.test --json | sed -n 's/.*"parents_text": "\(.*\)".*/\1/p')"
"$BINNACLE" data rm jobs 2>/dev/null
check removed_is_refused 4 "$("$BINNACLE" data describe jobs >/dev/null 2>&1; echo $?)"
"$BINNACLE" data restore jobs 2>/dev/null
check restored 1000 "$("$BINNACLE" data show jobs --json | sed -n 's/.*"rows": \([0-9]*\).*/\1/p' | head -1)"
"$BINNACLE" data rm jobs 2>/dev/null
"$BINNACLE" data generate jobs --rows 900 --seed 4 >/dev/null 2>&1
check version_after_a_removal_is_live '"removed": false' "$("$BINNACLE" data show jobs --json | grep -o '"removed": [a-z]*' | head -1)"
"$BINNACLE" data rm jobs 2>/dev/null
check and_goes_with_the_next_one 4 "$("$BINNACLE" data describe jobs >/dev/null 2>&1; echo $?)"
"$BINNACLE" data restore jobs 2>/dev/null
check both_are_back 2 "$("$BINNACLE" data ls jobs --tsv | grep -c '^jobs@')"
"$BINNACLE" data add node proc: --for 100ms --every 10ms >/dev/null 2>&1
check live 0 $?
check live_rows 1 "$("$BINNACLE" data show node --json | sed -n 's/.*"rows": \([0-9]*\).*/\1/p' | awk '{ print ($1 >= 1 && $1 <= 10) }')"
exit $bad
