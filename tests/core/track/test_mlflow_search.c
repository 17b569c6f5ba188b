/* MLflow's filters and orders: what they select, in which order, and MLflow's messages for wrong ones. */
#include "core/track/mlflow_search.h"

#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static track_world w;
static bn_err err = BN_ERR_INIT;

static void make(void)
{
	track_make(&w);
	w.env.clock_ns = 1800000000000000000;
	w.env.clock_step_ns = 1000000000;
	track_run(&w, 1, "alpha", "lr=0.1 opt=adam a.b=x", "rmse=5,3 acc=0.5", "FINISHED");
	track_run(&w, 2, "beta", "lr=0.01 opt=sgd", "rmse=2,4 acc=0.9", "FAILED");
	track_run(&w, 3, "gamma_x", "lr=1e-3 opt=Adam", "rmse=nan", "RUNNING");
	track_run(&w, 4, "delta", NULL, NULL, "SCHEDULED");
	track_run(&w, 5, "omega", "lr=0.5", "rmse=1", "FINISHED");
	ck_assert_bn_ok(bn_runlog_tag(w.ws, track_id(1), "team", "ops", &err), &err);
	ck_assert_bn_ok(bn_runlog_tag(w.ws, track_id(2), "team name", "sci", &err), &err);
	const bn_run_word context = {"mlflow.data.context", "training"};
	const bn_run_dataset sets[] = {
		{"iris", "d1", "local", "{}", NULL, NULL, &context, 1}, {"cars", "d2", "local", "{}", NULL, NULL, NULL, 0}};
	ck_assert_bn_ok(bn_runlog_inputs(w.ws, track_id(1), sets, 2, NULL, 0, &err), &err);
	ck_assert_bn_ok(bn_runlog_inputs(w.ws, track_id(3), sets + 1, 1, NULL, 0, &err), &err);
	track_sync(&w);
	ck_assert_bn_ok(bn_runlog_removed(w.ws, track_id(5), &err), &err);
	track_sync(&w);
}

/* The last digits of the ids of the runs found, in order. */
static const char *found(const char *filter, const char *order, bn_mlflow_view view)
{
	static char out[64];
	const bn_mlflow_experiment in[] = {{"exp", "file:///store/7"}, {"none", "x"}};
	bn_mlflow_scope scope = {.experiments = in, .experiment_count = 2, .view = view};
	bn_mlflow_search *s = NULL;
	bn_mlflow_runs l;
	bn_err e = BN_ERR_INIT;
	const char *order_by[4];
	char copy[200], *rest = copy, *one;
	size_t n = 0;
	snprintf(copy, sizeof copy, "%s", order ? order : "");
	while (order && (one = strsep(&rest, ";")))
		order_by[n++] = one;
	ck_assert_msg(bn_mlflow_search_new(&s, BN_MLFLOW_RUNS, filter, order_by, n, &e) == 0,
		"%s: %s", filter, e.msg);
	ck_assert_bn_ok(bn_mlflow_search_runs(&l, w.ws, s, &scope, &e), &e);
	ck_assert_int_eq(l.matched, (int64_t)l.count);
	for (size_t i = 0; i < l.count; i++)
		out[i] = l.items[i].id[BN_RUN_ID_TEXT - 2];
	out[l.count] = '\0';
	bn_mlflow_runs_release(&l);
	bn_mlflow_search_free(s);
	return out;
}

