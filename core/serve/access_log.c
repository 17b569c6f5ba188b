/* access_log.c - see access_log.h: the lines, their queue, and the thread that writes them. */
#include "core/serve/access_log.h"

#include "core/base/mem.h"
#include "core/base/shown.h"
#include "core/base/timestamp.h"
#include "core/net/exposition.h"
#include "core/serve/_access_file.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define QUEUE ((size_t)4 << 20)
#define HURRY ((size_t)64 << 10) /* waiting bytes that are written at once */
#define INTERVAL_MS 250
#define GRACE_NS INT64_C(2000000000)
#define NAME_BYTES 256 /* of a method, a model, ... in a line */

struct bn_access_log {
	bn_access_file file; /* thread only */
	size_t queue_bytes;
	long interval_ms;
	pthread_t thread;
	atomic_int_fast64_t give_up_ns;
	pthread_mutex_t lock; /* of the following */
	pthread_cond_t wake;
	bn_buf lines; /* waiting */
	bool stop, reopen, finished;
	bn_access_log_stats stats;
};

/* ---- one line ------------------------------------------------------------------------------- */

static void add_text(bn_buf *b, const char *key, const char *text, size_t most)
{
	bn_buf_adds(b, key);
	bn_shown_add_json(b, text, strlen(text), most);
}

static void add_count(bn_buf *b, const char *key, uint64_t n)
{
	bn_buf_adds(b, key);
	bn_buf_add_u64(b, n);
}

static void add_seconds(bn_buf *b, const char *key, int64_t ns)
{
	int64_t us = ns > 0 ? ns / 1000 : 0;
	bn_buf_addf(b, "%s%lld.%06lld", key, (long long)(us / 1000000), (long long)(us % 1000000));
}

/* Always with six digits, so that lines sort by their text. */
static void add_time(bn_buf *b, int64_t ns)
{
	char text[BN_TIMESTAMP_TEXT];
	int64_t second = ns - ns % 1000000000;
	bn_timestamp_iso(second, text);
	bn_buf_addf(b, "{\"time\":\"%.*s.%06dZ\"", (int)strcspn(text, "Z"), text,
		(int)((ns - second) / 1000));
}

static void add_peer(bn_buf *b, const bn_http_peer *peer)
{
	if (peer && peer->is_unix)
		bn_buf_addf(b, ",\"peer\":\"uid:%lld\"", (long long)peer->uid);
	else if (peer)
		add_text(b, ",\"peer\":", peer->address, NAME_BYTES);
}

static void add_line(bn_buf *b, const bn_access_entry *a)
{
	add_time(b, a->time_ns);
	add_peer(b, a->peer);
	if (*a->method)
		add_text(b, ",\"method\":", a->method, NAME_BYTES);
	if (*a->path)
		bn_buf_adds(b, ",\"path\":");
	if (*a->path && !bn_shown_add_json(b, a->path, strlen(a->path), BN_ACCESS_PATH))
		bn_buf_adds(b, ",\"path_cut\":true");
	if (a->status)
		add_count(b, ",\"status\":", (uint64_t)a->status);
	add_count(b, ",\"bytes_in\":", a->bytes_in);
	add_count(b, ",\"bytes_out\":", a->bytes_out);
	add_seconds(b, ",\"seconds\":", a->took_ns);
	if (a->handled_ns >= 0)
		add_seconds(b, ",\"handler_seconds\":", a->handled_ns);
	bn_buf_adds(b, a->is_complete ? ",\"complete\":true" : ",\"complete\":false");
	if (a->model) {
		add_text(b, ",\"model\":", a->model, NAME_BYTES);
		add_text(b, ",\"version\":", a->version, NAME_BYTES);
	}
	if (a->rows)
		add_count(b, ",\"rows\":", a->rows);
	if (a->request_id)
		add_text(b, ",\"request\":", a->request_id, NAME_BYTES);
	bn_buf_adds(b, "}\n");
}

void bn_access_log_add(void *log, const bn_access_entry *entry)
{
	bn_access_log *l = log;
	bn_buf line = BN_BUF_INIT;
	add_line(&line, entry);
	pthread_mutex_lock(&l->lock);
	bool fits = !line.failed && l->lines.len + line.len <= l->queue_bytes &&
		    bn_buf_reserve(&l->lines, line.len) == 0;
	if (fits) {
		bn_buf_add(&l->lines, line.ptr, line.len);
		l->stats.waiting++;
	} else {
		l->stats.lost_queue++;
		l->lines.failed = false;
	}
	if (l->stats.waiting == 1 || l->lines.len >= HURRY)
		pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
	bn_buf_release(&line);
}

/* ---- the thread ----------------------------------------------------------------------------- */

