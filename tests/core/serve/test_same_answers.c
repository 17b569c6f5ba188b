/*
 * The same row gets the same answer, bit for bit: alone, in pairs, shuffled and with all others, from a CSV file, from
 * Arrow files of the original and of other types, as `predict --endpoint` sends it, by /predict, /invocations and the
 * Open Inference Protocol, and as the test part of training. Tables, types, values and their notations are random
 * (same_table.h).
 * BINNACLE_SAME_ROUNDS=N tries N tables instead of a few.
 */
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/learn/evaluate.h"
#include "core/learn/trainer.h"
#include "core/predict/predict_file.h"
#include "core/serve/server.h"
#include "core/source/csv.h"
#include "tests/support/check_main.h"
#include "tests/support/same_table.h"
#include "tests/support/tiny_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TRAIN_ROWS = 80, ASKED = 14, MAX_OUTPUTS = 3, ROUNDS = 4 };

static same_table table;
static same_row asked[ASKED];
static double want[ASKED][MAX_OUTPUTS];
static size_t outputs;
static bn_predictor *model;
static bn_server *server;
static bn_server_worker *worker;
static size_t answers; /* number of comparisons */

static size_t below(size_t n)
{
	return same_below(&table, n);
}

static const char *path_of(const char *name)
{
	static char path[4][300];
	static unsigned n;
	char *p = path[n++ % 4];
	snprintf(p, sizeof path[0], "%.200s/%.60s", tiny_dir(), name);
	return p;
}

/* ---- random tables -------------------------------------------------------------------------- */

static const same_form as_it_is = {.targets = true};
static const same_form of_training = {.targets = true, .readings = true};
static const same_form other_types = {
	.shuffled = true, .retyped = true, .texts = true, .targets = true};

static void write_tables(void)
{
	static same_row trained[TRAIN_ROWS];
	size_t order[TRAIN_ROWS];
	for (size_t r = 0; r < TRAIN_ROWS; r++) {
		order[r] = table.row = r;
		for (size_t i = 0; i < table.column_count; i++) {
			trained[r][i] = same_cell_random(&table, i, true);
			if (r < ASKED)
				asked[r][i] = same_cell_random(&table, i, false);
		}
	}
	same_write_arrow(&table, path_of("train.arrow"), trained, order, TRAIN_ROWS, &of_training);
	same_write_arrow(&table, path_of("all.arrow"), asked, order, ASKED, &as_it_is);
	same_write_arrow(&table, path_of("other.arrow"), asked, order, ASKED, &other_types);
}

/* ---- the model, and the answers of the test part -------------------------------------------- */

/* A table as a part for training: inputs and targets. */
typedef struct table_part {
	bn_part part;
	size_t columns[SAME_COLUMNS + 2];
} table_part;

static void open_part(table_part *p, const char *name)
{
	bn_err err = BN_ERR_INIT;
	*p = (table_part){.part = {.columns = p->columns}};
	ck_assert_bn_ok(bn_table_open(&p->part.table, bn_env_real(), path_of(name), &err), &err);
	const bn_schema *s = bn_table_schema(p->part.table);
	for (size_t i = 0; i < table.column_count; i++)
		if (table.columns[i].input)
			p->columns[p->part.column_count++] =
				bn_schema_find(s, table.columns[i].name);
	p->columns[p->part.column_count++] = bn_schema_find(s, "number");
	p->columns[p->part.column_count++] = bn_schema_find(s, "class");
	p->part.rows = bn_table_rows(p->part.table);
}

static bn_features *learn_features(const table_part *train, bool regression)
{
	bn_err err = BN_ERR_INIT;
	const char *other = regression ? "class" : "number";
	const bn_features_options opt = {
		.target = regression ? "number" : "class", .excluded = &other, .excluded_count = 1};
	bn_features *f = NULL;
	ck_assert_bn_ok(bn_features_learn(&f, &train->part, &opt, 1, &err), &err);
	return f;
}

typedef void (*row_fn)(const char *way, size_t row, const double *out);

static void keep_row(const char *way, size_t row, const double *out)
{
	(void)way;
	memcpy(want[row], out, outputs * sizeof *out);
}

