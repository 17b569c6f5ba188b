/* cmd_run_compare.c - binnacle run compare: differences of runs, statistics over them, and a report. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/id.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/track/compare.h"
#include "core/track/compare_data.h"
#include "core/track/compare_report.h"
#include "core/track/importance.h"
#include "core/track/run.h"
#include "core/track/run_code.h"
#include "core/track/seeds.h"
#include "tui/cli/_cli.h"
#include "tui/cli/run_follow.h"
#include "tui/cli/store.h"
#include "tui/cli/verbs.h"

#include <math.h>
#include <string.h>

static const bn_opt compare_options[] = {
	{"all", 'a', NULL, "include equal values"},
	{"baseline", 'b', "RUN", "run that the others are compared with; default: the first"},
	{"code", 0, NULL, "of two runs: what differs in their code, files and patch"},
	{"data", 0, NULL, "how the columns of their dataset versions differ"},
	{"seeds", 0, NULL, "whether settings differ by more than chance, over runs that repeat them with several seeds"},
	{"importance", 0, NULL, "which parameters the metric depends on"},
	{"metric", 'm', "NAME", "of --seeds, --importance and --report; default: the main one"},
	{"report", 0, "FILE", "write a report: .md, or .html with pictures"},
	{"force", 0, NULL, "replace an existing file"},
	{0},
};

/* of a text in a column, and of what is shown before that in which texts differ */
enum { CELL_COLUMNS = 30, CELL_BEFORE = 12 };

/* "+0.00012": comparisons must show small differences of small numbers. */
static const char *signed_text(double x, char buf[BN_FMT])
{
	char text[BN_FMT];
	if (fabs(x) < 0.1)
		snprintf(buf, BN_FMT, "%+.3g", x);
	else
		snprintf(buf, BN_FMT, "%s%.24s", x > 0 ? "+" : "", bn_fmt_sig(x, 3, text));
	return buf;
}

static int head_of(const char *text, size_t columns)
{
	return (int)bn_utf8_head(text, strlen(text), columns);
}

/* Bytes that both begin with, where two texts that differ would be cut to the same one; else 0. */
static size_t hidden_by_cut(const char *a, const char *b)
{
	size_t n = 0;
	if (!a || !b || strcmp(a, b) == 0)
		return 0;
	while (a[n] == b[n])
		n++;
	return n >= (size_t)head_of(a, CELL_COLUMNS) || n >= (size_t)head_of(b, CELL_COLUMNS) ? n
											      : 0;
}

/* How many bytes of a row's texts are left out before what tells them apart. */
static size_t left_out(const bn_compare_row *row, size_t runs)
{
	size_t most = 0;
	for (size_t i = 0; i < runs; i++)
		for (size_t k = 0; k < i; k++) {
			size_t n = hidden_by_cut(row->cells[i].text, row->cells[k].text);
			most = n > most ? n : most;
		}
	return most > CELL_BEFORE ? most - CELL_BEFORE : 0;
}

/* "...AND x > 2" */
static void tail_text(char *out, size_t size, const char *text, size_t from)
{
	size_t n = strlen(text);
	from = n < from ? n : from;
	while (from < n && ((unsigned char)text[from] & 0xc0) == 0x80)
		from++;
	snprintf(out, size, "...%.*s", head_of(text + from, CELL_COLUMNS - 3), text + from);
}

/* "11.92 (-1.2, -9.2 %)" */
static void cell_text(char *out, size_t size, const bn_compare_row *row, const bn_compare_cell *c,
	bool is_base, size_t from)
{
	char delta[BN_FMT], percent[BN_FMT];
	if (!c->text)
		snprintf(out, size, "-");
	else if (strlen(c->text) == BN_SHA256_HEX && bn_is_hex(c->text))
		snprintf(out, size, "%.12s", c->text);
	else if (from)
		tail_text(out, size, c->text, from);
	else if (is_base || isnan(c->delta) || c->delta == 0 || row->group > BN_COMPARE_METRIC)
		snprintf(out, size, "%.*s", head_of(c->text, CELL_COLUMNS), c->text);
	else if (isnan(c->percent))
		snprintf(out, size, "%.*s (%s)", head_of(c->text, 40), c->text,
			signed_text(c->delta, delta));
	else
		snprintf(out, size, "%.*s (%s, %s %%)", head_of(c->text, 40), c->text,
			signed_text(c->delta, delta), signed_text(c->percent, percent));
}

