/*
 * _csv_sample.h - the beginning of a file under a candidate dialect: its fields in order, and what
 * they look like. csv_sniff.c chooses the dialect.
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
	uint32_t counts[SNIFF_RECORDS]; /* fields of each record of the latest csv_trial */
	size_t starts[SNIFF_RECORDS];
	uint8_t pairs[SNIFF_RECORDS]; /* PAIR_... of the first two fields */
} csv_sample;

enum { PAIR_NAMED = 1, PAIR_NUMBER = 2 }; /* the first is a name; the second is a number */

typedef struct csv_trial {
	char delimiter, quote, escape, comment;
	bool trim;
	size_t records, quoted,
		bad; /* quoted fields, and those whose quote is not closed or is followed by text */
	size_t first, equal; /* fields of the first record; records that have as many */
	size_t common;       /* number of fields that all records from `settled` on have, 0: none */
	size_t settled;
	size_t table; /* offset of that record */
	bool prose;   /* every record before it has fewer fields, and is not a header that lacks some */
	bool above; /* two consecutive records before it have the same number of fields: a
		       * table, unless each is a name and a value */
} csv_trial;

typedef struct csv_piece {
	const char *s, *e; /* without its quotes; doubled quotes inside are kept */
	bool quoted, bad;
	bool last; /* of its record */
	bool cut;  /* the text ended before the field did */
} csv_piece;

/* The field at *at; *at is advanced past its separator. */
void bn_sample_field(const csv_sample *f, const csv_trial *t, size_t *at, csv_piece *out);
size_t bn_sample_line_end(const csv_sample *f, size_t at);
/* Skips lines that are not part of a table: blank lines and comments. */
size_t bn_sample_skip(const csv_sample *f, const csv_trial *t, size_t at);

bool bn_sample_is_number(const csv_piece *x);
/* A short text with a letter that is not a number. */
bool bn_sample_is_name(const csv_piece *x);
/* The number of numeric fields in the first record of t's table, and in the second. */
void bn_sample_count_numbers(const csv_sample *f, const csv_trial *t, size_t numbers[2]);
/* The offset of column names in the comment line right above the first record of t's table: as many names as the record
 * has fields, and either the fields look like data or the names like words; or in the line above that if units stand
 * below the names. SIZE_MAX: there is no such line. */
size_t bn_sample_commented_header(const csv_sample *f, const csv_trial *t, size_t table);
/* The same with the names separated as in the trial `names` and the fields as in `t`. */
size_t bn_sample_commented_names(
	const csv_sample *f, const csv_trial *names, const csv_trial *t, size_t table);
uint64_t bn_sample_count_lines(const csv_sample *f, size_t from, size_t to);
/* Whether InfluxDB's annotations begin at `at`: "#datatype,string,long". */
bool bn_sample_is_annotated(const csv_sample *f, size_t at);
/* The line on which annotations follow rows; 0: none. */
uint64_t bn_sample_second_annotation(const csv_sample *f, const csv_trial *t);
/* Fields that begin with blanks and a quote, which is then an ordinary character. */
typedef struct csv_spaced {
	size_t closed;     /* those that end with a quote, too */
	size_t open;       /* those whose closing quote is after a delimiter or line end */
	size_t first_open; /* offset of the first of these */
	size_t unspaced;   /* other quoted fields, except the first of each record */
} csv_spaced;
csv_spaced bn_sample_spaced_quotes(const csv_sample *f, const csv_trial *t, size_t table);
/* Non-empty fields other than the first of their record, and those of them that begin with a blank: in the table's
 * first record, and in the others. */
typedef struct csv_padded {
	size_t fields, padded;
} csv_padded;
void bn_sample_count_padded(const csv_sample *f, const csv_trial *t, size_t table,
	csv_padded *header, csv_padded *rest);
/* Whether the first fields of t's table, whose header has one name fewer than its records have fields, may be row names:
 * all different in the first hundred records, no delimiter inside curly quotes makes them one too many, and not the
 * whole part of a decimal comma below a single name. */
bool bn_sample_are_row_names(const csv_sample *f, const csv_trial *t);
/* Whether every record of the table ends with an empty field. */
bool bn_sample_ends_empty(const csv_sample *f, const csv_trial *t);
/* ',' if some column has only numbers with a decimal comma, and none has only numbers with a point; '.' for the reverse;
 * else 0. */
int bn_sample_decimal(
	char *out, const csv_sample *f, const csv_trial *t, size_t columns, bn_err *err);

#endif
