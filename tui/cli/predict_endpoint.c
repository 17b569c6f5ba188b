/*
 * predict_endpoint.c - binnacle predict --endpoint: sends rows of a file to a server, a thousand at a time, and
 * reads its predictions.
 *
 * It uses /invocations, which other servers have as well, with a header that makes our server add "classes",
 * ["a", "b"], and "probabilities", [[0.9, 0.1], ..]. All responses must have the same members as the first:
 * columns do not change within a file. Responses are validated: one prediction per row, each a number, a text,
 * a boolean or null.
 */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/settings.h"
#include "core/base/str.h"
#include "core/net/client.h"
#include "core/predict/predict_file.h"
#include "core/source/csv_write.h"
#include "tui/cli/_predict.h"
#include "tui/cli/served_types.h"
#include "tui/cli/token.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REMOTE_ROWS 1000

typedef struct remote {
	bn_answers *o;
	bn_http_client *http;
	bn_http_answer answer;
	char *base, *url, *authorization; /* base: the server's address */
	uint64_t rows;
	json_t *classes; /* of the first answer; NULL: it has none */
} remote;

/* ---- answers -------------------------------------------------------------------------------- */

static const char *class_of(const void *classes, size_t k)
{
	return json_string_value(json_array_get(classes, k));
}

/* The first response determines the classes. */
static int take_classes(remote *m, const json_t *doc, bn_err *err)
{
	json_t *classes = json_object_get(doc, "classes"), *name;
	size_t i;
	if (m->o->headed) {
		if (!m->classes && !classes)
			return 0;
		if (m->classes && classes && json_equal(m->classes, classes))
			return 0;
		return bn_err_set(err, BN_EIO,
			"after row %llu: %s returns other classes than before",
			(unsigned long long)m->rows, m->url);
	}
	json_array_foreach(classes, i, name) if (!json_is_string(name)) return bn_err_set(
		err, BN_EIO, "%s: class %zu of the answer has no name", m->url, i + 1);
	m->classes = json_array_size(classes) ? json_incref(classes) : NULL;
	m->o->headed = true;
	if (!m->o->items)
		bn_answers_head(m->o, json_array_size(m->classes), class_of, m->classes);
	return 0;
}

static int check_probabilities(const remote *m, const json_t *row, bn_err *err)
{
	size_t k;
	json_t *p;
	if (json_array_size(row) != json_array_size(m->classes))
		goto wrong;
	json_array_foreach((json_t *)(uintptr_t)row, k,
		p) if (!json_is_number(p) && !json_is_null(p)) goto wrong;
	return 0;
wrong:
	return bn_err_set(err, BN_EIO,
		"%s: row %llu: the answer does not have one probability per class", m->url,
		(unsigned long long)m->rows);
}

static int take_item(remote *m, json_t *value, const json_t *probabilities, bn_err *err)
{
	json_t *item = json_pack("{s:I, s:O}", "row", (json_int_t)m->rows, "prediction", value);
	json_t *by_class = m->classes ? json_object() : NULL;
	bool failed = !item || (m->classes && !by_class);
	for (size_t k = 0; !failed && k < json_array_size(m->classes); k++)
		failed = json_object_set(by_class, class_of(m->classes, k),
				 json_array_get(probabilities, k)) != 0;
	if (by_class && !failed)
		failed = json_object_set(item, "probabilities", by_class) != 0;
	json_decref(by_class);
	if (!failed)
		failed = json_array_append(m->o->items, item) != 0;
	json_decref(item);
	return failed ? bn_err_nomem(err, "the answers") : 0;
}

