/* lfs_server.c - see lfs_server.h. */
#include "tests/support/lfs_server.h"

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/net/listener.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH "/a.git/info/lfs/objects/batch"

struct lfs_server {
	lfs_options o;
	bn_listener *listener;
	char url[48];
	pthread_mutex_t lock;
	struct {
		char oid[65];
		bn_buf bytes;
	} objects[8];
	size_t count;
	bn_buf log, shown;
	bool was_busy;
};

static void answer(bn_exchange *x, int status, const char *type, const char *text, size_t n)
{
	bn_http_response *r = bn_exchange_response(x);
	r->status = status;
	r->content_type = type;
	bn_buf_add(&r->body, text, n);
}

static void answer_batch(lfs_server *s, bn_exchange *x)
{
	const bn_http_request *r = bn_exchange_request(x);
	const char *auth = bn_http_request_header(r, "Authorization");
	const char *wants = s->o.download_header, *colon = wants ? strchr(wants, ':') : NULL;
	json_t *asked = NULL;
	bn_buf b = BN_BUF_INIT;
	if (s->o.authorization && (!auth || strcmp(auth, s->o.authorization) != 0)) {
		answer(x, 401, "application/json", "{\"message\": \"Credentials needed\"}", 33);
		return;
	}
	if (s->o.batch || s->o.status) {
		const char *text = s->o.batch ? s->o.batch : "{\"message\": \"no\"}";
		answer(x, s->o.status ? s->o.status : 200, "application/vnd.git-lfs+json", text,
			strlen(text));
		return;
	}
	if (bn_json_parse(&asked, r->body, r->body_len, "batch", NULL) < 0 ||
		strcmp(bn_json_str(asked, "operation", ""), "download") != 0) {
		answer(x, 422, "application/json", "{}", 2);
		json_decref(asked);
		return;
	}
	const json_t *object = json_array_get(json_object_get(asked, "objects"), 0);
	const char *oid = bn_json_str(object, "oid", "");
	bool known = s->o.downloads_at != NULL;
	for (size_t i = 0; i < s->count; i++)
		known |= !strcmp(s->objects[i].oid, oid);
	bn_buf_addf(&b,
		"{\"transfer\": \"basic\", \"objects\": [{\"oid\": \"%s\", \"size\": %lld, ", oid,
		(long long)bn_json_int(object, "size", 0));
	if (!known) {
		bn_buf_adds(&b,
			"\"error\": {\"code\": 404, \"message\": \"Object does not exist\"}}]}");
	} else {
		bn_buf_addf(&b, "\"actions\": {\"download\": {\"href\": \"%s/files/%s\"",
			lfs_server_url(s->o.downloads_at ? s->o.downloads_at : s), oid);
		if (colon)
			bn_buf_addf(&b, ", \"header\": {\"%.*s\": \"%s\", \"Host\": \"evil\"}",
				(int)(colon - wants), wants, colon + 2);
		bn_buf_adds(&b, "}}}]}");
	}
	answer(x, 200, "application/vnd.git-lfs+json", b.ptr, b.len);
	bn_buf_release(&b);
	json_decref(asked);
}

static void answer_file(lfs_server *s, bn_exchange *x, const char *oid)
{
	const bn_http_request *r = bn_exchange_request(x);
	const char *auth = bn_http_request_header(r, "Authorization"),
		   *wants = s->o.download_header;
	char name[64] = "";
	if (wants)
		snprintf(name, sizeof name, "%.*s", (int)strcspn(wants, ":"), wants);
	const char *got = wants ? bn_http_request_header(r, name) : NULL;
	if ((wants && (!got || strcmp(got, strchr(wants, ':') + 2) != 0)) ||
		(s->o.authorization && !wants && !s->o.open_downloads &&
			(!auth || strcmp(auth, s->o.authorization) != 0))) {
		answer(x, 403, "text/plain", "no", 2);
		return;
	}
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->objects[i].oid, oid)) {
			answer(x, 200, "application/octet-stream", s->objects[i].bytes.ptr,
				s->objects[i].bytes.len);
			if (s->o.wrong_bytes)
				bn_exchange_response(x)->body.ptr[0] ^= 1;
			return;
		}
	answer(x, 404, "text/plain", "none", 4);
}

static int handle(void *user, bn_exchange *x)
{
	lfs_server *s = user;
	const bn_http_request *r = bn_exchange_request(x);
	const char *auth = bn_http_request_header(r, "Authorization");
	pthread_mutex_lock(&s->lock);
	bn_buf_addf(&s->log, "%s %s %s\n", r->method, r->path, auth ? auth : "-");
	if (s->o.busy_once && !s->was_busy) {
		s->was_busy = true;
		answer(x, 503, "text/plain", "busy", 4);
	} else if (!strcmp(r->path, BATCH)) {
		answer_batch(s, x);
	} else if (bn_str_starts(r->path, "/files/")) {
		answer_file(s, x, r->path + 7);
	} else {
		answer(x, 404, "text/plain", "none", 4);
	}
	pthread_mutex_unlock(&s->lock);
	return 0;
}

lfs_server *lfs_server_start(const lfs_options *o)
{
	lfs_server *s = calloc(1, sizeof *s);
	bn_err err = BN_ERR_INIT;
	if (!s)
		abort();
	s->o = *o;
	pthread_mutex_init(&s->lock, NULL);
	bn_buf_init(&s->log);
	bn_buf_init(&s->shown);
	const bn_listener_options options = {
		.host = "127.0.0.1", .threads = 1, .handler = {.handle = handle, .user = s}};
	if (bn_listener_start(&s->listener, bn_env_real(), &options, &err) < 0) {
		fprintf(stderr, "lfs_server: %s\n", err.msg);
		abort();
	}
	snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", bn_listener_port(s->listener));
	return s;
}

void lfs_server_free(lfs_server *s)
{
	if (!s)
		return;
	bn_listener_stop(s->listener, 100);
	for (size_t i = 0; i < s->count; i++)
		bn_buf_release(&s->objects[i].bytes);
	bn_buf_release(&s->log);
	bn_buf_release(&s->shown);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

const char *lfs_server_url(const lfs_server *s)
{
	return s->url;
}

void lfs_server_put(lfs_server *s, const char *bytes, size_t n, char *oid)
{
	pthread_mutex_lock(&s->lock);
	bn_sha256_hex(bytes, n, s->objects[s->count].oid);
	memcpy(oid, s->objects[s->count].oid, 65);
	bn_buf_init(&s->objects[s->count].bytes);
	bn_buf_add(&s->objects[s->count++].bytes, bytes, n);
	pthread_mutex_unlock(&s->lock);
}

const char *lfs_server_log(lfs_server *s)
{
	pthread_mutex_lock(&s->lock);
	bn_buf_clear(&s->shown);
	bn_buf_add(&s->shown, s->log.ptr, s->log.len);
	pthread_mutex_unlock(&s->lock);
	return s->shown.ptr;
}
