/*
 * The local queue: the meaning of its events, the order of waiting runs, limits, pausing and cancelling. No run is
 * started here; test_queue_run.c uses the real program.
 */
#include "core/launch/queue.h"

#include "core/base/process.h"
#include "core/launch/executor.h"
#include "core/launch/launch.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/run/supervisor.h"
#include "core/track/reconcile.h"
#include "core/track/run.h"
#include "tests/support/check_main.h"
#include "tests/support/people.h"
#include "tests/support/queued.h"

#include <stdio.h>
#include <string.h>

static bn_err err = BN_ERR_INIT;

START_TEST(test_queue_keeps_the_order_of_the_calls_when_clocks_are_set_back)
{
	char ids[6][BN_RUN_ID_TEXT];
	queued_make();
	int64_t now = bn_env_now_ns(bn_env_real());
	for (int i = 0; i < 6; i++) {
		/* Each by a separate process, whose clock is an hour behind that of the process before. */
		queued.env.clock_ns = now - i * (int64_t)3600 * 1000000000;
		queued.env.clock_step_ns = 1000;
		bn_workspace *ws = queued_open();
		ck_assert_bn_ok(queued_try_add(ws, NOBODY, "true", 1, 0, ids[i], &err), &err);
		bn_workspace_close(ws);
	}
	bn_queue *q = queued_read();
	ck_assert_uint_eq(q->waiting, 6);
	for (int i = 0; i < 6; i++) {
		ck_assert_str_eq(q->items[i].run, ids[i]);
		ck_assert_int_eq(q->items[i].position, i + 1);
		ck_assert_int_eq(queued_status(ids[i], NULL), BN_RUN_QUEUED);
	}
	ck_assert_str_eq(q->items[0].reason, "next");
	ck_assert_ptr_nonnull(strstr(q->items[5].reason, "behind"));
	bn_queue_free(q);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_keeps_the_order_behind_one_whose_clock_was_decades_ahead)
{
	char ids[4][BN_RUN_ID_TEXT];
	queued_make();
	int64_t now = bn_env_now_ns(bn_env_real());
	for (int i = 0; i < 4; i++) {
		queued.env.clock_ns = i ? now - i * (int64_t)1000000000
					: now + (int64_t)30 * 365 * 86400 * 1000000000;
		queued.env.clock_step_ns = 1000;
		bn_workspace *ws = queued_open();
		ck_assert_bn_ok(queued_try_add(ws, NOBODY, "true", 1, 0, ids[i], &err), &err);
		bn_workspace_close(ws);
	}
	/* The first run is placed by its clock; those added later are not placed behind it. */
	bn_queue *q = queued_read();
	ck_assert_uint_eq(q->waiting, 4);
	for (int i = 0; i < 4; i++)
		ck_assert_str_eq(q->items[i].run, ids[(i + 1) % 4]);
	bn_queue_free(q);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_says_when_an_event_of_the_future_wins_over_a_pause_or_a_limit)
{
	bn_queue_amounts four = {4, -1, -1}, two = {2, -1, -1}, one_at_once = {-1, -1, 1};
	bn_err e = BN_ERR_INIT;
	queued_make();
	int64_t now = bn_env_now_ns(bn_env_real());
	queued.env.clock_ns = now + (int64_t)30 * 86400 * 1000000000;
	queued.env.clock_step_ns = 1000;
	bn_workspace *ws = queued_open();
	ck_assert_bn_ok(bn_queue_pause(ws, true, &err), &err);
	ck_assert_bn_ok(bn_queue_set(ws, &four, &err), &err);
	bn_workspace_close(ws);
	queued.env.clock_ns = now;
	ws = queued_open();
	ck_assert_int_eq(bn_queue_pause(ws, false, &e), BN_ECONFLICT);
	ck_assert_msg(strstr(e.msg, "queue.paused") && strstr(e.msg, "writer "), "%s", e.msg);
	bn_err_clear(&e);
	ck_assert_int_eq(bn_queue_set(ws, &two, &e), BN_ECONFLICT);
	ck_assert_msg(strstr(e.msg, "queue.set") != NULL, "%s", e.msg);
	bn_err_clear(&e);
	/* Settings that the event does not contain can be changed. */
	ck_assert_bn_ok(bn_queue_set(ws, &one_at_once, &err), &err);
	ck_assert_bn_ok(bn_queue_pause(ws, true, &err), &err);
	bn_workspace_close(ws);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_refuses_what_can_never_start_and_passes_over_what_no_longer_can)
{
	char big[BN_RUN_ID_TEXT], small[BN_RUN_ID_TEXT], id[BN_RUN_ID_TEXT];
	bn_err e = BN_ERR_INIT;
	queued_make();
	queued_limit(4, (int64_t)1 << 30, 0);
	ck_assert_int_eq(queued_try_add(queued.ws, NOBODY, "true", 5, 0, id, &e), BN_EREFUSED);
	ck_assert_str_eq(e.msg, "the run asks for 5 cores; the queue's limit is 4");
	bn_err_clear(&e);
	ck_assert_int_eq(queued_try_add(queued.ws, NOBODY, "true", 1, (int64_t)2 << 30, id, &e),
		BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(e.msg, "2.0 GiB"));
	queued_add(NOBODY, "true", 4, big);
	queued_add(NOBODY, "true", 1, small);
	queued_limit(2, -1, -1);
	bn_queue *q = queued_read();
	ck_assert_uint_eq(q->waiting, 2);
	ck_assert_str_eq(q->items[0].reason, "asks for 4 cores; the queue's limit is 2");
	ck_assert_str_eq(q->items[1].reason, "next");
	bn_queue_free(q);
	/* 0 restores the default. */
	queued_limit(0, 0, 0);
	q = queued_read();
	ck_assert_int_eq(q->set.cores, 0);
	ck_assert_int_eq(q->limits.cores, bn_process_cpus());
	bn_queue_free(q);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_a_waiting_run_is_not_lost_however_long_it_waits)
{
	char id[BN_RUN_ID_TEXT], reason[200];
	size_t lost = 9;
	queued_make();
	ck_assert_bn_ok(bn_queue_pause(queued.ws, true, &err), &err);
	queued_add(NOBODY, "true", 1, id);
	queued.env.clock_ns = bn_env_now_ns(bn_env_real()) + (int64_t)7200 * 1000000000;
	queued.env.clock_step_ns = 1000;
	ck_assert_int_eq(queued_status(id, NULL), BN_RUN_QUEUED);
	ck_assert_bn_ok(bn_run_reconcile(queued.ws, &lost, &err), &err);
	ck_assert_uint_eq(lost, 0);
	/* An older program without queues may write that record. */
	ck_assert_bn_ok(
		bn_runlog_finished(queued.ws, id, "LOST", -1, 0, "never started", &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(queued.ws, &err), &err);
	ck_assert_int_eq(queued_status(id, reason), BN_RUN_QUEUED);
	bn_queue *q = queued_read();
	ck_assert_str_eq(q->items[0].reason, "the queue is paused");
	ck_assert_int_ge(q->paused_ms, 0);
	bn_queue_free(q);
	ck_assert_bn_ok(bn_queue_pause(queued.ws, false, &err), &err);
	q = queued_read();
	ck_assert_int_eq(q->paused_ms, -1);
	bn_queue_free(q);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_cancels_what_waits_and_nothing_else)
{
	char a[BN_RUN_ID_TEXT], b[BN_RUN_ID_TEXT], reason[200];
	bn_cancel how = BN_CANCEL_ASKED;
	queued_make();
	queued_add(NOBODY, "true", 1, a);
	queued_add(NOBODY, "true", 1, b);
	ck_assert_bn_ok(bn_launch_stop(queued.ws, a, &how, &err), &err);
	ck_assert_int_eq(how, BN_CANCEL_DONE);
	ck_assert_int_eq(queued_status(a, reason), BN_RUN_KILLED);
	ck_assert_str_eq(reason, "cancelled before it started");
	bn_queue *q = queued_read();
	ck_assert_uint_eq(q->count, 1);
	ck_assert_str_eq(q->items[0].run, b);
	bn_queue_free(q);
	bool cancelled = true;
	ck_assert_bn_ok(bn_queue_cancel(queued.ws, a, &cancelled, &err), &err);
	ck_assert(!cancelled);
	/* A run that is about to start is asked to stop, not cancelled. */
	bn_supervisor_lock lock;
	bool fresh = false;
	ck_assert_bn_ok(bn_supervisor_claim(&lock, &fresh, queued.ws, b, &err), &err);
	ck_assert(fresh);
	ck_assert_bn_ok(bn_launch_stop(queued.ws, b, &how, &err), &err);
	ck_assert_int_eq(how, BN_CANCEL_ASKED);
	ck_assert_int_eq(queued_status(b, NULL), BN_RUN_QUEUED);
	bn_supervisor_release(&lock);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_run_that_takes_all_cores_follows_the_limit)
{
	char id[BN_RUN_ID_TEXT];
	bn_run_created about = {.name = "all", .kind = "trainer", .title = "ridge"};
	bn_spec *spec = NULL;
	bn_dir *dir = NULL;
	queued_make();
	ck_assert_bn_ok(bn_spec_new(&spec, &err), &err);
	ck_assert_bn_ok(bn_run_id_new(&queued.env.env, id, &err), &err);
	ck_assert_bn_ok(bn_run_dir_make(&dir, queued.ws, id, &err), &err);
	ck_assert_bn_ok(bn_runlog_created(queued.ws, id, &about, &err), &err);
	queued_limit(64, 0, 0);
	ck_assert_bn_ok(bn_queue_add(queued.ws, id, spec, 0, 0, &err), &err);
	for (int cores = 64; cores > 0; cores /= 8) {
		queued_limit(cores, 0, 0);
		bn_queue *q = queued_read();
		ck_assert_int_eq(q->items[0].cores, cores);
		ck_assert_str_eq(q->items[0].reason, "next");
		bn_queue_free(q);
	}
	bn_dir_close(dir);
	bn_spec_free(spec);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_is_found_again_from_the_run_whose_executor_it_is)
{
	char id[BN_RUN_ID_TEXT];
	const bn_executor *by = NULL;
	bn_run_info *r = NULL;
	bn_spec *spec = NULL;
	bn_sched_job job = {.expected_ms = -1};
	queued_make();
	queued_add(NOBODY, "true", 1, id);
	ck_assert_bn_ok(bn_workspace_refresh(queued.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_get(&r, queued.ws, id, &err), &err);
	ck_assert_str_eq(r->executor, "queue");
	ck_assert_str_eq(r->job_id, id);
	/* The spec names the executor, for those who repeat the run. */
	ck_assert_bn_ok(bn_spec_fetch(&spec, queued.ws, r->spec_hash, &err), &err);
	ck_assert_str_eq(spec->executor, "queue");
	ck_assert_bn_ok(bn_executor_of(&by, queued.ws, id, &err), &err);
	ck_assert_str_eq(by->name, "queue");
	snprintf(job.run, sizeof job.run, "%s", id);
	ck_assert_bn_ok(by->poll(queued.ws, &job, 1, &err), &err);
	ck_assert_int_eq(job.state, BN_SCHED_WAITING);
	ck_assert_int_eq(job.position, 1);
	bn_spec_free(spec);
	bn_run_info_free(r);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_of_another_host_is_seen_and_left_alone)
{
	char id[BN_RUN_ID_TEXT];
	bn_run_created about = {.name = "far", .kind = "command", .title = "true"};
	bn_names names = BN_NAMES_INIT;
	bn_queue *q = NULL;
	bool waits = true;
	queued_make();
	ck_assert_bn_ok(bn_run_id_new(&queued.env.env, id, &err), &err);
	ck_assert_bn_ok(bn_runlog_created(queued.ws, id, &about, &err), &err);
	ck_assert_bn_ok(bn_runlog_queued(queued.ws, id, "ann@far-node", 3, 0, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(queued.ws, &err), &err);
	q = queued_read();
	ck_assert_uint_eq(q->count, 0);
	bn_queue_free(q);
	ck_assert_bn_ok(bn_queue_waits(&waits, queued.ws, id, &err), &err);
	ck_assert(!waits);
	ck_assert_bn_ok(bn_queue_names(&names, queued.ws, &err), &err);
	ck_assert_uint_eq(names.count, 2);
	ck_assert_str_eq(names.items[1], "ann@far-node");
	ck_assert_bn_ok(bn_queue_read(&q, queued.ws, "ann@far-node", 0, &err), &err);
	ck_assert(!q->own);
	ck_assert_uint_eq(q->waiting, 1);
	ck_assert_int_eq(q->items[0].cores, 3);
	bn_queue_free(q);
	bn_names_release(&names);
	track_remove(&queued);
}
END_TEST

START_TEST(test_queue_of_one_user_hears_no_other_user)
{
	static team t;
	char own[BN_QUEUE_NAME], entity[BN_QUEUE_NAME + 8], id[BN_RUN_ID_TEXT];
	bn_run_created about = {.name = "anns", .kind = "command", .title = "true"};
	bn_queue *q = NULL;
	team_make(&t, queued_classes);
	person *ann = &t.people[0], *bob = &t.people[1];
	bn_queue_own_name(own, &ann->env);
	snprintf(entity, sizeof entity, "queue/%s", own);
	ck_assert_bn_ok(bn_run_id_new(&ann->env, id, &err), &err);
	ck_assert_bn_ok(bn_runlog_created(ann->ws, id, &about, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(ann->ws, &err), &err);
	/* Bob pauses ann's queue, and adds her run to his own. */
	ck_assert_bn_ok(bn_workspace_append(bob->ws, "queue.paused", entity, NULL, &err), &err);
	ck_assert_bn_ok(bn_runlog_queued(bob->ws, id, "bob@node", 1, 0, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(bob->ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(ann->ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_queue_read(&q, ann->ws, NULL, 0, &err), &err);
	ck_assert_int_eq(q->paused_ms, -1);
	ck_assert_uint_eq(q->count, 0);
	bn_queue_free(q);
	ck_assert_bn_ok(bn_queue_read(&q, ann->ws, "bob@node", 0, &err), &err);
	ck_assert_uint_eq(q->count, 0);
	bn_queue_free(q);
	/* Her own record counts for all readers, and bob's record of the end of her run does not. */
	ck_assert_bn_ok(bn_runlog_queued(ann->ws, id, own, 1, 0, &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(ann->ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(bob->ws, NULL, &err), &err);
	ck_assert_bn_ok(
		bn_runlog_finished(bob->ws, id, "KILLED", -1, 0, "bob says so", &err), &err);
	ck_assert_bn_ok(bn_workspace_seal(bob->ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(ann->ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_queue_read(&q, ann->ws, NULL, 0, &err), &err);
	ck_assert_uint_eq(q->waiting, 1);
	ck_assert_str_eq(q->items[0].run, id);
	bn_queue_free(q);
	team_remove(&t);
}
END_TEST

BN_TEST_MAIN("core/launch/queue", test_queue_keeps_the_order_of_the_calls_when_clocks_are_set_back,
	test_queue_keeps_the_order_behind_one_whose_clock_was_decades_ahead,
	test_queue_says_when_an_event_of_the_future_wins_over_a_pause_or_a_limit,
	test_queue_refuses_what_can_never_start_and_passes_over_what_no_longer_can,
	test_queue_a_waiting_run_is_not_lost_however_long_it_waits,
	test_queue_cancels_what_waits_and_nothing_else,
	test_queue_run_that_takes_all_cores_follows_the_limit,
	test_queue_is_found_again_from_the_run_whose_executor_it_is,
	test_queue_of_another_host_is_seen_and_left_alone,
	test_queue_of_one_user_hears_no_other_user)
