/*
 * tfdv.h - the anomalies of a table against a schema of TensorFlow Data Validation, by TFDV's names and
 * conditions (its anomalies reference), and against another table by the schema's comparators.
 *
 * Not found, since a table of columns cannot have them or TFDV itself does not detect them:
 * ENUM_TYPE_INVALID_UTF8 (text is valid), nested features, images, semantic domains. Distinct values of
 * unique_constraints are exact up to 10 000, then estimated (profile.h).
 */
#ifndef BN_CHECK_TFDV_H
#define BN_CHECK_TFDV_H
#include "core/base/progress.h"
#include "core/check/tfdv_schema.h"
#include "core/table/table.h"

typedef struct bn_tfdv_anomaly {
	const char *type;     /* "SCHEMA_MISSING_COLUMN" */
	const char *feature;  /* NULL: of the whole table */
	char description[200];
} bn_tfdv_anomaly;

typedef struct bn_tfdv_anomalies {
	bn_tfdv_anomaly *items; /* by the features of the schema, then new columns */
	size_t count;
	bn_arena arena;
} bn_tfdv_anomalies;

typedef struct bn_tfdv_side {
	bn_table_reader *table;
	const bn_profile *profile; /* of this table */
} bn_tfdv_side;

typedef struct bn_tfdv_check {
	bn_tfdv_side data;
	const char *environment;             /* NULL: none */
	bn_table_reader *previous, *serving; /* for drift and skew; NULL: none */
	const bn_progress *watch;            /* NULL: none */
} bn_tfdv_check;

/* Release *out after a failure too. */
int bn_tfdv_find(
	bn_tfdv_anomalies *out, const bn_tfdv_schema *schema, const bn_tfdv_check *check, bn_err *err);
void bn_tfdv_anomalies_release(bn_tfdv_anomalies *l);

#endif
