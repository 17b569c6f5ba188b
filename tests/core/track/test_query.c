/* The filter language: results, positions of errors; sorting, columns, pages. */
#include "core/track/query.h"

#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <math.h>
#include <string.h>
#include <time.h>

static track_world w;
static bn_err err = BN_ERR_INIT;

static void make(void)
{
	track_make(&w);
	/* The clock advances by a second on each reading, so all runs have different times. */
	w.env.clock_ns = 1800000000000000000;
	w.env.clock_step_ns = 1000000000;
	track_run(&w, 1, "alpha", "lr=0.1 opt=adam layers=[64,32]", "rmse=5,3 acc=0.5", "FINISHED");
	track_run(&w, 2, "beta", "lr=0.01 opt=sgd", "rmse=2,4 acc=0.9", "FAILED");
	track_run(&w, 3, "gamma_x", "lr=1e-3 opt=Adam", "rmse=nan", "RUNNING");
	track_run(&w, 4, "delta", NULL, NULL, "SCHEDULED");
	ck_assert_bn_ok(bn_runlog_tag(w.ws, track_id(1), "team", "ops", &err), &err);
	ck_assert_bn_ok(bn_runlog_tag(w.ws, track_id(2), "team name", "sci", &err), &err);
	ck_assert_bn_ok(bn_runlog_tag(w.ws, track_id(2), BN_STAR_TAG, "yes", &err), &err);
	ck_assert_bn_ok(bn_runlog_tag(w.ws, track_id(3), "mlflow.parentRunId", track_id(1), &err), &err);
	ck_assert_bn_ok(bn_runlog_tag(w.ws, track_id(4), "mlflow.parentRunId", track_id(3), &err), &err);
	track_sync(&w);
}

/* The names of the runs that a filter selects, oldest first, joined. */
static const char *select_names(const char *filter)
{
	static char out[256];
	bn_run_page *p = NULL;
	bn_run_query q = {.filter = filter, .sort = "id"};
	bn_err e = BN_ERR_INIT;
	ck_assert_msg(bn_run_query_page(&p, w.ws, &q, &e) == 0, "%s: %s", filter, e.msg);
	out[0] = '\0';
	for (size_t i = 0; i < p->count; i++) {
		strcat(out, i ? " " : "");
		strcat(out, p->rows[i].name);
	}
	ck_assert_int_eq(p->total, (int64_t)p->count);
	bn_run_page_free(p);
	return out;
}

