/* What the pages of runs do on a real workspace. */
#include "core/run/runlog.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"
#include "tui/views/source.h"

#include <stdio.h>
#include <string.h>

static bn_err err = BN_ERR_INIT;

static bn_page *note_write(void *context, const char *note, const char *expects)
{
	bn_deed_arg arg = {.deed = BN_DEED_RUN_NOTE, .is_guarded = expects != NULL};
	bn_page *p = bn_page_new(1, 0);
	snprintf(arg.ref, sizeof arg.ref, "%s", track_id(1));
	snprintf(arg.reason, sizeof arg.reason, "%s", note);
	snprintf(arg.expects, sizeof arg.expects, "%s", expects ? expects : "");
	bn_source_workspace()->deed(context, &arg, p, NULL, &p->err);
	return p;
}

START_TEST(test_source_runs_undo_leaves_what_was_written_since)
{
	track_world w;
	void *context = NULL;
	bn_run_info *run = NULL;
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "FINISHED");
	track_sync(&w);
	ck_assert_bn_ok(bn_source_open(&context, w.dir.path, &err), &err);
	bn_page *p = note_write(context, "mine", NULL);
	ck_assert_int_eq(p->err.code, 0);
	bn_page_free(p);
	p = note_write(context, "", "mine"); /* it still is mine: taken back */
	ck_assert_int_eq(p->err.code, 0);
	bn_page_free(p);
	bn_page_free(note_write(context, "mine", NULL));
	bn_page_free(note_write(context, "newer", NULL));
	p = note_write(context, "", "mine");
	ck_assert_int_eq(p->err.code, BN_ECONFLICT);
	ck_assert_ptr_nonnull(strstr(p->err.msg, "the note of one was changed since by "));
	ck_assert_ptr_null(strstr(p->err.msg, "another user"));
	bn_page_free(p);
	bn_source_close(context);
	track_sync(&w);
	ck_assert_bn_ok(bn_run_get(&run, w.ws, track_id(1), &err), &err);
	ck_assert_str_eq(run->note, "newer");
	bn_run_info_free(run);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("tui/views/source_runs", test_source_runs_undo_leaves_what_was_written_since)
