/* protect.c - see protect.h: what holds for a version, and changing it. Masks are in protect_mask.c. */
#include "core/data/protect.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/base/str.h"
#include "core/data/_dataset.h"
#include "core/data/_protect.h"
#include "core/govern/rights.h"
#include "core/store/index/fold.h"
#include "core/table/expr/expr.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const class_names[BN_CLASS_COUNT] = {
	"unknown", "public", "internal", "personal", "restricted"};

const char *bn_data_class_name(bn_data_class c)
{
	return class_names[c];
}

int bn_data_class_parse(bn_data_class *out, const char *name, bn_err *err)
{
	for (int c = BN_CLASS_PUBLIC; c < BN_CLASS_COUNT; c++)
		if (!strcmp(class_names[c], name)) {
			*out = (bn_data_class)c;
			return 0;
		}
	return bn_err_set(err, BN_EINVAL, "a class is public, internal, personal or restricted, not '%.60s'", name);
}

static void names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bn_free(names[i]);
	bn_free(names);
}

void bn_protection_release(bn_protection *p)
{
	bn_free(p->level_from);
	bn_free(p->owner);
	bn_free(p->licence);
	bn_free(p->purpose);
	bn_free(p->user);
	names_free(p->personal, p->personal_count);
	names_free(p->remotes, p->remote_count);
	*p = (bn_protection)BN_PROTECTION_INIT;
}

bool bn_protection_marks(const bn_protection *p, const char *column)
{
	for (size_t i = 0; i < p->personal_count; i++)
		if (!strcmp(p->personal[i], column))
			return true;
	return false;
}

/* ---- reading a state ------------------------------------------------------------------------- */

static int add_mark(bn_protection *p, const char *column, bn_err *err)
{
	if (bn_protection_marks(p, column))
		return 0;
	size_t cap = p->personal_count; /* grown by one: marks are few */
	char *copy = bn_strdup(column);
	if (!copy || bn_grow(&p->personal, &cap, p->personal_count + 1, sizeof *p->personal)) {
		bn_free(copy);
		return bn_err_nomem(err, "a dataset's protection");
	}
	p->personal[p->personal_count++] = copy;
	return 0;
}

static int copy_text(char **out, const json_t *state, const char *key, bn_err *err)
{
	const char *text = bn_json_str(state, key, NULL);
	if (!text || !text[0])
		return 0;
	bn_free(*out);
	*out = bn_strdup(text);
	return *out ? 0 : bn_err_nomem(err, "a dataset's protection");
}

/* Reads a state (table protection) into *out, in addition to the marks that it has. */
static int state_read(bn_protection *out, const json_t *state, bn_err *err)
{
	const json_t *marks = json_object_get(state, "personal"), *remotes = json_object_get(state, "remotes");
	const char *level = bn_json_str(state, "class", NULL);
	size_t n = json_array_size(remotes);
	int rc;
	if ((level && (rc = bn_data_class_parse(&out->level, level, err)) < 0) ||
		(rc = copy_text(&out->owner, state, "owner", err)) < 0 ||
		(rc = copy_text(&out->licence, state, "licence", err)) < 0 ||
		(rc = copy_text(&out->purpose, state, "purpose", err)) < 0)
		return rc;
	out->keep_days = bn_json_int(state, "keep_days", 0);
	for (size_t i = 0; i < json_array_size(marks); i++)
		if ((rc = add_mark(out, json_string_value(json_array_get(marks, i)), err)) < 0)
			return rc;
	if (n && !(out->remotes = bn_alloc_zeroed(n, sizeof *out->remotes)))
		return bn_err_nomem(err, "a dataset's protection");
	for (; out->remote_count < n; out->remote_count++) {
		const char *name = json_string_value(json_array_get(remotes, out->remote_count));
		if (!(out->remotes[out->remote_count] = bn_strdup(name)))
			return bn_err_nomem(err, "a dataset's protection");
	}
	return 0;
}

static int read_name(bn_protection *out, sqlite3 *db, const char *name, bn_err *err)
{
	json_t *state = NULL;
	int rc = bn_protection_state(&state, db, name, err);
	rc = rc < 0 ? rc : state_read(out, state, err);
	json_decref(state);
	return rc;
}

