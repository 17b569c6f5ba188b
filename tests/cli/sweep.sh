#!/bin/bash
# run start --sweep: a run for each combination of the values, and a line for what is refused.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$B" init -q >/dev/null || fail init
"$B" data generate jobs --rows 500 -q >/dev/null || fail generate
train=(--trainer ridge --data jobs --target node_power_consumption --features num_nodes_alloc,run_time)

names() { "$B" run ls --sort name --json | python3 -c '
import json, sys
print(*[r["name"] for r in json.load(sys.stdin)["items"]])'; }
refused() { # WORDS WHY
	local text
	text=$("$B" run start "${train[@]}" $1 2>&1) && fail "$1 was not refused"
	grep -q -- "$2" <<<"$text" || fail "$1: $text"
}

check "a dry run says how many" "$("$B" run start "${train[@]}" --sweep 'alpha=0.1..10 log 3' --sweep seed=1,2 --dry-run 2>&1 |
	grep -o '6 runs of 6 combinations')" "6 runs of 6 combinations"
check "and starts none" "$(names)" ""
"$B" run start "${train[@]}" --sweep 'alpha=0.1..10 log 3' --sweep seed=1,2 --name s --json >started.json || fail "the sweep"
check "each has its settings" "$(python3 -c '
import json
print(*[i["settings"].replace(" ", "+") for i in json.load(open("started.json"))["items"]])')" \
	"alpha=0.1+seed=1 alpha=1+seed=1 alpha=10+seed=1 alpha=0.1+seed=2 alpha=1+seed=2 alpha=10+seed=2"
check "and its name" "$(names)" "s-al0.1-se1 s-al0.1-se2 s-al1-se1 s-al1-se2 s-al10-se1 s-al10-se2"
for id in $(python3 -c 'import json; print(*[i["id"] for i in json.load(open("started.json"))["items"]])'); do
	"$B" run watch "$id" >/dev/null 2>&1 || fail "run $id"
done
check "the runs had them" "$("$B" run ls --columns params.alpha,params.seed --sort name --json | python3 -c '
import json, sys
print(*[r["values"]["params.alpha"] for r in json.load(sys.stdin)["items"]])')" "0.1 0.1 1.0 1.0 10.0 10.0"
check "of random ones so many" "$("$B" run start --again s-al1-se1 --sweep alpha=1,2,3,4 --runs 2 --name t --json | python3 -c '
import json, sys
print(json.load(sys.stdin)["count"])')" 2
refused "--sweep alpha=none,1" "--sweep alpha: "
refused "--sweep alfa=1,2" "did you mean"
refused "--sweep alpha=1,2 --sweep alpha=3" "given twice"
refused "--sweep alpha=1,2 --wait" "follow one run"
refused "--runs 3" "for a --sweep"
refused "--sweep seed=1..300 --sweep alpha=1,2,3 --runs 900" "runs"
for id in $("$B" run ls --json | python3 -c 'import json, sys
for r in json.load(sys.stdin)["items"]: print(r["id"])'); do
	"$B" run watch "$id" >/dev/null 2>&1
done
exit $bad