static void print_comparison(bn_cli *cli, const bn_comparison *c, bool all)
{
	size_t key_width = 12, hidden = 0;
	int group = -1;
	char text[160];
	for (size_t i = 0; i < c->count; i++)
		if ((all || c->rows[i].differs) && bn_utf8_width(c->rows[i].key) > key_width)
			key_width = bn_utf8_width(c->rows[i].key);
	bn_cli_print(cli, "%-*s", (int)key_width + 4, "");
	for (size_t r = 0; r < c->runs; r++) {
		snprintf(text, sizeof text, "%.8s %.*s%s", c->ids[r], head_of(c->names[r], 20),
			c->names[r], r == c->baseline ? " *" : "");
		bn_cli_print_field(cli, "bold", text, 32);
	}
	bn_cli_print(cli, "\n");
	for (size_t i = 0; i < c->count; i++) {
		const bn_compare_row *row = &c->rows[i];
		hidden += !row->differs;
		if (!all && !row->differs)
			continue;
		if ((int)row->group != group)
			bn_cli_print_in(cli, "bold", "%s\n", bn_compare_group_name(row->group));
		group = (int)row->group;
		size_t from = left_out(row, c->runs);
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, row->key, (int)key_width + 2);
		for (size_t r = 0; r < c->runs; r++) {
			cell_text(text, sizeof text, row, &row->cells[r], r == c->baseline, from);
			bn_cli_print_field(cli, NULL, text, 32);
		}
		bn_cli_print(cli, "\n");
	}
	bn_cli_print(cli, "\n* baseline");
	if (!all)
		bn_cli_print(cli, "; %zu equal rows: --all shows them", hidden);
	bn_cli_print(cli, "\n");
}

static int compare_ids(
	bn_cli *cli, bn_workspace *ws, char (*ids)[BN_RUN_ID_TEXT], size_t *base, bn_err *err)
{
	const char *baseline = bn_cli_opt(cli, "baseline");
	char id[BN_RUN_ID_TEXT];
	int rc = 0, n = bn_cli_nargs(cli);
	for (int i = 0; i < n && rc == 0; i++)
		rc = bn_cli_find_run(cli, ws, bn_cli_arg(cli, i), ids[i], err);
	*base = 0;
	if (rc != 0 || !baseline || (rc = bn_cli_find_run(cli, ws, baseline, id, err)) != 0)
		return rc;
	for (int i = 0; i < n; i++)
		if (!strcmp(ids[i], id)) {
			*base = (size_t)i;
			return 0;
		}
	return bn_err_set(err, BN_EINVAL, "--baseline '%s' is none of the runs given", baseline);
}

/* The differences of commits and uncommitted changes from the baseline to the other run. */
static int show_code(bn_cli *cli, bn_workspace *ws, const char *a, const char *b, bn_err *err)
{
	bn_code_diff diff = {.patch = BN_BUF_INIT};
	bn_buf text = BN_BUF_INIT;
	const bn_progress watch = bn_cli_watch(cli);
	json_t *o = NULL;
	int rc;
	if ((rc = bn_run_code_diff(&diff, ws, a, b, &watch, err)) < 0)
		goto out;
	bn_cli_progress_end(cli);
	if (!bn_cli_is_text(cli)) {
		if ((rc = bn_run_code_diff_to_json(&o, &diff, a, b, err)) >= 0)
			rc = bn_cli_document(cli, o, err);
		goto out;
	}
	bn_code_diff_text(&text, &diff);
	if ((rc = bn_buf_check(&text, err, "a diff of code")) >= 0)
		bn_cli_write_data(cli, text.ptr, text.len);
out:
	bn_buf_release(&text);
	bn_code_diff_release(&diff);
	return rc;
}

/* ---- many runs ------------------------------------------------------------------------------------- */

/* Runs are columns up to this many, then rows. */
enum { RUNS_ACROSS = 6, SETTINGS_MOST = 8, METRICS_MOST = 4 };

static json_t *value_json(const bn_compare_row *row, size_t run)
{
	const bn_compare_cell *cell = &row->cells[run];
	if (row->group == BN_COMPARE_METRIC && !isnan(cell->number))
		return bn_json_number(cell->number);
	return cell->text ? json_string(cell->text) : json_null();
}

