/* profile.c - see profile.h. */
#include "core/profile/_profile.h"

#include <math.h>
#include <string.h>

static void column_release(bn_profile_column *c)
{
	bn_field_release(&c->field);
	for (size_t i = 0; c->quantile_texts && i < BN_PROFILE_QUANTILES; i++)
		bn_free(c->quantile_texts[i]);
	bn_free(c->quantile_texts);
	bn_free(c->min_text);
	bn_free(c->max_text);
	bn_free(c->top);
	if (c->values)
		column_release(c->values);
	bn_free(c->values);
}

void bn_profile_free(bn_profile *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->column_count; i++)
		column_release(&p->columns[i]);
	bn_free(p->columns);
	bn_free(p);
}

void bn_profile_column_mask(bn_profile_column *c)
{
	for (size_t i = 0; c->quantile_texts && i < BN_PROFILE_QUANTILES; i++)
		bn_free(c->quantile_texts[i]);
	bn_free(c->quantile_texts);
	bn_free(c->min_text);
	bn_free(c->max_text);
	bn_free(c->top);
	c->quantile_texts = NULL;
	c->min_text = c->max_text = NULL;
	c->top = NULL;
	c->top_count = 0;
	c->min = c->max = c->sum = c->mean = c->std = c->skew = NAN;
	for (size_t i = 0; i < BN_PROFILE_QUANTILES; i++)
		c->quantiles[i] = NAN;
	c->hist_lo = c->hist_hi = NAN;
	c->hist_count = 0;
	c->has_bounds = false;
	c->least_bytes = c->greatest_bytes = 0;
	memset(c->least, 0, sizeof c->least);
	memset(c->greatest, 0, sizeof c->greatest);
	c->zeros = c->negatives = c->infinities = 0;
	c->increasing = c->decreasing = false;
	c->spelled = 0;
	c->masked = true;
	if (c->values)
		bn_profile_column_mask(c->values);
}

int bn_profile_set_top(
	bn_profile_column *c, const bn_profile_value *values, size_t n, bn_err *err)
{
	size_t bytes = n * sizeof *values;

	for (size_t i = 0; i < n; i++)
		bytes += strlen(values[i].text) + 1;
	if (!(c->top = bn_alloc(bytes)))
		return bn_err_nomem(err, "a profile");
	char *text = (char *)(c->top + n);
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(values[i].text) + 1;
		c->top[i] = values[i];
		c->top[i].text = memcpy(text, values[i].text, size);
		text += size;
	}
	c->top_count = n;
	return 0;
}

const bn_profile_column *bn_profile_find(const bn_profile *p, const char *name)
{
	for (size_t i = 0; i < p->column_count; i++)
		if (!strcmp(p->columns[i].name, name))
			return &p->columns[i];
	return NULL;
}

double bn_profile_share_missing(const bn_profile_column *c)
{
	return c && c->rows ? (double)c->missing / (double)c->rows : NAN;
}

double bn_profile_quantile(const bn_profile_column *c, double p)
{
	if (!c->is_numeric || isnan(p))
		return NAN;
	double at = (p < 0 ? 0 : p > 1 ? 1 : p) * (BN_PROFILE_QUANTILES - 1);
	size_t i = (size_t)at;
	double t = at - (double)i, a = c->quantiles[i];
	return t < 1e-9 ? a : a + t * (c->quantiles[i + 1] - a);
}

const char *bn_profile_quantile_text(const bn_profile_column *c, double p)
{
	double at = p * (BN_PROFILE_QUANTILES - 1);
	size_t i = (size_t)(at + 0.5);

	if (!c->quantile_texts || !(p >= 0 && p <= 1) || fabs(at - (double)i) > 1e-9)
		return NULL;
	return c->quantile_texts[i];
}

bool bn_profile_beyond_doubles(const bn_profile_column *c)
{
	return (c->type == BN_TYPE_INT64 || c->type == BN_TYPE_UINT64) &&
	       fmax(fabs(c->min), fabs(c->max)) >= 0x1p53;
}
