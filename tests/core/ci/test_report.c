/* A report of the gate: its verdict, its comparison with the target branch, and its four forms, which no
 * text can break out of. */
#include "core/base/json.h"
#include "core/ci/report.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>

/* Texts that are markup, mentions or not text at all in one of the forms. */
static const char *const hostile[] = {
	"a|b",
	"`x`",
	"``` \n```",
	"<script>alert(1)</script>",
	"</code><img src=x onerror=y>",
	"@all @group/team",
	"#1 !2 ~label $3 &4 %5",
	"https://evil.example/ www.evil.example",
	"line\nbreak\r\n| a | b |",
	"\x01\x02\x1b[31m",
	"\xff\xfe bad utf-8",
	"\xef\xbf\xbe\xef\xbf\xbf",
	"]]>&amp;&#0;",
	"\"quoted\" \\ back",
	"![](x)[y](z)",
	"\n\n# head\n\n- item",
	"    code",
	"\xe2\x80\xae reversed",
	"# EOF\n",
	"</details>",
	"::error::x",
};
#define HOSTILE (sizeof hostile / sizeof *hostile)

static bn_ci_report *report_new(void)
{
	bn_ci_report *r;
	ck_assert_int_eq(bn_ci_report_new(&r, NULL), 0);
	r->time_ms = 1796075625000;
	return r;
}

static bn_ci_report *hostile_report(void)
{
	bn_ci_report *r = report_new();
	for (size_t i = 0; i < HOSTILE; i++)
		for (int v = 0; v < BN_CI_VERDICTS; v++) {
			bn_ci_case *c = bn_ci_report_add(r, hostile[(i + 1) % HOSTILE], hostile[i],
				(bn_ci_verdict)v, "%s", hostile[(i + 2) % HOSTILE]);
			c->details = bn_ci_report_keep(r, hostile[(i + 3) % HOSTILE]);
			c->warns = i % 3 == 0;
		}
	for (size_t i = 0; i < HOSTILE; i++) {
		bn_ci_report_add_metric(r, hostile[i], hostile[(i + 1) % HOSTILE], (double)i, -1);
		bn_ci_report_add_chart(r, hostile[i], hostile[(i + 1) % HOSTILE]);
	}
	r->commit = r->ref = r->model = r->run_name = r->dataset = hostile[0];
	r->pipeline_url = hostile[5];
	return r;
}

START_TEST(test_report_verdict_is_decided_by_what_does_not_only_warn)
{
	bn_ci_report *r = report_new();
	ck_assert_int_eq(bn_ci_report_verdict(r), BN_CI_PASS);
	bn_ci_report_add(r, "gates", "a", BN_CI_PASS, "%s", "");
	bn_ci_report_add(r, "gates", "b", BN_CI_SKIPPED, "%s", "");
	bn_ci_report_add(r, "gates", "c", BN_CI_FAIL, "%s", "")->warns = true;
	bn_ci_report_add(r, "gates", "d", BN_CI_INCONCLUSIVE, "%s", "")->warns = true;
	ck_assert_int_eq(bn_ci_report_verdict(r), BN_CI_PASS);
	bn_ci_report_add(r, "gates", "e", BN_CI_INCONCLUSIVE, "%s", "");
	ck_assert_int_eq(bn_ci_report_verdict(r), BN_CI_INCONCLUSIVE);
	bn_ci_report_add(r, "data", "f", BN_CI_FAIL, "%s", "");
	ck_assert_int_eq(bn_ci_report_verdict(r), BN_CI_FAIL);
	ck_assert_uint_eq(bn_ci_report_count(r, BN_CI_FAIL), 2);
	ck_assert_uint_eq(r->n_suites, 2);
	bn_ci_report_free(r);
}
END_TEST

