/* Routes without a socket: requests and responses of every protocol, and every refusal. */
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/serve/_server.h"
#include "core/serve/server.h"
#include "tests/support/check_main.h"
#include "tests/support/exposition.h"
#include "tests/support/tiny_model.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#define ROW "\"x0\":0.5,\"x1\":-1,\"x2\":2,\"x3\":0.25,\"colour\":\"red\",\"flag\":true"
#define JSON_TYPE "application/json"

static bn_predictor *models[2];
static bn_server *server;
static bn_server_worker *worker;
static bn_http_response answer;
static int observed_rows;

static void count_rows(void *user, const bn_served *served)
{
	(void)user;
	ck_assert_str_ne(served->request_id, "");
	ck_assert(served->latency_us >= 0);
	observed_rows += (int)bn_session_rows(served->session);
}

static void open_server(const char *token, bool strict)
{
	bn_err err = BN_ERR_INIT;
	const bn_env *env = bn_env_real();
	const char *power = tiny_model("power", "ridge", "y_number");
	const char *class = tiny_model("class", "logistic", "y_three");
	ck_assert_bn_ok(bn_predictor_open_dir(&models[0], env, power, NULL, "3", NULL, &err), &err);
	ck_assert_bn_ok(bn_predictor_open_dir(&models[1], env, class, NULL, "1", NULL, &err), &err);
	bn_server_options o = {.token = token,
		.max_rows = 100,
		.max_body_bytes = 100000,
		.policy = {.allow_extra = !strict, .allow_unknown = !strict},
		.observe = count_rows};
	ck_assert_bn_ok(
		bn_server_new(&server, env, (const bn_predictor *const *)models, 2, &o, &err),
		&err);
	ck_assert_bn_ok(bn_server_worker_new(&worker, server, &err), &err);
	bn_http_response_init(&answer);
	observed_rows = 0;
}

static void close_server(void)
{
	bn_http_response_release(&answer);
	bn_server_worker_free(worker);
	bn_server_free(server);
	bn_predictor_free(models[0]);
	bn_predictor_free(models[1]);
}

static int ask_with(const char *method, const char *path, const char *type, const char *token,
	const char *body, size_t len)
{
	bn_http_header headers[2];
	size_t n = 0;
	if (type)
		headers[n++] = (bn_http_header){"content-type", type};
	if (token)
		headers[n++] = (bn_http_header){"Authorization", token};
	bn_http_request r = {.method = method,
		.path = path,
		.headers = headers,
		.header_count = n,
		.body = body,
		.body_len = len};
	bn_http_response_release(&answer);
	bn_server_handle(worker, &r, &answer);
	return answer.status;
}

/* A header of the response; "" when absent. */
static const char *header(const char *name)
{
	static char value[128];
	const char *found = bn_http_response_header(&answer, name, value, sizeof value);
	return found ? found : "";
}

static int post(const char *path, const char *body)
{
	return ask_with("POST", path, JSON_TYPE, NULL, body, strlen(body));
}

static int get(const char *path)
{
	return ask_with("GET", path, NULL, NULL, "", 0);
}

static json_t *parsed(void)
{
	json_t *v = json_loadb(answer.body.ptr, answer.body.len, 0, NULL);
	ck_assert_msg(v != NULL, "not JSON: %s", answer.body.ptr);
	return v;
}

static bool says(const char *text)
{
	return strstr(answer.body.ptr, text) != NULL;
}

/* ---- /predict ------------------------------------------------------------------------------- */

static double one_prediction(const char *row)
{
	ck_assert_msg(post("/predict", row) == 200, "%s", answer.body.ptr);
	json_t *v = parsed();
	double x = json_number_value(json_object_get(v, "prediction"));
	json_decref(v);
	return x;
}

START_TEST(test_predict_answers_an_object_and_an_array_alike)
{
	open_server(NULL, false);
	double x = one_prediction("{" ROW "}");
	ck_assert(isfinite(x) && x != 0);
	ck_assert_double_eq(one_prediction("[0.5,-1,2,0.25,\"red\",true]"), x);
	ck_assert_int_eq(post("/predict", "[{" ROW "},{" ROW "}]"), 200);
	json_t *v = parsed();
	ck_assert_uint_eq(json_array_size(json_object_get(v, "prediction")), 2);
	ck_assert_double_eq(
		json_number_value(json_array_get(json_object_get(v, "prediction"), 1)), x);
	ck_assert_str_eq(json_string_value(json_object_get(v, "version")), "3");
	json_decref(v);
	ck_assert_int_eq(observed_rows, 4);
	close_server();
}
END_TEST

START_TEST(test_predict_takes_csv)
{
	open_server(NULL, false);
	double x = one_prediction("{" ROW "}");
	const char *csv =
		"x0,x1,x2,x3,id,flag,colour\r\n0.5,-1,2,0.25,\"a \"\"b\"\"\n\",true,red\r\n"
		"1,,2,3,,false,\"blue\"";
	ck_assert_msg(ask_with("POST", "/predict", "text/csv; charset=utf-8", NULL, csv,
			      strlen(csv)) == 200,
		"%s", answer.body.ptr);
	json_t *v = parsed();
	ck_assert_double_eq(
		json_number_value(json_array_get(json_object_get(v, "prediction"), 0)), x);
	json_decref(v);
	static const char *const bad[][2] = {{"x0,x1\n1,2\n", "missing column 'x2'"},
		{"x0,x1,x2,x3,flag,colour\n1,2,3,4,true\n", "body:2: 5 fields, the header has 6"},
		{"x0,x1,x2,x3,flag,colour\n1,2,3,4,true,red,9\n",
			"body:2: more than the header's 6"},
		{"x0,x1,x2,x3,flag,colour\n1,2,3,4,true,red\n1,b,3,4,true,red\n",
			"body:3: row 2: field 'x1': expected a number, got 'b'"},
		{"x0,x1,x2,x3,flag,colour\n1,2,3,4,true,\"red\n", "body:2: a quote is not closed"},
		{"x0,x1,x2,x3,flag,colour\n1,2,3,4,true,\"red\"x\n", "text after a closing quote"},
		{"x0,x0,x2,x3,flag,colour\n", "column 'x0' is given twice"}, {"", "body is empty"},
		{"x0,x1,x2,x3,flag,colour\n", "no rows"}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(ask_with("POST", "/predict", "text/csv", NULL, bad[i][0],
					 strlen(bad[i][0])),
			400);
		ck_assert_msg(says(bad[i][1]), "%s: %s", bad[i][0], answer.body.ptr);
	}
	close_server();
}
END_TEST

