/*
 * The guided tour on canned data: what ends a step and what does not, how the tour is offered and left, and how the
 * band looks. tests/cli/demo.sh goes through the whole tour on a demo's workspace.
 */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_source.h"
#include "tests/support/golden.h"
#include "tui/ui/key.h"
#include "tui/ui/script.h"
#include "tui/views/views.h"

#include <stdio.h>
#include <string.h>

typedef struct bench {
	bn_fake fake;
	bn_frame *f;
	bn_surface *s;
} bench;

static void bench_open_at(bench *b, int rows, int cols, bn_alphabet alphabet, bool readonly)
{
	b->f = bn_fake_frame(&b->fake, readonly);
	ck_assert_int_eq(bn_surface_new(&b->s, rows, cols, alphabet, NULL), 0);
}

static void bench_open(bench *b)
{
	bench_open_at(b, 24, 80, BN_ALPHABET_ASCII, false);
}

static void bench_close(bench *b)
{
	bn_frame_free(b->f);
	bn_surface_free(b->s);
}

static void play(bench *b, const char *script)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_script_run(b->f, b->s, script, "script", &err), &err);
}

static bool shows(const bench *b, const char *text)
{
	bn_buf out = BN_BUF_INIT;
	bn_surface_dump(b->s, &out, false);
	bool found = strstr(out.ptr, text) != NULL;
	bn_buf_release(&out);
	return found;
}

/* The shown part, identified by what its key does; -1: no tour. */
static int part_shown(const bench *b)
{
	for (int i = 0; i < bn_view_tour_count; i++) {
		char key[16] = "", line[200], step[32];
		bn_command_first_key(bn_view_tour[i].press, key);
		snprintf(line, sizeof line, "> %s %s", key, bn_view_tour[i].does);
		snprintf(step, sizeof step, " tour %d/10 ", bn_view_tour[i].step);
		if (shows(b, line) && shows(b, step))
			return i;
	}
	return -1;
}

#define ck_assert_part(b, step, nth) \
	ck_assert_int_eq( \
		part_shown(b), bn_tour_find(bn_view_tour, bn_view_tour_count, step) + (nth))

START_TEST(test_tour_has_ten_steps_that_fit)
{
	char key[16];
	int last = 0;
	bn_surface *s = NULL;
	ck_assert_int_eq(bn_surface_new(&s, 1, 1, BN_ALPHABET_ASCII, NULL), 0);
	bn_area page = {s, 0, 0, 0, 76}; /* measures without drawing */
	for (int i = 0; i < bn_view_tour_count; i++) {
		const bn_tour_part *p = &bn_view_tour[i];
		ck_assert_msg(p->step == last || p->step == last + 1, "part %d", i);
		ck_assert_msg((p->step != last) == (p->title != NULL), "part %d", i);
		ck_assert_msg(bn_area_paragraph(page, 0, 0, BN_INK_TEXT, p->text) <= 2,
			"part %d: more than two lines: %s", i, p->text);
		ck_assert(bn_command_first_key(p->press, key));
		ck_assert_msg(strlen(key) + 1 + bn_utf8_width(p->does) <= 56,
			"part %d is wider than a line of 60 columns: %s", i, p->does);
		/* The key works on the screen where it is requested; for other screens the way back is given. */
		ck_assert_msg((p->from & ~bn_command_get(p->press)->views) == 0, "part %d", i);
		ck_assert_msg(p->from == BN_ON_ALL || (p->back && bn_utf8_width(p->back) <= 76),
			"part %d", i);
		last = p->step;
	}
	ck_assert_int_eq(last, 10);
	bn_surface_free(s);
}
END_TEST

START_TEST(test_tour_goes_on_with_its_key_only)
{
	bench b = {.fake = {.is_demo = true}};
	bench_open(&b);
	ck_assert_int_eq(part_shown(&b), -1);
	play(&b, ":tour\n");
	ck_assert_part(&b, 1, 0);
	play(&b, "j k ^R v v 9 ?\nEsc"); /* other keys work, and the part stays */
	ck_assert_part(&b, 1, 0);
	ck_assert(shows(&b, "Audit"));
	play(&b, ":needs-me\n"); /* the command's name works like its key */
	ck_assert_part(&b, 1, 1);
	bench_close(&b);
}
END_TEST

