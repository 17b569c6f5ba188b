#!/bin/bash
# binnacle dvc and DVC itself on one repository in turn: each adds, pushes, pulls and compares what the other wrote. Then a
# file of 1 GB, 10 000 files, and the time of a status without changes. DVC_BYTES and DVC_FILES set other sizes.
set -u
here=$(cd "$(dirname "$0")" && pwd)
B=${BINNACLE:-$PWD/build/binnacle}
bash "$here/venv.sh" dvc
D=$PWD/.venv/dvc/bin/dvc
[ -x "$D" ] || { echo "SKIP: DVC: it could not be installed"; exit 0; }
bytes=${DVC_BYTES:-1000000000} files=${DVC_FILES:-10000}
work=$(mktemp -d) || exit 1
ceph=$work/ceph
at_end() { :; }
trap 'at_end; chmod -R u+w "$work"; rm -rf "$work"' EXIT
export HOME=$work/home XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config XDG_CACHE_HOME=$work/cache
export DVC_NO_ANALYTICS=1 DVC_SITE_CACHE_DIR=$work/site GIT_CONFIG_NOSYSTEM=1 LC_ALL=C.UTF-8
mkdir -p "$HOME"
git config --global user.email a@b && git config --global user.name A
bad=0
fail() { echo "FAIL: $*"; bad=1; }
run() { "$@" >"$work/log" 2>&1 || { fail "$* :: $(tail -5 "$work/log")"; return 1; }; }
# Both say that nothing has changed, and (with a remote) that nothing is missing.
in_sync() { # WHEN
	local said
	said=$("$D" status 2>&1)
	[[ $said == *"up to date"* ]] || fail "$1: dvc status: $said"
	said=$("$B" dvc status --tsv 2>&1 | awk -F'\t' 'NR > 1 && $4 != "same" || /unreadable/')
	[ -z "$said" ] || fail "$1: binnacle dvc status: $said"
	[ "${2:-}" = remote ] || return
	said=$("$D" status -c 2>&1)
	[[ $said == *"in sync"* || $said == *"up to date"* ]] || fail "$1: dvc status -c: $said"
	said=$("$B" dvc status -c --json | grep -c '"not_in_remote": [1-9]')
	[ "$said" = 0 ] || fail "$1: binnacle dvc status -c: $said outputs lack something"
}
new_repo() {
	mkdir "$work/$1" && cd "$work/$1" && git init -q . && "$D" init -q && git commit -qm init
}
data() { # files of every kind
	mkdir -p d/sub/deep "d/zwölf ß" d/日本
	printf 'id,v\n1,2\n' >t.csv
	printf 'id,v\r\n1,2\r\n' >crlf.csv
	: >empty
	: >d/empty
	echo a >d/a
	echo b >"d/sub/with space"
	echo c >"d/sub/deep/q\"uo'te"
	echo d >"d/zwölf ß/é.csv"
	echo e >d/日本/😀
	echo f >d/sub.x
	head -c 3000000 /dev/urandom >d/big.bin
	printf '#!/bin/sh\n' >run.sh
	chmod +x run.sh
	echo g >"it's: #1.csv"
	mkdir none
}
names=(t.csv crlf.csv empty d run.sh "it's: #1.csv")

# The same tree, added by either.
new_repo theirs; data; run "$D" add -q "${names[@]}"; in_sync "theirs"
new_repo ours; cp -r "$work/theirs/d" . && data && cp "$work/theirs/d/big.bin" d/; run "$B" dvc add "${names[@]}"; in_sync "ours"
for f in *.dvc .gitignore; do cmp -s "$f" "$work/theirs/$f" || fail "$f differs: $(diff "$f" "$work/theirs/$f")"; done
[ "$(cd .dvc/cache && find . -type f | sort)" = "$(cd ../theirs/.dvc/cache && find . -type f | sort)" ] || fail "the caches differ"
diff -r .dvc/cache ../theirs/.dvc/cache >/dev/null || fail "objects differ"
git add . && git commit -qm data

