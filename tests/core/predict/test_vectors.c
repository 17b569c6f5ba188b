/*
 * Columns of vectors as inputs of a model: learnt as their elements, stored in features.json, requested as arrays; and
 * structs as objects within a row. That all interfaces give the same answers: tests/core/serve/test_same_answers.c.
 */
#include "core/base/env.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/learn/trainer.h"
#include "core/predict/predict_file.h"
#include "core/serve/server.h"
#include "tests/support/check_main.h"
#include "tests/support/tiny_model.h"

#include <math.h>
#include <string.h>

enum { ROWS = 40, SIZE = 3 };

static bn_features *features;
static bn_predictor *predictor;
static bn_session *session;

static const char *path_of(const char *name)
{
	static char path[300];
	snprintf(path, sizeof path, "%.200s/%.60s", tiny_dir(), name);
	return path;
}

static int short_row = -1; /* in a table of lists: has one value less, and the next row one more */

/* Columns "emb" of that type and "y"; also: the name of a further column of numbers, or NULL. Element 2 is always
 * absent. */
static void write_table(const char *path, const char *type, const char *also)
{
	static float values[ROWS * SIZE];
	static double y[ROWS];
	static int32_t ends[ROWS + 1];
	static const uint8_t validity[ROWS / 8] = {0xfe, 0xff, 0xff, 0xff, 0xff};
	bn_err err = BN_ERR_INIT;
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_field f = {.nullable = true};
	ck_assert_bn_ok(bn_field_parse_type(&f, type, &err), &err);
	ck_assert_bn_ok(bn_schema_add_field(&s, &f, "emb", &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "y", BN_TYPE_FLOAT64, true, NULL, &err), &err);
	if (also)
		ck_assert_bn_ok(bn_schema_add(&s, also, BN_TYPE_FLOAT64, true, NULL, &err), &err);
	for (int r = 0; r < ROWS; r++) {
		for (int k = 0; k < SIZE; k++)
			values[r * SIZE + k] = k == 2 ? NAN : (float)(r * (k + 1) % 7);
		y[r] = 3 * values[r * SIZE] - values[r * SIZE + 1];
		ends[r + 1] = (r + 1) * SIZE - (r == short_row);
	}
	bn_column child = bn_column_of(f.child), columns[3] = {bn_column_of(&f)};
	child.rows = ROWS * SIZE;
	child.f32 = values;
	columns[0].rows = ROWS;
	columns[0].child = &child;
	columns[0].validity = validity; /* row 0 is absent */
	columns[0].nulls = 1;
	if (f.type == BN_TYPE_LIST)
		columns[0].ends = ends;
	columns[1] = (bn_column){.type = BN_TYPE_FLOAT64, .rows = ROWS, .f64 = y};
	columns[2] = columns[1];
	const bn_batch b = {.rows = ROWS, .column_count = s.count, .columns = columns};
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &s, &err), &err);
	ck_assert_bn_ok(bn_table_write_batch(w, &b, &err), &err);
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_field_release(&f);
	bn_schema_release(&s);
}

static void open_part(bn_part *p, const char *path)
{
	static const size_t columns[] = {0, 1, 2};
	bn_err err = BN_ERR_INIT;
	*p = (bn_part){.columns = columns};
	ck_assert_bn_ok(bn_table_open(&p->table, bn_env_real(), path, &err), &err);
	p->column_count = bn_table_schema(p->table)->count;
	p->rows = bn_table_rows(p->table);
}

static int learn(const bn_part *p, const char *const *inputs, size_t n, bn_err *err)
{
	const bn_features_options opt = {.target = "y", .inputs = inputs, .input_count = n};
	return bn_features_learn(&features, p, &opt, 1, err);
}