START_TEST(test_tour_says_the_way_back_from_another_screen)
{
	bench b = {.fake = {.is_demo = true}};
	bench_open(&b);
	play(&b, "3 g Space Space x\n:tour 5\n");
	ck_assert_part(&b, 5, 0);
	play(&b, "Backspace"); /* another key of the same command */
	ck_assert_part(&b, 5, 1);
	play(&b, ":tour 5\n9");
	ck_assert(shows(&b, "> Press 3 for the runs, where this goes on."));
	play(&b, "3"); /* another way to the screen that the part is about */
	ck_assert_part(&b, 5, 1);
	play(&b, "9");
	ck_assert(shows(&b, "> Press 3 for the runs; open mlp-wide with Enter."));
	play(&b, "3 Enter");
	ck_assert_part(&b, 5, 2);
	bench_close(&b);
}
END_TEST

START_TEST(test_tour_waits_for_a_state_and_not_for_a_key)
{
	bench b = {.fake = {.is_demo = true}};
	bench_open(&b);
	play(&b, ":tour 4\n3");
	ck_assert_part(&b, 4, 1);
	play(&b, "g Space k Space Space"); /* marked and unmarked; then one of them marked */
	ck_assert_part(&b, 4, 1);
	play(&b, "* "); /* all the others */
	ck_assert_part(&b, 4, 2);
	play(&b, ":tour 4\n3"); /* rows that are already marked are not requested again */
	ck_assert_part(&b, 4, 2);
	/* A cancelled prompt does not count as the requested filter. */
	play(&b, ":tour 3\n2 Enter Enter");
	int part = part_shown(&b);
	play(&b, "/ \"power\" Esc");
	ck_assert_int_eq(part_shown(&b), part);
	bench_close(&b);
}
END_TEST

START_TEST(test_tour_goes_back_is_left_and_continued)
{
	bench b = {.fake = {.is_demo = true}};
	bench_open(&b);
	play(&b, ":tour 4\n3");
	ck_assert_part(&b, 4, 1);
	play(&b, "Z"); /* the step from its start, then the one before */
	ck_assert_part(&b, 4, 0);
	play(&b, "3"); /* it is there already, so the command is enough */
	ck_assert_part(&b, 4, 1);
	play(&b, "Z Z");
	ck_assert_part(&b, 3, 0);
	play(&b, "Z Z Z Z");
	ck_assert_part(&b, 1, 0);
	play(&b, ":tour 4\n3\nE");
	ck_assert_int_eq(part_shown(&b), -1);
	ck_assert(!shows(&b, " tour 4/10 ") && shows(&b, ":tour goes on with step 4"));
	play(&b, "Z");
	ck_assert(shows(&b, "no tour is shown; :tour shows it"));
	play(&b, ":tour\n");
	ck_assert_part(&b, 4, 0);
	ck_assert_int_ne(bn_frame_run(b.f, "tour 11", NULL), 0);
	bn_script_settle(b.f, b.s);
	ck_assert(shows(&b, "the tour has steps 1 to 10, not '11'"));
	bench_close(&b);
}
END_TEST

START_TEST(test_tour_ends_with_its_last_part)
{
	bench b = {.fake = {.is_demo = true}};
	bench_open(&b);
	play(&b, ":tour 10\n? \"x\" Esc\n: \"peo\" Tab Enter Y");
	ck_assert_int_eq(part_shown(&b), bn_view_tour_count - 1);
	play(&b, "E");
	ck_assert(!shows(&b, " tour ") && shows(&b, ":tour shows it again"));
	play(&b, ":tour\n");
	ck_assert_part(&b, 1, 0);
	bench_close(&b);
}
END_TEST

START_TEST(test_tour_passes_over_what_cannot_be_done)
{
	bench b = {.fake = {.is_demo = true}};
	bench_open_at(&b, 24, 80, BN_ALPHABET_ASCII, true);
	play(&b, ":tour 6\n3 g L");
	ck_assert_part(&b, 6, 1);
	play(&b, ":tour-skip\n"); /* the field */
	ck_assert_part(&b, 6, 2);
	bn_frame_key(b.f, BN_KEY_CTRL('T'));
	bn_script_settle(b.f, b.s);
	ck_assert(shows(&b, "this is --readonly; :tour-skip passes over it"));
	play(&b, ":tour-skip\n");
	ck_assert_part(&b, 7, 0);
	bench_close(&b);
}
END_TEST

