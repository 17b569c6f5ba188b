#!/bin/bash
# Runs on the command line: starting commands, logging from inside, listing with filters, stopping, the trash; exit
# statuses and JSON.
set -u
. tests/support/shell.sh || exit 2
export BINNACLE_HEARTBEAT=200ms
mkdir "$dir/ws"
cd "$dir/ws" || exit 1

expect 3 "without a workspace" "$B" run ls
"$B" init -q >/dev/null || fail init
expect 0 "an empty list" "$B" run ls
says "no runs yet"
expect 2 "nothing to run" "$B" run start
says "a command"
expect 0 "a command" "$B" run start --name one --experiment night --tag team=ops --wait -- sh -c \
	'echo working; "$0" log metric loss=0.5 acc=0.25 --step 3; "$0" log param lr=0.1; "$0" log tag a=b
	 echo hello >f.txt; "$0" log artifact f.txt; test -d "$BINNACLE_RUN_DIR"' "$B"
says FINISHED
expect 1 "a failing command" "$B" run start --name two --wait -- sh -c 'echo oops >&2; exit 7'
says "exit status 7"
expect 0 "its log" "$B" run log two
says oops
expect 0 "show" "$B" run show one --json
says '"lr": "0.1"'
says '"path": "f.txt"'
says '"team": "ops"'
says '"status": "FINISHED"'
expect 0 "filter" "$B" run ls --filter "metrics.loss < 0.6 AND params.lr = 0.1" --json
says '"count": 1'
expect 0 "columns" "$B" run ls --columns "params.lr,last(loss)" --sort=-created --tsv
says "0.1"
expect 0 "an offset past the end" "$B" run ls --offset 1000
says "0 of 2 runs"
case $out in *"no runs yet"*) fail "there are runs: $out" ;; esac
expect 0 "sorting by what no run has" "$B" run ls --sort=-metrics.nobody,created
says "no run has metrics.nobody"
case $err in *"has created"*) fail "$err" ;; esac
expect 2 "a wrong filter points at the character" "$B" run ls --filter "metrics.loss < AND"
says "filter:1:16"
expect 2 "an unknown field gets the nearest" "$B" run ls --filter "los < 3"
says "did you mean 'loss'"
expect 0 "compare" "$B" run compare one two
says "status"
expect 0 "compare as JSON" "$B" run compare one two --json
says '"baseline"'
expect 3 "an unknown run" "$B" run show oen
says "did you mean 'one'"
expect 0 "tag" "$B" run tag one stage=final
expect 0 "tag is there" "$B" run ls --filter "tags.stage = 'final'" --json
says '"count": 1'
expect 0 "note" "$B" run note one "the good one"
expect 0 "note is there" "$B" run show one
says "the good one"

