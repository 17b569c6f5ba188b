/* follow.c - see follow.h. One thread with its own mirror; what it shares is behind one lock. */
#include "core/mlflow/follow.h"

#include "core/base/mem.h"
#include "core/run/runlog.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define POLL_MS 2000
#define WALK_MS 60000 /* from the end of a walk to the next one */
#define MODELS_MS 30000
#define WAIT_MS 1000 /* after the first failure */
#define WAIT_MOST_MS 15000
#define WANTED 32
#define MATCHING 1000 /* runs of a filter */
#define CONNECT_MS 5000
#define WHOLE_MS 60000

struct bn_mirror_follower {
	const bn_env *env;
	bn_mlflow_access access;
	bn_mirror *mirror;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	atomic_bool ends;
	/* Behind the lock. */
	bool soon;
	char wanted[WANTED][BN_RUN_ID_TEXT]; /* a ring */
	size_t next_wanted;
	bool wants_models;
	char filter[2048], had_filter[2048];
	bn_mirror_news news;
	/* The thread's own, in ms of the monotonic clock. */
	int64_t walked_ms, models_ms, poll_ms;
	bool is_walking;
};

static int64_t now_ms(const bn_mirror_follower *f)
{
	return bn_env_monotonic_ns(f->env) / 1000000;
}

static bool goes_on(void *user)
{
	return !atomic_load(&((bn_mirror_follower *)user)->ends);
}

/* ---- one look ---------------------------------------------------------------------------------- */

/* Copies what is wanted; returns the number of runs. */
static size_t wishes_take(char runs[WANTED][BN_RUN_ID_TEXT], char filter[2048], bn_mirror_follower *f)
{
	size_t n = 0;
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < WANTED; i++)
		if (f->wanted[i][0])
			memcpy(runs[n++], f->wanted[i], BN_RUN_ID_TEXT);
	if (f->wants_models)
		f->models_ms = -1;
	f->wants_models = false;
	snprintf(filter, 2048, "%s", f->filter);
	f->filter[0] = '\0';
	f->soon = false;
	pthread_mutex_unlock(&f->lock);
	return n;
}

static int wishes_do(bn_mirror_follower *f, bn_err *err)
{
	char runs[WANTED][BN_RUN_ID_TEXT], filter[2048];
	size_t n = wishes_take(runs, filter, f);
	int rc = 0;
	for (size_t i = 0; i < n && rc >= 0 && goes_on(f); i++) {
		bn_err why = BN_ERR_INIT;
		rc = bn_mirror_pull_run(f->mirror, runs[i], true, &why);
		if (rc == BN_ENOTFOUND || rc == BN_EREFUSED || rc == BN_EINVAL)
			rc = 0; /* that run is gone, or may not be seen; others may */
		else if (rc < 0)
			bn_err_move(err, &why);
	}
	if (rc >= 0 && filter[0]) {
		bn_err why = BN_ERR_INIT;
		rc = bn_mirror_pull_matching(f->mirror, filter, MATCHING, &why);
		if (rc == BN_EINVAL || rc == BN_EUNSUPPORTED)
			rc = 0; /* then the filter is applied here alone */
		else if (rc < 0)
			bn_err_move(err, &why);
	}
	return rc;
}

static int walk(bn_mirror_follower *f, bn_err *err)
{
	bool done = false;
	if (!f->is_walking && f->walked_ms >= 0 && now_ms(f) - f->walked_ms < WALK_MS)
		return 0;
	f->is_walking = true;
	int rc = bn_mirror_pull_page(f->mirror, &done, err);
	if (rc < 0 || done)
		f->is_walking = false;
	if (done)
		f->walked_ms = now_ms(f);
	return rc;
}

static int models(bn_mirror_follower *f, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	if (f->models_ms >= 0 && now_ms(f) - f->models_ms < MODELS_MS)
		return 0;
	int rc = bn_mirror_pull_models(f->mirror, &why);
	if (rc >= 0 || rc == BN_EUNSUPPORTED || rc == BN_EREFUSED || rc == BN_ENOTFOUND) {
		f->models_ms = now_ms(f);
		return 0; /* a server without models has runs all the same */
	}
	return bn_err_move(err, &why);
}

static void news_set(bn_mirror_follower *f, int rc, const bn_err *why)
{
	bn_mirror_state s;
	bn_err none = BN_ERR_INIT;
	if (bn_mirror_state_read(&s, f->mirror, &none) < 0)
		s = (bn_mirror_state){.seen_ms = -1, .walked_ms = -1};
	pthread_mutex_lock(&f->lock);
	f->news = (bn_mirror_news){.seen_ms = s.seen_ms,
		.runs = s.runs,
		.is_whole = s.walked_ms >= 0,
		.fails = rc < 0,
		.is_refused = rc == BN_EREFUSED};
	if (rc < 0) {
		snprintf(f->news.why, sizeof f->news.why, "%.250s", why->msg);
		snprintf(f->news.hint, sizeof f->news.hint, "%.190s", why->hint);
	}
	pthread_mutex_unlock(&f->lock);
}

