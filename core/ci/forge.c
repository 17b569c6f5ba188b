/* forge.c - requests to a forge: tries, pages, and what its refusals mean. See forge.h. */
#include "core/ci/_forge.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/secret_file.h"
#include "core/base/str.h"
#include "core/net/message.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_MS 500
#define MOST_PAGES 1000
#define MOST_REDIRECTS 5

/* A proxy knows another loopback. */
static bool is_here(const char *api)
{
	char host[256];
	const char *at = strstr(api, "://");
	at = at ? at + 3 : api;
	snprintf(host, sizeof host, "%.*s", (int)strcspn(at, "/"), at);
	return bn_http_is_loopback_name(host);
}

int bn_forge_open(bn_forge **out, const bn_env *env, const bn_forge_place *place,
	const bn_forge_access *access, bn_err *err)
{
	bn_http_client_options options = {
		.ca_file = access->ca_file, .use_proxy_variables = !is_here(place->api)};
	bn_forge *f = bn_alloc_zeroed(1, sizeof *f);
	int rc;
	if (!f)
		return bn_err_nomem(err, "a forge");
	bn_http_answer_init(&f->answer);
	f->env = env;
	f->place = place;
	f->need = access->need;
	f->source = "nothing";
	f->backoff_ms = (int)bn_env_get_ms(env, "BINNACLE_FORGE_BACKOFF", 1, BACKOFF_MS);
	f->goes_on = access->goes_on;
	f->user = access->user;
	if ((rc = bn_forge_take_token(f, access, err)) < 0 ||
		(rc = bn_http_client_new(&f->http, env, &options, err)) < 0)
		goto out;
	*out = f;
	f = NULL;
out:
	bn_forge_close(f);
	return rc;
}

void bn_forge_close(bn_forge *f)
{
	if (!f)
		return;
	bn_http_client_free(f->http);
	bn_http_answer_release(&f->answer);
	bn_secret_free(f->token);
	bn_secret_free(f->header);
	bn_free(f->account);
	bn_free(f);
}

const char *bn_forge_token_source(const bn_forge *f)
{
	return f->source;
}

bool bn_forge_holds_token(const bn_forge *f, const char *text, size_t n)
{
	return f->token && memmem(text, n, f->token, strlen(f->token)) != NULL;
}

void bn_forge_add_project(bn_buf *path, const bn_forge_place *place, const char *project)
{
	const char *slash = strchr(project, '/');
	if (place->kind == BN_FORGE_GITLAB) {
		bn_buf_adds(path, "/projects/");
		bn_http_url_add(path, project);
		return;
	}
	char *owner = bn_strndup(project, slash ? (size_t)(slash - project) : strlen(project));
	if (!owner) {
		path->failed = true;
		return;
	}
	bn_buf_adds(path, "/repos/");
	bn_http_url_add(path, owner);
	bn_buf_addch(path, '/');
	bn_http_url_add(path, slash ? slash + 1 : "");
	bn_free(owner);
}

/* ---- what a refusal means -------------------------------------------------------------------- */

/* GitHub answers 403 when an account has used up its requests. */
static bool is_over_limit(const bn_http_answer *a)
{
	char left[32];
	return (a->status == 403 || a->status == 429) &&
	       bn_http_answer_header(a, "X-RateLimit-Remaining", left, sizeof left) &&
	       !strcmp(left, "0");
}

static void add_wait(const bn_forge *f, bn_err *why)
{
	char text[32];
	int64_t seconds;
	if (bn_http_answer_header(&f->answer, "Retry-After", text, sizeof text) &&
		bn_parse_i64(text, strlen(text), &seconds) && seconds > 0)
		bn_err_hint(why, "it asks to wait for %lld s", (long long)seconds);
	else if (bn_http_answer_header(&f->answer, "X-RateLimit-Reset", text, sizeof text) &&
		 bn_parse_i64(text, strlen(text), &seconds)) {
		seconds -= bn_env_now_ms(f->env) / 1000;
		bn_err_hint(
			why, "it asks to wait for %lld s", (long long)(seconds > 0 ? seconds : 0));
	}
}

static int explain(const bn_forge *f, const bn_forge_doing *doing, bn_err *err)
{
	const char *forge = bn_forge_kind_name(f->place->kind);
	const char *advice = bn_forge_token_advice(f->place->kind, f->need);
	bn_err said = BN_ERR_INIT, why = BN_ERR_INIT;
	int status = f->answer.status, rc = bn_http_answer_check(&f->answer, &said);
	bn_secret_hide(said.msg, strlen(said.msg), f->token); /* decoded from JSON */
	bn_secret_hide(said.hint, strlen(said.hint), f->token);
	const char *reason = strstr(said.msg, " answered ");
	reason = reason ? reason + strlen(" answered ") : said.msg;
	if (is_over_limit(&f->answer) || status == 429) {
		rc = bn_err_set(&why, BN_EIO,
			"cannot %s: %s limits the requests of this token (%s)", doing->what, forge,
			reason);
		add_wait(f, &why);
	} else if (status == 401 && f->token) {
		bn_err_set(&why, rc, "cannot %s: %s does not accept the token of %s (%s)",
			doing->what, forge, f->source, reason);
		bn_err_hint(&why, "it is wrong, expired or revoked; needed is %s", advice);
	} else if (status == 401 || status == 403) {
		bn_err_set(&why, rc, "cannot %s: %s may not (%s)", doing->what,
			f->token ? f->source : "who gives no token", reason);
		bn_err_hint(&why, "needed is %s", advice);
	} else if (status == 404) {
		bn_err_set(&why, rc, "cannot %s: %s has no %s in %s, or %s may not see it (%s)",
			doing->what, forge, doing->missing ? doing->missing : "such project",
			f->place->project, f->token ? f->source : "who gives no token", reason);
		bn_err_hint(&why, "needed is %s", advice);
	} else {
		bn_err_set(
			&why, rc, "cannot %s: %s answered %s", doing->what, f->place->api, reason);
		if (said.hint[0])
			bn_err_hint(&why, "%s", said.hint);
	}
	return bn_err_move(err, &why);
}

