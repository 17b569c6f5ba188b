/* suites.c - see suites.h: events of class "suite", their rows, and reading them. */
#include "core/data/suites.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/base/str.h"
#include "core/data/dataset.h"
#include "core/govern/rights.h"
#include "core/store/index/fold.h"
#include "core/store/index/ref.h"
#include "core/store/object/object.h"

#include <string.h>

/* ---- fold ----------------------------------------------------------------------------------- */

enum { ATTACHED, DETACHED };
static const bn_fold_kind kinds[] = {
	[ATTACHED] = {"suite.attached", .fields = BN_FIELDS("name", "suite", "policy")},
	[DETACHED] = {"suite.detached", .fields = BN_FIELDS("name")},
	{0},
};

static const char *entity_dataset(const char *entity)
{
	return entity + strlen("suite/");
}

/* What is malformed, or NULL. */
static const char *fault(const bn_event *ev)
{
	const char *name = bn_json_str(ev->payload, "name", "");
	const char *hash = bn_json_str(ev->payload, "suite", "");
	const char *policy = bn_json_str(ev->payload, "policy", "");
	if (!bn_name_is_valid(entity_dataset(ev->entity)))
		return "not the name of a dataset";
	if (!bn_name_is_valid(name))
		return "needs a name";
	if (ev->kind_no == DETACHED)
		return NULL;
	if (strlen(hash) != 64 || !bn_is_hex(hash))
		return "needs a suite";
	return strcmp(policy, "warn") != 0 && strcmp(policy, "require") != 0 ? "needs a policy"
									     : NULL;
}

static int suite_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	const char *why = fault(ev), *dataset = entity_dataset(ev->entity);
	const char *name = bn_json_str(ev->payload, "name", NULL);
	const char *hash = bn_json_str(ev->payload, "suite", NULL);
	int rc;
	if (why) {
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why);
		return 0;
	}
	if ((rc = bn_rights_admits(f, ev, BN_ACT_TAG, err)) <= 0)
		return rc;
	if (ev->kind_no == DETACHED)
		return bn_sql_run(db, err,
			"DELETE FROM suite_attached WHERE dataset = ? AND name = ?", "ss", dataset,
			name);
	if ((rc = bn_fold_object_ref(f, hash, "suite", err)) < 0)
		return rc;
	return bn_sql_run(db, err, "REPLACE INTO suite_attached VALUES (?, ?, ?, ?, ?, ?)",
		"sssiii", dataset, name, hash,
		(int64_t)!strcmp(bn_json_str(ev->payload, "policy", ""), "require"),
		bn_event_time_ms(ev), (int64_t)ev->uid);
}

static int suite_clear(bn_fold *f, const char *entity, bn_err *err)
{
	return bn_sql_run(bn_fold_db(f), err, "DELETE FROM suite_attached WHERE dataset = ?", "s",
		entity_dataset(entity));
}

/* Only suites that are attached keep their objects; checks that were made keep theirs. */
static const bn_fold_gone gone[] = {{"object_ref", "entity GLOB 'suite/*'"}, {NULL, NULL}};

const bn_fold_class bn_suite_class = {
	.name = "suite",
	.kinds = kinds,
	.schema = "share/sql/0010_data.sql",
	.gone = gone,
	.apply = suite_apply,
	.clear = suite_clear,
};

/* ---- reading -------------------------------------------------------------------------------- */

static int read_row(bn_suite_attached *a, sqlite3_stmt *st, bn_err *err)
{
	*a = (bn_suite_attached){.dataset = bn_sql_text(st, 0),
		.name = bn_sql_text(st, 1),
		.required = sqlite3_column_int(st, 3) != 0,
		.attached_ms = sqlite3_column_int64(st, 4),
		.user = bn_sql_text(st, 5)};
	snprintf(a->hash, sizeof a->hash, "%s", (const char *)sqlite3_column_text(st, 2));
	return a->dataset && a->name && a->user ? 0 : bn_err_nomem(err, "suites");
}

int bn_suites_load(bn_suites *out, bn_workspace *ws, const char *dataset, bn_err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int rc;
	*out = (bn_suites){NULL, 0};
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT dataset, name, suite, required, attached_ms, bn_user(uid) "
			 "FROM suite_attached WHERE ?1 IS NULL OR dataset = ?1 ORDER BY 1, 2",
			 "s", dataset)) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&out->items, &cap, out->count + 1, sizeof *out->items)) {
			rc = bn_err_nomem(err, "suites");
			break;
		}
		if ((rc = read_row(&out->items[out->count++], st, err)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

void bn_suites_release(bn_suites *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->items[i].dataset);
		bn_free(l->items[i].name);
		bn_free(l->items[i].user);
	}
	bn_free(l->items);
	*l = (bn_suites){NULL, 0};
}

