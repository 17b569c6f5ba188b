/* pages.c - datasets, checks and windows of rows. See _source.h; rows/pages.c applies filters. */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/timestamp.h"
#include "core/check/check.h"
#include "core/data/checks.h"
#include "core/data/protect.h"
#include "core/data/suite_history.h"
#include "core/monitor/report.h"
#include "core/registry/registry.h"
#include "core/track/query.h"
#include "tui/views/_source.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void list_release(void *data)
{
	bn_datasets_page *p = data;
	bn_dataset_list_free(p->owned);
	bn_free(p->marks);
}

int bn_source_datasets(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	bn_datasets_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	int rc;
	(void)arg;
	(void)job;
	if (!p)
		return bn_err_nomem(err, "datasets");
	*p = (bn_datasets_page){.marks = NULL};
	if ((rc = bn_reader_refresh(r, err)) < 0 ||
		(rc = bn_dataset_list_load(&p->owned, r->ws, BN_DATASET_LIVE, err)) < 0)
		return rc;
	p->list = *p->owned;
	if ((rc = bn_protect_marks_load(&p->marks, r->ws, p->owned, err)) < 0) {
		list_release(p);
		return rc;
	}
	return BN_PAGE_TAKE(page, p, list_release);
}

static void versions_release(void *p)
{
	bn_dataset_versions_free(p);
}

int bn_source_versions(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_dataset_versions *versions = NULL;
	(void)job;
	int rc = bn_reader_refresh(r, err);
	if (!rc)
		rc = bn_dataset_versions_load(&versions, r->ws, a->ref, BN_DATASET_LIVE, err);
	return rc ? rc : BN_PAGE_TAKE(page, versions, versions_release);
}

/* ---- windows of rows ----------------------------------------------------------------------------- */

static const char *cell_text(bn_arena *arena, bn_buf *buf, const bn_column *c, size_t row)
{
	bn_buf_clear(buf);
	return bn_column_format(c, row, buf) ? bn_arena_strndup(arena, buf->ptr, buf->len) : NULL;
}

int bn_source_window(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_window_arg *a = arg;
	bn_table_reader *table = NULL;
	bn_batch batch = BN_BATCH_INIT;
	bn_buf buf = BN_BUF_INIT;
	size_t open = SIZE_MAX;
	int rc = bn_reader_table(&table, r, a->ref, a->derived, err);
	size_t columns = rc ? 0 : bn_table_schema(table)->count;
	bn_window *w = bn_arena_alloc(&page->arena, sizeof *w);
	const char **cells =
		bn_arena_alloc(&page->arena, ((size_t)a->count * columns + 1) * sizeof *cells);
	if (!rc && (!w || !cells))
		rc = bn_err_nomem(err, "a window of rows");
	for (int i = 0; !rc && i < a->count; i++) {
		size_t at = 0, row = 0;
		if (bn_job_is_cancelled(job))
			rc = bn_err_set(err, BN_EINTR, "stopped");
		if (!rc)
			rc = bn_table_locate(table, (uint64_t)a->rows[i], &at, &row, err);
		if (!rc && at != open) {
			rc = bn_table_read(table, at, NULL, 0, &batch, err);
			open = at;
		}
		for (size_t c = 0; !rc && c < columns; c++)
			cells[(size_t)i * columns + c] =
				cell_text(&page->arena, &buf, &batch.columns[c], row);
	}
	bn_batch_release(&batch);
	bn_buf_release(&buf);
	if (!rc) {
		*w = (bn_window){a->first, a->count, columns, cells};
		page->data = w;
	}
	return rc;
}

/* ---- checks -------------------------------------------------------------------------------------- */

