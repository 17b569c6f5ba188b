/* compare_metric.c - the metric that a comparison is about: see bn_comparison_metric in compare.h. */
#include "core/base/nearest.h"
#include "core/track/best.h"
#include "core/track/compare.h"
#include "core/track/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t numbers_in(const bn_comparison *c, const bn_compare_row *r)
{
	size_t n = 0;
	for (size_t i = 0; i < c->runs; i++)
		n += isfinite(r->cells[i].number) != 0;
	return n;
}

/* Less comes first: the part, then the usual summaries, then what has a direction. */
static int metric_rank(const bn_compare_row *r)
{
	int part = 2;
	if (strstr(r->key, "test"))
		part = 0;
	else if (strstr(r->key, "val"))
		part = 1;
	else if (strstr(r->key, "train"))
		part = 3;
	return part * 100 + bn_metric_rank(bn_metric_word(r->key)) * 2 + (r->better == 0);
}

bool bn_comparison_is_best(const bn_comparison *c, const bn_compare_row *row, size_t run)
{
	bool beats = false;
	double own = row->cells[run].number;
	if (!c->same_terms || row->better == 0 || isnan(own))
		return false;
	for (size_t i = 0; i < c->runs; i++) {
		double other = row->cells[i].number;
		if (bn_metric_beats(row->better, other, own))
			return false;
		beats = beats || (!isnan(other) && bn_metric_beats(row->better, own, other));
	}
	return beats;
}

static int rank_cmp(const void *a, const void *b)
{
	const bn_compare_row *x = *(const bn_compare_row *const *)a, *y = *(const bn_compare_row *const *)b;
	int by_rank = metric_rank(x) - metric_rank(y);
	return by_rank ? by_rank : strcmp(x->key, y->key);
}

size_t bn_comparison_columns(
	const bn_compare_row **out, const bn_comparison *c, size_t settings, size_t metrics)
{
	size_t n = 0, first;
	for (size_t i = 0; i < c->count && n < settings; i++)
		if (c->rows[i].group == BN_COMPARE_PARAM && c->rows[i].differs)
			out[n++] = &c->rows[i];
	first = n;
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].group == BN_COMPARE_METRIC && !bn_metric_is_system(c->rows[i].key))
			out[n++] = &c->rows[i];
	if (n > first)
		qsort(out + first, n - first, sizeof *out, rank_cmp);
	return n > first + metrics ? first + metrics : n;
}

static int by_name(const bn_compare_row **out, const bn_comparison *c, const char *key, bn_err *err)
{
	bn_nearest nearest = bn_nearest_to(key, BN_NEAREST_CLOSE);
	for (size_t i = 0; i < c->count; i++) {
		const bn_compare_row *r = &c->rows[i];
		if (r->group != BN_COMPARE_METRIC)
			continue;
		bn_nearest_offer(&nearest, r->key);
		if (strcmp(r->key, key) == 0) {
			*out = r;
			return 0;
		}
	}
	bn_err_set(err, BN_ENOTFOUND, "none of these runs has a metric '%.100s'", key);
	bn_nearest_hint(&nearest, err);
	return BN_ENOTFOUND;
}

bool bn_comparison_counts(const bn_comparison *c, const bn_compare_row *metric, size_t run)
{
	const bn_compare_cell *own = &metric->cells[run];
	if (!isfinite(own->number))
		return false;
	return run == c->baseline || !isnan(own->delta) ||
	       (c->same_terms && !isfinite(metric->cells[c->baseline].number));
}

int bn_comparison_metric(const bn_compare_row **out, const bn_comparison *c, const char *key, bn_err *err)
{
	size_t most = 0;
	if (key)
		return by_name(out, c, key, err);
	*out = NULL;
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].group == BN_COMPARE_METRIC && numbers_in(c, &c->rows[i]) > most)
			most = numbers_in(c, &c->rows[i]);
	for (size_t i = 0; most && i < c->count; i++) {
		const bn_compare_row *r = &c->rows[i];
		bool candidate = r->group == BN_COMPARE_METRIC && !bn_metric_is_system(r->key) &&
				 3 * numbers_in(c, r) >= 2 * most;
		if (candidate && (!*out || metric_rank(r) < metric_rank(*out)))
			*out = r;
	}
	if (*out)
		return 0;
	return bn_err_set(err, BN_ENOTFOUND, "these runs have no metric");
}