/* ---- a request ------------------------------------------------------------------------------ */

static bool on_progress(void *user, const bn_http_progress *p)
{
	const bn_forge *f = user;
	(void)p;
	return !f->goes_on || f->goes_on(f->user);
}

int bn_forge_call(bn_forge *f, bn_http_call *call, const char *path, const char *extra,
	const bn_forge_doing *doing, bn_err *err)
{
	const char *headers[6];
	size_t n = 0;
	bn_err why = BN_ERR_INIT;
	char *url = bn_strf("%s%s", f->place->api, path);
	if (!url)
		return bn_err_nomem(err, "a URL");
	if (f->header)
		headers[n++] = f->header;
	if (f->place->kind == BN_FORGE_GITHUB) {
		headers[n++] = "Accept: application/vnd.github+json";
		headers[n++] = "X-GitHub-Api-Version: 2022-11-28";
	}
	if (extra)
		headers[n++] = extra;
	headers[n] = NULL;
	call->url = url;
	call->headers = headers;
	call->backoff_ms = f->backoff_ms;
	call->max_redirects = MOST_REDIRECTS;
	if (!call->progress) {
		call->progress = on_progress;
		call->progress_user = f;
	}
	int rc = bn_http_do(f->http, call, &f->answer, &why);
	bn_free(url);
	call->url = NULL;
	call->headers = NULL;
	bn_secret_hide(f->answer.body.ptr, f->answer.body.len, f->token);
	bn_secret_hide(f->answer.headers.ptr, f->answer.headers.len, f->token);
	bn_secret_hide(f->answer.url.ptr, f->answer.url.len, f->token);
	bn_secret_hide(f->answer.place.ptr, f->answer.place.len, f->token);
	if (rc < 0) {
		bn_secret_hide(why.msg, strlen(why.msg), f->token);
		if (f->answer.untrusted)
			bn_err_hint(&why, "--ca-file FILE names the authority to trust");
		bn_err_prefix(&why, "cannot %s", doing->what);
		return bn_err_move(err, &why);
	}
	if (f->answer.status < 200 || f->answer.status > 299)
		return explain(f, doing, err);
	return 0;
}

static bool is_unsure(const bn_forge *f, int rc)
{
	int status = f->answer.status;
	if (rc == BN_EINTR || rc == BN_ENOMEM)
		return false;
	return rc < 0 &&
	       (!status || status >= 500 || status == 408 || (status >= 200 && status < 300));
}

int bn_forge_do(bn_forge_answer *out, bn_forge *f, const char *method, const char *path,
	json_t *body, const bn_forge_doing *doing, bn_err *err)
{
	bool get = !strcmp(method, "GET"), post = !strcmp(method, "POST");
	bn_buf text = BN_BUF_INIT;
	bn_http_call call = {.method = method, .attempts = BN_FORGE_TRIES, .only_refused = post};
	int rc = 0;
	*out = (bn_forge_answer){0};
	if (body) {
		if ((rc = bn_json_canonical(body, &text, err)) < 0)
			goto out;
		call.body = (bn_http_upload){
			.kind = BN_HTTP_BYTES, .bytes = text.ptr, .length = (int64_t)text.len};
	}
	call.repeatable = !post; /* PATCH too: the same text again is the same note */
	rc = bn_forge_call(f, &call, path, NULL, doing, err);
	out->status = f->answer.status;
	out->unsure = is_unsure(f, rc);
	if (rc < 0)
		goto out;
	bn_err why = BN_ERR_INIT;
	if (bn_json_parse(&out->json, f->answer.body.ptr, f->answer.body.len, f->answer.place.ptr,
		    &why) < 0) {
		out->unsure = true;
		rc = get ? bn_err_recode(err, &why, BN_EIO) : 0;
	}
out:
	json_decref(body);
	bn_buf_release(&text);
	return rc;
}

int bn_forge_pause(bn_forge *f, int n, bn_err *err)
{
	int64_t until = bn_env_monotonic_ns(f->env) + ((int64_t)f->backoff_ms << (n - 1)) * 1000000,
		left;
	while ((left = (until - bn_env_monotonic_ns(f->env) + 999999) / 1000000) > 0) {
		if (f->goes_on && !f->goes_on(f->user))
			return bn_err_set(
				err, BN_EINTR, "stopped while waiting for %s", f->place->api);
		poll(NULL, 0, left < 100 ? (int)left : 100);
	}
	return 0;
}

