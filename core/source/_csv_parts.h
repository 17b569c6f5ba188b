/*
 * _csv_parts.h - the pieces of the CSV reader, and what they hand to each other.
 *
 *	csv_input.c    bytes of the file -> chunks of whole records       (one at a time, in order)
 *	csv_scan.c     text -> places of the separators outside of quotes
 *	csv_rows.c     separators -> rows; which rows are malformed
 *	csv_plain.c    plain numbers, many at a time
 *	csv_convert.c  fields of a column -> typed array                  (in parallel, per chunk)
 *	csv_infer.c    fields -> facts -> type
 *	csv.c          the stream: types, restarts, rejects
 *
 * A chunk is cut after at most 65536 records or about 8 MiB; where depends on the file alone. All
 * state that crosses chunks belongs either to the input (under its turn) or to the consumer.
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
	char delimiter, quote, newline; /* newline: '\n', or '\r' alone */
	const char *const *nulls;       /* NULL-terminated */
	bool null_first[256];           /* first bytes of the spellings in nulls */
} csv_dialect;

bool bn_csv_is_null(const csv_dialect *d, const char *s, size_t n);

/* ---- scanning ------------------------------------------------------------------------------- */

typedef enum csv_state { CSV_FIELD_START, CSV_UNQUOTED, CSV_QUOTED, CSV_QUOTE_SEEN } csv_state;

typedef struct csv_scan {
	csv_state state;  /* carried from block to block */
	uint32_t *seps;   /* room for one per byte scanned, and 64 more */
	size_t sep_count; /* delimiters and record ends outside of quotes, rising */
	size_t records;   /* record ends among them */
	size_t lines;     /* all line ends, also in quotes */
	size_t quotes;
	bool odd_bytes; /* a byte >= 0x80 or a NUL was seen */
} csv_scan;

/* Scans text[from .. to); places are counted from text. Every variant gives the same result. */
void bn_csv_scan_text(csv_scan *s, const csv_dialect *d, const char *text, size_t from, size_t to);
void bn_csv_scan_portable(
	csv_scan *s, const csv_dialect *d, const char *text, size_t from, size_t to);

/* ---- numbers -------------------------------------------------------------------------------- */

typedef enum csv_token { CSV_NOT_NUMBER, CSV_INT, CSV_BIG_INT, CSV_FLOAT } csv_token;

/* [+-]digits, or with fraction or exponent. No superfluous leading zero, no overflow. INT: *i is
 * exact, and *f when |i| <= 2^53; BIG_INT: *i is exact, *f rounded; FLOAT: *f, correctly rounded.
 * "-0" is a FLOAT, inf is one, nan is not. */
csv_token bn_csv_parse_number(const char *s, size_t n, int64_t *i, double *f);

/* One column of a matrix of fields. */
typedef struct csv_fields {
	const char *text;       /* 16 bytes before it can be read */
	const uint32_t *seps;   /* of this column in row 0: where the field ends */
	size_t stride;          /* separators from one row to the next */
	const uint32_t *starts; /* column 0: where its fields begin, per row; else NULL */
	bool trim_cr;           /* the last column of a file with CRLF */
} csv_fields;

/* Converts rows from .. as long as fields are plain ([-]digits[.digits], at most 16 characters
 * without the sign, exact by one division); returns the first row that was not, or to. */
size_t bn_csv_plain_floats(const csv_fields *f, double *out, size_t from, size_t to);
size_t bn_csv_plain_ints(const csv_fields *f, int64_t *out, size_t from, size_t to); /* 15 digits */

/* 0 AVX-512, 1 AVX2, 2 portable. */
int bn_csv_isa_level(void);

/* ---- types ---------------------------------------------------------------------------------- */

/* What is known of a column's values; of the whole file: the OR over its chunks. */
enum {
	CSV_HAS_INT = 1,
	CSV_HAS_BIG_INT = 2, /* beyond 2^53 */
	CSV_HAS_FLOAT = 4,
	CSV_HAS_BOOL = 8,
	CSV_HAS_TIME = 16,
	CSV_HAS_TEXT = 32,
};

typedef struct csv_column_plan {
	bn_type type;
	bool empty;    /* no value seen so far: any value is a misfit */
	bool declared; /* not guessed: a value that does not fit makes the record malformed */
	bool input;    /* of a model: its text is read by cell.h */
	bool unwanted; /* is not converted */
	bn_type told;  /* declared: as messages call it */
	unsigned facts;
} csv_column_plan;

