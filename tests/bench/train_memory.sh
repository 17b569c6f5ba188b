#!/bin/bash
# Private memory (RssAnon, sampled every 2 ms) of fits on ROWS x 34, next to the size of the table: it must stay below
# three times that. TIMES=10 then trains on a table that many times as large under the same limit: of a memory cgroup
# (which counts page cache, but reclaims it; version 1 or 2, as root), or else of RLIMIT_DATA, which counts private
# memory, reserved or not. Prints one line of JSON each; exit 1 if a limit is exceeded.
set -u
build=${BUILD:-build}
rows=${ROWS:-400000}
times=${TIMES:-10}
bin=$(realpath "${BINNACLE:-$build/binnacle}") || exit 1
work=$(mktemp -d) || exit 1
group=
trap 'rm -rf "$work"; [ -n "$group" ] && rmdir "$group"' EXIT
export HOME=$work/home XDG_STATE_HOME=$work/state
mkdir -p "$HOME" "$work/ws"
cd "$work/ws" || exit 1
"$bin" init . >/dev/null 2>&1 || exit 1

# 32 numbers, some absent, a boolean, a category; a number and a class to learn.
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

# Makes a memory cgroup of LIMIT bytes below this shell's: sets $group to its directory, or to "" and $why to the
# reason.
make_group() { # LIMIT
	local path root limit=memory.limit_in_bytes
	root=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/self/mounts)
	path=$(awk -F: '$2 ~ /(^|,)memory(,|$)/ { print $3; exit }' /proc/self/cgroup)
	if [ -z "$root" ]; then
		root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
		path=$(awk -F: '$1 == 0 { print $3; exit }' /proc/self/cgroup)
		limit=memory.max
	fi
	why="no cgroup file system" group=
	[ -n "$root" ] || return
	[ -d "$root/$path" ] || path=/ # in a container its own cgroup looks like the root
	group=$root/$path/binnacle-$$
	why="'$root/$path' takes no group of ours"
	mkdir "$group" 2>/dev/null || { group= ; return; }
	why="no memory controller in '$root/$path'"
	echo "$1" >"$group/$limit" 2>/dev/null || { rmdir "$group"; group= ; return; }
	[ -e "$group/memory.swap.max" ] && echo 0 >"$group/memory.swap.max"
	why=
}

cat >"$work/sample.py" <<'PY'
import json, os, subprocess, sys, time
exe, name, table, bound, limit, group = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]), sys.argv[6]
def start():
    if group:
        with open(group + "/cgroup.procs", "w") as f:
            f.write(str(os.getpid()))
    elif limit:
        import resource
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
began = time.time()
p = subprocess.Popen(sys.argv[7:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=start)
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
said = p.stderr.read().decode(errors='replace')
if p.returncode:
    sys.stderr.write(said)
good = p.returncode == 0 and (not bound or peak < bound)
print(json.dumps({"area": "memory", "what": name, "ours_s": round(time.time() - began, 1),
                  "table_bytes": table, "peak_bytes": peak, "limit_bytes": limit or None, "limited_by": "cgroup" if group else "RLIMIT_DATA" if limit else None, "good": good,
                  "note": f"private {peak / 1e6:.0f} MB of {table / 1e6:.0f} MB" + ("" if good else ": BAD")}),
      flush=True)
sys.exit(not good)
PY

bad=0
fit() { # NAME TABLE LIMIT ARGS...
	local name=$1 data=$2 limit=$3
	shift 3
	python3 "$work/sample.py" "$bin" "$name, $data" "$size" $((3 * base)) "$limit" "$group" \
		"$bin" run start --wait --data "$data" --seed 1 "$@" || bad=1
}
all() { # TABLE LIMIT
	fit ridge "$1" "$2" --trainer ridge --target y --exclude label
	fit logistic "$1" "$2" --trainer logistic --target label --exclude y
	# RLIMIT_DATA counts the 128 MiB of addresses that OpenBLAS reserves for each thread, of which it uses little.
	if [ "$2" -gt 0 ] && [ -z "$group" ] && [ "$2" -lt 300000000 ]; then
		echo "SKIP: mlp: no cgroup, and RLIMIT_DATA counts what OpenBLAS does not touch" >&2
		return
	fi
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
	make_group $((3 * base))
	[ -z "$why" ] || echo "SKIP: $why: the limit is RLIMIT_DATA" >&2
	all large $((3 * base))
fi
exit "$bad"
