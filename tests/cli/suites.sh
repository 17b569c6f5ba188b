#!/bin/bash
# Suites attached to a dataset: they run at each new version, warn or keep it out, and their history. Severity and the exit
# status, JUnit, result_format, queries and their limits, the rows behind a check of one suite.
set -u
. tests/support/shell.sh || exit 2

cd "$dir" || exit 1
"$B" init . >/dev/null 2>&1 || fail init
printf 'x,s\n1,a\n2,b\n3,a\n' >good.csv
printf 'x,s\n1,a\n-2,b\n3,zz\n' >bad.csv
printf 'x,s\n1,a\n5,zz\n' >odd.csv
between='{"type":"expect_column_values_to_be_between","kwargs":{"column":"x","min_value":0}}'
set='{"type":"expect_column_values_to_be_in_set","kwargs":{"column":"s","value_set":["a","b"]},"severity":"warning"}'
suite() { printf '{"name":"%s","expectations":[%s],"suite_parameters":{"low":0}}' "$1" "$2"; }
suite limits "$between,$set" >limits.json
verdicts() { "$B" suite history "$@" --tsv 2>/dev/null | sed 1d | cut -f1-5 | tr '\t' ' '; }
versions() { "$B" data ls "$1" --tsv 2>/dev/null | sed 1d | cut -f1 | xargs; }

# ---- a suite that warns ---------------------------------------------------------------------------------------
expect 0 first "$B" data add jobs good.csv
expect 0 attached "$B" suite add jobs limits.json
says "jobs: suite 'limits' with 2 checks runs at each new version"
expect 0 warned "$B" data add jobs bad.csv
says "warning: suite 'limits': 2 of 2 checks failed (binnacle data check jobs)"
expect 0 lesser "$B" data add jobs odd.csv
says "suite 'limits': 1 of 2 checks failed, none of them critical"
check recorded 'jobs@v3 limits WARN 1 2
jobs@v2 limits FAIL 2 2' "$(verdicts jobs)"
check of_one_version 'jobs@v2 limits FAIL 2 2' "$(verdicts jobs@v2 limits)"
check listed 'jobs limits warn jobs@v3 WARN 1' "$("$B" suite ls --tsv | sed 1d | cut -f1-3,5-7 | tr '\t' ' ')"
check as_it_was '"limits"' "$("$B" suite show jobs limits | grep -o '"limits"')"

# ---- severity and the exit status -----------------------------------------------------------------------------
expect 1 critical "$B" data check jobs@v2
says 'jobs@v2, suite limits: 1 of 2 checks failed'
expect 0 only_warned "$B" data check jobs@v3
says 'none of severity critical'
check words 'pass
WARN' "$("$B" data check jobs@v3 --tsv 2>/dev/null | sed 1d | cut -f1)"
expect 1 asked_for "$B" data check jobs@v3 --fail-on warning
expect 2 no_severity "$B" data check jobs@v3 --fail-on severe
says "severity 'severe' is none of critical, warning and info"
suite x "${between%\}},\"severity\":\"bad\"}" >x.json
expect 2 no_severity_in_a_suite "$B" data check jobs --suite x.json
says 'x.json: check 1: severity'

# ---- forms of the result --------------------------------------------------------------------------------------
shape() { "$B" data check jobs@v2 --suite limits.json --json --result-format "$1" 2>/dev/null | grep -oE '"(element_count|[a-z_]*unexpected_([a-z_]*_)?(list|counts))"' | sort -u | tr -d '"' | xargs; }
check boolean_only '' "$(shape BOOLEAN_ONLY)"
check basic 'element_count partial_unexpected_list' "$(shape BASIC)"
check summary 'element_count partial_unexpected_counts partial_unexpected_index_list partial_unexpected_list' "$(shape SUMMARY)"
check complete 'unexpected_index_list unexpected_list' "$(shape COMPLETE | cut -d' ' -f5-)"
expect 2 no_form "$B" data check jobs --suite limits.json --json --result-format FULL
"$B" data check jobs@v2 --junit j.xml >/dev/null 2>&1
check junit 'tests="2" failures="1" errors="0"' "$(sed -n 's/<testsuites.*\(tests="2" failures="1" errors="0"\).*/\1/p' j.xml)"
check junit_warns 1 "$(grep -c 'fail (warns): 1 of 3 rows: &quot;zz&quot;' j.xml)"

# ---- the rows of a check --------------------------------------------------------------------------------------
check rows_of_a_suite '3 zz' "$("$B" data head jobs@v2 --failing limits:2 --tsv 2>/dev/null | sed 1d | tr '\t' ' ')"
check rows_written 'x,s
-2,b' "$("$B" data export jobs@v2 --failing limits:1)"
expect 3 not_checked_so "$B" data export jobs@v2 --failing other:1
says "jobs@v2 has not been checked with suite 'other'"
expect 2 no_number "$B" data head jobs@v2 --failing limits:x

