/* fetch.c - the batch API of Git LFS: see object.h. */
#include "core/base/json.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/lfs/_fetch.h"
#include "core/net/client.h"

#include <string.h>
#include <strings.h>

#define MEDIA "application/vnd.git-lfs+json"

enum { ATTEMPTS = 4, CREDENTIAL_MS = 20000, HEADERS = 32, ANSWER_BYTES = 1 << 20 };

typedef struct fetch {
	const bn_lfs_place *place;
	const bn_lfs_pointer *p;
	const bn_progress *progress;
	bn_http_client *client;
	char *authorization; /* a header line, or NULL */
	bn_err *err;
} fetch;

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	bn_free(text);
}

/* ---- credentials ---------------------------------------------------------------------------------- */

static int set_basic(fetch *f, const char *user, const char *password)
{
	bn_buf pair = BN_BUF_INIT, line = BN_BUF_INIT;
	bn_buf_addf(&pair, "%s:%s", user, password);
	bn_buf_adds(&line, "Authorization: Basic ");
	bn_base64_add(&line, pair.ptr, pair.len);
	bool failed = pair.failed || line.failed;
	wipe(f->authorization);
	f->authorization = failed ? NULL : bn_buf_take(&line, NULL);
	bn_buf_wipe(&pair);
	bn_buf_wipe(&line);
	return f->authorization ? 0 : bn_err_nomem(f->err, "credentials");
}

/* What is known without asking. */
static int set_known(fetch *f)
{
	const bn_lfs_place *place = f->place;
	if (place->header) {
		f->authorization = bn_strdup(place->header);
		return f->authorization ? 0 : bn_err_nomem(f->err, "credentials");
	}
	return place->api.user && place->api.password
		       ? set_basic(f, place->api.user, place->api.password)
		       : 0;
}

/* The value of a line "key=value"; NULL: none. The caller wipes it. */
static char *line_value(const char *text, const char *key)
{
	size_t n = strlen(key);
	for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (!strncmp(p, key, n) && p[n] == '=')
			return bn_strndup(p + n + 1, strcspn(p + n + 1, "\n"));
	return NULL;
}

/* Asks the user's own helpers of Git, not in the repository, whose configuration may come from elsewhere and names
 * programs. False: they have nothing. */
static bool ask_git(fetch *f)
{
	const char *const argv[] = {
		"env", "GIT_TERMINAL_PROMPT=0", "git", "-C", "/", "credential", "fill", NULL};
	bn_buf said = BN_BUF_INIT;
	char *user = NULL, *password = NULL;
	char *question = f->place->api.user ? bn_strf("url=%s\nusername=%s\n\n", f->place->api.text,
						      f->place->api.user)
					    : bn_strf("url=%s\n\n", f->place->api.text);
	int status = 1;
	bool has = false;
	bn_buf_reserve(&said, 8192); /* so that the bytes are not moved */
	if (question && !strchr(f->place->api.text, '\n') && strlen(question) < 4096 &&
		bn_process_capture_answer(
			argv, question, CREDENTIAL_MS, 8000, &said, &status, NULL) == 0 &&
		status == 0) {
		user = line_value(said.ptr, "username");
		password = line_value(said.ptr, "password");
		has = user && password && set_basic(f, user, password) == 0;
	}
	bn_free(question);
	bn_free(user);
	wipe(password);
	bn_buf_wipe(&said);
	return has;
}

/* ---- the batch ------------------------------------------------------------------------------------- */

static int send_batch(fetch *f, bn_http_answer *answer, const char *url, const char *body)
{
	const char *headers[4] = {"Accept: " MEDIA, "Content-Type: " MEDIA};
	if (f->authorization)
		headers[2] = f->authorization;
	const bn_http_call call = {.method = "POST",
		.url = url,
		.headers = headers,
		.body = {.kind = BN_HTTP_BYTES, .bytes = body, .length = (int64_t)strlen(body)},
		.to = {.kind = BN_HTTP_TO_MEMORY, .max_bytes = ANSWER_BYTES},
		.attempts = ATTEMPTS,
		.repeatable = true,
		.max_redirects = 5};
	return bn_http_do(f->client, &call, answer, f->err);
}

static int ask(fetch *f, bn_http_answer *answer)
{
	char *url = bn_strf("%s/objects/batch", f->place->api.text);
	char *body = bn_strf("{\"operation\": \"download\", \"transfers\": [\"basic\"], "
			     "\"hash_algo\": \"sha256\", "
			     "\"objects\": [{\"oid\": \"%s\", \"size\": %llu}]}",
		f->p->oid, (unsigned long long)f->p->size);
	int rc = 0;
	if (!url || !body) {
		rc = bn_err_nomem(f->err, "a request");
		goto out;
	}
	if ((rc = send_batch(f, answer, url, body)) < 0)
		goto out;
	if (answer->status == 401 && !f->place->header && ask_git(f) &&
		(rc = send_batch(f, answer, url, body)) < 0)
		goto out;
	if ((rc = bn_http_answer_check(answer, f->err)) < 0)
		bn_err_hint(f->err, "the server wants credentials that git credential, ~/.netrc or "
				    "http.extraHeader has");
out:
	bn_free(url);
	bn_free(body);
	return rc;
}

