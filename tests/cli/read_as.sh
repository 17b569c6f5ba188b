#!/bin/bash
# Data for a model, or for a dataset with earlier versions, is read with the types of these: the same row gets the same
# answer whatever the other rows are, and a value that does not fit is an error that names the cell.
set -u
. tests/support/shell.sh || exit 2
server=
at_end() { [ -z "$server" ] || kill "$server" 2>/dev/null; }
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init

# ---- rows alone and together ----------------------------------------------------------------

# train NAME TEXT...: a category k with these texts and a word; each text changes y by 10.
train() {
	local name=$1 i=0
	shift
	{
		echo k,x,y
		while [ $i -lt 8 ]; do
			local n=10
			for k in "$@" word; do
				echo "$k,0.$((i + 1)),$n.0$((i + 1))"
				n=$((n + 10))
			done
			i=$((i + 1))
		done
	} >"$name.csv"
	"$B" data add "$name" "$name.csv" -q >/dev/null || fail "data add $name"
	"$B" run start --trainer ridge --data "$name" --target y --set alpha=0.001 --name "$name" --wait -q \
		>/dev/null || fail "run start $name"
}

# alone NAME TEXT...: the answers for each row alone, for each pair and for all rows
alone() {
	local name=$1 k
	shift
	{ echo k,x; for k in "$@" word; do echo "$k,0.5"; done; } >all.csv
	expect 0 "$name: all rows" "$B" predict "$name" all.csv -q
	mv ../said all
	echo prediction >each
	for k in "$@" word; do
		printf 'k,x\n%s,0.5\n' "$k" >one.csv
		"$B" predict "$name" one.csv -q | tail -n 1 >>each || fail "$name: $k"
	done
	cmp -s all each || fail "$name: alone and together differ: $(paste all each)"
	{ echo k,x; for k in "$@"; do echo "$k,0.5"; done; } >few.csv
	expect 0 "$name: without the word" "$B" predict "$name" few.csv -q
	head -n -1 all | cmp -s - ../said || fail "$name: $(paste all ../said)"
	awk 'NR > 1 { if ($1 < 10 * (NR - 1) - 1 || $1 > 10 * (NR - 1) + 1) exit 1 }' all ||
		fail "$name: a category is none of its own: $(cat all)"
}

try() { train "$@"; alone "$@"; }
try bools True False
try capitals TRUE true
try decimals 1.0 2.50
try whole 7 12
try zeros 007 07
try signs +5 -5
try powers 1e3 1E3
try beyond 123456789012345678901 99999999999999999999
try dates 2024-01-01 2024-02-01
try times 2024-01-01T00:00:00Z "2024-01-01 00:00"
try infinities inf Infinity
try blanks " a" "a "
try quoted '"NA"' '"a,b"'

# ---- numbers, bools and times -----------------------------------------------------------------
{
	echo f,i,b,t,y
	for i in 1 2 3 4 5 6 7 8 9; do
		echo "$i.5,$((i * i)),$([ $((i % 2)) = 0 ] && echo true || echo false),2024-01-0${i}T00:00:00Z,$i.25"
	done
} >mixed.csv
expect 0 "a table of all types" "$B" data add mixed mixed.csv -q
expect 0 "a model of all types" "$B" run start --trainer ridge --data mixed --target y --name mixed --wait -q
cat >plain.csv <<'END'
f,i,b,t
3,4,true,2024-01-03T12:00:00Z
,,,
2,9,false,2024-01-05T00:00:00Z
END
cat >other.csv <<'END'
t,note,b,i,f
2024-01-03T13:00:00+01:00,x," TRUE",4.0,3.0
NA,y,NaN,null,None
2024-01-05,"z,""",0,+9e0,02
END
expect 0 "numbers and times as they are mostly written" "$B" predict mixed plain.csv -q
mv ../said plain
expect 0 "the same values in other spellings" "$B" predict mixed other.csv -q
cmp -s ../said plain || fail "spellings: $(paste plain ../said)"
expect 0 "the same rows from Arrow" "$B" data export plain.csv plain.arrow -q
expect 0 "are read" "$B" predict mixed plain.arrow -q
cmp -s ../said plain || fail "Arrow: $(paste plain ../said)"
printf 'f,i,b,t\n,,,\n' >empty.csv
expect 0 "a row without a value" "$B" predict mixed empty.csv -q
sed -n '3p' plain | cmp -s - <(tail -n 1 ../said) || fail "a row without a value: $(cat ../said)"

