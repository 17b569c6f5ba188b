/*
 * dialect.h - the format of a text table: delimiter, quotes, form of numbers.
 *
 * A file does not declare its dialect. Parameters that the user did not give are inferred from a
 * sample (csv_sniff.c): the plain dialect (comma or the suffix's own delimiter, double quotes,
 * first line the header) is taken whenever it makes a table of the sample; only otherwise other
 * dialects are tried. Inferred parameters are reported, and every one can be set.
 */
#ifndef BN_SOURCE_DIALECT_H
#define BN_SOURCE_DIALECT_H
#include "core/base/err.h"
#include "core/base/json.h"

#include <stdbool.h>
#include <stdint.h>

#define BN_DIALECT_NONE ((char)-1) /* in options: no such character */

typedef enum bn_date_order {
	BN_DATE_ISO = 0, /* only YYYY-MM-DD */
	BN_DATE_DMY,
	BN_DATE_MDY,
	BN_DATE_YMD, /* with other separators than ISO's: 2024/12/31 */
} bn_date_order;

/* Parameters inferred from the sample, as bits of `concluded`. */
enum {
	BN_DIALECT_ENCODING = 1,
	BN_DIALECT_DELIMITER = 2,
	BN_DIALECT_QUOTE = 4,
	BN_DIALECT_ESCAPE = 8,
	BN_DIALECT_COMMENT = 16,
	BN_DIALECT_DECIMAL = 32,
	BN_DIALECT_SKIP = 64,
	BN_DIALECT_ROW_NAMES = 128,
	BN_DIALECT_TRIM = 256,
};

typedef struct bn_dialect {
	char encoding[32]; /* "UTF-8", or the encoding that was converted */
	char delimiter;
	char quote, escape, comment; /* 0: none */
	char decimal;                /* '.' or ',' */
	char thousands;              /* between groups of three digits; 0: none */
	bn_date_order date_order;
	bool no_header;
	bool trim; /* leaves out blanks around fields; with delimiter ' ': a run of blanks is one
			     * separator */
	bool row_names;     /* the header has no name for the first column */
	uint64_t skip;      /* lines before the header */
	unsigned concluded; /* parameters that were inferred and differ from the plain dialect */
} bn_dialect;

/* "dmy", "mdy", "ymd", "iso". */
int bn_date_order_parse(bn_date_order *out, const char *name, bn_err *err);
const char *bn_date_order_name(bn_date_order order);
/* ",", ";", "\t" and "tab", "none" if *out may be BN_DIALECT_NONE; one ASCII character, no line
 * end. what: for the message ("--quote"). */
int bn_dialect_char_parse(char *out, const char *text, bool none, const char *what, bn_err *err);

/* "fields separated by ';', decimal comma": the inferred parameters that an option sets, and those
 * options ("--delimiter, --decimal"); empty if there are none. */
void bn_dialect_describe(
	const bn_dialect *d, char *text, size_t text_bytes, char *options, size_t options_bytes);
/* All parameters, for documents; yours, NULL if out of memory. */
json_t *bn_dialect_json(const bn_dialect *d);
/* Whether it is the plain dialect: commas or tabs, double quotes, the first line the header. */
bool bn_dialect_is_plain(const bn_dialect *d);

#endif
