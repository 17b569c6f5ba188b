/* cmd_predict.c - binnacle predict: a file of rows through a model here, or a server elsewhere. */
#include "core/base/file_out.h"
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/dataset.h"
#include "core/net/client.h"
#include "core/predict/predict_file.h"
#include "core/source/csv_write.h"
#include "core/table/table.h"
#include "tui/cli/served_types.h"
#include "tui/cli/token.h"
#include "tui/cli/verbs.h"

#include <ctype.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REMOTE_ROWS 1000
#define TEXT_BYTES (256u << 10)

/* Answers on their way out: CSV text, or rows of an Arrow file, or JSON. CSV waits until all rows are
 * answered, as a later row may be one that has no answer: a little in text, more in file, which lies beside the path, or has no name when the text goes to stdout or a device. */
typedef struct output {
	bn_cli *cli;
	const char *path; /* NULL: stdout */
	bool arrow;
	bn_buf text;
	bn_file_out *file;
	json_t *items;      /* --json */
	bn_table_writer *w; /* arrow */
	bool headed;
	char by[128];     /* NAME/VERSION of the model that answered, when a server said so */
	uint64_t unknown; /* cells of unseen categories */
	char first[200];  /* where the first one is; empty when a server counted */
} output;

static const char *shown(const char *file)
{
	return strcmp(file, "-") ? file : "standard input";
}

/* ---- local ---------------------------------------------------------------------------------- */

static size_t class_count(const bn_session *s)
{
	return bn_features_class_count(
		bn_model_features(bn_predictor_model(bn_session_predictor(s))));
}

static const char *class_name(const bn_session *s, size_t k)
{
	return bn_features_class(bn_model_features(bn_predictor_model(bn_session_predictor(s))), k);
}

static int open_arrow(output *o, const bn_session *s, bn_err *err)
{
	bn_schema schema = BN_SCHEMA_INIT;
	int rc = bn_predictor_answers(&schema, bn_session_predictor(s), err);
	if (rc < 0)
		goto out;
	rc = bn_table_create(&o->w, bn_cli_env(o->cli), NULL, o->path, &schema, err);
out:
	bn_schema_release(&schema);
	return rc;
}

static int arrow_row(output *o, const bn_session *s, size_t r, bn_err *err)
{
	const char *label = bn_session_label(s, r);
	if (label)
		bn_table_row_text(o->w, 0, label, strlen(label));
	else
		bn_table_row_f64(o->w, 0, bn_session_prediction(s, r));
	for (size_t k = 0; k < class_count(s); k++)
		bn_table_row_f64(o->w, 1 + k, bn_session_outputs(s, r)[k]);
	return bn_table_row_end(o->w, err);
}

static void csv_head(output *o, const bn_session *s)
{
	bn_buf_adds(&o->text, "prediction");
	for (size_t k = 0; k < class_count(s); k++) {
		bn_buf name = BN_BUF_INIT;
		bn_buf_addf(&name, "probability_%s", class_name(s, k));
		bn_buf_addch(&o->text, ',');
		bn_csv_add_field(&o->text, name.ptr, name.len, ',');
		bn_buf_release(&name);
	}
	bn_buf_addch(&o->text, '\n');
}

static void csv_number(bn_buf *b, double x)
{
	char text[BN_FMT];
	if (!isnan(x))
		bn_buf_adds(b, bn_fmt_f64(x, text));
}

static void csv_row(output *o, const bn_session *s, size_t r)
{
	const char *label = bn_session_label(s, r);
	if (label)
		bn_csv_add_field(&o->text, label, strlen(label), ',');
	else
		csv_number(&o->text, bn_session_prediction(s, r));
	for (size_t k = 0; k < class_count(s); k++) {
		bn_buf_addch(&o->text, ',');
		csv_number(&o->text, bn_session_outputs(s, r)[k]);
	}
	bn_buf_addch(&o->text, '\n');
}

