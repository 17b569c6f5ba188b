/*
 * cell_form.h - one cell of text in the form of its column (reading.h): is a value missing, and what
 * is its text in the usual form, which cell.h reads?
 *
 * The CSV reader has the same rules for files; this is for cells from elsewhere: a request's CSV, and
 * columns of text in Arrow files that are read as numbers or times.
 */
#ifndef BN_SOURCE_CELL_FORM_H
#define BN_SOURCE_CELL_FORM_H
#include "core/source/reading.h"

typedef struct bn_cell_form bn_cell_form;

/* read: a bn_field.read. *out is yours, and immutable; NULL, the usual form, if read is. */
int bn_cell_form_new(bn_cell_form **out, const char *read, bn_err *err);
void bn_cell_form_free(bn_cell_form *f);
/* Whether it spells a missing value, in a column of text or another one. (A quoted cell in a column
 * of text never does.) */
bool bn_cell_form_is_absent(const bn_cell_form *f, bool is_text, const char *s, size_t n);
#define BN_CELL_PLAIN 400
/* A number, date or time in the usual form (1234.5, 2024-12-31), for a column of that type: s or
 * plain; *n is its length. NULL if the form rules the text out. A point is accepted for a decimal
 * comma, as programs write numbers, unless points separate thousands. */
const char *bn_cell_form_plain(
	const bn_cell_form *f, bn_type type, const char *s, size_t *n, char plain[BN_CELL_PLAIN]);
/* Leaves out blanks around an unquoted text if they are no part of it. */
void bn_cell_form_trim(const bn_cell_form *f, const char **s, size_t *n);

#endif
