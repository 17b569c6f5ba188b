#!/bin/bash
# Long operations react to SIGTERM and SIGINT within a second, exit with status 130, and leave nothing incomplete: no
# temporary file next to the user's files, nothing in tmp/ that gc does not remove, and the same command works
# afterwards.
set -u
TMPDIR=/tmp
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
limit=${BINNACLE_SIGNAL_MS:-4000} # one second, more on a busy machine

"$B" init -q >/dev/null || fail init
expect 0 "rows" "$B" data generate big --rows 400000 -q
expect 0 "other rows" "$B" data generate other --rows 10000 --seed 5 -q
"$B" data export big big.csv -q >/dev/null 2>&1 || fail "export"
target=$("$B" data describe big --tsv | awk -F'\t' '$2 == "float64" { print $1; exit }')
expect 0 "a model" "$B" run start --wait -q --trainer ridge --data big --target "$target" --name fit
expect 0 "a version" "$B" model register fit --name power
cat >suite.json <<'J'
{"name": "s", "expectations": [
 {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}},
 {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["job_id", "submit_time"]}}]}
J

# The input of a drift report: 120 000 rows answered by a server.
served=
head -n 10001 big.csv >part.csv
"$B" serve power/1 --port 0 --no-token --json >serve.json 2>serve.err &
server=$!
for _ in $(seq 200); do
	port=$(sed -n 's/.*"port": \([0-9]*\).*/\1/p' serve.json)
	[ -n "$port" ] && break
	kill -0 $server 2>/dev/null || break
	sleep 0.05
done
if [ -n "$port" ]; then
	for _ in $(seq 12); do
		curl -sf -m 60 -o answer -H "Content-Type: text/csv" --data-binary @part.csv "http://127.0.0.1:$port/predict" ||
			fail "no rows for a drift report: $(cat serve.err)"
	done
	kill -TERM $server
	wait $server || fail "serve: $(cat serve.err)"
	served=1
else
	wait $server
	echo "SKIP: a drift report that is interrupted: no server starts here: $(tail -1 serve.err)"
fi

now() { date +%s%N; }
heard=0 over=0
ticks=$(getconf CLK_TCK)
# at_work PID SIGNAL MS: waits until the process has used that many milliseconds of processor time or, if 0, has a
# handler for the signal; at most a minute, or until it exits.
at_work() {
	local ends=$((SECONDS + 60)) line mask caught spent
	mask=$((1 << ($(kill -l "$2") - 1)))
	while [ $SECONDS -lt $ends ] && kill -0 "$1" 2>/dev/null; do
		if [ "$3" = 0 ]; then
			caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null)
			[ $((0x${caught:-0} & mask)) = 0 ] || return
		else
			read -r line <"/proc/$1/stat" || return
			# shellcheck disable=SC2086 # fields
			set -- "$1" "$2" "$3" ${line##*) }
			spent=$(((${15} + ${16}) * 1000 / ticks))
			[ $spent -lt "$3" ] || return
		fi
		sleep 0.01
	done 2>/dev/null
}
# try SIGNAL MS NAME COMMAND...: sends the signal after that much work, unless the command has ended.
try() {
	local signal=$1 after=$2 name=$3 begun ms status
	shift 3
	"$@" >"$dir/out" 2>"$dir/err" &
	local pid=$!
	at_work $pid "$signal" "$after"
	begun=$(now)
	if ! kill "-$signal" $pid 2>/dev/null; then
		wait $pid
		over=$((over + 1))
		echo "ok $name: over before"
		return
	fi
	wait $pid
	status=$?
	ms=$((($(now) - begun) / 1000000))
	[ $ms -le "$limit" ] || fail "$name: SIG$signal was noticed after $ms ms: $(tail -1 "$dir/err")"
	# A command may end with its own status at that moment; one without a handler yet is killed by the signal.
	[ $status = 130 ] || [ $status -le 7 ] || [ $status = 143 ] ||
		fail "$name: exit $status after SIG$signal: $(tail -1 "$dir/err")"
	[ $status = 130 ] && heard=$((heard + 1))
	find . -name '*.tmp' -not -path './.binnacle/*' | grep -q . && fail "$name: leaves $(find . -name '*.tmp' | head -1)"
	echo "ok $name: $ms ms, status $status"
}

