"""Seconds that one drift statistic takes: drift_scipy.py TEST A B, files of raw float64."""
import sys
import time

import numpy as np
from scipy import stats

test, a, b = sys.argv[1], np.fromfile(sys.argv[2]), np.fromfile(sys.argv[3])


def psi(r, c):
    edges = np.histogram_bin_edges(np.concatenate([r, c]), bins="sturges")
    p, q = (np.histogram(x, edges)[0] / len(x) for x in (r, c))
    p, q = (np.where(x == 0, 1e-4, x) for x in (p, q))
    return np.sum((p - q) * np.log(p / q))


run = {"ks": stats.ks_2samp, "wasserstein": stats.wasserstein_distance, "psi": psi}[test]
times = []
for _ in range(3):
    start = time.perf_counter()
    run(a, b)
    times.append(time.perf_counter() - start)
print(f"{min(times):.4g}")
