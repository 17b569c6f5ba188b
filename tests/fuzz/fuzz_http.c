/*
 * fuzz_http.c - any method, path, content type and body through the routes of a server with two models, without a
 * socket. The first line of the input is the head: METHOD PATH TYPE.
 *
 * Checks: a response with a known status, JSON if it says so, the same for the same input, and rows reported to the
 * observer only with status 200; for /predict the same response with both parsers of the body.
 */
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/learn/model.h"
#include "core/serve/_server.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bn_server *server;
static bn_server_worker *worker;
static size_t observed;

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "fuzz_http: %s\n", what);
		abort();
	}
}

static void count(void *user, const bn_served *served)
{
	(void)user;
	observed += bn_session_rows(served->session);
}

static bn_table_reader *write_table(const char *dir, const char *const *names, const bn_batch *b)
{
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_table_reader *table = NULL;
	char path[400];
	snprintf(path, sizeof path, "%s/train.arrow", dir);
	for (size_t i = 0; i < b->column_count; i++)
		must(!bn_schema_add(&s, names[i], b->columns[i].type, true, NULL, NULL), "schema");
	must(!bn_table_create(&w, bn_env_real(), NULL, path, &s, NULL) &&
			!bn_table_write_batch(w, b, NULL) && !bn_table_writer_finish(w, NULL) &&
			!bn_table_open(&table, bn_env_real(), path, NULL) && !unlink(path),
		"table");
	bn_table_writer_free(w);
	bn_schema_release(&s);
	return table;
}

/* A model with a number, a boolean and a category, fitted on 40 rows. */
static bn_predictor *make_model(const char *dir, const char *name, const char *target)
{
	enum { ROWS = 40 };
	static double x[ROWS], y[ROWS];
	static int32_t flag[ROWS], colour[ROWS], label[ROWS];
	static uint8_t bits[ROWS / 8 + 1];
	for (int i = 0; i < ROWS; i++) {
		x[i] = i % 7;
		flag[i] = i % 2;
		bits[i / 8] = (uint8_t)(bits[i / 8] | (unsigned)flag[i] << i % 8);
		colour[i] = i % 3;
		y[i] = 2 * x[i] + flag[i];
		label[i] = x[i] + colour[i] > 4;
	}
	static const char *const names[] = {"x", "flag", "colour", "y", "label"};
	static const char *const inputs[] = {"x", "flag", "colour"};
	static const int32_t colour_ends[] = {0, 4, 9, 12}, label_ends[] = {0, 2, 5};
	static const bn_dict colours = {3, colour_ends, "bluegreenred"},
			     labels = {2, label_ends, "noyes"};
	bn_column columns[] = {{.type = BN_TYPE_FLOAT64, .rows = ROWS, .f64 = x},
		{.type = BN_TYPE_BOOL, .rows = ROWS, .bits = bits},
		{.type = BN_TYPE_CATEGORY, .rows = ROWS, .codes = colour, .dict = &colours},
		{.type = BN_TYPE_FLOAT64, .rows = ROWS, .f64 = y},
		{.type = BN_TYPE_CATEGORY, .rows = ROWS, .codes = label, .dict = &labels}};
	bn_batch all = {.rows = ROWS, .column_count = 5, .columns = columns};
	bn_features_options fo = {.target = target, .inputs = inputs, .input_count = 3};
	bn_features *f = NULL;
	bn_estimator *e = NULL;
	static double design[ROWS * 8], targets[ROWS];
	bn_design d = {.rows = ROWS, .x = design, .y = targets};
	bn_predictor *p = NULL;
	char path[400];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	bn_table_reader *table = write_table(dir, names, &all);
	static const size_t every[] = {0, 1, 2, 3, 4};
	const bn_part part = {
		.table = table, .rows = ROWS, .columns = every, .column_count = 5};
	const bn_column *answers = &columns[!strcmp(target, "y") ? 3 : 4];
	must(!bn_features_learn(&f, &part, &fo, 1, NULL) && bn_features_width(f) <= 8 &&
			!bn_features_target_of(f, answers, 0, ROWS, targets, NULL),
		"features");
	bn_table_reader_free(table);
	double flags[ROWS];
	bn_column in[] = {{.type = BN_TYPE_FLOAT64, .rows = ROWS},
		{.type = BN_TYPE_FLOAT64, .rows = ROWS}, {.type = BN_TYPE_CATEGORY, .rows = ROWS}};
	bn_batch batch = {.rows = ROWS, .column_count = 3, .columns = in};
	for (int i = 0; i < ROWS; i++)
		flags[i] = flag[i];
	in[0].f64 = x, in[1].f64 = flags, in[2].codes = colour;
	bn_features_apply(f, &batch, 0, ROWS, design);
	bn_fit_request r = {
		.task = bn_features_task(f), .classes = bn_features_class_count(f), .threads = 1};
	bn_model_about about = {.name = name};
	const bn_trainer *trainer = NULL;
	must(!bn_trainer_find(&trainer,
		     bn_features_task(f) == BN_TASK_CLASSIFICATION ? "logistic" : "ridge", NULL),
		"trainer");
	d.cols = bn_features_width(f);
	must(!bn_rows_wrap(&r.train, &d, "training", NULL), "rows");
	must(!bn_trainer_fit(&e, trainer, &r, NULL), "fit");
	must(!bn_model_save(bn_env_real(), NULL, path, e, f, &about, NULL), "save");
	must(!bn_predictor_open_dir(&p, bn_env_real(), path, NULL, NULL, NULL, NULL), "open");
	bn_rows_free(r.train);
	bn_estimator_free(e);
	bn_features_free(f);
	return p;
}

