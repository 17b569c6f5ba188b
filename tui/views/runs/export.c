/* export.c - the export of more runs than are loaded, or of a tree, as a job (core/track/save.h). The runs of a tree
 * are written as a list, folded ones too. See _runs.h. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/track/save.h"
#include "tui/ui/format.h"
#include "tui/views/runs/_pages.h"
#include "tui/views/runs/_runs.h"

#include <stdio.h>
#include <string.h>

/* ---- the job ------------------------------------------------------------------------------------- */

enum { COLUMNS_MOST = 200 };

static size_t columns_split(char *text, const char *out[COLUMNS_MOST])
{
	size_t n = 0;
	for (char *rest = text, *one; n < COLUMNS_MOST && (one = bn_run_field_next(&rest));)
		if (*one)
			out[n++] = one;
	return n;
}

int bn_source_export_runs(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_runs_export_arg *a = arg;
	const char *columns[COLUMNS_MOST];
	bn_progress watch = bn_job_watch(job);
	bn_runs_saved saved = {0};
	bn_list_format format;
	char count[BN_FMT];
	char *copy = bn_arena_strdup(&page->arena, a->columns);
	int rc;
	if (!copy)
		return bn_err_nomem(err, "columns");
	bn_run_query q = {.filter = a->filter,
		.sort = a->sort,
		.search = a->search,
		.removed = a->removed,
		.columns = columns,
		.column_count = columns_split(copy, columns),
		.live_first = true};
	if ((rc = bn_reader_refresh(r, err)) < 0 ||
		(rc = bn_list_format_of(&format, a->path, err)) < 0 ||
		(rc = bn_runs_save(&saved, r->ws, &q, INT64_MAX, a->path, format, &watch, err)) < 0)
		return rc;
	bn_job_log(job, "wrote %s %s to %s", bn_fmt_count((uint64_t)saved.runs, count),
		saved.runs == 1 ? "run" : "runs", a->path);
	if (!(page->data = bn_arena_strdup(&page->arena, a->path)))
		return bn_err_nomem(err, "a path");
	return 0;
}

/* ---- its start ----------------------------------------------------------------------------------- */

/* The columns that are shown, from left to right, in the syntax of queries: those that a query knows. */
static void columns_text(const bn_runs_view *v, bn_buf *out)
{
	const bn_grid *g = &v->list.grid;
	for (int c = 0; c < g->column_count; c++) {
		if (!bn_grid_is_shown(g, c) || g->columns[c].form == BN_COLUMN_BARS)
			continue;
		bn_buf_adds(out, out->len ? "," : "");
		bn_runs_field_add(out, v, c);
	}
}

void bn_runs_export(bn_runs_view *v, const char *path)
{
	bn_frame *f = v->list.view.frame;
	bn_runs_export_arg arg;
	bn_buf columns = BN_BUF_INIT;
	bn_list_format format;
	bn_err err = BN_ERR_INIT;
	char title[240];
	if (!path || !*path) {
		bn_frame_prompt(f, "export ");
		return;
	}
	memset(&arg, 0, sizeof arg); /* equal requests have equal bytes */
	snprintf(arg.filter, sizeof arg.filter, "%s", v->where);
	snprintf(arg.search, sizeof arg.search, "%s", v->list.grid.filter);
	bn_runs_sort_text(v, arg.sort, sizeof arg.sort);
	arg.removed = v->removed;
	columns_text(v, &columns);
	if (bn_buf_check(&columns, &err, "columns") == 0 && columns.len >= sizeof arg.columns)
		bn_err_set(&err, BN_EINVAL, "too many columns are shown for an export");
	else if (!err.code)
		memcpy(arg.columns, columns.ptr ? columns.ptr : "", columns.len);
	bn_buf_release(&columns);
	if (err.code || bn_list_format_of(&format, path, &err) < 0) {
		bn_frame_error(f, &err);
		return;
	}
	if (!bn_frame_may_write(f, path))
		return;
	if (bn_frame_path(f, path, arg.path, &err) < 0) {
		bn_frame_error(f, &err);
		return;
	}
	snprintf(title, sizeof title, "export runs to %.180s", path);
	bn_frame_start(f, &(bn_job_spec){.title = title,
				  .fn = bn_view_source(&v->list.view)->export_runs,
				  .arg = &arg,
				  .arg_bytes = sizeof arg});
}