START_TEST(test_predict_of_a_classifier_gives_label_and_probabilities)
{
	open_server(NULL, false);
	ck_assert_msg(post("/predict/class", "{" ROW "}") == 200, "%s", answer.body.ptr);
	json_t *v = parsed(), *p = json_object_get(v, "probabilities"), *share;
	const char *key, *label = json_string_value(json_object_get(v, "prediction"));
	double sum = 0, most = 0;
	ck_assert_ptr_nonnull(label);
	json_object_foreach(p, key, share)
	{
		sum += json_number_value(share);
		most = fmax(most, json_number_value(share));
	}
	ck_assert_double_eq_tol(sum, 1, 1e-12);
	ck_assert_double_eq(json_number_value(json_object_get(p, label)), most);
	json_decref(v);
	ck_assert_int_eq(post("/predict/class/1", "{" ROW "}"), 200);
	ck_assert_int_eq(post("/predict/class/2", "{" ROW "}"), 404);
	ck_assert_int_eq(post("/predict/other", "{" ROW "}"), 404);
	ck_assert(says("no model 'other'"));
	close_server();
}
END_TEST

START_TEST(test_predict_says_what_is_wrong)
{
	open_server(NULL, false);
	static const char *const bad[][2] = {{"{\"x0\": 1,}", "body:1:"}, {"", "empty"},
		{"{\"x0\":\n1 2}", "body:2:3"}, {"{" ROW ",\"x0\":1}", "duplicate"},
		{"7", "expected an object"}, {"[]", "expected an object"},
		{"[1,2]", "row 1 has 2 values, expected 6"}, {"[{" ROW "},3]", "row 2"},
		{"[[1,2,3,4,\"red\",true],7]", "row 2 is not an array"},
		{"{\"x0\":1}", "missing field"}, {"{\"x0\":1e999}", "body:1:"}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(post("/predict", bad[i][0]), 400);
		ck_assert_msg(says(bad[i][1]), "%s: %s", bad[i][0], answer.body.ptr);
	}
	ck_assert_int_eq(observed_rows, 0);
	close_server();
}
END_TEST

/* The parser without a tree and the one with a tree give the same response to any body. */
START_TEST(test_both_readers_of_a_body_answer_alike)
{
	static const char *const rows[] = {"{" ROW "}", " \n{ " ROW "\t}\r\n",
		"["
		"0.5,-1,2,0.25,\"red\",true"
		"]",
		"[{" ROW "},{" ROW "}]", "[ [0,1,2,3,\"blue\",false] , [0,1,2,3,\"blue\",null] ]",
		"[{" ROW "}", "{" ROW "}}", "{" ROW "} x", "{" ROW ",}", "{" ROW ",\"x0\":1}", "{}",
		"[]", "[[]]", "[{}]", "{" ROW ",\"extra\":1,\"other\":[1]}",
		"{" ROW ",\"extra\":1,\"extra\":2}", "{" ROW ",\"e\":\"\\u0041\"}",
		"{" ROW ",\"e\":\"\x80\"}", "{" ROW ",\"e\":\"\xc3\xa4\"}",
		"{" ROW ",\"e\":\"\x01\"}", "{" ROW ",\"e\":NaN}", "[0.5,-1,2,0.25,\"red\"]",
		"[0.5,-1,2,0.25,\"red\",true,1]", "[0.5,-1,2,0.25,7,true]",
		"[0.5,-1,2,0.25,\"\",true]", "[0.5,-1,2,0.25,\"mauve\",1]",
		"[\"a\",-1,2,0.25,\"red\",true]", "[0.5,-1,2,0.25,true,true]",
		"[0.5,-1,2,0.25,\"red\",0.5]", "[[0,1,2,3,\"red\",true],{" ROW "}]", "{\"x0\":1}",
		"\"x\"", "7", "null", "", " ", "[", "{", "{\"", "[0.5,-1,2,0.25,\"red\",tru]"};
	static const char *const numbers[] = {"0", "-0", "-0.0", "1", "-1", "01", "+1", "1.", ".5",
		"-", "1e5", "1E+5", "1e-5", "1e", "1e400", "-1e400", "1e-400", "4.9e-324",
		"2.2250738585072011e-308", "1.7976931348623157e308", "9007199254740993",
		"9223372036854775807", "-9223372036854775808", "9223372036854775808",
		"123456789012345678901234567890", "0.1", "0.30000000000000004",
		"123456789.123456789", "9007199254740993.0", "1.0000000000000002220446049250313",
		"7.2057594037927933e16", "1e22", "1e23", "8.5e-22", "8.5e-23", "0x1", "1_0",
		"Infinity", "1e0000000000000000005", "100000000000000000000e-20",
		"0.00000000000000000000001"};
	char body[512];
	open_server(NULL, false);
	for (size_t i = 0; i < sizeof rows / sizeof *rows + 2 * (sizeof numbers / sizeof *numbers);
		i++) {
		size_t k = i - sizeof rows / sizeof *rows;
		if (i < sizeof rows / sizeof *rows)
			snprintf(body, sizeof body, "%s", rows[i]);
		else
			snprintf(body, sizeof body,
				k % 2 ? "[%s,-1,2,0.25,\"red\",true]" : "[1,-1,2,0.25,%s,true]",
				numbers[k / 2]);
		worker->no_quick = false;
		int quick = post("/predict", body);
		char *text = strdup(answer.body.ptr);
		worker->no_quick = true;
		ck_assert_msg(post("/predict", body) == quick && !strcmp(text, answer.body.ptr),
			"%s: %d %s: %s", body, quick, text, answer.body.ptr);
		free(text);
	}
	worker->no_quick = false;
	close_server();
}
END_TEST

START_TEST(test_predict_ignores_extra_fields_unless_strict)
{
	open_server(NULL, false);
	ck_assert_int_eq(post("/predict", "{" ROW ",\"job_id\":7}"), 200);
	close_server();
	open_server(NULL, true);
	ck_assert_int_eq(post("/predict", "{" ROW ",\"colours\":7}"), 400);
	ck_assert(says("unknown field 'colours'") && says("did you mean 'colour'"));
	close_server();
}
END_TEST

