/*
 * cell.h - parses a text cell for a column of known type.
 *
 * When types are inferred (csv.h) the text decides the type, so its rules are narrow: "007" is
 * text. Here the type is known, and the text is parsed as that type. Every reader of a model's
 * input uses these functions, so a file, a request and a tensor of bytes mean the same.
 */
#ifndef BN_SOURCE_CELL_H
#define BN_SOURCE_CELL_H
#include "core/table/table.h"

/* The default spellings of "no value", NULL-terminated: those that pandas, R, SQL and Python write.
 * The first is the empty text. */
extern const char *const bn_cell_absent_texts[];
bool bn_cell_is_absent(const char *text, size_t len);
/* Which of them it is; -1: none. */
int bn_cell_absent_index(const char *text, size_t len);
#define BN_CELL_ABSENT_TEXTS 19 /* their number */

/* A value in the form of its column's array, with room for all types of fixed width. */
typedef union bn_cell {
	int64_t i;
	uint64_t u;
	double f;
	bn_decimal d;
} bn_cell;

/* Parses the text as exactly a value of an unsigned integer, int16, date, time, duration or decimal
 * column (f's type): sets i or u, and f or d. False for other texts and types. */
bool bn_cell_parse(bn_cell *out, const bn_field *f, const char *text, size_t len);
/* Stores it as the value of that row. Not for bool, text, binary and lists. */
void bn_cell_store(void *values, bn_type type, size_t row, const bn_cell *cell);
/* An integer in the type's range; also for types that bn_cell_parse does not read. */
bool bn_cell_int_fits(bn_type type, int64_t x);
/* Appends bytes from hexadecimal, two digits a byte. */
bool bn_cell_bytes(bn_buf *out, const char *text, size_t len);

/* The value of a number, bool (0, 1) or time (timestamp: nanoseconds since 1970) column. A number is any
 * decimal in any notation, including NaN ("no value") and infinity, for all number types; a bool is
 * true or false in any case, or a number that is 0 or 1; a timestamp is ISO 8601; a date, time or
 * duration is its text (timestamp.h); a bare number is none of these, as its unit is not known.
 * Surrounding blanks are ignored. False if the text is none of these, or the type is text. */
bool bn_cell_number(bn_type type, const char *text, size_t len, double *out);

/* The expected form, for errors: "an int64", "a number", "true or false", "a date or time". */
const char *bn_cell_wanted(bn_type type);

#endif
