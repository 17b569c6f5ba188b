/* registry_server.c - see registry_server.h. */
#include "tests/support/registry_server.h"

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/base/json_bytes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ITEMS_MOST = 64, UPLOADS_MOST = 64, FAULTS_MOST = 32 };

typedef struct item {
	char key[256], type[128];
	bn_buf bytes;
} item;

struct registry_server {
	registry_options o;
	int listener, port;
	char host[32], url[48];
	pthread_t thread;
	pthread_mutex_t lock;
	atomic_bool stopping;
	item items[ITEMS_MOST];
	bn_buf uploads[UPLOADS_MOST];
	bool lost[UPLOADS_MOST];
	size_t n_items, n_uploads;
	int seen[FAULTS_MOST];
	int tokens, uses; /* the newest token, and how often it was used */
	bn_buf log, heads, shown;
	size_t body_bytes;
};

/* A request. */
typedef struct ask {
	registry_server *s;
	int fd;
	bn_buf head, body;
	char method[16], target[4096];
	long length; /* of the body that is announced */
	const registry_fault *fault;
	bool cut;
} ask;

static void die(const char *what)
{
	fprintf(stderr, "registry_server: %s\n", what);
	abort();
}

static bool header(const ask *q, const char *name, char *value, size_t size)
{
	size_t n = strlen(name);
	for (const char *line = q->head.ptr; *line;) {
		size_t length = strcspn(line, "\r\n");
		if (length > n && line[n] == ':' && !strncasecmp(line, name, n)) {
			snprintf(value, size, "%.*s", (int)(length - n - 1 - (line[n + 1] == ' ')),
				line + n + 1 + (line[n + 1] == ' '));
			return true;
		}
		line += length;
		line += strspn(line, "\r\n");
	}
	return false;
}

static bool wait_for(ask *q)
{
	struct pollfd f = {q->fd, POLLIN, 0};
	while (!atomic_load(&q->s->stopping))
		if (poll(&f, 1, 20) > 0)
			return true;
	return false;
}

