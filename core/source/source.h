/*
 * source.h - a kind of input as a stream of typed batches: what the kinds have in common.
 *
 * A source is CSV, TSV, Arrow, the counters of this node. The stream that open returns is pulled batch by batch.
 * A source that has to guess its types (CSV) may find out late that a guess was too narrow; it then says
 * BN_STREAM_RESTART: all batches so far are void, the schema has changed, and the stream starts over. The
 * source bounds how often (csv.c: 64 early beginnings, which read half of the file at most, and two whole ones).
 */
#ifndef BN_SOURCE_SOURCE_H
#define BN_SOURCE_SOURCE_H
#include "core/base/crew.h"
#include "core/base/progress.h"
#include "core/source/dialect.h"
#include "core/source/input.h"
#include "core/table/table.h"

/* What the user said about the input; a source takes what concerns it. */
typedef struct bn_source_type {
	const char *column;
	bn_field type; /* its type alone; owned by who made this */
} bn_source_type;

/* What may stand between groups of three digits; a blank stands for those that do not break lines, too. */
#define BN_THOUSANDS ",. '_"

typedef struct bn_source_options {
	/* The dialect of a table of text (dialect.h). 0 or NULL: what a sample of the file says. */
	const char *encoding; /* iconv's name of it */
	char delimiter;
	char quote, escape, comment; /* BN_DIALECT_NONE: there is none */
	char decimal;                /* '.' or ',' */
	char thousands; /* one of BN_THOUSANDS; 0: numbers have none. '.' says decimal ',' */
	bn_date_order
		date_order; /* of dates that ISO 8601 does not know, as 31/12/2024; 0: they are text */
	bool no_header;     /* columns are then named c0, c1, ... */
	bool skip_given;    /* so many lines before the header are none of the table's: */
	uint64_t skip;
	const char *const
		*nulls; /* NULL-terminated spellings of "absent"; NULL: the default list */
	const bn_source_type *types;
	size_t type_count;
	/* Read as these types, as far as `types` names no other: every column of it must be there, and a value
	 * that does not fit its column's type is malformed. A number column takes its type's text form (cell.h
	 * when `inputs`), a category or string column the bytes as they stand: "true", "1.0", "+5". What
	 * `as` does not name is guessed, or left out. NULL: all is guessed. */
	const bn_schema *as;
	const char *as_whose; /* "the model needs": behind the name of a column that is missing */
	/* Called once the source's columns are known, with their schema: the schema to read as in place of `as`, which has to
	 * live as long as the stream; NULL: an error. NULL: `as` stays. */
	const bn_schema *(*as_for)(void *user, const bn_schema *has, bn_err *err);
	void *as_for_user;
	bool as_only; /* hand out the columns of `as` alone, in its order */
	/* They are inputs of a model, which computes with numbers: whatever number type `as` says, a number column
	 * comes as float64 and takes every finite number. */
	bool as_inputs;
	bool retype;         /* guess the types of a dataset's next version anew (bn_dataset_add) */
	const char *rejects; /* NULL: a malformed row fails the ingest; else the file they go to */
	bool no_rejects;     /* nor can the caller offer that */
	uint64_t max_rejects; /* more fail the ingest; 0: a tenth of the rows, of 10 000 or more */
	int threads; /* 0: as many as there are CPUs, at most 8. Never changes the result */
	bn_crew *
		crew; /* that reads ahead; NULL: the stream has one of its own, of so many threads */
	int64_t duration_ns; /* live sources: how long, */
	int64_t interval_ns; /* and how often */
	/* Called now and then from the caller's own thread; false cancels (BN_EINTR). total 0: not
	 * known. May be NULL. */
	bool (*progress)(void *ctx, uint64_t bytes_done, uint64_t bytes_total, uint64_t rows);
	void *progress_ctx;
	bool types_stay; /* the caller has no --retype to offer */
} bn_source_options;

#define BN_SOURCE_OPTIONS_INIT \
	{ \
		.encoding = NULL \
	}

typedef enum bn_stream_state {
	BN_STREAM_END = 0,
	BN_STREAM_BATCH = 1,
	BN_STREAM_RESTART = 2, /* see above; ask for the schema again, then go on calling next */
} bn_stream_state;

/* A column whose values the sample promised to be of one type, and that a later one made another. */
typedef struct bn_widened {
	size_t column;
	bn_type from, to;
	uint64_t
		line; /* of the first value that did not fit; 0: there were too many different ones */
	char text[48];   /* its first bytes */
	const char *why; /* it is none of that type, where that does not meet the eye; else NULL */
} bn_widened;

/* What there is to say about how a source was read, beside its rows. */
typedef struct bn_source_note {
	bool warning; /* else a fact */
	char text[256];
} bn_source_note;

typedef struct bn_source_notes {
	bn_dialect dialect; /* of a table of text; delimiter 0: the source has none */
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
	uint64_t (*bytes_total)(const bn_stream *); /* 0: not known */
	uint64_t (*rejected)(const bn_stream *);
	/* After the end: how many, borrowed for the stream's life. NULL: it never guesses. */
	size_t (*widened)(const bn_stream *, const bn_widened **out);
	/* After the end: borrowed for the stream's life. NULL: there is nothing to say. */
	const bn_source_notes *(*notes)(const bn_stream *);
	void (*free)(bn_stream *);
} bn_stream_ops;

/* The first member of every source's own struct. */
struct bn_stream {
	const bn_stream_ops *ops;
	bn_input *owned; /* by bn_sources_open; else NULL */
};

typedef struct bn_source {
	const char *name; /* "csv", "tsv", "arrow", "proc" */
	const char *help; /* one line */
	bool live;        /* does not end by itself: needs duration_ns */
	/* Is it mine? By its name and its first bytes. 0: no; the highest bid wins. */
	int (*detect)(const bn_input *in);
	/* The input is borrowed for the stream's life. */
	int (*open)(bn_stream **out, bn_input *in, const bn_source_options *options, bn_err *err);
} bn_source;

#endif
