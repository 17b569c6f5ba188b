/*
 * _csv_sample.h - the beginning of a file under a reading that is being tried: its fields, one after the other, and what
 * they look like. csv_sniff.c chooses the reading.
 */
#ifndef BN_SOURCE_CSV_SAMPLE_H
#define BN_SOURCE_CSV_SAMPLE_H
#include "core/source/_csv_parts.h"

#define SNIFF_RECORDS 1000
#define PREAMBLE_RECORDS 100

typedef struct csv_sample {
	const char *text;
	size_t n, begin;
	bool whole;
	char newline;
	char delimiters[8];
	uint32_t counts[SNIFF_RECORDS]; /* fields of each record of the csv_trial made last */
	size_t starts[SNIFF_RECORDS];
} csv_sample;

typedef struct csv_trial {
	char delimiter, quote, escape, comment;
	size_t records, quoted,
		bad; /* fields with quotes, and ones whose quote does not close, or has text behind it */
	size_t first, equal; /* fields of the first record; records that have as many */
	size_t common; /* fields that all have from the record `settled` on, 0: no such number */
	size_t settled;
	size_t table; /* where that record begins */
	bool prose;   /* every record before it has fewer fields */
	bool above;   /* two records before it, one below the other, have as many fields as each other: a table */
} csv_trial;

typedef struct csv_piece {
	const char *s, *e; /* without its quotes; doubled ones inside stay */
	bool quoted, bad;
	bool last; /* of its record */
	bool cut;  /* the text ended before it did */
} csv_piece;

/* The field at *at; *at moves behind its separator. */
void bn_sample_field(const csv_sample *f, const csv_trial *t, size_t *at, csv_piece *out);
size_t bn_sample_line_end(const csv_sample *f, size_t at);
/* Past lines that are none of a table's: of blanks, and comments. */
size_t bn_sample_skip(const csv_sample *f, const csv_trial *t, size_t at);

bool bn_sample_is_number(const csv_piece *x);
/* Fields that are numbers in the first record of t's table, and in the second. */
void bn_sample_count_numbers(const csv_sample *f, const csv_trial *t, size_t numbers[2]);
/* Where the names begin that a comment line right above the first record of t's table holds: as many as that has fields,
 * and those look like data, or the names like words. SIZE_MAX: there is no such line. */
size_t bn_sample_commented_header(const csv_sample *f, const csv_trial *t, size_t table);
/* Fields that begin with blanks and a quote, which is none there. */
typedef struct csv_spaced {
	size_t closed;     /* that end with a quote, too */
	size_t open;       /* whose end comes behind a delimiter or a line end that the quotes should hold */
	size_t first_open; /* where the first of these begins */
} csv_spaced;
csv_spaced bn_sample_spaced_quotes(const csv_sample *f, const csv_trial *t, size_t table);
/* Does every record of the table end with an empty field? */
bool bn_sample_ends_empty(const csv_sample *f, const csv_trial *t);
/* Some column has numbers with a comma and nothing else, and none has numbers with a point and nothing else. */
int bn_sample_decimal_comma(
	bool *out, const csv_sample *f, const csv_trial *t, size_t columns, bn_err *err);

#endif
