/*
 * _csv_parts.h - the components of the CSV reader, and the data passed between them.
 *
 *	csv_sniff.c, csv_sample.c  the beginning of the file -> its dialect
 *	csv_names.c    the first record -> names of columns
 *	csv_input.c    bytes of the file -> chunks of whole records       (one at a time, in order)
 *	csv_scan.c     text -> places of the separators outside of quotes
 *	csv_rows.c     separators -> rows; which rows are malformed
 *	csv_plain.c    plain numbers, many at a time
 *	csv_convert.c  fields of a column -> typed array                  (in parallel, per chunk)
 *	csv_infer.c    fields -> facts -> type
 *	csv_open.c     the stream's beginning: dialect, names, the user's types
 *	csv_forms.c    how the text of each column is read
 *	csv_notes.c, csv_header.c, csv_near.c, csv_dates.c, csv_odd.c  notes for the user about what was read
 *	csv.c          the stream: types, restarts
 *	csv_rejects.c  malformed records
 *
 * A chunk is cut after at most 65536 records or about 8 MiB, at a position that depends only on the
 * file. All state that crosses chunks belongs either to the input (under its turn) or to the
 * consumer.
 */
#ifndef BN_SOURCE_CSV_PARTS_H
#define BN_SOURCE_CSV_PARTS_H
#include "core/source/source.h"
#include "core/table/dict.h"

#define CSV_CHUNK_BYTES ((size_t)8 << 20)
#define CSV_CHUNK_ROWS BN_BATCH_ROWS
#define CSV_HEADROOM 64 /* readable bytes before and after the text of a chunk */
#define CSV_CATEGORY_MAX 65536
#define CSV_CATEGORY_BYTES ((size_t)16 << 20)

/* ---- dialect -------------------------------------------------------------------------------- */

typedef struct csv_dialect {
	char delimiter, newline; /* newline: '\n', or '\r' without '\n' */
	char quote;              /* 0: none */
	char escape, comment; /* 0: none; either of them makes the scanner process single bytes */
	bool trim; /* leaves out blanks around fields, also byte by byte. With delimiter ' ' a run of
		    * blanks is one separator, and none at the ends of a record */
	char decimal, thousands; /* thousands: 0, or the separator of digit groups */
	bn_date_order date_order;
	const char *const *nulls; /* NULL-terminated */
	uint32_t null_first
		[256];     /* bit n: a null spelling with this first byte is n bytes long (31: or
		        * longer) */
	bool null_numbers; /* one of them looks like a number */
	bool null_blanks;  /* only blanks count as absent, too */
} csv_dialect;

/* columns: of the table. If it is 1, a blank line is an empty line, and so an empty field. */
void bn_csv_set_nulls(csv_dialect *d, const char *const *nulls, size_t columns);
bool bn_csv_null_is_spelled(const csv_dialect *d, const char *s, size_t n);
bool bn_csv_null_is_number(const csv_dialect *d, const char *s, size_t n);
static inline bool bn_csv_may_be_null(const csv_dialect *d, const char *s, size_t n)
{
	/* A field is followed by a separator, so one byte of it can be read. */
	return d->null_first[n ? (uint8_t)*s : 0] >> (n < 31 ? n : 31) & 1;
}
/* In a column of numbers or of unknown type: matches a null spelling, or equals a number given as one. */
static inline bool bn_csv_is_null(const csv_dialect *d, const char *s, size_t n)
{
	return bn_csv_may_be_null(d, s, n) &&
	       (bn_csv_null_is_spelled(d, s, n) || bn_csv_null_is_number(d, s, n));
}
/* In a column of text, where 9e1 is not 90: matches a null spelling. */
static inline bool bn_csv_is_null_text(const csv_dialect *d, const char *s, size_t n)
{
	return bn_csv_may_be_null(d, s, n) && bn_csv_null_is_spelled(d, s, n);
}

/* ---- scanning ------------------------------------------------------------------------------- */

typedef enum csv_state {
	CSV_FIELD_START,
	CSV_UNQUOTED,
	CSV_QUOTED,
	CSV_QUOTE_SEEN,
	/* only with an escape, comments or trim: */
	CSV_ESCAPED,        /* the next byte is an ordinary character */
	CSV_QUOTED_ESCAPED, /* the same inside quotes */
	CSV_COMMENT,        /* skip to the end of the line */
	CSV_SPACE,          /* only with trim: blanks before a field */
} csv_state;

typedef struct csv_scan {
	csv_state state;  /* carried from block to block */
	uint32_t *seps;   /* room for one per scanned byte, and 64 more */
	size_t sep_count; /* delimiters and record ends outside of quotes, increasing */
	size_t records;   /* how many of them are record ends */
	size_t lines;     /* all line ends, also in quotes */
	size_t quotes;
	bool odd_bytes; /* a byte >= 0x80 or a NUL was seen */
} csv_scan;

