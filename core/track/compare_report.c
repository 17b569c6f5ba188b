/* compare_report.c - see compare_report.h. */
#include "core/track/compare_report.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/track/_compare_report.h"
#include "core/track/compare_data.h"
#include "core/track/run_code.h"
#include "core/track/seeds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Runs are columns of a table of details up to this many; metrics beside the settings; states of code; columns of data;
 * fewer runs say nothing about parameters. */
enum { RUNS_ACROSS = 8, IMPORTANCE_RUNS = 8, METRICS_MOST = 6, SETTINGS_MOST = 10, CODES_MOST = 5, COLUMNS_MOST = 60 };

typedef struct report {
	bn_document d;
	bn_workspace *ws;
	const bn_comparison *c;
	const bn_compare_report_wish *wish;
	const bn_compare_row *metric; /* NULL: the runs have none */
	bn_seeds *seeds;
	bn_importance importance;
} report;

static const char *number_text(char out[BN_FMT], double x)
{
	if (isnan(x))
		snprintf(out, BN_FMT, "-");
	else
		snprintf(out, BN_FMT, "%.5g", x);
	return out;
}

static void number_cell(report *r, double x)
{
	char text[BN_FMT];
	bn_document_cell_number(&r->d, number_text(text, x), false);
}

static void value_cell(report *r, const bn_compare_row *row, size_t run)
{
	char text[BN_FMT];
	const bn_compare_cell *cell = &row->cells[run];
	if (row->group == BN_COMPARE_METRIC && !isnan(cell->number))
		bn_document_cell_number(
			&r->d, number_text(text, cell->number), bn_comparison_is_best(r->c, row, run));
	else
		bn_document_cell(&r->d, cell->text ? cell->text : "-");
}

/* ---- the runs ----------------------------------------------------------------------------------- */

static int runs_part(report *r, bn_err *err)
{
	const bn_comparison *c = r->c;
	const bn_compare_row **columns = bn_alloc((c->count + 1) * sizeof *columns);
	char text[80];
	if (!columns)
		return bn_err_nomem(err, "a report");
	size_t n = bn_comparison_columns(columns, c, SETTINGS_MOST, METRICS_MOST);
	bn_document_heading(&r->d, "Runs");
	bn_document_table_begin(&r->d);
	bn_document_cell_words(&r->d, "run");
	bn_document_cell_words(&r->d, "id");
	for (size_t i = 0; i < n; i++)
		bn_document_cell(&r->d, columns[i]->key);
	bn_document_row_end(&r->d);
	for (size_t i = 0; i < c->runs; i++) {
		snprintf(text, sizeof text, "%.60s%s", c->names[i], i == c->baseline ? " (baseline)" : "");
		bn_document_cell(&r->d, text);
		snprintf(text, sizeof text, "%.8s", c->ids[i]);
		bn_document_cell(&r->d, text);
		for (size_t k = 0; k < n; k++)
			value_cell(r, columns[k], i);
		bn_document_row_end(&r->d);
	}
	bn_document_table_end(&r->d);
	if (!c->same_terms)
		bn_document_text(&r->d, "The runs were measured on different targets or rows: none is the best, and "
					"numbers of different terms have no difference.");
	bn_free(columns);
	return 0;
}

/* ---- statistics --------------------------------------------------------------------------------- */

static void row_of_words(report *r, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bn_document_cell_words(&r->d, words[i]);
	bn_document_row_end(&r->d);
}

static void interval_cell(report *r, double low, double high)
{
	char text[2 * BN_FMT + 8], a[BN_FMT], b[BN_FMT];
	snprintf(text, sizeof text, "%s to %s", number_text(a, low), number_text(b, high));
	bn_document_cell_number(&r->d, isnan(low) ? "-" : text, false);
}

static void seeds_left_out(report *r, const bn_seeds *s)
{
	size_t others = s->left_out - s->without_seed;
	char text[100];
	snprintf(text, sizeof text, "Left out: %zu run%s without ", s->without_seed, s->without_seed == 1 ? "" : "s");
	if (s->without_seed)
		bn_document_code_text(&r->d, text, s->seed, ".");
	snprintf(text, sizeof text, "Left out: %zu run%s without the metric or measured on other rows.", others,
		others == 1 ? "" : "s");
	if (others)
		bn_document_text(&r->d, text);
}

