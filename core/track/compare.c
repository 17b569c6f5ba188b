/*
 * compare.c - see compare.h.
 *
 * The facts of each run are first collected as flat objects, one per group, from key to text or
 * number; the union of keys then gives the rows. So a new fact needs one line where it is
 * collected.
 */
#include "core/track/compare.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/run/spec.h"
#include "core/track/best.h"
#include "core/track/run.h"
#include "core/track/series.h"
#include "core/track/terms.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bn_compare_memory {
	bn_arena arena;
	size_t cap;
};

const char *bn_compare_group_name(bn_compare_group g)
{
	static const char *const names[] = {
		"run", "parameters", "metrics", "data", "code", "environment"};
	return names[g];
}

/* ---- facts of one run ----------------------------------------------------------------------- */

typedef struct facts {
	json_t *groups[BN_COMPARE_GROUPS];
	char *name;
	bn_run_terms terms;
} facts;

static void put_text(json_t *o, const char *key, const char *text)
{
	if (text && text[0])
		json_object_set_new(o, key, json_string(text));
}

/* Numbers of metrics stay numbers; NaN, which JSON has not, becomes text. */
static void put_number(json_t *o, const char *key, double x)
{
	const char *text = x > 0 ? "inf" : "-inf";
	if (isnan(x))
		text = "nan";
	json_object_set_new(o, key, isfinite(x) ? json_real(x) : json_string(text));
}

static int gather_run(facts *f, bn_workspace *ws, const bn_run_info *r)
{
	json_t *o = f->groups[BN_COMPARE_RUN];
	int64_t ms = bn_run_duration_ms(r, bn_env_now_ms(bn_workspace_env(ws)));
	put_text(o, "status", bn_run_status_name(r->status));
	put_text(o, "runs", r->title);
	put_text(o, "user", r->user);
	put_text(o, "resumes", r->resumes);
	put_text(o, "resumed_by", r->resumed_by);
	if (ms >= 0)
		put_number(o, "duration_s", (double)ms / 1000);
	if (r->peak_rss_bytes >= 0)
		put_number(o, "peak_rss_bytes", (double)r->peak_rss_bytes);
	put_text(o, "model_digest", r->model_digest);
	return 0;
}

static int gather_params(facts *f, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_pairs p;
	int rc;
	if ((rc = bn_run_params(&p, ws, id, err)) < 0)
		return rc;
	for (size_t i = 0; i < p.count; i++)
		put_text(f->groups[BN_COMPARE_PARAM], p.items[i].key, p.items[i].value);
	bn_pairs_release(&p);
	return 0;
}

static int gather_metrics(facts *f, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_series_list l;
	int rc;
	if ((rc = bn_series_find_all(&l, ws, id, err)) < 0)
		return rc;
	for (size_t i = 0; i < l.count; i++) {
		const bn_series_info *s = &l.items[i];
		double x = bn_metric_direction(s->key) ? bn_metric_best(s->key, s->min, s->max)
						       : s->last;
		put_number(f->groups[BN_COMPARE_METRIC], s->key, x);
	}
	bn_series_list_release(&l);
	return 0;
}

/* Objects become "a.b"; anything but text, numbers and booleans becomes canonical JSON. */
static void flatten(json_t *into, const char *prefix, const json_t *value)
{
	const char *key;
	json_t *v;
	if (!value)
		return;
	if (json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, key, v)
		{
			char name[256];
			snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] ? "." : "", key);
			flatten(into, name, v);
		}
	} else if (json_is_string(value)) {
		put_text(into, prefix, json_string_value(value));
	} else {
		bn_buf b = BN_BUF_INIT;
		if (bn_json_canonical(value, &b, NULL) == 0)
			put_text(into, prefix, b.ptr);
		bn_buf_release(&b);
	}
}

static void gather_data(json_t *o, const bn_spec *spec, const json_t *all)
{
	static const char *const keys[] = {
		"target", "features", "exclude", "where", "task", "impute", "standardise", "split"};
	for (size_t i = 0; i < spec->data_count; i++) {
		const bn_spec_data *d = &spec->data[i];
		const char *fallback = i == 0 ? "train" : "data";
		const char *part = d->part ? d->part : fallback;
		char key[64], text[200];
		snprintf(text, sizeof text, "%.150s@v%lld", d->name ? d->name : "",
			(long long)(d->version > 0 ? d->version : 0));
		put_text(o, part, text);
		snprintf(key, sizeof key, "%.40s digest", part);
		put_text(o, key, d->digest);
	}
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		flatten(o, keys[i], json_object_get(all, keys[i]));
}

