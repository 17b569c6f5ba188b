/*
 * The same row has the same answer, bit for bit: alone, in pairs, shuffled and among all, from a CSV file, an Arrow
 * file, /predict, /invocations, the Open Inference Protocol, and as the test part of training. Tables, types, values and their
 * spellings are random. BINNACLE_SAME_ROUNDS=N tries N tables instead of a few.
 */
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/learn/columns.h"
#include "core/learn/evaluate.h"
#include "core/learn/trainer.h"
#include "core/predict/predict_file.h"
#include "core/serve/server.h"
#include "core/source/csv.h"
#include "core/source/csv_write.h"
#include "tests/support/check_main.h"
#include "tests/support/tiny_model.h"
#include "tests/support/train_data.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { TRAIN_ROWS = 80, ASKED = 14, MAX_COLUMNS = 20, MAX_OUTPUTS = 3, ROUNDS = 2 };

/* Texts of categories that other readers take for bools, numbers, times or nothing. The last is in no training table. */
static const char *const words[] = {"True", "False", "true", "1.0", "2.50", "007", "+5", "1e3",
	"-0", "NA", "nan", "2024-01-01", "12:00", "inf", "a,b", "say \"so\"", " a ", "caf\xc3\xa9",
	"123456789012345678901", "9007199254740993", "x", "never seen"};
enum { WORDS = sizeof words / sizeof *words - 1 };

typedef struct cell {
	bool absent;
	double number; /* also 0 or 1 */
	int64_t whole; /* integers, times */
	const char *text;
} cell;

typedef struct column {
	char name[16];
	bn_type type;
	size_t first_word, word_count;
} column;

static uint64_t seed;
static column columns[MAX_COLUMNS];
static size_t column_count;
static cell asked[ASKED][MAX_COLUMNS];
static double want[ASKED][MAX_OUTPUTS];
static size_t outputs;
static bn_predictor *model;
static bn_server *server;
static bn_server_worker *worker;
static size_t answers; /* compared so far */

static size_t below(size_t n)
{
	return (size_t)(train_data_uniform(&seed) * (double)n);
}

/* ---- random tables -------------------------------------------------------------------------- */

static void choose_columns(void)
{
	column_count = 0;
	for (int t = 0; t < BN_TYPE_COUNT; t++) {
		size_t copies = t == BN_TYPE_STRING ? 0 : t == BN_TYPE_CATEGORY ? 4 : 1 + below(2);
		for (size_t k = 0; k < copies && column_count < MAX_COLUMNS; k++) {
			column *c = &columns[column_count];
			snprintf(c->name, sizeof c->name, "c%zu", column_count++);
			c->type = (bn_type)t;
			c->word_count = 2 + below(4);
			c->first_word = below(WORDS - c->word_count + 1);
		}
	}
}

static cell random_cell(const column *c, bool trained)
{
	cell v = {.absent = below(12) == 0};
	double u = train_data_uniform(&seed) * 2000 - 1000;
	v.whole = (int64_t)u;
	switch (c->type) {
	case BN_TYPE_FLOAT64:
		v.number = below(3) ? u : (double)v.whole;
		break;
	case BN_TYPE_FLOAT32:
		v.number = (double)(float)(below(2) ? u : (double)v.whole / 10);
		break;
	case BN_TYPE_INT64:
		v.whole = below(4) ? v.whole : v.whole * 9007199254740993;
		break;
	case BN_TYPE_BOOL:
		v.whole = (int64_t)below(2);
		break;
	case BN_TYPE_TIMESTAMP:
		v.whole = 1700000000000000000 + v.whole * 86400000000123;
		break;
	case BN_TYPE_CATEGORY:
		v.text = !trained && below(6) == 0 ? words[WORDS]
						   : words[c->first_word + below(c->word_count)];
		break;
	default:
		v.whole = (int64_t)below(100);
	}
	if (c->type != BN_TYPE_FLOAT64 && c->type != BN_TYPE_FLOAT32)
		v.number = (double)v.whole;
	return v;
}

static void put_cell(bn_table_writer *w, size_t at, const column *c, const cell *v)
{
	if (v->absent)
		return;
	if (c->type == BN_TYPE_CATEGORY)
		bn_table_row_text(w, at, v->text, strlen(v->text));
	else if (c->type == BN_TYPE_BOOL)
		bn_table_row_bool(w, at, v->whole != 0);
	else if (c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32)
		bn_table_row_f64(w, at, v->number);
	else
		bn_table_row_i64(w, at, v->whole);
}

static const char *path_of(const char *name)
{
	static char path[4][300];
	static unsigned n;
	char *p = path[n++ % 4];
	snprintf(p, sizeof path[0], "%.200s/%.60s", tiny_dir(), name);
	return p;
}

