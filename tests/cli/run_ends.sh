#!/bin/bash
# What ends a run and what does not: signals to the supervisor are passed to its program, a closed output does not end
# it, an invalid number in metrics.json only loses that number, options after -- belong to the program, a name in the
# trash can be reused.
set -u
. tests/support/shell.sh || exit 2
mkdir "$dir/ws"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init
n_found=0

until_says() { # RUN WORD: waits for the word in its log
	for _ in $(seq 400); do
		"$B" run log "$1" 2>/dev/null | grep -q "$2" && return 0
		sleep 0.05
	done
	fail "$1 does not say '$2': $("$B" run log "$1" 2>&1)"
}
until_ends() { # RUN
	for _ in $(seq 400); do
		"$B" run show "$1" | grep -qE '^status +(FINISHED|FAILED|KILLED|LOST)' && return 0
		sleep 0.05
	done
	fail "$1 does not end: $("$B" run show "$1")"
}
field() { "$B" run show "$1" --json | sed -n "s/.*\"$2\": *\"\{0,1\}\([^\",]*\).*/\1/p" | head -n 1; }

# A program with a handler gets each signal sent to its supervisor, and decides when to end.
for s in USR1 USR2 QUIT TSTP CONT HUP WINCH ALRM; do
	"$B" run start --name "has-$s" -q -- bash -c "trap 'echo got-$s; over=1' $s; trap '' CHLD
		echo ready; until [ -n \"\${over:-}\" ] || [ -e go ]; do sleep 0.05; done; echo done" >/dev/null || fail "start"
	until_says "has-$s" ready
	kill -$s "$(field "has-$s" pid)" || fail "no supervisor"
	[ $s != TSTP ] || kill -CONT "$(field "has-$s" pid)" # the `sleep` in the script has no handler
	case $s in
	USR1 | USR2 | QUIT | TSTP | CONT) until_says "has-$s" "got-$s" ;;
	*) touch go ;;
	esac
	until_ends "has-$s"
	rm -f go
	[ "$(field "has-$s" status)" = FINISHED ] || fail "SIG$s: $("$B" run show "has-$s")"
	echo "ok SIG$s costs no run"
done
# A program without a handler is ended by the signal, as without a supervisor, and the run shows which.
for s in USR1 QUIT; do
	"$B" run start --name "bare-$s" -q -- sh -c 'echo ready; exec sleep 60' >/dev/null || fail "start"
	until_says "bare-$s" ready
	kill -$s "$(field "bare-$s" pid)"
	until_ends "bare-$s"
	expect 0 "a run that SIG$s ended" "$B" run show "bare-$s"
	says "SIG$s"
done

# A program that closes its output continues, and its exit status counts.
for how in 'exec >&-' 'exec 2>&-' 'exec >&- 2>&-' 'exec <&- >&- 2>&-' 'exec >/dev/null 2>&1'; do
	expect 1 "closed: $how" "$B" run start --wait -q -- sh -c "$how; echo lost; (exit 0); sleep 0.1; exit 3"
	says "exit status 3"
done

# metrics.json as written by Python.
metrics() { # NAME JSON
	expect 0 "$1" "$B" run start --wait -q --name "$1" -- sh -c 'printf %s "$1" >"$BINNACLE_RUN_DIR/metrics.json"' sh "$2"
	expect 0 "$1 is shown" "$B" run show "$1"
}
shows() { grep -qE "^  $1 +$2 " <<<"$out" || fail "$1 is not $2: $out"; }
metrics nan '{"loss": NaN, "acc": 0.5}'
shows acc 0.50000
shows loss nan
metrics infinite '{"a": Infinity, "b": -Infinity, "c": 1}'
shows a inf
shows b -inf
shows c 1.00000
metrics nested '{"test": {"rmse": NaN, "r2": 0.25}, "note": "NaN", "n": null, "ok": true}'
shows test_r2 0.25000
metrics last '{"x": 7, "y": NaN}'
shows x 7.00000
metrics large '{"big": 12345678901234567890123, "far": 1e999, "low": -1e999, "ok": 3, "tiny": 1e-999}'
shows big 1.23457e\\+22
shows ok 3.00000
shows tiny 0.00000
expect 0 "what is beyond is said" "$B" run log large
says "metrics.json: 2 numbers are left out, the first: metric 'far': 1e999 is beyond the largest number, 1.8e308"
metrics keys '{"a\"b": 1, "": 2, "c d": 3, "e.f": 4, "g/h": 5, "x": {"y\"": 6, "z": 7}, "näh": 8}'
shows 'c d' 3.00000
shows 'e.f' 4.00000
shows x_z 7.00000
expect 0 "a key that is none is said" "$B" run log keys
says "metrics.json: 3 numbers are left out, the first: metric 'a\"b': character 2 is not allowed in a key"
expect 0 "what is no JSON ends no run" "$B" run start --wait --name broken -- sh -c 'printf "{\"x\": nan}" >"$BINNACLE_RUN_DIR/metrics.json"'
expect 0 "and is told where it was printed" "$B" run log broken
says "metrics.json:1:"

# The command finds the binnacle that started it, with any PATH.
for path in /usr/bin:/bin "$PATH" /bin; do
	env PATH="$path" "$B" run start --wait -q --name "finds-$n_found" -- /bin/sh -c 'binnacle log metric found=1 && binnacle log param a=b' \
		>"$dir/out" 2>&1 || fail "binnacle is not found on the PATH of a run: $(cat "$dir/out")"
	n_found=$((n_found + 1))
done
echo "ok a run finds binnacle"

# --wait after -- belongs to the program; a warning says so.
expect 0 "--wait behind --" "$B" run start --name behind -- sh -c 'exit 4' --wait
says "--wait is after --"
until_ends behind
expect 0 "--watch behind --" "$B" run start --name behind-2 -- sh -c 'exit 0' --watch
says "--watch is after --"
expect 1 "--wait before --" "$B" run start --wait -- sh -c 'exit 4'
expect 1 "--wait before and behind" "$B" run start --wait -- sh -c 'exit 4' --wait
case $err in *"is after"*) fail "it waits: $err" ;; esac

# The name of a run in the trash can be used again.
"$B" run rm nan -y -q || fail "run rm"
metrics nan '{"loss": 2}'
shows loss 2.00000
printf 'a,b\n1,2\n3,4\n' >rows.csv
expect 0 "rows" "$B" data add rows rows.csv -q
expect 0 "removed" "$B" data rm rows -y -q
expect 0 "added again" "$B" data add rows rows.csv -q
expect 0 "and shown" "$B" data show rows
exit $bad
