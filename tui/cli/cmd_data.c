/* cmd_data.c - binnacle data: the catalogue of versions, tags, removal. Adding data is in cmd_data_add.c, splits
 * in cmd_data_split.c, inspecting a dataset in cmd_data_look.c, checking it in cmd_data_check.c. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/protect_marks.h"
#include "core/share/missing.h"
#include "tui/cli/data_json.h"
#include "tui/cli/data_look.h"
#include "tui/cli/reading.h"
#include "tui/cli/verbs.h"
#include "tui/cli/where.h"

#include <string.h>

/* ---- lists ---------------------------------------------------------------------------------- */

/* Shows the owners of private ones, if there are any: the column is the last one. */
static void show_private(bn_col *last, bool some)
{
	if (!some)
		*last = (bn_col){0};
}

static int list_versions(bn_cli *cli, bn_workspace *ws, const char *name, bn_err *err)
{
	/* the first is for --all alone */
	bn_col cols[] = {{"state_text", "STATE", BN_AS_TEXT}, {"ref", "DATASET", BN_AS_TEXT},
		{"rows", "ROWS", BN_AS_COUNT}, {"columns", "COLS", BN_AS_INT},
		{"size_bytes", "SIZE", BN_AS_BYTES}, {"hash", "HASH", BN_AS_ID},
		{"source.kind", "SOURCE", BN_AS_TEXT}, {"checks_text", "CHECKS", BN_AS_TEXT},
		{"tags_text", "TAGS", BN_AS_TEXT}, {"created_ms", "CREATED", BN_AS_TIME_MS},
		{"user", "BY", BN_AS_TEXT}, {"private_to", "PRIVATE TO", BN_AS_TEXT}, {0}};
	bool some = false;
	bn_dataset_versions *all = NULL;
	json_t *items = json_array();
	bool too = bn_cli_flag(cli, "all");
	int rc = bn_dataset_versions_load(
		&all, ws, name, too ? BN_DATASET_REMOVED_TOO : BN_DATASET_LIVE, err);
	for (size_t i = 0; !rc && i < all->count; i++) {
		json_array_append_new(items, bn_data_version_json(all->items[i]));
		some |= all->items[i]->is_private;
	}
	bn_dataset_versions_free(all);
	show_private(&cols[sizeof cols / sizeof *cols - 2], some);
	if (!rc)
		return bn_cli_list(
			cli, items, cols + !too, "every version is removed (--all)", err);
	json_decref(items);
	return rc;
}

static json_t *row_json(const bn_dataset_row *r, const bn_protect_mark *m)
{
	bn_buf words = BN_BUF_INIT;
	bn_protect_mark_words(m, &words);
	json_t *o = json_pack("{s:s, s:I, s:b, s:o, s:s?, s:I, s:s?}", "name", r->name, "versions", (json_int_t)r->versions,
		"removed", (int)r->removed, "latest", r->latest ? bn_data_version_json(r->latest) : json_null(),
		"class", m->level ? bn_data_class_name(m->level) : NULL, "masked_columns", (json_int_t)m->masked,
		"protection", words.len ? words.ptr : NULL);
	bn_buf_release(&words);
	return o;
}

