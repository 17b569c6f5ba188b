#!/bin/bash
# Stores elsewhere, on the command line and in the workbench (in a terminal, by keys): MLflow's own server of both lines,
# `binnacle server`, and a fake of GitLab's endpoint with its known limits. Every action is checked by plain requests to the
# server (remote_rest.py). Then the server is killed in the middle: what is known stays, with its age; no change that was
# acknowledged is lost, none that was refused is claimed; and all goes on when the server is back.
# BINNACLE_REMOTE names the ends, if not all: "mlflow2 mlflow3 ours gitlab".
set -u
binnacle=${BINNACLE:-$PWD/build/binnacle}
here=$PWD/$(dirname "$0")
venv=$PWD/.venv
ends=${BINNACLE_REMOTE:-mlflow2 mlflow3 ours gitlab}
command -v tmux >/dev/null || { echo "SKIP: remote: no tmux"; exit 0; }
command -v curl >/dev/null || { echo "SKIP: remote: no curl"; exit 0; }
TORCH=no bash "$here/venv.sh" mlflow || { echo "SKIP: remote: no python3"; exit 0; }
work=$(mktemp -d) || exit 1
server='' bad=0 end='' socket=binnacle-$$
trap 'stop 9; tmux -L $socket kill-server 2>/dev/null; chmod -R u+w "$work"; rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config DO_NOT_TRACK=true MLFLOW_DISABLE_TELEMETRY=true
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false # six processes that no check needs
export PYTHONDONTWRITEBYTECODE=1 MLFLOW_TRACKING_TOKEN=check-of-stores-elsewhere
unset BINNACLE_HOME BINNACLE_STORE
fail() { echo "FAIL: $end: $*"; bad=1; }
is() { # WHAT GOT WANT
	if [ "$2" = "$3" ]; then passed=$((passed + 1)); else fail "$1: '$2', not '$3'"; fi
}
rest() { python3 "$here/remote_rest.py" "$url" "$@" 2>"$work/rest.log" || echo "no answer: $(tail -1 "$work/rest.log")"; }

# ---- servers ------------------------------------------------------------------------------------------
stop() { # SIGNAL
	[ -z "$server" ] || { kill -"$1" -- "-$server" && wait "$server"; } 2>/dev/null
	server=
}
start() { # of $end, on $port; what it has is kept
	local at=$work/$end
	mkdir -p "$at"
	case $end in
	ours)
		printf 'peer manager %s\n' "$MLFLOW_TRACKING_TOKEN" >"$work/tokens"
		chmod 600 "$work/tokens"
		[ -d "$at/.binnacle" ] || (cd "$at" && "$binnacle" init -q) >"$work/log" 2>&1
		set -- "$binnacle" -C "$at" server --port "$port" --tokens "$work/tokens"
		url=http://127.0.0.1:$port
		;;
	gitlab)
		set -- python3 "$here/remote_gitlab.py" "$port" "$at/state.json"
		url=http://127.0.0.1:$port/api/v4/projects/7/ml/mlflow
		;;
	*)
		set -- "$venv/$end/bin/mlflow" server --host 127.0.0.1 --port "$port" --workers 1 \
			--backend-store-uri "sqlite:///$at/mlflow.db" --artifacts-destination "$at/artifacts"
		url=http://127.0.0.1:$port
		;;
	esac
	(cd "$at" && exec setsid "$@") >>"$work/server.log" 2>&1 &
	server=$!
	for _ in $(seq 450); do
		curl -s -o /dev/null "http://127.0.0.1:$port/" && return 0
		kill -0 $server 2>/dev/null || break
		sleep 0.2
	done
	fail "the server does not start: $(tail -3 "$work/server.log")"
	return 1
}

