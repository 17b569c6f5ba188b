#!/bin/bash
# Messages about training: misspelt columns, unsuitable targets, tasks that were not given, models registered twice, and
# values that are not numbers.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }

says() { # STATUS WHAT PATTERN COMMAND...
	local want=$1 what=$2 pattern=$3 said status
	shift 3
	said=$("$BINNACLE" "$@" 2>&1 </dev/null)
	status=$?
	check "$what" "$want yes" "$status $(grep -qE -- "$pattern" <<<"$said" && echo yes || echo "$said")"
}

awk 'BEGIN { srand(2); print "alpha,beta,gamma,label,on,note"; for (i = 0; i < 600; i++) { a = rand(); b = rand()
	print a "," (i % 50 ? b : i % 100 ? "inf" : "-inf") "," a * 2 - 1 "," (a > b ? "yes" : "no") "," (a > b) ",text " rand() } }' >t.csv
says 0 added . data add t t.csv -q
start() { echo run start --wait --data t --seed 1 --set epochs=1 --exclude note; }

# ---- columns ---------------------------------------------------------------------------------------------------
says 2 near_target "did you mean 'gamma'" run start --data t --trainer ridge --target gama
says 2 near_feature "did you mean 'beta'" run start --data t --trainer ridge --target gamma --features alpha,betta
says 2 near_exclude "did you mean 'alpha'" run start --data t --trainer ridge --target gamma --exclude alhpa

# ---- targets, before there is a run ------------------------------------------------------------------------------
says 2 text_for_ridge "target 'label' is text, but ridge predicts numbers" run start --data t --trainer ridge --target label
says 2 what_to_do_instead "--trainer logistic classifies its values" run start --data t --trainer ridge --target label
says 2 text_for_a_regression "leave out the task" run start --data t --trainer mlp --task regression --target label
says 2 free_text "target 'note' is free text" run start --data t --trainer logistic --target note
check no_run_was_made 0 "$("$BINNACLE" run ls --json | grep -c '"id"')"

# ---- tasks -------------------------------------------------------------------------------------------------------
# shellcheck disable=SC2046
says 0 regression_is_said "task regression because target 'on' is a number; --task classification" $(start) --trainer mlp --target on
# shellcheck disable=SC2046
says 0 flags_are_warned_of "warning: target 'on' is 0 or 1 in every row, and mlp learns it as a number" $(start) --trainer mlp --target on
says 0 said_in_the_log "0 or 1 in every row: --task classification" run log latest
# shellcheck disable=SC2046
says 0 classification_is_said "task classification because target 'label' is not a number" $(start) --trainer mlp --target label
# shellcheck disable=SC2046
check chosen_is_not_said 0 "$("$BINNACLE" $(start) --trainer mlp --target on --task classification 2>&1 | grep -c '^task')"

# ---- the same run twice --------------------------------------------------------------------------------------------
says 0 trained . run start --wait --data t --trainer ridge --target gamma --features alpha,beta --name r
check first_time_nothing 0 "$("$BINNACLE" model register r --name m 2>&1 | grep -c already)"
says 0 second_time "the model of this run is already m/1" model register r --name m
says 0 under_another_name "the model of this run is already m/[12]" model register r --name other

# ---- infinity is a missing value, in training and in prediction ----------------------------------------------------
printf 'alpha,beta\n0.5,inf\n0.5,-inf\n0.5,\n' >ask.csv
"$BINNACLE" predict m/1 ask.csv --out answers.csv -q 2>err >/dev/null || cat err
check three_answers 3 "$(tail -n +2 answers.csv | wc -l)"
check one_answer 1 "$(tail -n +2 answers.csv | sed 's/.*,//' | sort -u | wc -l)"