static int run_ls(bn_cli *cli, bn_err *err)
{
	bn_col cols[] = {{"name", "DATASET", BN_AS_TEXT}, {"versions", "VERSIONS", BN_AS_COUNT},
		{"latest.rows", "ROWS", BN_AS_COUNT}, {"latest.columns", "COLS", BN_AS_INT},
		{"latest.size_bytes", "SIZE", BN_AS_BYTES},
		{"latest.schema_hash", "SCHEMA", BN_AS_ID},
		{"latest.checks_text", "CHECKS", BN_AS_TEXT},
		{"latest.created_ms", "NEWEST", BN_AS_TIME_MS}, {"protection", "PROTECTION", BN_AS_TEXT},
		{"latest.private_to", "PRIVATE TO", BN_AS_TEXT}, {0}};
	bool some = false, some_marks = false;
	bn_protect_mark *marks = NULL;
	bn_workspace *ws = NULL;
	bn_dataset_list *list = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (rc)
		return rc;
	if (bn_cli_arg(cli, 0))
		return list_versions(cli, ws, bn_cli_arg(cli, 0), err);
	rc = bn_dataset_list_load(
		&list, ws, bn_cli_flag(cli, "all") ? BN_DATASET_REMOVED_TOO : BN_DATASET_LIVE, err);
	if (rc < 0 || (rc = bn_protect_marks_load(&marks, ws, list, err)) < 0) {
		bn_dataset_list_free(list);
		return rc;
	}
	json_t *items = json_array();
	for (size_t i = 0; i < list->count; i++) {
		const bn_dataset_row *r = &list->rows[i];
		some |= r->latest && r->latest->is_private;
		some_marks |= marks[i].level || marks[i].masked;
		json_array_append_new(items, row_json(r, &marks[i]));
	}
	bn_dataset_list_free(list);
	bn_free(marks);
	show_private(&cols[sizeof cols / sizeof *cols - 2], some);
	if (!some_marks)
		cols[sizeof cols / sizeof *cols - 3] = cols[sizeof cols / sizeof *cols - 2];
	if (!some_marks)
		cols[sizeof cols / sizeof *cols - 2] = (bn_col){0};
	return bn_cli_list(cli, items, cols,
		"no datasets yet; add one with: binnacle data add NAME FILE", err);
}

static int run_show(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bn_dataset_versions *children = NULL;
	bn_buf text = BN_BUF_INIT;
	json_t *o = NULL, *list = NULL;
	char ref[192], *missing = NULL;
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_dataset_resolve(&v, ws, bn_cli_arg(cli, 0), BN_DATASET_REMOVED_TOO, err)) <
			0 ||
		(rc = bn_dataset_children_load(&children, ws, v->name, v->version, err)) < 0)
		goto out;
	if (v->forgotten)
		bn_cli_note(cli, "%s %s", bn_dataset_version_name(v, ref, sizeof ref), v->forgotten);
	if ((rc = bn_share_missing_words(&missing, ws, v, err)) < 0)
		goto out;
	if (missing)
		bn_cli_warn(cli, "%s", missing);
	o = bn_data_version_json(v);
	list = json_array();
	if (!o || !list) {
		rc = bn_err_nomem(err, "a dataset");
		goto out;
	}
	for (size_t i = 0; i < children->count; i++) {
		bn_dataset_version_name(children->items[i], ref, sizeof ref);
		bn_buf_addf(&text, "%s%s", i ? ", " : "", ref);
		json_array_append_new(list, json_string(ref));
	}
	json_object_set(o, "children", list);
	json_object_set_new(o, "children_text", text.len ? json_string(text.ptr) : json_null());
	if ((rc = bn_cli_object(cli, json_incref(o), bn_data_version_fields, err)) < 0)
		goto out;
	bn_cli_tell_left_out(cli, ws, v);
	rc = bn_cli_warn_newer(cli, ws, "dataset", v->name, err);
out:
	bn_free(missing);
	json_decref(o);
	json_decref(list);
	bn_buf_release(&text);
	bn_dataset_versions_free(children);
	bn_dataset_version_free(v);
	return rc;
}

/* ---- tag, rm, restore ----------------------------------------------------------------------- */