static void json_row(output *o, const bn_session *s, size_t r, uint64_t row)
{
	json_t *item = json_pack(
		"{s:I, s:o}", "row", (json_int_t)row, "prediction", bn_session_json(s, r));
	if (class_count(s)) {
		json_t *p = json_object();
		for (size_t k = 0; k < class_count(s); k++)
			json_object_set_new(p, class_name(s, k),
				bn_json_real_or_null(bn_session_outputs(s, r)[k]));
		json_object_set_new(item, "probabilities", p);
	}
	json_array_append_new(o->items, item);
}

/* Moves the text to the file, once there is much of it or that file has been begun. */
static int spill(output *o, size_t most, bn_err *err)
{
	int rc;
	if ((rc = bn_buf_check(&o->text, err, "the answers")) < 0)
		return rc;
	if (o->text.len <= most)
		return 0;
	bool named = o->path && !bn_fs_is_device(bn_cli_env(o->cli), o->path);
	if (!o->file && (rc = bn_file_out_open(&o->file, bn_cli_env(o->cli), named ? o->path : NULL,
				 0666, err)) < 0)
		return rc;
	rc = bn_file_out_add(o->file, o->text.ptr, o->text.len, err);
	bn_buf_clear(&o->text);
	return rc;
}

static void find_unknown(output *o, const bn_session *s, uint64_t first_row)
{
	const bn_features *f = bn_model_features(bn_predictor_model(bn_session_predictor(s)));
	size_t inputs = bn_features_input_count(f);
	for (size_t at = 0; at < bn_session_rows(s) * inputs && !o->first[0]; at++)
		if (bn_session_cell_is_unknown(s, at / inputs, at % inputs))
			snprintf(o->first, sizeof o->first, ": row %llu, field '%.60s': '%.80s'",
				(unsigned long long)(first_row + at / inputs + 1),
				bn_features_input(f, at % inputs)->name,
				bn_session_cell_text(s, at / inputs, at % inputs));
}

static int take_rows(void *user, const bn_session *s, uint64_t first_row, bn_err *err)
{
	output *o = user;
	int rc = 0;
	if (bn_cli_interrupted())
		return bn_err_set(err, BN_EINTR, "interrupted");
	if (o->arrow && !o->w)
		rc = open_arrow(o, s, err);
	if (!o->arrow && !o->items && !o->headed)
		csv_head(o, s);
	o->headed = true;
	if (!o->unknown && bn_session_unknown(s))
		find_unknown(o, s, first_row);
	o->unknown += bn_session_unknown(s);
	for (size_t r = 0; r < bn_session_rows(s) && !rc; r++) {
		if (o->arrow)
			rc = arrow_row(o, s, r, err);
		else if (o->items)
			json_row(o, s, r, first_row + r + 1);
		else
			csv_row(o, s, r);
	}
	if (rc < 0)
		return rc;
	bn_cli_progress(o->cli, "predicting", first_row + bn_session_rows(s), 0, "rows");
	return spill(o, TEXT_BYTES, err);
}

static void start_over(void *user)
{
	output *o = user;
	bn_buf_clear(&o->text);
	bn_file_out_free(o->file);
	o->file = NULL;
	bn_table_writer_free(o->w);
	o->w = NULL;
	o->headed = false;
	o->unknown = 0;
	o->first[0] = '\0';
	if (o->items)
		json_array_clear(o->items);
}

static int print(void *user, const void *bytes, size_t n, bn_err *err)
{
	(void)err;
	bn_cli_write_data(user, bytes, n);
	return 0;
}

typedef struct device {
	const bn_env *env;
	const char *path;
	int fd;
} device;

static int write_device(void *user, const void *bytes, size_t n, bn_err *err)
{
	const device *d = user;
	return bn_fs_write_all(d->env, d->fd, bytes, n, d->path, err);
}

