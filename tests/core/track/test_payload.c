/* Large payloads of points, which the index refers to in the log: read wherever their record lies by then. */
#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/store/log/merge.h"
#include "core/store/log/segment.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { POINTS = 1500, MANY = 30 };

static track_world w;
static bn_err err = BN_ERR_INIT;

static double value_of(int event, int i)
{
	return i % 400 == 7 ? (double)NAN : sin(i * 0.37 + event) * 1e3 + i * 1e-7;
}

/* One event with POINTS points of each of two series. */
static void log_points(bn_workspace *ws, int run, int event)
{
	bn_metric_set set = BN_METRIC_SET_INIT;
	for (int i = 0; i < POINTS; i++) {
		int64_t step = (int64_t)event * POINTS + i;
		bn_metric_set_add(&set, "loss", step, step * 10, value_of(event, i));
		bn_metric_set_add(&set, "rate", step, step * 10, -value_of(event, i));
	}
	ck_assert_bn_ok(bn_runlog_metrics(ws, track_id(run), &set, &err), &err);
	bn_metric_set_release(&set);
}

static void check_points(bn_workspace *ws, int run, int events)
{
	bn_points p;
	ck_assert_bn_ok(bn_series_read(&p, ws, track_id(run), "loss", &err), &err);
	ck_assert_uint_eq(p.count, (size_t)events * POINTS);
	for (size_t i = 0; i < p.count; i++) {
		double want = value_of((int)i / POINTS, (int)(i % POINTS));
		ck_assert_int_eq(p.step[i], (int64_t)i);
		ck_assert(isnan(want) ? isnan(p.value[i]) : p.value[i] == want);
	}
	bn_points_release(&p);
}

static int64_t count(const char *where)
{
	char sql[200];
	snprintf(sql, sizeof sql, "SELECT count(*) FROM metric_chunk WHERE %s", where);
	sqlite3_stmt *st = NULL;
	sqlite3 *db = bn_workspace_index(w.ws);
	ck_assert_ptr_nonnull(db);
	ck_assert_bn_ok(bn_sql_prepare(&st, db, &err, sql, ""), &err);
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	int64_t n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

START_TEST(test_payload_of_many_points_is_not_repeated_and_reads_the_same)
{
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "RUNNING");
	log_points(w.ws, 1, 0);
	ck_assert_bn_ok(bn_workspace_commit(w.ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err); /* in open.seg */
	ck_assert_int_eq(count("data IS NULL"), 1);
	check_points(w.ws, 1, 1);
	ck_assert_bn_ok(bn_workspace_seal(w.ws, &err), &err);
	check_points(w.ws, 1, 1); /* the listing is an older one */
	log_points(w.ws, 1, 1);
	track_sync(&w);
	check_points(w.ws, 1, 2);
	bn_workspace *other = track_open(&w);
	check_points(other, 1, 2);
	bn_workspace_close(other);
	track_remove(&w);
}
END_TEST

START_TEST(test_payload_is_found_after_a_merge_of_its_segment)
{
	char dir[300];
	int merged = 0;
	track_make(&w);
	for (int n = 1; n <= MANY; n++) {
		track_run(&w, n, "one", NULL, NULL, "FINISHED");
		log_points(w.ws, n, 0);
		ck_assert_bn_ok(bn_workspace_seal(w.ws, &err), &err);
		ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	}
	ck_assert_int_eq(count("data IS NULL"), MANY);
	bn_workspace *reader = track_open(&w);
	check_points(reader, 1, 1);
	bn_names writers = BN_NAMES_INIT;
	ck_assert_bn_ok(bn_dir_list(bn_workspace_at(w.ws), "log", &writers, &err), &err);
	for (size_t i = 0; i < writers.count; i++) {
		bn_names before = BN_NAMES_INIT, after = BN_NAMES_INIT;
		snprintf(dir, sizeof dir, "log/%s", writers.items[i]);
		ck_assert_bn_ok(
			bn_segment_list(bn_workspace_at(w.ws), dir, &before, NULL, &err), &err);
		ck_assert_bn_ok(bn_log_merge(bn_workspace_at(w.ws), dir, 4, &err), &err);
		ck_assert_bn_ok(
			bn_segment_list(bn_workspace_at(w.ws), dir, &after, NULL, &err), &err);
		merged += after.count < before.count;
		bn_names_release(&before);
		bn_names_release(&after);
	}
	bn_names_release(&writers);
	ck_assert_int_gt(merged, 0);
	for (int n = 1; n <= MANY; n++) {
		check_points(reader, n, 1);
		check_points(w.ws, n, 1);
	}
	ck_assert_bn_ok(bn_workspace_refresh(reader, NULL, &err), &err);
	check_points(reader, MANY / 2, 1);
	bn_workspace_close(reader);
	track_remove(&w);
}
END_TEST

/* Compaction reads them again, and what it makes does not refer to them. */
START_TEST(test_payloads_of_a_long_series_become_chunks)
{
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "RUNNING");
	for (int e = 0; e < 20; e++) {
		log_points(w.ws, 1, e);
		track_sync(&w);
	}
	ck_assert_int_gt(count("key > 0"), 10);
	ck_assert_int_lt(count("data IS NULL"), 16);
	check_points(w.ws, 1, 20);
	track_remove(&w);
}
END_TEST

START_TEST(test_payload_that_is_gone_is_an_error_and_not_an_empty_chart)
{
	bn_points p;
	bn_err e = BN_ERR_INIT;
	bn_names segments = BN_NAMES_INIT, writers = BN_NAMES_INIT;
	bool has_open;
	char dir[300], path[600];
	track_make(&w);
	track_run(&w, 1, "one", NULL, NULL, "RUNNING");
	log_points(w.ws, 1, 0);
	ck_assert_bn_ok(bn_workspace_seal(w.ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	check_points(w.ws, 1, 1);
	ck_assert_bn_ok(bn_dir_list(bn_workspace_at(w.ws), "log", &writers, &err), &err);
	for (size_t i = 0; i < writers.count; i++) {
		snprintf(dir, sizeof dir, "log/%s", writers.items[i]);
		ck_assert_bn_ok(
			bn_segment_list(bn_workspace_at(w.ws), dir, &segments, &has_open, &err),
			&err);
		/* One byte of the last segment's payload: its checksum no longer fits. */
		if (segments.count == 0)
			continue;
		snprintf(path, sizeof path, "%s/%s/%s", bn_workspace_root(w.ws), dir,
			segments.items[segments.count - 1]);
		int fd = open(path, O_RDWR);
		ck_assert_int_ge(fd, 0);
		char byte;
		off_t end = lseek(fd, 0, SEEK_END);
		ck_assert_int_eq(pread(fd, &byte, 1, end / 2), 1);
		byte ^= 1;
		ck_assert_int_eq(pwrite(fd, &byte, 1, end / 2), 1);
		close(fd);
		bn_names_release(&segments);
	}
	bn_names_release(&writers);
	ck_assert_int_lt(bn_series_read(&p, w.ws, track_id(1), "loss", &e), 0);
	ck_assert_ptr_nonnull(strstr(e.msg, "lacks event"));
	ck_assert_uint_eq(p.count, 0);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/track/payload", test_payload_of_many_points_is_not_repeated_and_reads_the_same,
	test_payload_is_found_after_a_merge_of_its_segment,
	test_payloads_of_a_long_series_become_chunks,
	test_payload_that_is_gone_is_an_error_and_not_an_empty_chart)
