#!/bin/bash
# Columns of every type through the program: from CSV by --type, from Arrow files of other programs, exported again, and
# in filters, profiles, diffs, checks, splits and models.
set -u
. tests/support/shell.sh || exit 2
forms=$PWD/tests/fuzz/corpus/arrow
cd "$dir" || exit 1
"$BINNACLE" init --quiet >/dev/null 2>&1
head='u8,i16,u64,day,clock,took,cost,raw'
cat >in.csv <<EOF
$head
1,-5,18446744073709551615,2026-01-31,09:05:07,1-02:03:04,12.5,00ff
,,,,,,,
255,7,0,0044-03-15,00:00,-PT1.5S,-0.05,""
EOF
types=(--type u8=uint8 --type i16=int16 --type u64=uint64 --type day=date --type clock=time
	--type took=duration --type 'cost=decimal(10,2)' --type raw=binary)
"$BINNACLE" data add t in.csv "${types[@]}" --quiet >/dev/null
check added 0 $?
want="$head
1,-5,18446744073709551615,2026-01-31,09:05:07,PT26H3M4S,12.50,00ff
,,,,,,,
255,7,0,0044-03-15,00:00:00,-PT1.5S,-0.05,\"\""
check csv_out "$want" "$("$BINNACLE" data export t)"
check json_cells '18446744073709551615 12.50 00ff null' "$("$BINNACLE" data head t --json | tr -d ' \n' |
	sed 's/.*"cost":"\([^"]*\)".*"raw":"00ff".*"u64":"\([0-9]*\)".*"cost":\(null\).*/\2 \1 00ff \3/')"
check types 'uint8 int16 uint64 date time duration decimal(10,2) binary' \
	"$("$BINNACLE" data describe t --tsv | tail -n +2 | cut -f2 | paste -sd' ')"
# Exported values are read back with the types of the version before.
"$BINNACLE" data export t -o out.csv --force --quiet
"$BINNACLE" data export t -o out.arrow --force --quiet
check csv_is_nothing_new 'nothing new' "$("$BINNACLE" data add t out.csv 2>&1 >/dev/null | grep -o 'nothing new')"
check arrow_is_nothing_new 'nothing new' "$("$BINNACLE" data add t out.arrow 2>&1 >/dev/null | grep -o 'nothing new')"

# Values that do not fit are reported with their position.
while IFS='|' read -r cells place what; do
	printf '%s\n%s\n' "$head" "$cells" >bad.csv
	check "misfit $what" "bad.csv:2:$place \"$what\" is not" \
		"$("$BINNACLE" data add t bad.csv 2>&1 >/dev/null | grep -o "bad.csv:2:.* is not" | sed "s/: column.*: /: /")"
done <<'EOF'
256,,,,,,,|1:|256
-1,,,,,,,|1:|-1
1.5,,,,,,,|1:|1.5
,40000,,,,,,|2:|40000
,,18446744073709551616,,,,,|3:|18446744073709551616
,,-1,,,,,|3:|-1
,,,2026-02-30,,,,|4:|2026-02-30
,,,2026-01-31T00:00:00,,,,|4:|2026-01-31T00:00:00
,,,,24:00:00,,,|5:|24:00:00
,,,,,90,,|6:|90
,,,,,,1.005,|7:|1.005
,,,,,,123456789.00,|7:|123456789.00
,,,,,,,0f0|8:|0f0
EOF

# An Arrow file with other types is read with the types of the dataset, if that is exact.
printf 'id,day,cost\n1,2026-01-31,0.25\n' >a.csv
"$BINNACLE" data add c a.csv --type id=uint16 --type day=date --type 'cost=decimal(6,2)' --quiet >/dev/null
printf 'id,day,cost\n2,2026-02-01T00:00:00Z,7\n3,,1.5\n' >b.csv
"$BINNACLE" data export b.csv -o b.arrow --force --quiet # int64, timestamp, float64
"$BINNACLE" data add c b.arrow --quiet >/dev/null
check cast 'id,day,cost
2,2026-02-01,7.00
3,,1.50' "$("$BINNACLE" data export c)"
for row in '70000,,' ',2026-02-01T00:00:01Z,' ',,0.125' '-1,,'; do
	printf 'id,day,cost\n1,2026-01-01T00:00:00Z,0.5\n%s\n' "$row" >b.csv
	"$BINNACLE" data export b.csv -o b.arrow --force --quiet
	check "no cast of $row" 1 "$("$BINNACLE" data add c b.arrow 2>&1 >/dev/null | grep -c 'row 2: column')"
