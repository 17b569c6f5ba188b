#!/bin/bash
# Private memory (RssAnon, sampled every 2 ms) of fits on ROWS x 34, beside the table's bytes: it has to stay
# below three times as much. TIMES=10 then trains on a table so many times as large under that very limit
# (RLIMIT_DATA, which counts private memory, reserved or not). One line of JSON each; exit 1 when a bound is broken.
set -u
build=${BUILD:-build}
rows=${ROWS:-400000}
times=${TIMES:-10}
bin=$(realpath "${BINNACLE:-$build/binnacle}") || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export HOME=$work/home XDG_STATE_HOME=$work/state
mkdir -p "$HOME" "$work/ws"
cd "$work/ws" || exit 1
"$bin" init . >/dev/null 2>&1 || exit 1

# 32 numbers with a hole here and there, a boolean, a category; a number and a class to learn.
table() {
	awk -v n="$1" 'BEGIN { srand(7); for (j = 0; j < 32; j++) printf "x%d,", j; print "flag,site,y,label"
		for (i = 0; i < n; i++) { s = 0; line = ""
			for (j = 0; j < 32; j++) { v = rand() + rand() + rand() - 1.5
				s += (j % 3 ? 0.1 : 0.5) * v
				line = line ((i + j) % 97 ? sprintf("%.7g", v * (j + 1) + j) : "") "," }
			f = rand() < 0.3; y = s + 0.3 * rand()
			print line (f ? "true" : "false") "," (rand() < 0.5 ? "alpha" : "beta") "," \
				sprintf("%.7g", y) "," (y > 0 ? "yes" : "no") } }' >"$work/t.csv"
	"$bin" data add "$2" "$work/t.csv" --yes >/dev/null 2>&1 || exit 1
	rm "$work/t.csv"
}

cat >"$work/sample.py" <<'PY'
import json, os, subprocess, sys, time
exe, name, table, bound, limit = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
def start():
    if limit:
        import resource
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
began = time.time()
p = subprocess.Popen(sys.argv[6:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=start)
peak, known = 0, {}
def ours(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe").startswith(exe)
    except OSError:
        return False
turn = 0
while p.poll() is None:
    if turn % 20 == 0:
        known = {d: 1 for d in os.listdir("/proc") if d.isdigit() and ours(d)}
    turn += 1
    for d in known:
        try:
            with open(f"/proc/{d}/status") as f:
                for line in f:
                    if line.startswith("RssAnon"):
                        peak = max(peak, int(line.split()[1]) * 1024)
        except OSError:
            pass
    time.sleep(0.002)
good = p.returncode == 0 and (not bound or peak < bound)
print(json.dumps({"area": "memory", "what": name, "ours_s": round(time.time() - began, 1),
                  "table_bytes": table, "peak_bytes": peak, "limit_bytes": limit or None, "good": good,
                  "note": f"private {peak / 1e6:.0f} MB of {table / 1e6:.0f} MB" + ("" if good else ": BAD")}),
      flush=True)
sys.exit(not good)
PY

bad=0
fit() { # NAME TABLE LIMIT ARGS...
	local name=$1 data=$2 limit=$3
	shift 3
	python3 "$work/sample.py" "$bin" "$name, $data" "$size" $((3 * base)) "$limit" \
		"$bin" run start --wait --data "$data" --seed 1 "$@" || bad=1
}
all() { # TABLE LIMIT
	fit ridge "$1" "$2" --trainer ridge --target y --exclude label
	fit logistic "$1" "$2" --trainer logistic --target label --exclude y
	fit mlp "$1" "$2" --trainer mlp --target y --exclude label --set epochs=1
}
size_of() { du -sb .binnacle/objects | cut -f1; }

table "$rows" once
base=$(size_of)
size=$base
all once 0
if [ "$times" -gt 1 ]; then
	table $((rows * times)) large
	size=$(($(size_of) - base))
	all large $((3 * base))
fi
exit "$bad"