# Pushed by one, pulled by the other; changed there, and back.
run "$D" remote add -q -d store "$work/store"
git commit -qam remote
run "$B" dvc push; in_sync "after our push" remote
said=$("$D" push 2>&1); [[ $said == *"up to date"* ]] || fail "dvc push after ours: $said"
git clone -q . "$work/clone" && cd "$work/clone" || exit 1
run "$D" pull -q; in_sync "pulled by DVC" remote
diff -r d ../ours/d >/dev/null || fail "what DVC pulled differs"
echo more >>t.csv; rm d/a; echo n >d/sub/new; mkdir d/new; echo 1 >d/new/1
run "$D" add -q t.csv d; in_sync "added by DVC"
run "$D" push -q; git commit -qam theirs
cd "$work/ours" && git pull -q "$work/clone" || exit 1
run "$B" dvc pull; in_sync "pulled by us" remote
diff -r d "$work/clone/d" >/dev/null || fail "what we pulled differs"
[ -e d/a ] && fail "d/a is still there"
[ -x run.sh ] || fail "run.sh is not executable"
echo ours >>t.csv; echo o >d/sub/ours
run "$B" dvc add t.csv d && run "$B" dvc push && git commit -qam ours
cd "$work/clone" && git pull -q "$work/ours" || exit 1
run "$D" fetch -q; run "$D" checkout -q; in_sync "checked out by DVC" remote
# each reads the same changes
echo x >>crlf.csv; rm d/sub.x
said=$("$D" status 2>&1); [[ $said == *crlf.csv* && $said == *"d.dvc"* ]] || fail "dvc status of changes: $said"
[ "$("$B" dvc status --json | grep -c '"state": "changed"')" = 2 ] || fail "binnacle dvc status of changes"
run "$B" dvc pull -f; in_sync "restored"
# comments stay
sed -i '1i # ours' t.csv.dvc; echo again >>t.csv
run "$B" dvc add t.csv; head -1 t.csv.dvc | grep -q ours || fail "a comment is gone"; in_sync "with a comment"
# links of every kind, made by one and judged by the other
for type in symlink hardlink copy; do
	run "$D" config cache.type $type; rm -rf d t.csv
	run "$B" dvc pull; in_sync "$type of ours"
	rm -rf d t.csv; run "$D" checkout -q; in_sync "$type of DVC"
	echo "$type" >new.$type; run "$B" dvc add new.$type; in_sync "$type added by us"
done
# a pipeline's outputs
run "$D" config cache.type copy
cat >dvc.yaml <<'END'
stages:
  double:
    cmd: mkdir -p out && cat t.csv t.csv > out/x && echo 1 > m.json
    deps: [t.csv]
    outs: [out]
    metrics:
      - m.json: {cache: false}
END
run "$D" repro -q; rm -rf out; run "$B" dvc pull; in_sync "outputs of a stage"

# From a server of files.
cd "$work/store" && { "${D%/*}/python" -u -m http.server --bind 127.0.0.1 0 >"$work/http" 2>&1 & http=$!; } && cd "$work/ours" || exit 1
for _ in $(seq 100); do grep -q 'port' "$work/http" && break; sleep 0.1; done
port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$work/http")
git pull -q "$work/clone" 2>/dev/null
rm -rf .dvc/cache d t.csv
run "$D" remote add -q web "http://127.0.0.1:$port"
run "$B" dvc pull -r web d t.csv
[ -e d/sub/ours ] || fail "nothing came from the server of files"
"$B" dvc push -r web >"$work/log" 2>&1
[ $? = 2 ] && grep -q "for reading only" "$work/log" || fail "a push to a server of files: $(cat "$work/log")"
kill "$http"

# The same on S3: Ceph's radosgw, if it is here.
s3() {
	local root=$1 missing
	[ -e "$root/tests/peers/net/rgw.sh" ] && [ -e "$root/.venv/dvc/s3" ] || { echo "SKIP: DVC on S3: no radosgw script, or no dvc-s3"; return; }
	. "$root/tests/peers/net/rgw.sh"
	if missing=$(rgw_missing); then echo "SKIP: DVC on S3: $missing is not here"; return; fi
	[ "$(id -u)" = 0 ] || { echo "SKIP: DVC on S3: Ceph's servers are started by root"; return; }
	mkdir -p "$ceph"
	at_end() { rgw_down; }
	rgw_up 1610612736 || { fail "radosgw does not start"; return; }
	"${D%/*}/python" - "$rgw_url" "$rgw_id" "$rgw_secret" <<'END' || { fail "no bucket"; return; }
import sys, botocore.session
url, key, secret = sys.argv[1:]
botocore.session.Session().create_client("s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key,
                                         aws_secret_access_key=secret).create_bucket(Bucket="dvc")
END
	new_repo on-s3 && data
	run "$D" remote add -q -d lab s3://dvc/pre/fix && run "$D" remote modify lab endpointurl "$rgw_url"
	run "$D" remote modify lab region us-east-1
	run "$D" remote modify --local lab access_key_id "$rgw_id" && run "$D" remote modify --local lab secret_access_key "$rgw_secret"
	head -c 100000000 /dev/urandom >big
	run "$B" dvc add "${names[@]}" big && run "$B" dvc push; in_sync "pushed to S3 by us" remote
	git add . && git commit -qm s3 && git clone -q . "$work/from-s3" && cp .dvc/config.local "$work/from-s3/.dvc/" || return
	cd "$work/from-s3" && run "$D" pull -q; in_sync "pulled from S3 by DVC" remote
	diff -r d ../on-s3/d >/dev/null && cmp -s big ../on-s3/big || fail "what DVC pulled from S3 differs"
	echo theirs >d/theirs && run "$D" add -q d && run "$D" push -q
	rm -rf .dvc/cache d big && run "$B" dvc pull; in_sync "pulled from S3 by us" remote
	[ "$(cat d/theirs)" = theirs ] || fail "what DVC pushed to S3 did not come"
	grep -q "$rgw_secret" "$work/log" && fail "the secret is shown"
	rgw_down
	at_end() { :; }
}
root=${here%/tests/peers}
s3 "$root"

