/* A project's settings: what is read, and errors that name file, line and field. */
#include "core/base/mem.h"
#include "core/ci/settings.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>

static bn_ci_settings *parse(const char *text)
{
	bn_ci_settings *s = NULL;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_ci_settings_parse(&s, text, strlen(text), "binnacle.yaml", &err), &err);
	return s;
}

static const char full[] = "ci:\n"
			   "  model: power\n"
			   "  data:\n"
			   "    - {name: jobs, file: data/jobs.csv, suite: suite.json}\n"
			   "    - {name: later, file: https://example.org/later.csv, part: test}\n"
			   "  lint: make lint\n"
			   "  unit: [make, make test]\n"
			   "  train:\n"
			   "    trainer: ridge\n"
			   "    target: power\n"
			   "    valid: 0.1\n"
			   "    seed: 7\n"
			   "    set: {alpha: 0.5}\n"
			   "  evaluate: {policy: policy.json, margin: {rmse: 0.5}}\n"
			   "  deploy: {command: ./deploy.sh, secrets: [TOKEN, OTHER_1]}\n"
			   "  monitor: {model: power@champion, window: 1d}\n"
			   "  tags: {all: [linux], train: gpu}\n";

START_TEST(test_settings_of_every_kind_are_read)
{
	bn_ci_settings *s = parse(full);
	ck_assert_str_eq(s->model, "power");
	ck_assert_uint_eq(s->n_data, 2);
	ck_assert_str_eq(s->data[0].suite, "suite.json");
	ck_assert_str_eq(s->data[1].part, "test");
	ck_assert(bn_ci_is_url(s->data[1].file) && !bn_ci_is_url(s->data[0].file));
	ck_assert_uint_eq(s->lint.count, 1);
	ck_assert_uint_eq(s->unit.count, 2);
	ck_assert_str_eq(s->unit.items[1], "make test");
	ck_assert(s->train.valid == 0.1 && isnan(s->train.test));
	ck_assert_int_eq(s->train.seed, 7);
	ck_assert_uint_eq(json_object_size(s->evaluate.margin), 1);
	ck_assert_str_eq(s->deploy.secrets.items[1], "OTHER_1");
	ck_assert_str_eq(s->monitor.window, "1d");
	ck_assert_ptr_null(s->smoke.endpoint);
	bn_ci_settings_free(s);
}
END_TEST

START_TEST(test_settings_that_are_empty_set_nothing)
{
	static const char *const texts[] = {"ci:\n", "{}", "ci: {}\n", "ci:\n  train:\n  data:\n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		bn_ci_settings *s = parse(texts[i]);
		ck_assert_ptr_null(s->model);
		ck_assert_uint_eq(s->n_data, 0);
		ck_assert_int_eq(s->train.seed, -1);
		bn_ci_settings_free(s);
	}
}
END_TEST