static int read_setter(bn_protection *out, sqlite3 *db, const char *name, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT at_ms, bn_user(uid) FROM protection WHERE name = ? ORDER BY number DESC LIMIT 1",
		"s", name);
	if (rc < 0 || (rc = bn_sql_step(st, err)) <= 0)
		goto out;
	rc = 0;
	out->set_ms = sqlite3_column_int64(st, 0);
	out->user = bn_sql_text(st, 1);
out:
	sqlite3_finalize(st);
	return rc;
}

int bn_protection_of_name(bn_protection *out, bn_workspace *ws, const char *name, bn_err *err)
{
	sqlite3 *db;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 || (rc = read_name(out, db, name, err)) < 0)
		return rc;
	return read_setter(out, db, name, err);
}

/* ---- along the lineage ----------------------------------------------------------------------- */

enum { DEPTH_MOST = 200, STEPS_MOST = 20000 };

typedef struct walk {
	sqlite3 *db;
	size_t steps;
} walk;

static bool is_word(unsigned char c)
{
	return isalnum(c) || c == '_' || c == '.' || c >= 0x80;
}

/* Whether the canonical text of an expression names the column; a text in quotes that equals it counts too. */
static bool names_column(const char *expr, const char *column)
{
	size_t n = strlen(column);
	bn_buf quoted = BN_BUF_INIT;
	bn_expr_put_quoted(&quoted, column, n, '`');
	bool found = quoted.failed || strstr(expr, quoted.len ? quoted.ptr : "`");
	bn_buf_release(&quoted);
	for (const char *at = expr; n && !found && (at = strstr(at, column)); at++)
		found = (at == expr || !is_word((unsigned char)at[-1])) && !is_word((unsigned char)at[n]);
	return found;
}

/* What is found on the way up: `gone` has the columns that were pseudonymised below. */
typedef struct found {
	bn_protection *out, gone;
} found;

static int found_mark(found *m, const char *column, bn_err *err)
{
	return bn_protection_marks(&m->gone, column) ? 0 : add_mark(m->out, column, err);
}

/* The recipe's computed columns whose expressions name one that is marked in the source; a computed column takes the name
 * of one that it replaces. */
static int add_computed(found *m, const bn_protection *of_source, const json_t *recipe, bn_err *err)
{
	const json_t *columns = json_object_get(recipe, "columns");
	for (size_t i = 0; i < json_array_size(columns); i++) {
		const json_t *c = json_array_get(columns, i);
		const char *name = bn_json_str(c, "name", ""), *expr = bn_json_str(c, "expr", "");
		for (size_t k = 0; k < of_source->personal_count; k++)
			if (names_column(expr, of_source->personal[k])) {
				int rc = found_mark(m, name, err);
				if (rc < 0)
					return rc;
				break;
			}
	}
	return 0;
}

static int walk_marks(walk *w, bn_protection *out, const char *name, int64_t version, int depth, bn_err *err);

static int add_parent(walk *w, found *m, const json_t *recipe, const char *name, int64_t version,
	int depth, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	int rc = walk_marks(w, &p, name, version, depth + 1, err);
	for (size_t i = 0; rc >= 0 && i < p.personal_count; i++)
		rc = found_mark(m, p.personal[i], err);
	rc = rc < 0 ? rc : add_computed(m, &p, recipe, err);
	bn_protection_release(&p);
	return rc;
}

/* The parents of a version that are versions; *chain: the number of one of the same dataset from which it was only
 * extended, so that long rows of appends need no recursion. */
static int walk_parents(walk *w, found *m, const char *name, int64_t version, const json_t *recipe,
	int64_t *chain, int depth, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bool computes = json_array_size(json_object_get(recipe, "columns")) > 0;
	int rc = bn_sql_prepare(&st, w->db, err,
		"SELECT parent_name, parent_version FROM dataset_parent WHERE name = ? AND version = ? AND "
		"parent_version > 0 ORDER BY position",
		"si", name, version);
	*chain = 0;
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		char *parent = bn_sql_text(st, 0);
		int64_t number = sqlite3_column_int64(st, 1);
		if (!parent)
			rc = bn_err_nomem(err, "a dataset's protection");
		else if (!computes && !*chain && !strcmp(parent, name) && number < version)
			*chain = number;
		else
			rc = add_parent(w, m, recipe, parent, number, depth, err);
		bn_free(parent);
	}
	sqlite3_finalize(st);
	return rc;
}

