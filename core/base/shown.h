/*
 * shown.h - the one way in which text that came from elsewhere (a file, a log, a name, the network, a command line) gets
 * in front of a person: the command line's streams (tui/cli/stream.h) and the cells of the workbench go through it.
 *
 * What is not shown (bn_utf8_is_shown) has a sign in its place. Nor is a mark that stands on nothing (at the beginning
 * of a line, after another such sign), or one more than BN_SHOWN_MARKS on one character, which would run over the
 * lines above and below.
 */
#ifndef BN_BASE_SHOWN_H
#define BN_BASE_SHOWN_H
#include "core/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_SHOWN_MARKS 4

/* What of a text has been seen; all zero at its beginning. */
typedef struct bn_shown {
	bool has_base; /* what came before can carry a mark */
	uint8_t marks; /* that it carries */
} bn_shown;

/* One character of s[0..n), n >= 1: the bytes used; *cp is BN_UTF8_BAD where a sign goes in its place. Control
 * characters are told as BN_UTF8_BAD as well, so who keeps some looks at s first. */
size_t bn_shown_next(bn_shown *state, const char *s, size_t n, uint32_t *cp);

typedef enum bn_shown_form {
	BN_SHOWN_LINE,  /* one line: line feeds, tabs and carriage returns are blanks */
	BN_SHOWN_LINES, /* line feeds and tabs stay; a carriage return before a line feed goes */
	BN_SHOWN_TSV,   /* one field: they are \n, \t and \r, two characters each */
} bn_shown_form;

/* Appends the text so, with '?' for what is not shown. */
void bn_shown_add(bn_buf *out, const char *s, size_t n, bn_shown_form form);
/* The same for a text that comes in pieces; each ends with a whole character (bn_utf8_tail). */
void bn_shown_add_piece(bn_buf *out, bn_shown *state, const char *s, size_t n, bn_shown_form form);

#endif
