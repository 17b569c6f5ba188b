#!/bin/bash
# Options and names that used to be ignored silently: malformed jobs in a log, suffixes of file names, the result of an
# append, the dialect of a file for predictions.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init

# ---- --on-error reject, of a log of jobs
job() { # NUMBER SUBMIT [MORE]
	echo "$1 $2 0 10 4 -1 -1 4 60 -1 1 1 1 -1 1 -1 -1 -1${3:+ $3}"
}
{ echo "; UnixStartTime: 1000000" && job 1 0 && job 2 x && job 3 20 && echo "4 5 6" && job 5 40 more && job 6 50; } >jobs.swf
expect 2 "a malformed job" "$B" data add jobs jobs.swf
says "jobs.swf:3: field 2 (submit): 'x' is not an integer"
echo "1 2 3" >short.swf
expect 2 "a short one" "$B" data add jobs short.swf
says "short.swf:1: 3 fields instead of 18"
says "or write malformed jobs to a file with --on-error reject"
expect 0 "are rejected" "$B" data add jobs jobs.swf --on-error reject
says "3 rows were rejected: jobs.rejects has them with their reasons"
check rejects "line,column,reason,record
3,1,field 2 (submit): 'x' is not an integer,2 x 0 10 4 -1 -1 4 60 -1 1 1 1 -1 1 -1 -1 -1
5,1,3 fields instead of 18,4 5 6
6,1,more than 18 fields,5 40 0 10 4 -1 -1 4 60 -1 1 1 1 -1 1 -1 -1 -1 more" "$(cat jobs.rejects)"
check kept "1 3 6" "$("$B" data export jobs --columns job | tail -n +2 | xargs)"
check missing "job 0.0 wait 0.0 cpu 100.0" "$("$B" data describe jobs | awk '$1 ~ /^(job|wait|cpu)$/ { for (i = 1; $i != "%"; i++) ; print $1, $(i - 1) }' | xargs)"
expect 2 "none may be" "$B" data add jobs jobs.swf --on-error reject --max-rejects 0
expect 2 "at most two" "$B" data add jobs jobs.swf --rejects other --max-rejects 2
says "jobs.swf: 3 of the first"
says "at most 2 may be"
[ ! -e other ] || fail "rejects of a reading that failed"
{ echo "; UnixStartTime: 1000000" && job 7 60; } >whole.swf
expect 0 "nothing to reject" "$B" data append jobs whole.swf --on-error reject
[ ! -e jobs.2.rejects ] || fail "an empty file of rejects"
{ echo "; UnixStartTime: 1000000" && job 8 70 && job 9 z; } >half.swf
expect 0 "appended" "$B" data append jobs half.swf --on-error reject
says "1 row was rejected: jobs.2.rejects"

# ---- what an append did
says "added jobs@v3: 4 rows were there, 1 were added, 5 are there now"
printf 'x,g\n1,a\n2,b\n' >in.csv
"$B" data add t in.csv -q >/dev/null || fail add
expect 0 "for programs" "$B" data append t in.csv --json
says '"rows_before": 2'
says '"rows_added": 2'
says '"rows": 4'
printf 'x,g\n' >none.csv
expect 0 "no rows" "$B" data append t none.csv
says "nothing new: these are the bytes of t@v2"

# ---- endings
for name in o.xls o.xlsx o.orc o.json o.jsonl o.csv.gz o.tsv.bak; do
	expect 2 "export to $name" "$B" data export t $name
	says "$name: '.${name##*.}' files are not written"
	says "name it .csv, .tsv, .arrow, .feather or .parquet, or say --format csv, tsv, arrow or parquet"
	[ ! -e $name ] || fail "$name was written"
done
expect 2 "export to a name without an ending" "$B" data export t table
says "table: its name has no ending, which gives the format"
expect 2 "a dot file" "$B" data export t ./d.ir/.csv2
expect 0 "with --format" "$B" data export t table --format tsv
check tsv "x	g" "$(head -1 table)"
for name in o.csv o.CSV o.txt; do
	expect 0 "$name" "$B" data export t $name -q
	check "$name" "x,g" "$(head -1 $name)"
done
for name in o.arrow o.Feather; do
	expect 0 "$name" "$B" data export t $name -q
	check "$name" ARROW1 "$(head -c 6 $name)"
