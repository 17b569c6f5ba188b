/*
 * pages.h - data for the launch form, and what it starts.
 */
#ifndef BN_TUI_VIEWS_LAUNCH_PAGES_H
#define BN_TUI_VIEWS_LAUNCH_PAGES_H
#include "core/run/spec.h"
#include "core/table/table.h"
#include "tui/views/pages.h"

#include <stddef.h>

typedef struct bn_launch_arg {
	char again[BN_REF_BYTES]; /* the repeated run; "": none */
	char data[BN_REF_BYTES];  /* training data, "jobs@v2"; "": that of the run, or none */
	bool resumes;             /* the run is not repeated but resumed from its checkpoint */
} bn_launch_arg;

typedef struct bn_launch_page {
	bn_spec *spec;              /* of the repeated run; NULL: none */
	const char *name;           /* of that run; NULL */
	const char *next;           /* a name like that, which no run has; NULL */
	const char *run;            /* its id */
	const char *const *data;    /* versions to choose from, NULL-terminated */
	const char *const *columns; /* of the training data */
	bn_schema *schema; /* the same, with their types, for the filter of rows; NULL: unknown */
	int cores;         /* of this machine */
	int64_t step;      /* completed steps of a run to be resumed */
	const char *limit; /* the setting that limits the steps; NULL: none */
} bn_launch_page;

/* A training run as far as it is filled in: versions of its parts, "jobs.test@v1", and the fields
 * that decide whether it can be trained; "": none. */
typedef struct bn_warnings_arg {
	char train[BN_REF_BYTES], valid[BN_REF_BYTES], test[BN_REF_BYTES];
	char trainer[64], task[32], target[BN_TYPED_BYTES], features[BN_TYPED_BYTES], rows[BN_TYPED_BYTES];
} bn_warnings_arg;

typedef struct bn_warnings {
	const char *text; /* "": nothing */
	bool refused;     /* it cannot be started with these fields */
} bn_warnings;

/* Command lines: words end with a zero byte and lines with another one; `bytes` is the total
 * size. */
typedef struct bn_start_arg {
	size_t lines, bytes;
	char words[];
} bn_start_arg;

/* What was started: for one run its id, for a dry run what would be started. */
typedef struct bn_started {
	size_t runs;
	const char *id;   /* of the last one */
	const char *text; /* its output */
} bn_started;

#endif
