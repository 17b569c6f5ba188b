/*
 * A disk that fills up at each change made by a training run, counting launcher, supervisor and trainer together:
 * full once (ENOSPC), or from then on (unlinking frees space). The run ends at once, either FAILED with "no
 * space" as its failure or with a complete model; it is never LOST, and nobody has to wait for it.
 * A run that failed in the middle in this way can be resumed, and so can the run that resumes it, wherever that
 * one finds the disk full.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/data/add.h"
#include "core/launch/exec.h"
#include "core/launch/launch.h"
#include "core/pipeline/fold_classes.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/store/object/object.h"
#include "core/track/resume.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/launched.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

static launched_run run;
static bn_err err = BN_ERR_INIT;
static struct shared {
	char id[BN_RUN_ID_TEXT];
	int launched; /* the result of bn_launch */
	bool is_full; /* whether its error was a full disk */
	long changes;
} * shared;

static void make(void)
{
	bn_dataset_version *v = NULL;
	bn_generate_options o = {.rows = 60, .seed = 1};
	bool added;
	launched_make(&run);
	bn_workspace_close(run.w.ws); /* it knows fewer classes */
	ck_assert_bn_ok(
		bn_workspace_open(&run.w.ws, &run.w.env.env, bn_fold_classes, run.w.dir.path, &err),
		&err);
	ck_assert_bn_ok(bn_workspace_refresh(run.w.ws, NULL, &err), &err);
	ck_assert_bn_ok(
		bn_dataset_generate(&v, &added, run.w.ws, "jobs", BN_DATASET_AS_BEFORE, &o, &err),
		&err);
	bn_dataset_version_free(v);
	shared = mmap(
		NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	faultfs_share();
}

static int count_too(const bn_env *env, int fd)
{
	int rc = faultfs_ops.close(env, fd);
	shared->changes = faultfs_count();
	return rc;
}

/* the started trainer, or the resumed run */
static const char *trainer = "ridge", *resumed;

static bn_spec *spec_make(void)
{
	json_t *o = json_pack("{ss ss ss si}", "trainer", trainer, "data", "jobs", "target",
		"node_power_consumption", "threads", 1);
	if (strcmp(trainer, "mlp") == 0)
		json_object_set_new(o, "hyper", json_pack("{si s[i]}", "epochs", 4, "hidden", 4));
	return launched_spec(o);
}

static int launch_in(bn_workspace *ws, bn_launch_options *opt, bn_err *why)
{
	bn_resume *r = NULL;
	bn_spec *spec = NULL;
	int rc;
	if (!resumed) {
		spec = spec_make();
		rc = bn_launch(ws, spec, opt, shared->id, why);
		bn_spec_free(spec);
		return rc;
	}
	if ((rc = bn_resume_open(&r, ws, resumed, why)) < 0)
		return rc;
	bn_resume_options(r, opt);
	rc = bn_resume_launch(r, opt, shared->id, why);
	bn_resume_free(r);
	return rc;
}

/* In a separate process. The program started is /bin/true, because this process supervises the run itself. */
static void launch(void)
{
	bn_workspace *ws = NULL;
	bn_err why = BN_ERR_INIT;
	bn_launch_options opt = {.program = "/bin/true", .workdir = run.w.dir.path};
	int status,
		rc = bn_workspace_open(&ws, &run.w.env.env, bn_fold_classes, run.w.dir.path, &why);
	if (rc >= 0 && (rc = bn_workspace_refresh(ws, NULL, &why)) >= 0)
		rc = launch_in(ws, &opt, &why);
	bn_workspace_close(ws);
	shared->launched = rc;
	shared->is_full = bn_err_is_full(&why);
	if (rc >= 0)
		bn_exec_run(&run.w.env.env, bn_fold_classes, run.w.dir.path, shared->id, NULL, -1,
			&status, NULL);
}

static void with_fault(faultfs_kind kind, long at)
{
	static bn_fs_ops ops;
	memset(shared, 0, sizeof *shared);
	pid_t pid = fork();
	if (pid == 0) {
		ops = faultfs_ops;
		ops.close = count_too;
		run.w.env.env.fs = &ops;
		faultfs_arm(kind, at);
		launch();
		_exit(0);
	}
	char what[40];
	snprintf(what, sizeof what, "change %ld", at);
	launched_wait_child(pid, 20, what);
}

static void check_failed(const bn_run_info *r, long at)
{
	ck_assert_msg(r->status == BN_RUN_FAILED, "change %ld: %s, %s", at,
		bn_run_status_name(r->status), r->reason ? r->reason : "no reason");
	ck_assert_msg(r->failure && !strcmp(r->failure, BN_RUN_NO_SPACE),
		"change %ld: failure %s (%s)", at, r->failure ? r->failure : "none",
		r->reason ? r->reason : "");
	ck_assert_msg(r->reason && strstr(r->reason, "No space left on device"), "change %ld: %s",
		at, r->reason ? r->reason : "no reason");
}

/* Every artifact exists and has the hash in its name. */
static int check_objects(long at)
{
	bn_artifacts l;
	ck_assert_bn_ok(bn_run_artifacts(&l, run.w.ws, run.id, &err), &err);
	for (size_t i = 0; i < l.count; i++)
		ck_assert_msg(bn_object_verify(run.w.ws, l.items[i].hash, &err) == 0,
			"change %ld: %s: %s", at, l.items[i].path, err.msg);
	int n = (int)l.count;
	bn_artifacts_release(&l);
	return n;
}

/* Checks that the run is FINISHED, or FAILED for lack of space. */
static bn_run_status settle(long at)
{
	bn_run_info *r = launched_look(&run);
	bn_run_status status = r->status;
	int artifacts = check_objects(at);
	if (status == BN_RUN_FINISHED)
		ck_assert_msg(r->model_digest && artifacts > 0,
			"change %ld: FINISHED without a model", at);
	else
		check_failed(r, at);
	bn_dir *dir = NULL;
	ck_assert_bn_ok(bn_run_dir_open(&dir, run.w.ws, run.id, &err), &err);
	ck_assert_msg(!bn_dir_has(dir, "reserve"), "change %ld: what was kept is kept", at);
	bn_dir_close(dir);
	bn_run_info_free(r);
	return status;
}

static long stride(long usual)
{
	const char *text = getenv("BINNACLE_CRASH_STRIDE");
	return text && atol(text) > 0 ? atol(text) : usual;
}

/* Whether the launch created a run that others can see; selects it. */
static bool is_there(void)
{
	bn_run_info *r = NULL;
	memcpy(run.id, shared->id, sizeof run.id);
	ck_assert_bn_ok(bn_workspace_refresh(run.w.ws, NULL, &err), &err);
	if (!run.id[0] || bn_run_get(&r, run.w.ws, run.id, NULL) < 0)
		return false;
	bn_run_info_free(r);
	return true;
}

static void try_each(faultfs_kind kind, const char *what, long step)
{
	long finished = 0, failed = 0, refused = 0;
	make();
	with_fault(FAULTFS_NONE, 0);
	ck_assert(is_there());
	ck_assert_int_eq(settle(0), BN_RUN_FINISHED);
	long n = shared->changes, first = 1 + (long)(bn_env_now_ns(bn_env_real()) / 1000 % step);
	ck_assert_int_gt(n, 40);
	/* Each run extends the log that the next writer reads, so the number of changes grows. */
	for (long at = first, in_a_row = 0; at <= n || in_a_row < 3; at += step) {
		with_fault(kind, at);
		bool there = is_there();
		if (shared->launched < 0) {
			ck_assert_msg(shared->launched == BN_EIO && shared->is_full,
				"change %ld: launched: %d", at, shared->launched);
			if (there) /* nobody else would record its end */
				ck_assert_int_eq(settle(at), BN_RUN_FAILED);
			refused++;
			continue;
		}
		ck_assert_msg(there, "change %ld: what was launched is not there", at);
		bn_run_status status = settle(at);
		finished += status == BN_RUN_FINISHED;
		in_a_row = status == BN_RUN_FINISHED ? in_a_row + 1 : 0;
		failed += status == BN_RUN_FAILED;
	}
	printf("NOTE: %s, every %ld of %ld changes of a training run: %ld not launched, %ld "
	       "FAILED, "
	       "%ld FINISHED\n",
		what, step, n, refused, failed, finished);
	ck_assert_int_gt(refused, 0);
	ck_assert_int_gt(failed, 0);
	ck_assert_int_gt(finished, 0);
	launched_end(&run, NULL);
	munmap(shared, sizeof *shared);
}

START_TEST(test_training_run_whose_disk_is_full_once_at_each_change)
{
	try_each(FAULTFS_ENOSPC, "full once", stride(3));
}
END_TEST

START_TEST(test_training_run_whose_disk_stays_full_from_each_change_on)
{
	try_each(FAULTFS_FILLED, "full", stride(3));
}
END_TEST

/* ---- resuming ------------------------------------------------------------------------------- */

static char digest[65]; /* digest of the model of a run that had space */

static bool is_resumable(const char *id)
{
	bn_run_info *r = NULL;
	bool is = bn_run_get(&r, run.w.ws, id, &err) == 0 && bn_resume_is_open(run.w.ws, r);
	bn_run_info_free(r);
	return is;
}

/* Repeats until a run fails in the middle. */
static void fail_in_the_middle(char id[BN_RUN_ID_TEXT])
{
	long n = shared->changes;
	for (long at = n / 2; at < n; at += 3) {
		with_fault(FAULTFS_FILLED, at);
		if (!is_there() || settle(at) != BN_RUN_FAILED || !is_resumable(run.id))
			continue;
		memcpy(id, run.id, sizeof run.id);
		return;
	}
	ck_abort_msg("no run of %ld changes fails with a checkpoint", n);
}

static void check_model(long at)
{
	bn_run_info *r = NULL;
	ck_assert_bn_ok(bn_run_get(&r, run.w.ws, run.id, &err), &err);
	ck_assert_msg(strcmp(r->model_digest, digest) == 0, "change %ld: another model", at);
	bn_run_info_free(r);
}

/* A run that was resumed by a finished one is not resumed again, unless the latter is removed. */
static void forget_run(void)
{
	ck_assert_bn_ok(bn_runlog_removed(run.w.ws, run.id, &err), &err);
	ck_assert_bn_ok(bn_workspace_commit(run.w.ws, &err), &err);
}

/* Returns the number of changes made by a run that had space. */
static long make_failed(char id[BN_RUN_ID_TEXT])
{
	setenv("BINNACLE_CHECKPOINT", "0s", 1);
	make();
	trainer = "mlp";
	resumed = NULL;
	with_fault(FAULTFS_NONE, 0);
	ck_assert(is_there());
	ck_assert_int_eq(settle(0), BN_RUN_FINISHED);
	long n = shared->changes;
	bn_run_info *r = launched_look(&run);
	snprintf(digest, sizeof digest, "%s", r->model_digest);
	bn_run_info_free(r);
	fail_in_the_middle(id);
	return n;
}

static void resume_each(faultfs_kind kind, const char *what, long step)
{
	char now[BN_RUN_ID_TEXT];
	long finished = 0, failed = 0, refused = 0, in_a_row = 0;
	long n = make_failed(now);
	resumed = now;
	/* A run that resumes has fewer changes than one that starts over. */
	for (long at = 1 + (long)(bn_env_now_ns(bn_env_real()) / 1000 % step);
		at < n / 2 || in_a_row < 3; at += step) {
		with_fault(kind, at);
		bool there = is_there();
		bn_run_status status = there ? settle(at) : BN_RUN_FAILED;
		in_a_row = status == BN_RUN_FINISHED ? in_a_row + 1 : 0;
		finished += status == BN_RUN_FINISHED;
		failed += there && status == BN_RUN_FAILED;
		refused += !there;
		if (status == BN_RUN_FINISHED) {
			check_model(at);
			forget_run();
			continue;
		}
		/* the newest checkpoint is that of the resuming run, if it got that far */
		if (there && is_resumable(run.id))
			memcpy(now, run.id, sizeof now);
		ck_assert_msg(is_resumable(now), "change %ld: nothing is left to resume", at);
	}
	printf("NOTE: %s, every %ld changes of a run that resumes another: %ld not launched, %ld "
	       "FAILED, %ld FINISHED, each with the model of a run that had space\n",
		what, step, refused, failed, finished);
	ck_assert_int_gt(failed + refused, 0);
	launched_end(&run, NULL);
	munmap(shared, sizeof *shared);
}

START_TEST(test_run_that_resumes_another_when_the_disk_is_full_once)
{
	resume_each(FAULTFS_ENOSPC, "full once", stride(13));
}
END_TEST

START_TEST(test_run_that_resumes_another_when_the_disk_stays_full)
{
	resume_each(FAULTFS_FILLED, "full", stride(13));
}
END_TEST

BN_TEST_MAIN("core/launch/training_full", test_training_run_whose_disk_is_full_once_at_each_change,
	test_training_run_whose_disk_stays_full_from_each_change_on,
	test_run_that_resumes_another_when_the_disk_is_full_once,
	test_run_that_resumes_another_when_the_disk_stays_full)
