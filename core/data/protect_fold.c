/* protect_fold.c - events of class "protection" become rows (see protect.h). */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/_protect.h"
#include "core/govern/rights.h"
#include "core/store/index/fold.h"

#include <string.h>

/* ---- what a change says ---------------------------------------------------------------------- */

static bool is_text(const json_t *change, const char *key)
{
	const json_t *v = json_object_get(change, key);
	return !v || (json_is_string(v) && json_string_length(v) <= BN_PROTECT_TEXT_MOST &&
			     strlen(json_string_value(v)) == json_string_length(v));
}

static bool is_names(const json_t *change, const char *key, size_t most)
{
	const json_t *v = json_object_get(change, key);
	if (!v)
		return true;
	if (!json_is_array(v) || json_array_size(v) > most)
		return false;
	for (size_t i = 0; i < json_array_size(v); i++)
		if (!json_is_string(json_array_get(v, i)))
			return false;
	return true;
}

const char *bn_protection_fault(const json_t *change)
{
	const json_t *level = json_object_get(change, "class"), *days = json_object_get(change, "keep_days");
	bn_data_class c;
	if (level && (!json_is_string(level) || bn_data_class_parse(&c, json_string_value(level), NULL) < 0))
		return "class is public, internal, personal or restricted";
	if (days && (!json_is_integer(days) || json_integer_value(days) < 0 ||
			    json_integer_value(days) > BN_PROTECT_DAYS_MOST))
		return "keep_days is a number of days";
	if (!is_text(change, "owner") || !is_text(change, "licence") || !is_text(change, "purpose") ||
		!is_text(change, "reason"))
		return "owner, licence, purpose and reason are texts of at most 1000 bytes";
	if (!is_names(change, "personal", BN_PROTECT_COLUMNS_MOST) ||
		!is_names(change, "cleared", BN_PROTECT_COLUMNS_MOST) ||
		!is_names(change, "remotes", BN_PROTECT_REMOTES_MOST))
		return "personal, cleared and remotes are lists of names";
	return NULL;
}

static bool has_name(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!strcmp(json_string_value(json_array_get(list, i)), name))
			return true;
	return false;
}

static int level_of(const json_t *o)
{
	bn_data_class c = BN_CLASS_UNKNOWN;
	const char *name = bn_json_str(o, "class", NULL);
	if (name)
		bn_data_class_parse(&c, name, NULL);
	return (int)c;
}

/* Marks: those before, without the cleared ones, and the new ones. */
static int after_marks(json_t *state, const json_t *change, bool *weaker)
{
	const json_t *before = json_object_get(state, "personal");
	const json_t *cleared = json_object_get(change, "cleared"), *more = json_object_get(change, "personal");
	json_t *list = json_array();
	for (size_t i = 0; i < json_array_size(before); i++) {
		const char *name = json_string_value(json_array_get(before, i));
		if (has_name(cleared, name) && !has_name(more, name))
			*weaker = true;
		else
			json_array_append_new(list, json_string(name));
	}
	for (size_t i = 0; i < json_array_size(more); i++) {
		const char *name = json_string_value(json_array_get(more, i));
		if (!has_name(list, name) && json_array_size(list) < BN_PROTECT_COLUMNS_MOST)
			json_array_append_new(list, json_string(name));
	}
	return list ? json_object_set_new(state, "personal", list) : -1;
}

static bool is_longer(int64_t days, int64_t before)
{
	return before && (!days || days > before);
}

json_t *bn_protection_after(const json_t *state, const json_t *change, bool *weaker)
{
	static const char *const kept[] = {"class", "owner", "licence", "purpose", "keep_days", "remotes"};
	json_t *out = json_deep_copy(state);
	*weaker = false;
	if (!out)
		return NULL;
	if (json_object_get(change, "class") && level_of(change) < level_of(state))
		*weaker = true;
	if (json_object_get(change, "keep_days") &&
		is_longer(bn_json_int(change, "keep_days", 0), bn_json_int(state, "keep_days", 0)))
		*weaker = true;
	const json_t *remotes = json_object_get(change, "remotes");
	for (size_t i = 0; level_of(state) == BN_CLASS_RESTRICTED && i < json_array_size(remotes); i++)
		if (!has_name(json_object_get(state, "remotes"), json_string_value(json_array_get(remotes, i))))
			*weaker = true;
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		json_t *v = json_object_get(change, kept[i]);
		if (v && json_object_set(out, kept[i], v)) {
			json_decref(out);
			return NULL;
		}
	}
	if (after_marks(out, change, weaker)) {
		json_decref(out);
		return NULL;
	}
	return out;
}

