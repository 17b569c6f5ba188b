/* cmd_data_forget.c - binnacle data forget: erases the rows of a person. */
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/forget/forget.h"
#include "tui/cli/verbs.h"

#include <string.h>

enum { VALUES_MOST = 100000 };

/* ---- what is asked for ----------------------------------------------------------------------- */

typedef struct asked {
	bn_forget_options o;
	bn_buf text;   /* of --key, cut in place */
	char **values; /* into text */
	size_t cap;
} asked;

static void asked_release(asked *a)
{
	bn_buf_release(&a->text);
	bn_free(a->values);
}

static int add_value(asked *a, char *value, bn_err *err)
{
	if (a->o.value_count == VALUES_MOST)
		return bn_err_set(err, BN_EINVAL, "--key: more than %d values", VALUES_MOST);
	if (bn_grow(&a->values, &a->cap, a->o.value_count + 1, sizeof *a->values))
		return bn_err_nomem(err, "values");
	a->values[a->o.value_count++] = value;
	return 0;
}

/* One value a line. */
static int read_values(asked *a, bn_cli *cli, const char *path, bn_err *err)
{
	int rc;
	bn_buf_clear(&a->text);
	if ((rc = bn_fs_read_file(bn_cli_env(cli), path, &a->text, err)) < 0)
		return rc;
	bn_buf_add(&a->text, "", 1);
	if ((rc = bn_buf_check(&a->text, err, "values")) < 0)
		return rc;
	for (char *rest = a->text.ptr, *line; rc >= 0 && (line = strsep(&rest, "\n"));) {
		size_t n = strlen(line);
		if (n && line[n - 1] == '\r')
			line[--n] = '\0';
		if (n)
			rc = add_value(a, line, err);
	}
	if (rc >= 0 && !a->o.value_count)
		rc = bn_err_set(err, BN_EINVAL, "--key: '%s' has no values, one a line", path);
	return rc;
}

/* COLUMN=VALUE, COLUMN=@FILE. */
static int read_key(asked *a, char *column, size_t size, bn_cli *cli, const char *key, bn_err *err)
{
	const char *equals = strchr(key, '=');
	int rc;
	if (!equals || equals == key || !equals[1] || (size_t)(equals - key) >= size)
		return bn_err_set(err, BN_EINVAL, "--key is COLUMN=VALUE or COLUMN=@FILE, not '%.60s'", key);
	memcpy(column, key, (size_t)(equals - key));
	column[equals - key] = '\0';
	a->o.column = column;
	if (equals[1] == '@') {
		rc = read_values(a, cli, equals + 2, err);
	} else {
		bn_buf_add(&a->text, equals + 1, strlen(equals + 1) + 1);
		rc = bn_buf_check(&a->text, err, "values");
		rc = rc < 0 ? rc : add_value(a, a->text.ptr, err);
	}
	a->o.values = (const char *const *)a->values;
	return rc;
}

static int read_asked(asked *a, char *column, size_t size, bn_cli *cli, bn_err *err)
{
	const char *key = bn_cli_opt(cli, "key");
	a->o.name = bn_cli_arg(cli, 0);
	a->o.where = bn_cli_opt(cli, "where");
	a->o.reason = bn_cli_opt(cli, "reason");
	a->o.derived = bn_cli_flag(cli, "derived");
	a->o.drop_older = bn_cli_flag(cli, "drop-older");
	if (strchr(a->o.name, '@')) {
		bn_err_set(err, BN_EINVAL, "rows are erased from all versions of a dataset: name it without @");
		return BN_EINVAL;
	}
	if (!a->o.where == !key) {
		bn_err_set(err, BN_EINVAL, "say which rows: --key COLUMN=VALUE, or --where EXPR");
		bn_err_hint(err, "binnacle data forget %.60s --key user=jdoe --dry-run", a->o.name);
		return BN_EINVAL;
	}
	return key ? read_key(a, column, size, cli, key, err) : 0;
}

/* ---- what is shown --------------------------------------------------------------------------- */

static json_t *row(const char *what, const char *name, json_t *rows, const char *fate, const char *detail)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:s?}", "what", what, "name", name, "rows", rows ? rows : json_null(),
		"fate", fate, "detail", detail && detail[0] ? detail : NULL);
}

static void add_versions(json_t *list, const bn_forget_plan *p)
{
	for (size_t i = 0; i < p->version_count; i++) {
		const bn_forget_version *x = &p->versions[i];
		char ref[192], detail[240];
		snprintf(detail, sizeof detail, "%s", x->why);
		if (x->stand_in)
			snprintf(detail, sizeof detail, "use %s@v%lld", x->v->name, (long long)x->stand_in);
		json_t *o = row("version", bn_dataset_version_name(x->v, ref, sizeof ref),
			bn_forget_fate_name(x->fate)[0] == 'l' ? NULL : json_integer((json_int_t)x->rows),
			bn_forget_fate_name(x->fate), detail);
		json_object_set_new(o, "stand_in", x->stand_in ? json_integer((json_int_t)x->stand_in) : json_null());
		json_array_append_new(list, o);
	}
}

