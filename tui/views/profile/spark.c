/* spark.c - see spark.h. */
#include "tui/views/profile/spark.h"

#include "core/base/utf8.h"

#include <math.h>
#include <string.h>

size_t bn_profile_bars(const bn_profile_column *c, double *out)
{
	size_t n = c->hist_count;
	memcpy(out, c->hist, n * sizeof *out);
	if (!n)
		for (; n < c->top_count && n < BN_PROFILE_BINS; n++)
			out[n] = (double)c->top[n].count;
	return n;
}

/* A bar that covers from .. to is distributed over the places that it covers. */
static void share_bar(double *places, size_t count, double from, double to, double bar)
{
	for (size_t at = (size_t)from; at < count && (double)at < to; at++) {
		double covered = fmin(to, (double)(at + 1)) - fmax(from, (double)at);
		places[at] += bar * covered / (to - from);
	}
}

char *bn_profile_spark(
	char out[4 * BN_PROFILE_SPARK + 1], const bn_profile_column *c, bn_alphabet alphabet)
{
	double bars[BN_PROFILE_BINS], groups[BN_PROFILE_SPARK] = {0}, top = 0;
	size_t n = bn_profile_bars(c, bars), at = 0;
	size_t width = n < BN_PROFILE_SPARK ? n : BN_PROFILE_SPARK;
	for (size_t i = 0; i < n; i++)
		share_bar(groups, width, (double)(i * width) / (double)n,
			(double)((i + 1) * width) / (double)n, bars[i]);
	for (size_t i = 0; i < width; i++)
		top = fmax(top, groups[i]);
	for (size_t i = 0; i < width && top > 0; i++)
		at += bn_utf8_encode(
			bn_glyph_level(alphabet, (int)ceil(8 * groups[i] / top)), out + at);
	out[at] = '\0';
	return out;
}
