/* cmd_data_protect.c - binnacle data protect: what a dataset is, who owns it, which columns are personal. */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/protect.h"
#include "core/table/table.h"
#include "tui/cli/verbs.h"

#include <string.h>

#define NAMES_MAX 512

/* ---- lists ----------------------------------------------------------------------------------- */

static json_t *names_json(char *const *names, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < n; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *joined_json(char *const *names, size_t n)
{
	bn_buf b = BN_BUF_INIT;
	for (size_t i = 0; i < n; i++)
		bn_buf_addf(&b, "%s%s", i ? ", " : "", names[i]);
	json_t *text = n && !b.failed ? json_string(b.ptr) : json_null();
	bn_buf_release(&b);
	return text;
}

static json_t *protection_json(const char *name, const bn_protection *p)
{
	json_t *o = json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:o, s:o, s:o, s:o}", "name", name, "class",
		p->level ? bn_data_class_name(p->level) : NULL, "class_from", p->level_from, "owner", p->owner,
		"licence", p->licence, "purpose", p->purpose, "personal",
		names_json(p->personal, p->personal_count), "remotes", names_json(p->remotes, p->remote_count),
		"personal_text", joined_json(p->personal, p->personal_count), "remotes_text",
		joined_json(p->remotes, p->remote_count));
	if (!o)
		return NULL;
	json_object_set_new(o, "keep_days", p->keep_days ? json_integer(p->keep_days) : json_null());
	json_object_set_new(o, "set_ms", p->set_ms ? json_integer(p->set_ms) : json_null());
	json_object_set_new(o, "user", p->user ? json_string(p->user) : json_null());
	return o;
}

/* Live versions that are older than what is to be kept; JSON null without a limit. */
static int due_json(json_t **out, bn_cli *cli, bn_workspace *ws, const char *name, int64_t keep_days, bn_err *err)
{
	bn_dataset_versions *all = NULL;
	int64_t n = 0;
	*out = NULL;
	if (!keep_days) {
		*out = json_null();
		return 0;
	}
	int rc = bn_dataset_versions_load(&all, ws, name, BN_DATASET_LIVE, err);
	int64_t before = bn_env_now_ms(bn_cli_env(cli)) - keep_days * 86400000;
	for (size_t i = 0; rc >= 0 && i < all->count; i++)
		n += all->items[i]->created_ms < before;
	bn_dataset_versions_free(all);
	if (rc >= 0 && !(*out = json_integer(n)))
		rc = bn_err_nomem(err, "a list");
	return rc;
}

static int add_row(json_t *items, bn_cli *cli, bn_workspace *ws, const bn_dataset_row *r, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	json_t *o = NULL, *due = NULL;
	int rc = r->latest ? bn_protection_of(&p, ws, r->latest, err) : bn_protection_of_name(&p, ws, r->name, err);
	if (rc < 0 || (rc = due_json(&due, cli, ws, r->name, p.keep_days, err)) < 0)
		goto out;
	if (!(o = protection_json(r->name, &p))) {
		json_decref(due);
		rc = bn_err_nomem(err, "a list");
		goto out;
	}
	json_object_set_new(o, "due", due);
	json_array_append_new(items, o);
out:
	bn_protection_release(&p);
	return rc;
}

static int list_all(bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	static const bn_col cols[] = {{"name", "DATASET", BN_AS_TEXT}, {"class", "CLASS", BN_AS_TEXT},
		{"class_from", "FROM", BN_AS_TEXT}, {"owner", "OWNER", BN_AS_TEXT},
		{"licence", "LICENCE", BN_AS_TEXT}, {"personal_text", "PERSONAL", BN_AS_TEXT},
		{"keep_days", "KEEP DAYS", BN_AS_COUNT}, {"due", "DUE", BN_AS_COUNT}, {0}};
	bn_dataset_list *list = NULL;
	json_t *items = json_array();
	int rc = items ? bn_dataset_list_load(&list, ws, BN_DATASET_LIVE, err) : bn_err_nomem(err, "a list");
	for (size_t i = 0; rc >= 0 && i < list->count; i++)
		rc = add_row(items, cli, ws, &list->rows[i], err);
	bn_dataset_list_free(list);
	if (rc < 0) {
		json_decref(items);
		return rc;
	}
	return bn_cli_list(cli, items, cols, "no datasets yet; add one with: binnacle data add NAME FILE", err);
}

/* ---- one dataset ------------------------------------------------------------------------------ */

