/* pages.c - the data of the split form: see pages.h. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/folds.h"
#include "core/data/leaks.h"
#include "tui/views/_source.h"

#include <string.h>

#define SHOWN 40 /* parts in the report */

int bn_source_split_form(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_table_reader *table = NULL;
	bn_split_form *form = bn_arena_alloc(&page->arena, sizeof *form);
	int rc;
	(void)job;
	if (!form)
		return bn_err_nomem(err, "a form");
	if ((rc = bn_reader_refresh(r, err)) < 0 || (rc = bn_reader_table(&table, r, a->ref, "", err)) < 0)
		return rc;
	const bn_schema *s = bn_table_schema(table);
	const char **names = bn_arena_alloc(&page->arena, (s->count + 1) * sizeof *names);
	if (!names)
		return bn_err_nomem(err, "columns");
	for (size_t i = 0; i < s->count; i++)
		if (!(names[i] = bn_arena_strdup(&page->arena, s->fields[i].name)))
			return bn_err_nomem(err, "columns");
	names[s->count] = NULL;
	form->columns = names;
	page->data = form;
	return 0;
}

/* ---- options ---------------------------------------------------------------------------------------- */

typedef struct splitting {
	bn_split_options o;
	bn_split_outcome outcome;
	bn_leaks_options search;
	bn_leaks found;
	bn_progress watch;
	bn_dataset_version *of;
	bn_dataset_version *parts[BN_SPLIT_MAX_PARTS];
	bn_folds_made made;
	bn_source_notes notes;
} splitting;

static const char *given(const char *text)
{
	return text[0] ? text : NULL;
}

static int read_count(size_t *out, const char *what, const char *text, bn_err *err)
{
	int64_t n = 0;
	*out = 0;
	if (!text[0])
		return 0;
	if (!bn_parse_i64(text, strlen(text), &n) || n < 1)
		return bn_err_set(err, BN_EINVAL, "%s '%s' is not a number of 1 or more", what, text);
	*out = (size_t)n;
	return 0;
}

static int read_options(splitting *s, const bn_split_arg *a, bn_err *err)
{
	bn_split_options *o = &s->o;
	int64_t seed = 1;
	int rc;
	o->column = given(a->by);
	o->group = given(a->group);
	o->end = given(a->end);
	o->horizon = given(a->horizon);
	o->embargo = given(a->embargo);
	o->where = given(a->where);
	o->progress = &s->watch;
	o->outcome = &s->outcome;
	o->leaks = &s->search;
	o->found = &s->found;
	s->search.target = given(a->target);
	o->folds_each = !strcmp(a->folds, "each");
	if ((rc = bn_split_kind_parse(&o->kind, a->how, err)) < 0 ||
		(!o->folds_each && (rc = read_count(&o->folds, "folds", a->folds, err)) < 0) ||
		(rc = read_count(&o->repeats, "repeats", a->repeats, err)) < 0 ||
		(rc = read_count(&o->inner, "inner folds", a->inner, err)) < 0 ||
		(rc = read_count(&o->window, "window", a->window, err)) < 0)
		return rc;
	if (a->seed[0] && (!bn_parse_i64(a->seed, strlen(a->seed), &seed) || seed < 0))
		return bn_err_set(err, BN_EINVAL, "seed '%s' is not a number of 0 or more", a->seed);
	o->seed = (uint64_t)seed;
	if (o->folds || o->folds_each)
		return bn_folds_check(o, err);
	return bn_split_parts_parse(o, a->parts[0] ? a->parts : "train=0.8,test=0.2", err);
}

static bool has_folds(const splitting *s)
{
	return s->o.folds || s->o.folds_each;
}

static int run_split(splitting *s, bn_reader *r, const bn_split_arg *a, bool only_plan, bn_job *job, bn_err *err)
{
	int rc;
	s->watch = bn_job_watch(job);
	s->o.only_plan = only_plan;
	if ((rc = read_options(s, a, err)) < 0 || (rc = bn_reader_refresh(r, err)) < 0 ||
		(rc = bn_dataset_resolve(&s->of, r->ws, a->ref, BN_DATASET_LIVE, err)) < 0)
		return rc;
	if (!only_plan)
		s->o.leaks = NULL; /* they were shown before */
	if (has_folds(s))
		return bn_dataset_folds(&s->made, r->ws, s->of, &s->o, err);
	if ((rc = bn_dataset_split(s->parts, r->ws, s->of, &s->o, err)) < 0)
		return rc;
	return bn_split_notes(&s->notes, &s->o, &s->outcome, err);
}

static void splitting_release(splitting *s)
{
	if (!s)
		return;
	bn_leaks_release(&s->found);
	bn_dataset_version_free(s->of);
	for (size_t i = 0; i < BN_SPLIT_MAX_PARTS; i++)
		bn_dataset_version_free(s->parts[i]);
	bn_folds_made_release(&s->made);
	bn_source_notes_release(&s->notes);
	bn_free(s);
}

/* ---- the report -------------------------------------------------------------------------------------- */

