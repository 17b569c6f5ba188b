/* Patterns: the same matches as Python's re (3.11), and bounded time and memory for each. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/check/expect.h"
#include "core/check/pattern.h"
#include "tests/support/check_main.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_kib(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

START_TEST(test_pattern_means_what_python_means_or_is_refused)
{
	static const struct {
		const char *regex, *text;
		int want; /* 1, 0, or an error code */
	} cases[] = {{"^\\d{3}$", "123", 1}, {"^\\d{3}$", "12x", 0}, {"[\\w-]+@x", "a-b@x", 1},
		{"[^\\]]", "]", 0}, {"[^\\]]", "a", 1}, {"[\\]x]", "]", 1}, {"a.c", "a\nc", 0},
		{"^..$", "äö", 1}, {"(?:a|b)c", "bc", 1}, {"[\\d.]+", "1.5", 1}, {"\\.", "x", 0},
		{"\\$5", "$5", 1}, {"\\S", " \t", 0}, {"[]x]", "]", 1}, {"^[a\\-z]$", "-", 1},
		{"^[a\\-z]$", "b", 0}, {"[\\^]", "^", 1}, {"", "anything", 1}, {"a(?=b)", "ab", 1},
		{"a(?=b)", "ac", 0}, {"a+?b", "aab", 1}, {"a++a", "aaa", 0}, {"(a)\\1", "aa", 1},
		{"(a)\\1", "ab", 0}, {"(?P<n>a)(?P=n)", "aa", 1}, {"(?i)a", "A", 1},
		{"(?i:a)b", "Ab", 1}, {"(?i:a)b", "AB", 0}, {"\\Aa", "ba", 0}, {"a$", "a\n", 1},
		{"a\\Z", "a\n", 0}, {"^\\d$", "\u0663", 1}, {"^\\w$", "\u00e9", 1},
		{"\\bn\\b", "\u00e9n", 0}, {"^[^\\W\\d]$", "\u00df", 1}, {"\\v", "\v", 1},
		{"\\v", "\n", 0}, {"^x{,2}$", "xx", 1}, {"^x{,2}$", "x{,2}", 0}, {"^a{$", "a{", 1},
		{"^a{b}$", "a{b}", 1}, {"^\\x41\\u0042$", "AB", 1}, {"(?<!b)a", "ba", 0},
		{"[[]", "[", 1}, {"a(?#no)b", "ab", 1}, {"(?s)a.c", "a\nc", 1},
		{"(?m)^b$", "a\nb", 1}, {"^\\012$", "\n", 1}, {"a(?i)b", "ab", BN_EUNSUPPORTED},
		{"(?a)\\d", "1", BN_EUNSUPPORTED}, {"(?<n>a)", "a", BN_EUNSUPPORTED},
		{"(?R)", "a", BN_EUNSUPPORTED}, {"(?1)(a)", "a", BN_EUNSUPPORTED},
		{"(a)?(?(1)b|c)", "ab", BN_EUNSUPPORTED}, {"[[:alpha:]]", "a", BN_EUNSUPPORTED},
		{"\\Qa", "a", BN_EUNSUPPORTED}, {"\\R", "a", BN_EUNSUPPORTED},
		{"\\N{DIGIT ONE}", "1", BN_EUNSUPPORTED}, {"\\p{L}", "a", BN_EUNSUPPORTED},
		{"\\10", "a", BN_EUNSUPPORTED}, {"(*LIMIT_MATCH=9)a", "a", BN_EINVAL},
		{"(*UTF)a", "a", BN_EINVAL}, {"a**", "a", BN_EINVAL}, {"a{2}{3}", "a", BN_EINVAL},
		{"\\x4", "a", BN_EINVAL}, {"\\8", "a", BN_EINVAL}, {"a{2,1}", "a", BN_EINVAL},
		{"a{99999}", "a", BN_EINVAL}, {"[z-a]", "a", BN_EINVAL}, {"a)(b", "ab", BN_EINVAL},
		{"(a|b)c|d", "d", 1}, {"a|b", "b", 1}, {"a(", "a", BN_EINVAL},
		{"[a", "a", BN_EINVAL}, {"a\\", "a", BN_EINVAL}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_err err = BN_ERR_INIT;
		bn_pattern *p = NULL;
		int got = bn_pattern_compile(&p, cases[i].regex, &err);
		bool hit = false;
		if (!got)
			got = bn_pattern_matches(
				&hit, p, cases[i].text, strlen(cases[i].text), &err);
		got = got ? got : hit;
		ck_assert_msg(got == cases[i].want, "/%s/ on '%s': %d (%s)", cases[i].regex,
			cases[i].text, got, err.msg);
		bn_pattern_free(p);
	}
}
END_TEST

static int match_text(const char *regex, bool like, const char *text, bn_err *err)
{
	bn_pattern *p = NULL;
	bool hit = false;
	int rc =
		like ? bn_pattern_compile_like(&p, regex, err) : bn_pattern_compile(&p, regex, err);
	if (rc == 0)
		rc = bn_pattern_matches(&hit, p, text, strlen(text), err);
	bn_pattern_free(p);
	return rc < 0 ? rc : hit;
}