expect 0 "a long run" "$B" run start --name long -- sleep 100
expect 4 "a live run is not thrown away" "$B" run rm long --yes
expect 0 "stop" "$B" run stop long --wait
expect 0 "it was killed" "$B" run ls --filter "status = KILLED" --json
says '"count": 1'
expect 6 "stopping twice" "$B" run stop long
expect 4 "rm asks" "$B" run rm long
says "not confirmed: Move run"
expect 0 "no run in the trash" "$B" run ls --removed
says "the trash is empty"
expect 0 "an experiment without runs" "$B" run ls -e nosuch
says "no runs of experiment 'nosuch'"
expect 0 "rm" "$B" run rm long --yes
expect 0 "gone from the list" "$B" run ls --filter "name = long" --json
says '"count": 0'
expect 0 "in the trash" "$B" run ls --removed --json
says '"count": 1'
expect 0 "restore" "$B" run restore long
expect 6 "restore twice" "$B" run restore long
expect 2 "log outside of a run" "$B" log metric x=1
says "BINNACLE_RUN_ID"
expect 2 "log no number" "$B" log metric x=abc --run one
expect 2 "log what no double holds" "$B" log metric x=-1e999 --run one
says "beyond the largest number"
says "x=-inf"
expect 0 "log to a run from outside" "$B" log metric later=1e300 --run one --step=-5
expect 0 "it is there" "$B" run ls --filter "metrics.later > 1e299" --json
says '"count": 1'
events() { "$B" audit log --limit 1000 --json | grep -c '"kind": "run.param"'; }
before=$(events)
expect 0 "a parameter that the run has, with the same value" "$B" log param lr=0.1 --run one
[ "$(events)" -gt "$before" ] || fail "it is no event"
before=$(events)
expect 6 "a parameter that has another value" "$B" log param more=1 lr=0.2 --run one
says "parameter 'lr' is '0.1' already"
expect 6 "two values of one parameter" "$B" log param other=1 other=2 --run one
says "parameter 'other' is '1' already"
[ "$(events)" = "$before" ] || fail "what is refused is written all the same"
id=$("$B" run show one --json | sed -n 's/^ *"id": "\([0-9a-f]\{32\}\)".*/\1/p' | head -n 1)
BINNACLE_RUN_ID=$id expect 6 "the same by the whole id" "$B" log param lr=0.2
expect 2 "an unknown option" "$B" run start --trianer ridge
says "trainer"
expect 2 "an unknown field of a spec, with its place" sh -c \
	"echo '{\"command\": [\"true\"], \"sed\": 1}' >s.json; '$B' run start --spec s.json"
says "s.json"
expect 0 "the index rebuilds to the same" "$B" index rebuild
expect 0 "and the list is as before" "$B" run ls --json
says '"count": 3'

# The launcher is killed at once, and the run continues.
setsid sh -c "'$B' run start --name orphan -- sh -c 'until [ -e go ]; do sleep 0.05; done; echo done' >/dev/null 2>&1; kill -9 \$\$"
touch go
expect 0 "a run outlives its launcher" "$B" run watch orphan
says done
knows_its_fields

# The code differences of two runs: commits and uncommitted changes.
mkdir code && cd code && if git init -q . 2>/dev/null; then
	commit() { git add train.py && git -c user.name=t -c user.email=t@t commit -qm x; }
	echo 'lr = 0.1' >train.py && commit || fail "git commit"
	expect 0 "a run of the first commit" "$B" run start --name first --wait -- true
	printf 'lr = 0.1\nepochs = 4\n' >train.py && commit
	printf 'lr = 0.01\nepochs = 4\n' >train.py
	expect 0 "a run with uncommitted changes" "$B" run start --name second --wait -- true
	expect 0 "their code" "$B" run compare first second --code
	says "M  train.py  +2 -1"
	says "+epochs = 4"
	expect 0 "from the baseline" "$B" run compare first second --code --baseline second --json
	says '"removed": 2'
	expect 2 "two runs have a diff" "$B" run compare first --code
	says "two runs"
	mv .git gone
	expect 0 "without the repository" "$B" run compare first second --code
	says "not compared"
	says "+lr = 0.01"
fi
mkdir "$dir/project" && echo 'pwd; cat words' >"$dir/project/job.sh" && echo from the project >"$dir/project/words"
(cd "$dir/project" && "$B" -C "$dir/ws" run start --name placed --wait -- sh job.sh >/dev/null 2>&1) || fail placed
expect 0 "again, from elsewhere: where it ran" "$B" run start --again placed --name placed-again --wait
says "in $dir/project; --workdir . runs it here"
expect 0 "its log" "$B" run log placed-again
says "from the project"
expect 1 "again, but here" "$B" run start --again placed --workdir . --wait
expect 0 "a new command runs here" "$B" run start --again placed --name own --wait -- pwd
expect 0 "its log" "$B" run log own
says "$dir/ws"
echo here >words && echo there >"$dir/project/words"
expect 0 "an input is below here" "$B" run start --again placed --input words --name here --wait
expect 0 "its path" "$B" run start --again placed --input words --dry-run --json
says "/ws/code/words"
mv "$dir/project" "$dir/moved"
expect 3 "the directory is gone" "$B" run start --again placed
says "'$dir/project' does not exist here"
says "--workdir DIR"
