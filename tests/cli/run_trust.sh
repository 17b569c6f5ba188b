#!/bin/bash
# What a member of the group can do to another user's run by renaming directories above it: nothing that makes the other
# user's processes run or end something else. Also: a program without standard streams logs everything.
set -u
. tests/support/shell.sh || exit 2
export BINNACLE_INDEX=$dir/index

cd "$dir" && mkdir ws && cd ws && "$B" init -q >/dev/null || fail init
# Waits until the run has started.
begun() {
	for _ in $(seq 200); do
		"$B" run show "$1" --json | grep -q '"status": "RUNNING"' && return
		sleep 0.1
	done
	fail "run $1 does not start"
}
id_of() { "$B" run show "$1" --json | sed -n 's/^ *"id": "\([0-9a-f]\{32\}\)".*/\1/p' | head -n 1; }

# ---- patterns and inputs -------------------------------------------------------------------------
deep=$(printf 'a/%.0s' $(seq 60))
mkdir -p "$deep" && touch "$deep/f"
timeout 60 "$B" run start --output '**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/x' --wait -q -- touch "$deep/f" >/dev/null 2>&1
[ $? -ne 124 ] || fail "a pattern of many ** does not end"
echo "ok a pattern of many ** over a deep tree ends"
mkfifo pipe
timeout 20 "$B" run start --input pipe --wait -q -- true >shown 2>&1
[ $? = 2 ] && grep -q 'not a regular file' shown || fail "a FIFO as input: $(cat shown)"
echo "ok a FIFO in the place of an input is refused"

chmod 775 .binnacle
"$B" doctor >shown; grep -q "chmod 755 '.*\.binnacle'" shown || fail "doctor does not name a .binnacle that a group can rearrange: $(cat shown)"
chmod +t .binnacle
"$B" doctor | grep -q 'chmod +t' && fail "doctor complains of a sticky .binnacle"
echo "ok doctor names a directory in which others can be put out of the way, and the cure"

# ---- a stop while the supervisor itself works ------------------------------------------------------
mkdir -p out
"$B" run start --name storing --output 'out/*' -q -- sh -c 'truncate -s 60G out/large' >/dev/null || fail storing
until_says 60 . find .binnacle/tmp -name 'object-*' -size +1M || fail "nothing is stored: $("$B" run show storing)"
"$B" run stop storing -q >/dev/null || fail "stop while outputs are stored"
for _ in $(seq 600); do
	"$B" run show storing --json | grep -q '"status": "KILLED"' && break
	sleep 0.2
done
"$B" run show storing --json | grep -q '"status": "KILLED"' || fail "a stop waits for what is stored: $("$B" run show storing)"
rm -rf out
echo "ok a run whose outputs are being stored ends when it is stopped"

# ---- another user's files --------------------------------------------------------------------------
if [ "$(id -u)" != 0 ]; then
	echo "SKIP: files of another user: only root can make them"
	exit 0
fi
mkdir -p .binnacle/queue && chmod 1777 .binnacle/queue
own=$("$B" queue show --json | sed -n 's/^ *"queue": "\(.*\)",.*/\1/p')
rm -rf ".binnacle/queue/$own" && mkdir ".binnacle/queue/$own" && chown 65534 ".binnacle/queue/$own"
"$B" run start --queue --wait -q -- true >shown 2>&1 || fail "a queue's directory of another user denies the queue: $(cat shown)"
[ -d ".binnacle/queue/$own-1" ] || fail "the queue has no place of its own: $(ls -l .binnacle/queue)"
rmdir ".binnacle/queue/$own" && mv ".binnacle/queue/$own-1" ".binnacle/queue/$own"
echo "ok a queue's directory that another user has made before denies nobody the queue"
"$B" queue pause -q >/dev/null || fail pause
"$B" run start --queue --name victim -q -- sh -c 'echo harmless' >/dev/null || fail queue
"$B" run start --name thief --wait -q -- sh -c 'echo stolen' >/dev/null || fail run
victim=$(id_of victim)
thief=$(id_of thief)
[ -d ".binnacle/runs/$victim" ] && [ -d ".binnacle/runs/$thief" ] || fail "no directories of the runs"
mv .binnacle/runs .binnacle/runs.old
mkdir -p ".binnacle/runs/$victim"
cp ".binnacle/runs.old/$thief/spec" ".binnacle/runs/$victim/spec"
printf 'PATH=/usr/bin:/bin\0' >".binnacle/runs/$victim/environ"
chown -R 65534 .binnacle/runs
chmod -R 777 .binnacle/runs
"$B" queue resume -q >/dev/null
for _ in $(seq 50); do
	sleep 0.1
	[ -s ".binnacle/runs/$victim/log.txt" ] && break
