/*
 * The prediction log in case of errors: rows that no table can contain, and a disk that fails at each of its changes.
 * In every case each row is counted exactly once, and no row is in the log twice.
 */
#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/monitor/prediction_log.h"
#include "core/pipeline/fold_classes.h"
#include "core/table/table.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/objects.h"
#include "tests/support/tiny_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bn_workspace *ws; /* of the reader */
static bn_predictor *power, *class;
static bn_err err;
static bn_env faulty;

static void open_all(void)
{
	setenv("XDG_STATE_HOME", tiny_dir(), 1);
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), tiny_dir(), &err), &err);
	ck_assert_bn_ok(
		bn_workspace_open(&ws, bn_env_real(), bn_fold_classes, tiny_dir(), &err), &err);
	ck_assert_bn_ok(
		bn_predictor_open(&power, ws, tiny_model("power", "ridge", "y_number"), &err),
		&err);
	ck_assert_bn_ok(
		bn_predictor_open(&class, ws, tiny_model("class", "logistic", "y_three"), &err),
		&err);
	faulty = *bn_env_real();
	faulty.fs = &faultfs_ops;
	faultfs_arm(FAULTFS_NONE, 0);
}

static void close_all(void)
{
	bn_predictor_free(power);
	bn_predictor_free(class);
	bn_workspace_close(ws);
}

static bn_prediction_log *start_log(const char *endpoint, size_t max_bytes)
{
	bn_prediction_log *log = NULL;
	bn_prediction_log_options o = {.workspace_dir = tiny_dir(),
		.endpoint = endpoint,
		.interval_ms = 3600000, /* written only on flush */
		.max_bytes = max_bytes};
	ck_assert_bn_ok(bn_prediction_log_start(&log, &faulty, &o, &err), &err);
	return log;
}

/* n rows of a request; the colour of row `odd` is that text (odd = n: none). */
static uint64_t source; /* client of the next rows */

static void serve_with(bn_prediction_log *log, const bn_predictor *p, const char *request, size_t n,
	size_t odd, const char *text)
{
	static const bn_session_policy lenient = {true, true};
	bn_session *s = NULL;
	ck_assert_bn_ok(bn_session_new(&s, p, &lenient, &err), &err);
	ck_assert_bn_ok(bn_session_begin(s, n, &err), &err);
	for (size_t r = 0; r < n; r++) {
		const char *colour = r == odd ? text : "red";
		size_t input = (size_t)bn_predictor_find_input(p, "colour", 6);
		ck_assert_bn_ok(
			bn_session_set_text(s, r, input, colour, strlen(colour), &err), &err);
	}
	ck_assert_bn_ok(bn_session_run(s, &err), &err);
	bn_served served = {s, request, bn_env_now_ns(bn_env_real()), 12.5, source};
	bn_prediction_log_add(log, &served);
	bn_session_free(s);
}

static void serve(bn_prediction_log *log, const bn_predictor *p, const char *request, size_t n)
{
	serve_with(log, p, request, n, n, NULL);
}

static bn_prediction_log_stats stats_of(bn_prediction_log *log)
{
	bn_prediction_log_stats s;
	bn_prediction_log_get_stats(log, &s);
	return s;
}

/* A reader's view of an endpoint. */
typedef struct found {
	int64_t rows, dropped;
	size_t batches;
	int seen[64]; /* number of rows of the requests "r0".."r63" */
} found;

static void count_requests(found *f, const char *object, int64_t rows)
{
	char *path = NULL;
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	ck_assert_bn_ok(object_path(ws, object, &path, &err), &err);
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), path, &err), &err);
	ck_assert_bn_ok(bn_table_read(t, 0, NULL, 0, &b, &err), &err);
	ck_assert_int_eq(b.rows, rows);
	for (size_t r = 0; r < b.rows; r++) {
		bn_text id = bn_column_text(&b.columns[1], r);
		int n = id.len > 1 && id.ptr[0] == 'r' ? atoi(id.ptr + 1) : 0;
		f->seen[n % 64]++;
	}
	bn_batch_release(&b);
	bn_table_reader_free(t);
	bn_free(path);
}

