#!/bin/bash
# A workspace of the first version, with three accounts, is upgraded during a run of one of them: what the command
# prints before, who may upgrade, the result of a second attempt, and what everybody can do afterwards.
set -u
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	echo "SKIP: an upgrade by three accounts: only root can be several accounts (with setpriv)"
	exit 0
fi
TMPDIR=/tmp
. tests/support/shell.sh || exit 2
chmod 755 "$dir"
declare -A uid=([ada]=40101 [ben]=40102 [cleo]=40103)
mkdir "$dir/bin" && cp "$BINNACLE" "$dir/bin/binnacle" || fail "a copy of the program"
tar -xzf tests/fixtures/first-version.tar.gz -C "$dir" || fail "the workspace of the first version"
for who in ada ben cleo; do
	mkdir -m 700 "$dir/$who" && chown "${uid[$who]}:40100" "$dir/$who"
done
serving=
at_end() { [ -z "$serving" ] || kill "$serving" 2>/dev/null; }
ws=$dir/power/.binnacle

# as WHO LINE: runs a line of shell as that account, in the workspace.
as() {
	cd "$dir/power" && exec env -i HOME="$dir/$1" PATH="$dir/bin:/usr/bin:/bin" LANG=C.UTF-8 \
		BINNACLE_HEARTBEAT=200ms setpriv --reuid "${uid[$1]}" --regid 40100 --clear-groups \
		bash -c "umask 002; $2"
}
# can WHO STATUS NAME LINE
can() { expect "$2" "$1: $3" as "$1" "$4"; }
expect_in_json() { # NAME PATTERN
	grep -qE "$2" <<<"$out" || fail "$1: expected '$2' in: $out"
	echo "ok   and $1"
}
until_there() { # FILE PATTERN: waits until a started process has written it
	for _ in $(seq 600); do grep -q "$2" "$1" 2>/dev/null && return 0; sleep 0.1; done
	fail "nothing like '$2' in $1: $(cat "$1" 2>&1)"
}

# ---- before -------------------------------------------------------------------------------------------
mkfifo -m 666 "$dir/power/go"
can ben 0 "a run begins" 'binnacle run start --name during -q -- sh -c "read x <go; binnacle log metric loss=0.5 --step 1"'
can ben 0 "writes workspace.json anew, with a newer format" 'binnacle data add jobs later.csv -q'
check "which is his then" "${uid[ben]}" "$(stat -c %u "$ws/workspace.json")"
identity=$(cat "$ws/workspace.json")
can ben 4 "who did not make it may not upgrade it" 'binnacle upgrade --admit all'
says 'only uid-40101, whose account made this workspace'
says 'ask uid-40101 to run: binnacle upgrade'
echo "ok who owns workspace.json and did not make the workspace does not upgrade it"
can cleo 4 "nor look what it would do" 'binnacle upgrade --dry-run'
can ada 0 "sees what it would do" 'binnacle upgrade --dry-run'
says 'founder and admin, with a new key: the published one is not here'
says 'a person, with this key and these roles'
says 'they are judged as before, and you vouch for them'
says 'nobody vouches: power/1 was approved by uid-40102 with ed25519:'
says 'nobody vouches: 4 registrations of model versions are not signed'
says 'nothing was changed'
can ada 4 "is asked, and has nobody to ask" 'binnacle upgrade'
says 'Upgrade this workspace for good, and admit 2 users as listed?'
can ada 4 "says no" 'echo n | binnacle upgrade'
can ada 3 "names a user who is none" 'binnacle upgrade --admit mal'
says "no user 'mal' in this workspace"
check "nothing was changed by all this" "$identity" "$(cat "$ws/workspace.json")"

# ---- the upgrade ----------------------------------------------------------------------------------------
can ada 0 "upgrades" 'binnacle upgrade --yes --json'
expect_in_json "it is upgraded" '"upgraded": true'
expect_in_json "it has seen everything" '"not_seen": \[\]'
check "it shows the key that was made for the founder" 3 "$(grep -c '"key": "ed25519:' <<<"$out")"
invitation=$(grep -o 'bn1:[0-9a-f.]*' <<<"$out")
can ada 6 "is told that it is done" 'binnacle upgrade --yes'
says 'this workspace is already upgraded'
can ben 6 "so is everybody" 'binnacle upgrade'
says 'this workspace is already upgraded'
check "who may write there may not replace workspace.json" "drwxrwsr-t" "$(stat -c %A "$ws")"

