/* audit_verify.c - proof that the log is complete: the log's chains (core/store/log/verify.h), the chain of
 * authority and the records under it (prove.h), or else the signatures of the events that counted, and the
 * bytes of every object named by a live row (object_faults.h attributes the faults). See audit.h. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/audit.h"
#include "core/govern/authority.h"
#include "core/govern/closed.h"
#include "core/govern/identity.h"
#include "core/govern/object_faults.h"
#include "core/govern/rights.h"
#include "core/store/copy.h"
#include "core/store/log/verify.h"
#include "core/store/object/live.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"
#include "core/store/view.h"

#include <stdio.h>
#include <string.h>

enum { MOVED_SHOWN = 5 }; /* accounts */

typedef struct check {
	bn_workspace *ws; /* a view */
	sqlite3 *db;
	bn_audit_report *r;
	const bn_progress *progress;
	bn_copy_left_out apart; /* objects that did not come along into this copy */
	bn_live *live; /* created when the first object is missing; NULL if not available */
	bool live_tried;
	bn_object_faults objects;
} check;

void bn_audit_report_free(bn_audit_report *r)
{
	if (r) {
		bn_free(r->first_fault);
		bn_free(r->private_of);
		bn_proof_findings_release(&r->findings);
		bn_proof_about_release(&r->about);
	}
	bn_free(r);
}

/* Keeps a finding, and the text of the first fault. */
static int found(check *c, const bn_proof_finding *f, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	int rc = bn_proof_finding_add(&c->r->findings, f, err);
	if (rc < 0 || !f->is_fault || c->r->faults++)
		return rc;
	bn_proof_finding_text(f, &b);
	if ((rc = bn_buf_check(&b, err, "a report")) >= 0)
		c->r->first_fault = bn_buf_take(&b, NULL);
	return rc < 0 || c->r->first_fault ? rc : bn_err_nomem(err, "a report");
}

/* A fault that does not belong to a single record. */
static int fault(check *c, bn_err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int fault(check *c, bn_err *err, const char *fmt, ...)
{
	bn_buf b = BN_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	bn_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	int rc = bn_buf_check(&b, err, "a report");
	if (rc >= 0)
		rc = found(c, &(bn_proof_finding){.is_fault = true, .words = b.ptr}, err);
	bn_buf_release(&b);
	return rc;
}

static int step(check *c, const char *phase, uint64_t done, uint64_t total, bn_err *err)
{
	return bn_progress_step(c->progress, phase, done, total, err);
}

/* ---- the log -------------------------------------------------------------------------------- */

static int log_fault(check *c, const bn_log_fault *f, bn_err *err)
{
	return fault(c, err, "log/%s/%s at byte %llu (record %llu): %s: %s", f->writer,
		f->file ? f->file : "(missing)", (unsigned long long)f->offset,
		(unsigned long long)f->seq, bn_fault_kind_name(f->kind), f->what);
}

static int check_log(check *c, bn_err *err)
{
	bn_log_report log = {0};
	int rc = step(c, "log", 0, 0, err);
	if (rc < 0)
		return rc;
	rc = bn_log_verify(&log, bn_workspace_at(c->ws),
		c->r->is_chained ? NULL : bn_workspace_id(c->ws), c->progress, err);
	c->r->writers = log.head_count;
	c->r->segments = log.segments;
	c->r->records = log.records;
	c->r->newer = log.unchecked;
	c->r->bytes = log.bytes;
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < log.fault_count; i++)
		if ((rc = log_fault(c, &log.faults[i], err)) < 0)
			goto out;
out:
	bn_log_report_release(&log);
	return rc;
}

/* ---- signatures ----------------------------------------------------------------------------- */

static bool is_finding(int rc)
{
	return rc == BN_EREFUSED || rc == BN_ECORRUPT || rc == BN_ENOTFOUND || rc == BN_EINVAL;
}