# ---- the command line -----------------------------------------------------------------------------------
on() { "$binnacle" "$@" --store "$url" 2>"$work/err"; }
names() { on run ls "$@" --json | sed -n 's/^ *"name": "\(.*\)",*/\1/p' | tr '\n' ' '; }
by_lines() {
	is "experiments" "$(on experiment ls --tsv | cut -f1 | grep -cE '^(vision|text)$')" 2
	is "runs" "$(on run ls --json | grep -c '"id"')" 12
	is "a filter" "$(names --filter 'params.depth > 3 AND experiment = text' --sort name)" "text-4 text-5 "
	is "an order" "$(names --filter 'experiment = vision' --sort=-metrics.loss --limit 2)" "vision-5 vision-4 "
	is "columns" "$(on run ls --filter 'name = text-1' --columns params.lr,metrics.loss --tsv | tail -1 | cut -f8,9)" \
		"0.05	0.043333333333333335"
	for name in vision-0 text-5; do
		on run show $name --json >"$work/one.show" || fail "run show: $(cat "$work/err")"
		on run chart $name --match '' --json >"$work/one.chart" || [ $histories = no ] || fail "run chart: $(cat "$work/err")"
		[ -s "$work/one.chart" ] || echo '{"charts": []}' >"$work/one.chart"
		python3 "$here/remote_rest.py" "$url" same "$work/one" >"$work/log" 2>&1 && passed=$((passed + 1)) || fail "$name: $(head -3 "$work/log")"
	done
	on run compare vision-0 text-1 --json >"$work/log" || fail "run compare: $(cat "$work/err")"
	is "a comparison" "$(grep -A9 '"delta"' "$work/log" | grep -c '"key": "\(depth\|lr\|loss\)"')" 3
	on run tag vision-3 stage=final >/dev/null || fail "run tag: $(cat "$work/err")"
	is "a tag" "$(rest tag vision-3 stage)" final
	on run note vision-3 "look at this" >/dev/null || fail "run note: $(cat "$work/err")"
	is "a note" "$(rest tag vision-3 mlflow.note.content)" "look at this"
	if [ $trash = yes ]; then
		on run rm vision-4 --yes >/dev/null || fail "run rm: $(cat "$work/err")"
		is "the trash" "$(rest state vision-4)" deleted
		is "a run in the trash is not listed" "$(names --filter 'name = vision-4')" ""
		on run restore vision-4 >/dev/null || fail "run restore: $(cat "$work/err")"
		is "restored" "$(rest state vision-4)" active
	fi
	if [ $models = yes ]; then
		is "models" "$(on model ls --tsv | cut -f1 | tail -2 | tr '\n' ' ')" "empty power "
		is "an alias" "$(on model show power@canary --json | sed -n 's/^ *"version": \([0-9]*\).*/\1/p')" 1
		on model register vision-0 --name power --path model >/dev/null || fail "model register: $(cat "$work/err")"
		is "registered" "$(rest versions power)" 3
		on model alias power/3 canary >/dev/null || fail "model alias: $(cat "$work/err")"
		is "an alias that moves" "$(rest alias power canary)" 3
		on model tag power/3 risk low >/dev/null || fail "model tag: $(cat "$work/err")"
		is "a tag of a version" "$(on model show power/3 --json | grep -c '"risk": "low"')" 1
		is "artifacts" "$(on run artifacts vision-0 --json | grep -c '"path"')" 2
		on run artifacts vision-0 notes --to "$work/$end-notes" >/dev/null || fail "run artifacts: $(cat "$work/err")"
		is "a copy" "$(cat "$work/$end-notes/hello.txt")" hello
		on model export power/3 "$work/$end-model" >/dev/null || fail "model export: $(cat "$work/err")"
		is "the files of a version" "$(cat "$work/$end-model/MLmodel")" "flavors: {}"
	fi
	case $end in
	mlflow*)
		on model ls --json | grep -q '"stage"' && fail "stages of models"
		curl -s -H 'Content-Type: application/json' -d '{"name": "power", "version": "2", "stage": "Staging"}' \
			"$url/api/2.0/mlflow/model-versions/transition-stage" >/dev/null
		is "a stage" "$(on model show power/2 --json | sed -n 's/^ *"stage": "\(.*\)".*/\1/p')" Staging
		;;
	ours)
		on model alias power/3 champion >/dev/null && fail "a protected alias without approval"
		grep -q "only for approved versions" "$work/err" || fail "why: $(cat "$work/err")"
		;;
	gitlab)
		curl -s -H "Authorization: Bearer $MLFLOW_TRACKING_TOKEN" -d '{"name": "power"}' "$url/api/2.0/mlflow/registered-models/create" >/dev/null
		curl -s -H "Authorization: Bearer $MLFLOW_TRACKING_TOKEN" -d '{"name": "power"}' "$url/api/2.0/mlflow/model-versions/create" >/dev/null
		is "a version N.0.0" "$(on model ls power --json | sed -n 's/^ *"spec": "\(.*\)",*/\1/p')" power/1
		on model alias power/1 best >/dev/null || fail "model alias: $(cat "$work/err")"
		is "an alias" "$(rest alias power best)" 1.0.0
		on run restore vision-1 >/dev/null && fail "restored where nothing can be"
		;;
	esac
}

