/*
 * runs.c - the table of runs, live: state, name, parameters and metrics as columns; next to it, if
 * there is room, the selected run. Marked runs are compared with x. See _runs.h.
 */
#include "core/base/utf8.h"
#include "tui/ui/format.h"
#include "tui/ui/shell_word.h"
#include "tui/views/runs/_queue.h"
#include "tui/views/runs/_runs.h"

#include <stdio.h>
#include <string.h>

static void ordered(bn_view *view)
{
	bn_runs_view *v = (bn_runs_view *)view;
	bn_runs_arg arg = {.at = BN_RUNS_FIRST};
	if (!bn_runs_is_window(v))
		return;
	v->list.grid.top = 0;
	bn_grid_select(&v->list.grid, 0);
	v->list.grid.has_selected_key = false;
	bn_runs_ask(v, &arg, 0);
}

/* Why the list is empty. */
static void empty_say(bn_runs_view *v, const bn_runs *d)
{
	bn_grid *g = &v->list.grid;
	if (v->where[0]) {
		snprintf(v->none, sizeof v->none, "no run matches%s%.280s; Esc shows all",
			d->absent ? ": " : "", d->absent ? d->absent : "");
		g->empty = v->none;
	} else {
		g->empty = v->removed ? "the trash is empty; :removed shows the runs again"
				      : BN_RUNS_NONE;
	}
}

static void page(bn_view *view, bn_page *p)
{
	bn_runs_view *v = (bn_runs_view *)view;
	const bn_runs *d = p->data;
	if (bn_view_action_done(view, p))
		return;
	if (p->kind == BN_KIND_CURVES) {
		if (p->data) {
			bn_page_free(v->curves);
			v->curves = p;
		} else {
			bn_page_free(p);
		}
		return;
	}
	bool is_refused = v->where_is_new && p->err.code; /* the message says where */
	if (is_refused)
		memcpy(v->where, v->where_shown, sizeof v->where);
	else
		memcpy(v->where_shown, v->where, sizeof v->where);
	v->where_is_new = v->list.grid.asking = false;
	bn_frame_line_answered(view, is_refused);
	if (!d)
		v->asked_first = -1;
	else
		bn_runs_window_take(v, d->page);
	if (d)
		bn_runs_too_many_groups(v, d->page);
	if (d)
		empty_say(v, d);
	if (d && !bn_runs_columns_fit(v, d)) {
		bn_page *old = v->list.page;
		v->list.page = p; /* columns are built from this page */
		if (bn_runs_columns_set(v, d) &&
			!bn_grid_set_columns(
				&v->list.grid, bn_runs_first_columns, BN_RUNS_FIELDS, NULL))
			bn_runs_columns_release(v);
		bn_page_free(old);
		bn_runs_look(v);
		bn_grid_reload(&v->list.grid);
		return;
	}
	bn_list_page(view, p);
	bn_runs_look(v);
}

static void detail_follow(bn_runs_view *v)
{
	const bn_run_row *r = bn_runs_row(v, bn_grid_selected_row(&v->list.grid));
	bn_err err = BN_ERR_INIT;
	if (!r || bn_frame_is_asking(v->list.view.frame, &v->list.view) ||
		bn_frame_is_asking(v->list.view.frame, v->detail))
		return;
	if (!v->detail && bn_view_run_new(&v->detail, v->list.view.frame, NULL, &err))
		bn_frame_error(v->list.view.frame, &err);
	if (v->detail)
		bn_view_run_show(v->detail, r->id);
}

/* Items separated by commas; items that do not fit are left out whole, since a cut value would be another one. */
static void items_draw(bn_area a, int row, const char *name, const char *items)
{
	int col = bn_area_text(a, row, 0, BN_INK_DIM, name);
	size_t n = strlen(items), room = a.cols > col ? (size_t)(a.cols - col) : 0;
	if (bn_utf8_width(items) > room) {
		n = bn_utf8_head(items, n, room > 3 ? room - 3 : 0);
		while (n > 0 && items[n] != ',')
			n--;
	}
	col = bn_area_textf(a, row, col, BN_INK_DIM, "%.*s", (int)n, items);
	if (items[n])
		bn_area_glyph(a, row, bn_area_text(a, row, col, BN_INK_DIM, n ? ", " : ""),
			BN_INK_DIM, BN_GLYPH_ELLIPSIS);
}

