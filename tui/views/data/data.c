/* data.c - datasets, and the versions of one. Enter opens the rows. */
#include "core/base/hash_key.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/ui/format.h"
#include "tui/views/data/_data.h"

#include <stdio.h>
#include <string.h>

enum {
	COL_NAME,
	COL_LATEST,
	COL_ROWS,
	COL_COLUMNS,
	COL_SIZE,
	COL_CHECKS,
	COL_AGE,
	COL_SOURCE,
	COL_SCHEMA,
	COL_USER,
	COLUMNS,
	COL_PROTECTION = COLUMNS, /* of the list of datasets alone */
	DATASET_COLUMNS
};

static const bn_grid_column dataset_columns[DATASET_COLUMNS] = {
	[COL_NAME] = {.title = "dataset", .name = "name", .frozen = true, .min = 10, .max = 40},
	[COL_LATEST] = {.title = "versions",
		.form = BN_COLUMN_COUNT,
		.falls = true,
		.min = 3,
		.priority = 2},
	[COL_ROWS] = {.title = "rows",
		.name = "latest.rows",
		.form = BN_COLUMN_COUNT,
		.falls = true,
		.min = 6},
	[COL_COLUMNS] = {.title = "columns",
		.name = "latest.columns",
		.form = BN_COLUMN_COUNT,
		.falls = true,
		.min = 3,
		.priority = 3},
	[COL_SIZE] = {.title = "size",
		.name = "latest.size_bytes",
		.form = BN_COLUMN_BYTES,
		.falls = true,
		.min = 6,
		.priority = 4},
	[COL_CHECKS] = {.title = "checks",
		.name = "latest.checks_text",
		.form = BN_COLUMN_STATE,
		.falls = true,
		.min = 8,
		.priority = 1},
	[COL_AGE] = {.title = "added",
		.name = "latest.created_ms",
		.form = BN_COLUMN_AGE,
		.min = 8,
		.priority = 2},
	[COL_SOURCE] = {.title = "from",
		.name = "latest.source.kind",
		.flexible = true,
		.min = 12,
		.priority = 5},
	[COL_SCHEMA] = {.title = "schema",
		.name = "latest.schema_hash",
		.min = 8,
		.max = 8,
		.priority = 7},
	[COL_USER] = {.title = "by", .name = "latest.user", .min = 4, .max = 12, .priority = 6},
	[COL_PROTECTION] = {.title = "protection", .min = 8, .max = 20, .priority = 1},
};

static const bn_grid_column version_columns[COLUMNS] = {
	[COL_NAME] = {.title = "version", .name = "version", .frozen = true, .min = 8},
	[COL_LATEST] = {.title = "hash", .min = 8, .priority = 6},
	[COL_ROWS] =
		{.title = "rows", .name = "rows", .form = BN_COLUMN_COUNT, .falls = true, .min = 6},
	[COL_COLUMNS] = {.title = "columns",
		.name = "columns",
		.form = BN_COLUMN_COUNT,
		.falls = true,
		.min = 3,
		.priority = 3},
	[COL_SIZE] = {.title = "size",
		.name = "size_bytes",
		.form = BN_COLUMN_BYTES,
		.falls = true,
		.min = 6,
		.priority = 4},
	[COL_CHECKS] = {.title = "checks",
		.name = "checks_text",
		.form = BN_COLUMN_STATE,
		.falls = true,
		.min = 8,
		.priority = 1},
	[COL_AGE] = {.title = "added",
		.name = "created_ms",
		.form = BN_COLUMN_AGE,
		.min = 8,
		.priority = 2},
	[COL_SOURCE] = {.title = "from",
		.name = "source.kind",
		.flexible = true,
		.min = 12,
		.priority = 5},
	[COL_SCHEMA] =
		{.title = "schema", .name = "schema_hash", .min = 8, .max = 8, .priority = 7},
	[COL_USER] = {.title = "by", .name = "user", .min = 4, .max = 12, .priority = 6},
};

