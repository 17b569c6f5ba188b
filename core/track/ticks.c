/* ticks.c - see ticks.h. */
#include "core/track/ticks.h"

#include <math.h>

double bn_ticks_step(double range, int steps)
{
	double raw = range / (steps > 0 ? steps : 1), unit = pow(10, floor(log10(raw))),
	       f = raw / unit;
	if (f <= 1)
		return unit;
	if (f <= 2)
		return 2 * unit;
	return (f <= 5 ? 5 : 10) * unit;
}

void bn_ticks_widen(double *lo, double *hi, int steps)
{
	double step = bn_ticks_step(*hi - *lo, steps);
	double down = floor(*lo / step + 1e-9) * step, up = ceil(*hi / step - 1e-9) * step;
	if (isfinite(down) && isfinite(up) && up > down) {
		*lo = down;
		*hi = up;
	}
}

int bn_ticks_find(double out[BN_TICKS_MOST], double lo, double hi, bool is_log, int most)
{
	int n = 0;
	double range = hi - lo;
	most = most > BN_TICKS_MOST / 2 ? BN_TICKS_MOST / 2 : most;
	most = most < 2 ? 2 : most;
	if (is_log && range > 0.5) {
		static const double within[3] = {0, 0.30102999566398120, 0.69897000433601880};
		int step = range * 3 <= most ? 1 : 3;
		double every = range > most ? bn_ticks_step(range, most) : 1;
		for (double d = floor(lo / every) * every; d <= hi; d += every)
			for (int k = 0; k < 3 && n < BN_TICKS_MOST; k += step)
				if (d + within[k] >= lo && d + within[k] <= hi)
					out[n++] = d + within[k];
		if (n >= 2)
			return n;
		n = 0;
	}
	double step = bn_ticks_step(range, most);
	for (double y = ceil(lo / step) * step; y <= hi + step * 1e-9 && n < BN_TICKS_MOST; y += step)
		out[n++] = y;
	return n;
}
