/* exchange.c - see listener.h and _listener.h: one request with its response. */
#include "core/base/mem.h"
#include "core/net/_listener.h"

#include <string.h>
#include <time.h>

#define MAX_SPARE 64                /* exchanges that a loop keeps */
#define MAX_KEPT ((size_t)16 << 10) /* largest buffer kept with one */

struct bn_waker {
	pthread_mutex_t lock;
	bn_exchange *x; /* NULL: over */
	bool gone;      /* the client, at least */
	atomic_uint references;
};

/* ---- life ----------------------------------------------------------------------------------- */

bn_exchange *bn_exchange_begin(bn_conn *c)
{
	bn_loop *l = c->loop;
	bn_exchange *x = l->spare;
	if (x) {
		l->spare = x->next;
		l->spare_count--;
	} else {
		x = bn_alloc_zeroed(1, sizeof *x);
		if (!x)
			return NULL;
		bn_http_response_init(&x->response);
		bn_buf_init(&x->head_bytes);
		bn_buf_init(&x->body);
	}
	x->conn = c;
	x->loop = l;
	x->next = NULL;
	bn_http_head_init(&x->head, l->listener->limits.head_bytes);
	x->request = (bn_http_request){.method = "", .path = "", .peer = &x->peer};
	x->peer = c->peer;
	return x;
}

void bn_exchange_close_sink(bn_exchange *x, bool whole)
{
	if (x->has_sink && x->sink.close)
		x->sink.close(x->sink.user, whole);
	x->has_sink = false;
}

static void drop_waker(bn_exchange *x)
{
	bn_waker *w = x->waker;
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->x = NULL;
	w->gone = true;
	pthread_mutex_unlock(&w->lock);
	bn_waker_release(w);
	x->waker = NULL;
}

static void keep_small(bn_buf *b)
{
	if (b->cap > MAX_KEPT)
		bn_buf_release(b);
	else
		bn_buf_clear(b);
}

void bn_exchange_end(bn_exchange *x, bool whole)
{
	bn_loop *l = x->loop;
	bn_listener *listener = l->listener;
	bn_exchange_close_sink(x, false);
	if (x->headed && listener->handler.sent)
		listener->handler.sent(listener->handler.user, x, whole);
	drop_waker(x);
	bn_loop_forget(x);
	atomic_fetch_sub(&listener->memory, x->counted);
	atomic_fetch_sub(&listener->early, x->early);
	bn_http_response_clear(&x->response);
	keep_small(&x->response.headers);
	keep_small(&x->response.body);
	keep_small(&x->head_bytes);
	keep_small(&x->body);
	x->headed = x->body_done = x->head_only = x->is_chunked = x->is_finished = false;
	x->is_kept = false;
	x->counted = x->early = 0;
	x->left = x->taken = x->given = 0;
	memset(x->state, 0, sizeof x->state);
	if (l->spare_count < MAX_SPARE) {
		x->next = l->spare;
		l->spare = x;
		l->spare_count++;
		return;
	}
	bn_http_response_release(&x->response);
	bn_buf_release(&x->head_bytes);
	bn_buf_release(&x->body);
	bn_free(x);
}

void bn_exchange_orphan(bn_exchange *x)
{
	x->conn = NULL;
	x->loop->orphans++;
	if (!x->waker)
		return;
	pthread_mutex_lock(&x->waker->lock);
	x->waker->gone = true;
	pthread_mutex_unlock(&x->waker->lock);
}

bool bn_exchange_count(bn_exchange *x, size_t bytes)
{
	bn_listener *l = x->loop->listener;
	size_t before = atomic_fetch_add(&l->memory, bytes);
	if (before > l->limits.memory_bytes || bytes > l->limits.memory_bytes - before) {
		atomic_fetch_sub(&l->memory, bytes);
		return false;
	}
	x->counted += bytes;
	return true;
}

bool bn_exchange_count_head(bn_exchange *x, size_t bytes)
{
	bn_listener *l = x->loop->listener;
	if (atomic_fetch_add(&l->early, bytes) + bytes > l->limits.early_bytes) {
		atomic_fetch_sub(&l->early, bytes);
		return false;
	}
	x->early += bytes;
	return true;
}

/* ---- what a handler sees -------------------------------------------------------------------- */