START_TEST(test_predict_names_unknown_categories)
{
	const char *row =
		"{\"x0\":1,\"x1\":1,\"x2\":1,\"x3\":1,\"flag\":true,\"colour\":\"mauve\"}";
	open_server(NULL, false);
	ck_assert_int_eq(post("/predict", row), 200);
	ck_assert(says("\"warnings\":[\"row 1: field 'colour': unknown category 'mauve'\"]"));
	json_decref(parsed());
	ck_assert_int_eq(post("/predict", "{" ROW "}"), 200);
	ck_assert(!says("warnings"));
	get("/metrics");
	ck_assert(says("binnacle_unknown_categories_total{model=\"power\",version=\"3\"} 1\n"));
	char frame[256];
	snprintf(frame, sizeof frame, "{\"dataframe_records\":[%s]}", row);
	ck_assert_int_eq(post("/invocations", frame), 200);
	ck_assert_str_eq(header("X-Binnacle-Unknown-Categories"), "1");
	/* The model takes infinite cells as missing, and the response reports them. */
	const char *csv = "x0,x1,x2,x3,flag,colour\n1,1,1,1,true,red\n1,-inf,inf,1,true,red\n";
	ck_assert_int_eq(ask_with("POST", "/predict", "text/csv", NULL, csv, strlen(csv)), 200);
	ck_assert(
		says("\"warnings\":[\"row 2: field 'x1': infinite, taken as missing (2 cells)\"]"));
	ck_assert_int_eq(ask_with("POST", "/invocations", "text/csv", NULL, csv, strlen(csv)), 200);
	ck_assert_str_eq(header("X-Binnacle-Infinite-Cells"), "2");
	close_server();
	open_server(NULL, true);
	ck_assert_int_eq(post("/predict", row), 400);
	ck_assert(says("unknown category 'mauve'") && says("training saw 3"));
	close_server();
}
END_TEST

START_TEST(test_limits_of_rows_body_and_depth)
{
	open_server(NULL, false);
	bn_buf b = BN_BUF_INIT;
	bn_buf_addch(&b, '[');
	for (int i = 0; i < 101; i++)
		bn_buf_addf(&b, "%s{" ROW "}", i ? "," : "");
	bn_buf_addch(&b, ']');
	ck_assert_int_eq(post("/predict", b.ptr), 413);
	ck_assert(says("the limit is 100"));
	bn_buf_clear(&b);
	for (int i = 0; i < 50000; i++)
		bn_buf_addch(&b, '[');
	ck_assert_int_eq(post("/predict", b.ptr), 400);
	for (int i = 0; i < 60000; i++)
		bn_buf_addch(&b, '[');
	ck_assert_int_eq(post("/predict", b.ptr), 413);
	bn_buf_release(&b);
	close_server();
}
END_TEST

/* ---- methods, paths, types, tokens ---------------------------------------------------------- */

START_TEST(test_wrong_method_path_and_type)
{
	open_server(NULL, false);
	ck_assert_int_eq(get("/predict"), 405);
	ck_assert_str_eq(header("Allow"), "POST");
	ck_assert_int_eq(post("/healthz", "{}"), 405);
	ck_assert_int_eq(get("/nothing/here"), 404);
	ck_assert_int_eq(get("/predict/a/b/c/d/e/f/g/h/i"), 404);
	ck_assert_int_eq(
		ask_with("POST", "/predict", "application/x-www-form-urlencoded", NULL, "x0=1", 4),
		415);
	ck_assert(says("Content-Type: application/json or text/csv"));
	ck_assert_int_eq(ask_with("POST", "/predict", "application/json; charset=latin1", NULL,
				 "{" ROW "}", strlen("{" ROW "}")),
		415);
	ck_assert(says("charset=latin1': only charset utf-8 is read here"));
	ck_assert(says("Content-Type: application/json; charset=utf-8"));
	ck_assert_int_eq(ask_with("POST", "/invocations", NULL, NULL, "{}", 2), 415);
	ck_assert_int_eq(ask_with("HEAD", "/healthz", NULL, NULL, "", 0), 200);
	close_server();
}
END_TEST

START_TEST(test_only_routes_that_predict_take_a_body)
{
	open_server(NULL, false);
	static const char *const paths[] = {"/", "/ping", "/health", "/healthz", "/version",
		"/metrics", "/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/power",
		"/v2/models/power/ready", "/v2/models/power/versions/3",
		"/v2/models/power/versions/3/ready"};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		ck_assert_msg(get(paths[i]) == 200, "%s: %s", paths[i], answer.body.ptr);
		ck_assert_int_eq(ask_with("GET", paths[i], JSON_TYPE, NULL, "{}", 2), 413);
		ck_assert_msg(says("takes no body"), "%s", answer.body.ptr);
	}
	ck_assert_int_eq(ask_with("GET", "/predict", JSON_TYPE, NULL, "{}", 2), 405);
	close_server();
}
END_TEST

/* Every $ref below v resolves within the document. */
static void check_references(const json_t *doc, const json_t *v)
{
	static const char schemas[] = "#/components/schemas/",
			  responses[] = "#/components/responses/";
	const char *key;
	json_t *item;
	size_t i;
	json_array_foreach((json_t *)v, i, item) check_references(doc, item);
	json_object_foreach((json_t *)v, key, item)
	{
		const char *to = json_string_value(item);
		const json_t *parts = json_object_get(doc, "components");
		check_references(doc, item);
		if (strcmp(key, "$ref") != 0)
			continue;
		if (!strncmp(to, schemas, strlen(schemas)))
			ck_assert_ptr_nonnull(json_object_get(
				json_object_get(parts, "schemas"), to + strlen(schemas)));
		else
			ck_assert_ptr_nonnull(json_object_get(
				json_object_get(parts, "responses"), to + strlen(responses)));
	}
}

START_TEST(test_openapi_describes_the_models_that_are_served)
{
	static const char *const paths[] = {"/predict", "/predict/power", "/predict/power/3",
		"/predict/class/1", "/invocations/class", "/v2/models/power/versions/3/infer",
		"/v2/models/class/infer", "/metrics", "/healthz"};
	for (int strict = 0; strict < 2; strict++) {
		open_server(NULL, strict);
		ck_assert_int_eq(get("/openapi.json"), 200);
		json_t *doc = parsed();
		check_references(doc, doc);
		for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
			ck_assert_msg(
				json_object_get(json_object_get(doc, "paths"), paths[i]) != NULL,
				"no %s", paths[i]);
		const json_t *row = json_object_get(
			json_object_get(json_object_get(doc, "components"), "schemas"), "Row1");
		const json_t *cells = json_object_get(row, "properties");
		ck_assert_uint_eq(json_object_size(cells), 6);
		ck_assert_uint_eq(json_array_size(json_object_get(row, "required")), 6);
		ck_assert_int_eq(
			json_is_true(json_object_get(row, "additionalProperties")), !strict);
		const json_t *colour = json_object_get(cells, "colour");
		ck_assert_uint_eq(json_array_size(json_object_get(colour, "enum")), strict ? 4 : 0);
		ck_assert_uint_eq(
			json_array_size(json_object_get(colour, "examples")), strict ? 0 : 3);
		ck_assert_str_eq(
			json_string_value(json_array_get(
				json_object_get(json_object_get(cells, "flag"), "type"), 0)),
			"boolean");
		ck_assert_ptr_null(json_object_get(doc, "security"));
		json_decref(doc);
		close_server();
	}
	open_server("secret-token-of-a-test", false);
	ck_assert_int_eq(get("/openapi.json"), 401);
	ck_assert_int_eq(
		ask_with("GET", "/openapi.json", NULL, "Bearer secret-token-of-a-test", "", 0),
		200);
	ck_assert(says("\"security\":[{\"token\":[]}]"));
	close_server();
}
END_TEST

