/* cmd_run_ls.c - binnacle run ls. See run_ls.h. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/track/query.h"
#include "tui/cli/run_follow.h"
#include "tui/cli/run_ls.h"
#include "tui/cli/target.h"
#include "tui/ui/frame.h"
#include "tui/ui/kept.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MEANS "mean,std" /* the aggregates, if none are given */

/* ---- ls ------------------------------------------------------------------------------------- */

const bn_opt bn_run_ls_options[] = {
	{"filter", 'f', "FILTER", "such as: metrics.test_rmse < 3 AND params.alpha = 0.1"},
	{"experiment", 'e', "NAME", "runs of this experiment"},
	{"sort", 's', "FIELDS", "such as: -metrics.test_rmse,created"},
	{"columns", 'c', "FIELDS", "such as: params.alpha,best(loss),last(loss)"},
	{"group", 'g', "FIELD",
		"one line per value of this field, with the aggregates of the columns"},
	{"aggregate", 0, "LIST", "of n, mean, std, min, max, median; default: mean,std; groups are sorted by the first"},
	{"tree", 0, NULL, "runs below their parents; in brackets those that the filter leaves out"},
	{"view", 0, "NAME", "a view saved in the workbench: its filter, columns, sort and group"},
	{"limit", 'n', "N", "at most this many (1000; with --out: all)"},
	{"offset", 0, "N", "skip the first N"},
	{"removed", 0, NULL, "those in the trash"},
	{"out", 'o', "FILE", "write them to .csv, .tsv, .json, .md, .arrow or .parquet"},
	BN_OPT_FORCE,
	{0},
};

static json_t *cell_json(const bn_cell *c)
{
	if (c->kind == BN_CELL_NUMBER && isnan(c->number))
		return json_string("nan");
	if (c->kind == BN_CELL_NUMBER && isinf(c->number))
		return json_string(c->number > 0 ? "inf" : "-inf");
	if (c->kind == BN_CELL_NUMBER && c->is_whole)
		return json_integer((json_int_t)c->number);
	if (c->kind == BN_CELL_NUMBER)
		return json_real(c->number);
	return c->kind == BN_CELL_TEXT ? json_string(c->text) : json_null();
}

static json_t *row_json(const bn_run_row *r, const bn_run_query *q, int64_t now_ms)
{
	int64_t end = r->finished_ms >= 0           ? r->finished_ms
		      : r->status == BN_RUN_RUNNING ? now_ms
						    : -1;
	json_t *o = json_pack("{ss ss? ss? ss ss? ss? ss? sI}", "id", r->id, "name", r->name,
		"experiment", r->experiment, "status", bn_run_status_name(r->status), "user",
		r->user, "title", r->title, "host", r->host, "created_ms",
		(json_int_t)r->created_ms);
	json_t *values = json_object();
	int64_t span = bn_run_span_ms(r->started_ms, end);
	json_object_set_new(o, "duration_ns", span >= 0 ? json_integer(span * 1000000) : json_null());
	for (size_t i = 0; i < q->column_count; i++)
		json_object_set_new(values, q->columns[i], cell_json(&r->cells[i]));
	json_object_set_new(o, "values", values);
	return o;
}

/* Where it stands in a tree. A text has its depth in the name. */
static void tree_json(json_t *o, const bn_run_row *r, bool is_text)
{
	enum { INDENT = 2 };
	char *name = is_text ? bn_strf("%*s%s%s%s", INDENT * r->depth, "", r->is_context ? "(" : "",
				       r->name ? r->name : "-", r->is_context ? ")" : "")
			     : NULL;
	if (name)
		json_object_set_new(o, "name", json_string(name));
	json_object_set_new(o, "depth", json_integer(r->depth));
	json_object_set_new(o, "children", json_integer(r->children));
	json_object_set_new(o, "below", json_integer(r->below));
	json_object_set_new(o, "left_out", json_boolean(r->is_context));
	bn_free(name);
}

/* *list is yours; its texts point into copy. */
static int split_fields(char *copy, const char ***list, size_t *count, bn_err *err)
{
	size_t cap = 0;
	*list = NULL;
	*count = 0;
	for (char *rest = copy, *field; (field = bn_run_field_next(&rest));) {
		if (!*field)
			continue;
		if (bn_grow(list, &cap, *count + 1, sizeof **list) != 0)
			return bn_err_nomem(err, "columns");
		(*list)[(*count)++] = field;
	}
	return 0;
}