static void train(const char *also)
{
	bn_err err = BN_ERR_INIT;
	const bn_trainer *ridge = NULL;
	bn_part p;
	bn_rows *rows = NULL;
	bn_estimator *e = NULL;
	write_table(path_of("train.arrow"), "fixed<float32,3>", also);
	open_part(&p, path_of("train.arrow"));
	ck_assert_bn_ok(learn(&p, NULL, 0, &err), &err);
	ck_assert_bn_ok(bn_rows_open(&rows, &p, features, "training", NULL, 1, &err), &err);
	ck_assert_bn_ok(bn_trainer_find(&ridge, "ridge", &err), &err);
	const bn_fit_request r = {.task = BN_TASK_REGRESSION, .train = rows, .threads = 1};
	ck_assert_bn_ok(bn_trainer_fit(&e, ridge, &r, &err), &err);
	const bn_model_about about = {.name = "vectors"};
	ck_assert_bn_ok(
		bn_model_save(bn_env_real(), NULL, path_of("model"), e, features, &about, &err),
		&err);
	ck_assert_bn_ok(bn_predictor_open_dir(&predictor, bn_env_real(), path_of("model"), NULL,
				NULL, NULL, &err),
		&err);
	ck_assert_bn_ok(bn_session_new(&session, predictor, NULL, &err), &err);
	bn_rows_free(rows);
	bn_estimator_free(e);
	bn_table_reader_free(p.table);
}

static void end(void)
{
	bn_session_free(session);
	bn_predictor_free(predictor);
	bn_features_free(features);
}

/* The answer to a row, or NaN with the error set. */
static double ask(const char *json, bn_err *err)
{
	json_t *row = json_loads(json, 0, NULL);
	ck_assert_ptr_nonnull(row);
	bn_err_clear(err);
	int rc = bn_session_begin(session, 1, err);
	if (rc == 0)
		rc = bn_session_set_object(session, 0, row, err);
	if (rc == 0)
		rc = bn_session_run(session, err);
	json_decref(row);
	return rc == 0 ? bn_session_prediction(session, 0) : NAN;
}

START_TEST(test_a_vector_is_its_elements)
{
	bn_err err = BN_ERR_INIT;
	bn_schema s = BN_SCHEMA_INIT;
	char type[BN_TYPE_TEXT];
	train(NULL);
	const bn_features *f = bn_predictor_features(predictor);
	ck_assert_uint_eq(bn_features_input_count(f), 2);
	ck_assert_str_eq(bn_features_input(f, 1)->name, "emb[1]");
	ck_assert_int_eq(bn_features_input(f, 1)->type, BN_TYPE_FLOAT32);
	ck_assert_uint_eq(bn_features_input(f, 1)->missing, 1);
	ck_assert_str_eq(bn_features_skipped(f, 0), "emb[2]: no value in the 40 training rows");
	ck_assert_uint_eq(bn_features_source_count(f), 1);
	ck_assert_bn_ok(bn_predictor_schema(&s, predictor, &err), &err);
	ck_assert_uint_eq(s.count, 1);
	ck_assert_str_eq(s.fields[0].name, "emb");
	ck_assert_str_eq(bn_field_type_text(&s.fields[0], type), "fixed<float32,3>");
	double x = ask("{\"emb\":[5,2,null]}", &err);
	ck_assert_msg(fabs(x - 13) < 1, "%g %s", x, err.msg);
	ck_assert_double_eq(ask("{\"emb\":[5,2,7]}", &err), x);
	ck_assert_double_eq(ask("{\"emb[0]\":5,\"emb[1]\":2}", &err), x);
	ck_assert_double_eq(ask("{\"emb\":null}", &err), ask("{\"emb\":[null,null,null]}", &err));
	bn_schema_release(&s);
	end();
}
END_TEST

