#!/bin/bash
# binnacle run compare: many runs, statistics over seeds, importance of parameters, data, and reports.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
export LC_ALL=C.UTF-8
"$B" init . >/dev/null 2>&1 || fail init
awk 'BEGIN { srand(3); print "x,z,y"; for (i = 0; i < 300; i++) { x = rand() * 10; print x "," rand() "," 3 * x + rand() } }' >t.csv
"$B" data add t t.csv -q >/dev/null
awk -F, 'NR == 1 { print } NR > 1 { print $1 + 1 "," $2 "," $3 }' t.csv >u.csv
"$B" data add t u.csv -q >/dev/null
cat >train.sh <<'EOF'
"$BINNACLE" log param lr="$1" seed="$3"
"$BINNACLE" log metric test_rmse="$(awk -v lr="$1" -v s="$3" 'BEGIN { print 10 * lr + s * s % 7 / 100 + lr * s }')"
"$BINNACLE" log metric loss=2 --step 0
"$BINNACLE" log metric loss=1 --step 1
EOF
for s in 1 2 3 4; do
	"$B" run start --wait --name "a$s" -q -- sh train.sh 0.1 --seed $s >/dev/null 2>err || cat err
	"$B" run start --wait --name "b$s" -q -- sh train.sh 0.2 --seed $s >/dev/null 2>err || cat err
done
all=(a1 a2 a3 a4 b1 b2 b3 b4)

expect 0 many_runs_are_rows "$B" run compare "${all[@]}"
check a_row_each 8 "$(grep -c '^[0-9a-f]\{8\} ' said)"
says test_rmse
expect 0 two_runs_are_columns "$B" run compare a1 b1
says '* baseline'
expect 0 seeds "$B" run compare "${all[@]}" --seeds
says 'over seeds: test_rmse, smaller is better'
says 'lr 0.2'
expect 0 seeds_json "$B" run compare "${all[@]}" --seeds --metric test_rmse --json
check pairs 1 "$(grep -c '"pairs": 4' said)"
check smallest_p 0.125 "$(grep -o '"w_p": [0-9][0-9.]*' said | sed 's/.*: //')"
expect 0 no_pairs "$B" run compare a1 b1 b2 b3 --seeds
says 'no setting has two seeds of the first'
"$B" run start --wait --name again -q -- sh train.sh 0.1 --seed 1 >/dev/null 2>err || cat err
expect 0 repeated_seeds "$B" run compare "${all[@]}" again --seeds
says 'several runs of a setting with one seed count once, with their mean'
expect 0 importance "$B" run compare "${all[@]}" --importance --json
says '"key": "lr"'
expect 0 same_data "$B" run compare a1 b1 --data
says 'all runs use the same versions'
"$B" run start --wait -t ridge -d t@v1 --target y --name r1 -q >/dev/null 2>&1
"$B" run start --wait -t ridge -d t@v2 --target y --name r2 -q >/dev/null 2>&1
expect 0 data "$B" run compare r1 r2 --data
says 't@v2: 1 run, 300 rows, 3 columns'
check one_column_differs 1 "$(grep -c '^  x$' said)"
expect 0 data_json "$B" run compare r1 r2 --data --json
says '"part": "train"'

expect 0 html "$B" run compare "${all[@]}" --report r.html
check stands_alone 0 "$(grep -cE '<script|src=|href=|url\(' r.html)"
check has_pictures 2 "$(grep -c '^<svg ' r.html)"
grep -q 'Over seeds' r.html || fail "no statistics in the report"
if command -v xmllint >/dev/null; then
	check html_parses 0 "$(xmllint --html --noout r.html 2>&1 | grep error | grep -cvE 'Tag (svg|path|rect|circle|text) invalid')"
else
	echo "SKIP: xmllint is not installed: the report is not parsed by another program"
fi
expect 0 markdown "$B" run compare r1 r2 --report r.md
check markdown_has_no_svg 0 "$(grep -c '<svg' r.md)"
grep -q '^## Data' r.md || fail "no data in the report"
expect 6 existing "$B" run compare a1 b1 --report r.md
expect 0 replaced "$B" run compare a1 b1 --report r.md --force
expect 2 other_form "$B" run compare a1 b1 --report r.pdf
says 'ends neither with .md nor with .html'
expect 3 no_metric "$B" run compare a1 b1 --seeds --metric rmse
says 'none of these runs has a metric'
exit $bad
