#!/bin/bash
# A workspace on a disk that fills up: commands that wait for a run report it, and messages contain
# complete paths. Needs a file system of its own, which root makes in memory.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/disk"
if ! mount -t tmpfs -o size=2m,mode=777 tmpfs "$dir/disk" 2>/dev/null; then
	echo "SKIP: a full disk: a tmpfs cannot be mounted here"
	exit 0
fi
at_end() { cd / && umount -l "$dir/disk"; }
export BINNACLE_HEARTBEAT=200ms
cd "$dir/disk" || exit 1

running() { # NAME: starts a run that does not end, waits for it in the background; disk full, its supervisor killed
	rm -f "$dir/started"
	timeout 60 "$B" run start --name "$1" --wait -- sh -c "touch '$dir/started'; exec sleep 1000" >"$dir/out" 2>"$dir/err" &
	waiter=$!
	for _ in $(seq 200); do [ -e "$dir/started" ] && break; sleep 0.05; done
	[ -e "$dir/started" ] || fail "the run did not start: $(cat "$dir/err")"
}
kill_supervisor() {
	kill -9 "$(cat .binnacle/runs/*/supervisor | sed -n 's/.*"pid":\([0-9]*\).*/\1/p' | tail -n 1)" || fail "no supervisor"
	wait "$waiter"
	got=$?
}
fill() { dd if=/dev/zero of="$dir/disk/filler" bs=4k 2>/dev/null; }

"$B" init -q >/dev/null || fail init

# The supervisor is killed while the disk is full, so the end of the run cannot be recorded.
running one
rm .binnacle/runs/*/reserve # the space reserved for recording the end, as if somebody else had used it
fill
kill_supervisor
[ "$got" = 5 ] || fail "run start --wait: exit $got, expected 5: $(cat "$dir/err")"
grep -q "gone without a word.*cannot be recorded.*No space left on device" "$dir/err" ||
	fail "run start --wait says: $(cat "$dir/err")"
echo "ok waiting for a run whose end cannot be written"

# Readers work on a full disk, and with free space the run is recorded as LOST.
"$B" run ls --json >"$dir/out" 2>"$dir/err" || fail "run ls on a full disk: $(cat "$dir/err")"
echo "ok reading on a full disk"
rm filler
"$B" run ls --json | grep -q LOST || fail "the run is not lost"
echo "ok with room again the run is lost"

# The space reserved for recording the end of a run can be used by any process that records it.
"$B" run rm one -y -q && rm -rf .binnacle/runs/*
running two
fill
kill_supervisor
[ "$got" = 1 ] || fail "run start --wait: exit $got, expected 1: $(cat "$dir/err")"
grep -q "gone without a word" "$dir/err" || fail "run start --wait says: $(cat "$dir/err")"
"$B" run ls --json | grep -q LOST || fail "the run is not lost"
echo "ok on a full disk, a killed supervisor's run is found LOST at once"