static const struct {
	const char *filter, *names;
} cases[] = {
	{"", "alpha beta gamma_x delta"},
	{"metrics.rmse < 3.5", "alpha"},
	{"metrics.rmse >= 3", "alpha beta"},
	{"rmse = 4", "beta"},
	{"best(rmse) = 2", "beta"},
	{"max(rmse) = 5 or best(acc) > 0.8", "alpha beta"},
	{"first(rmse) = 5", "alpha"},
	{"mean(rmse) = 3", "beta"},
	{"count(rmse) = 2", "alpha beta"},
	{"params.lr = 0.1", "alpha"},
	{"params.lr = 0.10", "alpha"},
	{"params.lr = '0.10'", ""},
	{"params.lr < 0.05", "beta gamma_x"},
	{"lr = 0.001", "gamma_x"},
	{"params.opt = 'adam'", "alpha"},
	{"params.opt != 'adam'", "beta gamma_x"},
	{"params.opt LIKE 'ad%'", "alpha"},
	{"params.opt ILIKE 'ad%'", "alpha gamma_x"},
	{"params.opt NOT LIKE 'ad%'", "beta gamma_x"},
	{"name LIKE '%_x'", "gamma_x"},
	{"name LIKE '%a'", "alpha beta delta"},
	{"name LIKE 'gamma_x'", "gamma_x"},
	{"params.layers LIKE '[64%'", "alpha"},
	{"params.opt IN ('sgd', 'Adam')", "beta gamma_x"},
	{"params.lr IN (0.1, 0.01)", "alpha beta"},
	{"params.lr NOT IN (0.1, 0.01)", "gamma_x"},
	{"params.lr BETWEEN 0.005 AND 0.2 AND status = finished", "alpha"},
	{"params.lr NOT BETWEEN 0.005 AND 0.2", "gamma_x"},
	{"params.lr IS NULL", "delta"},
	{"params.lr IS NOT NULL", "alpha beta gamma_x"},
	{"metrics.rmse IS NAN", "gamma_x"},
	{"metrics.rmse IS NOT NAN", "alpha beta delta"},
	{"max(rmse) IS NAN AND mean(rmse) IS NAN", "gamma_x"},
	{"rmse IS NULL AND NOT rmse IS NAN", "delta"},
	{"tags.team = 'ops'", "alpha"},
	{"tags.`team name` = 'sci'", "beta"},
	{"tags.\"team name\" = \"sci\"", "beta"},
	{"tags.team IS NULL AND NOT status = RUNNING", "beta delta"},
	{"NOT (metrics.rmse < 3.5 OR params.opt = 'sgd')", ""},
	{"NOT params.lr = 0.1", "beta gamma_x"},
	{"status = FAILED OR status = 'running'", "beta gamma_x"},
	{"status != FINISHED AND status != FAILED", "gamma_x delta"},
	{"attributes.status = 'FINISHED'", "alpha"},
	{"run_name ~ 'ALPH'", "alpha"},
	{"experiment = exp and created > '1h'", "alpha beta gamma_x delta"},
	{"created < '2001-01-01'", ""},
	{"created > 0", "alpha beta gamma_x delta"},
	{"duration < 5m", "alpha beta gamma_x"},
	{"duration > 1h", ""},
	{"(((name = 'alpha')))", "alpha"},
	{"name = 'alpha' OR name = 'beta' AND status = FINISHED", "alpha"},
	{"(name = 'alpha' OR name = 'beta') AND status = FAILED", "beta"},
	{"name = 'x'' OR 1=1 --'", NULL},
	{"name = \"'; DROP TABLE run; --\"", ""},
	{"metric.acc > 0.4 AND param.lr > 0.05 and tag.team like 'o%'", "alpha"},
	{"metrics.rmse / 2 > 1.5", "beta"},
	{"max(rmse) - last(rmse) >= 2", "alpha"},
	{"max(rmse) > 1.5 * metrics.rmse", "alpha"},
	{"metrics.rmse * params.lr < 0.1", "beta"},
	{"3 = metrics.rmse OR - 2 * metrics.rmse = -8", "alpha beta"},
	{"metrics.rmse / 0 IS NULL AND metrics.rmse > 0", "alpha beta"},
	{"abs(metrics.rmse - 4) BETWEEN 1 AND 1", "alpha"},
	{"coalesce(metrics.rmse, 100) > 50", "gamma_x delta"},
	{"length(name) = 4", "beta"},
	{"upper(params.opt) = 'ADAM'", "alpha gamma_x"},
	{"metrics.rmse < metrics.acc + 4", "alpha beta"},
	{"max(rmse) > metrics.rmse", "alpha"},
	{"name = -", ""},
	{"at(rmse, 0) = 5", "alpha"},
	{"at(metrics.rmse, 1) < 4 AND status = FINISHED", "alpha"},
	{"at(rmse, 7) IS NULL", "alpha beta gamma_x delta"},
	/* No point of the step is absent, also where the series' least and greatest value decide. */
	{"NOT at(rmse, 7) < 0", ""},
	{"NOT (at(rmse, 7) > 100 OR name = 'alpha')", ""},
	{"at(rmse, 0) > 100 OR name = 'beta'", "beta"},
	{"5 <= at(rmse, 0) AND 5 >= at(rmse, 0)", "alpha"},
	{"at(rmse, 0) = 100", ""},
	{"at(rmse, 0) BETWEEN 4 AND 6 AND NOT at(rmse, 0) = 4", "alpha"},
	{"starred", "beta"},
	{"NOT starred AND status = FINISHED", "alpha"},
	{"starred = yes OR starred != false", "beta"},
	{"parent IS NOT NULL", "gamma_x delta"},
	{"depth = 0", "alpha beta"},
	{"depth > 1", "delta"},
	{"children > 0", "alpha gamma_x"},
	{"root = 00000000000000000000000000000001", "gamma_x delta"},
	{"parent = '00000000000000000000000000000003'", "delta"},
	{"created > yesterday", "alpha beta gamma_x delta"},
	{"created < today", ""},
	{"created > 'last monday' AND created > '3 days ago' AND created < now",
		"alpha beta gamma_x delta"},
	{"data = 'jobs@v1'", ""},
	{"params.lr * 1 >= params.lr AND params.lr * 1 > 0.05", "alpha"},
};

