#!/bin/bash
# Pointers that git lfs itself makes, read by binnacle data add: from its store, from a remote that is a directory, and
# from a server; and that server with git lfs itself, to see that the test's server speaks the protocol.
set -u
B=${BINNACLE:-$PWD/build/binnacle}
server=$(dirname "$B")/peers/net/net_lfs
git lfs version >/dev/null 2>&1 || { echo "SKIP: Git LFS: there is no git-lfs here"; exit 0; }
[ -x "$server" ] || { echo "FAIL: there is no $server: make tests"; exit 1; }
work=$(mktemp -d) || exit 1
trap 'exec 9>&-; chmod -R u+w "$work"; rm -rf "$work"' EXIT
export HOME=$work/home XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
mkdir -p "$HOME"
git config --global user.email a@b && git config --global user.name A && git lfs install >/dev/null || exit 1
bad=0
fail() { echo "FAIL: $*"; bad=1; }
add() { # WHAT FROM DATASET FILE
	said=$("$B" -C "$work/ws" data add "$3" "$4" 2>&1) || fail "$1: $said"
	[[ $said == *"read from $2"* ]] || fail "$1 is not from $2: $said"
	[ "$("$B" -C "$work/ws" data export "$3" 2>/dev/null)" = "$(cat "$work/jobs.csv")" ] || fail "$1: other rows"
}
mkdir "$work/ws" && "$B" init "$work/ws" >/dev/null 2>&1 || exit 1
{ echo id,v; seq 1 100000 | sed 's/.*/&,&.5/'; } >"$work/jobs.csv"
git init -q --bare "$work/bare.git"
git init -q "$work/r" && cd "$work/r" || exit 1
git lfs track '*.csv' >/dev/null
cp ../jobs.csv . && git add . && git commit -qm data && git remote add origin "file://$work/bare.git"
git push -q origin HEAD:refs/heads/main 2>/dev/null || fail "git push"
GIT_LFS_SKIP_SMUDGE=1 git clone -q -b main "file://$work/bare.git" "$work/clone" || exit 1
head -1 "$work/clone/jobs.csv" | grep -q git-lfs || fail "the clone has no pointer"
add "a remote directory" "$work/bare.git/lfs" one "$work/clone/jobs.csv"
(cd "$work/clone" && git lfs fetch >/dev/null 2>&1)
add "the store" "the local store" two "$work/clone/jobs.csv"

mkfifo "$work/end"
"$server" "$work/jobs.csv" <"$work/end" >"$work/url" &
exec 9>"$work/end"
for _ in $(seq 100); do [ -s "$work/url" ] && break; sleep 0.1; done
url=$(cat "$work/url")
rm -rf "$work/clone/.git/lfs"
git -C "$work/clone" config lfs.url "$url"
add "a server" "$url" three "$work/clone/jobs.csv"
[ "$(cd "$work/clone" && git lfs ls-files | grep -c '\*\|-')" = 1 ] || fail "git lfs ls-files"
(cd "$work/clone" && git lfs fsck >/dev/null 2>&1) || fail "git lfs fsck of what was fetched"
(cd "$work/clone" && git lfs checkout >/dev/null 2>&1 && cmp -s jobs.csv ../jobs.csv) || fail "git lfs checkout of it"
# git lfs itself with this server
GIT_LFS_SKIP_SMUDGE=1 git clone -q -b main "file://$work/bare.git" "$work/second" && cd "$work/second" || exit 1
git config lfs.url "$url"
git lfs pull >"$work/log" 2>&1 && cmp -s jobs.csv ../jobs.csv || fail "git lfs pull: $(cat "$work/log")"
[ $bad = 0 ] && echo "ok"
exit $bad