/* The text that waited in a file. */
static int finish_file(output *o, bn_err *err)
{
	const bn_env *env = bn_cli_env(o->cli);
	int rc;
	if ((rc = spill(o, 0, err)) < 0)
		return rc;
	if (!o->path)
		return bn_file_out_read(o->file, print, o->cli, err);
	if (!bn_fs_is_device(env, o->path))
		return bn_file_out_finish(o->file, err);
	device d = {env, o->path, -1};
	if ((rc = bn_fs_open_device(&d.fd, env, o->path, err)) < 0)
		return rc;
	rc = bn_file_out_read(o->file, write_device, &d, err);
	int e = env->fs->close(env, d.fd);
	if (rc == 0 && e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot close '%s'", o->path);
	return rc;
}

static int finish_text(output *o, bn_err *err)
{
	int rc;
	if (o->file)
		return finish_file(o, err);
	if ((rc = bn_buf_check(&o->text, err, "the answers")) < 0)
		return rc;
	if (o->path)
		return bn_fs_write_file(
			bn_cli_env(o->cli), o->path, o->text.ptr, o->text.len, 0666, err);
	bn_cli_write_data(o->cli, o->text.ptr, o->text.len);
	return 0;
}

static int finish(output *o, uint64_t rows, bn_err *err)
{
	static const bn_col cols[] = {
		{"row", "ROW", BN_AS_INT}, {"prediction", "PREDICTION", BN_AS_TEXT}, {0}};
	int rc;
	if (o->unknown)
		bn_cli_warn(o->cli, "%llu cell%s that training never saw%s (--strict refuses)",
			(unsigned long long)o->unknown,
			o->unknown == 1 ? " holds a category" : "s hold categories", o->first);
	if (o->items)
		return bn_cli_list(o->cli, json_incref(o->items), cols, "no rows", err);
	rc = o->w ? bn_table_writer_finish(o->w, err) : finish_text(o, err);
	if (rc < 0)
		return rc;
	bn_cli_say(o->cli, "%llu row%s predicted%s%s%s%s", (unsigned long long)rows,
		rows == 1 ? "" : "s", *o->by ? " by " : "", o->by, o->path ? " into " : "", o->path ? o->path : "");
	return 0;
}

/* What is no file may be a dataset. */
static void hint_dataset(bn_workspace *ws, const char *model, const char *file, bn_err *err)
{
	bn_dataset_version *v = NULL;
	if (!strchr(file, '/') && bn_dataset_resolve(&v, ws, file, BN_DATASET_LIVE, NULL) == 0)
		bn_err_hint(err, "of a dataset: binnacle data export %s | binnacle predict %s -",
			file, model);
	bn_dataset_version_free(v);
}

static int predict_here(output *o, const char *model, const char *file, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_predictor *p = NULL;
	uint64_t rows = 0;
	bn_predict_sink sink = {take_rows, o};
	char *mlmodel = bn_path_join(model, "MLmodel");
	bool is_dir = mlmodel && bn_fs_exists(bn_cli_env(o->cli), mlmodel);
	bn_free(mlmodel);
	int rc = is_dir ? 0 : bn_cli_workspace(o->cli, &ws, err);
	if (!rc)
		rc = bn_predictor_open(&p, ws, model, err);
	if (!rc && bn_predictor_damage(p))
		bn_cli_warn(o->cli, "%s", bn_predictor_damage(p));
	if (!rc)
		rc = bn_predict_file(bn_cli_env(o->cli), p, file, !bn_cli_flag(o->cli, "strict"),
			&sink, &rows, err);
	bn_cli_progress_end(o->cli);
	if (rc == BN_ENOTFOUND && p && ws)
		hint_dataset(ws, model, file, err);
	if (!rc && !rows)
		rc = bn_err_set(err, BN_EINVAL, "%s has no rows", shown(file));
	if (!rc)
		rc = finish(o, rows, err);
	bn_predictor_free(p);
	return rc;
}

/* ---- remote --------------------------------------------------------------------------------- */

typedef struct remote {
	output *o;
	bn_http_client *http;
	bn_http_answer answer;
	char *base, *url, *authorization; /* base: the server's address */
	uint64_t rows;
} remote;

static int take_value(remote *m, json_t *value, bn_err *err)
{
	m->rows++;
	if (json_is_object(value) || json_is_array(value))
		return bn_err_set(err, BN_EIO,
			"%s: row %llu: the answer is neither a number nor a text", m->url,
			(unsigned long long)m->rows);
	if (m->o->items) {
		json_t *item =
			json_pack("{s:I, s:O}", "row", (json_int_t)m->rows, "prediction", value);
		if (!item || json_array_append_new(m->o->items, item))
			return bn_err_nomem(err, "the answers");
		return 0;
	}
	if (json_is_number(value))
		csv_number(&m->o->text, json_number_value(value));
	else if (json_is_string(value))
		bn_csv_add_field(
			&m->o->text, json_string_value(value), json_string_length(value), ',');
	else if (json_is_boolean(value))
		bn_buf_adds(&m->o->text, json_is_true(value) ? "true" : "false");
	bn_buf_addch(&m->o->text, '\n');
	return 0;
}

/* Here a person gives options, and no headers. */
static void hint_instead(bn_err *err, const char *hint)
{
	err->hint[0] = '\0';
	bn_err_hint(err, "%s", hint);
}

/* asked: rows. */
/* /invocations says in a header how many cells the model could make nothing of. */
static int take_unknown(remote *m, bn_err *err)
{
	char cells[32] = "0";
	bn_http_answer_header(&m->answer, "X-Binnacle-Unknown-Categories", cells, sizeof cells);
	unsigned long long n = strtoull(cells, NULL, 10);
	m->o->unknown += n;
	if (!n || !bn_cli_flag(m->o->cli, "strict"))
		return 0;
	return bn_err_set(err, BN_EINVAL, "behind row %llu: %llu cell%s that training never saw",
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
				m->authorization ? "the token of --token-file or BINNACLE_TOKEN is "
						   "not that server's"
						 : "give the server's token: --token-file FILE, or "
						   "BINNACLE_TOKEN");
		else if (m->rows) /* the server counts the rows of one request */
			bn_err_prefix(err, "behind row %llu", (unsigned long long)m->rows);
		return rc;
	}
	if ((rc = take_unknown(m, err)) < 0)
		return rc;
	if ((rc = bn_json_parse(&doc, m->answer.body.ptr, m->answer.body.len, m->url, err)) < 0)
		return rc;
	const json_t *values = json_object_get(doc, "predictions");
	if (json_array_size(values) != asked)
		rc = bn_err_set(err, BN_EIO, "%s answered %zu of %zu rows", m->url,
			json_array_size(values), asked);
	json_array_foreach(values, i, value)
	{
		if (rc < 0)
			break;
		if ((rc = take_value(m, value, err)) < 0)
			break;
	}
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
	const char *headers[] = {"Content-Type: application/json", m->authorization, NULL};
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
	rc = spill(m->o, TEXT_BYTES, err);
out:
	json_decref(body);
	bn_buf_release(&text);
	return rc;
}

