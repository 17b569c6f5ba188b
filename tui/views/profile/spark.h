/*
 * spark.h - the distribution of a column in a few cells.
 */
#ifndef BN_TUI_VIEWS_PROFILE_SPARK_H
#define BN_TUI_VIEWS_PROFILE_SPARK_H
#include "core/profile/profile.h"
#include "tui/ui/glyph.h"

#define BN_PROFILE_SPARK 16 /* cells, at most */

/* Heights of the bars: the histogram of numbers, the counts of the most frequent values of others.
 * Room for BN_PROFILE_BINS; returns their number. */
size_t bn_profile_bars(const bn_profile_column *c, double *out);
/* The same as glyphs, the largest full; "" if there are none. Returns out. */
char *bn_profile_spark(
	char out[4 * BN_PROFILE_SPARK + 1], const bn_profile_column *c, bn_alphabet alphabet);

#endif