static found find(const char *endpoint)
{
	found f = {0};
	static const char *const models[] = {"power", "class"};
	for (int m = 0; m < 2; m++) {
		bn_prediction_window w = {.model = models[m]};
		bn_prediction_batches l;
		ck_assert_bn_ok(bn_prediction_batches_list(&l, ws, &w, &err), &err);
		for (size_t i = 0; i < l.count; i++) {
			if (strcmp(l.items[i].endpoint, endpoint) != 0)
				continue;
			f.batches++;
			f.rows += l.items[i].rows;
			f.dropped += l.items[i].dropped;
			count_requests(&f, l.items[i].object, l.items[i].rows);
		}
		bn_prediction_batches_release(&l);
	}
	return f;
}

START_TEST(test_rows_that_no_table_holds_are_set_aside_and_in_nobodys_way)
{
	open_all();
	bn_prediction_log *log = start_log("aa", 0);
	serve_with(log, power, "r1", 3, 1, "\xff\xfe");
	serve(log, power, "r2", 2);
	serve(log, class, "r3", 2);
	ck_assert_bn_ok(bn_prediction_log_flush(log, &err), &err);
	bn_prediction_log_stats s = stats_of(log);
	ck_assert_uint_eq(s.rows, 6);
	ck_assert_uint_eq(s.set_aside, 1);
	ck_assert_uint_eq(s.lost, 0);
	ck_assert_uint_eq(s.waiting, 0);
	ck_assert_uint_eq(s.failures, 0);
	ck_assert_msg(strstr(s.last_set_aside, "request r1: column 'colour'") != NULL &&
			      strstr(s.last_set_aside, "not UTF-8") != NULL,
		"%s", s.last_set_aside);
	found f = find("aa");
	ck_assert_int_eq(f.rows, 6);
	ck_assert_int_eq(f.dropped, 1); /* recorded in the event */
	ck_assert_int_eq(f.seen[1], 2);
	/* an empty batch has no object; the next event counts its rows */
	serve_with(log, power, "r4", 1, 0, "\xc3");
	ck_assert_bn_ok(bn_prediction_log_flush(log, &err), &err);
	serve(log, power, "r5", 1);
	bn_buf text = BN_BUF_INIT;
	bn_prediction_log_write_metrics(log, &text);
	ck_assert_ptr_nonnull(strstr(
		text.ptr, "\nbinnacle_predictions_unlogged_total{reason=\"set_aside\"} 2\n"));
	ck_assert_ptr_nonnull(strstr(text.ptr, "\nbinnacle_predictions_logged_total 6\n"));
	ck_assert_ptr_nonnull(strstr(text.ptr, "\nbinnacle_predictions_waiting 1\n"));
	bn_buf_release(&text);
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	f = find("aa");
	ck_assert_int_eq(f.rows, 7);
	ck_assert_int_eq(f.dropped, 2);
	ck_assert_uint_eq(f.batches, 3);
	close_all();
}
END_TEST

START_TEST(test_rows_that_wait_take_so_much_memory_and_no_more)
{
	open_all();
	bn_prediction_log *log = start_log("bb", 20000);
	for (int i = 0; i < 100; i++)
		serve(log, power, "r1", 10);
	bn_prediction_log_stats s = stats_of(log);
	ck_assert_uint_gt(s.lost, 0);
	ck_assert_uint_gt(s.waiting, 0);
	ck_assert_uint_eq(s.waiting + s.lost, 1000);
	ck_assert_bn_ok(bn_prediction_log_flush(log, &err), &err);
	serve(log, power, "r2", 10); /* there is space again */
	ck_assert_bn_ok(bn_prediction_log_finish(log, &err), &err);
	bn_prediction_log_stats end = stats_of(log);
	ck_assert_uint_eq(end.rows, s.waiting + 10);
	ck_assert_uint_eq(end.lost, s.lost);
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	found f = find("bb");
	ck_assert_int_eq(f.rows, (int64_t)end.rows);
	ck_assert_int_eq(f.dropped, (int64_t)end.lost);
	close_all();
}
END_TEST

