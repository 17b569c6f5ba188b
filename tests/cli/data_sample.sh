#!/bin/bash
# data sample and data balance: rows of classes, weights, what is kept of them in the lineage.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$B" init -q . >/dev/null 2>&1 || fail "init"
awk 'BEGIN { print "id,c,w"; for (i = 0; i < 200; i++) print i "," (i % 10 ? "DONE" : "FAILED") "," i % 3 }' >jobs.csv
"$B" data add jobs jobs.csv -q >/dev/null 2>&1 || fail "add"
field() { python3 -c "import json, sys; print(*[i['$1'] for i in json.load(sys.stdin)['items']])"; }
check balance "0.555556 5" "$("$B" data balance jobs c --json 2>/dev/null | python3 -c "import json, sys
print(*['%g' % i['weight'] for i in json.load(sys.stdin)['items']])")"
check evenness 1 "$("$B" data balance jobs c 2>&1 >/dev/null | grep -c '2 classes; the largest has 9 times the rows of the smallest')"
classes() { "$B" data sample "$@" --json 2>/dev/null | python3 -c "import json, sys
print(*['%s %d' % (c['value'], c['rows']) for c in json.load(sys.stdin)['classes']])"; }
check down "DONE 20 FAILED 20" "$(classes even jobs --how down --by c)"
check up "DONE 180 FAILED 180" "$(classes more jobs --how up --by c)"
check stratified "DONE 45 FAILED 5" "$(classes some jobs --how stratified --by c --rows 50)"
check weights "DONE 180 FAILED 20" "$(classes weighed jobs --by c --weights weight)"
check their_column "1.8 2" "$("$B" data freq weighed weight --tsv 2>/dev/null | wc -l | awk '{ print 1.8, $1 - 1 }')"
"$B" data export weighed weighed.csv -q >/dev/null 2>&1
check balanced_weights "100 100 1" "$(awk -F, 'NR > 1 { s[$2] += $4; all += $4 } END { printf "%.6g %.6g %.6g", s["DONE"], s["FAILED"], all / 200 }' weighed.csv)"
check share 20 "$("$B" data sample tenth jobs --share 0.1 --tsv 2>/dev/null | awk -F'\t' '$1 == "rows" || $1 == "Rows" { print $2 }')"
check same_seed "nothing new: these are the bytes of tenth@v1" "$("$B" data sample tenth jobs --share 0.1 2>&1 >/dev/null | grep nothing)"
check lineage '"do": "sample",' "$("$B" data show even --json 2>/dev/null | grep -o '"do": "sample",')"
check parent 1 "$("$B" data show even --json 2>/dev/null | grep -c '"name": "jobs"')"
check rows_of_the_parent 1 "$("$B" run start --dry-run --trainer ridge --target w --data even --data jobs:test 2>&1 >/dev/null |
	grep -c 'share rows because one is made from the other')"
expect 2 "no number of rows" "$B" data sample x jobs
expect 2 "too many" "$B" data sample x jobs --rows 201
expect 2 "no classes" "$B" data sample x jobs --how down
expect 2 "both" "$B" data sample x jobs --rows 2 --share 0.2
expect 2 "no kind" "$B" data sample x jobs --how sideways
expect 3 "no column" "$B" data sample x jobs --how up --by nix
expect 3 "no dataset" "$B" data balance nix c
exit $bad
