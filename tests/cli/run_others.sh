#!/bin/bash
# Another user's run, by its name, a prefix of its id or the whole id: what the fold would refuse is refused before
# anything is written.
set -u
. tests/support/shell.sh || exit 2
B=${BINNACLE:-$PWD/build/binnacle}
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	echo "SKIP: another user's run: needs root and setpriv"
	exit 0
fi
dir=$(mktemp -d -p /tmp) # not below $TMPDIR, where other users may not look
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
unset BINNACLE_HOME BINNACLE_RUN_ID BINNACLE_INDEX
export BINNACLE_HEARTBEAT=200ms
chmod 755 "$dir"
mkdir "$dir/ws" && chown 40101:40100 "$dir/ws" && chmod 2775 "$dir/ws"
cd "$dir/ws" || exit 1
umask 002

as() { # UID WORDS...
	local uid=$1 home=$dir/home-$1
	shift
	mkdir -p -m 700 "$home" && chown "$uid:40100" "$home"
	setpriv --reuid="$uid" --regid=40100 --clear-groups env HOME="$home" XDG_STATE_HOME="$home" XDG_CONFIG_HOME="$home" "$@"
}
if ! as 40101 test -x "$B"; then
	echo "SKIP: another user's run: another user cannot run the program where it lies"
	exit 0
fi
as 40101 "$B" init -q >/dev/null || fail init
as 40101 "$B" run start --name theirs --wait -q -- true >/dev/null || fail "their run"
id=$(as 40101 "$B" run show theirs --json | sed -n 's/^ *"id": "\([0-9a-f]\{32\}\)".*/\1/p' | head -n 1)
touch file && chmod 644 file
# Records of the user who is not its owner.
records() { as 40101 "$B" audit log --limit 10000 --json | grep -c '"uid": 40102'; }
before=$(records)
for run in theirs "${id:0:8}" "$id"; do
	for what in "metric y=1" "param p=1" "artifact file"; do
		# shellcheck disable=SC2086
		expect 4 "log $what --run $run" as 40102 "$B" log $what --run "$run"
		says "only its owner's words count"
		# shellcheck disable=SC2086
		expect 4 "BINNACLE_RUN_ID=$run log $what" as 40102 env BINNACLE_RUN_ID="$run" "$B" log $what
	done
	expect 4 "run rm $run" as 40102 "$B" run rm "$run" --yes
	says "may not remove"
	expect 4 "run restore $run" as 40102 "$B" run restore "$run"
done
[ "$(records)" = "$before" ] || fail "what is refused is written: $(as 40101 "$B" audit log)"
[ -z "$(find .binnacle/log -user 40102 -name '*.seg')" ] || fail "records of the other user: $(find .binnacle/log -ls)"
# The policy lets developers tag, any run.
for run in theirs "$id"; do
	expect 0 "log tag --run $run" as 40102 "$B" log tag "by-$run=b" --run "$run"
	expect 0 "run tag $run" as 40102 "$B" run tag "$run" "stage-$run=b"
	expect 0 "run note $run" as 40102 "$B" run note "$run" "seen by b"
done
expect 0 "the tags count" as 40101 "$B" run show theirs --json
says '"by-theirs": "b"'
says "\"by-$id\": \"b\""
says "seen by b"
echo '{"allow": {"tag": ["reviewer"]}}' >"$dir/policy.json"
expect 0 "a policy without that" as 40101 "$B" policy set "$dir/policy.json" --yes
before=$(records)
for run in theirs "$id"; do
	expect 4 "log tag of a run of another, which the policy does not allow" as 40102 "$B" log tag c=d --run "$run"
	says "may not tag"
	expect 4 "run tag likewise" as 40102 "$B" run tag "$run" c=d
	expect 4 "run note likewise" as 40102 "$B" run note "$run" c
done
[ "$(records)" = "$before" ] || fail "what is refused is written: $(as 40101 "$B" audit log)"
