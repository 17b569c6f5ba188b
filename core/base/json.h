/*
 * json.h - jansson with positions in errors, canonical output and typed access.
 *
 * Trees are jansson's json_t; its reference-count rules hold (borrowed unless said otherwise).
 * Canonical form: keys sorted, no spaces, shortest number that reads back equal; it is what gets
 * hashed and signed.
 */
#ifndef BN_BASE_JSON_H
#define BN_BASE_JSON_H
#include "core/base/buf.h"
#include "core/base/env.h"
#include "core/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* source names the text in errors: "source:line:column: what". New reference in *out. Duplicate
 * keys and trailing text are errors. */
int bn_json_parse(json_t **out, const char *text, size_t n, const char *source, bn_err *err);
/* The same for JSON written by Python, where NaN, Infinity and -Infinity are allowed as numbers. Such a value
 * becomes a string that only bn_json_number_of understands. */
int bn_json_parse_numbers(
	json_t **out, const char *text, size_t n, const char *source, bn_err *err);
/* The value of a number, or of a NaN or infinity read by bn_json_parse_numbers. */
bool bn_json_number_of(const json_t *v, double *out);
/* As bn_json_parse; an integer from 2^63 to 2^64 - 1 is a string of its digits, as bn_column_json writes one. */
int bn_json_parse_wide(json_t **out, const char *text, size_t n, const char *source, bn_err *err);
/* Of such an integer; false for every other value. */
bool bn_json_wide_number(const json_t *v, double *out);
int bn_json_load(json_t **out, const bn_env *env, const char *path, bn_err *err);

/* Adds the canonical form: sorted keys, no blanks. */
int bn_json_canonical(const json_t *value, bn_buf *out, bn_err *err);
/* The canonical form of an object with one more field, whose value is given as canonical text: for values too large for
 * a tree. */
int bn_json_canonical_with(
	const json_t *object, const char *key, const char *value, bn_buf *out, bn_err *err);
int bn_json_pretty(
	const json_t *value, bn_buf *out, bn_err *err); /* two spaces, keys sorted, final newline */
/* SHA-256 of the canonical form, in hex. */
int bn_json_hash(const json_t *value, char out[65], bn_err *err);

/* Sets a field; takes the value. BN_ENOMEM also if the value is NULL, as one that could not be made. */
int bn_json_set(json_t *object, const char *key, json_t *value, bn_err *err);

/* Optional fields: the default when the key is missing, null, or of another type. Borrowed. */
const char *bn_json_str(const json_t *object, const char *key, const char *fallback);
int64_t bn_json_int(const json_t *object, const char *key, int64_t fallback);
double bn_json_num(const json_t *object, const char *key, double fallback); /* integers count */
bool bn_json_bool(const json_t *object, const char *key, bool fallback);

/* Required fields: BN_EINVAL "where: field 'key' ..." when missing or of another type. */
int bn_json_need_str(
	const json_t *object, const char *key, const char **out, const char *where, bn_err *err);
int bn_json_need_int(
	const json_t *object, const char *key, int64_t *out, const char *where, bn_err *err);
int bn_json_need_num(
	const json_t *object, const char *key, double *out, const char *where, bn_err *err);
int bn_json_need_array(
	const json_t *object, const char *key, json_t **out, const char *where, bn_err *err);
int bn_json_need_object(
	const json_t *object, const char *key, json_t **out, const char *where, bn_err *err);
/* BN_EINVAL naming the first key that is not in the NULL-terminated list, with the nearest one. */
int bn_json_only_keys(
	const json_t *object, const char *const *keys, const char *where, bn_err *err);

/* A real, or JSON null when x is NaN or infinite: an unknown number is absent. New reference. */
json_t *bn_json_real_or_null(double x);
/* For a value that is present: JSON has no infinities and no NaN, so they are written as the strings "inf",
 * "-inf" and "nan". */
json_t *bn_json_number(double x);

#endif