static int take_value(remote *m, json_t *value, const json_t *probabilities, bn_err *err)
{
	int rc;
	m->rows++;
	if (json_is_object(value) || json_is_array(value))
		return bn_err_set(err, BN_EIO,
			"%s: row %llu: the answer is neither a number nor a text", m->url,
			(unsigned long long)m->rows);
	if (m->classes && (rc = check_probabilities(m, probabilities, err)) < 0)
		return rc;
	if (m->o->items)
		return take_item(m, value, probabilities, err);
	if (json_is_number(value))
		bn_answers_number(&m->o->text, json_number_value(value));
	else if (json_is_string(value))
		bn_csv_add_field(
			&m->o->text, json_string_value(value), json_string_length(value), ',');
	else if (json_is_boolean(value))
		bn_buf_adds(&m->o->text, json_is_true(value) ? "true" : "false");
	for (size_t k = 0; k < json_array_size(m->classes); k++) {
		const json_t *p = json_array_get(probabilities, k);
		bn_buf_addch(&m->o->text, ',');
		bn_answers_number(&m->o->text, json_is_number(p) ? json_number_value(p) : NAN);
	}
	bn_buf_addch(&m->o->text, '\n');
	return 0;
}

/* The hint must name options, not headers. */
static void hint_instead(bn_err *err, const char *hint)
{
	err->hint[0] = '\0';
	bn_err_hint(err, "%s", hint);
}

/* asked: rows. */
/* /invocations says in a header how many cells the model could not use. */
static int take_unknown(remote *m, bn_err *err)
{
	char cells[32] = "0";
	bn_http_answer_header(&m->answer, "X-Binnacle-Unknown-Categories", cells, sizeof cells);
	unsigned long long n = strtoull(cells, NULL, 10);
	m->o->unknown += n;
	if (!n || !bn_cli_flag(m->o->cli, "strict"))
		return 0;
	return bn_err_set(err, BN_EINVAL, "after row %llu: %llu cell%s unseen in training",
		(unsigned long long)m->rows, n, n == 1 ? " holds a category" : "s hold categories");
}

static int take_answer(remote *m, size_t asked, bn_err *err)
{
	json_t *doc = NULL, *value;
	size_t i;
	int rc;
	if ((rc = bn_http_answer_check(&m->answer, err)) < 0) {
		if (m->answer.status == 401)
			hint_instead(err,
				m->authorization ? "the token of --token-file or BINNACLE_TOKEN "
						   "is not valid for that server"
						 : "give the server's token: --token-file FILE, or "
						   "BINNACLE_TOKEN");
		else if (m->rows) /* the server counts the rows of one request */
			bn_err_prefix(err, "after row %llu", (unsigned long long)m->rows);
		return rc;
	}
	if ((rc = take_unknown(m, err)) < 0)
		return rc;
	if ((rc = bn_json_parse(&doc, m->answer.body.ptr, m->answer.body.len, m->url, err)) < 0)
		return rc;
	const json_t *values = json_object_get(doc, "predictions");
	const json_t *probabilities = json_object_get(doc, "probabilities");
	if (json_array_size(values) != asked) {
		rc = bn_err_set(err, BN_EIO, "%s answered %zu of %zu rows", m->url,
			json_array_size(values), asked);
		goto out;
	}
	if ((rc = take_classes(m, doc, err)) < 0)
		goto out;
	json_array_foreach(values, i, value)
	{
		if ((rc = take_value(m, value, json_array_get(probabilities, i), err)) < 0)
			goto out;
	}
out:
	json_decref(doc);
	return rc;
}

static bool goes_on(void *user, const bn_http_progress *p)
{
	(void)user;
	(void)p;
	return !bn_cli_interrupted();
}

static int send_frame(void *user, const json_t *frame, bn_err *err)
{
	remote *m = user;
	const char *headers[] = {"Content-Type: application/json", "X-Binnacle-Probabilities: 1",
		m->authorization, NULL};
	json_t *body = json_pack("{s:O}", "dataframe_split", frame);
	bn_buf text = BN_BUF_INIT;
	int rc = 0;
	if (!body) {
		rc = bn_err_nomem(err, "a request");
		goto out;
	}
	if ((rc = bn_json_canonical(body, &text, err)) < 0)
		goto out;
	bn_http_call call = {.url = m->url,
		.headers = headers,
		.body = {.kind = BN_HTTP_BYTES, .bytes = text.ptr, .length = (int64_t)text.len},
		.repeatable = true, /* a prediction is the same the second time */
		.to = {.max_bytes = BN_CLI_MOST_ANSWER},
		.progress = goes_on};
	if ((rc = bn_http_do(m->http, &call, &m->answer, err)) < 0) {
		if (m->answer.untrusted)
			hint_instead(err, "--ca-file FILE names the certificate to trust (serve's "
					  "--tls-cert, or "
					  "its authority's), which must name that host");
		goto out;
	}
	if ((rc = take_answer(m, json_array_size(json_object_get(frame, "data")), err)) < 0)
		goto out;
	rc = bn_answers_spill(m->o, BN_ANSWERS_TEXT, err);
out:
	json_decref(body);
	bn_buf_release(&text);
	return rc;
}

