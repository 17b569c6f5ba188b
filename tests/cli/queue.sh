#!/bin/bash
# The queue on the command line: limits, reasons for waiting, pausing, cancelling, waiting for the end, recovery after
# all processes were killed; exit statuses and JSON.
set -u
. tests/support/shell.sh || exit 2
export BINNACLE_HEARTBEAT=200ms
mkdir "$dir/ws"
cd "$dir/ws" || exit 1

"$B" init -q >/dev/null || fail init
expect 0 "an empty queue" "$B" queue ls
says "nothing waits"
expect 2 "nothing to set" "$B" queue set
says "--cores"
expect 0 "limits" "$B" queue set --cores 4 --memory 1G --at-once 1 --json
says '"at_once": 1'
expect 4 "too many cores" "$B" run start --queue --cores 5 -- true
says "the queue's limit is 4"
expect 4 "too much memory" "$B" run start --queue --memory 2G -- true
says "1.0 GiB"
expect 0 "no run was made for them" "$B" run ls --json
says '"count": 0'
echo input >in.txt
expect 0 "what would be done" "$B" run start --queue --dry-run --cores 2 --input in.txt -- true
says "starts at once from queue"
says '"executor": "queue"'
says "\"hash\": \"$(sha256sum in.txt | cut -d' ' -f1)\""
printf '%s\n' "$out" >spec.json
"$B" queue pause -q >/dev/null
expect 0 "what would be done while the queue is paused" "$B" run start --queue --dry-run -- true
says "which is paused"
expect 0 "a spec that --dry-run has shown" "$B" run start --spec spec.json
says QUEUED
expect 0 "what would be done behind another" "$B" run stop latest
"$B" queue resume -q >/dev/null
expect 2 "a queue and another executor" "$B" run start --queue --executor local -- true
says "contradict"
expect 0 "the queue by both names" "$B" run start --queue --executor queue --dry-run -- true

WORD=first expect 0 "queued and waited for" "$B" run start --queue --wait --name a -- sh -c 'echo "$WORD" $PWD'
says FINISHED
expect 0 "in the environment and directory of who queued it" "$B" run log a
says "first $PWD"

expect 0 "paused" "$B" queue pause
says "binnacle queue resume"
expect 0 "one" "$B" run start --queue --name b --cores 2 -- true
says QUEUED
expect 0 "another" "$B" run start --queue --name c -- true
expect 0 "they wait in order" "$B" queue ls --json
says '"reason": "the queue is paused"'
says '"count": 2'
expect 0 "a run says where it stands" "$B" run show c --json
says '"queue_position": 2'
expect 0 "found by their state" "$B" run ls --filter "status = QUEUED" --json
says '"count": 2'
expect 4 "one that waits is not removed" "$B" run rm b --yes
expect 0 "cancelled" "$B" run stop b
says "before it had started"
expect 6 "once" "$B" run stop b
expect 0 "it was" "$B" run show b
says KILLED
expect 0 "resumed" "$B" queue resume
expect 0 "and the other one runs" "$B" run watch c
expect 0 "the audit log has it" "$B" audit log --json
says queue.paused

# Every line names the runs.
"$B" run start --queue --quiet --name holds -- sleep 60 >/dev/null 2>&1
for i in $(seq 600); do
	"$B" run show holds --json | grep -q '"status": "RUNNING"' && break
	sleep 0.1
done
"$B" run start --queue --quiet --name q1 -- true >/dev/null 2>&1
"$B" run start --queue --quiet --name q2 -- true >/dev/null 2>&1
expect 0 "why they wait" "$B" queue ls --json
says '"reason": "1 running, at most 1 at once"'
says '"reason": "behind q1"'
expect 0 "what would be done behind two others" "$B" run start --queue --dry-run -- true
says "behind 2 others"
expect 3 "a stop of several, one of which there is not" "$B" run stop q1 nosuch q2
says "none was stopped: no run 'nosuch'"
expect 0 "a stop of several" "$B" run stop q1 q2 holds --wait
says "cancelled, before it had started"
says "asked to end"

# All processes are killed while one run is running and one is waiting.
"$B" run start --queue --quiet --name long -- sleep 60 >/dev/null 2>&1
"$B" run start --queue --quiet --name next -- sh -c 'echo at last' >/dev/null 2>&1
for i in $(seq 600); do
	"$B" run show long --json | grep -q '"status": "RUNNING"' && break
	sleep 0.1
done
for file in .binnacle/runs/*/supervisor .binnacle/queue/*/runner; do
	pid=$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p; s/^\([0-9]*\)$/\1/p' "$file" | head -n 1)
	[ -n "$pid" ] && [ "$pid" -gt 1 ] && grep -qa binnacle "/proc/$pid/cmdline" 2>/dev/null && kill -9 "$pid"