START_TEST(test_a_token_is_asked_for_everywhere_but_health)
{
	open_server("s3cret", false);
	const char *row = "{" ROW "}";
	static const char *const wrong[] = {NULL, "", "s3cret", "Bearer", "Bearer s3cre",
		"Bearer s3crets", "Bearer S3CRET", "Basic s3cret"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		ck_assert_int_eq(
			ask_with("POST", "/predict", JSON_TYPE, wrong[i], row, strlen(row)), 401);
		ck_assert_str_eq(header("WWW-Authenticate"), "Bearer realm=\"binnacle\"");
	}
	ck_assert_int_eq(
		ask_with("POST", "/predict", JSON_TYPE, "bearer  s3cret", row, strlen(row)), 200);
	static const char *const closed[] = {
		"/", "/metrics", "/v2", "/v2/models/power", "/nothing"};
	for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
		ck_assert_msg(get(closed[i]) == 401, "%s", closed[i]);
	static const char *const open[] = {
		"/ping", "/health", "/healthz", "/version", "/v2/health/live", "/v2/health/ready"};
	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		ck_assert_msg(get(open[i]) == 200, "%s", open[i]);
	close_server();
}
END_TEST

static int ask_as(const char *path, const char *host, const char *origin)
{
	bn_http_header headers[3] = {{"Content-Type", JSON_TYPE}};
	size_t n = 1;
	if (host)
		headers[n++] = (bn_http_header){"host", host};
	if (origin)
		headers[n++] = (bn_http_header){"ORIGIN", origin};
	bool get_it = !strcmp(path, "/healthz");
	bn_http_request r = {.method = get_it ? "GET" : "POST",
		.path = path,
		.headers = headers,
		.header_count = n,
		.body = "{" ROW "}",
		.body_len = get_it ? 0 : sizeof "{" ROW "}" - 1};
	bn_http_response_release(&answer);
	bn_server_handle(worker, &r, &answer);
	return answer.status;
}

START_TEST(test_pages_of_other_sites_are_refused_without_a_token)
{
	static const char *const ours[] = {"127.0.0.1:8420", "localhost:9", "LocalHost",
		"127.0.0.1", "[::1]:8420", "127.8.0.1"};
	static const char *const theirs[] = {"evil.example:8420", "127.evil.example",
		"localhost.evil", "[::2]:8420", "10.0.0.1", ""};
	open_server(NULL, false);
	for (size_t i = 0; i < 6; i++) {
		ck_assert_msg(ask_as("/predict", ours[i], NULL) == 200, "%s", ours[i]);
		ck_assert_msg(ask_as("/predict", theirs[i], NULL) == 403, "%s", theirs[i]);
	}
	ck_assert(says("another site"));
	ck_assert_int_eq(observed_rows, 6);
	ck_assert_int_eq(ask_as("/predict", NULL, NULL), 200);
	ck_assert_int_eq(ask_as("/predict", "localhost:9", "http://localhost:9"), 200);
	ck_assert_int_eq(ask_as("/predict", "localhost:9", "http://localhost:8"), 403);
	ck_assert_int_eq(ask_as("/predict", "localhost:9", "https://evil.example"), 403);
	ck_assert_int_eq(ask_as("/predict", "localhost:9", "null"), 403);
	ck_assert_int_eq(ask_as("/nothing", "evil.example", NULL), 403);
	ck_assert_int_eq(ask_as("/healthz", "evil.example", NULL), 200);
	close_server();
	open_server("s3cret", false); /* pages of other sites do not have the token */
	ck_assert_int_eq(ask_as("/predict", "evil.example", NULL), 401);
	ck_assert_int_eq(ask_with("POST", "/predict", JSON_TYPE, "Bearer s3cret", "{" ROW "}",
				 sizeof "{" ROW "}" - 1),
		200);
	close_server();
}
END_TEST

START_TEST(test_request_ids_are_kept_or_made)
{
	open_server(NULL, false);
	bn_http_header h = {"X-Request-ID", "job-42:7"};
	bn_http_request r = {.method = "GET", .path = "/ping", .headers = &h, .header_count = 1};
	bn_server_handle(worker, &r, &answer);
	ck_assert_str_eq(header("X-Request-Id"), "job-42:7");
	h.value = "has space\r\nand: header";
	bn_http_response_release(&answer);
	bn_server_handle(worker, &r, &answer);
	ck_assert_uint_eq(strlen(header("X-Request-Id")), 16);
	char first[40];
	strcpy(first, header("X-Request-Id"));
	get("/ping");
	ck_assert_str_ne(first, header("X-Request-Id"));
	close_server();
}
END_TEST

/* ---- Open Inference Protocol ---------------------------------------------------------------- */

START_TEST(test_oip_metadata_names_inputs_outputs_and_versions)
{
	open_server(NULL, false);
	ck_assert_int_eq(get("/v2"), 200);
	ck_assert(says("\"extensions\""));
	ck_assert_int_eq(get("/v2/models/class"), 200);
	json_t *v = parsed();
	ck_assert_str_eq(json_string_value(json_object_get(v, "name")), "class");
	ck_assert_str_eq(json_string_value(json_object_get(v, "platform")), "binnacle_logistic");
	json_t *inputs = json_object_get(v, "inputs"), *in = json_array_get(inputs, 4);
	ck_assert_uint_eq(json_array_size(inputs), 6);
	ck_assert_str_eq(json_string_value(json_object_get(in, "name")), "colour");
	ck_assert_str_eq(json_string_value(json_object_get(in, "datatype")), "BYTES");
	ck_assert_uint_eq(json_array_size(json_object_get(v, "outputs")), 2);
	json_decref(v);
	ck_assert_int_eq(get("/v2/models/power/versions/3"), 200);
	ck_assert_int_eq(get("/v2/models/power/versions/3/ready"), 200);
	ck_assert_int_eq(get("/v2/models/power/ready"), 200);
	ck_assert_int_eq(get("/v2/models/power/versions/4"), 404);
	ck_assert_int_eq(get("/v2/models/nobody/ready"), 404);
	close_server();
}
END_TEST

#define T(name, type, data) \
	"{\"name\":\"" name "\",\"shape\":[2],\"datatype\":\"" type "\",\"data\":" data "}"
#define TENSORS \
	T("x0", "FP64", "[0.5,1]") \
	"," T("x1", "FP32", "[-1,1]") "," T("x2", "INT64", "[2,1]") "," T("x3", "FP64", "[0.25,1]")
#define COLOUR T("colour", "BYTES", "[\"red\",\"blue\"]")
#define FLAG T("flag", "BOOL", "[true,false]")

