/* forge_server.c - see forge_server.h. A thread accepts, and one more for each connection. */
#include "tests/support/forge_server.h"

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/net/message.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 64
#define PAGE 2
#define ACCOUNT 7

typedef struct note {
	char *body;
	long author;
} note;

typedef struct file {
	char *package, *name, *bytes;
	size_t size;
	char sha256[65];
	bool dropped;
} file;

typedef struct call {
	char method[16], target[2000];
} call;

struct forge_server {
	int fd;
	char url[64];
	pthread_t thread;
	atomic_bool stops;
	atomic_int live; /* connections */
	int fds[MOST];   /* of them; 0: free */
	pthread_mutex_t lock;
	forge_fault faults[MOST];
	int used[MOST], fault_count;
	note notes[MOST];
	int note_count;
	char *statuses[MOST];
	int status_count;
	file files[MOST];
	int file_count;
	char *artifact, *branch;
	forge_server *store;
	bool installation, old;
	call calls[512];
	int call_count;
	bn_buf received;
};

typedef struct request {
	char method[16], target[2000];
	char *head, *body;
	size_t body_len;
	bool keeps;
} request;

typedef struct answer {
	int status;
	bn_buf headers, body;
} answer;

/* ---- what the forges do ------------------------------------------------------------------------ */

static void fail_json(answer *a, int status, const char *message)
{
	a->status = status;
	bn_buf_clear(&a->body);
	bn_buf_addf(&a->body, "{\"message\":\"%s\"}", message);
}

static void put_json(answer *a, int status, json_t *taken)
{
	char *text = json_dumps(taken, JSON_COMPACT | JSON_ENCODE_ANY);
	a->status = status;
	bn_buf_clear(&a->body);
	bn_buf_adds(&a->body, text);
	free(text);
	json_decref(taken);
}

static long field(const char *target, const char *name, long otherwise)
{
	char key[64];
	snprintf(key, sizeof key, "%s=", name);
	for (const char *at = target; (at = strstr(at, key)); at++)
		if (at > target && (at[-1] == '?' || at[-1] == '&'))
			return strtol(at + strlen(key), NULL, 10);
	return otherwise;
}

/* One page of a list, with the headers of both forges. */
static void put_page(
	answer *a, const forge_server *s, const char *target, json_t *all_taken, bool gitlab)
{
	long page = field(target, "page", 1);
	size_t n = json_array_size(all_taken), from = (size_t)(page - 1) * PAGE;
	json_t *part = json_array();
	bool more = from + PAGE < n;
	for (size_t i = from; i < n && i < from + PAGE; i++)
		json_array_append(part, json_array_get(all_taken, i));
	json_decref(all_taken);
	put_json(a, 200, part);
	if (gitlab && more)
		bn_buf_addf(&a->headers, "X-Next-Page: %ld\r\n", page + 1);
	else if (gitlab)
		bn_buf_adds(&a->headers, "X-Next-Page: \r\n");
	/* The Link names another host: a client that follows it would send the token there. */
	else if (more)
		bn_buf_addf(&a->headers,
			"Link: <%s/x?page=1>; rel=\"prev\", "
			"<http://elsewhere.example/x?per_page=100&page=%ld>; "
			"rel=\"next\", <%s/x?page=99>; rel=\"last\"\r\n",
			s->url, page + 1, s->url);
}

static json_t *note_json(const forge_server *s, int i, bool gitlab)
{
	const note *n = &s->notes[i];
	if (gitlab)
		return json_pack("{s:i, s:s, s:{s:I, s:s}, s:b}", "id", 100 + i, "body", n->body,
			"author", "id", (json_int_t)n->author, "username",
			n->author == ACCOUNT ? "project_42_bot" : "eve", "system", 0);
	return json_pack("{s:i, s:s, s:{s:s, s:s}, s:s}", "id", 100 + i, "body", n->body, "user",
		"login",
		n->author != ACCOUNT ? "eve"
		: s->installation    ? "github-actions[bot]"
				     : "octo",
		"type", n->author == ACCOUNT && s->installation ? "Bot" : "User", "html_url",
		"https://github.example/team/power/pull/7#issuecomment-1");
}

