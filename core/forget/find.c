/* find.c - see forget.h: which versions hold the rows, and what becomes of each. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/forget/_forget.h"
#include "core/govern/rights.h"
#include "core/store/index/fold.h"

#include <stdio.h>
#include <string.h>

const char *bn_forget_fate_name(bn_forget_fate f)
{
	static const char *const names[] = {[BN_FORGET_REPLACED] = "replaced", [BN_FORGET_DROPPED] = "dropped",
		[BN_FORGET_LEFT] = "left"};
	return names[f];
}

bool bn_forget_is_empty(const bn_forget_plan *p)
{
	return !p->object_count && !p->batch_count;
}

void bn_forget_plan_release(bn_forget_plan *p)
{
	for (size_t i = 0; i < p->version_count; i++)
		bn_dataset_version_free(p->versions[i].v);
	for (size_t i = 0; i < p->batch_count; i++)
		bn_free(p->batches[i].model);
	for (size_t i = 0; i < p->note_count; i++) {
		bn_free(p->notes[i].name);
		bn_free(p->notes[i].detail);
	}
	bn_free(p->versions);
	bn_free(p->batches);
	bn_free(p->notes);
	bn_free(p->objects);
	bn_eraser_free(p->eraser);
	memset(p, 0, sizeof *p);
}

int bn_forget_note_add(bn_forget_plan *p, const char *kind, char *name, char *detail, bn_err *err)
{
	if (!name || bn_grow(&p->notes, &p->note_cap, p->note_count + 1, sizeof *p->notes)) {
		bn_free(name);
		bn_free(detail);
		return bn_err_nomem(err, "what is to be forgotten");
	}
	p->notes[p->note_count++] = (bn_forget_note){kind, name, detail};
	return 0;
}

/* ---- which versions -------------------------------------------------------------------------- */

static bn_forget_version *find_version(const bn_forget_plan *p, const char *name, int64_t version)
{
	for (size_t i = 0; i < p->version_count; i++)
		if (p->versions[i].v->version == version && !strcmp(p->versions[i].v->name, name))
			return &p->versions[i];
	return NULL;
}

/* *added NULL: it was forgotten before, or gc has freed it. */
static int add_version(bn_forget_version **added, bn_forget_plan *p, const char *name, int64_t version, bn_err *err)
{
	bn_dataset_version *v = NULL;
	char *ref = bn_strf("%s@v%lld", name, (long long)version);
	int rc = ref ? bn_dataset_resolve(&v, p->ws, ref, BN_DATASET_REMOVED_TOO, err) : bn_err_nomem(err, "a name");
	bn_free(ref);
	*added = NULL;
	if (rc < 0)
		return rc;
	if (v->forgotten || v->bytes_gone ||
		bn_grow(&p->versions, &p->version_cap, p->version_count + 1, sizeof *p->versions)) {
		rc = v->forgotten || v->bytes_gone ? 0 : bn_err_nomem(err, "versions");
		bn_dataset_version_free(v);
		return rc;
	}
	*added = &p->versions[p->version_count++];
	**added = (bn_forget_version){.v = v, .fate = BN_FORGET_LEFT};
	return 0;
}

/* The dataset's, and all that are made from them, parents before children. */
#define FAMILY \
	"WITH RECURSIVE family(name, version) AS (SELECT name, version FROM dataset_version WHERE name = ?1 UNION " \
	"SELECT p.name, p.version FROM dataset_parent p JOIN family f ON p.parent_name = f.name AND " \
	"p.parent_version = f.version) "