static void checks_cell(const bn_dataset_version *v, bn_grid_cell *out)
{
	if (!v->checked_ms)
		return;
	snprintf(out->buf, sizeof out->buf, v->check_success ? "OK %lld" : "FAIL %lld of %lld",
		(long long)(v->check_success ? v->check_evaluated : v->check_failed),
		(long long)v->check_evaluated);
	bn_state_cell(out, v->check_success ? BN_STATE_OK : BN_STATE_FAIL, out->buf);
	out->number = (double)v->check_failed; /* most failing first */
}

static void source_cell(const bn_dataset_version *v, bn_grid_cell *out)
{
	if (v->parent_count && v->parents[0].version > 0)
		snprintf(out->buf, sizeof out->buf, "%.12s of %.40s@v%lld",
			v->source_kind ? v->source_kind : "made", v->parents[0].name,
			(long long)v->parents[0].version);
	else
		snprintf(out->buf, sizeof out->buf, "%.12s %.70s",
			v->source_kind ? v->source_kind : "", v->source_path ? v->source_path : "");
	out->text = out->buf;
	out->ink = BN_INK_DIM;
}

static void version_cell(const bn_dataset_version *v, int col, bn_grid_cell *out)
{
	switch (col) {
	case COL_ROWS:
		out->number = (double)v->rows;
		return;
	case COL_COLUMNS:
		out->number = (double)v->columns;
		return;
	case COL_SIZE:
		out->number = (double)v->size_bytes;
		return;
	case COL_CHECKS:
		checks_cell(v, out);
		return;
	case COL_AGE:
		out->number = (double)v->created_ms;
		return;
	case COL_SOURCE:
		source_cell(v, out);
		return;
	case COL_SCHEMA:
		out->full = v->schema_hash;
		snprintf(out->buf, sizeof out->buf, "%.8s", v->schema_hash);
		out->text = out->buf;
		out->ink = BN_INK_DIM;
		return;
	case COL_USER:
		out->text = v->user;
		return;
	default:
		return;
	}
}

/* ---- the list of datasets ------------------------------------------------------------------------ */

static int64_t dataset_rows(void *ctx)
{
	const bn_dataset_list *d = bn_list_data(ctx);
	return d ? (int64_t)d->count : 0;
}

/* Row r of the list, in which the parts of a dataset are below it. */
static const bn_dataset_row *dataset_at(const bn_list *l, int64_t r, int *glyph)
{
	const bn_data_view *v = (const bn_data_view *)l;
	const bn_dataset_list *d = bn_list_data(l);
	bool has_tree = v->tree && v->tree_count == d->count;
	*glyph = has_tree && !l->grid.sort_count && !l->grid.filter[0] ? v->tree[r].glyph : -1;
	return &d->rows[has_tree ? v->tree[r].row : (size_t)r];
}

/* "personal, 2 masked" */
static void protection_cell(const bn_list *l, const bn_dataset_row *r, bn_grid_cell *out)
{
	const bn_datasets_page *d = bn_list_data(l);
	bn_buf words = BN_BUF_INIT;
	if (d->marks)
		bn_protect_mark_words(&d->marks[r - d->list.rows], &words);
	if (words.len)
		snprintf(out->buf, sizeof out->buf, "%s", words.ptr);
	out->text = words.len ? out->buf : NULL;
	bn_buf_release(&words);
}

static void dataset_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	int glyph;
	const bn_dataset_row *r = dataset_at(ctx, row, &glyph);
	if (col == COL_PROTECTION) {
		protection_cell(ctx, r, out);
	} else if (col == COL_NAME) {
		out->text = r->name;
		out->glyph = glyph;
	} else if (col == COL_LATEST) {
		out->number = (double)r->versions;
	} else if (r->latest) {
		version_cell(r->latest, col, out);
	}
}

static uint64_t dataset_key(void *ctx, int64_t row)
{
	int glyph;
	return bn_hash_key(dataset_at(ctx, row, &glyph)->name);
}

static const bn_grid_source dataset_source = {
	.rows = dataset_rows, .cell = dataset_cell, .key = dataset_key};

static const bn_dataset_version *dataset_selected(const bn_list *l, char ref[BN_REF_BYTES])
{
	const bn_dataset_list *d = bn_list_data(l);
	int64_t row = bn_grid_selected_row(&l->grid);
	int glyph;
	const bn_dataset_version *v = d && row >= 0 ? dataset_at(l, row, &glyph)->latest : NULL;
	if (v)
		bn_ref_format(ref, v->name, "@v", v->version);
	return v;
}