/* Scans text[from .. to); positions are offsets in text. All variants give the same result. */
void bn_csv_scan_text(csv_scan *s, const csv_dialect *d, const char *text, size_t from, size_t to);
void bn_csv_scan_portable(
	csv_scan *s, const csv_dialect *d, const char *text, size_t from, size_t to);

/* ---- numbers -------------------------------------------------------------------------------- */

typedef enum csv_token {
	CSV_NOT_NUMBER,
	CSV_INT,
	CSV_BIG_INT,
	CSV_FLOAT,
	CSV_LOSSY,    /* a number whose digits before the point float64 does not keep: 9007199254740993.0
		    * and 9007199254740993.5; or 0 for 1e-400 */
	CSV_HUGE_INT, /* beyond int64 */
	CSV_HUGE,     /* beyond float64 */
} csv_token;

/* [+-]digits, or with fraction or exponent. No superfluous leading zero. INT: *i is
 * exact, and *f when |i| <= 2^53; BIG_INT: *i is exact, *f rounded; FLOAT, LOSSY and HUGE_INT: *f, correctly rounded; HUGE: neither.
 * "-0" is a FLOAT, inf is one, nan is not. */
csv_token bn_csv_parse_number(const char *s, size_t n, int64_t *i, double *f);
#define CSV_NUMBER_BYTES 400 /* longest number in plain form: with a point and without groups */
/* The number at s in csv_number.c's form, with a point before its fraction and without groups: s,
 * or a copy in `plain`; *n is its length. NULL if one of its characters has another meaning in the
 * dialect. */
const char *bn_csv_plain_number(
	const csv_dialect *d, const char *s, size_t *n, char plain[CSV_NUMBER_BYTES]);
/* Whether it is a number with such groups of three digits. One that is plain without them is not. */
bool bn_csv_is_grouped(
	const csv_dialect *of, char thousands, char decimal, const char *s, size_t n);
/* The same in the dialect's form. */
csv_token bn_csv_number(const csv_dialect *d, const char *s, size_t n, int64_t *i, double *f);
/* A date in the given order, as ISO 8601 in iso; otherwise s. *n is updated. */
const char *bn_csv_iso_date(const csv_dialect *d, const char *s, size_t *n, char iso[64]);
/* A date or time in the dialect's form: ISO 8601, or day, month and year in the dialect's order. */
bool bn_csv_time(const csv_dialect *d, const char *s, size_t n, int64_t *ns);

/* One column of a matrix of fields. */
typedef struct csv_fields {
	const char *text;       /* 48 bytes before it are readable */
	const uint32_t *seps;   /* of this column in row 0: the end of the field */
	size_t stride;          /* separators from one row to the next */
	const uint32_t *starts; /* column 0: the start of its fields, per row; else NULL */
	bool trim_cr;           /* the last column of a file with CRLF */
	char point;             /* digits before the fraction */
} csv_fields;

/* m times 10^exponent, correctly rounded; false if one operation may not give that. */
bool bn_csv_scale(uint64_t m, int exponent, double *out);

/* Converts rows from .. as long as fields are plain ([-]digits[.digits], exact by one division:
 * about 16 characters, and longer fractions on some CPUs); returns the first row that was not, or
 * to. How many are converted depends on the CPU, the values do not. */
size_t bn_csv_plain_floats(const csv_fields *f, double *out, size_t from, size_t to);
size_t bn_csv_plain_ints(const csv_fields *f, int64_t *out, size_t from, size_t to); /* 15 digits */

/* 0 AVX-512, 1 AVX2, 2 portable. */
int bn_csv_isa_level(void);

/* ---- types ---------------------------------------------------------------------------------- */

/* Facts about a column's values; for the whole file: the OR over its chunks. */
enum {
	CSV_HAS_INT = 1,
	CSV_HAS_BIG_INT = 2, /* beyond 2^53 */
	CSV_HAS_FLOAT = 4,
	CSV_HAS_BOOL = 8,
	CSV_HAS_TIME = 16,
	CSV_HAS_TEXT = 32,
	/* Text that is close to another type; the reason why it is text is reported
	 * (bn_csv_why). */
	CSV_HAS_LOSSY = 64,
	CSV_HAS_HUGE = 128,
	CSV_HAS_FAR_TIME = 256, /* beyond the range of nanoseconds */
	CSV_HAS_HOUR_24 = 512,  /* 24:00:00 */
	CSV_HAS_LEAP = 1024,    /* second 60 */
	CSV_HAS_NO_DAY = 2048,  /* 2023-02-29 */
	CSV_HAS_HUGE_INT = 4096,
	CSV_HAS_OTHER_ORDER = 8192, /* 12/31/2024 although days come first */
	CSV_HAS_CLOCK_12 = 16384,   /* 3:04 PM */
	CSV_HAS_ZONE = 32768,       /* a blank before the zone */
};
#define CSV_HAS_NUMBERS \
	((unsigned)(CSV_HAS_INT | CSV_HAS_BIG_INT | CSV_HAS_FLOAT | CSV_HAS_LOSSY | CSV_HAS_HUGE | \
		    CSV_HAS_HUGE_INT))