static void score_part(const bn_estimator *e, const bn_features *f, const char *name, row_fn each)
{
	bn_err err = BN_ERR_INIT;
	table_part test;
	bn_rows *rows = NULL;
	bn_block block;
	double *scratch = bn_alloc((bn_estimator_scratch(e) + 1) * sizeof *scratch);
	double *out = bn_alloc(ASKED * outputs * sizeof *out);
	open_part(&test, name);
	ck_assert_bn_ok(bn_rows_open(&rows, &test.part, f, "test", NULL, 1, &err), &err);
	ck_assert_bn_ok(bn_rows_want(rows, BN_WANT_ONE_PASS, &err), &err);
	int rc;
	while ((rc = bn_rows_next(rows, &block, &err)) == 1) {
		bn_estimator_predict(e, block.f64, block.rows, out, scratch);
		for (size_t r = 0; r < block.rows; r++)
			each(name, block.first + r, out + r * outputs);
	}
	ck_assert_bn_ok(rc, &err);
	ck_assert_uint_eq(bn_rows_about(rows)->rows, ASKED);
	bn_rows_free(rows);
	bn_free(scratch);
	bn_free(out);
	bn_table_reader_free(test.part.table);
}

static void same(const char *way, size_t row, const double *got)
{
	answers++;
	ck_assert_msg(!memcmp(got, want[row], outputs * sizeof *got),
		"%s: row %zu: %.17g, the test part says %.17g", way, row, got[0], want[row][0]);
}

static void train(const bn_trainer *trainer, bn_task task)
{
	bn_err err = BN_ERR_INIT;
	table_part training;
	bn_estimator *e = NULL;
	bn_rows *rows = NULL;
	open_part(&training, "train.arrow");
	bn_features *f = learn_features(&training, task == BN_TASK_REGRESSION);
	ck_assert_bn_ok(bn_rows_open(&rows, &training.part, f, "training", NULL, 1, &err), &err);
	bn_fit_request r = {.task = task,
		.classes = bn_features_class_count(f),
		.train = rows,
		.seed = table.seed,
		.threads = 1};
	ck_assert_bn_ok(bn_trainer_fit(&e, trainer, &r, &err), &err);
	outputs = e->outputs;
	score_part(e, f, "all.arrow", keep_row);
	score_part(e, f, "other.arrow", same);
	const char *dir = path_of("model");
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
	const bn_model_about about = {.name = "same"};
	ck_assert_bn_ok(bn_model_save(bn_env_real(), NULL, dir, e, f, &about, &err), &err);
	ck_assert_bn_ok(
		bn_predictor_open_dir(&model, bn_env_real(), dir, NULL, NULL, NULL, &err), &err);
	bn_rows_free(rows);
	bn_estimator_free(e);
	bn_features_free(f);
	bn_table_reader_free(training.part.table);
}

/* ---- files ---------------------------------------------------------------------------------- */

typedef struct file_check {
	const char *way;
	const size_t *rows;
	size_t seen;
} file_check;

static int check_rows(void *user, const bn_session *s, uint64_t first_row, bn_err *err)
{
	file_check *f = user;
	(void)err;
	for (size_t r = 0; r < bn_session_rows(s); r++, f->seen++)
		same(f->way, f->rows[first_row + r], bn_session_outputs(s, r));
	return 0;
}

static void ask_file(const char *way, const char *path, const size_t *rows, size_t n)
{
	bn_err err = BN_ERR_INIT;
	file_check f = {.way = way, .rows = rows};
	const bn_predict_sink sink = {.rows = check_rows, .user = &f};
	ck_assert_bn_ok(bn_predict_file(bn_env_real(), model, path, true, &sink, NULL, &err), &err);
	ck_assert_uint_eq(f.seen, n);
}

static void ask_arrow(const char *way, const size_t *rows, size_t n, const same_form *form)
{
	same_write_arrow(&table, path_of("ask.arrow"), asked, rows, n, form);
	ask_file(way, path_of("ask.arrow"), rows, n);
}

