#!/bin/bash
# run ls: groups with aggregates, files in every format, and the views that the workbench saved.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
export BINNACLE_HEARTBEAT=10m # no samples of the system among the metrics, however slow the machine
"$B" init -q >/dev/null || fail init
for lr in 0.1 0.2; do
	for seed in 1 2 4; do
		"$B" run start --wait -q --name "mlp-$lr-$seed" -- sh -c \
			"'$B' log param lr=$lr seed=$seed && '$B' log metric loss=$lr$seed acc=$seed" \
			>/dev/null 2>&1 || fail "run start"
	done
done

groups=$("$B" run ls --group params.lr --columns metrics.acc,params.lr --aggregate n,mean,min,max,median --tsv --sort params.lr)
check "one line per value" "$(echo "$groups" | wc -l)" 3
check "its aggregates" "$(echo "$groups" | sed -n 2p | tr '\t' ' ')" \
	"0.1 3 0 3 2.3333333333333335 1.0 4.0 2.0 0.1"
check "std of a sample" "$("$B" run ls -g lr -c acc --json | sed -n 's/.*"std": //p' | head -1 | cut -c1-12)" 1.5275252316
check "the count of all beside it" "$("$B" run ls -g lr -c acc --json | grep -cE '"(n|total)": 3')" 4
for lr in 0.1 0.3; do # 0.1 has the smallest loss of all, and a NaN; 0.3 the smallest mean
	"$B" run start --wait -q --name "other-$lr" -- sh -c \
		"'$B' log param lr=$lr run=other && '$B' log metric loss=$([ $lr = 0.1 ] && echo nan || echo 0.115)" \
		>/dev/null 2>&1 || fail "run start"
done
check "groups are sorted by what they show" "$("$B" run ls -g lr -c loss --sort loss --tsv | cut -f1 | tr '\n' ' ')" "group 0.3 0.1 0.2 "
check "by the first aggregate" "$("$B" run ls -g lr -c loss --aggregate min,mean --sort loss --tsv | cut -f1 | tr '\n' ' ')" \
	"group 0.1 0.3 0.2 "
check "who is left out is said" "$("$B" run ls -g lr -c loss | grep -oE '[0-9] of [0-9]' | tr '\n' ' ')" "3 of 4 "
check "and in JSON" "$("$B" run ls -g lr -c loss -f 'lr = 0.1' --json | grep -E '"(n|total)":' | tr -d ' \n,')" '"n":3"total":4'
"$B" run ls -f 'run = other' --json | sed -n 's/.*"id": "\(.*\)".*/\1/p' | while read -r id; do "$B" run rm "$id" --yes -q; done
check "of one experiment" "$("$B" run ls -g lr -c acc -e default --tsv | wc -l)" 3
check "none of another" "$("$B" run ls -g lr -c acc -e "o'ther" --tsv | wc -l)" 1
"$B" run ls --group acc 2>err && fail "a number groups"
check "a number groups nothing" "$(grep -c "is a number" err)" 1
"$B" run ls --group lr --aggregate maen 2>err && fail "an unknown aggregate"
check "an unknown aggregate is named" "$(grep -c "did you mean 'mean'" err)" 1
"$B" run ls --aggregate mean 2>err && fail "aggregates without groups"

top=$("$B" run show mlp-0.1-1 --json | sed -n 's/^  "id": "\([0-9a-f]*\)".*/\1/p')
"$B" run tag mlp-0.1-2 "mlflow.parentRunId=$top" -q && "$B" run tag mlp-0.1-4 "mlflow.parentRunId=$top" -q || fail "run tag"
check "a tree by the best run" "$("$B" run ls --tree --sort=-acc -c acc,depth,children,parent_name --tsv | cut -f2,8- | tr '\t\n' ' |')" \
	"name acc depth children parent_name|mlp-0.2-4 4.0 0 0 |mlp-0.1-1 1.0 0 2 |mlp-0.1-4 4.0 1 0 mlp-0.1-1|mlp-0.1-2 2.0 1 0 mlp-0.1-1|mlp-0.2-2 2.0 0 0 |mlp-0.2-1 1.0 0 0 |"
check "its text is indented, what is left out in brackets" "$("$B" run ls --tree -f 'name = mlp-0.1-4' | tail -2 | cut -c11-22)" \
	"(mlp-0.1-1) 
  mlp-0.1-4 "
check "its JSON counts" "$("$B" run ls --tree -f 'name = mlp-0.1-4' --json | grep -E '"(below|children|depth|left_out)"' | tr -d ' ,\n')" \
	'"below":1"children":1"depth":0"left_out":true"below":0"children":0"depth":1"left_out":false'
