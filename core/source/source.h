/*
 * source.h - the common interface of sources: an input as a stream of typed batches.
 *
 * A source is CSV, TSV, Arrow, the counters of this node. The stream that open returns is pulled
 * batch by batch. A source that infers its types (CSV) may find out late that one was too narrow;
 * it then returns BN_STREAM_RESTART: all batches so far are void, the schema has changed, and the
 * stream starts over. The source limits how often (csv.c: 64 early restarts, which read half of the
 * file at most, and two whole ones).
 */
#ifndef BN_SOURCE_SOURCE_H
#define BN_SOURCE_SOURCE_H
#include "core/base/crew.h"
#include "core/base/progress.h"
#include "core/source/dialect.h"
#include "core/source/input.h"
#include "core/table/table.h"

/* The user's options for the input; a source uses those that apply to it. */
typedef struct bn_source_type {
	const char *column;
	bn_field type; /* only its type; owned by the creator of the options */
} bn_source_type;

/* Separators between groups of three digits; a blank also stands for the non-breaking ones. */
#define BN_THOUSANDS ",. '_"

typedef struct bn_source_options {
	/* The dialect of a text table (dialect.h). 0 or NULL: inferred from a sample of the
	 * file. */
	const char *encoding; /* iconv's name of it */
	char delimiter;
	char quote, escape, comment; /* BN_DIALECT_NONE: none */
	char decimal;                /* '.' or ',' */
	char thousands;              /* one of BN_THOUSANDS; 0: none. '.' implies decimal ',' */
	bn_date_order date_order;    /* of dates that are not ISO 8601, such as 31/12/2024; 0: they
				   * are text */
	char trim;                   /* whether blanks around fields are left out: 'y', 'n' */
	bool no_header;     /* columns are then named c0, c1, ... */
	bool skip_given;    /* number of lines before the header that are not part of the table: */
	uint64_t skip;
	const char *const
		*nulls;  /* NULL-terminated spellings of "absent", in addition to those that are
				   * usual or known of a column; NULL: none */
	bool only_nulls; /* they replace those */
	bool form_known; /* decimal and thousands are not the user's, but those of the columns known */
	const bn_source_type *types;
	size_t type_count;
	/* Types to read as, unless `types` names another: every column of `as` must exist, and a
	 * value that does not fit its column's type is malformed. A number column parses its type's
	 * text form (cell.h if `inputs`), a category or string column takes the bytes unchanged:
	 * "true", "1.0", "+5". Columns that `as` does not name are inferred, or left out. NULL: all
	 * are inferred. */
	const bn_schema *as;
	const char *as_whose; /* "the model needs": in messages, after the name of a missing
			       * column */
	/* How the text of columns is read (bn_field.read), by name, unless an option above says otherwise;
	 * NULL: as the fields of `as` say. */
	const bn_schema *readings;
	const char *readings_of; /* "power@v1 was", "in training": in notes, after "as" */
	/* Called once the source's columns are known, with their schema. Returns the schema to use
	 * instead of `as`, which must live as long as the stream; NULL: an error. NULL: `as` is
	 * used. */
	const bn_schema *(*as_for)(void *user, const bn_schema *has, bn_err *err);
	void *as_for_user;
	bool as_only; /* return only the columns of `as`, in its order */
	/* The columns are inputs of a model, which computes with numbers: for any number type in
	 * `as`, a number column becomes float64 and accepts every finite number. */
	bool as_inputs;
	bool retype; /* infer the types of a dataset's next version again (bn_dataset_add): `readings` are only noted */
	const char *rejects;  /* NULL: a malformed row fails the ingest; else the file for malformed
			      * rows */
	bool no_rejects;      /* and the caller has no option for that */
	uint64_t max_rejects; /* more fail the ingest; 0: a tenth of the rows, from 10 000 on */
	int threads; /* 0: as many as there are CPUs, at most 8. Never changes the result */
	bn_crew *crew; /* threads that read ahead; NULL: the stream starts its own, `threads` of
		        * them */
	int64_t duration_ns; /* live sources: for how long, */
	int64_t interval_ns; /* and at which interval */
	/* Called from time to time on the caller's thread; false cancels (BN_EINTR). total 0:
	 * unknown. May be NULL. */
	bool (*progress)(void *ctx, uint64_t bytes_done, uint64_t bytes_total, uint64_t rows);
	void *progress_ctx;
	/* Columns whose texts are replaced before they are written (replace.h); NULL: none. */
	const struct bn_replace *replace;
	const char *const *pseudonymise; /* columns to pseudonymise, by the caller's caller (core/data/pseudonym.h) */
	size_t pseudonymise_count;
	bool types_stay; /* the caller has no option --retype */
} bn_source_options;

#define BN_SOURCE_OPTIONS_INIT \
	{ \
		.encoding = NULL \
	}

typedef enum bn_stream_state {
	BN_STREAM_END = 0,
	BN_STREAM_BATCH = 1,
	BN_STREAM_RESTART = 2, /* see above; get the schema again, then continue calling next */
} bn_stream_state;

/* A column whose type in the sample was changed by a later value. */
typedef struct bn_widened {
	size_t column;
	bn_type from, to;
	uint64_t line;   /* of the first value that did not fit; 0: there were too many distinct
		        * ones */
	char text[48];   /* its first bytes */
	const char *why; /* why it does not fit the type, if that is not obvious; else NULL */
} bn_widened;

/* Remarks on how a source was read, besides its rows. */
typedef struct bn_source_note {
	bool warning; /* otherwise informative */
	char text[256];
} bn_source_note;

typedef struct bn_source_notes {
	bn_dialect dialect; /* of a text table; delimiter 0: the source has none */
	bn_source_note *items;
	size_t count, cap;
} bn_source_notes;

int bn_source_note_add(bn_source_notes *n, bool warning, bn_err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int bn_source_notes_copy(bn_source_notes *out, const bn_source_notes *n, bn_err *err);
void bn_source_notes_release(bn_source_notes *n);

typedef struct bn_stream bn_stream;
typedef struct bn_stream_ops {
	const bn_schema *(*schema)(bn_stream *); /* borrowed until the next call of next */
	/* A bn_stream_state, or a negative code. *out is borrowed until the next call. */
	int (*next)(bn_stream *, const bn_batch **out, bn_err *);
	uint64_t (*bytes_done)(const bn_stream *);
	uint64_t (*bytes_total)(const bn_stream *); /* 0: unknown */
	uint64_t (*rejected)(const bn_stream *);
	/* After the end: their number, borrowed for the stream's life. NULL: types are never
	 * inferred. */
	size_t (*widened)(const bn_stream *, const bn_widened **out);
	/* After the end: borrowed for the stream's life. NULL: there are none. */
	const bn_source_notes *(*notes)(const bn_stream *);
	void (*free)(bn_stream *);
} bn_stream_ops;

/* The first member of every source's own struct. */
struct bn_stream {
	const bn_stream_ops *ops;
	bn_input *owned; /* set by bn_sources_open; else NULL */
};

typedef struct bn_source {
	const char *name; /* "csv", "tsv", "arrow", "proc" */
	const char *help; /* one line */
	bool live;        /* endless: needs duration_ns */
	/* Whether the input belongs to this source, by its name and first bytes. 0: no; the highest
	 * value wins. */
	int (*detect)(const bn_input *in);
	/* The input is borrowed for the stream's life. */
	int (*open)(bn_stream **out, bn_input *in, const bn_source_options *options, bn_err *err);
} bn_source;

#endif
