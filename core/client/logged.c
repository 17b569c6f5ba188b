/* logged.c - see _run.h: what was logged and not yet taken. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/client/_run.h"
#include "core/run/runlog.h"

#include <search.h>
#include <string.h>

void bn_client_note(binnacle_run *run, const bn_err *e, bool is_refusal)
{
	if (e->code == 0)
		return;
	bn_brief_take(&run->brief);
	if (run->err.code == 0)
		run->err = *e;
	if (is_refusal && run->refused == 0)
		run->refused = e->code;
	bn_brief_give(&run->brief);
}

int bn_client_refuse_foreign(binnacle_run *run)
{
	bn_err err = BN_ERR_INIT;
	bn_err_set(&err, BN_EREFUSED,
		"run %.8s belongs to the process that opened it: a forked child must open it by "
		"its id",
		run->id);
	bn_client_note(run, &err, true);
	return BN_EREFUSED;
}

/* There is no room for new data, and there will not be soon. Called with brief held. */
static int drop(binnacle_run *run, const char *what, const char *key, bn_err *err)
{
	run->dropped++;
	return bn_err_set(err, run->unwritten.code ? run->unwritten.code : BN_EIO,
		"%s '%s' is dropped because too much is waiting to be written: %.300s", what, key,
		run->unwritten.msg);
}

/* ---- points --------------------------------------------------------------------------------- */

/* The series of the key, or NULL. Loops log the same keys in the same order, so it is nearly always the
 * last series or the one after it. Called with brief held. */
static inline bn_metric_series *series_of(binnacle_run *run, const char *key)
{
	bn_metric_set *set = &run->active;
	size_t n = set->count, next = run->last + 1 < n ? run->last + 1 : 0;
	if (n == 0)
		return NULL;
	if (strcmp(set->items[next].key, key) == 0)
		run->last = next;
	else if (run->last >= n || strcmp(set->items[run->last].key, key) != 0) {
		size_t at = bn_metric_set_find(set, key);
		if (at == n)
			return NULL;
		run->last = at;
	}
	return &set->items[run->last];
}

/* The disk is slower than the logging: all that is left is to wait, in steps. */
static void wait_for_room(binnacle_run *run)
{
	bn_brief_give(&run->brief);
	nanosleep(&(struct timespec){0, 1000000}, NULL);
	bn_brief_take(&run->brief);
}

static int add(binnacle_run *run, const char *key, double value, int64_t step, int64_t time_ms,
	bn_err *err)
{
	int rc;
	if (!series_of(run, key) && (rc = bn_run_key_check("metric", key, err)) < 0)
		return rc;
	while (run->active.points >= BN_BACKLOG_MAX && !run->unwritten.code)
		wait_for_room(run);
	if (run->active.points >= BN_BACKLOG_MAX)
		return drop(run, "metric", key, err);
	if (bn_metric_set_add(&run->active, key, step, time_ms, value) != 0)
		return bn_err_nomem(err, "a metric");
	return 0;
}

/* A new key, no room, or a point at which the thread must be woken. Out of line: the stack for an
 * error costs more than a point. */
static __attribute__((noinline)) int log_slowly(
	binnacle_run *run, const char *key, double value, int64_t step, int64_t time_ms)
{
	bn_err err = BN_ERR_INIT;
	bn_brief_take(&run->brief);
	int rc = add(run, key, value, step, time_ms, &err);
	bool asleep = atomic_load_explicit(&run->asleep, memory_order_relaxed);
	bool full = run->active.points == BN_FLUSH_POINTS && rc == 0 && !run->unwritten.code;
	bn_brief_give(&run->brief);
	/* If no thread can be started, the data waits for a flush, or is written by the caller that fills
	 * the buffer. */
	bool alone = (asleep || full) && bn_client_thread_wake(run, full, &err) < 0;
	if (alone && full)
		bn_client_write(run);
	bn_client_note(run, &err, rc < 0);
	return rc;
}

int bn_client_log_point(
	binnacle_run *run, const char *key, double value, int64_t step, int64_t time_ms)
{
	if (run->foreign)
		return bn_client_refuse_foreign(run);
	bn_brief_take(&run->brief);
	size_t points = run->active.points;
	bn_metric_series *s = points && points != BN_FLUSH_POINTS - 1 && points < BN_BACKLOG_MAX
				      ? series_of(run, key)
				      : NULL;
	bool fits = s && s->count < s->cap;
	if (fits) {
		s->step[s->count] = step;
		s->time_ms[s->count] = time_ms;
		s->value[s->count++] = value;
		run->active.points++;
	}
	bn_brief_give(&run->brief);
	return fits ? 0 : log_slowly(run, key, value, step, time_ms);
}

