/*
 * _predict.h - the output of `binnacle predict`, from a local model (cmd_predict.c) or a server
 * (predict_endpoint.c). Not for other files.
 */
#ifndef BN_TUI_CLI__PREDICT_H
#define BN_TUI_CLI__PREDICT_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/file_out.h"
#include "core/source/source.h"
#include "core/table/table.h"
#include "tui/cli/cli.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Predictions to output: CSV text, rows of an Arrow file, or JSON. CSV is held back until all rows are
 * predicted, since a later row may fail: a little in text, more in file, which is beside the path, or nameless
 * if the output is stdout or a device. */
typedef struct bn_answers {
	bn_cli *cli;
	const char *path; /* NULL: stdout */
	bool arrow;
	bn_source_options reading; /* the dialect of the file that is asked about */
	bn_buf text;
	bn_file_out *file;
	json_t *items;      /* --json */
	bn_table_writer *w; /* arrow */
	bool headed;
	char by[128];             /* NAME/VERSION of the model, if a server named it */
	uint64_t unknown;         /* cells of unseen categories */
	uint64_t infinite;        /* cells taken as missing */
	char first_infinite[100]; /* location of the first one */
	char first[200];          /* location of the first one; empty if a server counted */
} bn_answers;

/* Limit of CSV held in memory. */
#define BN_ANSWERS_TEXT ((size_t)256 << 10)

/* The file's name for display. */
const char *bn_answers_shown(const char *file);
/* Starts over: the rows come again. */
void bn_answers_clear(bn_answers *o);
/* Reports how the file was read (bn_predict_sink, bn_frame_sink); answers: a bn_answers. */
void bn_answers_tell_notes(void *answers, const bn_source_notes *notes);
/* A number in CSV: NaN is an empty cell. */
void bn_answers_number(bn_buf *b, double x);
/* The names of the columns; name_of(ctx, k) names the k-th class. */
void bn_answers_head(bn_answers *o, size_t classes,
	const char *(*name_of)(const void *ctx, size_t k), const void *ctx);
/* Moves the text to the file if there is more than that many bytes of it, or the file has been started. */
int bn_answers_spill(bn_answers *o, size_t most, bn_err *err);
/* Shows or writes what was collected. */
int bn_answers_finish(bn_answers *o, uint64_t rows, bn_err *err);

/* predict_endpoint.c: model NULL: the server's first; it says which. */
int bn_predict_there(
	bn_answers *o, const char *url, const char *model, const char *file, bn_err *err);

#endif
