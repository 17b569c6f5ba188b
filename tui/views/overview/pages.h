/*
 * pages.h - the data of Overview.
 */
#ifndef BN_TUI_VIEWS_OVERVIEW_PAGES_H
#define BN_TUI_VIEWS_OVERVIEW_PAGES_H
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of a model's life; names are in overview.c. */
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

/* The parts of the queue, in order. */
typedef enum bn_line_part {
	BN_LINE_NEED, /* needs the user */
	BN_LINE_RUN,  /* is running */
	BN_LINE_BEST, /* the best run of a dataset */
	BN_LINE_USE,  /* serves, or is a champion */
	BN_LINE_STEP, /* of an empty workspace: first steps */
	BN_LINE_PARTS
} bn_line_part;

/* What Enter on a line opens. */
typedef enum bn_line_opens {
	BN_OPENS_NOTHING,
	BN_OPENS_CHECKS, /* ref: "jobs@v3" */
	BN_OPENS_RUN,    /* a run's id */
	BN_OPENS_MODEL,  /* "power/3" */
	BN_OPENS_REPORT, /* a report's id */
	BN_OPENS_SERVERS,
	BN_OPENS_PEOPLE,
	BN_OPENS_CHAIN,
	BN_OPENS_LATE,
} bn_line_opens;

#define BN_LINES_MAX 48
typedef struct bn_line {
	bn_line_part part;
	bn_state state;
	const char *word;    /* its subject: "approve", "validate"; for the best: the dataset */
	const char *subject; /* its name: "power/3" */
	const char *detail;  /* NULL: none */
	const char *aside;   /* at the right end; NULL: the age */
	int64_t time_ms;     /* start time; -1 unknown */
	bn_line_opens opens;
	const char *ref;
	const char *command; /* the line's command, for Y */
	/* BN_LINE_RUN: its progress, and its default metric. */
	int64_t step, steps; /* -1 unknown */
	int64_t left_ms;     /* -1 unknown */
	const char *metric;  /* NULL: nothing was logged */
	double value;
	double spark[BN_SPARK];
	int spark_count;
	const char *brief; /* shown if the detail does not fit; NULL: the beginning of the detail */
} bn_line;

/* No argument: as if everything were zero. */
typedef struct bn_overview_arg {
	bool soon; /* slow parts may be omitted, as is_part tells */
} bn_overview_arg;

typedef struct bn_overview {
	bool is_part;                /* the best of many runs has to be requested */
	bn_line lines[BN_LINES_MAX]; /* by part */
	size_t line_count;
	bool is_elsewhere; /* of a server: of the stations only training, and no next step, is known */
	const char *place; /* of an empty workspace: its path, "~/power" below the user's home */
	bn_station stations[BN_STATION_COUNT];
	const char *to_champion; /* the next command on the way from a model to a champion; NULL:
			      * waiting for somebody else */
	const char *who;     /* the user's identity, or how to become a member; NULL: known by the
			  * uid */
	bool is_nobody;      /* the key is not admitted */
	int64_t requests;    /* requesting keys, if the user may admit them */
	int64_t to_sign;     /* links that wait for the user's signature */
	int64_t late;        /* actions of the user to repeat */
	const bn_news *news; /* newest first */
	size_t news_count;
} bn_overview;

#endif
