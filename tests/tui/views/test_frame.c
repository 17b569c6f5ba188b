/* The behaviour of the workbench: keys, commands, dialogs, refusals; any size and any key. */
#include "tui/ui/frame.h"

#include "core/base/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_source.h"
#include "tests/support/toy.h"
#include "tui/ui/key.h"
#include "tui/ui/script.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct bench {
	bn_fake fake;
	bn_frame *f;
	bn_surface *s;
} bench;

static void bench_open(bench *b, bool readonly)
{
	b->f = bn_fake_frame(&b->fake, readonly);
	ck_assert_int_eq(bn_surface_new(&b->s, 24, 80, BN_ALPHABET_ASCII, NULL), 0);
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

START_TEST(test_frame_attaches_and_detaches_suites)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "2 H\n:attach --require a b.json\n");
	ck_assert_int_eq(b.fake.actions, 1);
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_SUITE_ATTACH);
	ck_assert_str_eq(b.fake.last.reason, "--require a b.json");
	play(&b, "j\n:detach\n");
	ck_assert(shows(&b, "It keeps no version out any more"));
	play(&b, "Enter"); /* No */
	ck_assert_int_eq(b.fake.actions, 1);
	play(&b, ":detach\ny");
	ck_assert_int_eq(b.fake.actions, 2);
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_SUITE_DETACH);
	ck_assert_str_eq(b.fake.last.reason, "limits");
	play(&b, "G");
	bn_err err = BN_ERR_INIT;
	ck_assert_int_lt(bn_script_run(b.f, b.s, ":detach\n", "script", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "it is not attached"));
	play(&b, "Enter");
	ck_assert(shows(&b, "it did not run on this version"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_computes_served_rows_again)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "6\n:skew\n");
	ck_assert_int_eq(atomic_load(&b.fake.jobs), 1);
	play(&b, "B Enter");
	ck_assert(shows(&b, "served 225.97, now 224.97"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_shows_rows_that_differ_in_windows)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "2 Enter x v");
	ck_assert(shows(&b, "rows are found by a key"));
	play(&b, ":key power\nv");
	ck_assert(shows(&b, "2 rows removed, 75 added, 223 changed; found by power"));
	ck_assert(shows(&b, "630.1 -> 634.2"));
	play(&b, "G");
	ck_assert(shows(&b, "5010"));
	ck_assert(!shows(&b, "~~~"));
	play(&b, "k Enter");
	ck_assert(shows(&b, "* power: 630.1 -> 634.2"));
	play(&b, "Esc s");
	ck_assert(shows(&b, "rows stay in the order of the versions"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_sets_only_what_was_changed_of_a_protection)
{
	bench b = {.fake = {.actions = 0}};
	bn_err err = BN_ERR_INIT;
	bench_open(&b, false);
	play(&b, "2\n:protect\n");
	ck_assert_int_lt(bn_script_run(b.f, b.s, ":start\n", "script", &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "nothing was changed"));
	play(&b, "Enter Down Enter ^U \"HPC 'ops'\" Enter Down Down Down Down Enter ^U \"acc\" Tab Enter");
	ck_assert(shows(&b, "--class restricted"));
	ck_assert(shows(&b, "--personal account"));
	play(&b, "^T");
	ck_assert(shows(&b, "No longer masked: user_id"));
	ck_assert_int_eq(b.fake.actions, 0);
	play(&b, "y");
	ck_assert_int_eq(b.fake.actions, 1);
	const bn_protect_arg *a = &b.fake.protect;
	ck_assert_str_eq(a->level, "restricted");
	ck_assert_str_eq(a->owner, "HPC 'ops'");
	ck_assert(a->sets_owner && !a->sets_licence && !a->sets_purpose && !a->sets_remotes);
	ck_assert_str_eq(a->personal, "account");
	ck_assert_str_eq(a->cleared, "user_id");
	ck_assert_int_eq(a->keep_days, -1);
	play(&b, "g Down Down Down Down Enter ^U \"soon\"");
	ck_assert(shows(&b, "a number of days is wanted"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_opens_the_result_of_a_cell_and_its_rows)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "2 H j l Enter");
	ck_assert(shows(&b, "checks of jobs@v12"));
	play(&b, "g Enter");
	ck_assert(shows(&b, "fails 'power values between'"));
	play(&b, "Esc Esc l Enter");
	ck_assert(shows(&b, "checks of jobs@v11"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_approval_asks_with_no_as_default)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "4 Enter A Enter"); /* without a reason, Enter alone does nothing */
	ck_assert_int_eq(b.fake.actions, 0);
	ck_assert(shows(&b, "type a reason, or Tab and Enter"));
	play(&b, "Tab Tab Enter"); /* No */
	ck_assert_int_eq(b.fake.actions, 0);
	ck_assert(shows(&b, "nothing was changed"));
	play(&b, "A Esc");
	ck_assert_int_eq(b.fake.actions, 0);
	play(&b, "A \"no\" Enter");
	ck_assert_int_eq(b.fake.actions, 0);
	play(&b, "A Tab Enter");
	ck_assert_int_eq(b.fake.actions, 1);
	ck_assert_str_eq(b.fake.last.reason, "");
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_APPROVE);
	ck_assert_str_eq(b.fake.last.ref, "power/3");
	ck_assert(shows(&b, "done: power/3"));
	bench_close(&b);
}
END_TEST

/* A trial typed "looks good" into a dialog that had no line for it: l moved to Yes, Enter signed. */
START_TEST(test_frame_words_typed_into_a_dialog_are_a_reason_or_nothing)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "4 Enter A \"looks good\"");
	ck_assert_int_eq(b.fake.actions, 0);
	ck_assert(shows(&b, "> looks good"));
	play(&b, "Enter");
	ck_assert_int_eq(b.fake.actions, 1);
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_APPROVE);
	ck_assert_str_eq(b.fake.last.reason, "looks good");
	play(&b, "A \"y\" Enter"); /* an answer, not a reason */
	ck_assert_int_eq(b.fake.actions, 2);
	ck_assert_str_eq(b.fake.last.reason, "");
	/* A dialog without a line: only y as the first letter answers. */
	play(&b, "3 j D");
	ck_assert(shows(&b, "[ Yes"));
	play(&b, "\"lovely by my\"");
	ck_assert_int_eq(b.fake.actions, 2);
	ck_assert(shows(&b, "[ Yes") && shows(&b, "Tab and Enter answer yes"));
	play(&b, "Enter");
	ck_assert_int_eq(b.fake.actions, 2);
	ck_assert(shows(&b, "nothing was changed"));
	bench_close(&b);
}
END_TEST

/* Screens, help and Y print lines of the command line. */
START_TEST(test_frame_lines_of_the_command_line_are_taken_or_explained)
{
	static const char *const same[] = {"register power r1", "binnacle model register r1 --name power",
		"model register --name=power r1", "register r1 --name power"};
	bn_err err = BN_ERR_INIT;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		bench b = {.fake = {.actions = 0}};
		bench_open(&b, false);
		play(&b, "4");
		ck_assert_bn_ok(bn_frame_run(b.f, same[i], &err), &err);
		bn_script_settle(b.f, b.s);
		ck_assert_int_eq(b.fake.actions, 1);
		ck_assert_int_eq(b.fake.last.action, BN_ACTION_REGISTER);
		ck_assert_str_eq(b.fake.last.ref, "power");
		ck_assert_str_eq(b.fake.last.reason, "r1");
		bench_close(&b);
	}
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	ck_assert_int_eq(bn_frame_run(b.f, "binnacle model approve power/3", &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "binnacle model approve is a command of the shell");
	ck_assert_str_eq(err.hint, "here: A on the version");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_frame_run(b.f, "binnacle serve power@champion", &err), BN_EINVAL);
	ck_assert_str_eq(err.hint, "^Z goes to the shell, fg returns");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_frame_run(b.f, "attest", &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.hint, ":reproduce"));
	bn_err_clear(&err);
	bench_close(&b);
}
END_TEST

/* Where a text is on the screen; the test fails if it is not. */
static void cell_of(const bench *b, const char *text, int *row, int *col)
{
	bn_buf out = BN_BUF_INIT;
	bn_surface_dump(b->s, &out, false);
	const char *at = strstr(out.ptr, text), *line = out.ptr;
	ck_assert_msg(at != NULL, "'%s' is not on the screen\n%s", text, out.ptr);
	for (*row = 0; (size_t)(at - line) > strcspn(line, "\n"); (*row)++)
		line += strcspn(line, "\n") + 1;
	*col = (int)(at - line);
	bn_buf_release(&out);
}

static void mouse(bench *b, int what, const char *text)
{
	int row, col;
	cell_of(b, text, &row, &col);
	bn_frame_key(b->f, BN_MOUSE_KEY(what, row, col));
	bn_script_settle(b->f, b->s);
}

START_TEST(test_frame_mouse_selects_opens_sorts_and_scrolls)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "");
	mouse(&b, BN_MOUSE_CLICK, "3 Runs");
	ck_assert(shows(&b, "1/6"));
	mouse(&b, BN_MOUSE_WHEEL_DOWN, "3 Runs");
	ck_assert(shows(&b, "4/6"));
	mouse(&b, BN_MOUSE_WHEEL_UP, "3 Runs");
	ck_assert(shows(&b, "1/6"));
	mouse(&b, BN_MOUSE_CLICK, "logistic-2");
	ck_assert(shows(&b, "3/6") && shows(&b, "> Runs "));
	mouse(&b, BN_MOUSE_CLICK, "logistic-2");
	ck_assert(shows(&b, "> Runs > mlp-1"));
	play(&b, "Esc");
	mouse(&b, BN_MOUSE_CLICK, "learning_rate"); /* the title of a column */
	ck_assert(shows(&b, "sort learning_rate"));
	mouse(&b, BN_MOUSE_CLICK, "s sort"); /* in the key bar */
	ck_assert(shows(&b, "sort -learning_rate"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_mouse_answers_dialogs_and_nothing_behind_them)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "4 Enter A");
	mouse(&b, BN_MOUSE_CLICK, "1 Overview");
	ck_assert(shows(&b, "[ No ]"));
	mouse(&b, BN_MOUSE_CLICK, "[ No ]");
	ck_assert_int_eq(b.fake.actions, 0);
	ck_assert(shows(&b, "nothing was changed"));
	play(&b, "A");
	mouse(&b, BN_MOUSE_CLICK, "[ Yes"); /* there first, as Tab goes */
	ck_assert_int_eq(b.fake.actions, 0);
	mouse(&b, BN_MOUSE_CLICK, "[ Yes");
	ck_assert_int_eq(b.fake.actions, 1);
	play(&b, "? \"glyph\"");
	mouse(&b, BN_MOUSE_CLICK, ":glyphs"); /* selected already */
	ck_assert(shows(&b, ":glyphs ") && !shows(&b, "Search"));
	bench_close(&b);
}
END_TEST

/* Every cell of every first screen, and cells beyond the screen. */
START_TEST(test_frame_mouse_may_click_anywhere)
{
	static const char *const screens[] = {"1", "2", "3", "4", "5", "6", "9", "?", "^P", ": \"x\""};
	for (size_t i = 0; i < sizeof screens / sizeof *screens; i++) {
		bench b = {.fake = {.actions = 0}};
		bench_open(&b, true);
		play(&b, screens[i]);
		for (int row = 0; row < 30; row++)
			for (int col = 0; col < 90 && !bn_frame_is_done(b.f); col += 3) {
				bn_frame_key(b.f, BN_MOUSE_KEY(1 + (row + col) % 3, row, col));
				bn_frame_draw(b.f, b.s);
			}
		bn_script_settle(b.f, b.s);
		bench_close(&b);
	}
}
END_TEST

