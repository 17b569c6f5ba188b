#!/bin/bash
# All interfaces of the program to a model give the same answers, digit for digit: files and pipes, CSV and Arrow, rows
# alone and together, a server, other instruction sets, and a test part. With random tables of every type, in one
# process: tests/core/serve/test_same_answers.c.
set -u
. tests/support/shell.sh || exit 2
server=
at_end() { [ -z "$server" ] || kill "$server" 2>/dev/null; }
cd "$dir" || exit 1
"$B" init . >/dev/null 2>&1 || fail init

types=(--type f=float32 --type u8=uint8 --type u64=uint64 --type i16=int16 --type day=date --type clock=time
	--type took=duration --type 'cost=decimal(20,3)' --type k=category --type b=bool --type t=timestamp)
head='x,f,u8,u64,i16,n,day,clock,took,cost,k,b,t'
awk -v head="$head" 'BEGIN { srand(7); print head ",y,class"
	split("007 +5 True 1.0 a,b x", k, " ")
	for (i = 0; i < 240; i++) { x = rand() * 20 - 10
		printf "%.17g,%.9g,%d,%d,%d,%d,19%02d-0%d-1%d,0%d:30:0%d.5,%sPT%dS,%d.%03d,\"%s\",%s,1969-12-%02dT0%d:00:00.25Z,%.17g,%s\n",
			x, rand(), i % 256, i * 77777777777, i * 100 - 12000, i * 1000000007, i % 99, i % 9 + 1, i % 9, i % 10, i % 10,
			(i % 3 ? "" : "-"), i * 60, i, i * 7 % 1000, k[i % 6 + 1], i % 2 ? "true" : "false", i % 28 + 1, i % 10,
			3 * x + (i % 6), (x > 0 ? "up" : (x > -5 ? "\"down, \"\"so\"\"\"" : "flat")) } }' >t.csv
cat >ask.csv <<END
$head
0.1,0.1,255,18446744073709551615,-32768,9007199254740993,1899-12-31,23:59:59.999999999,-PT1.5S,-0.050,007,true,1969-12-31T23:59:59.999999999Z
-0,1e-30,0,0,32767,-9223372036854775808,0044-03-15,00:00:00,PT0S,99999999999999999.999,"a,b",false,1900-01-01T00:00:00Z
inf,-inf,,,,,,,,,,,
nan,NA,7,9223372036854775808,1,9223372036854775807,2026-02-28,12:00:00,1-02:03:04,12.5,never seen,1,2024-02-29T12:00:00Z
5e-324,167772.17,1,9007199254740993,-1,0,9999-12-31,00:00:01,1:30:00,12.500,"",0,1678-09-22T00:00:00Z
1e15,123456.789,3,1,0,7,1970-01-01,09:05:07,PT1H2M3.5S,0,1.0,TRUE,1970-01-01T00:00:00Z
END
"$B" data add t t.csv "${types[@]}" -q >/dev/null || fail "data add"
# The input as an Arrow file with these types.
"$B" data add ask ask.csv "${types[@]}" --type x=float64 --type n=int64 -q >/dev/null || fail "data add ask"
"$B" data export ask ask.arrow -q
rows=$(($(wc -l <ask.csv) - 1))
for m in ridge logistic mlp; do
	target=class other=y
	[ $m = ridge ] && target=y other=class
	options=()
	[ $m = mlp ] && options=(--set epochs=2 --set hidden=8)
	expect 0 "train $m" "$B" run start -t $m -d t --target $target --exclude $other "${options[@]}" --name $m --wait -q
	expect 0 "register $m" "$B" model register $m --name $m -q
done
"$B" serve ridge/1 logistic/1 mlp/1 --unix "$dir/s" >served 2>&1 &
server=$!
for _ in $(seq 600); do [ -S "$dir/s" ] && break; kill -0 $server || fail "serve: $(cat served)"; sleep 0.05; done

same() { # NAME COMMAND...: its answers are those in want
	"${@:2}" >got 2>got.err || { echo "not ok $1: $(cat got.err)"; bad=1; return; }
	check "$1" "" "$(diff want got)"
}
for m in ridge logistic mlp; do
	"$B" predict $m ask.csv -q >want 2>err || fail "predict $m"
	check "$m answers" $((rows + 1)) "$(wc -l <want)"
	same "$m: Arrow" "$B" predict $m ask.arrow -q
	same "$m: CSV by a pipe" sh -c "cat ask.csv | '$B' predict $m - -q"
	same "$m: Arrow by a pipe" sh -c "cat ask.arrow | '$B' predict $m - -q"
	same "$m: a server, CSV" "$B" predict $m ask.csv --endpoint "unix:$dir/s" -q
	same "$m: a server, Arrow" "$B" predict $m ask.arrow --endpoint "unix:$dir/s" -q
	same "$m: portable kernels" env BINNACLE_KERNELS=portable "$B" predict $m ask.csv -q
	same "$m: a processor without AVX2 and FMA" env OPENBLAS_CORETYPE=Prescott \
		GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F,-AVX2_Usable,-FMA_Usable "$B" predict $m ask.csv -q
	{
		head -n 1 want
		for i in $(seq "$rows"); do { echo "$head"; sed -n "$((i + 1))p" ask.csv; } | "$B" predict $m - -q 2>err | tail -n 1; done
	} >alone
	check "$m: each row alone" "" "$(diff want alone)"
	{ echo "$head"; tail -n +2 ask.csv | tac; } >back.csv
	{ head -n 1 want; tail -n +2 want | tac; } >back
	check "$m: in another order" "" "$("$B" predict $m back.csv -q 2>err | diff back -)"
done

# A test part of one row with the target 0: its error is the absolute value of the answer. Its types differ from those
# in training.
for i in 1 2 4 6; do
	{ echo "$head,y"; sed -n "$((i + 1))s/\$/,0/p" ask.csv; } >one.csv
	expect 0 "row $i as a dataset" "$B" data add "row$i" one.csv --type k=category --type f=float64 --type b=category -q
	expect 0 "row $i as a test part" "$B" run start -t ridge -d t -d "row$i:test" --target y --exclude class --name "part$i" --wait -q
	error=$("$B" run show "part$i" --json | tr -d ' \n' | grep -o '"test_max_error":{"count":1,"first":[^,]*' | sed 's/.*first"://')
	answer=$("$B" predict "part$i" ask.csv -q 2>err | sed -n "$((i + 1))p")
	check "row $i: the test part's answer" "same" "$(awk -v p="$answer" -v e="$error" \
		'BEGIN { if (p < 0) p = -p; print p + 0 == e + 0 ? "same" : p " " e }')"
done
exit "$bad"
