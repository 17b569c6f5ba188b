#!/bin/bash
# Rows that are used twice: parts of different splits in one run, a part of the training data as test part, a file
# appended again. The results are numbers that are correct but mean less than they seem to.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
seq 400 | awk 'BEGIN { print "id,group,x,y" } { print $1 ",g" $1 % 20 "," $1 % 7 "," 3 * ($1 % 7) + $1 % 3 }' >jobs.csv
"$BINNACLE" data add jobs jobs.csv -q >/dev/null 2>&1
"$BINNACLE" data split jobs --parts train=0.7,val=0.15,test=0.15 -q >/dev/null 2>&1
"$BINNACLE" data split jobs --how group --by group --parts train=0.8,test=0.2 -q >/dev/null 2>&1

# ---- parts of a run -----------------------------------------------------------------------------------------------
warned() { # DATA...: warnings, the last one's words
	"$BINNACLE" run start --dry-run --trainer ridge --target y --exclude id,group "$@" 2>&1 >/dev/null | grep '^warning'
}
check newest_of_two_splits 2 "$(warned --data jobs.train --data jobs.val:valid --data jobs.test:test | wc -l)"
check other_splits \
	"warning: train (jobs.train@v2) and valid (jobs.val@v1) are from different splits of jobs and may share rows: use versions of one split (data ls shows when each was made)" \
	"$(warned --data jobs.train --data jobs.val:valid)"
check one_split "" "$(warned --data jobs.train@v1 --data jobs.val:valid --data jobs.test@v1:test)"
check the_other_split "" "$(warned --data jobs.train --data jobs.test:test)"
check a_part_of_what_is_trained_on 1 "$(warned --data jobs --data jobs.test:test | grep -c 'share rows because one is made from the other')"
check itself "warning: train and test are the same rows (jobs@v1)" "$(warned --data jobs --data jobs:test)"
check a_run_that_starts 1 "$("$BINNACLE" run start --wait --trainer ridge --target y --exclude id,group \
	--data jobs --data jobs.test:test 2>&1 >/dev/null | grep -c 'share rows')"
"$BINNACLE" data split jobs.train@v1 --parts fit=0.5,rest=0.5 -q >/dev/null 2>&1
check a_split_of_a_part "" "$(warned --data jobs.train.fit --data jobs.train.rest:valid --data jobs.test@v1:test)"
check in_its_log 1 "$("$BINNACLE" run log latest | grep -c 'share rows because one is made from the other')"
check of_a_command 1 "$("$BINNACLE" run start --wait --data jobs:train --data jobs.test:test -- true 2>&1 >/dev/null | grep -c 'share rows')"
check of_a_command_that_names_no_parts 0 "$("$BINNACLE" run start --wait --data jobs --data jobs.test -- true 2>&1 >/dev/null | grep -c 'share rows')"
"$BINNACLE" data transform clean jobs --column 'z = x * 2' -q >/dev/null 2>&1
"$BINNACLE" data transform cleaner clean --where 'z > 2' -q >/dev/null 2>&1
check through_a_transform 1 "$(warned --data cleaner --data jobs:test | grep -c 'share rows')"
check and_two 1 "$(warned --data jobs --data cleaner:test | grep -c 'share rows')"
check split_of_a_transform 1 "$("$BINNACLE" data split clean --parts train=0.5,test=0.5 -q >/dev/null 2>&1; warned --data clean.train --data jobs:test | grep -c 'share rows')"
check parts_of_a_transform "" "$(warned --data clean.train --data clean.test:test)"
"$BINNACLE" data add grown jobs.csv -q >/dev/null 2>&1
"$BINNACLE" data split grown --parts train=0.8,test=0.2 -q >/dev/null 2>&1
head -3 jobs.csv >more.csv
"$BINNACLE" data append grown more.csv -q >/dev/null 2>&1
check appended_to_what_the_test_is_of 1 "$(warned --data grown --data grown.test:test | grep -c 'share rows')"
check and_to_itself 1 "$(warned --data grown --data grown@v1:test | grep -c 'share rows')"

# ---- appending ----------------------------------------------------------------------------------------------------
appended() { "$BINNACLE" data append jobs "$1" 2>&1 >/dev/null | grep -E '^warning|hint'; }
head -5 jobs.csv >more.csv
check first_time "" "$(appended more.csv)"
check again "warning: jobs@v2 was made from the same bytes: their rows are in jobs@v3 twice" "$(appended more.csv)"
check of_the_first_version "warning: jobs@v1 was made from the same bytes: their rows are in jobs@v4 twice" "$(appended jobs.csv)"

# Hints of append errors suggest only options that append has.
printf 'id,group,x,y\n1,g,a,2\n' >word.csv
printf 'id,group,x\n1,g,1\n' >narrow.csv
check no_retype_for_a_word "  hint: correct the file, or write malformed records to a file with --on-error reject" "$(appended word.csv)"
check no_retype_for_a_column "  hint: the file has: id, group, x" "$(appended narrow.csv)"

# An unclosed quote in the header is not taken for a title above the table.
printf 'a,b\n"x,1\n2,3\n' >quote.csv
check quote_never_closed "  hint: correct the file, or read it with --quote none (quotes are ordinary characters) or --escape '\\'" \
	"$("$BINNACLE" data add quote quote.csv 2>&1 >/dev/null | grep hint)"

# ---- adding again -------------------------------------------------------------------------------------------------
# A next version is read as the types of the one before, and still has what its source says of the whole table.
added_twice() { # NAME FILE: the newest version's number, and whether its file has the word
	"$BINNACLE" data add "$1" "$2" -q >/dev/null 2>&1
	"$BINNACLE" data add "$1" "$2" -q 2>err | awk 'NR == 1 { print $2 }'
	"$BINNACLE" data export "$1" out.arrow --force -q >/dev/null 2>&1
	grep -aq "$3" out.arrow && echo kept
}
printf '; Computer: Some Cluster\n; UnixStartTime: 1000000000\n1 0 10 100 4 -1 -1 4 200 -1 1 1 1 1 1 -1 -1 -1\n' >log.swf
check log_by_name 1 "$("$BINNACLE" data head log.swf --tsv -c job 2>&1 | tail -1)"
check log_of_jobs "log@v1 kept" "$(added_twice log log.swf 'Some Cluster' | xargs)"
"$BINNACLE" data generate made --rows 50 -q >/dev/null 2>&1
"$BINNACLE" data export made made.arrow -q >/dev/null 2>&1
"$BINNACLE" data transform part made --where 'num_nodes_alloc > 1' -q >/dev/null 2>&1
"$BINNACLE" data export part out.arrow --force -q >/dev/null 2>&1
check transformed kept "$(grep -aq synthetic out.arrow && echo kept)"
check arrow_with_metadata "again@v1 kept" "$(added_twice again made.arrow synthetic | xargs)"
exit "$bad"