# ---- the run that was at work -----------------------------------------------------------------------------
echo >"$dir/power/go"
for _ in $(seq 600); do
	out=$(as ben 'binnacle run show during --json' 2>/dev/null)
	grep -q '"status": "FINISHED"' <<<"$out" && break
	sleep 0.1
done
expect_in_json "is finished" '"status": "FINISHED"'
expect_in_json "is its account's" '"user": "uid-40102"'
expect_in_json "has its metric" '"loss"'

# ---- afterwards ---------------------------------------------------------------------------------------------
owners() { for n in first second third late script broken bens; do as ada "binnacle run show $n --json" 2>/dev/null | grep '"user"'; done; }
check "old runs keep their authors" "$(printf '  "user": "uid-4010%s",\n' 1 1 1 1 1 1 2)" "$(owners)"
can ada 0 "the log is whole" 'binnacle audit verify'
says 'everything before the upgrade is vouched for only by uid-40101'
says 'whole: every record'
check "what the founder owns is sticky" "" "$(find "$ws" -uid "${uid[ada]}" -type d -perm /022 ! -perm -1000)"
can ben 1 "ben cannot unlink an object of hers" 'rm -f "$(find .binnacle/objects -type f -uid '"${uid[ada]}"' | head -1)" 2>/dev/null; test ! -e "$(find .binnacle/objects -type f -uid '"${uid[ada]}"' | head -1)"'
can ada 0 "the old approved model is proven" 'binnacle model verify power@champion'
says 'before the upgrade: approved by uid-40102, with a key that the account had published'
can ada 0 "predicts with it" 'binnacle predict power@champion later.csv --out $HOME/answers.csv'
can ada 0 "exports it" 'binnacle model export power/1 $HOME/exported'
can ben 4 "who was not invited yet does not" 'binnacle predict power@champion later.csv'
says 'is new to you'
can ben 0 "accepts the invitation, with a key that is new" "binnacle trust accept $invitation --yes"
key=$(grep -o 'ed25519:[0-9a-f]*' <<<"$err$out" | head -n 1)
can ada 0 "takes it for a further key of that person" "binnacle user accept $key --for uid-40102 --yes"
can ben 0 "predicts with the old model" 'binnacle predict power@champion later.csv'
can ada 0 "sets a policy" 'binnacle policy show --json 2>/dev/null >$HOME/policy.json; sed -i "s/\"threshold\": 45.0/\"threshold\": 60.0/" $HOME/policy.json; binnacle policy set $HOME/policy.json --reason "as it was" --yes'
can ada 4 "its author does not approve an old version" 'binnacle model approve power/3 --reason mine --yes'
can ben 0 "a person of the chain does" 'binnacle model approve power/3 --reason "measured it" --yes'
can ben 0 "makes it champion" 'binnacle model alias power/3 champion --yes'
can ada 0 "which is proven" 'binnacle model verify power@champion'
says 'power/3'
as ada 'exec binnacle serve power@champion --port 0 --no-token --json' >"$dir/serve" 2>"$dir/serve.err" &
serving=$!
until_there "$dir/serve" '"url"'
url=$(sed -n 's/.*"url": "\([^"]*\)".*/\1/p' "$dir/serve")
expect 0 "it is served" curl -sS -H 'Content-Type: application/json' "$url/predict" \
	-d '{"nodes": 5, "hours": 5.92, "gpu": 29.9, "temp": 28.88, "queue": "long", "late": false, "start": "2026-01-02T01:00:00Z"}'
says '"prediction"'
kill "$serving" && wait "$serving" 2>/dev/null
serving=
can ada 0 "the log is whole at the end" 'binnacle audit verify'

# ---- a copy ---------------------------------------------------------------------------------------------------
cp -a "$dir/power" "$dir/ada/kept" && cp -r "$dir/power" "$dir/cleo/mine" && chown -R "${uid[cleo]}" "$dir/cleo/mine" || fail "a copy"
cp -r "$dir/power" "$dir/ada/alone" && chown -R "${uid[ada]}" "$dir/ada/alone" || fail "a copy"
can ada 0 "a copy with the owners of the files is whole" 'cd $HOME/kept && binnacle audit verify'
can cleo 1 "one with another owner is not" 'cd $HOME/mine && binnacle audit verify'
says "belong to other accounts here than those that wrote them (user/${uid[ada]}"
can ada 1 "nor is one that is the founder's alone" 'cd $HOME/alone && binnacle audit verify'
says "those that wrote them (user/${uid[ben]}"
echo "ok a copy that did not keep the owners of files is not whole"
exit $bad
