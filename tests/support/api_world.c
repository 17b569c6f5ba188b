/* api_world.c - see api_world.h. */
#include "tests/support/api_world.h"

#include "core/pipeline/fold_classes.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int open_workspace(void *user, bn_workspace **out, bn_err *err)
{
	api_world *w = user;
	return bn_workspace_open(out, &w->env.env, bn_fold_classes, w->dir.path, err);
}

int api_open(api_world *w, bn_workspace **out, bn_err *err)
{
	return open_workspace(w, out, err);
}

void api_make(api_world *w, const bn_api_options *options)
{
	bn_err err = BN_ERR_INIT;
	memset(w, 0, sizeof *w);
	toy_dir_make(&w->dir);
	toy_env_init(&w->env, &w->dir);
	ck_assert_bn_ok(bn_workspace_init(&w->env.env, w->dir.path, &err), &err);
	api_again(w, options);
}

void api_again(api_world *w, const bn_api_options *options)
{
	bn_err err = BN_ERR_INIT;
	bn_api_options o = options ? *options : (bn_api_options){0};
	o.open = open_workspace;
	o.open_user = w;
	o.readers = o.readers ? o.readers : 1;
	ck_assert_bn_ok(bn_api_new(&w->api, &w->env.env, &o, &err), &err);
}

void api_remove(api_world *w)
{
	bn_api_free(w->api);
	json_decref(w->answer);
	toy_dir_remove(&w->dir);
}

enum { HEADERS = 8 };

/* Splits the text, which is changed. */
static size_t split_headers(bn_http_header out[HEADERS], char *text)
{
	size_t n = 0;
	char *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line && n < HEADERS;
		line = strtok_r(NULL, "\n", &save)) {
		char *colon = strstr(line, ": ");
		if (!colon)
			continue;
		*colon = '\0';
		out[n++] = (bn_http_header){line, colon + 2};
	}
	return n;
}

int api_send(api_world *w, bn_api_role role, const char *method, const char *path,
	const char *headers, const void *body, size_t n)
{
	bn_http_header parts[HEADERS];
	bn_http_response out;
	/* Not by bn_alloc, which a test may let fail. */
	char *given = strdup(headers ? headers : ""), *whole = NULL;
	ck_assert_int_ge(
		asprintf(&whole, "%s%s", path[0] == '/' ? "" : "/api/2.0/mlflow/", path), 0);
	ck_assert_ptr_nonnull(given);
	char *query = strchr(whole, '?');
	if (query)
		*query++ = '\0';
	bn_http_unescape(whole);
	bn_http_request r = {.method = method,
		.path = whole,
		.query = query,
		.headers = parts,
		.header_count = split_headers(parts, given),
		.body = body,
		.body_len = n};
	bn_http_response_init(&out);
	bn_api_handle(w->api, role, &r, &out);
	json_decref(w->answer);
	w->answer = json_loadb(out.body.ptr, out.body.len, JSON_DECODE_ANY, NULL);
	w->status = out.status;
	snprintf(w->text, sizeof w->text, "%.*s", (int)out.body.len, out.body.ptr);
	bn_http_response_release(&out);
	free(given);
	free(whole);
	return w->status;
}

int api_ask_as(
	api_world *w, bn_api_role role, const char *method, const char *path, const char *body)
{
	return api_send(w, role, method, path, body ? "Content-Type: application/json" : NULL, body,
		body ? strlen(body) : 0);
}

int api_ask(api_world *w, const char *method, const char *path, const char *body)
{
	return api_ask_as(w, BN_API_MANAGER, method, path, body);
}

json_t *api_at(const api_world *w, const char *path)
{
	json_t *v = w->answer;
	char copy[256], *save = NULL;
	snprintf(copy, sizeof copy, "%s", path);
	for (char *part = strtok_r(copy, ".", &save); part && v; part = strtok_r(NULL, ".", &save))
		v = json_is_array(v) ? json_array_get(v, (size_t)atoi(part))
				     : json_object_get(v, part);
	return v;
}

const char *api_text(const api_world *w, const char *path)
{
	const char *text = json_string_value(api_at(w, path));
	ck_assert_msg(text != NULL, "no text '%s' in %d %s", path, w->status, w->text);
	return text;
}

int64_t api_int(const api_world *w, const char *path)
{
	const json_t *v = api_at(w, path);
	ck_assert_msg(json_is_integer(v), "no number '%s' in %d %s", path, w->status, w->text);
	return json_integer_value(v);
}

void api_refused(const api_world *w, int status, const char *code, const char *message)
{
	const char *has_code = json_string_value(json_object_get(w->answer, "error_code"));
	const char *has = json_string_value(json_object_get(w->answer, "message"));
	ck_assert_msg(w->status == status && has_code && !strcmp(has_code, code) &&
			      (!message || (has && !strcmp(has, message))),
		"expected %d %s '%s', got %d %s", status, code, message ? message : "", w->status,
		w->text);
}