/* text is a buffer for messages with a name. */
static const char *empty_text(bn_workspace *ws, const bn_run_query *q, char *text, size_t size)
{
	bn_err why = BN_ERR_INIT;
	if (q->offset > 0)
		return "no run after the --offset: there are fewer";
	if (q->filter && bn_run_filter_absent(ws, q->filter, &why) == BN_ENOTFOUND) {
		snprintf(text, size, "no run matches: %.120s; %.70s", why.msg, why.hint);
		return text;
	}
	if (q->filter)
		return "no run matches";
	if (q->experiment)
		snprintf(text, size, "no runs%s of experiment '%.128s'",
			q->removed ? " in the trash" : "", q->experiment);
	else
		snprintf(text, size, "%s",
			q->removed ? "the trash is empty"
				   : "no runs yet; start one with: binnacle run start ...");
	return text;
}

/* Whether some run of the list has a value of the field. Those that have one come first where it sorts, and
 * the first row of a list is found without reading the others. */
static int has_any(
	bool *out, bn_workspace *ws, const bn_run_query *q, const char *field, bn_err *err)
{
	bn_run_page *first = NULL;
	const char *const columns[] = {field};
	bn_run_query having = {.experiment = q->experiment,
		.removed = q->removed,
		.sort = field,
		.columns = columns,
		.column_count = 1,
		.limit = 1};
	int rc = bn_run_query_page(&first, ws, &having, err);
	if (rc >= 0)
		*out = first->count > 0 && first->rows[0].cells[0].kind != BN_CELL_ABSENT;
	bn_run_page_free(first);
	return rc;
}

/* The field of a sort key, without its sign and the words after it. */
static const char *sorted_field(char *key)
{
	key += strspn(key, " \t+-");
	size_t n = strlen(key);
	while (n && (key[n - 1] == ' ' || key[n - 1] == '\t'))
		key[--n] = '\0';
	if (n > 5 && !strcasecmp(key + n - 5, " desc"))
		key[n - 5] = '\0';
	else if (n > 4 && !strcasecmp(key + n - 4, " asc"))
		key[n - 4] = '\0';
	return key;
}

/* A field that no run has cannot sort: reports that, instead of showing runs in some order. */
static int warn_of_sort(bn_cli *cli, bn_workspace *ws, const bn_run_query *q, bn_err *err)
{
	char *copy = bn_strdup(q->sort ? q->sort : ""), *rest = copy, *key;
	int rc = copy ? 0 : bn_err_nomem(err, "a sort");
	while (rc >= 0 && (key = bn_run_field_next(&rest))) {
		const char *field = sorted_field(key);
		bool has = !field[0];
		if (!has && (rc = has_any(&has, ws, q, field, err)) >= 0 && !has)
			bn_cli_warn(cli, "no run has %s: cannot sort by it", field);
	}
	bn_free(copy);
	return rc;
}

/* The rows of a page. Without --columns, --json has all that each run logged. */
static int rows_add(json_t *items, bn_cli *cli, bn_workspace *ws, const bn_run_page *page, const bn_run_query *q,
	bn_err *err)
{
	bool all = bn_cli_is_json(cli) && !q->column_count;
	int64_t now = bn_env_now_ms(bn_cli_env(cli));
	int rc = 0;
	if (all && page->count > BN_RUN_LS_VALUES)
		bn_cli_warn(cli, "more than %d runs: without params, metrics and tags; --columns names some, --out has them",
			BN_RUN_LS_VALUES);
	for (size_t i = 0; i < page->count && rc >= 0; i++) {
		json_t *o = row_json(&page->rows[i], q, now);
		json_array_append_new(items, o);
		if (q->tree)
			tree_json(o, &page->rows[i], bn_cli_is_text(cli));
		if (all && page->count <= BN_RUN_LS_VALUES)
			rc = bn_run_ls_add_values(o, ws, page->rows[i].id, err);
	}
	return rc;
}

