/* s3_server.c - see s3_server.h. */
#include "tests/support/s3_server.h"

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/net/client.h"
#include "core/remote/sigv4.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <nettle/md5.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { UPLOADS_MOST = 64, PARTS_MOST = 64, FAULTS_MOST = 32 };

typedef struct item {
	char *key;
	bn_buf bytes;
} item;

typedef struct upload {
	bool open;
	char *key;
	bn_buf parts[PARTS_MOST];
	bool has[PARTS_MOST];
} upload;

struct s3_server {
	s3_options o;
	int listener;
	char url[48], host[32];
	pthread_t thread;
	pthread_mutex_t lock;
	atomic_bool stopping;
	atomic_int busy;
	item *items; /* in order of keys */
	size_t n_items, cap;
	upload uploads[UPLOADS_MOST];
	size_t n_uploads;
	int seen[FAULTS_MOST];
	bn_buf log, shown;
};

typedef struct ask {
	s3_server *s;
	int fd;
	bn_buf head, body;
	char method[16], target[4096], path[4096], query[4096];
	char *key; /* NULL: the bucket */
	long length;
	const s3_fault *fault;
	bool cut;
} ask;

static void die(const char *what)
{
	fprintf(stderr, "s3_server: %s\n", what);
	abort();
}

/* ---- the request ---------------------------------------------------------------------------- */

