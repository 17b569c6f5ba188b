#!/bin/bash
# One honest client in a crowd: slow heads and bodies, busy clients, floods of bad tokens, expensive bodies. 99 of 100
# honest requests are answered within a second, the server's memory stays below 256 MB, and each answered row is in the
# log. Then the same with TLS, and with a crowd that only begins handshakes. Here the crowd is small; with
# BINNACLE_FLOOD=full, as in check-all, it has 2 000 slow and 500 busy clients for 20 s. Prints the table in
# docs/serving.md.
set -u
. tests/support/shell.sh || exit 2
server=
at_end() { [ -z "$server" ] || kill -9 "$server" 2>/dev/null; }
flood=$root/$build/peers/net/net_flood
case $build in /*) flood=$build/peers/net/net_flood ;; esac
[ -x "$flood" ] || { echo "SKIP: a crowd of clients: make tests builds $flood"; exit 0; }
if [ "${BINNACLE_FLOOD:-}" = full ]; then
	seconds=20 slow=2000 busy=500 bad=100 large=20 hellos=1000
else
	seconds=3 slow=200 busy=50 bad=10 large=4 hellos=100
fi
cd "$dir" || exit 1

"$B" init -q >/dev/null && "$B" data generate jobs --rows 2000 -q >/dev/null &&
	"$B" run start --trainer ridge --data jobs --target node_power_consumption --features \
		num_nodes_req,num_cores_req,num_gpus_req,mem_req,time_limit,num_tasks,cores_per_task,priority \
		--name r --wait -q >/dev/null && "$B" model register r --name power -q >/dev/null ||
	fail "no model to serve"
echo '{"num_nodes_req":2,"num_cores_req":64,"num_gpus_req":2,"mem_req":198,"time_limit":1440,"num_tasks":2,"cores_per_task":32,"priority":164447}' >row.json
head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >token
chmod 600 token
before=0 # rows in the log
# amid_a_crowd SCHEME [OPTION...]
amid_a_crowd() {
	"$B" serve power/1 --port 0 --token-file token --json "${@:2}" >serve.json 2>serve.err &
	server=$!
	port=
	for _ in $(seq 200); do
		port=$(sed -n 's/.*"port": \([0-9]*\).*/\1/p' serve.json)
		[ -n "$port" ] && break
		kill -0 $server 2>/dev/null || break
		sleep 0.05
	done
	if [ -z "$port" ]; then
		grep -q "cannot listen" serve.err && { echo "SKIP: a crowd of clients: $(cat serve.err)"; exit 0; }
		fail "serve: $(cat serve.err)"
	fi

	"$flood" "$port" "$(cat token)" $seconds $slow $busy $bad $large row.json ${2:+--tls $hellos} >table || fail "flood: $(cat table)"
	curl -sk -m 5 -H "Authorization: Bearer $(cat token)" "$1://127.0.0.1:$port/metrics" >metrics || fail "no metrics afterwards"
	peak=$(awk '/^VmHWM/ {print int($2 / 1024)}' "/proc/$server/status")
	kill -TERM $server
	wait $server
	status=$?
	server=
	read -r _ asked failed p50 p99 most _ rows < <(grep '^honest' table)
	grep '^|' table | sed 's/^/NOTE: /'
	echo "NOTE: an honest client, $1: $asked requests, $failed failed, median $p50 ms, 99 % $p99 ms, at most $most ms; server's memory $peak MB"
	[ "$status" = 0 ] || fail "serve ended with $status: $(cat serve.err)"
	[ "$asked" -gt 5 ] && [ "$failed" = 0 ] || fail "the honest client: $asked asked, $failed failed"
	echo "ok $1: an honest client is answered"
	# Time and memory differ under emulators and sanitizers.
	if [ -z "${BINNACLE_FLOOD_SLOW:-}" ] && ! has_sanitizer; then
		awk -v p="$p99" 'BEGIN {exit !(p < 1000)}' || fail "99 % of an honest client's requests: $p99 ms"
		echo "ok $1: within a second"
		[ "$peak" -lt 256 ] || fail "the server's memory: $peak MB"
		echo "ok $1: the server's memory is below 256 MB"
	fi
	served=$(sed -n 's/^served .* requests, \([0-9]*\) predictions.*/\1/p' serve.err)
	[ -n "$served" ] && [ "$served" -ge "$rows" ] || fail "$rows rows came to somebody, $served were served"
	"$B" endpoint show power --json >shown || fail "endpoint show"
	grep -q "\"logged\": $served," shown && grep -q '"lost": 0,' shown && grep -q '"set_aside": 0,' shown ||
		fail "of $served rows: $(cat shown)"
	logged=$("$B" monitor report power/1 --dry-run --json 2>/dev/null | grep -A3 '"window"' | sed -n 's/.*"rows": \([0-9]*\).*/\1/p')
	[ "$logged" = $((before + served)) ] ||
		fail "$served rows were served, $((logged - before)) are in the log"
	before=$logged
	echo "ok $1: each of the $rows rows that came to somebody is in the log"
	grep -q 'code="401"} [1-9]' metrics || fail "no bad token was refused: $(grep 401 metrics)"
	! grep -q "$(cat token)" serve.err serve.json shown metrics table || fail "the token was printed"
	echo "ok $1: the token is nowhere"
}

amid_a_crowd http
if openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 \
	-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null; then
	chmod 600 key.pem
	amid_a_crowd https --tls-cert cert.pem --tls-key key.pem
else
	echo "SKIP: a crowd with TLS: no openssl command"
fi
