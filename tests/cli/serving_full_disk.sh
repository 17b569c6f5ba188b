#!/bin/bash
# A server on a disk that fills up: it continues to answer with 200 and reports the problem; waiting rows are logged
# when there is space again; rows that still wait when it stops on a full disk are lost, and their number is reported
# with exit status 5. Needs a file system of its own, which root makes in memory.
set -u
. tests/support/shell.sh || exit 2
server=
mkdir "$dir/disk"
if ! mount -t tmpfs -o size=8m,mode=777 tmpfs "$dir/disk" 2>/dev/null; then
	echo "SKIP: a server on a full disk: a tmpfs cannot be mounted here"
	exit 0
fi
at_end() {
	[ -z "$server" ] || kill -9 "$server" 2>/dev/null
	cd / && umount -l "$dir/disk"
}
cd "$dir/disk" || exit 1
export BINNACLE_INDEX=$dir/index

"$B" init -q >/dev/null && "$B" data generate jobs --rows 500 -q >/dev/null &&
	"$B" run start --trainer ridge --data jobs --target node_power_consumption --features \
		num_nodes_req,num_cores_req,num_gpus_req,mem_req,time_limit,num_tasks,cores_per_task,priority \
		--name r --wait -q >/dev/null && "$B" model register r --name power -q >/dev/null ||
	fail "no model to serve"
row='{"num_nodes_req":2,"num_cores_req":64,"num_gpus_req":2,"mem_req":198,"time_limit":1440,"num_tasks":2,"cores_per_task":32,"priority":164447}'
echo "[$row,$row,$row,$row]" >"$dir/rows.json"
asked=0

start() {
	: >"$dir/serve.json" # or the port of the server before is read
	"$B" serve power/1 --port 0 --no-token --json >"$dir/serve.json" 2>"$dir/serve.err" &
	server=$!
	port=
	for _ in $(seq 200); do
		port=$(sed -n 's/.*"port": \([0-9]*\).*/\1/p' "$dir/serve.json")
		[ -n "$port" ] && break
		kill -0 $server 2>/dev/null || break
		sleep 0.05
	done
	if [ -z "$port" ]; then
		grep -q "cannot listen" "$dir/serve.err" && { echo "SKIP: a server on a full disk: $(cat "$dir/serve.err")"; exit 0; }
		fail "serve: $(cat "$dir/serve.err")"
	fi
	asked=0
}

# ask N: N requests of four rows, each of which must be answered.
ask() {
	for _ in $(seq "$1"); do
		[ "$(curl -s -m 10 -o "$dir/answer" -w '%{http_code}' -H 'Content-Type: application/json' -d @"$dir/rows.json" "http://127.0.0.1:$port/predict")" = 200 ] ||
			fail "not answered: $(cat "$dir/answer")"
		asked=$((asked + 4))
	done
}

metric() { curl -s -m 10 "http://127.0.0.1:$port/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }

# until_metric NAME TEST NUMBER: waits; TEST as in test(1).
until_metric() {
	for _ in $(seq 400); do
		[ "0$(metric "$1")" "$2" "$3" ] && return
		sleep 0.05
	done
	fail "$1 is $(metric "$1"), not $2 $3: $(cat "$dir/serve.err")"
}

fill() { dd if=/dev/zero of="$dir/disk/filler" bs=4k 2>/dev/null; }

start
ask 5
until_metric binnacle_predictions_logged_total -eq 20
fill
ask 20
for _ in $(seq 400); do
	grep -q "predictions cannot be logged: .*No space left on device" "$dir/serve.err" && break
	sleep 0.05
done
grep -q "predictions cannot be logged: .*No space left on device; [0-9]* rows are waiting, 0 are lost" "$dir/serve.err" ||
	fail "no word of the full disk: $(cat "$dir/serve.err")"
ask 5
[ "$(metric binnacle_predictions_logged_total)" = 20 ] || fail "rows are logged on a full disk"
until_metric binnacle_predictions_waiting -eq 100
echo "ok on a full disk it answers, says so, and the rows wait"
rm filler
until_metric binnacle_predictions_logged_total -eq 120
ask 5
until_metric binnacle_predictions_logged_total -eq 140
[ "$(metric binnacle_predictions_waiting)" = 0 ] || fail "rows wait"
echo "ok with room again all of them are logged, and what follows"
kill -TERM $server
wait $server
got=$?
server=
[ "$got" = 0 ] || fail "serve ended with $got: $(cat "$dir/serve.err")"
grep -q "predictions are logged again; 0 rows are lost" "$dir/serve.err" || fail "no word of room: $(cat "$dir/serve.err")"
"$B" endpoint show power --json >"$dir/shown" || fail "endpoint show"
grep -q '"logged": 140,' "$dir/shown" && grep -q '"lost": 0,' "$dir/shown" || fail "endpoint show: $(cat "$dir/shown")"
rows_in_log() {
	"$B" monitor report power/1 --dry-run --json 2>/dev/null | grep -A3 '"window"' | sed -n 's/.*"rows": \([0-9]*\).*/\1/p'
}
[ "$(rows_in_log)" = 140 ] || fail "$(rows_in_log) rows are in the log"
echo "ok endpoint show and the log have the same number"

start
ask 3
until_metric binnacle_predictions_logged_total -eq 12
fill
ask 10
kill -TERM $server
wait $server
got=$?
server=
[ "$got" = 5 ] || fail "a stop with a loss: exit $got, expected 5: $(cat "$dir/serve.err")"
grep -q "40 predictions are lost" "$dir/serve.err" && grep -q "served .* requests, 52 predictions; 12 logged, 40 lost" "$dir/serve.err" ||
	fail "words of the loss: $(cat "$dir/serve.err")"
rm filler
[ "$(rows_in_log)" = 152 ] || fail "$(rows_in_log) rows are in the log"
echo "ok a stop on a full disk loses 40 rows and says so, with status 5"
start
ask 1
until_metric binnacle_predictions_logged_total -eq 4
kill -TERM $server
wait $server || fail "the next server: $(cat "$dir/serve.err")"
server=
echo "ok and the next server works"