static const struct {
	const char *filter, *ids; /* oldest first */
} filters[] = {
	{NULL, "1234"},
	{"", "1234"},
	{"metrics.rmse < 3.5", "1"},
	{"metric.rmse >= 3 AND params.lr = '0.1'", "1"},
	{"metrics.rmse != 3", "23"}, /* NaN differs from every number, absent matches nothing */
	{"metrics.rmse = 3", "1"},
	{"metrics.rmse <= 4 and metrics.acc > 0.6", "2"},
	{"metrics.rmse > -1e3", "12"},
	{"params.lr = '0.10'", ""},
	{"params.opt = \"adam\"", "1"},
	{"parameters.opt != 'adam'", "23"},
	{"param.opt LIKE 'ad%'", "1"},
	{"params.opt ilike 'AD%'", "13"},
	{"params.opt LIKE '_d__'", "13"},
	{"params.`opt` = 'sgd'", "2"},
	{"`params`.\"opt\" = 'sgd'", "2"},
	{"params.a.b = 'x'", "1"},
	{"params.`a.b` = 'x'", "1"},
	{"params.lr IS NULL", "4"},
	{"params.lr IS NOT NULL", "123"},
	{"tags.team = 'ops'", "1"},
	{"tags.`team name` = 'sci'", "2"},
	{"tag.team is null", "234"},
	{"tags.team != 'sci'", "1"},
	{"attributes.status = 'FINISHED'", "1"},
	{"status != 'FINISHED'", "234"},
	{"attr.status ILIKE 'f%'", "12"},
	{"run_name LIKE '%_x'", "3"},
	{"`run name` = 'beta'", "2"},
	{"run_id IN ('00000000000000000000000000000001', '00000000000000000000000000000004')",
		"14"},
	{"run.run_id NOT IN ('00000000000000000000000000000001')", "234"},
	{"start_time > 0", "1234"},
	{"created < 5", ""},
	{"end_time > 0", "12"},
	{"artifact_uri = 'file:///store/7/00000000000000000000000000000002/artifacts'", "2"},
	{"artifact_uri LIKE 'file:%2/artifacts'", "2"},
	{"metrics.rmse > 0 metrics.acc < 0.6", "1"}, /* MLflow ignores the missing AND */
	{"params.opt = 'it''s'", ""},
	{"dataset.name = 'iris'", "1"},
	{"datasets.digest IN ('d1', 'd2')", "13"},
	{"dataset.name != 'iris'", "13"}, /* some dataset of the run passes */
	{"dataset.name = 'iris' AND dataset.digest LIKE '%2'", "1"},
	{"dataset.context ILIKE 'TRAIN%'", "1"},
	{"user_id LIKE '%'", "1234"},
};

START_TEST(test_mlflow_search_filters_runs)
{
	make();
	for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
		const char *ids = found(filters[i].filter, "start_time ASC", BN_MLFLOW_ACTIVE_ONLY);
		ck_assert_msg(strcmp(ids, filters[i].ids) == 0, "%s: %s, not %s", filters[i].filter,
			ids, filters[i].ids);
	}
	track_remove(&w);
}
END_TEST

START_TEST(test_mlflow_search_reads_the_trash_and_all)
{
	make();
	ck_assert_str_eq(found(NULL, NULL, BN_MLFLOW_DELETED_ONLY), "5");
	ck_assert_str_eq(
		found("params.lr = '0.5' AND metrics.rmse = 1", NULL, BN_MLFLOW_DELETED_ONLY), "5");
	ck_assert_str_eq(found(NULL, NULL, BN_MLFLOW_ALL), "54321");
	ck_assert_str_eq(found("metrics.rmse < 4", "metrics.rmse", BN_MLFLOW_ALL), "51");
	track_remove(&w);
}
END_TEST

static const struct {
	const char *order, *ids;
} orders[] = {
	{NULL, "4321"},
	{"start_time", "1234"},
	{"attributes.start_time DESC", "4321"},
	{"created asc", "1234"},
	{"metrics.rmse", "1234"}, /* then NaN, then absent, in both directions */
	{"metrics.rmse DESC", "2134"},
	{"metrics.`acc` desc", "2143"},
	{"params.opt", "3124"},
	{"params.opt DESC", "2134"},
	{"tags.team", "1432"},
	{"run_id DESC", "4321"},
	{"run_name", "1243"},
	{"end_time", "1243"},
	{"status;metrics.rmse", "2134"},
	{"metrics.none", "4321"},
};

START_TEST(test_mlflow_search_orders_runs)
{
	make();
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		const char *ids = found(NULL, orders[i].order, BN_MLFLOW_ACTIVE_ONLY);
		ck_assert_msg(strcmp(ids, orders[i].ids) == 0, "%s: %s, not %s", orders[i].order,
			ids, orders[i].ids);
	}
	track_remove(&w);
}
END_TEST

