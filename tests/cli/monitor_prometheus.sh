#!/bin/bash
# monitor targets and monitor export: the files that Prometheus reads, written as a whole and only where they must be.
# The servers need loopback; without it those parts print a SKIP line.
set -u
. tests/support/shell.sh || exit 2
server=
at_end() { [ -z "$server" ] || kill -9 "$server" 2>/dev/null; }
umask 022
mkdir "$dir/power"
cd "$dir/power" || exit 1
"$B" init -q >/dev/null && "$B" data generate jobs --rows 300 -q >/dev/null || fail "a workspace"

# ---- export -----------------------------------------------------------------------------------
expect 0 "export of a workspace without runs" "$B" monitor export --textfile -
says 'binnacle_runs{workspace="power",state="FINISHED"} 0'
case $out in *binnacle_run_*) fail "a run that is not there" ;; esac
"$B" data infer jobs >suite.json 2>/dev/null && "$B" data check jobs --suite suite.json -q >/dev/null || fail "a check"
"$B" run start --trainer ridge --data jobs --target node_power_consumption --name first --wait -q >/dev/null || fail run
"$B" run start --name broken --wait -q -- false >/dev/null
"$B" run start --name metered --experiment energy --wait -q -- \
	"$B" log metric energy_joules=1250 loss=0.5 >/dev/null || fail "a run with energy"
expect 0 "export into a file" "$B" monitor export --textfile node.prom --json
says '"file": "node.prom"'
text=$(cat node.prom)
for line in 'binnacle_runs{workspace="power",state="FINISHED"} 2' 'binnacle_runs{workspace="power",state="FAILED"} 1' \
	'binnacle_run_energy_joules{workspace="power",experiment="energy",source="metric"} 1250' \
	'binnacle_run_metric{workspace="power",experiment="energy",metric="loss"} 0.5' \
	'binnacle_dataset_rows{workspace="power",dataset="jobs"} 300' \
	'binnacle_export_left_out{workspace="power",kind="metrics"} 0'; do
	grep -qxF "$line" node.prom || fail "no line $line in: $text"
done
grep -qE '^binnacle_data_check_success\{workspace="power",dataset="jobs",suite="[^"]+"\} 1$' node.prom || fail "no check: $text"
[ "$(grep -c '^# TYPE ' node.prom)" = "$(grep '^# TYPE ' node.prom | sort -u | wc -l)" ] || fail "a type twice"
[ "$(stat -c %a node.prom)" = 644 ] || fail "mode $(stat -c %a node.prom)"
ls | grep -q 'tmp$' && fail "a temporary file stays"
echo "ok runs, energy, checks and datasets are in it"
(umask 077 && "$B" monitor export --textfile private.prom >/dev/null 2>"$dir/err2")
grep -q "only you can read it" "$dir/err2" || fail "an unreadable file is not reported"
expect 0 "another label" "$B" monitor export --textfile - --workspace "team a"
says 'workspace="team a"'
expect 2 "a name that no collector reads" "$B" monitor export --textfile node.txt
says "must end in .prom"
expect 2 "no file" "$B" monitor export
says "--textfile FILE"
expect 3 "a directory that is missing" "$B" monitor export --textfile none/node.prom
expect 3 "no workspace" "$B" -C / monitor export --textfile -

# ---- private data -------------------------------------------------------------------------------
"$B" data generate secret --rows 300 --private -q >/dev/null || fail "private data"
expect 0 "private data has its numbers only" "$B" monitor export --textfile -
says 'binnacle_dataset_rows{workspace="power",dataset="secret"} 300'

# ---- targets ----------------------------------------------------------------------------------
expect 0 "no server" "$B" monitor targets --file-sd -
[ "$out" = "[]" ] || fail "targets of nobody: $out"
"$B" model register first --name power -q >/dev/null || fail register
start() { # ARGS...
	: >out
	"$B" serve power/1 --no-token "$@" >out 2>err </dev/null &
	server=$!
	until_says 30 'Serving at' cat out || {
		grep -q "cannot listen" err && { echo "SKIP: targets of a server: $(cat err)"; exit 0; }
		fail "serve: $(cat err)"
	}
}
start --port 0
url=$(grep -oE 'http://[0-9.:]+' out | head -n 1)
expect 0 "a server is a target" "$B" monitor targets --file-sd sd.json --json
says '"changed": true'
grep -qF "\"${url#http://}\"" sd.json && grep -q '"serves": "power/1"' sd.json || fail "sd.json: $(cat sd.json)"
inode=$(stat -c '%i %Y' sd.json)
expect 0 "unchanged, it is not written again" "$B" monitor targets --file-sd sd.json --json
says '"changed": false'
[ "$inode" = "$(stat -c '%i %Y' sd.json)" ] || fail "sd.json was written"
kill -9 "$server"
wait "$server" 2>/dev/null
expect 0 "a lost server stays for a while" "$B" monitor targets --file-sd sd.json --json
says '"lost": 1'
expect 0 "and not longer" "$B" monitor targets --file-sd sd.json --lost 1ms --json
says '"targets": 0'
[ "$(cat sd.json)" = "[]" ] || fail "sd.json: $(cat sd.json)"
start --unix "$dir/power.sock"
expect 0 "a socket is no target" "$B" monitor targets --file-sd -  --lost 1ms
says "on a Unix socket"
[ "$out" = "[]" ] || fail "targets: $out"
kill "$server"
wait "$server"
server=
expect 2 "no file" "$B" monitor targets
says "--file-sd FILE"
exit $bad
