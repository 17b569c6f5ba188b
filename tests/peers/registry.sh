#!/bin/bash
# binnacle package push and pull with Docker's registry (Debian's docker-registry) and skopeo: without and with
# passwords, with tokens (tests/peers/registry_peer.py is the token server, and a proxy that holds requests), killed in
# the middle and continued.
set -u
binnacle=${BINNACLE:-$PWD/build/binnacle}
here=$PWD/tests/peers
for program in docker-registry htpasswd skopeo python3 openssl; do
	command -v $program >/dev/null || { echo "SKIP: container registries: $program is not installed"; exit 0; }
done
work=$(mktemp -d) || exit 1
pids=()
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; wait 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
export HOME=$work/home XDG_STATE_HOME=$work/state XDG_RUNTIME_DIR=$work/run REGISTRY_AUTH_FILE=
mkdir -p home run
unset REGISTRY_AUTH_FILE BINNACLE_HOME CI_REGISTRY
fail() { echo "FAIL: $*"; [ -f log ] && tail -n 5 log; exit 1; }
run() { "$binnacle" "$@" >log 2>&1 || fail "binnacle $*"; }
refused() { # STATUS TEXT ARGUMENT...
	local want=$1 text=$2
	shift 2
	"$binnacle" "$@" >log 2>&1
	[ $? = "$want" ] || fail "expected exit $want: binnacle $*"
	grep -q -- "$text" log || fail "no '$text' of binnacle $*"
	! grep -qE "pa:ss word|cGE6c3Mgd29yZ" log || fail "a password in the message of binnacle $*"
}
until_up() { # PORT
	local ends=$((SECONDS + 20))
	until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
		[ $SECONDS -lt $ends ] || fail "nothing listens on port $1: $(tail -n 3 "$work"/registry-*.log)"
		sleep 0.05
	done
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# registry NAME [AUTH LINES]: one more registry; its address in $at
registry() {
	local name=$1 port
	port=$(free_port)
	mkdir -p "$name"
	cat >"$name.yml" <<-YML
		version: 0.1
		storage: {filesystem: {rootdirectory: $work/$name}}
		http: {addr: "127.0.0.1:$port", secret: a-secret-of-the-test}
		log: {level: error}
		${2:-}
	YML
	docker-registry serve "$name.yml" >"registry-$name.log" 2>&1 &
	pids+=($!)
	until_up "$port"
	at=localhost:$port
}
# An image of three layers, without any program's help; 40 MiB in the last one.
python3 "$here/registry_peer.py" image "$work/image" 40000000 || fail "no image"
same() { # FOLDER: it has the blobs of the image
	diff -r "$work/image/blobs" "$1/blobs" >log || fail "$1 differs"
	skopeo inspect --raw "oci:$1" >log 2>&1 || fail "skopeo does not read $1"
}

# ---- without passwords --------------------------------------------------------------------------
registry open
open=$at
run package push image "$open/group/power:3" --dry-run
[ -d open/docker ] && fail "a dry run wrote to the registry"
run package push image "$open/group/power:3" --json
[ "$(python3 -c 'import json; d = json.load(open("log")); print(d["sent_blobs"])')" = 4 ] || fail "not four blobs were sent"
run package push image "$open/group/power:4" --json
[ "$(python3 -c 'import json; print(json.load(open("log"))["sent_bytes"])')" = 0 ] || fail "blobs were sent twice"
run package push image "$open/group/other:1" --mount-from group/power --json
[ "$(python3 -c 'import json; print(json.load(open("log"))["sent_bytes"])')" = 0 ] || fail "blobs were not mounted"
digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$open/group/power:3" 2>log) || fail "skopeo inspect"
run package pull "$open/group/power:3" --out pulled
same pulled
run package pull "$open/group/power@$digest" --out by-digest
same by-digest
skopeo copy -q --preserve-digests --src-tls-verify=false "docker://$open/group/power:4" oci:by-skopeo:4 >log 2>&1 || fail "skopeo copy from the registry"
same by-skopeo
skopeo copy -q --dest-tls-verify=false --format v2s2 oci:image "docker://$open/group/docker:1" >log 2>&1 || fail "skopeo copy to it"
run package pull "$open/group/docker:1" --out docker
skopeo inspect --raw oci:docker >log 2>&1 || fail "skopeo does not read what it pushed in Docker's form"
refused 3 "MANIFEST_UNKNOWN" package pull "$open/group/power:none" --out none
refused 6 "already exists" package pull "$open/group/power:3" --out pulled
[ ! -e none ] && [ ! -e none.partial ] || fail "a failed pull left something"

# ---- passwords ----------------------------------------------------------------------------------
htpasswd -Bbc passwords ann 'pa:ss word' 2>/dev/null || fail "htpasswd"
registry closed "auth: {htpasswd: {realm: here, path: $work/passwords}}"
closed=$at
refused 4 "credentials are needed" package push image "$closed/power:3"
export BINNACLE_REGISTRY_USER=ann BINNACLE_REGISTRY_PASSWORD='wrong'
refused 4 "BINNACLE_REGISTRY_USER" package push image "$closed/power:3"
export BINNACLE_REGISTRY_PASSWORD='pa:ss word'
run package push image "$closed/power:3"
unset BINNACLE_REGISTRY_USER BINNACLE_REGISTRY_PASSWORD
refused 4 "no credentials were found" package pull "$closed/power:3" --out never
# What `skopeo login` writes is what we read, and the other way round.
skopeo login --tls-verify=false -u ann --password-stdin "$closed" >log 2>&1 <<<'pa:ss word' || fail "skopeo login"
run package pull "$closed/power:3" --out closed-pulled
same closed-pulled
cp run/containers/auth.json auth.json
skopeo logout "$closed" >log 2>&1
run package pull "$closed/power:3" --out closed-2 --auth-file auth.json
chmod 644 auth.json
run package pull "$closed/power:3" --out closed-3 --auth-file auth.json
grep -q "chmod 600" log || fail "no warning of a file that others may read"
echo "NOTE: $(docker-registry --version 2>&1 | awk '{print "docker-registry " $3}'), $(skopeo --version): pushed, pulled, with and without passwords"

# ---- tokens -------------------------------------------------------------------------------------
openssl req -x509 -newkey rsa:2048 -nodes -keyout token.key -out token.pem -subj /CN=token -days 2 2>/dev/null || fail "openssl"
token_port=$(free_port)
python3 "$here/registry_peer.py" tokens "$token_port" token.key token.pem ann 'pa:ss word' tokens.log 2>log &
pids+=($!)
until_up "$token_port"
registry tokens "auth: {token: {realm: 'http://127.0.0.1:$token_port/jwt/auth', service: container_registry, issuer: peer, rootcertbundle: $work/token.pem}}"
tokens=$at
refused 4 "token server: answered 401" package push image "$tokens/group/power:3"
export BINNACLE_REGISTRY_USER=ann BINNACLE_REGISTRY_PASSWORD='pa:ss word'
run package push image "$tokens/group/power:3"
run package push image "$tokens/group/other:3" --mount-from group/power --json
[ "$(python3 -c 'import json; print(json.load(open("log"))["sent_bytes"])')" = 0 ] || fail "blobs were not mounted with a token"
run package pull "$tokens/group/power:3" --out tokens-pulled
same tokens-pulled
unset BINNACLE_REGISTRY_USER BINNACLE_REGISTRY_PASSWORD
grep -q "repository:group/power:pull,push" tokens.log || fail "the scope of the tokens: $(cat tokens.log)"
echo "NOTE: tokens: $(wc -l <tokens.log) fetched"

# ---- TLS ----------------------------------------------------------------------------------------
openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.pem -subj /CN=localhost -days 2 \
	-addext subjectAltName=DNS:localhost 2>/dev/null || fail "openssl"
tls_port=$(free_port)
sed "s#^auth:.*##; s#secret: a-secret-of-the-test#secret: x, tls: {certificate: $work/tls.pem, key: $work/tls.key}#" closed.yml |
	sed "s#127.0.0.1:[0-9]*#127.0.0.1:$tls_port#" >tls.yml
docker-registry serve tls.yml >registry-tls.log 2>&1 &
pids+=($!)
until_up "$tls_port"
run package pull "localhost:$tls_port/power:3" --out tls-pulled --ca-file tls.pem
same tls-pulled
refused 5 "certificate" package pull "localhost:$tls_port/power:3" --out never --ca-file token.pem
refused 5 "use TLS" package pull "localhost:$tls_port/power:3" --out never

# ---- killed -------------------------------------------------------------------------------------
# The proxy holds the fourth chunk until the program is dead, so three were acknowledged: the next one goes on there.
proxy_port=$(free_port)
mkfifo held
python3 "$here/registry_peer.py" proxy "$proxy_port" "${open#*:}" held "PATCH 4" proxy.log 2>log &
pids+=($!)
until_up "$proxy_port"
"$binnacle" package push image "localhost:$proxy_port/group/killed:1" --chunk 8M >log 2>&1 &
pushing=$!
read -r _ <held
kill -9 $pushing
wait $pushing 2>/dev/null
before=$(awk '/^PATCH|^PUT/ {s += $2} END {print s + 0}' proxy.log)
run package push image "localhost:$proxy_port/group/killed:1" --chunk 8M --json
after=$(awk '/^PATCH|^PUT/ {s += $2} END {print s + 0}' proxy.log)
[ $((after - before)) -lt 20000000 ] || fail "$((after - before)) bytes were sent after $before: nothing was continued"
run package pull "$open/group/killed:1" --out killed
same killed
echo "NOTE: push killed after $before bytes: the next one sent $((after - before))"
# Killed within a chunk, which this registry does not keep: sent again, and complete.
"$binnacle" package push image "localhost:$proxy_port/group/power:5" >log 2>&1
mkfifo held2
proxy2_port=$(free_port)
python3 "$here/registry_peer.py" proxy "$proxy2_port" "${open#*:}" held2 "PATCH 2 1000000" proxy2.log 2>log &
pids+=($!)
until_up "$proxy2_port"
"$binnacle" package push image "localhost:$proxy2_port/group/torn:1" --chunk 8M >log 2>&1 &
pushing=$!
read -r _ <held2
kill -9 $pushing
wait $pushing 2>/dev/null
run package push image "localhost:$proxy2_port/group/torn:1" --chunk 8M
run package pull "$open/group/torn:1" --out torn
same torn
# A pull, killed after 10 MB of the large layer.
mkfifo held3
proxy3_port=$(free_port)
python3 "$here/registry_peer.py" proxy "$proxy3_port" "${open#*:}" held3 "ANSWER 10000000" proxy3.log 2>log &
pids+=($!)
until_up "$proxy3_port"
"$binnacle" package pull "localhost:$proxy3_port/group/power:3" --out half >log 2>&1 &
pulling=$!
read -r _ <held3
# Bytes that arrived are on the disk when the next piece is asked for: wait for them.
large=$(ls -S image/blobs/sha256 | head -n 1)
ends=$((SECONDS + 20))
until [ "$(stat -c %s "half.partial/blobs/sha256/$large.partial" 2>/dev/null || echo 0)" -gt 9000000 ]; do
	[ $SECONDS -lt $ends ] || fail "the pull did not get on"
	sleep 0.05
done
kill -9 $pulling
wait $pulling 2>/dev/null
[ ! -e half ] || fail "half an image has its name"
run package pull "localhost:$proxy3_port/group/power:3" --out half --json
received=$(python3 -c 'import json; print(json.load(open("log"))["received_bytes"])')
[ "$received" -lt 34000000 ] || fail "the pull received $received bytes: nothing was continued"
same half
echo "NOTE: pull killed: the next one received $received of 43 MB"

# ---- docs/containers.md ---------------------------------------------------------------------------
mkdir ws bin && ln -s "$binnacle" bin/binnacle && export PATH=$work/bin:$PATH
cd ws || exit 1
run init
run data generate jobs --rows 500
run data export jobs jobs.csv
run run start --trainer ridge --data jobs --target node_power_consumption --name first --wait
run model register first --name power
echo '{"self_approval": true}' >policy.json
run policy set policy.json --reason x --yes
refused 4 "not approved" package push power/1 "$open/docs/power:1"
run model request power/1 --reason x
run model approve power/1 --reason x --yes
run predict power/1 jobs.csv --out local.csv
lines=0
while IFS= read -r line; do
	lines=$((lines + 1))
	eval "${line//localhost:5000/$open}" >log 2>&1 </dev/null || fail "docs/containers.md: $line"
done < <(sed -n '/^## Registries/,$p' "$here/../../docs/containers.md" | sed -n '/^```$/,/^```$/p' | grep -v '^```')
[ $lines -ge 7 ] || fail "only $lines lines in docs/containers.md"
grep -q "$open/group/power:1" log || fail "package ls does not say where it was pushed"
run audit verify
refused 2 "was not made by" package pull "$open/group/killed:1" --format dir --out foreign
[ ! -e foreign ] && [ ! -e foreign.partial ] || fail "another image left something"
cd ..
! grep -rqE "pa:ss word|YW5uOnBhOnNz" state ws || fail "a password in the state directory"
exit 0