/* "expect_column_values_to_be_between" as "column values to be between". */
static const char *expectation_words(bn_arena *arena, const char *type)
{
	static const char *const prefixes[] = {"expect_column_values_to_be_",
		"expect_column_values_to_", "expect_column_", "expect_"};
	if (!type)
		return "?";
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		size_t n = strlen(prefixes[i]);
		if (strncmp(type, prefixes[i], n) == 0) {
			char *words =
				bn_arena_strf(arena, "%s%s", i <= 1 ? "values " : "", type + n);
			for (char *s = words; s && *s; s++)
				*s = *s == '_' ? ' ' : *s;
			char *be = words ? strstr(words, " be ") : NULL;
			if (be) /* "values not null" says it */
				memmove(be, be + 3, strlen(be + 3) + 1);
			return words ? words : type;
		}
	}
	return type;
}

static const char *json_words(bn_arena *arena, const json_t *value)
{
	if (json_is_string(value))
		return bn_arena_strdup(arena, json_string_value(value));
	char *text =
		value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6))
		      : NULL;
	const char *copy = text ? bn_arena_strdup(arena, text) : NULL;
	free(text);
	return copy;
}

static const char *limit_words(bn_arena *arena, const json_t *kwargs, const char *key)
{
	const json_t *value = json_object_get(kwargs, key);
	return value && !json_is_null(value) ? json_words(arena, value) : NULL;
}

/* Whether the column's cell shows it already. */
static bool names_columns(const char *key, bool of_table)
{
	return !strcmp(key, "column") || !strcmp(key, "column_A") || !strcmp(key, "column_B") ||
	       (!of_table && !strcmp(key, "column_list"));
}

/* Names separated by commas; NULL unless there are several. */
static const char *columns_words(bn_arena *arena, const json_t *names)
{
	const char *words = json_string_value(json_array_get(names, 0));
	if (json_array_size(names) < 2)
		return NULL;
	for (size_t i = 1; words && i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		words = bn_arena_strf(arena, "%s, %s", words, name ? name : "?");
	}
	return words;
}

/* "COMPLETED, FAILED": the members of a set. */
static void set_words(bn_buf *out, bn_arena *arena, const json_t *set)
{
	for (size_t i = 0; i < json_array_size(set); i++) {
		const json_t *v = json_array_get(set, i);
		const char *text = json_is_string(v) ? json_string_value(v) : json_words(arena, v);
		bn_buf_addf(out, "%s%s", out->len ? ", " : "", text ? text : "?");
	}
}

/* kwargs without the columns: "0 to 1000", "at least 10", "COMPLETED, FAILED, mostly 0.9". */
static const char *wanted_words(bn_arena *arena, const json_t *kwargs, bool of_table)
{
	bn_buf b = BN_BUF_INIT;
	const char *key, *lo = limit_words(arena, kwargs, "min_value"),
			 *hi = limit_words(arena, kwargs, "max_value");
	json_t *value;
	if (lo && hi)
		bn_buf_addf(&b, "%s to %s", lo, hi);
	else if (lo || hi)
		bn_buf_addf(&b, "%s %s", lo ? "at least" : "at most", lo ? lo : hi);
	json_object_foreach((json_t *)(uintptr_t)kwargs, key, value)
	{
		if (names_columns(key, of_table) || strcmp(key, "min_value") == 0 ||
			strcmp(key, "max_value") == 0 || json_is_null(value))
			continue;
		if (strcmp(key, "value_set") == 0 && json_is_array(value)) {
			set_words(&b, arena, value);
			continue;
		}
		const char *text = json_words(arena, value);
		bn_buf_addf(&b, "%s%s %s", b.len ? ", " : "", key, text ? text : "?");
	}
	const char *words = b.len ? bn_arena_strdup(arena, b.ptr) : NULL;
	bn_buf_release(&b);
	return words;
}

bn_state bn_check_state(bn_check_verdict v)
{
	static const bn_state states[] = {[BN_CHECK_SKIPPED] = BN_STATE_NONE,
		[BN_CHECK_PASSED] = BN_STATE_OK,
		[BN_CHECK_INFO] = BN_STATE_WARN,
		[BN_CHECK_WARNING] = BN_STATE_WARN,
		[BN_CHECK_UNDECIDED] = BN_STATE_WAIT,
		[BN_CHECK_FAILED] = BN_STATE_FAIL};
	return states[v];
}

