/* resume.c - see resume.h. */
#include "core/track/resume.h"

#include "core/base/mem.h"
#include "core/learn/device.h"
#include "core/run/run_dir.h"
#include "core/run/supervisor.h"
#include "core/track/_fold.h"
#include "core/track/series.h"

#include <stdio.h>
#include <string.h>

/* ---- conditions ------------------------------------------------------------------------------ */

static void hint_again(const char *id, bn_err *err)
{
	bn_err_hint(err, "binnacle run start --again %.8s starts from the beginning", id);
}

/* Refuses runs that never have a checkpoint. */
static int admits_kind(const bn_run_info *run, bn_err *err)
{
	const bn_trainer *trainer;
	bool command = run->kind && strcmp(run->kind, "command") == 0;
	if (!run->spec_hash)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"run %.8s belongs to a program that logs it: only that program can "
			"continue "
			"it",
			run->id);
	if (command) {
		bn_err_set(err, BN_EUNSUPPORTED,
			"run %.8s is a command: what state it has is unknown here", run->id);
		bn_err_hint(err,
			"binnacle run start --again %.8s runs it again; it may find its own "
			"checkpoints",
			run->id);
		return BN_EUNSUPPORTED;
	}
	if (!run->title || bn_trainer_find(&trainer, run->title, NULL) < 0 || trainer->limit)
		return 0;
	bn_err_set(err, BN_EUNSUPPORTED,
		"run %.8s: trainer %s computes its model in one step, and keeps no checkpoint",
		run->id, trainer->name);
	hint_again(run->id, err);
	return BN_EUNSUPPORTED;
}

static int admits_state(const bn_run_info *run, bn_err *err)
{
	const bn_trainer *trainer;
	if (run->removed) {
		bn_err_set(err, BN_EREFUSED, "run %.8s is in the trash", run->id);
		bn_err_hint(err, "binnacle run restore %.8s takes it out", run->id);
		return BN_EREFUSED;
	}
	if (bn_run_status_is_live(run->status)) {
		bn_err_set(err, BN_ECONFLICT, "run %.8s is %s: there is nothing to resume", run->id,
			bn_run_status_name(run->status));
		bn_err_hint(
			err, "binnacle run stop %.8s ends it, and keeps its checkpoint", run->id);
		return BN_ECONFLICT;
	}
	if (run->status != BN_RUN_FINISHED)
		return 0;
	bn_err_set(err, BN_ECONFLICT,
		"run %.8s finished: its checkpoint was removed when its model was stored", run->id);
	if (run->title && bn_trainer_find(&trainer, run->title, NULL) == 0 && trainer->limit)
		bn_err_hint(err,
			"binnacle run start --again %.8s --set %s=N trains from the beginning",
			run->id, trainer->limit);
	return BN_ECONFLICT;
}

int bn_resume_admits(const bn_run_info *run, uid_t uid, bn_err *err)
{
	int rc = admits_kind(run, err);
	if (rc < 0 || (rc = admits_state(run, err)) < 0)
		return rc;
	if (run->uid == uid)
		return 0;
	bn_err_set(err, BN_EREFUSED, "run %.8s belongs to %s: only its owner resumes it", run->id,
		run->user ? run->user : "another user");
	hint_again(run->id, err);
	return BN_EREFUSED;
}

/* ---- opening -------------------------------------------------------------------------------- */

bool bn_resume_is_open(bn_workspace *ws, const bn_run_info *run)
{
	const bn_env *env = bn_workspace_env(ws);
	char name[BN_FIT_FILE];
	bn_dir *dir = NULL;
	if (bn_resume_admits(run, env->uid(env), NULL) < 0)
		return false;
	bn_fit_checkpoint_name(name, BN_RUN_MODEL_DIR);
	bool has = bn_run_dir_open_own(&dir, ws, run->id, NULL) >= 0 && bn_dir_has(dir, name);
	bn_dir_close(dir);
	return has;
}