/* ---- words ---------------------------------------------------------------------------------- */

void bn_client_words_release(bn_words *all)
{
	for (size_t i = 0; i < all->count; i++) {
		bn_free(all->items[i].key);
		bn_free(all->items[i].value);
	}
	bn_free(all->items);
	*all = (bn_words){NULL, 0, 0};
}

static int check_word(const char *what, const char *key, const char *value, bn_err *err)
{
	int rc = bn_run_key_check(what, key, err);
	if (rc < 0)
		return rc;
	if (strlen(value) > BN_RUN_VALUE_MAX)
		return bn_err_set(err, BN_EINVAL, "%s '%s': the value has more than %d bytes", what,
			key, BN_RUN_VALUE_MAX);
	if (!bn_utf8_is_valid(value, strlen(value)))
		return bn_err_set(err, BN_EINVAL, "%s '%s': the value is not UTF-8", what, key);
	return 0;
}

static void word_free(void *word)
{
	bn_word *w = word;
	if (!w)
		return;
	bn_free(w->key);
	bn_free(w->value);
	bn_free(w);
}

static bn_word *word_new(bool is_tag, const char *key, const char *value)
{
	bn_word *w = bn_alloc_zeroed(1, sizeof *w);
	if (!w)
		return NULL;
	*w = (bn_word){is_tag, bn_strdup(key), bn_strdup(value)};
	if (w->key && w->value)
		return w;
	word_free(w);
	return NULL;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const bn_word *)a)->key, ((const bn_word *)b)->key);
}

void bn_client_params_release(binnacle_run *run)
{
	tdestroy(run->params, word_free);
	run->params = NULL;
}

/* 1 if this process has logged the parameter with that value, BN_ECONFLICT if with another one. Called with
 * brief held. */
static int look_for_param(binnacle_run *run, const char *key, const char *value, bn_err *err)
{
	const bn_word wanted = {false, (char *)(uintptr_t)key, NULL};
	bn_word *const *found = tfind(&wanted, &run->params, by_key);
	if (!found)
		return 0;
	return strcmp((*found)->value, value) == 0
		       ? 1
		       : bn_run_param_conflict(key, (*found)->value, err);
}

/* Takes key and value of the word on success. Called with brief held. */
static int queue_word(binnacle_run *run, const bn_word *w, const char *what, bn_err *err)
{
	bn_words *all = &run->words;
	if (all->count >= BN_WORDS_MAX && run->unwritten.code)
		return drop(run, what, w->key, err);
	if (bn_grow(&all->items, &all->cap, all->count + 1, sizeof *w) < 0)
		return bn_err_nomem(err, what);
	all->items[all->count++] = *w;
	return 0;
}

/* Takes what it needs of *w and *known; known is NULL for a tag. 1 if there is nothing to write. Called with
 * brief held. */
static int add_word(binnacle_run *run, bn_word **w, bn_word **known, const char *what, bn_err *err)
{
	int rc;
	if (*known && (rc = look_for_param(run, (*w)->key, (*w)->value, err)) != 0)
		return rc;
	if ((rc = queue_word(run, *w, what, err)) < 0)
		return rc;
	bn_free(*w);
	*w = NULL;
	/* Without memory for it, a conflict is found by readers. */
	if (*known && tsearch(*known, &run->params, by_key))
		*known = NULL;
	return 0;
}

int bn_client_log_word(binnacle_run *run, bool is_tag, const char *key, const char *value)
{
	bn_err err = BN_ERR_INIT;
	const char *what = is_tag ? "tag" : "parameter";
	bn_word *w = NULL, *known = NULL;
	int rc;
	if (run->foreign)
		return bn_client_refuse_foreign(run);
	if ((rc = check_word(what, key, value, &err)) < 0)
		goto out;
	if (!(w = word_new(is_tag, key, value)) ||
		(!is_tag && !(known = word_new(false, key, value)))) {
		rc = bn_err_nomem(&err, what);
		goto out;
	}
	bn_brief_take(&run->brief);
	rc = add_word(run, &w, &known, what, &err);
	bool asleep = atomic_load_explicit(&run->asleep, memory_order_relaxed);
	bn_brief_give(&run->brief);
	if (rc != 0)
		goto out;
	if (asleep)
		bn_client_thread_wake(run, false, &err);
out:
	word_free(w);
	word_free(known);
	bn_client_note(run, &err, rc < 0);
	return rc < 0 ? rc : 0;
}

bool bn_client_has_logged(binnacle_run *run)
{
	bn_brief_take(&run->brief);
	bool has = run->active.points || run->words.count;
	bn_brief_give(&run->brief);
	return has;
}