/* A summary of the folded columns, if there is room below the rows; removes its lines from the
 * area. */
static void folded_draw(const bn_runs_view *v, bn_area *a)
{
	const bn_runs *d = bn_list_data(&v->list);
	int lines = d ? (d->same[0] != '\0') + (d->sparse[0] != '\0') : 0;
	if (!lines || a->rows < bn_grid_count(&v->list.grid) + 1 + lines + 2)
		return;
	int row = a->rows - lines - 1;
	bn_area_hline(*a, row, 0, a->cols, BN_INK_BORDER);
	bn_area_text(*a, row++, 2, BN_INK_HEADER, " folded: c brings them back ");
	bn_area words = bn_area_sub(*a, row, 1, lines, a->cols - 2);
	int at = 0;
	if (d->same[0])
		items_draw(words, at++, "the same: ", d->same);
	if (d->sparse[0])
		items_draw(words, at, "empty or nearly: ", d->sparse);
	a->rows -= lines + 1;
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	bn_runs_view *v = (bn_runs_view *)view;
	bn_area list, detail;
	v->is_split =
		bn_view_split(view, a, &list, &detail) && bn_runs_page(v) && bn_runs_page(v)->count;
	v->in_detail = v->in_detail && v->is_split;
	list = v->is_split ? list : a;
	bn_queue_line(&list, bn_runs_queue(v));
	folded_draw(v, &list);
	bn_list_draw(view, list, focused && !v->in_detail);
	bn_runs_window_follow(v);
	bn_runs_curves_follow(v);
	if (!v->is_split)
		return;
	detail_follow(v);
	if (v->detail)
		v->detail->cls->draw(v->detail, detail, focused && v->in_detail);
}

/* Typed as a key there is no argument: the prompt opens with the current filter. */
static void where_set(bn_runs_view *v, const char *arg)
{
	char line[BN_TYPED_BYTES + 8];
	if (!arg) {
		snprintf(line, sizeof line, "where %s", v->where);
		bn_frame_prompt(v->list.view.frame, line);
		return;
	}
	snprintf(v->where, sizeof v->where, "%s", arg);
	v->where_is_new = true;
	v->where_is_last = v->where[0] && v->list.grid.filter[0];
	v->list.view.cls->refresh(&v->list.view);
	bn_frame_line_asked(&v->list.view);
}

/* ---- groups, labels, the trash ------------------------------------------------------------------- */

/* The current column, or the named one; if grouped by it already, ungroups. */
static void group_set(bn_runs_view *v, const char *arg)
{
	bn_grid *g = &v->list.grid;
	bn_frame *f = v->list.view.frame;
	int column = arg && *arg ? bn_grid_find_column(g, arg) : g->column;
	if (arg && strcmp(arg, "none") == 0)
		column = g->group;
	else if (column < 0)
		bn_frame_message(f, "no column '%.60s' here; c lists them", arg);
	else if (!bn_runs_is_grouping(v, column))
		bn_frame_message(f, "%s groups nothing: go to a parameter, or :group NAME",
			bn_grid_title(g, column));
	else if (!bn_grid_is_shown(g, column))
		bn_grid_show_column(g, column, true);
	if (column >= 0 && (column == g->group || bn_runs_is_grouping(v, column))) {
		bn_grid_group_by(g, column == g->group ? -1 : column);
		ordered(&v->list.view);
	}
}


static void trash_ask(bn_runs_view *v, const bn_run_row *r)
{
	char who[100], question[160], text[320], below[120] = "";
	bn_act_words(&v->act, v->act_name, who, sizeof who);
	snprintf(question, sizeof question, "Move %s to the trash?", who);
	if (v->act.stop_count <= 1 && r->children > 0)
		snprintf(below, sizeof below, "%lld run%s directly below it stay%s in the list. ",
			(long long)r->children, r->children == 1 ? "" : "s", r->children == 1 ? "s" : "");
	snprintf(text, sizeof text,
		"%sWhat is in the trash is not listed. u, or :removed and :restore, brings it back, "
		"until what it holds is freed: binnacle gc says when.",
		below);
	bn_frame_confirm(v->list.view.frame, &v->list.view, BN_CMD_TRASH, question, text, "move it");
}

