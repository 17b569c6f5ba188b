/*
 * artifacts.h - the files that a run or a logged model keeps, as a list.
 */
#ifndef BN_TRACK_ARTIFACTS_H
#define BN_TRACK_ARTIFACTS_H
#include "core/base/err.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_artifact {
	char *path; /* "model/MLmodel" */
	char hash[65];
	int64_t size_bytes;
	int64_t time_ms;
} bn_artifact;

typedef struct bn_artifacts {
	bn_artifact *items; /* sorted by path */
	size_t count, cap;
} bn_artifacts;

#define BN_ARTIFACTS_INIT \
	{ \
		NULL, 0, 0 \
	}
void bn_artifacts_release(bn_artifacts *a);

/* For the readers of this module: appends the rows (path, hash, size, time) that sql gives for the entity with that
 * number. After an error nothing is left to release. */
int bn_artifacts_read(bn_artifacts *out, sqlite3 *db, const char *sql, int64_t no, bn_err *err);

#endif