# ---- settings that change nothing, numbers that are classes ---------------------------------------------------------
says 0 first . run start --wait -q --name first --data t --trainer mlp --target gamma --features alpha,beta --set epochs=1 --set hidden=8
says 0 the_same "warning: [0-9a-f]{8} has the settings of [0-9a-f]{8}: what --set says is what it had" run start --wait --again first --set hidden=8
check another_is_not_said 0 "$("$BINNACLE" run start --wait --again first --set hidden=4 2>&1 | grep -c 'has the settings')"
check again_alone_is_not_said 0 "$("$BINNACLE" run start --wait --again first 2>&1 | grep -c 'has the settings')"
says 0 numbers_as_classes "target 'gamma' has 59[0-9] different numbers in 600 rows, each of which is a class to logistic; --trainer ridge" \
	run start --wait -q --data t --trainer logistic --target gamma --features alpha
check classes_are_not_said 0 "$("$BINNACLE" run start --wait -q --data t --trainer logistic --target on --features alpha 2>&1 | grep -c 'different numbers')"
awk 'BEGIN { srand(3); print "x,day,some,level"; for (i = 0; i < 600; i++) print rand() ",2024-01-" sprintf("%02d", i % 28 + 1) \
	"," (i % 10 ? rand() : "") "," (i % 60) / 8 }' >u.csv
says 0 added_u . data add u u.csv -q
says 0 few_fractions "target 'level' has 60 different numbers in 600 rows, each of which is a class to logistic" \
	run start --wait -q --data u --trainer logistic --target level --features x
says 2 time_as_target "target 'day' is a time, a target is a number or a class" run start --data u --trainer ridge --target day
says 2 time_as_target_cure "epoch\(day\) / 3600" run start --data u --trainer logistic --target day
says 0 missing_targets "target 'some' is missing in 60 of the 600 rows, which are left out" \
	run start --wait --data u --trainer ridge --target some --features x,some --name missing
awk 'BEGIN { print "a,b,y"; for (i = 1; i <= 200; i++) print i % 7 "," (i % 20 ? i % 3 : "-inf") "," (i % 5 ? i % 11 : "inf") }' >inf.csv
says 0 added_inf . data add inf inf.csv -q
says 0 infinite_feature "warning: feature 'b' is infinite in 10 of the 200 rows, taken as missing" \
	run start --wait --data inf --trainer ridge --target y --name inf
says 0 infinite_target "target 'y' is infinite in 40 of the 200 rows, which are left out" run start --wait --data inf --trainer ridge --target y
says 0 all_rows . run start --wait -q --data inf --trainer ridge --target a --features b --valid 0 --test 0 --name infb
says 0 infinite_in_log "[0-9]+ rows left out, whose 'y', the target, is missing or infinite" run log inf
says 0 infinite_feature_in_log "feature 'b' is infinite in 10 of the 200 training rows, taken as missing" run log infb
says 0 target_as_feature "warning: 'some' in --features is the target" run start --wait --data u --trainer ridge --target some --features x,some
says 0 missing_in_log "[0-9]+ rows left out, whose 'some', the target, is missing or infinite" run log missing
says 2 empty_name "--name '' is no name" run start --name '' -- true
says 1 no_such_command "exit status 127: a command was not found, or cannot be run" run start --wait -- nosuchcommand

# ---- which run is meant, and which model ---------------------------------------------------------------------------
says 0 two_of_a_name . run start --wait -q --data t --trainer baseline --target gamma --name same
says 0 and_another . run start --wait -q --data t --trainer baseline --target beta --name same
says 2 ambiguous "run name 'same' is ambiguous: [0-9a-f]{8} \(same\), [0-9a-f]{8} \(same\)" predict same ask.csv
says 3 nearly_a_run "did you mean 'same'" predict sam ask.csv
says 3 nearly_a_model "did you mean 'other'" predict othr/1 ask.csv
says 3 neither "no model 'xyz'" predict xyz ask.csv

