/* Text: growable buffers, strict numbers, quantities for display, names, UTF-8. */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/name_map.h"
#include "core/base/nearest.h"
#include "core/base/rng.h"
#include "core/base/shown.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_buf_grows_and_can_be_taken)
{
	bn_buf b = BN_BUF_INIT;
	ck_assert_str_eq(b.ptr, "");
	for (int i = 0; i < 1000; i++)
		bn_buf_addf(&b, "%d,", i);
	ck_assert_uint_eq(b.len, 10 * 2 + 90 * 3 + 900 * 4);
	size_t len;
	char *text = bn_buf_take(&b, &len);
	ck_assert_uint_eq(strlen(text), len);
	ck_assert_uint_eq(b.len, 0);
	bn_free(text);
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_buf_remembers_a_failed_addition_until_asked)
{
	bn_buf b = BN_BUF_INIT;
	bn_err e = BN_ERR_INIT;
	bn_alloc_fail_at(1);
	bn_buf_adds(&b, "lost");
	bn_buf_adds(&b, "and this");
	bn_alloc_fail_at(0);
	ck_assert_int_eq(bn_buf_check(&b, &e, "a page"), BN_ENOMEM);
	ck_assert_ptr_null(bn_buf_take(&b, NULL));
}
END_TEST

START_TEST(test_buf_escapes_json_and_replaces_bad_utf8)
{
	bn_buf b = BN_BUF_INIT;
	const char text[] = "a\"\\\n\x01\xc3\xa9\xff";
	bn_buf_add_json_string(&b, text, sizeof text - 1);
	ck_assert_str_eq(b.ptr, "\"a\\\"\\\\\\n\\u0001\xc3\xa9\xef\xbf\xbd\"");
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_integers_are_read_whole_or_not_at_all)
{
	int64_t v;
	static const struct {
		const char *text;
		bool ok;
		int64_t value;
	} cases[] = {{"0", true, 0}, {"-17", true, -17}, {"+5", true, 5},
		{"9223372036854775807", true, INT64_MAX}, {"9223372036854775808", false, 0},
		{"-9223372036854775808", true, INT64_MIN}, {"-9223372036854775809", false, 0},
		{"", false, 0}, {"-", false, 0}, {"1 ", false, 0}, {" 1", false, 0},
		{"1e3", false, 0}, {"0x10", false, 0}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		v = 0;
		ck_assert_msg(bn_parse_i64(cases[i].text, strlen(cases[i].text), &v) == cases[i].ok,
			"'%s'", cases[i].text);
		ck_assert_int_eq(v, cases[i].value);
	}
}
END_TEST

START_TEST(test_reals_are_correctly_rounded_and_strict)
{
	double v;
	ck_assert(bn_parse_f64("0.1", 3, &v) && v == 0.1);
	ck_assert(bn_parse_f64("1e308", 5, &v) && v == 1e308);
	ck_assert(bn_parse_f64("2.2250738585072011e-308", 23, &v) && v == 2.2250738585072011e-308);
	ck_assert(bn_parse_f64("-inf", 4, &v) && isinf(v) && v < 0);
	ck_assert(bn_parse_f64("nan", 3, &v) && isnan(v));
	static const char *const bad[] = {"", " 1", "1 ", "0x1p3", "1,5", "1.5.2", "nan(1)", "--1"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!bn_parse_f64(bad[i], strlen(bad[i]), &v), "'%s'", bad[i]);
	v = 7;
	ck_assert(!bn_parse_f64("1e999", 5, &v) && bn_is_beyond_f64("1e999", 5) && v == 7);
	ck_assert(!bn_parse_f64("-2e308", 6, &v) && bn_is_beyond_f64("-2e308", 6));
	ck_assert(!bn_is_beyond_f64("inf", 3) && !bn_is_beyond_f64("1e9x", 4));
	ck_assert(bn_parse_f64("1e-999", 6, &v) && v == 0);
}
END_TEST