static int load_recipe(json_t **out, sqlite3 *db, const char *name, int64_t version, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT recipe FROM dataset_version WHERE name = ? AND version = ?", "si", name, version);
	*out = NULL;
	if (rc < 0 || (rc = bn_sql_step(st, err)) <= 0)
		goto out;
	const char *text = (const char *)sqlite3_column_text(st, 0);
	*out = text ? json_loads(text, 0, NULL) : NULL;
	rc = 0;
out:
	sqlite3_finalize(st);
	return rc;
}

/* Its own marks, those of its parents, and the next step. */
static int walk_step(walk *w, found *m, const char *name, int64_t version, int64_t *chain, int depth, bn_err *err)
{
	bn_protection own = BN_PROTECTION_INIT;
	json_t *recipe = NULL;
	int rc = load_recipe(&recipe, w->db, name, version, err);
	const json_t *gone = json_object_get(json_object_get(recipe, "pseudonymise"), "columns");
	for (size_t i = 0; rc >= 0 && i < json_array_size(gone); i++)
		if (json_is_string(json_array_get(gone, i)))
			rc = add_mark(&m->gone, json_string_value(json_array_get(gone, i)), err);
	rc = rc < 0 ? rc : read_name(&own, w->db, name, err);
	for (size_t i = 0; rc >= 0 && i < own.personal_count; i++)
		rc = found_mark(m, own.personal[i], err);
	rc = rc < 0 ? rc : walk_parents(w, m, name, version, recipe, chain, depth, err);
	bn_protection_release(&own);
	json_decref(recipe);
	return rc;
}

static int walk_marks(walk *w, bn_protection *out, const char *name, int64_t version, int depth, bn_err *err)
{
	found m = {.out = out, .gone = BN_PROTECTION_INIT};
	int rc = 0;
	if (depth > DEPTH_MOST)
		return bn_err_set(err, BN_EUNSUPPORTED, "%s@v%lld is derived more than %d times over", name,
			(long long)version, DEPTH_MOST);
	while (version > 0 && rc >= 0) {
		int64_t chain = 0;
		if (++w->steps > STEPS_MOST)
			rc = bn_err_set(err, BN_EUNSUPPORTED, "the lineage of %s has more than %d versions", name,
				STEPS_MOST);
		else
			rc = walk_step(w, &m, name, version, &chain, depth, err);
		version = chain;
	}
	bn_protection_release(&m.gone);
	return rc;
}

/* The strictest class and the shortest retention of the datasets that it is made from. */
static int inherit(bn_protection *out, sqlite3 *db, const bn_dataset_version *v, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"WITH RECURSIVE up(name, version) AS (SELECT ?1, ?2 UNION SELECT parent_name, "
		"parent_version FROM dataset_parent p JOIN up ON p.name = up.name AND p.version = "
		"up.version WHERE parent_version > 0) SELECT DISTINCT name FROM up WHERE name <> ?1 ORDER BY name",
		"si", v->name, v->version);
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		bn_protection p = BN_PROTECTION_INIT;
		char *name = bn_sql_text(st, 0);
		rc = name ? read_name(&p, db, name, err) : bn_err_nomem(err, "a name");
		if (rc >= 0 && p.level > out->level) {
			out->level = p.level;
			bn_free(out->level_from);
			out->level_from = name;
			name = NULL;
		}
		if (rc >= 0 && p.keep_days && (!out->keep_days || p.keep_days < out->keep_days))
			out->keep_days = p.keep_days;
		bn_free(name);
		bn_protection_release(&p);
	}
	sqlite3_finalize(st);
	return rc;
}

int bn_protection_of(bn_protection *out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	bn_protection marks = BN_PROTECTION_INIT;
	walk w = {.db = NULL};
	int rc;
	if ((rc = bn_protection_of_name(out, ws, v->name, err)) < 0)
		return rc;
	w.db = bn_workspace_index(ws);
	if (!bn_sql_int(w.db, 0, "SELECT EXISTS (SELECT 1 FROM protection)", ""))
		return bn_sql_failed(w.db, err);
	if ((rc = inherit(out, w.db, v, err)) < 0 ||
		(rc = walk_marks(&w, &marks, v->name, v->version, 0, err)) < 0)
		goto out;
	names_free(out->personal, out->personal_count);
	out->personal = marks.personal;
	out->personal_count = marks.personal_count;
	marks.personal = NULL;
	marks.personal_count = 0;
out:
	bn_protection_release(&marks);
	return rc;
}

