/*
 * bins.h - the exact histogram of a column: bins of equal width from the least to the greatest
 * finite value.
 *
 * A profile keeps an estimate beyond a limit (quantile.h), since it sees each value once. Here the
 * table is read twice. A value is in a bin if and only if it is within the bin's bounds: integers,
 * bools and times compared as int64 with integer bounds, uint64, decimals and floats as doubles.
 * The last bin is closed, the others exclude their upper bound. Infinities and NaN are in no bin.
 */
#ifndef BN_PROFILE_BINS_H
#define BN_PROFILE_BINS_H
#include "core/base/progress.h"
#include "core/table/table.h"

#define BN_BINS_MAX 40

typedef struct bn_bins {
	size_t count;  /* 0: no finite value */
	bool is_whole; /* bounds are in whole[], for a type that bn_column_int reads exactly */
	double bound[BN_BINS_MAX + 1];
	int64_t whole[BN_BINS_MAX + 1];
	uint64_t rows[BN_BINS_MAX];
	uint64_t missing, infinite, all; /* missing: with NaN */
} bn_bins;

/* BN_EUNSUPPORTED for a column without numbers (bn_type_is_scalar). watch: NULL is fine. */
int bn_bins_count(
	bn_bins *out, bn_table_reader *table, size_t column, const bn_progress *watch, bn_err *err);

#endif