# ---- settings ------------------------------------------------------------------------------------------------------
mlp() { echo run start --data t --trainer mlp --target gamma --set; }
# shellcheck disable=SC2046
says 2 no_list "hidden is 'a', must be a list of integers such as 64,32" $(mlp) hidden=a
# shellcheck disable=SC2046
says 2 layer_of_none "hidden is 0, must be a list of integers such as 64,32 from 1 to 8192" $(mlp) hidden=0
# shellcheck disable=SC2046
says 2 no_epoch "epochs is 0, must be an integer from 1 to 1000000" $(mlp) epochs=0
# shellcheck disable=SC2046
says 2 half_an_epoch "epochs is '1.5', must be an integer" $(mlp) epochs=1.5
# shellcheck disable=SC2046
says 2 nan_rate "learning_rate is 'nan', must be a number" $(mlp) learning_rate=nan
# shellcheck disable=SC2046
says 2 nearly_a_setting "did you mean 'epochs'" $(mlp) epoch=3

# ---- a file that is read otherwise, for a model as for data --------------------------------------------------------
{ echo when,watt,y; for i in $(seq 40); do printf '2026-01-%02d,%d.5,%d.25\n' $((1 + i % 28)) $((i * 7 % 11)) $((i % 28)); done; } >times.csv
says 0 times . data add times times.csv -q
says 0 a_model_of_times . run start --wait -q --data times --trainer ridge --target y --name times
printf 'when,watt\n2026-01-13,1.5\n' >iso.csv
printf 'when,watt\n13/01/2026,1.5\n' >dmy.csv
printf 'when,watt\n01/13/26,1.5\n' >mdy.csv
printf 'when,watt\n2026-01-13,"1,5"\n' >comma.csv
want=$("$BINNACLE" predict times iso.csv -q)
says 2 another_order 'dmy.csv:2:1: column .when.: "13/01/2026" is not a date or time' predict times dmy.csv
check dmy "$want" "$("$BINNACLE" predict times dmy.csv --date-order dmy -q 2>&1)"
check mdy "$want" "$("$BINNACLE" predict times mdy.csv --date-order mdy -q 2>&1)"
says 2 not_that_order '"13/01/2026" is not a date or time' predict times dmy.csv --date-order mdy
for epoch in 1704067200 1704067200000000000 20260113; do
	printf 'when,watt\n%s,1.5\n' $epoch >epoch.csv
	says 2 "epoch_$epoch" "\"$epoch\" is not a date or time" predict times epoch.csv
done
says 2 a_comma 'comma.csv:2:12: column .watt.: "1,5" is not a number' predict times comma.csv
says 2 its_cure 'hint: --decimal , reads it' predict times comma.csv
check comma "$want" "$("$BINNACLE" predict times comma.csv --decimal , -q 2>&1)"

# ---- a comma in an integer separates groups: as a decimal comma it would be another value, unnoticed ------------------
seq 1000 100 4000 | awk 'BEGIN { print "k,y" } { print $1 "," $1 / 100 }' >whole.csv
says 0 whole_numbers . data add whole whole.csv -q
says 0 a_model_of_them . run start --wait -q --data whole --trainer ridge --target y --name whole
printf 'k\n"1,234"\n' >groups.csv
printf 'k\n1234\n' >plain.csv
says 2 groups 'hint: --thousands , reads it' predict whole groups.csv
check groups "$("$BINNACLE" predict whole plain.csv -q)" "$("$BINNACLE" predict whole groups.csv --thousands , -q 2>&1)"

