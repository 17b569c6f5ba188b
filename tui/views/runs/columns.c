/*
 * columns.c - which fields of runs become columns: the most interesting ones that vary and are
 * filled. A field with the same value in all runs, or missing in most, is folded: hidden until
 * requested, and summarised in a line. See _pages.h.
 */
#include "core/base/buf.h"
#include "core/base/fs.h"
#include "tui/ui/format.h"
#include "tui/views/runs/_pages.h"

#include <math.h>
#include <string.h>

enum { MOST_SHOWN = 4 }; /* metrics; and parameters, if not all runs are loaded */

/* How informative a column is: the test part, then validation, then other metrics and the
 * parameters; the supervisor's measurements (system/...) are on the run's own screen. Within a
 * part, the usual summary of a task comes first. */
static int field_interest(const char *field)
{
	static const char *const main_metrics[] = {"rmse", "roc_auc", "accuracy", "loss"};
	if (strncmp(field, "params.", 7) == 0)
		return 1;
	if (strncmp(field, "metrics.", 8) != 0 || bn_metric_is_system(field + 8))
		return 0;
	int part = strstr(field, "test") ? 6 : strstr(field, "val") ? 4 : 2;
	for (size_t i = 0; i < sizeof main_metrics / sizeof *main_metrics; i++)
		if (strstr(field, main_metrics[i]))
			return part + 1;
	return part;
}

/* Metrics by interest and then by use, parameters by use; half of the columns each. */
int bn_runs_fields_choose(bn_runs *out, bn_reader *r, bn_arena *arena, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	const char **fields = bn_arena_alloc(arena, BN_RUN_FIELDS * sizeof *fields);
	bool *folded = bn_arena_alloc(arena, BN_RUN_FIELDS * sizeof *folded);
	int *told = bn_arena_alloc(arena, BN_RUN_FIELDS * sizeof *told);
	if (!fields || !folded || !told)
		return bn_err_nomem(err, "columns");
	int rc = bn_run_fields(&names, r->ws, NULL, err);
	for (int interest = 7; rc >= 0 && interest > 0; interest--) {
		size_t most = interest > 1 ? BN_RUN_FIELDS / 2 : BN_RUN_FIELDS;
		for (size_t i = 0; i < names.count && out->columns < most; i++) {
			const char *copy = field_interest(names.items[i]) == interest
						   ? bn_arena_strdup(arena, names.items[i])
						   : NULL;
			if (copy)
				fields[out->columns++] = copy;
		}
	}
	bn_names_release(&names);
	out->fields = fields;
	out->folded = folded;
	out->told = memset(told, 0, BN_RUN_FIELDS * sizeof *told);
	out->same = out->sparse = "";
	return rc;
}

/* The first few metrics are shown; also parameters, if it is unknown which vary. */
static void fold_by_place(const bn_runs *runs, bool *folded, bool params_too)
{
	size_t metrics = 0, params = 0;
	for (size_t i = 0; i < runs->columns; i++) {
		bool is_param = strncmp(runs->fields[i], "params.", 7) == 0;
		size_t *n = is_param ? &params : &metrics;
		*n += !folded[i];
		if (*n > MOST_SHOWN && (!is_param || params_too))
			folded[i] = true;
	}
}

static bool cells_equal(const bn_cell *a, const bn_cell *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == BN_CELL_TEXT)
		return strcmp(a->text, b->text) == 0;
	return a->kind != BN_CELL_NUMBER || a->number == b->number ||
	       (isnan(a->number) && isnan(b->number));
}

/* How many of the runs have a value, and whether all are equal. */
static const bn_cell *field_look(const bn_run_page *p, size_t field, size_t *filled, bool *varies)
{
	const bn_cell *first = NULL;
	*filled = 0;
	*varies = false;
	for (size_t i = 0; i < p->count; i++) {
		const bn_cell *c = &p->rows[i].cells[field];
		if (c->kind == BN_CELL_ABSENT)
			continue;
		first = first ? first : c;
		*varies = *varies || !cells_equal(c, first);
		++*filled;
	}
	return first;
}

static void told(bn_buf *out, const char *field, const char *value)
{
	const char *dot = strchr(field, '.');
	bn_buf_addf(out, "%s%s %s", out->len ? ", " : "", dot ? dot + 1 : field, value);
}

