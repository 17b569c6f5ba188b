#!/bin/bash
# The life of a model as shown by `binnacle demo`: every step ends as expected, the index can be
# rebuilt, and the log verifies. Then the guided tour of the workspace, with key presses on a pseudo-terminal.
set -u
. tests/support/shell.sh || exit 2
export HOME=$dir/home
mkdir -p "$HOME"
cd "$dir" || exit 1

check() { # WHAT CONDITION...
	local what=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		echo "ok $what"
	else
		echo "FAIL: $what"
		head -c 2000 "$dir/out"
		bad=1
	fi
}

start=$(date +%s)
if ! "$BINNACLE" demo tour >demo.log 2>&1 </dev/null; then
	tail -n 40 demo.log
	echo "FAIL: demo"
	exit 1
fi
seconds=$(($(date +%s) - start))
echo "NOTE: the demo took $seconds s"
for station in ingest profile validate split train evaluate approve serve monitor log; do
	check "station $station" grep -qE "^$station " demo.log
done
check "no drift on data like that of training" grep -qE 'report [0-9a-f]+: no drift$' demo.log
check "drift after the world has moved" grep -qE 'report [0-9a-f]+: drift$' demo.log
check "the best run is reproduced" grep -q 'bit-identical' demo.log
cd tour || exit 1
check "the champion is approved" bash -c '"$BINNACLE" model show power@champion --json | grep -q "\"state\": \"approved\""'
# The reference rows compared by a drift test are those that its number opens.
reference_rows() {
	local name rows
	printf '6\nEnter\no\n:save-screen reference\n' >"$dir/keys"
	"$BINNACLE" workbench --script "$dir/keys" --save-dir "$dir" --size 80x24 || return 1
	name=$(grep -o '`[a-z_]*` > -inf' "$dir/reference.screen" | head -n 1 | tr -d '`' | cut -d' ' -f1)
	rows=$(grep -oE '^ [0-9 ]+ of [0-9 ]+ rows' "$dir/reference.screen" | sed 's/ of.*//' | tr -dc 0-9)
	echo "$name: $rows rows"
	[ -n "$rows" ] && "$BINNACLE" monitor show latest --json | tr -d '\n ' |
		grep -qF "\"n_ref\":$rows,\"name\":\"$name\""
}
check "reference rows of the worst input are those that are counted" reference_rows
check "nothing keeps running" bash -c '! "$BINNACLE" endpoint ls --json | grep -qi "\"running\""'
"$BINNACLE" index status --dump >"$dir/before" 2>/dev/null
check "the index is rebuilt" "$BINNACLE" index rebuild
"$BINNACLE" index status --dump >"$dir/after" 2>/dev/null
check "the rebuilt index is equal" cmp "$dir/before" "$dir/after"
check "the dump is not empty" test -s "$dir/before"
check "the log verifies" "$BINNACLE" audit verify
check "it knows each field that it writes" bash -c '"$BINNACLE" index status --json | grep -q "\"unknown_fields\": \[\]"'
check "a request is left to the user" bash -c '"$BINNACLE" model show power/2 --json | grep -q "\"state\": \"requested\""'

# ---- the guided tour ---------------------------------------------------------------------------

# The command after "next:" can be pasted, also if the program is not on PATH.
check "the last line opens the tour" bash -c '
	line=$(sed -n "s/^  next: *//p" "$1/demo.log" | tail -n 1)
	[ "$(tail -n 1 "$1/demo.log")" = "  next:          $line" ] && cd / && bash -c "$line --list" | grep -q "^10  "' _ "$dir"
check "without a demo it says how to make one" bash -c 'cd "$1" && ! "$BINNACLE" tour 2>err && grep -q "binnacle demo" err' _ "$HOME"
# Each part of --list ends with these keys, and only with these.
cat >"$dir/walk.py" <<'END'
import fcntl, json, os, pty, select, struct, subprocess, sys, termios, time

binary, size, shots = sys.argv[1:4]
cols, rows = map(int, size.split("x"))
KEYS = ["!", "gj\r", "n", "\r", "\x1b", "2", "\r", "\r", "/gpu_utilization > 90\r", "cpartition\r", "F",
        "3", "  ", "x", "\x1b", "kk\r", "r", "L", "\r\x150.003\r", "\x14",
        "4", "\r", "jjj\r", "\x1b", "A\x1bOC\r", "6", "\r", "\r", "9", "\r",
        "?", "\x1b", ":people\r", "Y", "E"]
OTHER_WAY = {0: ":needs-me\r", 5: ":data\r", 6: "\x1bOB\x1bOA\r", 14: "\x7f", 17: ":launch\r", 33: ":copy-cli\r"}
parts = json.loads(subprocess.check_output([binary, "tour", "--list", "--json"]))["items"]
assert len(parts) == len(KEYS), "%d parts, %d keys" % (len(parts), len(KEYS))
read = b""


def start(*words):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
        os.execl(binary, binary, *words)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
    return pid, fd