START_TEST(test_report_lists_what_fails_first)
{
	bn_ci_report *r = report_new();
	bn_ci_report_add(r, "data", "skipped", BN_CI_SKIPPED, "%s", "");
	bn_ci_report_add(r, "data", "good", BN_CI_PASS, "%s", "");
	bn_ci_report_add(r, "gates", "good", BN_CI_PASS, "%s", "");
	bn_ci_report_add(r, "gates", "warns", BN_CI_FAIL, "%s", "")->warns = true;
	bn_ci_report_add(r, "gates", "bad", BN_CI_FAIL, "%s", "");
	bn_ci_report_add(r, "gates", "also good", BN_CI_PASS, "%s", "");
	bn_ci_report_sort(r);
	ck_assert_str_eq(r->suites[0].name, "gates");
	static const char *const order[] = {"bad", "warns", "good", "also good"};
	for (size_t i = 0; i < 4; i++)
		ck_assert_str_eq(r->suites[0].cases[i].name, order[i]);
	ck_assert_str_eq(r->suites[1].cases[0].name, "good");
	bn_ci_report_free(r);
}
END_TEST

START_TEST(test_report_compares_with_another_ones_json)
{
	bn_ci_report *base = report_new(), *r = report_new();
	json_t *doc;
	bn_err err = BN_ERR_INIT;
	base->commit = bn_ci_report_keep(base, "c0ffee");
	bn_ci_report_add_metric(base, "test", "rmse", 10, -1);
	bn_ci_report_add_metric(base, "test", "r2", 0.9, 1);
	bn_ci_report_add_metric(base, "test", "gone", 3, -1);
	bn_ci_report_add_metric(base, "test", "undefined", NAN, 1);
	ck_assert_bn_ok(bn_ci_report_json(base, &doc, &err), &err);
	bn_ci_report_add_metric(r, "test", "rmse", 12, -1);
	bn_ci_report_add_metric(r, "test", "r2", 0.95, 1);
	bn_ci_report_add_metric(r, "test", "undefined", 1, 1);
	ck_assert_bn_ok(bn_ci_report_compare(r, doc, "base.json", &err), &err);
	ck_assert(r->has_baseline);
	ck_assert_str_eq(r->base_commit, "c0ffee");
	const bn_ci_metric *m = bn_ci_report_metric(r, "test", "rmse");
	ck_assert(bn_ci_metric_change(m) == 2 && bn_ci_metric_trend(m) == -1);
	ck_assert_int_eq(bn_ci_metric_trend(bn_ci_report_metric(r, "test", "r2")), 1);
	m = bn_ci_report_metric(r, "test", "gone");
	ck_assert(isnan(m->value) && m->baseline == 3 && bn_ci_metric_trend(m) == 0);
	ck_assert(isnan(bn_ci_report_metric(r, "test", "undefined")->baseline));
	json_decref(doc);
	bn_ci_report_free(base);
	bn_ci_report_free(r);
}
END_TEST

