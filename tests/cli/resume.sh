#!/bin/bash
# `run resume` continues a training run that was killed or stopped, with the model and the curve of an uninterrupted run.
# What cannot be resumed is refused with the reason and an alternative.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
export BINNACLE_HEARTBEAT=200ms BINNACLE_CHECKPOINT=0s

"$B" init -q >/dev/null || fail init
"$B" data generate jobs --rows 600 -q >/dev/null || fail generate
train() { # NAME OPTION...; sets id
	local name=$1
	shift
	id=$("$B" run start --json --trainer mlp --data jobs --target node_power_consumption --threads 1 --seed 3 \
		--set hidden=256,128 --set epochs=40 --set early_stopping=false --name "$name" "$@" 2>err | read_id)
	[ "$id" ] || fail "$name: $(cat err)"
}
read_id() { sed -n 's/^  "id": "\([0-9a-f]*\)".*/\1/p' | head -n 1; }
field() { "$B" run show "$1" --json | sed -n "s/^  \"$2\": *\"\{0,1\}\([^\",]*\).*/\1/p" | head -n 1; }
curve() { "$B" run show "$1" --json | tr -d '\n ' | grep -o '"loss":{[^}]*}'; }
# The steps of a run's checkpoint.
steps() { grep -ao '"steps":"[0-9]*"' ".binnacle/runs/$1/model.checkpoint" 2>/dev/null | tr -dc 0-9; }
# Waits for a checkpoint of at least so many steps, then stops the trainer (SIGSTOP).
hold() { # RUN-ID STEPS
	local at
	for _ in $(seq 1000); do
		at=$(steps "$1")
		[ "$at" ] && [ "$at" -ge "$2" ] && kill -STOP "$(pid_of "$1" child)" 2>/dev/null && return 0
		sleep 0.005
	done
	fail "$1 does not get to step $2: $("$B" run log "$1")"
}
until_over() { # RUN
	for _ in $(seq 400); do
		"$B" run show "$1" | grep -qE '^status +(FINISHED|FAILED|KILLED|LOST)' && return 0
		sleep 0.02
	done
	fail "$1 does not end: $("$B" run show "$1")"
}
same() { # RUN WHAT: its model and curve are those of the uninterrupted run
	[ "$(field "$1" model_digest)" = "$(field whole model_digest)" ] || fail "$2: another model"
	[ "$(curve "$1")" = "$(curve whole)" ] || fail "$2: $(curve "$1") is not the curve $(curve whole)"
	echo "ok $2: the same bytes and the same curve"
}
pid_of() { # RUN-ID FIELD of its supervisor's file
	sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p" ".binnacle/runs/$1/supervisor"
}

train whole --wait
[ -e ".binnacle/runs/$id/model.checkpoint" ] && fail "a finished run keeps its checkpoint"

# A run is killed three times (its trainer, its supervisor, all processes) and resumed each time; then it is stopped,
# which writes a checkpoint of the current step, and resumed through the queue.
train cut
hold "$id" 1
for what in child pid all; do
	case $what in
	all) kill -9 "$(pid_of "$id" guard)" "$(pid_of "$id" pid)" "$(pid_of "$id" child)" ;;
	*) kill -9 "$(pid_of "$id" $what)" ;;
	esac
	until_over "$id"
	state=$(field "$id" status)
	[ $what = child ] && want=FAILED || want=LOST
	[ "$state" = $want ] || fail "after SIGKILL of $what it is $state"
	at=$(steps "$id")
	before=$id
	expect 0 "resuming after SIGKILL of $what" "$B" run resume "$id" --json --name "after-$what" --time-limit 1h --threads 2
	id=$(read_id <"$dir/said")
	hold "$id" $((at + 4))
	[ "$(field "$id" resumes)" = "$before" ] || fail "resumes: $(field "$id" resumes)"
	[ "$(field "$id" resumed_step)" = "$at" ] || fail "resumed after $(field "$id" resumed_step) steps, not $at"
	[ "$(field "$before" resumed_by)" = "$id" ] || fail "resumed by: $(field "$before" resumed_by)"
	[ "$(field "$before" status)" = "$state" ] || fail "the end of the old run did not stay"
