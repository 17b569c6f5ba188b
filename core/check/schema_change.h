/*
 * schema_change.h - how the columns of a table changed between two versions, and whether what reads
 * the older one can read the newer one.
 *
 * Widened: every value of the old type is one of the new type, exactly (int32 to int64, int32 to
 * float64, float32 to float64, date to timestamp, decimals with more digits on both sides, a
 * category to other texts and back). Gained and lost values are those of category columns, whose
 * dictionaries are compared.
 */
#ifndef BN_CHECK_SCHEMA_CHANGE_H
#define BN_CHECK_SCHEMA_CHANGE_H
#include "core/base/err.h"
#include "core/table/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum bn_schema_change_kind {
	BN_SCHEMA_ADDED,
	BN_SCHEMA_REMOVED,
	BN_SCHEMA_WIDENED,
	BN_SCHEMA_RETYPED, /* any other change of the type, also to a narrower one */
	BN_SCHEMA_UNIT,
	BN_SCHEMA_GAINED, /* values of a category */
	BN_SCHEMA_LOST,
} bn_schema_change_kind;

/* What is compatible. All of them allow that values are lost. */
typedef enum bn_schema_policy {
	BN_SCHEMA_ADDITIVE, /* columns and values may be added, types may be widened */
	BN_SCHEMA_CLOSED,   /* the same, but categories gain no values */
	BN_SCHEMA_SAME,     /* nothing else changes */
} bn_schema_policy;

#define BN_SCHEMA_VALUES 5 /* gained or lost values that are kept */

typedef struct bn_schema_change {
	bn_schema_change_kind kind;
	char *column;
	char from[BN_TYPE_TEXT], to[BN_TYPE_TEXT]; /* types or units; "" for none */
	uint64_t count;                            /* of values, gained or lost */
	char *values[BN_SCHEMA_VALUES];            /* the first of them; NULL after the last */
} bn_schema_change;

typedef struct bn_schema_changes {
	bn_schema_change *items; /* by the older table's columns, then those added */
	size_t count;
} bn_schema_changes;

/* "added", "removed", "widened", "retyped", "unit", "values gained", "values lost". */
const char *bn_schema_change_name(bn_schema_change_kind kind);
/* BN_EINVAL with the three names. */
int bn_schema_policy_parse(bn_schema_policy *out, const char *name, bn_err *err);
bool bn_schema_change_is_compatible(bn_schema_change_kind kind, bn_schema_policy policy);

/* From `before` to `after`. Release *out after a failure too. */
int bn_schema_changes_find(
	bn_schema_changes *out, const bn_table_reader *before, const bn_table_reader *after, bn_err *err);
void bn_schema_changes_release(bn_schema_changes *l);

#endif