START_TEST(test_report_baseline_that_is_none_is_named)
{
	static const struct {
		const char *json, *says;
	} cases[] = {
		{"{}", "base.json: not a report"},
		{"[]", "base.json: not a report"},
		{"{\"kind\": \"binnacle.ci.report\"}", "metrics"},
		{"{\"kind\": \"binnacle.ci.report\", \"metrics\": [{\"part\": 3}]}",
			"base.json: metrics[0]"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_ci_report *r = report_new();
		bn_err err = BN_ERR_INIT;
		json_t *doc = json_loads(cases[i].json, 0, NULL);
		ck_assert_int_eq(bn_ci_report_compare(r, doc, "base.json", &err), BN_EINVAL);
		ck_assert_msg(strstr(err.msg, cases[i].says) != NULL, "%s", err.msg);
		json_decref(doc);
		bn_ci_report_free(r);
	}
}
END_TEST

/* Well-formed as far as a scan for tags can tell: elements close in order, no other '<' or bare '&'. */
static void assert_xml(const char *s)
{
	const char *open[8];
	size_t depth = 0, names[8];
	for (const char *p = s; *p; p++) {
		ck_assert_msg((unsigned char)*p >= 0x20 || strchr("\n\t", *p), "control %d", *p);
		if (*p == '&')
			ck_assert(!strncmp(p, "&amp;", 5) || !strncmp(p, "&lt;", 4) ||
				  !strncmp(p, "&gt;", 4) || !strncmp(p, "&quot;", 6));
		if (*p != '<' || p[1] == '?')
			continue;
		const char *end = strchr(p, '>');
		ck_assert_ptr_nonnull(end);
		size_t n = strspn(p + 1 + (p[1] == '/'), "abcdefghijklmnopqrstuvwxyz-");
		ck_assert_uint_gt(n, 0);
		if (p[1] == '/') {
			ck_assert_uint_gt(depth, 0);
			depth--;
			ck_assert(n == names[depth] && !strncmp(p + 2, open[depth], n));
		} else if (end[-1] != '/') {
			ck_assert_uint_lt(depth, 8);
			open[depth] = p + 1;
			names[depth++] = n;
		}
	}
	ck_assert_uint_eq(depth, 0);
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;
	for (const char *p = text; (p = strstr(p, word)); p++)
		n++;
	return n;
}

START_TEST(test_report_junit_is_xml_for_any_text)
{
	bn_ci_report *r = hostile_report();
	bn_buf b = BN_BUF_INIT;
	ck_assert_int_eq(bn_ci_report_junit(r, &b, NULL), 0);
	assert_xml(b.ptr);
	ck_assert_uint_eq(count(b.ptr, "<testcase"), HOSTILE * BN_CI_VERDICTS);
	ck_assert_uint_eq(count(b.ptr, "<testsuite "), HOSTILE);
	bn_buf_release(&b);
	bn_ci_report_free(r);
}
END_TEST

START_TEST(test_report_junit_counts_and_outcomes)
{
	bn_ci_report *r = report_new();
	bn_buf b = BN_BUF_INIT;
	bn_ci_report_add(r, "gates", "ok", BN_CI_PASS, "%s", "")->duration_ns = 1500000000;
	bn_ci_report_add(r, "gates", "no", BN_CI_FAIL, "rmse %d, limit 10", 12);
	bn_ci_report_add(r, "gates", "open", BN_CI_INCONCLUSIVE, "%s", "no number");
	bn_ci_report_add(r, "gates", "later", BN_CI_SKIPPED, "%s", "a person");
	bn_ci_report_add(r, "gates", "hm", BN_CI_FAIL, "%s", "worse")->warns = true;
	ck_assert_int_eq(bn_ci_report_junit(r, &b, NULL), 0);
	ck_assert_uint_eq(count(b.ptr, "tests=\"5\" failures=\"1\" errors=\"1\" skipped=\"1\""), 2);
	ck_assert_ptr_nonnull(
		strstr(b.ptr, "<testcase classname=\"gates\" name=\"ok\" time=\"1.500000\"/>"));
	ck_assert_ptr_nonnull(
		strstr(b.ptr, "<failure message=\"rmse 12, limit 10\" type=\"fail\">"));
	ck_assert_ptr_nonnull(strstr(b.ptr, "<error message=\"no number\" type=\"inconclusive\">"));
	ck_assert_ptr_nonnull(strstr(b.ptr, "<skipped message=\"a person\">"));
	ck_assert_ptr_nonnull(strstr(b.ptr, "<system-out>fail (warns): worse</system-out>"));
	ck_assert_ptr_nonnull(strstr(b.ptr, "timestamp=\"2026-11-30T21:53:45\""));
	bn_buf_release(&b);
	bn_ci_report_free(r);
}
END_TEST

START_TEST(test_report_openmetrics_has_a_sample_a_line_and_ends)
{
	bn_ci_report *r = hostile_report();
	bn_buf b = BN_BUF_INIT;
	bn_ci_report_add_metric(r, "test", "unknown", NAN, 0);
	bn_ci_report_add_metric(r, "test", "inf", INFINITY, 0);
	ck_assert_int_eq(bn_ci_report_openmetrics(r, &b, NULL), 0);
	ck_assert_uint_eq(count(b.ptr, "\nbinnacle_ci_metric{"), HOSTILE + 1);
	ck_assert_uint_eq(count(b.ptr, "\n# EOF\n"), 1);
	ck_assert_ptr_nonnull(strstr(b.ptr, "metric=\"inf\"} +Inf\n"));
	ck_assert_ptr_null(strstr(b.ptr, "NaN"));
	for (char *line = b.ptr; *line; line = strchr(line, '\n') + 1)
		ck_assert(!strncmp(line, "# ", 2) || !strncmp(line, "binnacle_ci_", 12));
	ck_assert_str_eq(b.ptr + b.len - 6, "# EOF\n");
	bn_buf_release(&b);
	bn_ci_report_free(r);
}
END_TEST

/* Removes what is in <code> and in fenced blocks; the rest is written by us. */
static char *own_words(const char *s)
{
	char *out = calloc(1, strlen(s) + 1), *to = out;
	while (*s) {
		size_t fence = (to == out || to[-1] == '\n') ? strspn(s, "`") : 0;
		if (!strncmp(s, "<code>", 6)) {
			s = strstr(s, "</code>");
			ck_assert_ptr_nonnull(s);
			s += 7;
		} else if (fence >= 3) {
			char end[64];
			snprintf(end, sizeof end, "\n%.*s\n", (int)fence, s);
			s = strstr(s + fence, end);
			ck_assert_ptr_nonnull(s);
			s += strlen(end);
		} else {
			*to++ = *s++;
		}
	}
	return out;
}

START_TEST(test_report_markdown_is_harmless_for_any_text)
{
	static const char *const bad[] = {
		"@", "script", "](", "http", "evil", "onerror", "~label", "!2"};
	bn_ci_report *r = hostile_report();
	bn_buf b = BN_BUF_INIT;
	ck_assert_int_eq(bn_ci_report_markdown(r, &b, NULL), 0);
	char *rest = own_words(b.ptr);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(strstr(rest, bad[i]) == NULL, "'%s' in: %s", bad[i], rest);
	ck_assert_uint_eq(count(rest, "<details>"), count(rest, "</details>"));
	for (const char *p = strstr(b.ptr, "<code>"); p; p = strstr(p + 1, "<code>"))
		ck_assert_uint_eq(
			strcspn(p + 6, "<@`|\n*_[]~$:."), (size_t)(strstr(p, "</code>") - p - 6));
	free(rest);
	bn_buf_release(&b);
	bn_ci_report_free(r);
}
END_TEST

START_TEST(test_report_markdown_says_verdict_metrics_and_what_failed)
{
	bn_ci_report *base = report_new(), *r = report_new();
	json_t *doc;
	bn_buf b = BN_BUF_INIT;
	bn_ci_report_add_metric(base, "test", "rmse", 10, -1);
	base->ref = "main";
	ck_assert_int_eq(bn_ci_report_json(base, &doc, NULL), 0);
	bn_ci_report_add(r, "gates", "error", BN_CI_FAIL, "%s", "12 of at most 11");
	bn_ci_report_add_metric(r, "test", "rmse", 12, -1);
	ck_assert_int_eq(bn_ci_report_compare(r, doc, "b", NULL), 0);
	ck_assert_int_eq(bn_ci_report_markdown(r, &b, NULL), 0);
	ck_assert_ptr_nonnull(strstr(b.ptr, "### Gate: ❌ failed"));
	ck_assert_ptr_nonnull(strstr(b.ptr, "#### Metrics against <code>main</code>"));
	ck_assert_ptr_nonnull(
		strstr(b.ptr, "<code>rmse</code> ↓ | 10.0000 | 12.0000 | +2.00000 ⚠ worse |"));
	ck_assert_ptr_nonnull(strstr(b.ptr, "<code>12 of at most 11</code>"));
	json_decref(doc);
	bn_buf_release(&b);
	bn_ci_report_free(base);
	bn_ci_report_free(r);
}
END_TEST

static json_t *table(const char *digest, int rows, const char *columns)
{
	json_t *parsed = json_loads(columns, 0, NULL);
	ck_assert_ptr_nonnull(parsed);
	return json_pack("{s:s, s:i, s:s, s:i, s:o}", "name", "jobs", "version", 1, "digest",
		digest, "rows", rows, "columns", parsed);
}

START_TEST(test_report_markdown_has_the_diff_of_data)
{
	static const char before[] = "[{\"name\": \"a\", \"type\": \"int64\", \"missing\": 0.0, "
				     "\"mean\": 10, \"std\": 2},"
				     "{\"name\": \"b\", \"type\": \"float64\", \"missing\": 0.0, "
				     "\"mean\": 1, \"std\": 1},"
				     "{\"name\": \"gone\", \"type\": \"category\", \"missing\": 0, "
				     "\"mean\": null, \"std\": null}]",
			  now[] = "[{\"name\": \"a\", \"type\": \"float64\", \"missing\": 0.25, "
				  "\"mean\": 12, \"std\": 2},"
				  "{\"name\": \"b\", \"type\": \"float64\", \"missing\": 0.001, "
				  "\"mean\": 1.01, \"std\": 1},"
				  "{\"name\": \"new ```\", \"type\": \"bool\", \"missing\": 0, "
				  "\"mean\": 0.5, \"std\": 0.5}]";
	bn_ci_report *base = report_new(), *r = report_new();
	json_t *doc;
	bn_buf b = BN_BUF_INIT;
	bn_ci_report_add_data(base, table("x", 100, before));
	ck_assert_int_eq(bn_ci_report_json(base, &doc, NULL), 0);
	bn_ci_report_add_data(r, table("y", 120, now));
	ck_assert_int_eq(bn_ci_report_compare(r, doc, "b", NULL), 0);
	ck_assert_int_eq(bn_ci_report_markdown(r, &b, NULL), 0);
	ck_assert_ptr_nonnull(strstr(b.ptr,
		"````text\njobs: 100 -> 120 rows\n"
		"  a: type int64 -> float64 mean 10.00 -> 12.00 missing 0.0 % -> 25.0 %\n"
		"  new column new ```\n"
		"  column gone is gone\n````\n"));
	bn_buf_clear(&b);
	json_object_set_new(json_array_get(r->data, 0), "digest", json_string("x"));
	ck_assert_int_eq(bn_ci_report_markdown(r, &b, NULL), 0);
	ck_assert_ptr_nonnull(strstr(b.ptr, "jobs: the same, 120 rows"));
	json_decref(doc);
	bn_buf_release(&b);
	bn_ci_report_free(base);
	bn_ci_report_free(r);
}
END_TEST

START_TEST(test_report_json_holds_any_text)
{
	bn_ci_report *r = hostile_report();
	json_t *doc, *again;
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_ci_report_json(r, &doc, &err), &err);
	ck_assert_int_eq(bn_json_canonical(doc, &b, NULL), 0);
	ck_assert_bn_ok(bn_json_parse(&again, b.ptr, b.len, "report", &err), &err);
	ck_assert_uint_eq(json_array_size(json_object_get(again, "suites")), HOSTILE);
	ck_assert_str_eq(bn_json_str(again, "verdict", ""), "fail");
	json_decref(doc);
	json_decref(again);
	bn_buf_release(&b);
	bn_ci_report_free(r);
}
END_TEST