START_TEST(test_frame_audit_folds_the_records_of_a_run_and_is_narrowed)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "9 v j");
	ck_assert(shows(&b, "7 of 96 records") && shows(&b, "3 records; Enter"));
	play(&b, "Enter j Enter");
	ck_assert(
		shows(&b, "run.started") && shows(&b, "1 min 01 s") && shows(&b, "2.0 KiB (2048"));
	play(&b, "Esc\n:where whom=ada");
	ck_assert(shows(&b, "no field 'whom'; use who, what, on, outcome"));
	play(&b, ":where outcome=never");
	ck_assert(shows(&b, "no outcome 'never'"));
	play(&b, ":where who=grace what=approved\nY");
	ck_assert_str_eq(
		b.fake.copied, "binnacle audit log --json --user=grace --kind='*.approved*'");
	play(&b, "Esc Y");
	ck_assert_str_eq(b.fake.copied, "binnacle audit log --json");
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_lines_of_a_sheet_open_their_evidence)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "4 Enter j Enter");
	ck_assert(shows(&b, "wanted     test rmse <= 12.5") && shows(&b, "blocks the approval"));
	ck_assert(shows(&b, "> gate error"));
	play(&b, "Esc j j j j Enter"); /* below the gates: a metric opens its run */
	ck_assert(!shows(&b, "to sign"));
	play(&b, "Esc j j j Enter");
	ck_assert(shows(&b, "rows of jobs@v3"));
	play(&b, "Esc j j j Enter");
	ck_assert(shows(&b, "Long jobs are its weak side."));
	play(&b, "Esc j Enter");
	ck_assert(shows(&b, "you or lin may sign"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_images_of_a_version_open_in_full)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "4 j Enter G k k k Enter"); /* above the decision: three images, the newest first */
	ck_assert(shows(&b, "to         registry.example.org:5050/energy/power:2"));
	ck_assert(shows(&b, "sha256:5b4a4617ad8c"));
	play(&b, "Esc j j Enter");
	ck_assert(shows(&b, "/scratch/lin/power-2.rootfs") && shows(&b, "was not approved"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_a_version_is_promoted_aliased_and_withdrawn)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "4 P");
	ck_assert(shows(&b, "approval is asked for; A approves"));
	play(&b, "j P");
	ck_assert(shows(&b, "it is the champion"));
	play(&b, "G P \"more data\" Enter");
	ck_assert_int_eq(b.fake.actions, 1);
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_ASK);
	ck_assert_str_eq(b.fake.last.ref, "power/1");
	ck_assert_str_eq(b.fake.last.reason, "more data");
	play(&b, ":alias champion\n");
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_ALIAS);
	play(&b, "u Tab Enter"); /* undo: back to the previous alias */
	ck_assert_str_eq(b.fake.last.ref, "power/2");
	play(&b, ":withdraw\n\"never\" Enter");
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_WITHDRAW);
	play(&b, ":register power 7f3a\n");
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_REGISTER);
	ck_assert_str_eq(b.fake.last.reason, "7f3a");
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_rejection_needs_a_reason)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "4 Enter R Enter \"   \" Enter");
	ck_assert_int_eq(b.fake.actions, 0);
	ck_assert(shows(&b, "an answer is required"));
	play(&b, "\"fails at night\" Enter");
	ck_assert_int_eq(b.fake.actions, 1);
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_REJECT);
	ck_assert_str_eq(b.fake.last.reason, "   fails at night");
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_says_why_ones_own_model_cannot_be_approved)
{
	bench b = {.fake = {.own_request = true}};
	bench_open(&b, false);
	play(&b, "4 Enter A");
	ck_assert(shows(&b, "you registered it; somebody else has to decide"));
	play(&b, "R");
	ck_assert_int_eq(b.fake.actions, 0);
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_readonly_refuses_and_says_so)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, true);
	play(&b, "4 Enter A");
	ck_assert(shows(&b, "--readonly"));
	play(&b, "3 S y");
	ck_assert_int_eq(b.fake.actions, 0);
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_stop_takes_all_marked_runs)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 Space j Space S");
	ck_assert(shows(&b, "Stop the 2 marked runs?"));
	play(&b, "y");
	ck_assert_int_eq(b.fake.actions, 1);
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_STOP);
	ck_assert_uint_eq(b.fake.last.stop_count, 2);
	ck_assert_str_ne(b.fake.last.stop[0], b.fake.last.stop[1]);
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_stop_names_the_run_and_stops_only_live_ones)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 S");
	ck_assert(shows(&b, "Stop run ridge-0?"));
	play(&b, "y");
	ck_assert_int_eq(b.fake.actions, 1);
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_STOP);
	play(&b, "j S");
	ck_assert(shows(&b, "only a live run can be stopped; this one is FINISHED"));
	ck_assert_int_eq(b.fake.actions, 1);
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_labels_are_written_and_taken_back)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 u"); /* nothing to undo yet */
	ck_assert(shows(&b, "nothing that was done here"));
	play(&b, "t Down Enter \"narrow is enough\" Enter");
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_RUN_NOTE);
	ck_assert_str_eq(b.fake.last.reason, "narrow is enough");
	play(&b, "u"); /* asks; the default is no */
	ck_assert(shows(&b, "Undo the note of ridge-0?"));
	play(&b, "Enter");
	ck_assert_int_eq(b.fake.actions, 1);
	play(&b, "u y");
	ck_assert_int_eq(b.fake.actions, 2);
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_RUN_NOTE);
	ck_assert_str_eq(b.fake.last.reason, "");
	play(&b, "u");
	ck_assert(shows(&b, "nothing that was done here"));
	/* In an edited field letters are text; Esc cancels the edit, and then leaves the screen. */
	play(&b, "G Enter \"quit\" Esc");
	ck_assert_int_eq(b.fake.actions, 2);
	play(&b, "Enter \"team\"");
	ck_assert(shows(&b, "KEY=VALUE is wanted"));
	play(&b, "\"=ops\" Enter");
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_RUN_TAG);
	ck_assert_str_eq(b.fake.last.reason, "team=ops");
	play(&b, "g Right");
	ck_assert_str_eq(b.fake.last.reason, "star=yes");
	play(&b,
		"g Enter j Enter \"seen\" Enter"); /* a switch toggles at once; edits the next field */
	ck_assert_str_eq(b.fake.last.reason, "seen");
	play(&b, "Esc");
	ck_assert(shows(&b, "mlp-1"));
	bench_close(&b);
	bench_open(&b, true);
	play(&b, "3");
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_frame_run(b.f, "label", &err), BN_EREFUSED);
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_the_trash_asks_and_comes_back)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 D"); /* refused: it is running */
	ck_assert(shows(&b, "S stops it first"));
	play(&b, "j D");
	ck_assert(shows(&b, "Move mlp-1 to the trash?"));
	play(&b, "Enter");
	ck_assert_int_eq(b.fake.actions, 0);
	play(&b, "Space Space D");
	ck_assert(shows(&b, "Move 2 runs to the trash?"));
	play(&b, "y");
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_RUN_REMOVE);
	ck_assert_uint_eq(b.fake.last.stop_count, 2);
	ck_assert(!shows(&b, "marked"));
	play(&b, "u y");
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_RUN_RESTORE);
	ck_assert_uint_eq(b.fake.last.stop_count, 2);
	play(&b, ":removed");
	ck_assert(shows(&b, "in the trash"));
	play(&b, "j D");
	ck_assert(shows(&b, ":restore brings them back"));
	play(&b, "Esc Esc"); /* the error, then what was removed */
	ck_assert(!shows(&b, "in the trash"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_runs_are_grouped_by_a_parameter)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 b"); /* by the selected column, at first the state */
	ck_assert(shows(&b, "by status"));
	ck_assert(shows(&b, "~ runs") || shows(&b, "3 runs"));
	play(&b, "b l l b"); /* past the stars */
	ck_assert(shows(&b, "name groups nothing") || shows(&b, "run groups nothing"));
	play(&b, ":group learning_rate");
	ck_assert(shows(&b, "0.01  2 runs"));
	ck_assert(shows(&b, "0.001  1 + 2 x"));
	ck_assert(shows(&b, "+-"));
	play(&b, "j");
	ck_assert(shows(&b, "by learning_rate"));
	play(&b, "Enter"); /* folds the first group, below the live runs */
	ck_assert(!shows(&b, "mlp-1"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_more_runs_than_are_here_are_grouped_by_the_source)
{
	bench b = {.fake = {.many_runs = 100000}};
	bench_open(&b, false);
	play(&b, "3\n:group learning_rate");
	ck_assert(shows(&b, "by learning_rate"));
	ck_assert(shows(&b, "0.01  50000 runs"));
	ck_assert(shows(&b, "0.001  49999 + 1 x"));
	ck_assert(shows(&b, "12.5 +- 0.25"));
	ck_assert(shows(&b, "0/0")); /* all groups are folded */
	ck_assert(!shows(&b, "ridge-0"));
	play(&b, "Enter");
	ck_assert(shows(&b, "ridge-0"));
	ck_assert(shows(&b, "/50 000"));
	ck_assert(!shows(&b, "mlp-1 "));
	play(&b, "G"); /* to the other group's line, after 50 000 rows */
	ck_assert(shows(&b, "ridge-99996") || shows(&b, "mlp-99998"));
	ck_assert(shows(&b, "0.001  49999 + 1 x"));
	play(&b, "Enter G");
	ck_assert(shows(&b, "ridge-99999"));
	ck_assert(shows(&b, "100 000/100 000"));
	play(&b, "g Enter"); /* folds the first one; the other stays open */
	ck_assert(!shows(&b, "ridge-0 "));
	ck_assert(shows(&b, "mlp-1 "));
	play(&b, ":group none");
	ck_assert(shows(&b, "ridge-0"));
	ck_assert(shows(&b, " 1/100 000"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_finds_words_on_the_console_and_goes_through_them)
{
	bench b = {.fake = {.console_lines = 400}};
	bench_open(&b, false);
	play(&b, "3 Enter / \"seven\"");
	ck_assert(shows(&b, "4 of 4: seven")); /* the last match, found while typing */
	ck_assert(shows(&b, "line 307 seven"));
	play(&b, "Enter N");
	ck_assert(shows(&b, "3 of 4: seven"));
	ck_assert(shows(&b, "line 207 seven"));
	play(&b, "N N N");
	ck_assert(shows(&b, "no line above has 'seven'"));
	ck_assert(shows(&b, "1 of 4: seven"));
	play(&b, "n");
	ck_assert(shows(&b, "2 of 4: seven"));
	play(&b, "Esc"); /* clears the search; the next one leaves the screen */
	ck_assert(!shows(&b, "of 4: seven"));
	ck_assert(shows(&b, "line 107 seven"));
	play(&b, "Esc");
	ck_assert(shows(&b, "test_frame") || shows(&b, "mlp-1"));
	b.fake.console_lines = 0;
	play(&b, "j j j Enter n"); /* a failed run: to the line with the error */
	ck_assert(shows(&b, "CUDA error: out of memory"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_follows_the_console_or_stays_with_its_lines)
{
	bench b = {.fake = {.console_lines = 300}};
	bench_open(&b, false);
	play(&b, "3 Enter Tab Tab");
	ck_assert(shows(&b, "following; f stops"));
	ck_assert(shows(&b, "line 299"));
	b.fake.console_lines = 310;
	play(&b, "^R");
	ck_assert(shows(&b, "line 309"));
	play(&b, "f");
	ck_assert(shows(&b, "f follows"));
	b.fake.console_lines = 700; /* more than a page holds: the oldest are dropped */
	play(&b, "^R");
	ck_assert(shows(&b, "line 309"));
	ck_assert(!shows(&b, "line 310"));
	play(&b, "k k"); /* continues at the same line */
	ck_assert(shows(&b, "line 307"));
	ck_assert(!shows(&b, "line 308"));
	play(&b, "f");
	ck_assert(shows(&b, "line 699"));
	play(&b, "k k k"); /* scrolled up, the lines also stay */
	b.fake.console_lines = 705;
	play(&b, "^R");
	ck_assert(shows(&b, "line 696"));
	ck_assert(!shows(&b, "line 697"));
	play(&b, "G");
	ck_assert(shows(&b, "line 704"));
	ck_assert(shows(&b, "following"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_a_form_says_that_parts_share_rows)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 L");
	ck_assert(!shows(&b, "the same rows"));
	play(&b, "g j j j j Enter ^U \"jobs.train@v1\" Enter"); /* the field test */
	ck_assert(shows(&b, "! train and test have the same rows"));
	play(&b, "Enter ^U \"jobs.test@v1\" Enter");
	ck_assert(!shows(&b, "the same rows"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_space_steps_a_choice_of_a_form)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 L");
	play(&b, ":save-screen x\ng k k k k Space"); /* the trainer is the first field */
	ck_assert(!shows(&b, "mlp  "));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_a_field_of_a_form_shows_that_it_is_edited)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 L");
	ck_assert(shows(&b, "^T start"));
	play(&b, "Enter ^U \"0.00\"");
	ck_assert(!shows(&b, "^T start") && shows(&b, "Enter keeps it   Esc restores it"));
	play(&b, "\"5\"");
	ck_assert(shows(&b, "--set learning_rate=0.005")); /* before it is kept */
	play(&b, "\",0.1\"");
	ck_assert(shows(&b, "2 runs of 2"));
	play(&b, "Esc");
	ck_assert(!shows(&b, "--set") && shows(&b, "^T start"));
	play(&b, "j j j j Enter"); /* a switch is not edited */
	ck_assert(shows(&b, "--set early_stopping=false") && shows(&b, "^T start"));
	play(&b, "Space"); /* both: a sweep */
	ck_assert(shows(&b, "2 runs of 2"));
	play(&b, "Enter");
	ck_assert(!shows(&b, "--set"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_a_command_without_a_clipboard_can_be_read)
{
	bench b = {.fake = {.no_clipboard = true}};
	bench_open(&b, false);
	play(&b, "9 Y");
	ck_assert(shows(&b, "binnacle audit log --json --decisions"));
	ck_assert(shows(&b, "the same as a command; any key goes on"));
	b.fake.no_clipboard = false; /* no terminal says whether it took it: the line is shown all the same */
	play(&b, "Y");
	ck_assert(shows(&b, "binnacle audit log --json --decisions"));
	ck_assert(shows(&b, "sent to the terminal's clipboard") && !shows(&b, "copied"));
	b.fake.no_clipboard = true;
	play(&b, ":where who=grace what=approved outcome=refused on=a-model-with-a-long-name\nY");
	ck_assert(shows(&b, "the same as a command"));
	ck_assert(shows(&b, "--entity='*a-model-with-a-long-name*'"));
	ck_assert(shows(&b, " \\ ")); /* the lines are one command for the shell */
	play(&b, "j");                /* the screen is restored */
	ck_assert(!shows(&b, "the same as a command"));
	ck_assert(!shows(&b, "--entity"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_acts_are_a_menu_with_reasons)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "4 Enter a"); /* of a version that asks for approval */
	ck_assert(shows(&b, "Acts"));
	ck_assert(shows(&b, ":withdraw"));
	ck_assert(shows(&b, ":alias"));
	ck_assert(!shows(&b, ":export")); /* only views, does not change anything */
	play(&b, "/");                    /* no text is typed here */
	ck_assert(shows(&b, ":withdraw"));
	play(&b, "A"); /* chosen by its letter: it asks as usual */
	ck_assert(shows(&b, "Approve power"));
	play(&b, "Esc a q");
	ck_assert(!shows(&b, "Acts"));
	ck_assert_int_eq(b.fake.actions, 0);
	play(&b, "3 j j a Down Down Up q"); /* arrows work as usual */
	play(&b, "a S");             /* dim: the reason is given */
	ck_assert(shows(&b, "only a live run can be stopped"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_a_label_longer_than_its_field_is_not_cut_by_editing)
{
	bench b = {.fake = {.has_long_name = true}};
	bench_open(&b, false);
	play(&b, "3 t Down Enter \"more\" Enter");
	ck_assert_int_eq(b.fake.actions, 0);
	ck_assert(shows(&b, "its begin"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_arguments_are_completed_from_the_workspace)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "2 : \"add jobsa\" Tab"); /* a dataset, up to the common beginning; then a file */
	ck_assert(shows(&b, ":add jobsalp"));
	ck_assert(shows(&b, "jobsalpha  jobsalps"));
	play(&b, "\"h\" Tab \" da\" Tab \"b\" Tab");
	ck_assert(shows(&b, ":add jobsalpha data/beta"));
	play(&b, "Esc : \"add --private jobsb\" Tab \" data/b\" Tab");
	ck_assert(shows(&b, ":add --private jobsbeta data/beta"));
	play(&b, "Esc 4 : \"register p\" Tab \"b\" Tab \" r\" Tab \"b\" Tab");
	ck_assert(shows(&b, ":register powerbeta run-beta"));
	play(&b, "Esc : \"export data/b\" Tab");
	ck_assert(shows(&b, ":export data/beta"));
	/* A value of the field before the operator, also in a list, and a name after AND. */
	play(&b, "Esc 3 : \"where user = u\" Tab \"b\" Tab");
	ck_assert(shows(&b, "where user = user-beta"));
	play(&b, "\" AND `params.lr` IN (params.lr-b\" Tab \", params.lr-alph\" Tab \") AND stat\" "
		 "Tab");
	ck_assert(shows(&b, "IN (params.lr-beta, params.lr-alpha) AND stat"));
	play(&b, "Esc : \"view-save mine\" Enter : \"view-drop m\" Tab");
	ck_assert(shows(&b, ":view-drop mine"));
	play(&b, "Esc 9 : \"where outcome=ref\" Tab");
	ck_assert(shows(&b, "where outcome=refused"));
	play(&b, "Esc\n:people\n: \"grant r\" Tab \"b\" Tab");
	ck_assert(shows(&b, ":grant reviewerbeta"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_code_of_two_runs_is_compared_and_searched)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 j Space Space Space x");
	play(&b, "G"); /* the folded parts */
	ck_assert(shows(&b, "code ("));
	play(&b, "k Enter Right Enter"); /* the base: its uncommitted changes */
	ck_assert(shows(&b, "uncommitted changes"));
	play(&b, "Esc Right Enter");
	ck_assert(shows(&b, "code, A to B"));
	ck_assert(shows(&b, "M  net.py  +1 -1"));
	ck_assert(!shows(&b, "none stands out"));
	play(&b, "n n n"); /* only files */
	ck_assert(shows(&b, "nothing below stands out"));
	play(&b, "/ \"LR =\" Enter n");
	ck_assert(shows(&b, "+lr = 0.01"));
	play(&b, "n");
	ck_assert(shows(&b, "no line below has 'LR ='"));
	play(&b, "Esc"); /* ends the search, then leaves the screen */
	ck_assert(shows(&b, "code, A to B"));
	play(&b, "Esc");
	ck_assert(shows(&b, "A base"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_parts_of_a_comparison_unfold_where_they_are)
{
	bench b = {.fake = {.has_mixed_runs = true}};
	bench_open(&b, false);
	play(&b, "3 Space Space x"); /* A and B have the same data */
	ck_assert(shows(&b, "in all 2: on jobs@v3, epochs 40"));
	ck_assert(shows(&b, "  runs     ") && shows(&b, "mlp                   ridge"));
	play(&b, "G"); /* of the folded parts the last: validation, training, data, code, run */
	ck_assert(shows(&b, "= code: the same in all (1)"));
	play(&b, "k k Enter");
	ck_assert(shows(&b, "data: the same in all (1) -"));
	ck_assert(shows(&b, "  train ") && shows(&b, "jobs@v3                 jobs@v3"));
	play(&b, "j"); /* it is still between the others */
	ck_assert(shows(&b, "= training part") && shows(&b, "= code: the same"));
	play(&b, "Enter");
	ck_assert(shows(&b, "code: the same in all (1) -"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_charts_have_one_axis_and_one_cursor)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 M"); /* nothing marked: the selected run */
	ck_assert(shows(&b, "chart 1/8"));
	ck_assert(!shows(&b, "of 2 runs"));
	play(&b, "Esc Space Space M");
	ck_assert(shows(&b, "charts of 2 runs"));
	ck_assert(shows(&b, "along step"));
	play(&b, "l"); /* the cursor begins at the end */
	ck_assert(shows(&b, "at 1190"));
	play(&b, "h h");
	ck_assert(shows(&b, "at 1160"));
	play(&b, "+");
	ck_assert(shows(&b, "595 to 1190"));
	play(&b, "-");
	ck_assert(!shows(&b, "595 to 1190"));
	play(&b, "l l l"); /* past the end: the newest values again */
	ck_assert(!shows(&b, "at 1"));
	play(&b, ". .");
	ck_assert(shows(&b, "chart 3/8"));
	play(&b, "G");
	ck_assert(shows(&b, "chart 8/8"));
	ck_assert(shows(&b, "system/rss_bytes"));
	ck_assert(!shows(&b, "accuracy"));
	play(&b, "g Enter"); /* larger */
	ck_assert(shows(&b, "accuracy"));
	ck_assert(!shows(&b, "grad_norm"));
	play(&b, "Esc");
	ck_assert(shows(&b, "grad_norm"));
	play(&b, "/ \"gpu\" Enter");
	ck_assert(shows(&b, "chart 1/1"));
	ck_assert(shows(&b, "7 more"));
	ck_assert(shows(&b, "gpu3"));
	play(&b, "/ \"none\" Enter");
	ck_assert(shows(&b, "no metric's name holds this"));
	play(&b, "Esc");
	ck_assert(shows(&b, "chart 1/8"));
	play(&b, ":axis week");
	ck_assert(shows(&b, "the axis is step, relative, time or epoch"));
	play(&b, ":axis relative");
	ck_assert(shows(&b, "along seconds since it started"));
	play(&b, ":axis epoch");
	ck_assert(shows(&b, "log no metric 'epoch'"));
	play(&b, ":export charts.png");
	ck_assert(shows(&b, "charts are exported as .svg"));
	play(&b, "r m Y");
	ck_assert(shows(&b, "--x relative"));
	ck_assert(shows(&b, "--smooth 0.6"));
	play(&b, "Esc Esc");
	ck_assert(shows(&b, "Runs"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_compares_what_is_marked)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 x"); /* requires marked runs */
	ck_assert(shows(&b, "mark two runs or more first"));
	play(&b, "Space Space x");
	ck_assert(shows(&b, "Compare 2 runs"));
	play(&b, "Esc U x"); /* none marked: this run and the best */
	ck_assert(shows(&b, "Compare 2 runs"));
	play(&b, "Esc p j x"); /* and the baseline */
	ck_assert(shows(&b, "Compare 3 runs"));
	bn_frame_free(b.f); /* another session, which still has the baseline */
	b.f = bn_fake_frame(&b.fake, false);
	play(&b, "3 j j j Space Space x"); /* two marked: the baseline is the third */
	ck_assert(shows(&b, "Compare 3 runs"));
	play(&b, "n n n n l l l Enter"); /* the data of C, another version than that of A */
	ck_assert(shows(&b, "jobs@v3"));
	ck_assert(shows(&b, "jobs@v2"));
	ck_assert(!shows(&b, "A base"));
	play(&b, "Esc h Enter"); /* the version of B is the same: shows its rows */
	ck_assert(!shows(&b, "A base"));
	play(&b, "Esc Esc * x");
	ck_assert(shows(&b, "A base"));
	ck_assert(shows(&b, "names sweep-...-final"));
	ck_assert(shows(&b, "settings that differ (4 of 5)"));
	ck_assert(shows(&b, "in all"));
	ck_assert(shows(&b, "epochs 40"));
	ck_assert(!shows(&b, "\n epochs"));
	ck_assert(shows(&b, " best"));
	ck_assert(shows(&b, "against A"));
	play(&b, "d");
	ck_assert(shows(&b, "settings ("));
	play(&b, "d r"); /* differences instead of per cent */
	ck_assert(shows(&b, "+0.74"));
	play(&b, "r");
	ck_assert(!shows(&b, "against A"));
	play(&b, "r p"); /* this column is not of a run */
	ck_assert(shows(&b, "go to the column of a run"));
	play(&b, "l l p");
	ck_assert(shows(&b, "B base"));
	ck_assert(shows(&b, "against B"));
	play(&b, "v v"); /* curves, then the scatter plot */
	ck_assert(shows(&b, "test_rmse against "));
	play(&b, ":axis nothing");
	ck_assert(shows(&b, "no parameter 'nothing'"));
	play(&b, ":axis seed");
	ck_assert(shows(&b, "test_rmse against seed"));
	play(&b, ".");
	ck_assert(!shows(&b, "test_rmse against seed"));
	ck_assert(shows(&b, "against seed"));
	play(&b, "v"); /* parallel coordinates, */
	ck_assert(shows(&b, "learning_rate"));
	play(&b, "v"); /* and what tests say */
	ck_assert(shows(&b, "over seeds: "));
	ck_assert(shows(&b, "smaller is better"));
	ck_assert(shows(&b, "0.01402"));
	play(&b, "v G k Enter");
	ck_assert(shows(&b, "4f2c1e"));
	play(&b, "Enter"); /* the changes in the code */
	ck_assert(shows(&b, "+lr = 0.01"));
	bench_close(&b);
}
END_TEST

/* The colour of the first cell of "alive" in the head of a run. */
static bn_ink alive_ink(const bench *b)
{
	for (int r = 2; r < 6; r++)
		for (int c = 0; c + 5 < b->s->cols; c++) {
			const bn_surface_cell *at = &b->s->cells[r * b->s->cols + c];
			if (at[0].cp == 'a' && at[1].cp == 'l' && at[2].cp == 'i' && at[3].cp == 'v')
				return (bn_ink)at->role;
		}
	ck_abort_msg("no word of the heartbeat");
}

START_TEST(test_frame_the_age_of_a_heartbeat_turns_yellow_and_red)
{
	static const struct {
		int silent_s;
		bn_ink ink;
	} ages[] = {{2, BN_INK_DIM}, {19, BN_INK_DIM}, {21, BN_INK_WARN}, {54, BN_INK_WARN},
		{56, BN_INK_FAIL}};
	for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) { /* a beat every 5 s */
		bench b = {.fake = {.silent_s = ages[i].silent_s}};
		bench_open(&b, false);
		play(&b, "3 Enter");
		ck_assert_int_eq(alive_ink(&b), ages[i].ink);
		bench_close(&b);
	}
}
END_TEST

START_TEST(test_frame_a_run_is_shown_by_its_state)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 Enter"); /* running: progress, and its curves of training and validation */
	ck_assert(shows(&b, "2990/12000"));
	ck_assert(shows(&b, "24 %"));
	ck_assert(shows(&b, "33 min 02 s left") || shows(&b, "33 min"));
	ck_assert(shows(&b, "train_rmse"));
	ck_assert(shows(&b, "val_mae 8.103"));
	play(&b, "h h + +"); /* zooms in around the cursor, which stays */
	ck_assert(shows(&b, "step "));
	play(&b, "- - - v");
	ck_assert(shows(&b, "seconds since"));
	play(&b, ":axis time");
	ck_assert(shows(&b, "time"));
	play(&b, ":axis sideways");
	ck_assert(shows(&b, "not 'sideways'"));
	play(&b, "o");
	ck_assert(shows(&b, "with changes that were not"));
	play(&b, "j Enter");
	ck_assert(shows(&b, "+lr = 0.01"));
	play(&b, "Esc j Enter");
	ck_assert(shows(&b, "AVX-512"));
	play(&b, "Esc Esc Esc j j j Enter"); /* a failed run: the line with the error */
	ck_assert(shows(&b, "!CUDA error: out of memory"));
	ck_assert(shows(&b, "run start --again"));
	play(&b, "+");
	ck_assert(shows(&b, "this run has no curve"));
	play(&b, "Esc Esc k Enter"); /* only metrics without a curve */
	ck_assert(shows(&b, "train       valid        test"));
	ck_assert(shows(&b, "33.5"));
	bench_close(&b);
}
END_TEST

/* Text that was meant for another place: in the form, in its menu, on lists. Nothing is started, signed or removed. */
START_TEST(test_frame_typed_words_start_nothing)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 L l e a r n Enter");
	ck_assert(shows(&b, "choose with the arrows"));
	ck_assert(shows(&b, "--again 7f3a0000 --name")); /* no other trainer */
	play(&b, "Esc L e a j o r Enter Esc L"); /* capitals too */
	ck_assert(shows(&b, "letters alone never start a run"));
	ck_assert_uint_eq(b.fake.starts, 0);
	play(&b, "a Down Down Enter"); /* from the menu it asks; the default is no */
	ck_assert(shows(&b, "Start 1 run?"));
	play(&b, "Enter");
	ck_assert_uint_eq(b.fake.starts, 0);
	play(&b, "a Down Down Enter Tab Enter");
	ck_assert_uint_eq(b.fake.starts, 1);
	play(&b, "3 t l"); /* labels: a letter does not set the star */
	ck_assert_int_eq(b.fake.actions, 0);
	play(&b, "4 w \"power\" Enter"); /* a list without conditions takes them as words */
	ck_assert(shows(&b, "/power"));
	ck_assert_int_eq(b.fake.actions, 0);
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_commands_take_the_name_of_a_column)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "2 Enter Enter F"); /* of which column? */
	ck_assert(shows(&b, ":frequency "));
	play(&b, "\"nod\" Tab Enter");
	ck_assert(shows(&b, "values of nodes"));
	play(&b, "Esc\n:histogram nodes\n");
	ck_assert(shows(&b, "values of nodes") && shows(&b, "sort value"));
	play(&b, "Esc : \"frequency nonsense\" Enter");
	ck_assert(shows(&b, "no column 'nonsense'") && shows(&b, ":frequency nonsense"));
	play(&b, "Esc Esc\n2 Enter Enter\n:column run_time\n"); /* it hides no other */
	ck_assert(shows(&b, "run_time") && !shows(&b, ":columns all"));
	play(&b, ":columns run_time\n");
	ck_assert(shows(&b, ":columns all shows the others"));
	play(&b, "3 : \"sort val_m\" Tab Enter"); /* by the title, without metrics. */
	ck_assert(shows(&b, "sort val_mae"));
	bench_close(&b);
}
END_TEST

/* On a small screen the field that one is in comes before all else. */
START_TEST(test_frame_a_form_fits_a_small_screen)
{
	bench b = {.fake = {.actions = 0}};
	b.f = bn_fake_frame(&b.fake, false);
	ck_assert_int_eq(bn_surface_new(&b.s, 10, 40, BN_ALPHABET_ASCII, NULL), 0);
	play(&b, "3 L");
	ck_assert(shows(&b, "learning_rate"));
	play(&b, "Enter ^U \"0.1,0.2\" Enter / \"patience\" Enter");
	ck_assert(shows(&b, "patience") && shows(&b, "2 runs of 2, through the queue"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_says_which_line_of_a_text_it_is)
{
	bench b = {.fake = {.actions = 0}};
	b.f = bn_fake_frame(&b.fake, false);
	ck_assert_int_eq(bn_surface_new(&b.s, 12, 80, BN_ALPHABET_ASCII, NULL), 0);
	play(&b, "3 i");
	ck_assert(shows(&b, "line 1/"));
	play(&b, "j j");
	ck_assert(shows(&b, "line 3/"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_finds_a_field_of_the_form)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 L g / \"patie\"");
	ck_assert(shows(&b, "/patie"));
	play(&b, "Enter Enter ^U \"7\" Enter");
	ck_assert(shows(&b, "--set patience=7"));
	play(&b, "/ ^U \"none such\"");
	ck_assert(shows(&b, "no field has 'none such'"));
	play(&b, "^U \"i\" Enter n n N"); /* the next field with an i, not the next that is wrong */
	ck_assert(!shows(&b, "nothing further"));
	bench_close(&b);
}
END_TEST

static bool started(const bench *b, const char *text)
{
	return strstr(b->fake.started, text) != NULL;
}

START_TEST(test_frame_launches_a_run_again_but)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 L");
	ck_assert(shows(&b, "again from mlp-wide"));
	ck_assert(shows(&b, "base 0.01, default 0.001"));
	ck_assert(shows(&b, "binnacle run start --again 7f3a0000 --name mlp-wide-2"));
	play(&b, "Enter ^U \"fast\"");
	ck_assert(shows(&b, "learning_rate"));
	play(&b, "Enter ^T"); /* refused, with the field to correct */
	ck_assert_uint_eq(b.fake.starts, 0);
	ck_assert(shows(&b, "n goes to learning_rate"));
	play(&b, "g n Enter ^U \"0.003\" Enter");
	ck_assert(shows(&b, "1 field differs"));
	play(&b, "^T");
	ck_assert_uint_eq(b.fake.starts, 1);
	ck_assert_str_eq(b.fake.started, "binnacle run start --again 7f3a0000 --set "
					 "learning_rate=0.003 --name mlp-wide-2\n");
	ck_assert(shows(&b, "Runs > mlp-1")); /* the run replaces the form */
	play(&b, "3 L g j j j j j j j Enter");
	ck_assert(shows(&b, "rows where"));
	play(&b, "^U \"num_nodes >\"");
	ck_assert(shows(&b, "rows where:1:"));
	play(&b, "^U \"num_nodes > 1\" Enter ^T");
	ck_assert_str_eq(b.fake.started, "binnacle run start --again 7f3a0000 --where "
					 "num_nodes > 1 --name mlp-wide-2\n");
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_resumes_a_run)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 : \"resume\" Enter"); /* the first one runs */
	ck_assert(shows(&b, "there is nothing to resume"));
	play(&b, "j j j : \"resume\" Enter");
	ck_assert(shows(&b, "resumes mlp-wide after 38 steps"));
	ck_assert(shows(&b, "binnacle run resume 7f3a"));
	ck_assert(!shows(&b, "learning_rate")); /* only fields that may change */
	ck_assert(!shows(&b, "trainer"));
	play(&b, "Enter ^U \"50\" Enter ^T");
	ck_assert(shows(&b, "n goes to epochs: it was 100, and can only be raised"));
	play(&b, "n Enter ^U \"200,300\" Enter ^T");
	ck_assert(shows(&b, "a run is continued once"));
	ck_assert_uint_eq(b.fake.starts, 0);
	play(&b, "n Enter ^U \"200\" Enter ^T");
	ck_assert_uint_eq(b.fake.starts, 1);
	ck_assert(started(&b, "binnacle run resume 7f3a"));
	ck_assert(started(&b, " --set epochs=200 --name mlp-wide-2\n"));
	ck_assert(shows(&b, "Runs > mlp-1")); /* the form is replaced by the run */
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_launches_a_sweep)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 Enter L Enter ^U \"0.1,0.01\" Enter k Enter ^U \"8; 16,8\" Enter");
	ck_assert(shows(&b, "4 runs of 4, through the queue"));
	play(&b, "^T");
	ck_assert_uint_eq(b.fake.starts, 4);
	ck_assert(started(&b, "--set hidden=8 --set learning_rate=0.1 --name mlp-wide-2-hi8-le0.1 "
			      "--executor queue\n"));
	ck_assert(started(&b, "--set hidden=16,8 --set learning_rate=0.01 "));
	play(&b, "3 L Enter ^U \"0.001..0.1 log 3\" Enter"); /* that many; the line has all of it */
	ck_assert(shows(&b, "3 values: 0.001, 0.01, 0.1"));
	play(&b, "Y");
	ck_assert_str_eq(b.fake.copied,
		"binnacle run start --again 7f3a0000 --sweep 'learning_rate=0.001..0.1 log 3' --name "
		"mlp-wide-2 --executor queue");
	play(&b, "Enter ^U \"0.001..0.1 log 99\"");
	ck_assert(shows(&b, "2 to 32 values"));
	play(&b, "Esc Esc Tab Enter 3 L Enter ^U \"0.001..0.1 log\" Enter k k Enter ^U \"0..99\" Enter");
	ck_assert(shows(&b, "5 of 100 values: 0, 25, 50, 74, 99"));
	ck_assert(shows(&b, "5 values: 0.001, "));
	play(&b, "Enter ^U \"1..16 log\" Enter"); /* without duplicates */
	ck_assert(shows(&b, "5 of 16 values: 1, 2, 4, 8, 16"));
	play(&b, "Enter ^U \"0..99999\" Enter"); /* with the limits as typed */
	ck_assert(shows(&b, "5 of 100000 values: 0, 25000, "));
	play(&b, "Enter ^U \"3,3,03\" Enter");
	ck_assert(shows(&b, "5 runs of 5"));
	play(&b, "Enter ^U \"0.5..3\"");
	ck_assert(shows(&b, "has whole ends"));
	play(&b, "Esc");
	play(&b, "Enter ^U \"0..15\" Enter"); /* a short range is used in full */
	ck_assert(shows(&b, "80 runs of 80"));
	play(&b, "Enter ^U \"3..1\"");
	ck_assert(shows(&b, "a range goes upwards"));
	play(&b, "Esc G k Enter \"6\" Enter"); /* that many, chosen at random */
	ck_assert(shows(&b, "6 runs of 80"));
	play(&b, "G Enter"); /* a dry run prints what would start */
	ck_assert_uint_eq(b.fake.starts, 1);
	ck_assert(started(&b, "--dry-run\n"));
	ck_assert(shows(&b, "starts at once on node017"));
	play(&b, "Esc ^T");
	ck_assert_uint_eq(b.fake.starts, 6);
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_launches_from_nothing)
{
	bench b = {.fake = {.is_empty = true}};
	bench_open(&b, false);
	play(&b, "3 L");
	ck_assert(shows(&b, "a new run"));
	play(&b, "^T");
	ck_assert(shows(&b, "a version of a dataset is wanted"));
	play(&b, "n n"); /* to the wrong fields: data, then target */
	play(&b, "N Enter \"jobs.tr\" Tab \"2\" Enter"); /* parts of the same split are filled in */
	ck_assert(shows(&b, "jobs.test@v2"));
	play(&b, "g n Enter \"user\" Tab Enter"); /* shows the warnings of run start */
	ck_assert(shows(&b, "target 'user_id' is text, but ridge predicts numbers"));
	play(&b, "Enter ^U \"node\" Tab Enter");
	ck_assert(!shows(&b, "is text"));
	play(&b, "^T");
	ck_assert_uint_eq(b.fake.starts, 1);
	ck_assert(started(&b, "--data jobs.train@v2 "));
	ck_assert(started(&b, "--data jobs.test@v2:test --target node_power"));
	bench_close(&b);
	b.fake = (bn_fake){.is_empty = true};
	bench_open(&b, true);
	play(&b, "3 L g Left"); /* a command instead of a trainer */
	ck_assert(shows(&b, "a command line is wanted"));
	play(&b, "j Enter \"python 'my train.py'\" Enter");
	ck_assert(shows(&b, "binnacle run start -- python 'my train.py'"));
	play(&b, "^T");
	ck_assert_uint_eq(b.fake.starts, 0);
	ck_assert(shows(&b, "--readonly"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_completes_what_follows_a_command)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 : \"sort metrics.val_r\" Tab Enter");
	ck_assert(shows(&b, "sort val_rmse"));
	play(&b, ": \"sort metrics.val_m\" Tab \",-params.h\" Tab Enter");
	ck_assert(shows(&b, "sort val_mae,-hidden"));
	play(&b, ": \"where params.lea\"");
	ck_assert(shows(&b, "params.learning_rate")); /* candidates are listed below */
	play(&b, "Tab \" > 0 AND stat\" Tab");
	ck_assert(shows(&b, ":where params.learning_rate > 0 AND status"));
	play(&b, "Esc : \"theme l\" Tab");
	ck_assert(shows(&b, ":theme light"));
	play(&b, "Esc Enter : \"axis rel\" Tab");
	ck_assert(shows(&b, ":axis relative"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_views_of_runs_are_saved)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 v");
	ck_assert(shows(&b, "no view was saved yet"));
	play(&b, ":sort -val_mae\n:group learning_rate\n:view-save by rate");
	ck_assert_str_eq(
		b.fake.remembered, "by rate\tshown status,starred,name,metrics.val_rmse,metrics.val_mae,"
				   "params.learning_rate,params.hidden\tsort -metrics.val_mae\tgroup params.learning_rate\n");
	play(&b, ":where val_rmse < 12\n:view-save one");
	play(&b, "v"); /* after the last view comes the plain list */
	ck_assert(!shows(&b, "by learning_rate"));
	ck_assert(!shows(&b, "where val_rmse"));
	bench_close(&b);
	bench_open(&b, false); /* a new session */
	play(&b, "3 v j");
	ck_assert(shows(&b, "by learning_rate"));
	ck_assert(shows(&b, "sort -val_mae"));
	play(&b, ":view one");
	ck_assert(shows(&b, "where val_rmse < 12"));
	play(&b, ":view two");
	ck_assert(shows(&b, "no view 'two'"));
	play(&b, ":view-drop by rate");
	ck_assert_ptr_null(strstr(b.fake.remembered, "by rate"));
	bench_close(&b);
}
END_TEST

/* The screen without the line of messages. */
static char *list_of(const bench *b)
{
	bn_buf out = BN_BUF_INIT;
	bn_surface_dump(b->s, &out, false);
	char *text = bn_buf_take(&out, NULL), *at = text;
	for (int line = 0; line < 21 && at; line++)
		at = strchr(at + 1, '\n');
	if (at)
		*at = '\0';
	return text;
}

/* A view shows again what was on the screen, whichever of its commands came first. */
START_TEST(test_frame_a_saved_view_is_what_was_on_the_screen)
{
	static const char *const made[] = {":group experiment\n", ":columns learning_rate,val_mae\n:sort val_mae\n",
		":columns -hidden\n:group hidden\n:aggregate max\n:sort -val_rmse\n", ":where val_rmse < 13\n/ \"rid\" Enter\n",
		":columns +note,-time\n:sort hidden,-val_mae\n"};
	for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
		bench b = {.fake = {.actions = 0}};
		bench_open(&b, false);
		play(&b, "3");
		play(&b, made[i]);
		play(&b, ":view-save it\ng\n");
		char *saved = list_of(&b);
		play(&b, ":view it\n:view-drop other\n"); /* the first is the current one, so this resets and shows it */
		char *again = list_of(&b);
		ck_assert_msg(strcmp(saved, again) == 0, "%s\n%s\n%s", made[i], saved, again);
		bn_free(saved);
		bn_free(again);
		bench_close(&b);
	}
}
END_TEST

/* What the store says of itself is known: no dialog asks what cannot be done. */
START_TEST(test_frame_asks_nothing_that_a_dead_store_refuses)
{
	bench b = {.fake = {.stuck = "the server does not answer: nothing can be changed now; it answered 3 min ago"}};
	bench_open(&b, false);
	play(&b, "3 D");
	ck_assert(shows(&b, "nothing can be changed now; it answered 3 min ago"));
	ck_assert(!shows(&b, "[ No ]"));
	ck_assert(shows(&b, "1 running  1 to approve"));
	play(&b, "t");
	ck_assert(!shows(&b, "a new tag"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_registers_a_run_and_goes_to_its_version)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 j\n:register power\n");
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_REGISTER);
	ck_assert_str_eq(b.fake.last.ref, "power");
	ck_assert_uint_eq(strlen(b.fake.last.reason), 32);
	ck_assert(shows(&b, "registered power/1; Models (4) shows it"));
	play(&b, "Enter\n:register power\n");
	ck_assert_int_eq(b.fake.actions, 2);
	ck_assert(shows(&b, "registered power/1; Models (4) shows it"));
	play(&b, "4 g\n:register power 7f3a\n");
	ck_assert(shows(&b, "registered power/1"));
	play(&b, "Enter");
	ck_assert(shows(&b, "> power/1"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_runs_of_programs_are_not_started_again)
{
	bench b = {.fake = {.is_reported = true}};
	bench_open(&b, false);
	play(&b, "3 L");
	ck_assert(shows(&b, "a program reported this run: only that program can run it again"));
	ck_assert(!shows(&b, "Launch"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_finds_objects_before_commands)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "^P \"mlp\"");
	ck_assert(shows(&b, "mlp-wide"));
	ck_assert(shows(&b, "FINISHED mlp"));
	play(&b, "Enter");
	ck_assert(shows(&b, "Overview > mlp-1"));
	play(&b, "Esc");
	ck_assert(shows(&b, "needs you")); /* back to the previous screen */
	play(&b, "^P \"power/\" Enter");
	ck_assert(shows(&b, "> power/3"));
	play(&b, "Esc ^P \"jobs\" Enter");
	ck_assert(shows(&b, "> jobs") || shows(&b, "jobs@v3"));
	play(&b, "Esc ^P \"theme\""); /* no object matches */
	ck_assert(shows(&b, ":theme"));
	play(&b, "Esc ^P \"lig\"");
	ck_assert(shows(&b, "light"));
	play(&b, "Enter Esc ^P \"xyzzy\"");
	ck_assert(shows(&b, "nothing has all of these words"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_commands_are_typed_completed_and_remembered)
{
	bench b = {.fake = {.actions = 0}};
	bn_err err = BN_ERR_INIT;
	bench_open(&b, false);
	play(&b, ":runs\n: \"sort\" Tab \" run\" Enter");
	ck_assert(shows(&b, "run^"));
	play(&b, ": Up"); /* the previous command */
	ck_assert(shows(&b, ":sort run"));
	play(&b, "Esc : \"aud\" Tab Enter");
	ck_assert(shows(&b, "outcome"));
	ck_assert_int_eq(bn_frame_run(b.f, "frobnicate", &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "no command 'frobnicate'");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_frame_run(b.f, "queue", &err), BN_EINVAL);
	ck_assert_str_eq(err.hint, "did you mean :queue-pause, :queue-resume?");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_frame_run(b.f, "comprae", &err), BN_EINVAL);
	ck_assert_str_eq(err.hint, "did you mean :compare?");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_frame_run(b.f, "queue-pause", &err), BN_EREFUSED);
	ck_assert_str_eq(
		err.msg, "'queue-pause' means nothing on this screen; it does on Runs (3)");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_frame_run(b.f, "glyphs runes", &err), BN_EINVAL);
	bn_err_clear(&err);
	/* Unexpected arguments of a command are an error. */
	ck_assert_int_eq(bn_frame_run(b.f, "data register power r1", &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "':data' takes no words");
	ck_assert_str_eq(err.hint, "did you mean :register power r1?");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_frame_run(b.f, "approve power/3", &err), BN_EINVAL);
	ck_assert_str_eq(err.hint, "by itself: :approve");
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_filter_is_live_and_escape_takes_it_back)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 / \"mlp\"");
	ck_assert(!shows(&b, "ridge-0"));
	play(&b, "Esc");
	ck_assert(shows(&b, "ridge-0"));
	play(&b, "/ \"mlp finished\" Enter");
	ck_assert(shows(&b, "mlp-4") && !shows(&b, "logistic-2"));
	play(&b, "Esc"); /* the first Esc clears the filter; the next one goes back */
	ck_assert(shows(&b, "logistic-2"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_runs_are_chosen_by_the_filter_language)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3\n:where metrics.test_rmse < 12");
	ck_assert(shows(&b, "where metrics.test_rmse < 12") && !shows(&b, "mlp-1"));
	play(&b, "Y");
	ck_assert_str_eq(b.fake.copied,
		"binnacle run ls --json --filter='metrics.test_rmse < 12'"
		" --columns=metrics.val_rmse,metrics.val_mae,params.learning_rate,params.hidden");
	play(&b, "w"); /* w opens it for editing */
	ck_assert(shows(&b, ":where metrics.test_rmse < 12"));
	play(&b, "^U \"bad\" Enter"); /* an invalid filter leaves the list as it was */
	ck_assert(shows(&b, "filter:1:1: no field 'bad'") && shows(&b, "ridge-0"));
	play(&b, ":where");
	ck_assert(shows(&b, "mlp-1"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_a_paste_is_text_and_never_commands)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	for (const char *s = "Q43S"; *s; s++)
		bn_frame_key(b.f, *s | BN_KEY_PASTED);
	ck_assert(!bn_frame_is_done(b.f));
	play(&b, "3 /");
	for (const char *s = "mlp"; *s; s++)
		bn_frame_key(b.f, *s | BN_KEY_PASTED);
	bn_script_settle(b.f, b.s);
	ck_assert(shows(&b, "/mlp") && !shows(&b, "ridge-0"));
	bench_close(&b);
}
END_TEST

static bool refused(bench *b, const char *line, const char *why)
{
	ck_assert_int_lt(bn_frame_run(b->f, line, NULL), 0);
	bn_script_settle(b->f, b->s);
	return shows(b, why);
}

START_TEST(test_frame_export_asks_before_it_writes_over_a_file)
{
	toy_dir dir;
	toy_dir_make(&dir);
	bench b = {.fake = {.save_dir = dir.path}};
	char text[16] = "", path[sizeof dir.path + 16];
	snprintf(path, sizeof path, "%s/there.csv", dir.path);
	bench_open(&b, false);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("mine", file);
	fclose(file);
	play(&b, "2\n:export there.csv\n");
	ck_assert(shows(&b, "Overwrite there.csv?") && shows(&b, "4 B"));
	play(&b, "Enter");
	ck_assert_ptr_nonnull(file = fopen(path, "r"));
	ck_assert_ptr_nonnull(fgets(text, sizeof text, file));
	fclose(file);
	ck_assert_str_eq(text, "mine");
	play(&b, ":export there.csv\ny");
	ck_assert(shows(&b, "rows to there.csv"));
	play(&b, ":export! there.csv\n");
	ck_assert(!shows(&b, "Overwrite") && shows(&b, "rows to there.csv"));
	play(&b, ":export ~/own.csv\n"); /* the home directory */
	snprintf(path, sizeof path, "%s/own.csv", dir.path);
	ck_assert_int_eq(access(path, R_OK), 0);
	ck_assert(refused(&b, "export /nonexistent/a-directory-with-a-long-name/and-another/t.csv",
		" such file or directory ")); /* all of it, in two lines, until the next key */
	play(&b, "j");
	ck_assert(!shows(&b, "file or directory"));
	ck_assert(refused(&b, "export == FAILED", "has no ending, which gives the format"));
	ck_assert(refused(&b, "export a.xlsx", "'.xlsx' files are not written"));
	ck_assert(refused(&b, "export a.xlsx", "name it .tsv, .csv, .json, .md"));
	bench_close(&b);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_frame_nothing_is_said_only_where_there_is_nothing)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "4 j j j");
	play(&b, "A");
	ck_assert(!shows(&b, "no model yet"));
	ck_assert(refused(&b, "request", "P asks for approval"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_a_changed_form_is_left_after_a_question)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 L Esc"); /* nothing was changed */
	ck_assert(!shows(&b, "Leave the form?"));
	play(&b, "L Enter \"x\" Enter Esc");
	ck_assert(shows(&b, "Leave the form?"));
	play(&b, "Enter");
	ck_assert(shows(&b, "nothing was changed"));
	play(&b, "Esc Tab Enter");
	ck_assert(!shows(&b, "Leave the form?"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_clearing_the_prompt_keeps_the_command_of_the_key)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 w \"status = 1\" ^U");
	ck_assert(shows(&b, ":where ") && !shows(&b, "status = 1"));
	play(&b, "^U Esc");
	ck_assert(!shows(&b, ":where "));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_help_is_searched_and_runs_what_is_picked)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "? \"who did what\" Enter");
	ck_assert(shows(&b, "outcome"));
	play(&b, "^P \"command line\" Enter"); /* the command copy-cli */
	ck_assert_str_eq(b.fake.copied, "binnacle audit log --json --decisions");
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_copies_rows_and_the_command_line_of_each_screen)
{
	static const char *const lines[][2] = {{"1 Y", "binnacle data describe NAME"},
		{"2 Y", "binnacle data ls --json"},
		{"3 Y", "binnacle run ls --json"
			" --columns=metrics.val_rmse,metrics.val_mae,params.learning_rate,params."
			"hidden"},
		{"Enter Y", "binnacle run show 7f3a0000 --json"},
		{"4 Y", "binnacle model ls --json"},
		{"Enter Y", "binnacle model show power/3 --json"},
		{"6 Y", "binnacle monitor ls --json"},
		{"9 Y", "binnacle audit log --json --decisions"}};
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	for (size_t i = 1; i < sizeof lines / sizeof *lines; i++) {
		play(&b, lines[i][0]);
		ck_assert_str_eq(b.fake.copied, lines[i][1]);
	}
	play(&b, "Esc 2 y");
	ck_assert_ptr_nonnull(strstr(b.fake.copied, "jobs\t2\t401 372\t14\t46.0 MiB\t"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_back_walks_to_the_first_screen_and_q_leaves_there)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "2 Enter Enter Enter");
	play(&b, "Esc Esc Esc Esc"); /* never to another main screen */
	ck_assert(shows(&b, "jobs-train") && shows(&b, "this is the first screen"));
	ck_assert(!bn_frame_is_done(b.f));
	play(&b, "Enter / \"x\" Enter q"); /* q goes back whatever filter is active */
	ck_assert(shows(&b, "jobs-train"));
	play(&b, "q q"); /* one too many leaves nothing */
	ck_assert(shows(&b, "Q leaves") && !bn_frame_is_done(b.f));
	play(&b, "Q");
	ck_assert(bn_frame_is_done(b.f));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_error_of_a_filter_goes_when_it_is_completed)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "2 Enter Enter / \"bad=\"");
	play(&b, "Enter");
	ck_assert(shows(&b, "no column 'bad'"));
	play(&b, "/ \"1\" Enter");
	ck_assert(!shows(&b, "no column 'bad'"));
	play(&b, "/ Backspace Backspace Backspace Enter"); /* nor that of a shorter form */
	ck_assert(!shows(&b, "no column 'bad'"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_refused_filter_is_not_on)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "2 Enter Enter / \"bad=\" Enter"); /* its prefix "bad" was a filter meanwhile */
	ck_assert(shows(&b, "no column 'bad'") && shows(&b, "/bad="));
	play(&b, "Esc Y");
	ck_assert_str_eq(b.fake.copied, "binnacle data head jobs@v3");
	play(&b, "/"); /* the text can be corrected */
	ck_assert(shows(&b, "/bad="));
	play(&b, "Esc / ^U \"power>900\" Enter / ^U \"bad=\" Enter");
	ck_assert(shows(&b, "no column 'bad'"));
	ck_assert(shows(&b, "3 of 401 372 rows") && shows(&b, "power>900"));
	ck_assert(shows(&b, "/bad="));
	play(&b, "Esc\n:where bad=\nI");
	ck_assert(shows(&b, "where power>900"));
	play(&b, "Esc / ^U \"bad=\" Esc");
	ck_assert(!shows(&b, "no column 'bad'") && shows(&b, "power>900"));
	bench_close(&b);
}
END_TEST

/* The keys of the correction must not be commands: the prompt stays, with the text and the error beside it. */
START_TEST(test_frame_a_refused_line_stays_open)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 w \"bad\" Enter"); /* refused by the page */
	ck_assert(shows(&b, ":where bad") && shows(&b, "no field 'bad'"));
	ck_assert(!shows(&b, "Runs where")); /* it is not in force */
	play(&b, "\"t\"");                   /* text, not labels */
	ck_assert(shows(&b, ":where badt") && !shows(&b, "no field 'bad'"));
	play(&b, "Esc");
	ck_assert(shows(&b, "> Runs "));
	play(&b, "w ^U \"metrics.test_rmse < 12\" Enter w ^U \"bad\" Enter Esc");
	ck_assert(shows(&b, "Runs where metrics.test_rmse < 12")); /* the one before still is */
	play(&b, "w"); /* to be corrected */
	ck_assert(shows(&b, ":where bad"));
	play(&b, "^U ^U ^W Backspace");
	ck_assert(!shows(&b, ":where"));
	play(&b, "w ^U ^U \"name = mlp-1\" Enter w");
	ck_assert(shows(&b, ":where name = mlp-1"));
	play(&b, "Esc : \"sort nothing\" Enter");
	ck_assert(shows(&b, ":sort nothing") && shows(&b, "no column 'nothing'"));
	play(&b, "Esc : \"nonsense\" Enter");
	ck_assert(shows(&b, ":nonsense") && shows(&b, "no command 'nonsense'"));
	play(&b, "Esc e \"a.xlsx\" Enter");
	ck_assert(shows(&b, ":export a.xlsx") && shows(&b, "files are not written"));
	play(&b, "Esc 2 Enter Enter w \"bad=\" Enter");
	ck_assert(shows(&b, ":where bad=") && shows(&b, "no column 'bad'"));
	play(&b, "Esc w");
	ck_assert(shows(&b, ":where bad="));
	play(&b, "Esc 9 w \"whom=ada\" Enter");
	ck_assert(shows(&b, ":where whom=ada") && shows(&b, "no field 'whom'"));
	ck_assert_int_eq(b.fake.actions, 0);
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_escape_after_an_error_takes_only_the_error)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3\n:where metrics.test_rmse < 12\nD");
	ck_assert(shows(&b, "S stops it first"));
	play(&b, "Esc");
	ck_assert(!shows(&b, "S stops it first") && shows(&b, "Runs where"));
	play(&b, "Esc");
	ck_assert(!shows(&b, "Runs where"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_escape_takes_away_the_newest_of_what_hides_rows)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3\n:where metrics.test_rmse < 12\n/ \"ridge\" Enter");
	play(&b, "Esc");
	ck_assert(shows(&b, "where metrics.test_rmse") && !shows(&b, "mlp-1"));
	play(&b, "Esc");
	ck_assert(!shows(&b, "where metrics.test_rmse") && shows(&b, "mlp-1"));
	/* Rows opened from a number are a screen of their own: Esc returns to the number. */
	play(&b, "2 I Enter Enter");
	ck_assert(shows(&b, "rows of jobs@v3"));
	play(&b, "/ \" 7\" Enter Esc");
	ck_assert(shows(&b, "rows of jobs@v3"));
	play(&b, "Esc");
	ck_assert(shows(&b, "values of") && !shows(&b, "rows of jobs@v3"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_walks_from_object_to_object_of_a_list)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "3 Enter >");
	ck_assert(shows(&b, "mlp-1"));
	play(&b, "> <");
	ck_assert(shows(&b, "mlp-1"));
	play(&b, "< <");
	ck_assert(shows(&b, "this is the first of its list that can be opened"));
	play(&b, "Esc"); /* the list has moved to the object shown */
	ck_assert_int_eq(b.s->cursor_row, 3);
	play(&b, ">");
	ck_assert(shows(&b, "this did not come from a list"));
	play(&b, "2 V Enter > >"); /* skips checks without failing rows */
	ck_assert(shows(&b, "rows of jobs@v3"));
	ck_assert(shows(&b, "this is the last of its list that can be opened"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_goes_to_what_stands_out_and_shows_it_in_full)
{
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, false);
	play(&b, "9 n");
	int first = b.s->cursor_row;
	play(&b, "n");
	ck_assert_int_gt(b.s->cursor_row, first);
	play(&b, "N");
	ck_assert_int_eq(b.s->cursor_row, first);
	play(&b, "n n n");
	ck_assert(shows(&b, "nothing further down stands out"));
	play(&b, "i");
	ck_assert(shows(&b, "in full") && shows(&b, "outcome"));
	play(&b, "1 !"); /* where the cursor is already: it says so */
	ck_assert(shows(&b, "1 of 5 that need you"));
	play(&b, "3 !"); /* to the first line that needs the user; then to the next */
	ck_assert(shows(&b, "needs you (5)"));
	first = b.s->cursor_row;
	play(&b, "!");
	ck_assert_int_gt(b.s->cursor_row, first);
	play(&b, "Enter"); /* opens that object */
	ck_assert(shows(&b, "checks of jobs@v3"));
	play(&b, "Esc g A");
	ck_assert(shows(&b, "power/3") && shows(&b, "read the evidence first"));
	play(&b, "Esc v");
	ck_assert(shows(&b, "what is there"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_shows_what_it_has_before_data_comes)
{
	bench b = {.fake = {.is_slow = true}};
	struct timespec t0, t1;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	bench_open(&b, false);
	bn_frame_key(b.f, '3');
	bn_frame_pump(b.f);
	bn_frame_draw(b.f, b.s);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	double ms = (double)(t1.tv_sec - t0.tv_sec) * 1e3 + (double)(t1.tv_nsec - t0.tv_nsec) / 1e6;
	ck_assert(shows(&b, "Runs") && shows(&b, "state") && !shows(&b, "ridge-0"));
	printf("NOTE: first picture after %.1f ms, with pages still 30 ms away\n", ms);
	bn_script_settle(b.f, b.s);
	ck_assert(shows(&b, "ridge-0"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_keeps_what_is_typed_before_the_data_is_there)
{
	bench b = {.fake = {.is_slow = true, .own_request = true}};
	bench_open(&b, false);
	for (const char *keys = "4\rA"; *keys; keys++)
		bn_frame_key(b.f, *keys);
	bn_script_settle(b.f, b.s);
	ck_assert(shows(&b, "to sign: 0 of 1"));
	ck_assert(shows(&b, " you registered it; somebody else has to decide"));
	bn_frame_key(b.f, '3');
	bn_frame_key(b.f, 'j');
	bn_frame_key(b.f, '\r');
	bn_frame_key(b.f, BN_KEY_ESC); /* discards the keys typed ahead */
	bn_script_settle(b.f, b.s);
	ck_assert(shows(&b, "ridge-0"));
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_leaves_while_pages_are_under_way)
{
	for (int i = 0; i < 10; i++) {
		bench b = {.fake = {.is_slow = true}};
		bench_open(&b, false);
		for (const char *keys = "239431624"; *keys; keys++) {
			bn_frame_key(b.f, *keys);
			bn_frame_pump(b.f);
			bn_frame_draw(b.f, b.s);
		}
		bench_close(&b);
	}
}
END_TEST

static double ms_since(const struct timespec *t0)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)(t.tv_sec - t0->tv_sec) * 1e3 + (double)(t.tv_nsec - t0->tv_nsec) / 1e6;
}

START_TEST(test_frame_moves_through_a_hundred_thousand_runs)
{
	struct timespec t0;
	bench b = {.fake = {.many_runs = 100000}};
	bench_open(&b, false);
	play(&b, "3 G");
	ck_assert(shows(&b, "ridge-99999"));
	ck_assert(shows(&b, "100 000/100 000"));
	play(&b, "^B ^B");
	ck_assert(shows(&b, "logistic-999"));
	play(&b, "g");
	ck_assert(shows(&b, "ridge-0"));
	ck_assert(shows(&b, " 1/100 000"));
	/* Beyond the first window, with a mark left behind, and back. */
	play(&b, "Space");
	for (int i = 0; i < 60; i++)
		play(&b, "^F");
	ck_assert(!shows(&b, "ridge-0 "));
	ck_assert(shows(&b, "/100 000"));
	play(&b, "Space x");
	ck_assert(shows(&b, "Compare 2 runs"));
	play(&b, "Esc");
	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (int i = 0; i < 1000; i++) {
		bn_frame_key(b.f, i % 2 ? 'k' : BN_KEY_PAGE_DOWN);
		bn_frame_draw(b.f, b.s);
	}
	printf("NOTE: 100 000 runs: %.3f ms from key to picture\n", ms_since(&t0) / 1000);
	bench_close(&b);
}
END_TEST

/* Every screen at every size from 1x1 on: drawn inside the surface, the cursor too, no crash. */
START_TEST(test_frame_draws_at_every_size)
{
	static const char *const ways[] = {"1", "2", "2 Enter Enter l l", "2 I", "2 V", "3",
		"3 Enter", "3 Enter Tab", "3 Space Space x", "4", "4 Enter", "4 Enter A",
		"4 Enter R", "6 Enter", "6 Enter Enter", "9 Enter", "3 ?", "3 :", "3 /"};
	long screens = 0;
	for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
		bench b = {.fake = {.actions = 0}};
		bench_open(&b, false);
		play(&b, ways[w]);
		for (int rows = 1; rows <= 60; rows += rows < 30 ? 1 : 5) {
			for (int cols = 1; cols <= 200; cols += cols < 12 ? 1 : 9) {
				b.s->alphabet = (bn_alphabet)((rows + cols) % 3);
				ck_assert_int_eq(bn_surface_resize(b.s, rows, cols, NULL), 0);
				bn_frame_draw(b.f, b.s);
				ck_assert_int_lt(b.s->cursor_row, rows);
				ck_assert_int_lt(b.s->cursor_col, cols);
				screens++;
			}
		}
		bn_script_settle(b.f, b.s);
		bench_close(&b);
	}
	printf("NOTE: %ld screens drawn, 1x1 to 200x60\n", screens);
}
END_TEST

/* Random keys; run under the sanitizers. */
START_TEST(test_frame_survives_any_keys)
{
	static const int special[] = {BN_KEY_ENTER, BN_KEY_ESC, BN_KEY_TAB, BN_KEY_UP, BN_KEY_DOWN,
		BN_KEY_LEFT, BN_KEY_RIGHT, BN_KEY_PAGE_DOWN, BN_KEY_END, BN_KEY_BACKSPACE, 0x4f5c};
	uint32_t state = 12345;
	long keys = 0;
	bench b = {.fake = {.actions = 0}};
	bench_open(&b, true);
	for (int i = 0; i < 6000; i++) {
		state = state * 1664525u + 1013904223u;
		uint32_t r = state >> 8;
		int key = r % 3 == 0 ? special[r / 3 % 11] : (int)(1 + r / 3 % 126);
		if (key == 'Q' || key == 'e' || key == 'q')
			continue; /* quitting and writing files have other tests */
		bn_frame_key(b.f, key);
		keys++;
		if (i % 7 == 0)
			bn_script_settle(b.f, b.s);
		bn_frame_draw(b.f, b.s);
	}
	ck_assert_int_eq(b.fake.actions, 0); /* it is read-only */
	printf("NOTE: %ld random keys\n", keys);
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_admits_with_the_roles_that_are_typed)
{
	bench b = {.fake = {.has_chain = true}};
	bench_open(&b, false);
	play(&b, "Enter A Enter");
	ck_assert_int_eq(b.fake.actions, 0); /* a fingerprint has to be confirmed explicitly */
	ck_assert(shows(&b, "ed25519:1111aaaa66007711"));
	play(&b, "\"reviewer, boss\" Enter");
	ck_assert_int_eq(b.fake.actions, 0);
	ck_assert(shows(&b, "> reviewer, boss") && shows(&b, "'boss'")); /* to be corrected, and why */
	play(&b, "^U \"reviewer, developer\" Enter");
	ck_assert_int_eq(b.fake.actions, 1);
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_ACCEPT);
	ck_assert_uint_eq(b.fake.last.roles, 1u << BN_ROLE_REVIEWER | 1u << BN_ROLE_DEVELOPER);
	ck_assert_str_eq(b.fake.last.ref,
		"1111aaaa00000000000000000000000000000000000000000000000000000004");
	play(&b, "A \"none\" Enter");
	ck_assert_int_eq(b.fake.actions, 2);
	ck_assert_uint_eq(b.fake.last.roles, 0);
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_roles_are_given_and_taken_and_persons_removed_after_a_question)
{
	bench b = {.fake = {.has_chain = true}};
	bench_open(&b, false);
	play(&b, ":people\nG A");
	ck_assert(shows(&b, "a key that asks is admitted"));
	play(&b, "G\n:grant developer\nEnter");
	ck_assert_int_eq(b.fake.actions, 0);
	play(&b, ":grant developer\ny");
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_GRANT);
	ck_assert_uint_eq(b.fake.last.roles, 1u << BN_ROLE_DEVELOPER);
	ck_assert_str_eq(b.fake.last.ref,
		"5c0ffee500000000000000000000000000000000000000000000000000000003");
	play(&b, ":revoke\n\"reviewer\" Enter");
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_REVOKE);
	ck_assert_uint_eq(b.fake.last.roles, 1u << BN_ROLE_REVIEWER);
	play(&b, ":remove\nEnter");
	ck_assert_int_eq(b.fake.actions, 2);
	play(&b, ":remove\nTab Enter");
	ck_assert_int_eq(b.fake.actions, 3);
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_REMOVE);
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_signs_links_that_wait_and_no_others)
{
	bench b = {.fake = {.has_chain = true}};
	bench_open(&b, false);
	play(&b, ":chain\nA y");
	ck_assert_int_eq(b.fake.actions, 1);
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_SIGN);
	ck_assert_int_eq(strncmp(b.fake.last.ref, "a1f00000", 8), 0);
	play(&b, "j A");
	ck_assert(shows(&b, "it holds already"));
	ck_assert_int_eq(b.fake.actions, 1);
	bench_close(&b);
}
END_TEST