static int check_signature(check *c, sqlite3_stmt *st, bn_err *err)
{
	const char *text = (const char *)sqlite3_column_text(st, 7);
	json_t *payload = NULL;
	bn_err e = BN_ERR_INIT;
	if (!text || bn_json_parse(&payload, text, strlen(text), "event", &e) ||
		!json_is_object(json_object_get(payload, "signature"))) {
		json_decref(payload);
		return 0;
	}
	bn_event ev = {
		.key = {(uint64_t)sqlite3_column_int64(st, 0),
			(const char *)sqlite3_column_text(st, 1),
			(uint64_t)sqlite3_column_int64(st, 2)},
		.kind = (const char *)sqlite3_column_text(st, 3),
		.entity = (const char *)sqlite3_column_text(st, 4),
		.uid = (uid_t)sqlite3_column_int64(st, 5),
		.payload = payload,
	};
	const char *id = bn_workspace_id(c->ws);
	int rc = strcmp(ev.kind, "user.key")
			 ? bn_identity_check(c->db, id, &ev, &e)
			 : bn_identity_check_bytes(id, ev.kind, ev.entity, ev.uid, payload, &e);
	c->r->signatures++;
	if (is_finding(rc)) {
		c->r->bad_signatures++;
		rc = fault(c, err, "log/%s record %llu, %s on %s by %s: %s", ev.key.writer,
			(unsigned long long)ev.key.seq, ev.kind, ev.entity,
			(const char *)sqlite3_column_text(st, 6), e.msg);
	} else if (rc < 0) {
		rc = bn_err_move(err, &e);
	}
	json_decref(payload);
	return rc;
}

static int check_signatures(check *c, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	uint64_t done = 0;
	int rc = bn_sql_prepare(&st, c->db, err,
		"SELECT clock, writer, seq, kind, entity, uid, bn_user(uid), payload FROM "
		"dump_event"
		" WHERE outcome = 'applied' AND typeof(payload) = 'text'"
		" AND instr(payload, '\"signature\"') > 0 ORDER BY clock, writer, seq",
		"");
	if (rc < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if ((rc = check_signature(c, st, err)) < 0)
			goto out;
		if ((rc = step(c, "signatures", ++done, 0, err)) < 0)
			goto out;
	}
out:
	sqlite3_finalize(st);
	return rc;
}

/* ---- made by a newer binnacle ------------------------------------------------------------------- */