START_TEST(test_oip_infer_takes_one_tensor_per_input)
{
	open_server(NULL, false);
	double x = one_prediction("{" ROW "}");
	ck_assert_msg(post("/v2/models/power/infer", "{\"id\":\"abc\",\"inputs\":[" TENSORS
						     "," COLOUR "," FLAG "]}") == 200,
		"%s", answer.body.ptr);
	json_t *v = parsed(), *out = json_array_get(json_object_get(v, "outputs"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(v, "id")), "abc");
	ck_assert_str_eq(json_string_value(json_object_get(v, "model_version")), "3");
	ck_assert_str_eq(json_string_value(json_object_get(out, "datatype")), "FP64");
	ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(out, "shape"), 0)), 2);
	ck_assert_double_eq(json_number_value(json_array_get(json_object_get(out, "data"), 0)), x);
	json_decref(v);
	ck_assert_int_eq(post("/v2/models/class/versions/1/infer",
				 "{\"inputs\":[" TENSORS "," COLOUR "," FLAG
				 "],\"outputs\":[{\"name\":\"probabilities\"}]}"),
		200);
	v = parsed();
	ck_assert_uint_eq(json_array_size(json_object_get(v, "outputs")), 1);
	out = json_array_get(json_object_get(v, "outputs"), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(out, "data")), 6);
	json_decref(v);
	close_server();
}
END_TEST

START_TEST(test_oip_infer_takes_one_matrix_of_all_inputs)
{
	open_server(NULL, false);
	ck_assert_int_eq(
		post("/v2/models/power/infer",
			"{\"inputs\":[{\"name\":\"input-0\",\"shape\":[1,5],\"datatype\":\"FP64\","
			"\"data\":[1,2,3,4,5]}]}"),
		400);
	ck_assert(says("the model takes [n, 6], got [1, 5]"));
	ck_assert_int_eq(
		post("/v2/models/power/infer",
			"{\"inputs\":[{\"name\":\"input-0\",\"shape\":[1,6],\"datatype\":\"FP64\","
			"\"data\":[[1,2,3,4,null,1]]}]}"),
		200);
	close_server();
}
END_TEST

START_TEST(test_oip_infer_says_what_is_wrong)
{
	open_server(NULL, true);
	static const char *const bad[][2] = {{"{\"inputs\":[]}", "inputs: expected"},
		{"{\"inputs\":[" TENSORS "," COLOUR "]}", "missing input 'flag'"},
		{"{\"inputs\":[" TENSORS "," TENSORS "]}", "input 'x0' is given twice"},
		{"{\"inputs\":[" T("hue", "BYTES", "[\"a\",\"b\"]") "," COLOUR "]}",
			"unknown input 'hue'"},
		{"{\"inputs\":[" T("x0", "FP64", "[1]") "]}", "fewer values"},
		{"{\"inputs\":[" T("x0", "FP64", "[1,2,3]") "]}", "more than the 2"},
		{"{\"inputs\":[" T("x0", "FLOAT", "[1,2]") "]}", "datatype 'FLOAT'"},
		{"{\"inputs\":[" T("x0", "BYTES", "[1,2]") "]}", "value 1 is not a valid BYTES"},
		{"{\"inputs\":[" T("x0", "INT32", "[1,2.5]") "]}", "value 2 is not a valid INT32"},
		{"{\"inputs\":[{\"name\":\"x0\",\"shape\":[-1],\"datatype\":\"FP64\",\"data\":[1]}]"
		 "}",
			"dimension 1"},
		{"{\"inputs\":[{\"name\":\"x0\",\"shape\":[100000000],\"datatype\":\"FP64\","
		 "\"data\":[1]}]}",
			"too large"},
		{"{\"inputs\":[{\"shape\":[1],\"datatype\":\"FP64\",\"data\":[1]}]}", "no name"},
		{"{\"inputs\":[" TENSORS "],\"outputs\":[{\"name\":\"probabilities\"}]}",
			"no output"}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(post("/v2/models/power/infer", bad[i][0]), 400);
		ck_assert_msg(says(bad[i][1]) && says("{\"error\":"), "%s: %s", bad[i][0],
			answer.body.ptr);
	}
	close_server();
}
END_TEST

/* Each datatype is checked for its range, and a value outside is named. */
START_TEST(test_oip_infer_checks_the_range_of_each_datatype)
{
	static const struct {
		const char *type, *good, *bad, *says;
	} cases[] = {
		{"UINT8", "[0,255]", "[1,256]", "value 2, 256, is outside of UINT8 (0 to 255)"},
		{"UINT8", "[1.0,2]", "[-1,1]", "value 1, -1, is outside"},
		{"UINT16", "[0,65535]", "[65536,1]", "UINT16 (0 to 65535)"},
		{"UINT32", "[0,4294967295]", "[4294967296,1]", "UINT32 (0 to 4294967295)"},
		{"UINT64", "[0,9223372036854775807]", "[-1,1]", "is outside of UINT64"},
		{"INT8", "[-128,127]", "[-129,1]", "INT8 (-128 to 127)"},
		{"INT16", "[-32768,32767]", "[1,32768]", "INT16 (-32768 to 32767)"},
		{"INT32", "[-2147483648,2147483647]", "[1,3e9]",
			"INT32 (-2147483648 to 2147483647)"},
		{"INT64", "[-9223372036854775808,9223372036854775807]", "[1,1e19]",
			"outside of INT64"},
		{"FP16", "[65504,-65504]", "[65505,1]", "outside of FP16"},
		{"FP32", "[3.4e38,1]", "[1,-3.5e38]", "value 2, -3.5e+38, is outside of FP32"}};
	char body[700];
	open_server(NULL, true);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int bad = 0; bad < 2; bad++) {
			snprintf(body, sizeof body,
				"{\"inputs\":[{\"name\":\"x0\",\"shape\":[2],\"datatype\":\"%s\","
				"\"data\":%s}," T("x1", "FP64", "[-1,1]") "," T("x2", "INT64",
					"[2,1]") "," T("x3", "FP64", "[1,1]") "," COLOUR "," FLAG
									      "]}",
				cases[i].type, bad ? cases[i].bad : cases[i].good);
			int status = post("/v2/models/power/infer", body);
			ck_assert_msg(bad ? status == 400 && says(cases[i].says) : status != 400,
				"%s: %d %s", body, status, answer.body.ptr);
		}
	close_server();
}
END_TEST