START_TEST(test_frame_who_is_nobody_asks_and_signs_nothing)
{
	bench b = {.fake = {.has_chain = true, .is_nobody = true}};
	bench_open(&b, false);
	play(&b, ":people\nA");
	ck_assert(shows(&b, "your key is not admitted: :request asks"));
	play(&b, ":chain\nA");
	ck_assert_int_eq(b.fake.actions, 0);
	play(&b, "1\n:request lin");
	ck_assert_int_eq(b.fake.actions, 1);
	ck_assert_int_eq(b.fake.last.action, BN_ACTION_REQUEST);
	ck_assert_str_eq(b.fake.last.ref, "lin");
	bench_close(&b);
}
END_TEST

/* While a dialog is open the list is read again, and no longer contains the object asked about. */
static void asked_then_gone(
	bool has_chain, const char *ask, const char *yes, bn_ui_action action, const char *ref)
{
	bench b = {.fake = {.has_chain = has_chain}};
	bench_open(&b, false);
	play(&b, ask);
	ck_assert_int_eq(b.fake.actions, 0);
	b.fake.is_gone = true;
	b.fake.now_ms += 60000;
	bn_script_settle(b.f, b.s);
	bn_script_settle(b.f, b.s);
	play(&b, yes);
	ck_assert_msg(b.fake.actions == 1, "%s: %d actions", ask, b.fake.actions);
	ck_assert_msg(b.fake.last.action == action, "%s: action %d", ask, (int)b.fake.last.action);
	ck_assert_msg(strncmp(b.fake.last.ref, ref, strlen(ref)) == 0, "%s: %s, not %s", ask,
		b.fake.last.ref, ref);
	if (strchr(ref, '/'))
		ck_assert_str_eq(b.fake.last.digest, "ab12cd34ef56ab12cd34");
	bench_close(&b);
}

