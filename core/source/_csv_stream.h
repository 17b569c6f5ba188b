/*
 * _csv_stream.h - the internal state of the CSV stream, shared by its files: csv_open.c opens it,
 * csv.c returns batches, csv_rejects.c handles malformed records, csv_notes.c reports how the file
 * was read.
 */
#ifndef BN_SOURCE_CSV_STREAM_H
#define BN_SOURCE_CSV_STREAM_H
#include "core/source/_csv_pool.h"
#include "core/source/reading.h"
#include "core/source/rejects.h"

typedef struct csv_tally {
	bn_dict_builder dict; /* distinct values of a category, over all chunks */
	uint64_t values;
	bool overflow;
} csv_tally;

/* How the text of some columns is read. */
typedef struct csv_form {
	bn_reading reading;  /* all that is known now; its nulls are those of dialect */
	csv_dialect dialect; /* of the file, with this */
	char *read;          /* what was known before (bn_field.read); NULL: of columns not known */
} csv_form;

typedef struct csv_forms {
	csv_form **items; /* the first is that of columns not known */
	size_t count, cap;
	bn_reading given, common; /* by options; known of all columns */
} csv_forms;

typedef struct csv_stream {
	bn_stream base;
	const bn_env *env;
	csv_dialect dialect;
	bn_source_options options;
	bn_schema schema;  /* of the file */
	bn_schema handed;  /* of the batches, if different */
	bn_input *recoded; /* the text as UTF-8; NULL: the input's own bytes */
	csv_input in;
	csv_plan plan;
	csv_forms forms;
	csv_tally *tallies;
	bn_crew *own_crew; /* NULL: the one in options, or none */
	csv_pool *pool;
	bn_rejects rejects;
	uint64_t rows, bytes;
	uint64_t given_up; /* bytes read before early restarts */
	int passes, early;
	bn_widened *widened; /* by column, in order of occurrence */
	size_t widened_count, widened_cap;
	bool survey;
	bool ended;
	bn_source_notes notes;
} csv_stream;

/* Initialises the stream's functions without opening anything, and the columns' initial types from the sample, which is
 * read into an empty chunk. */
void bn_csv_stream_init(csv_stream *s);
void bn_csv_stream_free(bn_stream *base);
void bn_csv_set_type(csv_stream *s, size_t column, bn_type type, bool empty);
int bn_csv_guess_types(csv_stream *s, csv_chunk *sample, bn_err *err);

/* csv_forms.c. Before the dialect is inferred: what is known of the columns completes s->options. */
int bn_csv_forms_begin(csv_stream *s, bn_err *err);
/* The form of each column of the plan, with notes about what was known. */
int bn_csv_forms_set(csv_stream *s, bn_err *err);
/* Into the schema, whose types are decided. */
int bn_csv_forms_keep(csv_stream *s, bn_err *err);
void bn_csv_forms_release(csv_forms *f);
static inline const csv_dialect *csv_dialect_of(const csv_stream *s, size_t column)
{
	return s->plan.columns[column].dialect;
}

/* The malformed records of a chunk: the first is the error, or all are written to the rejects
 * file. */
int bn_csv_handle_rejects(csv_stream *s, csv_chunk *c, bn_err *err);

/* Notes from the sample's text: names that look like values, and text that is close to another
 * type. */
int bn_csv_note_sample(csv_stream *s, const csv_chunk *c, bn_err *err);

/* The notes about the first lines; *two_lines: the names are not, or not all, in the first of them. */
int bn_csv_note_header(csv_stream *s, const csv_chunk *c, bool *two_lines, bn_err *err);
/* Common spellings of a missing value besides the default ones. */
bool bn_csv_looks_absent(const char *s, size_t n);
/* Whether there are facts (CSV_HAS_...), and no others than these. */
static inline bool csv_is_only(unsigned facts, unsigned of)
{
	return facts && !(facts & ~of);
}

#define CSV_NOTE_ROWS 1000 /* examined for a note */
#define CSV_NOTE_COLUMNS 5 /* columns of a kind that get a note; wide files have many */

/* The value in the sample's text, without the quotes around it. */
void bn_csv_value_at(const csv_stream *s, const csv_chunk *c, size_t row, size_t column,
	const char **v, size_t *n);
/* Notes text that looks like dates, times or durations; *said: the number of columns with such a
 * note. */
int bn_csv_note_dates(csv_stream *s, const csv_chunk *c, size_t column, size_t *said, bn_err *err);
/* Counts the chunk's times with and without a zone; at the end, notes columns that have both: those without are read
 * as UTC. */
void bn_csv_count_zones(csv_stream *s, const csv_chunk *c, size_t column);
int bn_csv_note_zones(csv_stream *s, bn_err *err);
/* Notes text that looks like numbers with thousands, signs or units; *said: the number of columns
 * with such a note. */
int bn_csv_note_near_number(
	csv_stream *s, const csv_chunk *c, size_t column, size_t *said, bn_err *err);
/* Notes a column that would be of numbers or times but for one value, or a tenth of them: the first of these, and the
 * reason. *said counts the columns with such a note. */
int bn_csv_note_odd_value(
	csv_stream *s, const csv_chunk *c, size_t column, size_t *said, bn_err *err);

#endif
