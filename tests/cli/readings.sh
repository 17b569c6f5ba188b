#!/bin/bash
# How a file is read is said once, for the dataset's first file. From then on -999 is missing, 1.234,5 is a number and
# 03/04/2024 a day in April: in the next version, in rows that are appended, in files for a model, with a server too, and in
# a test part of text. The same values in plain CSV give the same bytes.
set -u
. tests/support/shell.sh || exit 2
server=
at_end() { [ -z "$server" ] || kill "$server" 2>/dev/null; }
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init

# rows FROM TO: plain rows; odd: the same in the notation of a country and of a tool
rows() {
	awk -v from="$1" -v to="$2" 'BEGIN {
		print "when,power,jobs,state,y"
		for (i = from; i < to; i++) {
			p = i % 5 == 3 ? "" : sprintf("%.3f", 1000 + i * 7 % 300 + 0.5)
			j = i % 7 == 2 ? "" : 1000 * (i % 11) + 7
			s = i % 3 == 0 ? "None" : i % 3 == 1 ? "B" : ""
			printf "2024-04-%02dT10:00:00Z,%s,%s,%s,%.1f\n", i % 9 + 1, p, j, s, 10 * (i % 3) + i % 7 + 0.5
		}
	}' | awk -F, -v quote="${3:-}" 'BEGIN { OFS = "," } NR > 1 && quote && $4 == "None" { $4 = "\"None\"" } { print }'
}
odd() {
	awk -F, 'BEGIN { OFS = ";" } NR > 1 {
		$1 = substr($1, 9, 2) "/" substr($1, 6, 2) "/" substr($1, 1, 4) " 10:00"
		for (k = 2; k <= 3; k++) {
			if ($k == "") { $k = "-999"; continue }
			split($k, part, ".")
			if (length(part[1]) > 3) part[1] = substr(part[1], 1, length(part[1]) - 3) "." substr(part[1], length(part[1]) - 2)
			$k = part[1] (part[2] ? "," part[2] : "")
		}
		if ($4 == "") $4 = "-"
		sub(/\./, ",", $5)
	} { $1 = $1; print }'
}
rows 0 60 quote >a.csv
rows 60 90 quote >b.csv
rows 90 120 quote >c.csv
rows 0 60 | odd >a.odd
rows 60 90 | odd >b.odd
rows 90 120 | odd >c.odd

same() { # WHAT A B
	"$B" data head "$2" -n 200 --tsv >left && "$B" data head "$3" -n 200 --tsv >right || fail "$1: head"
	cmp -s left right || fail "$1: $(diff left right | head -n 6)"
}
expect 0 'the first file' "$B" data add odd a.odd --only-null -999 --only-null - --thousands . --date-order dmy -q
expect 0 'its twin' "$B" data add plain a.csv -q
same 'first version' odd plain
"$B" data add odd b.odd >/dev/null 2>said || fail "next: $(cat said)"
grep -qx "read as odd@v1 was: --only-null -999 --only-null - --thousands . --decimal , --date-order dmy" said ||
	fail "next says: $(cat said)"
"$B" data add plain b.csv -q >/dev/null || fail plain
same 'next version' odd plain
expect 0 append "$B" data append odd c.odd -q
expect 0 append "$B" data append plain c.csv -q
same 'appended rows' odd plain
expect 0 split "$B" data split odd --parts train=0.7,test=0.3 --seed 1 -q
expect 0 'a part and more rows' "$B" data append odd.test c.odd -q
expect 0 split "$B" data split plain --parts train=0.7,test=0.3 --seed 1 -q
expect 0 'a part and more rows' "$B" data append plain.test c.csv -q
same 'a part' odd.test plain.test

# ---- a model -------------------------------------------------------------------------------------
for d in odd plain; do
	expect 0 "train $d" "$B" run start --trainer ridge --data "$d" --target y --name "m-$d" --wait -q
	expect 0 "register $d" "$B" model register "m-$d" --name "m-$d" -q
done
"$B" predict m-plain/1 c.csv -q >want || fail predict
"$B" predict m-odd/1 c.odd >got 2>said || fail "predict: $(cat said)"
cmp -s want got || fail "predict: $(diff want got | head -n 4)"
grep -qx "read as in training: --only-null -999 --only-null - --thousands . --decimal , --date-order dmy" said ||
	fail "predict says: $(cat said)"
expect 2 'another notation' "$B" predict m-odd/1 c.csv
says ': "1030.500" is not a number'
says 'hint: numbers are read with a decimal comma as in training; --decimal . reads points'
"$B" predict m-odd/1 c.csv --decimal . --null '' >got 2>said || fail "as said: $(cat said)"
cmp -s want got || fail "as said: $(diff want got | head -n 4)"
grep -qx "not read as in training: --thousands . --decimal , (replaced by the options here)" said || fail "as said: $(cat said)"
"$B" serve m-odd/1 --unix "$dir/s" >served 2>&1 &
server=$!
for _ in $(seq 200); do [ -S "$dir/s" ] && break; kill -0 $server || fail "serve: $(cat served)"; sleep 0.05; done
"$B" predict m-odd --endpoint "unix:$dir/s" c.odd -q >got 2>said || fail "endpoint: $(cat said)"
cmp -s want got || fail "endpoint: $(diff want got | head -n 4)"

# ---- a test part whose columns are text -----------------------------------------------------------
text=(--type power=category --type jobs=category --type when=category)
expect 0 'a test part of text' "$B" data add textual c.odd "${text[@]}" --only-null - --decimal , -q
expect 0 'its twin' "$B" data add typed c.csv -q
for t in textual typed; do
	expect 0 "test $t" "$B" run start --trainer ridge --data odd --data "$t:test" --target y --name "t-$t" --wait -q
	"$B" run show "t-$t" --json | grep -A3 '"test_' | grep -v step >"metrics.$t"
done
grep -q first metrics.typed || fail "no metrics: $("$B" run show t-typed --json)"
cmp -s metrics.textual metrics.typed || fail "a test part of text: $(diff metrics.textual metrics.typed)"

# ---- a number in a table is a number, which is said where it was none in training ------------------------------------
sed 's/,,/,-999,/' c.csv >numbers.csv
expect 0 'a test part of numbers' "$B" data add numbers numbers.csv -q
expect 0 'test numbers' "$B" run start --trainer ridge --data odd --data numbers:test --target y --name t-numbers --wait -q
expect 0 'its log' "$B" run log t-numbers
says "test: column 'power': 6 numbers such as -999"
says "spelled missing values in the data of training, and are computed with; add the data with --null -999 if they are missing"