START_TEST(test_frame_an_answer_is_about_what_was_asked_though_the_list_is_another)
{
	asked_then_gone(false, "4\n:withdraw", "\"no\" Enter", BN_ACTION_WITHDRAW, "power/3");
	asked_then_gone(
		false, ":size 140x40\n4\n:withdraw", "\"no\" Enter", BN_ACTION_WITHDRAW, "power/3");
	asked_then_gone(false, ":size 140x40\n4 A", "Tab Enter", BN_ACTION_APPROVE, "power/3");
	asked_then_gone(false, ":size 140x40\n4 R", "\"no\" Enter", BN_ACTION_REJECT, "power/3");
	asked_then_gone(false, ":size 140x40\n4 Tab\n:withdraw", "\"no\" Enter", BN_ACTION_WITHDRAW,
		"power/3");
	asked_then_gone(false, "4 Enter A", "Tab Enter", BN_ACTION_APPROVE, "power/3");
	asked_then_gone(false, "3 S", "y", BN_ACTION_STOP, "7f3a000000000000000000");
	asked_then_gone(false, ":size 140x40\n3 S", "y", BN_ACTION_STOP, "7f3a000000000000000000");
	asked_then_gone(
		false, ":size 140x40\n3 Tab S", "y", BN_ACTION_STOP, "7f3a000000000000000000");
	asked_then_gone(false, "3 Enter S", "y", BN_ACTION_STOP, "7f3a000000000000000000");
	asked_then_gone(false, "3 j D", "y", BN_ACTION_RUN_REMOVE, "7f3a004d");
	asked_then_gone(true, ":people\nA", "\"none\" Enter", BN_ACTION_ACCEPT, "1111aaaa");
	asked_then_gone(true, ":people\nG\n:remove", "y", BN_ACTION_REMOVE, "5c0ffee5");
	asked_then_gone(true, ":people\nG\n:grant developer", "y", BN_ACTION_GRANT, "5c0ffee5");
	asked_then_gone(true, ":chain\nA", "y", BN_ACTION_SIGN, "a1f00000");
}
END_TEST