static int show_page(
	bn_cli *cli, bn_workspace *ws, const bn_run_page *page, const bn_run_query *q, bn_err *err)
{
	static const bn_col fixed[] = {{"id", "RUN", BN_AS_ID}, {"name", "NAME", BN_AS_TEXT},
		{"status", "STATUS", BN_AS_TEXT}, {"experiment", "EXPERIMENT", BN_AS_GROUP},
		{"title", "RUNS", BN_AS_LONG}, {"duration_ns", "TIME", BN_AS_DURATION},
		{"created_ms", "CREATED", BN_AS_TIME_MS}};
	size_t n = sizeof fixed / sizeof *fixed;
	char empty[240];
	bn_col *cols = bn_alloc_zeroed(n + q->column_count + 1, sizeof *cols);
	json_t *items = json_array();
	int rc = cols && items ? 0 : bn_err_nomem(err, "a table of runs");
	if (rc < 0)
		goto out;
	memcpy(cols, fixed, sizeof fixed);
	for (size_t i = 0; i < q->column_count; i++)
		cols[n + i] = (bn_col){q->columns[i], q->columns[i], BN_AS_NUM};
	if ((rc = rows_add(items, cli, ws, page, q, err)) < 0)
		goto out;
	rc = bn_cli_list(cli, items, cols, empty_text(ws, q, empty, sizeof empty), err);
	items = NULL;
	if (rc == 0 && page->total > (int64_t)page->count)
		bn_cli_say(cli, "%zu of %lld runs; --limit and --offset show others", page->count,
			(long long)page->total);
out:
	json_decref(items);
	bn_free(cols);
	return rc;
}

/* ---- saved views ---------------------------------------------------------------------------- */

/* What the command line and a view ask for, as texts. */
typedef struct asked {
	char *filter, *search, *sort, *columns, *group, *aggregate; /* owned; NULL: not given */
	bool view_columns; /* columns are those of a view */
} asked;

static void asked_release(asked *a)
{
	bn_free(a->filter);
	bn_free(a->search);
	bn_free(a->sort);
	bn_free(a->columns);
	bn_free(a->group);
	bn_free(a->aggregate);
}

/* Adds a field of a view in the syntax of queries. Only what runs logged: the other columns are shown always. */
static void field_add(bn_buf *out, const char *sign, const char *field, bool logged_only)
{
	bool logged = bn_str_starts(field, "metrics.") || bn_str_starts(field, "params.") ||
		      bn_str_starts(field, "tags.");
	if (!logged && logged_only)
		return;
	bn_buf_addf(out, "%s%s", out->len ? "," : "", sign);
	if (logged)
		bn_run_field_write(out, field);
	else
		bn_buf_adds(out, field);
}

/* A list of column names as the workbench saves it: "-metrics.rmse,created"; of columns a '-' hides one. */
static char *fields_of(char *list, bool is_columns)
{
	bn_buf out = BN_BUF_INIT;
	for (char *one; (one = strsep(&list, ","));) {
		const char *sign = *one == '-' ? "-" : "";
		if (strcmp(one, "none") != 0 && strcmp(one, "default") != 0 && !(is_columns && *sign))
			field_add(&out, sign, one + (*one == '-' || *one == '+'), is_columns);
	}
	char *text = out.len ? bn_buf_take(&out, NULL) : NULL;
	bn_buf_release(&out);
	return text;
}

/* One command of a view's line. What the command line gave stays. */
static void view_command(asked *a, char *word)
{
	char *arg = strchr(word, ' ');
	if (!arg)
		return;
	*arg++ = '\0';
	if (strcmp(word, "where") == 0 && !a->filter)
		a->filter = bn_strdup(arg);
	else if (strcmp(word, "filter") == 0 && !a->search)
		a->search = bn_strdup(arg);
	else if (strcmp(word, "sort") == 0 && !a->sort)
		a->sort = fields_of(arg, false);
	else if ((strcmp(word, "columns") == 0 || strcmp(word, BN_SAVED_SHOWN) == 0) &&
		 (!a->columns || a->view_columns)) {
		bn_free(a->columns);
		a->columns = fields_of(arg, true);
		a->view_columns = true;
	} else if (strcmp(word, "aggregate") == 0 && !a->aggregate)
		a->aggregate = bn_strdup(arg);
	else if (strcmp(word, "group") == 0 && !a->group)
		a->group = fields_of(arg, false);
}

