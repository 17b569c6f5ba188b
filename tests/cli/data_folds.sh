#!/bin/bash
# data split: folds and splits by time as datasets, what is refused, and what run start says of them.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$B" init -q . >/dev/null 2>&1 || fail "init"
awk 'BEGIN { srand(3); print "id,user,state,at,done,x,y"
	for (i = 0; i < 300; i++) { x = rand()
		print i ",u" int(rand() * 12) "," (rand() < 0.3 ? "FAILED" : "DONE") "," 10 * i "," 10 * i + int(rand() * 60) "," x "," 2 * x + rand() }
}' >jobs.csv
"$B" data add jobs jobs.csv -q >/dev/null 2>&1 || fail "add"
split() { "$B" data split jobs "$@" --tsv 2>"$dir/err" | sed 1d | cut -f1,2 | tr '\t' ' '; }
json() { "$B" data split jobs "$@" --json 2>/dev/null | python3 -c "import json, sys
for i in json.load(sys.stdin)['items']: print(*[i[k] for k in '$keys'.split()])"; }

check k_folds "jobs.fold1.train@v1 200
jobs.fold1.test@v1 100
jobs.fold2.train@v1 200
jobs.fold2.test@v1 100
jobs.fold3.train@v1 200
jobs.fold3.test@v1 100" "$(split --folds 3)"
check the_same_again "jobs.fold1.train@v1 200" "$(split --folds 3 | head -1)"
keys="fold part inner_fold rows"
check nested "1 train None 200
1 test None 100
1 train 1 100
1 test 1 100" "$(json --folds 3 --inner 2 --how stratified --by state | head -4)"
keys="repeat fold part rows"
check repeated "1 1 train
2 2 test" "$(json --folds 2 --repeats 2 --how group --by user | cut -d' ' -f1-3 | sed -n '1p;$p')"
keys="fold value part"
check each 12 "$(json --how group --by user --folds each | grep -c ' u[0-9]* test')"
keys="fold part left_out"
check purged 1 "$(json --how temporal --by at --end done --folds 3 --embargo 10% | awk '$2 == "train" && $3 > 0 { n++ } END { print n == 3 }')"
check expanding "jobs.fold1.train 75
jobs.fold1.test 75
jobs.fold2.train 150
jobs.fold2.test 75
jobs.fold3.train 225
jobs.fold3.test 75" "$(split --how expanding --by at --folds 3 --dry-run)"
check rolling "jobs.fold3.train 75" "$(split --how rolling --by at --folds 3 --dry-run | sed -n 5p)"
check "labels that reach into the test" 1 "$(split --how temporal --by at --end done >/dev/null; grep -c 'rows are in no part: their labels reach into a later part' err)"
"$B" data leaks jobs.train jobs.test --end done --ignore id >/dev/null 2>&1
check "leave no leak" 0 $?
check stratified_groups "jobs.train@v2 jobs.test@v2" "$(split --how stratified-group --by state --group user | cut -d' ' -f1 | xargs)"
"$B" data leaks jobs.train@v2 jobs.test@v2 >/dev/null 2>&1
check "whose group is known" 0 $?

# what is warned of
cat jobs.csv >twice.csv
sed -n 2,31p jobs.csv >>twice.csv
"$B" data add twice twice.csv -q >/dev/null 2>&1
"$B" data split twice >/dev/null 2>err
check leak 1 "$(grep -c 'leak: .* rows of test equal a row of train' err)"
"$B" data split twice --no-leaks >/dev/null 2>err
check no_search 0 "$(grep -c leak err)"
"$B" data split jobs --dry-run --target y --where 'x < 2' >/dev/null 2>err
check nothing_made "jobs.train@v2" "$("$B" data ls jobs.train --tsv 2>/dev/null | sed -n 2p | cut -f1)"

# runs
"$B" data split jobs --folds 3 --inner 2 --seed 5 -q >/dev/null 2>&1
warned() { "$B" run start --dry-run --trainer ridge --target y "$@" 2>&1 >/dev/null | grep '^warning: train'; }
check one_fold "" "$(warned --data jobs.fold1.train --data jobs.fold1.test:test)"
check two_folds 1 "$(warned --data jobs.fold1.train --data jobs.fold2.test:test | grep -c 'may share rows')"
check inner_of_it "" "$(warned --data jobs.fold1.inner2.train --data jobs.fold1.inner2.test:valid --data jobs.fold1.test:test)"
check inner_of_another 1 "$(warned --data jobs.fold2.inner1.train --data jobs.fold1.test:test | grep -c 'may share rows')"
expect 0 "a run on a fold" "$B" run start --wait -q --trainer ridge --target y --data jobs.fold1.train --data jobs.fold1.test:test

expect 2 "parts and folds" "$B" data split jobs --folds 3 --parts a=0.5,b=0.5
expect 2 "repeats without folds" "$B" data split jobs --repeats 3
expect 2 "expanding parts" "$B" data split jobs --how expanding --by at
expect 2 "an embargo without a test in between" "$B" data split jobs --how temporal --by at --embargo 1h
expect 2 "end and horizon" "$B" data split jobs --how temporal --by at --end done --horizon 3
expect 2 "a horizon of groups" "$B" data split jobs --how group --by user --horizon 3
expect 2 "one column for two" "$B" data split jobs --how stratified-group --by state
expect 2 "too many folds" "$B" data split jobs --folds 101
expect 2 "more folds than groups" "$B" data split jobs --how group --by state --folds 3
expect 3 "no such column" "$B" data split jobs --how group --by nix --folds 3
expect 2 "text is no time" "$B" data split jobs --how rolling --by user --folds 3
exit $bad