START_TEST(test_what_is_no_such_vector_has_words)
{
	static const struct {
		const char *row, *words;
	} bad[] = {{"{\"emb\":[1,2]}", "field 'emb': expected an array of 3 numbers, got 2"},
		{"{\"emb\":[1,2,3,4]}", "expected an array of 3 numbers, got 4"},
		{"{\"emb\":\"[1,2,3]\"}", "got string \"[1,2,3]\""},
		{"{\"emb\":1}", "got another value"}, {"{\"emb\":[1,\"x\",3]}", "field 'emb[1]'"},
		{"{\"emb\":[1,[2],3]}", "field 'emb[1]': expected a number, got an array"},
		{"{\"emb[0]\":1}", "missing field 'emb[1]'"}, {"{\"embed\":[1,2,3]}", "unknown"},
		{"{}", "missing field 'emb'"},
		{"{\"emb\":[1,2,3],\"emb[1]\":2}", "field 'emb[1]' is there twice"},
		{"{\"emb[1]\":2,\"emb\":[1,2,3]}", "field 'emb[1]' is there twice"}};
	bn_err err = BN_ERR_INIT;
	train(NULL);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert(isnan(ask(bad[i].row, &err)));
		ck_assert_msg(strstr(err.msg, bad[i].words), "%s: %s", bad[i].row, err.msg);
	}
	end();
}
END_TEST

START_TEST(test_a_struct_is_an_object_of_the_fields_of_its_path)
{
	static const struct {
		const char *row, *words;
	} bad[] = {{"{\"emb\":null,\"p.q\":{\"a.b\":1},\"p\\\\.q.a\\\\.b\":1}", "is there twice"},
		{"{\"emb\":null,\"p.q\":{\"x\":1}}", "unknown field 'p\\.q.x'"},
		{"{\"emb\":null,\"p.q\":{}}", "unknown field 'p\\.q'"},
		{"{\"emb\":null,\"p.q\":1}", "unknown field 'p\\.q'"},
		{"{\"emb\":null,\"p.q\":{\"a.b\":\"x\"}}",
			"field 'p\\.q.a\\.b': expected a number"}};
	bn_err err = BN_ERR_INIT;
	train("p\\.q.a\\.b");
	double x = ask("{\"emb\":[5,2,null],\"p\\\\.q.a\\\\.b\":3}", &err);
	ck_assert_msg(isfinite(x), "%s", err.msg);
	ck_assert_double_eq(ask("{\"emb\":[5,2,null],\"p.q\":{\"a.b\":3}}", &err), x);
	x = ask("{\"emb\":[5,2,null],\"p\\\\.q.a\\\\.b\":null}", &err);
	ck_assert_double_eq(ask("{\"emb\":[5,2,null],\"p.q\":null}", &err), x);
	ck_assert_double_eq(ask("{\"emb\":[5,2,null],\"p.q\":{\"a.b\":null}}", &err), x);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert(isnan(ask(bad[i].row, &err)));
		ck_assert_msg(strstr(err.msg, bad[i].words), "%s: %s", bad[i].row, err.msg);
	}
	end();
}
END_TEST

