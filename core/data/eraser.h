/*
 * eraser.h - finds rows in the parts of dataset versions, and makes versions without them.
 *
 * Every part (object) is read once, however many versions share it. A part is clean if no row matches, and no dictionary of
 * its categories has a text that only matching rows have, of all parts that were scanned: a dictionary keeps texts of rows
 * that are elsewhere (parts of a split, appended rows). Since the dictionary of a part begins with that of the part before,
 * a version is written anew from its first part on that is not clean. Equal parts in equal places give equal new parts, so
 * versions that share parts go on sharing them.
 *
 * First all scans, then bn_eraser_settle, then the rest. One thread.
 */
#ifndef BN_DATA_ERASER_H
#define BN_DATA_ERASER_H
#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/table/table.h"

/* Which rows: those for which an expression is true, or that have one of the values in a column. */
typedef struct bn_erase_what {
	const char *where; /* or NULL */
	const char *column;
	const char *const *values; /* as they are written: texts, numbers, times */
	size_t value_count;
} bn_erase_what;

typedef struct bn_eraser bn_eraser;

/* what: borrowed. *out is yours. */
int bn_eraser_new(bn_eraser **out, bn_workspace *ws, const bn_erase_what *what, const bn_progress *progress, bn_err *err);
void bn_eraser_free(bn_eraser *e); /* NULL is fine */

/* What was found in a version, or in one object that is a table. */
typedef struct bn_erase_found {
	uint64_t rows, matched;
	bool searched;  /* false: the expression cannot be evaluated there, and matched is 0 */
	char why[200];  /* then: the reason */
} bn_erase_found;

/* Reads its parts, unless they were. The version must be readable, with all its bytes. */
int bn_eraser_scan(bn_erase_found *out, bn_eraser *e, const bn_dataset_version *v, bn_err *err);
int bn_eraser_scan_object(bn_erase_found *out, bn_eraser *e, const char *hash, bn_err *err);
/* The texts that the expression compares with, of at least BN_ERASE_TEXT_LEAST bytes: what a search of other things can look
 * for. Known once something was searched. Borrowed until the next scan. */
enum { BN_ERASE_TEXT_LEAST = 4 };
bn_dict bn_eraser_texts(const bn_eraser *e);
/* Decides which parts are clean. */
int bn_eraser_settle(bn_eraser *e, bn_err *err);

/* Calls each() for those of v's parts that are not clean, or for all of them; and whether some of the parts was found
 * not clean in a scan (of any version). */
typedef int bn_erase_each(void *ctx, const char *hash, uint64_t bytes, bn_err *err);
int bn_eraser_unclean(bn_eraser *e, const bn_dataset_version *v, bool all, bn_erase_each *each, void *ctx, bn_err *err);
bool bn_eraser_object_is_clean(const bn_eraser *e, const char *hash); /* also if it was not scanned */

/* Publishes a version with the rows of v that do not match: of the same name, its parent is v, and suites do not keep it
 * out. *out is yours, and NULL if no row is left. */
int bn_eraser_stand_in(bn_dataset_version **out, bn_eraser *e, const bn_dataset_version *v, bn_err *err);
/* The same for one object: another object, "" if no row is left. *rows: of it. */
int bn_eraser_rewrite(char instead[65], uint64_t *rows, bn_eraser *e, const char *hash, bn_err *err);

#endif