static int look(bn_mirror_follower *f)
{
	bn_err why = BN_ERR_INIT;
	int rc = bn_mirror_pull_new(f->mirror, &why);
	if (rc >= 0)
		rc = wishes_do(f, &why);
	if (rc >= 0)
		rc = models(f, &why);
	news_set(f, rc, &why);
	if (rc >= 0 && (rc = walk(f, &why)) < 0)
		news_set(f, rc, &why);
	return rc;
}

/* ---- the thread -------------------------------------------------------------------------------- */

/* Waits so long, or until something is wanted that was not wanted before (after a failure only until the end). */
static void wait_for(bn_mirror_follower *f, int64_t ms, bool failed)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&f->lock);
	while (goes_on(f) && (failed || !f->soon) &&
		pthread_cond_timedwait(&f->moved, &f->lock, &until) == 0)
		continue;
	pthread_mutex_unlock(&f->lock);
}

static void *follow(void *user)
{
	bn_mirror_follower *f = user;
	int64_t wait_ms = WAIT_MS;
	while (goes_on(f)) {
		bool failed = look(f) < 0;
		if (!failed)
			wait_ms = WAIT_MS;
		if (!failed && f->is_walking) /* the walk goes on, and lets others take their turn */
			wait_for(f, 20, false);
		else
			wait_for(f, failed ? wait_ms : f->poll_ms, failed);
		if (failed)
			wait_ms = 2 * wait_ms < WAIT_MOST_MS ? 2 * wait_ms : WAIT_MOST_MS;
	}
	return NULL;
}

int bn_mirror_follow(bn_mirror_follower **out, const bn_env *env, const char *address,
	const bn_mlflow_access *access, const struct bn_fold_class *const *classes, bn_err *err)
{
	pthread_condattr_t monotonic;
	bn_mirror_follower *f = bn_alloc_zeroed(1, sizeof *f);
	if (!f)
		return bn_err_nomem(err, "a follower of a store");
	f->env = env;
	if (access)
		f->access = *access;
	f->access.goes_on = goes_on;
	f->access.user = f;
	f->access.attempts = 1; /* it comes again anyway */
	f->access.connect_ms = CONNECT_MS;
	f->access.whole_ms = WHOLE_MS;
	f->walked_ms = f->models_ms = -1;
	f->poll_ms = bn_env_get_ms(env, "BINNACLE_MLFLOW_POLL", 10, POLL_MS);
	f->news.seen_ms = -1;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&f->moved, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int rc = bn_mirror_open(&f->mirror, env, address, &f->access, classes, err);
	if (rc < 0)
		goto out;
	news_set(f, 0, NULL);
	if (pthread_create(&f->thread, NULL, follow, f) != 0) {
		rc = bn_err_nomem(err, "a thread");
		goto out;
	}
	*out = f;
	return 0;
out:
	bn_mirror_close(f->mirror);
	pthread_cond_destroy(&f->moved);
	pthread_mutex_destroy(&f->lock);
	bn_free(f);
	return rc;
}

void bn_mirror_follow_end(bn_mirror_follower *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	atomic_store(&f->ends, true);
	pthread_cond_broadcast(&f->moved);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	bn_mirror_close(f->mirror);
	pthread_cond_destroy(&f->moved);
	pthread_mutex_destroy(&f->lock);
	bn_free(f);
}

/* ---- for others -------------------------------------------------------------------------------- */

void bn_mirror_follow_run(bn_mirror_follower *f, const char *run)
{
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < WANTED; i++)
		if (!strcmp(f->wanted[i], run))
			goto out;
	snprintf(f->wanted[f->next_wanted], BN_RUN_ID_TEXT, "%s", run);
	f->next_wanted = (f->next_wanted + 1) % WANTED;
	f->soon = true;
	pthread_cond_broadcast(&f->moved);
out:
	pthread_mutex_unlock(&f->lock);
}

void bn_mirror_follow_filter(bn_mirror_follower *f, const char *filter)
{
	pthread_mutex_lock(&f->lock);
	if (strcmp(f->had_filter, filter) != 0 && strlen(filter) < sizeof f->filter) {
		snprintf(f->filter, sizeof f->filter, "%s", filter);
		snprintf(f->had_filter, sizeof f->had_filter, "%s", filter);
		f->soon = true;
		pthread_cond_broadcast(&f->moved);
	}
	pthread_mutex_unlock(&f->lock);
}

void bn_mirror_follow_soon(bn_mirror_follower *f)
{
	pthread_mutex_lock(&f->lock);
	f->soon = f->wants_models = true;
	pthread_cond_broadcast(&f->moved);
	pthread_mutex_unlock(&f->lock);
}

void bn_mirror_follow_news(bn_mirror_news *out, bn_mirror_follower *f)
{
	pthread_mutex_lock(&f->lock);
	*out = f->news;
	pthread_mutex_unlock(&f->lock);
}
