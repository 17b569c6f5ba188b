#!/bin/bash
# Images of binnacle package with the programs that others use: skopeo reads and copies them, umoci unpacks them,
# podman (runc) and ch-run run them as a plain user, and a client gets the same bits as from `binnacle predict`.
# Started by root, the plain user is nobody. Each missing program is one SKIP line.
set -u
export PATH=$PATH:/usr/sbin:/sbin
binnacle=${BINNACLE:-$PWD/build/binnacle}
work=$(TMPDIR=/tmp mktemp -d) || exit 1
server=
stop() {
	[ -z "$server" ] || { kill "$server" && wait "$server" 2>/dev/null; }
	server=
}
at_end() {
	stop
	podman_run rm -f -t 2 served >/dev/null 2>&1
	chmod -R u+rwX "$work" 2>/dev/null
	rm -rf "$work"
}
trap at_end EXIT
fail() { echo "FAIL: $*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1 || { echo "SKIP: packages: $1 is not installed"; return 1; }; }
run() { "$binnacle" -C "$work/ws" "$@" >"$work/log" 2>&1 || fail "binnacle $*: $(cat "$work/log")"; }
field() { sed -n "s/^  \"$1\": \"\\{0,1\\}\\([^\",]*\\)\"\\{0,1\\},\\{0,1\\}\$/\\1/p" "$work/log"; }
# Becomes a program of a plain user, with a home and a directory for podman: in a subshell, or in the background.
plain() {
	local as=()
	[ "$(id -u)" != 0 ] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	cd / && exec "${as[@]}" env -u XDG_CONFIG_HOME -u XDG_STATE_HOME HOME="$work/user" USER=plain XDG_RUNTIME_DIR="$work/user/run" TMPDIR="$work/user" "$@"
}
export XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state BINNACLE_TOKEN=the-token-of-this-test
chmod 755 "$work"
mkdir -p "$work/user/run" && chmod 700 "$work/user/run"
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$work/user"

mkdir "$work/ws" && run init "$work/ws"
run data generate jobs --rows 2000
run data export jobs "$work/jobs.csv"
run run start --trainer mlp --set epochs=3 --data jobs --target node_power_consumption --name first --wait
run model register first --name power
echo '{"self_approval": true}' >"$work/policy.json"
run policy set "$work/policy.json" --reason alone
run model request power/1 --reason r
run model approve power/1 --reason r
"$binnacle" -C "$work/ws" predict power/1 "$work/jobs.csv" -q >"$work/local" 2>/dev/null || fail predict
for format in oci oci-archive docker-archive dir containerfile; do
	run package power/1 --format $format --out "$work/$format" --json
done
digest=$(field digest) config=$(field config)
bytes=$(stat -c %s "$work/oci-archive")

# The server at a port answers as predict did, and then ends.
free_port() { "$binnacle" -C / serve "$work/dir/model" --port 0 >"$work/port" 2>&1 & local p=$!
	for _ in $(seq 100); do grep -q http:// "$work/port" && break; sleep 0.05; done
	kill $p; wait $p; grep -oE ':[0-9]+$' <(grep -oE 'http://[0-9.:]+' "$work/port" | head -n 1) | tr -d :; }
answers() { # WHO PORT
	for _ in $(seq 200); do curl -sf "http://127.0.0.1:$2/healthz" >/dev/null && break; sleep 0.05; done
	"$binnacle" -C / predict --endpoint "http://127.0.0.1:$2" "$work/jobs.csv" -q >"$work/served" 2>"$work/err" ||
		fail "$1: $(cat "$work/err")"
	cmp -s "$work/served" "$work/local" || fail "$1 answers something else than predict"
	echo "ok $1 answers with the bits of binnacle predict"
}

if has skopeo; then
	for source in "oci:$work/oci:power:1" "oci-archive:$work/oci-archive:power:1"; do
		[ "$(skopeo inspect --format '{{.Digest}}' "$source")" = "$digest" ] || fail "skopeo on $source"
	done
	[ "$(skopeo inspect --format '{{index .Labels "binnacle.model"}}/{{index .Labels "binnacle.version"}}' \
		"docker-archive:$work/docker-archive")" = power/1 ] || fail "skopeo on the docker-archive"
	skopeo --insecure-policy copy -q "oci:$work/oci:power:1" "docker-archive:$work/copied:power:1" || fail "skopeo copy"
	[ "sha256:$(skopeo inspect --raw --config "docker-archive:$work/copied" | sha256sum | cut -d ' ' -f 1)" = "$config" ] ||
		fail "the copy has another config"
	skopeo --insecure-policy copy -q "docker-archive:$work/docker-archive" "oci:$work/back:power:1" || fail "skopeo copy back"
	echo "ok skopeo reads and copies the layout and both archives"
fi

if has umoci; then
	umoci unpack --rootless --image "$work/oci:power:1" "$work/bundle" >"$work/log" 2>&1 || fail "umoci: $(cat "$work/log")"
	diff -r "$work/bundle/rootfs" "$work/dir" || fail "umoci unpacks something else than --format dir"
	echo "ok umoci unpacks what --format dir writes"
fi

podman_run() { :; }
if has podman && has runc; then
	podman_run() {
		(plain podman --root "$work/user/store" --runroot "$work/user/run/podman" --storage-driver vfs --runtime runc \
			--cgroup-manager cgroupfs --events-backend none "$@")
	}
	limits=(--network host --ulimit nofile=20000:20000 --ulimit nproc=32768:32768)
	if ! podman_run info >"$work/log" 2>&1; then
		echo "SKIP: packages: podman does not start as a plain user here: $(tail -n 1 "$work/log")"
	else
		for archive in oci-archive docker-archive; do
			podman_run load -q -i "$work/$archive" >"$work/log" 2>&1 || fail "podman load $archive: $(cat "$work/log")"
			[ "sha256:$(podman_run images -q --no-trunc localhost/power:1 | sed 's/^sha256://')" = "$config" ] ||
				fail "podman has another image from $archive"
		done
		port=$(free_port)
		# Nobody's uid needs ranges in /etc/subuid; without them the user is the only one inside.
		user=65534:65534
		podman_run run --rm "${limits[@]}" --user $user localhost/power:1 --version >"$work/log" 2>&1
		grep -q 'subuid\|subgid\|newuidmap' "$work/log" && user=0:0
		grep -q 'invalid\|mapped' "$work/log" && user=0:0
		podman_run run -d --name served "${limits[@]}" --user $user --read-only --env BINNACLE_TOKEN localhost/power:1 \
			--port "$port" >"$work/log" 2>&1 || fail "podman run: $(cat "$work/log")"
		answers "podman with runc, as a plain user" "$port"
		podman_run logs served 2>&1 | grep -q "$BINNACLE_TOKEN" && fail "the token is in the container's log"
		podman_run stop -t 10 served >/dev/null || fail "podman stop"
		[ "$(podman_run inspect served --format '{{.State.ExitCode}}')" = 0 ] || fail "it did not end well"
		podman_run rm served >/dev/null
		podman_run build -q -t built "$work/containerfile" >"$work/log" 2>&1 &&
			podman_run run --rm "${limits[@]}" --user 0:0 --entrypoint /usr/bin/binnacle built --version >"$work/log" 2>&1 &&
			grep -q '^binnacle ' "$work/log" || fail "podman build of the Containerfile: $(cat "$work/log")"
		echo "ok podman builds the Containerfile"
	fi
fi

if has ch-run; then
	if ! (plain ch-run --cd / "$work/dir" -- /usr/bin/binnacle --version) >"$work/log" 2>&1; then
		echo "SKIP: packages: ch-run cannot run here: $(tail -n 1 "$work/log")"
	else
		port=$(free_port)
		plain ch-run --cd / "$work/dir" -- /usr/bin/binnacle -C / serve /model --as power/1 --port "$port" \
			>"$work/log" 2>&1 &
		server=$!
		answers "ch-run, as a plain user" "$port"
		stop
		port=$(free_port)
		plain env BINNACLE_RUNTIME=ch-run "$work/containerfile/serve.sh" --port "$port" >"$work/log" 2>&1 &
		server=$!
		answers "serve.sh with ch-run" "$port"
		stop
	fi
fi

# The size beside that of a server that others would write: a virtual environment, the interpreter with its standard
# library, and their shared libraries, without a distribution around them.
if python3 -m venv "$work/venv" >/dev/null 2>&1 &&
	"$work/venv/bin/pip" install -q fastapi uvicorn numpy scikit-learn >/dev/null 2>&1; then
	"$work/venv/bin/pip" uninstall -q -y pip setuptools >/dev/null 2>&1
	python=$(readlink -f "$work/venv/bin/python3")
	library=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
	libraries=$(ldd "$python" "$library"/lib-dynload/*.so 2>/dev/null | grep -oE '/[^ ]+' | grep '\.so' | grep -v : | sort -u)
	other=$(($(du -sbL "$work/venv/lib" | cut -f 1) + $(du -scbL --exclude=site-packages --exclude=dist-packages \
		--exclude=test --exclude='*.a' "$python" "$library" $libraries 2>/dev/null | tail -n 1 | cut -f 1)))
	echo "NOTE: image of power/1: $((bytes >> 20)) MiB; FastAPI, uvicorn, numpy and scikit-learn with Python $((other >> 20)) MiB by du"
fi