static int add_history(json_t *o, bn_cli *cli, bn_workspace *ws, const char *name, bn_err *err)
{
	bn_protect_history h = {NULL, 0};
	json_t *list = json_array();
	int rc = list ? bn_protect_history_load(&h, ws, name, err) : bn_err_nomem(err, "a history");
	for (size_t i = 0; rc >= 0 && i < h.count; i++) {
		const bn_protect_entry *e = &h.items[i];
		json_array_append_new(list,
			json_pack("{s:s, s:I, s:s?, s:o?, s:s?, s:o}", "what", e->version ? "unmasked" : "set", "at_ms",
				(json_int_t)e->at_ms, "user", e->user, "change",
				e->what ? json_loads(e->what, 0, NULL) : NULL, "reason", e->reason, "version",
				e->version ? json_integer(e->version) : json_null()));
		if (e->version && bn_cli_is_text(cli) && i < 10)
			bn_cli_say(cli, "unmasked: %s@v%lld by %s: %s", name, (long long)e->version,
				e->user ? e->user : "?", e->reason ? e->reason : "");
	}
	json_object_set_new(o, "history", list);
	bn_protect_history_release(&h);
	return rc;
}

/* Columns whose names suggest people and which are not marked. */
static int add_proposals(json_t *o, bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v,
	const bn_protection *p, bn_err *err)
{
	bn_table_reader *table = NULL;
	bn_buf names = BN_BUF_INIT;
	json_t *list = json_array();
	bn_err none = BN_ERR_INIT;
	json_object_set_new(o, "proposed", list);
	if (bn_dataset_open_whole(&table, ws, v, NULL, &none) < 0) /* gone, or private to another user */
		return 0;
	const bn_schema *schema = bn_table_schema(table);
	for (size_t i = 0; i < schema->count; i++) {
		const char *name = schema->fields[i].name;
		if (!bn_column_may_be_personal(name) || bn_protection_marks(p, name))
			continue;
		bn_buf_addf(&names, "%s%s", names.len ? "," : "", name);
		json_array_append_new(list, json_string(name));
	}
	if (names.len && !names.failed)
		bn_cli_say(cli, "may be personal, by their names: --personal %s", names.ptr);
	int rc = bn_buf_check(&names, err, "proposals");
	bn_buf_release(&names);
	bn_table_reader_free(table);
	return rc;
}

static int show_one(bn_cli *cli, bn_workspace *ws, const char *ref, bn_err *err)
{
	static const bn_col fields[] = {{"name", "Dataset", BN_AS_TEXT}, {"class", "Class", BN_AS_TEXT},
		{"class_from", "  because of", BN_AS_TEXT}, {"owner", "Owner", BN_AS_TEXT},
		{"licence", "Licence", BN_AS_TEXT}, {"purpose", "Purpose", BN_AS_TEXT},
		{"personal_text", "Personal columns", BN_AS_TEXT}, {"keep_days", "Keep days", BN_AS_COUNT},
		{"due", "  older versions", BN_AS_COUNT}, {"remotes_text", "May go to", BN_AS_TEXT},
		{"user", "Set by", BN_AS_TEXT}, {"set_ms", "At", BN_AS_TIME_MS}, {0}};
	bn_dataset_version *v = NULL;
	bn_protection p = BN_PROTECTION_INIT;
	json_t *o = NULL, *due = NULL;
	int rc;
	if ((rc = bn_dataset_resolve(&v, ws, ref, BN_DATASET_REMOVED_TOO, err)) < 0 ||
		(rc = bn_protection_of(&p, ws, v, err)) < 0 ||
		(rc = due_json(&due, cli, ws, v->name, p.keep_days, err)) < 0)
		goto out;
	if (!(o = protection_json(v->name, &p))) {
		json_decref(due);
		rc = bn_err_nomem(err, "a dataset");
		goto out;
	}
	json_object_set_new(o, "due", due);
	if ((rc = add_history(o, cli, ws, v->name, err)) < 0 ||
		(rc = add_proposals(o, cli, ws, v, &p, err)) < 0)
		goto out;
	rc = bn_cli_object(cli, json_incref(o), fields, err);
out:
	json_decref(o);
	bn_protection_release(&p);
	bn_dataset_version_free(v);
	return rc;
}

/* ---- set -------------------------------------------------------------------------------------- */

typedef struct asked {
	bn_protect_change c;
	const char *names[3][NAMES_MAX];
	char *texts[3];
} asked;

/* --personal A,B, cut in place. */
static int read_names(asked *a, int at, size_t *n, bn_cli *cli, const char *option, bn_err *err)
{
	const char *text = bn_cli_opt(cli, option);
	if (!text)
		return 0;
	if (!(a->texts[at] = bn_strdup(text)))
		return bn_err_nomem(err, "names");
	for (char *rest = a->texts[at], *one; (one = strsep(&rest, ","));) {
		if (!*one || *n == NAMES_MAX)
			return bn_err_set(err, BN_EINVAL, "--%s is a list of names, separated by commas", option);
		a->names[at][(*n)++] = one;
	}
	return 0;
}

