#!/bin/bash
# Runs from other trackers, written by the tools themselves, and back: every run, parameter, tag, point, dataset and
# artifact of MLflow's directories and databases (1000 runs; BINNACLE_EXCHANGE_RUNS) is compared through MLflow's own client
# after import, export and, for a server, the way back; again, nothing is added. Registered models, versions, aliases and
# logged models are compared with what our server says of them to MLflow's client. An import that is killed is begun again.
# W&B and TensorBoard by their writers: every value that was logged.
#   exchange.sh [PART...]   the parts, each with a line of its time and result: mlflow2-file mlflow2-db mlflow2-killed
#                           mlflow2-server, the same of mlflow3, logs. Those of different stores run at once.
# BINNACLE_EXCHANGE_DIR=DIR keeps what MLflow's writers made, for the next call.
set -u
parts=("$@")
[ $# -gt 0 ] || parts=(mlflow{2,3}-{file,db,killed,server} logs)
binnacle=${BINNACLE:-$PWD/build/binnacle}
here=$PWD/$(dirname "$0")
venv=$PWD/.venv
runs=${BINNACLE_EXCHANGE_RUNS:-1000}
TORCH=no bash "$here/venv.sh" mlflow || { echo "SKIP: exchange: no python3"; exit 0; }
[ -x "$venv/logs/bin/python" ] || python3 -m venv "$venv/logs"
[ -e "$venv/logs/installed-1" ] || { "$venv/logs/bin/pip" install -q wandb tensorboardX && touch "$venv/logs/installed-1"; } ||
	echo "SKIP: W&B and TensorBoard: their writers could not be installed"
# In memory if possible: MLflow's writers sync for each change, and what is compared does not depend on the disk.
[ -n "${TMPDIR:-}" ] || [ "$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)" -lt 2000000 ] 2>/dev/null || export TMPDIR=/dev/shm
all=$(mktemp -d) || exit 1
work=$all
stores=${BINNACLE_EXCHANGE_DIR:-$work/stores}
server='' bad=0
pids=()
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null && wait "$p"; done; chmod -R u+w "$all"; rm -rf "$all"' EXIT
export XDG_STATE_HOME=$all/state XDG_CONFIG_HOME=$all/config DO_NOT_TRACK=true MLFLOW_DISABLE_TELEMETRY=true
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false # six processes that no check needs
export PYTHONWARNINGS=ignore PYTHONDONTWRITEBYTECODE=1
unset BINNACLE_HOME MLFLOW_TRACKING_URI
fail() { echo "FAIL: $*"; bad=1; }
count() { sed -n "s/^ *\"$1\": \([0-9]*\).*/\1/p" "$work/report" | head -1; }
workspace() { # NAME: a new one, and there
	mkdir -p "$work/$1" && cd "$work/$1" && "$binnacle" init -q >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}
all_ids() { "$binnacle" run ls --limit 1000000 --json | sed -n 's/^ *"id": "\([0-9a-f]*\)".*/\1/p'; }
import_twice() { # NAME SOURCE
	"$binnacle" run import "$2" --json >"$work/report" 2>"$work/log" || fail "$1: import: $(cat "$work/log")"
	echo "$1: $(count runs_new) runs, $(count points) points, $(count artifacts) artifacts, $(count versions) versions"
	"$binnacle" run import "$2" --json >"$work/report" 2>&1
	local new=$(($(count runs_new) + $(count runs_grown) + $(count points) + $(count params) + $(count tags) + $(count artifacts) + $(count versions)))
	[ "$new" = 0 ] || fail "$1: a second import adds something: $(cat "$work/report")"
}
compare() { # NAME URI [--by-tag]: with the source of this part
	local name=$1
	shift
	"$python" "$here/exchange_compare.py" --known "$source.known" "$uri" "$@" >"$work/log" 2>"$work/stderr" ||
		{ fail "$name"; head -5 "$work/log"; tail -3 "$work/stderr"; }
	tail -1 "$work/log" | sed "s/^/$name: /"
}
the_source() { # LINE KIND: sets python, source and uri; made by MLflow unless it is there
	local at=$stores/$1-$2-$runs
	python=$venv/$1/bin/python source=$at/mlruns uri=file:$at/mlruns
	[ "$2" = file ] || source=$at/mlflow.db uri=sqlite:///$at/mlflow.db
	[ -x "$python" ] || { echo "SKIP: exchange with $1"; return 1; }
	[ ! -e "$at/made" ] || return 0
	rm -rf "$at"
	mkdir -p "$stores"
	"$python" "$here/exchange_make.py" "$2" "$runs" "$at" >"$work/log" 2>&1 ||
		{ fail "$1 $2: cannot be made: $(tail -3 "$work/log")"; return 1; }
	touch "$at/made"
}

serve() { # of the workspace here, without a token: sets server and url
	setsid "$binnacle" server --port 0 --no-auth >"$work/ours.log" 2>&1 &
	server=$!
	for _ in $(seq 100); do
		url=$(sed -n 's/.*\(http:\/\/127[0-9.]*:[0-9]*\).*/\1/p' "$work/ours.log" | head -n 1)
		[ -n "$url" ] && return 0
		sleep 0.1
	done
	fail "our server: $(cat "$work/ours.log")"
}
unserve() { # MLflow's server has workers that stay without it
	[ -z "$server" ] || { kill -- "-$server" && wait "$server"; } 2>/dev/null
	server=
}
killed_import() { # NAME SOURCE: in a workspace of its own; it is whole after the next one
	local n
	"$binnacle" run import "$2" >/dev/null 2>&1 &
	local pid=$!
	for _ in $(seq 300); do
		n=$("$binnacle" run ls --limit 1 --json 2>/dev/null | grep -c '"id"')
		[ "$n" = 0 ] || break
		sleep 0.1
	done
	kill -9 $pid 2>/dev/null && echo "$1: killed with $(all_ids | wc -l) runs" || fail "$1: it ended before it was killed"
	wait $pid 2>/dev/null
	"$binnacle" run import "$2" --json >"$work/report" 2>"$work/log" || fail "$1: after kill -9: $(cat "$work/log")"
	"$binnacle" run import "$2" --json >"$work/report" 2>&1
	[ "$(count runs_new)$(count runs_grown)$(count points)$(count artifacts)$(count versions)" = 00000 ] ||
		fail "$1: after kill -9 a second import adds something: $(cat "$work/report")"
}

there_and_back() { # LINE KIND
	local name="$1 $2"
	the_source "$1" "$2" || return
	workspace "ws-$1-$2"
	import_twice "$name" "$source"
	"$binnacle" run export $(all_ids) --to "$work/out-$1-$2" --json >"$work/report" 2>&1 || fail "$name: export"
	compare "$name and back" "file:$work/out-$1-$2"
	serve || return
	"$python" "$here/exchange_models.py" "$uri" "$url" >"$work/log" 2>&1 || { fail "$name: models"; head -5 "$work/log"; }
	tail -1 "$work/log" | sed "s/^/$name: /"
	unserve
}
killed() { # LINE
	the_source "$1" db || return
	workspace "killed-$1"
	killed_import "$1 db" "$source"
	"$binnacle" run export $(all_ids) --to "$work/killed-out-$1" --json >"$work/report" 2>&1 || fail "$1 db: export"
	compare "$1 db after kill -9" "file:$work/killed-out-$1"
}
to_a_server() { # LINE: to MLflow's own server, twice, and back into a workspace
	local name="$1 db" port
	the_source "$1" db || return
	workspace "sent-$1"
	"$binnacle" run import "$source" --json >"$work/report" 2>"$work/log" || fail "$name: import: $(cat "$work/log")"
	port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	mkdir -p "$work/server-$1"
	(cd "$work/server-$1" && exec setsid "$venv/$1/bin/mlflow" server --host 127.0.0.1 --port "$port" --workers 2 \
		--backend-store-uri sqlite:///mlflow.db) >"$work/server.log" 2>&1 &
	server=$!
	for _ in $(seq 900); do curl -fs "http://127.0.0.1:$port/health" >/dev/null && break; sleep 0.2; done
	"$binnacle" run sync "http://127.0.0.1:$port" --json >"$work/report" 2>"$work/log" || fail "$name: sync: $(cat "$work/log")"
	echo "$name: sent to a server after $((SECONDS - began)) s"
	compare "$name to a server" "http://127.0.0.1:$port" --by-tag
	"$binnacle" run export $(all_ids | head -50) --to "http://127.0.0.1:$port" --json >"$work/report" 2>&1
	[ "$(count points)$(count params)$(count tags)$(count artifacts)" = 0000 ] || fail "$name: sent twice: $(cat "$work/report")"
	workspace "from-$1"
	import_twice "$name from a server" "http://127.0.0.1:$port"
	unserve
}
logs() {
	[ -e "$venv/logs/installed-1" ] || return
	"$venv/logs/bin/python" "$here/exchange_make.py" wandb 3 "$work/wandb" >"$work/log" 2>&1 || fail "wandb: $(tail -3 "$work/log")"
	"$venv/logs/bin/python" "$here/exchange_make.py" tensorboard 3 "$work/tb" >"$work/log" 2>&1 || fail "tensorboard: $(tail -3 "$work/log")"
	workspace ws-logs
	import_twice wandb "$work/wandb"
	import_twice tensorboard "$work/tb/logs"
	notes=$("$binnacle" run ls --filter "note = 'a note'" --json | grep -c '"id"')
	[ "$notes" = 3 ] || fail "wandb: $notes notes"
	serve || return
	python3 "$here/exchange_logs.py" "$url" "$work/wandb/expected.json" "$work/tb/expected.json" >"$work/log" 2>&1 || { fail "logs"; head -5 "$work/log"; }
	tail -1 "$work/log" | sed "s/^/wandb and tensorboard: /"
	unserve
}

# ---- all at once ---------------------------------------------------------------------------------
lane_of() { # PART: those of one store follow one another
	case $1 in
	*-killed | *-server) echo "${1%-*}-db" ;;
	*) echo "$1" ;;
	esac
}
run_lane() { # NAME
	local part failed=0
	work=$all/$1
	mkdir -p "$work"
	export TMPDIR=$work # MLflow's clients leave what they download
	trap unserve EXIT
	trap 'exit 1' TERM
	for part in "${parts[@]}"; do
		[ "$(lane_of "$part")" = "$1" ] || continue
		line=${part%%-*} bad=0 began=$SECONDS
		case $part in
		mlflow[23]-file | mlflow[23]-db) there_and_back "$line" "${part#*-}" ;;
		mlflow[23]-killed) killed "$line" ;;
		mlflow[23]-server) to_a_server "$line" ;;
		logs) logs ;;
		*) fail "no part '$part'" ;;
		esac
		cd "$here" || exit 1
		echo "NOTE: exchange: $part: rc $bad, $((SECONDS - began)) s"
		failed=$((failed | bad))
	done
	exit $failed
}
bad=0
for lane in $(for part in "${parts[@]}"; do lane_of "$part"; done | sort -u); do
	run_lane "$lane" &
	pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || bad=1; done
pids=()
exit $bad
