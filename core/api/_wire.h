/*
 * _wire.h - the form of requests and answers: protobuf's JSON as MLflow reads and writes it.
 *
 * Requests. A route names its fields in a table. A request is an object in the body or, for GET, the fields of the
 * query, where everything is text and a repeated field is a list. Unknown fields are ignored. A 64-bit integer may be
 * a number or a text, a double may be "NaN", "Infinity" or "-Infinity", an enumeration a name or a number, null means
 * absent. A body that is a text is decoded once more, as very old clients encode it twice. An empty body is {}.
 *
 * Messages are MLflow's: "Missing value for required parameter 'run_id'. See the API docs ...". As there, types are
 * only complained about if the request could not be read as a whole, and in the order of the table. A difference: a
 * body that is no JSON object is refused, where MLflow takes it for {}.
 *
 * Answers are written straight to the buffer: names in snake case, 64-bit integers as numbers, enumerations by name,
 * doubles that are no numbers as texts, absent fields and empty lists left out.
 */
#ifndef BN_API__WIRE_H
#define BN_API__WIRE_H
#include "core/api/error.h"
#include "core/base/buf.h"
#include "core/net/message.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- requests ------------------------------------------------------------------------------- */

typedef enum bn_wire_type {
	BN_WIRE_TEXT = 0,
	BN_WIRE_INT, /* of 64 bits; int32 fields too */
	BN_WIRE_DOUBLE,
	BN_WIRE_BOOL,
	BN_WIRE_ENUM,   /* one of `words`, or its number */
	BN_WIRE_TEXTS,  /* a list of texts */
	BN_WIRE_LIST,   /* a list of objects with the fields `of` */
	BN_WIRE_OBJECT, /* an object with the fields `of`; NULL: anything */
	BN_WIRE_ENUMS,  /* a list of enumerations */
} bn_wire_type;

#define BN_WIRE_REQUIRED 1u /* not absent, not "" */
/* MLflow does not check its type by itself, only as part of the whole. */
#define BN_WIRE_LOOSE 2u
#define BN_WIRE_MOST 4u /* at most `most`, if it is an integer */

typedef struct bn_wire_field {
	const char *name;
	bn_wire_type type;
	unsigned flags;
	const struct bn_wire_field *of; /* ends with a field without a name */
	const char *const *words;       /* ends with NULL; "" for an unused number */
	int64_t most;
} bn_wire_field;

#define BN_WIRE_FIELD(name, kind, flags) \
	{ \
		name, BN_WIRE_##kind, flags, NULL, NULL, 0 \
	}
#define BN_WIRE_OF(name, kind, flags, of) \
	{ \
		name, BN_WIRE_##kind, flags, of, NULL, 0 \
	}
#define BN_WIRE_WORD(name, kind, flags, words) \
	{ \
		name, BN_WIRE_##kind, flags, NULL, words, 0 \
	}
#define BN_WIRE_AT_MOST(name, flags, most) \
	{ \
		name, BN_WIRE_INT, (flags) | BN_WIRE_MOST, NULL, NULL, most \
	}

/* The refusal of a request: an error code and its message, of any length. */
typedef struct bn_wire_fault {
	bn_api_error code; /* BN_API_OK: none */
	bn_buf message;
} bn_wire_fault;

/* Reads the request's body or query. *out, yours, is an object. Negative: fault says why. */
int bn_wire_read(json_t **out, const bn_http_request *request, const bn_wire_field *fields,
	bn_wire_fault *fault);
/* INVALID_PARAMETER_VALUE with MLflow's "Invalid value 5 for parameter 'x' supplied: hint". */
int bn_wire_invalid(bn_wire_fault *fault, const char *name, const json_t *value, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));
/* The first fault wins. Returns BN_EINVAL. */
int bn_wire_refuse(bn_wire_fault *fault, bn_api_error code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Fields of a request, or of an object in it, that was checked. Texts are borrowed from it. False or NULL: absent. */
const char *bn_wire_text(const json_t *object, const char *name);
bool bn_wire_int(const json_t *object, const char *name, int64_t *out);
bool bn_wire_double(const json_t *object, const char *name, double *out);
bool bn_wire_bool(const json_t *object, const char *name, bool fallback);
/* Its number in words; -1: absent. */
int bn_wire_enum(const json_t *object, const char *name, const char *const *words);
const json_t *bn_wire_list(const json_t *object, const char *name); /* NULL: absent or empty */

/* ---- answers -------------------------------------------------------------------------------- */

typedef struct bn_wire {
	bn_buf *out;
	bool more; /* a comma comes before the next value */
} bn_wire;

/* '{' or '['; name NULL: an element of a list, or the whole. */
void bn_wire_open(bn_wire *w, const char *name, char bracket);
void bn_wire_close(bn_wire *w, char bracket);
void bn_wire_put_text(bn_wire *w, const char *name, const char *text); /* NULL: left out */
void bn_wire_put_text_n(bn_wire *w, const char *name, const char *text, size_t n);
void bn_wire_put_int(bn_wire *w, const char *name, int64_t value);
/* For times: left out if negative. */
void bn_wire_put_ms(bn_wire *w, const char *name, int64_t ms);
void bn_wire_put_double(bn_wire *w, const char *name, double value);
/* The same text without a name, as Python writes a float. */
void bn_wire_add_double(bn_buf *out, double value);
void bn_wire_put_bool(bn_wire *w, const char *name, bool value);
/* {"key": key, "value": value} */
void bn_wire_put_pair(bn_wire *w, const char *key, const char *value);
/* {"error_code": ..., "message": ...} */
void bn_wire_put_fault(bn_buf *out, bn_api_error code, const char *message, size_t n);

/* ---- page tokens ---------------------------------------------------------------------------- */

/* MLflow's: base 64 of {"offset": N}. */
void bn_wire_put_token(bn_wire *w, int64_t offset);
/* NULL or "": 0. A refusal if it is none. */
int bn_wire_token(const char *token, int64_t *offset, bn_wire_fault *fault);

#endif