/* Moves the runs of the open question, or the selection, one way; `back` is the other. */
static void trash_do(bn_runs_view *v, bool remove)
{
	char what[160], who[100];
	bn_action_arg back = v->act;
	bn_act_words(&v->act, v->act_name, who, sizeof who);
	snprintf(
		what, sizeof what, "%s the trash: %s", remove ? "moving to" : "taking out of", who);
	v->act.action = remove ? BN_ACTION_RUN_REMOVE : BN_ACTION_RUN_RESTORE;
	back.action = remove ? BN_ACTION_RUN_RESTORE : BN_ACTION_RUN_REMOVE;
	bn_grid_command(&v->list.grid, BN_CMD_UNMARK, NULL);
	bn_view_act(&v->list.view, &v->act, &back, what);
}

/* All get what the selected one lacks. */
static void star_turn(bn_runs_view *v, const bn_run_row *r)
{
	bool has = r->cells[v->field_count + BN_RUN_STAR].kind != BN_CELL_ABSENT;
	bn_action_arg back = v->act;
	char what[160], who[100];
	bn_act_words(&v->act, v->act_name, who, sizeof who);
	snprintf(what, sizeof what, "the star of %s", who);
	v->act.action = back.action = BN_ACTION_RUN_TAG;
	snprintf(v->act.reason, sizeof v->act.reason, "%s", has ? BN_STAR_TAG : BN_STAR_TAG "=yes");
	snprintf(back.reason, sizeof back.reason, "%s", has ? BN_STAR_TAG "=yes" : BN_STAR_TAG);
	back.is_guarded = true;
	snprintf(back.expects, sizeof back.expects, "%s", has ? "" : "yes");
	/* Of several, some may have had it before: taking it back would not restore that. */
	bn_view_act(&v->list.view, &v->act, v->act.stop_count > 1 ? NULL : &back, what);
}

static bool act(bn_runs_view *v, bn_command_id id, const bn_run_row *r)
{
	bn_view *view = &v->list.view, *made = NULL;
	bn_err err = BN_ERR_INIT;
	memset(&v->act, 0, sizeof v->act);
	bn_act_runs(&v->act, &v->list.grid, r->id);
	char label[BN_RUN_LABEL_BYTES];
	snprintf(v->act_name, sizeof v->act_name, "%.90s",
		bn_run_label(label, r->name, r->title, r->id));
	switch (id) {
	case BN_CMD_LABEL:
		return bn_view_open(view->frame,
			bn_view_labels_new(&made, view->frame, &v->act, v->act_name, &err), &made,
			&err);
	case BN_CMD_STAR:
		star_turn(v, r);
		return true;
	case BN_CMD_TRASH:
		trash_ask(v, r);
		return true;
	default:
		trash_do(v, false);
		return true;
	}
}

static void removed_set(bn_runs_view *v)
{
	v->removed = !v->removed;
	v->where_is_new = true;
	bn_grid_command(&v->list.grid, BN_CMD_UNMARK, NULL);
	v->list.view.cls->refresh(&v->list.view);
}

/* Opens or folds the selected group, if there are more runs than are loaded. Above the maximum of
 * open groups, the one opened first is folded. */