check numbered 'FAIL 1 x' "$("$B" data check jobs@v2 2>/dev/null | awk '$1 == "FAIL" { print $1, $2, $3 }')"
expect 1 failing_rows_named "$B" data check jobs@v2
says 'the rows: binnacle data head jobs@v2 --failing limits:1'
check junit_says_of_what 'jobs@v2' "$(sed -n 's/.*<testcase classname="\([^"]*\)" name="limits: .*/\1/p' j.xml | sort -u)"

# ---- what one suite found does not hide what another did ------------------------------------------------------
suite zlast "$set" >zlast.json
"$B" suite add two limits.json -q && "$B" suite add two zlast.json -q
printf 'x,s\n1,a\n-2,b\n' >two.csv
expect 0 two_suites "$B" data add two two.csv
says "suite 'zlast': all 1 checks passed"
check worst_listed '1 of 2 failed' "$("$B" data ls --columns name,latest.checks_text --tsv | sed -n 's/^two\t//p')"
expect 1 both_verdicts "$B" data check two
printf 'x,s\n1,a\n-2,zz\n' >two.csv
suite zlast "${set/warning/critical}" >zlast.json
"$B" suite add two zlast.json -q && "$B" data add two two.csv -q >/dev/null 2>&1
expect 1 both_fail "$B" data check two
says 'two@v2, suite zlast: 1 of 1 checks failed'
says 'two@v2, suite limits: 1 of 2 checks failed'
"$B" suite rm two limits -q && "$B" suite rm two zlast -q
suite other "${between/\"min_value\":0/\"min_value\":-5}" >other.json
"$B" data check two --suite other.json -q >/dev/null 2>&1
check newest_of_the_others 'all 1 passed' "$("$B" data ls --columns name,latest.checks_text --tsv | sed -n 's/^two\t//p')"

# ---- an inferred suite can be attached as it is ---------------------------------------------------------------
"$B" data infer two -o two.json -q
expect 0 inferred_attached "$B" suite add two two.json
says "two: suite 'two' with"

# ---- a suite that keeps versions out --------------------------------------------------------------------------
expect 0 required "$B" suite add jobs limits.json --require
says 'keeps out versions that fail it'
printf 'x,s\n-7,a\n' >out.csv
expect 1 kept_out "$B" data add jobs out.csv
says "nothing was added to jobs: its required suite 'limits' fails 1 of 2 checks: column_values_to_be_between x: 1 of 1 rows: -7"
expect 1 append_kept_out "$B" data append jobs out.csv
expect 0 transform_elsewhere "$B" data transform wide jobs --column y=2*x
check nothing_half_done 'jobs@v3 jobs@v2 jobs@v1' "$(versions jobs)"
expect 0 warnings_pass "$B" data append jobs odd.csv
check numbers 'jobs@v4 jobs@v3 jobs@v2 jobs@v1' "$(versions jobs)"
suite part '{"type":"expect_table_row_count_to_be_between","kwargs":{"min_value":1000}}' >part.json
expect 0 for_a_part "$B" suite add jobs.test part.json --require
says "there is no dataset 'jobs.test' yet"
expect 1 no_part_at_all "$B" data split jobs --parts train=0.5,test=0.5
check no_train '' "$(versions jobs.train)"
suite broken '{"type":"expect_column_mean_to_be_between","kwargs":{"column":"nope","min_value":1}}' >broken.json
expect 0 one_that_cannot_decide "$B" suite add wide broken.json --require
expect 7 undecided "$B" data transform wide jobs --column z=3*x
says "cannot decide 1 of 1 checks"

# ---- detaching ------------------------------------------------------------------------------------------------
expect 3 no_such_suite "$B" suite rm jobs limit
says "did you mean 'limits'?"
expect 0 detached "$B" suite rm jobs limits
expect 0 let_in "$B" data add jobs out.csv
check kept 'jobs@v2 limits FAIL 2 2' "$(verdicts jobs@v2 limits | head -1)"
expect 2 none_attached "$B" data check jobs
says 'jobs has no suite'
suite 'two words' "$between" >words.json
expect 2 no_name "$B" suite add jobs words.json
says "--name NAME"
expect 0 named "$B" suite add jobs words.json --name words
"$B" data add secret good.csv --private >/dev/null 2>&1
expect 4 private "$B" suite add secret limits.json
says '--shared attaches it nevertheless'
expect 0 private_asked_for "$B" suite add secret limits.json --shared
"$B" index rebuild >/dev/null 2>&1
check folded_again 'secret limits' "$("$B" suite ls secret --tsv | sed 1d | cut -f1,2 | tr '\t' ' ')"

# ---- checks by versions ---------------------------------------------------------------------------------------
suite limits "${between/:0/:-100},$between,$set" >limits.json
"$B" suite add jobs limits.json >/dev/null 2>&1
printf 'x,s\n1,a\n-3,zz\n' >new.csv
"$B" data add jobs new.csv >/dev/null 2>&1
history() { "$B" suite history jobs limits --checks --tsv | sed 1d | tr '\t' '|' | sed 's/expect_column_values_to_//'; }
check by_versions 'limits|||FAIL 2||WARN 1|WARN 1|FAIL 2|
limits|be_between|x|pass||pass|pass|FAIL 1|
limits|be_between|x|FAIL 1|||||
limits|be_in_set|s|WARN 1||WARN 2|WARN 1|WARN 1|' "$(history)"
check as_json '["FAIL",1]' "$("$B" suite history jobs limits --checks --json | python3 -c 'import json, sys
c = json.load(sys.stdin)["items"][2]["cells"]["v6"]
print(json.dumps([c["verdict"], c["failing"]], separators=(",", ":")))')"
expect 2 of_all_versions "$B" suite history jobs@v2 --checks
says 'name the dataset without @'
"$B" data protect jobs --personal x >/dev/null 2>&1
check counts_stay 2 "$(history | grep -c '^limits|be_between|x|')"

# ---- checks of tables, and queries ----------------------------------------------------------------------------
printf 'a,b,c,d\n1,x,5,1\n2,x,5,2\n2,x,5,2\n,x,5,\n' >t.csv
"$B" data add t t.csv >/dev/null 2>&1
ask() { suite q "{\"type\":\"$1\",\"kwargs\":$2}" >q.json; "$B" data check t --suite q.json --tsv 2>/dev/null | sed 1d | cut -f1,4 | tr '\t' ' '; }
check duplicate_rows 'pass observed 1' "$(ask expect_table_duplicate_row_count_to_be_between '{"max_value":1}')"
check constant_columns 'FAIL observed 2' "$(ask expect_table_constant_column_count_to_be_between '{"max_value":0}')"
check duplicate_columns 'FAIL observed 1' "$(ask expect_table_duplicate_column_count_to_be_between '{"max_value":0}')"
check almost_constant 'FAIL observed 4' "$(ask expect_table_almost_constant_column_count_to_be_between '{"max_value":0,"share":0.6}')"
check other_table 'FAIL observed {"self":4,"other":3}' "$(ask expect_table_row_count_to_equal_other_table '{"other_table_name":"jobs@v1"}')"
check no_other_table 'ERROR' "$(ask expect_table_row_count_to_equal_other_table '{"other_table_name":"nope"}' | cut -c1-5)"
printf 'x\n1.5\ninf\nNA\n' >n.csv
"$B" data add n n.csv >/dev/null 2>&1
suite f '{"type":"expect_column_values_to_be_finite","kwargs":{"column":"x"}}' >f.json
check finite 'FAIL 1 of 3 rows: "inf"' "$("$B" data check n --suite f.json --tsv 2>/dev/null | sed 1d | cut -f1,4 | tr '\t' ' ')"
rows=unexpected_rows_expectation
query() { ask $rows "{\"unexpected_rows_query\":\"$1\"}"; }
check returns 'FAIL 2 rows returned: {"a":2,"b":"x","c":5,"d":2}' "$(query 'SELECT * FROM {batch} WHERE a = 2')"
check returns_none 'pass 0 rows returned' "$(query 'SELECT * FROM {batch} WHERE a > 2' | cut -d: -f1)"
check some_rows 'pass 0' "$(ask $rows '{"unexpected_rows_query":"SELECT * FROM {batch} WHERE a = 1","row_condition":"a = 2","condition_parser":"pandas"}' | cut -c1-6)"
check syntax 'ERROR the query, byte 1: near "SELEC": syntax error' "$(query 'SELEC 1')"
check only_one 'ERROR the query must be one SELECT' "$(query 'SELECT 1; SELECT 2')"
for sql in "DELETE FROM {batch}" "PRAGMA user_version" "ATTACH 'x.db' AS x" "CREATE TABLE y(a)" "SELECT load_extension('x')" "SELECT * FROM sqlite_master" "SELECT * FROM pragma_function_list" "VACUUM INTO 'y'"; do
	check "refused ${sql%% *}" ERROR "$(query "$sql" | cut -c1-5)"
done
check nothing_written '' "$(ls | grep -E '^(x.db|y)$')"
check too_large ERROR "$(query 'SELECT hex(zeroblob(900000000)) FROM {batch}' | cut -c1-5)"
check refused_by_name 2 "$(ask expect_column_values_to_be_dateutil_parseable '{"column":"b"}'; "$B" data check t --suite q.json 2>&1 | grep -c 'dateutil\|not supported')"
exit $bad
