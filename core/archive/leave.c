/* leave.c - see _archive.h: which versions of datasets may leave in an archive, and what belongs to a model. */
#include "core/archive/_archive.h"
#include "core/base/json.h"
#include "core/data/protect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int bn_gather_leave_out(bn_gather *g, bn_err *err, const char *fmt, ...)
{
	char words[400];
	va_list ap;
	bn_names *to = &g->report->left_out;
	if (to->count > BN_ARCHIVE_WORDS_MAX)
		return 0;
	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	if (to->count == BN_ARCHIVE_WORDS_MAX)
		snprintf(words, sizeof words, "and more, which are not listed");
	return bn_names_add(to, words) ? bn_err_nomem(err, "a report") : 0;
}

/* The hashes that name a version's bytes and what was found in them. */
static int add_hashes(bn_names *to, const bn_dataset_version *v, bn_err *err)
{
	const char *const hashes[] = {v->hash, v->profile_hash, v->check_suite, v->check_result};
	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
		if (hashes[i][0] && bn_names_add(to, hashes[i]))
			return bn_err_nomem(err, "a list of objects");
	return 0;
}

/* 0, or why the version stays: BN_EREFUSED. */
static int may_go(bn_gather *g, const bn_dataset_version *v, bn_err *err)
{
	char name[192];
	int rc = bn_dataset_need_rows(g->ws, v, err);
	if (rc < 0)
		return rc;
	if (v->is_private && !g->o->private_too) {
		bn_err_set(err, BN_EREFUSED, "%s can be read by you alone",
			bn_dataset_version_name(v, name, sizeof name));
		bn_err_hint(err, "--private-too, if only you will have the archive");
		return BN_EREFUSED;
	}
	return bn_protect_may_leave(g->ws, v, BN_PROTECT_EXPORT, err);
}

/* Of a version that goes: personal data needs a reason. */
static int check_personal(bn_gather *g, const bn_dataset_version *v, bn_err *err)
{
	char name[192];
	bn_protection p = BN_PROTECTION_INIT;
	int rc = bn_protection_of(&p, g->ws, v, err);
	bool is_personal = rc >= 0 && (p.level >= BN_CLASS_PERSONAL || p.personal_count);
	bn_protection_release(&p);
	if (!is_personal)
		return rc;
	g->is_personal = true;
	if (g->o->reason && g->o->reason[0])
		return 0;
	bn_err_set(err, BN_EREFUSED, "%s holds personal data",
		bn_dataset_version_name(v, name, sizeof name));
	bn_err_hint(err, "--reason WHY exports it; who did, and why, is recorded");
	return BN_EREFUSED;
}

/* ---- the whole workspace -------------------------------------------------------------------- */

static int one_of_all(bn_gather *g, const bn_dataset_version *v, bn_err *err)
{
	char name[192];
	bn_err why = BN_ERR_INIT;
	int rc = may_go(g, v, &why);
	if (rc >= 0)
		return check_personal(g, v, err);
	if (rc != BN_EREFUSED)
		return bn_err_move(err, &why);
	if ((rc = bn_gather_leave_out(g, err, "dataset %s: %s",
		     bn_dataset_version_name(v, name, sizeof name), why.msg)) < 0)
		return rc;
	return v->is_private ? 0 : add_hashes(&g->held_roots, v, err);
}

static int all_datasets(bn_gather *g, bn_err *err)
{
	bn_dataset_versions *all = NULL;
	int rc = bn_dataset_versions_load(&all, g->ws, NULL, BN_DATASET_LIVE, err);
	for (size_t i = 0; rc >= 0 && i < all->count; i++)
		rc = one_of_all(g, all->items[i], err);
	bn_dataset_versions_free(all);
	return rc;
}

/* ---- one model ------------------------------------------------------------------------------- */

/* Versions that are still to be looked at, each once. */
typedef struct queue {
	bn_names refs; /* "NAME@sha256:HASH" */
	size_t at;
} queue;

static int enqueue(queue *q, const char *name, const char *hash, bn_err *err)
{
	char *ref = bn_strf("%s@sha256:%s", name, hash);
	int rc = ref ? 0 : bn_err_nomem(err, "a name");
	for (size_t i = 0; rc >= 0 && i < q->refs.count; i++)
		if (!strcmp(q->refs.items[i], ref))
			goto out;
	if (rc >= 0 && bn_names_add(&q->refs, ref))
		rc = bn_err_nomem(err, "a name");
out:
	bn_free(ref);
	return rc;
}

static int one_of_model(bn_gather *g, queue *q, const char *ref, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_dataset_resolve(&v, g->ws, ref, BN_DATASET_LIVE, &why);
	if (rc == BN_ENOTFOUND || rc == BN_EREFUSED) /* removed, or from elsewhere */
		return bn_gather_leave_out(g, err, "dataset %s", why.msg);
	if (rc < 0)
		return bn_err_move(err, &why);
	if ((rc = may_go(g, v, err)) < 0 || (rc = check_personal(g, v, err)) < 0 ||
		(rc = add_hashes(&g->roots, v, err)) < 0)
		goto out;
	for (size_t i = 0; i < v->parent_count && rc >= 0; i++)
		if (v->parents[i].version > 0)
			rc = enqueue(q, v->parents[i].name, v->parents[i].hash, err);
out:
	bn_dataset_version_free(v);
	return rc;
}

static int model_datasets(bn_gather *g, bn_err *err)
{
	queue q = {.refs = BN_NAMES_INIT};
	int rc = 0;
	for (size_t i = 0; i < json_array_size(g->model->data) && rc >= 0; i++) {
		const json_t *d = json_array_get(g->model->data, i);
		const char *name = bn_json_str(d, "name", NULL);
		const char *hash = bn_json_str(d, "digest", NULL);
		if (name && hash)
			rc = enqueue(&q, name, hash, err);
	}
	while (rc >= 0 && q.at < q.refs.count)
		rc = one_of_model(g, &q, q.refs.items[q.at++], err);
	bn_names_release(&q.refs);
	return rc;
}

int bn_gather_datasets(bn_gather *g, bn_err *err)
{
	return g->model ? model_datasets(g, err) : all_datasets(g, err);
}