# ---- the workbench ----------------------------------------------------------------------------------------
screen() { tmux -L $socket capture-pane -p -t w >"$work/screen" 2>/dev/null; }
keys() { tmux -L $socket send-keys -t w "$@"; }
settles() { # PATTERN: waits for it without a word
	for _ in $(seq 60); do
		screen
		grep -Eq -- "$1" "$work/screen" && return 0
		sleep 0.1
	done
}
back() { # once for each argument; Esc and a key at once would be another key
	for _ in "$@"; do keys Escape; sleep 0.7; done
}
command() {
	keys :
	settles '^:'
	tmux -L $socket send-keys -t w -l "$1"
	settles "^:$1"
	keys Enter
	sleep 0.3 # time itself: the line is read before the next key
}
shows() { # WHAT PATTERN [not]: waits for a screen with the pattern, or without it
	for _ in $(seq 150); do
		screen
		if grep -Eq -- "$2" "$work/screen"; then [ $# -eq 3 ] || { passed=$((passed + 1)); return 0; }
		elif [ $# -eq 3 ]; then passed=$((passed + 1)); return 0; fi
		sleep 0.2
	done
	fail "the workbench: $1: ${3:-no} '$2'"
	sed 's/^/    /' "$work/screen" | grep -v '^ *$' | head -${BINNACLE_LINES:-16}
	return 1
}
says() { # WHAT WANT COMMAND...: until the server says it
	local what=$1 want=$2 got=
	shift 2
	for _ in $(seq 30); do
		got=$(rest "$@")
		[ "$got" = "$want" ] && { passed=$((passed + 1)); return 0; }
		sleep 0.3
	done
	fail "the workbench: $what: '$got', not '$want'"
}
open_workbench() {
	tmux -L $socket kill-server 2>/dev/null
	tmux -L $socket -f /dev/null new-session -d -s w -x 140 -y 40 "'$binnacle' --store '$url' --ascii 2>'$work/tui.err'"
	shows "opens" "Overview"
	keys 3
	shows "runs" "text-0"
}
only() { command "where name = '$1'"; shows "filter for $1" "where name = '$1'.*" && settles ' 1/1 *$'; }
by_keys() {
	open_workbench || return
	shows "all of them" "/12"
	command "where metrics.loss < 0.04"
	shows "a filter" "text-0"
	shows "what does not match" "text-5" not
	back filter
	command "sort name"
	shows "an order" "run\^"
	is "the first in the order" "$(sed -n 's/^ *[^ ]* *\(text-[0-9]\) .*/\1/p' "$work/screen" | head -1)" text-0
	command "columns depth"
	shows "columns" "^ +(run[v^]? +)?depth  "
	command "columns default"
	shows "the columns as before" "loss"
	only vision-1
	keys Enter
	shows "a run" "FINISHED +vision-1"
	[ $histories = no ] || shows "its curve" "loss 0\.04333"
	back run
	keys M
	[ $histories = no ] && shows "no curves" "no metric with more than one value" || shows "charts" "val/acc .*0\.9|loss .*0\.04333"
	back charts
	command "where params.depth < 2"
	shows "four runs" "/4 *$"
	keys '*'
	shows "marked" "4 marked"
	keys x
	shows "a comparison" "settings that differ"
	back comparison
	keys U
	only vision-2
	keys t
	shows "labels" "a new tag"
	keys G Enter
	sleep 0.5 # time itself: the field is open before it is typed into
	tmux -L $socket send-keys -t w -l "wb=yes"
	settles "wb=yes"
	keys Enter
	says "a tag" yes tag vision-2 wb
	back labels
	if [ $trash = yes ]; then
		only vision-5
		keys D
		shows "it asks" "\[ No \]"
		keys y
		says "the trash" deleted state vision-5
		keys u
		shows "undo asks" "\[ No \]"
		keys y
		says "restored" active state vision-5
	fi
	if [ $models = yes ]; then
		keys 4
		shows "models" "power/3"
		command "register power vision-0"
		shows "registered" "registered power/4"
		is "a version" "$(rest versions power)" 4
		command "alias best"
		shows "an alias is set" "best"
		is "an alias" "$(rest alias power best | grep -c '^[1-4]$')" 1
	fi
}

# ---- the server dies in the middle --------------------------------------------------------------------------
dies() {
	local n sure=
	: >"$work/sure"
	keys 3
	back filter
	(for n in $(seq 60); do
		on run tag text-3 "k$n=v$n" >/dev/null 2>&1 && echo "k$n" >>"$work/sure" || echo "k$n" >>"$work/refused"
	done) &
	n=$!
	for _ in $(seq 200); do # in the middle: some are acknowledged
		[ "$(wc -l <"$work/sure")" -ge 2 ] && break
		sleep 0.1
	done
	stop 9
	shows "stale, with its age" "no answer, data of"
	keys 3
	shows "what was known" "text-0"
	keys '#'
	shows "a change is refused" "nothing can be changed now"
	kill $n 2>/dev/null
	wait $n 2>/dev/null
	is "what is known, on request" "$(on run ls --cached --json | grep -c '"id"')" 12
	on run ls >/dev/null
	is "exit status without it" $? 5
	grep -q -- --cached "$work/err" || fail "the way out: $(cat "$work/err")"
	on run tag text-4 lost=yes >/dev/null
	is "a change without it" $? 5
	start || return
	shows "it goes on" "no answer" not
	for sure in $(cat "$work/sure"); do
		rest tag text-3 "$sure" | grep -q "^v" || fail "an acknowledged tag $sure is lost"
	done
	[ -s "$work/sure" ] || fail "nothing was acknowledged before the server died"
	echo "$end: $(wc -l <"$work/sure") changes were acknowledged before kill -9, all there"
	is "a change that was refused is not there" "$(rest tag text-4 lost)" -
	back message
	only text-4
	keys '#'
	says "a change after it is back" yes tag text-4 star
}

for end in $ends; do
	passed=0 histories=yes trash=yes models=yes
	case $end in
	mlflow*) "$venv/$end/bin/python" -c 'import mlflow' 2>/dev/null || { echo "SKIP: remote: $end"; continue; } ;;
	gitlab) histories=no trash=no models=no ;;
	esac
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	start || continue
	python3 "$here/remote_rest.py" "$url" fill >"$work/log" 2>&1 || { fail "it cannot be filled: $(tail -3 "$work/log")"; stop 9; continue; }
	by_lines
	by_keys
	dies
	tmux -L $socket kill-server 2>/dev/null
	stop 9
	what=$end
	[ $end != gitlab ] || what="a fake of GitLab's endpoint"
	[ "${end#mlflow}" = "$end" ] || what="MLflow $("$venv/$end/bin/python" -c 'import mlflow; print(mlflow.__version__)' 2>/dev/null)"
	echo "NOTE: $what: $passed checks"
done
exit $bad