done
mkdir -p ".binnacle/runs/$thief" && echo 'accuracy 0.999' >".binnacle/runs/$thief/log.txt"
chown -R 65534 ".binnacle/runs/$thief"
for verb in log watch; do
	"$B" run $verb thief >shown 2>&1 && fail "run $verb shows what another user has put there: $(cat shown)"
	grep -q 'has another owner than the run' shown && ! grep -q 0.999 shown || fail "run $verb of a forged log: $(cat shown)"
done
echo "ok run log and run watch show nothing that another user has put in the run's place"
grep -rqs stolen ".binnacle/runs/$victim" && fail "another's spec was run under the name of the victim's run"
echo "ok a queued run whose directory another user has put there is not started"
"$B" queue pause -q >/dev/null
rm -rf .binnacle/runs && mv .binnacle/runs.old .binnacle/runs

exchange() { mv ".binnacle/runs/$1" x && mv ".binnacle/runs/$2" ".binnacle/runs/$1" && mv x ".binnacle/runs/$2"; }
"$B" run start --queue --name one -q -- sh -c 'echo one >>../ran' >/dev/null || fail one
"$B" run start --queue --name two -q -- sh -c 'echo two >>../ran' >/dev/null || fail two
# The same spec; the runs differ only in the environment saved when they were queued.
X=one "$B" run start --queue --name same1 -q -- sh -c 'echo $X >>../ran' >/dev/null || fail same1
X=two "$B" run start --queue --name same2 -q -- sh -c 'echo $X >>../ran' >/dev/null || fail same2
# As queued by an earlier version, whose environment does not name its run.
one=$(id_of one) two=$(id_of two)
rm ".binnacle/runs/$one/limits" ".binnacle/runs/$two/limits"
exchange "$one" "$two"
exchange "$(id_of same1)" "$(id_of same2)"
"$B" queue resume -q >/dev/null
for _ in $(seq 600); do
	"$B" queue show --json | grep -q '"waiting": 0' && "$B" run show same2 --json | grep -q FAILED && break
	sleep 0.1
done
"$B" run show one --json | grep -q 'the log says' || fail "exchanged directories: $("$B" run show one)"
"$B" run show same1 --json | grep -q 'was queued with' || fail "exchanged environments: $("$B" run show same1)"
[ ! -e ../ran ] || fail "something of an exchanged directory was run: $(cat ../ran)"
echo "ok a run whose directory was exchanged with another's, of the same spec too, is refused, and says so"