done

printf 'x,s\n300,2026-01-31\n7,\n' >b.csv
"$BINNACLE" data export b.csv -o b.arrow --force --quiet
check type_of_arrow 'uint16 date' "$("$BINNACLE" data add w b.arrow --type x=uint16 --type s=date --quiet >/dev/null
	"$BINNACLE" data describe w --tsv | tail -n +2 | cut -f2 | paste -sd' ')"
check type_of_arrow_misfit 'row 1: column '"'x'"': "300" is not a uint8' "$("$BINNACLE" data add w2 b.arrow --type x=uint8 2>&1 >/dev/null |
	grep -o 'row 1: column.*')"
check type_of_no_column "no column 'y'" "$("$BINNACLE" data add w3 b.arrow --type y=uint8 2>&1 >/dev/null | grep -o "no column 'y'")"

# Lists, structs and maps by other programs.
"$BINNACLE" data add n "$forms/nested" --quiet >/dev/null
check nested 0 $?
check nested_sizes '2 values each, 1 to 4' "$("$BINNACLE" data describe n --tsv | awk -F'\t' '$1 == "f" { print $NF }' |
	grep -o '2 values each, 1 to 4')"
check nested_csv '1,u,"[1,null]","[""u"",null]","[""k""]",[1.5],"[1,2]","[""a""]","[""b"",""a""]",5,30313233343536373839616263646566' \
	"$("$BINNACLE" data export n | sed -n 2p)"
check nested_again 'nothing new' "$("$BINNACLE" data add n "$forms/nested" 2>&1 >/dev/null | grep -o 'nothing new')"
"$BINNACLE" data export n -o n.csv --force --quiet
check lists_are_not_text "column 'l.x': a cell of text is no list<int16>" \
	"$("$BINNACLE" data add n n.csv 2>&1 >/dev/null | grep -o "column 'l.x': a cell.*")"
check type_list_from_csv 1 "$("$BINNACLE" data add x in.csv --type 'u8=list<int8>' 2>&1 >/dev/null | grep -c 'is no list<int8>')"
check diff_of_lists 0 "$("$BINNACLE" data diff n n --json >/dev/null; echo $?)"
check freq_of_lists '[1,2]	1' "$("$BINNACLE" data freq n f --tsv | awk -F'\t' -v OFS='\t' '$1 == "[1,2]" { print $1, $2 }')"
check stream 'nothing new' "$("$BINNACLE" data add s - <"$forms/stream_codes" >/dev/null 2>&1
	"$BINNACLE" data add s "$forms/stream_codes" 2>&1 >/dev/null | grep -o 'nothing new')"
printf 'FEA1................FEA1' >v1.feather
check feather_1 1 "$("$BINNACLE" data add v v1.feather 2>&1 >/dev/null | grep -c 'Feather file of version 1')"
check too_far 1 "$("$BINNACLE" data add v "$forms/too_far" 2>&1 >/dev/null |
	grep -c "column 'at': row 2: 9999-12-31 is not between 1677 and 2262")"

# Checks, splits and models.
{
	echo 'day,took,id,cost,y'
	for i in $(seq 10 69); do
		printf '2026-%02d-%02d,PT%dS,%d,%d.25,%d\n' $((i % 12 + 1)) $((i % 28 + 1)) $i $((9000 + i)) $i $((3 * i + 1))
	done
} >m.csv
"$BINNACLE" data add m m.csv --type day=date --type took=duration --type id=uint16 --type 'cost=decimal(6,2)' \
	--quiet >/dev/null
cat >suite.json <<'EOF'
{"name": "s", "expectations": [
 {"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "cost", "type_": "decimal(6,2)"}},
 {"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "day", "type_": "date"}},
 {"type": "expect_column_values_to_be_between", "kwargs": {"column": "day", "min_value": "2026-01-01", "max_value": "2026-12-31"}},
 {"type": "expect_column_max_to_be_between", "kwargs": {"column": "took", "min_value": "PT69S", "max_value": "PT1M9S"}},
 {"type": "expect_column_values_to_be_between", "kwargs": {"column": "cost", "min_value": 10.25, "max_value": 69.25}},
 {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "day", "value_set": ["2026-01-01"]}},
 {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "cost", "min_value": 39, "max_value": 41}}]}