static void give(const ask *q, const char *bytes, size_t n)
{
	while (n) {
		ssize_t sent = send(q->fd, bytes, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		bytes += sent;
		n -= (size_t)sent;
	}
}

static bool read_head(ask *q)
{
	char bytes[4096], text[64];
	char *end;
	while (!(end = strstr(q->head.ptr, "\r\n\r\n"))) {
		ssize_t n = wait_for(q) ? recv(q->fd, bytes, sizeof bytes, 0) : 0;
		if (n <= 0)
			return false;
		bn_buf_add(&q->head, bytes, (size_t)n);
	}
	size_t head = (size_t)(end + 4 - q->head.ptr);
	bn_buf_add(&q->body, q->head.ptr + head, q->head.len - head);
	bn_buf_truncate(&q->head, head);
	if (sscanf(q->head.ptr, "%15s %4095s", q->method, q->target) != 2)
		return false;
	q->length = header(q, "Content-Length", text, sizeof text) ? atol(text) : 0;
	return true;
}

/* Up to most bytes. */
static void read_body(ask *q, long most)
{
	char bytes[16384], text[64];
	if (header(q, "Expect", text, sizeof text) && q->length)
		give(q, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	while ((long)q->body.len < most) {
		size_t want = (size_t)most - q->body.len;
		ssize_t n = wait_for(q) ? recv(q->fd, bytes,
						  want < sizeof bytes ? want : sizeof bytes, 0)
					: 0;
		if (n <= 0)
			return;
		bn_buf_add(&q->body, bytes, (size_t)n);
	}
	if ((long)q->body.len > most)
		bn_buf_truncate(&q->body, (size_t)most);
}

/* ---- responses ------------------------------------------------------------------------------ */

static void answer_bytes(
	ask *q, const char *status, const char *headers, const void *bytes, size_t n)
{
	bn_buf out = BN_BUF_INIT;
	long part = q->fault ? q->fault->part : 0;
	bn_buf_addf(&out, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n",
		status, n, headers);
	if (strcmp(q->method, "HEAD") != 0)
		bn_buf_add(&out, bytes, n);
	if (!q->fault || (q->fault->cut != -1 && !q->fault->hangs))
		give(q, out.ptr, part && (size_t)part < out.len ? (size_t)part : out.len);
	bn_buf_release(&out);
}

static void answer(ask *q, const char *status, const char *headers, const char *code)
{
	char body[256] = "";
	if (code)
		snprintf(body, sizeof body,
			"{\"errors\":[{\"code\":\"%s\",\"message\":\"the server says so\"}]}",
			code);
	answer_bytes(q, status, headers, body, strlen(body));
}

/* ---- authentication ------------------------------------------------------------------------- */

static bool has_basic(const ask *q, const char *pair)
{
	char value[8192];
	bn_buf want = BN_BUF_INIT;
	bn_buf_adds(&want, "Basic ");
	bn_base64_add(&want, pair, strlen(pair));
	bool same = header(q, "Authorization", value, sizeof value) && !strcmp(value, want.ptr);
	bn_buf_release(&want);
	return same;
}

static bool has_token(ask *q)
{
	char value[256], want[64];
	registry_server *s = q->s;
	snprintf(want, sizeof want, "Bearer token-number-%d", s->tokens);
	if (!s->tokens || !header(q, "Authorization", value, sizeof value) ||
		strcmp(value, want) != 0)
		return false;
	return !s->o.token_uses || ++s->uses <= s->o.token_uses;
}

/* False: a 401 was sent. */
static bool authorize(ask *q)
{
	const registry_options *o = &q->s->o;
	char line[1024];
	if ((!o->basic && !o->bearer))
		return true;
	if (o->basic && has_basic(q, o->basic))
		return true;
	if (o->bearer && has_token(q))
		return true;
	if (o->basic)
		snprintf(line, sizeof line, "WWW-Authenticate: Basic realm=\"here\"\r\n");
	else
		snprintf(line, sizeof line,
			"WWW-Authenticate: Bearer realm=\"%s%s\",service=\"test "
			"registry\",scope=\"%s\"\r\n",
			o->realm ? o->realm : q->s->url, o->realm ? "" : "/token",
			o->scope ? o->scope : "repository:group/power:pull,push");
	answer(q, "401 Unauthorized", line, "UNAUTHORIZED");
	return false;
}

static void give_token(ask *q)
{
	registry_server *s = q->s;
	char body[256];
	bool ok = s->o.bearer && (!*s->o.bearer || has_basic(q, s->o.bearer));
	if (s->o.identity)
		ok = !strcmp(q->method, "POST") &&
		     strstr(q->body.ptr, "grant_type=refresh_token") &&
		     strstr(q->body.ptr, s->o.identity);
	if (!ok) {
		answer(q, "401 Unauthorized", "", "DENIED");
		return;
	}
	s->tokens++;
	s->uses = 0;
	snprintf(body, sizeof body, "{\"%s\": \"token-number-%d\", \"expires_in\": 300}",
		s->o.access_token ? "access_token" : "token", s->tokens);
	answer_bytes(q, "200 OK", "Content-Type: application/json\r\n", body, strlen(body));
}

/* ---- content -------------------------------------------------------------------------------- */

static item *find(registry_server *s, const char *key)
{
	for (size_t i = 0; i < s->n_items; i++)
		if (!strcmp(s->items[i].key, key))
			return &s->items[i];
	return NULL;
}

static void store(
	registry_server *s, const char *key, const void *bytes, size_t n, const char *type)
{
	item *it = find(s, key);
	if (!it && s->n_items == ITEMS_MOST)
		die("too many items");
	if (!it)
		it = &s->items[s->n_items++];
	snprintf(it->key, sizeof it->key, "%s", key);
	snprintf(it->type, sizeof it->type, "%s", type ? type : "application/octet-stream");
	bn_buf_clear(&it->bytes);
	bn_buf_add(&it->bytes, bytes, n);
}

static void digest_of(char out[80], const bn_buf *bytes)
{
	strcpy(out, "sha256:");
	bn_sha256_hex(bytes->ptr, bytes->len, out + 7);
}

static void give_item(ask *q, const char *key, bool is_blob)
{
	const item *it = find(q->s, key);
	char headers[8192], digest[80], range[64];
	unsigned long from = 0;
	if (!it) {
		answer(q, "404 Not Found", "", is_blob ? "BLOB_UNKNOWN" : "MANIFEST_UNKNOWN");
		return;
	}
	if (is_blob && q->s->o.blobs_at) {
		snprintf(
			headers, sizeof headers, "Location: %s%s\r\n", q->s->o.blobs_at, q->target);
		answer(q, "307 Temporary Redirect", headers, NULL);
		return;
	}
	digest_of(digest, &it->bytes);
	snprintf(headers, sizeof headers, "Content-Type: %s\r\nDocker-Content-Digest: %s\r\n",
		it->type, digest);
	bool part = header(q, "Range", range, sizeof range) && !q->s->o.no_ranges &&
		    sscanf(range, "bytes=%lu-", &from) == 1;
	if (!part) {
		answer_bytes(q, "200 OK", headers, it->bytes.ptr, it->bytes.len);
		return;
	}
	if (from >= it->bytes.len) {
		answer(q, "416 Range Not Satisfiable", "", "RANGE_INVALID");
		return;
	}
	snprintf(headers, sizeof headers, "Content-Range: bytes %lu-%zu/%zu\r\n", from,
		it->bytes.len - 1, it->bytes.len);
	answer_bytes(q, "206 Partial Content", headers, it->bytes.ptr + from, it->bytes.len - from);
}

/* ---- uploads -------------------------------------------------------------------------------- */

static void answer_upload(ask *q, const char *status, size_t id)
{
	const registry_server *s = q->s;
	char headers[512], least[64] = "";
	const char *at = s->o.uploads_at ? s->o.uploads_at : s->url;
	size_t have = s->uploads[id].len;
	if (s->o.least_chunk)
		snprintf(least, sizeof least, "OCI-Chunk-Min-Length: %ld\r\n", s->o.least_chunk);
	snprintf(headers, sizeof headers,
		"Location: %s/v2/group/power/blobs/uploads/%zu?state=%zu\r\nRange: 0-%zu\r\n%s",
		s->o.relative ? "" : at, id, have, have ? have - 1 : 0, least);
	answer(q, status, headers, NULL);
}

static void begin_upload(ask *q)
{
	registry_server *s = q->s;
	char digest[128], headers[256];
	const char *mount = strstr(q->target, "mount=");
	if (mount && sscanf(mount, "mount=%127[^&]", digest) == 1 && find(s, digest)) {
		snprintf(headers, sizeof headers, "Location: /v2/group/power/blobs/%s\r\n", digest);
		answer(q, "201 Created", headers, NULL);
		return;
	}
	if (s->n_uploads == UPLOADS_MOST)
		die("too many uploads");
	bn_buf_init(&s->uploads[s->n_uploads]);
	answer_upload(q, "202 Accepted", s->n_uploads++);
}

static void add_chunk(ask *q, size_t id)
{
	registry_server *s = q->s;
	bn_buf *up = &s->uploads[id];
	char range[64];
	unsigned long from, to;
	if (s->o.no_patch) {
		answer(q, "405 Method Not Allowed", "", "UNSUPPORTED");
		return;
	}
	if (!header(q, "Content-Range", range, sizeof range) ||
		sscanf(range, "%lu-%lu", &from, &to) != 2 || from != up->len) {
		answer(q, "416 Range Not Satisfiable", "", "RANGE_INVALID");
		return;
	}
	bn_buf_add(up, q->body.ptr, q->body.len);
	if (q->cut) {
		s->lost[id] = s->o.forgets_cut;
		return;
	}
	answer_upload(q, "202 Accepted", id);
}

static void end_upload(ask *q, size_t id)
{
	registry_server *s = q->s;
	bn_buf *up = &s->uploads[id];
	char digest[80], headers[256];
	const char *wanted = strstr(q->target, "digest=");
	bn_buf_add(up, q->body.ptr, q->body.len);
	if (q->cut) {
		s->lost[id] = s->o.forgets_cut;
		return;
	}
	digest_of(digest, up);
	if (!wanted || strcmp(wanted + 7, digest) != 0) {
		s->lost[id] = true;
		answer(q, "400 Bad Request", "", "DIGEST_INVALID");
		return;
	}
	store(s, digest, up->ptr, up->len, NULL);
	s->lost[id] = true;
	snprintf(headers, sizeof headers,
		"Location: /v2/group/power/blobs/%s\r\nDocker-Content-Digest: %s\r\n", digest,
		digest);
	answer(q, "201 Created", headers, NULL);
}

static void use_upload(ask *q, const char *name)
{
	registry_server *s = q->s;
	size_t id = UPLOADS_MOST;
	int got = sscanf(name, "%zu", &id);
	for (; s->o.storage && s->n_uploads <= id && id < UPLOADS_MOST; s->n_uploads++)
		bn_buf_init(&s->uploads[s->n_uploads]);
	if (got != 1 || id >= s->n_uploads || s->lost[id])
		answer(q, "404 Not Found", "", "BLOB_UPLOAD_UNKNOWN");
	else if (!strcmp(q->method, "GET"))
		answer_upload(q, "204 No Content", id);
	else if (!strcmp(q->method, "PATCH"))
		add_chunk(q, id);
	else
		end_upload(q, id);
}

/* ---- a request ------------------------------------------------------------------------------ */

static void put_manifest(ask *q, const char *tag)
{
	char digest[80], type[128] = "", headers[256];
	header(q, "Content-Type", type, sizeof type);
	digest_of(digest, &q->body);
	store(q->s, digest, q->body.ptr, q->body.len, type);
	store(q->s, tag, q->body.ptr, q->body.len, type);
	snprintf(headers, sizeof headers, "Docker-Content-Digest: %s\r\n", digest);
	answer(q, "201 Created", headers, NULL);
}

static void obey(ask *q)
{
	char path[4096];
	snprintf(path, sizeof path, "%.*s", (int)strcspn(q->target, "?"), q->target);
	const char *uploads = strstr(path, "/blobs/uploads/"), *blob = strstr(path, "/blobs/");
	const char *manifest = strstr(path, "/manifests/");
	if (!strcmp(path, "/token"))
		give_token(q);
	else if (!authorize(q))
		return;
	else if (!strcmp(path, "/v2/"))
		answer(q, "200 OK", "", NULL);
	else if (uploads && !uploads[15])
		begin_upload(q);
	else if (uploads)
		use_upload(q, uploads + 15);
	else if (blob)
		give_item(q, blob + 7, true);
	else if (manifest && !strcmp(q->method, "PUT"))
		put_manifest(q, manifest + 11);
	else if (manifest)
		give_item(q, manifest + 11, false);
	else
		answer(q, "404 Not Found", "", "NAME_UNKNOWN");
}

/* Each fault counts the requests that it names, also those that another one takes. */
static const registry_fault *fault_of(ask *q)
{
	registry_server *s = q->s;
	const registry_fault *f = s->o.faults, *found = NULL;
	for (size_t i = 0; f && f[i].method; i++) {
		if (strcmp(f[i].method, q->method) != 0 || !strstr(q->target, f[i].path))
			continue;
		int n = s->seen[i]++;
		if (!found && n >= f[i].skip && (!f[i].times || n < f[i].skip + f[i].times))
			found = &f[i];
	}
	return found;
}

static void serve(ask *q)
{
	registry_server *s = q->s;
	if (!read_head(q))
		return;
	pthread_mutex_lock(&s->lock);
	bn_buf_addf(&s->log, "%s %s\n", q->method, q->target);
	bn_buf_add(&s->heads, q->head.ptr, q->head.len);
	q->fault = fault_of(q);
	q->cut = q->fault && q->fault->cut > 0;
	pthread_mutex_unlock(&s->lock);
	read_body(q, q->cut && q->fault->cut < q->length ? q->fault->cut : q->length);
	pthread_mutex_lock(&s->lock);
	s->body_bytes += strcmp(q->method, "POST") ? q->body.len : 0;
	if (q->fault && q->fault->answer)
		give(q, q->fault->answer, strlen(q->fault->answer));
	else
		obey(q);
	pthread_mutex_unlock(&s->lock);
	char byte;
	if (q->fault && q->fault->hangs)
		while (wait_for(q) && recv(q->fd, &byte, 1, 0) > 0)
			;
	if (q->cut || (q->fault && q->fault->cut == -1))
		setsockopt(q->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0},
			sizeof(struct linger));
	else
		shutdown(q->fd, SHUT_WR);
}

static void *run(void *user)
{
	registry_server *s = user;
	while (!atomic_load(&s->stopping)) {
		struct pollfd f = {s->listener, POLLIN, 0};
		if (poll(&f, 1, 20) <= 0)
			continue;
		ask q = {.s = s, .fd = accept(s->listener, NULL, NULL)};
		if (q.fd < 0)
			continue;
		bn_buf_init(&q.head);
		bn_buf_init(&q.body);
		serve(&q);
		close(q.fd);
		bn_buf_release(&q.head);
		bn_buf_release(&q.body);
	}
	return NULL;
}

registry_server *registry_start(const registry_options *options)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof a;
	registry_server *s = calloc(1, sizeof *s);
	if (!s)
		die("no memory");
	s->o = *options;
	pthread_mutex_init(&s->lock, NULL);
	bn_buf_init(&s->log);
	bn_buf_init(&s->heads);
	bn_buf_init(&s->shown);
	for (size_t i = 0; i < ITEMS_MOST; i++)
		bn_buf_init(&s->items[i].bytes);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&a, sizeof a) ||
		listen(s->listener, 16) || getsockname(s->listener, (struct sockaddr *)&a, &n))
		die("cannot listen on the loopback");
	s->port = ntohs(a.sin_port);
	snprintf(s->host, sizeof s->host, "127.0.0.1:%d", s->port);
	snprintf(s->url, sizeof s->url, "http://%s", s->host);
	if (pthread_create(&s->thread, NULL, run, s))
		die("no thread");
	return s;
}

