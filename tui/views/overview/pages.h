/*
 * pages.h - what Overview shows.
 */
#ifndef BN_TUI_VIEWS_OVERVIEW_PAGES_H
#define BN_TUI_VIEWS_OVERVIEW_PAGES_H
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of a model's life; names in overview.c. */
typedef enum bn_station_id {
	BN_STATION_INGEST,
	BN_STATION_PROFILE,
	BN_STATION_TRANSFORM,
	BN_STATION_VALIDATE,
	BN_STATION_SPLIT,
	BN_STATION_TRAIN,
	BN_STATION_EVALUATE,
	BN_STATION_SCALE,
	BN_STATION_APPROVE,
	BN_STATION_DEPLOY,
	BN_STATION_SERVE,
	BN_STATION_MONITOR,
	BN_STATION_LOG,
	BN_STATION_COUNT
} bn_station_id;

typedef struct bn_station {
	bn_state state;
	int64_t count;      /* -1 unknown */
	const char *detail; /* "3 datasets, 7 versions" */
} bn_station;

typedef struct bn_news {
	int64_t time_ms;
	const char *text; /* "ada  model.approved  model/power" */
} bn_news;

typedef struct bn_overview {
	bn_station stations[BN_STATION_COUNT];
	const char
		*who; /* who the user is here, or how to become somebody; NULL: known by the uid */
	bool is_nobody;      /* the key is not admitted */
	int64_t requests;    /* keys that ask, when the user may admit them */
	int64_t to_sign;     /* links that wait for the user's signature */
	int64_t late;        /* acts of the user to repeat */
	const bn_news *news; /* newest first */
	size_t news_count;
} bn_overview;

#endif
