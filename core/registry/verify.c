/* verify.c - verifies that a model version is still, in bytes and signatures, what was
 * registered and decided; and checks out its files. See provenance.h. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/identity.h"
#include "core/registry/model.h"
#include "core/registry/proof.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void bn_verify_report_free(bn_verify_report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++) {
		bn_free(r->items[i].what);
		bn_free(r->items[i].problem);
	}
	bn_free(r->items);
	bn_proof_about_release(&r->about);
	bn_free(r);
}

int bn_verify_line_add(bn_verify_report *r, const char *problem, bn_err *err, const char *fmt, ...)
{
	char what[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (bn_grow(&r->items, &r->cap, r->count + 1, sizeof *r->items))
		return bn_err_nomem(err, "a report");
	bn_verify_line *l = &r->items[r->count];
	*l = (bn_verify_line){.what = bn_strdup(what), .problem = bn_strdup(problem)};
	r->count++;
	r->problems += problem != NULL;
	return l->what && (!problem || l->problem) ? 0 : bn_err_nomem(err, "a report");
}

/* Missing or altered bytes are findings; failures to read are errors. */
static bool is_finding(int rc)
{
	return rc == BN_ECORRUPT || rc == BN_ENOTFOUND || rc == BN_EINVAL || rc == BN_EREFUSED;
}

static int verify_object(bn_verify_report *r, bn_workspace *ws, const char *hash, const char *what,
	const bn_progress *progress, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	int rc = bn_object_verify_watched(ws, hash, progress, what, &e);
	if (rc && !is_finding(rc)) {
		bn_err_prefix(&e, "%s", what);
		return bn_err_move(err, &e);
	}
	return bn_verify_line_add(r, rc ? e.msg : NULL, err, "%s", what);
}

static int verify_files(bn_verify_report *r, bn_workspace *ws, const bn_version *v,
	const bn_progress *progress, bn_err *err)
{
	bn_manifest m;
	bn_err e = BN_ERR_INIT;
	char what[400], problem[400];
	int rc = verify_object(r, ws, v->manifest, "manifest", progress, err);
	if (rc)
		return rc;
	rc = bn_manifest_load(&m, ws, v->manifest, &e);
	if (rc)
		return is_finding(rc) ? bn_verify_line_add(r, e.msg, err, "list of files")
				      : bn_err_move(err, &e);
	for (size_t i = 0; !rc && i < m.count; i++) {
		snprintf(what, sizeof what, "file %s", m.parts[i].path);
		rc = bn_progress_step(progress, "files", i, m.count, err);
		if (!rc)
			rc = verify_object(r, ws, m.parts[i].hash, what, progress, err);
	}
	snprintf(problem, sizeof problem, "the files give %.12s, registered was %.12s", m.content,
		v->digest);
	if (!rc)
		rc = bn_verify_line_add(r, strcmp(m.content, v->digest) ? problem : NULL, err,
			"digest sha256:%s", v->digest);
	bn_manifest_release(&m);
	return rc;
}

/* Verifies the signature of one decision event as stored in the index. */
static int verify_event(
	bn_verify_report *r, bn_workspace *ws, const bn_version *v, sqlite3_stmt *st, bn_err *err)
{
	const char *text = (const char *)sqlite3_column_text(st, 6);
	char *entity = bn_strf("model/%s", v->name);
	json_t *payload = NULL;
	bn_err e = BN_ERR_INIT;
	int rc = entity ? bn_json_parse(
				  &payload, text ? text : "", text ? strlen(text) : 0, "event", &e)
			: bn_err_nomem(&e, "an event");
	if (rc < 0) {
		bn_free(entity);
		return bn_err_move(err, &e);
	}
	bn_event ev = {
		.key = {(uint64_t)sqlite3_column_int64(st, 0),
			(const char *)sqlite3_column_text(st, 1),
			(uint64_t)sqlite3_column_int64(st, 2)},
		.kind = (const char *)sqlite3_column_text(st, 3),
		.entity = entity,
		.uid = (uid_t)sqlite3_column_int64(st, 4),
		.payload = payload,
	};
	if (bn_json_int(payload, "version", 0) == v->version &&
		!strcmp(bn_json_str(payload, "uuid", v->uuid), v->uuid)) {
		rc = bn_identity_check(bn_workspace_index(ws), bn_workspace_id(ws), &ev, &e);
		if (!rc && strcmp(bn_json_str(payload, "digest", ""), v->digest) != 0)
			rc = bn_err_set(&e, BN_ECORRUPT, "is about other bytes: %.12s",
				bn_json_str(payload, "digest", "none"));
		rc = rc && !is_finding(rc) ? bn_err_move(err, &e)
					   : bn_verify_line_add(r, rc ? e.msg : NULL, err,
						     "signature of %s by %s", ev.kind,
						     (const char *)sqlite3_column_text(st, 5));
	}
	json_decref(payload);
	bn_free(entity);
	return rc;
}

static int verify_decisions(bn_verify_report *r, bn_workspace *ws, const bn_version *v, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	char *entity = bn_strf("model/%s", v->name);
	int rc = entity ? bn_sql_prepare(&st, bn_workspace_index(ws), err,
				  "SELECT clock, writer, seq, kind, uid, bn_user(uid), payload "
				  "FROM dump_event"
				  " WHERE entity = ? AND kind IN ('model.approved', "
				  "'model.rejected')"
				  " AND outcome = 'applied' ORDER BY clock, writer, seq",
				  "s", entity)
			: bn_err_nomem(err, "a report");
	while (!rc && (rc = bn_sql_step(st, err)) == 1)
		rc = verify_event(r, ws, v, st, err);
	sqlite3_finalize(st);
	bn_free(entity);
	return rc;
}