void registry_free(registry_server *s)
{
	if (!s)
		return;
	atomic_store(&s->stopping, true);
	pthread_join(s->thread, NULL);
	close(s->listener);
	for (size_t i = 0; i < ITEMS_MOST; i++)
		bn_buf_release(&s->items[i].bytes);
	for (size_t i = 0; i < s->n_uploads; i++)
		bn_buf_release(&s->uploads[i]);
	bn_buf_release(&s->log);
	bn_buf_release(&s->heads);
	bn_buf_release(&s->shown);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int registry_port(const registry_server *s)
{
	return s->port;
}

const char *registry_host(const registry_server *s)
{
	return s->host;
}

const char *registry_url(const registry_server *s)
{
	return s->url;
}

static const char *show(registry_server *s, const bn_buf *b)
{
	pthread_mutex_lock(&s->lock);
	bn_buf_clear(&s->shown);
	bn_buf_add(&s->shown, b->ptr, b->len);
	pthread_mutex_unlock(&s->lock);
	return s->shown.ptr;
}

const char *registry_log(registry_server *s)
{
	return show(s, &s->log);
}

const char *registry_heads(registry_server *s)
{
	return show(s, &s->heads);
}

int registry_count(registry_server *s, const char *line_part)
{
	int n = 0;
	for (const char *at = registry_log(s); (at = strstr(at, line_part));
		at += strlen(line_part))
		n++;
	return n;
}

size_t registry_body_bytes(registry_server *s)
{
	pthread_mutex_lock(&s->lock);
	size_t n = s->body_bytes;
	pthread_mutex_unlock(&s->lock);
	return n;
}

const char *registry_get(registry_server *s, const char *key, size_t *n)
{
	pthread_mutex_lock(&s->lock);
	const item *it = find(s, key);
	*n = it ? it->bytes.len : 0;
	pthread_mutex_unlock(&s->lock);
	return it ? it->bytes.ptr : NULL;
}

void registry_put(
	registry_server *s, const char *key, const void *bytes, size_t n, const char *type)
{
	pthread_mutex_lock(&s->lock);
	store(s, key, bytes, n, type);
	pthread_mutex_unlock(&s->lock);
}

void registry_set_answer(registry_server *s, registry_fault *fault, const char *answer)
{
	pthread_mutex_lock(&s->lock);
	fault->answer = answer;
	pthread_mutex_unlock(&s->lock);
}