static bool group_turn(bn_runs_view *v)
{
	bn_grid *g = &v->list.grid;
	bn_runs_arg arg = {.at = BN_RUNS_FIRST};
	if (!bn_runs_is_window(v) || !bn_grid_fold(g))
		return false;
	if (g->folded_count > BN_RUNS_OPEN)
		memmove(g->folded, g->folded + 1, --g->folded_count * sizeof *g->folded);
	bn_runs_ask(v, &arg, 0);
	return true;
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_runs_view *v = (bn_runs_view *)view;
	const bn_run_row *r = bn_runs_row(v, bn_grid_selected_row(&v->list.grid));
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	bool of_chart = id == BN_CMD_NEXT_METRIC || id == BN_CMD_PREVIOUS_METRIC ||
			id == BN_CMD_LOG_SCALE || id == BN_CMD_SMOOTH;
	if (id == BN_CMD_NEXT_PANE && v->is_split) {
		v->in_detail = !v->in_detail;
		return true;
	}
	if (v->detail && v->is_split && (v->in_detail || of_chart) && id != BN_CMD_OPEN &&
		v->detail->cls->command(v->detail, id, arg))
		return true;
	if (bn_queue_command(view, id))
		return true;
	if (id == BN_CMD_BACK && v->where[0] && (v->where_is_last || !v->list.grid.filter[0])) {
		where_set(v, "");
		return true;
	}
	if (id == BN_CMD_WHERE) {
		where_set(v, arg);
		return true;
	}
	if (bn_runs_saved_command(v, id, arg))
		return true;
	if (id == BN_CMD_AGGREGATE) {
		bn_runs_aggregate_set(v, arg);
		return true;
	}
	if (id == BN_CMD_TREE) {
		bn_runs_tree_set(v, arg);
		return true;
	}
	if (id == BN_CMD_FOLD)
		return group_turn(v) || bn_grid_fold(&v->list.grid) || bn_runs_tree_turn(v);
	if (id == BN_CMD_GROUP) {
		group_set(v, arg);
		return true;
	}
	if (id == BN_CMD_REMOVED || (id == BN_CMD_BACK && v->removed && !v->list.grid.filter[0])) {
		removed_set(v);
		return true;
	}
	if (id == BN_CMD_OPEN && group_turn(v))
		return true;
	if (id == BN_CMD_EXPORT && bn_runs_is_window(v)) {
		bn_runs_export(v, arg);
		return true;
	}
	if (id == BN_CMD_REGISTER)
		return bn_view_register(view, arg, r ? r->id : NULL);
	if (id == BN_CMD_LAUNCH)
		return bn_view_launch(view, r ? r->id : NULL, NULL);
	if (!r)
		return false;
	switch (id) {
	case BN_CMD_LABEL:
	case BN_CMD_STAR:
	case BN_CMD_TRASH:
	case BN_CMD_RESTORE:
		return act(v, id, r);
	case BN_CMD_OPEN:
		return bn_view_open(
			view->frame, bn_view_run_new(&made, view->frame, r->id, &err), &made, &err);
	case BN_CMD_RESUME:
		return bn_view_resume(view, r->id);
	case BN_CMD_REPRODUCE:
		bn_view_reproduce(view, r->id, r->name, NULL);
		return true;
	case BN_CMD_COMPARE:
		return bn_runs_compare(v);
	case BN_CMD_CHARTS:
		return bn_runs_charts(v);
	case BN_CMD_PIN:
		bn_runs_base_pin(v, r->id);
		return true;
	case BN_CMD_STOP:
		v->stops_marked = bn_grid_mark_count(&v->list.grid) > 0;
		if (v->stops_marked) {
			bn_view_ask_stop_marked(view, bn_grid_mark_count(&v->list.grid));
			return true;
		}
		memcpy(v->stopping, r->id, sizeof v->stopping);
		bn_view_ask_stop(view, r->id, r->name, r->title, r->status == BN_RUN_QUEUED);
		return true;
	default:
		return false;
	}
}

static bool act_refused(
	const bn_runs_view *v, bn_command_id id, const bn_run_row *r, char *why, size_t size)
{
	bool many = bn_grid_mark_count(&v->list.grid) > 0;
	bool is_over = !bn_run_status_is_live(r->status) && r->status != BN_RUN_FINISHED;
	if (id == BN_CMD_RESUME && !is_over)
		snprintf(why, size, "it is %s: there is nothing to resume",
			bn_run_status_name(r->status));
	if (id == BN_CMD_RESUME)
		return !is_over;
	if (id != BN_CMD_LABEL && id != BN_CMD_STAR && id != BN_CMD_TRASH && id != BN_CMD_RESTORE)
		return false;
	if (bn_grid_mark_count(&v->list.grid) > BN_STOP_MAX)
		snprintf(why, size, "more than %d runs are marked", BN_STOP_MAX);
	else if (id == BN_CMD_RESTORE && !v->removed)
		snprintf(why, size, "these are not in the trash; :removed shows it");
	else if (id != BN_CMD_RESTORE && v->removed)
		snprintf(why, size, "these are in the trash; :restore brings them back");
	else if (id == BN_CMD_TRASH && !many && bn_run_status_is_live(r->status))
		snprintf(why, size, "it is %s; S stops it first", bn_run_status_name(r->status));
	else
		return false;
	return true;
}