done
expect 0 "the next look goes on with the queue" "$B" run watch next
says "at last"
expect 0 "and says what became of the other" "$B" run show long
says LOST
expect 0 "the index rebuilds to the same" "$B" index rebuild
expect 0 "and the queue is empty" "$B" queue ls --json
says '"count": 0'

# A run executes the files as they are when it starts, not when it was queued.
if git init -q code 2>/dev/null; then
	(cd code && echo one >a && git add a &&
		git -c user.name=t -c user.email=t@t commit -qm one) || fail "git commit"
	"$B" queue pause -q || fail pause
	cd code || exit 1
	expect 0 "queue two" "$B" run start --queue --name same -- cat a
	cd ..
	"$B" queue resume -q || fail resume
	"$B" run watch same >/dev/null 2>&1
	expect 0 "the code is what it was" "$B" run show same --json
	says '"code_changed": null'
	"$B" queue pause -q || fail pause
	cd code || exit 1
	expect 0 "queue another" "$B" run start --queue --name other -- cat a
	echo two >a
	cd ..
	"$B" queue resume -q || fail resume
	"$B" run watch other >/dev/null 2>&1
	expect 0 "it changed while the run waited" "$B" run show other
	says "uncommitted changes, of which the spec has none"
	expect 0 "and the run's log" "$B" run log other
	says "the code has changed since the run was queued"
	"$B" run reproduce other >"$dir/err" 2>&1
	grep -q "did not start with the code" "$dir/err" || fail "reproduce: $(cat "$dir/err")"
	echo "ok reproduce says so"
fi

# A repeated run uses the same executor, unless another one is given.
expect 0 "again" "$B" run start --again next --wait --name again
says FINISHED
expect 0 "is queued again" "$B" run show again --json
says '"executor": "queue"'
expect 0 "again, at once" "$B" run start --again next --executor local --wait --name atonce
expect 0 "is not queued" "$B" run show atonce --json
says '"executor": "local"'
expect 2 "an executor that is none" "$B" run start --executor slurm -- true
says "local, queue"

# A trainer without a number of threads uses what the queue has when it starts.
"$B" data generate jobs --rows 500 -q >/dev/null || fail generate
"$B" queue set --cores 2 -q >/dev/null || fail set
"$B" queue pause -q || fail pause
expect 0 "a trainer" "$B" run start --queue --trainer ridge --data jobs --target node_power_consumption --name fit
"$B" queue set --cores 1 -q >/dev/null || fail set
"$B" queue resume -q || fail resume
expect 0 "starts below a limit that was lowered" "$B" run watch fit
expect 0 "with the cores of that limit" "$B" run log fit
says "1 core: all that the queue has to give"
knows_its_fields

# Several at once; messages while a run waits; sizes without a unit; suggestions.
"$B" queue pause -q || fail pause
for name in s1 s2 s3; do "$B" run start --queue --quiet --name "$name" -- true >/dev/null 2>&1; done
expect 0 "several are cancelled" "$B" run stop s1 s2
expect 0 "both" "$B" run ls --filter "status = KILLED AND (name = s1 OR name = s2)" --json
says '"count": 2'
expect 6 "one that is over does not keep the others" "$B" run stop s1 s3
says "KILLED already"
expect 0 "the other one is" "$B" run show s3
says KILLED
expect 3 "one that is unknown does" "$B" run stop nosuchrun s3
("$B" run start --queue --wait --name waits -- true >"$dir/waits" 2>&1) &
for i in $(seq 600); do
	grep -q "queue resume" "$dir/waits" && break
	sleep 0.1
done
grep -q "waits: the queue is paused (binnacle queue resume)" "$dir/waits" || fail "no word while it waits: $(cat "$dir/waits")"
echo "ok why it waits is told"
expect 3 "what has not started has no log" "$B" run log waits
says "never started"
"$B" queue resume -q || fail resume
wait
expect 2 "a size without a unit" "$B" run start --memory 8 -- true
says "--memory 8G"
expect 2 "of the queue too" "$B" queue set --memory 64
expect 0 "more than the machine has" "$B" queue set --memory 900T --cores 100000
says "this machine has"
for word in cancel stop rm; do
	expect 2 "queue $word" "$B" queue $word s1
	says "binnacle run stop RUN"
done
expect 2 "queue add" "$B" queue add
says "binnacle run start --queue"
expect 0 "what is in use" "$B" queue show
says "cores in use"
expect 2 "an input that is a directory" "$B" run start --input . -- true
says "is a directory"
expect 2 "a secret of a relative path" "$B" run start --secret "A=file:rel" -- true
says "relative path"
expect 2 "an alias without a name" "$B" run start --data =small -- true
says "alias"
expect 0 "past the last" "$B" run ls --offset 500
says "after the --offset"
touch in.txt
expect 0 "a run that asks" "$B" run start --input in.txt --output 'o*' --memory 64M --retries 2 --wait --name asks -- true
expect 0 "shows what it asked for" "$B" run show asks
says "in.txt"
says "64"
says "o*"
