#!/bin/bash
# The time of a call of the logging client: in C next to fprintf of a line of text, and in Python.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config BINNACLE_HOME=$work/ws
unset BINNACLE_RUN_ID
export BINNACLE_LIBRARY=$PWD/$BUILD/libbinnacle.so.0 PYTHONPATH=$PWD/share/python PYTHONDONTWRITEBYTECODE=1
"$BINNACLE" init "$work/ws" >/dev/null
"$BUILD/bench/bench_api" "$BINNACLE_LIBRARY" "$work/ws" 10000
python3 - <<'END'
import time, binnacle
ns, calls = [], 100
with binnacle.run(name="calls") as run:
    for batch in range(2000):
        start = time.perf_counter_ns()
        for i in range(calls):
            run.log("energy", 0.5, i)
        end = time.perf_counter_ns()
        ns.append((end - start) / calls)
ns.sort()
print("binnacle.py, log     median %.0f ns a call, mean %.0f, p99 %.0f (%d batches of %d)"
      % (ns[len(ns) // 2], sum(ns) / len(ns), ns[len(ns) * 99 // 100], len(ns), calls))
print('{"area": "track", "what": "log of binnacle.py, a call", "ours_s": %.3g}' % (ns[len(ns) // 2] * 1e-9))
END