/* Unsupported codings have a separate status and a hint. */
START_TEST(test_oip_infer_refuses_other_codings_with_the_cure)
{
	open_server(NULL, false);
	static const char *const bodies[][2] = {
		{"{\"inputs\":[{\"name\":\"x0\",\"shape\":[2],\"datatype\":\"FP64\","
		 "\"parameters\":{\"binary_data_size\":16}}]}",
			"binary_data=False"},
		{"{\"inputs\":[{\"name\":\"colour\",\"shape\":[1],\"datatype\":\"BYTES\","
		 "\"parameters\":{\"content_type\":\"base64\"},\"data\":[\"cmVk\"]}]}",
			"content_type str"},
		{"{\"inputs\":[{\"name\":\"x0\",\"shape\":[1],\"datatype\":\"BYTES\","
		 "\"parameters\":{\"content_type\":\"hg_jpeg\"},\"data\":[\"x\"]}]}",
			"'hg_jpeg' is not supported"},
		{"{\"parameters\":{\"content_type\":\"base64\"},\"inputs\":[" TENSORS "]}",
			"'base64' is not supported"},
		{"{\"parameters\":{\"content_type\":\"hg_json\"},\"inputs\":[]}",
			"'hg_json' is not supported"}};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		int status = post("/v2/models/power/infer", bodies[i][0]);
		ck_assert_msg(status == 415 && says(bodies[i][1]), "%s: %d %s", bodies[i][0],
			status, answer.body.ptr);
	}
	bn_http_header headers[] = {{"Content-Type", "application/octet-stream"},
		{"Inference-Header-Content-Length", "2"}};
	bn_http_request r = {.method = "POST",
		.path = "/v2/models/power/infer",
		.headers = headers,
		.header_count = 2,
		.body = "{}\1\2",
		.body_len = 4};
	bn_http_response_release(&answer);
	bn_server_handle(worker, &r, &answer);
	ck_assert_int_eq(answer.status, 415);
	ck_assert_msg(says("tritonclient"), "%s", answer.body.ptr);
	headers[0] = (bn_http_header){"Content-Type", "application/json"};
	headers[1] = (bn_http_header){"Content-Encoding", "gzip"};
	bn_http_response_release(&answer);
	bn_server_handle(worker, &r, &answer);
	ck_assert_int_eq(answer.status, 415);
	ck_assert_msg(says("without Content-Encoding"), "%s", answer.body.ptr);
	/* content types that MLServer's codecs and tritonclient send with plain JSON */
	ck_assert_msg(post("/v2/models/power/infer",
			      "{\"parameters\":{\"content_type\":\"pd\",\"binary_data_output\":"
			      "true},\"inputs\":[" TENSORS
			      ",{\"name\":\"colour\",\"shape\":[2],\"datatype\":\"BYTES\","
			      "\"parameters\":{\"content_type\":\"str\"},\"data\":[\"red\","
			      "\"blue\"]}," FLAG "]}") == 200,
		"%s", answer.body.ptr);
	close_server();
}
END_TEST

/* ---- MLflow --------------------------------------------------------------------------------- */

START_TEST(test_invocations_takes_every_form_of_mlflow)
{
	open_server(NULL, false);
	double x = one_prediction("{" ROW "}");
	static const char *const forms[] = {"{\"dataframe_records\":[{" ROW "}]}",
		"{\"dataframe_split\":{\"columns\":[\"flag\",\"x0\",\"x1\",\"x2\",\"x3\","
		"\"colour\"],"
		"\"index\":[0],\"data\":[[true,0.5,-1,2,0.25,\"red\"]]}}",
		"{\"instances\":[{" ROW "}],\"params\":{}}",
		"{\"instances\":[[0.5,-1,2,0.25,\"red\",true]]}",
		"{\"inputs\":{\"x0\":[0.5],\"x1\":[-1],\"x2\":[2],\"x3\":[0.25],\"colour\":["
		"\"red\"],\"flag\":"
		"[true]}}"};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		ck_assert_msg(
			post("/invocations", forms[i]) == 200, "%s: %s", forms[i], answer.body.ptr);
		json_t *v = parsed();
		ck_assert_double_eq(
			json_number_value(json_array_get(json_object_get(v, "predictions"), 0)), x);
		json_decref(v);
	}
	close_server();
}
END_TEST

START_TEST(test_nan_as_python_writes_it_is_a_missing_value)
{
	open_server(NULL, false);
	const char *with_null = "{\"x0\":null,\"x1\":null,\"x2\":null,\"x3\":0,\"flag\":true,"
				"\"colour\":\"red\",\"note\":null}";
	double x = one_prediction(with_null);
	ck_assert_double_eq(
		one_prediction("{\"x0\":NaN,\"x1\":NaN,\"x2\":NaN,\"x3\":0,"
			       "\"flag\":true,\"colour\":\"red\",\"note\":\"NaN \\\" NaN\"}"),
		x);
	ck_assert_int_eq(post("/predict", "{\"x0\":NaNa}"), 400);
	ck_assert_int_eq(post("/predict", "{\"x0\":\"NaN"), 400);
	close_server();
}
END_TEST

#define HUGE_ROW \
	"{\"x0\":1e308,\"x1\":-1e308,\"x2\":1e308,\"x3\":1e308,\"colour\":\"red\",\"flag\":true}"
#define COLUMNS "x0,x1,x2,x3,colour,flag\n"

START_TEST(test_an_answer_that_overflows_is_422_and_names_its_row)
{
	static const struct {
		const char *path, *type, *body, *row;
	} cases[] = {
		{"/predict", JSON_TYPE, HUGE_ROW, "row 1:"},
		{"/predict", JSON_TYPE, "[{" ROW "}," HUGE_ROW "]", "row 2:"},
		{"/predict", JSON_TYPE, "[1e308,-1e308,1e308,1e308,\"red\",true]", "row 1:"},
		{"/predict", "text/csv",
			COLUMNS
			"1,2,3,4,red,true\n1,2,3,4,red,true\n1e308,-1e308,1e308,1e308,red,true\n",
			"row 3:"},
		{"/invocations", "text/csv", COLUMNS "1e308,-1e308,1e308,1e308,red,true\n",
			"row 1:"},
		{"/invocations", JSON_TYPE, "{\"dataframe_records\":[{" ROW "}," HUGE_ROW "]}",
			"row 2:"},
		{"/invocations", JSON_TYPE,
			"{\"instances\":[[1e308,-1e308,1e308,1e308,\"red\",true]]}", "row 1:"},
		{"/v2/models/power/infer", JSON_TYPE,
			"{\"inputs\":["
			"{\"name\":\"x0\",\"shape\":[2],\"datatype\":\"FP64\",\"data\":[0,1e308]},"
			"{\"name\":\"x1\",\"shape\":[2],\"datatype\":\"FP64\",\"data\":[0,-1e308]},"
			"{\"name\":\"x2\",\"shape\":[2],\"datatype\":\"FP64\",\"data\":[0,1e308]},"
			"{\"name\":\"x3\",\"shape\":[2],\"datatype\":\"FP64\",\"data\":[0,1e308]},"
			"{\"name\":\"colour\",\"shape\":[2],\"datatype\":\"BYTES\",\"data\":["
			"\"red\",\"red\"]},"
			"{\"name\":\"flag\",\"shape\":[2],\"datatype\":\"BOOL\",\"data\":[true,"
			"true]}]}",
			"row 2:"},
	};
	open_server(NULL, false);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int status = ask_with("POST", cases[i].path, cases[i].type, NULL, cases[i].body,
			strlen(cases[i].body));
		ck_assert_msg(status == 422, "case %zu: %d %s", i, status, answer.body.ptr);
		ck_assert_msg(says(cases[i].row), "case %zu: %s", i, answer.body.ptr);
		ck_assert_msg(says("is not finite"), "case %zu: %s", i, answer.body.ptr);
		ck_assert_msg(says("training saw"), "case %zu: %s", i, answer.body.ptr);
	}
	ck_assert_int_eq(observed_rows, 0);
	close_server();
}
END_TEST

