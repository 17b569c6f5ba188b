/* group.c - see _group.h. */
#include "core/track/_group.h"

#include "core/base/hash_key.h"
#include "core/profile/sort.h"
#include "core/track/_memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The groups by key, and the group of each row of the list. */
typedef struct grouping {
	bn_run_list *l;
	const bn_column *by;
	size_t *slots; /* of a hash table: 1 + the group; 0: free */
	size_t slot_count;
	int32_t *of;   /* of each row; -1: in none, since it is live */
	size_t *first; /* of each group: its first row in the order */
} grouping;

uint64_t bn_run_group_key(const char *value)
{
	return value ? bn_hash_key(value) : ~bn_hash_key(""); /* missing differs from empty */
}

static const char *value_of(const bn_column *c, int64_t run)
{
	bool has = (size_t)run < c->count && bn_set_has(c->has, (size_t)run);
	return has ? c->text[run] : NULL;
}

static bool is_bad(uint8_t status)
{
	return status == BN_RUN_FAILED || status == BN_RUN_KILLED || status == BN_RUN_LOST;
}

/* The group of a value, created if it is new; -1: there are too many. */
static int32_t group_find(grouping *g, const char *value)
{
	bn_run_list *l = g->l;
	uint64_t key = bn_run_group_key(value);
	size_t slot = (size_t)(key % g->slot_count);
	for (; g->slots[slot]; slot = (slot + 1) % g->slot_count)
		if (l->groups[g->slots[slot] - 1].key == key)
			return (int32_t)g->slots[slot] - 1;
	if (l->group_count == BN_GROUPS_MOST)
		return -1;
	l->groups[l->group_count] = (bn_run_group){.key = key, .value = value, .first = -1};
	g->slots[slot] = ++l->group_count;
	return (int32_t)l->group_count - 1;
}

/* False: there are too many groups. */
static bool rows_group(grouping *g, const uint8_t *status)
{
	bn_run_list *l = g->l;
	for (size_t i = 0; i < l->count; i++) {
		g->of[i] = -1;
		if (bn_run_status_is_live((bn_run_status)status[i]))
			continue;
		int32_t at = group_find(g, value_of(g->by, l->no[i]));
		if (at < 0)
			return false;
		bn_run_group *group = &l->groups[at];
		g->of[i] = at;
		group->bad += is_bad(status[i]);
		if (group->count++ == 0 || bn_run_list_cmp(l, i, g->first[at]) < 0)
			g->first[at] = i;
	}
	return true;
}

const char *const bn_run_sum_names[BN_SUM_KINDS + 1] = {
	"n", "mean", "std", "min", "max", "median", NULL};

double bn_run_sum_get(const bn_run_sum *s, bn_run_sum_kind kind)
{
	const double values[BN_SUM_KINDS] = {(double)s->count, s->count ? s->mean : (double)NAN,
		s->deviation, s->min, s->max, s->median};
	return values[kind];
}

/* ---- aggregates of groups ------------------------------------------------------------------- */

static void number_add(bn_run_sum *s, double x)
{
	if (isnan(x))
		return;
	double off = x - s->mean; /* Welford: `deviation` is the sum of squares until the end */
	s->mean += off / (double)++s->count;
	s->deviation += off * (x - s->mean);
}

static void text_add(bn_run_sum *s, const char *text)
{
	bool same = (!s->alike && !text) || (s->alike && text && strcmp(s->alike, text) == 0);
	if (s->count++ == 0)
		s->alike = text;
	else
		s->differs = s->differs || !same;
}

/* Least, largest and middle of the numbers of each group. */
static void rank_take(bn_run_sum *s, double *values, size_t n, double *scratch)
{
	if (n == 0)
		return;
	bn_sort_doubles(values, n, scratch);
	s->min = values[0];
	s->max = values[n - 1];
	s->median = n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static bool has_number(const grouping *g, const bn_column *c, size_t i, double *out)
{
	size_t run = (size_t)g->l->no[i];
	if (g->of[i] < 0 || run >= c->count || !bn_set_has(c->has, run) || isnan(c->number[run]))
		return false;
	*out = c->number[run] + 0.0;
	return true;
}

/* The numbers are laid out group by group, and each group's are sorted. */
static int column_rank(const grouping *g, const bn_column *c, size_t place, bn_err *err)
{
	const bn_run_list *l = g->l;
	double *values = bn_alloc((2 * l->count + 1) * sizeof *values), x;
	size_t *end = bn_alloc_zeroed(l->group_count + 1, sizeof *end), at = 0;
	int rc = values && end ? 0 : bn_err_nomem(err, "groups of runs");
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < l->count; i++)
		if (has_number(g, c, i, &x))
			end[g->of[i]]++;
	for (size_t k = 0; k < l->group_count; k++) {
		at += end[k];
		end[k] = at - end[k]; /* its first place; its end when all are laid out */
	}
	for (size_t i = 0; i < l->count; i++)
		if (has_number(g, c, i, &x))
			values[end[g->of[i]]++] = x;
	for (size_t k = 0; k < l->group_count; k++) {
		bn_run_sum *s = &l->groups[k].sums[place];
		size_t from = k ? end[k - 1] : 0;
		s->min = s->max = s->median = (double)NAN;
		rank_take(s, values + from, end[k] - from, values + l->count);
	}
out:
	bn_free(values);
	bn_free(end);
	return rc;
}

