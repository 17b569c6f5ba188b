#!/bin/bash
# share/examples in C, C++, Fortran and Python, built and run as their first lines say, with an installed library: with
# a workspace, without one, and inside a run.
set -u
. tests/support/shell.sh || exit 2
unset BINNACLE_LIBRARY PYTHONPATH LD_LIBRARY_PATH DESTDIR MAKEFLAGS MFLAGS MAKELEVEL

if has_sanitizer; then
	echo "SKIP: the examples against an installed library: this build has a sanitizer in it"
	exit 0
fi
make -s install BUILD="${build#"$root/"}" PREFIX="$dir/.local" >"$dir/log" 2>&1 || fail "make install: $(cat "$dir/log")"
export PKG_CONFIG_PATH=$dir/.local/lib/pkgconfig
cp "$dir"/.local/share/doc/binnacle/examples/simulation_loop.* "$dir/"
mkdir "$dir/ws" && "$B" init -q "$dir/ws" >/dev/null || fail init

shows() { # RUN WORD...
	"$B" -C "$dir/ws" run show "$1" --json >"$dir/shown.json" || fail "run show $1"
	local word
	for word in "${@:2}"; do
		grep -q "$word" "$dir/shown.json" || fail "no $word in $(cat "$dir/shown.json")"
	done
}

tries() { # LANGUAGE COMMAND...
	local what=$1
	shift
	(cd "$dir" && "$@" >out 2>err) || fail "$what without a workspace: $(cat "$dir/err")"
	grep -q "not logged: no workspace" "$dir/err" || fail "$what does not say that it is not logged"
	(cd "$dir/ws" && "$@" >out 2>err) || fail "$what: $(cat "$dir/ws/err")"
	shows latest '"status": "FINISHED"' '"experiment": "oscillator"' '"kind": "api"' '"dt": "' '"count": 800' \
		"\"code\": \"simulation_loop"
	(cd "$dir/ws" && "$B" run start --name "$what" --wait -q -- "$@" >/dev/null) || fail "$what: run start"
	shows "$what" '"status": "FINISHED"' '"kind": "command"' '"count": 800'
	echo "ok $what: without a workspace, in one, and inside a run"
}

cd "$dir" || exit 1
cc -Wall -Wextra -Werror simulation_loop.c $(pkg-config --cflags --libs binnacle) -lm -o in-c || fail "C"
tries C "$dir/in-c" 0.05
if command -v c++ >/dev/null; then
	c++ -std=c++11 -Wall -Wextra -Werror -pedantic simulation_loop.cpp $(pkg-config --cflags --libs binnacle) -o in-c++ ||
		fail "C++"
	tries C++ "$dir/in-c++" 0.05
	cat >destroyed.cpp <<'END'
#include <binnacle.h>
struct logger {
	binnacle_run *run = nullptr;
	void log(int i)
	{
		if (!run)
			run = binnacle_run_open(nullptr);
		binnacle_log_metric(run, "x", i, i);
	}
	~logger()
	{
		binnacle_log_metric(run, "x", 9, 9);
		binnacle_run_close(run, 0);
	}
};
static logger made_before_main;
int main()
{
	made_before_main.log(1);
	return 0;
}
END
	c++ -std=c++11 -Wall -Wextra destroyed.cpp $(pkg-config --cflags --libs binnacle) -o destroyed || fail "destroyed.cpp"
	(cd ws && ../destroyed) || fail "a run that a destructor closes"
	shows latest '"status": "FINISHED"' '"count": 2'
	echo "ok C++: a destructor that runs after exit's handlers logs and closes"
else
	echo "SKIP: the example in C++: no c++"
fi
if command -v gfortran >/dev/null; then
	{ gfortran -std=f2008 -Wall -Wextra -c "$(pkg-config --variable=fortrandir binnacle)/binnacle.f90" &&
		gfortran -std=f2008 -Wall -Wextra simulation_loop.f90 binnacle.o $(pkg-config --libs binnacle) -o in-f; } ||
		fail "Fortran"
	tries Fortran "$dir/in-f"
	cat >calls.f90 <<'END'
