#!/bin/bash
# binnacle dvc: files that DVC tracks, without DVC. tests/peers/dvc.sh compares with DVC itself.
set -u
. tests/support/shell.sh || exit 2
cd "$dir" || exit 1
export HOME=$dir/home GIT_CONFIG_NOSYSTEM=1
mkdir -p home
md5() { md5sum <"$1" | cut -c1-32; }
object() { echo ".dvc/cache/files/md5/${1:0:2}/${1:2}"; }
# a DVC repository in Git, as dvc init makes one
new_repo() {
	cd "$dir" && mkdir "$1" && cd "$1" && git init -q . && mkdir .dvc && : >.dvc/config && : >.dvcignore || exit 1
}

expect 3 "no repository" "$B" dvc status
says "is not in a DVC repository"

new_repo r
expect 0 "an empty repository" "$B" dvc status
says "nothing is tracked"
printf 'id,v\n1,2\n' >jobs.csv
mkdir -p d/sub "d/ünï"
echo a >d/a
: >d/empty
echo b >"d/sub/x y"
cp d/a "d/ünï/same"
printf '#!/bin/sh\n' >run.sh
chmod +x run.sh
expect 0 "add" "$B" dvc add jobs.csv d run.sh
check pointer "outs:
- md5: $(md5 jobs.csv)
  size: 9
  hash: md5
  path: jobs.csv" "$(cat jobs.csv.dvc)"
check pointer_exec "  isexec: true" "$(grep isexec run.sh.dvc)"
# the MD5 of the listing as Python's json.dumps writes it
listing="[{\"md5\": \"$(md5 d/a)\", \"relpath\": \"a\"}, {\"md5\": \"$(md5 d/empty)\", \"relpath\": \"empty\"}, {\"md5\": \"$(md5 "d/sub/x y")\", \"relpath\": \"sub/x y\"}, {\"md5\": \"$(md5 d/a)\", \"relpath\": \"\\u00fcn\\u00ef/same\"}]"
sum=$(printf %s "$listing" | md5sum | cut -c1-32)
check pointer_dir "outs:
- md5: $sum.dir
  size: 6
  nfiles: 4
  hash: md5
  path: d" "$(cat d.dvc)"
check listing "$listing" "$(cat "$(object $sum).dir")"
check object_mode 444 "$(stat -c %a "$(object "$(md5 jobs.csv)")")"
check gitignore "/jobs.csv
/d
/run.sh" "$(cat .gitignore)"
check git_sees ".gitignore
d.dvc
jobs.csv.dvc
run.sh.dvc" "$(git status --porcelain -uall | cut -c4- | grep -v '^.dvc')"
expect 0 "add again" "$B" dvc add d --json
says '"state": "same"'
expect 0 "status" "$B" dvc status --tsv
check states "d same
jobs.csv same
run.sh same" "$(awk -F'\t' 'NR > 1 { print $1, $4 }' <<<"$out")"
echo 3,4 >>jobs.csv
rm -r d/sub
echo n >d/new
echo x >d/a
expect 0 "status of changes" "$B" dvc status --json
says '"state": "changed"'
says '"added": 1'
says '"removed": 1'
says '"modified": 1'

# nothing is lost
expect 4 "a pull over changes" "$B" dvc pull
says "that are not in the cache"
check still_there "x
n" "$(cat d/a d/new)"
expect 0 "a pull by force" "$B" dvc pull --force
check forced "a
b" "$(cat d/a "d/sub/x y")"
[ ! -e d/new ] || fail "d/new is still there"
# what the cache has may go
cp jobs.csv.dvc old.dvc
mv old.dvc "$dir/before"
echo 5,6 >>jobs.csv
"$B" dvc add jobs.csv >"$dir/said" 2>&1 || fail add
cp "$dir/before" jobs.csv.dvc
expect 0 "another version" "$B" dvc pull jobs.csv
check version "$(printf 'id,v\n1,2')" "$(cat jobs.csv)"

