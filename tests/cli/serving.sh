#!/bin/bash
# Serving on the command line: predict a file, serve the model, query the server, stop it during
# requests, and detect drift in the requests. Needs loopback; otherwise it prints a SKIP line and
# stops.
set -u
. tests/support/shell.sh || exit 2
server=
at_end() { [ -z "$server" ] || kill "$server" 2>/dev/null; }
mkdir "$dir/ws"
cd "$dir/ws" || exit 1

"$B" init >/dev/null || fail init
"$B" data generate jobs --rows 1500 -q >/dev/null || fail generate
"$B" data generate later --rows 1500 --seed 7 --drift 1.5 -q >/dev/null || fail "generate later"
"$B" data export jobs jobs.csv -q || fail export
"$B" data export jobs jobs.arrow -q || fail "export arrow"
"$B" data export later later.csv -q || fail "export later"
"$B" run start --trainer ridge --data jobs --target node_power_consumption --name first --wait -q \
	>/dev/null || fail "run start"
"$B" model register first --name power -q >/dev/null || fail register

# ---- predict --------------------------------------------------------------------------------
expect 0 "predict from a CSV file" "$B" predict power/1 jobs.csv -q
mv ../said csv
[ "$(wc -l <csv)" = 1501 ] || fail "1500 rows and a header"
expect 0 "predict from an Arrow file" "$B" predict power@latest jobs.arrow -q
cmp -s ../said csv || fail "the same rows from Arrow give other answers"
expect 0 "predict by run" "$B" predict first jobs.csv --out answers.csv
cmp -s answers.csv csv || fail "--out differs"
expect 0 "predict as JSON" "$B" predict power jobs.csv --json
says '"count": 1500'
expect 0 "predict into Arrow" "$B" predict power jobs.csv --out answers.arrow
expect 0 "and read it back" "$B" data head answers.arrow --json
says '"prediction"'
chmod -R u+w "$XDG_STATE_HOME" && rm -rf "$XDG_STATE_HOME"/binnacle/*/models
jobs=
for i in 1 2 3 4; do
	"$B" predict power/1 jobs.csv --out "at-once-$i.csv" -q &
	jobs="$jobs $!"
done
for job in $jobs; do wait "$job" || fail "predictions that start together: exit $?"; done
for i in 1 2 3 4; do cmp -s "at-once-$i.csv" csv || fail "started together, answer $i differs"; done
echo "ok predictions that start together share one copy of the model"
# More answers than are kept in memory, and types contradicted by the last row.
{ cat jobs.csv; for _ in $(seq 29); do sed 1d jobs.csv; done; } >long.csv
expect 0 "a long file" "$B" predict power long.csv -q
mv ../said long_answers
[ "$(wc -l <long_answers)" = 45001 ] && tail -n 1500 long_answers | cmp -s - <(sed 1d csv) ||
	fail "a long file gives other answers"
expect 0 "a long file into a file" "$B" predict power long.csv -q --out long_out.csv --force
cmp -s long_out.csv long_answers || fail "a long file into a file differs"
expect 0 "a long file into a device" "$B" predict power long.csv -q --out /dev/stdout
cmp -s ../said long_answers || fail "a long file into a device differs"
{ cat long.csv; sed -n 2p jobs.csv | sed 's/,164447,/,164447.0,/'; } >turn.csv
expect 0 "types that change at the end" "$B" predict power turn.csv -q
head -n 45001 ../said | cmp -s - long_answers && [ "$(wc -l <../said)" = 45002 ] ||
	fail "types that change at the end: $(wc -l <../said) lines"
ls long_out.csv.* 2>/dev/null && fail "a temporary file stays behind"
awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) if ($i ~ /_consumption$/) at[i] = 1}
	NR == 3 {for (i in at) $i = "1.7e308"}
	{OFS = ","; print}' jobs.csv >huge.csv
expect 2 "an answer that overflows names its row" "$B" predict power/1 huge.csv
says "huge.csv: row 2: the prediction is not finite"
expect 3 "no such model" "$B" predict nothing/1 jobs.csv
expect 2 "no such column" "$B" predict power answers.csv
says "which the model needs"
sed '3s/,u[0-9]*,/,u_nobody,/' jobs.csv >odd.csv
expect 2 "a strict predict names an unknown category" "$B" predict power odd.csv --strict
says "field 'user_id': unknown category 'u"
expect 0 "otherwise it is counted" "$B" predict power odd.csv --out odd_answers.csv
says "14 cells hold categories unseen in training: row 2, field 'user_id': 'u_nobody' (--strict refuses)"
awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) if ($i ~ /_consumption$/) at[i] = 1}
	NR == 3 {for (i in at) $i = "-inf"}
	{OFS = ","; print}' jobs.csv >infinite.csv
expect 0 "infinite cells are missing" "$B" predict power infinite.csv --out infinite_answers.csv
says "taken as missing: row 2, field '"

# ---- serve ----------------------------------------------------------------------------------
place="--port 0"
start_server() { # ARGS...: sets $server, $url, $BINNACLE_TOKEN
	: >serve.json
	"$B" serve power/1 $place --json "$@" >serve.json 2>serve.err &
	server=$!
	for _ in $(seq 200); do
		url=$(sed -n 's/.*"url": "\(.*\)".*/\1/p' serve.json)
		[ -n "$url" ] && grep -q '^}' serve.json && break
		kill -0 $server 2>/dev/null || return 1
		sleep 0.05
	done
	BINNACLE_TOKEN=$(sed -n 's/.*shown once): //p' serve.err)
	export BINNACLE_TOKEN
}