/* ---- proposals ------------------------------------------------------------------------------- */

bool bn_column_may_be_personal(const char *name)
{
	static const char *const words[] = {"user", "users", "username", "uid", "userid", "login", "account",
		"acct", "email", "mail", "host", "hostname", "ip", "address", "phone", "name", "surname",
		"firstname", "lastname", "person", "owner", "submitter", "birthday", "birthdate", "ssn", "orcid"};
	for (const char *s = name; *s;) {
		size_t n = 0;
		while (isalnum((unsigned char)s[n]))
			n++;
		for (size_t i = 0; n && i < sizeof words / sizeof *words; i++)
			if (strlen(words[i]) == n && !strncasecmp(words[i], s, n))
				return true;
		s += n ? n : 1;
	}
	return false;
}

/* ---- change ---------------------------------------------------------------------------------- */

static int put_names(json_t *o, const char *key, const char *const *names, size_t n, bn_err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < n; i++)
		json_array_append_new(list, json_string(names[i]));
	if (list && json_array_size(list) == n && !json_object_set_new(o, key, list))
		return 0;
	return bn_err_set(err, BN_EINVAL, "%s: a name is not UTF-8", key);
}

static int change_json(json_t **out, const bn_protect_change *c, bn_err *err)
{
	json_t *o = json_pack("{s:s*, s:s*, s:s*, s:s*, s:s*}", "class", c->level, "owner", c->owner, "licence",
		c->licence, "purpose", c->purpose, "reason", c->reason);
	int rc = o ? 0 : bn_err_set(err, BN_EINVAL, "a text is not UTF-8");
	if (o && c->keep_days >= 0)
		json_object_set_new(o, "keep_days", json_integer(c->keep_days));
	if (rc >= 0 && c->personal_count)
		rc = put_names(o, "personal", c->personal, c->personal_count, err);
	if (rc >= 0 && c->cleared_count)
		rc = put_names(o, "cleared", c->cleared, c->cleared_count, err);
	if (rc >= 0 && (c->remote_count || c->no_remotes))
		rc = put_names(o, "remotes", c->remotes, c->remote_count, err);
	if (rc < 0)
		json_decref(o);
	else
		*out = o;
	return rc;
}

/* Each column must be in the newest version: a misspelled mark protects nothing. */
static int check_columns(bn_workspace *ws, const char *name, const bn_protect_change *c, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	size_t at;
	int rc = bn_dataset_resolve(&v, ws, name, BN_DATASET_LIVE, err);
	if (rc < 0 || !c->personal_count || (rc = bn_dataset_open_whole(&table, ws, v, NULL, err)) < 0)
		goto out;
	for (size_t i = 0; i < c->personal_count; i++)
		if ((rc = bn_schema_need(bn_table_schema(table), c->personal[i], &at, err)) < 0)
			goto out;
out:
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	return rc;
}

/* Only what is marked can be cleared. */
static int check_cleared(const json_t *state, const bn_protect_change *c, const char *name, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	int rc = state_read(&p, state, err);
	for (size_t i = 0; rc >= 0 && i < c->cleared_count; i++) {
		if (bn_protection_marks(&p, c->cleared[i]))
			continue;
		bn_nearest near = bn_nearest_to(c->cleared[i], BN_NEAREST_CLOSE);
		for (size_t k = 0; k < p.personal_count; k++)
			bn_nearest_offer(&near, p.personal[k]);
		rc = bn_err_set(err, BN_ENOTFOUND, "column '%s' is not marked in %s itself", c->cleared[i], name);
		bn_nearest_hint(&near, err);
	}
	bn_protection_release(&p);
	return rc;
}

