#!/bin/bash
# `binnacle server` with MLflow's own clients, and beside MLflow's own server:
#   the corpus of requests (mlflow_corpus) over HTTP, compared with what a real server answers here and now;
#   what users do (mlflow_scenarios.py), with the clients of both lines of MLflow.
#   mlflow_server.sh [PART...]   corpus beside clients2 clients3: all at once, each with servers of its own
# Answers that are committed were recorded with BINNACLE_RECORD=DIR, which writes them there.
set -u
binnacle=${BINNACLE:-$PWD/build/binnacle}
here=$PWD/$(dirname "$0")
venv=$PWD/.venv
parts=("$@")
[ $# -gt 0 ] || parts=(corpus beside clients2 clients3)
bash "$here/venv.sh" mlflow || { echo "SKIP: MLflow: no python3"; exit 0; }
# In memory if possible: MLflow's server syncs for each change.
[ -n "${TMPDIR:-}" ] || [ "$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)" -lt 2000000 ] 2>/dev/null || export TMPDIR=/dev/shm
all=$(mktemp -d) || exit 1
work=$all ours='' real='' bad=0
stop() { [ -z "$1" ] || { kill -- "-$1" && wait "$1"; } 2>/dev/null; } # MLflow's has workers that stay without it
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null && wait "$p"; done; chmod -R u+w "$all"; rm -rf "$all"' EXIT
pids=()
export XDG_STATE_HOME=$all/state XDG_CONFIG_HOME=$all/config DO_NOT_TRACK=true MLFLOW_DISABLE_TELEMETRY=true
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false # six processes that no check needs
unset BINNACLE_HOME BINNACLE_TOKEN MLFLOW_TRACKING_URI
token=check-of-mlflow-clients

# ---- servers -------------------------------------------------------------------------------------
start_ours() { # DIRECTORY: sets ours and url
	mkdir -p "$1"
	(cd "$1" && "$binnacle" init) >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	printf 'peer manager %s\n' $token >"$work/tokens"
	chmod 600 "$work/tokens"
	(cd "$1" && exec setsid "$binnacle" server --port 0 --tokens "$work/tokens") >"$work/ours.log" 2>&1 &
	ours=$!
	for _ in $(seq 300); do
		url=$(sed -n 's/.*\(http:\/\/127[0-9.]*:[0-9]*\).*/\1/p' "$work/ours.log" | head -n 1)
		[ -n "$url" ] && return 0
		kill -0 $ours 2>/dev/null || break
		sleep 0.1
	done
	echo "SKIP: the server: $(tail -n 1 "$work/ours.log")"
	exit 0
}

# Numbers of experiments begin high there, so that one is not taken for any other number of an answer.
start_real() { # VENV DIRECTORY: sets real and real_url
	local port
	port=$("$1/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	mkdir -p "$2"
	(cd "$2" && PYTHONHASHSEED=0 _MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS=true MLFLOW_WEBHOOK_ALLOWED_SCHEMES=http,https \
		MLFLOW_WEBHOOK_CACHE_TTL=0 exec setsid "$1/bin/mlflow" server --host 127.0.0.1 --port "$port" --workers 1 \
		--backend-store-uri "sqlite:///$2/mlflow.db" --artifacts-destination "$2/artifacts" --serve-artifacts) \
		>"$work/real.log" 2>&1 &
	real=$!
	real_url=http://127.0.0.1:$port
	"$1/bin/python" - "$real_url" "$2/mlflow.db" <<'PY'
import json, sqlite3, sys, time, urllib.request
url, path = sys.argv[1:]
ends = time.time() + 600
while True:
    try:
        urllib.request.urlopen(url + "/health", timeout=5)
        break
    except OSError as e:
        if time.time() > ends:
            sys.exit("FAIL: MLflow's server does not start: %s" % e)
        time.sleep(0.2)
db = sqlite3.connect(path)
names = [row[1] for row in db.execute("PRAGMA table_info(experiments)")]
row = {"experiment_id": 700000000, "name": "high", "artifact_location": "x", "lifecycle_stage": "active", "workspace": "default"}
row = {k: v for k, v in row.items() if k in names}
db.execute("INSERT INTO experiments (%s) VALUES (%s)" % (", ".join(row), ", ".join("?" * len(row))), list(row.values()))
db.commit()
ask = urllib.request.Request(url + "/api/2.0/mlflow/experiments/create", b'{"name": "higher"}', {"Content-Type": "application/json"})
urllib.request.urlopen(ask).read()
db.execute("DELETE FROM experiments WHERE name = 'high'")
db.execute("UPDATE experiments SET lifecycle_stage = 'deleted' WHERE name = 'higher'")
db.commit()
PY
}

# ---- the corpus ----------------------------------------------------------------------------------
replay() { python3 "$here/mlflow_replay.py" "$@"; }
corpus() {
	start_ours "$work/corpus"
	replay "$url" --header "Authorization: Bearer $token" --expect "$here/mlflow_corpus" \
		--allow "$here/mlflow_corpus/allowed.jsonl" >"$work/replay" || bad=1
	sed 's/^NOTE: /NOTE: the corpus, committed answers: /' "$work/replay"
}
beside() {
	local version
	[ -x "$venv/mlflow3/bin/mlflow" ] || { echo "SKIP: the corpus beside a real server: MLflow 3 is not here"; return; }
	start_real "$venv/mlflow3" "$work/real" || { bad=1 && tail -n 3 "$work/real.log"; return; }
	version=$("$venv/mlflow3/bin/python" -c 'import mlflow; print(mlflow.__version__)')
	mkdir -p "${BINNACLE_RECORD:=$work/answers}"
	replay "$real_url" --record "$BINNACLE_RECORD" >/dev/null || { echo "FAIL: the real server"; bad=1; }
	if diff -rq --exclude='*[a-z].jsonl' "$BINNACLE_RECORD" "$here/mlflow_corpus" 2>/dev/null | grep -q answers; then
		echo "NOTE: MLflow $version answers otherwise than committed:" \
			"$(cat "$BINNACLE_RECORD"/*.answers.jsonl | grep -vxFf <(cat "$here"/mlflow_corpus/*.answers.jsonl) | wc -l) requests"
	else
		echo "NOTE: MLflow $version answers as committed"
	fi
}

# ---- clients -------------------------------------------------------------------------------------
clients() { # LINE
	local python=$venv/mlflow$1/bin/python runs
	if ! [ -x "$python" ] || ! "$python" -c 'import mlflow' 2>/dev/null; then
		echo "SKIP: clients of MLflow $1: not here"
		return
	fi
	start_ours "$work/clients"
	(cd "$work" && MLFLOW_TRACKING_URI=$url MLFLOW_TRACKING_TOKEN=$token timeout 1000 "$python" \
		"$here/mlflow_scenarios.py" 2>"$work/stderr") >"$work/said" || { bad=1; tail -n 5 "$work/stderr"; }
	grep -E '^(SKIP|FAIL)|^  |^[A-Za-z.]*(Error|Exception)' "$work/said"
	echo "NOTE: client of MLflow $("$python" -c 'import mlflow; print(mlflow.__version__)'):" \
		"$(grep -c '^ok ' "$work/said") of what users do"
	runs=$(cd "$work/clients" && "$binnacle" run ls --tsv 2>/dev/null | wc -l)
	[ "$runs" -gt 10 ] || { echo "FAIL: run ls shows $runs lines"; bad=1; }
}

# ---- all at once ---------------------------------------------------------------------------------
run_part() { # NAME
	work=$all/$1
	trap 'stop "$ours"; stop "$real"' EXIT
	trap 'exit 1' TERM
	mkdir -p "$work"
	export TMPDIR=$work # MLflow's clients leave what they download
	case $1 in
	corpus | beside) "$1" ;;
	clients[23]) clients "${1#clients}" ;;
	*) echo "FAIL: no part '$1'" && bad=1 ;;
	esac
	echo "NOTE: MLflow: $1: rc $bad, $SECONDS s"
	exit $bad
}
for part in "${parts[@]}"; do
	(run_part "$part") >"$all/$part.said" 2>&1 &
	pids+=($!)
done
for i in "${!parts[@]}"; do
	wait "${pids[$i]}" || bad=1
	cat "$all/${parts[$i]}.said"
done
pids=()
echo "SKIP: MLflow's own REST tests: its source package has none"
exit $bad
