/*
 * work.c - the rest of the queue: running runs and their progress, the best run of each dataset,
 * what is in use, and first steps in an empty workspace. See _overview.h.
 */
#include "core/base/env.h"
#include "core/base/fs.h"
#include "core/base/str.h"
#include "core/serve/endpoint.h"
#include "core/track/best.h"
#include "tui/ui/format.h"
#include "tui/views/overview/_overview.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RUNNING = 8, LOOKED_AT = 1000 };
/* Files that a page reads: a sweep has a spec for each run, and a parallel file system takes milliseconds for one. */
enum { SPECS_AT_ONCE = 24, SPECS_AT_FIRST = 8 };

/* ---- running ----------------------------------------------------------------------------------- */

/* Its progress, if its parameters give the total. */
static int progress_read(bn_overview_gather *g, bn_line *l, const bn_run_row *row)
{
	bn_run_info *run = NULL;
	int rc = bn_reader_run_steps(&l->steps, g->r, row->id, g->err);
	if (l->steps < l->step || l->steps == 0)
		l->steps = -1;
	if (rc < 0 || l->steps < 0 || (rc = bn_run_get(&run, g->r->ws, row->id, g->err)) < 0)
		return rc;
	l->left_ms = bn_run_left_ms(run, l->step, l->steps, g->now_ms);
	bn_run_info_free(run);
	return rc;
}

static int running_line(bn_overview_gather *g, const bn_run_row *row)
{
	bn_spark spark;
	bn_line *l = bn_overview_line(
		g, BN_LINE_RUN, row->status == BN_RUN_RUNNING ? BN_STATE_RUN : BN_STATE_WAIT);
	if (!l)
		return 0;
	char label[BN_RUN_LABEL_BYTES];
	l->subject = bn_arena_strdup(g->arena, bn_run_label(label, row->name, row->title, row->id));
	l->opens = BN_OPENS_RUN;
	l->ref = bn_arena_strdup(g->arena, row->id);
	l->time_ms = row->started_ms > 0 ? row->started_ms : row->created_ms;
	l->detail = row->status == BN_RUN_RUNNING ? NULL : "waits in the queue";
	int rc = bn_reader_spark(&spark, g->r, g->arena, row->id, g->err);
	if (rc < 0 || !spark.key)
		return rc;
	l->metric = spark.key;
	l->value = spark.last;
	l->step = spark.last_step;
	l->spark_count = spark.count;
	memcpy(l->spark, spark.y, sizeof l->spark);
	return progress_read(g, l, row);
}

int bn_overview_running(bn_overview_gather *g)
{
	bn_run_page *page = NULL;
	bn_run_query q = {.among = BN_AMONG_LIVE, .limit = MOST_RUNNING};
	int rc = bn_run_query_page(&page, g->r->ws, &q, g->err);
	for (size_t i = 0; rc >= 0 && i < page->count; i++)
		rc = running_line(g, &page->rows[i]);
	bn_run_page_free(page);
	return rc;
}

/* ---- best -------------------------------------------------------------------------------------- */

/* The usual summary of a task on the test part; NULL: no run has one. */
static const char *main_metric(const bn_names *fields, size_t *at)
{
	static const char *const names[] = {"rmse", "roc_auc", "accuracy", "loss"};
	for (; *at < sizeof names / sizeof *names; ++*at) {
		for (size_t i = 0; i < fields->count; i++) {
			const char *f = fields->items[i];
			if (strncmp(f, "metrics.test", 12) == 0 && bn_str_ends(f, names[*at])) {
				++*at;
				return f;
			}
		}
	}
	return NULL;
}

static bool is_listed(const bn_overview_gather *g, const char *terms)
{
	for (size_t i = 0; i < g->best_count; i++)
		if (strcmp(g->best_terms[i], terms) == 0)
			return true;
	return false;
}

/* A number on a dataset: a run with it can be the best, or the second. */
static bool is_candidate(const bn_run_row *row)
{
	const bn_cell *c = row->cells;
	return c[0].kind == BN_CELL_NUMBER && !isnan(c[0].number) && c[1].kind == BN_CELL_TEXT;
}

/* 1: not in this page. Runs are asked for from the best on, so what is known by then is right. */
static int terms_of(bn_run_terms *out, bn_overview_gather *g, const char *run)
{
	int rc = bn_reader_terms_within(out, g->r, run, &g->specs_left, g->err);
	g->is_best_part |= rc == 1;
	return rc;
}

/* The second-best run that is measured on the same terms, for the difference; NULL: none. */
static int second_of(const bn_run_row **out, bn_overview_gather *g, const bn_run_page *p,
	size_t first, const char *terms)
{
	*out = NULL;
	for (size_t i = first + 1; i < p->count && !*out; i++) {
		bn_run_terms own;
		int rc;
		if (!is_candidate(&p->rows[i]))
			continue;
		if ((rc = terms_of(&own, g, p->rows[i].id)) != 0)
			return rc < 0 ? rc : 0;
		if (own.key && strcmp(own.key, terms) == 0)
			*out = &p->rows[i];
	}
	return 0;
}