/* The content of a spec that gc has freed is unknown. */
static int gather_spec(facts *f, bn_workspace *ws, const bn_run_info *r, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	bn_spec *spec = NULL;
	json_t *all = NULL;
	int rc = r->spec_hash ? bn_spec_fetch(&spec, ws, r->spec_hash, &e) : 0;
	if (rc < 0 && (rc != BN_ENOTFOUND || !r->bytes_gone))
		return bn_err_move(err, &e);
	bn_err_clear(&e);
	if (!spec)
		return 0;
	if ((rc = bn_spec_to_json(&all, spec, err)) < 0)
		goto out;
	gather_data(f->groups[BN_COMPARE_DATA], spec, all);
	flatten(f->groups[BN_COMPARE_CODE], "", json_object_get(all, "code"));
	flatten(f->groups[BN_COMPARE_ENVIRONMENT], "", spec->environment);
	flatten(f->groups[BN_COMPARE_ENVIRONMENT], "threads", json_object_get(all, "threads"));
out:
	json_decref(all);
	bn_spec_free(spec);
	return rc;
}

static int gather(facts *f, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_run_info *r = NULL;
	for (int g = 0; g < BN_COMPARE_GROUPS; g++)
		if (!(f->groups[g] = json_object()))
			return bn_err_nomem(err, "a comparison");
	int rc;
	if ((rc = bn_run_get(&r, ws, id, err)) < 0)
		return rc;
	char label[BN_RUN_LABEL_BYTES];
	if (!(f->name = bn_strdup(bn_run_label(label, r->name, r->title, r->id)))) {
		rc = bn_err_nomem(err, "a comparison");
		goto out;
	}
	if ((rc = gather_run(f, ws, r)) < 0 || (rc = gather_params(f, ws, id, err)) < 0 ||
		(rc = gather_metrics(f, ws, id, err)) < 0)
		goto out;
	if ((rc = gather_spec(f, ws, r, err)) < 0)
		goto out;
	rc = bn_run_terms_read(&f->terms, ws, r, err);
out:
	bn_run_info_free(r);
	return rc;
}

static void facts_free(facts *all, size_t count)
{
	for (size_t i = 0; all && i < count; i++) {
		for (int g = 0; g < BN_COMPARE_GROUPS; g++)
			json_decref(all[i].groups[g]);
		bn_free(all[i].name);
		bn_run_terms_release(&all[i].terms);
	}
	bn_free(all);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static bool cell_of(bn_compare_cell *cell, bn_arena *a, const json_t *value)
{
	char text[BN_FMT];
	*cell = (bn_compare_cell){NULL, NAN, NAN, NAN};
	if (!value)
		return true;
	if (json_is_number(value)) {
		cell->number = json_number_value(value);
		cell->text = bn_arena_strdup(a, bn_fmt_sig(cell->number, 6, text));
	} else {
		const char *s = json_string_value(value);
		if (!bn_parse_f64(s, strlen(s), &cell->number) || !isfinite(cell->number))
			cell->number = NAN;
		cell->text = bn_arena_strdup(a, s);
	}
	return cell->text != NULL;
}

/* Two values are equal if their texts are, or, for numbers, their values (1 and 1.0). */
static bool same(const json_t *a, const json_t *b)
{
	if (!a || !b)
		return a == b;
	return json_is_number(a) && json_is_number(b) ? json_number_value(a) == json_number_value(b)
						      : json_equal(a, b);
}

static bool on_same_terms(const facts *a, const facts *b)
{
	return a == b || bn_run_terms_are_same(&a->terms, &b->terms);
}

static int add_row(bn_comparison *c, const facts *all, int group, const char *key, bn_err *err)
{
	bn_arena *a = &c->memory->arena;
	bn_compare_cell *cells = bn_arena_alloc(a, c->runs * sizeof *cells);
	const json_t *base = json_object_get(all[c->baseline].groups[group], key);
	if (!cells || bn_grow(&c->rows, &c->memory->cap, c->count + 1, sizeof *c->rows) != 0)
		return bn_err_nomem(err, "a comparison");
	bn_compare_row row = {.group = (bn_compare_group)group,
		.key = bn_arena_strdup(a, key),
		.better = group == BN_COMPARE_METRIC ? bn_metric_direction(key) : 0,
		.cells = cells};
	bool ok = row.key != NULL;
	for (size_t i = 0; i < c->runs; i++) {
		const json_t *value = json_object_get(all[i].groups[group], key);
		ok = ok && cell_of(&cells[i], a, value);
		row.differs = row.differs || !same(value, base);
	}
	double from = cells[c->baseline].number;
	for (size_t i = 0; i < c->runs; i++) {
		if (group == BN_COMPARE_METRIC && !on_same_terms(&all[i], &all[c->baseline]))
			continue;
		cells[i].delta = cells[i].number - from;
		cells[i].percent = from != 0 ? 100 * cells[i].delta / fabs(from) : NAN;
	}
	c->rows[c->count++] = row;
	return ok ? 0 : bn_err_nomem(err, "a comparison");
}

/* By name; what the supervisor measured (system/...) comes after what the run logged. */
static int word_cmp(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	int late = bn_metric_is_system(x) - bn_metric_is_system(y);
	return late ? late : strcmp(x, y);
}

static int add_group(bn_comparison *c, const facts *all, int group, bn_err *err)
{
	const char *key, **keys;
	json_t *value, *every = json_object();
	size_t n = 0;
	int rc = 0;
	for (size_t i = 0; i < c->runs; i++)
		json_object_update_missing(every, all[i].groups[group]);
	keys = bn_alloc((json_object_size(every) + 1) * sizeof *keys);
	if (!keys)
		rc = bn_err_nomem(err, "a comparison");
	json_object_foreach(every, key, value)
	{
		if (keys)
			keys[n++] = key;
	}
	if (n)
		qsort(keys, n, sizeof *keys, word_cmp);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_row(c, all, group, keys[i], err);
	bn_free(keys);
	json_decref(every);
	return rc;
}

static int fill(bn_comparison *c, const facts *all, const char *const *ids, bn_err *err)
{
	bn_arena *a = &c->memory->arena;
	int rc = 0;
	c->ids = bn_arena_alloc(a, c->runs * sizeof *c->ids);
	c->names = bn_arena_alloc(a, c->runs * sizeof *c->names);
	if (!c->ids || !c->names)
		return bn_err_nomem(err, "a comparison");
	c->same_terms = true;
	for (size_t i = 0; i < c->runs; i++) {
		c->same_terms = c->same_terms && on_same_terms(&all[i], &all[c->baseline]);
		c->ids[i] = bn_arena_strdup(a, ids[i]);
		c->names[i] = bn_arena_strdup(a, all[i].name);
		if (!c->ids[i] || !c->names[i])
			return bn_err_nomem(err, "a comparison");
	}
	for (int g = 0; g < BN_COMPARE_GROUPS && rc == 0; g++)
		rc = add_group(c, all, g, err);
	return rc;
}

int bn_compare_runs(bn_comparison **out, bn_workspace *ws, const char *const *ids, size_t count,
	size_t baseline, bn_err *err)
{
	if (count == 0 || baseline >= count)
		return bn_err_set(err, BN_EINVAL, "a comparison needs runs, and one as baseline");
	bn_comparison *c = bn_alloc_zeroed(1, sizeof *c);
	facts *all = bn_alloc_zeroed(count, sizeof *all);
	if (c)
		c->memory = bn_alloc_zeroed(1, sizeof *c->memory);
	int rc = c && all && c->memory ? 0 : bn_err_nomem(err, "a comparison");
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < count; i++)
		if ((rc = gather(&all[i], ws, ids[i], err)) < 0)
			goto out;
	c->runs = count;
	c->baseline = baseline;
	if ((rc = fill(c, all, ids, err)) < 0)
		goto out;
	*out = c;
	c = NULL;
out:
	facts_free(all, count);
	bn_comparison_free(c);
	return rc;
}

