#!/bin/bash
# Numbers as people write them: with thousands separators, per cent, currencies, units. A column that stays text is
# reported with the reason and the option that reads it; --thousands reads groups of three, and only those.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init
n=0
note() { # TEXT VALUES...: column x of these, each in quotes
	local want=$1
	shift
	n=$((n + 1))
	{ echo 'id,x' && i=0 && for v in "$@"; do i=$((i + 1)) && printf '%d,"%s"\n' $i "$v"; done; } >in.csv
	expect 0 "$*" "$B" data add "d$n" in.csv
	if [ -n "$want" ]; then says "column 'x' is text that looks like numbers with $want"; else
		case $err in *"looks like numbers"*) fail "$*: $err" ;; esac
	fi
}
note "',' between thousands: 3 of 3 values, as \"1,234\"; --thousands , reads them" 1,234 12,345 -1,234,567.25
note "',' between thousands: 1 of 3 values, as \"1,234\"" 5 17 1,234
note "'.' between thousands: 2 of 2 values, as \"1.234,5\"; --thousands . reads them" 1.234,5 2.234.567,75
note "blanks between thousands: 2 of 3 values, as \"1 234\"; --thousands ' ' reads them" '1 234' 12 '1 234 567.5'
note "blanks between thousands: 2 of 2 values" $'1\u00a0234' $'2\u202f345'
note "\"'\" between thousands: 2 of 2 values, as \"1'234\"; --thousands \"'\" reads them" "1'234" "1'234'567.5"
note "'_' between thousands: 1 of 1 values" 1_000_000
note "a decimal comma: 2 of 2 values, as \"1,5\"; --decimal , reads them" 1,5 1,234
note '"%" behind them: 2 of 3 values, as "10%"; data transform' 10% 5 '7.5 %'
note '"W" behind them: 2 of 2 values, as "5 W"; data transform' '5 W' 7.25W
note '"kWh" behind them' 1kWh 2kWh NA
note '"µs" behind them' 1µs 20µs
note '"$" before them: 2 of 2 values, as "$5"; data transform' '$5' '$6.50'
note '"€" before them' €5 '€ 7'
note '"€" behind them' '5 €' '7 €'
note '"EUR" before them' 'EUR 5' 'EUR 7'
note "U+2212 for minus: 1 of 2 values" −5 7
note "parentheses for minus: 1 of 2 values, as \"(5)\"; write -5 for (5)" '(5)' 6
note "'-' behind them: 1 of 2 values, as \"5-\"; write -5 for 5-" 5- 7
note "D before the exponent: 2 of 2 values, as \"1D5\"" 1D5 1.5d-03
for plain in 'one two' '007 008' 'n1 n2' '1st 2nd 3rd' '10.0.0.1 10.0.0.2' 'a,b c,d' '1,23 x 4,5 y' '2024-01 2024-02' '1-2 3-4' '5W 6A' '1:30 2:45'; do
	# shellcheck disable=SC2086
	note "" $plain
done

# the value that makes a column text, and the reason
odd() { # WORDS VALUE GOOD...
	local want=$1 v=$2
	shift 2
	n=$((n + 1))
	printf 'id,x\n1,%s\n2,"%s"\n3,%s\n' "$1" "$v" "$2" >in.csv
	expect 0 "$v" "$B" data add "d$n" in.csv
	says "column 'x' is text because of 1 of 3 values"
	says "$want"
}
odd ' ("\N"): --null '"'\\N'"' makes it missing' '\N' 1.5 2
odd ': line 3 has "0x10", and hexadecimal numbers are not read' 0x10 1 2
odd ': line 3 has "1 2", and it is more than one number' '1 2' 1.5 2.5
odd ', and it has two signs' --5 1 2
odd ', and infinity is written inf or -inf' -INFINITY 1 2
odd ', and infinity and NaN in this form are not read' '1.#INF' 1 2
odd ', and its digits are not the ASCII ones' １２ 1 2
odd ', the first on line 3: "VALUE", which is no number' VALUE 1 2
odd ', and months go from 01 to 12' 2024-13-01 2024-01-01 2024-01-02
odd ', and hours go from 00 to 23' 2024-01-01T25:00:00 2024-01-01 2024-01-02
odd ', and a year has four digits, months and days have two: 2026-01-05' 2024-1-5 2024-01-01 2024-01-02
odd ', and it is outside of 1677-09-21 .. 2262-04-11' 10000-01-01 2024-01-01 2024-01-02
odd ', and months by name are not read: 2026-01-31' 31-Dec-2024 2024-01-01 2024-01-02
odd ', and a date is written 2026-01-31' 20240105 2024-01-01 2024-01-02
printf 'x\n1\n2\nA3\n4\nB5\n' >in.csv
expect 0 "names with digits" "$B" data add names in.csv
case $err in *"is text"*) fail "names with digits: $err" ;; esac

