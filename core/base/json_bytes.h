/*
 * json_bytes.h - bytes that may not be UTF-8 (a file name, a program's output) in JSON, which can only hold
 * text.
 */
#ifndef BN_BASE_JSON_BYTES_H
#define BN_BASE_JSON_BYTES_H
#include "core/base/buf.h"
#include "core/base/err.h"

#include <jansson.h>
#include <stddef.h>

/* The string with U+FFFD in place of invalid UTF-8. For display only, never for a name that will be opened
 * again. New reference. */
json_t *bn_json_lossy(const char *text, size_t n);
/* Sets object[key] to that text; if the bytes are not UTF-8, object[key + "_base64"] holds them
 * exactly. */
int bn_json_set_bytes(json_t *object, const char *key, const char *text, size_t n, bn_err *err);
/* Appends RFC 4648's base 64, with padding. */
void bn_base64_add(bn_buf *out, const void *bytes, size_t n);
/* Decodes strict base 64, with or without padding, and ends it with a NUL. *out is yours. BN_EINVAL, BN_ENOMEM;
 * nothing of a text that is refused stays in memory. */
int bn_base64_read(char **out, const char *text);

#endif