int bn_protect_set(bn_workspace *ws, const char *name, const bn_protect_change *c, bn_err *err)
{
	json_t *change = NULL, *state = NULL, *after = NULL;
	char *entity = bn_strf("protection/%s", name);
	const char *fault;
	bool weaker = false;
	int rc;
	if (!entity)
		return bn_err_nomem(err, "an event");
	if ((rc = bn_dataset_check_name(name, err)) < 0 || (rc = change_json(&change, c, err)) < 0)
		goto out;
	if ((fault = bn_protection_fault(change))) {
		rc = bn_err_set(err, BN_EINVAL, "%s", fault);
		goto out;
	}
	if ((rc = check_columns(ws, name, c, err)) < 0 ||
		(rc = bn_protection_state(&state, bn_workspace_index(ws), name, err)) < 0 ||
		(rc = check_cleared(state, c, name, err)) < 0)
		goto out;
	if (!(after = bn_protection_after(state, change, &weaker))) {
		rc = bn_err_nomem(err, "a dataset's protection");
		goto out;
	}
	if ((rc = bn_rights_may(ws, BN_ACT_TAG, err)) < 0)
		goto out;
	if (weaker && (rc = bn_rights_may(ws, BN_ACT_REMOVE, err)) < 0) {
		bn_err_prefix(err, "this makes the protection of %s weaker", name);
		goto out;
	}
	if ((rc = bn_rights_append(ws, 1, "protection.set", entity, change, err)) >= 0)
		rc = bn_workspace_sync(ws, err);
out:
	json_decref(change);
	json_decref(state);
	json_decref(after);
	bn_free(entity);
	return rc;
}

/* ---- history --------------------------------------------------------------------------------- */

void bn_protect_history_release(bn_protect_history *h)
{
	for (size_t i = 0; i < h->count; i++) {
		bn_free(h->items[i].user);
		bn_free(h->items[i].what);
		bn_free(h->items[i].reason);
	}
	bn_free(h->items);
	*h = (bn_protect_history){NULL, 0};
}

int bn_protect_history_load(bn_protect_history *out, bn_workspace *ws, const char *name, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db;
	size_t cap = 0;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0)
		return rc;
	rc = bn_sql_prepare(&st, db, err,
		"SELECT at_ms, 0, bn_user(uid), change, reason, number FROM protection WHERE name = ?1 UNION ALL "
		"SELECT at_ms, version, bn_user(uid), change, reason, number FROM protection_unmasked WHERE name = ?1 "
		"ORDER BY 1 DESC, 6 DESC",
		"s", name);
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&out->items, &cap, out->count + 1, sizeof *out->items)) {
			rc = bn_err_nomem(err, "a history");
			break;
		}
		out->items[out->count++] = (bn_protect_entry){.at_ms = sqlite3_column_int64(st, 0),
			.version = sqlite3_column_int64(st, 1),
			.user = bn_sql_text(st, 2),
			.what = bn_sql_text(st, 3),
			.reason = bn_sql_text(st, 4)};
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : bn_sql_failed(db, err);
}

/* ---- leaving --------------------------------------------------------------------------------- */

static bool is_allowed(const bn_protection *p, const char *remote)
{
	for (size_t i = 0; i < p->remote_count; i++)
		if (!strcmp(p->remotes[i], remote))
			return true;
	return false;
}

int bn_protect_may_leave(bn_workspace *ws, const bn_dataset_version *v, const char *remote, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db;
	char ref[192], where[192] = "into an archive";
	int rc;
	if (strcmp(remote, BN_PROTECT_EXPORT) != 0)
		snprintf(where, sizeof where, "to remote '%.150s'", remote);
	if ((rc = bn_workspace_read(&db, ws, err)) < 0)
		return rc;
	rc = bn_sql_prepare(&st, db, err,
		"WITH RECURSIVE up(name, version) AS (SELECT ?1, ?2 UNION SELECT parent_name, "
		"parent_version FROM dataset_parent p JOIN up ON p.name = up.name AND p.version = "
		"up.version WHERE parent_version > 0) SELECT DISTINCT name FROM up ORDER BY name <> ?1, name",
		"si", v->name, v->version);
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		bn_protection p = BN_PROTECTION_INIT;
		char *name = bn_sql_text(st, 0);
		rc = name ? read_name(&p, db, name, err) : bn_err_nomem(err, "a name");
		if (rc >= 0 && p.level == BN_CLASS_RESTRICTED && !is_allowed(&p, remote)) {
			bn_dataset_version_name(v, ref, sizeof ref);
			rc = !strcmp(name, v->name)
				     ? bn_err_set(err, BN_EREFUSED, "%s is restricted, and may not go %s",
					       ref, where)
				     : bn_err_set(err, BN_EREFUSED,
					       "%s is made from %s, which is restricted and may not go %s",
					       ref, name, where);
			bn_err_hint(err, "who may remove data can allow it: binnacle data protect %s --remote %s", name,
				remote);
		}
		bn_free(name);
		bn_protection_release(&p);
	}
	sqlite3_finalize(st);
	return rc;
}
