/*
 * pbtxt.h - reads protocol buffers in text form (schema.pbtxt) into a tree, without knowing the
 * messages: names, values as written, and where they stand.
 *
 * Comments (#), "name: value", "name { ... }", "name: < ... >", lists in brackets, adjacent strings,
 * separators ; and , are read; strings are unescaped. Not read: extensions and Any ("[...]" as a
 * name). Limits: BN_PBTXT_DEPTH messages inside one another, BN_PBTXT_FIELDS fields.
 */
#ifndef BN_CHECK_PBTXT_H
#define BN_CHECK_PBTXT_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_PBTXT_DEPTH 50
#define BN_PBTXT_FIELDS 1000000

struct bn_pb_message;

typedef struct bn_pb_field {
	const char *name;
	const char *text;              /* the value, NUL-terminated; NULL: a message */
	bool is_string;                /* it was quoted */
	struct bn_pb_message *message; /* NULL: a value */
	unsigned line, column;         /* of the value, from 1 */
} bn_pb_field;

typedef struct bn_pb_message {
	bn_pb_field *fields; /* in the order of the text */
	size_t count, cap;
	unsigned line, column;
} bn_pb_message;

/* source names the text in errors: BN_EINVAL "source:line:column: what". Everything is in the arena. */
int bn_pbtxt_parse(bn_pb_message **out, bn_arena *arena, const char *text, size_t n,
	const char *source, bn_err *err);
/* Adds a string in quotes, escaped. */
void bn_pbtxt_add_string(bn_buf *out, const char *text, size_t n);

#endif