START_TEST(test_query_filters_select_what_they_say)
{
	make();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (cases[i].names)
			ck_assert_msg(!strcmp(select_names(cases[i].filter), cases[i].names),
				"%s selects '%s', not '%s'", cases[i].filter,
				select_names(cases[i].filter), cases[i].names);
	printf("NOTE: %zu filters select what they say\n", sizeof cases / sizeof *cases);
	track_remove(&w);
}
END_TEST

START_TEST(test_query_a_key_that_no_run_has_is_named)
{
	bn_err why = BN_ERR_INIT;
	make();
	ck_assert_int_eq(bn_run_filter_absent(w.ws, "metrics.rmse > 100 AND lr = 3", &why), 0);
	ck_assert_int_eq(bn_run_filter_absent(w.ws, "metrics.rmes < 3", &why), BN_ENOTFOUND);
	ck_assert_str_eq(why.msg, "no run has the metric 'rmes'");
	ck_assert_str_eq(why.hint, "did you mean 'rmse'?");
	track_remove(&w);
}
END_TEST

static const struct {
	const char *filter;
	size_t at;
	const char *says;
} wrong[] = {
	{"metrics.rmse <", 14, "filter:1:15: expected a value at the end"},
	{"at(rmse) > 1", 3, "filter:1:4: at() takes a metric and a step: at(loss, 100)"},
	{"at(rmse, 1.5) > 1", 3, "filter:1:4: a step is a whole number from 0 on"},
	{"best(rmse, 1) > 1", 5, "filter:1:6: only at() takes a number after the metric"},
	{"starred = perhaps", 10, "filter:1:11: expected yes or no, not 'perhaps'"},
	{"metrics.rmse < 1e999", 15,
		"filter:1:16: expected a number of at most 1.8e308, or inf, not '1e999'"},
	{"metrics.rmse < fast", 15, "filter:1:16: expected a number, not 'fast'"},
	{"metrics.rmse", 12, "filter:1:13: expected a comparison"},
	{"metrics.rmse < 3 AND", 20, "expected a field at the end"},
	{"metrics.rmse < 3 params.lr = 1", 17, "expected AND or OR, not 'params.lr'"},
	{"(name = 'a'", 11, "expected AND, OR or ')' at the end"},
	{"name = 'a", 7, "filter:1:8: this quote is never closed"},
	{"name = 'a' &", 11, "unexpected character"},
	{"nmae = 'a'", 0, "no attribute, metric, parameter or tag 'nmae'"},
	{"attributes.foo = 1", 11, "no attribute 'foo'"},
	{"params. = 1", 8, "a key after the dot"},
	{"status = done", 9, "one of SCHEDULED, QUEUED"},
	{"created > soon", 10, "expected a time"},
	{"duration > long", 11, "expected a duration"},
	{"metrics.rmse LIKE 'a'", 13, "LIKE compares text"},
	{"tags.team < 3", 12, "a tag is text"},
	{"params.lr IN 3", 13, "expected '('"},
	{"params.lr IN (1, 'a')", 17, "expected a number, as the first"},
	{"params.lr BETWEEN 1 OR 2", 20, "expected AND"},
	{"inf = inf", 0, "expected a field, not 'inf': both sides are values"},
	{"name = 'a' OR 1 = 1", 14, "expected a field, not '1'"},
	{"params.lr IS 3", 13, "NULL, NAN, NOT NULL or NOT NAN"},
	{"at(rmse, 1) IS NAN", 12, "IS NAN takes a metric"},
	{"duration IS NAN", 9, "IS NAN takes a metric"},
	{"params.lr NOT = 3", 14, "LIKE, ILIKE, IN or BETWEEN"},
	{"name =\n  'a' AND\n  < 3", 19, "filter:3:3: expected a field"},
	{"name = '\xc3\xa4' AND ?", 16, "filter:1:16: "},
	{"name = 'x'' OR 1=1 --'", 10, "expected AND or OR"},
	{"metrics.rmse + 1", 16, "expected a comparison"},
	{"name + 1 > 2", 5, "+ does not take text and a whole number"},
	{"floor(metrics.rmse) = 2", 0, "runs cannot be queried for floor"},
	{"lenght(name) = 2", 0, "no function 'lenght'"},
	{"length(name, 2) = 2", 0, "length does not take text and a whole number"},
	{"name = 'a' AND (metrics.rmse", 28, "expected an operator or ')' at the end"},
	{"foo.`a b` = 1", 5, "'foo.' has no keys"},
	{"metrics.rmse IN (1, metrics.acc)", 20, "a list can only have values"},
};