# A file of 1 GB, and many files.
new_repo large
run "$D" remote add -q -d store "$work/large-store"
head -c "$bytes" /dev/urandom >big
s=$(date +%s%N); run "$B" dvc add big; a=$(date +%s%N)
run "$B" dvc push; p=$(date +%s%N)
rm -rf big .dvc/cache; t=$(date +%s%N); run "$B" dvc pull; u=$(date +%s%N)
in_sync "a large file" remote
rm -rf .dvc/cache; s2=$(date +%s%N); run "$D" add -q big; a2=$(date +%s%N)
echo "NOTE: $((bytes / 1000000)) MB: add $(((a - s) / 1000000)) ms (dvc $(((a2 - s2) / 1000000))), push $(((p - a) / 1000000)) ms, pull $(((u - t) / 1000000)) ms"
rm -rf big big.dvc .dvc/cache "$work/large-store"
python3 - "$files" <<'END'
import os, sys
for i in range(int(sys.argv[1])):
    os.makedirs(f"many/{i % 100}", exist_ok=True)
    with open(f"many/{i % 100}/{i}.csv", "w") as f:
        f.write(f"{i}\n" * 50)
END
cp -r many ../many
s=$(date +%s%N); run "$B" dvc add many; a=$(date +%s%N); run "$B" dvc push; p=$(date +%s%N)
rm -rf many .dvc/cache; t=$(date +%s%N); run "$B" dvc pull; u=$(date +%s%N)
in_sync "many files" remote
diff -r many ../many >/dev/null || fail "many files differ"
rm -rf .dvc/cache "$work/large-store" many.dvc
s2=$(date +%s%N); run "$D" add -q many; a2=$(date +%s%N); run "$D" push -q; p2=$(date +%s%N)
rm -rf many .dvc/cache; t2=$(date +%s%N); run "$D" pull -q; u2=$(date +%s%N)
in_sync "many files of DVC" remote
echo "NOTE: $files files: add $(((a - s) / 1000000)) ms (dvc $(((a2 - s2) / 1000000))), push $(((p - a) / 1000000)) ms (dvc $(((p2 - a2) / 1000000))), pull $(((u - t) / 1000000)) ms (dvc $(((u2 - t2) / 1000000)))"
# A status without changes, alternating; the state of both is warm. The best of five of each.
sleep 3 # time itself: files that were just written are hashed again
"$B" dvc status >/dev/null; "$D" status >/dev/null
ours=999999999 theirs=999999999
for _ in 1 2 3 4 5; do
	s=$(date +%s%N); "$B" dvc status >/dev/null; m=$(date +%s%N); "$D" status >/dev/null; e=$(date +%s%N)
	[ $(((m - s) / 1000)) -lt $ours ] && ours=$(((m - s) / 1000))
	[ $(((e - m) / 1000)) -lt $theirs ] && theirs=$(((e - m) / 1000))
done
processor_ms() { # COMMAND...: of the user and the system; it says less of what else the machine does
	local TIMEFORMAT='%U %S'
	{ time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ printf "%d", ($1 + $2) * 1000 + 1 }'
}
cpu=$(processor_ms "$B" dvc status) their_cpu=$(processor_ms "$D" status)
echo "NOTE: status without changes over $files files: $((ours / 1000)) ms, dvc $((theirs / 1000)) ms: 1/$((theirs / ours));" \
	"processor time $cpu ms, dvc $their_cpu ms: 1/$((their_cpu / cpu))"
[ $((theirs / ours)) -ge 20 ] || fail "a status takes more than 1/20 of DVC's"
[ $bad = 0 ] && echo "ok"
exit $bad
