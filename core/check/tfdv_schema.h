/*
 * tfdv_schema.h - a schema of TensorFlow Data Validation (schema.pbtxt): what it says of flat
 * features. Read from text, or inferred from a table as TFDV infers it: types, presence, and the values
 * of texts of up to BN_TFDV_DOMAIN different ones; no ranges of numbers.
 *
 * Fields of the schema that are not understood are kept by name (`ignored`), since they are not
 * checked.
 */
#ifndef BN_CHECK_TFDV_SCHEMA_H
#define BN_CHECK_TFDV_SCHEMA_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/profile/profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_TFDV_DOMAIN 100

typedef enum bn_tfdv_type {
	BN_TFDV_UNKNOWN,
	BN_TFDV_BYTES,
	BN_TFDV_INT,
	BN_TFDV_FLOAT,
	BN_TFDV_STRUCT,
} bn_tfdv_type;

typedef enum bn_tfdv_domain {
	BN_TFDV_NO_DOMAIN,
	BN_TFDV_STRINGS,
	BN_TFDV_INTS,
	BN_TFDV_FLOATS,
	BN_TFDV_BOOLS,
} bn_tfdv_domain;

/* Thresholds; NaN: none. */
typedef struct bn_tfdv_comparator {
	double infinity_norm, jensen_shannon_divergence, normalized_abs_difference;
} bn_tfdv_comparator;

typedef struct bn_tfdv_names {
	const char **items;
	size_t count, cap;
} bn_tfdv_names;

typedef struct bn_tfdv_feature {
	const char *name;
	bn_tfdv_type type;
	double min_fraction, min_count; /* of presence; NaN: none */
	double values_min, values_max;  /* value_count of a list; NaN: none */
	bn_tfdv_domain domain;
	const bn_tfdv_names *strings; /* of the domain */
	double min, max;              /* of the domain; NaN: none */
	bool disallow_nan, disallow_inf;
	const char *true_value, *false_value;
	double min_domain_mass;
	double unique_min, unique_max; /* NaN: none */
	bn_tfdv_names in, not_in;      /* environments */
	bool is_idle;                  /* deprecated, or of a lifecycle stage that is not checked */
	bn_tfdv_comparator skew, drift;
} bn_tfdv_feature;

typedef struct bn_tfdv_schema {
	bn_tfdv_feature *features;
	size_t count;
	bn_tfdv_names environments; /* the default ones */
	double min_examples, max_examples;
	bn_tfdv_names ignored; /* "feature.url_domain", each once */
	bn_arena arena;
} bn_tfdv_schema;

/* source names the text in errors: BN_EINVAL "source:line:column: what". *out is yours. */
int bn_tfdv_schema_parse(
	bn_tfdv_schema **out, const char *text, size_t n, const char *source, bn_err *err);
void bn_tfdv_schema_free(bn_tfdv_schema *s);
/* Whether the feature is expected in that environment (NULL: in none named). */
bool bn_tfdv_feature_is_in(
	const bn_tfdv_schema *s, const bn_tfdv_feature *f, const char *environment);
/* The type of a column, or of the values of a list. */
bn_tfdv_type bn_tfdv_type_of(const bn_field *f);
const char *bn_tfdv_type_name(bn_tfdv_type type);

/* Adds the schema of a table with that profile, as text. */
int bn_tfdv_schema_infer(
	bn_buf *out, bn_table_reader *table, const bn_profile *profile, bn_err *err);

#endif
