/*
 * saved.c - saved views of the list: each is a name and the commands that make it, a line of the
 * file that the frame stores for this workspace. "shown" is no command: it has the columns that there was room for, which
 * binnacle run ls --view lists. See _runs.h.
 *
 * 	best of the sweep<TAB>where params.lr > 0.01<TAB>sort metrics.rmse<TAB>group params.hidden
 */
#include "core/base/mem.h"
#include "tui/views/runs/_runs.h"

#include <stdio.h>
#include <string.h>

/* The next line of the file; its length, 0 at the end. */
static size_t line_next(const char **at, const char **line)
{
	*line = *at + strspn(*at, "\n");
	size_t n = strcspn(*line, "\n");
	*at = *line + n;
	return n;
}

static bool is_named(const char *line, size_t n, const char *name)
{
	size_t length = strlen(name);
	return n >= length && memcmp(line, name, length) == 0 &&
	       (n == length || line[length] == '\t');
}

/* ---- writing ------------------------------------------------------------------------------------- */

static void command_add(bn_buf *out, const char *command, const char *arg)
{
	if (!arg || !arg[0])
		return;
	bn_buf_addf(out, "\t%s ", command);
	for (; *arg; arg++)
		bn_buf_addch(out, *arg == '\t' || *arg == '\n' ? ' ' : *arg);
}

static void view_write(const bn_runs_view *v, const char *name, bn_buf *out)
{
	const bn_grid *g = &v->list.grid;
	bn_buf text = BN_BUF_INIT;
	bn_buf_adds(out, name);
	command_add(out, "where", v->where);
	bn_grid_write_choice(g, &text);
	command_add(out, "columns", text.ptr);
	bn_buf_clear(&text);
	bn_grid_write_drawn(g, &text);
	command_add(out, BN_SAVED_SHOWN, text.len ? text.ptr : NULL);
	bn_buf_clear(&text);
	bn_grid_write_sort(g, &text);
	command_add(out, "sort", text.len ? text.ptr : NULL);
	if (v->flat || v->unfolded) /* before the group, which it would end */
		command_add(out, "tree", v->flat ? "off" : "open");
	if (g->group >= 0)
		command_add(out, "group", bn_grid_column_name(&g->columns[g->group]));
	if (v->aggregate != BN_SUM_MEAN)
		command_add(out, "aggregate", bn_run_sum_names[v->aggregate]);
	command_add(out, "filter", g->filter);
	bn_buf_addch(out, '\n');
	bn_buf_release(&text);
}

static void remember(bn_runs_view *v, const bn_buf *all)
{
	bn_err err = BN_ERR_INIT;
	if (bn_frame_remember(v->list.view.frame, BN_KEPT_VIEWS, all->ptr ? all->ptr : "", &err) <
		0)
		bn_frame_error(v->list.view.frame, &err);
}

/* All except the one of that name. */
static bool others_copy(bn_runs_view *v, const char *name, bn_buf *out)
{
	char *all = bn_frame_recall(v->list.view.frame, BN_KEPT_VIEWS);
	const char *at = all ? all : "", *line;
	bool found = false;
	for (size_t n = line_next(&at, &line); n; n = line_next(&at, &line)) {
		if (is_named(line, n, name)) {
			found = true;
			continue;
		}
		bn_buf_add(out, line, n);
		bn_buf_addch(out, '\n');
	}
	bn_free(all);
	return found;
}

static void names_forget(bn_runs_view *v)
{
	bn_free(v->saved);
	v->saved = NULL;
}

static void save(bn_runs_view *v, const char *name)
{
	bn_buf all = BN_BUF_INIT;
	bn_frame *f = v->list.view.frame;
	if (!name || !*name) {
		bn_frame_prompt(f, "view-save ");
		return;
	}
	bool again = others_copy(v, name, &all);
	view_write(v, name, &all);
	bn_frame_message(f, "view '%.60s' %s; v shows it", name, again ? "is this now" : "saved");
	remember(v, &all);
	names_forget(v);
	bn_buf_release(&all);
	snprintf(v->view_name, sizeof v->view_name, "%s", name);
}