START_TEST(test_mlflow_search_pages_runs)
{
	const bn_mlflow_experiment in[] = {{"exp", "x"}};
	bn_mlflow_scope scope = {in, 1, BN_MLFLOW_ACTIVE_ONLY, 1, 2};
	bn_mlflow_search *s = NULL;
	bn_mlflow_runs l;
	make();
	ck_assert_bn_ok(bn_mlflow_search_new(&s, BN_MLFLOW_RUNS, NULL, NULL, 0, &err), &err);
	ck_assert_bn_ok(bn_mlflow_search_runs(&l, w.ws, s, &scope, &err), &err);
	ck_assert_uint_eq(l.count, 2);
	ck_assert_int_eq(l.matched, 4);
	ck_assert_str_eq(l.items[0].id, track_id(3));
	bn_mlflow_runs_release(&l);
	scope.offset = 9;
	ck_assert_bn_ok(bn_mlflow_search_runs(&l, w.ws, s, &scope, &err), &err);
	ck_assert_uint_eq(l.count, 0);
	bn_mlflow_runs_release(&l);
	scope.offset = 0;
	scope.experiment_count = 0;
	ck_assert_bn_ok(bn_mlflow_search_runs(&l, w.ws, s, &scope, &err), &err);
	ck_assert_uint_eq(l.count, 0);
	bn_mlflow_runs_release(&l);
	bn_mlflow_search_free(s);
	track_remove(&w);
}
END_TEST

/* ---- messages ------------------------------------------------------------------------------- */

static const struct {
	bn_mlflow_kind kind;
	const char *filter, *order, *says;
} wrong[] = {
#define R BN_MLFLOW_RUNS
#define E BN_MLFLOW_EXPERIMENTS
	{R, "metrics.a", NULL, "Invalid clause(s) in filter string: 'metrics.a'"},
	{R, "metrics.a > ", NULL, "Invalid clause(s) in filter string: 'metrics.a', '>'"},
	{R, "metrics.a > 1 OR metrics.b < 2", NULL, "Invalid clause(s) in filter string: 'OR'"},
	{E, "name = 'a' OR name = 'b'", NULL, "Invalid clause(s) in filter string: OR"},
	{R, "(metrics.a > 1)", NULL, "Invalid clause(s) in filter string: '(metrics.a > 1)'"},
	{R, "NOT params.a = 'x'", NULL, "Invalid clause(s) in filter string: 'NOT'"},
	{R, "params.my-lr = 'x'", NULL,
		"Invalid comparison clause. Expected 'Identifier' found 'params.my-lr'"},
	{R, "params.a = 'x", NULL, "Invalid clause(s) in filter string: 'params.a', '=', ''', 'x'"},
	{R, "metrics.a > +1", NULL,
		"Invalid clause(s) in filter string: 'metrics.a', '>', '+', '1'"},
	{R, "metrics.a = 1;", NULL, "Invalid clause(s) in filter string: ';'"},
	{R, "metrics.a = 1; metrics.b=2", NULL,
		"Search filter contained multiple expression 'metrics.a = 1; metrics.b=2'. Provide "
		"AND-ed "
		"expression list."},
	{R, "   ", NULL, "Invalid filter '   '. Could not be parsed."},
	{R, "metrics.a > 'x'", NULL, "Expected numeric value type for metric. Found 'x'"},
	{R, "metrics.a > 1e+3", NULL, "Expected numeric value type for metric. Found 1e+3"},
	{R, "start_time > 'x'", NULL,
		"Expected numeric value type for numeric attribute: start_time. Found 'x'"},
	{R, "params.a = 5", NULL,
		"Expected a quoted string value for parameter (e.g. 'my-value'). Got value 5"},
	{R, "params.a IN ('x')", NULL,
		"Expected a quoted string value for parameter (e.g. 'my-value'). Got value ('x')"},
	{R, "params.a = abc", NULL,
		"Parameter value is either not quoted or unidentified quote types used for string "
		"value "
		"abc. Use either single or double quotes."},
	{R, "foo.a = 'x'", NULL,
		"Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', "
		"'attribute', "
		"'dataset']"},
	{E, "params.a = 'x'", NULL,
		"Invalid entity type 'params'. Valid entity types are ('attribute', 'tag', "
		"'tags')"},
	{E, "foo = 'x'", NULL,
		"Invalid attribute key 'foo' specified. Valid keys are '{'name', 'experiment_id', "
		"'creation_time', 'last_update_time'}'"},
	{R, "dataset.foo = 'x'", NULL,
		"Invalid dataset key 'foo' specified. Valid keys are '{'name', 'digest', "
		"'context'}'"},
	{R, "run_id IN ()", NULL,
		"While parsing a list in the query, expected a non-empty list of string values, "
		"but got "
		"empty list"},
	{R, "run_id IN (1)", NULL,
		"While parsing a list in the query, expected string value, punctuation, or "
		"whitespace, "
		"but got different type in list: (1)"},
	{R, "run_id IN ('a' 'b')", NULL,
		"While parsing a list in the query, expected a non-empty list of string values, "
		"but got "
		"ill-formed list."},
	{R, "status IN ('a')", NULL,
		"Only ['run_id'] attributes support comparison with a list of quoted string "
		"values."},
	{R, "metrics.a IS NULL", NULL,
		"IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' "
		"'a'"},
	{R, "5 > metrics.a", NULL, "Invalid comparison clause. Expected 'Identifier' found '5'"},
	{R, "metrics.a/b > 1", NULL,
		"Invalid comparison clause. Expected 'Identifier' found 'metrics.a/b'"},
	{R, "metrics.a == 1", NULL,
		"Invalid comparator '==' not one of '{'=', '!=', '<', '<=', '>', '>='}'"},
	{R, "params.a NOT LIKE 'x'", NULL,
		"Invalid comparator 'NOT LIKE' not one of '{'=', '!=', 'LIKE', 'ILIKE', 'IS NULL', "
		"'IS "
		"NOT NULL'}'"},
	{R, "run_id = ('a', 'b')", NULL,
		"Invalid value for run_id: a list is compared with IN or NOT IN"},
	{R, NULL, "metrics.a foo", "Invalid ordering key in order_by clause 'metrics.a foo'."},
	{R, NULL, "metrics.a, metrics.b",
		"Invalid order_by clause 'metrics.a, metrics.b'. Could not be parsed."},
	{R, NULL, "", "Invalid order_by clause ''. Could not be parsed."},
	{R, NULL, "`run name`",
		"Invalid attribute key 'run name' specified. Valid keys are '{'artifact_uri', "
		"'end_time', "
		"'run_id', 'run_name', 'start_time', 'status', 'user_id', 'created', 'Created'}'"},
	{R, NULL, "dataset.name", "Invalid identifier type 'dataset'"},
	{R, NULL, "start_time;created DESC",
		"`order_by` contains duplicate fields: ['start_time', 'created DESC']"},
	{E, NULL, "tags.a", "Invalid order_by entity: tag"},
	{BN_MLFLOW_MODELS, NULL, "creation",
		"Invalid order by key 'creation' specified. Valid keys are '{'name', "
		"'timestamp'}'"},
	{BN_MLFLOW_MODELS, NULL, "attribute.name",
		"Invalid order by key 'attribute.name' specified. Valid keys are '{'name', "
		"'timestamp'}'"},
	{BN_MLFLOW_VERSIONS, "name = 5", NULL,
		"Only the '{'version_number', 'creation_timestamp', 'last_updated_timestamp'}' "
		"attributes "
		"support comparison with numeric values."},
	{BN_MLFLOW_MODELS, "name = (1", NULL, "Invalid clause(s) in filter string: name, =, (, 1"},
};

