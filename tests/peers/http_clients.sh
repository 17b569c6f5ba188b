#!/bin/bash
# The listener (tests/peers/net/net_server.c) with other clients: curl, openssl s_client, Python's http.client and raw
# sockets, ab, wrk and h2load. Needs a loopback.
set -u
build=$(dirname "${BINNACLE:-$PWD/build/binnacle}")
program=$build/peers/net/net_server
here=$PWD/$(dirname "$0")
[ -x "$program" ] || { echo "FAIL: $program is not built"; exit 1; }
work=$(mktemp -d) || exit 1
trap 'exec 9>&-; wait; rm -rf "$work"' EXIT
bad=0
fail() { echo "FAIL: $*"; bad=1; }
same() { [ "$2" = "$3" ] || fail "$1: got '$2', expected '$3'"; } # WHAT GOT EXPECTED

start() { # OPTION...: sets port; descriptor 9 keeps it alive
	mkfifo "$work/in" "$work/out"
	"$program" "$@" <"$work/in" >"$work/out" 2>"$work/err" &
	exec 9>"$work/in"
	read -r port <"$work/out"
	rm "$work/in" "$work/out"
	[ -n "$port" ] || { echo "SKIP: other clients: $(cat "$work/err")"; exit 0; }
}
stop() { exec 9>&-; wait; }

# ---- plain --------------------------------------------------------------------------------------
start
url=http://127.0.0.1:$port
if command -v curl >/dev/null; then
	head -c 300000000 /dev/zero >"$work/big"
	sum=$(sha256sum <"$work/big" | cut -d' ' -f1)
	same "curl -T" "$(curl -sT "$work/big" "$url/upload")" "300000000 $sum"
	same "curl -T in chunks" "$(curl -sT - "$url/upload" <"$work/big")" "300000000 $sum"
	same "curl, HTTP/1.0" "$(curl -s0T "$work/big" "$url/upload")" "300000000 $sum"
	same "curl, Expect" "$(curl -s -H 'Expect: 100-continue' --data-binary hello "$url/echo")" hello
	same "curl, other expectations" "$(curl -s -o /dev/null -w '%{http_code}' -H 'Expect: 200-ok' "$url/who")" 417
	same "curl down" "$(curl -s "$url/zeros/100000000" | wc -c)" 100000000
	same "curl, HTTP/1.0 down" "$(curl -s0 "$url/lines/10000" | tail -n 1)" 9999
	same "curl of two in a row" "$(curl -s "$url/echo" -d a --next -s "$url/echo" -d b -w '%{num_connects}')" ab0
	for n in 1000 1000000 100000000; do
		head -c $n "$work/big" >"$work/part"
		for _ in 1 2 3 4 5; do
			same "curl, $n bytes refused" "$(curl -s -o "$work/said" -w '%{http_code} %{errormsg}' -H Expect: \
				--data-binary @"$work/part" "$url/private")" "401 "
			grep -q "no token" "$work/said" || fail "curl, $n bytes refused: no text"
		done
	done
	same "curl with a token" "$(curl -s -H 'Authorization: Bearer s3cret' -d x "$url/private")" x
	timeout 2 curl -sN "$url/events" >"$work/events"
	[ "$(grep -c '^data: ' "$work/events")" -gt 20 ] || fail "curl of events: $(wc -l <"$work/events") lines"
	same "curl, upgrade to HTTP/2" "$(curl -s --http2 "$url/who" | cut -d' ' -f1)" 127.0.0.1
	same "curl, no such path" "$(curl -s -o /dev/null -w '%{http_code}' "$url/x")" 404
	echo "NOTE: curl $(curl --version | head -n 1 | cut -d' ' -f2): uploads, downloads, events, refusals"
else
	echo "SKIP: curl is not here"
fi
python=$(command -v python3 || true)
if [ -n "$python" ]; then
	"$python" "$here/http_clients.py" "$port" || bad=1
else
	echo "SKIP: Python's http.client: no python3"
fi
if command -v ab >/dev/null; then
	printf '{"a": 1}' >"$work/json"
	ab -q -k -n 20000 -c 50 -p "$work/json" -T application/json "$url/echo" >"$work/ab" 2>&1 ||
		fail "ab: $(tail -n 3 "$work/ab")"
	same "ab, failures" "$(awk '/^Failed requests/ { print $3 }' "$work/ab")" 0
	ab -q -n 3000 -c 50 "$url/who" >"$work/ab1" 2>&1 || fail "ab without keep-alive"
	same "ab, failures without keep-alive" "$(awk '/^Failed requests/ { print $3 }' "$work/ab1")" 0
	echo "NOTE: ab: $(awk '/^Requests per second/ { print $4 }' "$work/ab") requests/s kept," \
		"$(awk '/^Requests per second/ { print $4 }' "$work/ab1") with a connection each"
else
	echo "SKIP: ab is not here (Debian package apache2-utils)"
