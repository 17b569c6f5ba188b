/*
 * json_text.h - whether a text is JSON as Python's json.loads reads it, which is what
 * expect_column_values_to_be_json_parseable asks. Unlike RFC 8259 it accepts NaN, Infinity and
 * -Infinity; strings are valid UTF-8 already, and an escape may be half of a surrogate pair.
 */
#ifndef BN_CHECK_JSON_TEXT_H
#define BN_CHECK_JSON_TEXT_H
#include <stdbool.h>
#include <stddef.h>

#define BN_JSON_TEXT_DEPTH 900   /* arrays and objects inside one another; Python fails near 1000 */
#define BN_JSON_TEXT_DIGITS 4300 /* of an integer, as in Python since 3.11 */

bool bn_json_text_is_valid(const char *text, size_t n);

#endif
