/* remotes.c - see remotes.h: records of remotes, their fold, reading and opening them. */
#include "core/share/remotes.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/nearest.h"
#include "core/base/settings.h"
#include "core/base/str.h"
#include "core/data/protect.h"
#include "core/govern/rights.h"

#include <string.h>

/* ---- fold ----------------------------------------------------------------------------------- */

enum { ADDED, REMOVED };

static const bn_fold_kind kinds[] = {
	[ADDED] = {"remote.added", .fields = BN_FIELDS("url", "endpoint", "region", "style",
					   "allow_http", "anonymous")},
	[REMOVED] = {.name = "remote.removed"},
	{0},
};

static int invalid(bn_fold *f, const char *why)
{
	bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why);
	return 0;
}

/* Absent, or a text that is not too long. */
static bool is_text(const json_t *payload, const char *key)
{
	const json_t *v = json_object_get(payload, key);
	return !v || (json_is_string(v) && json_string_length(v) <= BN_REMOTE_URL_MOST &&
			     strlen(json_string_value(v)) == json_string_length(v));
}

static int apply_added(bn_fold *f, const bn_event *ev, const char *name, bn_err *err)
{
	const json_t *p = ev->payload;
	const char *url = bn_json_str(p, "url", "");
	if (!is_text(p, "url") || !is_text(p, "endpoint") || !is_text(p, "region") ||
		!is_text(p, "style") || bn_remote_url_check(url, NULL) < 0)
		return invalid(f, "needs a URL of a remote");
	int64_t count = bn_sql_int(bn_fold_db(f), 0, "SELECT count(*) FROM remote", "");
	if (count >= BN_REMOTES_MOST)
		return invalid(f, "there are as many remotes as there may be");
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO remote VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", "sssssiiii", name, url,
		bn_json_str(p, "endpoint", NULL), bn_json_str(p, "region", NULL),
		bn_json_str(p, "style", NULL), (int64_t)bn_json_bool(p, "allow_http", false),
		(int64_t)bn_json_bool(p, "anonymous", false), (int64_t)ev->uid,
		bn_event_time_ms(ev));
}

static int apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	const char *name = ev->entity + strlen("remote/");
	if (!bn_name_is_valid(name) || !ev->payload)
		return invalid(f, "not the name of a remote, or no payload");
	int may = bn_rights_admits(f, ev, BN_ACT_TAG, err);
	if (may <= 0)
		return may;
	bool there =
		bn_sql_int(db, 0, "SELECT count(*) FROM remote WHERE name = ?", "s", name) != 0;
	if (ev->kind_no == ADDED)
		return there ? invalid(f, "there is a remote of this name already")
			     : apply_added(f, ev, name, err);
	if (!there)
		return invalid(f, "there is no such remote");
	return bn_sql_run(db, err, "DELETE FROM remote WHERE name = ?", "s", name);
}

static int clear(bn_fold *f, const char *entity, bn_err *err)
{
	return bn_sql_run(bn_fold_db(f), err, "DELETE FROM remote WHERE name = ?", "s",
		entity + strlen("remote/"));
}

const bn_fold_class bn_remote_class = {
	.name = "remote",
	.schema = "share/sql/0078_remote.sql",
	.kinds = kinds,
	.apply = apply,
	.clear = clear,
};

/* ---- reading -------------------------------------------------------------------------------- */

void bn_remotes_release(bn_remotes *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->items[i].name);
		bn_free(l->items[i].url);
		bn_free(l->items[i].endpoint);
		bn_free(l->items[i].region);
		bn_free(l->items[i].style);
	}
	bn_free(l->items);
	*l = (bn_remotes)BN_REMOTES_INIT;
}

static int read_row(bn_remote_entry *e, sqlite3_stmt *st, bn_err *err)
{
	e->name = bn_sql_text(st, 0);
	e->url = bn_sql_text(st, 1);
	e->endpoint = bn_sql_text(st, 2);
	e->region = bn_sql_text(st, 3);
	e->style = bn_sql_text(st, 4);
	e->allow_http = sqlite3_column_int(st, 5);
	e->anonymous = sqlite3_column_int(st, 6);
	e->uid = (uid_t)sqlite3_column_int64(st, 7);
	e->created_ms = sqlite3_column_int64(st, 8);
	return e->name && e->url ? 0 : bn_err_nomem(err, "remotes");
}

