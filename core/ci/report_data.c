/*
 * report_data.c - the diff of the data between the target branch and this commit, as text: what a reviewer wants to
 * know before asking why a metric moved.
 */
#include "core/ci/_report.h"

#include "core/base/json.h"
#include "core/base/str.h"

#include <math.h>
#include <string.h>

enum { COLUMNS_MOST = 20 };
#define SHIFT 0.1    /* standard deviations that a mean must move to be listed */
#define MISSING 0.01 /* change of the share of missing values */

static const json_t *named(const json_t *list, const char *name)
{
	json_t *item;
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)list, i,
		item) if (!strcmp(bn_json_str(item, "name", ""), name)) return item;
	return NULL;
}

static void number_add(bn_buf *b, double x)
{
	char text[BN_FMT];
	bn_buf_adds(b, bn_fmt_sig(x, 4, text));
}

/* What changed in a column; nothing is added if that is little. */
static void column_diff(bn_buf *b, const json_t *before, const json_t *now)
{
	const char *type = bn_json_str(now, "type", ""), *was = bn_json_str(before, "type", "");
	double mean[2] = {bn_json_num(before, "mean", NAN), bn_json_num(now, "mean", NAN)};
	double missing[2] = {bn_json_num(before, "missing", NAN), bn_json_num(now, "missing", NAN)};
	double std = bn_json_num(before, "std", NAN);
	bool has_moved = fabs(mean[1] - mean[0]) > SHIFT * std || (std == 0 && mean[1] != mean[0]);
	bool is_missing = fabs(missing[1] - missing[0]) > MISSING;
	if (!strcmp(type, was) && !has_moved && !is_missing)
		return;
	bn_buf_addf(b, "  %s:", bn_json_str(now, "name", ""));
	if (strcmp(type, was))
		bn_buf_addf(b, " type %s -> %s", was, type);
	if (has_moved) {
		bn_buf_adds(b, " mean ");
		number_add(b, mean[0]);
		bn_buf_adds(b, " -> ");
		number_add(b, mean[1]);
	}
	if (is_missing)
		bn_buf_addf(b, " missing %.1f %% -> %.1f %%", 100 * missing[0], 100 * missing[1]);
	bn_buf_addch(b, '\n');
}

static void columns_diff(bn_buf *b, const json_t *before, const json_t *now)
{
	json_t *c;
	size_t i, said = 0, all = 0;
	json_array_foreach((json_t *)(uintptr_t)now, i, c)
	{
		const char *name = bn_json_str(c, "name", "");
		const json_t *was = named(before, name);
		size_t length = b->len;
		if (!was)
			bn_buf_addf(b, "  new column %s\n", name);
		else
			column_diff(b, was, c);
		all += b->len > length;
		if (b->len > length && said++ >= COLUMNS_MOST)
			bn_buf_truncate(b, length);
	}
	json_array_foreach((json_t *)(uintptr_t)before, i, c)
	{
		const char *name = bn_json_str(c, "name", "");
		if (named(now, name))
			continue;
		all++;
		if (said++ < COLUMNS_MOST)
			bn_buf_addf(b, "  column %s is gone\n", name);
	}
	if (all > COLUMNS_MOST)
		bn_buf_addf(b, "  and %zu more\n", all - COLUMNS_MOST);
}

void bn_ci_data_diff(bn_buf *b, const bn_ci_report *r)
{
	json_t *table;
	size_t i;
	json_array_foreach(r->data, i, table)
	{
		const char *name = bn_json_str(table, "name", "");
		const json_t *was = named(r->base_data, name);
		int64_t rows = bn_json_int(table, "rows", 0);
		if (!was) {
			bn_buf_addf(b, "%s: %lld rows; the target branch has no such data\n", name,
				(long long)rows);
			continue;
		}
		if (!strcmp(bn_json_str(was, "digest", "?"), bn_json_str(table, "digest", ""))) {
			bn_buf_addf(b, "%s: the same, %lld rows\n", name, (long long)rows);
			continue;
		}
		bn_buf_addf(b, "%s: %lld -> %lld rows\n", name,
			(long long)bn_json_int(was, "rows", 0), (long long)rows);
		columns_diff(b, json_object_get(was, "columns"), json_object_get(table, "columns"));
	}
}
