/* Charts: no spike is lost, gaps are counted, series differ without colour, any size. */
#include "tui/ui/chart.h"

#include "core/base/mem.h"
#include "core/track/curve.h"
#include "tests/support/check_main.h"
#include "tests/support/golden.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bn_surface *surface_make(int rows, int cols, bn_alphabet alphabet)
{
	bn_surface *s = NULL;
	ck_assert_int_eq(bn_surface_new(&s, rows, cols, alphabet, NULL), 0);
	return s;
}

static char *text_of(const bn_surface *s)
{
	bn_buf b = BN_BUF_INIT;
	bn_surface_dump(s, &b, false);
	return bn_buf_take(&b, NULL);
}

START_TEST(test_chart_keeps_a_spike_of_one_point_in_a_million)
{
	size_t n = 1000000;
	double *y = bn_alloc_zeroed(n, sizeof *y);
	bn_surface *s = surface_make(12, 60, (bn_alphabet)_i);
	y[654321] = 100;
	bn_chart_series line = {.label = "loss", .x = NULL, .y = y, .n = n, .style = 0};
	bn_chart c = {.series = &line, .count = 1};
	bn_chart_draw(bn_area_all(s), &c);
	int high = 0;
	for (int col = 10; col < 60; col++) /* the top row of the plot */
		high += s->cells[60 + col].cp != ' ';
	ck_assert_int_ge(high, 1);
	bn_surface_free(s);
	bn_free(y);
}
END_TEST

START_TEST(test_chart_breaks_at_gaps_and_counts_them)
{
	double y[40];
	for (int i = 0; i < 40; i++)
		y[i] = i >= 15 && i < 25 ? NAN : 1.0 + i;
	y[3] = INFINITY;
	bn_surface *s = surface_make(8, 46, BN_ALPHABET_ASCII);
	bn_chart_series line = {.label = "x", .x = NULL, .y = y, .n = 40, .style = 0};
	bn_chart c = {.series = &line, .count = 1};
	bn_chart_draw(bn_area_all(s), &c);
	char *text = text_of(s);
	ck_assert_ptr_nonnull(strstr(text, "11 gaps"));
	for (int col = 22; col < 28; col++)
		for (int r = 1; r < 7; r++)
			ck_assert_int_eq(s->cells[r * 46 + col].cp, ' ');
	bn_free(text);
	bn_surface_free(s);
}
END_TEST

START_TEST(test_chart_tells_what_a_logarithmic_axis_cannot_show)
{
	static const double y[] = {-1, 0, 10, 100, 1000};
	bn_surface *s = surface_make(12, 40, BN_ALPHABET_ASCII);
	bn_chart_series line = {.label = "x", .x = NULL, .y = y, .n = 5, .style = 0};
	bn_chart c = {.series = &line, .count = 1, .log_y = true};
	bn_chart_draw(bn_area_all(s), &c);
	char *text = text_of(s);
	ck_assert_ptr_nonnull(strstr(text, "2 not above 0"));
	ck_assert_ptr_nonnull(strstr(text, "1000+"));
	ck_assert_ptr_nonnull(strstr(text, "10+"));
	bn_free(text);
	bn_surface_free(s);
}
END_TEST

/* As TensorBoard: s = s*w + (1-w)*y from 0, divided by 1 - w^k. */
START_TEST(test_chart_smoothing_is_a_debiased_average)
{
	static const double y[] = {10, NAN, 20, 30};
	double out[4];
	bn_curve_smooth(y, 4, 0.5, out);
	ck_assert_double_eq_tol(out[0], 10, 1e-12);
	ck_assert(isnan(out[1]));
	ck_assert_double_eq_tol(out[2], (0.5 * 5 + 10) / 0.75, 1e-12);
	ck_assert_double_eq_tol(out[3], (0.5 * 12.5 + 15) / 0.875, 1e-12);
}
END_TEST

START_TEST(test_chart_pictures)
{
	double a[60], b[60], x[60];
	for (int i = 0; i < 60; i++) {
		x[i] = 100 + i;
		a[i] = exp(-i / 15.0) + 0.02 * (i % 3);
		b[i] = i > 30 && i < 36 ? NAN : 1.2 * exp(-i / 25.0);
	}
	bn_chart_series lines[] = {{.label = "ridge", .x = x, .y = a, .n = 60, .style = 0},
		{.label = "mlp", .x = x, .y = b, .n = 60, .style = 1}};
	bn_chart c = {.series = lines,
		.count = 2,
		.smoothing = 0.6,
		.x_title = "epoch",
		.has_cursor = true,
		.cursor = 120,
		.has_line = true,
		.line = 0.5};
	for (int alphabet = BN_ALPHABET_ASCII; alphabet <= BN_ALPHABET_BRAILLE; alphabet++) {
		bn_surface *s = surface_make(16, 64, (bn_alphabet)alphabet);
		bn_chart_draw(bn_area_all(s), &c);
		char name[64];
		snprintf(name, sizeof name, "chart-%s", bn_alphabet_name((bn_alphabet)alphabet));
		bn_golden_check_surface(name, s);
		bn_surface_free(s);
	}
}
END_TEST