int bn_remotes_load(bn_remotes *out, bn_workspace *ws, bn_err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	int rc = bn_workspace_read(&db, ws, err);
	*out = (bn_remotes)BN_REMOTES_INIT;
	if (rc < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT name, url, endpoint, region, style, allow_http, anonymous, uid, "
			 "created_ms FROM remote ORDER BY name",
			 "")) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items)) {
			rc = bn_err_nomem(err, "remotes");
			break;
		}
		bn_remote_entry *e = &out->items[out->count++];
		*e = (bn_remote_entry){.name = NULL};
		if ((rc = read_row(e, st, err)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

static const bn_remote_entry *named(const bn_remotes *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->items[i].name, name))
			return &l->items[i];
	return NULL;
}

static int not_found(const bn_remotes *l, const char *name, bn_err *err)
{
	const char *words[BN_REMOTES_MOST + 1] = {NULL}, *near;
	for (size_t i = 0; i < l->count && i < BN_REMOTES_MOST; i++)
		words[i] = l->items[i].name;
	if (!l->count) {
		bn_err_set(err, BN_ENOTFOUND, "this workspace has no remote%s%s",
			name ? " named " : "", name ? name : "");
		bn_err_hint(err,
			"binnacle remote add origin /scratch/shared/data, or s3://BUCKET/PREFIX");
		return BN_ENOTFOUND;
	}
	if (!name) {
		bn_err_set(err, BN_ENOTFOUND, "there are %zu remotes, and none is named origin",
			l->count);
		bn_err_hint(err, "--remote NAME, such as --remote %s", l->items[0].name);
		return BN_ENOTFOUND;
	}
	bn_err_set(err, BN_ENOTFOUND, "there is no remote '%s'", name);
	if ((near = bn_nearest_word(name, words)))
		bn_err_hint(err, "did you mean '%s'?", near);
	return BN_ENOTFOUND;
}

int bn_remotes_find(
	const bn_remote_entry **out, bn_remotes *l, bn_workspace *ws, const char *name, bn_err *err)
{
	int rc = bn_remotes_load(l, ws, err);
	if (rc < 0)
		return rc;
	if (!name && l->count == 1)
		*out = &l->items[0];
	else
		*out = named(l, name ? name : "origin");
	return *out ? 0 : not_found(l, name, err);
}

/* ---- writing -------------------------------------------------------------------------------- */

static int append(
	bn_workspace *ws, const char *kind, const char *name, json_t *payload, bn_err *err)
{
	char *entity = bn_strf("remote/%s", name);
	int rc = entity && payload ? bn_rights_append(ws, 1, kind, entity, payload, err)
				   : bn_err_nomem(err, "an event");
	if (rc >= 0)
		rc = bn_workspace_sync(ws, err);
	bn_free(entity);
	json_decref(payload);
	return rc;
}

/* The URL as it is recorded: of a directory its absolute path. */
static int url_to_record(char **out, const char *url, bn_err *err)
{
	int rc = bn_remote_url_check(url, err);
	if (rc < 0)
		return rc;
	if (strlen(url) > BN_REMOTE_URL_MOST)
		return bn_err_set(err, BN_EINVAL, "a URL of over %d bytes", BN_REMOTE_URL_MOST);
	if (strchr(url, '@') && strstr(url, "://")) {
		bn_err_set(err, BN_EINVAL, "the URL of a remote may not hold a user name or keys");
		bn_err_hint(err, "every user's own keys are used: the environment or ~/.aws");
		return BN_EINVAL;
	}
	if (!strstr(url, "://") && bn_path_real(out, url, NULL) >= 0)
		return 0;
	if (!strstr(url, "://")) /* perhaps not mounted here */
		return bn_path_absolute(out, url, err);
	*out = bn_strdup(url);
	return *out ? 0 : bn_err_nomem(err, "a remote");
}

static json_t *added_json(const bn_remote_entry *e, const char *url)
{
	json_t *o = json_pack("{s:s, s:s*, s:s*, s:s*}", "url", url, "endpoint", e->endpoint,
		"region", e->region, "style", e->style);
	if (o && e->allow_http)
		json_object_set_new(o, "allow_http", json_true());
	if (o && e->anonymous)
		json_object_set_new(o, "anonymous", json_true());
	return o;
}