static void column_sum(const grouping *g, const bn_column *c, size_t place)
{
	for (size_t i = 0; i < g->l->count; i++) {
		if (g->of[i] < 0)
			continue;
		bn_run_sum *s = &g->l->groups[g->of[i]].sums[place];
		size_t run = (size_t)g->l->no[i];
		bool has = run < c->count && bn_set_has(c->has, run);
		if (c->text)
			text_add(s, has ? c->text[run] : NULL);
		else if (has)
			number_add(s, c->number[run]);
	}
	for (size_t k = 0; k < g->l->group_count; k++) {
		bn_run_sum *s = &g->l->groups[k].sums[place];
		if (c->text)
			s->alike = s->differs ? NULL : s->alike;
		else
			s->deviation = s->count > 1 ? sqrt(s->deviation / (double)(s->count - 1))
						    : (double)NAN;
	}
}

/* The aggregates of a sort key are behind those of the columns. */
static size_t key_place(const bn_run_list *l, size_t key)
{
	return l->q->column_count + key;
}

static bool is_metric(const bn_sort_key *k)
{
	return !k->is_lead && k->field.kind == BN_FIELD_METRIC;
}

static int keys_sum(grouping *g, bn_err *err)
{
	bn_run_list *l = g->l;
	int rc;
	for (size_t i = 0; i < l->key_count; i++) {
		const bn_column *c = l->keys[i].column;
		if (!is_metric(&l->keys[i]))
			continue;
		column_sum(g, c, key_place(l, i));
		if (l->q->ordered > BN_SUM_STD && (rc = column_rank(g, c, key_place(l, i), err)) < 0)
			return rc;
	}
	return 0;
}

static int groups_sum(grouping *g, bn_err *err)
{
	bn_run_list *l = g->l;
	const bn_run_query *q = l->q;
	bn_run_field f;
	bn_column *c;
	int rc;
	for (size_t k = 0; k < l->group_count; k++) {
		l->groups[k].sums = bn_arena_alloc(&l->arena,
			(q->column_count + l->key_count + 1) * sizeof *l->groups[k].sums);
		if (!l->groups[k].sums)
			return bn_err_nomem(err, "groups of runs");
	}
	l->world.source = "column";
	for (size_t i = 0; q->summed && i < q->column_count; i++) {
		if (!q->summed[i])
			continue;
		if ((rc = bn_filter_field(&f, &l->sort, &l->world, q->columns[i], err)) < 0 ||
			(rc = bn_memory_whole_column(&c, q->memory, &f, &l->world, err)) < 0)
			return rc;
		column_sum(g, c, i);
		if (!c->text && (rc = column_rank(g, c, i, err)) < 0)
			return rc;
	}
	return keys_sum(g, err);
}

/* ---- order of the groups -------------------------------------------------------------------- */

/* By the aggregate of one key; groups without one are last in either direction. */
static int sum_cmp(const bn_run_list *l, size_t key, size_t a, size_t b)
{
	double x = bn_run_sum_get(&l->groups[a].sums[key_place(l, key)], l->q->ordered);
	double y = bn_run_sum_get(&l->groups[b].sums[key_place(l, key)], l->q->ordered);
	return bn_sort_number_cmp(x, y, l->keys[key].down);
}

static int group_cmp(const void *pa, const void *pb, void *grouping_of)
{
	const grouping *g = grouping_of;
	const bn_run_list *l = g->l;
	size_t a = *(const size_t *)pa, b = *(const size_t *)pb;
	for (size_t i = 0; i < l->key_count; i++) {
		int c = is_metric(&l->keys[i]) ? sum_cmp(l, i, a, b)
					       : bn_sort_key_cmp(&l->keys[i], g->first[a], g->first[b]);
		if (c)
			return c;
	}
	return bn_run_list_cmp(l, g->first[a], g->first[b]);
}

static bool is_open(const bn_run_query *q, uint64_t key)
{
	for (size_t i = 0; i < q->open_count; i++)
		if (q->open[i] == key)
			return true;
	return false;
}

/* Removes rows of groups that are not open from the list; the others get the rank of their group as
 * first key. rank: of each group, -1 if it is not open. */