/* A model with one column, of vectors, whose last element had no values in training. */
START_TEST(test_a_server_takes_vectors_by_name_and_by_place)
{
	static const struct {
		const char *path, *body;
	} ways[] = {{"/predict", "{\"emb\":[5,2,1]}"}, {"/predict", "[[[5,2,1]]]"},
		{"/predict", "{\"emb[0]\":5,\"emb[1]\":2}"},
		{"/invocations", "{\"instances\":[{\"emb\":[5,2,null]}]}"},
		{"/invocations", "{\"inputs\":{\"emb\":[[5,2,1]]}}"},
		{"/invocations",
			"{\"dataframe_split\":{\"columns\":[\"emb\"],\"data\":[[[5,2,1]]]}}"},
		{"/v2/models/vectors/infer",
			"{\"inputs\":[{\"name\":\"emb\",\"shape\":[1,3],\"datatype\":\"FP32\","
			"\"data\":[5,2,1]}]}"},
		{"/v2/models/vectors/infer",
			"{\"inputs\":[{\"name\":\"input-0\",\"shape\":[1,3],\"datatype\":\"FP32\","
			"\"data\":[[5,2,1]]}]}"}};
	static const bn_http_header header = {"Content-Type", "application/json"};
	const bn_server_options o = {.policy = {.allow_unknown = true}};
	bn_err err = BN_ERR_INIT;
	bn_server *server = NULL;
	bn_server_worker *worker = NULL;
	char want[BN_FMT];
	train(NULL);
	bn_fmt_f64(ask("{\"emb\":[5,2,1]}", &err), want);
	ck_assert_bn_ok(bn_server_new(&server, bn_env_real(),
				(const bn_predictor *const *)&predictor, 1, &o, &err),
		&err);
	ck_assert_bn_ok(bn_server_worker_new(&worker, server, &err), &err);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		const bn_http_request r = {.method = "POST",
			.path = ways[i].path,
			.headers = &header,
			.header_count = 1,
			.body = ways[i].body,
			.body_len = strlen(ways[i].body)};
		bn_http_response answer;
		bn_http_response_init(&answer);
		bn_server_handle(worker, &r, &answer);
		bn_buf_addch(&answer.body, '\0');
		ck_assert_msg(answer.status == 200 && strstr(answer.body.ptr, want), "%s: %s",
			ways[i].body, answer.body.ptr);
		bn_http_response_release(&answer);
	}
	bn_server_worker_free(worker);
	bn_server_free(server);
	end();
}
END_TEST

static int count_rows(void *user, const bn_session *s, uint64_t first_row, bn_err *err)
{
	(void)first_row;
	(void)err;
	*(size_t *)user += bn_session_rows(s);
	return 0;
}

static int predict(const char *name, size_t *rows, bn_err *err)
{
	const bn_predict_sink sink = {.rows = count_rows, .user = rows};
	*rows = 0;
	bn_err_clear(err);
	return bn_predict_file(bn_env_real(), predictor, path_of(name), false, &sink, NULL, err);
}

static int open_rows(const char *name, bn_err *err)
{
	bn_part p;
	bn_rows *rows = NULL;
	bn_err_clear(err);
	open_part(&p, path_of(name));
	int rc = bn_rows_open(&rows, &p, features, "test", NULL, 1, err);
	bn_rows_free(rows);
	bn_table_reader_free(p.table);
	return rc;
}

static int score(const char *name, bn_err *err)
{
	bn_part p;
	bn_rows *rows = NULL;
	bn_block block;
	bn_err_clear(err);
	open_part(&p, path_of(name));
	int rc = bn_rows_open(&rows, &p, features, "test", NULL, 1, err);
	if (rc == 0)
		rc = bn_rows_next(rows, &block, err);
	bn_rows_free(rows);
	bn_table_reader_free(p.table);
	return rc;
}