static void on_notes(forge_server *s, const request *r, answer *a, bool gitlab, const char *rest)
{
	json_t *doc = json_loadb(r->body, r->body_len, 0, NULL), *list;
	const char *body = json_string_value(json_object_get(doc, "body"));
	long id = rest[0] == '/' ? strtol(rest + 1, NULL, 10) - 100 : -1;
	if (!strcmp(r->method, "GET")) {
		list = json_array();
		for (int i = 0; i < s->note_count; i++)
			json_array_append_new(list, note_json(s, i, gitlab));
		put_page(a, s, r->target, list, gitlab);
	} else if (!body) {
		fail_json(a, gitlab ? 400 : 422, "body is missing");
	} else if (strlen(body) > (gitlab ? 1000000U : 65536U)) {
		fail_json(a, gitlab ? 400 : 422, "Body is too long");
	} else if (!strcmp(r->method, "POST") && s->note_count < MOST) {
		s->notes[s->note_count] = (note){strdup(body), ACCOUNT};
		put_json(a, 201, note_json(s, s->note_count++, gitlab));
	} else if (id < 0 || id >= s->note_count) {
		fail_json(a, 404, "404 Not found");
	} else if (s->notes[id].author != ACCOUNT) {
		fail_json(a, 403, "403 Forbidden");
	} else {
		free(s->notes[id].body);
		s->notes[id].body = strdup(body);
		put_json(a, 200, note_json(s, (int)id, gitlab));
	}
	json_decref(doc);
}

static json_t *status_json(const char *line, bool gitlab)
{
	char text[1000], *save = NULL;
	snprintf(text, sizeof text, "%s", line);
	const char *state = strtok_r(text, "\t", &save), *name = strtok_r(NULL, "\t", &save);
	const char *description = strtok_r(NULL, "\t", &save),
		   *target = strtok_r(NULL, "\t", &save);
	return json_pack("{s:s, s:s, s:s*, s:s*}", gitlab ? "status" : "state", state,
		gitlab ? "name" : "context", name, "description",
		description && *description != '-' ? description : NULL, "target_url",
		target && *target != '-' ? target : NULL);
}

static void on_statuses(forge_server *s, const request *r, answer *a, bool gitlab)
{
	json_t *doc = json_loadb(r->body, r->body_len, 0, NULL), *list = json_array();
	const char *state = json_string_value(json_object_get(doc, "state"));
	const char *name = json_string_value(json_object_get(doc, gitlab ? "name" : "context"));
	const char *description = json_string_value(json_object_get(doc, "description"));
	const char *target = json_string_value(json_object_get(doc, "target_url"));
	char line[1000];
	if (!strcmp(r->method, "GET")) {
		for (int i = s->status_count - 1; i >= 0; i--)
			json_array_append_new(list, status_json(s->statuses[i], gitlab));
		put_page(a, s, r->target, json_incref(list), gitlab);
	} else if (!state || !name || s->status_count == MOST) {
		fail_json(a, gitlab ? 400 : 422, "state is missing");
	} else {
		snprintf(line, sizeof line, "%s\t%s\t%s\t%s", state, name,
			description ? description : "-", target ? target : "-");
		bool same = s->status_count &&
			    !strncmp(s->statuses[s->status_count - 1], line, strcspn(line, "\t"));
		if (gitlab && s->old && same) {
			fail_json(a, 400, "Cannot transition status via :enqueue from :pending");
		} else {
			s->statuses[s->status_count++] = strdup(line);
			put_json(a, 201, status_json(line, gitlab));
		}
	}
	json_decref(list);
	json_decref(doc);
}

/* ---- generic packages ---------------------------------------------------------------------------- */

static file *find_file(forge_server *s, const char *package, const char *name)
{
	for (int i = s->file_count - 1; i >= 0; i--)
		if (!s->files[i].dropped && (!package || !strcmp(s->files[i].package, package)) &&
			!strcmp(s->files[i].name, name))
			return &s->files[i];
	return NULL;
}

static json_t *file_json(const forge_server *s, int i)
{
	const file *f = &s->files[i];
	return json_pack("{s:i, s:s, s:I, s:s?}", "id", 500 + i, "file_name", f->name, "size",
		(json_int_t)f->size, "file_sha256", s->old ? NULL : f->sha256);
}

/* The bytes of a file, or those from where a range asks for. */
static void put_bytes(answer *a, const request *r, const file *f)
{
	const char *range = strstr(r->head, "\r\nRange: bytes=");
	size_t from = range ? strtoul(range + 15, NULL, 10) : 0;
	a->status = 200;
	if (range && from < f->size) {
		a->status = 206;
		bn_buf_addf(&a->headers, "Content-Range: bytes %zu-%zu/%zu\r\n", from, f->size - 1,
			f->size);
	} else {
		from = 0;
	}
	bn_buf_add(&a->body, f->bytes + from, f->size - from);
}