fi
if command -v wrk >/dev/null; then
	wrk -t 1 -c 50 -d 3 "$url/who" >"$work/wrk" 2>&1 || fail "wrk"
	grep -qE 'Socket errors|Non-2xx' "$work/wrk" && fail "wrk: $(cat "$work/wrk")"
	echo "NOTE: wrk: $(awk '/^Requests\/sec/ { print $2 }' "$work/wrk") requests/s"
else
	echo "SKIP: wrk is not here"
fi
if command -v h2load >/dev/null; then
	h2load --h1 -n 20000 -c 20 -m 4 "$url/who" >"$work/h2load" 2>&1 || fail "h2load"
	grep -q ' 20000 succeeded, 0 failed' "$work/h2load" || fail "h2load: $(grep requests "$work/h2load")"
	echo "NOTE: h2load: four requests at a time on each connection, $(awk '/^finished/ { print $4 }' "$work/h2load") requests/s"
else
	echo "SKIP: h2load is not here (Debian package nghttp2-client)"
fi
stop

# ---- a Unix socket, deadlines -------------------------------------------------------------------
start --unix "$work/s" --slow-ms 500
if command -v curl >/dev/null; then
	same "curl by a Unix socket" "$(curl -s --unix-socket "$work/s" http://localhost/who)" "unix $(id -u)"
	same "mode of a Unix socket" "$(stat -c %a "$work/s")" 600
	if [ "$(id -u)" = 0 ] && id nobody >/dev/null 2>&1; then
		chmod 755 "$work" && chmod 666 "$work/s"
		setpriv --reuid nobody --clear-groups curl -s --unix-socket "$work/s" http://localhost/who >"$work/other"
		[ -s "$work/other" ] && fail "another user is answered: $(cat "$work/other")"
	else
		echo "SKIP: another user at a Unix socket: not root"
	fi
fi
exec 8<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /who HTTP/1.1\r\nHo' >&8
began=$(date +%s%N)
timeout 10 cat <&8 >"$work/late"
exec 8>&-
took=$((($(date +%s%N) - began) / 1000000))
[ $took -lt 3000 ] || fail "a slow head is kept for $took ms"
grep -q '^HTTP/1.1 408' "$work/late" || fail "a slow head: $(cat "$work/late")"
stop
[ -e "$work/s" ] && fail "the Unix socket stays behind"

# ---- TLS ----------------------------------------------------------------------------------------
if command -v openssl >/dev/null; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=here \
		-addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
	chmod 600 "$work/key.pem"
	start --cert "$work/cert.pem" --key "$work/key.pem"
	url=https://127.0.0.1:$port
	say() { openssl s_client -connect "127.0.0.1:$port" -CAfile "$work/cert.pem" -verify_return_error -quiet "$@" 2>"$work/err"; }
	same "openssl s_client" "$(printf 'GET /who HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' | say -ign_eof | tail -n 1)" "127.0.0.1 -1"
	for v in -tls1 -tls1_1; do
		printf 'GET /who HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' | say -ign_eof -cipher 'ALL:@SECLEVEL=0' $v |
			grep -q 127.0.0.1 && fail "an answer over $v"
	done
	for v in -tls1_2 -tls1_3; do
		printf 'GET /who HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' | say -ign_eof $v | grep -q 127.0.0.1 ||
			fail "no answer over $v: $(cat "$work/err")"
	done
	# An unfinished handshake does not delay others.
	exec 8<>"/dev/tcp/127.0.0.1/$port"
	printf '\026\003\001\002\000\001' >&8
	if command -v curl >/dev/null; then
		ask() { curl -s --cacert "$work/cert.pem" "$@"; }
		same "curl over TLS" "$(ask "$url/zeros/50000000" | wc -c)" 50000000
		same "curl up over TLS" "$(ask -T "$work/big" "$url/upload")" "300000000 $sum"
		same "plain HTTP to a TLS port" "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/who")" 000
		for n in 1000 1000000 30000000; do
			head -c $n "$work/big" >"$work/part"
			for _ in 1 2 3 4 5; do
				same "curl over TLS, $n bytes refused" "$(ask -o /dev/null -w '%{http_code} %{errormsg}' -H Expect: \
					--data-binary @"$work/part" "$url/private")" "401 "
			done
		done
		timeout 2 curl -sN --cacert "$work/cert.pem" "$url/events" >"$work/events"
		[ "$(grep -c '^data: ' "$work/events")" -gt 20 ] || fail "curl of events over TLS"
	fi
	exec 8>&-
	if command -v wrk >/dev/null; then
		wrk -t 1 -c 50 -d 2 "$url/who" >"$work/wrk" 2>&1
		grep -qE 'Socket errors|Non-2xx' "$work/wrk" && fail "wrk over TLS: $(cat "$work/wrk")"
		echo "NOTE: wrk over TLS: $(awk '/^Requests\/sec/ { print $2 }' "$work/wrk") requests/s"
	fi
	echo "NOTE: openssl $(openssl version | cut -d' ' -f2): TLS 1.2 and 1.3 answered, 1.0 and 1.1 not"
	stop
else
	echo "SKIP: TLS: openssl is not here"
fi
exit $bad