void bn_check_row_fill(bn_check_row *out, bn_arena *arena, const json_t *result)
{
	bn_check_verdict verdict = bn_check_verdict_of(result, NULL);
	const json_t *config = json_object_get(result, "expectation_config");
	const json_t *kwargs = json_object_get(config, "kwargs"),
		     *r = json_object_get(result, "result"),
		     *unexpected = json_object_get(r, "unexpected_count"),
		     *raised = json_object_get(result, "exception_info");
	const char *type = json_string_value(json_object_get(config, "type"));
	type = type ? type : json_string_value(json_object_get(config, "expectation_type"));
	json_t *names = bn_check_columns(type ? type : "", kwargs);
	const char *column = json_string_value(json_array_get(names, 0));
	const char *why = json_string_value(json_object_get(raised, "exception_message"));
	const char *seen = json_words(arena, json_object_get(r, "observed_value"));
	if (!seen && json_is_number(json_object_get(r, "unexpected_percent")))
		seen = bn_arena_strf(arena, "%.4g %% fail",
			json_number_value(json_object_get(r, "unexpected_percent")));
	*out = (bn_check_row){.expectation = expectation_words(arena, type),
		.column = column ? bn_arena_strdup(arena, column) : NULL,
		.wanted = wanted_words(arena, kwargs, !column),
		.observed = why ? bn_arena_strdup(arena, why) : seen,
		.failing = json_is_integer(unexpected) ? json_integer_value(unexpected) : -1,
		.state = bn_check_state(verdict),
		.columns = columns_words(arena, names),
		.verdict = verdict == BN_CHECK_PASSED ? NULL : bn_check_verdict_name(verdict)};
	json_decref(names);
}

int bn_reader_checks_raised(int64_t *out, bn_reader *r, const bn_dataset_version *v, bn_err *err)
{
	json_t *doc = NULL, *one;
	size_t i;
	int rc = bn_dataset_load_json(&doc, r->ws, v, v->check_result, err);
	*out = 0;
	json_array_foreach(json_object_get(doc, "results"), i, one)
	{
		const json_t *raised = json_object_get(one, "exception_info");
		*out += json_is_true(json_object_get(raised, "raised_exception"));
	}
	json_decref(doc);
	return rc;
}

/* When that result of a version was found; 0: there is no such one. */
static int checked_at(int64_t *out, bn_reader *r, const bn_dataset_version *v, const char *hash, bn_err *err)
{
	bn_dataset_checks all;
	int rc = bn_dataset_checks_history(&all, r->ws, v->name, v->version, NULL, err);
	*out = 0;
	for (size_t i = 0; rc >= 0 && i < all.count && !*out; i++)
		if (!strcmp(all.items[i].result_hash, hash))
			*out = all.items[i].checked_ms;
	bn_dataset_checks_release(&all);
	return rc;
}

/* A result of a version by its hash; "": the newest, and *c stays empty if it was never checked. */
static int checks_of(bn_checks *c, bn_arena *arena, bn_reader *r, const bn_dataset_version *v, const char *hash,
	bn_err *err)
{
	json_t *doc = NULL;
	int64_t checked_ms = v->checked_ms;
	int rc = 0;
	if (hash[0] && (rc = checked_at(&checked_ms, r, v, hash, err)) < 0)
		return rc;
	hash = hash[0] ? hash : v->check_result;
	if (checked_ms > 0 && ((rc = bn_dataset_load_json(&doc, r->ws, v, hash, err)) < 0 ||
				      (rc = bn_protect_check(doc, r->ws, v, err)) < 0)) {
		json_decref(doc);
		return rc;
	}
	const json_t *results = json_object_get(doc, "results");
	const char *suite = json_string_value(json_object_get(doc, "suite_name"));
	size_t n = json_array_size(results);
	bn_check_row *rows = bn_arena_alloc(arena, (n + 1) * sizeof *rows);
	if (!rows) {
		json_decref(doc);
		return bn_err_nomem(err, "checks");
	}
	for (size_t i = 0; i < n; i++)
		bn_check_row_fill(&rows[i], arena, json_array_get(results, i));
	*c = (bn_checks){.suite = bn_arena_strdup(arena, suite ? suite : "(no name)"),
		.checked_ms = checked_ms,
		.result = bn_arena_strdup(arena, hash),
		.items = rows,
		.count = n};
	json_decref(doc);
	return 0;
}