/* rest: PACKAGE/VERSION/FILE */
static void on_generic(forge_server *s, const request *r, answer *a, const char *rest)
{
	char package[300], name[300];
	const char *first = strchr(rest, '/'), *slash = first ? strchr(first + 1, '/') : NULL;
	if (!slash) {
		fail_json(a, 404, "404 Not Found");
		return;
	}
	snprintf(package, sizeof package, "%.*s", (int)(slash - rest), rest);
	snprintf(name, sizeof name, "%.*s", (int)strcspn(slash + 1, "?"), slash + 1);
	if (!strcmp(r->method, "PUT") && s->file_count < MOST) {
		forge_server_put_file(s, package, name, r->body, r->body_len);
		if (!s->old && strstr(r->target, "select=package_file"))
			put_json(a, 200, file_json(s, s->file_count - 1));
		else
			put_json(a, 201, json_pack("{s:s}", "message", "201 Created"));
		return;
	}
	file *f = find_file(s, package, name);
	if (!f) {
		fail_json(a, 404, "404 Package Not Found");
	} else if (s->store) {
		a->status = 302;
		bn_buf_addf(&a->headers, "Location: %s/stored/%s?X-Amz-Signature=abc\r\n",
			s->store->url, name);
	} else {
		put_bytes(a, r, f);
	}
}

static void on_packages(forge_server *s, const request *r, answer *a, const char *rest)
{
	json_t *list = json_array();
	if (*rest == '?' || !*rest) {
		json_array_append_new(list,
			json_pack("{s:i, s:s, s:s}", "id", 1, "name", "other", "version", "3.0.0"));
		for (int i = 0; i < s->file_count; i++) {
			char *package = s->files[i].package, *slash = strchr(package, '/');
			bool before = false;
			for (int k = 0; k < i; k++)
				before = before || !strcmp(s->files[k].package, package);
			if (!before)
				json_array_append_new(
					list, json_pack("{s:i, s:s%, s:s}", "id", 900 + i, "name",
						      package, (size_t)(slash - package), "version",
						      slash + 1));
		}
	} else {
		long id = strtol(rest + 1, NULL, 10) - 900;
		for (int i = 0; i < s->file_count && id >= 0; i++)
			if (!s->files[i].dropped &&
				!strcmp(s->files[i].package, s->files[id].package))
				json_array_append_new(list, file_json(s, i));
	}
	put_page(a, s, r->target, list, true);
}

/* ---- routes ---------------------------------------------------------------------------------------- */

static bool has_token(const request *r, bool gitlab)
{
	if (!gitlab)
		return strstr(r->head, "Authorization: Bearer " FORGE_TOKEN "\r\n") != NULL;
	return strstr(r->head, "PRIVATE-TOKEN: " FORGE_TOKEN "\r\n") ||
	       strstr(r->head, "JOB-TOKEN: job-s3cret\r\n");
}

static const char *after(const char *target, const char *prefix)
{
	size_t n = strlen(prefix);
	return strncmp(target, prefix, n) ? NULL : target + n;
}

static void on_gitlab(forge_server *s, const request *r, answer *a, const char *path)
{
	const char *rest = after(path, "/projects/team%2Fsub%2Fpower"), *at;
	if (!rest)
		rest = after(path, "/projects/42");
	if (!has_token(r, true)) {
		fail_json(a, 401, "401 Unauthorized");
	} else if (!strcmp(path, "/user")) {
		put_json(a, 200,
			json_pack("{s:i, s:s}", "id", ACCOUNT, "username", "project_42_bot"));
	} else if (!rest) {
		fail_json(a, 404, "404 Project Not Found");
	} else if ((at = after(rest, "/merge_requests/7/notes"))) {
		on_notes(s, r, a, true, at);
	} else if (after(rest, "/statuses/" FORGE_COMMIT) ||
		   after(rest, "/repository/commits/" FORGE_COMMIT "/statuses")) {
		on_statuses(s, r, a, true);
	} else if ((at = after(rest, "/packages/generic/"))) {
		on_generic(s, r, a, at);
	} else if ((at = after(rest, "/packages"))) {
		on_packages(s, r, a, at);
	} else if ((at = after(rest, "/jobs/artifacts/")) && s->branch &&
		   !strncmp(at, s->branch, strlen(s->branch)) &&
		   strstr(at, "/raw/metrics.json?job=evaluate")) {
		a->status = 200;
		bn_buf_adds(&a->body, s->artifact);
	} else {
		fail_json(a, 404, "404 Not found");
	}
}

