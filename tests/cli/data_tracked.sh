#!/bin/bash
# binnacle data add of files that DVC tracks, and of pointers of Git LFS: where the bytes come from, and what is recorded.
set -u
. tests/support/shell.sh || exit 2
export HOME=$dir/home GIT_CONFIG_NOSYSTEM=1
mkdir -p "$HOME" "$dir/ws" "$dir/store"
cd "$dir/ws" || exit 1
"$B" init >/dev/null 2>&1 || fail init
git config --global user.email a@b && git config --global user.name a || exit 1
recipe() { "$B" data show "$1" --json | tr -d ' \n' | grep -o '"tracked":{[^}]*}'; }

# ---- DVC
mkdir -p "$dir/r/.dvc" "$dir/r/d" && cd "$dir/r" && git init -q . || exit 1
printf '[core]\nremote = r\n[%s]\nurl = %s/store\n' "'remote \"r\"'" "$dir" >.dvc/config
printf 'id,v\n1,2\n3,4\n' >jobs.csv
printf 'id,w\n1,2\n' >d/a.csv
printf 'id,w\n5,6\n' >d/b.csv
"$B" dvc add jobs.csv d >"$dir/said" 2>&1 && "$B" dvc push >"$dir/said" 2>&1 || fail "$(cat "$dir/said")"
git add . && git commit -qm x
rev=$(git rev-parse HEAD) sum=$(md5sum <jobs.csv | cut -c1-32)
cd "$dir/ws" || exit 1
expect 0 "a tracked file" "$B" data add jobs ../r/jobs.csv
says "is tracked by jobs.csv.dvc: read from the cache of DVC"
check recorded "\"tracked\":{\"by\":\"dvc\",\"file\":\"jobs.csv.dvc\",\"md5\":\"$sum\",\"path\":\"jobs.csv\",\"rev\":\"$rev\"}" "$(recipe jobs)"
check source_path ../r/jobs.csv "$("$B" data show jobs --json | sed -n 's/.*"path": "\(\.\.[^"]*\)".*/\1/p')"
rm ../r/jobs.csv
expect 0 "by its .dvc file" "$B" data add jobs ../r/jobs.csv.dvc
says "nothing new"
rm -rf ../r/.dvc/cache ../r/d
expect 0 "from the remote" "$B" data add jobs2 ../r/jobs.csv
says "read from $dir/store"
expect 0 "one file of a directory" "$B" data add a ../r/d/a.csv
check only_that 1 "$(find ../r/.dvc/cache -type f | grep -vc '\.dir$' | awk '{ print $1 - 1 }')"
[ ! -e ../r/jobs.csv ] && [ ! -e ../r/d ] || fail "the working tree was changed"
expect 2 "a directory" "$B" data add a ../r/d
says "is a directory that DVC tracks"
expect 3 "not in the directory" "$B" data add a ../r/d/none.csv
printf 'id,v\n9,9\n' >../r/jobs.csv
expect 0 "what is there" "$B" data append jobs ../r/jobs.csv
says "is not what DVC tracks"
check as_it_is 3 "$("$B" data show jobs --json | sed -n 's/.*"rows": \([0-9]*\).*/\1/p' | head -1)"
check not_recorded "" "$(recipe jobs)"
printf 'outs:\n- path: ../../x\n' >../r/bad.csv.dvc
expect 2 "a broken .dvc file" "$B" data add bad ../r/bad.csv
says "bad.csv.dvc:2: field 'path' leads out of the repository"
rm ../r/bad.csv.dvc
rm ../r/jobs.csv
expect 0 "append a tracked file" "$B" data append jobs ../r/jobs.csv
rm -rf ../r/.dvc/cache ../store/files/md5/${sum:0:2}
expect 3 "nowhere" "$B" data add jobs3 ../r/jobs.csv
says "has no files/md5/${sum:0:2}"

# ---- Git LFS
git init -q "$dir/g" && cd "$dir/g" || exit 1
printf 'id,v\n1,2\n' >bytes
oid=$(sha256sum <bytes | cut -c1-64)
mkdir -p .git/lfs/objects/${oid:0:2}/${oid:2:2} data
mv bytes .git/lfs/objects/${oid:0:2}/${oid:2:2}/$oid
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 9\n' "$oid" >data/p.csv
git add . && git commit -qm x
rev=$(git rev-parse HEAD)
cd "$dir/ws" || exit 1
expect 0 "a pointer" "$B" data add lfs ../g/data/p.csv
says "is a pointer of Git LFS: read from the local store"
check recorded_lfs "\"tracked\":{\"by\":\"git-lfs\",\"oid\":\"sha256:$oid\",\"path\":\"data/p.csv\",\"rev\":\"$rev\"}" "$(recipe lfs)"
rm -r ../g/.git/lfs
expect 3 "a pointer without its object" "$B" data add lfs ../g/data/p.csv
says "is not in '$dir/g/.git/lfs'"
sed -i 's/size/sice/' ../g/data/p.csv
expect 2 "a broken pointer" "$B" data add lfs ../g/data/p.csv
says "without a size"
expect 2 "a pointer that is looked at" "$B" data head ../g/data/p.csv
says "binnacle data add"
knows_its_fields
exit $bad