static void seeds_part(report *r)
{
	static const char *const head[] = {"setting", "seeds", "mean", "sd", "95 % interval", "pairs", "difference",
		"95 % interval", "t test, p", "Holm", "signed rank, p", "Holm"};
	const bn_seeds *s = r->seeds;
	if (!s || !bn_seeds_have_pairs(s))
		return;
	bn_document_heading(&r->d, "Over seeds");
	static const char *const better[] = {"; smaller is better.", ".", "; larger is better."};
	bn_document_code_text(&r->d, "The metric ", s->metric, better[s->better + 1]);
	bn_document_table_begin(&r->d);
	row_of_words(r, head, sizeof head / sizeof *head);
	for (size_t i = 0; i < s->count; i++) {
		const bn_seed_setting *o = &s->settings[i];
		bn_document_cell(&r->d, o->label);
		number_cell(r, (double)o->seeds);
		number_cell(r, o->mean);
		number_cell(r, o->deviation);
		interval_cell(r, o->low, o->high);
		number_cell(r, i ? (double)o->pairs : (double)NAN);
		number_cell(r, o->difference);
		interval_cell(r, o->difference_low, o->difference_high);
		number_cell(r, o->t_p);
		number_cell(r, o->t_p_holm);
		number_cell(r, o->w_p);
		number_cell(r, o->w_p_holm);
		bn_document_row_end(&r->d);
	}
	bn_document_table_end(&r->d);
	bn_document_text(&r->d, "Each setting against the first, paired by seed, two-sided: Student's t test and Wilcoxon's "
				"signed-rank test, with Holm's correction for the number of settings; bootstrap intervals "
				"of the mean (bias-corrected and accelerated, 10 000 draws).");
	seeds_left_out(r, s);
}

static void importance_part(report *r)
{
	static const char *const head[] = {"parameter", "mutual information, nats", "rank correlation", "values", "runs"};
	const bn_importance *m = &r->importance;
	size_t most = 0;
	for (size_t i = 0; i < m->count; i++)
		most = m->items[i].runs > most ? m->items[i].runs : most;
	if (most < IMPORTANCE_RUNS)
		return;
	bn_document_heading(&r->d, "Parameters");
	bn_document_code_text(&r->d, "How much ", m->metric, " depends on each, in these runs.");
	bn_document_table_begin(&r->d);
	row_of_words(r, head, sizeof head / sizeof *head);
	for (size_t i = 0; i < m->count; i++) {
		if (isnan(m->items[i].information) && isnan(m->items[i].correlation))
			continue;
		bn_document_cell(&r->d, m->items[i].key);
		number_cell(r, m->items[i].information);
		number_cell(r, m->items[i].correlation);
		number_cell(r, (double)m->items[i].values);
		number_cell(r, (double)m->items[i].runs);
		bn_document_row_end(&r->d);
	}
	bn_document_table_end(&r->d);
	bn_document_text(&r->d, "One parameter at a time: the estimators of Kraskov (numbers) and Ross (texts, and values of "
				"a grid), and Spearman's correlation.");
}

/* ---- data --------------------------------------------------------------------------------------- */