static int read_checkpoint(bn_resume *r, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_fit_checkpoint_name(r->file, BN_RUN_MODEL_DIR);
	int rc = bn_run_dir_open_own(&r->dir, r->ws, r->run->id, &why);
	if (rc >= 0)
		rc = bn_checkpoint_look(&r->checkpoint, r->dir, r->file, &why);
	if (rc >= 0)
		return 0;
	if (rc == BN_ENOTFOUND)
		bn_err_set(err, BN_ENOTFOUND,
			"run %.8s has no checkpoint: it ended before the first one was due",
			r->run->id);
	else
		bn_err_move(err, &why);
	if (rc == BN_ENOTFOUND || rc == BN_ECORRUPT)
		hint_again(r->run->id, err);
	return rc;
}

/* NULL: the trainer is unknown here; resolving the spec reports that. */
static const bn_trainer *trainer_of(const bn_resume *r)
{
	const bn_trainer *t = NULL;
	return r->spec->trainer && bn_trainer_find(&t, r->spec->trainer, NULL) == 0 ? t : NULL;
}

int bn_resume_open(bn_resume **out, bn_workspace *ws, const char *id, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_resume *r = bn_alloc_zeroed(1, sizeof *r);
	int rc;
	if (!r)
		return bn_err_nomem(err, "a run");
	r->ws = ws;
	if ((rc = bn_run_get(&r->run, ws, id, err)) < 0 ||
		(rc = bn_resume_admits(r->run, env->uid(env), err)) < 0)
		goto out;
	if ((rc = bn_spec_fetch(&r->spec, ws, r->run->spec_hash, err)) < 0)
		goto out;
	if ((rc = read_checkpoint(r, err)) < 0)
		goto out;
	*out = r;
	r = NULL;
out:
	bn_resume_free(r);
	return rc;
}

void bn_resume_free(bn_resume *r)
{
	if (!r)
		return;
	bn_metric_set_release(&r->metrics);
	bn_dir_close(r->dir);
	bn_spec_free(r->spec);
	bn_run_info_free(r->run);
	bn_free(r);
}

int bn_resume_set(bn_resume *r, const char *name, const char *text, bn_err *err)
{
	const bn_trainer *t = trainer_of(r);
	if (!t || !t->limit || strcmp(name, t->limit) != 0) {
		bn_err_set(err, BN_EINVAL,
			"%s is a part of the recipe, which a resumed run does not change", name);
		if (t && t->limit)
			bn_err_hint(err,
				"only %s can be raised; binnacle run start --again %.8s --set "
				"%s=... "
				"starts from the beginning",
				t->limit, r->run->id, name);
		return BN_EINVAL;
	}
	long was = bn_hyper_int(r->spec->hyper, name);
	int rc = bn_hyper_set_text(r->spec->hyper, t->hyper, t->hyper_count, name, text, err);
	if (rc < 0)
		return rc;
	long now = bn_hyper_int(r->spec->hyper, name);
	if (now >= was)
		return 0;
	return bn_err_set(err, BN_EINVAL, "%s=%ld: run %.8s has %ld, which can only be raised",
		name, now, r->run->id, was);
}

int64_t bn_resume_limit(const bn_resume *r, const char **name)
{
	const bn_trainer *t = trainer_of(r);
	*name = t ? t->limit : NULL;
	return *name ? bn_hyper_int(r->spec->hyper, *name) : -1;
}

/* ---- checking ------------------------------------------------------------------------------- */

