#!/bin/bash
# The log of a run has a limit, and shows what was left out; a stopped supervisor does not make others wait without
# limit; processes that a run started in other sessions end with it.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init

expect 0 "a run that prints for ever" "$B" run start --wait -q --log-limit 64K --name big -- seq 1 200000
size=$(cat .binnacle/runs/*/log.* | wc -c)
[ "$size" -le 66000 ] || fail "the log takes $size bytes, its limit is 64K"
expect 0 "its log" "$B" run log big
[ "$(sed -n '1p;$p' <<<"$out" | xargs)" = "1 200000" ] || fail "beginning and end: $(sed -n '1p;$p' <<<"$out")"
says "bytes are left out here: the log has a limit"
[ "$(grep -c 'left out here' <<<"$out")" = 1 ] || fail "one gap is told once"
expect 0 "run show" "$B" run show big
says "are kept: start and end"
expect 0 "run show --json" "$B" run show big --json
says '"left_out_bytes"'
expect 2 "a limit that is none" "$B" run start --log-limit 1K -- true
says "65536"
expect 0 "a run that is followed" "$B" run start --watch -q --log-limit 64K -- seq 1 200000
says "left out here"
[ "$(tail -6 <<<"$out" | grep -c '^200000$')" = 1 ] || fail "who follows sees the end: $(tail -3 <<<"$out")"

# Fast output below the limit is complete, and all of it is in the log when the run is over.
expect 0 "fast" "$B" run start --wait -q --name fast -- seq 1 300000
"$B" run log fast | cmp -s - <(seq 1 300000) || fail "something of the log is missing"

file_of() { sed "s/.*\"$1\":\([0-9]*\).*/\1/" ".binnacle/runs/$2/supervisor"; }
begin() { # NAME SECONDS: $id, $supervisor, $guard
	"$B" run start -q --name "$1" -- sh -c "setsid sleep $2 & sleep $2" >/dev/null || fail "start $1"
	for _ in $(seq 600); do
		id=$("$B" run show "$1" --json | sed -n 's/^  "id": "\(.*\)",/\1/p')
		[ "$(file_of child "$id" 2>/dev/null)" != 0 ] && pgrep -f "^sleep $2" >/dev/null && break
		sleep 0.1
	done
	supervisor=$(file_of pid "$id") guard=$(file_of guard "$id")
}

begin both 3071
kill -STOP "$supervisor" "$guard"
expect 0 "both stopped" timeout 30 "$B" run stop --wait both
expect 0 "and over" "$B" run show both
says KILLED
pgrep -f "^sleep 3071" >/dev/null && fail "what it started in a session of its own has outlived it"

begin printing 3072
kill -KILL "$guard"
expect 0 "a run whose guard was killed" timeout 30 "$B" run stop --wait printing
pgrep -f "^sleep 3072" >/dev/null && fail "a process has outlived a run without a guard"
expect 0 "the guard killed while it prints" "$B" run start -q --name late -- \
	sh -c 'for i in $(seq 40); do echo line $i; sleep 0.05; done'
until_says 60 '^line 5$' "$B" run log late || fail "the log is not there while the run prints"
id=$("$B" run show late --json | sed -n 's/^  "id": "\(.*\)",/\1/p')
kill -KILL "$(file_of guard "$id")"
for _ in $(seq 600); do "$B" run show late | grep -q FINISHED && break; sleep 0.1; done
[ "$("$B" run log late | wc -l)" = 40 ] || fail "the supervisor writes the log when its guard is gone"

# If the log cannot be written to the output, the command fails.
if [ -c /dev/full ]; then
	expect 0 "a run that prints much" "$B" run start --wait -q --name much -- seq 1 20000
	"$B" run log much >/dev/full 2>/dev/null && fail "a log that got nowhere is a success"
	"$B" run log much | head -1 >/dev/null
fi

# A program continues when its output does not fit on the disk.
if [ "$(id -u)" = 0 ] && mkdir "$dir/small" && mount -t tmpfs -o size=3m none "$dir/small" 2>/dev/null; then
	at_end() { umount -l "$dir/small"; }
	cd "$dir/small" || exit 1
	"$B" init -q >/dev/null || fail "init on a small disk"
	head -c 1500000 /dev/zero >filler
	expect 0 "a run on a disk that gets full" "$B" run start --wait -q --name full -- \
		sh -ec 'cd $BINNACLE_RUN_DIR; kept() { cat log.* | wc -c; }
			seq 1 400000; rm $OLDPWD/filler; full=$(kept); tries=600
			until [ $(kept) -gt $full ] || [ $((tries -= 1)) = 0 ]; do echo more; sleep 0.05; done
			echo the end; echo done >$OLDPWD/ready'
	[ -f ready ] || fail "the run has not gone on"
	"$B" run log full | tail -1 | grep -q "the end" || fail "the end is missing"
	"$B" run log full | grep -q "left out here" || fail "nothing says that something is missing"
	cd "$dir/ws" || exit 1
else
	echo "SKIP: a full disk: only root can mount one"
fi
