/*
 * toy.h - a scratch workspace for store tests, and a toy class whose rows exercise everything in
 * the fold: order, late events, dependencies, outcomes, commuting events, object references.
 *
 * Entities "toy/<name>". Ordered kinds: toy.set {"v": int} (state machine: value = value * 31 + v,
 * so that order matters), toy.needs {"on": "toy/x"} (from then on the value also mixes in x's value
 * at each event), toy.object {"hash": hex}, toy.refuse {} (outcome refused). Commuting kind:
 * toy.tick {"n": int}, summed.
 */
#ifndef BN_TEST_TOY_H
#define BN_TEST_TOY_H
#include "core/base/env.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

typedef struct toy_dir {
	char path[256];
} toy_dir;

void toy_dir_make(toy_dir *d); /* a new directory under $TMPDIR or /tmp; aborts on failure */
void toy_dir_remove(toy_dir *d);
/* Removes the log of the workspace in d, including its founding record: it becomes a copy of
 * another log when that arrives. */
void toy_empty_log(const toy_dir *d);

/* The real environment, but with the test's own variables (state directory inside d, no
 * BINNACLE_HOME). Valid as long as d. */
typedef struct toy_env {
	bn_env env;
	char state_dir[300], index_dir[300];
	int64_t clock_step_ns; /* not 0: the clock is this counter, not the real one */
	int64_t clock_ns;
} toy_env;

void toy_env_init(toy_env *e, const toy_dir *d);
/* A separate directory for the index of this env: a second reader. */
void toy_env_own_index(toy_env *e, const char *dir);

extern const bn_fold_class *const toy_classes[]; /* NULL-terminated */
/* The class creates its tables itself at its first event. */
int toy_append_set(bn_workspace *ws, const char *entity, int v);
int toy_append_needs(bn_workspace *ws, const char *entity, const char *on);
int toy_append_tick(bn_workspace *ws, const char *entity, int n);
int64_t toy_value(bn_workspace *ws, const char *entity); /* -1 if there is no row */
int64_t toy_ticks(bn_workspace *ws, const char *entity);

#endif