/* Under the lock: until lines wait, and then a little for more of them. */
static void wait_for_lines(bn_access_log *l)
{
	struct timespec until;
	while (!l->lines.len && !l->stop && !l->reopen)
		pthread_cond_wait(&l->wake, &l->lock);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += l->interval_ms % 1000 * 1000000;
	until.tv_sec += l->interval_ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (l->lines.len < HURRY && !l->stop && !l->reopen)
		if (pthread_cond_timedwait(&l->wake, &l->lock, &until))
			break;
}

static void *work(void *user)
{
	bn_access_log *l = user;
	bn_buf mine = BN_BUF_INIT;
	pthread_mutex_lock(&l->lock);
	while (!l->stop || l->lines.len) {
		wait_for_lines(l);
		bn_buf taken = l->lines;
		l->lines = mine;
		mine = taken;
		uint64_t lines = l->stats.waiting, done = 0;
		bool reopen = l->reopen;
		l->reopen = false;
		pthread_mutex_unlock(&l->lock);
		bn_err err = BN_ERR_INIT;
		if (reopen)
			bn_access_file_forget(&l->file);
		int rc = bn_access_file_put(&l->file, mine.ptr, mine.len, &done, &err);
		bn_buf_clear(&mine);
		pthread_mutex_lock(&l->lock);
		l->stats.waiting -= lines;
		l->stats.written += done;
		l->stats.lost_writes += lines - done;
		l->stats.failures += rc < 0;
		snprintf(l->stats.last_error, sizeof l->stats.last_error, "%s",
			rc < 0 ? err.msg : "");
	}
	pthread_mutex_unlock(&l->lock);
	bn_buf_release(&mine);
	return NULL;
}

static int start_thread(bn_access_log *l, bn_err *err)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are handled by the main thread */
	int e = pthread_create(&l->thread, NULL, work, l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return e ? bn_err_sys(err, BN_EIO, e, "cannot start a thread") : 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

int bn_access_log_open(
	bn_access_log **out, const bn_env *env, const bn_access_log_options *o, bn_err *err)
{
	pthread_condattr_t attr;
	int rc = 0;
	bn_access_log *l = bn_alloc_zeroed(1, sizeof *l);
	if (!l)
		return bn_err_nomem(err, "an access log");
	l->queue_bytes = o->queue_bytes ? o->queue_bytes : QUEUE;
	l->interval_ms = o->interval_ms ? o->interval_ms : INTERVAL_MS;
	atomic_init(&l->give_up_ns, 0);
	bn_buf_init(&l->lines);
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->wake, &attr);
	pthread_condattr_destroy(&attr);
	l->file = (bn_access_file){.env = env,
		.fd = o->fd,
		.max_bytes = o->max_bytes,
		.keep = o->keep,
		.give_up_ns = &l->give_up_ns};
	l->finished = true; /* there is no thread yet */
	if ((rc = bn_access_file_open(&l->file, o->path, err)) < 0)
		goto out;
	if ((rc = start_thread(l, err)) < 0)
		goto out;
	l->finished = false;
	*out = l;
	l = NULL;
out:
	bn_access_log_close(l);
	return rc;
}

void bn_access_log_reopen(bn_access_log *l)
{
	pthread_mutex_lock(&l->lock);
	l->reopen = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
}

void bn_access_log_finish(bn_access_log *l)
{
	if (l->finished)
		return;
	atomic_store(&l->give_up_ns, bn_env_monotonic_ns(l->file.env) + GRACE_NS);
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	l->finished = true;
}

void bn_access_log_close(bn_access_log *l)
{
	if (!l)
		return;
	bn_access_log_finish(l);
	bn_access_file_release(&l->file);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->wake);
	bn_buf_release(&l->lines);
	bn_free(l);
}

/* ---- counts --------------------------------------------------------------------------------- */

void bn_access_log_get_stats(bn_access_log *l, bn_access_log_stats *out)
{
	pthread_mutex_lock(&l->lock);
	*out = l->stats;
	pthread_mutex_unlock(&l->lock);
}

void bn_access_log_write_metrics(bn_access_log *l, bn_buf *out)
{
	static const char lost[] = "binnacle_access_log_lost_total";
	bn_access_log_stats s;
	bn_access_log_get_stats(l, &s);
	bn_exposition_head(out, "binnacle_access_log_lines_total", "counter",
		"Lines written to the access log.");
	bn_exposition_sample(
		out, "binnacle_access_log_lines_total", NULL, 0, (double)s.written);
	bn_exposition_head(out, lost, "counter",
		"Requests without a line in the access log: the queue was full, or the file could "
		"not be written.");
	bn_exposition_pair reason = {"reason", "queue"};
	bn_exposition_sample(out, lost, &reason, 1, (double)s.lost_queue);
	reason.value = "write";
	bn_exposition_sample(out, lost, &reason, 1, (double)s.lost_writes);
}
