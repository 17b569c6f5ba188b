#!/bin/bash
# The chart of a series of 10 M points in 1000 buckets with minimum and maximum: ours is read from the index, of which the
# page cache holds the needed part; tsdownsample's input is an array in memory. The two alternate; medians of 5 turns, each
# the median of 31.
set -u
n=${BENCH_POINTS:-10000000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export BINNACLE_INDEX=$dir/index XDG_CONFIG_HOME=$dir/config XDG_STATE_HOME=$dir/state
"$BUILD/bench/bench_chart" write "$dir/ws" "$n" || exit 1
cat >"$dir/peer.py" <<'PY'
import statistics, sys, time
import numpy as np
from tsdownsample import MinMaxDownsampler, MinMaxLTTBDownsampler

n = int(sys.argv[1])
y = np.exp(-np.arange(n) / 3e6) + 0.1 * (np.random.default_rng(1).random(n) - 0.5)
for name, sampler, out in (("MinMax", MinMaxDownsampler(), 2000), ("MinMaxLTTB", MinMaxLTTBDownsampler(), 1000)):
    for parallel in (False, True):
        times = []
        for _ in range(31):
            start = time.perf_counter()
            sampler.downsample(y, n_out=out, parallel=parallel)
            times.append(time.perf_counter() - start)
        print(name + ("_threads" if parallel else ""), statistics.median(times))
PY
for _ in 1 2 3 4 5; do
	"$BUILD/bench/bench_chart" look "$dir/ws" >>"$dir/times"
	"$PYTHON" "$dir/peer.py" "$n" >>"$dir/times" 2>/dev/null
done
of() { awk -v w="$1" '$1 == w {print $2}' "$dir/times" | sort -g | awk '{v[NR] = $1} END {print NR ? v[int((NR + 1) / 2)] : "null"}'; }
line() { # WHAT OURS PEER PEER-NAME
	printf '{"area":"chart","what":"%s","ours_s":%s,"peer":"%s","peer_s":%s}\n' "$1" "$(of "$2")" "$4" "$(of "$3")"
}
points="$((n / 1000000)) M points in 1000 buckets"
line "$points" whole MinMax "tsdownsample MinMax"
line "$points" whole MinMax_threads "tsdownsample MinMax, all cores"
line "$points" whole MinMaxLTTB "tsdownsample MinMaxLTTB"
line "$points" whole MinMaxLTTB_threads "tsdownsample MinMaxLTTB, all cores"
printf '{"area":"chart","what":"a tenth of them","ours_s":%s}\n' "$(of tenth)"
printf '{"area":"chart","what":"a hundredth of them","ours_s":%s}\n' "$(of hundredth)"