static int check_new(bn_workspace *ws, const bn_remote_entry *e, bn_err *err)
{
	bn_remotes all = BN_REMOTES_INIT;
	int rc = bn_remotes_load(&all, ws, err);
	const bn_remote_entry *there = rc < 0 ? NULL : named(&all, e->name);
	if (there) {
		rc = bn_err_set(err, BN_ECONFLICT, "there is a remote '%s' already: %s", e->name,
			there->url);
		bn_err_hint(err, "binnacle remote rm %s, which leaves what is there", e->name);
	} else if (rc >= 0 && all.count >= BN_REMOTES_MOST) {
		rc = bn_err_set(
			err, BN_ECONFLICT, "a workspace has at most %d remotes", BN_REMOTES_MOST);
	}
	bn_remotes_release(&all);
	return rc < 0 ? rc : bn_rights_may(ws, BN_ACT_TAG, err);
}

int bn_remotes_add(bn_workspace *ws, const bn_remote_entry *e, bn_err *err)
{
	char *url = NULL;
	int rc;
	if (!bn_name_is_valid(e->name)) {
		bn_err_set(err, BN_EINVAL, "'%.100s' cannot be the name of a remote", e->name);
		bn_err_hint(err, "letters, digits, _ . - and at most %d of them", BN_NAME_MAX);
		return BN_EINVAL;
	}
	if (!strcmp(e->name, BN_PROTECT_EXPORT))
		return bn_err_set(err, BN_EINVAL,
			"'" BN_PROTECT_EXPORT "' is no name for a remote: it stands for archives (workspace export)");
	if ((e->endpoint || e->region || e->style) && !bn_str_starts(e->url, "s3://"))
		return bn_err_set(
			err, BN_EINVAL, "endpoint, region and style are for s3://BUCKET alone");
	if ((rc = url_to_record(&url, e->url, err)) < 0 || (rc = check_new(ws, e, err)) < 0)
		goto out;
	rc = append(ws, "remote.added", e->name, added_json(e, url), err);
out:
	bn_free(url);
	return rc;
}

int bn_remotes_remove(bn_workspace *ws, const char *name, bn_err *err)
{
	bn_remotes all = BN_REMOTES_INIT;
	const bn_remote_entry *e = NULL;
	int rc = bn_remotes_find(&e, &all, ws, name, err);
	bn_remotes_release(&all);
	if (rc < 0 || (rc = bn_rights_may(ws, BN_ACT_TAG, err)) < 0)
		return rc;
	return append(ws, "remote.removed", name, json_object(), err);
}

/* ---- opening -------------------------------------------------------------------------------- */

static int check_site(bn_workspace *ws, const bn_remote_store *s, bn_err *err)
{
	bn_settings *set = NULL;
	const char *server = bn_remote_store_server(s);
	if (!server)
		return 0;
	int rc = bn_settings_load(&set, bn_workspace_env(ws), bn_workspace_at(ws), err);
	if (rc >= 0)
		rc = bn_settings_check_remote(set, server, err);
	bn_settings_free(set);
	return rc;
}

int bn_remotes_open(bn_remote_store **out, bn_workspace *ws, const bn_remote_entry *e,
	const bn_remote_use *use, bn_err *err)
{
	bn_remote_store *s = NULL;
	bn_remote_options o = {.endpoint = e->endpoint,
		.region = e->region,
		.allow_http = e->allow_http,
		.anonymous = e->anonymous};
	if (e->style && !strcmp(e->style, "path"))
		o.style = BN_REMOTE_STYLE_PATH;
	if (e->style && !strcmp(e->style, "host"))
		o.style = BN_REMOTE_STYLE_HOST;
	if (use) {
		o.profile = use->profile;
		o.ca_file = use->ca_file;
		o.attempts = use->attempts;
	}
	int rc = bn_remote_store_open(&s, bn_workspace_env(ws), e->url, &o, err);
	if (rc >= 0)
		rc = check_site(ws, s, err);
	if (rc < 0) {
		bn_err_prefix(err, "remote %s", e->name);
		bn_remote_store_close(s);
		return rc;
	}
	*out = s;
	return 0;
}