START_TEST(test_pattern_like_means_what_sql_means)
{
	static const struct {
		const char *like, *text;
		int want;
	} cases[] = {{"a%", "abc", 1}, {"a%", "ba", 0}, {"%c", "abc", 1}, {"a_c", "abc", 1},
		{"a_c", "ac", 0}, {"a_c", "a\u00e9c", 1}, {"%", "", 1}, {"", "", 1}, {"", "a", 0},
		{"%b%", "abc", 1}, {"%b%b", "abab", 1}, {"%ab", "abxab", 1}, {"a\\%", "a%", 1},
		{"a\\%", "ab", 0}, {"a.c", "abc", 0}, {"%\\%", "x%", 1}, {"%\\%", "x", 0},
		{"a%", "a\nb", 1}, {"%a_b%c", "aab-axbc", 1}, {"a", "a\n", 0}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_err err = BN_ERR_INIT;
		int got = match_text(cases[i].like, true, cases[i].text, &err);
		ck_assert_msg(got == cases[i].want, "'%s' on '%s': %d (%s)", cases[i].like,
			cases[i].text, got, err.msg);
	}
}
END_TEST

START_TEST(test_pattern_that_took_24_gigabytes_is_refused_with_its_place)
{
	static const char *const huge[] = {"((((a{1,100}){1,100}){1,100}){1,100})",
		"(x(y{1,60000}z){1,60000}){1,60000}", "(?:(?:(?:(?:a|b){250}){250}){250}){250}"};
	double start = seconds();
	for (size_t i = 0; i < sizeof huge / sizeof *huge; i++) {
		bn_err err = BN_ERR_INIT;
		ck_assert_int_eq(match_text(huge[i], false, "aaaa", &err), BN_EINVAL);
		ck_assert_msg(strstr(err.msg, "byte ") != NULL, "%s", err.msg);
	}
	ck_assert_double_lt(seconds() - start, 2);
	ck_assert_int_lt(peak_kib(), 512 * 1024);
}
END_TEST

START_TEST(test_pattern_has_bounds_when_it_is_compiled)
{
	char deep[2 * BN_PATTERN_MAX + 8] = "", longest[BN_PATTERN_MAX + 2];
	bn_err err = BN_ERR_INIT;
	memset(deep, '(', 150);
	memset(deep + 150, ')', 150);
	ck_assert_int_eq(match_text(deep, false, "a", &err), BN_EINVAL);
	ck_assert_msg(strstr(err.msg, "nested") != NULL, "%s", err.msg);
	bn_err_clear(&err);
	memset(longest, 'a', sizeof longest);
	longest[BN_PATTERN_MAX + 1] = '\0';
	ck_assert_int_eq(match_text(longest, false, "a", &err), BN_EINVAL);
	ck_assert_msg(strstr(err.msg, "over the limit of 4096") != NULL, "%s", err.msg);
	bn_err_clear(&err);
	ck_assert_int_eq(match_text(longest, true, "a", &err), BN_EINVAL);
	bn_err_clear(&err);
	longest[BN_PATTERN_MAX] = '\0';
	ck_assert_int_eq(match_text(longest, false, longest, &err), 1);
}
END_TEST

START_TEST(test_pattern_that_backtracks_for_ever_is_undecided_neither_yes_nor_no)
{
	static const char *const slow[] = {
		"(a+)+$", "(a|aa)+$", "(.*a){25}$", "(a*)*b", "^(a|a)*$", "(?:a?){40}a{40}b"};
	char text[64];
	memset(text, 'a', sizeof text);
	text[62] = '!';
	text[63] = '\0';
	for (size_t i = 0; i < sizeof slow / sizeof *slow; i++) {
		bn_err err = BN_ERR_INIT;
		double start = seconds();
		int got = match_text(slow[i], false, text, &err);
		ck_assert_msg(
			got == BN_EUNSUPPORTED || got == 0, "/%s/: %d %s", slow[i], got, err.msg);
		ck_assert_msg(i > 1 || got == BN_EUNSUPPORTED, "/%s/: %d", slow[i], got);
		ck_assert_msg(
			got == 0 || strstr(err.msg, "cannot be decided") != NULL, "%s", err.msg);
		ck_assert_double_lt(seconds() - start, 5);
	}
	ck_assert_int_lt(peak_kib(), 512 * 1024);
}
END_TEST

START_TEST(test_pattern_needs_bounded_memory_on_a_long_text)
{
	size_t n = 64 << 20;
	char *text = bn_alloc(n + 1);
	bn_err err = BN_ERR_INIT;
	ck_assert_ptr_nonnull(text);
	memset(text, 'a', n);
	text[n] = '\0';
	long before = peak_kib();
	int got = match_text("^(?:a|b)*$", false, text, &err);
	ck_assert_msg(got == BN_EUNSUPPORTED, "%d %s", got, err.msg);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* sanitizers add memory */
	ck_assert_int_lt(peak_kib() - before, 96 * 1024);
#else
	(void)before;
#endif
	bn_free(text);
}
END_TEST