START_TEST(test_tour_is_offered_once)
{
	bench b = {.fake = {.is_demo = true}};
	bench_open(&b);
	bn_frame_tour_offer(b.f);
	bn_script_settle(b.f, b.s);
	ck_assert(shows(&b, "Take the tour?"));
	ck_assert(!b.fake.answered_tour); /* not answered yet: a lost line asks again */
	play(&b, "Enter");
	ck_assert(b.fake.answered_tour && part_shown(&b) == -1);
	ck_assert(shows(&b, ":tour shows it at any time"));
	bn_frame_tour_offer(b.f);
	bn_script_settle(b.f, b.s);
	ck_assert(!shows(&b, "Take the tour?"));
	bench_close(&b);
	b.fake.answered_tour = false;
	bench_open(&b);
	bn_frame_tour_offer(b.f);
	play(&b, "Tab Enter");
	ck_assert_part(&b, 1, 0);
	ck_assert(b.fake.answered_tour);
	bench_close(&b);
}
END_TEST

START_TEST(test_tour_is_of_a_demo)
{
	bench b = {.fake = {.is_demo = false}};
	bench_open(&b);
	bn_frame_tour_offer(b.f);
	ck_assert_int_ne(bn_frame_run(b.f, "tour", NULL), 0);
	bn_script_settle(b.f, b.s);
	ck_assert(!shows(&b, "Take the tour?") && shows(&b, "binnacle demo makes one"));
	bench_close(&b);
}
END_TEST

/* Drawn at every size; screens that are too low have no band. */
START_TEST(test_tour_never_takes_the_screen)
{
	bench b = {.fake = {.is_demo = true}};
	bench_open(&b);
	for (int step = 1; step <= 10; step++) {
		char line[32];
		snprintf(line, sizeof line, "tour %d", step);
		ck_assert_int_eq(bn_frame_run(b.f, line, NULL), 0);
		for (int rows = 1; rows < 40; rows++)
			for (int cols = 1; cols < 90; cols += 7) {
				ck_assert_int_eq(bn_surface_resize(b.s, rows, cols, NULL), 0);
				bn_frame_draw(b.f, b.s);
				bool has_band = shows(&b, " tour ");
				ck_assert_msg(!has_band || rows >= 8, "%dx%d", cols, rows);
				ck_assert_msg(
					has_band || rows < 12 || cols < 58, "%dx%d", cols, rows);
			}
	}
	bench_close(&b);
}
END_TEST

static void shoot(const char *name, const char *script)
{
	static const int sizes[][2] = {{80, 24}, {60, 15}, {140, 40}};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (int ascii = 0; ascii < 2; ascii++) {
			bench b = {.fake = {.is_demo = true}};
			bench_open_at(&b, sizes[i][1], sizes[i][0],
				ascii ? BN_ALPHABET_ASCII : BN_ALPHABET_BRAILLE, false);
			play(&b, script);
			char *file = bn_strf("%s-%dx%d-%s", name, sizes[i][0], sizes[i][1],
				ascii ? "ascii" : "utf8");
			bn_golden_check_surface(file, b.s);
			bn_free(file);
			bench_close(&b);
		}
}

START_TEST(test_tour_looks_like_its_pictures)
{
	shoot("tour-overview", ":tour\n");
	shoot("tour-runs", ":tour 4\n3 g Space Space");
	shoot("tour-help", ":tour 10\n? \"copy\"");
}
END_TEST

BN_TEST_MAIN("tui/views/tour", test_tour_has_ten_steps_that_fit,
	test_tour_goes_on_with_its_key_only, test_tour_says_the_way_back_from_another_screen,
	test_tour_waits_for_a_state_and_not_for_a_key, test_tour_goes_back_is_left_and_continued,
	test_tour_ends_with_its_last_part, test_tour_passes_over_what_cannot_be_done,
	test_tour_is_offered_once, test_tour_is_of_a_demo, test_tour_never_takes_the_screen,
	test_tour_looks_like_its_pictures)