static void data_table(report *r, const bn_data_part *p)
{
	char text[200];
	size_t shown = 0, differ = 0;
	bn_document_table_begin(&r->d);
	bn_document_cell_words(&r->d, "column");
	for (size_t i = 0; i < p->side_count; i++)
		bn_document_cell(&r->d, p->sides[i].ref);
	bn_document_row_end(&r->d);
	bn_document_cell_words(&r->d, "rows");
	for (size_t i = 0; i < p->side_count; i++)
		number_cell(r, p->sides[i].rows < 0 ? (double)NAN : (double)p->sides[i].rows);
	bn_document_row_end(&r->d);
	for (size_t i = 0; i < p->column_count && p->columns[i].differs; i++) {
		differ++;
		if (shown == COLUMNS_MOST)
			continue;
		shown++;
		bn_document_cell(&r->d, p->columns[i].name);
		for (size_t k = 0; k < p->side_count; k++)
			bn_document_cell(
				&r->d, bn_data_column_text(text, sizeof text, p->columns[i].sides[k]));
		bn_document_row_end(&r->d);
	}
	bn_document_table_end(&r->d);
	snprintf(text, sizeof text, "%zu of %zu columns differ%s.", differ, p->column_count,
		differ > shown ? "; the first are shown" : "");
	bn_document_text(&r->d, text);
	for (size_t i = 0; i < p->side_count; i++)
		if (p->sides[i].note)
			bn_document_code_text(&r->d, "Without statistics: ", p->sides[i].note, ".");
}

static int data_part(report *r, bn_err *err)
{
	bn_compare_data *data = NULL;
	int rc = bn_compare_data_read(&data, r->ws, r->c, err);
	if (rc < 0)
		return rc;
	if (data->count)
		bn_document_heading(&r->d, "Data");
	for (size_t i = 0; i < data->count; i++) {
		bn_document_code_text(&r->d, "Versions of the part ", data->parts[i].part, ":");
		data_table(r, &data->parts[i]);
	}
	bn_compare_data_free(data);
	return 0;
}

/* ---- code and environment ----------------------------------------------------------------------- */

static const char *code_text(const bn_comparison *c, const char *key, size_t run)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].group == BN_COMPARE_CODE && strcmp(c->rows[i].key, key) == 0)
			return c->rows[i].cells[run].text ? c->rows[i].cells[run].text : "";
	return "";
}

static bool is_same_code(const bn_comparison *c, size_t a, size_t b)
{
	return strcmp(code_text(c, "commit", a), code_text(c, "commit", b)) == 0 &&
	       strcmp(code_text(c, "diff", a), code_text(c, "diff", b)) == 0;
}

static int code_of(report *r, size_t run, bn_err *err)
{
	bn_code_diff diff = {.patch = BN_BUF_INIT};
	bn_buf text = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	int rc = bn_run_code_diff(&diff, r->ws, r->c->ids[r->c->baseline], r->c->ids[run], r->wish->watch, &why);
	bn_document_code_text(&r->d, "From the baseline to ", r->c->names[run], ":");
	if (rc == BN_ENOMEM || rc == BN_EINTR) {
		bn_err_move(err, &why);
		goto out;
	}
	if (rc < 0) { /* as a repository that is not here */
		bn_document_block(&r->d, why.msg, "text");
		rc = 0;
		goto out;
	}
	bn_code_diff_text(&text, &diff);
	if ((rc = bn_buf_check(&text, err, "a report")) >= 0)
		bn_document_block(&r->d, text.len ? text.ptr : "", "diff");
out:
	bn_err_clear(&why);
	bn_buf_release(&text);
	bn_code_diff_release(&diff);
	return rc;
}

static int code_part(report *r, bn_err *err)
{
	const bn_comparison *c = r->c;
	size_t states = 0;
	for (size_t i = 0; i < c->runs; i++) {
		bool is_new = !is_same_code(c, c->baseline, i);
		for (size_t k = 0; k < i && is_new; k++)
			is_new = !is_same_code(c, k, i);
		if (!is_new)
			continue;
		if (states++ == 0)
			bn_document_heading(&r->d, "Code");
		int rc = states <= CODES_MOST ? code_of(r, i, err) : 0;
		if (rc < 0)
			return rc;
	}
	if (states > CODES_MOST)
		bn_document_text(&r->d, "Further states of the code: <code>binnacle run compare A B --code</code>.");
	return 0;
}

static const char *text_of(const bn_compare_row *row, size_t run)
{
	return row->cells[run].text ? row->cells[run].text : "-";
}

