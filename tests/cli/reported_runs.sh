#!/bin/bash
# A workspace that only MLflow clients have written to, in the workbench: what it offers for runs that no Binnacle started.
set -u
. tests/support/shell.sh || exit 2
command -v curl >/dev/null || { echo "SKIP: no curl"; exit 0; }
cd "$dir" || exit 1
"$B" -C . init w -q >/dev/null 2>&1 || fail init
(cd w && exec "$B" server --unix "$dir/sock" --no-auth >server.out 2>server.err) &
server=$!
at_end() { kill $server 2>/dev/null; wait $server 2>/dev/null; }
for _ in $(seq 600); do [ -S sock ] && break; sleep 0.1; done
ask() { # PATH JSON
	curl -s --unix-socket "$dir/sock" -H 'Content-Type: application/json' -d "$2" "http://x/api/2.0/mlflow/$1"
}
# Each starts in a second of its own: runs of one start stand in the order of their random ids.
run() { # NAME STATUS SECOND TAGS: its id
	local id
	id=$(ask runs/create "{\"experiment_id\": \"0\", \"run_name\": \"$1\", \"start_time\": 170000000${3}000, \"tags\": [$4]}" |
		grep -o '"run_id": *"[^"]*"' | head -1 | cut -d'"' -f4)
	ask runs/update "{\"run_id\": \"$id\", \"status\": \"$2\", \"end_time\": 1700000005000}" >/dev/null
	echo "$id"
}
top=$(run sweep FINISHED 0 '')
run a FINISHED 1 "{\"key\": \"mlflow.parentRunId\", \"value\": \"$top\"}" >/dev/null
run b FAILED 2 "{\"key\": \"mlflow.parentRunId\", \"value\": \"$top\"}" >/dev/null
screens() { # LINES of a script: the screens saved as s1, s2, ...
	printf "$1" >script
	rm -rf saved && mkdir saved && (cd w && "$B" workbench --script ../script --size 100x30 --save-dir "$dir/saved" >../out 2>../err) ||
		fail "the workbench: $(cat err)"
}
screens ':save-screen s1\n3\nD\n:save-screen s2\n'
grep -q "next: binnacle data" saved/s1* && fail "something about data is proposed where there is none: $(cat saved/s1*)"
grep -q "Move sweep to the trash" saved/s2* || fail "no question about the trash: $(cat saved/s2*)"
grep -q "2 runs directly below it stay in the list" saved/s2* || fail "the runs below are not mentioned: $(cat saved/s2*)"
screens '3\nO\nj\nEnter\n:save-screen s1\nL\n:save-screen s2\n'
grep -q "FAILED" saved/s1* || fail "the failed run is not shown: $(cat saved/s1*)"
grep -q "run start --again" saved/s1* && fail "a command that is refused is proposed: $(cat saved/s1*)"
grep -q "only that program can run it again" saved/s2* || fail "why it cannot be started again: $(cat saved/s2*)"
screens '3\nL\n:save-screen s1\n'
grep -q "only that program can run it again" saved/s1* || fail "the list: why it cannot be started again: $(cat saved/s1*)"
grep -q "Launch" saved/s1* && fail "a form that cannot start anything: $(cat saved/s1*)"
screens '3\n:where name = b\n:save-screen s1\n'
grep -q "(sweep)" saved/s1* || fail "the run above a match is not in brackets: $(cat saved/s1*)"
grep -q "1 match" saved/s1* || fail "it is counted: $(cat saved/s1*)"
echo "ok what is offered for runs that programs reported"
