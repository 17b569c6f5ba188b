#!/bin/bash
# Runs tests/bench/*.sh, each of which times Binnacle and a peer in one run and prints JSON lines
# {"area","what","ours_s","peer","peer_s"} ("unit" if it is not seconds); collects them in BUILD/bench.json and prints a table of
# ratios. Timings never fail.
set -u
build=$1
export BUILD=$build BINNACLE=$PWD/$build/binnacle PYTHON=${PYTHON:-$PWD/.venv/bin/python}
bash tests/peers/venv.sh || echo "no Python peers here: only our own figures"
out=$build/bench.json
: >"$out"
for script in tests/bench/*.sh; do
	case $(basename "$script") in run.sh | pairs.sh) continue ;; esac # pairs.sh needs another build
	echo "== $(basename "$script" .sh)"
	timeout 1800 bash "$script" | tee /dev/stderr | grep '^{' >>"$out"
done 2>&1 | grep -v '^{'
python3 - "$out" <<'PY' 2>/dev/null || cat "$out"
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
print(f"{'area':10} {'what':34} {'ours':>10} {'peer':>10} {'ratio':>7}  peer")
for r in rows:
    ours, peer = r.get("ours_s"), r.get("peer_s")
    ratio = f"{peer / ours:.1f}x" if ours and peer else "-"
    f = lambda x: f"{x:.4g} {r.get('unit', 's')}" if x is not None else "-"
    print(f"{r.get('area',''):10} {r.get('what',''):34} {f(ours):>10} {f(peer):>10} {ratio:>7}  {r.get('peer') or '-'}"
          + (f"  ({r['note']})" if r.get("note") else ""))
PY
exit 0