static int print_as_rows(bn_cli *cli, const bn_comparison *c, bn_err *err)
{
	const bn_compare_row **columns = bn_alloc((c->count + 1) * sizeof *columns);
	bn_col cols[SETTINGS_MOST + METRICS_MOST + 3] = {{"id", "run", BN_AS_ID}, {"name", "name", BN_AS_TEXT}};
	char keys[SETTINGS_MOST + METRICS_MOST][16];
	json_t *items = json_array();
	if (!columns || !items) {
		bn_free(columns);
		json_decref(items);
		return bn_err_nomem(err, "a comparison");
	}
	size_t n = bn_comparison_columns(columns, c, SETTINGS_MOST, METRICS_MOST);
	for (size_t k = 0; k < n; k++) {
		snprintf(keys[k], sizeof keys[k], "c%zu", k);
		cols[2 + k] = (bn_col){keys[k], columns[k]->key,
			columns[k]->group == BN_COMPARE_METRIC ? BN_AS_NUM : BN_AS_TEXT};
	}
	cols[2 + n] = (bn_col){0};
	for (size_t r = 0; r < c->runs; r++) {
		json_t *o = json_pack("{ss ss}", "id", c->ids[r], "name", c->names[r]);
		for (size_t k = 0; k < n; k++)
			json_object_set_new(o, keys[k], value_json(columns[k], r));
		json_array_append_new(items, o);
	}
	bn_cli_list_text(cli, items, cols);
	bn_cli_print(cli, "\n%zu runs against %.8s; the differences of up to %d runs are shown in full, --json has all\n",
		c->runs, c->ids[c->baseline], RUNS_ACROSS);
	json_decref(items);
	bn_free(columns);
	return 0;
}

/* ---- statistics ------------------------------------------------------------------------------------ */

static void number_field(bn_cli *cli, double x, int width)
{
	char text[BN_FMT];
	snprintf(text, sizeof text, "%.4g", x);
	bn_cli_print_field(cli, NULL, isnan(x) ? "-" : text, -width);
	bn_cli_print(cli, "  ");
}

static void print_seeds(bn_cli *cli, const bn_seeds *s)
{
	static const char *const better[] = {", smaller is better", "", ", larger is better"};
	static const char *const head[] = {"seeds", "mean", "sd", "pairs", "difference", "from", "to", "t p", "Holm",
		"rank p", "Holm"};
	int width = 10;
	char text[BN_SEEDS_TEXT];
	bn_cli_print_in(cli, "bold", "over seeds: %s%s\n", s->metric, better[s->better + 1]);
	if (!s->seed)
		bn_cli_print(cli, "  no parameter is a seed: nothing can be paired\n");
	for (size_t i = 0; i < s->count; i++)
		if ((int)bn_utf8_width(s->settings[i].label) > width)
			width = (int)bn_utf8_width(s->settings[i].label);
	width = width > 60 ? 60 : width;
	bn_cli_print(cli, "  ");
	bn_cli_print_field(cli, "dim", "setting", width + 2);
	for (size_t i = 0; i < sizeof head / sizeof *head; i++) {
		bn_cli_print_field(cli, "dim", head[i], -10);
		bn_cli_print(cli, "  ");
	}
	bn_cli_print(cli, "\n");
	for (size_t i = 0; i < s->count; i++) {
		const bn_seed_setting *o = &s->settings[i];
		const double numbers[] = {(double)o->seeds, o->mean, o->deviation, i ? (double)o->pairs : (double)NAN,
			o->difference, o->difference_low, o->difference_high, o->t_p, o->t_p_holm, o->w_p,
			o->w_p_holm};
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, o->label, width + 2);
		for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
			number_field(cli, numbers[k], 10);
		bn_cli_print(cli, "\n");
	}
	if (s->seed && s->count > 1 && !bn_seeds_have_pairs(s))
		bn_cli_print(cli,
			"  no setting has two seeds of the first, which is the baseline's: --baseline RUN names another\n");
	if (bn_seeds_are_repeated(s))
		bn_cli_print(cli, "  several runs of a setting with one seed count once, with their mean\n");
	if (s->left_out)
		bn_cli_print(cli, "  %s\n", bn_seeds_left_out(text, s));
}