unsigned bn_csv_classify(const csv_dialect *d, const char *s, size_t n, bool quoted);
/* Type for these facts; text gives BN_TYPE_CATEGORY. *empty when there are none. */
bn_type bn_csv_type_of(unsigned facts, bool *empty);
/* s trimmed of blanks: true/false as 1/0, or -1. */
int bn_csv_parse_bool(const char *s, size_t n);

/* ---- chunks --------------------------------------------------------------------------------- */

typedef struct csv_reject {
	uint32_t column;     /* field, or UINT32_MAX */
	uint32_t at;         /* byte in the chunk's text */
	uint32_t begin, end; /* the record's bytes in the chunk */
	char reason[120];
} csv_reject;

typedef struct csv_column {
	char *values; /* numbers, codes; bool: bitmap */
	uint8_t *validity;
	int32_t *ends;
	bn_buf bytes;
	bn_dict_builder dict;
	bn_dict dict_view;
	size_t nulls;
	unsigned facts;
	bool misfit; /* does not fit the plan; facts then come from classifying every field */
	uint32_t misfit_row; /* the first that does not */
} csv_column;

typedef struct csv_chunk {
	char *memory; /* CSV_HEADROOM, text, CSV_HEADROOM */
	size_t capacity;
	char *text;
	size_t len;
	uint64_t line; /* of the file, where the text begins; 1-based */
	csv_scan scan;
	size_t seps_cap;
	uint32_t *starts; /* of each good row */
	size_t starts_cap;
	size_t rows, row_cap;
	csv_column *columns;
	csv_reject *rejects; /* by row */
	size_t reject_count, reject_cap;
	uint8_t *bad; /* bitmap of rows that conversion rejected */
	size_t bad_cap;
	bool unclosed; /* the chunk is one record whose quote never closes: text is its first line */
	bool oversized; /* the chunk is the beginning of a record that is too long */
	uint32_t unclosed_at;
	uint64_t bytes; /* consumed from the file */
	bn_batch batch;
	int rc;
	bn_err err;
} csv_chunk;

void bn_csv_chunk_release(csv_chunk *c, size_t columns);

/* Rows and rejects of the chunk from its separators; then every column by its plan. rc in c. */
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
/* Field of a good row, as it stands in the text: quotes included, the CR of a CRLF not. */
static inline void csv_field(const csv_chunk *c, size_t columns, char newline, size_t row,
	size_t col, const char **s, const char **e)
{
	const uint32_t *seps = c->scan.seps + row * columns;

	*s = c->text + (col ? seps[col - 1] + 1 : c->starts[row]);
	*e = c->text + seps[col];
	if (col + 1 == columns && newline == '\n' && *e > *s && (*e)[-1] == '\r')
		--*e;
}
/* The text of a quoted field, without its quotes: into scratch when quotes are doubled. False with
 * *at when text follows the closing quote. */
bool bn_csv_unquote(char quote, const char **s, const char **e, bn_buf *scratch, const char **at);

/* ---- input ---------------------------------------------------------------------------------- */

typedef struct csv_input {
	bn_input *file;        /* borrowed */
	const char *path;      /* its name, for messages */
	uint64_t size, offset; /* of the file; of the next byte to read */
	uint64_t data_offset;  /* where the records begin */
	uint64_t line, data_line;
	char *carry; /* read, not yet in a chunk */
	size_t carry_at, carry_len, carry_cap;
	size_t target; /* bytes to aim at for the next chunk */
	bool skipping; /* inside of a record that was too long */
	bool end;
} csv_input;

int bn_csv_input_open(csv_input *in, bn_input *file, bn_err *err);
/* Looks at the beginning: byte order mark, line ends; then the first record. */
int bn_csv_input_header(
	csv_input *in, csv_dialect *d, bool no_header, bn_schema *schema, bn_err *err);
void bn_csv_input_rewind(csv_input *in);
/* The next chunk; c->len 0 at the end. */
int bn_csv_input_fill(csv_input *in, const csv_dialect *d, csv_chunk *c, bn_err *err);
void bn_csv_input_close(csv_input *in);

#endif