static int run_tag(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	char ref[192];
	const char *text = bn_cli_arg(cli, 1), *equals = strchr(text, '=');
	char *key = equals ? bn_strndup(text, (size_t)(equals - text)) : bn_strdup(text);
	bool off = bn_cli_flag(cli, "remove");
	int rc = key ? bn_cli_workspace(cli, &ws, err) : bn_err_nomem(err, "a tag");
	if (!rc)
		rc = bn_dataset_resolve(&v, ws, bn_cli_arg(cli, 0), BN_DATASET_LIVE, err);
	if (!rc && bn_cli_dry_run(cli))
		bn_cli_say(cli, "would %s tag %s", off ? "remove" : "set", key);
	else if (!rc)
		rc = bn_dataset_tag(ws, v, key, off ? NULL : equals ? equals + 1 : "", err);
	if (!rc && !bn_cli_dry_run(cli))
		bn_cli_say(cli, "%s: tag %s %s", bn_dataset_version_name(v, ref, sizeof ref), key,
			off ? "removed" : "set");
	bn_dataset_version_free(v);
	bn_free(key);
	return rc;
}

/* "jobs" is the whole dataset (number 0), "jobs@v3" one version. */
static int target_of(char **name, int64_t *number, bn_workspace *ws, const char *ref, bn_err *err)
{
	bn_dataset_version *v = NULL;
	*number = 0;
	if (!strchr(ref, '@')) {
		*name = bn_strdup(ref);
		return *name ? 0 : bn_err_nomem(err, "a name");
	}
	int rc = bn_dataset_resolve(&v, ws, ref, BN_DATASET_REMOVED_TOO, err);
	if (!rc) {
		*name = bn_strdup(v->name);
		*number = v->version;
	}
	bn_dataset_version_free(v);
	return rc;
}

static int run_rm(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	char *name = NULL;
	int64_t number = 0;
	const char *ref = bn_cli_arg(cli, 0);
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = target_of(&name, &number, ws, ref, err);
	if (!rc && bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would remove %s%s", ref, number ? "" : " and all its versions");
	} else if (!rc) {
		rc = bn_dataset_remove(ws, name, number, err);
		if (!rc)
			bn_cli_say(
				cli, "removed %s; binnacle data restore %s restores it", ref, ref);
	}
	bn_free(name);
	return rc;
}

static int run_restore(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	char *name = NULL;
	int64_t number = 0;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = target_of(&name, &number, ws, bn_cli_arg(cli, 0), err);
	if (!rc && !bn_cli_dry_run(cli))
		rc = bn_dataset_restore(ws, name, number, err);
	if (!rc)
		bn_cli_say(cli, "%s %s", bn_cli_dry_run(cli) ? "would restore" : "restored",
			bn_cli_arg(cli, 0));
	bn_free(name);
	return rc;
}

static const bn_opt ls_opts[] = {{"all", 'a', NULL, "include removed ones"}, {0}};
static const bn_opt tag_opts[] = {{"remove", 0, NULL, "remove the tag"}, {0}};

const bn_verb bn_verbs_data[] = {
	{"data", "ls", "[NAME]", 0, 1, "list datasets, or the versions of one", NULL,
		{"binnacle data ls", "binnacle data ls jobs --json"}, ls_opts, BN_VERB_LISTS,
		run_ls},
	{"data", "show", "NAME[@vN]", 1, 1, "one version: what it is and where it comes from",
		"A name alone is its newest version; NAME@v3, NAME@latest and NAME@sha256:ab12...\n"
		"name others.",
		{"binnacle data show jobs", "binnacle data show jobs@v2 --json"}, NULL, 0,
		run_show},
	{"data", "tag", "NAME[@vN] KEY[=VALUE]", 2, 2, "tag a version", NULL,
		{"binnacle data tag jobs@v3 stage=gold", "binnacle data tag jobs gold --remove"},
		tag_opts, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_tag},
	{"data", "rm", "NAME[@vN]", 1, 1, "remove a version, or a dataset with all of them",
		"It is hidden, not erased: it can be restored until gc has freed its bytes, and\n"
		"lineage still shows it.",
		{"binnacle data rm jobs@v2", "binnacle data rm jobs --dry-run"}, NULL,
		BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_rm},
	{"data", "restore", "NAME[@vN]", 1, 1, "restore what was removed", NULL,
		{"binnacle data restore jobs@v2", "binnacle data restore jobs"}, NULL,
		BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_restore},
	{0},
};