const bn_suite_attached *bn_suites_find(const bn_suites *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->items[i].name, name))
			return &l->items[i];
	return NULL;
}

int bn_suite_attached_read(
	bn_suite **out, bn_workspace *ws, const bn_suite_attached *a, bn_err *err)
{
	json_t *doc = NULL;
	int rc = bn_object_load_json(&doc, ws, a->hash, err);
	if (rc >= 0)
		rc = bn_suite_from_json(out, doc, a->name, err);
	if (rc < 0)
		bn_err_prefix(err, "suite '%s' of %s", a->name, a->dataset);
	json_decref(doc);
	return rc;
}

/* ---- changing ------------------------------------------------------------------------------- */

static int append(bn_workspace *ws, const char *kind, const char *dataset, const json_t *payload,
	bn_err *err)
{
	char *entity = bn_strf("suite/%s", dataset);
	int rc = entity && payload ? bn_rights_append(ws, 1, kind, entity, payload, err)
				   : bn_err_nomem(err, "an event");
	if (rc >= 0)
		rc = bn_workspace_sync(ws, err);
	bn_free(entity);
	return rc;
}

static int need_shared(bn_workspace *ws, const char *dataset, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_dataset_resolve(&v, ws, dataset, BN_DATASET_REMOVED_TOO, &why);
	if (rc == BN_ENOTFOUND)
		return 0;
	if (rc < 0)
		return bn_err_move(err, &why);
	if (v->is_private) {
		rc = bn_err_set(err, BN_EREFUSED,
			"%s is private, and everybody can read a suite that is attached", dataset);
		bn_err_hint(err, "--shared attaches it nevertheless: it may name values of the data");
	}
	bn_dataset_version_free(v);
	return rc;
}

int bn_suite_attach(bn_workspace *ws, const char *dataset, const bn_suite *suite, const char *name,
	bool required, bool shared, bn_err *err)
{
	char hash[65];
	bn_object_store *to = NULL;
	json_t *doc = NULL, *payload = NULL;
	int rc;
	name = name ? name : suite->name;
	if (!bn_name_is_valid(name)) {
		bn_err_set(err, BN_EINVAL, "'%.100s' cannot be the name of a suite", name);
		bn_err_hint(err, "--name NAME: letters, digits, '_', '.', '-'; at most 128");
		return BN_EINVAL;
	}
	if ((rc = bn_dataset_check_name(dataset, err)) < 0 ||
		(rc = bn_rights_may(ws, BN_ACT_TAG, err)) < 0 ||
		(rc = shared ? 0 : need_shared(ws, dataset, err)) < 0 ||
		(rc = bn_suite_to_json(&doc, suite, err)) < 0)
		goto out;
	if (json_object_set_new(doc, "name", json_string(name))) {
		rc = bn_err_nomem(err, "a suite");
		goto out;
	}
	if ((rc = bn_workspace_objects(&to, ws, err)) < 0 ||
		(rc = bn_object_put_json_in(to, doc, hash, err)) < 0)
		goto out;
	payload = json_pack("{s:s, s:s, s:s}", "name", name, "suite", hash, "policy",
		required ? "require" : "warn");
	rc = append(ws, "suite.attached", dataset, payload, err);
out:
	json_decref(payload);
	json_decref(doc);
	return rc;
}

int bn_suite_detach(bn_workspace *ws, const char *dataset, const char *name, bn_err *err)
{
	bn_suites l;
	json_t *payload = NULL;
	bn_nearest near = bn_nearest_to(name, BN_NEAREST_CLOSE);
	int rc = bn_suites_load(&l, ws, dataset, err);
	if (rc < 0)
		goto out;
	if (!bn_suites_find(&l, name)) {
		rc = bn_err_set(err, BN_ENOTFOUND, "%s has no suite '%.100s'", dataset, name);
		for (size_t i = 0; i < l.count; i++)
			bn_nearest_offer(&near, l.items[i].name);
		bn_nearest_hint(&near, err);
		goto out;
	}
	if ((rc = bn_rights_may(ws, BN_ACT_TAG, err)) < 0)
		goto out;
	payload = json_pack("{s:s}", "name", name);
	rc = append(ws, "suite.detached", dataset, payload, err);
out:
	json_decref(payload);
	bn_suites_release(&l);
	return rc;
}