check "of one experiment" "$("$B" run ls --tree -e default --tsv | wc -l) $("$B" run ls --tree -e other --tsv | wc -l)" "7 1"
check "a run shows those below it" "$("$B" run show mlp-0.1-1 | grep -A2 '^runs below it' | tail -2 | cut -c13-21 | tr '\n' ' ')" "mlp-0.1-2 mlp-0.1-4 "
check "and in JSON" "$("$B" run show mlp-0.1-1 --json | grep -c '"child_count": 2')" 1
check "a run shows the one above it" "$("$B" run show mlp-0.1-4 | grep '^part of' | cut -c16-)" "mlp-0.1-1 (${top:0:8})"
"$B" run tag mlp-0.2-1 "$(printf %040d 7)=a
b" -q || fail "run tag"
check "a long tag and its lines stand apart" "$("$B" run show mlp-0.2-1 | grep -A2 "$(printf %040d 7)" | tr -s ' ' | tr '\n' '|')" " $(printf %040d 7)| a| b|"
"$B" run ls --tree --group lr 2>err
check "groups are no tree" "$? $(grep -c -- --tree err)" "2 1"
check "JSON has what was logged" "$("$B" run ls -f 'name = mlp-0.1-2' --json | python3 -c '
import json, sys
r = json.load(sys.stdin)["items"][0]
print(r["params"], r["metrics"], r["tags"]["mlflow.parentRunId"] != "", r["values"])')" \
	"{'lr': '0.1', 'seed': '2'} {'acc': 2.0, 'loss': 0.12} True {}"
check "with columns it has those" "$("$B" run ls -c acc --json | grep -c '"params"')" 0
check "a column is itself in JSON" "$("$B" run ls -c acc --json | grep -c '"c0"')" 0

for format in csv tsv json md arrow parquet; do
	"$B" run ls --sort params.seed --out "runs.$format" -q || fail "--out runs.$format"
	[ -s "runs.$format" ] || fail "runs.$format is empty"
done
check "a header and every run" "$(wc -l <runs.csv)" 7
check "its columns" "$(head -1 runs.csv)" \
	"id,name,status,experiment,user,title,host,created,started,finished,metrics.acc,metrics.loss,params.lr,params.seed"
check "Arrow has the same" "$("$B" data export runs.arrow - --columns name,params.lr | sort)" \
	"$(cut -d, -f2,13 runs.csv | sort)"
check "JSON too" "$(python3 -c 'import json; print(sum(r["metrics.acc"] for r in json.load(open("runs.json"))))')" 14.0
check "Markdown has a line for each" "$(grep -c '^| [0-9a-f]' runs.md)" 6
check "Parquet begins and ends with its mark" "$(head -c 4 runs.parquet)$(tail -c 4 runs.parquet)" PAR1PAR1
"$B" run ls --out runs.csv 2>err && fail "an existing file was replaced"
check "an existing file stays" "$?" 6
"$B" run ls --out runs.csv --force -q -n 2 -c metrics.acc || fail "--force"
check "--force, --limit and --columns" "$(wc -l <runs.csv) $(head -1 runs.csv | tr ',' '\n' | wc -l)" "3 11"
"$B" run ls --out runs.xls 2>err
check "another format" "$? $(grep -c "'.xls' files are not written" err)" "2 1"

printf '3\n:where params.lr = 0.2\n:columns name,metrics.acc,params.seed\n:sort -metrics.acc\n:view-save of the sweep\n' >keys
"$B" workbench --script keys --save-dir "$dir" --size=140x40 || fail "the workbench"
check "a saved view is listed alike" "$("$B" run ls --view "of the sweep" --tsv | cut -f2 | tr '\n' ' ')" \
	"name mlp-0.2-4 mlp-0.2-2 mlp-0.2-1 "
check "with its columns" "$("$B" run ls --view "of the sweep" --json | grep -c '"metrics.acc"')" 3
printf '3\n:group params.lr\n:aggregate max\n:sort -loss\n:view-save by rate\n' >keys
"$B" workbench --script keys --save-dir "$dir" --size=140x40 || fail "the workbench groups"
check "a view of groups has its aggregate and its columns" "$("$B" run ls --view "by rate" --tsv | cut -f1,4 | tr '\t\n' ' ,')" \
	"group metrics.loss max,0.2 0.24,0.1 0.14,"
check "options come first" "$("$B" run ls --view "of the sweep" -f 'params.lr = 0.1' --tsv | wc -l)" 4
"$B" run ls --view other 2>err
check "another view" "$? $(grep -c "of the sweep" err)" "3 1"

printf '3\n:sort params.seed\n:star\n' >keys
"$B" workbench --script keys --save-dir "$dir" --size=140x40 || fail "the workbench stars"
check "a starred run" "$("$B" run ls --filter starred --tsv | wc -l)" 2
printf '3\n:columns name,metrics.acc,started\n:export list.parquet\n:export list.md\n' >keys
"$B" workbench --script keys --save-dir "$dir" --size=140x40 || fail "the workbench exports"
check "a list of the workbench as Parquet" "$(head -c 4 list.parquet)$(tail -c 4 list.parquet)" PAR1PAR1
check "and as Markdown" "$(grep -c '^| mlp' list.md)" 6
exit $bad