static bn_table_writer *open_table(const char *name)
{
	bn_err err = BN_ERR_INIT;
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	for (size_t i = 0; i < column_count; i++)
		ck_assert_bn_ok(
			bn_schema_add(&s, columns[i].name, columns[i].type, true, NULL, &err),
			&err);
	ck_assert_bn_ok(bn_schema_add(&s, "number", BN_TYPE_FLOAT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "class", BN_TYPE_CATEGORY, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path_of(name), &s, &err), &err);
	bn_schema_release(&s);
	return w;
}

static void end_row(bn_table_writer *w, size_t r)
{
	static const char *const classes[] = {"a", "b", "c"};
	bn_err err = BN_ERR_INIT;
	bn_table_row_f64(w, column_count, train_data_uniform(&seed));
	bn_table_row_text(w, column_count + 1, classes[r % 3], 1);
	ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
}

static void close_table(bn_table_writer *w)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
}

static void write_training(void)
{
	bn_table_writer *w = open_table("train.arrow");
	for (size_t r = 0; r < TRAIN_ROWS; r++) {
		for (size_t i = 0; i < column_count; i++) {
			cell v = random_cell(&columns[i], true);
			put_cell(w, i, &columns[i], &v);
		}
		end_row(w, r);
	}
	close_table(w);
}

static void write_asked(const char *name, const size_t *rows, size_t n)
{
	bn_table_writer *w = open_table(name);
	for (size_t k = 0; k < n; k++) {
		for (size_t i = 0; i < column_count; i++)
			put_cell(w, i, &columns[i], &asked[rows[k]][i]);
		end_row(w, k);
	}
	close_table(w);
}

/* ---- the model, and what the test part says ------------------------------------------------- */

/* A table as a part of training's data. */
typedef struct table_part {
	bn_part part;
	size_t columns[MAX_COLUMNS + 2];
} table_part;

static void open_part(table_part *p, const char *name)
{
	bn_err err = BN_ERR_INIT;
	*p = (table_part){.part = {.columns = p->columns, .column_count = column_count + 2}};
	for (size_t i = 0; i < p->part.column_count; i++)
		p->columns[i] = i;
	ck_assert_bn_ok(bn_table_open(&p->part.table, bn_env_real(), path_of(name), &err), &err);
	p->part.rows = bn_table_rows(p->part.table);
}

static bn_features *learn_features(const table_part *train, bool regression)
{
	bn_err err = BN_ERR_INIT;
	const char *other = regression ? "class" : "number";
	const bn_features_options opt = {
		.target = regression ? "number" : "class", .excluded = &other, .excluded_count = 1};
	bn_part_columns *all = NULL;
	bn_features *f = NULL;
	ck_assert_bn_ok(bn_part_columns_open(&all, &train->part, &err), &err);
	bn_columns view = bn_part_columns_view(all);
	ck_assert_bn_ok(bn_features_learn(&f, &view, &opt, 1, &err), &err);
	bn_part_columns_free(all);
	return f;
}

/* What the test part gets: want. */
static void score_part(const bn_estimator *e, const bn_features *f, const table_part *test)
{
	bn_err err = BN_ERR_INIT;
	bn_rows *rows = NULL;
	bn_block block;
	double *scratch = bn_alloc((bn_estimator_scratch(e) + 1) * sizeof *scratch);
	double *out = bn_alloc(ASKED * outputs * sizeof *out);
	ck_assert_bn_ok(bn_rows_open(&rows, &test->part, f, "test", NULL, 1, &err), &err);
	ck_assert_bn_ok(bn_rows_want(rows, BN_WANT_ONE_PASS, &err), &err);
	while (bn_rows_next(rows, &block, &err) == 1) {
		bn_estimator_predict(e, block.f64, block.rows, out, scratch);
		for (size_t i = 0; i < block.rows * outputs; i++)
			want[block.first + i / outputs][i % outputs] = out[i];
	}
	ck_assert_uint_eq(bn_rows_about(rows)->rows, ASKED);
	bn_rows_free(rows);
	bn_free(scratch);
	bn_free(out);
}

static void train(const bn_trainer *trainer, bn_task task)
{
	bn_err err = BN_ERR_INIT;
	table_part training, test;
	bn_estimator *e = NULL;
	bn_rows *rows = NULL;
	open_part(&training, "train.arrow");
	open_part(&test, "all.arrow");
	bn_features *f = learn_features(&training, task == BN_TASK_REGRESSION);
	ck_assert_bn_ok(bn_rows_open(&rows, &training.part, f, "training", NULL, 1, &err), &err);
	bn_fit_request r = {.task = task,
		.classes = bn_features_class_count(f),
		.train = rows,
		.seed = seed,
		.threads = 1};
	ck_assert_bn_ok(bn_trainer_fit(&e, trainer, &r, &err), &err);
	outputs = e->outputs;
	score_part(e, f, &test);
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
	bn_table_reader_free(test.part.table);
}