static size_t part_count(const splitting *s)
{
	return has_folds(s) ? s->made.count : s->o.part_count;
}

static const char *part_of(const splitting *s, size_t i, uint64_t *rows, uint64_t *left_out)
{
	*rows = has_folds(s) ? s->made.parts[i].rows : s->outcome.counts[i];
	*left_out = has_folds(s) ? s->made.parts[i].left_out : 0;
	return has_folds(s) ? s->made.parts[i].name : s->o.parts[i].name;
}

static void add_parts(bn_buf *out, const splitting *s)
{
	double all = (double)(has_folds(s) ? s->made.rows : s->outcome.rows);
	uint64_t rows, left_out;
	char n[BN_FMT];
	size_t count = part_count(s);
	for (size_t i = 0; i < count && i < SHOWN; i++) {
		const char *name = part_of(s, i, &rows, &left_out);
		bn_buf_addf(out, "%s.%s  %s rows, %.1f %%", s->of->name, name, bn_fmt_count(rows, n),
			all > 0 ? 100 * (double)rows / all : 0);
		if (left_out)
			bn_buf_addf(out, ", %s left out", bn_fmt_count(left_out, n));
		bn_buf_adds(out, "\n");
	}
	if (count > SHOWN)
		bn_buf_addf(out, "and %zu more parts\n", count - SHOWN);
}

static void add_notes(bn_buf *out, const bn_source_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		bn_buf_addf(out, "%s%s\n", notes->items[i].warning ? "warning: " : "", notes->items[i].text);
}

/* Leaks first: they decide. */
static void add_report(bn_buf *out, const splitting *s)
{
	for (size_t i = 0; i < s->found.count; i++)
		bn_buf_addf(out, "leak: %s\n      %s\n", s->found.items[i].text, s->found.items[i].advice);
	if (!s->found.count)
		bn_buf_addf(out, "no leak was found%s\n",
			s->search.target ? "" : "; name the target, and features are compared with it");
	if (s->found.natural)
		bn_buf_addf(out, "%llu pairs of rows are equal, as many as such a table has by chance\n",
			(unsigned long long)s->found.natural);
	add_notes(out, &s->notes);
	add_notes(out, &s->made.notes);
	add_parts(out, s);
}

static void add_summary(bn_buf *out, const splitting *s)
{
	uint64_t rows, left_out;
	char n[BN_FMT];
	if (has_folds(s))
		bn_buf_addf(out, "%zu parts", part_count(s));
	for (size_t i = 0; !has_folds(s) && i < part_count(s); i++) {
		const char *name = part_of(s, i, &rows, &left_out);
		bn_buf_addf(out, "%s%s %s", i ? ", " : "", name, bn_fmt_count(rows, n));
	}
	if (s->found.count)
		bn_buf_addf(out, "; %zu leak%s", s->found.count, s->found.count == 1 ? "" : "s");
	else
		bn_buf_adds(out, "; no leak was found");
}

int bn_source_split_plan(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	splitting *s = bn_alloc_zeroed(1, sizeof *s);
	bn_split_report *report = bn_arena_alloc(&page->arena, sizeof *report);
	bn_buf text = BN_BUF_INIT, summary = BN_BUF_INIT;
	int rc;
	if (!s || !report) {
		rc = bn_err_nomem(err, "a split");
		goto out;
	}
	if ((rc = run_split(s, context, arg, true, job, err)) < 0)
		goto out;
	add_report(&text, s);
	add_summary(&summary, s);
	if ((rc = bn_buf_check(&text, err, "a report")) < 0 || (rc = bn_buf_check(&summary, err, "a report")) < 0)
		goto out;
	*report = (bn_split_report){.text = bn_arena_strdup(&page->arena, text.ptr),
		.summary = bn_arena_strdup(&page->arena, summary.ptr),
		.parts = part_count(s),
		.leaks = s->found.count};
	if (!report->text || !report->summary) {
		rc = bn_err_nomem(err, "a report");
		goto out;
	}
	page->data = report;
out:
	bn_buf_release(&text);
	bn_buf_release(&summary);
	splitting_release(s);
	return rc;
}

int bn_source_make_split(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	splitting *s = bn_alloc_zeroed(1, sizeof *s);
	uint64_t rows, left_out;
	char n[BN_FMT];
	int rc;
	if (!s)
		return bn_err_nomem(err, "a split");
	if ((rc = run_split(s, context, arg, false, job, err)) < 0)
		goto out;
	for (size_t i = 0; i < part_count(s); i++) {
		const bn_dataset_version *v = has_folds(s) ? s->made.versions[i] : s->parts[i];
		part_of(s, i, &rows, &left_out);
		bn_job_log(job, "%s@v%lld, %s rows", v->name, (long long)v->version, bn_fmt_count(rows, n));
		if (i == 0 && !(page->data = bn_arena_strdup(&page->arena, v->name)))
			rc = bn_err_nomem(err, "a name");
	}
out:
	splitting_release(s);
	return rc;
}
