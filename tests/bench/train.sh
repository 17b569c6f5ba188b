#!/bin/bash
# Fits and one-row predictions next to scikit-learn, with the same rows and number of threads, one
# after the other in one run. ROWS and THREADS can be set.
set -u
build=${BUILD:-build}
python=${PYTHON:-.venv/bin/python}
rows=${ROWS:-200000}
threads=${THREADS:-$(nproc)}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"$build/bench/bench_train" "$rows" "$threads" "$work/data" >"$work/ours" || exit 1
: >"$work/peer"
if "$python" -c 'import sklearn' 2>/dev/null; then
	OMP_NUM_THREADS=$threads OPENBLAS_NUM_THREADS=$threads \
		"$python" tests/bench/peers/train.py "$work/data" "$rows" "$threads" >"$work/peer"
fi
python3 - "$work/ours" "$work/peer" "$rows" <<'PY'
import json, sys
ours, peer = ([json.loads(line) for line in open(p)] for p in sys.argv[1:3])
for o in ours:
    p = next((p for p in peer if p["what"] == o["what"]), {})
    note = f"{sys.argv[3]} x 28"
    if "accuracy" in o:
        note += f", accuracy {o['accuracy']:.4f}"
        if "accuracy" in p:
            note += f" / {p['accuracy']:.4f}"
    print(json.dumps({"area": "train", "what": o["what"], "ours_s": o["seconds"],
                      "peer": p.get("peer"), "peer_s": p.get("seconds"), "note": note}))
PY