# the result of each suggested option
sum() { "$B" data export "$@" --columns x - | tail -n +2 | paste -sd ' '; }
given() { printf 'id,x\n'; for v in "$@"; do printf '1,"%s"\n' "$v"; done; }
given 1,234 12,345,678.5 -1,234 7 0.5 1,234e2 NA >in.csv
check comma "1234.0 12345678.5 -1234.0 7.0 0.5 123400.0 " "$(sum in.csv --thousands ,)"
given 1.234,5 12.345.678 7 0,5 >in.csv
check point "1234.5 12345678.0 7.0 0.5" "$(sum in.csv --thousands .)"
check point_and_comma "1234.5 12345678.0 7.0 0.5" "$(sum in.csv --thousands . --decimal ,)"
given '1 234' $'12\u00a0345' $'12\u202f345,5' ' 7 ' >in.csv
check blank "1234.0 12345.0 12345.5 7.0" "$(sum in.csv --thousands ' ' --decimal ,)"
given "1'234" 9007199254740993 >in.csv
check whole "1234 9007199254740993" "$(sum in.csv --thousands "'")"
for wrong in 1,23 12,3456 1,,234 ,234 1,234, 1234,567 1,2345.5 '1, 234'; do
	given 1,234 "$wrong" >in.csv
	check "not $wrong" '"1,234" "'"$wrong"'"' "$(sum in.csv --thousands ,)"
done
given 1,234 2,345 >in.csv
expect 0 "of a declared type" "$B" data add t in.csv --thousands , --type x=int32 -q
expect 0 "what was read" "$B" data show t --json
says '"thousands": ","'
given 3,456 4,56 >more.csv
expect 2 "a next version" "$B" data append t more.csv --thousands ,
says "more.csv:3:3: column 'x': \"4,56\" is not an int32"
expect 0 "a decimal" "$B" data add dec in.csv --thousands , --type 'x=decimal(12,2)' -q
check "of decimals" "1234.00 2345.00" "$(sum dec)"
expect 2 "both are one sign" "$B" data add t in.csv --thousands , --decimal ,
says "--thousands and --decimal are both ','"
expect 2 "another sign" "$B" data add t in.csv --thousands x
says "--thousands is one of , . ' _ and ' ', not 'x'"
given 10% 7% >in.csv
"$B" data add share in.csv -q >/dev/null 2>&1
expect 0 "the transform that is named" "$B" data transform s share --column 'x = real(substr(x, 1, length(x) - 1))' -q
check share "10.0 7.0" "$(sum s)"

# a value out of range is reported with the range
given 9223372036854775808 1 >in.csv
expect 0 "beyond int64" "$B" data add huge in.csv
says "line 2 has \"9223372036854775808\", and int64 ends at 9223372036854775807 (use --type for uint64 or a rounded float64)"
expect 0 "as uint64" "$B" data add huge2 in.csv --type x=uint64 -q
check uint64 "9223372036854775808 1" "$(sum huge2)"
expect 0 "as float64" "$B" data add huge3 in.csv --type x=float64 -q
check float64 "9.223372036854776e+18 1.0" "$(sum huge3)"
given 1e400 1 >in.csv
expect 0 "beyond float64" "$B" data add big in.csv
says '"1e400", and it is beyond the range of float64'
exit $bad
