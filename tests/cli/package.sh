#!/bin/bash
# binnacle package: an image of an approved version in each form, the same from everywhere, whole or not at all;
# serve.sh picks a runtime; the packaged program answers what `binnacle predict` answers.
set -u
. tests/support/shell.sh || exit 2
server=
at_end() { [ -z "$server" ] || kill "$server" 2>/dev/null; }
mkdir "$dir/ws" "$dir/out"
cd "$dir/ws" || exit 1

git init -q . 2>/dev/null && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m start 2>/dev/null
commit=$(git rev-parse HEAD 2>/dev/null)
"$B" init >/dev/null || fail init
"$B" data generate jobs --rows 800 -q >/dev/null || fail generate
"$B" data export jobs jobs.csv -q || fail export
"$B" run start --trainer ridge --data jobs --target node_power_consumption --name first --wait -q \
	>/dev/null || fail "run start"
"$B" model register first --name Power.A -q >/dev/null || fail register

# ---- who may be packaged ----------------------------------------------------------------------
expect 4 "a version that is not approved" "$B" package Power.A/1
says "is not approved (its state is registered)"
[ -z "$(ls -d Power* .package* 2>/dev/null)" ] || fail "a refused package left something"
expect 3 "no such version" "$B" package Power.A/7
expect 2 "no such format" "$B" package Power.A/1 --format oci-arch
says "oci, oci-archive, docker-archive, dir, sif-def, containerfile"
expect 0 "one that is not approved, on demand" "$B" package Power.A/1 --unapproved --json
says '"approved": false'
grep -q '"binnacle.approved":"no"' Power.A-1.oci/blobs/sha256/* || fail "its label"
echo '{"self_approval": true}' >policy.json
"$B" policy set policy.json --reason alone -q >/dev/null 2>&1 || fail policy
"$B" model request Power.A/1 --reason r -q >/dev/null && "$B" model approve Power.A/1 --reason r -q >/dev/null ||
	fail approve

# ---- forms ------------------------------------------------------------------------------------
field() { sed -n "s/^  \"$1\": \"\\{0,1\\}\\([^\",]*\\)\"\\{0,1\\},\\{0,1\\}\$/\\1/p" "$dir/said"; }
expect 0 "a dry run" "$B" package Power.A/1 --dry-run --json --out ../out/dry
says '"written": false'
digest=$(field digest)
config=$(field config)
model_digest=$(field model_digest)
[ ${#digest} = 71 ] || fail "digest '$digest'"
[ -z "$(ls ../out)" ] || fail "a dry run wrote something"
[ -z "$commit" ] || [ "$(field commit)" = "$commit" ] || fail "commit '$(field commit)', not $commit"
for format in oci oci-archive docker-archive dir sif-def containerfile; do
	expect 0 "format $format" "$B" package Power.A/1 --format $format --out "../out/$format" --json
	[ "$(field digest)" = "$digest" ] || fail "$format has the digest $(field digest)"
	[ "$(field config)" = "$config" ] || fail "$format has the config $(field config)"
	expect 6 "$format is not replaced" "$B" package Power.A/1 --format $format --out "../out/$format"
	says "exists already"
	expect 0 "$format is replaced with --force" \
		"$B" package Power.A/1 --format $format --out "../out/$format" --force
done
[ "$(ls -A ../out | wc -l)" = 6 ] || fail "something is left: $(ls -A ../out)"
for other in thesis.tex . link; do
	mkdir -p ../out/mine && echo precious >../out/mine/thesis.tex && ln -sf thesis.tex ../out/mine/link
	for format in oci oci-archive docker-archive dir sif-def containerfile; do
		to=../out/mine/$other
		[ $other != . ] || to=../out/mine/
		expect 4 "$format does not replace other files" \
			"$B" package Power.A/1 --format $format --out "$to" --force
	done
	[ "$(cat ../out/mine/thesis.tex)" = precious ] && [ "$(ls -A ../out/mine | tr '\n' ' ')" = "link thesis.tex " ] || fail "it was touched"
done
ln -sf nowhere ../out/mine/link
expect 6 "a link that leads nowhere is something" "$B" package Power.A/1 --format oci-archive --out ../out/mine/link
expect 6 "a directory with a slash" "$B" package Power.A/1 --format oci-archive --out ../out/mine/
expect 2 "a path that is not UTF-8" "$B" package Power.A/1 --out "$(printf '../out/\377')"
rm -r ../out/mine
expect 3 "into a directory that is not there" "$B" package Power.A/1 --out ../nowhere/image
[ "$(sha256sum <../out/oci/blobs/sha256/"${digest#sha256:}")" = "${digest#sha256:}  -" ] || fail "its manifest"
for blob in ../out/oci/blobs/sha256/*; do
	[ "$(sha256sum <"$blob")" = "$(basename "$blob")  -" ] || fail "$blob is not what its name says"
done
echo "ok blobs are what their names say"
[ "$(tar tf ../out/oci-archive | sort)" = "$(cd ../out/oci && find . -mindepth 1 \( -type d -printf '%P/\n' -o -printf '%P\n' \) | sort)" ] ||
	fail "the archive has other files than the layout"
tar tvf ../out/oci-archive | awk '$2 != "0/0" || $4 != "1970-01-01" { exit 1 }' || fail "owner or time of the archive"
tar xOf ../out/docker-archive manifest.json | grep -q '"RepoTags":\["power.a:1"\]' || fail "manifest.json"
for t in $(tar tf ../out/docker-archive | grep '\.tar$'); do
	tar xOf ../out/docker-archive "$t" | tar tf - >/dev/null || fail "layer $t"
done
echo "ok tar reads the archives and their layers"
[ "$(stat -c %a ../out/dir/tmp)" = 1777 ] || fail "the mode of /tmp"
for each in dev proc sys home etc/passwd etc/group etc/hosts etc/resolv.conf etc/nsswitch.conf model/MLmodel; do
	[ -e "../out/dir/$each" ] || fail "the image has no /$each"
done
find ../out/dir ! -type d ! -type f | grep . && fail "the image has links or devices"
# The version's own files, unchanged: its digest is that of their hashes.
[ "$(cd ../out/dir/model && LC_ALL=C sha256sum * | sha256sum | cut -d ' ' -f 1)" = "$model_digest" ] ||
	fail "the model in the image is not the registered one"
echo "ok the model in the image is the registered one"

# ---- the same from everywhere -----------------------------------------------------------------
mkdir -p "$dir/other place/bin" && cp "$BINNACLE" "$dir/other place/bin/binnacle"
cp -r "$dir/ws" "$dir/other place/ws"
(cd "$dir/other place/ws" && umask 077 && TZ=Asia/Tokyo LC_ALL=C "$dir/other place/bin/binnacle" package Power.A/1 \
	--out ../image --json --yes) >"$dir/said" 2>"$dir/err" || fail "elsewhere: $(cat "$dir/err")"
[ "$(field digest)" = "$digest" ] || fail "another path gives another digest"
diff -r "$dir/other place/image" "$dir/out/oci" || fail "another path gives other files"
echo "ok another path, umask and time zone give the same image"
# The common library of one that exists once more for newer processors.
library=$(ldd "$BINNACLE" | sed -n 's#.*=> \(/[^ ]*/libz[.]so[^ ]*\).*#\1#p')
if [ -n "$library" ] && ! has_sanitizer; then
	for level in x86-64-v2 x86-64-v3; do
		mkdir -p "$dir/newer/glibc-hwcaps/$level"
		{ cat "$library" && echo newer; } >"$dir/newer/glibc-hwcaps/$level/$(basename "$library")"
	done
	cp "$library" "$dir/newer/"
	LD_LIBRARY_PATH=$dir/newer expect 0 "with a library for newer processors" \
		"$B" package Power.A/1 --dry-run --json --out ../none
	[ "$(field digest)" = "$digest" ] || fail "the image is of this processor"