START_TEST(test_chart_bars)
{
	static const double heat[] = {0, 0.25, 0.5, 0.75, 1, NAN, 1};
	static const char *const names[] = {"batch", "gpu"};
	static const double r[] = {0.75, 0.25}, q[] = {0.5, 0.5};
	for (int alphabet = BN_ALPHABET_ASCII; alphabet <= BN_ALPHABET_BRAILLE; alphabet++) {
		bn_surface *s = surface_make(8, 50, (bn_alphabet)alphabet);
		bn_area area = bn_area_all(s);
		bn_chart_heat(area, 1, 0, 7, BN_INK_WARN, heat, 7);
		bn_chart_bar(area, 2, 0, 20, BN_INK_OK, 0.4321);
		bn_chart_bar(area, 3, 0, 20, BN_INK_OK, 0.001); /* small values are visible */
		bn_chart_categories(bn_area_sub(area, 4, 0, 4, 50), names, r, q, 2);
		char name[64];
		snprintf(name, sizeof name, "bars-%s", bn_alphabet_name((bn_alphabet)alphabet));
		bn_golden_check_surface(name, s);
		bn_surface_free(s);
	}
}
END_TEST

START_TEST(test_chart_of_bytes_has_round_ticks_in_their_unit)
{
	static const double y[] = {900 * 1048576.0, 950 * 1048576.0, 912 * 1048576.0};
	bn_surface *s = surface_make(10, 60, BN_ALPHABET_ASCII);
	bn_chart_series line = {.label = "rss_bytes", .y = y, .n = 3};
	bn_chart c = {.series = &line, .count = 1, .y_is_bytes = true};
	bn_buf text = BN_BUF_INIT;
	bn_chart_draw(bn_area_all(s), &c);
	bn_surface_dump(s, &text, false);
	ck_assert_ptr_nonnull(strstr(text.ptr, "rss_bytes 912 MiB"));
	ck_assert_ptr_nonnull(strstr(text.ptr, "900+"));
	ck_assert_ptr_nonnull(strstr(text.ptr, "940+"));
	bn_buf_release(&text);
	bn_surface_free(s);
}
END_TEST

START_TEST(test_chart_scatter_has_round_ticks)
{
	static const double x[] = {0.1, 1, 10, 100}, y[] = {15.58, 15.53, 19.93, 67.97};
	bn_surface *s = surface_make(16, 60, BN_ALPHABET_ASCII);
	bn_scatter p = {.x = x,
		.y = y,
		.marks = "ABCD",
		.count = 4,
		.selected = 0,
		.base = 3,
		.x_title = "alpha",
		.y_title = "rmse"};
	bn_buf text = BN_BUF_INIT;
	bn_chart_scatter(bn_area_all(s), &p);
	bn_surface_dump(s, &text, false);
	ck_assert_ptr_nonnull(strstr(text.ptr, " 60+"));
	ck_assert_ptr_nonnull(strstr(text.ptr, " 20+"));
	for (const char *at = text.ptr; (at = strchr(at, '+')); at++)
		ck_assert_msg(at[-1] == '0' && at[-2] >= '0', "a tick that is not round: %.*s", 10,
			at - 9);
	ck_assert_ptr_nonnull(strstr(text.ptr, "0.1 "));
	bn_buf_release(&text);
	bn_surface_free(s);
}
END_TEST

START_TEST(test_chart_draws_at_any_size_whatever_the_numbers)
{
	static const double odd[] = {
		NAN, INFINITY, -INFINITY, 0, -0.0, 1e308, -1e308, 5e-324, 1, 1};
	for (int rows = 1; rows <= 30; rows += rows < 8 ? 1 : 7) {
		for (int cols = 1; cols <= 90; cols += cols < 16 ? 1 : 11) {
			for (size_t n = 0; n <= 10; n++) {
				bn_surface *s = surface_make(rows, cols, BN_ALPHABET_BRAILLE);
				bn_chart_series line = {.label = "odd",
					.x = NULL,
					.y = odd + (10 - n),
					.n = n,
					.style = 3};
				bn_chart c = {.series = &line,
					.count = 1,
					.log_y = n % 2,
					.smoothing = n % 3 ? 0.9 : 0,
					.has_cursor = true,
					.cursor = (double)n};
				bn_chart_draw(bn_area_all(s), &c);
				bn_chart_histogram(bn_area_all(s),
					&(bn_histogram){odd, odd, n, 0, 1, n % 2 == 1});
				bn_surface_free(s);
			}
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tui/ui/chart");
	TCase *tc = tcase_create("chart");
	setvbuf(stdout, NULL, _IOLBF, 0);
	tcase_add_loop_test(tc, test_chart_keeps_a_spike_of_one_point_in_a_million, 0, 3);
	tcase_add_test(tc, test_chart_breaks_at_gaps_and_counts_them);
	tcase_add_test(tc, test_chart_tells_what_a_logarithmic_axis_cannot_show);
	tcase_add_test(tc, test_chart_smoothing_is_a_debiased_average);
	tcase_add_test(tc, test_chart_pictures);
	tcase_add_test(tc, test_chart_bars);
	tcase_add_test(tc, test_chart_of_bytes_has_round_ticks_in_their_unit);
	tcase_add_test(tc, test_chart_scatter_has_round_ticks);
	tcase_add_test(tc, test_chart_draws_at_any_size_whatever_the_numbers);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