static int read_keep(asked *a, bn_cli *cli, bn_err *err)
{
	const char *text = bn_cli_opt(cli, "keep");
	int64_t days = 0;
	a->c.keep_days = -1;
	if (!text)
		return 0;
	size_t n = strlen(text);
	if (!strcmp(text, "none")) {
		a->c.keep_days = 0;
		return 0;
	}
	if (n && text[n - 1] == 'd')
		n--;
	if (!bn_parse_i64(text, n, &days) || days < 1 || days > BN_PROTECT_DAYS_MOST)
		return bn_err_set(err, BN_EINVAL, "--keep is a number of days, such as 180d, or none; not %s", text);
	a->c.keep_days = days;
	return 0;
}

static int read_asked(asked *a, bool *some, bn_cli *cli, bn_err *err)
{
	bn_protect_change *c = &a->c;
	const char *remotes = bn_cli_opt(cli, "remote");
	bn_data_class level;
	int rc;
	c->level = bn_cli_opt(cli, "class");
	c->owner = bn_cli_opt(cli, "owner");
	c->licence = bn_cli_opt(cli, "licence");
	c->purpose = bn_cli_opt(cli, "purpose");
	c->reason = bn_cli_opt(cli, "reason");
	c->no_remotes = remotes && !strcmp(remotes, "none");
	if ((c->level && (rc = bn_data_class_parse(&level, c->level, err)) < 0) ||
		(rc = read_keep(a, cli, err)) < 0 ||
		(rc = read_names(a, 0, &c->personal_count, cli, "personal", err)) < 0 ||
		(rc = read_names(a, 1, &c->cleared_count, cli, "not-personal", err)) < 0 ||
		(!c->no_remotes && (rc = read_names(a, 2, &c->remote_count, cli, "remote", err)) < 0))
		return rc;
	c->personal = a->names[0];
	c->cleared = a->names[1];
	c->remotes = a->names[2];
	*some = c->level || c->owner || c->licence || c->purpose || c->keep_days >= 0 || c->personal_count ||
		c->cleared_count || remotes;
	if (c->reason && !*some)
		return bn_err_set(err, BN_EINVAL, "--reason is for a change: give what is to be set too");
	return 0;
}

static int run_protect(bn_cli *cli, bn_err *err)
{
	const char *name = bn_cli_arg(cli, 0);
	bn_workspace *ws = NULL;
	bool some = false;
	int rc = 0;
	asked *a = bn_alloc_zeroed(1, sizeof *a);
	if (!a)
		return bn_err_nomem(err, "options");
	if ((rc = read_asked(a, &some, cli, err)) < 0)
		goto out;
	if (some && !name) {
		rc = bn_err_set(err, BN_EINVAL, "name the dataset to protect");
		goto out;
	}
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0)
		goto out;
	if (!name) {
		rc = list_all(cli, ws, err);
		goto out;
	}
	if (some && strchr(name, '@')) {
		rc = bn_err_set(err, BN_EINVAL, "a dataset is protected, with all its versions: name it without @");
		goto out;
	}
	if (some && bn_cli_dry_run(cli))
		bn_cli_say(cli, "would set the protection of %s", name);
	else if (some && (rc = bn_protect_set(ws, name, &a->c, err)) < 0)
		goto out;
	rc = show_one(cli, ws, name, err);
out:
	for (size_t i = 0; i < 3; i++)
		bn_free(a->texts[i]);
	bn_free(a);
	return rc;
}

static const bn_opt protect_opts[] = {{"class", 0, "CLASS", "public, internal, personal or restricted"},
	{"owner", 0, "TEXT", "who answers for it"}, {"licence", 0, "TEXT", "under which terms it may be used"},
	{"purpose", 0, "TEXT", "what it may be used for"},
	{"keep", 0, "DAYS", "how long versions are to be kept: 180d; none: no limit"},
	{"personal", 0, "A,B", "columns whose values are masked where they are shown"},
	{"not-personal", 0, "A,B", "columns of it that are no longer marked"},
	{"remote", 0, "A,B", "remotes to which it may go although it is restricted (export: into archives); none: no longer"},
	{"reason", 0, "WHY", "kept with the change"}, {0}};

const bn_verb bn_verbs_data_protect[] = {
	{"data", "protect", "[NAME]", 0, 1, "show or set class, owner, purpose, retention and personal columns",
		"Without options it shows them, who saw masked columns and why, and columns that may be\n"
		"personal by their names. What is set holds for all versions, and for datasets made from\n"
		"them: the strictest class, the shortest retention, the marked columns. Making it weaker\n"
		"needs the right to remove data. Masks are against looking by accident and without a\n"
		"trace: who can read the workspace's files can read the values.",
		{"binnacle data protect jobs --class personal --owner 'HPC operations' --keep 180d",
			"binnacle data protect jobs --personal user_id,host",
			"binnacle data protect jobs --class restricted --remote vault --reason 'contract 7'"},
		protect_opts, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_protect},
	{0},
};
