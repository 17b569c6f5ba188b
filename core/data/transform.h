/*
 * transform.h - a dataset made from another by expressions (core/table/expr/expr.h): computed
 * columns, and rows that pass a filter.
 *
 * The canonical texts of the expressions are the version's recipe, so the lineage records what was
 * done. Expressions see the columns of the parent version, not other computed ones; a computed
 * column replaces an existing one of the same name, others are appended. The same version and
 * expressions give the same bytes.
 */
#ifndef BN_DATA_TRANSFORM_H
#define BN_DATA_TRANSFORM_H
#include "core/base/progress.h"
#include "core/data/dataset.h"

typedef struct bn_transform {
	const char *const *columns; /* "name = expression"; the name in backquotes if it is not
				     * an identifier */
	size_t column_count;
	const char *where;       /* NULL: all rows */
	const char *const *keep; /* only these of its columns, in this order; NULL: all */
	size_t keep_count;
	const char *const *pseudonymise; /* columns of the result that get pseudonyms (pseudonym.h) */
	size_t pseudonymise_count;
	bn_dataset_privacy privacy;
	const bn_progress *progress; /* NULL: not wanted */
} bn_transform;

/* BN_EINVAL with the position in the expression; if a value overflows, with its row (counting those
 * that `where` keeps). */
int bn_dataset_transform(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	const bn_dataset_version *from, const bn_transform *o, bn_err *err);

#endif
