/* A snapshot of the index: one state for many reads. */
#include "core/track/run.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

static track_world w;
static bn_err err = BN_ERR_INIT;

static int64_t runs(void)
{
	bn_run_counts counts;
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_count(&counts, w.ws, &err), &err);
	return counts.total;
}

START_TEST(test_snapshot_shows_one_state_until_it_ends)
{
	bn_err e = BN_ERR_INIT;
	bool changed = true;
	track_make(&w);
	track_run(&w, 1, "one", NULL, "loss=1", "FINISHED");
	track_sync(&w);
	bn_workspace *other = track_open(&w);
	ck_assert_bn_ok(bn_workspace_snapshot_begin(w.ws, &err), &err);
	ck_assert_int_eq(runs(), 1);
	ck_assert_int_eq(bn_workspace_snapshot_begin(w.ws, &e), BN_ECONFLICT);
	track_run(&w, 2, "two", NULL, "loss=2", "FINISHED");
	ck_assert_bn_ok(bn_workspace_commit(w.ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(other, NULL, &err), &err); /* another process folds it */
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, &changed, &err), &err);
	ck_assert(!changed);
	ck_assert_int_eq(runs(), 1);
	bn_workspace_snapshot_end(w.ws);
	bn_workspace_snapshot_end(w.ws); /* without one */
	ck_assert_int_eq(runs(), 2);
	bn_workspace_close(other);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/track/snapshot", test_snapshot_shows_one_state_until_it_ends)