/* The machine of this process: its back end and libraries. */
static int check_checkpoint(const bn_resume *r, bn_err *err)
{
	char recipe[65], line[200], backend[BN_CHECKPOINT_MACHINE], machine[BN_CHECKPOINT_MACHINE];
	const bn_trainer *t = trainer_of(r);
	bnk_target target;
	int rc = bn_device_choose(&target, bn_workspace_env(r->ws), 1, line, sizeof line, err);
	if (rc < 0)
		return rc;
	bn_checkpoint_backend(backend, &target);
	bn_checkpoint_machine(machine, &target);
	if ((rc = bn_checkpoint_recipe(recipe, r->spec, t ? t->limit : NULL, err)) < 0)
		return rc;
	rc = bn_checkpoint_fits(&r->checkpoint, recipe, backend, machine, err);
	if (rc == BN_ECONFLICT) {
		bn_err_prefix(err, "run %.8s cannot be resumed here", r->run->id);
		hint_again(r->run->id, err);
	}
	return rc;
}

/* The other runs of this user that resume it, newest first. */
static int find_others(bn_names *out, const bn_resume *r, bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	int rc = bn_track_index(&db, r->ws, err);
	if (rc < 0)
		return rc;
	rc = bn_sql_prepare(&st, db, err,
		"SELECT lower(hex(id)) FROM run WHERE resumes = ? AND owner = ? AND removed = 0 "
		"ORDER BY created_ms DESC, id",
		"si", r->run->id, (int64_t)r->run->uid);
	while (rc >= 0 && (rc = bn_sql_step(st, err)) > 0) {
		const char *id = (const char *)sqlite3_column_text(st, 0);
		if (bn_names_add(out, id) < 0)
			rc = bn_err_nomem(err, "a list of runs");
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* Whether it has the same recipe, including the limit: it would give, or gave, the same model. */
static int is_same(bool *same, const bn_resume *r, const bn_run_info *other, bn_err *err)
{
	char ours[65], theirs[65];
	bn_spec *spec = NULL;
	*same = false;
	if (!other->spec_hash)
		return 0;
	int rc = bn_spec_fetch(&spec, r->ws, other->spec_hash, err);
	if (rc >= 0)
		rc = bn_spec_recipe_hash(r->spec, ours, err);
	if (rc >= 0)
		rc = bn_spec_recipe_hash(spec, theirs, err);
	*same = rc >= 0 && strcmp(ours, theirs) == 0;
	bn_spec_free(spec);
	return rc;
}

static bool has_checkpoint(const bn_resume *r, const char *id)
{
	bn_checkpoint_about about;
	bn_dir *dir = NULL;
	bool has = bn_run_dir_open_own(&dir, r->ws, id, NULL) >= 0 &&
		   bn_checkpoint_look(&about, dir, r->file, NULL) >= 0;
	bn_dir_close(dir);
	return has;
}

static int check_other(const bn_resume *r, const char *id, bn_err *err)
{
	bn_run_info *other = NULL;
	bool same;
	int rc = bn_run_get(&other, r->ws, id, err);
	if (rc < 0)
		return rc;
	if (bn_run_status_is_live(other->status)) {
		rc = bn_err_set(err, BN_ECONFLICT, "run %.8s resumes run %.8s already, and is %s",
			id, r->run->id, bn_run_status_name(other->status));
		bn_err_hint(err, "binnacle run watch %.8s follows it", id);
		goto out;
	}
	if ((rc = is_same(&same, r, other, err)) < 0 || !same)
		goto out;
	if (other->status == BN_RUN_FINISHED) {
		rc = bn_err_set(err, BN_ECONFLICT, "run %.8s resumed run %.8s, and finished", id,
			r->run->id);
		bn_err_hint(err, "binnacle run show %.8s shows it", id);
	} else if (has_checkpoint(r, id)) {
		rc = bn_err_set(err, BN_ECONFLICT,
			"run %.8s resumed run %.8s, and has its newest checkpoint", id, r->run->id);
		bn_err_hint(err, "binnacle run resume %.8s", id);
	}
out:
	bn_run_info_free(other);
	return rc;
}

static int check_others(const bn_resume *r, bn_err *err)
{
	bn_names ids = BN_NAMES_INIT;
	int rc = find_others(&ids, r, err);
	for (size_t i = 0; rc >= 0 && i < ids.count; i++)
		rc = check_other(r, ids.items[i], err);
	bn_names_release(&ids);
	return rc;
}

int bn_resume_check(const bn_resume *r, bn_err *err)
{
	int rc = check_others(r, err);
	return rc < 0 ? rc : check_checkpoint(r, err);
}

/* ---- starting ------------------------------------------------------------------------------- */

static int take_series(bn_resume *r, const char *key, bn_err *err)
{
	bn_points p = BN_POINTS_INIT;
	int rc = bn_series_read(&p, r->ws, r->run->id, key, err);
	for (size_t i = 0; rc >= 0 && i < p.count; i++)
		if (p.step[i] < r->checkpoint.steps &&
			bn_metric_set_add(&r->metrics, key, p.step[i], p.time_ms[i], p.value[i]) !=
				0)
			rc = bn_err_nomem(err, "metrics");
	bn_points_release(&p);
	return rc;
}

/* The metrics of the steps before the checkpoint. */
static int take_metrics(bn_resume *r, bn_err *err)
{
	bn_series_list list = BN_SERIES_LIST_INIT;
	bn_metric_set_clear(&r->metrics);
	int rc = bn_series_find_all(&list, r->ws, r->run->id, err);
	for (size_t i = 0; rc >= 0 && i < list.count; i++)
		if (!bn_metric_is_system(list.items[i].key))
			rc = take_series(r, list.items[i].key, err);
	bn_series_list_release(&list);
	return rc;
}

void bn_resume_options(bn_resume *r, bn_launch_options *opt)
{
	r->taken = (bn_launch_resumed){.run = r->run->id,
		.dir = r->dir,
		.checkpoint = r->file,
		.step = r->checkpoint.steps,
		.metrics = &r->metrics};
	opt->resumed = &r->taken;
	if (!opt->experiment)
		opt->experiment = r->run->experiment_first;
	if (!opt->parent)
		opt->parent = r->run->parent;
}

/* While the lock is held, no other process supervises or resumes the run. */
static int lock_take(bn_supervisor_lock *lock, const bn_resume *r, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bool fresh;
	int rc = bn_supervisor_claim(lock, &fresh, r->ws, r->run->id, &why);
	if (rc != BN_ECONFLICT)
		return rc < 0 ? bn_err_move(err, &why) : 0;
	bn_err_set(err, BN_ECONFLICT, "run %.8s: another process supervises or resumes it now",
		r->run->id);
	bn_err_hint(err, "binnacle run ls shows it soon");
	return BN_ECONFLICT;
}

/* A run that was LOST may have written a newer one before its end. */
static int read_checkpoint_again(bn_resume *r, bn_err *err)
{
	bn_dir_close(r->dir);
	r->dir = NULL;
	int rc = read_checkpoint(r, err);
	r->taken.dir = r->dir;
	r->taken.step = r->checkpoint.steps;
	return rc;
}

int bn_resume_launch(
	bn_resume *r, const bn_launch_options *opt, char id[BN_RUN_ID_TEXT], bn_err *err)
{
	bn_supervisor_lock lock = {.fd = -1};
	bn_run_info *now = NULL;
	int rc = lock_take(&lock, r, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_workspace_refresh(r->ws, NULL, err)) < 0)
		goto out;
	/* a regular end may have arrived after LOST */
	if ((rc = bn_run_get(&now, r->ws, r->run->id, err)) < 0 ||
		(rc = bn_resume_admits(now, r->run->uid, err)) < 0 ||
		(rc = read_checkpoint_again(r, err)) < 0 || (rc = bn_resume_check(r, err)) < 0)
		goto out;
	if ((rc = take_metrics(r, err)) < 0)
		goto out;
	rc = bn_launch(r->ws, r->spec, opt, id, err);
out:
	bn_run_info_free(now);
	bn_supervisor_release(&lock);
	return rc;
}