START_TEST(test_frame_the_answer_of_many_columns_is_drawn_from_those_that_are_shown)
{
	bench b = {.fake = {.many_columns = 100000}}; /* a read of any other column exits */
	bench_open(&b, false);
	play(&b, ":size 140x40\n2 j k");
	ck_assert(shows(&b, "columns 100000") && shows(&b, "first") && shows(&b, "more"));
	ck_assert(shows(&b, "49900 never change: rest, rest"));
	bench_close(&b);
}
END_TEST

BN_TEST_MAIN("tui/views/frame", test_frame_attaches_and_detaches_suites,
	test_frame_shows_rows_that_differ_in_windows, test_frame_computes_served_rows_again,
	test_frame_sets_only_what_was_changed_of_a_protection,
	test_frame_opens_the_result_of_a_cell_and_its_rows,
	test_frame_the_answer_of_many_columns_is_drawn_from_those_that_are_shown,
	test_frame_an_answer_is_about_what_was_asked_though_the_list_is_another,
	test_frame_finds_objects_before_commands, test_frame_completes_what_follows_a_command,
	test_frame_a_saved_view_is_what_was_on_the_screen, test_frame_asks_nothing_that_a_dead_store_refuses,
	test_frame_registers_a_run_and_goes_to_its_version, test_frame_runs_of_programs_are_not_started_again, test_frame_views_of_runs_are_saved, test_frame_launches_a_run_again_but,
	test_frame_resumes_a_run, test_frame_launches_a_sweep, test_frame_launches_from_nothing,
	test_frame_the_age_of_a_heartbeat_turns_yellow_and_red,
	test_frame_a_run_is_shown_by_its_state, test_frame_charts_have_one_axis_and_one_cursor,
	test_frame_compares_what_is_marked,
	test_frame_parts_of_a_comparison_unfold_where_they_are,
	test_frame_code_of_two_runs_is_compared_and_searched,
	test_frame_arguments_are_completed_from_the_workspace,
	test_frame_a_label_longer_than_its_field_is_not_cut_by_editing,
	test_frame_acts_are_a_menu_with_reasons, test_frame_typed_words_start_nothing,
	test_frame_a_form_fits_a_small_screen, test_frame_says_which_line_of_a_text_it_is,
	test_frame_finds_a_field_of_the_form, test_frame_commands_take_the_name_of_a_column,
	test_frame_a_field_of_a_form_shows_that_it_is_edited,
	test_frame_a_command_without_a_clipboard_can_be_read,
	test_frame_labels_are_written_and_taken_back, test_frame_the_trash_asks_and_comes_back,
	test_frame_runs_are_grouped_by_a_parameter, test_frame_a_form_says_that_parts_share_rows,
	test_frame_space_steps_a_choice_of_a_form,
	test_frame_finds_words_on_the_console_and_goes_through_them,
	test_frame_follows_the_console_or_stays_with_its_lines,
	test_frame_more_runs_than_are_here_are_grouped_by_the_source,
	test_frame_approval_asks_with_no_as_default,
	test_frame_words_typed_into_a_dialog_are_a_reason_or_nothing,
	test_frame_lines_of_the_command_line_are_taken_or_explained,
	test_frame_mouse_selects_opens_sorts_and_scrolls,
	test_frame_mouse_answers_dialogs_and_nothing_behind_them,
	test_frame_mouse_may_click_anywhere,
	test_frame_audit_folds_the_records_of_a_run_and_is_narrowed,
	test_frame_lines_of_a_sheet_open_their_evidence,
	test_frame_images_of_a_version_open_in_full,
	test_frame_a_version_is_promoted_aliased_and_withdrawn, test_frame_rejection_needs_a_reason,
	test_frame_says_why_ones_own_model_cannot_be_approved,
	test_frame_readonly_refuses_and_says_so, test_frame_stop_takes_all_marked_runs,
	test_frame_stop_names_the_run_and_stops_only_live_ones,
	test_frame_commands_are_typed_completed_and_remembered,
	test_frame_filter_is_live_and_escape_takes_it_back,
	test_frame_runs_are_chosen_by_the_filter_language,
	test_frame_a_paste_is_text_and_never_commands,
	test_frame_export_asks_before_it_writes_over_a_file,
	test_frame_clearing_the_prompt_keeps_the_command_of_the_key,
	test_frame_nothing_is_said_only_where_there_is_nothing,
	test_frame_a_changed_form_is_left_after_a_question,
	test_frame_help_is_searched_and_runs_what_is_picked,
	test_frame_copies_rows_and_the_command_line_of_each_screen,
	test_frame_back_walks_to_the_first_screen_and_q_leaves_there,
	test_frame_error_of_a_filter_goes_when_it_is_completed, test_frame_refused_filter_is_not_on,
	test_frame_a_refused_line_stays_open, test_frame_escape_after_an_error_takes_only_the_error,
	test_frame_escape_takes_away_the_newest_of_what_hides_rows,
	test_frame_walks_from_object_to_object_of_a_list,
	test_frame_goes_to_what_stands_out_and_shows_it_in_full,
	test_frame_shows_what_it_has_before_data_comes,
	test_frame_keeps_what_is_typed_before_the_data_is_there,
	test_frame_leaves_while_pages_are_under_way,
	test_frame_moves_through_a_hundred_thousand_runs, test_frame_draws_at_every_size,
	test_frame_survives_any_keys, test_frame_admits_with_the_roles_that_are_typed,
	test_frame_roles_are_given_and_taken_and_persons_removed_after_a_question,
	test_frame_signs_links_that_wait_and_no_others,
	test_frame_who_is_nobody_asks_and_signs_nothing)
