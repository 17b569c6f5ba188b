/*
 * frequencies.h - the most frequent values of a column, with exact counts, in constant memory.
 *
 * A profile keeps a sketch, since it sees each value once (tally.h). A stored table can be read repeatedly: values
 * are counted by their 64-bit hashes, in as many passes as necessary, each of which counts a part of the hashes;
 * or, for up to 16 million rows, by sorting the hashes. So counts and the number of distinct values are exact for
 * any content (two values share a hash with probability n^2 / 2^65). Numbers are distinguished by their text; -0
 * is 0; infinities and NaN are values, absent cells are not.
 */
#ifndef BN_PROFILE_FREQUENCIES_H
#define BN_PROFILE_FREQUENCIES_H
#include "core/base/progress.h"
#include "core/table/table.h"

#define BN_FREQUENCIES_SORTED \
	10000 /* up to this many values, ties are in byte order; beyond, in order of occurrence */

typedef struct bn_frequency_value {
	char *text;   /* as formatted by bn_column_format, NUL-terminated */
	size_t bytes; /* its length: it may contain NULs */
	uint64_t count, first_row;
} bn_frequency_value;

typedef struct bn_frequencies {
	bn_frequency_value *values; /* most frequent first */
	size_t count;
	uint64_t distinct, missing, rows;
} bn_frequencies;

/* At most k values. watch: NULL is fine. */
int bn_frequencies_count(bn_frequencies *out, bn_table_reader *table, size_t column, size_t k,
	const bn_progress *watch, bn_err *err);
/* The same if there are at most `most` distinct values; otherwise *many is true and nothing is
 * counted. */
int bn_frequencies_few(bn_frequencies *out, bool *many, bn_table_reader *table, size_t column,
	size_t most, const bn_progress *watch, bn_err *err);
/* For tests: as if memory held so many values at once; 0: the default. sorts false: never by
 * sorting. */
void bn_frequencies_limit(size_t values, bool sorts);
void bn_frequencies_release(bn_frequencies *f);

#endif