START_TEST(test_bodies_that_are_no_text_or_beyond_a_double_are_400_with_words)
{
	static const struct {
		const char *path, *type, *body;
		size_t len;
		const char *words;
	} cases[] = {
		{"/predict", JSON_TYPE, "{" ROW "}\0", sizeof "{" ROW "}", "is NUL"},
		{"/predict", JSON_TYPE, "{" ROW "}\n\0\0", sizeof "{" ROW "}" + 2, "is NUL"},
		{"/predict", JSON_TYPE, "\0{" ROW "}", sizeof "{" ROW "}", "byte 1 is NUL"},
		{"/invocations", JSON_TYPE, "{\"instances\":[[0]]}\0",
			sizeof "{\"instances\":[[0]]}", "is NUL"},
		{"/predict", "text/csv", COLUMNS "1,2,3,4,red,true\0", sizeof COLUMNS + 16,
			"is NUL"},
		{"/predict", "text/csv", COLUMNS "1,2,3,4,r\0d,true\n", sizeof COLUMNS + 16,
			"is NUL"},
		{"/invocations", "text/csv", COLUMNS "1,2,3,4,red,true\n\0", sizeof COLUMNS + 17,
			"is NUL"},
		{"/predict", "text/csv", COLUMNS "1,2,3,4,red,true\n1,2,3,4,\xff\xfe,true\n", 0,
			"body:3: bytes that are not UTF-8"},
		{"/predict", "text/csv", "x0,x1,x2,x3,colour,flag,\xe4\n1,2,3,4,red,true,1\n", 0,
			"body:1: bytes"},
		{"/predict", JSON_TYPE, "{" ROW ",\"other\":1e999}", 0,
			"real number overflow near '1e999'"},
		{"/predict", JSON_TYPE, "{" ROW ",\"other\":[{\"a\":-1e400}]}", 0,
			"real number overflow"},
		{"/predict", JSON_TYPE, "[1e999,-1,2,0.25,\"red\",true]", 0,
			"real number overflow"},
		{"/predict", JSON_TYPE, "{\"x0\":Infinity," ROW "}", 0, "finite numbers"},
		{"/predict", JSON_TYPE, "[-Infinity,-1,2,0.25,\"red\",true]", 0, "finite numbers"},
		{"/predict", JSON_TYPE, "[NaN,Infinity,2,0.25,\"red\",true]", 0, "finite numbers"},
		{"/predict", JSON_TYPE, "[18446744073709551616,-1,2,0.25,\"red\",true]", 0,
			"too big integer"},
		{"/invocations", JSON_TYPE, "{\"instances\":[[1e999,1,2,3,\"red\",true]]}", 0,
			"overflow"},
		{"/v2/models/power/infer", JSON_TYPE,
			"{\"id\":\"1\",\"parameters\":{\"p\":1e999},\"inputs\":[]}", 0, "overflow"},
		{"/predict", "text/csv", COLUMNS "1e999,2,3,4,red,true\n", 0, "field 'x0'"},
		{"/predict", "text/csv", COLUMNS "1,2,3,4,red,true\n1,2,3,4,red,inf\n", 0,
			"row 2: field 'flag'"},
	};
	open_server(NULL, false);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = cases[i].len ? cases[i].len : strlen(cases[i].body);
		int status = ask_with("POST", cases[i].path, cases[i].type, NULL, cases[i].body, n);
		ck_assert_msg(status == 400, "case %zu: %d %s", i, status, answer.body.ptr);
		ck_assert_msg(says(cases[i].words), "case %zu: %s", i, answer.body.ptr);
	}
	ck_assert_int_eq(observed_rows, 0);
	close_server();
}
END_TEST

START_TEST(test_a_compressed_body_is_415_before_it_is_read)
{
	open_server(NULL, false);
	bn_http_header headers[] = {{"Content-Type", JSON_TYPE}, {"Content-Encoding", "gzip"}};
	bn_http_request r = {
		.method = "POST", .path = "/predict", .headers = headers, .header_count = 2};
	bn_admission a;
	ck_assert(bn_server_refuses(server, &r, true, &a, &answer));
	ck_assert_int_eq(answer.status, 415);
	ck_assert(says("content encoding 'gzip'"));
	headers[1].value = "identity";
	bn_http_response_release(&answer);
	ck_assert(!bn_server_refuses(server, &r, true, &a, &answer));
	close_server();
}
END_TEST

START_TEST(test_invocations_says_which_of_several_models_answered)
{
	open_server(NULL, false);
	ck_assert_int_eq(post("/invocations", "{\"dataframe_records\":[{" ROW "}]}"), 200);
	ck_assert_str_eq(header("X-Binnacle-Model"), "power/3");
	ck_assert_str_eq(header("X-Binnacle-Unknown-Categories"), "");
	ck_assert_int_eq(post("/invocations/class", "{\"dataframe_records\":[{" ROW "}]}"), 200);
	ck_assert_str_eq(header("X-Binnacle-Model"), "class/1");
	ck_assert_int_eq(post("/invocations/class/1", "{\"dataframe_records\":[{" ROW "}]}"), 200);
	ck_assert_int_eq(post("/invocations/class/2", "{}"), 404);
	ck_assert(says("no model 'class' version 2"));
	ck_assert(says("served here: power/3, class/1"));
	close_server();
}
END_TEST

START_TEST(test_invocations_says_what_is_wrong_in_mlflows_words)
{
	open_server(NULL, false);
	static const char *const bad[][2] = {{"{}", "exactly one"},
		{"{\"instances\":[],\"inputs\":[]}", "it has 2"}, {"{\"instances\":[]}", "no rows"},
		{"{\"instances\":7}", "expected rows"},
		{"{\"dataframe_split\":[]}", "dataframe_split"},
		{"{\"dataframe_records\":{}}", "expected an array"},
		{"{\"inputs\":{\"x0\":[1],\"x1\":[1,2]}}", "has 2 values, others have 1"},
		{"{\"inputs\":{\"x0\":1}}", "not an array"},
		{"{\"dataframe_split\":{\"columns\":[1],\"data\":[[1]]}}",
			"name 1 is not a string"},
		{"{\"instances\":[{" ROW "}],\"params\":{\"k\":1}}", "params"},
		{"nonsense", "body:1:"}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_int_eq(post("/invocations", bad[i][0]), 400);
		ck_assert_msg(
			says(bad[i][1]) && says("\"error_code\":\"BAD_REQUEST\",\"message\":"),
			"%s: %s", bad[i][0], answer.body.ptr);
	}
	close_server();
}
END_TEST