/* "test_rmse of power 11.9  -3.0 % against ridge-1, where ...". */
static int best_line(bn_overview_gather *g, const bn_run_page *p, size_t i, const char *field,
	const bn_run_terms *terms)
{
	const bn_run_row *row = &p->rows[i], *second;
	char value[BN_FORMAT_BYTES], than[120] = "", by[40] = "";
	bn_line *l = bn_overview_line(g, BN_LINE_BEST, BN_STATE_NONE);
	if (!l)
		return 0;
	double own = row->cells[0].number;
	l->word = bn_arena_strdup(g->arena, row->cells[1].text);
	const char *key = bn_arena_strdup(g->arena, terms->key);
	char label[BN_RUN_LABEL_BYTES];
	l->subject = bn_arena_strdup(g->arena, bn_run_label(label, row->name, row->title, row->id));
	l->aside = bn_arena_strdup(g->arena, row->title ? row->title : "");
	l->opens = BN_OPENS_RUN;
	l->ref = bn_arena_strdup(g->arena, row->id);
	l->time_ms = row->finished_ms;
	const char *of = terms->target ? bn_arena_strf(g->arena, " of %s", terms->target) : "";
	const char *where = terms->where ? bn_arena_strf(g->arena, "  where %s", terms->where) : "";
	if (!l->word || !key || !l->subject || !l->aside || !l->ref || !of || !where)
		return bn_err_nomem(g->err, "the best runs");
	g->best_terms[g->best_count++] = key;
	int rc = second_of(&second, g, p, i, key);
	if (rc < 0)
		return rc;
	if (second && second->cells[0].number != 0) {
		double next = second->cells[0].number;
		snprintf(by, sizeof by, "  %+.1f %%", 100 * (own - next) / fabs(next));
		snprintf(than, sizeof than, "%s against %.60s", by,
			bn_run_label(label, second->name, second->title, second->id));
	}
	l->detail = bn_arena_strf(
		g->arena, "%s %s%s%s%s", field + 8, bn_format_number(value, own), of, where, than);
	l->brief = bn_arena_strf(g->arena, "%s %s%s", field + 8, bn_format_number(value, own), by);
	return l->detail && l->brief ? 0 : bn_err_nomem(g->err, "the best runs");
}

static int best_by(bn_overview_gather *g, const char *field)
{
	bn_run_page *page = NULL;
	bn_buf sort = BN_BUF_INIT;
	int better = bn_metric_direction(field + 8), rc;
	if (better == 0)
		return 0;
	bn_buf_adds(&sort, better > 0 ? "-" : "+");
	bn_run_field_write(&sort, field);
	if ((rc = bn_buf_check(&sort, g->err, "a query")) < 0)
		goto out;
	const char *columns[] = {sort.ptr + 1, "dataset"};
	bn_run_query q = {.sort = sort.ptr,
		.columns = columns, /* those without the metric come last, and are not candidates */
		.column_count = 2,
		.limit = LOOKED_AT};
	if ((rc = bn_run_query_page(&page, g->r->ws, &q, g->err)) < 0)
		goto out;
	for (size_t i = 0; i < page->count && g->best_count < BN_BEST_MOST; i++) {
		bn_run_terms terms;
		if (!is_candidate(&page->rows[i]))
			continue;
		if ((rc = terms_of(&terms, g, page->rows[i].id)) != 0)
			goto out;
		if (!terms.key || is_listed(g, terms.key))
			continue;
		if ((rc = best_line(g, page, i, field, &terms)) < 0)
			goto out;
	}
out:
	bn_run_page_free(page);
	bn_buf_release(&sort);
	return rc < 0 ? rc : 0; /* 1: not all terms are known */
}

static void more_line(bn_overview_gather *g)
{
	bn_line *l = bn_overview_line(g, BN_LINE_BEST, BN_STATE_NONE);
	if (!l)
		return;
	l->subject = l->word = l->aside = "";
	l->detail = "looking among all runs";
}

int bn_overview_best(bn_overview_gather *g)
{
	bn_names fields = BN_NAMES_INIT;
	size_t at = 0;
	const char *field;
	if (g->o->is_part) {
		more_line(g);
		return 0;
	}
	/* The first page comes when the workspace was just opened, which asked much of its file system. */
	g->specs_left = g->r->terms ? SPECS_AT_ONCE : SPECS_AT_FIRST;
	int rc = bn_run_fields(&fields, g->r->ws, NULL, g->err);
	while (rc >= 0 && !g->is_best_part && (field = main_metric(&fields, &at)))
		rc = best_by(g, field);
	if (rc >= 0 && g->is_best_part)
		more_line(g);
	bn_names_release(&fields);
	return rc;
}

/* ---- in use ------------------------------------------------------------------------------------ */