START_TEST(test_report_without_memory_says_so)
{
	for (long n = 1;; n++) {
		bn_ci_report *r = NULL;
		bn_buf b = BN_BUF_INIT;
		bn_alloc_fail_at(n);
		int rc = bn_ci_report_new(&r, NULL);
		if (rc >= 0) {
			bn_ci_report_add(r, "s", "c", BN_CI_FAIL, "%s", "m");
			bn_ci_report_add_metric(r, "test", "rmse", 1, -1);
			bn_ci_report_add_chart(r, "t", "x\n");
			rc = bn_ci_report_finish(r, NULL);
		}
		if (rc >= 0)
			rc = bn_ci_report_markdown(r, &b, NULL);
		if (rc >= 0)
			rc = bn_ci_report_junit(r, &b, NULL);
		bn_alloc_fail_at(0);
		bn_buf_release(&b);
		bn_ci_report_free(r);
		ck_assert(rc == 0 || rc == BN_ENOMEM);
		if (!rc)
			break;
	}
}
END_TEST

BN_TEST_MAIN("core/ci/report", test_report_verdict_is_decided_by_what_does_not_only_warn,
	test_report_lists_what_fails_first, test_report_compares_with_another_ones_json,
	test_report_baseline_that_is_none_is_named, test_report_junit_is_xml_for_any_text,
	test_report_junit_counts_and_outcomes, test_report_openmetrics_has_a_sample_a_line_and_ends,
	test_report_markdown_is_harmless_for_any_text,
	test_report_markdown_says_verdict_metrics_and_what_failed,
	test_report_markdown_has_the_diff_of_data, test_report_json_holds_any_text,
	test_report_without_memory_says_so)