done
expect 6 "resuming what is being resumed" "$B" run resume "$before"
says "already, and is RUNNING"
says "binnacle run watch"
expect 6 "resuming what runs" "$B" run resume "$id"
says "is RUNNING: there is nothing to resume"
"$B" run stop "$id" --wait -q >/dev/null 2>&1
[ "$(field "$id" status)" = KILLED ] || fail "it is $(field "$id" status)"
loss=$(curve "$id" | sed 's/.*"count":\([0-9]*\),.*/\1/')
[ "$(steps "$id")" = "$loss" ] || fail "stopped after $loss steps, with a checkpoint of $(steps "$id")"
expect 0 "what can be resumed" "$B" run show "$id"
says "binnacle run resume ${id:0:8} continues from it"
expect 6 "resuming the older of two" "$B" run resume "$before"
says "has its newest checkpoint"
says "binnacle run resume ${id:0:8}"
expect 0 "resuming through the queue" "$B" run resume "$id" --name last --queue --cores 1 --wait
says "continues run ${id:0:8} (after-all), which was KILLED, after $loss steps; epochs: 40"
"$B" run log last | grep -q "code has changed" && fail "its code is that of the first"
same last "killed three times and stopped"
expect 6 "resuming what was resumed and finished" "$B" run resume "$id"
says "and finished"
expect 0 "reproducing" "$B" run reproduce last -q
says bit-identical
expect 0 "comparing" "$B" run compare whole last --all
says resumes

# A long step is finished before the run stops, although no checkpoint is due.
BINNACLE_CHECKPOINT=1h train slow --set hidden=640,640 --set batch_size=1 --grace 60s
until_says 60 '^  loss ' "$B" run show "$id" || fail "no step ends: $("$B" run log "$id")"
"$B" run stop "$id" --wait -q >/dev/null 2>&1
loss=$(curve "$id" | sed 's/.*"count":\([0-9]*\),.*/\1/')
[ "$(steps "$id")" = "$loss" ] || fail "stopped in a long step: $loss steps, a checkpoint of $(steps "$id")"
echo "ok a long step is finished"

# Two commands resume one run at the same time: one succeeds.
train raced
hold "$id" 2
kill -9 "$(pid_of "$id" child)"
until_over "$id"
"$B" run resume "$id" --name one --wait -q >one.out 2>&1 &
"$B" run resume "$id" --name two --wait -q >two.out 2>&1
second=$?
wait $!
first=$?
[ "$first+$second" = 0+6 ] || [ "$first+$second" = 6+0 ] || fail "two at once: $first, $second: $(cat one.out two.out)"
[ "$("$B" run ls --json --filter "resumes = '$id'" | grep -c '"id"')" = 1 ] || fail "two runs resume one"
echo "ok of two commands at the same time one resumes it"

# With more epochs the model is that of a run started with this number; fewer epochs and other settings are refused.
train short --set epochs=30
hold "$id" 2
"$B" run stop "$id" --wait -q >/dev/null 2>&1
cp ".binnacle/runs/$id/model.checkpoint" keep
expect 1 "watching a run that was stopped" "$B" run watch "$id"
says "binnacle run resume ${id:0:8} continues from its checkpoint"
expect 2 "fewer epochs" "$B" run resume short --set epochs=20
says "epochs=20: run ${id:0:8} has 30, which can only be raised"
expect 2 "another setting" "$B" run resume short --set alpha=0.1
says "alpha is a part of the recipe"
says "only epochs can be raised"
expect 0 "a dry run" "$B" run resume short --set epochs=40 --dry-run
says "steps; epochs: 40"
says "starts at once"
expect 0 "more epochs" "$B" run resume short --set epochs=40 --name longer --wait
same longer "more epochs"

# Refused: no usable checkpoint, or the bytes would differ.
expect 6 "a finished run" "$B" run resume whole
says "finished: its checkpoint was removed"
says "--set epochs=N trains from the beginning"
"$B" run start -q --trainer ridge --data jobs --target node_power_consumption --name ridge --where 'false' --wait >/dev/null 2>&1
expect 2 "a trainer of one step" "$B" run resume ridge
says "trainer ridge computes its model in one step"
"$B" run start -q --name shell --wait -- false >/dev/null 2>&1
expect 2 "a command" "$B" run resume shell
says "is a command"
says "run start --again"
train early
hold "$id" 1
"$B" run stop "$id" --wait -q >/dev/null 2>&1
file=.binnacle/runs/$id/model.checkpoint
core=Prescott
"$B" doctor | grep -q 'OpenBLAS (Prescott)' && core=Haswell
OPENBLAS_CORETYPE=$core expect 6 "another processor's library" "$B" run resume early
says "whose last digits may differ"
says "run start --again"
cp "$file" own
printf x | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") - 9)) conv=notrunc 2>/dev/null
expect 5 "a damaged checkpoint" "$B" run resume early
says "/model.checkpoint' is damaged"
cp keep "$file" # of another run with the same recipe
expect 0 "the checkpoint of a twin" "$B" run resume early --dry-run
rm "$file"
expect 3 "no checkpoint" "$B" run resume early
says "has no checkpoint"
"$B" run rm early -y -q >/dev/null
expect 4 "a run in the trash" "$B" run resume early
says "binnacle run restore"
expect 3 "no run" "$B" run resume nothing
echo "ok what cannot be resumed says why"