# a remote
mkdir "$dir/store"
printf '[core]\n    remote = lab\n[%s]\n    url = ../../store\n' "'remote \"lab\"'" >.dvc/config
expect 0 "push" "$B" dvc push --json
says '"objects": 6'
expect 0 "push again" "$B" dvc push --json
says '"objects": 0'
check remote_has "$(cd .dvc/cache/files && find . -type f ! -path "./md5/$(md5sum <<<"id,v
1,2
5,6" | cut -c1-2)/*" | sort)" "$(cd "$dir/store/files" && find . -type f | sort)"
expect 0 "status with the remote" "$B" dvc status -c --tsv
check all_there "all all all" "$(awk -F'\t' 'NR > 1 { print $6 }' <<<"$out" | xargs)"
rm -rf .dvc/cache d jobs.csv run.sh
expect 0 "pull" "$B" dvc pull
says "Files placed"
check pulled "$(printf 'id,v\n1,2\na\nb')" "$(cat jobs.csv d/a "d/sub/x y")"
[ -x run.sh ] || fail "run.sh is not executable"
expect 0 "a part" "$B" dvc status d/sub --json
says '"count": 1'
rm d/a
expect 0 "a file in a directory" "$B" dvc pull d/a
check part a "$(cat d/a)"
# a wrong object in the remote
key=$(md5 jobs.csv) key=${key:0:2}/${key:2}
chmod u+w "$dir/store/files/md5/$key"
echo evil >"$dir/store/files/md5/$key"
rm -rf .dvc/cache jobs.csv
expect 5 "damaged bytes" "$B" dvc pull jobs.csv
says "the bytes have MD5"
[ ! -e jobs.csv ] || fail "damaged bytes were placed"
check "an object with other bytes than its name says" "" "$(find .dvc/cache -type f | grep -v '\.dir$')"
rm -f "$dir/store/files/md5/$key"
expect 3 "missing bytes" "$B" dvc pull jobs.csv d
says "has no files/md5/$key"
check others_placed a "$(cat d/a)"
expect 3 "no such remote" "$B" dvc push -r nowhere
says "no remote 'nowhere'"
expect 3 "not tracked" "$B" dvc pull README
says "is not tracked by DVC"

# links
new_repo links
printf '[cache]\ntype = symlink\n' >.dvc/config
mkdir d && echo 1 >d/1 && echo 2 >d/2
"$B" dvc add d >"$dir/said" 2>&1 || fail add
check linked "$PWD/$(object "$(md5 d/1)")" "$(readlink d/1)"
expect 0 "status of links" "$B" dvc status --json
says '"state": "same"'
printf '[cache]\ntype = hardlink,copy\n' >.dvc/config
rm -r d
"$B" dvc pull >"$dir/said" || fail pull
check hardlink "$(stat -c %i "$(object "$(md5 d/1)")")" "$(stat -c %i d/1)"
printf '[cache]\ntype = rope\n' >.dvc/config
expect 2 "an unknown type" "$B" dvc status
says "cache.type has 'rope'"

# what DVC 2 wrote: CRLF does not count, and there is no files/md5
new_repo old
sum=$(printf 'a\nb\n' | md5sum | cut -c1-32)
mkdir -p .dvc/cache/${sum:0:2}
printf 'a\r\nb\r\n' >.dvc/cache/${sum:0:2}/${sum:2}
printf 'outs:\n- md5: %s\n  size: 6\n  path: t.txt\n' "$sum" >t.txt.dvc
expect 0 "pull of DVC 2" "$B" dvc pull
check crlf 6 "$(stat -c %s t.txt)"
expect 0 "status of DVC 2" "$B" dvc status --json
says '"state": "same"'
expect 0 "add of DVC 2" "$B" dvc add t.txt
check now_3 "$(printf 'outs:\n- md5: %s\n  size: 6\n  hash: md5\n  path: t.txt' "$(md5 t.txt)")" "$(cat t.txt.dvc)"