static void ask_files(const size_t *rows, size_t n)
{
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	same_add_csv(&table, &b, asked, rows, n);
	const char *path = path_of("ask.csv");
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), path, b.ptr, b.len, 0600, &err), &err);
	for (int level = 0; level < 3; level++) {
		bn_csv_limit_isa(level);
		ask_file("a CSV file", path, rows, n);
	}
	bn_csv_limit_isa(0);
	ask_arrow("an Arrow file", rows, n, &as_it_is);
	ask_arrow("an Arrow file of other types", rows, n, &other_types);
	bn_buf_release(&b);
}

/* ---- requests ------------------------------------------------------------------------------- */

static void add_name(bn_buf *b, size_t i)
{
	bn_buf_add_json_string(b, table.columns[i].name, strlen(table.columns[i].name));
}

/* With its fields in random order. */
static void row_object(bn_buf *b, size_t row)
{
	size_t from = below(table.column_count);
	bn_buf_addch(b, '{');
	for (size_t k = 0; k < table.column_count; k++) {
		size_t i = (from + k) % table.column_count;
		bn_buf_adds(b, k ? "," : "");
		add_name(b, i);
		bn_buf_addch(b, ':');
		same_add_json(&table, b, &table.columns[i], &asked[row][i], false);
	}
	bn_buf_addch(b, '}');
}

static void json_objects_of(bn_buf *b, const size_t *rows, size_t n)
{
	bn_buf_addch(b, '[');
	for (size_t k = 0; k < n; k++) {
		if (k)
			bn_buf_addch(b, ',');
		row_object(b, rows[k]);
	}
	bn_buf_addch(b, ']');
}

static json_t *post(const char *path, const char *type, const bn_buf *body)
{
	const bn_http_header header = {"Content-Type", type};
	const bn_http_request r = {.method = "POST",
		.path = path,
		.headers = &header,
		.header_count = 1,
		.body = body->ptr,
		.body_len = body->len};
	bn_http_response answer;
	bn_http_response_init(&answer);
	bn_server_handle(worker, &r, &answer);
	ck_assert_msg(answer.status == 200, "%s: %d %s :: %s", path, answer.status, answer.body.ptr,
		body->ptr);
	json_t *doc = json_loadb(answer.body.ptr, answer.body.len, 0, NULL);
	ck_assert_ptr_nonnull(doc);
	bn_http_response_release(&answer);
	return doc;
}

/* Responses without probabilities contain only the class. */
static void same_value(const char *way, size_t row, const json_t *value)
{
	double x = json_number_value(value);
	if (outputs == 1) {
		same(way, row, &x);
		return;
	}
	const char *label =
		bn_features_class(bn_predictor_features(model), bn_argmax(want[row], outputs));
	ck_assert_str_eq(json_string_value(value), label);
	answers++;
}

static void check_predict(const char *way, json_t *doc, const size_t *rows, size_t n)
{
	json_t *values = json_object_get(doc, "prediction"),
	       *all = json_object_get(doc, "probabilities");
	for (size_t k = 0; k < n; k++) {
		double p[MAX_OUTPUTS];
		same_value(
			way, rows[k], json_is_array(values) ? json_array_get(values, k) : values);
		const json_t *one = json_is_array(all) ? json_array_get(all, k) : all;
		for (size_t j = 0; one && j < outputs; j++)
			p[j] = json_number_value(json_object_get(
				one, bn_features_class(bn_predictor_features(model), j)));
		if (one)
			same(way, rows[k], p);
	}
	json_decref(doc);
}

static void check_list(const char *way, json_t *doc, const size_t *rows, size_t n)
{
	const json_t *values = json_object_get(doc, "predictions");
	ck_assert_uint_eq(json_array_size(values), n);
	for (size_t k = 0; k < n; k++)
		same_value(way, rows[k], json_array_get(values, k));
	json_decref(doc);
}

static void ask_predict(const size_t *rows, size_t n)
{
	bn_buf b = BN_BUF_INIT;
	json_objects_of(&b, rows, n);
	check_predict("/predict, objects", post("/predict", "application/json", &b), rows, n);
	bn_buf_clear(&b);
	if (n == 1) {
		row_object(&b, rows[0]);
		check_predict(
			"/predict, an object", post("/predict", "application/json", &b), rows, n);
		bn_buf_clear(&b);
	}
	same_add_csv(&table, &b, asked, rows, n);
	check_predict("/predict, CSV", post("/predict", "text/csv", &b), rows, n);
	check_list("/invocations, CSV", post("/invocations", "text/csv", &b), rows, n);
	bn_buf_release(&b);
}