/* "3.11 (12), 3.12 (88)": the values of many runs, each with the number of runs that have it. */
static void values_cell(report *r, const bn_compare_row *row)
{
	bn_buf values = BN_BUF_INIT;
	size_t said = 0;
	for (size_t k = 0; k < r->c->runs; k++) {
		size_t same = 0, before = 0;
		for (size_t m = 0; m < r->c->runs; m++) {
			bool is = strcmp(text_of(row, k), text_of(row, m)) == 0;
			same += is;
			before += m < k && is;
		}
		if (before)
			continue;
		if (said++ < RUNS_ACROSS)
			bn_buf_addf(&values, "%s%.200s (%zu)", values.len ? ", " : "", text_of(row, k), same);
		else if (said == RUNS_ACROSS + 1)
			bn_buf_adds(&values, ", ...");
	}
	bn_document_cell(&r->d, values.len ? values.ptr : "");
	bn_buf_release(&values);
}

static void details_begin(report *r, const char *title, bool across)
{
	bn_document_heading(&r->d, title);
	bn_document_table_begin(&r->d);
	bn_document_cell_words(&r->d, "");
	for (size_t k = 0; k < r->c->runs && across; k++)
		bn_document_cell(&r->d, r->c->names[k]);
	if (!across)
		bn_document_cell_words(&r->d, "values, and how many runs have them");
	bn_document_row_end(&r->d);
}

/* The rows of a group that differ: with few runs a column each. */
static void details(report *r, bn_compare_group group, const char *title)
{
	const bn_comparison *c = r->c;
	bool across = c->runs <= RUNS_ACROSS, any = false;
	for (size_t i = 0; i < c->count; i++) {
		const bn_compare_row *row = &c->rows[i];
		if (row->group != group || !row->differs)
			continue;
		if (!any)
			details_begin(r, title, across);
		any = true;
		bn_document_cell(&r->d, row->key);
		for (size_t k = 0; k < c->runs && across; k++)
			value_cell(r, row, k);
		if (!across)
			values_cell(r, row);
		bn_document_row_end(&r->d);
	}
	if (any)
		bn_document_table_end(&r->d);
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static int statistics_read(report *r, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = bn_comparison_metric(&r->metric, r->c, r->wish->metric, &why);
	if (rc == BN_ENOTFOUND && !r->wish->metric) /* a report of runs without metrics is fine */
		return 0;
	if (rc < 0)
		return bn_err_move(err, &why);
	if ((rc = bn_seeds_compare(&r->seeds, r->c, r->metric->key, err)) < 0)
		return rc;
	return bn_importance_measure(&r->importance, r->c, r->metric->key, err);
}

static int parts_write(report *r, bn_err *err)
{
	int rc;
	if ((rc = runs_part(r, err)) < 0)
		return rc;
	if (r->metric) {
		seeds_part(r);
		importance_part(r);
	}
	if (r->wish->is_html && r->metric &&
		(rc = bn_report_parallel(&r->d, r->c, &r->importance, r->metric, err)) < 0)
		return rc;
	if (r->wish->is_html && (rc = bn_report_curves(&r->d, r->ws, r->c, err)) < 0)
		return rc;
	if (r->c->runs <= RUNS_ACROSS)
		details(r, BN_COMPARE_METRIC, "Metrics");
	details(r, BN_COMPARE_DATA, "Data and split");
	if ((rc = data_part(r, err)) < 0 || (rc = code_part(r, err)) < 0)
		return rc;
	details(r, BN_COMPARE_ENVIRONMENT, "Environment");
	details(r, BN_COMPARE_RUN, "Run");
	return 0;
}

int bn_compare_report(bn_buf *out, bn_workspace *ws, const bn_comparison *c,
	const bn_compare_report_wish *wish, bn_err *err)
{
	report r = {.ws = ws, .c = c, .wish = wish};
	char title[60];
	int rc;
	if ((rc = statistics_read(&r, err)) < 0)
		goto out;
	snprintf(title, sizeof title, "Comparison of %zu runs", c->runs);
	bn_document_begin(&r.d, out, wish->is_html, title);
	if ((rc = parts_write(&r, err)) < 0)
		goto out;
	bn_document_end(&r.d);
	rc = bn_buf_check(out, err, "a report");
out:
	bn_seeds_free(r.seeds);
	bn_importance_release(&r.importance);
	return rc;
}