program calls
    use binnacle
    use, intrinsic :: iso_fortran_env
    type(binnacle_run) :: run
    integer :: status
    call binnacle_open(run, name="calls  ", title="calls in Fortran")
    call binnacle_log_param(run, "third", 1/3.0_real64)
    call binnacle_log_param(run, "tenth", 0.1_real32)
    call binnacle_log_param(run, "tiny", -1e-300_real64)
    call binnacle_log_param(run, "big", 2_int64**40)
    call binnacle_log_param(run, "text", "padded   ")
    call binnacle_log_metric(run, "m", 1.5_real32, 2_int64)
    call binnacle_log_metric(run, "m", 2.5_real64, 3)
    call binnacle_log_artifact(run, "calls.f90", "source.f90", status)
    if (status /= 0) error stop "artifact"
    call binnacle_flush(run, status)
    if (status /= 0) error stop "flush"
    call binnacle_log_param(run, "a=b", 1, status)
    if (status >= 0 .or. index(binnacle_error(run), "a=b") == 0) error stop "a bad key is taken"
    if (len(binnacle_id(run)) /= 32) error stop "id"
    call binnacle_close(run, 3, status)
    if (status /= 0 .or. binnacle_is_open(run)) error stop "close"
end program calls
END
	gfortran -Wall calls.f90 binnacle.o $(pkg-config --libs binnacle) -o calls || fail "calls in Fortran"
	cp calls.f90 ws/ && (cd ws && ../calls) || fail "calls in Fortran, run"
	shows calls '"status": "FAILED"' '"third": "3.333333333333333E-01"' '"tenth": "1.0E-01"' '"tiny": "-1.0E-300"' \
		'"big": "1099511627776"' '"text": "padded"' '"source.f90"' '"count": 2'
	cat >stops.f90 <<'END'
program stops
    use binnacle
    type(binnacle_run) :: run
    call binnacle_open(run, name="stops")
    call binnacle_log_metric(run, "m", 1.5, 2)
    stop 3
end program stops
END
	gfortran -Wall stops.f90 binnacle.o $(pkg-config --libs binnacle) -o stops || fail "stops.f90"
	(cd ws && ../stops 2>err)
	[ $? = 3 ] || fail "stop 3 of Fortran"
	shows stops '"status": "FAILED"' '"exit_code": 3' '"count": 1'
	echo "ok Fortran: every call, and stop"
else
	echo "SKIP: the example in Fortran: no gfortran"
fi
if command -v python3 >/dev/null; then
	python=$(python3 -c 'import sys; print(sys.executable)')
	PYTHONPATH=$(pkg-config --variable=pythondir binnacle)
	export PYTHONPATH PYTHONDONTWRITEBYTECODE=1
	tries Python "$python" "$dir/simulation_loop.py" 0.05
	cat >calls.py <<'END'
import math, os, sys, binnacle


def refused(call, *words):
    try:
        call()
    except binnacle.Error as e:
        assert all(w in str(e) for w in words), e
        return e
    raise AssertionError("it is taken")


run = binnacle.run(name="python", experiment="calls")
assert run and len(run.id) == 32 and run.error == ""
run.param("lr", 0.1)
run.param("text", "\u00fc")
run.tag("stage", "warm-up")
run.log("loss", math.nan)
run.log("loss", 1, 2, time_ms=1700000000000)
run.log({"a": 1, "b": 2.5}, step=3)
run.log({"a": 1}, 4)
run.log(a=2, b=3, step=5.0)
run.param({"d1": 1, "d2": "x"})
run.param(d3=None)
run.tag(heat="hot", other="y")
for call, kind, word in (
        (lambda: run.log("a", 1, 1.7), ValueError, "the step is a whole number, not 1.7"),
        (lambda: run.log("a", 1, "3"), TypeError, "the step is a whole number, not '3'"),
        (lambda: run.log("a", 1, None), TypeError, "the step"),
        (lambda: run.log("a", 1, 1, time_ms=1.5), ValueError, "time_ms"),
        (lambda: run.log("a", "1.5"), TypeError, "'a' is a number, not '1.5'"),
        (lambda: run.log("a", None), TypeError, "'a' is a number, not None"),
        (lambda: run.log("a", 1j), TypeError, "'a' is a number"),
        (lambda: run.log({"a": 7, "b": {}}), TypeError, "'b' is a number, not {}"),
        (lambda: run.log("a"), TypeError, "a dict, or values by name"),
        (lambda: run.log(), TypeError, "a dict, or values by name"),
        (lambda: run.log(None, 1), TypeError, "a dict, or values by name"),
        (lambda: run.log(["a"], 1), TypeError, "a dict, or values by name"),
        (lambda: run.param("a"), TypeError, "a dict, or values by name"),
        (lambda: run.close("0"), TypeError, "the exit code"),
        (lambda: run.close(0.5), ValueError, "the exit code")):
    try:
        call()
    except kind as e:
        assert word in str(e), e
        assert e.__context__ is None, e  # one traceback
    else:
        raise AssertionError(word)