START_TEST(test_lists_of_the_right_length_are_vectors)
{
	bn_err err = BN_ERR_INIT;
	size_t rows;
	train(NULL);
	write_table(path_of("list.arrow"), "list<float32>", NULL);
	ck_assert_bn_ok(predict("list.arrow", &rows, &err), &err);
	ck_assert_uint_eq(rows, ROWS);
	ck_assert_int_eq(score("list.arrow", &err), 1);
	/* reported when the part is opened, before fitting */
	short_row = 7;
	write_table(path_of("ragged.arrow"), "list<float32>", NULL);
	short_row = -1;
	ck_assert_int_eq(open_rows("ragged.arrow", &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "test: row 8: column 'emb' has 2 values, the model needs 3");
	write_table(path_of("short.arrow"), "fixed<float32,2>", NULL);
	ck_assert_int_eq(predict("short.arrow", &rows, &err), BN_EINVAL);
	ck_assert_msg(strstr(err.msg, "row 2: column 'emb': expected an array of 3 numbers, got 2"),
		"%s", err.msg);
	ck_assert_int_eq(open_rows("short.arrow", &err), BN_EINVAL);
	ck_assert_str_eq(err.msg,
		"test: column 'emb' is fixed<float32,2>, the model needs 3 numbers in each row");
	end();
}
END_TEST

static int keep_answer(void *user, const bn_session *s, uint64_t first_row, bn_err *err)
{
	(void)first_row;
	(void)err;
	*(double *)user = bn_session_prediction(s, 0);
	return 0;
}

/* The answer to the row of a CSV file, or NaN with the error set. */
static double ask_file(const char *csv, bn_err *err)
{
	double answer = NAN;
	const bn_predict_sink sink = {.rows = keep_answer, .user = &answer};
	FILE *f = fopen(path_of("ask.csv"), "w");
	ck_assert_ptr_nonnull(f);
	fputs(csv, f);
	fclose(f);
	bn_err_clear(err);
	int rc = bn_predict_file(
		bn_env_real(), predictor, path_of("ask.csv"), false, &sink, NULL, err);
	return rc == 0 ? answer : NAN;
}

START_TEST(test_a_file_has_vectors_or_their_elements)
{
	static const struct {
		const char *csv, *row;
	} same[] = {{"emb\n\"[5,2,1]\"\n", "{\"emb\":[5,2,1]}"},
		{"emb[0],emb[1],emb[2]\n5,2,1\n", "{\"emb\":[5,2,1]}"},
		{"z,emb[1],emb[0]\nx,2,5\n", "{\"emb\":[5,2,1]}"},
		{"emb[0],emb[1]\n0.1,\n", "{\"emb\":[0.1,null,null]}"},
		{"emb[0],emb[1]\ninf,2\n", "{\"emb\":[null,2,null]}"},
		{"emb\n\"[inf,2,-Infinity]\"\n", "{\"emb\":[null,2,null]}"},
		{"emb\n\"[NaN, 2, nan]\"\n", "{\"emb\":[null,2,null]}"},
		/* lists as export writes them */
		{"emb\n\"[\"\"inf\"\",2,\"\"nan\"\"]\"\n", "{\"emb\":[null,2,null]}"},
		{"emb\n\"[\"\"-inf\"\",2,null]\"\n", "{\"emb\":[null,2,null]}"}};
	bn_err err = BN_ERR_INIT;
	train(NULL);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		double x = ask_file(same[i].csv, &err);
		ck_assert_msg(isfinite(x), "%s: %s", same[i].csv, err.msg);
		ck_assert_double_eq(x, ask(same[i].row, &err));
	}
	ck_assert(isnan(ask_file("emb[0],x\n5,2\n", &err)));
	ck_assert_msg(strstr(err.msg, "no column 'emb[1]'"), "%s", err.msg);
	ck_assert(isnan(ask_file("x\n5\n", &err)));
	ck_assert_msg(strstr(err.msg, "no column 'emb'"), "%s", err.msg);
	/* invalid cells: the error has file, row, column and the expected form */
	static const char *const bad[][2] = {{"\"[nanny,2,1]\"", "got '[nanny,2,1]'"},
		{"\"[5,2]\"", "got 2"}, {"\"[5,2,1,0]\"", "got 4"}, {"5", "got another value"},
		{"x", "got 'x'"}, {"\"{\"\"a\"\":1}\"", "got another value"}, {"[]", "got 0"}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char csv[80], want[120];
		snprintf(csv, sizeof csv, "emb\n\"[5,2,1]\"\n%s\n", bad[i][0]);
		snprintf(want, sizeof want,
			"ask.csv: row 2: column 'emb': expected an array of 3 numbers, %s",
			bad[i][1]);
		ck_assert(isnan(ask_file(csv, &err)));
		ck_assert_msg(strstr(err.msg, want), "%s: %s", csv, err.msg);
	}
	ck_assert(isnan(ask_file("emb\n\"[1,x,3]\"\n", &err)));
	ck_assert_msg(
		strstr(err.msg, "ask.csv: row 1: column 'emb': expected an array"), "%s", err.msg);
	ck_assert(isnan(ask_file("emb\n\"[1,true,3]\"\n", &err)));
	ck_assert_msg(
		strstr(err.msg, "ask.csv: row 1: column 'emb[1]': expected a number, got true"),
		"%s", err.msg);
	end();
}
END_TEST

