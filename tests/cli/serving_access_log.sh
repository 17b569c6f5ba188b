#!/bin/bash
# The access log of a server: what is in it and what never is, rotation, SIGHUP, standard output, and a disk that is
# full. Needs loopback; otherwise it prints a SKIP line and stops.
set -u
. tests/support/shell.sh || exit 2
server=
at_end() { [ -z "$server" ] || kill "$server" 2>/dev/null; }
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null && "$B" data generate jobs --rows 200 -q >/dev/null &&
	"$B" run start --trainer ridge --data jobs --target node_power_consumption --name r --wait -q >/dev/null &&
	"$B" model register r --name power -q >/dev/null && "$B" data export jobs jobs.csv -q || fail "no model to serve"
export BINNACLE_TOKEN=a-token-of-this-test

start() { # ARGS...: sets $server, $url
	: >out
	"$B" serve power/1 --port 0 "$@" >out 2>err </dev/null &
	server=$!
	until_says 30 'http://' cat out || {
		grep -q "cannot listen" err && { echo "SKIP: an access log: $(cat err)"; exit 0; }
		fail "serve: $(cat err)"
	}
	url=$(grep -oE 'http://[0-9.:]+' out | head -n 1)
}

stop() {
	kill -TERM "$server"
	wait "$server"
	status=$?
	server=
	[ $status = 0 ] || fail "serve ended with $status: $(cat err)"
}

ask() { curl -s -m 20 -o /dev/null -H "Authorization: Bearer $BINNACLE_TOKEN" "$@"; }
lines() { cat "$1" 2>/dev/null | wc -l; }

# ---- what is in it ----------------------------------------------------------------------------
start --access-log access.jsonl
[ "$(stat -c %a access.jsonl)" = 600 ] || fail "mode $(stat -c %a access.jsonl)"
"$B" predict --endpoint "$url" jobs.csv -q >/dev/null || fail "predict"
ask "$url/metrics?password=in-the-query"
ask "$url/%1b%5b31m"
until_says 20 '31m' cat access.jsonl || fail "no line of the last request: $(cat access.jsonl)"
grep -q '"path":"/invocations","status":200,"bytes_in":[1-9][0-9]*,"bytes_out":[1-9].*"model":"power","version":"1","rows":200,' \
	access.jsonl || fail "no line of the prediction: $(cat access.jsonl)"
echo "ok a prediction has a line with model and rows"
grep -qF '"path":"/\u001b[31m","status":404' access.jsonl || fail "control characters: $(tail -n 1 access.jsonl)"
echo "ok control characters are escaped"
grep -qE 'in-the-query|of-this-test' access.jsonl out err && fail "a secret is in the log"
echo "ok neither tokens nor queries are in it"
metrics=$(curl -s -H "Authorization: Bearer $BINNACLE_TOKEN" "$url/metrics")
grep -q '^binnacle_access_log_lines_total [1-9]' <<<"$metrics" || fail "not counted: $metrics"
echo "ok its lines are counted in /metrics"

# ---- SIGHUP -----------------------------------------------------------------------------------
mv access.jsonl moved.jsonl
kill -HUP "$server"
ask "$url/ping"
until_says 20 '/ping' cat access.jsonl || fail "after SIGHUP: $(cat access.jsonl moved.jsonl)"
grep -q '/ping' moved.jsonl && fail "the moved file is still written"
kill -0 "$server" || fail "SIGHUP ended the server"
echo "ok SIGHUP opens the file again"
stop

# ---- rotation ---------------------------------------------------------------------------------
rm -f access.jsonl*
start --access-log access.jsonl --access-log-max-bytes 64K --access-log-keep 2
for _ in $(seq 1500); do echo "url=\"$url/healthz\""; done >urls
curl -s -m 60 -K urls >/dev/null
stop
for f in access.jsonl access.jsonl.1 access.jsonl.2; do
	[ "$(stat -c %s $f)" -le 65536 ] && [ "$(stat -c %a $f)" = 600 ] || fail "$(ls -l $f)"
	[ "$(grep -c '^{"time":".*}$' $f)" = "$(lines $f)" ] || fail "lines of $f"
done
[ ! -e access.jsonl.3 ] || fail "too many files"
echo "ok files have a size and a number"

# ---- standard output, a full disk ---------------------------------------------------------------
start --access-log -
ask "$url/ping"
until_says 20 '"path":"/ping","status":200' cat out || fail "nothing on standard output"
echo "ok - is standard output"
stop
start --access-log /dev/full
ask "$url/ping" || fail "not answered"
until_says 20 'cannot write access log .*No space' cat err || fail "a full disk is not reported: $(cat err)"
until_says 20 '^binnacle_access_log_lost_total{reason="write"} [1-9]' \
	curl -s -H "Authorization: Bearer $BINNACLE_TOKEN" "$url/metrics" || fail "lost lines are not counted"
"$B" predict --endpoint "$url" jobs.csv -q >/dev/null || fail "not answered on a full disk"
echo "ok a full disk costs lines, never an answer"
stop
grep -q 'requests have no line in the access log' err || fail "not said at the end: $(cat err)"

# ---- what is refused ----------------------------------------------------------------------------
touch theirs.jsonl && chmod 622 theirs.jsonl
expect 4 "a file that others may write" "$B" serve power/1 --port 0 --access-log theirs.jsonl
says "chmod go-w"
expect 2 "a limit without a log" "$B" serve power/1 --port 0 --access-log-keep 2
says "--access-log-keep needs --access-log FILE"
expect 2 "a limit that is too small" "$B" serve power/1 --port 0 --access-log a --access-log-max-bytes 1K
says "at least 65536 bytes"
expect 3 "a directory that is missing" "$B" serve power/1 --port 0 --access-log none/log
says "none/log"
exit $bad