int bn_source_checks(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_checks_arg *a = arg;
	bn_dataset_version *v = NULL;
	(void)job;
	bn_checks *c = bn_arena_alloc(&page->arena, sizeof *c);
	int rc = c ? bn_reader_refresh(r, err) : bn_err_nomem(err, "checks");
	if (rc < 0 || (rc = bn_dataset_resolve(&v, r->ws, a->ref, BN_DATASET_REMOVED_TOO, err)) < 0)
		return rc;
	if ((rc = checks_of(c, &page->arena, r, v, a->result, err)) >= 0)
		page->data = c;
	bn_dataset_version_free(v);
	return rc;
}

/* ---- the summary next to the list ------------------------------------------------------------ */

static void answer_release(void *data)
{
	bn_data_answer *a = data;
	bn_dataset_version_free(a->version);
	bn_dataset_version_free(a->before);
	bn_dataset_versions_free(a->children);
	bn_protection_release(&a->protection);
	bn_profile_free(a->profile);
}

/* The next older version. */
static int version_before(bn_data_answer *a, bn_reader *r, bn_err *err)
{
	bn_dataset_versions *all = NULL;
	int rc = bn_dataset_versions_load(&all, r->ws, a->version->name, BN_DATASET_LIVE, err);
	for (size_t i = 0; rc >= 0 && i < all->count && !a->before; i++) {
		if (all->items[i]->version >= a->version->version)
			continue;
		a->before = all->items[i];
		all->items[i] = NULL;
	}
	bn_dataset_versions_free(all);
	return rc;
}

typedef struct ranked {
	uint64_t missing;
	size_t column;
} ranked;

static int ranked_compare(const void *a, const void *b)
{
	const ranked *x = a, *y = b;
	if (x->missing != y->missing)
		return x->missing < y->missing ? 1 : -1;
	return (x->column > y->column) - (x->column < y->column);
}

int bn_data_answer_rank(bn_data_answer *a, bn_arena *arena, bn_err *err)
{
	const bn_profile *p = a->profile;
	size_t at = 0;
	if (!p)
		return 0;
	ranked *all = bn_alloc_zeroed(p->column_count + 1, sizeof *all);
	size_t *kept = bn_arena_alloc(arena, BN_ANSWER_COLUMNS * sizeof *kept);
	if (!all || !kept) {
		bn_free(all);
		return bn_err_nomem(err, "columns");
	}
	for (size_t i = 0; i < p->column_count; i++) {
		const bn_profile_column *c = &p->columns[i];
		if (!c->constant)
			all[a->changing++] = (ranked){c->missing, i};
		else if (a->constant++ == 0 || at < sizeof a->constants)
			at += (size_t)snprintf(a->constants + at, sizeof a->constants - at, "%s%s",
				at ? ", " : "", c->name);
	}
	qsort(all, a->changing, sizeof *all, ranked_compare);
	a->ranked_count = a->changing < BN_ANSWER_COLUMNS ? a->changing : BN_ANSWER_COLUMNS;
	for (size_t i = 0; i < a->ranked_count; i++)
		kept[i] = all[i].column;
	a->ranked = kept;
	bn_free(all);
	return 0;
}

enum { REPORTS_MOST = 1000 };

/* Whether the version of a model was trained on it. */
static bool is_made_of(const bn_version *m, const bn_dataset_version *v)
{
	const json_t *one;
	size_t i;
	json_array_foreach(m->data, i, one)
	{
		const char *name = json_string_value(json_object_get(one, "name"));
		if (name && strcmp(name, v->name) == 0 &&
			json_integer_value(json_object_get(one, "version")) == v->version)
			return true;
	}
	return false;
}