static void restart_remote(void *user)
{
	remote *m = user;
	m->rows = 0;
	json_decref(m->classes);
	m->classes = NULL;
	bn_answers_clear(m->o);
}

/* NAME or NAME/VERSION, as a server has them in its routes. */
static bool is_served_name(const char *model)
{
	size_t name = strcspn(model, "/"), rest = strlen(model) - name;
	for (const char *p = model; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_./", *p))
			return false;
	return name && rest != 1 && (!rest || !strchr(model + name + 1, '/'));
}

/* The length of the address without a pasted route, or 0. */
static size_t without_route(const char *url)
{
	static const char *const routes[] = {"/predict", "/invocations", "/v2", "/ping", "/health",
		"/healthz", "/version", "/metrics"};
	size_t n = strlen(url);
	while (n && url[n - 1] == '/')
		n--;
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		size_t len = strlen(routes[i]);
		if (n > len && !strncmp(url + n - len, routes[i], len))
			return n - len;
	}
	return 0;
}

static bool is_address(const char *url)
{
	if (bn_str_starts(url, "unix:"))
		return url[5] && url[5] != '~';
	return bn_str_starts(url, "http://") || bn_str_starts(url, "https://");
}

static int no_address(const bn_cli *cli, const char *url, bn_err *err)
{
	bn_err_set(err, BN_EINVAL, "--endpoint '%s' is not the address of a server", url);
	if (bn_str_starts(url, "unix:"))
		bn_err_hint(err,
			"unix:PATH, such as unix:/run/user/1000/power.sock; the shell does not "
			"expand ~ after the colon");
	else if (strstr(url, "://"))
		bn_err_hint(err, "http://HOST:PORT, https://HOST:PORT or unix:PATH");
	else if (bn_fs_is_device(bn_cli_env(cli), url) || strchr(url, '/') ||
		 bn_str_ends(url, ".sock"))
		bn_err_hint(err, "a Unix socket is written unix:%s", url);
	else
		bn_err_hint(err, "is it http://%s?", url);
	return BN_EINVAL;
}

/* Before the file is read. */
/* Whether the site and the user let rows go there (core/base/settings.h). */
static int check_allowed(const bn_cli *cli, const char *url, bn_err *err)
{
	bn_settings *s = NULL;
	int rc = bn_settings_load(&s, bn_cli_env(cli), NULL, err);
	if (rc < 0)
		return rc;
	rc = bn_settings_check_remote(s, url, err);
	bn_settings_free(s);
	return rc;
}

static int check_endpoint(const bn_cli *cli, const char *url, bn_err *err)
{
	const char *ca = bn_cli_opt(cli, "ca-file");
	bn_path_kind kind = BN_PATH_FILE;
	int rc = 0;
	if (!is_address(url))
		return no_address(cli, url, err);
	size_t server = bn_str_starts(url, "http") ? without_route(url) : 0;
	if (server) {
		bn_err_set(err, BN_EINVAL, "--endpoint is the server's address, without a route");
		bn_err_hint(err, "--endpoint %.*s", (int)server, url);
		return BN_EINVAL;
	}
	if ((rc = check_allowed(cli, url, err)) < 0)
		return rc;
	if (ca && (rc = bn_fs_look(&kind, bn_cli_env(cli), ca, err)) < 0)
		return rc;
	if (kind == BN_PATH_ABSENT)
		return bn_err_set(err, BN_ENOTFOUND, "--ca-file: there is no '%s'", ca);
	if (kind != BN_PATH_FILE)
		return bn_err_set(err, BN_EINVAL, "--ca-file: '%s' is not a file", ca);
	return 0;
}