"$B" run start --name long -q -- sleep 300 >/dev/null || fail long
begun long
long=$(id_of long)
cp -r ".binnacle/runs/$long" kept
mv ".binnacle/runs/$long/supervisor" real
sed 's/"boot_id": *"[^"]*"/"boot_id":"00000000"/' kept/supervisor >forged
cp forged ".binnacle/runs/$long/supervisor" && chown 65534 ".binnacle/runs/$long/supervisor"
"$B" run ls >/dev/null
"$B" run show long --json | grep -q '"status": "RUNNING"' || fail "a forged boot in another's file makes a run LOST"
echo "ok a supervisor's file of another user makes no run LOST"
mv real ".binnacle/runs/$long/supervisor"
[ "$(stat -c %a ".binnacle/runs/$long/supervisor")" = 600 ] || fail "others can hold the supervisor's lock"
"$B" run start --name second -q -- sleep 300 >/dev/null || fail second
begun second
second=$(id_of second)
exchange "$long" "$second"
"$B" run stop long >shown 2>&1 && fail "a stop that nobody hears is no failure: $(cat shown)"
grep -q 'the directory of another run' shown || fail "a stop that nobody hears: $(cat shown)"
[ ! -e ".binnacle/runs/$long/stop" ] || fail "run stop leaves a request that nobody finds"
sleep 3 # time itself: that nothing happens has no sign
"$B" run show second --json | grep -q '"status": "RUNNING"' || fail "run stop ended the run whose directory was exchanged"
exchange "$long" "$second"
# Exchanged with the directory of a waiting run.
"$B" queue pause -q >/dev/null
"$B" run start --queue --name waits -q -- true >/dev/null || fail waits
waits=$(id_of waits)
exchange "$long" "$waits"
"$B" run stop long >shown 2>&1 && fail "a stop that nobody hears is no failure: $(cat shown)"
grep -q 'not where its supervisor is' shown || fail "a stop that nobody hears: $(cat shown)"
exchange "$long" "$waits"
"$B" run stop second waits -q >/dev/null 2>&1 || fail "a stop after all was put back"
echo "ok run stop signals no run whose directory somebody has exchanged with this one, and says so"
sleep 400 &
other=$!
start=$(awk '{ print $22 }' "/proc/$other/stat")
sed "s/\"pid\": *[0-9]*/\"pid\":$other/; s/\"guard\": *[0-9]*/\"guard\":$other/; s/\"start\": *[0-9]*/\"start\":$start/" \
	kept/supervisor >forged
mv ".binnacle/runs/$long/supervisor" real
cp forged ".binnacle/runs/$long/supervisor" && chown 65534 ".binnacle/runs/$long/supervisor"
flock ".binnacle/runs/$long/supervisor" timeout 20 "$B" run stop long >shown 2>&1
kill -0 $other 2>/dev/null || fail "run stop ended a process that a forged file names: $(cat shown)"
echo "ok a supervisor's file of another user makes run stop signal nobody"
mv real ".binnacle/runs/$long/supervisor"
"$B" run stop long -q >/dev/null 2>&1
kill $other

# ---- root, who may end what is another user's -------------------------------------------------------
if ! command -v setpriv >/dev/null; then
	echo "SKIP: root ends another user's run: no setpriv"
	exit 0
fi
theirs=$(mktemp -d /tmp/binnacle-XXXXXX) && chown 65534 "$theirs" && cd "$theirs" || fail theirs
at_end() { rm -rf "$theirs"; }
as() {
	setpriv --reuid=65534 --regid=65534 --clear-groups env -u BINNACLE_INDEX HOME="$PWD" XDG_STATE_HOME="$PWD/s" \
		XDG_CONFIG_HOME="$PWD/c" "$@"
}
if ! as test -x "$B"; then
	echo "SKIP: root ends another user's run: another user cannot run the program where it lies"
	exit 0
fi
as "$B" init -q >/dev/null && as "$B" run start --name r -q -- sleep 300 >/dev/null || fail "another user's run"
as "$B" queue pause -q >/dev/null && as "$B" run start --queue --name w -q -- true >/dev/null || fail "another user's queue"
until_says 60 '"status": "RUNNING"' as "$B" run show r --json || fail "another user's run does not start"
"$B" run stop r -q >/dev/null || fail "root cannot stop another user's run"
"$B" run stop w -q >/dev/null || fail "root cannot cancel another user's queued run"
for _ in $(seq 600); do
	as "$B" run show r --json | grep -q '"status": "KILLED"' && break
	sleep 0.1
done
as "$B" run show r --json | grep -q '"status": "KILLED"' || fail "the run goes on"
echo "ok root ends a run of another user, and one that waits"