static void restart_remote(void *user)
{
	remote *m = user;
	m->rows = 0;
	start_over(m->o);
	if (!m->o->items)
		bn_buf_adds(&m->o->text, "prediction\n");
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

/* The length of the address without the route that somebody pasted with it, or 0. */
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
			"unix:PATH, as in unix:/run/user/1000/power.sock; the shell expands no "
			"~ behind the colon");
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
	if (ca && (rc = bn_fs_look(&kind, bn_cli_env(cli), ca, err)) < 0)
		return rc;
	if (kind == BN_PATH_ABSENT)
		return bn_err_set(err, BN_ENOTFOUND, "--ca-file: there is no '%s'", ca);
	if (kind != BN_PATH_FILE)
		return bn_err_set(err, BN_EINVAL, "--ca-file: '%s' is no file", ca);
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
		is_unix ? "http://localhost" : url); /* the host is in Host alone */
	m->url = bn_strf(
		"%s/invocations%s%s", m->base ? m->base : "", model ? "/" : "", model ? model : "");
	m->authorization = token ? bn_strf("Authorization: Bearer %s", token) : NULL;
	if (!m->base || !m->url || (token && !m->authorization))
		rc = bn_err_nomem(err, "a request");
out:
	bn_free(token);
	return rc;
}

/* model NULL: the server's first; it says which. */
static int predict_there(
	output *o, const char *url, const char *model, const char *file, bn_err *err)
{
	remote m = {.o = o};
	uint64_t rows = 0;
	bn_frame_sink sink = {send_frame, restart_remote, &m};
	bn_schema as = BN_SCHEMA_INIT;
	int rc;
	bn_http_answer_init(&m.answer);
	if (o->arrow)
		return bn_err_set(err, BN_EINVAL, "--out: a server's answers are written as CSV");
	if ((rc = check_endpoint(o->cli, url, err)) < 0)
		goto out;
	if (model && !is_served_name(model)) {
		rc = bn_err_set(err, BN_EINVAL, "with --endpoint, MODEL is NAME or NAME/VERSION");
		bn_err_hint(err, "as the server has them: binnacle endpoint ls");
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
		rc = bn_err_set(err, BN_EINVAL, "%s has no rows", shown(file));
		goto out;
	}
	bn_http_answer_header(&m.answer, "X-Binnacle-Model", o->by, sizeof o->by);
	if (!is_served_name(o->by))
		o->by[0] = '\0'; /* a proxy's, or nobody's who means well */
	rc = finish(o, rows, err);
out:
	bn_http_answer_release(&m.answer);
	bn_http_client_free(m.http);
	bn_schema_release(&as);
	bn_free(m.base);
	bn_free(m.url);
	bn_free(m.authorization);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------- */

static int run_predict(bn_cli *cli, bn_err *err)
{
	const char *endpoint = bn_cli_opt(cli, "endpoint");
	output o = {.cli = cli, .path = bn_cli_opt(cli, "out"), .text = BN_BUF_INIT};
	int n = bn_cli_nargs(cli);
	if (o.path && !strcmp(o.path, "-"))
		o.path = NULL;
	if (n != 2 && !(endpoint && n == 1))
		return bn_err_set(err, BN_EINVAL, "give a MODEL and a FILE");
	o.arrow = o.path && (bn_str_ends(o.path, ".arrow") || bn_str_ends(o.path, ".feather"));
	if (!o.path && !bn_cli_is_text(cli) && !(o.items = json_array()))
		return bn_err_nomem(err, "the answers");
	int rc = endpoint ? predict_there(&o, endpoint, n > 1 ? bn_cli_arg(cli, 0) : NULL,
				    bn_cli_arg(cli, n - 1), err)
			  : predict_here(&o, bn_cli_arg(cli, 0), bn_cli_arg(cli, 1), err);
	bn_table_writer_free(o.w);
	bn_file_out_free(o.file);
	json_decref(o.items);
	bn_buf_release(&o.text);
	return rc;
}

static const bn_opt predict_options[] = {
	{"out", 'o', "FILE", "write CSV, or Arrow when it ends in .arrow or .feather, there (- is standard output)"},
	{"endpoint", 0, "URL",
		"ask that server (http:, https:, unix:PATH) instead of loading a model here"},
	{"ca-file", 0, "FILE", "trust that certificate (PEM) instead of the system's"},
	{"token-file", 0, "FILE", "the server's token (else BINNACLE_TOKEN)"},
	{"strict", 0, NULL, "refuse categories that training never saw"}, {0}};

const bn_verb bn_verbs_predict[] = {
	{"predict", NULL, "MODEL FILE", 1, 2, "Predict every row of a CSV or Arrow file",
		"MODEL is a registered version (power@champion, power/3), a run, or a model "
		"directory. "
		"FILE may be\na pipe, or - for standard input. Columns are matched by name; "
		"others are ignored. The\nanswers come in the order of the rows, as CSV with a "
		"column per class probability for a\nclassifier. With --endpoint, MODEL is NAME or "
		"NAME/VERSION as the server has it; without,\nthe server's first model answers.",
		{"binnacle predict power@champion jobs.csv --out power.csv",
			"binnacle predict power/3 jobs.csv --endpoint http://127.0.0.1:8420"},
		predict_options, BN_VERB_NEEDS_TRUST, run_predict},
	{0}};