static int open_remote(remote *m, const char *url, const char *model, bn_err *err)
{
	const bn_cli *cli = m->o->cli;
	char *token = NULL;
	size_t n = strlen(url);
	int rc = bn_cli_token(&token, m->o->cli, err);
	if (rc < 0)
		goto out;
	bool is_unix = bn_str_starts(url, "unix:");
	bn_http_client_options options = {
		.unix_socket = is_unix ? url + 5 : NULL, .ca_file = bn_cli_opt(cli, "ca-file")};
	if ((rc = bn_http_client_new(&m->http, bn_cli_env(cli), &options, err)) < 0)
		goto out;
	if (n && url[n - 1] == '/')
		n--;
	m->base = bn_strf("%.*s", is_unix ? 16 : (int)n,
		is_unix ? "http://localhost" : url); /* the host is only in Host */
	m->url = bn_strf(
		"%s/invocations%s%s", m->base ? m->base : "", model ? "/" : "", model ? model : "");
	m->authorization = token ? bn_strf("Authorization: Bearer %s", token) : NULL;
	if (!m->base || !m->url || (token && !m->authorization))
		rc = bn_err_nomem(err, "a request");
out:
	bn_free(token);
	return rc;
}

static void tell_notes(void *user, const bn_source_notes *notes)
{
	const remote *m = user;
	bn_answers_tell_notes(m->o, notes);
}

static void tell_infinite(void *user, size_t row, const char *column)
{
	const remote *m = user;
	if (!m->o->infinite++)
		snprintf(m->o->first_infinite, sizeof m->o->first_infinite,
			": row %llu, field '%.60s'", (unsigned long long)(m->rows + row + 1),
			column);
}

int bn_predict_there(
	bn_answers *o, const char *url, const char *model, const char *file, bn_err *err)
{
	remote m = {.o = o};
	uint64_t rows = 0;
	bn_frame_sink sink = {
		send_frame, restart_remote, &m, tell_notes, &o->reading, tell_infinite};
	bn_schema as = BN_SCHEMA_INIT;
	int rc;
	bn_http_answer_init(&m.answer);
	if (o->arrow)
		return bn_err_set(err, BN_EINVAL, "--out: a server's answers are written as CSV");
	if ((rc = check_endpoint(o->cli, url, err)) < 0)
		goto out;
	if (model && !is_served_name(model)) {
		rc = bn_err_set(err, BN_EINVAL, "with --endpoint, MODEL is NAME or NAME/VERSION");
		bn_err_hint(err, "for the models of servers see: binnacle endpoint ls");
		goto out;
	}
	if ((rc = open_remote(&m, url, model, err)) < 0)
		goto out;
	restart_remote(&m);
	if ((rc = bn_cli_served_types(&as, m.http, m.base, model, m.authorization, err)) < 0)
		goto out;
	if ((rc = bn_predict_frames(bn_cli_env(o->cli), file, as.count ? &as : NULL, REMOTE_ROWS,
		     &sink, &rows, err)) < 0)
		goto out;
	if (!rows) {
		rc = bn_err_set(err, BN_EINVAL, "%s has no rows", bn_answers_shown(file));
		goto out;
	}
	bn_http_answer_header(&m.answer, "X-Binnacle-Model", o->by, sizeof o->by);
	if (!is_served_name(o->by))
		o->by[0] = '\0'; /* from a proxy, or malicious */
	rc = bn_answers_finish(o, rows, err);
out:
	json_decref(m.classes);
	bn_http_answer_release(&m.answer);
	bn_http_client_free(m.http);
	bn_schema_release(&as);
	bn_free(m.base);
	bn_free(m.url);
	bn_free(m.authorization);
	return rc;
}