/* Records about the model signed by a newer binnacle are not guessed at. */
static int verify_newer(bn_verify_report *r, bn_workspace *ws, const bn_version *v, bn_err *err)
{
	char *entity = bn_strf("model/%s", v->name);
	if (!entity)
		return bn_err_nomem(err, "a report");
	bool newer = bn_index_is_newer(bn_workspace_index(ws), entity);
	bn_free(entity);
	return newer ? bn_verify_line_add(
			       r, "it was made by a newer binnacle", err, "history of %s", v->name)
		     : 0;
}

/* The author named by the registration must be the owner of the run. */
static int verify_author(bn_verify_report *r, bn_workspace *ws, const bn_version *v, bn_err *err)
{
	if (!v->run_id)
		return 0;
	char problem[200], entity[64];
	sqlite3 *db = bn_workspace_index(ws);
	snprintf(entity, sizeof entity, "run/%.40s", v->run_id);
	int64_t owner = bn_sql_int(
		db, -1, "SELECT owner FROM run WHERE no = ?", "i", bn_index_entity(db, entity));
	bool fine = owner == (int64_t)v->author_uid;
	if (owner < 0)
		snprintf(problem, sizeof problem, "run %.8s is not in this workspace", v->run_id);
	else
		snprintf(problem, sizeof problem, "run %.8s belongs to uid %lld, not %lu",
			v->run_id, (long long)owner, (unsigned long)v->author_uid);
	return bn_verify_line_add(r, fine ? NULL : problem, err, "author %s", v->author);
}

/* Who registered and decided, under the rules for uids. */
static int verify_by_uid(bn_verify_report *r, bn_workspace *ws, const bn_version *v, bn_err *err)
{
	int rc = verify_author(r, ws, v, err);
	return rc < 0 ? rc : verify_decisions(r, ws, v, err);
}

int bn_version_verify(bn_verify_report **out, bn_workspace *ws, const char *spec,
	const bn_progress *progress, bn_err *err)
{
	bn_version *v = NULL;
	bn_model_view *view = NULL;
	bn_verify_report *r = NULL;
	int rc = bn_progress_step(progress, "folding the log", 0, 0, err);
	if (rc < 0 || (rc = bn_model_view_open(&view, ws, spec, err)) < 0)
		goto out;
	bn_workspace *from = bn_model_view_workspace(view);
	if (!(r = bn_alloc_zeroed(1, sizeof *r))) {
		rc = bn_err_nomem(err, "a report");
		goto out;
	}
	r->is_chained = bn_model_view_is_chained(view);
	if ((rc = bn_version_get(&v, from, spec, err)) < 0 ||
		(rc = verify_files(r, from, v, progress, err)) < 0 ||
		(rc = verify_newer(r, from, v, err)) < 0 ||
		(rc = r->is_chained ? bn_version_prove(r, view, v, err)
				    : verify_by_uid(r, from, v, err)) < 0 ||
		(rc = bn_proof_about_read(&r->about, from, err)) < 0 ||
		(rc = bn_sql_failed(bn_workspace_index(from), err)) < 0)
		goto out;
	*out = r;
	r = NULL;
out:
	bn_version_free(v);
	bn_model_view_close(view);
	bn_verify_report_free(r);
	return rc;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* A part of a file: the first one creates it, the others append. */
static int copy_out(bn_workspace *ws, const bn_manifest_part *p, const char *dir, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char *parent = NULL, *to = bn_path_join(dir, p->path);
	int out = -1, rc = 0, how = p->at ? O_APPEND : O_CREAT | O_EXCL;
	if (!to || !(parent = bn_strndup(to, (size_t)(bn_path_base(to) - to) - 1)))
		rc = bn_err_nomem(err, "a path");
	if (rc < 0 || (rc = bn_fs_make_dirs(env, parent, 0777, err)) < 0)
		goto out;
	if ((out = env->fs->open(env, NULL, to, O_WRONLY | how, 0666)) < 0)
		rc = bn_err_sys(err, BN_EIO, -out, "cannot create '%s'", to);
	else
		rc = bn_object_copy(ws, p->hash, out, to, err);
out:
	if (out >= 0)
		env->fs->close(env, out);
	if (rc < 0)
		bn_err_prefix(err, "file %s", p->path);
	bn_free(parent);
	bn_free(to);
	return rc;
}

int bn_version_checkout(bn_workspace *ws, const char *spec, const char *dir, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_version *v = NULL;
	bn_manifest m;
	char *tmp = NULL;
	bn_manifest_init(&m, BN_MANIFEST_MODEL);
	int e, rc = bn_version_get(&v, ws, spec, err);
	if (rc < 0)
		goto out;
	if (bn_fs_exists(env, dir)) {
		rc = bn_err_set(err, BN_ECONFLICT, "'%s' already exists", dir);
		goto out;
	}
	if ((rc = bn_version_need_files(v, err)) < 0 ||
		(rc = bn_manifest_load(&m, ws, v->manifest, err)) < 0)
		goto out;
	if (!(tmp = bn_strf("%s.partial", dir))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if ((rc = bn_fs_remove_tree(env, tmp, err)) < 0 ||
		(rc = bn_fs_make_dirs(env, tmp, 0777, err)) < 0)
		goto out;
	for (size_t i = 0; i < m.count; i++)
		if ((rc = copy_out(ws, &m.parts[i], tmp, err)) < 0)
			goto out;
	if ((e = env->fs->rename(env, NULL, tmp, NULL, dir)) < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot rename '%s' to '%s'", tmp, dir);
out:
	if (rc && tmp)
		bn_fs_remove_tree(env, tmp, NULL);
	bn_free(tmp);
	bn_manifest_release(&m);
	bn_version_free(v);
	return rc;
}