START_TEST(test_names_of_elements_are_nobody_elses)
{
	static const char *const only[] = {"emb"}, *const none[] = {"emb[1]"};
	bn_err err = BN_ERR_INIT;
	bn_part p;
	write_table(path_of("both.arrow"), "fixed<float32,3>", "emb[1]");
	open_part(&p, path_of("both.arrow"));
	ck_assert_int_eq(learn(&p, NULL, 0, &err), BN_ECONFLICT);
	ck_assert_str_eq(err.msg, "column 'emb[1]' has the name of value 1 of column 'emb'");
	bn_table_reader_free(p.table);
	write_table(path_of("one.arrow"), "fixed<float32,3>", "z");
	open_part(&p, path_of("one.arrow"));
	ck_assert_bn_ok(learn(&p, only, 1, &err), &err);
	ck_assert_uint_eq(bn_features_input_count(features), 2);
	bn_features_free(features);
	ck_assert_bn_ok(learn(&p, none, 1, &err), &err); /* a single element */
	ck_assert_uint_eq(bn_features_input_count(features), 1);
	bn_features_free(features);
	bn_table_reader_free(p.table);
}
END_TEST

static int read_inputs(const char *inputs, bn_err *err)
{
	json_t *doc = NULL, *list = json_loads(inputs, 0, NULL);
	bn_features *f = NULL;
	ck_assert_ptr_nonnull(list);
	doc = json_pack("{s:s, s:s, s:s, s:{s:s, s:s}, s:[], s:o}", "format", "binnacle.features/1",
		"task", "regression", "impute", "mean", "target", "name", "y", "kind", "number",
		"skipped", "inputs", list);
	bn_err_clear(err);
	int rc = bn_features_from_json(&f, doc, err);
	bn_features_free(f);
	json_decref(doc);
	return rc;
}

#define INPUT(name, column, element, elements) \
	"{\"name\":\"" name "\",\"kind\":\"number\",\"fill\":0,\"mean\":0,\"scale\":1," \
	"\"column\":\"" column "\",\"element\":" element ",\"elements\":" elements "}"

START_TEST(test_features_of_others_are_checked)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(
		read_inputs("[" INPUT("a", "x", "0", "3") "," INPUT("b", "x", "2", "3") "]", &err),
		&err);
	ck_assert_int_eq(read_inputs("[" INPUT("a", "x", "3", "3") "]", &err), BN_EINVAL);
	ck_assert_int_eq(read_inputs("[" INPUT("a", "x", "-1", "3") "]", &err), BN_EINVAL);
	ck_assert_int_eq(read_inputs("[" INPUT("a", "x", "0", "0") "]", &err), BN_EINVAL);
	ck_assert_int_eq(
		read_inputs("[" INPUT("a", "x", "1", "3") "," INPUT("b", "x", "0", "3") "]", &err),
		BN_EINVAL);
	ck_assert_str_eq(err.msg, "features: column 'x' twice");
	ck_assert_int_eq(
		read_inputs("[" INPUT("a", "x", "1", "3") "," INPUT("b", "x", "2", "4") "]", &err),
		BN_EINVAL);
	ck_assert_int_eq(read_inputs("[" INPUT("x", "x", "0", "3") "]", &err), BN_EINVAL);
}
END_TEST

BN_TEST_MAIN("core/predict/vectors", test_a_vector_is_its_elements,
	test_what_is_no_such_vector_has_words, test_a_struct_is_an_object_of_the_fields_of_its_path,
	test_a_server_takes_vectors_by_name_and_by_place,
	test_lists_of_the_right_length_are_vectors, test_a_file_has_vectors_or_their_elements,
	test_names_of_elements_are_nobody_elses, test_features_of_others_are_checked)