static void start(void)
{
	static const bn_predictor *models[2];
	char dir[] = "/tmp/fuzz-http-XXXXXX";
	must(mkdtemp(dir) != NULL, "mkdtemp");
	models[0] = make_model(dir, "power", "y");
	models[1] = make_model(dir, "class", "label");
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
	bn_server_options o = {.observe = count,
		.max_rows = 500,
		.max_body_bytes = 1 << 20,
		.policy = {.allow_extra = true}};
	must(!bn_server_new(&server, bn_env_real(), models, 2, &o, NULL), "server");
	must(!bn_server_worker_new(&worker, server, NULL), "worker");
}

static void check_response(const bn_http_response *r, size_t rows)
{
	static const int known[] = {200, 400, 404, 405, 413, 415, 422};
	bool found = false;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		found |= known[i] == r->status;
	must(found, "a status that no input may cause");
	must(r->status == 200 || rows == 0, "rows were logged without an answer");
	if (!strcmp(r->content_type, "application/json")) {
		json_t *v = json_loadb(r->body.ptr, r->body.len, 0, NULL);
		must(v != NULL, "an answer that is not JSON");
		json_decref(v);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!server)
		start();
	const uint8_t *end = memchr(data, '\n', size < 600 ? size : 600);
	if (!end)
		return 0;
	char head[601], *save = NULL;
	size_t n = (size_t)(end - data);
	memcpy(head, data, n);
	head[n] = '\0';
	const char *method = strtok_r(head, " ", &save), *path = strtok_r(NULL, " ", &save);
	bn_http_header type = {"Content-Type", strtok_r(NULL, "", &save)};
	char *body =
		bn_strndup((const char *)end + 1, size - n - 1); /* ends there, for ASan */
	bn_http_request request = {.method = method ? method : "GET",
		.path = path ? path : "/",
		.headers = &type,
		.header_count = type.value ? 1 : 0,
		.body = body,
		.body_len = strnlen(body, size - n - 1)};
	bn_http_response a, b;
	bn_http_response_init(&a);
	bn_http_response_init(&b);
	observed = 0;
	bn_server_handle(worker, &request, &a);
	check_response(&a, observed);
	bn_server_handle(worker, &request, &b);
	must(a.status == b.status, "another status for the same request");
	if (!strncmp(request.path, "/predict", 8)) {
		bn_http_response_clear(&b);
		worker->no_quick = true;
		bn_server_handle(worker, &request, &b);
		worker->no_quick = false;
		must(a.status == b.status && a.body.len == b.body.len &&
				!memcmp(a.body.ptr, b.body.ptr, a.body.len),
			"another answer by way of a tree");
	}
	bn_http_response_release(&a);
	bn_http_response_release(&b);
	bn_free(body);
	return 0;
}