START_TEST(test_mlflow_search_has_the_messages_of_mlflow)
{
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bn_err e = BN_ERR_INIT;
		bn_mlflow_search *s = NULL;
		const char *order_by[4];
		char copy[200], *rest = copy, *one;
		size_t n = 0;
		snprintf(copy, sizeof copy, "%s", wrong[i].order ? wrong[i].order : "");
		while (wrong[i].order && (one = strsep(&rest, ";")))
			order_by[n++] = one;
		int rc = bn_mlflow_search_new(&s, wrong[i].kind, wrong[i].filter, order_by, n, &e);
		ck_assert_msg(
			rc == BN_EINVAL, "%s %s is accepted", wrong[i].filter, wrong[i].order);
		ck_assert_str_eq(e.msg, wrong[i].says);
	}
}
END_TEST

/* The time to refuse one grows with its length, not with the square of it: each of these took seconds. */
START_TEST(test_mlflow_search_refuses_what_nothing_closes)
{
	static const char *const pieces[] = {"(", "(a ", "\"\\", "'\\", "`", "(\""};
	enum { TIMES = 400000 };
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		size_t n = strlen(pieces[i]);
		bn_mlflow_search *s = NULL;
		char *text = malloc(n * TIMES + 1);
		ck_assert_ptr_nonnull(text);
		for (size_t k = 0; k < TIMES; k++)
			memcpy(text + k * n, pieces[i], n);
		text[n * TIMES] = '\0';
		ck_assert_int_eq(
			bn_mlflow_search_new(&s, BN_MLFLOW_RUNS, text, NULL, 0, NULL), BN_EINVAL);
		free(text);
	}
}
END_TEST