static void print_importance(bn_cli *cli, const bn_importance *m)
{
	bn_cli_print_in(cli, "bold", "parameters: %s\n", m->metric);
	bn_cli_print(cli, "  %-30s%12s  %12s  %8s  %8s\n", "", "information", "correlation", "values", "runs");
	for (size_t i = 0; i < m->count; i++) {
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, m->items[i].key, 30);
		number_field(cli, m->items[i].information, 12);
		number_field(cli, m->items[i].correlation, 12);
		number_field(cli, (double)m->items[i].values, 8);
		number_field(cli, (double)m->items[i].runs, 8);
		bn_cli_print(cli, "\n");
	}
	if (!m->count)
		bn_cli_print(cli, "  no parameter differs\n");
}

static void print_data(bn_cli *cli, const bn_compare_data *d)
{
	char text[200];
	if (!d->count)
		bn_cli_print(cli, "data: all runs use the same versions\n");
	for (size_t p = 0; p < d->count; p++) {
		const bn_data_part *part = &d->parts[p];
		bn_cli_print_in(cli, "bold", "data, %s\n", part->part);
		for (size_t k = 0; k < part->side_count; k++) {
			const bn_data_side *s = &part->sides[k];
			bn_cli_print(cli, "  %s: %zu run%s, %lld rows, %lld columns%s%s\n", s->ref, s->runs,
				s->runs == 1 ? "" : "s", (long long)s->rows, (long long)s->columns,
				s->note ? "; " : "", s->note ? s->note : "");
		}
		for (size_t i = 0; i < part->column_count && part->columns[i].differs; i++) {
			bn_cli_print(cli, "  %s\n", part->columns[i].name);
			for (size_t k = 0; k < part->side_count; k++)
				bn_cli_print(cli, "    %-24s %s\n", part->sides[k].ref,
					bn_data_column_text(text, sizeof text, part->columns[i].sides[k]));
		}
	}
}

/* What is asked for besides the differences; NULL: it is not. */
typedef struct extras {
	bn_seeds *seeds;
	bn_importance importance;
	bool has_importance;
	bn_compare_data *data;
} extras;

static void extras_release(extras *x)
{
	bn_seeds_free(x->seeds);
	bn_importance_release(&x->importance);
	bn_compare_data_free(x->data);
}

static int extras_read(extras *x, bn_cli *cli, bn_workspace *ws, const bn_comparison *c, bn_err *err)
{
	const char *metric = bn_cli_opt(cli, "metric");
	int rc;
	if (bn_cli_flag(cli, "seeds") && (rc = bn_seeds_compare(&x->seeds, c, metric, err)) < 0)
		return rc;
	x->has_importance = bn_cli_flag(cli, "importance");
	if (x->has_importance && (rc = bn_importance_measure(&x->importance, c, metric, err)) < 0)
		return rc;
	return bn_cli_flag(cli, "data") ? bn_compare_data_read(&x->data, ws, c, err) : 0;
}

static int extra_json(json_t *o, const char *key, json_t *value, int rc)
{
	if (rc >= 0)
		json_object_set_new(o, key, value);
	return rc;
}

static int comparison_json(
	bn_cli *cli, const bn_comparison *c, const extras *x, bn_err *err)
{
	json_t *o = NULL, *part = NULL;
	int rc = bn_comparison_to_json(&o, c, !bn_cli_flag(cli, "all"), err);
	if (rc >= 0 && x->seeds) {
		rc = bn_seeds_to_json(&part, x->seeds, c, err);
		rc = extra_json(o, "seeds", part, rc);
	}
	if (rc >= 0 && x->has_importance) {
		rc = bn_importance_to_json(&part, &x->importance, err);
		rc = extra_json(o, "importance", part, rc);
	}
	if (rc >= 0 && x->data) {
		rc = bn_compare_data_to_json(&part, x->data, err);
		rc = extra_json(o, "data", part, rc);
	}
	if (rc >= 0)
		return bn_cli_document(cli, o, err);
	json_decref(o);
	return rc;
}

static int comparison_text(bn_cli *cli, const bn_comparison *c, const extras *x, bn_err *err)
{
	int rc = 0;
	if (x->seeds)
		print_seeds(cli, x->seeds);
	if (x->has_importance)
		print_importance(cli, &x->importance);
	if (x->data)
		print_data(cli, x->data);
	if (x->seeds || x->has_importance || x->data)
		return 0;
	if (c->runs > RUNS_ACROSS)
		rc = print_as_rows(cli, c, err);
	else
		print_comparison(cli, c, bn_cli_flag(cli, "all"));
	return rc;
}

/* ---- report ---------------------------------------------------------------------------------------- */

