#!/bin/bash
# run start --where: the model is equal to one trained on a dataset of the rows that satisfy the expression.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$BINNACLE" init . >/dev/null 2>&1 || { echo "not ok init"; exit 1; }
awk 'BEGIN { srand(3); print "x,state,day,y"; for (i = 0; i < 300; i++) { x = rand() * 10
	print x ",s" i % 3 ",2026-01-" sprintf("%02d", i % 28 + 1) "," 3 * x + i % 3 } }' >t.csv
"$BINNACLE" data add t t.csv -q >/dev/null
awk 'NR == 1 || NR % 2' t.csv >u.csv
"$BINNACLE" data add u u.csv -q >/dev/null
where="state = 's1' and x>2"
train() { "$BINNACLE" run start --wait -t ridge --target y --name "$1" "${@:2}" >out 2>err || cat err; }
metrics() { "$BINNACLE" run show "$1" --json | tr -d ' \n' | grep -o '"test_[a-z0-9_]*":[^,}]*' | sort -u; }

train kept -d t -d u:test --where "$where"
rows=$(awk -F, '$2 == "s1" && $1 > 2' t.csv | wc -l)
check log "train: $rows of 300 rows with state = 's1' AND x > 2" "$("$BINNACLE" run log kept | head -1)"
check parts 2 "$("$BINNACLE" run log kept | grep -c 'rows with state')"
for name in t u; do "$BINNACLE" data transform "only_$name" $name --where "$where" -q >/dev/null 2>&1; done
train made -d only_t -d only_u:test
for name in kept made; do
	"$BINNACLE" model register $name --name $name -q >/dev/null && "$BINNACLE" model export $name $name -q || echo "not ok export"
done
check the_same_weights 0 "$(cmp kept/model.safetensors made/model.safetensors 2>&1; echo $?)"
check the_same_features 0 "$(cmp kept/features.json made/features.json 2>&1; echo $?)"
check the_same_metrics "$(metrics made)" "$(metrics kept)"
check in_the_spec "\"where\": \"state = 's1' AND x > 2\"" "$("$BINNACLE" run start --again kept --dry-run --json 2>/dev/null | grep -o '"where".*[^,]')"
check a_parameter "state = 's1' AND x > 2" "$("$BINNACLE" run show kept | sed -n 's/^ *where  *//p')"
check in_the_card "- Rows: those with \`\` state = 's1' AND x > 2 \`\`" "$(grep '^- Rows' kept/model_card.md)"
check taken_off 0 "$("$BINNACLE" run start --again kept --where '' --dry-run --json 2>/dev/null | grep -c '"where"')"
check reproduced 1 "$("$BINNACLE" run reproduce kept 2>/dev/null | grep -c bit-identical)"
check compared 2 "$("$BINNACLE" run compare kept made --json | grep -c "state = 's1' AND x > 2")"
check compared_where_they_differ "2" "$(
	for k in 1 2; do train "long$k" -d t -d u:test --where "x > 0 and x < 100 and day > 2025-12-31 and y > $k"; done
	"$BINNACLE" run compare long1 long2 | grep '^  where' | grep -o '[.][.][.].*' | grep -o 'y > [12]' | sort -u | wc -l)"

# Errors are reported before a run is created.
says() { # STATUS WHAT PATTERN OPTION...
	local said status
	said=$("$BINNACLE" run start "${@:4}" 2>&1)
	status=$?
	check "$2" "$1 yes" "$status $(grep -qF -- "$3" <<<"$said" && echo yes || echo "$said")"
}
says 2 near "t@v1: where:1:1: no column 'stat'" -t ridge -d t --target y --where "stat = 's1'"
cut -d, -f1,2,4 u.csv >bare.csv
"$BINNACLE" data add u_bare bare.csv -q >/dev/null
says 2 no_test "this quote is never closed" -t ridge -d t --target y --where "x = 'a"
says 2 test_part "u_bare@v1: where:1:1: no column 'day'" -t ridge -d t -d u_bare:test --target y --where "day > 2026-01-05"
says 2 for_trainers "field 'where' is for trainers" --where 'x > 1' -- true
says 1 no_rows "t@v1 has no rows to train on with x > 300" -t ridge -d t --target y --where 'x > 300' --wait
exit "$bad"