static void none_words(const bn_runs_view *v, bool is_line, char *why, size_t size)
{
	const char *text = v->removed ? "the trash is empty"
				      : "there is no run yet: L starts one";
	if (v->where[0] || v->list.grid.filter[0])
		text = "no run matches the filter; Esc shows all";
	if (is_line)
		text = "this is a group: go to a run";
	snprintf(why, size, "%s", text);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	bn_runs_view *v = (bn_runs_view *)view;
	const bn_run_row *r = bn_runs_row(v, bn_grid_selected_row(&v->list.grid));
	if (bn_queue_refuses(bn_runs_queue(v), id, why, size))
		return true;
	bool is_line = bn_grid_is_group(bn_grid_selected_row(&v->list.grid));
	switch (id) {
	case BN_CMD_OPEN:
	case BN_CMD_PIN:
	case BN_CMD_LABEL:
	case BN_CMD_STAR:
	case BN_CMD_TRASH:
	case BN_CMD_RESTORE:
	case BN_CMD_REPRODUCE:
	case BN_CMD_RESUME:
		if (r)
			return act_refused(v, id, r, why, size);
		if (is_line && id == BN_CMD_OPEN)
			return false;
		none_words(v, is_line, why, size);
		return true;
	case BN_CMD_LAUNCH:
		return r && bn_run_again_refused(r->cells[v->field_count + BN_RUN_KIND].text, why, size);
	case BN_CMD_STOP:
		if (bn_view_stop_refused(view, why, size))
			return true;
		if (bn_grid_mark_count(&v->list.grid) > BN_STOP_MAX) {
			snprintf(why, size, "more than %d runs are marked", BN_STOP_MAX);
			return true;
		}
		if (bn_grid_mark_count(&v->list.grid) > 0)
			return false;
		if (r && bn_run_status_is_live(r->status))
			return false;
		snprintf(why, size, "only a live run can be stopped%s%s", r ? "; this one is " : "",
			r ? bn_run_status_name(r->status) : "");
		return true;
	case BN_CMD_COMPARE:
		/* Called for every drawing, so it must not walk over all runs. */
		if (bn_grid_mark_count(&v->list.grid) + (v->baseline[0] != '\0') >= 2 ||
			(r && bn_grid_mark_count(&v->list.grid) == 0 &&
				bn_runs_has_other(v, r->id)))
			return false;
		snprintf(why, size, "mark two runs or more first, with Space (p pins a baseline)");
		return true;
	case BN_CMD_INVERT:
		if (bn_runs_is_tree(v))
			snprintf(why, size, "some are folded; :tree off lists all of them");
		else
			snprintf(why, size, "these are more than %d runs: w chooses", BN_RUNS_WINDOW);
		return bn_runs_is_window(v);
	case BN_CMD_FOLD:
		if (is_line || (r && (r->children || r->depth > 0)))
			return false;
		snprintf(why, size, "%s", !bn_runs_is_tree(v) && v->flat ? ":tree shows runs below their parents"
				: "no run is below this one");
		return true;
	case BN_CMD_NEXT_PANE:
	case BN_CMD_NEXT_METRIC:
	case BN_CMD_PREVIOUS_METRIC:
	case BN_CMD_LOG_SCALE:
	case BN_CMD_SMOOTH:
		if (v->is_split) /* they are of the run beside the list, if it has a curve */
			return id != BN_CMD_NEXT_PANE && v->detail && v->detail->cls->refuses(v->detail, id, why, size);
		snprintf(why, size, "no chart beside the list on this screen; Enter opens the run");
		return true;
	default:
		return false;
	}
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	bn_runs_view *v = (bn_runs_view *)view;
	(void)text;
	if (id == BN_CMD_TRASH)
		trash_do(v, true);
	else if (id == BN_CMD_STOP && v->stops_marked)
		bn_view_stop_marked(view, v->list.grid.marks, v->list.grid.mark_count);
	else if (id == BN_CMD_STOP)
		bn_view_do(view, BN_ACTION_STOP, v->stopping, NULL, false);
}

