#!/bin/bash
# The program of the first version next to the current one: it refuses, with a message, to write into a workspace that
# it would not understand, and what it can open it shows like the current program. It is built from the history of this
# repository; FIRST_VERSION names an existing binary.
set -u
commit=294bc2e
B=${BINNACLE:-$PWD/build/binnacle}
work=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || python=python3
bad=0

old=${FIRST_VERSION:-}
if [ -z "$old" ]; then
	if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
		echo "SKIP: the first version beside this one: $commit is not in this history (a shallow clone?)"
		exit 0
	fi
	mkdir "$work/src" && git archive "$commit" | tar -x -C "$work/src" &&
		make -s -C "$work/src" -j2 build/binnacle >"$work/make.log" 2>&1 || {
		tail -n 20 "$work/make.log"
		echo "FAIL: the first version does not build"
		exit 1
	}
	old=$work/src/build/binnacle
fi
new=$B

# Each program has its own home and index, so neither uses the cache of the other.
say() { # old|new WORKSPACE WORDS...
	local program=$old side=$1 ws=$2
	[ "$side" = new ] && program=$new
	shift 2
	mkdir -p "$work/$side"
	HOME=$work/$side XDG_STATE_HOME=$work/$side XDG_CONFIG_HOME=$work/$side "$program" -C "$ws" "$@" \
		>"$work/out" 2>"$work/err" </dev/null
}
fail() {
	echo "FAIL: $*"
	cat "$work/err"
	bad=1
}
state() { (cd "$1" && find .binnacle -path '*/index.db*' -prune -o -type f -print0 | sort -z | xargs -0 sha256sum); }

# The first version refuses each of these in WORKSPACE, names the format, and changes nothing.
refuses() { # WORKSPACE WHAT
	local ws=$1 words
	state "$ws" >"$work/before"
	for words in "data add again $work/t.csv" "run start --name x --wait -- true" "log metric a=1 --run script" \
		"data ls" "index rebuild" "gc --older-than 0s --yes"; do
		# shellcheck disable=SC2086 # the words are to be split
		if say old "$ws" $words; then
			fail "$2: the first version runs '$words'"
		elif ! grep -q 'format' "$work/err"; then
			fail "$2: the first version does not say why it refuses '$words'"
		fi
	done
	state "$ws" >"$work/after"
	if cmp -s "$work/before" "$work/after"; then
		echo "ok $2: refused with words, nothing changed"
	else
		fail "$2: files changed: $(diff "$work/before" "$work/after" | head -n 5)"
	fi
}

# What the first version does not refuse, both programs show alike.
shows_alike() { # WORKSPACE WHAT
	local ws=$1 words theirs
	for words in "data ls" "run ls --sort name" "run show first" "model ls" "model show power/1" "policy show"; do
		# shellcheck disable=SC2086
		if say old "$ws" $words --json; then
			theirs=$(cat "$work/out")
			say new "$ws" $words --json || fail "$2: $words"
			"$python" - "$theirs" "$work/out" <<'PY' || fail "$2: '$words' is shown otherwise"
import json, sys
def inside(a, b):  # everything in a is in b, which may have more
    if isinstance(a, dict):
        return isinstance(b, dict) and all(inside(v, b.get(k)) for k, v in a.items())
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(inside, a, b))
    return a == b
sys.exit(not inside(json.loads(sys.argv[1]), json.load(open(sys.argv[2]))))
PY
		elif ! grep -q 'format' "$work/err"; then
			fail "$2: the first version fails at '$words' without saying why"
		fi
	done
	echo "ok $2: refused, or shown alike"
}

printf 'a,b\n1,2\n3,4\n' >"$work/t.csv"
mkdir "$work/made" && say new "$work/made" init || fail "init"
refuses "$work/made" "a workspace made by this version"

fixture() { # DIR
	mkdir "$work/$1" && tar -xzf tests/fixtures/first-version.tar.gz --no-same-owner -C "$work/$1" || exit 1
}
fixture read
say new "$work/read/power" run ls && say new "$work/read/power" index status --dump || fail "reading"
say old "$work/read/power" run ls || fail "after this version has only read, the first version no longer opens it"
shows_alike "$work/read/power" "a workspace of the first version that this one has read"

fixture tagged
say new "$work/tagged/power" run tag first stage=new || fail "run tag"
shows_alike "$work/tagged/power" "one with a tag of this version"

fixture grown
say new "$work/grown/power" data add more "$work/t.csv" || fail "data add"
refuses "$work/grown/power" "one with a dataset of this version"
say new "$work/grown/power" data show more@v1 && say new "$work/grown/power" audit verify ||
	fail "this version goes on in it"

# A user without write access to workspace.json cannot record the format there; the records themselves still stop the
# first version.
fixture unsaid
say new "$work/unsaid/power" data add more "$work/t.csv" || fail "data add"
sed -i 's/"format": 2/"format": 1/' "$work/unsaid/power/.binnacle/workspace.json"
if say old "$work/unsaid/power" data show more; then
	fail "the first version shows a dataset that it does not understand"
elif say old "$work/unsaid/power" audit verify || ! grep -q 'fault' "$work/err"; then
	fail "the first version finds nothing wrong with records that it does not understand"
elif say old "$work/unsaid/power" gc --older-than 0s --yes || ! grep -q 'cannot be read' "$work/err"; then
	fail "the first version collects objects without knowing what names them"
else
	echo "ok newer records in a workspace of format 1: they are named, not guessed at"
fi
exit $bad