static void cell_words(const bn_cell *c, char out[BN_FORMAT_BYTES])
{
	if (c->kind == BN_CELL_NUMBER)
		bn_format_number(out, c->number);
	else
		snprintf(out, BN_FORMAT_BYTES, "%.*s", BN_FORMAT_BYTES - 1, c->text);
}

enum { VALUES_COUNTED = 8, SWEPT_FROM = 2 };

/* In how many of these runs a parameter differs from its most frequent value; a seed is the least
 * informative. */
static int varying(const bn_run_page *p, size_t field, const char *name)
{
	const bn_cell *seen[VALUES_COUNTED];
	int runs[VALUES_COUNTED] = {0}, n = 0, filled = 0, most = 0;
	for (size_t i = 0; i < p->count; i++) {
		const bn_cell *c = &p->rows[i].cells[field];
		int k = 0;
		if (c->kind == BN_CELL_ABSENT)
			continue;
		filled++;
		while (k < n && !cells_equal(seen[k], c))
			k++;
		if (k == n && n < VALUES_COUNTED)
			seen[n++] = c;
		most = k < n && ++runs[k] > most ? runs[k] : most;
	}
	return strcmp(name, "params.seed") == 0 ? 0 : filled - most;
}

/* Parameters by how much they vary. */
static void params_rank(const bn_runs *runs)
{
	int *told = (int *)(uintptr_t)runs->told, values[BN_RUN_FIELDS];
	for (size_t i = 0; i < runs->columns; i++) {
		bool counts = !runs->folded[i] && strncmp(runs->fields[i], "params.", 7) == 0;
		values[i] = counts ? varying(bn_runs_whole(runs), i, runs->fields[i]) : -1;
	}
	for (size_t i = 0; i < runs->columns; i++) {
		told[i] = 0;
		for (size_t k = 0; k < runs->columns; k++)
			told[i] += values[k] > values[i] || (values[k] == values[i] && k < i);
	}
}

const bn_run_page *bn_runs_whole(const bn_runs *runs)
{
	return runs->all ? runs->all : runs->page;
}

bool bn_runs_is_part(const bn_runs *runs)
{
	const bn_run_page *p = bn_runs_whole(runs);
	return p->total > (int64_t)p->count || p->matched > (int64_t)p->count;
}

int bn_runs_fields_fold(bn_runs *runs, bn_arena *arena, bn_err *err)
{
	const bn_run_page *p = bn_runs_whole(runs);
	bool *folded = (bool *)(uintptr_t)runs->folded;
	bn_buf same = BN_BUF_INIT, sparse = BN_BUF_INIT;
	if (bn_runs_is_part(runs)) {
		fold_by_place(runs, folded, true);
		params_rank(runs);
		return 0;
	}
	for (size_t i = 0; p->count > 1 && i < runs->columns; i++) {
		size_t filled;
		bool varies;
		char value[BN_FORMAT_BYTES];
		const bn_cell *first = field_look(p, i, &filled, &varies);
		/* A parameter of a few runs that differ in it is what they were started for. */
		bool is_swept = strncmp(runs->fields[i], "params.", 7) == 0 &&
				varying(p, i, runs->fields[i]) >= SWEPT_FROM;
		bool is_sparse = 4 * filled < p->count && !is_swept;
		folded[i] = is_sparse || !varies;
		if (!folded[i])
			continue;
		if (is_sparse || !first) {
			snprintf(value, sizeof value, "%zu/%zu", filled, p->count);
			told(&sparse, runs->fields[i], value);
		} else {
			cell_words(first, value);
			told(&same, runs->fields[i], value);
			if (filled < p->count)
				bn_buf_addf(&same, " (%zu/%zu)", filled, p->count);
		}
	}
	fold_by_place(runs, folded, false);
	params_rank(runs);
	runs->same = bn_arena_strdup(arena, same.ptr ? same.ptr : "");
	runs->sparse = bn_arena_strdup(arena, sparse.ptr ? sparse.ptr : "");
	bn_buf_release(&same);
	bn_buf_release(&sparse);
	return runs->same && runs->sparse ? 0 : bn_err_nomem(err, "columns");
}