START_TEST(test_query_errors_point_at_the_character)
{
	make();
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bn_err e = BN_ERR_INIT;
		size_t at = 9999;
		ck_assert_msg(bn_run_filter_check(w.ws, wrong[i].filter, &at, &e) == BN_EINVAL,
			"'%s' is accepted", wrong[i].filter);
		ck_assert_msg(
			strstr(e.msg, wrong[i].says), "'%s' says '%s'", wrong[i].filter, e.msg);
		ck_assert_msg(at == wrong[i].at, "'%s' points at %zu, not %zu: %s", wrong[i].filter,
			at, wrong[i].at, e.msg);
	}
	bn_err e = BN_ERR_INIT;
	bn_run_filter_check(w.ws, "rsme < 3", NULL, &e);
	ck_assert_ptr_nonnull(strstr(e.hint, "rmse"));
	track_remove(&w);
}
END_TEST

START_TEST(test_query_deep_and_long_filters_are_refused_not_crashed)
{
	make();
	bn_buf b = BN_BUF_INIT;
	for (int i = 0; i < 1000; i++)
		bn_buf_addch(&b, '(');
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_run_filter_check(w.ws, b.ptr, NULL, &e), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "64 levels"));
	bn_buf_clear(&b);
	bn_buf_adds(&b, "name = a");
	for (int i = 0; i < 1000; i++)
		bn_buf_adds(&b, " OR name = a");
	bn_err_clear(&e);
	ck_assert_int_eq(bn_run_filter_check(w.ws, b.ptr, NULL, &e), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "400"));
	/* The maximum number of terms is accepted. */
	bn_buf_clear(&b);
	bn_buf_adds(&b, "name = a");
	for (int i = 0; i < 399; i++)
		bn_buf_adds(&b, " OR metrics.rmse = 4");
	ck_assert_str_eq(select_names(b.ptr), "beta");
	bn_buf_release(&b);
	track_remove(&w);
}
END_TEST

static const char *sorted(const char *sort)
{
	static char out[256];
	bn_run_page *p = NULL;
	bn_run_query q = {.sort = sort};
	ck_assert_bn_ok(bn_run_query_page(&p, w.ws, &q, &err), &err);
	out[0] = '\0';
	for (size_t i = 0; i < p->count; i++) {
		strcat(out, i ? " " : "");
		strcat(out, p->rows[i].name);
	}
	bn_run_page_free(p);
	return out;
}

START_TEST(test_query_sorts_with_what_is_absent_last_both_ways)
{
	make();
	ck_assert_str_eq(sorted("metrics.rmse"), "alpha beta delta gamma_x");
	ck_assert_str_eq(sorted("-metrics.rmse"), "beta alpha delta gamma_x");
	ck_assert_str_eq(sorted("params.lr"), "gamma_x beta alpha delta");
	ck_assert_str_eq(sorted("params.lr DESC"), "alpha beta gamma_x delta");
	ck_assert_str_eq(sorted("status,name"), "beta alpha gamma_x delta");
	ck_assert_str_eq(sorted(NULL), "delta gamma_x beta alpha");
	bn_run_page *p = NULL;
	bn_err e = BN_ERR_INIT;
	bn_run_query q = {.sort = "metrics."};
	ck_assert_int_eq(bn_run_query_page(&p, w.ws, &q, &e), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "sort:1:"));
	track_remove(&w);
}
END_TEST

