#!/bin/bash
# Another user's run, by its name, a prefix of its id or the whole id: what the fold would refuse is refused before
# anything is written. Also: files of another user in place of the queue's directory or of parts of the workspace.
set -u
TMPDIR=/tmp # other users look into $dir
. tests/support/shell.sh || exit 2
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	echo "SKIP: another user's run: needs root and setpriv"
	exit 0
fi
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
as 40101 "$B" init --shared 40100 -q >/dev/null || fail init
invitation=$(as 40101 "$B" trust show --json | sed -n 's/^ *"invitation": "\(.*\)",*/\1/p')
as 40102 "$B" trust accept "$invitation" >/dev/null || fail "trust accept"
as 40102 "$B" user request >/dev/null || fail "user request"
as 40101 "$B" user accept uid-40102 >/dev/null || fail "user accept"
as 40101 "$B" run start --name theirs --wait -q -- true >/dev/null || fail "their run"
id=$(as 40101 "$B" run show theirs --json | sed -n 's/^ *"id": "\([0-9a-f]\{32\}\)".*/\1/p' | head -n 1)
touch file && chmod 644 file
# The number of records by the user who is not the owner.
records() { as 40101 "$B" audit log --limit 10000 --json | grep -c '"uid": 40102'; }
segments() { find .binnacle/log -user 40102 -name '*.seg' | sort; }
before=$(records) written=$(segments)
for run in theirs "${id:0:8}" "$id"; do
	for what in "metric y=1" "param p=1" "artifact file"; do
		# shellcheck disable=SC2086
		expect 4 "log $what --run $run" as 40102 "$B" log $what --run "$run"
		says "only its owner's records count"
		# shellcheck disable=SC2086
		expect 4 "BINNACLE_RUN_ID=$run log $what" as 40102 env BINNACLE_RUN_ID="$run" "$B" log $what
	done
	expect 4 "run rm $run" as 40102 "$B" run rm "$run" --yes
	says "may not remove"
	expect 4 "run restore $run" as 40102 "$B" run restore "$run"
done
[ "$(records)" = "$before" ] || fail "what is refused is written: $(as 40101 "$B" audit log)"
[ "$(segments)" = "$written" ] || fail "records of the other user: $(find .binnacle/log -ls)"
# A training run that its owner can resume; another user cannot, nor can root.
as 40101 env BINNACLE_CHECKPOINT=0s "$B" data generate jobs --rows 200 -q >/dev/null || fail "their data"
as 40101 env BINNACLE_CHECKPOINT=0s "$B" run start --trainer mlp --data jobs --target node_power_consumption --set epochs=1000000 \
	--set early_stopping=false --name trains --time-limit 1s --wait -q >/dev/null 2>&1
expect 0 "their training run" as 40101 "$B" run show trains
says "continues from it"
for user in 40102 0; do
	expect 4 "run resume by user $user" as $user "$B" run resume trains
	says "belongs to uid-40101: only its owner resumes it"
	says "binnacle run start --again"
done
# One run is running, one is waiting.
as 40101 "$B" run start --name sleeps -q -- sleep 100 >/dev/null && as 40101 "$B" queue pause -q >/dev/null &&
	as 40101 "$B" run start --queue --name waits -q -- true >/dev/null || fail "their runs"
for run in sleeps waits; do
	expect 4 "run stop of another user's run that $run" as 40102 "$B" run stop "$run"
	says "belongs to another user"
	says "whose run it is, can stop it, and so can root"
done
[ "$(records)" = "$before" ] || fail "a stop that is refused is written: $(as 40101 "$B" audit log)"
as 40101 "$B" run stop sleeps waits -q >/dev/null && as 40101 "$B" queue resume -q >/dev/null || fail "their own stop"
# The policy lets developers tag any run.
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

# ---- one exit status for what is not there, and for what the system does not allow ------------------
mkdir -m 700 "$dir/closed" && printf 'a,b\n1,2\n' >"$dir/closed/t.csv" && printf 'a,b\n1,2\n' >"$dir/open.csv"
as 40101 "$B" data add t "$dir/open.csv" -q >/dev/null || fail "data add"
for where in "3 $dir/nowhere" "4 $dir/closed"; do
	want=${where%% *} at=${where#* }
	expect "$want" "data add $at" as 40101 "$B" data add x "$at/t.csv"
	expect "$want" "data export $at" as 40101 "$B" data export t "$at/x.csv"
	expect "$want" "data infer -o $at" as 40101 "$B" data infer t -o "$at/s.json"
	expect "$want" "run start --spec $at" as 40101 "$B" run start --spec "$at/s.json"
	expect "$want" "run start --input $at" as 40101 "$B" run start --input "$at/t.csv" -- true
	expect "$want" "run start --secret $at" as 40101 "$B" run start --secret "A=file:$at/s" -- true
	expect "$want" "log artifact $at" as 40101 "$B" log artifact "$at/a" --run theirs
	expect "$want" "policy check $at" as 40101 "$B" policy check "$at/p.json"
	expect "$want" "doctor fs $at" as 40101 "$B" doctor fs "$at"
done
expect 4 "a workspace in a closed directory" as 40101 "$B" init "$dir/closed/ws"

# ---- in the place of directories ------------------------------------------------------------------
[ -k .binnacle ] || fail "init makes no sticky .binnacle: $(ls -ld .binnacle)"
as 40101 "$B" doctor --json >shown; grep -qE '"what": "(directories|modes)"' shown && fail "doctor of a new workspace: $(cat shown)"
grep -q '"what": "parents"' shown || fail "a directory in which others may rename is not named: $(cat shown)"
rm -rf .binnacle/queue
for how in "mkfifo .binnacle/queue" "ln -s /tmp .binnacle/queue" "touch .binnacle/queue" "mkdir -m 755 .binnacle/queue" \
	"mkdir -m 700 .binnacle/queue"; do
	# shellcheck disable=SC2086
	as 40102 $how
	expect 0 "the queue with: $how" as 40101 "$B" run start --queue --wait -q -- true
	rm -rf .binnacle/queue .binnacle/queue-*
done
for i in "" -1 -2 -3 -4 -5 -6 -7; do as 40102 mkdir -m 755 ".binnacle/queue$i"; done
runs() { as 40101 "$B" run ls --json | grep -c '"id"'; }
before=$(runs)
expect 4 "no place left for the queue" as 40101 "$B" run start --queue -- true
says "uid-40102"
[ "$(runs)" = "$before" ] || fail "a run that could not be queued is left"
expect 0 "queue ls with no place" as 40101 "$B" queue ls
says "the queue cannot be used"
rm -rf .binnacle/queue*

mv .binnacle/runs .binnacle/old && as 40102 mkdir -m 1777 .binnacle/runs
expect 1 "doctor names a directory that another has put there" as 40101 "$B" doctor --json
says ".binnacle/runs belongs to uid-40102, not to uid-40101, who founded the workspace"
says "chown uid-40101 "
as 40102 rmdir .binnacle/runs && as 40102 mkfifo .binnacle/runs
expect 1 "doctor names what is no directory" as 40101 "$B" doctor --json
says "is not a directory"
rm .binnacle/runs && mv .binnacle/old .binnacle/runs && chmod -t .binnacle
expect 1 "doctor names a shared .binnacle that is not sticky" as 40101 "$B" doctor --json
says "chmod +t "