done
# a file that exists is kept, unless --force replaces it
kept() { # NAME FILE COMMAND...
	local name=$1 file=$2
	shift 2
	echo kept >"$file"
	expect 6 "$name keeps a file" "$@"
	says "'$file' already exists"
	says "name another file, or add --force, which replaces it"
	check "$name kept" kept "$(cat "$file")"
	expect 0 "$name with --force" "$@" --force
	[ "$(cat "$file")" != kept ] || fail "$name --force did not replace $file"
}
kept "data export" o.csv "$B" data export t o.csv -q
kept "data export -o" o.tsv "$B" data export t -o o.tsv -q
kept "data export to Parquet" o.parquet "$B" data export t o.parquet -q
kept "data export to Arrow" o.arrow "$B" data export t o.arrow -q
kept "data infer" suite.json "$B" data infer t -o suite.json -q
printf 'a,b\n1,2\n3\n' >bad.csv
kept "data add --rejects" bad.rejects "$B" data add bad bad.csv --on-error reject --rejects bad.rejects -q
kept "an input as its own output" in.csv sh -c 'printf "a\n1\n" >other.csv; "$0" data export other.csv in.csv -q "$@"' "$B"
expect 6 "before anything is read" "$B" data export nothing.csv o.csv
expect 0 "standard output by name, in a file" "$B" data export t /dev/stdout
expect 0 "a device" "$B" data export t /dev/null
mkfifo pipe
cat pipe >got &
expect 0 "a pipe" "$B" data export t pipe
wait $!
check pipe "x,g" "$(head -1 got)"

# ---- the dialect of a file that a model is asked about
awk 'BEGIN { print "a,b,y"; for (i = 0; i < 60; i++) print i "." i % 7 "," i * i % 11 "," i + 0.5 * (i * i % 11) }' >train.csv
"$B" data add train train.csv -q >/dev/null || fail add
"$B" run start --trainer ridge --data train --target y --name r --set alpha=0.001 --wait -q >/dev/null 2>&1 || fail start
printf 'a,b\n1234.5,7\n2.5,3\n' >ask.csv
want=$("$B" predict r ask.csv 2>/dev/null)
ask() { # NAME FILE OPTIONS...
	local name=$1 file=$2
	shift 2
	check "$name" "$want" "$("$B" predict r "$file" "$@" 2>/dev/null)"
}
printf 'a!b\n1234.5!7\n2.5!3\n' >bang.csv && ask delimiter bang.csv --delimiter '!'
printf 'a;b\n1.234,5;7\n2,5;3\n' >semi.csv && ask thousands semi.csv --delimiter ';' --thousands . --decimal ,
printf 'a,b\n"1,234.5",7\n2.5,3\n' >comma.csv && ask thousands_comma comma.csv --thousands ,
printf 'about\nthis\na,b\n1234.5,7\n2.5,3\n' >skip.csv && ask skip skip.csv --skip 2
printf '%%x\na,b\n1234.5,7\n%%y\n2.5,3\n' >comment.csv && ask comment comment.csv --comment %
printf "'a','b'\n'1234.5','7'\n2.5,3\n" >quote.csv && ask quote quote.csv --quote "'"
printf 'a,b\n1234.5,7\n2.5,3\n' | iconv -t UTF-16LE >wide.csv && ask encoding wide.csv --encoding UTF-16LE
printf 'a,b\n1234.5,7\n2.5,3\n' >plain.csv && ask null plain.csv --null none
expect 2 "a wrong one" "$B" predict r ask.csv --delimiter ab
says "--delimiter 'ab' is not one ASCII character"
printf 'a,b\n1,2\n' >one.csv
expect 2 "a quote that separates" "$B" data head one.csv --quote ,
says "--delimiter and --quote are both ','"
expect 2 "a comment that separates" "$B" data head one.csv --comment ,
says "--delimiter and --comment are both ','"
expect 2 "a comment of two signs" "$B" data head one.csv --comment //
says "grep -v '^//' FILE | binnacle ... - leaves out lines that begin so"
expect 0 "a decimal that separates" "$B" data head one.csv --decimal ,
for name in p.xls p; do
	expect 2 "predictions to $name" "$B" predict r ask.csv --out $name
	[ ! -e $name ] || fail "$name was written"
done
expect 2 "predictions as TSV" "$B" predict r ask.csv --out p.tsv
says "answers are written as CSV or Arrow"
expect 0 "predictions as Arrow" "$B" predict r ask.csv --out p.feather -q
kept "predict" p.feather "$B" predict r ask.csv --out p.feather -q
kept "predict as CSV" p.csv "$B" predict r ask.csv --out p.csv -q
exit $bad