START_TEST(test_mlflow_search_fails_without_memory)
{
	static const char *const order[] = {"metrics.a DESC", "params.b"};
	for (long n = 1; n < 60; n++) {
		bn_err e = BN_ERR_INIT;
		bn_mlflow_search *s = NULL;
		bn_alloc_fail_at(n);
		int rc = bn_mlflow_search_new(&s, BN_MLFLOW_RUNS,
			"metrics.a > 1 AND run_id IN ('a', 'b') AND tags.c LIKE '%x'", order, 2,
			&e);
		bn_alloc_fail_at(0);
		ck_assert_msg(rc == 0 || rc == BN_ENOMEM, "%ld: %d %s", n, rc, e.msg);
		bn_mlflow_search_free(rc == 0 ? s : NULL);
	}
}
END_TEST

/* ---- rows in memory ------------------------------------------------------------------------- */

/* "name=a version_number=3 tag.t=x": texts, numbers where the key ends in _time, _timestamp or _number. */
typedef struct text_rows {
	const char *const *rows;
	char value[4][64];
	unsigned next;
} text_rows;

static bool text_value(void *ctx, size_t row, bn_mlflow_entity entity, const char *key, size_t nth,
	bn_mlflow_value *out)
{
	static const char *const prefix[] = {"", "metric.", "param.", "tag."};
	text_rows *t = ctx;
	char name[64], *text = t->value[t->next++ % 4];
	snprintf(name, sizeof name, " %s%s=", prefix[entity], key ? key : "");
	const char *at = t->rows[row];
	for (size_t i = 0; at; i++) {
		at = key ? strstr(at, name) : strstr(at, prefix[entity]);
		if (!at || i == nth)
			break;
		at++;
	}
	if (!at)
		return false;
	at = strchr(at, '=') + 1;
	snprintf(text, 64, "%.*s", (int)strcspn(at, " "), at);
	*out = (bn_mlflow_value){.text = text};
	if (entity == BN_MLFLOW_METRIC) {
		/* value@dataset@time */
		char *set = strchr(text, '@'), *time = set ? strchr(set + 1, '@') : NULL;
		*out = (bn_mlflow_value){.number = strtod(text, NULL),
			.dataset_name = set ? set + 1 : NULL,
			.time_ms = time ? atoi(time + 1) : 0};
		if (time)
			*time = '\0';
	} else if (key && (strstr(key, "time") || strstr(key, "_number"))) {
		*out = (bn_mlflow_value){.number = strtod(text, NULL)};
	}
	return true;
}

static const char *rows_found(const bn_mlflow_search *s, const char *const *rows, size_t count)
{
	static char out[64];
	text_rows t = {.rows = rows};
	const bn_mlflow_rows all = {count, text_value, &t};
	size_t *found_rows = NULL, n = 0;
	ck_assert_bn_ok(bn_mlflow_search_rows(&found_rows, &n, s, &all, &err), &err);
	for (size_t i = 0; i < n; i++)
		out[i] = (char)('0' + found_rows[i]);
	out[n] = '\0';
	bn_free(found_rows);
	return out;
}

static const char *const experiments[] = {
	" name=Default experiment_id=0 creation_time=100 last_update_time=100",
	" name=mnist experiment_id=9 creation_time=200 last_update_time=250 tag.team=vision",
	" name=Imdb experiment_id=10 creation_time=200 last_update_time=200 tag.team=text",
};

static const char *const models[] = {
	" name=b last_updated_timestamp=3 tag.t=1",
	" name=a last_updated_timestamp=3",
	" name=greeting last_updated_timestamp=9 tag.mlflow.prompt.is_prompt=true tag.t=1",
};

static const char *const versions[] = {
	" name=a version_number=2 run_id=r1 last_updated_timestamp=5 creation_timestamp=1",
	(" name=a version_number=10 run_id=r2 last_updated_timestamp=5 creation_timestamp=2 "
	 "source_path=s3://b"),
	" name=b version_number=1 run_id=r1 last_updated_timestamp=7 creation_timestamp=3",
};