/* The number of disk changes for two batches. */
static long changes_of_two_batches(void)
{
	bn_prediction_log *log = start_log("count", 0);
	faultfs_arm(FAULTFS_NONE, 0);
	serve(log, power, "r1", 2);
	serve(log, class, "r2", 1);
	ck_assert_bn_ok(bn_prediction_log_flush(log, &err), &err);
	long n = faultfs_count();
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	ck_assert_int_gt(n, 8);
	return n;
}

/* One client can fill only a part of the queue. */
START_TEST(test_source_that_fills_the_queue_leaves_room_for_others)
{
	enum { BYTES = 200000 };
	open_all();
	bn_prediction_log *log = start_log("fair", BYTES);
	source = 5;
	for (int i = 0; i < 4000; i++)
		serve(log, power, "r1", 1);
	uint64_t of_one = stats_of(log).waiting;
	ck_assert_uint_gt(stats_of(log).lost, 0); /* this client's part is full */
	uint64_t lost = stats_of(log).lost;
	source = 6;
	for (uint64_t i = 0; i < of_one / 16; i++)
		serve(log, power, "r2", 1);
	ck_assert_uint_eq(stats_of(log).lost, lost);
	source = 7; /* with two clients, a third one still has space */
	serve(log, power, "r3", 1);
	ck_assert_uint_eq(stats_of(log).lost, lost);
	source = 0;
	ck_assert_bn_ok(bn_prediction_log_flush(log, &err), &err);
	source = 5; /* written rows do not count */
	for (uint64_t i = 0; i < of_one; i++)
		serve(log, power, "r4", 1);
	ck_assert_uint_eq(stats_of(log).lost, lost);
	source = 0;
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	found f = find("fair");
	ck_assert_uint_eq((uint64_t)f.seen[1], of_one);
	ck_assert_uint_eq((uint64_t)f.seen[2], of_one / 16);
	ck_assert_int_eq(f.seen[3], 1);
	close_all();
}
END_TEST

/* One failure at the n-th change: no row is lost, and none is written twice. */
START_TEST(test_a_write_that_fails_once_loses_nothing_wherever_it_is)
{
	static const faultfs_kind kinds[] = {FAULTFS_ENOSPC, FAULTFS_EIO, FAULTFS_LOST};
	open_all();
	long changes = changes_of_two_batches();
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (long n = 1; n <= changes + 2; n++) {
			char name[32];
			snprintf(name, sizeof name, "once-%zu-%ld", k, n);
			bn_prediction_log *log = start_log(name, 0);
			faultfs_arm(kinds[k], n);
			serve(log, power, "r1", 2);
			serve(log, class, "r2", 1);
			bn_prediction_log_flush(log, NULL);
			serve(log, power, "r3", 3);
			bn_prediction_log_flush(log, NULL);
			faultfs_arm(FAULTFS_NONE, 0);
			ck_assert_bn_ok(bn_prediction_log_finish(log, &err), &err);
			bn_prediction_log_stats s = stats_of(log);
			ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
			found f = find(name);
			ck_assert_msg(s.rows == 6 && s.lost == 0 && s.waiting == 0 && f.rows == 6,
				"kind %zu, change %ld: %llu logged, %llu lost, %lld read back", k,
				n, (unsigned long long)s.rows, (unsigned long long)s.lost,
				(long long)f.rows);
			ck_assert_msg(f.seen[1] == 2 && f.seen[2] == 1 && f.seen[3] == 3,
				"kind %zu, change %ld: %d, %d, %d rows", k, n, f.seen[1], f.seen[2],
				f.seen[3]);
		}
	close_all();
}
END_TEST