static json_t *items_json(const bn_forget_plan *p)
{
	json_t *list = json_array();
	if (!list)
		return NULL;
	add_versions(list, p);
	for (size_t i = 0; i < p->batch_count; i++)
		json_array_append_new(list,
			row("predictions", p->batches[i].model, json_integer((json_int_t)p->batches[i].rows),
				p->batches[i].kept ? "replaced" : "dropped", NULL));
	for (size_t i = 0; i < p->note_count; i++) {
		const bn_forget_note *n = &p->notes[i];
		json_array_append_new(
			list, row(n->kind, n->name, NULL, strcmp(n->kind, "report") != 0 ? "named only" : "dropped", n->detail));
	}
	return list;
}

static const bn_col columns[] = {{"what", "WHAT", BN_AS_TEXT}, {"name", "NAME", BN_AS_TEXT}, {"rows", "ROWS", BN_AS_COUNT},
	{"fate", "FATE", BN_AS_TEXT}, {"detail", "BECAUSE", BN_AS_WORDS}, {0}};

static int show_plan(bn_cli *cli, const bn_forget_plan *p, bn_err *err)
{
	json_t *items = items_json(p);
	if (!items)
		return bn_err_nomem(err, "the result");
	return bn_cli_list(cli, items, columns, "no version, and no logged prediction, has such rows", err);
}

static int show_document(bn_cli *cli, const bn_forget_plan *p, bool done, bn_err *err)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < p->object_count; i++)
		bytes += p->objects[i].bytes;
	json_t *o = json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:o}", "dataset", p->o->name, "done", (int)done, "rows",
		(json_int_t)p->rows, "objects", (json_int_t)(p->object_count + p->batch_count), "bytes", (json_int_t)bytes,
		"failed", (json_int_t)p->failed, "items", items_json(p));
	return o ? bn_cli_document(cli, o, err) : bn_err_nomem(err, "the result");
}

static size_t going(const bn_forget_plan *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->version_count; i++)
		n += p->versions[i].fate != BN_FORGET_LEFT;
	return n;
}

static void say_done(bn_cli *cli, const bn_forget_plan *p)
{
	for (size_t i = 0; i < p->version_count; i++)
		if (p->versions[i].stand_in)
			bn_cli_say(cli, "%s@v%lld has the other rows of v%lld", p->versions[i].v->name,
				(long long)p->versions[i].stand_in, (long long)p->versions[i].v->version);
	if (p->failed)
		bn_cli_warn(cli, "%llu objects belong to other users: binnacle gc, run by them, removes them",
			(unsigned long long)p->failed);
	bn_cli_say(cli, "forgotten. Backups, snapshots and free blocks of the disk are out of reach: docs/governance.md");
}

/* ---- the verb -------------------------------------------------------------------------------- */

static int act(bn_cli *cli, bn_forget_plan *p, bn_err *err)
{
	int rc = 0;
	bool json = bn_cli_is_json(cli), nothing = bn_forget_is_empty(p);
	if (!json && (rc = show_plan(cli, p, err)) < 0)
		return rc;
	if (bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "nothing was changed (--dry-run)");
		return json ? show_document(cli, p, false, err) : 0;
	}
	if (!nothing &&
		(rc = bn_cli_confirm(cli, err, "Erase %llu rows of %zu versions for ever? It cannot be undone.",
			 (unsigned long long)p->rows, going(p))) < 0)
		return rc;
	if ((rc = bn_forget_do(p, err)) < 0)
		return rc;
	if (!nothing)
		say_done(cli, p);
	return json ? show_document(cli, p, true, err) : 0;
}

static int run_forget(bn_cli *cli, bn_err *err)
{
	asked a = {.text = BN_BUF_INIT};
	bn_forget_plan plan = {.ws = NULL};
	bn_workspace *ws = NULL;
	const bn_progress watch = bn_cli_watch(cli);
	char column[512];
	int rc;
	a.o.progress = &watch;
	if ((rc = read_asked(&a, column, sizeof column, cli, err)) < 0 || (rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_forget_find(&plan, ws, &a.o, err)) < 0)
		goto out;
	bn_cli_progress_end(cli);
	rc = act(cli, &plan, err);
out:
	bn_forget_plan_release(&plan);
	asked_release(&a);
	return rc;
}

static const bn_opt forget_opts[] = {{"key", 0, "COLUMN=VALUE", "rows with that value; COLUMN=@FILE: with one of its lines"},
	{"where", 0, "EXPR", "rows for which it is true"},
	{"reason", 0, "TEXT", "kept in the log, so without the person: a ticket"},
	{"derived", 0, NULL, "erase derived versions and logs that lack these columns as a whole"},
	{"drop-older", 0, NULL, "no versions instead of those that are not the newest"}, {0}};

const bn_verb bn_verbs_data_forget[] = {
	{"data", "forget", "NAME", 1, 1, "erase the rows of a person, everywhere",
		"Searches all versions of the dataset and what was made from them, shows what would go,\n"
		"and asks. Versions with such rows are replaced by new ones without them; their bytes,\n"
		"profiles, results of checks, drift reports and logged predictions go at once. Models\n"
		"trained on them are named, and stay. Put the value into a file, and the shell's history\n"
		"does not have it. It needs the right to remove, and cannot be undone.",
		{"binnacle data forget jobs --key user=@person.txt --dry-run",
			"binnacle data forget jobs --key user=jdoe --reason 'request 17' --yes"},
		forget_opts, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_forget},
	{0},
};
