/*
 * leaks.h - what lets a model see its test rows, or its target, in training: rows that several parts
 * have, and features that give the target away.
 *
 *	duplicate  rows of two parts that are equal in every compared column
 *	near       rows of two parts that are equal but for small differences of their numbers
 *	group      values of a column (a user, a job, a node) that several parts have
 *	time       rows of one part whose time is within the span of another part, or whose label's interval meets it
 *	target     a feature that is the target in disguise: equal, rescaled, a monotone function of it, a code of its
 *	           classes, an indicator of one
 *	after      a feature that was known only after the row's event, by a time column
 *
 * Group, time and after are exact counts, over all rows. The others follow rules, so that a table of few
 * values, which has equal rows by nature, raises no alarm:
 *
 * Compared columns are all but names of rows (a text or whole number that is different in at least 95 % of the
 * rows, numbers only if they are consecutive or are called "id", "..._id" or "uuid") and ignored ones.
 *
 * Equal rows are found by 64 bits of hash over the compared columns; among 10^7 rows two are taken for equal with
 * probability 3e-6. How many are expected by chance is counted in the data: if rows differ in columns i and j
 * independently, then equal pairs : pairs that differ in i alone = pairs that differ in j alone : pairs that
 * differ in both (the capture-recapture estimate of Lincoln and Petersen). An alarm needs twice as many as that,
 * beyond what a Poisson variable reaches once in a thousand times (leaks_chance.c).
 *
 * Near rows are equal in all compared columns that are not real numbers, and the root mean square difference
 * of their numbers is at most BN_LEAKS_NEAR on the scale asinh((x - median) / s), s = interquartile range / 1.349:
 * linear in the middle of a column, logarithmic beyond. So 0.02 is 2 % of a standard deviation there, and 2 % of
 * the value for outliers. Real numbers are floats and decimals of more than 20 values, and integers of which at
 * least half are different. Pairs are found by locality-sensitive hashing with random projections (Datar, Immorlica, Indyk,
 * Mirrokni: "Locality-sensitive hashing scheme based on p-stable distributions", SCG 2004); four tables of five
 * projections find at least nine in ten. An alarm needs three times as many pairs as there are at one to two
 * times that distance, and more than follow from those at larger ones: neighbours by nature become more with the
 * distance, copies do not. Smaller distances are examined as well (leaks_near.c).
 *
 * A feature is the target in disguise, over a sample of BN_LEAKS_SAMPLE rows, if Spearman's |rho| with a numeric
 * target is at least 0.999; if groups of equal values leave at most 0.1 % of the target's variance; if, for
 * classes, its values predict the class of rows that are left out in 99 % of the rows where the largest class does not
 * (the lambda of Goodman and Kruskal), or it is in turn a function of the class, or a number whose variance
 * is within the classes to less than 0.1 %. Each must be unlikely by chance, given the number of rows and columns
 * (leaks_disguise.c). Times are not compared with the target unless it is one.
 *
 * Memory is bounded: the sample, 128 MB for hashes, a few MB a thread; larger tables take more passes. The result does
 * not depend on threads. The functions are used by one thread, and use others internally.
 */
#ifndef BN_DATA_LEAKS_H
#define BN_DATA_LEAKS_H
#include "core/base/err.h"
#include "core/base/progress.h"
#include "core/table/table.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_LEAKS_PARTS 64
#define BN_LEAKS_SAMPLE 20000
#define BN_LEAKS_NEAR 0.02
#define BN_LEAKS_NO_PART UINT16_MAX

typedef enum bn_leak_kind {
	BN_LEAK_DUPLICATE = 0,
	BN_LEAK_NEAR,
	BN_LEAK_GROUP,
	BN_LEAK_TIME,
	BN_LEAK_TARGET,
	BN_LEAK_AFTER,
	BN_LEAK_KINDS
} bn_leak_kind;

const char *bn_leak_kind_name(bn_leak_kind kind); /* "duplicate" */

/* The parts: a table each, or rows of one table. Borrowed. */
typedef struct bn_leaks_parts {
	size_t count; /* 1 .. BN_LEAKS_PARTS; of one only features are examined */
	const char *const *names;
	bn_table_reader *const *tables; /* count of them, or NULL: */
	bn_table_reader *table;
	const uint16_t *part_of; /* of each row of table: its part, or BN_LEAKS_NO_PART */
} bn_leaks_parts;

typedef struct bn_leaks_known {
	const char *feature, *at; /* at: the column with the time at which the feature was known */
} bn_leaks_known;

typedef struct bn_leaks_options {
	const char *target;        /* NULL: no column is compared with the target */
	const char *const *groups; /* columns whose values should be in one part */
	size_t group_count;
	const char *time; /* the time of a row's event; NULL: no spans, and nothing is known too late */
	const char *end;  /* the end of the interval that its label depends on; NULL: the event + horizon */
	double horizon;   /* in the column's unit: ns of timestamps and dates; >= 0 */
	/* Besides these, each time column is taken as a feature that is known at its own value, and a column
	 * "x_time", "x_at" or "x_known_at" as the time of a column x. */
	const bn_leaks_known *known;
	size_t known_count;
	const char *const *ignore; /* columns that are no features, and do not distinguish rows */
	size_t ignore_count;
	size_t rows_at_once; /* for tests: rows of a pass; 0: the default */
	const bn_progress *progress;
} bn_leaks_options;

typedef struct bn_leak {
	bn_leak_kind kind;
	size_t a, b;         /* parts, a < b; equal: within a part, or the parts together */
	char *column;        /* of group, time, target, after; else NULL */
	const char *how;     /* of target: "equal", "rescaled", "monotone", "determines", "indicator", "range",
			      * "explains"; else NULL. Static */
	char *other;         /* the target, or the time column; else NULL */
	uint64_t rows;       /* concerned: of part b (time: of part a; target, after: of all) */
	uint64_t of;         /* rows that were examined */
	uint64_t values;     /* group: different values in both parts */
	uint64_t by_chance;  /* duplicate, near: pairs expected by chance */
	bool is_estimate;    /* near: rows is extrapolated from a sample of pairs */
	double strength;     /* 0 .. 1: the share of rows, |rho| or lambda of target */
	bool has_example;    /* row_a of part a's table and row_b of part b's are alike; the same row for one part */
	uint64_t row_a, row_b;
	char *text, *advice; /* a sentence each */
} bn_leak;

typedef struct bn_leaks {
	bn_leak *items; /* by kind, then as found */
	size_t count, cap;
	uint64_t rows;
	size_t columns;  /* compared ones */
	char *left_out;  /* names of rows, which are not compared: "job_id, uuid"; "": none */
	uint64_t natural; /* equal pairs of rows in different parts that chance explains: no leak */
	char **part_names;
	size_t part_count;
} bn_leaks;

/* BN_ENOTFOUND names a missing column, BN_EINVAL one that does not fit its use; BN_EINTR. *out is initialised by this;
 * release it also after failures. */
int bn_leaks_find(
	bn_leaks *out, const bn_leaks_parts *parts, const bn_leaks_options *o, bn_err *err);
void bn_leaks_release(bn_leaks *l);

/* {"kind","part_a","part_b","column","other","how","rows","of","share","strength","by_chance","row_a","row_b","values",
 * "text","advice"}: a new reference, NULL without memory. Absent: null. */
json_t *bn_leak_json(const bn_leaks *l, const bn_leak *x);

#endif