/* The disk is full from the n-th change to the end: the number of lost rows is exact. */
START_TEST(test_what_a_full_disk_takes_at_the_end_has_a_number)
{
	open_all();
	long changes = changes_of_two_batches();
	uint64_t lost = 0;
	for (long n = 1; n <= changes + 2; n++) {
		char name[32], words[64];
		snprintf(name, sizeof name, "full-%ld", n);
		bn_prediction_log *log = start_log(name, 0);
		faultfs_arm(FAULTFS_FULL, n);
		serve(log, power, "r1", 2);
		serve(log, class, "r2", 1);
		bn_err_clear(&err);
		int rc = bn_prediction_log_finish(log, &err);
		bn_prediction_log_stats s = stats_of(log);
		ck_assert_msg(s.rows + s.lost == 3 && s.waiting == 0,
			"change %ld: %llu logged, %llu lost", n, (unsigned long long)s.rows,
			(unsigned long long)s.lost);
		ck_assert_int_eq(rc, s.lost ? BN_EIO : 0);
		snprintf(words, sizeof words, "%llu predictions are lost",
			(unsigned long long)s.lost);
		ck_assert_msg(!s.lost || strstr(err.msg, words), "%s", err.msg);
		ck_assert_int_eq(bn_prediction_log_finish(log, &err), 0);
		ck_assert_int_eq(bn_prediction_log_stop(log, &err), 0);
		faultfs_arm(FAULTFS_NONE, 0);
		found f = find(name);
		ck_assert_msg(f.rows == (int64_t)s.rows, "change %ld: %llu logged, %lld read back",
			n, (unsigned long long)s.rows, (long long)f.rows);
		lost += s.lost;
	}
	ck_assert_uint_gt(lost, 0);
	close_all();
}
END_TEST

/* The disk is full for a while: all rows kept in memory are written later, once. */
START_TEST(test_the_log_goes_on_when_there_is_space_again)
{
	open_all();
	bn_prediction_log *log = start_log("again", 0);
	faultfs_arm(FAULTFS_FULL, 1);
	for (int i = 1; i <= 20; i++) {
		char request[16];
		snprintf(request, sizeof request, "r%d", i);
		serve(log, i % 2 ? power : class, request, 2);
		ck_assert_int_eq(bn_prediction_log_flush(log, &err), BN_EIO);
	}
	bn_prediction_log_stats s = stats_of(log);
	ck_assert_uint_eq(s.waiting, 40);
	ck_assert_str_ne(s.last_error, "");
	faultfs_arm(FAULTFS_NONE, 0);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_prediction_log_flush(log, &err), &err);
	s = stats_of(log);
	ck_assert_uint_eq(s.rows, 40);
	ck_assert_str_eq(s.last_error, "");
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	found f = find("again");
	ck_assert_int_eq(f.rows, 40);
	for (int i = 1; i <= 20; i++)
		ck_assert_int_eq(f.seen[i], 2);
	close_all();
}
END_TEST

/* If the writer thread has no memory for a batch, it reports that and tries again, and nothing is lost. */
START_TEST(test_batch_without_memory_is_a_failure_and_tried_again)
{
	open_all();
	bn_prediction_log *log = start_log("memory", 0);
	serve(log, power, "r1", 3);
	bn_alloc_fail_at(1);
	int rc = bn_prediction_log_flush(log, NULL);
	bn_alloc_fail_at(0);
	ck_assert_int_eq(rc, BN_EIO);
	ck_assert_uint_eq(stats_of(log).waiting, 3);
	ck_assert_uint_ge(stats_of(log).failures, 1);
	ck_assert_ptr_nonnull(strstr(stats_of(log).last_error, "memory"));
	ck_assert_bn_ok(bn_prediction_log_flush(log, &err), &err);
	ck_assert_uint_eq(stats_of(log).rows, 3);
	ck_assert_bn_ok(bn_prediction_log_stop(log, &err), &err);
	ck_assert_int_eq(find("memory").rows, 3);
	close_all();
}
END_TEST

BN_TEST_MAIN("core/monitor/prediction_log",
	test_rows_that_no_table_holds_are_set_aside_and_in_nobodys_way,
	test_rows_that_wait_take_so_much_memory_and_no_more,
	test_source_that_fills_the_queue_leaves_room_for_others,
	test_a_write_that_fails_once_loses_nothing_wherever_it_is,
	test_what_a_full_disk_takes_at_the_end_has_a_number,
	test_the_log_goes_on_when_there_is_space_again,
	test_batch_without_memory_is_a_failure_and_tried_again)