static void same(const char *way, size_t row, const double *got)
{
	answers++;
	ck_assert_msg(!memcmp(got, want[row], outputs * sizeof *got),
		"%s: row %zu: %.17g, the test part says %.17g", way, row, got[0], want[row][0]);
}

/* ---- files ---------------------------------------------------------------------------------- */

static void csv_cell(bn_buf *b, const column *c, const cell *v)
{
	static const char *const absent[] = {"", "NA", "nan", "None"};
	static const char *const truths[2][4] = {
		{"false", "False", "FALSE", "0"}, {"true", "True", "TRUE", "1"}};
	char text[BN_FMT], stamp[BN_TIMESTAMP_TEXT];
	if (v->absent) {
		bn_buf_adds(b, absent[below(4)]);
		return;
	}
	switch (c->type) {
	case BN_TYPE_CATEGORY: /* in quotes where the bare text says something else */
		if (!strcmp(v->text, "NA") || !strcmp(v->text, "nan"))
			bn_buf_addf(b, "\"%s\"", v->text);
		else
			bn_csv_add_field(b, v->text, strlen(v->text), ',');
		break;
	case BN_TYPE_BOOL:
		bn_buf_adds(b, truths[v->whole][below(4)]);
		break;
	case BN_TYPE_TIMESTAMP:
		if (below(2))
			bn_buf_adds(b, bn_timestamp_iso(v->whole, stamp));
		else
			bn_buf_addf(b, "%" PRId64, v->whole);
		break;
	case BN_TYPE_FLOAT64:
	case BN_TYPE_FLOAT32:
		if (below(2))
			bn_buf_adds(b, bn_fmt_f64(v->number, text));
		else
			bn_buf_addf(b, c->type == BN_TYPE_FLOAT32 ? "%.9g" : "%.17e", v->number);
		break;
	default:
		bn_buf_addf(b, below(3) || v->whole < 0 ? "%" PRId64 : "+%" PRId64, v->whole);
	}
}

static void csv_text(bn_buf *b, const size_t *rows, size_t n)
{
	for (size_t i = 0; i < column_count; i++)
		bn_buf_addf(b, "%s%s", i ? "," : "", columns[i].name);
	bn_buf_addch(b, '\n');
	for (size_t k = 0; k < n; k++) {
		for (size_t i = 0; i < column_count; i++) {
			if (i)
				bn_buf_addch(b, ',');
			csv_cell(b, &columns[i], &asked[rows[k]][i]);
		}
		bn_buf_addch(b, '\n');
	}
}

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
	const bn_predict_sink sink = {check_rows, &f, NULL};
	ck_assert_bn_ok(bn_predict_file(bn_env_real(), model, path, true, &sink, NULL, &err), &err);
	ck_assert_uint_eq(f.seen, n);
}

static void ask_files(const size_t *rows, size_t n)
{
	bn_err err = BN_ERR_INIT;
	bn_buf b = BN_BUF_INIT;
	csv_text(&b, rows, n);
	const char *path = path_of("ask.csv");
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), path, b.ptr, b.len, 0600, &err), &err);
	for (int level = 0; level < 3; level++) {
		bn_csv_limit_isa(level);
		ask_file("a CSV file", path, rows, n);
	}
	bn_csv_limit_isa(0);
	write_asked("ask.arrow", rows, n);
	ask_file("an Arrow file", path_of("ask.arrow"), rows, n);
	bn_buf_release(&b);
}

/* ---- requests ------------------------------------------------------------------------------- */

static void json_cell(bn_buf *b, const column *c, const cell *v)
{
	char text[BN_FMT], stamp[BN_TIMESTAMP_TEXT];
	if (v->absent)
		bn_buf_adds(b, "null");
	else if (c->type == BN_TYPE_CATEGORY)
		bn_buf_add_json_string(b, v->text, strlen(v->text));
	else if (c->type == BN_TYPE_BOOL)
		bn_buf_adds(b, v->whole ? "true" : "false");
	else if (c->type == BN_TYPE_TIMESTAMP && below(2))
		bn_buf_addf(b, "\"%s\"", bn_timestamp_iso(v->whole, stamp));
	else if (c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32)
		bn_buf_adds(b, bn_fmt_f64(v->number, text));
	else
		bn_buf_addf(b, "%" PRId64, v->whole);
}