# ---- a category spelled as missing values are is that category, in a file and in a request -----------------------------
{ echo s,t,y; for i in 1 2 3 4 5 6 7 8; do printf 'None,a,1\nB,b,2\nB,a,2.5\n'; done; } >spelled.csv
says 0 spelled . data add spelled spelled.csv --only-null '' -q
says 0 a_model_of_them . run start --wait -q --data spelled --trainer ridge --target y --name spelled
printf 's,t\n"None",a\nB,b\n"None",\n' >quoted.csv
printf 's,t\nNone,a\nB,b\nNone,\n' >bare.csv
want=$("$BINNACLE" predict spelled quoted.csv -q)
check bare "$want" "$("$BINNACLE" predict spelled bare.csv -q 2>&1)"
# where the usual spellings are missing values, those of them that were quoted in training are values in their column
sed 's/None/"None"/' spelled.csv >quoted_data.csv
says 0 quoted_data . data add quoted quoted_data.csv -q
says 0 a_model_of_them . run start --wait -q --data quoted --trainer ridge --target y --name quoted
printf 's,t\nNone,a\nB,b\nNone,None\n' >bare_twice.csv
check bare_where_it_is_a_value "$want" "$("$BINNACLE" predict quoted bare_twice.csv -q 2>&1)"
check told "$(printf 's,t\n,a\nB,b\n,\n' >empty.csv; "$BINNACLE" predict spelled empty.csv -q)" \
	"$("$BINNACLE" predict spelled bare.csv --null None -q 2>&1)"

# ---- a file that is read is never written over -----------------------------------------------------------------------
cp plain.csv kept.csv
says 2 onto_itself 'kept.csv. is the file that is read' predict whole kept.csv --out kept.csv --force
says 2 rejects_onto_it 'is the file that is read' data add whole2 kept.csv --on-error reject --rejects ./kept.csv --force
check kept "$(cat plain.csv)" "$(cat kept.csv)"

# ---- how the asked file was read is said as for data that is added ---------------------------------------------------
printf 'alpha;beta\n0,5;1,25\n' >comma.csv
"$BINNACLE" predict m/1 comma.csv >answer 2>err
check read_as_found "inferred from the first records: fields separated by ';', decimal comma (set with --delimiter, --decimal)" \
	"$(grep inferred err)"
printf 'alpha,beta\n0.5,1.25\n' >plain.csv
check same_answer "$("$BINNACLE" predict m/1 plain.csv 2>err)" "$(cat answer)"
check plain_says_nothing 0 "$(grep -c inferred err)"
# ---- what a model says of its data -------------------------------------------------------------------------------
"$BINNACLE" data split t --parts train=0.7,val=0.15,test=0.15 --seed 1 -q >/dev/null 2>&1
card() { # NAME OPTIONS...: the split of a run's model card, and its data
	local name=$1
	shift
	"$BINNACLE" run start --wait -q --name "$name" --trainer ridge --target gamma --features alpha,beta "$@" >/dev/null 2>&1
	"$BINNACLE" model register "$name" --name "m-$name" -q >/dev/null 2>&1
	"$BINNACLE" model export "m-$name/1" "folder-$name" -q >/dev/null 2>&1
	grep -E '^- (Data|Validation data|Test data|Split):|^ *split: ' "folder-$name/model_card.md" | sort
}
check card_of_versions "$(printf '%s\n' '- Data: `t.train@v1`' '- Split: valid t.val@v1, test t.test@v1' \
	'- Test data: `t.test@v1`' '- Validation data: `t.val@v1`' "          split: test" | sort)" \
	"$(card versions --data t.train --data t.val:valid --data t.test:test)"
check card_of_shares "$(printf '%s\n' '- Data: `t@v1`' '- Split: random, valid 0.15000, test 0.15000, seed 1' \
	"          split: test" | sort)" "$(card shares --data t --seed 1)"
check card_of_both "$(printf '%s\n' '- Data: `t.train@v1`' '- Split: random, valid 0.15000, test t.test@v1, seed 1' \
	'- Test data: `t.test@v1`' "          split: test" | sort)" "$(card both --data t.train --data t.test:test --seed 1)"
check card_of_none "$(printf '%s\n' '- Data: `t.train@v1`' '- Split: none: every row is trained on')" \
	"$(card none --data t.train --valid 0 --test 0 | grep -v -E 'name|split:')"
exit "$bad"
