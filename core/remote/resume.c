/* resume.c - see _resume.h. */
#include "core/remote/_resume.h"

#include "core/base/str.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define TO_THE_END ((uint64_t)1 << 50)
enum { TAG_MAX = 200 };

typedef struct getting {
	const bn_remote_get *g;
	char tag[TAG_MAX]; /* of the first answer, strong; or "" */
	uint64_t skip;     /* of the answer's first bytes */
	bn_err sink_error; /* not the connection's */
	bool cancelled;
} getting;

/* Waits before the next try. */
static int wait_a_while(
	const bn_env *env, int backoff_ms, const bn_progress *progress, uint64_t done, bn_err *err)
{
	int64_t ms = backoff_ms;
	unsigned char dice = 0;
	bn_env_random(env, &dice, 1, NULL);
	ms += ms * dice / 1024;
	for (int64_t waited = 0; waited < ms; waited += 100) {
		int rc = bn_progress_step(progress, "waiting", done, 0, err);
		if (rc < 0)
			return rc;
		poll(NULL, 0, ms - waited < 100 ? (int)(ms - waited) : 100);
	}
	return 0;
}

static int pass_on(void *user, const void *bytes, size_t n, bn_err *err)
{
	getting *t = user;
	size_t dropped = t->skip < n ? (size_t)t->skip : n;
	t->skip -= dropped;
	if (n == dropped)
		return 0;
	int rc = t->g->sink->write(
		t->g->sink->user, (const char *)bytes + dropped, n - dropped, &t->sink_error);
	if (rc < 0)
		return bn_err_set(err, rc, "%s", t->sink_error.msg);
	*t->g->to += n - dropped;
	return 0;
}

static bool go_on(void *user, const bn_http_progress *p)
{
	getting *t = user;
	(void)p;
	t->cancelled = bn_progress_step(t->g->progress, "receiving", *t->g->to, 0, NULL) < 0;
	return !t->cancelled;
}

static int refused(const getting *t, const bn_http_answer *a, bn_err *err)
{
	const bn_remote_get *g = t->g;
	if (a->status == 412)
		return bn_err_set(err, BN_ECONFLICT, "%s at %s changed while it was read", g->key,
			g->s->place);
	if (g->refused)
		return g->refused(g->user, g->key, a, err);
	if (a->status == 404 || a->status == 410)
		return bn_remote_no_key(g->s, g->key, err);
	return bn_http_answer_check(a, err);
}

/* 416: what is asked for begins at the end, or there are fewer bytes than were read before. */
static int beyond(const getting *t, const bn_http_answer *a, bn_err *err)
{
	char text[64];
	int64_t size = -1;
	if (bn_http_answer_header(a, "Content-Range", text, sizeof text) &&
		bn_str_starts(text, "bytes */"))
		bn_parse_i64(text + 8, strlen(text + 8), &size);
	if (size < 0) { /* radosgw does not say */
		bn_remote_info info = {0};
		int rc = t->g->s->ops->stat(t->g->s, t->g->key, &info, err);
		if (rc < 0)
			return rc;
		size = (int64_t)info.bytes;
	}
	if ((uint64_t)size == *t->g->to)
		return 0;
	return bn_err_set(err, BN_ECONFLICT, "%s at %s has %lld bytes, fewer than before",
		t->g->key, t->g->s->place, (long long)size);
}

/* One request. *again: it may be tried again. */
static int get_once(getting *t, bool whole, bn_http_answer *a, bool *again, bn_err *err)
{
	const bn_remote_get *g = t->g;
	char condition[TAG_MAX + 16];
	const char *headers[2] = {NULL, NULL};
	uint64_t left = g->count == UINT64_MAX ? TO_THE_END : g->count - (*g->to - g->from);
	bn_http_call call = {.url = g->url,
		.headers = headers,
		.attempts = g->attempts,
		.backoff_ms = g->backoff_ms,
		.progress = go_on,
		.progress_user = t};
	call.to = (bn_http_download){.kind = BN_HTTP_TO_CALLBACK, .write = pass_on, .user = t};
	t->skip = whole ? *g->to : 0;
	if (!whole && (*g->to || g->count != UINT64_MAX)) {
		call.to.first = *g->to;
		call.to.count = left;
	}
	if (t->tag[0]) {
		snprintf(condition, sizeof condition, "If-Match: %s", t->tag);
		headers[0] = condition;
	}
	*again = false;
	int rc = g->send(g->user, &call, a, err);
	if (t->sink_error.code) {
		bn_err_clear(err);
		return bn_err_move(err, &t->sink_error);
	}
	if (rc < 0) {
		*again = !t->cancelled && rc == BN_EIO && !a->untrusted;
		return rc;
	}
	if (a->status == 416 && *g->to)
		return beyond(t, a, err);
	if (a->status < 200 || a->status > 299)
		return refused(t, a, err);
	return 0;
}

static void keep_tag(getting *t, const bn_http_answer *a)
{
	char tag[TAG_MAX];
	if (!t->tag[0] && bn_http_answer_header(a, "ETag", tag, sizeof tag) && tag[0] == '"')
		memcpy(t->tag, tag, sizeof tag);
}

int bn_remote_get_run(const bn_remote_get *g, bn_err *err)
{
	getting t = {.g = g, .sink_error = BN_ERR_INIT};
	bn_http_answer a;
	bool whole = false, again = true;
	int rc = 0;
	bn_http_answer_init(&a);
	for (;;) {
		bn_err why = BN_ERR_INIT;
		uint64_t before = *g->to;
		if (g->count != UINT64_MAX && before - g->from >= g->count)
			break;
		rc = get_once(&t, whole, &a, &again, &why);
		keep_tag(&t, &a);
		if (rc < 0 && again && a.status == 200 && !whole && *g->to == before &&
			(before || g->count != UINT64_MAX)) {
			whole = true; /* it has no ranges */
			continue;
		}
		if (rc >= 0)
			break;
		if (!again || *g->to == before) { /* the client has tried */
			rc = bn_err_move(err, &why);
			break;
		}
		if ((rc = wait_a_while(g->s->env, g->backoff_ms, g->progress, *g->to, err)) < 0)
			break;
	}
	bn_http_answer_release(&a);
	return rc;
}