START_TEST(test_like_is_never_slow)
{
	size_t n = 1 << 20;
	char *text = bn_alloc(n + 1);
	bn_err err = BN_ERR_INIT;
	double start = seconds();
	ck_assert_ptr_nonnull(text);
	memset(text, 'a', n);
	text[n] = '\0';
	ck_assert_int_eq(match_text("%a%a%a%a%a%a%a%a%a%a%ab%", true, text, &err), 0);
	ck_assert_int_eq(match_text("%a%a%a%a%a%a%a%a%a%aa", true, text, &err), 1);
	ck_assert_double_lt(seconds() - start, 10);
	bn_free(text);
}
END_TEST

static bn_table_reader *table_of_text(const char *path, const char *text)
{
	bn_err err = BN_ERR_INIT;
	bn_schema schema = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_table_reader *r = NULL;
	ck_assert_bn_ok(bn_schema_add(&schema, "s", BN_TYPE_STRING, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &schema, &err), &err);
	bn_table_row_text(w, 0, text, strlen(text));
	ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&schema);
	ck_assert_bn_ok(bn_table_open(&r, bn_env_real(), path, &err), &err);
	return r;
}

static bool is_stopped(void *ctx)
{
	int *asked = ctx;
	return ++*asked > 3;
}

/* Each attempt stays below the limit of steps, but there is one at every position of the text. */
START_TEST(test_pattern_is_stopped_within_a_second)
{
	size_t n = 60000;
	char *text = bn_alloc(n + 1);
	bn_err err = BN_ERR_INIT;
	bn_pattern *p = NULL;
	bool hit;
	int asked = 0;
	ck_assert_ptr_nonnull(text);
	memset(text, 'a', n);
	text[n] = '\0';
	ck_assert_bn_ok(bn_pattern_compile(&p, "a{1,2000}?a{1,200}?(?=!)", &err), &err);
	bn_pattern_watch(p, is_stopped, &asked);
	double start = seconds();
	ck_assert_int_eq(bn_pattern_matches(&hit, p, text, n, &err), BN_EINTR);
	ck_assert_double_lt(seconds() - start, 12); /* four checks for a stop, on a busy machine */
	bn_pattern_free(p);
	bn_free(text);
}
END_TEST

START_TEST(test_check_whose_pattern_reaches_a_limit_is_an_error_in_words_and_the_others_go_on)
{
	static const char suite_text[] = "{\"name\":\"x\",\"expectations\":["
					 "{\"type\":\"expect_column_values_to_match_regex\","
					 "\"kwargs\":{\"column\":\"s\",\"regex\":\"(a+)+$\"}},"
					 "{\"type\":\"expect_column_values_to_not_match_regex\","
					 "\"kwargs\":{\"column\":\"s\",\"regex\":\"(a+)+$\"}},"
					 "{\"type\":\"expect_column_values_to_match_regex\","
					 "\"kwargs\":{\"column\":\"s\",\"regex\":\"^a\"}}]}";
	bn_err err = BN_ERR_INIT;
	bn_suite *s = NULL;
	bn_expect_result *r = NULL;
	json_t *doc = json_loads(suite_text, 0, NULL);
	char path[64];
	snprintf(path, sizeof path, "/tmp/bn-pattern-%ld.arrow", (long)getpid());
	bn_table_reader *t =
		table_of_text(path, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
	ck_assert_bn_ok(bn_suite_from_json(&s, doc, "x", &err), &err);
	ck_assert_bn_ok(bn_expect_run(&r, t, s, NULL, &err), &err);
	for (size_t i = 0; i < 2; i++) {
		const json_t *one = json_array_get(json_object_get(r->document, "results"), i);
		const json_t *info = json_object_get(one, "exception_info");
		ck_assert(r->items[i].raised && !r->items[i].success);
		ck_assert_uint_eq(r->items[i].unexpected, 0);
		ck_assert(bn_json_bool(info, "raised_exception", false));
		ck_assert_ptr_nonnull(strstr(
			bn_json_str(info, "exception_message", ""), "more than 1000000 steps"));
		ck_assert_uint_eq(json_object_size(json_object_get(one, "result")), 0);
	}
	ck_assert(r->items[2].success && !r->items[2].raised);
	bn_expect_result_free(r);
	bn_suite_free(s);
	bn_table_reader_free(t);
	json_decref(doc);
	unlink(path);
}
END_TEST

BN_TEST_MAIN("core/check/pattern", test_pattern_means_what_python_means_or_is_refused,
	test_pattern_like_means_what_sql_means,
	test_pattern_that_took_24_gigabytes_is_refused_with_its_place,
	test_pattern_has_bounds_when_it_is_compiled,
	test_pattern_that_backtracks_for_ever_is_undecided_neither_yes_nor_no,
	test_pattern_needs_bounded_memory_on_a_long_text, test_like_is_never_slow,
	test_pattern_is_stopped_within_a_second,
	test_check_whose_pattern_reaches_a_limit_is_an_error_in_words_and_the_others_go_on)