START_TEST(test_reals_are_written_so_that_they_read_back_equal)
{
	static const double values[] = {
		0, 0.1, 1.0 / 3, 1e-300, 5e-324, 1.7976931348623157e308, 123456789.123456789, -2.5};
	char text[BN_FMT];
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		double back;
		bn_fmt_f64(values[i], text);
		ck_assert(bn_parse_f64(text, strlen(text), &back));
		ck_assert(back == values[i]);
	}
	ck_assert_str_eq(bn_fmt_f64(0.1, text), "0.1");
	ck_assert_str_eq(bn_fmt_f64(NAN, text), "-");
}
END_TEST

/* The reference, which also handles the values that the fast path does not. */
static const char *shortest(double x, char buf[64])
{
	for (int digits = fabs(x) < 0x1p-1022 ? 1 : 15; digits <= 17; digits++) {
		snprintf(buf, 64, "%.*g", digits, x);
		if (strtod(buf, NULL) == x)
			break;
	}
	return buf;
}

static double some_real(bn_rng *r, int kind)
{
	double unit = bn_rng_uniform(r), x;
	uint64_t bits = bn_rng_below(r, UINT64_MAX);
	switch (kind) {
	case 0:
		return unit * pow(10, (double)bn_rng_below(r, 22) - 6);
	case 1:
		return (double)bn_rng_below(r, 100000) / pow(10, (double)bn_rng_below(r, 9));
	case 2:
		return -(double)bn_rng_below(r, UINT64_C(1) << 50) /
		       pow(10, (double)bn_rng_below(r, 17));
	case 3:
		return nextafter((double)bn_rng_below(r, 1000) / 10, unit < 0.5 ? 1e9 : -1e9);
	case 4: /* powers of two, below which doubles are twice as dense, and their neighbours */
		x = ldexp(1, (int)bn_rng_below(r, 2040) - 1020);
		return nextafter(x, bn_rng_below(r, 2) ? 0 : x * (double)bn_rng_below(r, 3));
	default:
		memcpy(&x, &bits, sizeof x);
		return isfinite(x) ? x : 0;
	}
}

START_TEST(test_the_quick_way_of_writing_reals_is_the_shortest_too)
{
	static const double edges[] = {0, -0.0, 1, -1, 1e-4, 9.99999999999999e-5, 1e15, 1e15 - 1,
		-999999999999999, 0.000123456789012345, 123456789012345.6, 0.3, 0.1 + 0.2, 10,
		1e14};
	char got[BN_FMT], want[64];
	bn_rng r;
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
		ck_assert_str_eq(bn_fmt_f64(edges[i], got), shortest(edges[i], want));
	bn_rng_init(&r, 1, "reals", 0);
	const long tries = getenv("BINNACLE_REALS") ? atol(getenv("BINNACLE_REALS")) : 200000;
	for (long i = 0; i < tries; i++) {
		double x = some_real(&r, (int)(i % 6));
		ck_assert_str_eq(bn_fmt_f64(x, got), shortest(x, want));
	}
}
END_TEST

START_TEST(test_durations_and_sizes_are_read_with_units)
{
	int64_t v;
	ck_assert(bn_parse_duration_ns("1h30m", &v) && v == 5400 * INT64_C(1000000000));
	ck_assert(bn_parse_duration_ns("250ms", &v) && v == 250000000);
	ck_assert(!bn_parse_duration_ns("10", &v));
	ck_assert(!bn_parse_duration_ns("", &v));
	ck_assert(!bn_parse_duration_ns("5 s", &v));
	ck_assert(bn_parse_bytes("1.5GiB", &v) && v == 1610612736);
	ck_assert(bn_parse_bytes("64K", &v) && v == 65536);
	ck_assert(bn_parse_bytes("512", &v) && v == 512);
	ck_assert(!bn_parse_bytes("12Q", &v));
}
END_TEST