const bn_http_request *bn_exchange_request(const bn_exchange *x)
{
	return &x->request;
}

bn_http_response *bn_exchange_response(bn_exchange *x)
{
	return &x->response;
}

void *bn_exchange_state(bn_exchange *x)
{
	return x->state;
}

void bn_exchange_set_sink(bn_exchange *x, const bn_http_sink *sink)
{
	x->sink = *sink;
	x->has_sink = true;
}

bool bn_exchange_has_body(const bn_exchange *x)
{
	return x->head.chunked || x->head.length > 0;
}

void bn_exchange_finish(bn_exchange *x)
{
	bn_loop_post(x, true);
}

/* ---- wakers --------------------------------------------------------------------------------- */

bn_waker *bn_exchange_waker(bn_exchange *x)
{
	if (!x->waker) {
		x->waker = bn_alloc_zeroed(1, sizeof *x->waker);
		if (!x->waker)
			return NULL;
		pthread_mutex_init(&x->waker->lock, NULL);
		x->waker->x = x;
		atomic_init(&x->waker->references, 1);
	}
	atomic_fetch_add(&x->waker->references, 1);
	return x->waker;
}

void bn_waker_wake(bn_waker *w)
{
	pthread_mutex_lock(&w->lock);
	if (w->x)
		bn_loop_post(w->x, false);
	pthread_mutex_unlock(&w->lock);
}

bool bn_waker_is_gone(bn_waker *w)
{
	pthread_mutex_lock(&w->lock);
	bool gone = w->gone;
	pthread_mutex_unlock(&w->lock);
	return gone;
}

void bn_waker_release(bn_waker *w)
{
	if (!w || atomic_fetch_sub(&w->references, 1) != 1)
		return;
	pthread_mutex_destroy(&w->lock);
	bn_free(w);
}

/* ---- the head of a response ----------------------------------------------------------------- */

/* Date as in RFC 9110, formatted once per second. */
static const char *date_of(bn_loop *l)
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int64_t now = bn_env_now_ns(l->listener->env) / 1000000000;
	struct tm t;
	time_t at = (time_t)now;
	if (now == l->date_s && l->date[0])
		return l->date;
	l->date_s = now;
	gmtime_r(&at, &t);
	bn_buf text = BN_BUF_INIT;
	bn_buf_addf(&text, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[t.tm_wday],
		t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
	size_t n = text.len < sizeof l->date ? text.len : 0;
	memcpy(l->date, text.ptr, n);
	l->date[n] = '\0';
	bn_buf_release(&text);
	return l->date;
}

static void add_status(bn_buf *out, int status)
{
	if (status == 200) {
		bn_buf_adds(out, "HTTP/1.1 200 OK\r\n");
		return;
	}
	bn_buf_adds(out, "HTTP/1.1 ");
	bn_buf_add_u64(out, (uint64_t)status);
	bn_buf_addch(out, ' ');
	bn_buf_adds(out, bn_http_reason(status));
	bn_buf_adds(out, "\r\n");
}

void bn_exchange_write_head(bn_exchange *x, bn_buf *out, bool *chunked)
{
	bn_http_response *r = &x->response;
	bool flows = r->source.read != NULL, empty = r->status == 204 || r->status == 304;
	bool known = !flows || r->source.length >= 0;
	*chunked = !known && !x->head.is_1_0;
	if (!known && x->head.is_1_0)
		r->close = true; /* the end of the body is the end of the connection */
	add_status(out, r->status);
	bn_buf_adds(out, date_of(x->loop));
	if (r->content_type) {
		bn_buf_adds(out, "Content-Type: ");
		bn_buf_adds(out, r->content_type);
		bn_buf_adds(out, "\r\n");
	}
	if (known && !empty) {
		bn_buf_adds(out, "Content-Length: ");
		bn_buf_add_u64(out, flows ? (uint64_t)r->source.length : r->body.len);
		bn_buf_adds(out, "\r\n");
	}
	if (*chunked && !empty)
		bn_buf_adds(out, "Transfer-Encoding: chunked\r\n");
	if (r->close)
		bn_buf_adds(out, "Connection: close\r\n");
	else if (x->head.is_1_0)
		bn_buf_adds(out, "Connection: keep-alive\r\n");
	bn_buf_add(out, r->headers.ptr, r->headers.len);
	bn_buf_adds(out, "\r\n");
}