refused(lambda: run.log("loss", 1, 1, time_ms=2**70), "time_ms")
refused(lambda: run.artifact("."), "contains a workspace")
os.mkdir("plots")
open("plots/one", "w").close()
os.chdir("plots")
run.artifact(".")
run.artifact("./", "again")
os.chdir("..")
run.artifact("plots/.", "third")
assert refused(lambda: run.log("a=b", 1), "a=b", "character 2").code < 0
refused(lambda: run.param("lr\0", 1), "NUL")
run.param("lr", 0.1)
assert refused(lambda: run.param(lr=0.2), "'lr' is '0.1' already").code == -6
refused(lambda: run.log("loss", 1, 2**64 + 5), "step 18446744073709551621")
refused(lambda: run.artifact("/no/such/file"), "/no/such/file")
run.artifact(__file__, "code/calls.py")
run.flush()
pid = os.fork()
if pid == 0:
    refused(lambda: run.log("loss", 1, 3), "fork")
    with binnacle.run(run_id=run.id) as mine:
        mine.log("child", 1, 1)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
run.log("loss", 0.5, 4)
run.close()
run.close()
refused(lambda: run.log("loss", 1), "closed")
try:
    with binnacle.run(name="raises"):
        raise ZeroDivisionError
except ZeroDivisionError:
    pass
