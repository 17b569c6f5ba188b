#!/bin/bash
# The number of keys for frequent tasks with runs, typed on a pseudo-terminal from Overview; a chord counts as one.
set -u
. tests/support/shell.sh || exit 2
command -v python3 >/dev/null || { echo "SKIP: keys of jobs: python3 is not there"; exit 0; }
mkdir "$dir/ws" "$dir/shots"
cd "$dir/ws" || exit 1
"$B" init -q >/dev/null || fail init
"$B" data generate jobs --rows 800 -q >/dev/null || fail generate
"$B" data split jobs -q >/dev/null || fail split
for alpha in 0.1 1 10; do
	"$B" run start --trainer ridge --data jobs.train --data jobs.test:test --target node_power_consumption \
		--features num_nodes_alloc,run_time --set alpha=$alpha --name "ridge-$alpha" --wait -q \
		>/dev/null 2>&1 || fail "run start"
done
# Runs started by a task end by themselves.
at_end() {
	for ((i = 0; i < 600; i++)); do
		[ "$("$B" -C "$dir/ws" run ls --filter "status IN ('RUNNING', 'SCHEDULED')" --json 2>/dev/null |
			grep -c '"id"')" = 0 ] && break
		sleep 0.05
	done
}
cat >keys.py <<'END'
import fcntl, os, pty, select, struct, sys, termios, time

binary, shots = sys.argv[1:3]
JOBS = [  # what, keys before that do not count, keys, how many at most, what the screen shows then
    ("best", [], ["3"], 2, [" best"]),
    ("compare", ["3", "G", "p", "g", "1"], ["3", " ", " ", "x"], 4, ["Compare 3 runs"]),
    ("again", [], ["3", "L", "\r", "\x15", "VALUE", "\r", "L"], 12, ["0.25"]),
]


def start():
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
        os.execl(binary, binary)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    return pid, fd


def drain(fd, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end and select.select([fd], [], [], 0.02)[0]:
        os.read(fd, 65536)


def shot(fd, name):
    path = os.path.join(shots, name + ".screen")
    os.write(fd, (":save-screen %s\r" % os.path.join(shots, name)).encode())
    end = time.monotonic() + 60
    while not os.path.exists(path):
        drain(fd, 0.1)
        if time.monotonic() > end:
            sys.exit("no picture of " + name)
    return open(path, encoding="utf-8").read()


failed = 0
for name, before, keys, most, wanted in JOBS:
    pid, fd = start()
    shot(fd, name + "-first")  # it is drawn
    for key in before:
        os.write(fd, key.encode())
        drain(fd, 0.3)
    for key in keys:
        os.write(fd, ("0.25" if key == "VALUE" else key).encode())
        drain(fd, 0.3)
    end, seen = time.monotonic() + 60, ""
    n = 0
    while time.monotonic() < end:
        n += 1
        seen = shot(fd, "%s-%d" % (name, n))
        if all(word in seen for word in wanted):
            break
    pressed = sum(key != "VALUE" for key in keys)
    if pressed > most or not all(word in seen for word in wanted):
        print("%s: %d keys, no %s on:\n%s" % (name, pressed, wanted, seen))
        failed = 1
    else:
        print("ok %s takes %d keys of %d" % (name, pressed, most))
    os.write(fd, b"Q")
    end = time.monotonic() + 20
    while os.waitpid(pid, os.WNOHANG)[0] == 0 and time.monotonic() < end:
        try:
            drain(fd, 0.1)
        except OSError:
            time.sleep(0.02)
sys.exit(failed)
END
python3 keys.py "$B" "$dir/shots" || fail "keys"
