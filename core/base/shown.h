/*
 * shown.h - makes untrusted text (from a file, a log, a name, the network, a command line) safe to display. The
 * command line's streams (tui/cli/stream.h) and the cells of the workbench go through it.
 *
 * A character that is not shown (bn_utf8_is_shown) is replaced by a sign. So is a combining mark without a base
 * (at the start of a line, after such a sign), and each mark beyond BN_SHOWN_MARKS on one character, which
 * would draw over the lines above and below.
 */
#ifndef BN_BASE_SHOWN_H
#define BN_BASE_SHOWN_H
#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_SHOWN_MARKS 4

/* State between characters of a text; all zero at its start. */
typedef struct bn_shown {
	bool has_base; /* the previous character can carry a mark */
	uint8_t marks; /* marks on it so far */
} bn_shown;

/* Reads one character of s[0..n), n >= 1, and returns the bytes used; *cp is BN_UTF8_BAD if a sign replaces
 * it. Control characters also give BN_UTF8_BAD, so a caller that keeps some must check s first. */
size_t bn_shown_next(bn_shown *state, const char *s, size_t n, uint32_t *cp);

typedef enum bn_shown_form {
	BN_SHOWN_LINE, /* one line: line feeds, tabs and carriage returns become spaces */
	BN_SHOWN_LINES, /* line feeds and tabs are kept; a carriage return before a line feed is dropped */
	BN_SHOWN_TSV, /* one field: they become \n, \t and \r, two characters each */
} bn_shown_form;

/* Appends the text in that form, with '?' for what is not shown. */
void bn_shown_add(bn_buf *out, const char *s, size_t n, bn_shown_form form);
/* The same for a text in pieces; each must end with a whole character (bn_utf8_tail). */
void bn_shown_add_piece(bn_buf *out, bn_shown *state, const char *s, size_t n, bn_shown_form form);

/* Appends JSON's escape of a code point, \uXXXX, or two of them. */
void bn_shown_escape(bn_buf *out, uint32_t cp);
/* Appends the text as a JSON string in which everything that is not shown is escaped; bytes that are not UTF-8 become
 * U+FFFD. At most `most` bytes between the quotes; false if the text did not fit and is cut. */
bool bn_shown_add_json(bn_buf *out, const char *s, size_t n, size_t most);

#endif