# repositories that lead elsewhere
new_repo evil
mkdir "$dir/outside"
echo secret >"$dir/outside/key"
m=d41d8cd98f00b204e9800998ecf8427e
printf 'outs:\n- md5: %s\n  hash: md5\n  path: ../outside/x\n' $m >a.dvc
printf 'outs:\n- md5: %s\n  hash: md5\n  path: link/x\n' $m >b.dvc
printf 'outs:\n- md5: %s\n  hash: md5\n  path: %s/outside/x\n' $m "$dir" >c.dvc
printf 'outs:\n- md5: %s\n  hash: md5\n  path: fine\n' $m >fine.dvc
printf 'a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nouts: *b\n' >bomb.dvc
head -c 20000000 /dev/zero >big.dvc
ln -s "$dir/outside" link
mkdir -p .dvc/cache/files/md5/d4 && : >.dvc/cache/files/md5/d4/${m:2}
expect 2 "status names each" "$B" dvc status
says "a.dvc:4: field 'path' leads out of the repository"
says "c.dvc:4: field 'path' is absolute"
says "bomb.dvc:1:4: anchors"
says "big.dvc: 20000000 bytes"
says "fine"
echo "ok paths that lead out of the repository"
expect 4 "pull through a link" "$B" dvc pull b.dvc
check "a link on the way to a tracked path" key "$(ls "$dir/outside")"
expect 0 "pull of what is right" "$B" dvc pull fine
[ -e fine ] || fail "fine was not placed"
rm -rf .dvc/cache
ln -s "$dir/outside" .dvc/cache
expect 4 "a cache that is a link" "$B" dvc pull fine
says "is behind a symbolic link"
check "a link where the cache is" key "$(ls "$dir/outside")"
rm .dvc/cache
printf '[cache]\ndir = %s/nowhere\n' "$dir" >.dvc/config
expect 3 "a cache outside that is not there" "$B" dvc add fine
says "make the directory first"
[ ! -e "$dir/nowhere" ] || fail "it was made"
echo "ok a cache outside of the repository"
printf '[core\n' >.dvc/config
expect 2 "a broken configuration" "$B" dvc status
says ".dvc/config:1:"
: >.dvc/config
rm -f ./*.dvc link
evil_listing() { # ENTRY: a tracked directory whose listing has it
	local text sum
	text="[{\"md5\": \"$m\", \"relpath\": \"$1\"}]"
	sum=$(printf %s "$text" | md5sum | cut -c1-32)
	mkdir -p .dvc/cache/files/md5/${sum:0:2} .dvc/cache/files/md5/d4
	printf %s "$text" >.dvc/cache/files/md5/${sum:0:2}/${sum:2}.dir
	: >.dvc/cache/files/md5/d4/${m:2}
	printf 'outs:\n- md5: %s.dir\n  hash: md5\n  path: e\n' "$sum" >e.dvc
}
evil_listing ../../outside/x
expect 2 "a listing with .." "$B" dvc pull
says "relpath leads out of the directory"
expect 2 "a status of it" "$B" dvc status
says "listing damaged"
says "leads out of the directory"
evil_listing .git/hooks/post-checkout
expect 2 "a listing with .git" "$B" dvc pull
says "control directory"
check "listings that lead out" "" "$(ls -A e 2>/dev/null)"
evil_listing deep/x
mkdir -p e && ln -s "$dir/outside" e/deep
expect 4 "a listing through a link" "$B" dvc pull
expect 0 "the link goes by force" "$B" dvc pull --force
[ -f e/deep/x ] && [ ! -L e/deep ] || fail "e/deep/x"
check still_outside key "$(ls "$dir/outside")"

# what is not tracked
new_repo not
ln -s "$dir/outside/key" l
mkdir d && ln -s ../l d/l && echo x >d/x
echo t >tracked && git add tracked
mkdir -p out/in && echo 1 >out/in/1
"$B" dvc add out >"$dir/said" 2>&1 || fail "add out"
echo 'ig*' >.dvcignore
echo x >ignored
expect 2 "a link" "$B" dvc add l
expect 2 "a link in a directory" "$B" dvc add d
says "is a link"
expect 4 "a file of Git" "$B" dvc add tracked
says "is tracked by Git"
expect 4 "a file of an output" "$B" dvc add out/in/1
says "which out.dvc tracks"
expect 4 "ignored" "$B" dvc add ignored
says "ignored by .dvcignore"
expect 3 "outside" "$B" dvc add ../outside/key
expect 2 "control files" "$B" dvc add .git/HEAD
expect 2 "the repository" "$B" dvc add .
check pointers out.dvc "$(echo *.dvc)"

# a killed writer: nothing half-written has a name, and what it left goes a day later
head -c 60000000 /dev/zero >large
"$B" dvc add large >/dev/null 2>&1 &
pid=$!
while kill -0 $pid 2>/dev/null && ! ls -A .dvc/cache/files/md5 | grep -q tmp; do sleep 0.01; done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
large=$(object "$(md5 large)")
[ -e large.dvc ] || [ ! -e "$large" ] || [ "$(stat -c %s "$large")" = 60000000 ] || fail "a part of an object has its name"
touch -d '2 days ago' .dvc/cache/files/md5/.*.tmp 2>/dev/null
expect 0 "again" "$B" dvc add large
check no_leftovers "" "$(ls -A .dvc/cache/files/md5 | grep tmp)"
rm -f large large.dvc

# a large object: what an interrupted pull left is continued, if it is right
new_repo continued
printf '[core]\n    remote = lab\n[%s]\n    url = ../../large-store\n' "'remote \"lab\"'" >.dvc/config
head -c 60000000 /dev/urandom >large
"$B" dvc add large >"$dir/said" 2>&1 && "$B" dvc push >"$dir/said" 2>&1 || fail "push of a large file"
sum=$(md5 large) key=$(object "$(md5 large)")
left=.dvc/cache/files/md5/.$sum.tmp
again() { rm -rf large .dvc/cache && mkdir -p .dvc/cache/files/md5; }
again
(ulimit -f 40000 && exec "$B" dvc pull) >"$dir/said" 2>&1 && fail "a file above the limit of the shell"
check "an interrupted pull leaves what it has" 40960000 "$(stat -c %s "$left")"
inode=$(stat -c %i "$left")
expect 0 "pull again" "$B" dvc pull
check "it goes on where it ended" "$sum $inode" "$(md5 large) $(stat -c %i "$key")"
for wrong in "head -c 20000000 /dev/zero" "head -c 70000000 /dev/zero" "head -c 60000000 /dev/zero"; do
	again
	$wrong >"$left"
	expect 0 "pull over ${wrong#* -c }" "$B" dvc pull
	check "what was left is wrong" "$sum" "$(md5 large)"
done
again
head -c 20000000 "$dir/large-store/files/md5/${sum:0:2}/${sum:2}" >"$dir/outside-file"
ln -s "$dir/outside-file" "$left"
expect 0 "pull beside a link" "$B" dvc pull
check "a link is not written through" "$sum 20000000" "$(md5 large) $(stat -c %s "$dir/outside-file")"
again
head -c 20000000 "$dir/large-store/files/md5/${sum:0:2}/${sum:2}" >"$left"
flock "$left" "$B" dvc pull >"$dir/said" 2>&1 || fail "pull beside another one: $(cat "$dir/said")"
check "another process has it" "$sum 20000000" "$(md5 large) $(stat -c %s "$left")"
check "nothing else is left" "$left" "$(ls -Ad .dvc/cache/files/md5/.*.tmp)"
cd .. && rm -rf continued large-store

# locks
cd "$dir/not" || exit 1
mkdir -p .dvc/tmp
echo y >y
flock .dvc/tmp/lock "$B" dvc add y >said 2>&1
check locked_exit 6 $?
check locked_says 1 "$(grep -c 'another process is at work' said)"
printf '{"write": {"%s/y": {"pid": %d, "cmd": "dvc repro"}}}' "$PWD" $$ >.dvc/tmp/rwlock
expect 6 "in use" "$B" dvc add y
says "is in use by process $$: dvc repro"
rm .dvc/tmp/rwlock
expect 0 "free" "$B" dvc add y
exit $bad