static int refuse(const fetch *f, int code, const char *what)
{
	return bn_err_set(f->err, code, "%s: %s", f->place->api.text, what);
}

/* The download of our object in an answer. *same: it is at the server of the API, and needs our credentials. */
static int read_batch(
	fetch *f, const json_t *root, const char **href, const json_t **headers, bool *same)
{
	const char *transfer = bn_json_str(root, "transfer", "basic");
	const json_t *object = json_array_get(json_object_get(root, "objects"), 0),
		     *e = json_object_get(object, "error");
	const json_t *action = json_object_get(json_object_get(object, "actions"), "download");
	if (e)
		return bn_err_set(f->err, BN_ENOTFOUND, "%s has no object %.12s... (%lld: %.120s)",
			f->place->api.text, f->p->oid, (long long)bn_json_int(e, "code", 0),
			bn_json_str(e, "message", "no reason"));
	if (strcmp(transfer, "basic") != 0)
		return bn_err_set(f->err, BN_EUNSUPPORTED,
			"%s: transfers of kind '%.40s' are not supported", f->place->api.text,
			transfer);
	if (strcmp(bn_json_str(object, "oid", ""), f->p->oid) != 0)
		return refuse(f, BN_EIO, "the answer is not about the object that was asked for");
	if (!(*href = bn_json_str(action, "href", NULL)))
		return refuse(f, BN_EIO, "the answer has no address to download from");
	if (bn_http_url_is_https(f->place->api.text) && !bn_http_url_is_https(*href))
		return refuse(
			f, BN_EREFUSED, "the download is not at https, although the server is");
	*headers = json_object_get(action, "header");
	*same = bn_http_url_same_origin(*href, f->place->api.text) &&
		!bn_json_bool(object, "authenticated", false);
	return 0;
}

/* ---- the download ---------------------------------------------------------------------------------- */

typedef struct header_list {
	const char *lines[HEADERS + 2]; /* NULL-terminated */
	size_t count;
	bool authorises;
} header_list;

/* Headers that a server may not set in a request of ours. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {"host", "content-length", "transfer-encoding",
		"connection", "expect", "range", "cookie", "te", "upgrade", NULL};
	for (const char *const *o = ours; *o; o++)
		if (!strcasecmp(name, *o))
			return true;
	return false;
}

static int add_headers(fetch *f, header_list *l, const json_t *given)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)given, name, value)
	{
		const char *text = json_string_value(value);
		if (!text || is_ours(name))
			continue;
		if (l->count >= HEADERS)
			return refuse(f, BN_EIO, "the answer has more headers than are sent");
		char *line = bn_strf("%s: %s", name, text);
		if (!line)
			return bn_err_nomem(f->err, "a request");
		l->authorises |= !strcasecmp(name, "authorization");
		l->lines[l->count++] = line;
	}
	return 0;
}

static bool on_progress(void *user, const bn_http_progress *p)
{
	const fetch *f = user;
	const bn_progress *watch = f->progress;
	return !watch || !watch->report ||
	       watch->report(watch->ctx, "fetching from Git LFS", p->received, f->p->size);
}

static int download(fetch *f, int fd, const char *href, const json_t *given, bool same)
{
	header_list l = {.count = 0};
	bn_http_answer answer;
	int rc;
	bn_http_answer_init(&answer);
	if ((rc = add_headers(f, &l, given)) < 0)
		goto out;
	size_t owned = l.count;
	if (same && !l.authorises && f->authorization)
		l.lines[l.count++] = f->authorization;
	const bn_http_call call = {.url = href,
		.headers = l.lines,
		.to = {.kind = BN_HTTP_TO_FILE, .fd = fd, .max_bytes = f->p->size ? f->p->size : 1},
		.attempts = ATTEMPTS,
		.max_redirects = 5,
		.progress = on_progress,
		.progress_user = f};
	if ((rc = bn_http_do(f->client, &call, &answer, f->err)) == 0)
		rc = bn_http_answer_check(&answer, f->err);
	l.count = owned;
out:
	for (size_t i = 0; i < l.count; i++)
		wipe((char *)(uintptr_t)l.lines[i]);
	bn_http_answer_release(&answer);
	return rc;
}

int bn_lfs_fetch(int fd, const bn_env *env, const bn_lfs_place *place, const bn_lfs_pointer *p,
	const bn_progress *progress, bn_err *err)
{
	fetch f = {.place = place, .p = p, .progress = progress, .err = err};
	const bn_http_client_options options = {
		.use_proxy_variables = true, .use_netrc = !place->header && !place->api.password};
	bn_http_answer answer;
	const json_t *headers = NULL;
	const char *href = NULL;
	json_t *root = NULL;
	bool same = false;
	int rc;
	bn_http_answer_init(&answer);
	if ((rc = bn_http_client_new(&f.client, env, &options, err)) < 0 ||
		(rc = set_known(&f)) < 0 || (rc = ask(&f, &answer)) < 0 ||
		(rc = bn_json_parse(
			 &root, answer.body.ptr, answer.body.len, place->api.text, err)) < 0 ||
		(rc = read_batch(&f, root, &href, &headers, &same)) < 0)
		goto out;
	rc = download(&f, fd, href, headers, same);
out:
	json_decref(root);
	bn_http_answer_release(&answer);
	bn_http_client_free(f.client);
	wipe(f.authorization);
	return rc;
}