START_TEST(test_settings_errors_name_line_and_field)
{
	static const struct {
		const char *text, *says, *hint;
	} cases[] = {
		{"ci:\n  modle: x\n", "binnacle.yaml:2: ci.modle: there is no such field", "model"},
		{"cj:\n", "binnacle.yaml:1: cj: ", "'ci'"},
		{"ci:\n  trian:\n    seed: 1\n", "binnacle.yaml:2: ci.trian", "'train'"},
		{"ci:\n\n  train:\n    targt: x\n", "binnacle.yaml:4: ci.train.targt", "'target'"},
		{"ci:\n  train:\n    trainer: rige\n    target: x\n",
			"binnacle.yaml:3: ci.train.trainer", "ridge"},
		{"ci:\n  train: {trainer: ridge}\n", "a trainer needs a target", NULL},
		{"ci:\n  train: {trainer: ridge, target: x}\n", "needs data", NULL},
		{"ci:\n  train: {trainer: ridge, target: x, command: y}\n", "not both", NULL},
		{"ci:\n  train: {test: 1.5}\n", "ci.train.test: must be a share", NULL},
		{"ci:\n  train: {seed: -1}\n", "ci.train.seed: must be a whole number", NULL},
		{"ci:\n  train: {split: randm}\n", "'randm' is no split", "random"},
		{"ci:\n  data: jobs.csv\n", "ci.data: must be a list", NULL},
		{"ci:\n  data: [{name: a}]\n", "ci.data[0]: needs a name and a file", NULL},
		{"ci:\n  data: [{name: a/b, file: x}]\n", "cannot be a name", NULL},
		{"ci:\n  data:\n    - {name: a, file: x}\n    - {name: a, file: y}\n",
			"binnacle.yaml:4: ci.data[1]: 'a' is named twice", NULL},
		{"ci:\n  data: [{name: a, file: x, part: test}]\n", "takes no part", NULL},
		{"ci:\n  data: [{name: a, file: x, part: tset}]\n", "ci.data[0].part", "test"},
		{"ci:\n  lint: []\n", "ci.lint: must not be empty", NULL},
		{"ci:\n  lint: [a, {b: c}]\n", "ci.lint[1]: must be a text", NULL},
		{"ci:\n  lint: \"a\\nb\"\n", "one line", NULL},
		{"ci:\n  tags: {trian: [gpu]}\n", "ci.tags.trian: 'trian' is no stage", "train"},
		{"ci:\n  branch: \"a' || true || 'b\"\n", "ci.branch: 'a' || true || 'b' cannot",
			NULL},
		{"ci:\n  monitor: {cron: daily}\n", "ci.monitor.cron: 'daily' is no time of cron",
			NULL},
		{"ci:\n  monitor: {cron: \"0 6 * * '\"}\n", "is no time of cron", NULL},
		{"ci:\n  monitor: {window: soon}\n", "ci.monitor.window: 'soon' is no time", NULL},
		{"ci:\n  package: {format: zip}\n", "ci.package.format: 'zip' is no format", NULL},
		{"ci:\n  package: {format: oci}\n", "needs ci.model", NULL},
		{"ci:\n  evaluate: {margin: {rmse: -1}}\n", "ci.evaluate.margin.rmse", NULL},
		{"ci:\n  smoke: {endpoint: http://x}\n", "needs rows", NULL},
		{"ci:\n  deploy: {secrets: [hunter2]}\n", "ci.deploy.secrets: must be names", NULL},
		{"ci: &a {model: x}\n", "anchors are not supported", NULL},
		{"- x\n", "must be a mapping", NULL},
		{"ci: [x]\n", "binnacle.yaml:1: ci: must be a mapping", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_ci_settings *s = NULL;
		bn_err err = BN_ERR_INIT;
		int rc = bn_ci_settings_parse(
			&s, cases[i].text, strlen(cases[i].text), "binnacle.yaml", &err);
		ck_assert_msg(rc == BN_EINVAL, "%s is accepted", cases[i].text);
		ck_assert_ptr_null(s);
		ck_assert_msg(strstr(err.msg, cases[i].says) != NULL, "'%s' in '%s'", cases[i].says,
			err.msg);
		ck_assert_msg(!cases[i].hint || strstr(err.hint, cases[i].hint), "'%s' in '%s'",
			cases[i].hint, err.hint);
		ck_assert_ptr_null(strstr(err.msg, "hunter2"));
	}
}
END_TEST

START_TEST(test_settings_without_memory_fail_cleanly)
{
	for (long n = 1;; n++) {
		bn_ci_settings *s = NULL;
		bn_alloc_fail_at(n);
		int rc = bn_ci_settings_parse(&s, full, strlen(full), "binnacle.yaml", NULL);
		bn_alloc_fail_at(0);
		ck_assert(rc == 0 || rc == BN_ENOMEM);
		bn_ci_settings_free(s);
		if (!rc)
			break;
	}
}
END_TEST

BN_TEST_MAIN("core/ci/settings", test_settings_of_every_kind_are_read,
	test_settings_that_are_empty_set_nothing, test_settings_errors_name_line_and_field,
	test_settings_without_memory_fail_cleanly)