static int open_added(bn_view **out, bn_frame *f, bn_page *page, const void *arg, bn_err *err)
{
	(void)arg;
	return bn_view_all_rows_new(out, f, page->data, err);
}

/* "[--private] NAME FILE"; the file may contain blanks. */
static bool add_start(bn_view *view, const char *text)
{
	static const char flag[] = "--private ";
	bn_add_arg arg;
	char title[sizeof arg + 24];
	bool is_private = text && bn_str_starts(text, flag);
	if (is_private)
		text += strlen(flag) + strspn(text + strlen(flag), " ");
	size_t n = text ? strcspn(text, " ") : 0;
	const char *uri = text ? text + n + strspn(text + n, " ") : "";
	if (!n || !*uri) {
		bn_frame_prompt(view->frame, "add ");
		bn_frame_message(view->frame,
			"which dataset, from which file? :add [--private] NAME FILE.csv");
		return true;
	}
	memset(&arg, 0, sizeof arg); /* equal requests have equal bytes */
	snprintf(arg.name, sizeof arg.name, "%.*s", (int)n, text);
	snprintf(arg.uri, sizeof arg.uri, "%s", uri);
	arg.is_private = is_private;
	snprintf(title, sizeof title, "add %s%s from %s", is_private ? "private " : "", arg.name,
		arg.uri);
	bn_frame_start(view->frame, &(bn_job_spec){.title = title,
					    .fn = bn_view_source(view)->add_data,
					    .arg = &arg,
					    .arg_bytes = sizeof arg,
					    .open = open_added});
	return true;
}

static bool about_version(bn_view *view, bn_command_id id, const char *ref, const char *arg)
{
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	int rc;
	if (id == BN_CMD_LAUNCH)
		return bn_view_launch(view, NULL, ref);
	if (id == BN_CMD_SPLIT)
		return bn_view_open(
			view->frame, bn_view_split_form_new(&made, view->frame, ref, &err), &made, &err);
	if (id == BN_CMD_PUSH) {
		bn_view_share(view, BN_SHARE_PUSH, ref, arg);
		return true;
	}
	if (id == BN_CMD_SUITES)
		return bn_view_open_suites(view->frame, ref);
	if (id == BN_CMD_PROTECT)
		return bn_view_open(
			view->frame, bn_view_protect_new(&made, view->frame, ref, &err), &made, &err);
	bn_rows_of of = bn_rows_of_version(ref, "");
	if (id == BN_CMD_DESCRIBE)
		rc = bn_view_profile_new(&made, view->frame, &of, &err);
	else if (id == BN_CMD_CORRELATIONS)
		rc = bn_view_correlations_new(&made, view->frame, &of, &err);
	else if (id == BN_CMD_CHECKS)
		rc = bn_view_checks_new(&made, view->frame, ref, &err);
	else
		return false;
	return bn_view_open(view->frame, rc, &made, &err);
}

static bool data_command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_list *l = (bn_list *)view;
	char ref[BN_REF_BYTES];
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	const bn_dataset_version *v = dataset_selected(l, ref);
	if (id == BN_CMD_ADD)
		return add_start(view, arg);
	if (!v)
		return false;
	if (id == BN_CMD_OPEN)
		return bn_view_open(view->frame,
			bn_view_versions_new(&made, view->frame, v->name, &err), &made, &err);
	return about_version(view, id, ref, arg);
}

static bool needs_selection(bn_command_id id)
{
	return id == BN_CMD_OPEN || id == BN_CMD_DESCRIBE || id == BN_CMD_CHECKS ||
	       id == BN_CMD_LAUNCH || id == BN_CMD_CORRELATIONS || id == BN_CMD_SPLIT || id == BN_CMD_PUSH ||
	       id == BN_CMD_SUITES || id == BN_CMD_PROTECT;
}

static bool data_refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	char ref[BN_REF_BYTES];
	if (!needs_selection(id) || dataset_selected((bn_list *)view, ref))
		return false;
	snprintf(why, size, "there is no dataset yet: :add NAME FILE.csv");
	return true;
}