EOF
check checks 'true true true true true false true' "$("$BINNACLE" data check m --suite suite.json --json 2>/dev/null |
	grep -o '"success": [a-z]*' | head -7 | grep -o 'true$\|false$' | paste -sd' ')"
"$BINNACLE" data split m --how temporal --by day --quiet >/dev/null 2>&1
check split_by_date 0 $?
check split_by_list 1 "$("$BINNACLE" data split n --how temporal --by f 2>&1 >/dev/null |
	grep -c "column 'f' is fixed<uint8,2>, which does not order rows in time")"
run=$("$BINNACLE" run start -t ridge -d m --target y --wait --json 2>log | grep -o '"id": "[^"]*"' | head -1 | cut -d'"' -f4)
check trained 1 "$([ -n "$run" ] && echo 1)"
"$BINNACLE" predict "$run" m.csv -o p.csv --force --quiet 2>log
check predicts_from_dates 60 "$(tail -n +2 p.csv | wc -l)"
"$BINNACLE" data export m -o m.arrow --force --quiet
"$BINNACLE" predict "$run" m.arrow -o q.csv --force --quiet 2>log
check predicts_the_same_from_arrow 0 "$(cmp p.csv q.csv >/dev/null; echo $?)"
# A column of vectors is one input for each element.
for _ in 1 2 3 4 5 6; do "$BINNACLE" data append n "$forms/nested" --quiet >/dev/null 2>&1; done
"$BINNACLE" run start -t ridge -d n --target p.x --features f --name vectors --wait --quiet >/dev/null
check vectors_learnt 1 "$("$BINNACLE" run log vectors | grep -c '2 columns, target p.x')"
"$BINNACLE" data export n -o n.csv --force --quiet
"$BINNACLE" data export n -o n.arrow --force --quiet
check vectors_from_csv 21 "$("$BINNACLE" predict vectors n.csv -o p.csv --force --quiet; tail -n +2 p.csv | wc -l)"
check vectors_from_arrow 0 "$("$BINNACLE" predict vectors n.arrow -o q.csv --force --quiet; cmp p.csv q.csv >/dev/null; echo $?)"
printf 'f\n"[1,2]"\n"[1,2,3]"\n' >long.csv
check vector_too_long "row 2: column 'f': expected an array of 2 numbers, got 3" \
	"$("$BINNACLE" predict vectors long.csv 2>&1 | grep -o 'row 2: .*')"
check list_target "2 1" "$("$BINNACLE" run start -t ridge -d n --target f --dry-run >log 2>&1
	echo "$? $(grep -c "n@v7: target 'f' is fixed<uint8,2>, a target is one value in each row" log)")"
# The elements as separate columns give the vector: in files and with a server.
printf 'f\n"[1,2]"\n"[7,null]"\n"[3,null]"\n' >whole.csv
printf 'f[1],f[0]\n2,1\nNA,7\n,3\n' >elements.csv
"$BINNACLE" predict vectors whole.csv -o p.csv --force --quiet
check elements_in_columns 0 "$("$BINNACLE" predict vectors elements.csv -o q.csv --force --quiet; cmp p.csv q.csv; echo $?)"
"$BINNACLE" model register vectors --name vectors --quiet
"$BINNACLE" serve vectors/1 --unix "$dir/s" >served 2>&1 &
server=$!
for _ in $(seq 600); do [ -S "$dir/s" ] && break; kill -0 $server || break; sleep 0.05; done
for file in whole elements; do
	"$BINNACLE" predict vectors $file.csv --endpoint "unix:$dir/s" --quiet >q.csv
	check "$file by a server" 0 "$(cmp p.csv q.csv; echo $?)"
done
kill $server
"$BINNACLE" run start -t ridge -d n -d n:test --target p.x --features f,p.x --name both --wait --quiet >/dev/null 2>&1
check target_among_features 1 "$("$BINNACLE" run log both | grep -c "left out of the features: 'p.x' is the target")"
check parts_shown 'train n@v7 test n@v7' "$("$BINNACLE" run show both | awk '/^  (train|test) .*@v/ {print $1, $2}' | paste -sd' ')"
exit $bad