static void refresh(bn_view *view)
{
	bn_runs_view *v = (bn_runs_view *)view;
	const bn_runs *d = bn_list_data(&v->list);
	bn_runs_arg arg = {.have = d && !v->where_is_new ? d->generation : 0};
	if (v->where_is_new)
		bn_runs_ask(v, &arg, 0);
	else
		bn_runs_ask_again(v, &arg);
	if (v->detail && v->is_split)
		v->detail->cls->refresh(v->detail);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	const bn_runs_view *v = (const bn_runs_view *)view;
	if (v->removed)
		bn_buf_adds(out, v->where_shown[0] ? "in the trash, " : "in the trash");
	if (v->where_shown[0])
		bn_buf_addf(out, "where %s", v->where_shown);
	if (v->list.grid.group >= 0 && v->aggregate != BN_SUM_MEAN)
		bn_buf_addf(out, "%s%s of groups", v->removed || v->where_shown[0] ? ", " : "",
			bn_run_sum_names[v->aggregate]);
}

/* Fields for filters: those of the columns, and those of every run. */
static int words(const bn_view *view, bn_command_id id, const char **out, int most)
{
	const bn_runs_view *v = (const bn_runs_view *)view;
	int n = 0;
	if (id == BN_CMD_TREE)
		return bn_runs_tree_words(out, most);
	for (; id == BN_CMD_AGGREGATE && n < BN_SUM_KINDS && n < most; n++)
		out[n] = bn_run_sum_names[n];
	if (id == BN_CMD_VIEW || id == BN_CMD_VIEW_SAVE || id == BN_CMD_VIEW_DROP)
		return bn_runs_saved_words((bn_runs_view *)(uintptr_t)view, out, most);
	for (size_t i = 0; id == BN_CMD_WHERE && i < v->field_count && n < most; i++)
		out[n++] = v->fields[i];
	const char *name;
	for (size_t i = 0;
		id == BN_CMD_WHERE && n < most && (name = bn_run_attribute(i)); i++)
		out[n++] = name;
	return n;
}

static void cli(const bn_view *view, bn_buf *out)
{
	const bn_runs_view *v = (const bn_runs_view *)view;
	char sort[BN_RUNS_SORT], group[BN_KEY_BYTES + 16];
	bn_buf columns = BN_BUF_INIT;
	bn_buf_adds(out, "binnacle run ls --json");
	if (v->removed)
		bn_buf_adds(out, " --removed");
	bn_shell_option_add(out, "filter", v->where);
	bn_runs_sort_text(v, sort, sizeof sort);
	bn_shell_option_add(out, "sort", sort);
	bn_runs_columns_text(v, &columns);
	bn_shell_option_add(out, "columns", columns.ptr);
	bn_shell_option_add(out, "match", v->list.grid.filter);
	bn_runs_group_text(v, group, sizeof group);
	bn_shell_option_add(out, "group", group);
	if (group[0] && v->aggregate != BN_SUM_MEAN)
		bn_shell_option_add(out, "aggregate", bn_run_sum_names[v->aggregate]);
	if (bn_runs_is_tree(v))
		bn_buf_adds(out, " --tree");
	bn_buf_release(&columns);
}

static void view_free(bn_view *view)
{
	bn_runs_view *v = (bn_runs_view *)view;
	bn_view_free(v->detail);
	bn_page_free(v->curves);
	bn_runs_columns_release(v);
	bn_free(v->saved);
	bn_list_free(view);
}

static const bn_view_class runs_class = {
	.name = "Runs",
	.kind = BN_ON(RUNS),
	.refresh_ms = 1000,
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.answer = answer,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.words = words,
	.table = bn_list_grid,
	.ordered = ordered,
	.free = view_free,
};

int bn_view_runs_new(bn_view **out, bn_frame *f, bn_err *err)
{
	bn_runs_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &runs_class, f, &bn_runs_source, bn_runs_first_columns,
		BN_RUNS_FIELDS, NULL, err);
	if (rc)
		return rc;
	v->asked_first = -1;
	v->word_field = -1;
	v->aggregate = BN_SUM_MEAN;
	v->list.grid.empty = BN_RUNS_NONE;
	bn_runs_base_recall(v);
	*out = &v->list.view;
	return 0;
}