#define CSV_HAS_TIMES \
	((unsigned)(CSV_HAS_TIME | CSV_HAS_FAR_TIME | CSV_HAS_HOUR_24 | CSV_HAS_LEAP | \
		    CSV_HAS_NO_DAY | CSV_HAS_OTHER_ORDER | CSV_HAS_CLOCK_12 | CSV_HAS_ZONE))

typedef struct csv_column_plan {
	bn_type type;
	bool empty;    /* no value seen so far: any value is a misfit */
	bool declared; /* declared, not inferred: a value that does not fit makes the record
		        * malformed */
	const struct csv_form *form; /* how its text is read (_csv_stream.h), */
	const csv_dialect *dialect;  /* and the file's dialect with that */
	bool input;    /* input of a model: its text is read by cell.h */
	bool unwanted; /* not converted */
	bn_type told;  /* declared: its name in messages */
	uint8_t precision, scale; /* DECIMAL */
	bool naive;               /* TIMESTAMP */
	unsigned facts;
	unsigned sampled; /* facts of the sample */
	bool widened;     /* and they did not hold, which is noted */
	uint64_t zoned, zoneless; /* TIMESTAMP: times with and without a zone in the file so far, */
	char first_zoneless[32];  /* and the first of the latter */
} csv_column_plan;

unsigned bn_csv_classify(const csv_dialect *d, const char *s, size_t n);
/* Why a column with these facts, or a value that differs, is text although it is close to another
 * type: "has a second 60"; NULL if the reason is obvious. */
const char *bn_csv_why(unsigned facts);
/* Type for these facts; text gives BN_TYPE_CATEGORY. *empty if there are none. */
bn_type bn_csv_type_of(unsigned facts, bool *empty);
/* s without surrounding blanks: true/false as 1/0, or -1. */
int bn_csv_parse_bool(const char *s, size_t n);

/* ---- chunks --------------------------------------------------------------------------------- */

typedef enum csv_cure { CSV_CURE_FILE, CSV_CURE_ENCODING, CSV_CURE_QUOTES } csv_cure;

typedef struct csv_reject {
	csv_cure cure;
	uint32_t column;     /* field, or UINT32_MAX */
	uint32_t at;         /* byte in the chunk's text */
	uint32_t begin, end; /* the record's bytes in the chunk */
	char reason[120];
} csv_reject;

typedef struct csv_column {
	char *values; /* numbers, codes; bool: bitmap; in the chunk's arrays, like validity */
	uint8_t *validity;
	int32_t *ends;
	bn_buf bytes;
	bn_dict_builder dict;
	bn_dict dict_view;
	size_t nulls;
	unsigned facts;
	size_t zoned, zoneless; /* TIMESTAMP: times with and without a zone, */
	uint32_t zoneless_row;  /* and the first of the latter */
	bool misfit;         /* does not fit the plan; facts are then collected from every field */
	uint32_t misfit_row; /* the first value that does not */
} csv_column;

typedef struct csv_chunk {
	char *memory; /* CSV_HEADROOM, text, CSV_HEADROOM */
	size_t capacity;
	char *text;
	size_t len;
	uint64_t line; /* position in the file of the text's beginning; line is 1-based */
	csv_scan scan;
	size_t seps_cap;
	uint32_t *starts; /* of each good row */
	size_t starts_cap;
	size_t rows, row_cap;
	csv_column *columns;
	char *arrays; /* of row_cap rows */
	csv_reject *rejects; /* by row */
	size_t reject_count, reject_cap;
	uint8_t *bad; /* bitmap of rows that conversion rejected */
	size_t bad_cap;
	bool unclosed;  /* the chunk is one record whose quote is never closed: text is its first
		        * line */
	bool oversized; /* the chunk is the beginning of a record that is too long */
	uint32_t unclosed_at;
	uint64_t bytes; /* consumed from the file */
	bn_batch batch;
	int rc;
	bn_err err;
} csv_chunk;

void bn_csv_chunk_release(csv_chunk *c, size_t columns);

/* Splits the chunk's separators into rows and rejects, then converts every column by its plan. Sets
 * rc in c. */
typedef struct csv_plan {
	const csv_dialect *dialect;
	csv_column_plan *columns;
	size_t count;
	size_t *handed; /* the columns of a batch, in its order */
	size_t handed_count;
} csv_plan;