static int models_count(bn_data_answer *a, bn_reader *r, bn_err *err)
{
	bn_version_page *all = NULL;
	int rc = bn_version_list(&all, r->ws, NULL, false, err);
	for (size_t i = 0; rc >= 0 && i < all->count; i++)
		a->models += is_made_of(&all->items[i], a->version);
	bn_version_page_free(all);
	return rc;
}

static int reports_count(bn_data_answer *a, bn_reader *r, const char *ref, bn_err *err)
{
	bn_monitor_reports all = {NULL, 0};
	int rc = bn_monitor_report_list(&all, r->ws, NULL, REPORTS_MOST, err);
	for (size_t i = 0; rc >= 0 && i < all.count; i++)
		a->reports += all.items[i]->reference && !strcmp(all.items[i]->reference, ref);
	bn_monitor_reports_release(&all);
	return rc;
}

/* The users of a version: runs that trained on it, versions of models, drift reports. */
static int used_by(bn_data_answer *a, bn_reader *r, bn_err *err)
{
	char ref[BN_REF_BYTES], filter[BN_REF_BYTES + 24];
	bn_run_page *runs = NULL;
	bn_run_query q = {.filter = filter, .limit = 1};
	int rc;
	bn_ref_format(ref, a->version->name, "@v", a->version->version);
	snprintf(filter, sizeof filter, "dataset = '%s'", ref);
	if ((rc = bn_run_query_page(&runs, r->ws, &q, err)) < 0)
		return rc;
	a->runs = runs->total;
	bn_run_page_free(runs);
	if ((rc = models_count(a, r, err)) < 0)
		return rc;
	return reports_count(a, r, ref, err);
}

static int protection_of(bn_data_answer *a, bn_reader *r, bn_arena *arena, bn_err *err)
{
	bn_buf names = BN_BUF_INIT;
	int rc = bn_protection_of(&a->protection, r->ws, a->version, err);
	if (rc >= 0 && a->profile)
		bn_protect_proposals(&a->protection, a->profile, &names);
	if (names.len && !names.failed)
		a->proposed = bn_arena_strdup(arena, names.ptr);
	bn_buf_release(&names);
	return rc;
}

int bn_source_data_answer(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_data_answer_arg *ref = arg;
	bn_err own = BN_ERR_INIT;
	(void)job;
	bn_data_answer *a = bn_arena_alloc(&page->arena, sizeof *a);
	bn_checks *c = bn_arena_alloc(&page->arena, sizeof *c);
	int rc = a && c ? bn_reader_refresh(r, err) : bn_err_nomem(err, "a version");
	if (rc >= 0 && ref->have == r->generation)
		return 0;
	if (rc < 0 || (rc = bn_dataset_resolve(
			       &a->version, r->ws, ref->ref, BN_DATASET_REMOVED_TOO, err)) < 0)
		return rc;
	/* What cannot be read, such as the rows of another user's private version, is omitted. */
	bool has_checks =
		a->version->checked_ms > 0 && checks_of(c, &page->arena, r, a->version, "", &own) >= 0;
	if (a->version->profile_hash[0] &&
		bn_dataset_load_profile(&a->profile, r->ws, a->version, &own) < 0)
		a->profile = NULL;
	a->generation = r->generation;
	if ((rc = bn_data_answer_rank(a, &page->arena, err)) < 0 ||
		(rc = version_before(a, r, err)) < 0 || (rc = used_by(a, r, err)) < 0 ||
		(rc = protection_of(a, r, &page->arena, err)) < 0 ||
		(rc = bn_dataset_children_load(
			 &a->children, r->ws, a->version->name, a->version->version, err)) < 0) {
		answer_release(a);
		return rc;
	}
	a->checks = has_checks ? c : NULL;
	return BN_PAGE_TAKE(page, a, answer_release);
}