static bool header(const ask *q, const char *name, char *value, size_t size)
{
	size_t n = strlen(name);
	for (const char *line = q->head.ptr; *line;) {
		size_t length = strcspn(line, "\r\n");
		if (length > n && line[n] == ':' && !strncasecmp(line, name, n)) {
			const char *v = line + n + 1;
			v += strspn(v, " ");
			snprintf(value, size, "%.*s", (int)(line + length - v), v);
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

static int hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

static char *decoded(const char *s, size_t n)
{
	bn_buf b = BN_BUF_INIT;
	for (size_t i = 0; i < n; i++)
		if (s[i] == '%' && i + 2 < n) {
			bn_buf_addch(&b, (char)(hex_of(s[i + 1]) * 16 + hex_of(s[i + 2])));
			i += 2;
		} else {
			bn_buf_addch(&b, s[i]);
		}
	return bn_buf_take(&b, NULL);
}

/* A parameter of the query, decoded; NULL if it is absent. The caller frees it. */
static char *parameter(const ask *q, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = q->query; *p;) {
		size_t len = strcspn(p, "&");
		if (len > n && !strncmp(p, name, n) && p[n] == '=')
			return decoded(p + n + 1, len - n - 1);
		p += len + (p[len] == '&');
	}
	return NULL;
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
	size_t path = strcspn(q->target, "?");
	snprintf(q->path, sizeof q->path, "%.*s", (int)path, q->target);
	snprintf(q->query, sizeof q->query, "%s", q->target + path + (q->target[path] == '?'));
	q->length = header(q, "Content-Length", text, sizeof text) ? atol(text) : 0;
	if (!strncmp(q->path, "/lab/", 5) && q->path[5])
		q->key = decoded(q->path + 5, strlen(q->path + 5));
	return true;
}

static void read_body(ask *q, long most)
{
	char bytes[65536], text[64];
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
}

/* ---- responses ------------------------------------------------------------------------------ */

static void answer(ask *q, const char *status, const char *headers, const void *bytes, size_t n)
{
	bn_buf out = BN_BUF_INIT;
	char date[64];
	struct tm tm;
	time_t now = time(NULL) + (time_t)(q->s->o.clock_ms / 1000);
	bool head = !strcmp(q->method, "HEAD");
	if (q->fault && q->fault->cut == -1)
		return;
	gmtime_r(&now, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	bn_buf_addf(&out,
		"HTTP/1.1 %s\r\nDate: %s\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n",
		status, date, n, headers);
	size_t sent = head ? 0 : n;
	if (q->fault && q->fault->part && (size_t)q->fault->part < sent)
		sent = (size_t)q->fault->part;
	bn_buf_add(&out, bytes, sent);
	give(q, out.ptr, out.len);
	bn_buf_release(&out);
}

static void refuse(ask *q, const char *status, const char *code)
{
	char text[512];
	int n = snprintf(text, sizeof text,
		"<?xml version=\"1.0\"?>\n<Error><Code>%s</Code><Message>refused &amp; said"
		"</Message></Error>",
		code);
	answer(q, status, "Content-Type: application/xml\r\n", text, (size_t)n);
}

/* ---- signatures ----------------------------------------------------------------------------- */

/* Recomputes the signature over the headers that the client says it signed. */
static const char *signature_fault(ask *q)
{
	char auth[1024], time_text[32] = "", payload[80] = "", signed_names[256], region[64],
			 hex[65];
	char lines[8][1200];
	const char *headers[9] = {NULL};
	bn_buf mine = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	size_t n = 0;
	if (!header(q, "Authorization", auth, sizeof auth))
		return "AccessDenied";
	header(q, "x-amz-date", time_text, sizeof time_text);
	header(q, "x-amz-content-sha256", payload, sizeof payload);
	char *at = strstr(auth, "SignedHeaders="), *scope = strstr(auth, "Credential=");
	if (!at || !scope || sscanf(at, "SignedHeaders=%255[^,]", signed_names) != 1 ||
		sscanf(scope, "Credential=%*[^/]/%*[^/]/%63[^/]", region) != 1)
		return "AuthorizationHeaderMalformed";
	if (strncmp(scope + 11, S3_ID "/", sizeof S3_ID))
		return "InvalidAccessKeyId";
	if (q->s->o.region && strcmp(region, q->s->o.region))
		return "AuthorizationHeaderMalformed";
	for (char *name = strtok(signed_names, ";"); name && n < 8; name = strtok(NULL, ";")) {
		char value[1024] = "";
		header(q, name, value, sizeof value);
		snprintf(lines[n], sizeof lines[n], "%s:%s", name, value);
		headers[n] = lines[n];
		n++;
	}
	bn_sigv4_request r = {.method = q->method,
		.path = q->path,
		.query = q->query,
		.headers = headers,
		.payload = payload,
		.time = time_text,
		.region = region,
		.service = "s3"};
	bn_sigv4_key key = {S3_ID, S3_SECRET};
	bool same = bn_sigv4_authorization(&mine, &r, &key, &err) == 0 && !strcmp(mine.ptr, auth);
	bn_buf_release(&mine);
	if (!same)
		return "SignatureDoesNotMatch";
	struct tm tm = {0};
	if (!strptime(time_text, "%Y%m%dT%H%M%SZ", &tm) ||
		llabs((long long)(timegm(&tm) - time(NULL)) - q->s->o.clock_ms / 1000) > 900)
		return "RequestTimeTooSkewed";
	char token[512] = "";
	header(q, "x-amz-security-token", token, sizeof token);
	if (strcmp(token, q->s->o.token ? q->s->o.token : ""))
		return "InvalidToken";
	bn_sha256_hex(q->body.ptr, q->body.len, hex);
	return strcmp(hex, payload) ? "XAmzContentSHA256Mismatch" : NULL;
}

/* ---- keys ----------------------------------------------------------------------------------- */

static item *find(s3_server *s, const char *key)
{
	for (size_t i = 0; i < s->n_items; i++)
		if (!strcmp(s->items[i].key, key))
			return &s->items[i];
	return NULL;
}

static void store(s3_server *s, const char *key, const void *bytes, size_t n)
{
	item *found = find(s, key);
	if (!found) {
		size_t i = s->n_items;
		if (bn_grow(&s->items, &s->cap, s->n_items + 1, sizeof *s->items))
			die("memory");
		for (; i && strcmp(s->items[i - 1].key, key) > 0; i--)
			s->items[i] = s->items[i - 1];
		s->items[i] = (item){bn_strdup(key), BN_BUF_INIT};
		s->n_items++;
		found = &s->items[i];
	}
	bn_buf_clear(&found->bytes);
	bn_buf_add(&found->bytes, bytes, n);
}

static void md5_of(const bn_buf *b, char hex[33])
{
	struct md5_ctx ctx;
	uint8_t digest[MD5_DIGEST_SIZE];
	md5_init(&ctx);
	md5_update(&ctx, b->len, (const uint8_t *)b->ptr);
	md5_digest(&ctx, sizeof digest, digest);
	bn_hex(digest, sizeof digest, hex);
}

static void get_key(ask *q)
{
	char range[64], condition[80], tag[40], headers[300], md5[33];
	item *found = find(q->s, q->key);
	if (!found) {
		refuse(q, "404 Not Found", "NoSuchKey");
		return;
	}
	md5_of(&found->bytes, md5);
	snprintf(tag, sizeof tag, "\"%s\"", md5);
	if (header(q, "If-Match", condition, sizeof condition) && strcmp(condition, tag)) {
		refuse(q, "412 Precondition Failed", "PreconditionFailed");
		return;
	}
	size_t n = found->bytes.len;
	unsigned long long first = 0, last = 0;
	if (header(q, "Range", range, sizeof range) &&
		sscanf(range, "bytes=%llu-%llu", &first, &last) == 2) {
		if (first >= n) {
			refuse(q, "416 Range Not Satisfiable", "InvalidRange");
			return;
		}
		if (last >= n)
			last = n - 1;
		snprintf(headers, sizeof headers,
			"ETag: %s\r\nContent-Range: bytes %llu-%llu/%zu\r\n", tag, first, last, n);
		answer(q, "206 Partial Content", headers, found->bytes.ptr + first,
			(size_t)(last - first + 1));
		return;
	}
	snprintf(headers, sizeof headers, "ETag: %s\r\n", tag);
	answer(q, "200 OK", headers, found->bytes.ptr, n);
}

static void put_key(ask *q)
{
	char condition[16];
	bool asks = header(q, "If-None-Match", condition, sizeof condition);
	if (asks && q->s->o.no_condition) {
		refuse(q, "501 Not Implemented", "NotImplemented");
		return;
	}
	if (asks && find(q->s, q->key)) {
		refuse(q, "412 Precondition Failed", "PreconditionFailed");
		return;
	}
	store(q->s, q->key, q->body.ptr, q->body.len);
	answer(q, "200 OK", "", "", 0);
}

static void delete_key(s3_server *s, const char *key)
{
	item *found = find(s, key);
	if (!found)
		return;
	bn_free(found->key);
	bn_buf_release(&found->bytes);
	size_t i = (size_t)(found - s->items);
	memmove(found, found + 1, (s->n_items - i - 1) * sizeof *found);
	s->n_items--;
}

static void list_keys(ask *q)
{
	s3_server *s = q->s;
	bn_buf b = BN_BUF_INIT;
	char *prefix = parameter(q, "prefix"), *after = parameter(q, "continuation-token");
	size_t page = s->o.page ? (size_t)s->o.page : 1000, n = 0, i = 0;
	const char *last = NULL;
	bn_buf_adds(&b, "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
			"<EncodingType>url</EncodingType>");
	for (; i < s->n_items && n < page; i++) {
		const char *key = s->items[i].key;
		if ((prefix && strncmp(key, prefix, strlen(prefix))) ||
			(after && strcmp(key, after) <= 0))
			continue;
		bn_buf_adds(&b, "<Contents><Key>");
		bn_http_url_add(&b, key);
		bn_buf_addf(&b,
			"</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><Size>%zu"
			"</Size></Contents>",
			s->items[i].bytes.len);
		last = key;
		n++;
	}
	bool more = n == page && i < s->n_items;
	bn_buf_addf(&b, "<IsTruncated>%s</IsTruncated>", more ? "true" : "false");
	if (more)
		bn_buf_addf(&b, "<NextContinuationToken>%s</NextContinuationToken>", last);
	bn_buf_adds(&b, "</ListBucketResult>");
	answer(q, "200 OK", "Content-Type: application/xml\r\n", b.ptr, b.len);
	bn_buf_release(&b);
	bn_free(prefix);
	bn_free(after);
}

/* ---- uploads in parts ----------------------------------------------------------------------- */

static upload *upload_of(ask *q)
{
	char *id = parameter(q, "uploadId");
	size_t i = id ? (size_t)atol(id) : UPLOADS_MOST;
	bn_free(id);
	return i < q->s->n_uploads && q->s->uploads[i].open ? &q->s->uploads[i] : NULL;
}

static void close_upload(upload *u)
{
	for (size_t i = 0; i < PARTS_MOST; i++)
		bn_buf_release(&u->parts[i]);
	bn_free(u->key);
	*u = (upload){0};
	for (size_t i = 0; i < PARTS_MOST; i++)
		u->parts[i] = (bn_buf)BN_BUF_INIT;
}

static void begin_upload(ask *q)
{
	char text[256];
	if (q->s->n_uploads == UPLOADS_MOST)
		die("more uploads");
	upload *u = &q->s->uploads[q->s->n_uploads];
	close_upload(u);
	u->open = true;
	u->key = bn_strdup(q->key);
	int n = snprintf(text, sizeof text,
		"<InitiateMultipartUploadResult><UploadId>%zu</UploadId></"
		"InitiateMultipartUploadResult>",
		q->s->n_uploads++);
	answer(q, "200 OK", "", text, (size_t)n);
}

static void put_part(ask *q, upload *u)
{
	char headers[80], md5[33], *number = parameter(q, "partNumber");
	size_t i = number ? (size_t)atol(number) : 0;
	bn_free(number);
	if (i < 1 || i > PARTS_MOST)
		die("no such part");
	bn_buf_clear(&u->parts[i - 1]);
	bn_buf_add(&u->parts[i - 1], q->body.ptr, q->body.len);
	u->has[i - 1] = true;
	md5_of(&u->parts[i - 1], md5);
	snprintf(headers, sizeof headers, "ETag: \"%s\"\r\n", md5);
	answer(q, "200 OK", headers, "", 0);
}

static void list_parts(ask *q, upload *u)
{
	bn_buf b = BN_BUF_INIT;
	char md5[33], *marker = parameter(q, "part-number-marker");
	size_t from = marker ? (size_t)atol(marker) : 0, n = 0, last = 0;
	bool more = false;
	bn_free(marker);
	bn_buf_adds(&b, "<ListPartsResult>");
	for (size_t i = from; i < PARTS_MOST; i++) {
		if (!u->has[i])
			continue;
		if ((more = n == 2)) /* pages of two */
			break;
		md5_of(&u->parts[i], md5);
		bn_buf_addf(&b,
			"<Part><PartNumber>%zu</PartNumber><ETag>&quot;%s&quot;</ETag><Size>%zu"
			"</Size></Part>",
			i + 1, md5, u->parts[i].len);
		last = i + 1;
		n++;
	}
	bn_buf_addf(&b,
		"<IsTruncated>%s</IsTruncated><NextPartNumberMarker>%zu</NextPartNumberMarker>"
		"</ListPartsResult>",
		more ? "true" : "false", last);
	answer(q, "200 OK", "", b.ptr, b.len);
	bn_buf_release(&b);
}

static void list_uploads(ask *q)
{
	bn_buf b = BN_BUF_INIT;
	bn_buf_adds(&b, "<ListMultipartUploadsResult>");
	for (size_t i = 0; i < q->s->n_uploads; i++)
		if (q->s->uploads[i].open)
			bn_buf_addf(&b, "<Upload><Key>%s</Key><UploadId>%zu</UploadId></Upload>",
				q->s->uploads[i].key, i);
	bn_buf_adds(&b, "</ListMultipartUploadsResult>");
	answer(q, "200 OK", "", b.ptr, b.len);
	bn_buf_release(&b);
}

static void complete_upload(ask *q, upload *u)
{
	bn_buf whole = BN_BUF_INIT;
	for (size_t i = 0; i < PARTS_MOST; i++)
		bn_buf_add(&whole, u->parts[i].ptr, u->parts[i].len);
	store(q->s, q->key, whole.ptr, whole.len);
	bn_buf_release(&whole);
	close_upload(u);
	answer(q, "200 OK", "", "<CompleteMultipartUploadResult/>", 32);
}

static void handle_upload(ask *q)
{
	upload *u = upload_of(q);
	if (!strcmp(q->query, "uploads="))
		begin_upload(q);
	else if (!u)
		refuse(q, "404 Not Found", "NoSuchUpload");
	else if (!strcmp(q->method, "PUT"))
		put_part(q, u);
	else if (!strcmp(q->method, "GET"))
		list_parts(q, u);
	else if (!strcmp(q->method, "POST"))
		complete_upload(q, u);
	else {
		close_upload(u);
		answer(q, "204 No Content", "", "", 0);
	}
}

/* ---- requests ------------------------------------------------------------------------------- */

static void handle(ask *q)
{
	const char *fault = signature_fault(q);
	bool bucket = !strncmp(q->path, "/lab", 4) && (!q->path[4] || q->path[4] == '/');
	if (fault && !strcmp(fault, "AuthorizationHeaderMalformed") && q->s->o.region) {
		char text[256];
		int n = snprintf(text, sizeof text,
			"<Error><Code>%s</Code><Region>%s</Region></Error>", fault, q->s->o.region);
		answer(q, "400 Bad Request", "", text, (size_t)n);
	} else if (fault) {
		refuse(q, "403 Forbidden", fault);
	} else if (!bucket) {
		refuse(q, "404 Not Found", "NoSuchBucket");
	} else if (!q->key && strstr(q->query, "uploads=")) {
		if (q->s->o.keeps_no_parts)
			refuse(q, "403 Forbidden", "AccessDenied");
		else
			list_uploads(q);
	} else if (!q->key) {
		list_keys(q);
	} else if (strstr(q->query, "uploads=") || strstr(q->query, "uploadId=")) {
		handle_upload(q);
	} else if (!strcmp(q->method, "PUT")) {
		put_key(q);
	} else if (!strcmp(q->method, "DELETE")) {
		delete_key(q->s, q->key);
		answer(q, "204 No Content", "", "", 0);
	} else {
		get_key(q);
	}
}

/* The fault of this request, or NULL. */
static const s3_fault *fault_of(ask *q)
{
	s3_server *s = q->s;
	for (int i = 0; s->o.faults && s->o.faults[i].method && i < FAULTS_MOST; i++) {
		const s3_fault *f = &s->o.faults[i];
		if (strcmp(f->method, q->method) || !strstr(q->target, f->path))
			continue;
		int n = s->seen[i]++;
		if (n >= f->skip && (!f->times || n < f->skip + f->times))
			return f;
	}
	return NULL;
}

static void reset(ask *q)
{
	struct linger now = {1, 0};
	setsockopt(q->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void serve(ask *q)
{
	s3_server *s = q->s;
	if (!read_head(q))
		return;
	pthread_mutex_lock(&s->lock);
	bn_buf_addf(&s->log, "%s %s\n", q->method, q->target);
	q->fault = fault_of(q);
	pthread_mutex_unlock(&s->lock);
	if (q->fault && q->fault->cut > 0) {
		read_body(q, q->fault->cut < q->length ? q->fault->cut : q->length);
		reset(q);
		return;
	}
	read_body(q, q->length);
	if ((long)q->body.len < q->length)
		return;
	if (q->fault && q->fault->answer) {
		give(q, q->fault->answer, strlen(q->fault->answer));
		return;
	}
	pthread_mutex_lock(&s->lock);
	handle(q);
	pthread_mutex_unlock(&s->lock);
	if (q->fault && q->fault->cut == -1)
		reset(q);
}

static void *serve_thread(void *arg)
{
	ask *q = arg;
	char rest[4096];
	serve(q);
	shutdown(q->fd, SHUT_WR);
	struct pollfd f = {q->fd, POLLIN, 0};
	while (!atomic_load(&q->s->stopping) && poll(&f, 1, 200) > 0 &&
		recv(q->fd, rest, sizeof rest, 0) > 0)
		;
	close(q->fd);
	bn_buf_release(&q->head);
	bn_buf_release(&q->body);
	bn_free(q->key);
	atomic_fetch_sub(&q->s->busy, 1);
	bn_free(q);
	return NULL;
}

static void *accept_all(void *arg)
{
	s3_server *s = arg;
	struct pollfd f = {s->listener, POLLIN, 0};
	while (!atomic_load(&s->stopping)) {
		pthread_t thread;
		if (poll(&f, 1, 20) <= 0)
			continue;
		int fd = accept(s->listener, NULL, NULL);
		if (fd < 0)
			continue;
		ask *q = bn_alloc_zeroed(1, sizeof *q);
		*q = (ask){.s = s, .fd = fd, .head = BN_BUF_INIT, .body = BN_BUF_INIT};
		atomic_fetch_add(&s->busy, 1);
		if (pthread_create(&thread, NULL, serve_thread, q))
			die("thread");
		pthread_detach(thread);
	}
	return NULL;
}

/* ---- start and stop ------------------------------------------------------------------------- */

s3_server *s3_start(const s3_options *options)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof a;
	s3_server *s = calloc(1, sizeof *s);
	if (!s)
		die("memory");
	s->o = options ? *options : (s3_options){0};
	s->log = s->shown = (bn_buf)BN_BUF_INIT;
	for (size_t i = 0; i < UPLOADS_MOST; i++)
		close_upload(&s->uploads[i]);
	pthread_mutex_init(&s->lock, NULL);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(s->listener, (struct sockaddr *)&a, sizeof a) || listen(s->listener, 64) ||
		getsockname(s->listener, (struct sockaddr *)&a, &size))
		die("socket");
	snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", ntohs(a.sin_port));
	if (pthread_create(&s->thread, NULL, accept_all, s))
		die("thread");
	return s;
}

void s3_free(s3_server *s)
{
	if (!s)
		return;
	atomic_store(&s->stopping, true);
	pthread_join(s->thread, NULL);
	while (atomic_load(&s->busy))
		poll(NULL, 0, 5);
	close(s->listener);
	while (s->n_items)
		delete_key(s, s->items[0].key);
	free(s->items);
	for (size_t i = 0; i < UPLOADS_MOST; i++)
		close_upload(&s->uploads[i]);
	bn_buf_release(&s->log);
	bn_buf_release(&s->shown);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

const char *s3_url(const s3_server *s)
{
	return s->url;
}

void s3_set_faults(s3_server *s, const s3_fault *faults)
{
	pthread_mutex_lock(&s->lock);
	s->o.faults = faults;
	memset(s->seen, 0, sizeof s->seen);
	pthread_mutex_unlock(&s->lock);
}

const char *s3_log(s3_server *s)
{
	pthread_mutex_lock(&s->lock);
	bn_buf_clear(&s->shown);
	bn_buf_adds(&s->shown, s->log.ptr);
	pthread_mutex_unlock(&s->lock);
	return s->shown.ptr;
}

int s3_count(s3_server *s, const char *line_part)
{
	int n = 0;
	for (const char *line = s3_log(s); *line;) {
		size_t len = strcspn(line, "\n");
		if (memmem(line, len, line_part, strlen(line_part)))
			n++;
		line += len + 1;
	}
	return n;
}

void s3_forget_log(s3_server *s)
{
	pthread_mutex_lock(&s->lock);
	bn_buf_clear(&s->log);
	pthread_mutex_unlock(&s->lock);
}

const char *s3_get(s3_server *s, const char *key, size_t *n)
{
	pthread_mutex_lock(&s->lock);
	item *found = find(s, key);
	pthread_mutex_unlock(&s->lock);
	if (found && n)
		*n = found->bytes.len;
	return found ? found->bytes.ptr : NULL;
}

void s3_put(s3_server *s, const char *key, const void *bytes, size_t n)
{
	pthread_mutex_lock(&s->lock);
	store(s, key, bytes, n);
	pthread_mutex_unlock(&s->lock);
}

void s3_remove(s3_server *s, const char *key)
{
	pthread_mutex_lock(&s->lock);
	delete_key(s, key);
	pthread_mutex_unlock(&s->lock);
}

int s3_keys(s3_server *s)
{
	pthread_mutex_lock(&s->lock);
	int n = (int)s->n_items;
	pthread_mutex_unlock(&s->lock);
	return n;
}

int s3_uploads(s3_server *s)
{
	int n = 0;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n_uploads; i++)
		n += s->uploads[i].open;
	pthread_mutex_unlock(&s->lock);
	return n;
}