static void on_github(forge_server *s, const request *r, answer *a, const char *path)
{
	const char *rest = after(path, "/repos/team/power"), *at;
	if (!has_token(r, false) || !strstr(r->head, "X-GitHub-Api-Version: ")) {
		fail_json(a, 401, "Bad credentials");
	} else if (!strcmp(path, "/user")) {
		if (s->installation)
			fail_json(a, 403, "Resource not accessible by integration");
		else
			put_json(a, 200, json_pack("{s:s, s:i}", "login", "octo", "id", ACCOUNT));
	} else if (!rest) {
		fail_json(a, 404, "Not Found");
	} else if ((at = after(rest, "/issues/7/comments")) ||
		   (at = after(rest, "/issues/comments"))) {
		on_notes(s, r, a, false, at);
	} else if (after(rest, "/statuses/" FORGE_COMMIT) ||
		   after(rest, "/commits/" FORGE_COMMIT "/statuses")) {
		on_statuses(s, r, a, false);
	} else {
		fail_json(a, 404, "Not Found");
	}
}

static void route(forge_server *s, const request *r, answer *a)
{
	const char *at;
	if ((at = after(r->target, "/gitlab/api/v4")))
		on_gitlab(s, r, a, at);
	else if ((at = after(r->target, "/github")))
		on_github(s, r, a, at);
	else
		fail_json(a, 404, "no such route");
}

/* The files of another server, as an object storage has them. */
static void on_store(forge_server *owner, const request *r, const char *name, answer *a)
{
	char plain[300];
	snprintf(plain, sizeof plain, "%.*s", (int)strcspn(name, "?"), name);
	file *f = find_file(owner, NULL, plain);
	a->status = 404;
	if (f)
		put_bytes(a, r, f);
}

/* ---- connections --------------------------------------------------------------------------------- */

typedef struct peer {
	forge_server *s;
	int fd;
} peer;

static bool send_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t put = send(fd, bytes, n, MSG_NOSIGNAL);
		if (put <= 0)
			return false;
		bytes += put;
		n -= (size_t)put;
	}
	return true;
}

static bool read_request(peer *l, request *r)
{
	bn_buf in = BN_BUF_INIT;
	char bytes[65536], *end = NULL;
	size_t length = 0;
	while (!end) {
		ssize_t n = recv(l->fd, bytes, sizeof bytes, 0);
		if (n <= 0)
			goto gone;
		bn_buf_add(&in, bytes, (size_t)n);
		end = strstr(in.ptr, "\r\n\r\n");
	}
	size_t head = (size_t)(end + 4 - in.ptr);
	const char *at = strcasestr(in.ptr, "\r\nContent-Length:");
	if (at && at < end)
		length = strtoul(at + 17, NULL, 10);
	at = strcasestr(in.ptr, "\r\nExpect: 100");
	if (at && at < end && !send_all(l->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25))
		goto gone;
	while (in.len < head + length) {
		ssize_t n = recv(l->fd, bytes, sizeof bytes, 0);
		if (n <= 0)
			goto gone;
		bn_buf_add(&in, bytes, (size_t)n);
	}
	if (sscanf(in.ptr, "%15s %1999s", r->method, r->target) != 2)
		goto gone;
	r->body_len = length;
	r->body = malloc(length + 1);
	memcpy(r->body, in.ptr + head, length);
	r->body[length] = '\0';
	r->head = strndup(in.ptr, head);
	bn_buf_release(&in);
	return true;
gone:
	bn_buf_release(&in);
	return false;
}

static bool matches(const char *method, const char *path, const char *of_method, const char *target)
{
	return (!method || !strcmp(method, of_method)) && (!path || strstr(target, path));
}

static const forge_fault *take_fault(forge_server *s, const request *r)
{
	for (int i = 0; i < s->fault_count; i++) {
		const forge_fault *f = &s->faults[i];
		if (!matches(f->method, f->path, r->method, r->target) ||
			(f->times && s->used[i] >= f->times))
			continue;
		s->used[i]++;
		return f;
	}
	return NULL;
}