START_TEST(test_quantities_look_the_same_everywhere)
{
	char t[BN_FMT];
	ck_assert_str_eq(bn_fmt_bytes(1023, t), "1023 B");
	ck_assert_str_eq(bn_fmt_bytes(1536, t), "1.5 KiB");
	ck_assert_str_eq(bn_fmt_bytes(UINT64_C(1) << 40, t), "1.0 TiB");
	ck_assert_str_eq(bn_fmt_u64(0, t), "0");
	ck_assert_str_eq(bn_fmt_u64(UINT64_MAX, t), "18446744073709551615");
	ck_assert_str_eq(bn_fmt_i64(-40, t), "-40");
	ck_assert_str_eq(bn_fmt_i64(INT64_MIN, t), "-9223372036854775808");
	ck_assert_str_eq(bn_fmt_count(1234567, t), "1 234 567");
	ck_assert_str_eq(bn_fmt_count(0, t), "0");
	ck_assert_str_eq(bn_fmt_duration(1240000000, t), "1.24 s");
	ck_assert_str_eq(bn_fmt_duration(192 * INT64_C(1000000000), t), "3m12s");
	ck_assert_str_eq(bn_fmt_duration(7500 * INT64_C(1000000000), t), "2h05m");
	ck_assert_str_eq(bn_fmt_duration(59960000000, t), "1m00s");
	ck_assert_str_eq(bn_fmt_sig(11.923456, 4, t), "11.92");
	ck_assert_str_eq(bn_fmt_sig(0.00001234, 3, t), "1.23e-05");
	ck_assert_str_eq(bn_fmt_sig(NAN, 3, t), "-");
}
END_TEST

START_TEST(test_near_misses_are_found)
{
	static const char *const verbs[] = {"start", "stop", "show", "reproduce", NULL};
	ck_assert_int_eq(bn_edit_distance("strat", "start"), 1);
	ck_assert_str_eq(bn_nearest_word("strat", verbs), "start");
	ck_assert_str_eq(bn_nearest_word("repro", verbs), "reproduce");
	ck_assert_str_eq(bn_nearest_word("b", (const char *const[]){"a", "c", "B", NULL}), "B");
	ck_assert_ptr_null(bn_nearest_word("xyzzy", verbs));
	bn_nearest near = bn_nearest_to("watts", BN_NEAREST_CLOSE);
	bn_nearest_offer(&near, "wats");
	ck_assert_str_eq(near.best, "wats");
	bn_nearest_offer(&near, "watt");
	bn_nearest_offer(&near, "WATTS"); /* differs in case only */
	bn_nearest_offer(&near, "watts2");
	ck_assert_str_eq(near.best, "WATTS");
	ck_assert_ptr_null(bn_nearest_word("i", (const char *const[]){"f", "b", NULL}));
	ck_assert_str_eq(bn_nearest_word("yy", (const char *const[]){"x", "y", NULL}), "y");
	near = bn_nearest_to("x", BN_NEAREST_ANY);
	bn_nearest_offer(&near, "completely_different");
	ck_assert_str_eq(near.best, "completely_different");
}
END_TEST

START_TEST(test_names_cannot_escape_a_directory)
{
	ck_assert(bn_name_is_valid("power-forecast_2.v1"));
	static const char *const bad[] = {
		"", "..", ".hidden", "-x", "a/b", "a b", "a\n", "\xc3\xa9"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!bn_name_is_valid(bad[i]), "'%s'", bad[i]);
}
END_TEST