static void drop(bn_runs_view *v, const char *name)
{
	bn_buf all = BN_BUF_INIT;
	bn_frame *f = v->list.view.frame;
	if (others_copy(v, name ? name : "", &all)) {
		remember(v, &all);
		names_forget(v);
		bn_frame_message(f, "view '%.60s' is dropped; what it showed stays", name);
	} else {
		bn_frame_message(f, "no view '%.60s' was saved", name ? name : "");
	}
	bn_buf_release(&all);
}

/* ---- showing ------------------------------------------------------------------------------------- */

/* The view without filter, sort and group. */
static void reset(bn_runs_view *v)
{
	static const char *const lines[] = {"group none", "sort none", "columns default"};
	bn_frame *f = v->list.view.frame;
	bn_frame_filter(f, "");
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		bn_frame_run(f, lines[i], NULL);
	if (v->flat || v->unfolded)
		bn_frame_run(f, "tree folded", NULL);
	v->aggregate = BN_SUM_MEAN;
	if (v->where[0])
		bn_frame_run(f, "where ", NULL);
	v->view_name[0] = '\0';
}

static void show(bn_runs_view *v, const char *line, size_t n)
{
	char *copy = bn_strndup(line, n), *rest = copy, *word = strsep(&rest, "\t");
	bn_frame *f = v->list.view.frame;
	if (!word)
		return;
	reset(v);
	snprintf(v->view_name, sizeof v->view_name, "%s", word);
	while ((word = strsep(&rest, "\t")))
		if (strncmp(word, BN_SAVED_SHOWN " ", sizeof BN_SAVED_SHOWN) != 0 && bn_frame_run(f, word, NULL) < 0)
			break;
	if (!word)
		bn_frame_message(f, "view '%.60s'", v->view_name);
	bn_grid_select(&v->list.grid, 0);
	bn_free(copy);
}

/* The one of that name, or the one after the current one; after the last comes the plain list. */
static void go(bn_runs_view *v, const char *name)
{
	bn_frame *f = v->list.view.frame;
	char *all = bn_frame_recall(f, BN_KEPT_VIEWS);
	const char *at = all ? all : "", *line;
	bool named = name && *name, past = !v->view_name[0], any = false;
	for (size_t n = line_next(&at, &line); n; n = line_next(&at, &line)) {
		any = true;
		if (named ? is_named(line, n, name) : past) {
			show(v, line, n);
			goto out;
		}
		past = past || is_named(line, n, v->view_name);
	}
	if (named)
		bn_frame_message(
			f, "no view '%.60s' was saved; :view-save NAME saves this one", name);
	else if (!any)
		bn_frame_message(f, "no view was saved yet; :view-save NAME saves this one");
	else
		reset(v);
out:
	bn_free(all);
}

int bn_runs_saved_words(bn_runs_view *v, const char **out, int most)
{
	int n = 0;
	if (!v->saved) {
		char *all = bn_frame_recall(v->list.view.frame, BN_KEPT_VIEWS);
		const char *at = all ? all : "", *line;
		bn_buf names = BN_BUF_INIT;
		for (size_t end = line_next(&at, &line); end; end = line_next(&at, &line)) {
			const char *tab = memchr(line, '\t', end);
			bn_buf_add(&names, line, tab ? (size_t)(tab - line) : end);
			bn_buf_addch(&names, '\0');
		}
		bn_buf_addch(&names, '\0'); /* an empty name terminates the list */
		v->saved = bn_buf_take(&names, NULL);
		bn_buf_release(&names);
		bn_free(all);
	}
	for (const char *at = v->saved; at && *at && n < most; at += strlen(at) + 1)
		out[n++] = at;
	return n;
}

bool bn_runs_saved_command(bn_runs_view *v, bn_command_id id, const char *arg)
{
	if (id == BN_CMD_VIEW)
		go(v, arg);
	else if (id == BN_CMD_VIEW_SAVE)
		save(v, arg);
	else if (id == BN_CMD_VIEW_DROP)
		drop(v, arg);
	else
		return false;
	return true;
}