static void rows_keep(grouping *g, const int32_t *rank)
{
	bn_run_list *l = g->l;
	size_t kept = 0;
	for (size_t i = 0; i < l->count; i++) {
		if (g->of[i] >= 0 && rank[g->of[i]] < 0)
			continue;
		l->no[kept] = l->no[i];
		for (size_t k = 0; k < l->key_count; k++)
			if (l->keys[k].is_lead)
				l->keys[k].number[kept] = g->of[i] < 0 ? 0 : 1.0 + rank[g->of[i]];
			else if (l->keys[k].is_text)
				l->keys[k].text[kept] = l->keys[k].text[i];
			else
				l->keys[k].number[kept] = l->keys[k].number[i];
		kept++;
	}
	l->count = kept;
}

static int groups_order(grouping *g, bn_err *err)
{
	bn_run_list *l = g->l;
	size_t n = l->group_count, grouped = 0;
	size_t *order = bn_alloc((n + 1) * sizeof *order);
	int32_t *rank = bn_alloc((n + 1) * sizeof *rank);
	bn_run_group *sorted = bn_alloc((n + 1) * sizeof *sorted);
	int rc = order && rank && sorted ? 0 : bn_err_nomem(err, "groups of runs");
	if (rc < 0)
		goto out;
	for (size_t k = 0; k < n; k++) {
		order[k] = k;
		grouped += (size_t)l->groups[k].count;
	}
	qsort_r(order, n, sizeof *order, group_cmp, g);
	l->lead = (int64_t)(l->count - grouped);
	int64_t place = l->lead;
	for (size_t k = 0; k < n; k++) {
		sorted[k] = l->groups[order[k]];
		rank[order[k]] = is_open(l->q, sorted[k].key) ? (int32_t)k : -1;
		if (rank[order[k]] < 0)
			continue;
		sorted[k].first = place;
		place += sorted[k].count;
	}
	rows_keep(g, rank);
	memcpy(l->groups, sorted, n * sizeof *sorted);
out:
	bn_free(order);
	bn_free(rank);
	bn_free(sorted);
	return rc;
}

int bn_run_list_group(bn_run_list *l, const uint8_t *status, bn_err *err)
{
	grouping g = {.l = l, .slot_count = 2 * BN_GROUPS_MOST + 1};
	bn_run_field f;
	bn_column *by = NULL;
	int rc;
	l->world.source = "group";
	if ((rc = bn_filter_field(&f, &l->sort, &l->world, l->q->group, err)) < 0 ||
		(rc = bn_memory_whole_column(&by, l->q->memory, &f, &l->world, err)) < 0)
		return rc;
	if (!by->text)
		return bn_err_set(err, BN_EINVAL,
			"group: '%.80s' is a number; runs are grouped "
			"by a parameter or another text",
			l->q->group);
	g.by = by;
	g.slots = bn_alloc_zeroed(g.slot_count, sizeof *g.slots);
	g.of = bn_alloc((l->count + 1) * sizeof *g.of);
	g.first = bn_alloc(BN_GROUPS_MOST * sizeof *g.first);
	l->groups = bn_alloc_zeroed(BN_GROUPS_MOST, sizeof *l->groups);
	if (!g.slots || !g.of || !g.first || !l->groups) {
		rc = bn_err_nomem(err, "groups of runs");
		goto out;
	}
	if (!rows_group(&g, status)) {
		l->group_count = 0;
		l->too_many = true;
		goto out;
	}
	if ((rc = groups_sum(&g, err)) == 0)
		rc = groups_order(&g, err);
out:
	bn_free(g.slots);
	bn_free(g.of);
	bn_free(g.first);
	return rc;
}

static int group_copy(bn_run_group *to, const bn_run_group *from, bn_arena *arena, size_t columns)
{
	*to = *from;
	to->value = from->value ? bn_arena_strdup(arena, from->value) : NULL;
	to->sums = bn_arena_alloc(arena, (columns + 1) * sizeof *to->sums);
	if (!to->sums || (from->value && !to->value))
		return -1;
	for (size_t i = 0; i < columns; i++) {
		bn_run_sum *s = &to->sums[i];
		*s = from->sums[i];
		if (s->alike && !(s->alike = bn_arena_strdup(arena, s->alike)))
			return -1;
	}
	return 0;
}

int bn_run_groups_keep(bn_run_page *page, bn_arena *arena, const bn_run_list *l, bn_err *err)
{
	page->too_many_groups = l->too_many;
	page->lead = l->lead;
	if (!l->group_count)
		return 0;
	bn_run_group *groups = bn_arena_alloc(arena, l->group_count * sizeof *groups);
	for (size_t k = 0; groups && k < l->group_count; k++)
		if (group_copy(&groups[k], &l->groups[k], arena, l->q->column_count) < 0)
			return bn_err_nomem(err, "groups of runs");
	page->groups = groups;
	page->group_count = groups ? l->group_count : 0;
	return groups ? 0 : bn_err_nomem(err, "groups of runs");
}