static void ask_invocations(const size_t *rows, size_t n)
{
	bn_buf b = BN_BUF_INIT;
	bn_buf_adds(&b, "{\"dataframe_records\":");
	json_objects_of(&b, rows, n);
	bn_buf_addch(&b, '}');
	check_list("/invocations, records", post("/invocations", "application/json", &b), rows, n);
	bn_buf_clear(&b);
	bn_buf_adds(&b, "{\"inputs\":{");
	for (size_t i = 0; i < table.column_count; i++) {
		bn_buf_adds(&b, i ? "]," : "");
		add_name(&b, i);
		bn_buf_adds(&b, ":[");
		for (size_t k = 0; k < n; k++) {
			bn_buf_adds(&b, k ? "," : "");
			same_add_json(&table, &b, &table.columns[i], &asked[rows[k]][i], false);
		}
	}
	bn_buf_adds(&b, "]}}");
	check_list("/invocations, columns", post("/invocations", "application/json", &b), rows, n);
	bn_buf_clear(&b);
	bn_buf_adds(&b, "{\"dataframe_split\":{\"columns\":[");
	for (size_t i = 0; i < table.column_count; i++) {
		bn_buf_adds(&b, i ? "," : "");
		add_name(&b, i);
	}
	bn_buf_adds(&b, "],\"data\":[");
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < table.column_count; i++) {
			bn_buf_adds(&b, i ? "," : k ? ",[" : "[");
			same_add_json(&table, &b, &table.columns[i], &asked[rows[k]][i], false);
			bn_buf_adds(&b, i + 1 < table.column_count ? "" : "]");
		}
	bn_buf_adds(&b, "]}}");
	check_list("/invocations, split", post("/invocations", "application/json", &b), rows, n);
	bn_buf_release(&b);
}

static void tensor(bn_buf *b, size_t i, const size_t *rows, size_t n)
{
	const same_column *c = &table.columns[i];
	char shape[40];
	snprintf(shape, sizeof shape, "%zu", n);
	bn_buf_adds(b, b->ptr[b->len - 1] == '[' ? "{\"name\":" : ",{\"name\":");
	add_name(b, i);
	if (c->field.type == BN_TYPE_FIXED)
		snprintf(shape, sizeof shape, "%zu,%u", n, (unsigned)c->field.fixed_size);
	bn_buf_addf(b, ",\"shape\":[%s],\"datatype\":\"%s\",\"data\":[", shape, same_datatype(c));
	for (size_t k = 0; k < n; k++) {
		bn_buf_adds(b, k ? "," : "");
		same_add_json(&table, b, c, &asked[rows[k]][i], true);
	}
	bn_buf_adds(b, "]}");
}

static void tensors(bn_buf *b, const size_t *rows, size_t n)
{
	bn_buf_adds(b, "{\"inputs\":[");
	for (size_t i = 0; i < table.column_count; i++)
		if (same_datatype(&table.columns[i]))
			tensor(b, i, rows, n);
	bn_buf_adds(b, "]}");
}

static void ask_oip(const size_t *rows, size_t n)
{
	bn_buf b = BN_BUF_INIT;
	tensors(&b, rows, n);
	json_t *doc = post("/v2/models/same/infer", "application/json", &b);
	const json_t *list = json_object_get(doc, "outputs");
	const json_t *values = json_object_get(json_array_get(list, 0), "data");
	const json_t *all = json_object_get(json_array_get(list, 1), "data");
	for (size_t k = 0; k < n; k++) {
		double p[MAX_OUTPUTS];
		same_value("OIP", rows[k], json_array_get(values, k));
		for (size_t j = 0; all && j < outputs; j++)
			p[j] = json_number_value(json_array_get(all, k * outputs + j));
		if (all)
			same("OIP", rows[k], p);
	}
	json_decref(doc);
	bn_buf_release(&b);
}

/* ---- like `predict --endpoint` --------------------------------------------------------------- */

