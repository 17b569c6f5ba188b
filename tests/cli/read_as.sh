#!/bin/bash
# What meets a model or an older version is read by the types that these have: the same row gets the same answer
# whatever stands beside it, and what does not fit is an error that names the cell.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init

# expect STATUS NAME COMMAND...: both outputs in $out, stdout alone in the file out
expect() {
	local want=$1 name=$2 got
	shift 2
	"$@" >out 2>err
	got=$?
	out=$(cat out err)
	[ "$got" = "$want" ] || fail "$name: exit $got, expected $want: $* :: $out"
	echo "ok $name"
}

says() {
	case $out in
	*"$1"*) echo "ok   and says '$1'" ;;
	*) fail "expected '$1' in: $out" ;;
	esac
}

# ---- rows alone and together ----------------------------------------------------------------

# train NAME TEXT...: a category k of these texts and one that is a word; each moves y by 10.
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

# alone NAME TEXT...: the answers to each row by itself, to each pair and to all of them
alone() {
	local name=$1 k
	shift
	{ echo k,x; for k in "$@" word; do echo "$k,0.5"; done; } >all.csv
	expect 0 "$name: all rows" "$B" predict "$name" all.csv -q
	mv out all
	echo prediction >each
	for k in "$@" word; do
		printf 'k,x\n%s,0.5\n' "$k" >one.csv
		"$B" predict "$name" one.csv -q | tail -n 1 >>each || fail "$name: $k"
	done
	cmp -s all each || fail "$name: alone and together differ: $(paste all each)"
	{ echo k,x; for k in "$@"; do echo "$k,0.5"; done; } >few.csv
	expect 0 "$name: without the word" "$B" predict "$name" few.csv -q
	head -n -1 all | cmp -s - out || fail "$name: $(paste all out)"
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
1704283200000000000,x," TRUE",4.0,3.0
NA,y,NaN,null,None
2024-01-05,"z,""",0,+9e0,02
END
expect 0 "numbers and times as they are mostly written" "$B" predict mixed plain.csv -q
mv out plain
expect 0 "the same values in other spellings" "$B" predict mixed other.csv -q
cmp -s out plain || fail "spellings: $(paste plain out)"
expect 0 "the same rows from Arrow" "$B" data export plain.csv plain.arrow -q
expect 0 "are read" "$B" predict mixed plain.arrow -q
cmp -s out plain || fail "Arrow: $(paste plain out)"
printf 'f,i,b,t\n,,,\n' >empty.csv
expect 0 "a row without a value" "$B" predict mixed empty.csv -q
sed -n '3p' plain | cmp -s - <(tail -n 1 out) || fail "a row without a value: $(cat out)"

# ---- what does not fit ------------------------------------------------------------------------
misfit() { # NAME TEXT ROW
	printf 'f,i,b,t\n1,2,true,2024-01-01\n%s\n' "$3" >misfit.csv
	expect 2 "$1" "$B" predict mixed misfit.csv
	says "$2"
}
misfit "a word for an integer" "misfit.csv:3:3: column 'i': \"x7\" is not an int64" '1,x7,true,2024-01-01'
misfit "a word for a float" "misfit.csv:3:1: column 'f': \"x\" is not a number" 'x,1,true,2024-01-01'
misfit "true for a float" "misfit.csv:3:1: column 'f': \"true\" is not a number" 'true,1,true,2024-01-01'
misfit "an infinite float" "misfit.csv:3:1: column 'f': \"inf\" is not a number" 'inf,1,true,2024-01-01'
misfit "a number for a bool" "misfit.csv:3:5: column 'b': \"2\" is not true or false" '1,1,2,2024-01-01'
misfit "a word for a time" "misfit.csv:3:10: column 't': \"noon\" is not a date or time" '1,1,true,noon'
printf 'f,b,t\n1,true,2024-01-01\n' >short.csv
expect 2 "a column that is missing" "$B" predict mixed short.csv
says "short.csv: no column 'i', which the model needs"
