/*
 * dialect.h - how a table of text is written: what separates fields, what quotes them, what a number looks like.
 *
 * A file does not say its dialect. What the user does not say is found out on a sample (csv_sniff.c): the plain
 * reading (comma or the suffix's own delimiter, double quotes, first line the header) stands whenever the sample is
 * a table under it; only then other readings are tried, and one is taken when it makes a table of the sample. What
 * was concluded is said, and every part can be set.
 */
#ifndef BN_SOURCE_DIALECT_H
#define BN_SOURCE_DIALECT_H
#include "core/base/err.h"
#include "core/base/json.h"

#include <stdbool.h>
#include <stdint.h>

#define BN_DIALECT_NONE ((char)-1) /* in options: there is no such character */

typedef enum bn_date_order {
	BN_DATE_ISO = 0, /* YYYY-MM-DD alone */
	BN_DATE_DMY,
	BN_DATE_MDY,
	BN_DATE_YMD, /* with other signs than ISO's: 2024/12/31 */
} bn_date_order;

/* Parts that the sample said, as bits of `concluded`. */
enum {
	BN_DIALECT_ENCODING = 1,
	BN_DIALECT_DELIMITER = 2,
	BN_DIALECT_QUOTE = 4,
	BN_DIALECT_ESCAPE = 8,
	BN_DIALECT_COMMENT = 16,
	BN_DIALECT_DECIMAL = 32,
	BN_DIALECT_SKIP = 64,
	BN_DIALECT_ROW_NAMES = 128,
};

typedef struct bn_dialect {
	char encoding[32]; /* "UTF-8", or what the text was converted from */
	char delimiter;
	char quote, escape, comment; /* 0: there is none */
	char decimal;                /* '.' or ',' */
	char thousands;              /* between groups of three digits; 0: numbers have none */
	bn_date_order date_order;
	bool no_header;
	bool row_names;     /* the header has no name for the first column */
	uint64_t skip;      /* lines before the header */
	unsigned concluded; /* what of it is not the plain reading and came from the sample */
} bn_dialect;

/* "dmy", "mdy", "ymd", "iso". */
int bn_date_order_parse(bn_date_order *out, const char *name, bn_err *err);
/* ",", ";", "\t" and "tab", "none" where *out may be BN_DIALECT_NONE; one ASCII character, no line end. what: for the
 * message ("--quote"). */
int bn_dialect_char_parse(char *out, const char *text, bool none, const char *what, bn_err *err);

/* "fields separated by ';', decimal comma": the concluded parts that an option sets, and those options ("--delimiter,
 * --decimal"); empty when there are none. */
void bn_dialect_describe(
	const bn_dialect *d, char *text, size_t text_bytes, char *options, size_t options_bytes);
/* All of it, for documents; yours, NULL without memory. */
json_t *bn_dialect_json(const bn_dialect *d);
/* Is it the reading that nobody had to find out or to say: commas or tabs, double quotes, the first line the header? */
bool bn_dialect_is_plain(const bn_dialect *d);

#endif