/* The input types in the server's metadata. */
static void served_types(bn_schema *as)
{
	bn_err err = BN_ERR_INIT;
	const bn_http_request r = {.method = "GET", .path = "/v2/models/same"};
	bn_http_response answer;
	size_t i;
	json_t *in;
	bn_http_response_init(&answer);
	bn_server_handle(worker, &r, &answer);
	json_t *doc = json_loadb(answer.body.ptr, answer.body.len, 0, NULL);
	ck_assert_ptr_nonnull(doc);
	json_array_foreach(json_object_get(doc, "inputs"), i, in)
	{
		bn_field f = {.nullable = true};
		const json_t *parameters = json_object_get(in, "parameters");
		const char *type = json_string_value(json_object_get(parameters, "type"));
		char *read = json_dumps(json_object_get(parameters, "read"), JSON_SORT_KEYS);
		f.read = bn_strdup(read);
		free(read);
		ck_assert_bn_ok(bn_field_parse_type(&f, type, &err), &err);
		ck_assert_bn_ok(bn_schema_add_field(as, &f,
					json_string_value(json_object_get(in, "name")), &err),
			&err);
		bn_field_release(&f);
	}
	json_decref(doc);
	bn_http_response_release(&answer);
}

static int ask_frame(void *user, const json_t *frame, bn_err *err)
{
	file_check *f = user;
	bn_buf text = BN_BUF_INIT;
	json_t *body = json_pack("{s:O}", "dataframe_split", frame);
	size_t n = json_array_size(json_object_get(frame, "data"));
	int rc = bn_json_canonical(body, &text, err);
	if (rc == 0)
		check_list(f->way, post("/invocations", "application/json", &text),
			f->rows + f->seen, n);
	f->seen += n;
	json_decref(body);
	bn_buf_release(&text);
	return rc;
}

static void ask_endpoint(const size_t *rows, size_t n)
{
	static const char *const files[] = {"ask.csv", "ask.arrow"}; /* written by ask_files */
	bn_schema as = BN_SCHEMA_INIT;
	served_types(&as);
	for (size_t k = 0; k < 2; k++) {
		bn_err err = BN_ERR_INIT;
		file_check f = {.way = k ? "--endpoint, Arrow" : "--endpoint, CSV", .rows = rows};
		const bn_frame_sink sink = {.block = ask_frame, .user = &f};
		ck_assert_bn_ok(bn_predict_frames(bn_env_real(), path_of(files[k]), &as, 5, &sink,
					NULL, &err),
			&err);
		ck_assert_uint_eq(f.seen, n);
	}
	bn_schema_release(&as);
}

/* ---- the test ------------------------------------------------------------------------------- */

static void ask_all_ways(const size_t *rows, size_t n)
{
	ask_files(rows, n);
	ask_predict(rows, n);
	ask_invocations(rows, n);
	ask_oip(rows, n);
	ask_endpoint(rows, n);
}

static void ask_all_rows(void)
{
	size_t order[ASKED];
	for (size_t r = 0; r < ASKED; r++) {
		size_t pair[] = {r, below(ASKED)};
		order[r] = r;
		ask_all_ways(&r, 1);
		ask_all_ways(pair, 2);
	}
	ask_all_ways(order, ASKED);
	for (size_t r = ASKED; r > 1; r--) {
		size_t k = below(r), last = order[r - 1];
		order[r - 1] = order[k];
		order[k] = last;
	}
	ask_all_ways(order, ASKED);
}

static void serve(const bn_trainer *trainer, bn_task task)
{
	bn_err err = BN_ERR_INIT;
	const bn_server_options o = {.policy = {.allow_unknown = true, .allow_extra = true}};
	train(trainer, task);
	ck_assert_bn_ok(bn_server_new(&server, bn_env_real(), (const bn_predictor *const *)&model,
				1, &o, &err),
		&err);
	ck_assert_bn_ok(bn_server_worker_new(&worker, server, &err), &err);
}

static void stop(void)
{
	bn_server_worker_free(worker);
	bn_server_free(server);
	bn_predictor_free(model);
	model = NULL;
}