static int champions(bn_overview_gather *g)
{
	bn_version_page *all = NULL;
	int rc = bn_version_list(&all, g->r->ws, NULL, false, g->err);
	for (size_t i = 0; rc >= 0 && i < all->count; i++) {
		const bn_version *v = &all->items[i];
		bool is_champion = false;
		for (size_t k = 0; k < v->n_aliases; k++)
			is_champion |= strcmp(v->aliases[k], "champion") == 0;
		bn_line *l = is_champion ? bn_overview_line(g, BN_LINE_USE, BN_STATE_OK) : NULL;
		if (!l)
			continue;
		l->word = "champion";
		l->subject = bn_arena_strf(g->arena, "%s/%lld", v->name, (long long)v->version);
		l->ref = l->subject;
		l->opens = BN_OPENS_MODEL;
		l->detail = bn_arena_strf(g->arena, "%s by %s", v->trainer ? v->trainer : "-",
			v->author ? v->author : "-");
		l->time_ms = v->state_ms;
	}
	bn_version_page_free(all);
	return rc;
}

static void server_line(bn_overview_gather *g, const bn_endpoint *e)
{
	char requests[BN_FORMAT_BYTES], errors[BN_FORMAT_BYTES], p99[BN_FORMAT_BYTES];
	bn_line *l = bn_overview_line(g, BN_LINE_USE, BN_STATE_RUN);
	bool asked = e->seen_ms > e->started_ms;
	if (!l)
		return;
	l->word = "serves";
	l->subject = bn_arena_strdup(g->arena, e->models);
	const char *where =
		e->port > 0 ? bn_arena_strf(g->arena, ":%lld", (long long)e->port) : e->url;
	l->detail = !asked ? bn_arena_strf(g->arena, "%s", e->url)
			   : bn_arena_strf(g->arena, "%s  p99 %s ms  %s answer%s  %s error%s",
				     where ? where : "", bn_format_number(p99, e->p99_ms),
				     bn_format_count(requests, e->requests),
				     e->requests == 1 ? "" : "s",
				     bn_format_count(errors, e->errors), e->errors == 1 ? "" : "s");
	l->opens = BN_OPENS_SERVERS;
	l->ref = bn_arena_strdup(g->arena, e->id);
	l->time_ms = e->started_ms;
}

int bn_overview_in_use(bn_overview_gather *g)
{
	bn_endpoints all = {NULL, 0};
	int rc = champions(g);
	if (rc < 0 || (rc = bn_overview_gate(g, BN_LINE_USE)) < 0)
		return rc;
	rc = bn_endpoint_list(&all, g->r->ws, g->err);
	for (size_t i = 0; rc >= 0 && i < all.count; i++)
		if (all.items[i].state == BN_ENDPOINT_RUNNING)
			server_line(g, &all.items[i]);
	bn_endpoints_release(&all);
	return rc;
}

/* ---- first steps ----------------------------------------------------------------------------- */

static void step(bn_overview_gather *g, const char *word, const char *subject, const char *command)
{
	bn_line *l = bn_overview_line(g, BN_LINE_STEP, BN_STATE_NONE);
	if (!l)
		return;
	l->word = word;
	l->subject = subject;
	l->detail = l->command = command;
	l->aside = "";
}

/* The first table in the working directory that can become a dataset of its name; NULL: none. */
static const char *table_here(bn_overview_gather *g, const char **name)
{
	bn_names files = BN_NAMES_INIT;
	const char *found = NULL;
	if (bn_fs_list_dir(bn_workspace_env(g->r->ws), ".", &files, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < files.count && !found; i++) {
		const char *f = files.items[i];
		char base[BN_NAME_MAX + 1];
		size_t n = strlen(f);
		if ((!bn_str_ends(f, ".csv") && !bn_str_ends(f, ".tsv")) || n - 4 > BN_NAME_MAX)
			continue;
		snprintf(base, sizeof base, "%.*s", (int)(n - 4), f);
		if (!bn_name_is_valid(base) || !bn_name_is_valid(f))
			continue;
		*name = bn_arena_strdup(g->arena, base);
		found = bn_arena_strdup(g->arena, f);
	}
	bn_names_release(&files);
	return found;
}

int bn_overview_steps(bn_overview_gather *g)
{
	const char *name = "jobs", *file = table_here(g, &name);
	if (file) {
		step(g, "first", "bring in a table",
			bn_arena_strf(g->arena, "binnacle data add %s %s", name, file));
		step(g, "then", "see what is in it",
			bn_arena_strf(g->arena, "binnacle data describe %s", name));
		step(g, "then", "split it",
			bn_arena_strf(g->arena, "binnacle data split %s", name));
	} else {
		step(g, "first", "make a table", "binnacle data generate jobs");
		step(g, "then", "split it", "binnacle data split jobs");
		step(g, "then", "train on it",
			"binnacle run start --trainer ridge --data jobs.train --target "
			"node_power_consumption --wait");
	}
	step(g, "or", "follow a program", "binnacle run start -- echo hello");
	step(g, "or", "see a whole life", "binnacle demo");
	return 0;
}