static const struct {
	bn_mlflow_kind kind;
	const char *filter, *order, *rows;
} row_cases[] = {
	{E, NULL, NULL, "120"},
	{E, NULL, "creation_time", "021"},
	{E, NULL, "name ASC", "021"},
	{E, NULL, "experiment_id DESC", "210"},
	{E, "name ILIKE 'm%'", NULL, "1"},
	{E, "attribute.name LIKE 'm%'", NULL, "1"},
	{E, "tags.team IS NULL", NULL, "0"},
	{E, "tags.team != 'text'", NULL, "1"},
	{E, "tag.`team` IS NOT NULL AND creation_time >= 200", "experiment_id ASC", "12"},
	{E, "experiment_id IN ('0', '10')", NULL, "20"},
	{BN_MLFLOW_MODELS, NULL, NULL, "10"},
	{BN_MLFLOW_MODELS, "name IN ('b', 'c')", NULL, "0"},
	{BN_MLFLOW_MODELS, "tags.t = '1'", NULL, "0"},
	{BN_MLFLOW_MODELS, "tags.`mlflow.prompt.is_prompt` = 'true'", NULL, "2"},
	{BN_MLFLOW_MODELS, "tags.`mlflow.prompt.is_prompt` != 'true'", "name DESC", "01"},
	{BN_MLFLOW_MODELS, NULL, "timestamp DESC", "10"},
	{BN_MLFLOW_VERSIONS, NULL, NULL, "210"},
	{BN_MLFLOW_VERSIONS, "name = 'a'", NULL, "10"},
	{BN_MLFLOW_VERSIONS, "name = 'a' AND version_number > 2", NULL, "1"},
	{BN_MLFLOW_VERSIONS, "run_id IN ('r1')", "version_number ASC", "20"},
	{BN_MLFLOW_VERSIONS, "source_path LIKE 's3://%'", NULL, "1"},
};

START_TEST(test_mlflow_search_finds_rows_in_memory)
{
	static const char *const *const rows[] = {
		[E] = experiments, [BN_MLFLOW_MODELS] = models, [BN_MLFLOW_VERSIONS] = versions};
	for (size_t i = 0; i < sizeof row_cases / sizeof *row_cases; i++) {
		bn_mlflow_search *s = NULL;
		bn_err e = BN_ERR_INIT;
		ck_assert_msg(bn_mlflow_search_new(&s, row_cases[i].kind, row_cases[i].filter,
				      &row_cases[i].order, row_cases[i].order != NULL, &e) == 0,
			"%s: %s", row_cases[i].filter, e.msg);
		const char *got = rows_found(s, rows[row_cases[i].kind], 3);
		ck_assert_msg(strcmp(got, row_cases[i].rows) == 0, "%d %s %s: %s, not %s",
			row_cases[i].kind, row_cases[i].filter, row_cases[i].order, got,
			row_cases[i].rows);
		bn_mlflow_search_free(s);
	}
}
END_TEST

static const char *const logged[] = {
	(" name=a model_id=m-1 status=READY creation_timestamp=1 metric.acc=0.5@train@1 "
	 "metric.acc=0.9@test@2 param.lr=0.1"),
	" name=b model_id=m-2 status=PENDING creation_timestamp=2 metric.acc=0.7@test@1",
	" name=c model_id=m-3 status=READY creation_timestamp=3 source_run_id=r9",
	" name=d model_id=m-4 status=READY creation_timestamp=4 metric.acc=nan@test@1",
};

static const struct {
	const char *filter;
	bn_mlflow_order order;
	const char *dataset, *rows;
} logged_cases[] = {
	{NULL, {NULL, false, NULL, NULL}, NULL, "3210"},
	{"metrics.acc > 0.6", {NULL, false, NULL, NULL}, NULL, "10"},
	{"metrics.acc < 0.6", {NULL, false, NULL, NULL}, NULL, "0"},
	{"metrics.acc < 0.6", {NULL, false, NULL, NULL}, "test", ""},
	{NULL, {NULL, false, NULL, NULL}, "train", "0"},
	{NULL, {"metrics.acc", false, NULL, NULL}, NULL, "1032"},
	{NULL, {"metrics.acc", true, NULL, NULL}, NULL, "0132"},
	{NULL, {"metrics.acc", false, "train", NULL}, NULL, "0321"},
	{"params.lr = '0.1' AND status IN ('READY')", {NULL, false, NULL, NULL}, NULL, "0"},
	{"source_run_id = 'r9'", {NULL, false, NULL, NULL}, NULL, "2"},
	{"creation_time >= 2 AND attributes.name != 'b'", {"creation_time", false, NULL, NULL},
		NULL, "23"},
};

