#!/bin/bash
# Runs to a server and back: import of a directory, sync to a tracking server, import from it, what is new, exit statuses.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
export BINNACLE_MLFLOW_BACKOFF=10ms
is() { # NAME GOT WANT
	check "$1" "$3" "$2"
}
count() { # FIELD of the report on stdin
	sed -n "s/^ *\"$1\": \([0-9]*\).*/\1/p" | head -1
}
mkdir -p a b c source/7/abcdefabcdefabcdefabcdefabcdefab/{params,tags,metrics,artifacts/model}
run=source/7/abcdefabcdefabcdefabcdefabcdefab
printf "experiment_id: '7'\nname: vision\nlifecycle_stage: active\n" >source/7/meta.yaml
printf 'run_id: abcdefabcdefabcdefabcdefabcdefab\nrun_name: first\nstatus: 3\nstart_time: 1700000000000\nend_time: 1700000005000\n' >$run/meta.yaml
printf 0.1 >$run/params/lr
printf ops >$run/tags/team
printf '1700000000001 0.5 0\n1700000000002 nan 1\n1700000000003 -inf 2\n' >$run/metrics/loss
printf 'flavors: {}\n' >$run/artifacts/model/MLmodel
for w in a b c; do "$B" -C $w init -q $w >/dev/null 2>&1 || (cd $w && "$B" init -q >/dev/null) || fail "init $w"; done

# From a directory.
"$B" -C a run import source --json >r.json 2>/dev/null || fail "run import"
is "runs" "$(count runs_new <r.json)" 1
is "points" "$(count points <r.json)" 3
is "nothing twice" "$("$B" -C a run import source --json | count points)" 0
"$B" -C a run export first >/dev/null 2>err
is "no --to" $? 2
"$B" -C a run import nowhere >/dev/null 2>err
is "no such source" $? 3
"$B" -C a run import $run/params >/dev/null 2>err
is "no source" $? 2
printf 'nonsense\n' >>$run/metrics/loss
"$B" -C a run import source >/dev/null 2>err
is "something unreadable" $? 1
grep -q "loss:4" err || fail "the line is named: $(cat err)"

# To a server of another workspace, and only what is new.
(cd b && exec "$B" server --unix "$dir/sock" --no-auth >server.out 2>server.err) &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null' EXIT
for _ in $(seq 600); do [ -S sock ] && break; sleep 0.1; done
to="unix:$dir/sock"
"$B" -C a run sync "$to" --json >r.json 2>err || fail "run sync: $(cat err)"
is "sent runs" "$(count runs_new <r.json)" 1
is "sent points" "$(count points <r.json)" 3
is "sent artifacts" "$(count artifacts <r.json)" 1
"$B" -C a run sync "$to" --json >r.json || fail "run sync again"
is "nothing new" "$(count runs_same <r.json)$(count points <r.json)" 10
"$B" -C a run export first --to "$to" --json >r.json || fail "run export"
is "compared with the server" "$(count points <r.json)$(count params <r.json)$(count tags <r.json)$(count artifacts <r.json)" 0000
"$B" -C a run tag first stage=final -q || fail "run tag"
is "a tag is new" "$("$B" -C a run sync "$to" --json | count tags)" 1

# Back from the server into a third workspace.
"$B" -C c run import "$to" --json >r.json 2>err || fail "import from the server: $(cat err)"
is "runs from the server" "$(count runs_new <r.json)" 1
is "points from the server" "$(count points <r.json)" 3
is "artifacts from the server" "$(count artifacts <r.json)" 1
is "nothing twice from the server" "$("$B" -C c run import "$to" --json | count runs_grown)" 0
"$B" -C c run show first --json | grep -q '"stage": "final"' || fail "a tag that went around"
kill $server
wait $server 2>/dev/null
"$B" -C a run tag first stage=again -q
"$B" -C a run sync "$to" >/dev/null 2>err
is "no server" $? 5

# A file whose name is as long as a name can be.
long=$(printf 'x%.0s' {1..250})
"$B" -C a run start --name long --wait -q -- sh -c "mkdir -p \$BINNACLE_RUN_DIR/artifacts; echo here >\$BINNACLE_RUN_DIR/artifacts/$long" >/dev/null 2>&1 || fail "run start"
"$B" -C a run export long --to longest -q || fail "run export of a long name"
is "a file of a long name" "$(cat longest/*/*/artifacts/"$long")" here
is "nothing is left beside it" "$(find longest -name '*.tmp' | wc -l)" 0
exit $bad
