/*
 * _real.h - the parts of the real workspace: real_workspace.c (the story, and commands), real_tables.c (what bob's
 * files contain), real_runs.c (what supervisors write) and real_serving.c (what a server writes).
 */
#ifndef BN_TEST__REAL_H
#define BN_TEST__REAL_H
#include "core/base/id.h"
#include "tests/support/real_workspace.h"

#include <stddef.h>

/* Sets the clock to that long before REAL_NOW_MS. */
void real_clock(team *t, int64_t days, int64_t hours, int64_t minutes);
/* Runs "binnacle LINE" as p in the workspace's directory; words may be in 'quotes'. The test fails on another exit
 * status. */
void real_command(team *t, person *p, int want, const char *line);
/* Opens the workspace as p; borrowed until real_shut. */
bn_workspace *real_open(team *t, person *p);
void real_shut(person *p);

/* Jobs of a cluster as CSV. first: number of the first job, which determines all values; warmer: degC added to the room
 * temperature, and per cent added to GPU use. With faults, the last rows have some. */
typedef struct real_jobs {
	int first, rows, warmer;
	bool has_faults;
} real_jobs;
char *real_jobs_csv(const real_jobs *jobs); /* yours */
void real_jobs_write(const team *t, const char *name, const real_jobs *jobs);
/* A pseudo-random number below n, determined by row and column. */
unsigned real_draw(unsigned row, unsigned column, unsigned n);

/* A run of the trainer ridge, from run.created to run.finished; options: its spec as JSON without trainer, data and
 * target. took_ms: its duration. The clock is its end. */
void real_train(team *t, person *p, const char *name, const char *options, int64_t took_ms);
/* A run of a command, with curves up to a step. */
typedef struct real_curves {
	const char *name, *learning_rate;
	int steps, last; /* number of steps in total, last logged step */
	double best;     /* the loss approaches this */
	int64_t step_ms;
	const char *status; /* "FINISHED", or "RUNNING" */
	double test_rmse;   /* 0: none */
} real_curves;
void real_simulate(team *t, person *p, const real_curves *c);
/* A run that fails after 39 ms with an error in its output. */
void real_fail(team *t, person *p, const char *name);

/* Starts a server of the model and returns its id. real_answer logs rows as one batch of requests. */
void real_serve(team *t, person *p, const char *model, char id[13]);
void real_answer(team *t, person *p, const char *model, const char *id, const real_jobs *rows);
void real_seen(team *t, person *p, const char *id); /* records that it is still running */

#endif
