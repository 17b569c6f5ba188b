/*
 * follow.h - a thread that keeps a mirror close to its server, for a program that shows it.
 *
 * Every two seconds (BINNACLE_MLFLOW_POLL) it reads the newest runs and the live ones, then what was asked for, then one
 * page of a walk through all runs, which begins again a minute after the last one ended; models every half minute.
 * MLflow's answers have no tags to ask with whether something changed, so an answer is compared by its hash, and nothing
 * is written when nothing changed. A server that fails is asked again after 1, 2, 4 ... 15 s; what is known stays.
 *
 * Readers open the mirror themselves. These functions may be called by any thread.
 */
#ifndef BN_MLFLOW_FOLLOW_H
#define BN_MLFLOW_FOLLOW_H
#include "core/mlflow/mirror.h"

typedef struct bn_mirror_follower bn_mirror_follower;

/* access is copied (its texts are borrowed until the end), without goes_on. Errors of opening the mirror. */
int bn_mirror_follow(bn_mirror_follower **out, const bn_env *env, const char *address,
	const bn_mlflow_access *access, const struct bn_fold_class *const *classes, bn_err *err);
void bn_mirror_follow_end(bn_mirror_follower *f); /* cancels a request in progress; NULL is fine */

/* The points of this run are wanted, now and whenever it changes; the last 32 that were wanted count. */
void bn_mirror_follow_run(bn_mirror_follower *f, const char *run);
/* Runs that match a filter in MLflow's language are wanted, before the walk reaches them. Once for each filter. */
void bn_mirror_follow_filter(bn_mirror_follower *f, const char *filter);
/* Something was changed: look now. */
void bn_mirror_follow_soon(bn_mirror_follower *f);

typedef struct bn_mirror_news {
	int64_t seen_ms; /* when the server last answered; -1: never */
	int64_t runs;    /* known */
	bool is_whole;   /* all runs are known, as of some time */
	bool fails;      /* the last try failed: */
	bool is_refused; /* the server answered, and refused it */
	char why[256], hint[192];
} bn_mirror_news;
void bn_mirror_follow_news(bn_mirror_news *out, bn_mirror_follower *f);

#endif