# ---- what does not fit ------------------------------------------------------------------------
misfit() { # NAME TEXT ROW
	printf 'f,i,b,t\n1,2,true,2024-01-01\n%s\n' "$3" >misfit.csv
	expect 2 "$1" "$B" predict mixed misfit.csv
	says "$2"
}
misfit "a word for an integer" "misfit.csv:3:3: column 'i': \"x7\" is not an int64" '1,x7,true,2024-01-01'
misfit "a word for a float" "misfit.csv:3:1: column 'f': \"x\" is not a number" 'x,1,true,2024-01-01'
misfit "true for a float" "misfit.csv:3:1: column 'f': \"true\" is not a number" 'true,1,true,2024-01-01'
misfit "a number beyond a float" "misfit.csv:3:1: column 'f': \"1e999\" is not a number" '1e999,1,true,2024-01-01'
misfit "an infinite integer" "misfit.csv:3:3: column 'i': \"inf\" is not an int64" '1,inf,true,2024-01-01'
printf 'f,i,b,t\n,2,true,2024-01-01\ninf,2,true,2024-01-01\n-Infinity,2,true,2024-01-01\n' >infinite.csv
expect 0 "infinite floats are missing values, as in training" "$B" predict mixed infinite.csv -q
[ "$(tail -n +2 ../said | sort -u | wc -l)" = 1 ] || fail "infinite floats: $(cat ../said)"
misfit "a number for a bool" "misfit.csv:3:5: column 'b': \"2\" is not true or false" '1,1,2,2024-01-01'
misfit "a word for a time" "misfit.csv:3:10: column 't': \"noon\" is not a date or time" '1,1,true,noon'
printf 'f,b,t\n1,true,2024-01-01\n' >short.csv
expect 2 "a column that is missing" "$B" predict mixed short.csv
says "short.csv: no column 'i', which the model needs"
says "the file has: f, b, t"
expect 3 "a dataset is no file" "$B" predict mixed mixed
says "for a dataset: binnacle data export mixed | binnacle predict mixed -"
printf 'f,i,b,t\n' >rowless.csv
expect 2 "standard input without rows" "$B" predict mixed - <rowless.csv
says "standard input has no rows"

# ---- through a server -------------------------------------------------------------------------
for name in bools mixed; do "$B" model register $name --name $name -q >/dev/null || fail "register $name"; done
"$B" serve bools/1 mixed/1 --unix s.sock --json >serve.json 2>serve.err &
server=$!
until grep -q '^}' serve.json; do
	kill -0 $server 2>/dev/null || fail "serve: $(cat serve.err)"
	sleep 0.02
done
url=unix:$PWD/s.sock
printf 'k,x\nTrue,0.5\nFalse,0.5\n' >few.csv
"$B" predict bools few.csv -q >few
expect 0 "categories that look like bools, through a server" "$B" predict bools few.csv --endpoint "$url" -q
cmp -s ../said few || fail "the server: $(paste few ../said)"
expect 0 "the server's first model" "$B" predict few.csv --endpoint "$url" -q
cmp -s ../said few || fail "the first model: $(paste few ../said)"
expect 0 "numbers and times in other spellings, through a server" "$B" predict mixed/1 other.csv --endpoint "$url" -q
cmp -s ../said plain || fail "the server: $(paste plain ../said)"
expect 2 "a misfit is named before it is asked" "$B" predict mixed misfit.csv --endpoint "$url"
says "misfit.csv:3:10: column 't': \"noon\" is not a date or time"
kill $server
wait $server
server=

# ---- the next version of a dataset --------------------------------------------------------------
# next NAME FIRST SECOND: codes of one column k, a line each; the second version keeps type and texts
next() {
	local name=$1
	printf 'k,x\n%b' "$2" >v1.csv
	printf 'k,x\n%b' "$3" >v2.csv
	expect 0 "$name: a first version" "$B" data add "$name" v1.csv -q
	expect 0 "$name: a second one" "$B" data add "$name" v2.csv -q
	expect 0 "$name: is read" "$B" data export "$name@v2" back.csv --force -q
	cmp -s v2.csv back.csv || fail "$name: $(paste v2.csv back.csv)"
	[ "$("$B" data show "$name@v1" --json | grep -o '"schema_hash": *"[0-9a-f]*"')" = \
		"$("$B" data show "$name@v2" --json | grep -o '"schema_hash": *"[0-9a-f]*"')" ] ||
		fail "$name: the types changed"
}
next codes '007,1\n123,2\n+5,3\n' '123,1\n+5,2\n'
next answers 'True,1\nMaybe,2\n' 'True,1\nFalse,2\n'
next ids 'a1,1\nb2,2\n' '1.0,1\n2.50,2\n'
next days '2024-01-01,1\nnever,2\n' '2024-01-01,1\n2024-05-05,2\n'
next ratios '0.5,1\n1.5,2\n' '1.25,1\n2.5,2\n'
next wide "$(seq -f 'u%.0f,1\n' 40 | tr -d '\n')" "$(seq -f 'w%.0f,1\n' 100 | tr -d '\n')"

