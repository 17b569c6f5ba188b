#!/bin/bash
# The launch form of the workbench starts what its last line shows: a run repeated with another setting, a dry run, and
# a sweep through the queue, with the real program.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
"$B" init -q >/dev/null || fail init
"$B" data generate jobs --rows 2000 -q >/dev/null || fail generate
"$B" data split jobs -q >/dev/null || fail split
"$B" run start --trainer ridge --data jobs.train --target node_power_consumption \
	--features num_nodes_alloc,run_time,partition --set alpha=3 --name one --wait -q >/dev/null 2>&1 || fail "run start"

alphas() { "$B" run ls --columns params.alpha --sort name --json | python3 -c '
import json, sys
for r in json.load(sys.stdin)["items"]:
    print(r["name"], r["values"]["params.alpha"])'; }

# script KEYS: plays the keys and saves the last screen.
script() {
	printf '%s\n:save-screen last\n' "$1" >keys
	"$B" workbench --script keys --save-dir "$dir" --size=120x40 --utc || fail "the script $1"
}


script '3 L Enter ^U "7" Enter'
one=$("$B" run show one --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"][:8])')
grep -q "binnacle run start --again $one --set alpha=7 --name one-2" last.screen || fail "the foot: $(cat last.screen)"
check "nothing is started before ^T" "$(alphas)" "one 3.0"
script '3 L Enter ^U "7" Enter G Enter'
grep -q '"alpha": 7.0' last.screen || fail "the dry run shows the spec"
check "a dry run starts nothing" "$(alphas)" "one 3.0"
script '3 L Enter ^U "7" Enter ^T'
grep -q 'one-2' last.screen || fail "the run is shown: $(cat last.screen)"
"$B" run wait one-2 >/dev/null 2>&1 || "$B" run watch one-2 >/dev/null 2>&1
check "^T starts it" "$(alphas)" "$(printf 'one 3.0\none-2 7.0')"
script '3 j L'
grep -q -- "--again $one --name one-3" last.screen || fail "a name that no run has: $(cat last.screen)"
"$B" run start --again one-2 --dry-run >/dev/null 2>&1 || fail "--again by a name"
"$B" run start --again one --name shell --wait -q -- sh -c 'echo hi' >/dev/null || fail "a command instead of a trainer"
check "of the trainer nothing is left" "$("$B" run start --again shell --dry-run --json | python3 -c '
import json, sys
spec = json.load(sys.stdin)
print(spec.get("command"), [k for k in ("trainer", "target", "hyper", "features", "split") if k in spec])')" "['sh', '-c', 'echo hi'] []"
"$B" run start --again shell --trainer ridge --target node_power_consumption --data jobs.train --dry-run >/dev/null ||
	fail "a trainer instead of a command"
"$B" run rm shell --yes -q >/dev/null
script '3 L Enter ^U "1,2" Enter ^T'
grep -q '2 runs wait in the queue' last.screen || fail "the sweep: $(cat last.screen)"
check "a range makes a sweep" "$("$B" run ls --json | python3 -c '
import json, sys
print(sum(r["name"].startswith("one-") and r["name"] != "one-2" for r in json.load(sys.stdin)["items"]))')" 2
for run in $("$B" run ls --json | python3 -c 'import json, sys
for r in json.load(sys.stdin)["items"]: print(r["id"])'); do
	"$B" run watch "$run" >/dev/null 2>&1
done
exit $bad