int bn_protection_state(json_t **out, sqlite3 *db, const char *name, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT state FROM protection WHERE name = ? ORDER BY number DESC LIMIT 1", "s", name);
	*out = NULL;
	if (rc < 0 || (rc = bn_sql_step(st, err)) < 0)
		goto out;
	*out = rc == 1 ? json_loads((const char *)sqlite3_column_text(st, 0), 0, NULL) : json_object();
	rc = *out ? 0 : bn_err_nomem(err, "a dataset's protection");
out:
	sqlite3_finalize(st);
	return rc;
}

/* ---- the fold -------------------------------------------------------------------------------- */

enum { SET, UNMASKED };

static int invalid(bn_fold *f, const char *why)
{
	bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why);
	return 0;
}

static int apply_set(bn_fold *f, const bn_event *ev, const char *name, const char *change, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	bn_buf text = BN_BUF_INIT;
	json_t *state = NULL, *after = NULL;
	bool weaker = false;
	const char *fault = bn_protection_fault(ev->payload);
	if (fault)
		return invalid(f, fault);
	int rc = bn_protection_state(&state, db, name, err);
	if (rc < 0)
		return rc;
	if (!(after = bn_protection_after(state, ev->payload, &weaker))) {
		rc = bn_err_nomem(err, "a dataset's protection");
		goto out;
	}
	if ((rc = bn_rights_admits(f, ev, BN_ACT_TAG, err)) <= 0 ||
		(weaker && (rc = bn_rights_admits(f, ev, BN_ACT_REMOVE, err)) <= 0) ||
		(rc = bn_json_canonical(after, &text, err)) < 0)
		goto out;
	rc = bn_sql_run(db, err,
		"INSERT INTO protection SELECT ?1, coalesce(max(number), 0) + 1, ?, ?, ?, ?, ? FROM "
		"protection WHERE name = ?1",
		"siisss", name, bn_event_time_ms(ev), (int64_t)ev->uid, change, text.ptr,
		bn_json_str(ev->payload, "reason", NULL));
out:
	bn_buf_release(&text);
	json_decref(state);
	json_decref(after);
	return rc;
}

static int apply_unmasked(bn_fold *f, const bn_event *ev, const char *name, const char *change, bn_err *err)
{
	const char *reason = bn_json_str(ev->payload, "reason", NULL);
	int64_t version = bn_json_int(ev->payload, "version", 0);
	if (version < 1 || !reason || !reason[0] || !is_text(ev->payload, "reason") ||
		!is_names(ev->payload, "columns", BN_PROTECT_COLUMNS_MOST))
		return invalid(f, "needs version, columns and reason");
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO protection_unmasked SELECT ?1, coalesce(max(number), 0) + 1, ?, ?, ?, ?, ? "
		"FROM protection_unmasked WHERE name = ?1",
		"siiiss", name, bn_event_time_ms(ev), (int64_t)ev->uid, version, change, reason);
}

static const bn_fold_kind kinds[] = {
	[SET] = {"protection.set", .fields = BN_FIELDS("class", "owner", "licence", "purpose",
					   "keep_days", "personal", "cleared", "remotes", "reason")},
	[UNMASKED] = {"protection.unmasked", .fields = BN_FIELDS("version", "columns", "reason")},
	{0},
};

static int protect_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const char *name = strchr(ev->entity, '/') + 1; /* the class is not nameless */
	bn_buf change = BN_BUF_INIT;
	int rc;
	if (!bn_name_is_valid(name))
		return invalid(f, "not the name of a dataset");
	if (!ev->payload)
		return invalid(f, "no payload");
	if ((rc = bn_json_canonical(ev->payload, &change, err)) == 0)
		rc = (ev->kind_no == SET ? apply_set : apply_unmasked)(f, ev, name, change.ptr, err);
	bn_buf_release(&change);
	return rc;
}

static int protect_clear(bn_fold *f, const char *entity, bn_err *err)
{
	const char *slash = strchr(entity, '/'), *name = slash ? slash + 1 : "";
	int rc = bn_sql_run(bn_fold_db(f), err, "DELETE FROM protection WHERE name = ?", "s", name);
	return rc ? rc
		  : bn_sql_run(bn_fold_db(f), err,
			    "DELETE FROM protection_unmasked WHERE name = ?", "s", name);
}

const bn_fold_class bn_protect_class = {
	.name = "protection",
	.kinds = kinds,
	.schema = "share/sql/0010_data.sql",
	.apply = protect_apply,
	.clear = protect_clear,
};