printf 'k,x\n007,1\n12,2\n' >v1.csv
expect 0 "a dataset with codes" "$B" data add plant v1.csv -q
cat >plant.json <<'END'
{"name":"codes","expectations":[
{"type":"expect_column_values_to_be_in_set","kwargs":{"column":"k","value_set":["007","12","+5"]}},
{"type":"expect_column_values_to_match_regex","kwargs":{"column":"k","regex":"^[0-9+]+$"}},
{"type":"expect_column_value_lengths_to_be_between","kwargs":{"column":"k","min_value":1,"max_value":3}}]}
END
expect 0 "its suite holds" "$B" data check plant --suite plant.json -q
printf 'k,x\n12,1\n+5,2\n' >v2.csv
expect 0 "codes that look like numbers" "$B" data add plant v2.csv -q
expect 0 "the suite holds for them" "$B" data check plant --suite plant.json -q
printf 'k,x\n12,1\n13,x7\n' >v3.csv
expect 2 "a word among integers" "$B" data add plant v3.csv
says "v3.csv:3:4: column 'x': \"x7\" is not an int64"
says "--retype"
expect 0 "it can be left out" "$B" data add plant v3.csv --rejects left.csv -q
grep -q '"column '"'x'"': ""x7"" is not an int64","13,x7"' left.csv || fail "rejects: $(cat left.csv)"
printf 'k\n12\n' >v4.csv
expect 2 "a column that a version had" "$B" data add plant v4.csv
says "v4.csv: no column 'x', which plant@v3 has"
says "(--retype takes it without)"
printf 'k,x\n12,1\n13,2\n' >v5.csv
expect 2 "another type by the way" "$B" data add plant v5.csv --type k=int64
says "column 'k' is category in plant@v3, not int64"
{ echo k,x,y; for i in 1 2 3 4 5 6; do printf 'a,%d,%d\nb,%d,%d\n' $i $i $i $((i + 9)); done; } >v6.csv
expect 0 "a column more" "$B" data add plant v6.csv -q
expect 0 "a model of it" "$B" run start --trainer ridge --data plant --target y --name planted --wait -q
expect 0 "registered" "$B" model register planted --name planted -q
sed 's/^[ab],/7,/' v6.csv >v7.csv
expect 0 "new types on purpose" "$B" data add plant v7.csv --retype
says "column 'k' was category in plant@v4 and is int64 now"
says "model planted/1 reads 'k' by its former type"
says "suite 'codes' (of plant@v2) has 3 checks of such columns"
expect 0 "parts of the new version" "$B" data split plant --parts train=0.7,test=0.3 --seed 1 -q
expect 0 "a model of a part" "$B" run start --trainer ridge --data plant.train --target y --name parted --wait -q
expect 0 "registered too" "$B" model register parted --name parted -q
sed 's/^7,/c,/' v7.csv >v8.csv
expect 0 "types changed again" "$B" data add plant v8.csv --retype
says "model parted/1 reads 'k' by its former type"
printf 'e,x\n,1\n,2\n' >e1.csv
printf 'e,x\nlate,1\n' >e2.csv
expect 0 "a column without a value" "$B" data add late e1.csv -q
expect 0 "has no type to keep" "$B" data add late e2.csv -q
"$B" data export ratios@v1 half.arrow -q || fail "export"
expect 0 "Arrow that fits exactly" "$B" data add ratios half.arrow -q
printf 'k,x\n1,1\n2,2\n' >whole.csv
expect 0 "integers as the floats they were" "$B" data add ratios whole.csv -q
printf 'k,x\n1,1.5\n' >frac.csv
"$B" data export frac.csv frac.arrow -q || fail "export"
expect 2 "Arrow that does not fit" "$B" data add ratios frac.arrow
says "frac.arrow: row 1: column 'x': \"1.5\" is not an int64"
printf 'k,x\n1,0.1\n' >tenth.csv
printf 'k,x\n1,0.5\n' >narrow.csv
expect 0 "float32 told" "$B" data add narrow narrow.csv --type x=float32 -q
"$B" data export tenth.csv tenth.arrow -q || fail "export"
expect 2 "a float64 that would be rounded" "$B" data append narrow tenth.arrow
says "tenth.arrow: row 1: column 'x': \"0.1\" is not exactly a float32"

{ echo k,x; seq -f '%.0f,bad' 2000; seq -f '%.0f,1' 12000; } >many.csv
expect 2 "more rejected rows than a tenth" "$B" data add many many.csv --type x=int64 --on-error reject
says "are malformed, at most"
expect 0 "when so many are meant" "$B" data add many many.csv --type x=int64 --on-error reject --max-rejects 2000 -q

# ---- a part of its own --------------------------------------------------------------------------
printf 'k,x,y\nTrue,0.5,10\nFalse,0.5,20\n' >held.csv
expect 0 "data to test on, guessed alone" "$B" data add held held.csv -q
expect 1 "its bools are no categories" "$B" run start --trainer ridge --data bools --data held:test --target y \
	--name held --wait
expect 0 "which the run's log says" "$B" run log held
says "row 1: column 'k': \"true\" of a boolean column is not a category of the model"
expect 0 "read as text" "$B" data add held held.csv --type k=category --retype -q
expect 0 "they are" "$B" run start --trainer ridge --data bools --data held:test --target y --set alpha=0.001 \
	--name held2 --wait -q