int bn_csv_find_rows(csv_chunk *c, const csv_plan *plan, bn_err *err);
int bn_csv_convert_chunk(csv_chunk *c, const csv_plan *plan, bn_err *err);
/* Marks field (or, UINT32_MAX, the record) of good row r malformed. */
int bn_csv_reject_row(csv_chunk *c, const csv_plan *plan, size_t row, size_t column, const char *at,
	bn_err *err, const char *fmt, ...) __attribute__((format(printf, 7, 8)));
/* Numbers and times: leaves out blanks and tabs around them. */
static inline void csv_trim_tabs(const char **s, size_t *n)
{
	while (*n && (**s == ' ' || **s == '\t'))
		++*s, --*n;
	while (*n && ((*s)[*n - 1] == ' ' || (*s)[*n - 1] == '\t'))
		--*n;
}
/* Leaves out the blanks around s .. e. */
static inline void csv_trim(const char **s, const char **e)
{
	while (*s < *e && **s == ' ')
		++*s;
	while (*e > *s && (*e)[-1] == ' ')
		--*e;
}
/* Field of a good row as it is in the file: with quotes, without the CR of a CRLF and the blanks that the dialect
 * leaves out. */
static inline void csv_field(const csv_chunk *c, size_t columns, const csv_dialect *d, size_t row,
	size_t col, const char **s, const char **e)
{
	const uint32_t *seps = c->scan.seps + row * columns;

	*s = c->text + (col ? seps[col - 1] + 1 : c->starts[row]);
	*e = c->text + seps[col];
	if (col + 1 == columns && d->newline == '\n' && *e > *s && (*e)[-1] == '\r')
		--*e;
	if (d->trim)
		csv_trim(s, e);
}
/* The text of a field without quotes and escapes, copied to scratch if it contains any. False with
 * *at if there is text after the closing quote. */
bool bn_csv_unquote(
	const csv_dialect *d, const char **s, const char **e, bn_buf *scratch, const char **at);

/* ---- the beginning of the file -------------------------------------------------------------- */

typedef struct csv_beginning {
	bn_dialect dialect;
	char newline;
	size_t begin;      /* offset of the table's first record, */
	uint64_t line;     /* and its line, 1-based */
	bool spare_column; /* every record except the header ends with an additional empty field */
	bool commented;    /* the first record is a comment line, without its sign: the names */
	bool names_between_blanks; /* the names are separated by blanks, unlike the fields */
	uint64_t other_table; /* line on which another table begins below the first; 0: none found */
	uint64_t annotated_again; /* line of annotations after rows (InfluxDB); 0: none */
	size_t spaced_quotes; /* fields whose quotes are text, because a blank precedes them */
	size_t open_quote; /* offset of a field that such a quote splits in two; SIZE_MAX: none */
} csv_beginning;

/* Infers the options that were not given from text, the file's first n bytes after a byte order
 * mark (whole: the entire file). Sets everything in *out except the encoding. */
int bn_csv_sniff(csv_beginning *out, const char *text, size_t n, bool whole, char preferred,
	const bn_source_options *options, bn_err *err);
/* Names of the columns from the first record, text: one for each, all different. */
int bn_csv_read_names(bn_schema *schema, const csv_dialect *d, const csv_beginning *b,
	const char *text, size_t n, bn_source_notes *notes, bn_err *err);

/* Adds a guess of the encoding to the error's hint. */
void bn_csv_hint_encoding(const char *s, size_t n, bn_err *err);

/* ---- input ---------------------------------------------------------------------------------- */

typedef struct csv_input {
	bn_input *file;        /* borrowed */
	const char *path;      /* its name, for messages */
	uint64_t size, offset; /* offset in the file of the next byte to read */
	uint64_t data_offset;  /* offset of the first record */
	uint64_t line, data_line;
	uint64_t other_table; /* as in csv_beginning */
	char *carry;          /* read, but not in a chunk yet */
	size_t carry_at, carry_len, carry_cap;
	size_t target; /* target size of the next chunk */
	bool skipping; /* inside a record that was too long */
	bool end;
} csv_input;

int bn_csv_input_open(csv_input *in, bn_input *file, bn_err *err);
/* Reads the beginning: the dialect (all of d except its nulls; notes->dialect), then the first
 * record. */
int bn_csv_input_header(csv_input *in, csv_dialect *d, char preferred,
	const bn_source_options *options, bn_schema *schema, bn_source_notes *notes, bn_err *err);
void bn_csv_input_rewind(csv_input *in);
/* The next chunk; c->len is 0 at the end. */
int bn_csv_input_fill(csv_input *in, const csv_dialect *d, csv_chunk *c, bn_err *err);
void bn_csv_input_close(csv_input *in);

#endif