stop_server() {
	kill -TERM "$server"
	wait "$server"
	status=$?
	server=
	[ $status = 0 ] || fail "serve ended with $status: $(cat serve.err)"
}

if ! start_server; then
	if grep -q "cannot listen" serve.err; then
		echo "SKIP: serving: $(cat serve.err)"
		exit 0
	fi
	fail "serve: $(cat serve.err)"
fi
grep -q "ssh -N -L" serve.err || fail "no ssh line"
[ ${#BINNACLE_TOKEN} = 48 ] || fail "no token in: $(cat serve.err)"
expect 0 "endpoint ls" "$B" endpoint ls
says RUNNING
expect 0 "endpoint show by the model's name" "$B" endpoint show power --json
says '"unix": null'
says "\"url\": \"$url\""
expect 3 "endpoint show of nobody" "$B" endpoint show nobody
says "endpoint ls --all"
expect 0 "predict through the server" "$B" predict --endpoint "$url" jobs.csv -q
cmp -s ../said csv || fail "the server answers otherwise"
token=$BINNACLE_TOKEN
for _ in 1 2 3 4 5 6 7 8 9 10; do
	BINNACLE_TOKEN=wrong expect 4 "a wrong token is refused" "$B" predict --endpoint "$url" jobs.csv
	says "401"
	says "--token-file"
done
export BINNACLE_TOKEN=$token
expect 5 "https to a plain server" "$B" predict --endpoint "https${url#http}" jobs.csv
says "http:// address"
for _ in $(seq 100); do # batches are written within a second
	"$B" monitor report power/1 --dry-run --json 2>/dev/null | grep -A3 '"window"' |
		grep -q '"rows": 1500' && break
	sleep 0.05
done
expect 0 "no drift against itself" "$B" monitor report power/1
says "0 of 33 inputs drifted"
says "power/1 is being served (endpoint "
says "is on its way into the log, and not in this report"
expect 3 "an empty window of a model that is served" "$B" monitor report power/1 --window 1ms
says "is answering, and logs within a second: make it once more"
expect 0 "predictions of later jobs" "$B" predict --endpoint "$url" later.csv -q
stop_server
grep -q "served .* 3000 predictions" serve.err || fail "count at the end: $(cat serve.err)"
expect 0 "endpoint ls --all" "$B" endpoint ls --all
says STOPPED

# ---- monitor --------------------------------------------------------------------------------
expect 1 "drift ends with 1" "$B" monitor report power/1 --last 1500 --share 0.2
says "have drifted"
expect 1 "as JSON" "$B" monitor report power/1 --last 1500 --share 0.2 --json
says '"verdict": "drift"'
expect 7 "too few rows end with 7" "$B" monitor report power/1 --last 10
says "too few"
expect 2 "an unknown test" "$B" monitor report power/1 --test gauss
says "jensenshannon"
expect 3 "an empty window" "$B" monitor report power/1 --window 1ms
says "binnacle serve logs its predictions"
expect 0 "monitor ls" "$B" monitor ls power --json
says '"count": 4'
expect 0 "monitor show" "$B" monitor show
says "inconclusive"
"$B" monitor ls --tsv >before
"$B" endpoint ls --all --tsv >>before
expect 0 "rebuild" "$B" index rebuild
"$B" monitor ls --tsv >after
"$B" endpoint ls --all --tsv >>after
cmp -s before after || fail "a rebuilt index tells otherwise: $(diff before after)"
echo "ok a rebuilt index tells the same"

# ---- a killed server ------------------------------------------------------------------------
unset BINNACLE_TOKEN
printf 's3cret-token\n' >token
chmod 600 token
start_server --token-file token || fail "serve with a token file: $(cat serve.err)"
grep -q "shown once" serve.err && fail "a given token must not be printed"
export BINNACLE_TOKEN=s3cret-token
expect 0 "a token from a file" "$B" predict --endpoint "$url" jobs.csv -q
expect 0 "a long file through the server" "$B" predict --endpoint "$url" turn.csv -q --out long_out.csv --force
head -n 45001 long_out.csv | cmp -s - long_answers || fail "the server answers a long file otherwise"
kill -9 "$server"
wait "$server" 2>/dev/null
server=
expect 0 "a killed server" "$B" endpoint ls --all
says LOST
chmod 644 token
expect 4 "a token that others can read" "$B" serve power/1 --port 0 --token-file token
says "chmod 600"
expect 2 "serve wants a model" "$B" serve

# ---- a Unix socket, and TLS -----------------------------------------------------------------
unset BINNACLE_TOKEN
place="--unix power.sock"
start_server || fail "serve on a Unix socket: $(cat serve.err)"
place="--port 0"
[ "$url" = "unix:$PWD/power.sock" ] || fail "URL of a Unix socket: $url"
[ "$(stat -c %a power.sock)" = 600 ] || fail "mode of the socket"
expect 0 "predict through a Unix socket, without a token" "$B" predict --endpoint "$url" jobs.csv -q
cmp -s ../said csv || fail "the Unix socket answers otherwise"
expect 0 "infinite cells are missing there too" "$B" predict infinite.csv --endpoint "$url"
says "taken as missing: row 2, field '"
expect 0 "an unknown category is counted there too" "$B" predict odd.csv --endpoint "$url"
says "14 cells hold categories unseen in training (--strict refuses)"
expect 2 "and refused" "$B" predict odd.csv --endpoint "$url" --strict
says "after row 0: "
expect 0 "a model of the server's by name" "$B" predict power/1 jobs.csv --endpoint "$url"
says "rows predicted by power/1"
cmp -s ../said csv || fail "the named model answers otherwise"
expect 3 "a model that is not served" "$B" predict other jobs.csv --endpoint "$url"
says "served here: power/1"
expect 2 "a name as the registry has it" "$B" predict power@champion jobs.csv --endpoint "$url"
says "NAME or NAME/VERSION"
expect 0 "endpoint ls shows its path" "$B" endpoint ls
says "unix:$PWD/power.sock"
expect 6 "the same path twice" "$B" serve power/1 --unix power.sock
stop_server
[ ! -e power.sock ] || fail "the socket was left behind"
start_server --unix power.sock || fail "serve on a port and a socket: $(cat serve.err)"
expect 0 "endpoint ls shows both" "$B" endpoint ls
says "$url"
says "$PWD/power.sock"
expect 0 "endpoint show has the socket" "$B" endpoint show power/1 --json
says "\"unix\": \"$PWD/power.sock\""
stop_server
unset BINNACLE_TOKEN
touch power.sock
expect 6 "a file is no socket" "$B" serve power/1 --unix power.sock
expect 2 "a certificate without its key" "$B" serve power/1 --tls-cert cert.pem
expect 2 "TLS of a Unix socket alone" "$B" serve power/1 --unix s --tls-cert cert.pem --tls-key key.pem
if openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 \
	-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null; then
	chmod 640 key.pem
	expect 4 "a key that others can read" "$B" serve power/1 --port 0 --tls-cert cert.pem --tls-key key.pem
	says "chmod 600"
	chmod 600 key.pem
	start_server --tls-cert cert.pem --tls-key key.pem || fail "serve with TLS: $(cat serve.err)"
	case $url in https://127.0.0.1:*) ;; *) fail "URL with TLS: $url" ;; esac
	expect 0 "predict over TLS" "$B" predict --endpoint "$url" --ca-file cert.pem jobs.csv -q
	cmp -s ../said csv || fail "TLS answers otherwise"
	expect 5 "a certificate that nobody vouches for" "$B" predict --endpoint "$url" jobs.csv
	says "--ca-file FILE"
	expect 5 "plain HTTP to a server with TLS" "$B" predict --endpoint "http${url#https}" jobs.csv
	says "https:// address"
	expect 3 "a CA file that is not there" "$B" predict --endpoint "$url" --ca-file nowhere jobs.csv
	stop_server
else
	echo "SKIP: TLS: no openssl command"
fi
unset BINNACLE_TOKEN
expect 5 "nobody listens" "$B" predict --endpoint http://127.0.0.1:1 jobs.csv
expect 2 "a route behind the address" "$B" predict --endpoint http://127.0.0.1:8420/predict jobs.csv
says "endpoint http://127.0.0.1:8420"
{ head -3 jobs.csv; echo 3; } >short.csv
expect 2 "a short row" "$B" predict power/1 short.csv
says "short.csv:4:1"
! grep -q on-error ../err || fail "predict has no --on-error"
expect 3 "a directory that is not there" "$B" serve ./nosuchdir
says "no directory './nosuchdir'"
expect 2 "bodies of nothing" "$B" serve power/1 --max-body 0
expect 2 "a socket without unix:" "$B" predict --endpoint u.sock jobs.csv
says "unix:u.sock"
expect 2 "a host without http://" "$B" predict --endpoint localhost:8420 jobs.csv
says "http://localhost:8420"
expect 2 "unix: without a path" "$B" predict --endpoint unix: jobs.csv
says "unix:PATH"
expect 5 "a socket that is not there" "$B" predict --endpoint unix:none.sock jobs.csv
says "path of its socket"
expect 2 "a directory is no file of rows" "$B" predict --endpoint http://127.0.0.1:1 .
says "is a directory"
expect 2 "a socket without a name" "$B" serve power --unix ''
says "--unix needs the path"

# ---- the files in the workspace -------------------------------------------------------------
for model in power/1 first; do
	expect 0 "predict from whole files" "$B" predict $model jobs.csv -q
	! grep -q damaged ../err || fail "whole files are called damaged"
done
expect 0 "export" "$B" model export power/1 exported
hash=$(sha256sum exported/model.safetensors | cut -d' ' -f1)
object=.binnacle/objects/${hash:0:2}/${hash:2}
chmod u+w "$object" && printf 'x' | dd of="$object" bs=1 seek=100 conv=notrunc status=none
for model in power/1 first; do
	expect 0 "predict from the copy of damaged files" "$B" predict $model jobs.csv --out copied.csv --force
	grep -q "damaged in the workspace (file" ../err || fail "predict does not tell of damage: $(cat ../err)"
	cmp -s copied.csv csv || fail "the user's own copy gives other answers"
done
start_server || fail "serve from the copy: $(cat serve.err)"
stop_server
grep -q "damaged in the workspace" serve.err || fail "serve does not tell of damage: $(cat serve.err)"
echo "ok what is damaged in the workspace is told where a copy answers"
knows_its_fields
