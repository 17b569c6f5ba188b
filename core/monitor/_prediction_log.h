/*
 * _prediction_log.h - shared by prediction_log.c (the queue and its thread) and prediction_table.c (waiting
 * rows, and the Arrow file written from them).
 */
#ifndef BN_MONITOR_PREDICTION_LOG_INTERNAL_H
#define BN_MONITOR_PREDICTION_LOG_INTERNAL_H
#include "core/monitor/prediction_log.h"

/* The rows of one request, in one block of memory. cells and texts are [rows][inputs]; a text is set for
 * categories. */
typedef struct bn_parcel {
	struct bn_parcel *next;
	const bn_predictor *predictor;
	int64_t time_ns;
	double latency_us;
	size_t rows, inputs, bytes; /* bytes: of the block */
	uint64_t source;            /* as of bn_served */
	char request_id[37];
	double *cells, *predictions;
	const char **texts, **labels; /* into the predictor, or into this block */
} bn_parcel;

/* Copies what was served; freed with bn_free. NULL if out of memory. */
bn_parcel *bn_parcel_new(const bn_served *served);

/* The fate of parcels. */
typedef struct bn_parcels_written {
	uint64_t rows, set_aside;
	int64_t from_ns, to_ns; /* of the rows in the file */
	char why[256];          /* of the last row set aside; "" if none */
} bn_parcels_written;

/* Writes all parcels of the list, which are of one predictor, as a new file at path below the workspace. A row
 * that no table can hold is counted in set_aside and left out; if nothing is left (rows 0), there is no file.
 * Negative: the file could not be written now, and there is none. */
int bn_parcels_write(bn_parcels_written *out, bn_workspace *ws, const char *path,
	const bn_parcel *list, bn_err *err);

/* Opens a file of the log, hashed unless this user has done so on this host since it was written. */
int bn_prediction_file_open(bn_table_reader **out, bn_workspace *ws, const char *object, bn_err *err);

#endif