/* ---- metrics -------------------------------------------------------------------------------- */

static void add_drift(void *user, bn_buf *out)
{
	(void)user;
	bn_buf_adds(out, "# HELP binnacle_drift_share Share.\n# TYPE binnacle_drift_share gauge\n"
			 "binnacle_drift_share{model=\"a \\\"b\\\"\"} 0.25\n");
}

START_TEST(test_metrics_are_strict_prometheus_text)
{
	open_server(NULL, false);
	close_server();
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(
		bn_predictor_open_dir(&models[0], bn_env_real(),
			tiny_model("odd", "ridge", "y_number"), "odd\"\\\nname", "3", NULL, &err),
		&err);
	models[1] = NULL;
	bn_server_options o = {.more_metrics = add_drift};
	ck_assert_bn_ok(bn_server_new(&server, bn_env_real(), (const bn_predictor *const *)models,
				1, &o, &err),
		&err);
	ck_assert_bn_ok(bn_server_worker_new(&worker, server, &err), &err);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(post("/predict", "{" ROW "}"), 200);
	post("/predict", "{");
	get("/nothing");
	ck_assert_int_eq(get("/metrics"), 200);
	ck_assert_str_eq(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
	exposition_check(answer.body.ptr);
	ck_assert(says("binnacle_requests_total{route=\"predict\",code=\"200\"} 3\n"));
	ck_assert(says("binnacle_requests_total{route=\"predict\",code=\"400\"} 1\n"));
	ck_assert(says("binnacle_requests_total{route=\"none\",code=\"404\"} 1\n"));
	ck_assert(says("binnacle_requests_total{route=\"infer\",code=\"500\"} 0\n"));
	ck_assert(says("requests_total{code=\"200\"} 3\n"));
	ck_assert(says("request_latency_seconds_count 4\n"));
	ck_assert(
		says("binnacle_predictions_total{model=\"odd\\\"\\\\\\nname\",version=\"3\"} 3\n"));
	ck_assert(says("binnacle_drift_share"));
	bn_server_stats stats;
	bn_server_get_stats(server, &stats);
	ck_assert_uint_eq(stats.requests, 6);
	ck_assert_uint_eq(stats.errors, 2);
	ck_assert_uint_eq(stats.predictions, 3);
	ck_assert(stats.p50_ms > 0 && stats.p50_ms <= stats.p99_ms);
	close_server();
}
END_TEST

START_TEST(test_metrics_count_rows_by_class)
{
	open_server(NULL, false);
	ck_assert_int_eq(post("/predict/class", "[{" ROW "},{" ROW "},{" ROW "}]"), 200);
	json_t *v = parsed();
	const char *label =
		json_string_value(json_array_get(json_object_get(v, "prediction"), 0));
	char line[160];
	snprintf(line, sizeof line,
		"binnacle_predictions_by_class_total{model=\"class\",version=\"1\",class=\"%s\"} "
		"3\n",
		label);
	json_decref(v);
	ck_assert_int_eq(get("/metrics"), 200);
	exposition_check(answer.body.ptr);
	ck_assert_msg(says(line), "%s not in %s", line, answer.body.ptr);
	ck_assert(!says("by_class_total{model=\"power\"")); /* a regression has none */
	close_server();
}
END_TEST

static int open_no_proc(
	const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	return strncmp(path, "/proc/", 6) ? bn_fs_real.open(env, at, path, flags, mode) : -EACCES;
}

START_TEST(test_metrics_of_the_process_are_absent_where_unknown)
{
	static const char *const names[] = {"process_cpu_seconds_total",
		"process_resident_memory_bytes", "process_virtual_memory_bytes", "process_threads",
		"process_open_fds", "process_max_fds", "process_start_time_seconds"};
	bn_fs_ops blind = bn_fs_real;
	bn_env env = *bn_env_real();
	blind.open = open_no_proc;
	env.fs = &blind;
	open_server(NULL, false);
	for (int hidden = 0; hidden < 2; hidden++) {
		server->env = hidden ? &env : bn_env_real();
		ck_assert_int_eq(get("/metrics"), 200);
		exposition_check(answer.body.ptr);
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			ck_assert_msg(says(names[i]) == !hidden, "%s", names[i]);
	}
	ck_assert(!says("process_"));
	close_server();
}
END_TEST

START_TEST(test_a_server_needs_a_model)
{
	bn_err err = BN_ERR_INIT;
	bn_server_options o = {0};
	ck_assert_int_eq(bn_server_new(&server, bn_env_real(), NULL, 0, &o, &err), BN_EINVAL);
	bn_server_free(NULL);
}
END_TEST

BN_TEST_MAIN("core/serve/routes", test_predict_answers_an_object_and_an_array_alike,
	test_predict_takes_csv, test_predict_of_a_classifier_gives_label_and_probabilities,
	test_predict_says_what_is_wrong, test_both_readers_of_a_body_answer_alike,
	test_predict_ignores_extra_fields_unless_strict, test_predict_names_unknown_categories,
	test_limits_of_rows_body_and_depth, test_wrong_method_path_and_type,
	test_only_routes_that_predict_take_a_body,
	test_openapi_describes_the_models_that_are_served,
	test_a_token_is_asked_for_everywhere_but_health,
	test_pages_of_other_sites_are_refused_without_a_token, test_request_ids_are_kept_or_made,
	test_oip_metadata_names_inputs_outputs_and_versions,
	test_oip_infer_takes_one_tensor_per_input, test_oip_infer_takes_one_matrix_of_all_inputs,
	test_oip_infer_says_what_is_wrong, test_oip_infer_checks_the_range_of_each_datatype,
	test_oip_infer_refuses_other_codings_with_the_cure,
	test_invocations_takes_every_form_of_mlflow,
	test_nan_as_python_writes_it_is_a_missing_value,
	test_an_answer_that_overflows_is_422_and_names_its_row,
	test_bodies_that_are_no_text_or_beyond_a_double_are_400_with_words,
	test_a_compressed_body_is_415_before_it_is_read,
	test_invocations_says_which_of_several_models_answered,
	test_invocations_says_what_is_wrong_in_mlflows_words,
	test_metrics_are_strict_prometheus_text, test_metrics_count_rows_by_class,
	test_metrics_of_the_process_are_absent_where_unknown, test_a_server_needs_a_model)
