/*
 * reading.h - how the text of a column is read: the spellings of a missing value, the form of
 * numbers, the order of dates, blanks around text.
 *
 * A file does not say that -999 is no value, that 1.234 is a thousand, or that 03/04 is in April.
 * The user says so once; from then on it is known of the column, like its type, and kept with it:
 * in bn_field.read, which a table carries in the metadata of the Arrow field, a profile and the
 * features of a model in their JSON. A file that is read as a version or model needs it is read so,
 * column by column (source.h: `readings`); what the command line says wins.
 *
 *	{"date_order":"dmy","decimal":",","null":["-999"],"thousands":"."}
 *	{"only_null":["","?"],"trim":true}
 *
 * null       spellings in addition to the usual ones (cell.h); only_null: instead of them
 * decimal    "." or ","; thousands is there only with decimal: one of BN_THOUSANDS
 * date_order "dmy", "mdy" or "ymd"
 * trim       true: blanks around a text are not part of it
 * text       usual spellings that are values of the column, such as a category "None": unquoted
 *            they are text, too. This follows from the values, so it is in no table
 *
 * Unknown members are ignored: the text is then read as an older program reads it. NULL, for most
 * columns, is the usual form.
 */
#ifndef BN_SOURCE_READING_H
#define BN_SOURCE_READING_H
#include "core/source/source.h"

typedef struct bn_reading {
	bn_arena arena; /* of the texts */
	const char **nulls, **texts;
	size_t null_count, text_count;
	bool only;      /* nulls replace the usual spellings */
	char decimal;   /* 0: not said, */
	char thousands; /* and then neither is this; else 0: none */
	bn_date_order date_order;
	bool trim;
} bn_reading;

#define BN_READING_INIT \
	{ \
		.decimal = 0 \
	}

void bn_reading_release(bn_reading *r);
/* out: initialised. text NULL: nothing is known. BN_EINVAL if it is not as above. */
int bn_reading_parse(bn_reading *out, const char *text, bn_err *err);
/* What the options say. */
int bn_reading_of_options(bn_reading *out, const bn_source_options *o, bn_err *err);
/* *out is the text of what matters to a column of that type, yours; NULL: nothing. Without `text`
 * for a table (texts false). */
int bn_reading_format(char **out, const bn_reading *r, bn_type type, bool texts, bn_err *err);
/* A bn_field.read as the field of a table has it: what matters to the type and does not follow from the
 * values. *out is yours; NULL also if this program cannot read it. */
int bn_reading_for_table(char **out, const char *read, bn_type type, bn_err *err);
/* What is known with what is given: more spellings, or (only) others; another form of numbers;
 * another order. trim is decided for the whole file. out: initialised. */
int bn_reading_merge(
	bn_reading *out, const bn_reading *known, const bn_reading *given, bn_err *err);
/* What is known of all columns of the schema to which it applies. out: initialised. */
int bn_reading_common(bn_reading *out, const bn_schema *s, bn_err *err);
/* *out is `read` with the usual spellings among the values of a text column, yours; NULL: nothing is
 * known. is_value: whether the text is one of them. */
int bn_reading_with_values(char **out, const char *read,
	bool (*is_value)(const void *ctx, const char *text), const void *ctx, bn_err *err);

/* The spellings of a missing value, NULL-terminated, in r's arena: those that are no values. */
int bn_reading_nulls(const char *const **out, bn_reading *r, bn_err *err);
/* "--null -999 --decimal ,": the options that say it. */
void bn_reading_describe(const bn_reading *r, bn_buf *out);
bool bn_reading_is_usual(const bn_reading *r); /* nothing is known but texts */

#endif
