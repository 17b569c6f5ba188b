/*
 * cell.h - what a cell of text says to a column whose type is known.
 *
 * Where types are guessed (csv.h) the text decides the type, so its rules are narrow: "007" is text. Here the
 * type is known, and the text is asked for a value of it. Every reader of a model's input asks these
 * functions, so a file, a request and a tensor of bytes mean the same.
 */
#ifndef BN_SOURCE_CELL_H
#define BN_SOURCE_CELL_H
#include "core/table/table.h"

/* The spellings of "no value" when nobody names others, NULL-terminated: what pandas, R, SQL and Python
 * write. The first is the empty text. */
extern const char *const bn_cell_absent_texts[];
bool bn_cell_is_absent(const char *text, size_t len);

/* A value as its column's array has it, with room for all types of fixed width. */
typedef union bn_cell {
	int64_t i;
	uint64_t u;
	double f;
	bn_decimal d;
} bn_cell;

/* The text as exactly a value of an unsigned integer, int16, date, time, duration or decimal column (which is f's type):
 * i or u, f not, d. False for other texts and types. */
bool bn_cell_parse(bn_cell *out, const bn_field *f, const char *text, size_t len);
/* Puts it into the place of row in values. Not for bool, text, binary and lists. */
void bn_cell_store(void *values, bn_type type, size_t row, const bn_cell *cell);
/* An integer in range of the type; also of those that bn_cell_parse does not read. */
bool bn_cell_int_fits(bn_type type, int64_t x);
/* Hexadecimal, two digits a byte, appended as bytes. */
bool bn_cell_bytes(bn_buf *out, const char *text, size_t len);

/* The value of a number, bool (0, 1) or timestamp (nanoseconds since 1970) column. A number is any decimal in
 * any spelling, NaN ("no value") and infinity included, of whichever number type; a bool is true, false
 * in any case, or a number that is 0 or 1; a timestamp is ISO 8601 or a whole number of nanoseconds; a date (days), time
 * or duration its text (timestamp.h) or a whole number.
 * Blanks around it mean nothing. False when the text is none of these, or the type is text. */
bool bn_cell_number(bn_type type, const char *text, size_t len, double *out);

/* "an int64", "a number", "true or false", "a date or time": what a value that does not fit is not. */
const char *bn_cell_wanted(bn_type type);

#endif