static int report_check(const bn_cli *cli, const char *path, bn_err *err)
{
	bn_path_kind kind;
	int rc = 0;
	if (!bn_str_ends(path, ".md") && !bn_str_ends(path, ".html"))
		rc = bn_err_set(err, BN_EINVAL, "--report '%.200s' ends neither with .md nor with .html", path);
	if (rc < 0 || (rc = bn_fs_look(&kind, bn_cli_env(cli), path, err)) < 0 || kind == BN_PATH_ABSENT ||
		bn_cli_flag(cli, "force"))
		return rc;
	bn_err_set(err, BN_ECONFLICT, "'%.200s' exists", path);
	bn_err_hint(err, "--force replaces it");
	return BN_ECONFLICT;
}

static int report_write(bn_cli *cli, bn_workspace *ws, const bn_comparison *c, const char *path, bn_err *err)
{
	const bn_progress watch = bn_cli_watch(cli);
	bn_compare_report_wish wish = {
		.is_html = bn_str_ends(path, ".html"), .metric = bn_cli_opt(cli, "metric"), .watch = &watch};
	bn_buf out = BN_BUF_INIT;
	int rc = bn_compare_report(&out, ws, c, &wish, err);
	bn_cli_progress_end(cli);
	if (rc >= 0)
		rc = bn_fs_write_file(bn_cli_env(cli), path, out.ptr, out.len, 0644, err);
	if (rc >= 0)
		bn_cli_say(cli, "wrote %s", path);
	bn_buf_release(&out);
	return rc;
}

/* ---- the verb -------------------------------------------------------------------------------------- */

static int compare_show(
	bn_cli *cli, bn_workspace *ws, const char *const *ids, size_t n, size_t base, bn_err *err)
{
	bn_comparison *c = NULL;
	extras x = {.seeds = NULL};
	const char *report = bn_cli_opt(cli, "report");
	int rc = bn_compare_runs(&c, ws, ids, n, base, err);
	if (rc < 0)
		return rc;
	if ((rc = extras_read(&x, cli, ws, c, err)) < 0)
		goto out;
	if (report && (rc = report_write(cli, ws, c, report, err)) < 0)
		goto out;
	if (!bn_cli_is_text(cli))
		rc = comparison_json(cli, c, &x, err);
	else if (!report)
		rc = comparison_text(cli, c, &x, err);
out:
	extras_release(&x);
	bn_comparison_free(c);
	return rc;
}

static int run_compare(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	size_t base = 0, n = (size_t)bn_cli_nargs(cli);
	const char *report = bn_cli_opt(cli, "report");
	char(*ids)[BN_RUN_ID_TEXT] = bn_alloc_zeroed(n, sizeof *ids);
	const char **list = bn_alloc_zeroed(n, sizeof *list);
	int rc = ids && list ? 0 : bn_err_nomem(err, "a comparison");
	if (rc < 0 || (report && (rc = report_check(cli, report, err)) < 0) ||
		(rc = bn_cli_open_runs(cli, &ws, NULL, NULL, err)) < 0 ||
		(rc = compare_ids(cli, ws, ids, &base, err)) < 0)
		goto out;
	if (bn_cli_flag(cli, "code") && n != 2) {
		rc = bn_err_set(err, BN_EINVAL, "--code compares two runs, not %zu", n);
		goto out;
	}
	if (bn_cli_flag(cli, "code")) {
		rc = show_code(cli, ws, ids[base], ids[1 - base], err);
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		list[i] = ids[i];
	rc = compare_show(cli, ws, list, n, base, err);
out:
	bn_free(list);
	bn_free(ids);
	return rc;
}

const bn_verb bn_verbs_run_compare[] = {
	{"run", "compare", "RUN RUN...", 1, -1, "differences between runs",
		"Metrics with a known direction show their best value, others their last.\n"
		"--code compares the commits with the uncommitted changes that each run started "
		"with;\n"
		"it needs the repository, and writes nothing into it.\n"
		"--seeds pairs runs by seed: t test and signed-rank test, corrected for many settings.",
		{"binnacle run compare 7f3a 81bc", "binnacle run compare 7f3a 81bc --code",
			"binnacle run compare 7f3a 81bc c0de --baseline 81bc --report comparison.html"},
		compare_options, BN_VERB_REMOTE | BN_VERB_REMOTE_READS | BN_VERB_REMOTE_POINTS,
		run_compare},
	{0},
};
