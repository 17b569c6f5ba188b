/*
 * history.h - the points of one series in MLflow's order (time, step, value), without repetitions.
 *
 * Clients read a long series in pages, so the last one that was asked for is kept, until something is written or for
 * some seconds. Any thread.
 */
#ifndef BN_API_HISTORY_H
#define BN_API_HISTORY_H
#include "core/api/_api.h"
#include "core/track/series.h"

typedef struct bn_api_series {
	bn_points points;
	char *run, *key;
	uint64_t stamp; /* of the index when it was read */
	atomic_uint references;
} bn_api_series;

typedef struct bn_api_history {
	pthread_mutex_t lock;
	bn_api_series *kept; /* NULL: none */
	int64_t used_ns;
} bn_api_history;

/* Forgets what was not used for some seconds. */
void bn_api_history_tidy(bn_api_history *h, int64_t now_ns);

#endif