def drain(fd, seconds):
    global read
    end = time.monotonic() + seconds
    while select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
        try:
            read += os.read(fd, 65536)
        except OSError:
            return


def shot(fd):
    shot.n += 1
    name = os.path.join(shots, "%s-%03d" % (size, shot.n))
    os.write(fd, (":save-screen %s\r" % name).encode())
    end, lines = time.monotonic() + 60, []
    while not lines or not lines[-1].startswith("cursor"):
        drain(fd, 0.02)
        if time.monotonic() > end:
            sys.exit("no picture " + name)
        if os.path.exists(name + ".screen"):
            with open(name + ".screen", encoding="utf-8") as f:
                lines = f.readlines()
    return "".join(line.rstrip("\n|") + "\n" for line in lines[:rows])


def is_at(screen, i):
    """The band of a part is there, with its text and all of the line with the key."""
    return ("─ tour %d/10 " % parts[i]["step"] in screen
            and "▸ %s %s" % (parts[i]["key"], parts[i]["does"]) in screen
            and parts[i]["text"][:28] in screen)


def until(fd, what, test):
    end = time.monotonic() + 60
    while True:
        screen = shot(fd)
        if test(screen):
            return screen
        if time.monotonic() > end:
            sys.exit("%s: %s is not on\n%s" % (size, what, screen))


def press(fd, keys):
    """Until something was drawn: what follows Esc at once would belong to it."""
    before, end = len(read), time.monotonic() + 20
    os.write(fd, keys.encode())
    drain(fd, 0.02)
    while len(read) == before and time.monotonic() < end:
        drain(fd, 0.02)


def leave(pid, fd):
    os.write(fd, b"Q")
    end = time.monotonic() + 20
    while os.waitpid(pid, os.WNOHANG)[0] == 0 and time.monotonic() < end:
        drain(fd, 0.02)


shot.n = 0
begun = time.monotonic()
# The offer appears at the first opening; later openings begin with Overview, and accept commands.
if len(sys.argv) > 4:
    pid, fd = start()
    while b"Take the tour?" not in read and time.monotonic() < begun + 60:
        drain(fd, 0.02)
    press(fd, "\r")
    leave(pid, fd)
    pid, fd = start()
    until(fd, "Overview", lambda s: "needs you" in s and "─ tour " not in s)
    leave(pid, fd)
    print("ok the tour is offered once")
pid, fd = start("tour")
until(fd, "the data", lambda s: "needs you (" in s)
costs = []
for key in "jkjk":  # what a key costs on a slow line; once in a while an age is drawn, too
    before = len(read)
    press(fd, key)
    costs.append(len(read) - before)
assert sorted(costs)[1] <= 450, costs
for i, keys in enumerate(KEYS):
    if parts[i]["does"] == "closes the list":  # which would take a command as words to look for
        end = time.monotonic() + 60
        while b"closes the list" not in read and time.monotonic() < end:
            drain(fd, 0.02)
        press(fd, keys)
        continue
    until(fd, "part %d" % i, lambda s: is_at(s, i))
    if i == 2:  # another screen, and the way back
        press(fd, "6")
        until(fd, "the way back", lambda s: "▸ Press 1, then ! until jobs-later" in s)
        press(fd, "1")
    if i == 20:  # left, and taken up again
        press(fd, "E")
        until(fd, "no tour", lambda s: "─ tour " not in s)
        press(fd, ":tour\r")
    press(fd, "W")  # a key that is none
    until(fd, "part %d after W" % i, lambda s: is_at(s, i))
    press(fd, OTHER_WAY.get(i, keys) if rows < 20 else keys)
until(fd, "the end", lambda s: "─ tour " not in s)
leave(pid, fd)
print("NOTE: the tour at %s: %d keys, %.1f s, %d KB, %d bytes for a cursor key" % (
    size, sum(map(len, KEYS)), time.monotonic() - begun, len(read) // 1000, sorted(costs)[1]))
END
has_python=1
command -v python3 >/dev/null || { echo "SKIP: the guided tour: python3 is not there"; has_python=; }
mkdir "$dir/shots"
walk() { # SIZE [offered]
	[ "$has_python" ] || return
	if python3 "$dir/walk.py" "$BINNACLE" "$1" "$dir/shots" ${2:+"$2"} >"$dir/walked" 2>&1; then
		cat "$dir/walked"
		echo "ok the tour at $1"
	else
		echo "FAIL: the tour at $1"
		cat "$dir/walked"
		bad=1
	fi
}
walk 80x24 offered
check "a demo may be run again" bash -c 'cd "$1" && "$BINNACLE" demo tour' _ "$dir"
cd "$dir/tour" || exit 1
walk 60x15
mkdir "$dir/mine" && cd "$dir/mine" && "$BINNACLE" init >/dev/null 2>&1
check "somebody's workspace is not overwritten" bash -c 'cd "$1" && ! "$BINNACLE" demo mine' _ "$dir"
exit $bad
