#!/bin/bash
# A copy of a workspace folds to the same dump: with writers that arrive one at a time in any order, another order of
# readdir, directories owned by another user, and other names for the users. The result depends only on the segments (and,
# for unsigned ones, on the owners of their files).
# SEED=N repeats an order.
set -u
TMPDIR=/tmp # other users look into $dir
. tests/support/shell.sh || exit 2
fixture=$root/tests/fixtures/first-version.tar.gz
chmod 755 "$dir"
export HOME=$dir TZ=UTC
RANDOM=${SEED:=$(date +%N | sed 's/^0*//')}
as_root=$([ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && echo yes)
mounts=$([ -n "$as_root" ] && unshare --mount true 2>/dev/null && echo yes)

dump() { # WORKSPACE INDEX: makes the index, or follows what is new
	mkdir -p -m 700 "$2"
	BINNACLE_INDEX=$2 "$B" -C "$1" index status --dump 2>"$dir/err" || { cat "$dir/err" >&2; exit 1; }
}
check() { # WHAT WANTED GOT
	if cmp -s "$2" "$3"; then
		echo "ok $1"
	else
		echo "FAIL: $1 (SEED=$SEED)"
		diff "$2" "$3" | cut -c1-300 | head -n 12
		bad=1
	fi
}
as() { # UID WORDS...
	local uid=$1
	shift
	mkdir -p -m 700 "$dir/home-$uid"
	if [ -n "$as_root" ]; then
		chown "$uid" "$dir/home-$uid"
		setpriv --reuid="$uid" --regid=40100 --clear-groups env HOME="$dir/home-$uid" \
			XDG_STATE_HOME="$dir/home-$uid" XDG_CONFIG_HOME="$dir/home-$uid" "$B" -C "$ours" "$@"
	else
		"$B" -C "$ours" "$@"
	fi >"$dir/out" 2>&1
}

# Copies everything except log/, then the writers one by one, in random order, with their files in
# random order.
copy() { # TO INDEX
	local w f
	mkdir -p "$1/.binnacle/log"
	for f in "$ours"/.binnacle/*; do [ "${f##*/}" = log ] || cp -a "$f" "$1/.binnacle/"; done
	dump "$1" "$2" >/dev/null
	while IFS= read -r w; do
		mkdir "$1/.binnacle/arriving"
		ls "$w" | shuf | while IFS= read -r f; do cp -a "$w/$f" "$1/.binnacle/arriving/"; done
		[ -z "$as_root" ] || chown --reference="$w" "$1/.binnacle/arriving"
		mv "$1/.binnacle/arriving" "$1/.binnacle/log/${w##*/}"
		dump "$1" "$2" >/dev/null
	done < <(find "$ours/.binnacle/log" -mindepth 1 -maxdepth 1 | while IFS= read -r w; do echo "$RANDOM $w"; done |
		sort -n | cut -d' ' -f2-)
}

trial() { # NAME: of the workspace $ours
	local name=$1 k
	dump "$ours" "$dir/$name-0" >"$dir/wanted"
	grep -q '^table event' "$dir/wanted" || { echo "FAIL: $name: the dump is empty"; exit 1; }
	for k in 1 2 3; do
		copy "$dir/$name-copy$k" "$dir/$name-$k"
		dump "$dir/$name-copy$k" "$dir/$name-$k" >"$dir/got"
		check "$name: writers one at a time, order $k" "$dir/wanted" "$dir/got"
	done
	dump "$dir/$name-copy3" "$dir/$name-anew" >"$dir/got"
	check "$name: the copy folded anew" "$dir/wanted" "$dir/got"
	[ -n "$as_root" ] || return
	find "$dir/$name-copy1" -name '*.seg' -prune -o -exec chown -h 40777:40777 {} +
	dump "$dir/$name-copy1" "$dir/$name-owned" >"$dir/got"
	check "$name: directories of another user" "$dir/wanted" "$dir/got"
	[ -n "$mounts" ] || return
	mkdir -m 700 "$dir/$name-named"
	unshare --mount bash -c 'mount --bind "$1" /etc/passwd && BINNACLE_INDEX=$2 "$3" -C "$4" index status --dump' \
		_ "$dir/passwd" "$dir/$name-named" "$B" "$dir/$name-copy1" >"$dir/got" 2>"$dir/err" || cat "$dir/err"
	check "$name: users of other names" "$dir/wanted" "$dir/got"
}
printf 'root:x:0:0::/root:/bin/sh\nben:x:40101:1::/:/bin/sh\nada:x:40102:1::/:/bin/sh\nzoe:x:40777:1::/:/bin/sh\n' >"$dir/passwd"

# The workspace of the first version, with its three users and some new records.
tar -xzf "$fixture" $([ -n "$as_root" ] && echo --same-owner -p || echo --no-same-owner) -C "$dir" || exit 1
ours=$dir/power
as 40101 data add more "$ours/later.csv" && as 40101 log metric late=0.5 --run script --step 2 &&
	as 40102 data add bens-more "$ours/jobs.csv" || { echo "FAIL: writing"; cat "$dir/out"; exit 1; }
trial "first version"

# A new workspace: a founder, and a user whose acts are refused.
ours=$dir/new
mkdir -m 2775 "$ours" && { [ -z "$as_root" ] || chown 40101:40100 "$ours"; }
echo '{"default_role": "viewer"}' >"$dir/policy.json"
umask 002
as 40101 init ${as_root:+--shared 40100} "$ours" && as 40101 data add jobs "$dir/power/jobs.csv" && as 40101 policy set "$dir/policy.json" &&
	as 40101 run start --name one --wait -- true && as 40101 log metric a=1 --run one --step 3 &&
	as 40102 data add other "$dir/power/later.csv" || { echo "FAIL: writing"; cat "$dir/out"; exit 1; }
[ -z "$as_root" ] || ! as 40102 policy set "$dir/policy.json" || { echo "FAIL: who did not found it sets policy"; bad=1; }
trial "this version"

[ -n "$as_root" ] || echo "SKIP: directories of another user, and other names: not root"
[ -z "$as_root" ] || [ -n "$mounts" ] || echo "SKIP: other names of users: no mount namespaces here"
exit $bad