static void data_refresh(bn_view *view)
{
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->datasets, NULL, 0);
	bn_data_answer_refresh((bn_data_view *)view);
}

static void data_cli(const bn_view *view, bn_buf *out)
{
	(void)view;
	bn_buf_adds(out, "binnacle data ls --json");
}

/* The list, with the summary of the selected version next to it if there is room. */
static void draw(bn_view *view, bn_area a, bool focused, const char *ref)
{
	bn_data_view *v = (bn_data_view *)view;
	bn_area list, detail;
	if (!ref[0] || !bn_view_split(view, a, &list, &detail)) {
		bn_list_draw(view, a, focused);
		return;
	}
	bn_list_draw(view, list, focused);
	bn_data_answer_follow(v, ref);
	bn_data_answer_draw(v, detail);
}

static void data_draw(bn_view *view, bn_area a, bool focused)
{
	char ref[BN_REF_BYTES] = "";
	dataset_selected((bn_list *)view, ref);
	draw(view, a, focused, ref);
}

static void page(bn_view *view, bn_page *p)
{
	if (!bn_data_answer_page((bn_data_view *)view, p))
		bn_list_page(view, p);
}

static void data_page(bn_view *view, bn_page *p)
{
	bn_data_view *v = (bn_data_view *)view;
	if (p->kind != BN_KIND_ANSWER && p->data) {
		const bn_dataset_list *d = p->data;
		bn_free(v->tree);
		v->tree = bn_data_tree(d);
		v->tree_count = d->count;
	}
	page(view, p);
}

static void view_free(bn_view *view)
{
	bn_page_free(((bn_data_view *)view)->answer);
	bn_free(((bn_data_view *)view)->tree);
	bn_list_free(view);
}

static const bn_view_class data_class = {
	.name = "Data",
	.kind = BN_ON(DATA),
	.refresh_ms = 5000,
	.draw = data_draw,
	.command = data_command,
	.refuses = data_refuses,
	.page = data_page,
	.refresh = data_refresh,
	.cli = data_cli,
	.cli_is_list = true,
	.table = bn_list_grid,
	.free = view_free,
};

int bn_view_data_new(bn_view **out, bn_frame *f, bn_err *err)
{
	bn_list *l = NULL;
	int rc = bn_list_new(&l, sizeof(bn_data_view), &data_class, f, &dataset_source,
		dataset_columns, DATASET_COLUMNS, NULL, err);
	if (rc)
		return rc;
	l->grid.empty = "no datasets yet: :add NAME FILE.csv";
	*out = &l->view;
	return 0;
}

/* ---- the versions of one ------------------------------------------------------------------------- */

static int64_t version_rows(void *ctx)
{
	const bn_dataset_versions *d = bn_list_data(ctx);
	return d ? (int64_t)d->count : 0;
}

static void versions_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_dataset_versions *d = bn_list_data(ctx);
	const bn_dataset_version *v = d->items[row];
	if (col == COL_NAME) {
		out->number = (double)v->version;
		snprintf(out->buf, sizeof out->buf, "v%lld", (long long)v->version);
		out->text = out->buf;
	} else if (col == COL_LATEST) {
		out->full = v->hash;
		snprintf(out->buf, sizeof out->buf, "%.8s", v->hash);
		out->text = out->buf;
		out->ink = BN_INK_DIM;
	} else {
		version_cell(v, col, out);
	}
}

static uint64_t versions_key(void *ctx, int64_t row)
{
	const bn_dataset_versions *d = bn_list_data(ctx);
	return (uint64_t)d->items[row]->version;
}

static const bn_grid_source versions_source = {
	.rows = version_rows, .cell = versions_cell, .key = versions_key};

static bool version_selected(const bn_list *l, char ref[BN_REF_BYTES])
{
	const bn_dataset_versions *d = bn_list_data(l);
	int64_t row = bn_grid_selected_row(&l->grid);
	if (!d || row < 0)
		return false;
	bn_ref_format(ref, d->items[row]->name, "@v", d->items[row]->version);
	return true;
}

