/* leaks_times.c - parts whose times overlap, and features known only after the event: see leaks.h. */
#include "core/base/mem.h"
#include "core/data/_leaks.h"
#include "core/data/instant.h"

#include <string.h>

typedef struct span {
	bn_window window;
	uint64_t first_row;
} span;

typedef struct spans {
	bn_leaks_search *l;
	bn_instants u;
	bool has_end;
	span of[BN_LEAKS_PARTS];
	uint64_t *inside; /* [a * parts + b]: rows of a within the span of b */
	uint64_t *example;
} spans;

static bool row_span(const spans *g, const bn_leaks_slot *s, size_t r, int64_t *from, int64_t *to)
{
	if (!bn_instant_of(from, g->u, &s->batch.columns[0], r, 0))
		return false;
	if (!bn_instant_of(to, g->u, &s->batch.columns[g->has_end], r, g->has_end ? 0 : g->l->o->horizon))
		*to = *from;
	*to = *to < *from ? *from : *to;
	return true;
}

static int widen_rows(void *ctx, bn_leaks_slot *s, bn_err *err)
{
	spans *g = ctx;
	int64_t from, to;

	(void)err;
	for (size_t r = 0; r < s->batch.rows; r++) {
		uint16_t part = bn_leaks_part_at(g->l, s, r);
		if (part == BN_LEAKS_NO_PART || !row_span(g, s, r, &from, &to))
			continue;
		span *p = &g->of[part];
		if (from < p->window.from)
			p->first_row = s->first + r;
		bn_window_widen(&p->window, from, to);
	}
	return 0;
}

static int count_rows(void *ctx, bn_leaks_slot *s, bn_err *err)
{
	spans *g = ctx;
	size_t parts = g->l->parts->count;
	int64_t from, to;

	(void)err;
	for (size_t r = 0; r < s->batch.rows; r++) {
		uint16_t a = bn_leaks_part_at(g->l, s, r);
		if (a == BN_LEAKS_NO_PART || !row_span(g, s, r, &from, &to))
			continue;
		for (size_t b = 0; b < parts; b++)
			if (b != a && bn_window_meets(&g->of[b].window, from, to) && !g->inside[a * parts + b]++)
				g->example[a * parts + b] = s->first + r;
	}
	return 0;
}

static int add_span(spans *g, size_t a, size_t b, bn_err *err)
{
	bn_leaks_search *l = g->l;
	size_t at = a * l->parts->count + b;
	bn_leak *x = bn_leaks_add(l, BN_LEAK_TIME, l->o->time, l->o->end, err);

	if (!x)
		return BN_ENOMEM;
	x->a = a;
	x->b = b;
	x->rows = g->inside[at];
	x->of = l->part_rows[a];
	x->strength = (double)x->rows / (double)x->of;
	x->has_example = true;
	x->row_a = bn_leaks_row_in_table(l, g->example[at]);
	x->row_b = bn_leaks_row_in_table(l, g->of[b].first_row);
	return 0;
}

static int find_spans(bn_leaks_search *l, size_t time, bn_instants u, bn_err *err)
{
	size_t parts = l->parts->count, columns[2] = {time}, best = SIZE_MAX;
	spans g = {.l = l, .u = u};
	int rc = 0;

	if (l->o->end) {
		if ((rc = bn_leaks_need(&columns[1], l, l->o->end, err)) < 0)
			return rc;
		g.has_end = true;
	}
	for (size_t p = 0; p < parts; p++)
		g.of[p] = (span){.window = BN_WINDOW_NONE};
	g.inside = bn_alloc_zeroed(parts * parts, sizeof *g.inside);
	g.example = bn_alloc_zeroed(parts * parts, sizeof *g.example);
	bn_leaks_walk walk = {.columns = columns,
		.count = 1 + g.has_end,
		.what = "comparing times",
		.take = widen_rows,
		.ctx = &g};
	if (!g.inside || !g.example) {
		rc = bn_err_nomem(err, "spans of time");
		goto out;
	}
	if ((rc = bn_leaks_go(l, &walk, err)) < 0)
		goto out;
	walk.take = count_rows;
	if ((rc = bn_leaks_go(l, &walk, err)) < 0)
		goto out;
	for (size_t a = 0; a < parts; a++)
		for (size_t b = a + 1; b < parts; b++) {
			size_t at = a * parts + b;
			if (!g.inside[at])
				continue;
			best = best == SIZE_MAX || g.inside[at] > g.inside[best] ? at : best;
			if (parts <= 4 && (rc = add_span(&g, a, b, err)) < 0)
				goto out;
		}
	if (parts > 4 && best != SIZE_MAX) /* the worst pair stands for all */
		rc = add_span(&g, best / parts, best % parts, err);
out:
	bn_free(g.inside);
	bn_free(g.example);
	return rc;
}

/* ---- known only after the event ------------------------------------------------------------------------ */

typedef struct lateness {
	bn_leaks_search *l;
	bn_instants u;
	uint64_t late, with, row; /* rows; with both times; the first late one */
} lateness;

