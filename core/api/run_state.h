/*
 * run_state.h - what the writer knows of runs, in front of the index.
 *
 * A request that writes is checked against this: whether its run exists and is active, the parameters it has, its
 * tags. It includes what was appended but not folded yet. A run is read from the index when a request first names it,
 * and again after a while, as other programs write too, but only when the index has everything that was written to it
 * here (R1). After a failed commit everything is forgotten (R2).
 *
 * Of the writer's thread.
 */
#ifndef BN_API_RUN_STATE_H
#define BN_API_RUN_STATE_H
#include "core/api/_api.h"
#include "core/base/id.h"
#include "core/track/experiment.h"

typedef struct bn_api_run {
	char id[BN_RUN_ID_TEXT];
	char experiment[BN_EXPERIMENT_ID_TEXT];
	char *name, *user, *root; /* root: of its artifacts, a URI; user may be "" */
	const char *status;       /* MLflow's word; static */
	int64_t start_ms, end_ms; /* -1 unknown */
	bool removed, reported;
	bool is_own;           /* of the user of this process */
	json_t *params, *tags; /* objects of texts */
	/* Of the cache. */
	int64_t read_ns;
	uint64_t written; /* the generation that has what was written to it last */
	struct bn_api_run *next;
} bn_api_run;

typedef struct bn_api_runs bn_api_runs;

void bn_api_runs_forget(bn_api_runs *r);
/* A request begins. */
void bn_api_runs_begin(bn_api_runs *r);
/* It has appended something, which is durable after the commit with that number: to the run that it opened, if any. */
void bn_api_runs_written(bn_api_runs *r, uint64_t generation);
/* Between groups: forgets everything if there is much. */
void bn_api_runs_trim(bn_api_runs *r);

/* The run that a request logs to; borrowed until the next group. RESOURCE_DOES_NOT_EXIST; INVALID_PARAMETER_VALUE if it
 * is deleted, PERMISSION_DENIED if it is another user's. A request opens one run. */
int bn_api_run_open(bn_api_run **out, bn_api_call *c, const char *id, bn_err *err);
/* The same for acts that the policy may allow on another user's run (BN_ACT_TAG, BN_ACT_REMOVE), also if it is
 * deleted; end with bn_rights_end. */
int bn_api_run_act(bn_api_run **out, bn_api_call *c, const char *id, int act, bn_err *err);
/* A run that this request creates; its texts are copied. */
int bn_api_run_add(bn_api_run **out, bn_api_call *c, const char *id,
	const bn_experiment *experiment, bn_err *err);

/* Forgets a run whose creation failed. */
void bn_api_run_drop(bn_api_call *c, bn_api_run *r);

/* An experiment that exists, removed or not, with what was written before. *out is yours. INVALID_PARAMETER_VALUE for
 * an id that can be none, RESOURCE_DOES_NOT_EXIST. On any thread. */
int bn_api_experiment_find(bn_experiment **out, bn_api_call *c, const char *id, bn_err *err);
/* The name that clients see. Borrowed. */
const char *bn_api_experiment_name(const char *name);
/* Where artifacts of an experiment go: its own location, or the server's. Appends. */
void bn_api_experiment_root(bn_buf *out, const char *id, const char *location);
/* MLflow's word for a status. */
const char *bn_api_run_status(bn_run_status status);
/* The fields of run_info. */
void bn_api_put_info(bn_wire *w, const char *name, const bn_api_run *r);

#endif