static void set_answer(answer *a, const forge_fault *f)
{
	a->status = f->status;
	bn_buf_clear(&a->headers);
	bn_buf_clear(&a->body);
	bn_buf_adds(&a->headers, f->headers ? f->headers : "");
	bn_buf_adds(&a->body, f->body ? f->body : "{\"message\":\"no\"}");
}

static void make_answer(forge_server *s, const request *r, answer *a, const forge_fault *f)
{
	const char *stored = after(r->target, "/stored/");
	if (f && (f->act == FORGE_ANSWER || f->act == FORGE_CUT)) {
		set_answer(a, f);
		return;
	}
	if (stored && s->store)
		on_store(s->store, r, stored, a);
	else
		route(s, r, a);
	if (f && f->act == FORGE_ANSWER_AFTER)
		set_answer(a, f);
	if (f && f->act == FORGE_GARBAGE) {
		bn_buf_clear(&a->body);
		bn_buf_adds(&a->body, "<html>it works</html>");
	}
	if (f && f->act == FORGE_WRONG) {
		bn_buf_clear(&a->body);
		bn_buf_adds(
			&a->body, !strcmp(r->method, "GET") && strchr(r->target, '?')
					  ? "[{\"id\":\"x\",\"body\":7,\"name\":1,\"status\":[],"
					    "\"state\":2,\"context\":{},\"file_name\":0}]"
					  : "{\"id\":\"x\",\"body\":[],\"file_sha256\":5}");
	}
	if (f && f->act == FORGE_HUGE) {
		bn_buf_clear(&a->body);
		bn_buf_adds(&a->body, "[");
		bn_buf_reserve(&a->body, (size_t)70 << 20);
		memset(a->body.ptr + 1, ' ', (size_t)70 << 20);
		a->body.len = (size_t)70 << 20;
	}
}

/* One request; false if the connection ends. */
static bool serve(peer *l)
{
	forge_server *s = l->s;
	request r = {{0}, {0}, NULL, NULL, 0, true};
	answer a = {0, BN_BUF_INIT, BN_BUF_INIT};
	bn_buf out = BN_BUF_INIT;
	if (!read_request(l, &r))
		return false;
	pthread_mutex_lock(&s->lock);
	if (s->call_count < 512) {
		call *c = &s->calls[s->call_count++];
		memcpy(c->method, r.method, sizeof c->method);
		memcpy(c->target, r.target, sizeof c->target);
	}
	bn_buf_add(&s->received, r.head, strlen(r.head));
	for (size_t i = 0; i < r.body_len; i++)
		bn_buf_addch(&s->received, r.body[i] ? r.body[i] : '?');
	const forge_fault *f = take_fault(s, &r);
	make_answer(s, &r, &a, f);
	pthread_mutex_unlock(&s->lock);
	if (f && f->act == FORGE_SLOW)
		nanosleep(&(struct timespec){0, 300000000}, NULL);
	bn_buf_addf(&out,
		"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n",
		a.status, bn_http_reason(a.status), a.body.len, a.headers.ptr);
	bn_buf_add(&out, a.body.ptr, a.body.len);
	bool cut = f && (f->act == FORGE_CUT || f->act == FORGE_CUT_AFTER);
	if (f && f->act == FORGE_CUT_WITHIN)
		out.len = out.len - a.body.len / 2 - 1;
	if (!cut)
		cut = !send_all(l->fd, out.ptr, out.len) || (f && f->act == FORGE_CUT_WITHIN);
	free(r.head);
	free(r.body);
	bn_buf_release(&a.headers);
	bn_buf_release(&a.body);
	bn_buf_release(&out);
	return !cut;
}

/* Puts fd into the list of connections, or takes it out and closes it. */
static void note_fd(forge_server *s, int fd, bool ends)
{
	pthread_mutex_lock(&s->lock);
	for (int i = 0; i < MOST; i++)
		if (s->fds[i] == (ends ? fd : 0)) {
			s->fds[i] = ends ? 0 : fd;
			break;
		}
	if (ends)
		close(fd);
	pthread_mutex_unlock(&s->lock);
}

static void *connection(void *of)
{
	peer *l = of;
	note_fd(l->s, l->fd, false);
	while (!atomic_load(&l->s->stops) && serve(l))
		;
	note_fd(l->s, l->fd, true);
	atomic_fetch_sub(&l->s->live, 1);
	free(l);
	return NULL;
}