/* The line NAME<TAB>COMMAND<TAB>... of that name (tui/views/runs/saved.c). */
static int view_read(asked *a, bn_workspace *ws, const char *name, bn_err *err)
{
	char *all = bn_kept_recall(bn_workspace_dir(ws), BN_KEPT_VIEWS), *rest = all, *line, *word;
	bn_buf names = BN_BUF_INIT;
	int rc = BN_ENOTFOUND;
	while (rc < 0 && (line = strsep(&rest, "\n"))) {
		if (!(word = strsep(&line, "\t")) || !*word)
			continue;
		if (strcmp(word, name) != 0) {
			bn_buf_addf(&names, "%s'%.60s'", names.len ? ", " : "", word);
			continue;
		}
		while ((word = strsep(&line, "\t")))
			view_command(a, word);
		rc = 0;
	}
	if (rc < 0)
		bn_err_set(err, rc, "no view '%.60s' was saved here", name);
	if (rc < 0 && names.len)
		bn_err_hint(err, "saved ones: %.200s", names.ptr);
	else if (rc < 0)
		bn_err_hint(err, "in the workbench, :view-save NAME saves the list of runs");
	bn_buf_release(&names);
	bn_free(all);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------- */

/* Groups and trees are made of all runs: an experiment is part of the filter there. */
static int filter_experiment(asked *a, const char *experiment, bn_err *err)
{
	const char *quote = strchr(experiment, '\'') ? "\"" : "'";
	char *both = bn_strf("experiment = %s%s%s%s%s%s", quote, experiment, quote,
		a->filter ? " AND (" : "", a->filter ? a->filter : "", a->filter ? ")" : "");
	if (!both)
		return bn_err_nomem(err, "a filter");
	bn_free(a->filter);
	a->filter = both;
	return 0;
}

/* Every metric and parameter of some run. */
static int all_columns(char **out, bn_workspace *ws, const char *experiment, bn_err *err)
{
	enum { MOST = 200 };
	bn_names names = BN_NAMES_INIT;
	bn_buf text = BN_BUF_INIT;
	int rc = bn_run_fields(&names, ws, experiment, err);
	for (size_t i = 0, n = 0; rc >= 0 && i < names.count && n < MOST; i++) {
		if (bn_str_starts(names.items[i], "tags."))
			continue;
		field_add(&text, "", names.items[i], true);
		n++;
	}
	if (rc >= 0 && text.len)
		*out = bn_buf_take(&text, NULL);
	bn_buf_release(&text);
	bn_names_release(&names);
	return rc;
}

/* What the list is sorted by is shown, unless it has a column already. */
static int sort_columns(char **out, const char *sort, bn_err *err)
{
	static const char *const shown[] = {"id", "name", "status", "experiment", "title", "duration",
		"created", ""};
	char *copy = bn_strdup(sort), *rest = copy, *key;
	bn_buf text = BN_BUF_INIT;
	int rc = copy ? 0 : bn_err_nomem(err, "columns");
	while (rc >= 0 && (key = bn_run_field_next(&rest))) {
		const char *field = sorted_field(key);
		bool is_shown = false;
		for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
			is_shown |= !strcmp(field, shown[i]);
		if (!is_shown)
			bn_buf_addf(&text, "%s%s", text.len ? "," : "", field);
	}
	if (rc >= 0 && (rc = bn_buf_check(&text, err, "columns")) >= 0 && text.len)
		*out = bn_buf_take(&text, NULL);
	bn_buf_release(&text);
	bn_free(copy);
	return rc;
}

static int asked_read(asked *a, bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	const char *const given[] = {bn_cli_opt(cli, "filter"), bn_cli_opt(cli, "sort"),
		bn_cli_opt(cli, "columns"), bn_cli_opt(cli, "group"), bn_cli_opt(cli, "aggregate")};
	const char *view = bn_cli_opt(cli, "view"), *experiment = bn_cli_opt(cli, "experiment");
	int rc;
	a->filter = bn_strdup(given[0]);
	a->sort = bn_strdup(given[1]);
	a->columns = bn_strdup(given[2]);
	a->group = bn_strdup(given[3]);
	a->aggregate = bn_strdup(given[4]);
	for (size_t i = 0; i < 5; i++)
		if (given[i] && !(char *[]){a->filter, a->sort, a->columns, a->group, a->aggregate}[i])
			return bn_err_nomem(err, "a query");
	if (view && (rc = view_read(a, ws, view, err)) < 0)
		return rc;
	if (bn_cli_opt(cli, "out") && !a->columns && !a->group &&
		(rc = all_columns(&a->columns, ws, experiment, err)) < 0)
		return rc;
	if (bn_cli_is_text(cli) && a->sort && !a->columns && !a->group &&
		(rc = sort_columns(&a->columns, a->sort, err)) < 0)
		return rc;
	bool whole = a->group || bn_cli_flag(cli, "tree");
	return whole && experiment ? filter_experiment(a, experiment, err) : 0;
}

static int show(bn_cli *cli, bn_workspace *ws, const bn_run_query *q, const char *aggregates, bn_err *err)
{
	const char *out = bn_cli_opt(cli, "out");
	bn_run_page *page = NULL;
	int64_t runs = 0;
	int rc;
	if (out && !q->group) {
		rc = bn_run_ls_save(cli, &runs, ws, q, out, err);
	} else if ((rc = bn_run_query_page(&page, ws, q, err)) >= 0) {
		rc = q->group ? bn_run_ls_groups(cli, page, q, aggregates, err)
			      : show_page(cli, ws, page, q, err);
		runs = q->group ? 0 : page->total;
	}
	bn_cli_progress_end(cli);
	bn_run_page_free(page);
	return rc >= 0 && runs > 0 ? warn_of_sort(cli, ws, q, err) : rc;
}

static int options_check(bn_cli *cli, bn_err *err)
{
	bool grouped = bn_cli_opt(cli, "group") || bn_cli_opt(cli, "view");
	if (bn_cli_opt(cli, "aggregate") && !grouped)
		return bn_err_set(err, BN_EINVAL, "--aggregate is for --group FIELD");
	if (bn_cli_opt(cli, "group") && bn_cli_opt(cli, "out"))
		return bn_err_set(
			err, BN_EINVAL, "--out writes runs, not groups; --json has the groups");
	if (bn_cli_flag(cli, "tree") && (bn_cli_opt(cli, "group") || bn_cli_flag(cli, "removed")))
		return bn_err_set(err, BN_EINVAL, "--tree is neither for groups nor for the trash");
	if (bn_cli_opt(cli, "group") && bn_cli_flag(cli, "removed"))
		return bn_err_set(err, BN_EINVAL, "the trash is not grouped");
	return bn_cli_target(cli, bn_cli_opt(cli, "out"), NULL, err);
}

static bool watched(void *cli, const char *what, uint64_t done, uint64_t total)
{
	bn_cli_progress(cli, what, done, total, "runs");
	return !bn_cli_interrupted();
}

int bn_run_ls(bn_cli *cli, bn_err *err)
{
	const bn_progress watch = {watched, cli};
	bn_workspace *ws;
	bn_run_memory *memory = NULL;
	const char **columns = NULL;
	bool *summed = NULL;
	asked a = {.filter = NULL};
	bn_run_query q = {.removed = bn_cli_flag(cli, "removed"),
		.watch = &watch,
		.limit = bn_cli_opt(cli, "out") ? INT64_C(100000000) : 0};
	int rc;
	if ((rc = options_check(cli, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "limit", 1, 1000000, &q.limit, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "offset", 0, INT64_MAX, &q.offset, err)) < 0 ||
		(rc = bn_cli_open_runs(cli, &ws, NULL, NULL, err)) < 0 ||
		(rc = asked_read(&a, cli, ws, err)) < 0 ||
		(rc = split_fields(a.columns, &columns, &q.column_count, err)) < 0)
		goto out;
	q.filter = a.filter;
	q.search = a.search;
	q.sort = a.sort;
	q.columns = columns;
	if (a.group && bn_cli_flag(cli, "tree")) {
		rc = bn_err_set(err, BN_EINVAL, "--tree: the view has groups; --tree is for runs");
		goto out;
	}
	if (bn_cli_flag(cli, "tree")) {
		q.tree = q.unfolded = true;
		if ((rc = bn_run_memory_new(&memory, err)) < 0)
			goto out;
		q.memory = memory;
	} else if (a.group) {
		q.group = a.group;
		q.ordered = bn_run_ls_first_aggregate(a.aggregate ? a.aggregate : MEANS);
		q.limit = 1;
		summed = bn_alloc(q.column_count + 1);
		if (!summed || (rc = bn_run_memory_new(&memory, err)) < 0)
			goto out;
		memset(summed, true, q.column_count);
		q.summed = summed;
		q.memory = memory;
	} else {
		q.experiment = bn_cli_opt(cli, "experiment");
	}
	rc = show(cli, ws, &q, a.aggregate ? a.aggregate : MEANS, err);
out:
	bn_run_memory_free(memory);
	bn_free(columns);
	bn_free(summed);
	asked_release(&a);
	return rc;
}