fi
# A library that is not needed, and is loaded first, is not in it.
preload=$(ldd "$BINNACLE" | grep -o '/[^ ]*libdl[.]so[^ ]*' || ls /lib/*/libBrokenLocale.so.1 /lib64/libBrokenLocale.so.1 2>/dev/null | head -n 1)
if [ -n "$preload" ] && ! has_sanitizer; then
	LD_PRELOAD=$preload expect 0 "with LD_PRELOAD" "$B" package Power.A/1 --dry-run --json --out ../preloaded
	[ "$(field digest)" = "$digest" ] || fail "LD_PRELOAD changes the image"
fi

# ---- what was recorded ------------------------------------------------------------------------
expect 0 "the list" "$B" package ls Power.A/1 --json
says '"act": "built"'
says "\"digest\": \"$digest\""
[ "$(grep -c '"act": "built"' "$dir/said")" = 13 ] || fail "13 packages, not $(grep -c '"act"' "$dir/said")"
expect 0 "of no model" "$B" package ls other
knows_its_fields
expect 0 "gc with packages" "$B" gc --dry-run

# ---- serve.sh ---------------------------------------------------------------------------------
stubs=$dir/stubs
mkdir "$stubs"
for tool in sh dirname id env; do ln -s "$(command -v $tool)" "$stubs/$tool"; done
stub() { printf '#!/bin/sh\nprintf "%%s\\n" "%s" "$@"\n' "$1" >"$stubs/$1" && chmod +x "$stubs/$1"; }
runs() { (cd / && PATH=$stubs "$dir/out/sif-def/serve.sh" --port 0 --token-file "a b") >"$dir/said" 2>&1; }
rootfs=$dir/out/sif-def/rootfs
for runtime in ch-run podman apptainer; do # each before the ones that are there
	stub $runtime
	runs || fail "serve.sh with $runtime: $(cat "$dir/said")"
	[ "$(head -n 1 "$dir/said")" = $runtime ] || fail "serve.sh picks $(head -n 1 "$dir/said"), not $runtime"
	[ "$(tail -n 11 "$dir/said" | tr '\n' '|')" = "/usr/bin/binnacle|-C|/|serve|/model|--as|Power.A/1|--port|0|--token-file|a b|" ] ||
		fail "serve.sh with $runtime runs $(cat "$dir/said")"
	grep -qx -- "$rootfs" "$dir/said" || fail "serve.sh with $runtime does not name $rootfs"
done
touch "$dir/out/sif-def/model.sif"
runs
grep -qx -- "$dir/out/sif-def/model.sif" "$dir/said" || fail "serve.sh does not use model.sif"
rm "$dir/out/sif-def/model.sif"
BINNACLE_RUNTIME=docker runs
[ $? = 2 ] || fail "serve.sh with a runtime that it does not know"
echo "ok serve.sh picks the runtime"

# ---- the packaged program ---------------------------------------------------------------------
expect 0 "answers of predict" "$B" predict Power.A/1 jobs.csv -q
mv ../said local
export BINNACLE_TOKEN=a-token-of-this-test
(cd "$dir/ws" && BINNACLE_RUNTIME=none "$dir/out/containerfile/serve.sh" --port 0) >"$dir/serve" 2>&1 &
server=$!
until_says 20 'http://' cat "$dir/serve" || fail "the packaged program does not serve: $(cat "$dir/serve")"
url=$(grep -oE 'http://[0-9.:]+' "$dir/serve" | head -n 1)
expect 0 "answers of the packaged program" "$B" predict --endpoint "$url" jobs.csv -q
cmp -s ../said local || fail "the packaged program answers something else"
printf 'header "Authorization: Bearer %s"\n' "$BINNACLE_TOKEN" >"$dir/curlrc"
expect 0 "its model" curl -sS -K "$dir/curlrc" "$url/v2/models/Power.A"
says '"versions":["1"]'
grep -q 'Models *Power.A/1' "$dir/serve" || fail "it does not say Power.A/1"
grep -q "$BINNACLE_TOKEN" "$dir/serve" && fail "the token is in its output"
kill "$server" && wait "$server"
[ $? = 0 ] || fail "the packaged program did not end well"
server=
expect 2 "--as with a name alone" "$B" serve ../out/dir/model --as Power
expect 2 "--as with something else" "$B" serve Power.A/1 --as x/1
says "is none (no MLmodel in it)"

# ---- a model of another program ---------------------------------------------------------------
cat >log.sh <<-SH
	mkdir -p model && printf 'flavors:\n  sklearn:\n    pickled_model: m.pkl\n' >model/MLmodel && echo x >model/m.pkl
	"$B" log artifact model
SH
"$B" run start --name other --wait -q -- sh log.sh >/dev/null && "$B" model register other --name other -q >/dev/null ||
	fail "another program's model"
expect 2 "a model that the server cannot load" "$B" package other/1 --unapproved
says "other/1 cannot be served, so an image of it would not start"
[ ! -e other-1.oci ] || fail "it was packaged"

# ---- interrupted ------------------------------------------------------------------------------
for wait in 0.01 0.03 0.06 0.1; do
	"$B" package Power.A/1 --format oci-archive --out ../out/cut -q >/dev/null 2>&1 &
	pid=$! # not by timeout, which kills itself too: the program may still be ending, and make a file that is removed here
	sleep $wait
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	[ ! -e ../out/cut ] || tar tf ../out/cut >/dev/null || fail "a killed package is there in part"
	rm -rf ../out/cut* ../out/.package*
done
echo "ok a killed package is there whole or not at all"
for wait in 0.01 0.03 0.06; do
	timeout -s INT $wait "$B" package Power.A/1 --format dir --out ../out/cut -q >/dev/null 2>&1
	[ ! -e ../out/cut ] || [ -e ../out/cut/model/MLmodel ] || fail "an interrupted package is there in part"
	rm -rf ../out/cut
	left=$(ls -A ../out | grep -E 'cut|package')
	[ -z "$left" ] || fail "an interrupted package leaves $left"
done
echo "ok an interrupted package leaves nothing"
exit $bad