none = binnacle.run(workspace="/")
assert not none and none.id == "" and "no workspace" in none.error
none.log("x", 1), none.param("x", 1), none.tag("x", 1), none.artifact("x"), none.flush(), none.close()
refused(lambda: binnacle.run(workspace="/", required=True), "no workspace")
binnacle.run(name="big status").close(2**40)
left = binnacle.run(name="left open")
left.log("x", 1)
END
	(cd ws && "$python" ../calls.py) || fail "calls in Python"
	shows python '"status": "FINISHED"' '"lr": "0.1"' '"stage": "warm-up"' '"code/calls.py"' '"count": 3' '"child"' \
		'"plots/one"' '"again/one"' '"third/one"' '"d2": "x"' '"d3": "None"' '"heat": "hot"' '"other": "y"'
	shows "big status" '"status": "FAILED"'
	shows raises '"status": "FAILED"'
	shows "left open" '"status": "FINISHED"' '"count": 1'
	# A run left open gets the exit status of the process, however it exits.
	for how in 'sys.exit(3)' 'raise SystemExit(3)' 'exit(3)' 'sys.exit(2**40)' 'sys.exit("no data")' '1 / 0' \
		'raise KeyboardInterrupt' $'try:\n    sys.exit(3)\nexcept SystemExit:\n    pass' \
		'one = threading.Thread(target=sys.exit, args=(4,)); one.start(); one.join()'; do
		left=$((${left:-0} + 1))
		(cd ws && "$python" -c "import sys, threading, binnacle
run = binnacle.run(name='left$left')
run.log('x', 1)
$how" 2>/dev/null)
		status=$?
		case "$how $status" in
		try:*\ 0 | one*\ 0 | sys.exit\(2\*\**) ;;
		*\ 0 | try:* | one*) fail "$how ends with $status" ;;
		esac
		shows "left$left" "\"status\": \"$([ $status = 0 ] && echo FINISHED || echo FAILED)\"" \
			"\"exit_code\": $status" '"count": 1'
	done
	# Neither the end of the with block nor Python's atexit is reached: the library's exit handler ends the run.
	(cd ws && "$python" -c 'import atexit, binnacle, sys
run = binnacle.run(name="uncleared")
run.log("x", 1)
atexit._clear()
sys.exit(4)')
	shows uncleared '"status": "FAILED"' '"exit_code": 4' '"count": 1'
	echo "ok Python: every call, exceptions, fork, and a run that is left open"
	full='import binnacle, resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
run = binnacle.run(name="full")
run.flush()
run.log("x", 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))
'
	for how in "" "with run: pass" $'with run:\n    raise ZeroDivisionError'; do
		(cd ws && "$python" -c "$full$how" 2>&1 | cat >err) # the limit is for files
		[ "$(grep -c 'File too large' ws/err)" = 1 ] || fail "a full disk, with '$how', is told: $(cat ws/err)"
	done
	echo "ok Python: what a full disk refuses is told once"
	(cd ws && "$python" -c 'import binnacle, os, sys
run = binnacle.run(name="parent")
run.log("x", 1)
pid = os.fork()
if pid == 0:
    sys.exit(3)
sys.exit(os.waitpid(pid, 0)[1] != 3 << 8)' 2>err) || fail "a child of os.fork() that exits"
	[ ! -s ws/err ] || fail "a child of os.fork() that exits says $(cat ws/err)"
	shows parent '"status": "FINISHED"' '"count": 1'
	echo "ok Python: a child of os.fork() exits without a word about its parent's run"
	nobody=00112233445566778899aabbccddeeff
	(cd ws && BINNACLE_RUN_ID=$nobody "$python" -c 'import binnacle
for _ in range(2):
    with binnacle.run() as run:
        run.log("x", 1)' 2>err) || fail "with the id of no run"
	[ "$(grep -c "logging is disabled: .*has no run $nobody" ws/err)" = 1 ] || fail "no run: $(cat ws/err)"
	BINNACLE_RUN_ID=$nobody "$B" -C ws log metric x=1 2>err && fail "log metric for no run"
	grep -q "has no run $nobody" err || fail "log metric for no run: $(cat err)"
	echo "ok the id of no run is told once"
	if [ "$(id -u)" = 0 ]; then
		shows raises '"id"'
		id=$(sed -n 's/^ *"id": "\([0-9a-f]\{32\}\)".*/\1/p' shown.json)
		chown 65534 "ws/.binnacle/runs/$id"
		(cd ws && BINNACLE_RUN_ID=$id "$python" -c 'import binnacle; binnacle.run().close()' 2>err) || fail "another user's run"
		grep -q "logging is disabled: run $id belongs to" ws/err || fail "another user's run: $(cat ws/err)"
		BINNACLE_RUN_ID=$id "$B" -C ws log metric x=1 2>err
		[ $? = 4 ] && grep -q "only its owner's records count" err || fail "log metric for another user's run: $(cat err)"
		chown 0 "ws/.binnacle/runs/$id"
		echo "ok another user's run is told"
	else
		echo "SKIP: another user's run: not root"
	fi
	BINNACLE_LIBRARY=/nowhere.so "$python" -c 'import binnacle
run = binnacle.run(); run.log("x", 1); run.close(); assert not run and "/nowhere.so" in run.error' || fail "without the library"
	echo "ok Python without the library does nothing and says why"
else
	echo "SKIP: the example in Python: no python3"
fi

# The commands in docs/runs.md, taken from the page.
if command -v gfortran >/dev/null && command -v python3 >/dev/null; then
	unset PKG_CONFIG_PATH PYTHONPATH
	mkdir "$dir/docs" && cd "$dir/docs" && cp ../simulation_loop.c . && cp ../simulation_loop.f90 sim.f90 && echo 1 >plot.png
	sed -n "/^## Logging from a program/,/^## [^L]/s/^    //p" "$root/docs/runs.md" >typed
	[ "$(grep -c . typed)" -ge 10 ] || fail "docs/runs.md has no lines to type"
	"$B" init -q . >/dev/null
	HOME=$dir PATH=$dir/.local/bin:$PATH bash -eu typed >out 2>err </dev/null || fail "what docs/runs.md says: $(cat typed err)"
	./a.out >/dev/null 2>&1 || fail "the program in Fortran of docs/runs.md"
	"$B" run show from-python --json >shown.json
	for word in '"status": "FINISHED"' '"plot.png"' '"lr": "0.1"' '"acc"' '"stage": "warm-up"'; do
		grep -q "$word" shown.json || fail "docs/runs.md, Python: no $word in $(cat shown.json)"
	done
	[ "$("$B" run ls --tsv | grep -c FINISHED)" = 3 ] || fail "docs/runs.md: $("$B" run ls)"
	echo "ok docs/runs.md: what it says to type works"
else
	echo "SKIP: what docs/runs.md says to type: no gfortran or python3"
fi