START_TEST(test_utf8_refuses_overlong_surrogate_and_truncated)
{
	static const char *const bad[] = {
		"\xc0\x80", "\xed\xa0\x80", "\xe2\x82", "\xf4\x90\x80\x80", "\xff", "\x80"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert(!bn_utf8_is_valid(bad[i], strlen(bad[i])));
	ck_assert(bn_utf8_is_valid("\xf0\x9f\x98\x80 ok \xe2\x82\xac", 11));
}
END_TEST

START_TEST(test_utf8_round_trips_every_code_point)
{
	for (uint32_t cp = 1; cp <= 0x10ffff; cp++) {
		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		char bytes[4];
		uint32_t back;
		size_t n = bn_utf8_encode(cp, bytes);
		if (bn_utf8_decode(bytes, n, &back) != n || back != cp)
			ck_abort_msg("U+%04X", cp);
	}
}
END_TEST

START_TEST(test_utf8_shows_no_character_that_steers_a_terminal_or_the_direction_of_text)
{
	static const uint32_t not [] = {0, 0x1b, '\n', 0x7f, 0x80, 0x9b, 0x9f, 0xad, 0x034f, 0x061c,
		0x115f, 0x180e, 0x200b, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e,
		0x2060, 0x2066, 0x2069, 0x206a, 0x3164, 0xd800, 0xdfff, 0xfdd0, 0xfe0f, 0xfeff,
		0xfff9, 0xffff, 0x1fffe, 0xe0001, 0xe0041, 0x110000, BN_UTF8_BAD};
	static const uint32_t shown[] = {' ', '~', 0xa0, 0xe9, 0x0301, 0x05d0, 0x061b, 0x200a,
		0x2027, 0x202f, 0x2800, 0xfffd, 0x1f600};
	for (size_t i = 0; i < sizeof not / sizeof *not ; i++) {
		ck_assert_msg(!bn_utf8_is_shown(not [i]), "%x", (unsigned)not [i]);
		ck_assert_int_eq(bn_utf8_char_width(not [i]), 1); /* the width of its replacement */
	}
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		ck_assert_msg(bn_utf8_is_shown(shown[i]), "%x", (unsigned)shown[i]);
}
END_TEST

static const char *shown_as(bn_buf *b, const char *s, size_t n, bn_shown_form form)
{
	bn_buf_clear(b);
	bn_shown_add(b, s, n, form);
	return b->ptr ? b->ptr : "";
}

START_TEST(test_shown_text_has_a_sign_for_what_steers_and_for_marks_on_nothing)
{
	bn_buf b = BN_BUF_INIT;
	static const struct {
		const char *text;
		bn_shown_form form;
		const char *want;
	} cases[] = {{"a\033[31mb", BN_SHOWN_LINE, "a?[31mb"},
		{"a\nb\tc\rd", BN_SHOWN_LINE, "a b c d"},
		{"a\nb\tc\rd\r\ne", BN_SHOWN_LINES, "a\nb\tc\nd\ne"},
		{"a\nb\tc\rd", BN_SHOWN_TSV, "a\\nb\\tc\\rd"},
		{"\xff\xc3(\xed\xa0\x80", BN_SHOWN_LINE,
			"?"
			"?("
			"???"},
		{"e\u0301", BN_SHOWN_LINE, "e\u0301"}, {"\u0301e", BN_SHOWN_LINE, "?e"},
		{"\u202e\u0301", BN_SHOWN_LINE, "??"}, {"a\n\u0301", BN_SHOWN_LINES, "a\n?"},
		{"a\u0301\u0301\u0301\u0301\u0301\u0301", BN_SHOWN_LINE,
			"a\u0301\u0301\u0301\u0301??"},
		{"\u00e9\u0301", BN_SHOWN_LINE, "\u00e9\u0301"},
		{"x\u200by", BN_SHOWN_LINE, "x?y"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_str_eq(shown_as(&b, cases[i].text, strlen(cases[i].text), cases[i].form),
			cases[i].want);
	ck_assert_str_eq(shown_as(&b, "a\0b", 3, BN_SHOWN_LINES), "a?b");
	bn_shown state = {false, 0};
	bn_buf_clear(&b);
	bn_shown_add_piece(&b, &state, "e", 1, BN_SHOWN_LINES);
	bn_shown_add_piece(&b, &state, "\u0301", 2, BN_SHOWN_LINES);
	ck_assert_str_eq(b.ptr, "e\u0301");
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_utf8_tail_is_a_character_whose_rest_is_missing)
{
	ck_assert_uint_eq(bn_utf8_tail("a\xe2\x82\xac", 4), 0);
	ck_assert_uint_eq(bn_utf8_tail("a\xe2\x82\xac", 3), 2);
	ck_assert_uint_eq(bn_utf8_tail("a\xe2\x82\xac", 2), 1);
	ck_assert_uint_eq(bn_utf8_tail("\xf0\x9f\x98\x80", 3), 3);
	ck_assert_uint_eq(bn_utf8_tail("\x80\x80\x80\x80", 4), 0);
	ck_assert_uint_eq(bn_utf8_tail("", 0), 0);
}
END_TEST

START_TEST(test_utf8_width_counts_terminal_columns)
{
	ck_assert_uint_eq(bn_utf8_width("abc"), 3);
	ck_assert_uint_eq(bn_utf8_width("\xe4\xbd\x9c\xe8\x80\x85"), 4); /* two wide characters */
	ck_assert_uint_eq(bn_utf8_width("e\xcc\x81"), 1);                /* combining acute */
	ck_assert_uint_eq(bn_utf8_width("\xe2\xa3\xbf\xe2\x96\x88"), 2); /* braille, block */
}
END_TEST

START_TEST(test_arena_gives_zeroed_aligned_memory)
{
	bn_arena a = BN_ARENA_INIT;
	for (size_t n = 1; n < 5000; n = n * 3 + 1) {
		char *p = bn_arena_alloc(&a, n);
		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			ck_assert_int_eq(p[i], 0);
		memset(p, 0xff, n);
	}
	ck_assert_str_eq(bn_arena_strf(&a, "%s/%d", "run", 7), "run/7");
	bn_arena_release(&a);
}
END_TEST

/* A text from a file may hold a NUL, behind which a name must not be compared nor read. */
START_TEST(test_names_are_found_whole)
{
	static const char *const names[] = {"a", "ab", ""};
	char text[64] = "a";
	bn_name_map m;
	ck_assert_int_eq(bn_name_map_init(&m, names, 3, NULL), 0);
	ck_assert_int_eq(bn_name_map_find(&m, "a", 1), 0);
	ck_assert_int_eq(bn_name_map_find(&m, "ab", 2), 1);
	ck_assert_int_eq(bn_name_map_find(&m, "", 0), 2);
	for (size_t len = 2; len <= sizeof text; len++)
		ck_assert_int_eq(bn_name_map_find(&m, text, len), -1);
	ck_assert(bn_str_is("a", "ab", 1) && !bn_str_is("ab", "a", 1) && !bn_str_is("a", text, 2));
	bn_name_map_release(&m);
}
END_TEST

BN_TEST_MAIN("core/base/text", test_names_are_found_whole, test_buf_grows_and_can_be_taken,
	test_buf_remembers_a_failed_addition_until_asked,
	test_buf_escapes_json_and_replaces_bad_utf8, test_integers_are_read_whole_or_not_at_all,
	test_reals_are_correctly_rounded_and_strict,
	test_reals_are_written_so_that_they_read_back_equal,
	test_the_quick_way_of_writing_reals_is_the_shortest_too,
	test_durations_and_sizes_are_read_with_units, test_quantities_look_the_same_everywhere,
	test_near_misses_are_found, test_names_cannot_escape_a_directory,
	test_utf8_refuses_overlong_surrogate_and_truncated, test_utf8_round_trips_every_code_point,
	test_utf8_shows_no_character_that_steers_a_terminal_or_the_direction_of_text,
	test_shown_text_has_a_sign_for_what_steers_and_for_marks_on_nothing,
	test_utf8_tail_is_a_character_whose_rest_is_missing,
	test_utf8_width_counts_terminal_columns, test_arena_gives_zeroed_aligned_memory)