static int check_newer(check *c, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, c->db, err,
		"SELECT entity, kind, writer, seq, reason FROM dump_event WHERE outcome = 'newer' "
		"AND signed IS NOT NULL ORDER BY clock, writer, seq",
		"");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if ((rc = fault(c, err,
			     "log/%s record %lld: %s on %s is signed and made by a newer "
			     "binnacle (%s)",
			     (const char *)sqlite3_column_text(st, 2),
			     (long long)sqlite3_column_int64(st, 3),
			     (const char *)sqlite3_column_text(st, 1),
			     (const char *)sqlite3_column_text(st, 0),
			     (const char *)sqlite3_column_text(st, 4))) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

static int check_founding(check *c, bn_err *err)
{
	const char *what = bn_rights_founding_fault(bn_workspace_id(c->ws), c->db);
	return what ? fault(c, err, "workspace.json: %s", what) : 0;
}

/* File owners decide what is closed: a copy that did not preserve them cannot attribute anything. */
static int check_owners(check *c, bn_err *err)
{
	bn_names moved = BN_NAMES_INIT;
	bn_buf list = BN_BUF_INIT;
	int rc = bn_closed_moved(&moved, c->db, err);
	if (rc < 0 || moved.count == 0)
		goto out;
	for (size_t i = 0; i < moved.count && i < MOVED_SHOWN; i++)
		bn_buf_addf(&list, "%s%s", i ? ", " : "", moved.items[i]);
	if (moved.count > MOVED_SHOWN)
		bn_buf_addf(&list, " and %zu more", moved.count - MOVED_SHOWN);
	if ((rc = bn_buf_check(&list, err, "a report")) < 0)
		goto out;
	rc = fault(c, err,
		"the logs that the upgrade closed belong to other accounts here than those that "
		"wrote them (%s): this copy did not keep the owners of files (cp -a as root keeps "
		"them), so nothing done before the upgrade counts",
		list.ptr);
out:
	bn_names_release(&moved);
	bn_buf_release(&list);
	return rc;
}

/* ---- the chain of authority ------------------------------------------------------------------------ */

static int check_chain(check *c, bn_err *err)
{
	bn_proof_findings f = {0};
	int rc;
	if ((rc = bn_prove_chain(&f, c->db, err)) < 0 ||
		(rc = bn_prove_records(&f, c->db, NULL, err)) < 0)
		goto out;
	uint64_t faults = c->r->faults + f.faults, others = c->r->findings.others + f.others;
	for (size_t i = 0; i < f.count; i++)
		if ((rc = found(c, &f.items[i], err)) < 0)
			goto out;
	c->r->faults = c->r->findings.faults =
		faults; /* more than there are items, if there are many */
	c->r->findings.others = others;
	c->r->signatures =
		(uint64_t)bn_sql_int(c->db, 0, "SELECT count(*) FROM index_signed_verdict", "");
	c->r->bad_signatures = (uint64_t)bn_sql_int(
		c->db, 0, "SELECT count(*) FROM index_signed_verdict WHERE good = 0", "");
	if ((rc = check_owners(c, err)) < 0)
		goto out;
	rc = bn_proof_about_read(&c->r->about, c->ws, err);
out:
	bn_proof_findings_release(&f);
	return rc;
}

/* ---- objects -------------------------------------------------------------------------------- */

/* gc removes objects that only removed rows name: they may be missing. */
static bool may_be_missing(check *c, const char *hash)
{
	if (!c->live_tried)
		bn_live_find(&c->live, c->ws, INT64_MAX, NULL, NULL);
	c->live_tried = true;
	return c->live && !bn_live_has(c->live, hash);
}

/* named: what the record names: the object itself or the manifest that contains it. */
static int check_object(check *c, const char *hash, const char *named, const char *entity,
	const char *role, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	bn_buf words = BN_BUF_INIT;
	int rc = bn_object_verify_watched(c->ws, hash, c->progress, "hashing", &e);
	if (rc == BN_ENOTFOUND && bn_copy_is_left_out(&c->apart, hash)) {
		c->r->left_out_objects++;
		return 0;
	}
	if (rc == BN_ENOTFOUND && may_be_missing(c, hash))
		return 0;
	c->r->objects++;
	if (rc >= 0)
		return 0;
	if (!is_finding(rc))
		return bn_err_move(err, &e);
	bn_buf_addf(&words, "objects/%.2s/%s (%s of %s): %s", hash, hash + 2, role, entity, e.msg);
	bool is_missing = rc == BN_ENOTFOUND;
	if ((rc = bn_buf_check(&words, err, "a report")) >= 0)
		rc = bn_object_faults_add(&c->objects, named, is_missing, words.ptr, err);
	bn_buf_release(&words);
	return rc;
}

/* Objects that only strangers' records name are not faults; those records are reported. */
static int object_faults_report(check *c, bn_err *err)
{
	int rc = c->r->is_chained ? bn_object_faults_find_records(&c->objects, c->db, err) : 0;
	for (size_t i = 0; rc >= 0 && i < c->objects.count; i++) {
		const bn_object_fault *o = &c->objects.items[i];
		if (!o->is_strangers) {
			*(o->is_missing ? &c->r->missing_objects : &c->r->bad_objects) += 1;
			rc = fault(c, err, "%s", o->words);
			continue;
		}
		const bn_proof_finding note = {.rule = 10,
			.writer = (char *)(uintptr_t)o->writer,
			.seq = o->seq,
			.kind = (char *)(uintptr_t)o->kind,
			.entity = (char *)(uintptr_t)o->entity,
			.words = (char *)(uintptr_t)o->words};
		rc = found(c, &note, err);
	}
	return rc;
}

/* The parts of a version that has several; its only part is named in the index. */
static int check_parts(check *c, const char *hash, const char *entity, bn_err *err)
{
	bn_manifest m;
	int rc = 0;
	if (bn_manifest_load(&m, c->ws, hash, NULL) < 0)
		return 0; /* already reported as an object */
	for (size_t i = 0; rc == 0 && m.count > 1 && i < m.count; i++)
		rc = check_object(c, m.parts[i].hash, hash, entity, "part", err);
	bn_manifest_release(&m);
	return rc;
}

/* The owners of objects that only they can verify. */
static int name_private(check *c, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	const bn_env *env = bn_workspace_env(c->ws);
	int rc = bn_sql_prepare(&st, c->db, err,
		"SELECT group_concat(who, ', ') FROM (SELECT DISTINCT bn_user(owner) AS who FROM "
		"object_ref WHERE owner <> ? ORDER BY who)",
		"i", (int64_t)env->uid(env));
	if (rc < 0 || (rc = bn_sql_step(st, err)) < 0)
		goto out;
	c->r->private_of = bn_sql_text(st, 0);
	rc = c->r->private_of ? 0 : bn_err_nomem(err, "a report");
out:
	sqlite3_finalize(st);
	return rc;
}

static int check_objects(check *c, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	const bn_env *env = bn_workspace_env(c->ws);
	uint64_t total =
		(uint64_t)bn_sql_int(c->db, 0, "SELECT count(DISTINCT hash) FROM object_ref", "");
	int rc = bn_sql_prepare(&st, c->db, err,
		"SELECT hash, min(entity), role, total(owner IS NULL OR owner = ?) "
		"FROM dump_object_ref GROUP BY hash ORDER BY hash",
		"i", (int64_t)env->uid(env));
	if (rc < 0 || (rc = bn_copy_left_out_load(&c->apart, bn_workspace_at(c->ws), err)) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (sqlite3_column_int(st, 3) == 0) {
			c->r->private_objects++;
			continue;
		}
		const char *hash = (const char *)sqlite3_column_text(st, 0);
		if ((rc = check_object(c, hash, hash, (const char *)sqlite3_column_text(st, 1),
			     (const char *)sqlite3_column_text(st, 2), err)) < 0)
			goto out;
		if (!strcmp((const char *)sqlite3_column_text(st, 2), "dataset manifest") &&
			(rc = check_parts(c, (const char *)sqlite3_column_text(st, 0),
				 (const char *)sqlite3_column_text(st, 1), err)) < 0)
			goto out;
		if ((rc = step(c, "objects", c->r->objects, total, err)) < 0)
			goto out;
	}
	if (rc >= 0)
		rc = object_faults_report(c, err);
out:
	sqlite3_finalize(st);
	return rc == 0 && c->r->private_objects ? name_private(c, err) : rc;
}

/* By the rules that hold here. */
static int check_authority(check *c, bn_err *err)
{
	int rc;
	if (c->r->is_chained)
		return check_chain(c, err);
	if ((rc = check_founding(c, err)) < 0)
		return rc;
	return check_signatures(c, err);
}

int bn_audit_verify(
	bn_audit_report **out, bn_workspace *ws, const bn_progress *progress, bn_err *err)
{
	check c = {.progress = progress, .apart = {BN_BUF_INIT}};
	int rc;
	if (!(c.r = bn_alloc_zeroed(1, sizeof *c.r)))
		return bn_err_nomem(err, "a report");
	c.r->about.epoch = -1;
	if ((rc = step(&c, "folding the log", 0, 0, err)) < 0 ||
		(rc = bn_workspace_view(&c.ws, ws, NULL, err)) < 0 ||
		(rc = bn_workspace_read(&c.db, c.ws, err)) < 0)
		goto out;
	c.r->is_chained = bn_authority_is_founded(c.db);
	if ((rc = check_log(&c, err)) < 0)
		goto out;
	if ((rc = check_authority(&c, err)) < 0)
		goto out;
	if ((rc = check_newer(&c, err)) < 0)
		goto out;
	if ((rc = check_objects(&c, err)) < 0)
		goto out;
	rc = bn_sql_failed(c.db, err);
out:
	bn_live_free(c.live);
	bn_copy_left_out_release(&c.apart);
	bn_object_faults_release(&c.objects);
	if (c.ws)
		bn_workspace_close(c.ws);
	if (rc < 0)
		bn_audit_report_free(c.r);
	else
		*out = c.r;
	return rc;
}
