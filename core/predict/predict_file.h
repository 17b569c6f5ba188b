/*
 * predict_file.h - predictions for a table in a file (CSV, TSV, Arrow), in constant memory.
 *
 * The file is read with the types of the model's inputs, so a row means the same regardless of other rows;
 * columns are matched by name, and columns that the model does not use are ignored. Predictions are in the
 * order of the rows.
 */
#ifndef BN_PREDICT_PREDICT_FILE_H
#define BN_PREDICT_PREDICT_FILE_H
#include "core/predict/predictor.h"
#include "core/source/source.h"
#include "core/table/table.h"

/* Callbacks of predict_file. */
typedef struct bn_predict_sink {
	/* Some predicted rows, session rows 0 .. n-1, numbered from first_row (0-based) in the
	 * file. */
	int (*rows)(void *user, const bn_session *s, uint64_t first_row, bn_err *err);
	void *user;
	/* After the last row: how the file was read, if noteworthy. May be NULL. */
	void (*notes)(void *user, const bn_source_notes *notes);
	const bn_source_options *reading; /* the dialect that the user said; NULL: none of it */
} bn_predict_sink;

/* *rows (may be NULL) gets the number of predicted rows. BN_EINVAL names file, row and column. */
int bn_predict_file(const bn_env *env, const bn_predictor *p, const char *path, bool allow_unknown,
	const bn_predict_sink *sink, uint64_t *rows, bn_err *err);

/* As above, but passes each block of rows to a sink as {"columns": [names], "data": [[..]]}, for a server: this needs
 * the types of the model's inputs, but not the model. as NULL: the types are unknown, so they are inferred and all
 * columns are sent. An infinite number in a column of known type is sent as missing, which is how a local model takes
 * it. */
typedef struct bn_frame_sink {
	int (*block)(void *user, const json_t *frame, bn_err *err);
	/* Types were inferred too narrowly: discard everything so far, it comes again. */
	void (*restart)(void *user);
	void *user;
	void (*notes)(void *user, const bn_source_notes *notes); /* as above */
	const bn_source_options *reading;
	/* Reports an infinite number, sent as missing, in that row of the current block. NULL: no reports. */
	void (*infinite)(void *user, size_t row, const char *column);
} bn_frame_sink;

int bn_predict_frames(const bn_env *env, const char *path, const bn_schema *as, size_t block_rows,
	const bn_frame_sink *sink, uint64_t *rows, bn_err *err);

#endif