/* The two versions to compare, the older first: the two marked ones, the marked one with the
 * selected one, or the selected one with its predecessor. False: there are not two. */
static bool changes_of(const bn_list *l, char a[BN_REF_BYTES], char b[BN_REF_BYTES])
{
	const bn_dataset_versions *d = bn_list_data(l);
	int64_t at[2] = {-1, -1}, row = bn_grid_selected_row(&l->grid);
	int n = 0;
	for (size_t i = 0; d && i < d->count && n < 2; i++)
		if (bn_grid_is_marked(&l->grid, (int64_t)i))
			at[n++] = (int64_t)i;
	if (n < 2 && row >= 0 && row != at[0])
		at[n++] = row;
	if (n == 1 && d && at[0] + 1 < (int64_t)d->count)
		at[n++] = at[0] + 1;
	if (n < 2)
		return false;
	const bn_dataset_version *one = d->items[at[0]], *two = d->items[at[1]];
	bool first_is_older = one->version < two->version;
	bn_ref_format(first_is_older ? a : b, one->name, "@v", one->version);
	bn_ref_format(first_is_older ? b : a, two->name, "@v", two->version);
	return true;
}

static bool changes_open(bn_list *l)
{
	char a[BN_REF_BYTES], b[BN_REF_BYTES];
	bn_frame *f = l->view.frame;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	if (!changes_of(l, a, b))
		return false;
	return bn_view_open(f, bn_view_changes_new(&made, f, a, b, &err), &made, &err);
}

static bool versions_command(bn_view *view, bn_command_id id, const char *arg)
{
	char ref[BN_REF_BYTES];
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	if (id == BN_CMD_ADD)
		return add_start(view, arg);
	if (!version_selected((bn_list *)view, ref))
		return false;
	if (id == BN_CMD_COMPARE)
		return changes_open((bn_list *)view);
	if (id == BN_CMD_OPEN)
		return bn_view_open(view->frame,
			bn_view_all_rows_new(&made, view->frame, ref, &err), &made, &err);
	return about_version(view, id, ref, arg);
}

static bool versions_refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	char ref[BN_REF_BYTES], other[BN_REF_BYTES];
	if (id == BN_CMD_COMPARE) {
		size_t marks = bn_grid_mark_count(&((bn_list *)view)->grid);
		snprintf(why, size,
			marks > 2 ? "two are compared, and %zu are marked"
				  : "there is no other version to compare with",
			marks);
		return marks > 2 || !changes_of((bn_list *)view, ref, other);
	}
	if (!needs_selection(id) || version_selected((bn_list *)view, ref))
		return false;
	snprintf(why, size, "no version is selected");
	return true;
}

static void versions_refresh(bn_view *view)
{
	bn_ref_arg arg = {""};
	memcpy(arg.ref, ((bn_list *)view)->ref, sizeof arg.ref);
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->versions, &arg, sizeof arg);
	bn_data_answer_refresh((bn_data_view *)view);
}

static void versions_cli(const bn_view *view, bn_buf *out)
{
	bn_buf_addf(out, "binnacle data ls %s --json", ((const bn_list *)view)->ref);
}

static void versions_draw(bn_view *view, bn_area a, bool focused)
{
	char ref[BN_REF_BYTES] = "";
	version_selected((bn_list *)view, ref);
	draw(view, a, focused, ref);
}

static const bn_view_class versions_class = {
	.name = "",
	.kind = BN_ON(VERSIONS),
	.refresh_ms = 5000,
	.draw = versions_draw,
	.command = versions_command,
	.refuses = versions_refuses,
	.page = page,
	.refresh = versions_refresh,
	.crumb = bn_list_crumb,
	.cli = versions_cli,
	.cli_is_list = true,
	.table = bn_list_grid,
	.free = view_free,
};

int bn_view_versions_new(bn_view **out, bn_frame *f, const char *name, bn_err *err)
{
	bn_list *l = NULL;
	int rc = bn_list_new(&l, sizeof(bn_data_view), &versions_class, f, &versions_source,
		version_columns, COLUMNS, name, err);
	if (!rc)
		*out = &l->view;
	return rc;
}