static void *accept_all(void *of)
{
	forge_server *s = of;
	for (;;) {
		int fd = accept(s->fd, NULL, NULL);
		pthread_t t;
		if (atomic_load(&s->stops))
			return NULL;
		if (fd < 0)
			continue;
		peer *l = malloc(sizeof *l);
		*l = (peer){s, fd};
		atomic_fetch_add(&s->live, 1);
		pthread_create(&t, NULL, connection, l);
		pthread_detach(t);
	}
}

/* ---- for tests ------------------------------------------------------------------------------------ */

forge_server *forge_server_start(void)
{
	forge_server *s = calloc(1, sizeof *s);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, sizeof at) || listen(s->fd, 64) ||
		getsockname(s->fd, (struct sockaddr *)&at, &n))
		abort();
	snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", ntohs(at.sin_port));
	pthread_mutex_init(&s->lock, NULL);
	bn_buf_init(&s->received);
	pthread_create(&s->thread, NULL, accept_all, s);
	return s;
}

void forge_server_free(forge_server *s)
{
	atomic_store(&s->stops, true);
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	while (atomic_load(&s->live)) {
		pthread_mutex_lock(&s->lock);
		for (int i = 0; i < MOST; i++)
			if (s->fds[i])
				shutdown(s->fds[i], SHUT_RDWR);
		pthread_mutex_unlock(&s->lock);
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	for (int i = 0; i < s->note_count; i++)
		free(s->notes[i].body);
	for (int i = 0; i < s->status_count; i++)
		free(s->statuses[i]);
	for (int i = 0; i < s->file_count; i++) {
		free(s->files[i].package);
		free(s->files[i].name);
		free(s->files[i].bytes);
	}
	free(s->artifact);
	free(s->branch);
	bn_buf_release(&s->received);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

const char *forge_server_url(const forge_server *s)
{
	return s->url;
}

void forge_server_fault(forge_server *s, const forge_fault *fault)
{
	if (s->fault_count == MOST)
		abort();
	s->faults[s->fault_count++] = *fault;
}

void forge_server_add_note(forge_server *s, const char *body, long author)
{
	if (s->note_count == MOST)
		abort();
	s->notes[s->note_count++] = (note){strdup(body), author};
}

void forge_server_add_artifact(forge_server *s, const char *branch, const char *text)
{
	s->branch = strdup(branch);
	s->artifact = strdup(text);
}

void forge_server_is_installation(forge_server *s)
{
	s->installation = true;
}

void forge_server_store_at(forge_server *s, forge_server *store)
{
	s->store = store;
	store->store = s;
}

void forge_server_is_old(forge_server *s)
{
	s->old = true;
}

int forge_server_count(forge_server *s, const char *method, const char *path)
{
	int n = 0;
	pthread_mutex_lock(&s->lock);
	for (int i = 0; i < s->call_count; i++)
		n += matches(method, path, s->calls[i].method, s->calls[i].target);
	pthread_mutex_unlock(&s->lock);
	return n;
}

int forge_server_notes(forge_server *s)
{
	return s->note_count;
}

const char *forge_server_note(forge_server *s, int i)
{
	return s->notes[i].body;
}

int forge_server_statuses(forge_server *s)
{
	return s->status_count;
}

const char *forge_server_status(forge_server *s, int i)
{
	return s->statuses[i];
}

int forge_server_files(forge_server *s)
{
	return s->file_count;
}

const char *forge_server_file(forge_server *s, const char *name, size_t *size)
{
	file *f = find_file(s, NULL, name);
	*size = f ? f->size : 0;
	return f ? f->bytes : NULL;
}

void forge_server_put_file(
	forge_server *s, const char *package, const char *name, const char *bytes, size_t size)
{
	file *f = &s->files[s->file_count];
	if (s->file_count++ == MOST)
		abort();
	*f = (file){.package = strdup(package),
		.name = strdup(name),
		.bytes = malloc(size + 1),
		.size = size};
	memcpy(f->bytes, bytes, size);
	bn_sha256_hex(f->bytes, f->size, f->sha256);
}

void forge_server_drop_file(forge_server *s, const char *name)
{
	file *f = find_file(s, NULL, name);
	if (f)
		f->dropped = true;
}

const char *forge_server_received(forge_server *s)
{
	return s->received.ptr;
}