START_TEST(test_a_row_has_one_answer_whichever_way_it_comes)
{
	const char *given = getenv("BINNACLE_SAME_ROUNDS");
	long rounds = given ? strtol(given, NULL, 10) : ROUNDS;
	for (long round = 1; round <= rounds; round++) {
		same_table_init(&table, (uint64_t)round);
		write_tables();
		for (size_t t = 0; t < bn_trainer_count(); t++)
			for (int task = BN_TASK_REGRESSION; task <= BN_TASK_CLASSIFICATION; task++)
				if (bn_trainer_get(t)->tasks >> task & 1) {
					serve(bn_trainer_get(t), (bn_task)task);
					ask_all_rows();
					stop();
				}
		same_table_release(&table);
	}
	printf("NOTE: %zu answers to %ld random tables, each what the test part says\n", answers,
		rounds);
}
END_TEST

/* ---- rows that every interface refuses -------------------------------------------------------- */

static void refused(const char *way, const char *words, const char *name, const char *said)
{
	ck_assert_msg(strstr(said, words) && strstr(said, name), "%s: %s", way, said);
}

static void refuses(const char *path, const char *type, const bn_buf *body, const char *name)
{
	const bn_http_header header = {"Content-Type", type};
	const bn_http_request r = {.method = "POST",
		.path = path,
		.headers = &header,
		.header_count = 1,
		.body = body->ptr,
		.body_len = body->len};
	bn_http_response answer;
	bn_http_response_init(&answer);
	bn_server_handle(worker, &r, &answer);
	ck_assert_int_eq(answer.status, 400);
	bn_buf_addch(&answer.body, '\0');
	refused(path, "missing", name, answer.body.ptr);
	bn_http_response_release(&answer);
}

/* The table lacks a column of the model: every error names it. */
static void ask_without(const char *name)
{
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	size_t row = 0;
	file_check f = {.rows = &row};
	const bn_predict_sink sink = {.rows = check_rows, .user = &f};
	const bn_frame_sink frames = {.block = ask_frame, .user = &f};
	bn_schema as = BN_SCHEMA_INIT;
	served_types(&as);
	same_write_arrow(&table, path_of("ask.arrow"), asked, &row, 1, &as_it_is);
	same_add_csv(&table, &b, asked, &row, 1);
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), path_of("ask.csv"), b.ptr, b.len, 0600, &err),
		&err);
	refuses("/predict", "text/csv", &b, name);
	refuses("/invocations", "text/csv", &b, name);
	for (int k = 0; k < 2; k++) {
		const char *path = path_of(k ? "ask.csv" : "ask.arrow");
		bn_err_clear(&err);
		ck_assert_int_eq(
			bn_predict_file(bn_env_real(), model, path, true, &sink, NULL, &err),
			BN_EINVAL);
		refused("a file", "which the model needs", name, err.msg);
		bn_err_clear(&err);
		ck_assert_int_eq(
			bn_predict_frames(bn_env_real(), path, &as, 5, &frames, NULL, &err),
			BN_EINVAL);
		refused("--endpoint", "which the model needs", name, err.msg);
	}
	bn_buf_clear(&b);
	row_object(&b, row);
	refuses("/predict", "application/json", &b, name);
	bn_buf_clear(&b);
	tensors(&b, &row, 1);
	refuses("/v2/models/same/infer", "application/json", &b, name);
	bn_schema_release(&as);
	bn_buf_release(&b);
}

START_TEST(test_a_missing_column_is_named_whichever_way_it_is_missed)
{
	const bn_trainer *ridge = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_trainer_find(&ridge, "ridge", &err), &err);
	same_table_init(&table, 5);
	write_tables();
	serve(ridge, BN_TASK_REGRESSION);
	/* Removes the last column of which the model uses every element. */
	while (table.column_count) {
		const same_column *last = &table.columns[--table.column_count];
		int input = bn_predictor_find_input(model, last->name, strlen(last->name));
		if (input < 0)
			continue;
		ask_without(last->name);
		break;
	}
	ck_assert_uint_gt(table.column_count, 0);
	stop();
	same_table_release(&table);
}
END_TEST

BN_TEST_MAIN("core/serve/same_answers", test_a_row_has_one_answer_whichever_way_it_comes,
	test_a_missing_column_is_named_whichever_way_it_is_missed)