START_TEST(test_query_columns_tell_absent_from_nan)
{
	static const char *const columns[] = {
		"metrics.rmse", "params.opt", "tags.team", "best(acc)", "status"};
	bn_run_page *p = NULL;
	bn_run_query q = {.sort = "id", .columns = columns, .column_count = 5};
	make();
	ck_assert_bn_ok(bn_run_query_page(&p, w.ws, &q, &err), &err);
	ck_assert_uint_eq(p->count, 4);
	ck_assert_double_eq(p->rows[0].cells[0].number, 3);
	ck_assert_str_eq(p->rows[0].cells[1].text, "adam");
	ck_assert_str_eq(p->rows[0].cells[2].text, "ops");
	ck_assert_double_eq(p->rows[0].cells[3].number, 0.5);
	ck_assert_str_eq(p->rows[0].cells[4].text, "FINISHED");
	ck_assert_int_eq(p->rows[2].cells[0].kind, BN_CELL_NUMBER);
	ck_assert(isnan(p->rows[2].cells[0].number));
	ck_assert_int_eq(p->rows[2].cells[3].kind, BN_CELL_ABSENT);
	ck_assert_int_eq(p->rows[3].cells[0].kind, BN_CELL_ABSENT);
	ck_assert_int_eq(p->rows[3].cells[1].kind, BN_CELL_ABSENT);
	bn_run_page_free(p);
	track_remove(&w);
}
END_TEST

START_TEST(test_query_search_limit_offset_and_fields)
{
	bn_run_page *p = NULL;
	bn_names fields;
	bn_run_query q = {.search = "alp fin"};
	make();
	ck_assert_bn_ok(bn_run_query_page(&p, w.ws, &q, &err), &err);
	ck_assert_int_eq(p->total, 1);
	ck_assert_str_eq(p->rows[0].name, "alpha");
	bn_run_page_free(p);
	q = (bn_run_query){.sort = "id", .limit = 2, .offset = 1};
	ck_assert_bn_ok(bn_run_query_page(&p, w.ws, &q, &err), &err);
	ck_assert_int_eq(p->total, 4);
	ck_assert_uint_eq(p->count, 2);
	ck_assert_str_eq(p->rows[0].name, "beta");
	bn_run_page_free(p);
	ck_assert_bn_ok(bn_run_fields(&fields, w.ws, NULL, &err), &err);
	ck_assert_uint_eq(fields.count, 2 + 3 + 4);
	ck_assert_str_eq(fields.items[0], "metrics.rmse");
	ck_assert_str_eq(fields.items[1], "metrics.acc");
	bn_names_release(&fields);
	track_remove(&w);
}
END_TEST

START_TEST(test_query_fields_are_written_as_they_are_read)
{
	static const struct {
		const char *name, *written;
	} fields[] = {{"metrics.rmse", "metrics.rmse"}, {"metrics.a.b/c-d_e", "metrics.a.b/c-d_e"},
		{"metrics.val loss", "metrics.`val loss`"}, {"params.c:d", "params.`c:d`"},
		{"tags.it's", "tags.`it's`"}, {"params.a,b", "params.`a,b`"},
		{"params.(x)", "params.`(x)`"}, {"params.a`b", "params.\"a`b\""},
		{"metrics.\xc3\xa4 desc", "metrics.`\xc3\xa4 desc`"}};
	bn_buf list = BN_BUF_INIT, one = BN_BUF_INIT;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		bn_buf_clear(&one);
		bn_run_field_write(&one, fields[i].name);
		ck_assert_str_eq(one.ptr, fields[i].written);
		bn_buf_addf(&list, "%s%s", i ? "," : "", one.ptr);
	}
	char *rest = list.ptr, *field;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		ck_assert_ptr_nonnull(field = bn_run_field_next(&rest));
		ck_assert_str_eq(field, fields[i].written);
	}
	ck_assert_ptr_null(bn_run_field_next(&rest));
	bn_buf_release(&list);
	bn_buf_release(&one);
	/* a query accepts them */
	track_make(&w);
	track_run(&w, 1, "r", "c:d=2", NULL, "RUNNING");
	ck_assert_bn_ok(bn_runlog_param(w.ws, track_id(1), "a b", "1", &err), &err);
	bn_metric_set set = BN_METRIC_SET_INIT;
	bn_metric_set_add(&set, "val loss", 0, 1000, 3);
	ck_assert_bn_ok(bn_runlog_metrics(w.ws, track_id(1), &set, &err), &err);
	bn_metric_set_release(&set);
	track_sync(&w);
	const char *const columns[] = {"params.`a b`", "params.`c:d`", "metrics.`val loss`"};
	bn_run_query q = {
		.columns = columns, .column_count = 3, .sort = "metrics.`val loss`,-params.`a b`"};
	bn_run_page *p = NULL;
	ck_assert_bn_ok(bn_run_query_page(&p, w.ws, &q, &err), &err);
	ck_assert_str_eq(p->rows[0].cells[0].text, "1");
	ck_assert_str_eq(p->rows[0].cells[1].text, "2");
	ck_assert_double_eq(p->rows[0].cells[2].number, 3);
	bn_run_page_free(p);
	track_remove(&w);
}
END_TEST

