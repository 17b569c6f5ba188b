#!/bin/bash
# The errors that a new user is likely to meet first: each names the thing, its place (file, line, column or field), and
# a remedy. Their wording is part of the interface.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
n=0
wrong() { # STATUS MESSAGE HINT COMMAND...
	local status=$1 message=$2 hint=$3 got
	shift 3
	n=$((n + 1))
	got=$("$B" "$@" 2>&1 >/dev/null </dev/null)
	[ $? = "$status" ] || { echo "FAIL: $*: not exit $status: $got"; bad=1; return; }
	[ "$(sed -n 1p <<<"$got")" = "binnacle: $message" ] || { echo "FAIL: $*: $got"; bad=1; return; }
	[ "$(sed -n 2p <<<"$got")" = "${hint:+  hint: $hint}" ] || { echo "FAIL: $*: $got"; bad=1; return; }
	echo "ok $*"
}
wrong 3 "no workspace at or above '$PWD'" "create one with \`binnacle init\`, or name one with -C DIR" data ls
"$B" init -q >/dev/null || fail init
wrong 6 "'.' is a workspace already" "work in it, or create another: binnacle init DIR" init
wrong 3 "no dataset 'jobs'" "this workspace has none: binnacle data add NAME FILE" data describe jobs
wrong 3 "no model 'm'" "no model is registered yet; binnacle model register RUN --name NAME registers that of a run" predict m d.csv
wrong 3 "cannot open jobs.csv: No such file or directory" "a path is relative to the current directory: ls shows its files" data add jobs jobs.csv
printf 'a,b\n1,2\n3\n' >ragged.csv
wrong 2 "ragged.csv:3:1: 1 field instead of 2" "correct the file, or write malformed records to a file with --on-error reject" data add r ragged.csv
: >empty.csv
wrong 2 "empty.csv is empty" "a table begins with a line that names its columns" data add r empty.csv
wrong 2 ". is a directory" "name one file" data add r .
printf 'x,y,label\n1,2,a\n2,4,b\n3,6,a\n' >d.csv
"$B" data add d d.csv -q >/dev/null || fail "add"
printf '{"a": 1}\n' >rows.json
wrong 2 "rows.json is JSON, not a table" "convert it to CSV, for example with jq's @csv" data add j rows.json
printf 'caf\351,b\n1,2\n' >latin.csv
wrong 2 "latin.csv:1: the name of column 1 is not UTF-8 text" \
	"if that is its encoding, --encoding ISO-8859-1 reads it" data add l latin.csv
printf 'a,b\n"x,1\n' >quote.csv
wrong 2 "quote.csv:2:1: the quote opened here is never closed" \
	"correct the file, or read it with --quote none (quotes are ordinary characters) or --escape '\\'" data add q quote.csv
wrong 3 "d.csv: no column 'c'" "the file has: x, y, label" data add e d.csv --type c=int64
wrong 2 "d.csv:2:5: column 'label': \"a\" is not a number" \
	"correct the file, or write malformed records to a file with --on-error reject" data add e d.csv --type label=float64
wrong 2 "--type x is not COLUMN=TYPE" "for example --type x=float64" data add e d.csv --type x
wrong 2 "no column type 'integer'" "float64, float32, int64 to int8, uint64 to uint8, bool, timestamp, date, time, duration, decimal(10,2), category, string or binary" \
	data add e d.csv --type x=integer
wrong 3 "no column 'g'" "binnacle data describe d lists them" data freq d g
wrong 3 "no dataset 'D'" "did you mean 'd'?" data rm D
wrong 2 "a group split needs a column" "--by COLUMN names it" data split d --how group
wrong 2 "the share 80 of part 'a' is not within 0 .. 1" "80 % of the rows is a=0.8" data split d --parts a=80,b=20
wrong 3 "no column 'colum'" "binnacle data describe d lists them" data describe d colum
wrong 2 "--where:1:5: expected a value at the end" "" data head d --where 'x > '
wrong 2 "--where:1:1: no column 'labl'" "did you mean 'label'?" data head d --where "labl = 'a'"
wrong 2 "d.csv:1:1: invalid token near 'x'" "a suite is a JSON object, as binnacle data infer writes it" data check d --suite d.csv
wrong 3 "no column 'z'" "the table has: x, y, label" data head d --columns x,z
wrong 3 "there is no suite 'none.json'" "to create one: binnacle data infer d >none.json" data check d --suite none.json
printf '{"expectations": [{"type": "expect_column_values_to_be_betwen", "kwargs": {}}]}' >s.json
wrong 2 "s.json: check 1: no check of type 'expect_column_values_to_be_betwen'" \
	"the nearest is 'expect_column_values_to_be_between'; binnacle data check --list shows them all" data check d --suite s.json
printf '{"expectations": [,]}' >s.json
wrong 2 "s.json:1:19: unexpected token near ','" "" data check d --suite s.json
wrong 2 "the shares of the parts sum to 1.8, not 1" "such as --parts train=0.7,val=0.15,test=0.15" data split d --parts a=0.9,b=0.9
wrong 2 "no trainer 'rigde'" "did you mean 'ridge'?" run start --trainer rigde --data d --target y
wrong 2 "spec: a trainer needs field 'target', the column to predict" \
	"--target COLUMN names it; binnacle data describe NAME lists them" run start --trainer ridge --data d
wrong 2 "d@v1: target 'label' is text, but ridge predicts numbers" "--trainer logistic classifies its values" \
	run start --trainer ridge --data d --target label
wrong 2 "d@v1: target: no column 'yy'" "did you mean 'y'?" run start --trainer ridge --data d --target yy
wrong 2 "d@v1: target: no column 'Y'" "did you mean 'y'?" run start --trainer ridge --data d --target Y
wrong 2 "d@v1: target: no column 'LABEL'" "did you mean 'label'?" run start --trainer ridge --data d --target LABEL
wrong 3 "no dataset 'dd'" "did you mean 'd'?" run start --trainer ridge --data dd --target y
wrong 2 "no hyper-parameter 'alfa'" "did you mean 'alpha'?" run start --trainer ridge --data d --target y --set alfa=1
wrong 2 "hyper-parameter alpha is -1, must be a number from 0 to 1e+15" "" run start --trainer ridge --data d --target y --set alpha=-1
wrong 2 "--set 'alpha': expected KEY=VALUE" "" run start --trainer ridge --data d --target y --set alpha
wrong 2 "nothing to run: give --trainer NAME, or a command after --" "binnacle run start -- python train.py" run start
wrong 3 "no run 'nobody'" "binnacle run ls lists them" run show nobody
wrong 2 "filter:1:15: expected a value at the end" "" run ls --filter 'metrics.rmse <'
wrong 2 "no command 'dat'" "did you mean 'data'?" dat ls
wrong 2 "no command 'data ad'" "did you mean 'data add'?" data ad
wrong 2 "no option '--jsn'" "did you mean --json?" data ls --jsn
[ $n -ge 20 ] || fail "only $n"
exit $bad