static int count_late(void *ctx, bn_leaks_slot *s, bn_err *err)
{
	lateness *g = ctx;
	int64_t event, known;

	(void)err;
	for (size_t r = 0; r < s->batch.rows; r++) {
		if (bn_leaks_part_at(g->l, s, r) == BN_LEAKS_NO_PART ||
			!bn_instant_of(&event, g->u, &s->batch.columns[0], r, 0) ||
			!bn_instant_of(&known, g->u, &s->batch.columns[1], r, 0))
			continue;
		g->with++;
		if (known > event && !g->late++)
			g->row = s->first + r;
	}
	return 0;
}

static const bn_field *field_of(const bn_leaks_search *l, size_t column)
{
	return &bn_table_schema(l->tables[0])->fields[l->columns[column].at[0]];
}

static int find_late(bn_leaks_search *l, size_t time, size_t feature, size_t at, bn_err *err)
{
	const size_t columns[2] = {time, at};
	lateness g = {.l = l};
	const bn_leaks_walk walk = {.columns = columns,
		.count = 2,
		.what = "comparing times",
		.take = count_late,
		.ctx = &g};
	int rc;

	if ((rc = bn_instants_add(&g.u, field_of(l, time), NULL, "--time", err)) < 0 ||
		(rc = bn_instants_add(&g.u, field_of(l, at), field_of(l, time), "--known", err)) < 0 ||
		(rc = bn_leaks_go(l, &walk, err)) < 0 || !g.late)
		return rc;
	bn_leak *x = bn_leaks_add(l, BN_LEAK_AFTER, l->columns[feature].name, l->columns[at].name, err);
	if (!x)
		return BN_ENOMEM;
	x->a = x->b = bn_leaks_part_of(l, g.row);
	x->rows = g.late;
	x->of = g.with;
	x->strength = (double)g.late / (double)g.with;
	x->has_example = true;
	x->row_a = x->row_b = bn_leaks_row_in_table(l, g.row);
	return 0;
}

static bool is_named_after(const char *name, const char *feature)
{
	static const char *const ends[] = {"_time", "_at", "_known_at", "_timestamp"};
	size_t n = strlen(feature);

	if (strncmp(name, feature, n) != 0)
		return false;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (!strcmp(name + n, ends[i]))
			return true;
	return false;
}

/* The feature whose time that column is; itself if none is named so. */
static size_t feature_of(const bn_leaks_search *l, size_t at)
{
	for (size_t i = 0; i < l->column_count; i++)
		if (i != at && is_named_after(l->columns[at].name, l->columns[i].name))
			return i;
	return at;
}

static bool is_given(const bn_leaks_search *l, const char *at)
{
	for (size_t i = 0; i < l->o->known_count; i++)
		if (!strcmp(l->o->known[i].at, at))
			return true;
	return false;
}

static bool is_asked(const char *option, const char *name)
{
	return option && !strcmp(option, name);
}

static int find_all_late(bn_leaks_search *l, size_t time, bn_err *err)
{
	bn_type type = l->columns[time].type;
	int rc;

	for (size_t i = 0; i < l->o->known_count; i++) {
		size_t feature, at;
		if ((rc = bn_leaks_need(&feature, l, l->o->known[i].feature, err)) < 0 ||
			(rc = bn_leaks_need(&at, l, l->o->known[i].at, err)) < 0 ||
			(rc = find_late(l, time, feature, at, err)) < 0)
			return rc;
	}
	if (type != BN_TYPE_TIMESTAMP && type != BN_TYPE_DATE)
		return 0;
	for (size_t i = 0; i < l->column_count; i++) {
		const bn_leaks_column *c = &l->columns[i];
		size_t feature = feature_of(l, i);
		if (i == time || (c->type != BN_TYPE_TIMESTAMP && c->type != BN_TYPE_DATE) ||
			c->role == BN_LEAKS_IGNORED || l->columns[feature].role == BN_LEAKS_IGNORED ||
			is_asked(l->o->end, c->name) || is_asked(l->o->target, c->name) ||
			is_asked(l->o->target, l->columns[feature].name) || is_given(l, c->name))
			continue;
		if ((rc = find_late(l, time, feature, i, err)) < 0)
			return rc;
	}
	return 0;
}

int bn_leaks_times(bn_leaks_search *l, bn_err *err)
{
	bn_instants u = {false};
	size_t time, end;
	int rc;

	if (!l->o->time) {
		if (l->o->known_count || l->o->end)
			return bn_err_set(err, BN_EINVAL, "%s needs the time of a row's event: --time COLUMN",
				l->o->end ? "--end" : "--known");
		return 0;
	}
	if ((rc = bn_leaks_need(&time, l, l->o->time, err)) < 0 ||
		(rc = bn_instants_add(&u, field_of(l, time), NULL, "--time", err)) < 0)
		return rc;
	if (l->o->end && ((rc = bn_leaks_need(&end, l, l->o->end, err)) < 0 ||
				 (rc = bn_instants_add(&u, field_of(l, end), field_of(l, time), "--end", err)) < 0))
		return rc;
	if (l->parts->count > 1 && (rc = find_spans(l, time, u, err)) < 0)
		return rc;
	return find_all_late(l, time, err);
}