START_TEST(test_query_envelope_never_loses_a_spike)
{
	enum { N = 300000, BUCKETS = 60 };
	bn_bucket b[BUCKETS];
	bn_metric_set set = BN_METRIC_SET_INIT;
	bool any = false;
	track_make(&w);
	track_run(&w, 1, "long", NULL, NULL, "RUNNING");
	for (int i = 0; i < N; i++)
		bn_metric_set_add(&set, "x", i, 1000 + i, i == 123456 ? 1e9 : i == 5 ? NAN : 1.0);
	ck_assert_bn_ok(bn_runlog_metrics(w.ws, track_id(1), &set, &err), &err);
	bn_metric_set_release(&set);
	track_sync(&w);
	struct timespec t0, t1;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	ck_assert_bn_ok(bn_series_envelope(
				b, BUCKETS, &any, w.ws, track_id(1), "x", BN_AXIS_STEP, 1, 0, &err),
		&err);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	printf("NOTE: envelope of %d points in %d buckets: %.1f ms\n", N, BUCKETS,
		(double)(t1.tv_sec - t0.tv_sec) * 1e3 + (double)(t1.tv_nsec - t0.tv_nsec) * 1e-6);
	size_t points = 0, nans = 0, spikes = 0;
	for (int i = 0; i < BUCKETS; i++) {
		points += b[i].count;
		nans += b[i].nan_count;
		spikes += b[i].max == 1e9;
		ck_assert_double_eq(b[i].min, 1.0);
		if (b[i].max == 1e9)
			ck_assert(b[i].from <= 123456 && 123456 < b[i].to);
	}
	ck_assert(any);
	ck_assert_uint_eq(points, N - 1);
	ck_assert_uint_eq(nans, 1);
	ck_assert_uint_eq(spikes, 1);
	track_remove(&w);
}
END_TEST

START_TEST(test_query_ten_thousand_runs)
{
	enum { N = 10000 };
	static const char *const columns[] = {"params.lr", "metrics.rmse"};
	static const struct {
		const char *what, *filter, *sort;
	} queries[] = {{"newest 100", NULL, NULL},
		{"filter by metric and parameter", "metrics.rmse < 0.5 AND params.lr > 0.5", NULL},
		{"sort by metric", NULL, "-metrics.rmse"}};
	char params[64], metrics[64];
	track_make(&w);
	for (int i = 0; i < N; i++) {
		snprintf(params, sizeof params, "lr=%g", (double)(i % 100) / 100);
		snprintf(metrics, sizeof metrics, "rmse=%g", (double)(i * 7919 % N) / N);
		track_run(&w, i + 1, "r", params, metrics, "FINISHED");
	}
	track_sync(&w);
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
		struct timespec a, b;
		bn_run_page *p = NULL;
		bn_run_query q = {.filter = queries[i].filter,
			.sort = queries[i].sort,
			.columns = columns,
			.column_count = 2,
			.limit = 100};
		clock_gettime(CLOCK_MONOTONIC, &a);
		ck_assert_bn_ok(bn_run_query_page(&p, w.ws, &q, &err), &err);
		clock_gettime(CLOCK_MONOTONIC, &b);
		printf("NOTE: %d runs, %s: %.1f ms\n", N, queries[i].what,
			(double)(b.tv_sec - a.tv_sec) * 1e3 +
				(double)(b.tv_nsec - a.tv_nsec) * 1e-6);
		ck_assert_uint_eq(p->count, 100);
		bn_run_page_free(p);
	}
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/track/query", test_query_filters_select_what_they_say, test_query_a_key_that_no_run_has_is_named,
	test_query_errors_point_at_the_character,
	test_query_deep_and_long_filters_are_refused_not_crashed,
	test_query_sorts_with_what_is_absent_last_both_ways,
	test_query_columns_tell_absent_from_nan, test_query_search_limit_offset_and_fields,
	test_query_fields_are_written_as_they_are_read, test_query_envelope_never_loses_a_spike,
	test_query_ten_thousand_runs)
