/*
 * test_mlflow_corpus.c - the requests of tests/peers/mlflow_corpus, answered as a real MLflow server answered them.
 *
 * tests/peers/mlflow_replay.py defines the corpus and recorded the answers. A difference fails unless allowed.jsonl
 * lists it with a reason, and so does a line of that list without a difference. BINNACLE_CORPUS=04 only replays files
 * whose name contains that.
 */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "tests/support/api_world.h"
#include "tests/support/check_main.h"
#include "tests/support/mlflow_normal.h"

#include <fnmatch.h>
#include <string.h>

#define CORPUS "tests/peers/mlflow_corpus/"

typedef struct rule {
	json_t *line;
	bool is_used;
} rule;

static api_world w;
static mlflow_taken taken;
static rule rules[512];
static size_t rule_count;
static const char *stem;
static size_t requests, bad, meant;

/* ---- files ---------------------------------------------------------------------------------- */

/* Lines of JSON; an array, yours. */
static json_t *read_lines(const char *name)
{
	char path[256], *line = NULL;
	size_t size = 0;
	snprintf(path, sizeof path, CORPUS "%s", name);
	FILE *f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s cannot be read", path);
	json_t *all = json_array();
	while (getline(&line, &size, f) > 0) {
		json_t *v = json_loads(line, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		ck_assert_msg(v != NULL, "%s:%zu: no JSON", path, json_array_size(all) + 1);
		json_array_append_new(all, v);
	}
	free(line);
	fclose(f);
	return all;
}

static void read_rules(void)
{
	json_t *line, *all = read_lines("allowed.jsonl");
	size_t i;
	json_array_foreach(all, i, line)
	{
		ck_assert_uint_lt(rule_count, sizeof rules / sizeof *rules);
		ck_assert_msg(
			strlen(bn_json_str(line, "why", "")) > 0, "allowed.jsonl:%zu: why?", i + 1);
		rules[rule_count++].line = json_incref(line);
	}
	json_decref(all);
}

/* ---- a request ------------------------------------------------------------------------------ */

/* The response's body as a tree: a text if it is no JSON. */
static json_t *tree_of(bn_http_response *out)
{
	char block[65536];
	ssize_t n;
	while (out->source.read &&
		(n = out->source.read(out->source.user, block, sizeof block)) > 0)
		bn_buf_add(&out->body, block, (size_t)n);
	json_t *v = json_loadb(out->body.ptr ? out->body.ptr : "", out->body.len,
		JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (!v)
		v = json_stringn(out->body.ptr ? out->body.ptr : "", out->body.len);
	return v ? v : json_string("(no text)");
}

static void keep_headers(json_t *answer, const json_t *keep, const bn_http_response *out)
{
	size_t i;
	json_t *name, *headers = json_object();
	char value[512];
	json_array_foreach(keep, i, name)
	{
		const char *n = json_string_value(name);
		const char *v = !strcmp(n, "Content-Type")
					? out->content_type
					: bn_http_response_header(out, n, value, sizeof value);
		json_t *text = json_string(v ? v : "");
		json_object_set_new(headers, n, mlflow_normal(&taken, text));
		json_decref(text);
	}
	if (json_array_size(keep))
		json_object_set_new(answer, "headers", headers);
	else
		json_decref(headers);
}

/* RFC 6901, without escapes. */
static json_t *at_pointer(json_t *v, const char *path)
{
	char copy[256], *save = NULL;
	snprintf(copy, sizeof copy, "%s", path);
	for (char *p = strtok_r(copy, "/", &save); p && v; p = strtok_r(NULL, "/", &save))
		v = json_is_array(v) ? json_array_get(v, (size_t)atoi(p)) : json_object_get(v, p);
	return v;
}

static void take(const json_t *request, json_t *answer)
{
	const char *name;
	json_t *where;
	json_object_foreach(json_object_get(request, "take"), name, where)
	{
		json_t *v = at_pointer(answer, json_string_value(where));
		char number[32];
		if (json_is_integer(v))
			snprintf(number, sizeof number, "%lld", (long long)json_integer_value(v));
		if (json_is_string(v) || json_is_integer(v))
			mlflow_take(
				&taken, name, json_is_string(v) ? json_string_value(v) : number);
	}
}

/* Sends it; the normalised answer, yours. */
static json_t *ask(const json_t *request)
{
	char *target = mlflow_fill(&taken, bn_json_str(request, "do", "")), *body = NULL;
	char *path = strchr(target, ' ');
	const char *type = bn_json_str(request, "type", NULL),
		   *raw = bn_json_str(request, "raw", NULL);
	const json_t *tree = json_object_get(request, "body");
	bn_http_response out;
	ck_assert_ptr_nonnull(path);
	*path++ = '\0';
	path = path[0] == '/' ? bn_strdup(path) : bn_strf("/api/2.0/mlflow/%s", path);
	char *query = strchr(path, '?');
	if (query)
		*query++ = '\0';
	bn_http_unescape(path);
	if (raw) {
		body = mlflow_fill(&taken, raw);
	} else if (tree) {
		json_t *filled = mlflow_fill_tree(&taken, tree);
		body = json_dumps(filled, JSON_ENCODE_ANY);
		json_decref(filled);
		type = type ? type : "application/json";
	}
	bn_http_header header = {"Content-Type", type};
	bn_http_request r = {.method = target,
		.path = path,
		.query = query,
		.headers = &header,
		.header_count = type && *type ? 1 : 0,
		.body = body,
		.body_len = body ? strlen(body) : 0};
	bn_http_response_init(&out);
	bn_api_handle(w.api, BN_API_MANAGER, &r, &out);
	json_t *answer = json_object(), *got = tree_of(&out);
	take(request, got);
	json_object_set_new(answer, "status", json_integer(out.status));
	json_object_set_new(answer, "body", mlflow_normal(&taken, got));
	keep_headers(answer, json_object_get(request, "keep"), &out);
	json_decref(got);
	bn_http_response_release(&out);
	bn_free(body);
	bn_free(path);
	bn_free(target);
	return answer;
}

/* ---- judging -------------------------------------------------------------------------------- */

typedef struct judged {
	const char *name;
	size_t found;
} judged;

static bool is_allowed(const char *name, const char *where)
{
	for (size_t i = 0; i < rule_count; i++) {
		json_t *pattern, *differs = json_object_get(rules[i].line, "differs");
		size_t k;
		if (fnmatch(bn_json_str(rules[i].line, "at", ""), name, 0) != 0)
			continue;
		json_array_foreach(differs, k, pattern)
		{
			if (fnmatch(json_string_value(pattern), where, 0) == 0) {
				rules[i].is_used = true;
				return true;
			}
		}
	}
	return false;
}

static void on_difference(void *ctx, const char *where, const json_t *expected, const json_t *got)
{
	judged *j = ctx;
	if (is_allowed(j->name, where)) {
		meant++;
		return;
	}
	char *a = expected ? json_dumps(expected, JSON_ENCODE_ANY) : NULL;
	char *b = got ? json_dumps(got, JSON_ENCODE_ANY) : NULL;
	if (!j->found++)
		printf("FAIL: %s\n", j->name);
	printf("  %s: expected %.900s, got %.900s\n", where, a ? a : "nothing", b ? b : "nothing");
	free(a);
	free(b);
}

static void replay(const char *which)
{
	char name[256], scenario[128] = "";
	stem = which;
	snprintf(name, sizeof name, "%s.jsonl", which);
	json_t *line, *lines = read_lines(name);
	snprintf(name, sizeof name, "%s.answers.jsonl", which);
	json_t *answers = read_lines(name);
	size_t i, n = 0;
	api_make(&w, NULL);
	taken.now_ms = bn_env_now_ns(&w.env.env) / 1000000;
	json_array_foreach(lines, i, line)
	{
		const char *new_scenario = bn_json_str(line, "scenario", NULL);
		if (new_scenario) {
			snprintf(scenario, sizeof scenario, "%s", new_scenario);
			mlflow_forget(&taken);
			continue;
		}
		snprintf(name, sizeof name, "%s/%s/%s", which, scenario,
			bn_json_str(line, "at", ""));
		json_t *expected = json_array_get(answers, n++);
		ck_assert_str_eq(bn_json_str(expected, "at", ""), name + strlen(which) + 1);
		json_object_del(expected, "at");
		json_t *got = ask(line);
		judged j = {name, 0};
		mlflow_differences(expected, got, on_difference, &j);
		bad += j.found > 0;
		requests++;
		json_decref(got);
	}
	mlflow_forget(&taken);
	api_remove(&w);
	json_decref(answers);
	json_decref(lines);
}

/* A rule without a difference would hide the next one. */
static void check_rules(const char *which)
{
	size_t n = strlen(which);
	for (size_t i = 0; i < rule_count; i++) {
		const char *at = bn_json_str(rules[i].line, "at", "");
		if (!rules[i].is_used && !strncmp(at, which, n)) {
			printf("FAIL: allowed.jsonl: no difference at %s any more\n", at);
			bad++;
		}
		json_decref(rules[i].line);
	}
}

/* Those whose routes are not complete are only replayed when named. */
static const struct {
	const char *name;
	bool is_complete;
} files[] = {{"01-experiments", true}, {"02-runs", true}, {"03-log", true},
	{"04-search-runs", true}, {"05-inputs", true}, {"06-logged-models", true},
	{"07-registry", true}, {"08-prompts", true}, {"09-artifacts", true}, {"10-webhooks", true},
	{"11-wire", true}};
enum { FILES = sizeof files / sizeof *files };

START_TEST(test_answers_are_those_of_a_real_server)
{
	const char *only = getenv("BINNACLE_CORPUS");
	if (only ? !strstr(files[_i].name, only) : !files[_i].is_complete)
		return;
	read_rules();
	replay(files[_i].name);
	check_rules(files[_i].name);
	printf("NOTE: %s: %zu requests, %zu with differences, %zu differences that are meant\n",
		stem, requests, bad, meant);
	ck_assert_uint_eq(bad, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("core/api/mlflow_corpus");
	TCase *c = tcase_create("all");
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, test_answers_are_those_of_a_real_server, 0, FILES);
	suite_add_tcase(s, c);
	SRunner *r = srunner_create(s);
	setvbuf(stdout, NULL, _IOLBF, 0);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