/* ---- lists -------------------------------------------------------------------------------------- */

/* The number of "page" in a URL's query; 0: none. */
static long page_in(const char *url, size_t n)
{
	for (size_t i = 0; i + 6 < n; i++)
		if ((url[i] == '?' || url[i] == '&') && !strncmp(url + i + 1, "page=", 5))
			return strtol(url + i + 6, NULL, 10);
	return 0;
}

/* The next page by the answer's headers: GitLab's X-Next-Page, else the Link with rel="next". Its number alone is taken,
 * so that no server chooses where the token goes. 0: there is none. */
static long next_page(const bn_http_answer *a)
{
	char text[4096];
	if (bn_http_answer_header(a, "X-Next-Page", text, sizeof text))
		return strtol(text, NULL, 10);
	if (!bn_http_answer_header(a, "Link", text, sizeof text))
		return 0;
	for (char *at = text; (at = strchr(at, '<'));) {
		char *end = strchr(at, '>'), *last = end ? end + strcspn(end, "<") : NULL;
		if (!end)
			return 0;
		char *rel = strstr(end, "rel=\"next\"");
		if (rel && rel < last)
			return page_in(at, (size_t)(end - at));
		at = end;
	}
	return 0;
}

static int each_item(const json_t *list, long page, const char *place, bn_forge_each *each,
	void *user, bn_err *err)
{
	size_t i;
	json_t *item;
	int rc;
	if (!json_is_array(list))
		return bn_err_set(err, BN_EIO, "%s: page %ld is not a list", place, page);
	json_array_foreach((json_t *)(uintptr_t)list, i, item)
	{
		if (!json_is_object(item))
			return bn_err_set(err, BN_EIO, "%s: item %zu of page %ld is not an object",
				place, i + 1, page);
		if ((rc = each(user, item, err)) != 0) {
			if (rc < 0)
				bn_err_prefix(err, "%s: item %zu of page %ld", place, i + 1, page);
			return rc;
		}
	}
	return 0;
}

int bn_forge_list(bn_forge *f, const char *path, bn_forge_each *each, void *user,
	const bn_forge_doing *doing, bn_err *err)
{
	long page = 1, next;
	bool bare = bn_str_ends(path, "?");
	int rc = 0;
	for (int n = 0; page; n++, page = next) {
		bn_forge_answer answer;
		char *full = bn_strf("%s%sper_page=100&page=%ld", path, bare ? "" : "&", page);
		if (!full)
			return bn_err_nomem(err, "a URL");
		rc = bn_forge_do(&answer, f, "GET", full, NULL, doing, err);
		bn_free(full);
		next = next_page(&f->answer); /* before each(), which may send other requests */
		if (rc >= 0 && next && (next <= page || n + 1 >= MOST_PAGES))
			rc = bn_err_set(err, BN_EIO, "%s: page %ld names page %ld as the next one",
				f->answer.place.ptr, page, next);
		char *place = rc < 0 ? NULL : bn_strdup(f->answer.place.ptr);
		if (rc >= 0)
			rc = place ? each_item(answer.json, page, place, each, user, err)
				   : bn_err_nomem(err, "a page");
		bn_free(place);
		json_decref(answer.json);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* ---- who we are --------------------------------------------------------------------------------- */

int bn_forge_account(const char **out, bn_forge *f, bn_err *err)
{
	static const bn_forge_doing doing = {"ask whose token this is", "account"};
	bn_forge_answer answer = {0};
	bn_err why = BN_ERR_INIT;
	int rc = 0;
	if (f->has_account)
		goto out;
	rc = bn_forge_do(&answer, f, "GET", "/user", NULL, &doing, &why);
	/* An installation's token, as in Actions, is no user's. */
	if (rc == BN_EREFUSED && answer.status == 403 && f->place->kind == BN_FORGE_GITHUB &&
		!is_over_limit(&f->answer)) {
		bn_err_clear(&why);
		rc = 0;
	} else if (rc >= 0 && f->place->kind == BN_FORGE_GITHUB) {
		const char *login = bn_json_str(answer.json, "login", NULL);
		if (login && !(f->account = bn_strdup(login)))
			rc = bn_err_nomem(&why, "an account");
		else if (!login)
			rc = bn_err_set(&why, BN_EIO, "%s names no account", f->answer.place.ptr);
	} else if (rc >= 0) {
		int64_t id = bn_json_int(answer.json, "id", 0);
		if (id > 0 && !(f->account = bn_strf("%lld", (long long)id)))
			rc = bn_err_nomem(&why, "an account");
		else if (id <= 0)
			rc = bn_err_set(&why, BN_EIO, "%s names no account", f->answer.place.ptr);
	}
	json_decref(answer.json);
	if (rc < 0)
		return bn_err_move(err, &why);
	f->has_account = true;
out:
	*out = f->account;
	return 0;
}