/* In any order of fields. */
static void row_object(bn_buf *b, size_t row)
{
	size_t from = below(column_count);
	bn_buf_addch(b, '{');
	for (size_t k = 0; k < column_count; k++) {
		size_t i = (from + k) % column_count;
		bn_buf_addf(b, "%s\"%s\":", k ? "," : "", columns[i].name);
		json_cell(b, &columns[i], &asked[row][i]);
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

/* An answer without probabilities tells the class alone. */
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
	csv_text(&b, rows, n);
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
	bn_buf_adds(&b, "{\"dataframe_split\":{\"columns\":[");
	for (size_t i = 0; i < column_count; i++)
		bn_buf_addf(&b, "%s\"%s\"", i ? "," : "", columns[i].name);
	bn_buf_adds(&b, "],\"data\":[");
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < column_count; i++) {
			bn_buf_adds(&b, i ? "," : k ? ",[" : "[");
			json_cell(&b, &columns[i], &asked[rows[k]][i]);
			bn_buf_adds(&b, i + 1 < column_count ? "" : "]");
		}
	bn_buf_adds(&b, "]}}");
	check_list("/invocations, split", post("/invocations", "application/json", &b), rows, n);
	bn_buf_release(&b);
}

static void tensor(bn_buf *b, size_t i, const size_t *rows, size_t n)
{
	const column *c = &columns[i];
	const char *type = c->type == BN_TYPE_CATEGORY                                ? "BYTES"
			   : c->type == BN_TYPE_BOOL                                  ? "BOOL"
			   : c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32 ? "FP64"
										      : "INT64";
	bn_buf_addf(b, "%s{\"name\":\"%s\",\"shape\":[%zu],\"datatype\":\"%s\",\"data\":[",
		i ? "," : "", c->name, n, type);
	for (size_t k = 0; k < n; k++) {
		const cell *v = &asked[rows[k]][i];
		bn_buf_adds(b, k ? "," : "");
		if (c->type == BN_TYPE_TIMESTAMP && !v->absent)
			bn_buf_addf(b, "%" PRId64, v->whole);
		else
			json_cell(b, c, v);
	}
	bn_buf_adds(b, "]}");
}

static void ask_oip(const size_t *rows, size_t n)
{
	bn_buf b = BN_BUF_INIT;
	bn_buf_adds(&b, "{\"inputs\":[");
	for (size_t i = 0; i < column_count; i++)
		tensor(&b, i, rows, n);
	bn_buf_adds(&b, "]}");
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

/* ---- the test ------------------------------------------------------------------------------- */

static void ask_all_ways(const size_t *rows, size_t n)
{
	ask_files(rows, n);
	ask_predict(rows, n);
	ask_invocations(rows, n);
	ask_oip(rows, n);
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

static void try_trainer(const bn_trainer *trainer, bn_task task)
{
	bn_err err = BN_ERR_INIT;
	const bn_server_options o = {.policy = {.allow_unknown = true, .allow_extra = true}};
	train(trainer, task);
	ck_assert_bn_ok(bn_server_new(&server, bn_env_real(), (const bn_predictor *const *)&model,
				1, &o, &err),
		&err);
	ck_assert_bn_ok(bn_server_worker_new(&worker, server, &err), &err);
	ask_all_rows();
	bn_server_worker_free(worker);
	bn_server_free(server);
	bn_predictor_free(model);
	model = NULL;
}

START_TEST(test_a_row_has_one_answer_whichever_way_it_comes)
{
	const char *given = getenv("BINNACLE_SAME_ROUNDS");
	long rounds = given ? strtol(given, NULL, 10) : ROUNDS;
	size_t order[ASKED];
	for (long round = 1; round <= rounds; round++) {
		seed = (uint64_t)round;
		choose_columns();
		write_training();
		for (size_t r = 0; r < ASKED; r++) {
			order[r] = r;
			for (size_t i = 0; i < column_count; i++)
				asked[r][i] = random_cell(&columns[i], false);
		}
		write_asked("all.arrow", order, ASKED);
		for (size_t t = 0; t < bn_trainer_count(); t++)
			for (int task = BN_TASK_REGRESSION; task <= BN_TASK_CLASSIFICATION; task++)
				if (bn_trainer_get(t)->tasks >> task & 1)
					try_trainer(bn_trainer_get(t), (bn_task)task);
	}
	printf("NOTE: %zu answers to %ld random tables, each what the test part says\n", answers,
		rounds);
}
END_TEST

BN_TEST_MAIN("core/serve/same_answers", test_a_row_has_one_answer_whichever_way_it_comes)