# Evidence needs a person who is not the author: another account, in a workspace of their group.
second() { false; }
gid=64600 uid=64601
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && chmod 711 "$dir" && mkdir -m 755 "$dir/team" "$dir/second" &&
	cp "$B" "$dir/second/binnacle" && chown $uid:$gid "$dir/second" &&
	setpriv --reuid $uid --regid $gid --clear-groups test -x "$dir/second/binnacle"; then
	second() {
		cd "$dir/team" && exec env -i HOME="$dir/second" LANG=C.UTF-8 setpriv --reuid $uid --regid $gid --clear-groups \
			"$dir/second/binnacle" "$@"
	}
	mine() { (cd "$dir/team" && "$B" "$@"); }
	invitation=$(cd "$dir/team" && "$B" init --shared $gid | grep -o 'bn1:[0-9a-f.]*') || fail "a workspace of a group"
	(second trust accept "$invitation" --yes) >/dev/null 2>&1 || fail "accept"
	echo '{"gates": [{"metric": "rmse", "part": "test", "op": "<=", "threshold": 1e9}]}' >policy.json
	expect 0 "a second person" mine user accept "$(mine user ls | sed -n 's/.* asks .*\(ed25519:[0-9a-f]*\).*/\1/p')" --yes
	expect 0 "rows of both" mine data generate big --rows 400000 -q
	expect 0 "a model of both" mine run start --wait -q --trainer ridge --data big --target "$target" --name fit
	expect 0 "a version of both" mine model register fit --name power
	expect 0 "without a policy nothing is checked" bash -c "cd '$dir/team' && '$B' model check power/1 --dry-run"
	says "the policy has no gates: nothing to check for power/1"
	expect 0 "a gate" mine policy set "$PWD/policy.json" --reason x --yes
	checked=1
else
	echo "SKIP: model check that is interrupted: only root can be two accounts (with setpriv)"
	checked=
fi

# set -m: otherwise SIGINT is ignored in background commands
set -m
for signal in TERM INT; do
	try $signal 200 "data add" "$B" data add more big.csv
	try $signal 300 "data check" "$B" data check big --suite suite.json
	try $signal 100 "data describe" "$B" data describe big
	try $signal 100 "data freq" "$B" data freq big job_id
	try $signal 100 "data infer" "$B" data infer big
	try $signal 300 "data export, CSV" "$B" data export big out.csv --force
	try $signal 100 "data export, Arrow" "$B" data export big out.arrow --force
	try $signal 300 "data split" "$B" data split big --parts x=0.5,y=0.5
	try $signal 300 "data head" "$B" data head big --rows 1000000
	try $signal 300 "data generate" "$B" data generate gen --rows 3000000
	try $signal 150 "predict" "$B" predict power/1 big.csv --out predicted.csv --force
	try $signal 100 "model verify" "$B" model verify power/1
	[ -z "$checked" ] || try $signal 100 "model check" second model check power/1
	[ -z "$served" ] || try $signal 200 "monitor report" "$B" monitor report power/1
	try $signal 30 "data diff" "$B" data diff big other
	try $signal 150 "data leaks" "$B" data leaks big other
	try $signal 30 "model export" "$B" model export power/1 exported-$signal
	try $signal 50 "audit verify" "$B" audit verify
	try $signal 50 "index rebuild" "$B" index rebuild
	try $signal 50 "gc" "$B" gc --yes
	try $signal 0 "run start --wait" "$B" run start --wait -q -- sleep 5
	try $signal 0 "run log --follow" "$B" run log latest --follow
done
set +m
[ $heard -ge 14 ] || fail "only $heard commands were still at work when the signal came"
echo "NOTE: $heard noticed it, $over were over before"

for p in out.csv out.arrow predicted.csv; do
	[ ! -e $p ] || "$B" data head $p >/dev/null || fail "$p is half a file"
done
expect 0 "what was interrupted works" "$B" data split big --parts x=0.5,y=0.5 -q
[ -z "$served" ] || expect 0 "monitor report" "$B" monitor report power/1
[ -z "$checked" ] || expect 0 "model check" second model check power/1
expect 0 "index rebuild" "$B" index rebuild
expect 0 "audit verify" "$B" audit verify
# A command that had to be killed (a read that took too long) leaves a file for gc.
find .binnacle/tmp -type f -exec touch -d '40 days ago' {} +
expect 0 "gc" "$B" gc --yes
[ -z "$(ls .binnacle/tmp)" ] || fail "left in tmp: $(ls .binnacle/tmp)"

# The run of a trainer.
"$B" run start -q --trainer mlp --data big --target "$target" --set epochs=1000 --name long >/dev/null || fail "start"
until_says 60 '"loss": {' "$B" run show long --json || fail "the training has no epoch"
begun=$(now)
expect 0 "a training is stopped" "$B" run stop --wait long
ms=$((($(now) - begun) / 1000000))
[ $ms -le $((limit + 2500)) ] || fail "a training takes $ms ms to end"
expect 0 "and says so" "$B" run show long
says KILLED