static int add_rows(bn_forget_plan *p, const char *sql, bool all, bool *some, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db;
	int rc;
	if ((rc = bn_workspace_read(&db, p->ws, err)) < 0 || (rc = bn_sql_prepare(&st, db, err, sql, "s", p->o->name)) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		bn_forget_version *added = NULL;
		char *name = bn_sql_text(st, 0);
		*some = true;
		rc = name ? 0 : bn_err_nomem(err, "a name");
		if (rc >= 0 && (all || !find_version(p, name, sqlite3_column_int64(st, 1))))
			rc = add_version(&added, p, name, sqlite3_column_int64(st, 1), err);
		bn_free(name);
		if (rc < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

static int find_family(bn_forget_plan *p, bn_err *err)
{
	bool some = false;
	bn_dataset_version *v = NULL;
	int rc = add_rows(p,
		FAMILY "SELECT v.name, v.version FROM family JOIN dataset_version v USING (name, version) ORDER BY "
		       "v.created_ms, v.name, v.version",
		true, &some, err);
	if (rc < 0 || some)
		return rc;
	rc = bn_dataset_resolve(&v, p->ws, p->o->name, BN_DATASET_REMOVED_TOO, err); /* says that there is none */
	bn_dataset_version_free(v);
	return rc;
}

/* ---- searching ------------------------------------------------------------------------------- */

static int scan_version(bn_forget_plan *p, bn_forget_version *x, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_erase_found found = {.searched = false};
	int rc = bn_dataset_need_rows(p->ws, x->v, &why);
	if (rc >= 0)
		rc = bn_eraser_scan(&found, p->eraser, x->v, &why);
	if (rc == BN_EREFUSED || rc == BN_ENOTFOUND || rc == BN_ECORRUPT) {
		snprintf(x->why, sizeof x->why, "%.199s", why.msg);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &why);
	x->is_searched = found.searched;
	x->rows = found.matched;
	if (!found.searched)
		snprintf(x->why, sizeof x->why, "it cannot be searched: %.170s", found.why);
	return 0;
}

static int scan_all(bn_forget_plan *p, bn_err *err)
{
	bool some = false;
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < p->version_count; i++) {
		rc = scan_version(p, &p->versions[i], err);
		some |= p->versions[i].is_searched;
	}
	if (rc < 0)
		return rc;
	if (!some && p->version_count)
		return bn_err_set(err, BN_EINVAL, "no version of %s can be searched: %s", p->o->name, p->versions[0].why);
	return 0;
}

static int stop_at_it(void *ctx, const char *hash, uint64_t bytes, bn_err *err)
{
	(void)hash;
	(void)bytes;
	(void)err;
	*(bool *)ctx = true;
	return 1;
}

static int is_unclean(bool *yes, bn_forget_plan *p, const bn_dataset_version *v, bn_err *err)
{
	*yes = false;
	int rc = bn_eraser_unclean(p->eraser, v, false, stop_at_it, yes, err);
	return rc < 0 ? rc : 0;
}

/* Versions that are made from none of these, but of the same bytes. */
static int find_sharers(bn_forget_plan *p, bn_err *err)
{
	bool some = false;
	size_t kept = p->version_count;
	int rc = add_rows(p, "SELECT name, version FROM dataset_version WHERE ?1 IS NOT NULL ORDER BY name, version",
		false, &some, err);
	for (size_t i = p->version_count, n = i; rc >= 0 && n > kept; n--) {
		bool unclean = false;
		i = n - 1;
		bn_forget_version *x = &p->versions[i];
		if (bn_dataset_need_rows(p->ws, x->v, NULL) == 0)
			(void)is_unclean(&unclean, p, x->v, NULL); /* a manifest that is not here shares nothing */
		if (unclean) {
			rc = scan_version(p, x, err);
			continue;
		}
		bn_dataset_version_free(x->v);
		memmove(x, x + 1, (p->version_count - i - 1) * sizeof *x);
		p->version_count--;
	}
	return rc;
}

/* ---- fates ----------------------------------------------------------------------------------- */

static bool parent_goes(const bn_forget_plan *p, const bn_forget_version *x)
{
	for (size_t i = 0; i < x->v->parent_count; i++) {
		const bn_dataset_parent *up = &x->v->parents[i];
		const bn_forget_version *y = up->version ? find_version(p, up->name, up->version) : NULL;
		if (y && (bn_forget_goes(y) || (!y->is_searched && y->why[0])))
			return true;
	}
	return false;
}

/* An interrupted act made it, from a version that still has to go. */
static bool is_stand_in(const bn_forget_plan *p, const bn_dataset_version *v)
{
	return !strcmp(v->source_kind, "forget") && v->parent_count && find_version(p, v->parents[0].name, v->parents[0].version);
}

static bool is_newest(const bn_forget_plan *p, const bn_forget_version *x)
{
	for (size_t i = 0; i < p->version_count; i++) {
		const bn_dataset_version *v = p->versions[i].v;
		if (!v->removed && !strcmp(v->name, x->v->name) && v->version > x->v->version && !is_stand_in(p, v))
			return false;
	}
	return !x->v->removed;
}

static void drop(bn_forget_version *x, const char *why)
{
	x->fate = BN_FORGET_DROPPED;
	snprintf(x->why, sizeof x->why, "%s", why);
}

static int decide(bn_forget_plan *p, bn_forget_version *x, bn_err *err)
{
	bool unclean = false;
	int rc = x->is_searched ? is_unclean(&unclean, p, x->v, err) : 0;
	if (rc < 0)
		return rc;
	if (!x->is_searched && p->o->derived && parent_goes(p, x) && bn_dataset_need_rows(p->ws, x->v, NULL) == 0) {
		x->rows = (uint64_t)x->v->rows;
		drop(x, "it cannot be searched, and is made from versions that go");
	} else if (!unclean) {
		return 0;
	} else if (x->v->removed) {
		drop(x, "it is removed already");
	} else if (x->rows == (uint64_t)x->v->rows) {
		drop(x, "no row is left");
	} else if (p->o->drop_older && !is_newest(p, x)) {
		drop(x, "it is not the newest");
	} else {
		x->fate = BN_FORGET_REPLACED;
	}
	p->rows += x->rows;
	return 0;
}

/* Versions that neither hold rows nor may: they are of no interest to anybody. */
static void forget_others(bn_forget_plan *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->version_count; i++) {
		bn_forget_version *x = &p->versions[i];
		bool doubt = !bn_forget_goes(x) && !x->is_searched && (parent_goes(p, x) || !strcmp(x->v->name, p->o->name));
		if (bn_forget_goes(x) || doubt)
			p->versions[n++] = *x;
		else
			bn_dataset_version_free(x->v);
	}
	p->version_count = n;
}

/* A stand-in gets the next number: that of an old version must not become the newest one. */
static int refuse_newest(const bn_forget_plan *p, bn_err *err)
{
	for (size_t i = 0; i < p->version_count; i++) {
		const bn_forget_version *x = &p->versions[i];
		bool newest_goes = false;
		for (size_t k = 0; k < p->version_count; k++) {
			const bn_forget_version *y = &p->versions[k];
			newest_goes |= !strcmp(y->v->name, x->v->name) && bn_forget_goes(y) && is_newest(p, y);
		}
		if (x->fate != BN_FORGET_REPLACED || newest_goes)
			continue;
		bn_err_set(err, BN_EINVAL,
			"the newest version of %s has no such rows, but v%lld has: without them it would become the newest",
			x->v->name, (long long)x->v->version);
		bn_err_hint(err, "--drop-older forgets older versions as a whole, the newest one stays as it is");
		return BN_EINVAL;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const bn_dataset_version *x = ((const bn_forget_version *)a)->v, *y = ((const bn_forget_version *)b)->v;
	int c = strcmp(x->name, y->name);
	return c ? c : (x->version > y->version) - (x->version < y->version);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int check_reason(const bn_forget_options *o, bn_err *err)
{
	if (!o->reason)
		return 0;
	if (strlen(o->reason) > BN_FORGET_REASON_MOST)
		return bn_err_set(err, BN_EINVAL, "the reason is longer than %d bytes", BN_FORGET_REASON_MOST);
	for (size_t i = 0; i < o->value_count; i++)
		if (strlen(o->values[i]) > 2 && strstr(o->reason, o->values[i])) {
			bn_err_set(err, BN_EINVAL, "the reason names what is to be forgotten");
			bn_err_hint(err, "it goes into the log, where nothing can be forgotten: a ticket number will do");
			return BN_EINVAL;
		}
	return 0;
}

int bn_forget_find(bn_forget_plan *out, bn_workspace *ws, const bn_forget_options *o, bn_err *err)
{
	int rc;
	*out = (bn_forget_plan){.ws = ws, .o = o};
	const bn_erase_what what = {o->where, o->column, o->values, o->value_count};
	out->what = what;
	if ((rc = check_reason(o, err)) < 0 || (rc = bn_rights_may(ws, BN_ACT_REMOVE, err)) < 0 ||
		(rc = bn_eraser_new(&out->eraser, ws, &out->what, o->progress, err)) < 0 ||
		(rc = find_family(out, err)) < 0 || (rc = scan_all(out, err)) < 0 ||
		(rc = bn_forget_batches_scan(out, err)) < 0 || (rc = bn_eraser_settle(out->eraser, err)) < 0 ||
		(rc = find_sharers(out, err)) < 0 || (rc = bn_eraser_settle(out->eraser, err)) < 0)
		return rc;
	for (size_t i = 0; i < out->version_count; i++)
		if ((rc = decide(out, &out->versions[i], err)) < 0)
			return rc;
	if ((rc = refuse_newest(out, err)) < 0)
		return rc;
	forget_others(out);
	if (out->version_count)
		qsort(out->versions, out->version_count, sizeof *out->versions, by_name);
	if ((rc = bn_forget_batches_decide(out, err)) < 0 || (rc = bn_forget_objects_find(out, err)) < 0 ||
		(rc = bn_forget_notes_find(out, err)) < 0)
		return rc;
	return bn_forget_mentions_find(out, err);
}