void bn_comparison_free(bn_comparison *c)
{
	if (!c)
		return;
	if (c->memory)
		bn_arena_release(&c->memory->arena);
	bn_free(c->memory);
	bn_free(c->rows);
	bn_free(c);
}

/* ---- as JSON -------------------------------------------------------------------------------- */

static json_t *row_json(const bn_comparison *c, const bn_compare_row *row)
{
	json_t *values = json_array(), *delta = json_array(), *percent = json_array();
	for (size_t i = 0; i < c->runs; i++) {
		const bn_compare_cell *cell = &row->cells[i];
		bool number = row->group == BN_COMPARE_METRIC && !isnan(cell->number);
		json_t *value = json_null();
		if (cell->text)
			value = number ? bn_json_number(cell->number) : json_string(cell->text);
		json_array_append_new(values, value);
		json_array_append_new(delta, isinf(cell->delta)
						     ? bn_json_number(cell->delta)
						     : bn_json_real_or_null(cell->delta));
		json_array_append_new(percent, bn_json_real_or_null(cell->percent));
	}
	return json_pack("{ss ss sb so so so}", "group", bn_compare_group_name(row->group), "key",
		row->key, "differs", row->differs, "values", values, "delta", delta, "percent",
		percent);
}

int bn_comparison_to_json(json_t **out, const bn_comparison *c, bool only_differences, bn_err *err)
{
	json_t *runs = json_array(), *rows = json_array(), *o = NULL;
	for (size_t i = 0; i < c->runs; i++)
		json_array_append_new(
			runs, json_pack("{ss ss}", "id", c->ids[i], "name", c->names[i]));
	for (size_t i = 0; i < c->count; i++)
		if (!only_differences || c->rows[i].differs)
			json_array_append_new(rows, row_json(c, &c->rows[i]));
	o = json_pack("{so ss so}", "runs", runs, "baseline", c->ids[c->baseline], "rows", rows);
	if (!o)
		return bn_err_nomem(err, "a comparison");
	*out = o;
	return 0;
}
