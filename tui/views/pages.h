/*
 * pages.h - types shared by the pages of all screens; each folder below has its own in its pages.h.
 */
#ifndef BN_TUI_VIEWS_PAGES_H
#define BN_TUI_VIEWS_PAGES_H
#include <stdint.h>

typedef enum bn_state {
	BN_STATE_NONE, /* empty */
	BN_STATE_OK,
	BN_STATE_WAIT, /* for display */
	BN_STATE_RUN,
	BN_STATE_WARN,
	BN_STATE_FAIL,
} bn_state;

#define BN_REF_BYTES 160
#define BN_FILTER_BYTES 1024 /* of a filter of rows; as in a grid */

/* Any text typed into a prompt fits into this size (tui/ui/input.h). */
#define BN_TYPED_BYTES 1024
/* The key of a metric, a parameter or a tag (BN_RUN_KEY_MAX), with the NUL. */
#define BN_KEY_BYTES 1001
#define BN_ROW_KEY_BYTES 192 /* the columns of a key: "host,time" */
#define BN_PATH_BYTES 4096

/* "jobs@v3", "power/3": a name, a sign, a number. Returns ref. */
char *bn_ref_format(char ref[BN_REF_BYTES], const char *name, const char *sign, int64_t version);

typedef struct bn_ref_arg {
	char ref[BN_REF_BYTES]; /* "power@v3", a run id, "power/3", a report id; "": all */
} bn_ref_arg;

/* A run to train again, and the version of a model (its spec) for which the result is attested; "": none. */
typedef struct bn_reproduce_arg {
	char run[BN_REF_BYTES], version[BN_REF_BYTES];
} bn_reproduce_arg;

#define BN_SPARK 16
/* The default series of a run, in at most BN_SPARK points. */
typedef struct bn_spark {
	const char *key; /* NULL: it logged none */
	double last;
	int64_t last_step; /* the newest one of the run, in any series; -1: none */
	int64_t total; /* total steps by its parameters; 0 unknown */
	int count;     /* of points; 0 if there is only one value */
	double y[BN_SPARK];
} bn_spark;

#endif