START_TEST(test_mlflow_search_finds_logged_models)
{
	for (size_t i = 0; i < sizeof logged_cases / sizeof *logged_cases; i++) {
		const bn_mlflow_dataset set = {logged_cases[i].dataset, NULL};
		bn_mlflow_search *s = NULL;
		bn_err e = BN_ERR_INIT;
		ck_assert_msg(bn_mlflow_search_logged(&s, logged_cases[i].filter,
				      &logged_cases[i].order, logged_cases[i].order.field != NULL,
				      &set, set.name != NULL, &e) == 0,
			"%s: %s", logged_cases[i].filter, e.msg);
		const char *got = rows_found(s, logged, 4);
		ck_assert_msg(strcmp(got, logged_cases[i].rows) == 0, "%zu %s: %s, not %s", i,
			logged_cases[i].filter, got, logged_cases[i].rows);
		bn_mlflow_search_free(s);
	}
}
END_TEST

START_TEST(test_mlflow_search_rejects_wrong_orders_of_logged_models)
{
	static const struct {
		bn_mlflow_order order;
		const char *says;
	} cases[] = {
		{{NULL, false, NULL, NULL},
			"`field_name` in the `order_by` clause must be specified."},
		{{"params.a", false, NULL, NULL},
			"Invalid order by field name: params.a. Only metrics are supported."},
		{{"foo", false, NULL, NULL}, "Invalid order by field name: foo"},
		{{"metrics.a", false, NULL, "d"}, "`dataset_digest` can only be specified if "
						  "`dataset_name` is also specified."},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_mlflow_search *s = NULL;
		bn_err e = BN_ERR_INIT;
		ck_assert_int_eq(bn_mlflow_search_logged(&s, NULL, &cases[i].order, 1, NULL, 0, &e),
			BN_EINVAL);
		ck_assert_str_eq(e.msg, cases[i].says);
	}
}
END_TEST

START_TEST(test_mlflow_search_ten_thousand_runs)
{
	enum { N = 10000 };
	static const char *const order[] = {"metrics.acc DESC"};
	const bn_mlflow_experiment in[] = {{"exp", "x"}};
	bn_mlflow_scope scope = {in, 1, BN_MLFLOW_ACTIVE_ONLY, 0, 1000};
	bn_mlflow_search *s = NULL;
	bn_mlflow_runs l;
	struct timespec a, b;
	char metrics[64];
	track_make(&w);
	for (int i = 0; i < N; i++) {
		snprintf(metrics, sizeof metrics, "rmse=%g acc=%d", (double)(i * 7919 % N) / N, i);
		track_run(&w, i + 1, "r", NULL, metrics, "FINISHED");
	}
	track_sync(&w);
	clock_gettime(CLOCK_MONOTONIC, &a);
	ck_assert_bn_ok(
		bn_mlflow_search_new(&s, BN_MLFLOW_RUNS, "metrics.rmse < 0.5", order, 1, &err), &err);
	ck_assert_bn_ok(bn_mlflow_search_runs(&l, w.ws, s, &scope, &err), &err);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("NOTE: %d runs, a metric's filter and sort: %.1f ms\n", N,
		(double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) * 1e-6);
	ck_assert_int_eq(l.matched, N / 2);
	ck_assert_uint_eq(l.count, 1000);
	bn_mlflow_runs_release(&l);
	bn_mlflow_search_free(s);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/track/mlflow_search", test_mlflow_search_filters_runs,
	test_mlflow_search_reads_the_trash_and_all, test_mlflow_search_orders_runs,
	test_mlflow_search_pages_runs, test_mlflow_search_has_the_messages_of_mlflow,
	test_mlflow_search_refuses_what_nothing_closes,
	test_mlflow_search_fails_without_memory, test_mlflow_search_finds_rows_in_memory,
	test_mlflow_search_finds_logged_models,
	test_mlflow_search_rejects_wrong_orders_of_logged_models,
	test_mlflow_search_ten_thousand_runs)
