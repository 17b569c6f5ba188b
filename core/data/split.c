/* split.c - see split.h. */
#include "core/data/_split.h"

#include "core/base/fs.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/data/_dataset.h"
#include "core/profile/cell_hash.h"
#include "core/profile/tally.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {"random", "stratified", "temporal", "group", NULL};

static const char *kind_name(bn_split_kind kind)
{
	return kind_names[kind];
}

int bn_split_kind_parse(bn_split_kind *out, const char *name, bn_err *err)
{
	for (int i = 0; kind_names[i]; i++)
		if (!strcmp(name, kind_names[i])) {
			*out = (bn_split_kind)i;
			return 0;
		}
	bn_err_set(err, BN_EINVAL, "'%s' is not a kind of split", name);
	bn_err_hint(err, "random, stratified, temporal or group");
	return BN_EINVAL;
}

static int bad_share(const bn_split_part *p, bn_err *err)
{
	bn_err_set(err, BN_EINVAL, "the share %g of part '%s' is not within 0 .. 1", p->share,
		p->name);
	if (p->share > 1 && p->share < 100)
		bn_err_hint(err, "%g %% of the rows is %s=%g", p->share, p->name, p->share / 100);
	return BN_EINVAL;
}

static int parts_check(const bn_split_options *o, bn_err *err)
{
	double sum = 0;
	if (o->part_count < 2)
		return bn_err_set(err, BN_EINVAL, "a split needs at least two parts");
	for (size_t i = 0; i < o->part_count; i++) {
		const bn_split_part *p = &o->parts[i];
		if (!bn_name_is_valid(p->name))
			return bn_err_set(
				err, BN_EINVAL, "'%s' is not a valid name of a part", p->name);
		if (!(p->share > 0 && p->share < 1))
			return bad_share(p, err);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(o->parts[k].name, p->name))
				return bn_err_set(
					err, BN_EINVAL, "part '%s' is named twice", p->name);
		sum += p->share;
	}
	if (fabs(sum - 1) > 1e-9) {
		bn_err_set(err, BN_EINVAL, "the shares of the parts sum to %g, not 1", sum);
		bn_err_hint(err, "such as --parts train=0.7,val=0.15,test=0.15");
		return BN_EINVAL;
	}
	if (o->kind == BN_SPLIT_RANDOM || o->column)
		return 0;
	bn_err_set(err, BN_EINVAL, "a %s split needs a column", kind_names[o->kind]);
	bn_err_hint(err, "--by COLUMN names it");
	return BN_EINVAL;
}

int bn_split_parts_parse(bn_split_options *o, const char *text, bn_err *err)
{
	o->part_count = 0;
	for (const char *s = text; *s;) {
		size_t n = strcspn(s, ",");
		const char *equals = memchr(s, '=', n);
		size_t name = equals ? (size_t)(equals - s) : 0;
		if (o->part_count == BN_SPLIT_MAX_PARTS)
			return bn_err_set(err, BN_EINVAL, "more than %d parts", BN_SPLIT_MAX_PARTS);
		bn_split_part *p = &o->parts[o->part_count];
		if (!equals || !name || name >= sizeof p->name ||
			!bn_parse_f64(equals + 1, n - name - 1, &p->share)) {
			bn_err_set(err, BN_EINVAL, "'%.*s' is not NAME=SHARE", (int)n, s);
			bn_err_hint(err, "for example train=0.8,test=0.2");
			return BN_EINVAL;
		}
		memcpy(p->name, s, name);
		p->name[name] = '\0';
		o->part_count++;
		s += n + (s[n] == ',');
	}
	return parts_check(o, err);
}

/* ---- how many rows each part gets ---------------------------------------------------------- */

/* Largest remainders: counts sum to rows, each within one of its share; ties go to the first. */
static void counts_of(uint64_t rows, const bn_split_options *o, uint64_t *counts)
{
	double rest[BN_SPLIT_MAX_PARTS];
	uint64_t given = 0;
	for (size_t i = 0; i < o->part_count; i++) {
		double exact = (double)rows * o->parts[i].share;
		counts[i] = (uint64_t)(exact + 1e-9);
		rest[i] = exact - (double)counts[i];
		given += counts[i];
	}
	while (given < rows) {
		size_t best = 0;
		for (size_t i = 1; i < o->part_count; i++)
			if (rest[i] > rest[best] + 1e-9)
				best = i;
		counts[best]++;
		rest[best] -= 1;
		given++;
	}
}

/* Draws a part with probability (rows left for it) / (rows left), and takes one row from it. */
uint8_t bn_split_draw(bn_rng *r, uint64_t *left, size_t parts, uint64_t left_in_all)
{
	uint64_t at = bn_rng_below(r, left_in_all);
	size_t i = 0;
	while (i + 1 < parts && at >= left[i])
		at -= left[i++];
	left[i]--;
	return (uint8_t)i;
}

static int assign_random(uint8_t *part_of, uint64_t rows, const bn_split_options *o, bn_err *err)
{
	uint64_t left[BN_SPLIT_MAX_PARTS];
	bn_rng r;
	(void)err;
	counts_of(rows, o, left);
	bn_rng_init(&r, o->seed, "data.split", 0);
	for (uint64_t i = 0; i < rows; i++)
		part_of[i] = bn_split_draw(&r, left, o->part_count, rows - i);
	return 0;
}

/* ---- values as keys ------------------------------------------------------------------------ */

/* The same key for equal values of a column, in any batch; absent values share one. */
uint64_t bn_split_key(const bn_column *c, size_t row)
{
	if (bn_column_is_null(c, row))
		return UINT64_C(0x6d697373696e6721);
	if (bn_type_is_text(c->type)) {
		bn_text t = bn_column_text(c, row);
		return bn_hash_text(t.ptr, t.len);
	}
	int64_t i = 0;
	if (c->type > BN_TYPE_STRING) {
		uint64_t a = 0, b = 0;
		bn_cell_hash(&a, &b, c, row);
		return a ^ b;
	}
	if (bn_column_int(c, row, &i))
		return bn_hash_bits((uint64_t)i);
	double x = bn_column_number(c, row);
	if (isnan(x))
		return UINT64_C(0x6d697373696e6721);
	x = x == 0 ? 0 : x;
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bn_hash_bits(bits ^ UINT64_C(0x5851f42d4c957f2d));
}

static int step(const bn_progress *progress, const char *what, const bn_table_reader *table,
	size_t batch, bn_err *err)
{
	return bn_progress_step(
		progress, what, bn_table_batch_start(table, batch), bn_table_rows(table), err);
}

int bn_split_each(bn_table_reader *table, size_t column, bn_split_fn fn, void *ctx,
	const bn_progress *progress, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;
	for (size_t b = 0; !rc && b < bn_table_batches(table); b++) {
		rc = bn_table_read(table, b, &column, 1, &batch, err);
		if (!rc)
			rc = fn(ctx, &batch.columns[0], bn_table_batch_start(table, b), err);
		bn_table_forget(table, &batch);
		if (rc || (rc = step(progress, "reading", table, b, err)) < 0)
			break;
	}
	bn_batch_release(&batch);
	return rc;
}

int bn_split_value_text(
	char *out, size_t n, bn_table_reader *table, size_t column, uint64_t row, bn_err *err)
{
	bn_batch b = BN_BATCH_INIT;
	bn_buf text = BN_BUF_INIT;
	size_t batch = 0, at = 0;
	int rc;

	if ((rc = bn_table_locate(table, row, &batch, &at, err)) < 0 ||
		(rc = bn_table_read(table, batch, &column, 1, &b, err)) < 0)
		goto out;
	if (!bn_column_format(&b.columns[0], at, &text))
		bn_buf_adds(&text, "(missing)");
	if ((rc = bn_buf_check(&text, err, "a value")) < 0)
		goto out;
	size_t len = text.len < n - 1 ? text.len : n - 1;
	memcpy(out, text.ptr, len);
	out[len - (len < text.len ? bn_utf8_tail(out, len) : 0)] = '\0';
out:
	bn_batch_release(&b);
	bn_buf_release(&text);
	return rc;
}

/* ---- temporal ------------------------------------------------------------------------------ */

typedef struct timeline {
	uint64_t *keys; /* in the order of the values */
	uint64_t *sorted, *upto;
	uint64_t missing;
} timeline;

static int timeline_read(void *ctx, const bn_column *c, uint64_t first_row, bn_err *err)
{
	timeline *t = ctx;
	(void)err;
	for (size_t r = 0; r < c->rows; r++) {
		int64_t i = 0;
		double x = NAN;
		uint64_t key = 0;
		if (c->type == BN_TYPE_UINT64 && !bn_column_is_null(c, r)) {
			key = c->u64[r];
		} else if (bn_column_int(c, r, &i)) {
			key = (uint64_t)i ^ UINT64_C(1) << 63;
		} else if (!isnan(x = bn_column_number(c, r))) {
			x = x == 0 ? 0 : x;
			memcpy(&key, &x, sizeof key);
			key = key >> 63 ? ~key : key | UINT64_C(1) << 63;
		} else {
			t->missing++;
		}
		t->keys[first_row + r] = key;
	}
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* Makes the sorted keys distinct; upto[i] is the number of rows in the first i + 1 of them. Returns their number. */
static uint64_t instants_of(timeline *t, uint64_t rows)
{
	uint64_t n = 0;
	qsort(t->sorted, rows, sizeof *t->sorted, compare_keys);
	for (uint64_t i = 0; i < rows; i++) {
		n += i && t->sorted[i] != t->sorted[n];
		t->sorted[n] = t->sorted[i];
		t->upto[n] = i + 1;
	}
	return n + 1;
}

/* A part ends with the instant whose end is nearest to the requested share, and no part is empty while there are enough
 * instants. */
static void timeline_assign(timeline *t, uint8_t *part_of, uint64_t rows, const bn_split_options *o)
{
	uint64_t counts[BN_SPLIT_MAX_PARTS], firsts[BN_SPLIT_MAX_PARTS], want = 0, next = 0;
	const uint64_t ends = instants_of(t, rows) - 1; /* all instants but the last */
	size_t parts = 0;
	counts_of(rows, o, counts);
	for (; parts + 1 < o->part_count && next < ends; parts++) {
		const uint64_t later = o->part_count - 2 - parts; /* parts that still need an end */
		const uint64_t last = ends > next + later ? ends - 1 - later : next;
		uint64_t end = next;
		want += counts[parts];
		while (end < last && imaxabs((intmax_t)(t->upto[end + 1] - want)) <=
					     imaxabs((intmax_t)(t->upto[end] - want)))
			end++;
		next = end + 1;
		firsts[parts] = t->sorted[next];
	}
	for (uint64_t r = 0; r < rows; r++) {
		uint8_t p = 0;
		while (p < parts && t->keys[r] >= firsts[p])
			p++;
		part_of[r] = p;
	}
}

static int assign_temporal(uint8_t *part_of, bn_table_reader *table, size_t column,
	const bn_split_options *o, bn_err *err)
{
	uint64_t rows = bn_table_rows(table);
	timeline t = {0};
	int rc = 0;
	const bn_field *f = &bn_table_schema(table)->fields[column];
	char type[BN_TYPE_TEXT];
	if (!bn_type_is_scalar(f->type)) {
		bn_err_set(err, BN_EINVAL, "column '%s' is %s, which does not order rows in time",
			o->column, bn_type_is_text(f->type) ? "text" : bn_field_type_text(f, type));
		bn_err_hint(err, "a temporal split needs a timestamp or a number");
		return BN_EINVAL;
	}
	t.keys = bn_alloc(rows * sizeof *t.keys);
	t.sorted = bn_alloc(rows * sizeof *t.sorted);
	t.upto = bn_alloc(rows * sizeof *t.upto);
	if (!t.keys || !t.sorted || !t.upto)
		rc = bn_err_nomem(err, "the time line of a split");
	if (!rc)
		rc = bn_split_each(table, column, timeline_read, &t, o->progress, err);
	if (!rc && t.missing)
		rc = bn_err_set(err, BN_EINVAL, "column '%s' is missing in %llu of %llu rows",
			o->column, (unsigned long long)t.missing, (unsigned long long)rows);
	if (!rc && rows) {
		memcpy(t.sorted, t.keys, rows * sizeof *t.keys);
		timeline_assign(&t, part_of, rows, o);
	}
	bn_free(t.keys);
	bn_free(t.sorted);
	bn_free(t.upto);
	return rc;
}

/* ---- all parts ----------------------------------------------------------------------------- */

int bn_split_assign(uint8_t **out, bn_table_reader *table, const bn_split_options *o, bn_err *err)
{
	uint64_t rows = bn_table_rows(table);
	bn_split_outcome outcome = {.rows = rows};
	size_t column = 0;
	int rc = parts_check(o, err);
	if (!rc && o->kind != BN_SPLIT_RANDOM)
		rc = bn_schema_need(bn_table_schema(table), o->column, &column, err);
	if (rc)
		return rc;
	uint8_t *part_of = bn_alloc(rows);
	if (!part_of)
		return bn_err_nomem(err, "the parts of a split");
	switch (o->kind) {
	case BN_SPLIT_RANDOM:
		rc = assign_random(part_of, rows, o, err);
		break;
	case BN_SPLIT_STRATIFIED:
		rc = bn_split_strata(part_of, &outcome, table, column, o, err);
		break;
	case BN_SPLIT_TEMPORAL:
		rc = assign_temporal(part_of, table, column, o, err);
		break;
	case BN_SPLIT_GROUP:
		rc = bn_split_groups(part_of, &outcome, table, column, o, err);
		break;
	}
	if (rc < 0) {
		bn_free(part_of);
		return rc;
	}
	for (uint64_t r = 0; r < rows; r++)
		outcome.counts[part_of[r]]++;
	if (o->outcome)
		*o->outcome = outcome;
	*out = part_of;
	return 0;
}

static int write_parts(bn_table_reader *table, const uint8_t *part_of, const bn_split_options *o,
	bn_table_writer **writers, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	uint32_t *rows = NULL;
	size_t cap = 0;
	int rc = 0;
	for (size_t b = 0; !rc && b < bn_table_batches(table); b++) {
		const uint8_t *part = part_of + bn_table_batch_start(table, b);
		rc = bn_table_read(table, b, NULL, 0, &batch, err);
		if (!rc && bn_grow(&rows, &cap, batch.rows, sizeof *rows))
			rc = bn_err_nomem(err, "a split");
		for (size_t p = 0; !rc && p < o->part_count; p++) {
			size_t n = 0;
			for (size_t r = 0; r < batch.rows; r++)
				if (part[r] == p)
					rows[n++] = (uint32_t)r;
			if (n)
				rc = bn_table_write_rows(writers[p], &batch, rows, n, err);
		}
		bn_table_forget(table, &batch);
		if (rc || (rc = step(o->progress, "writing", table, b, err)) < 0)
			break;
	}
	bn_batch_release(&batch);
	bn_free(rows);
	return rc;
}

int bn_split_table(const bn_env *env, bn_table_reader *table, const bn_split_options *o,
	const bn_dir *at, const char *const *paths, uint64_t *counts, bn_err *err)
{
	bn_table_writer *writers[BN_SPLIT_MAX_PARTS] = {NULL};
	uint8_t *part_of = NULL;
	int rc = bn_split_assign(&part_of, table, o, err);
	for (size_t p = 0; !rc && p < o->part_count; p++)
		rc = bn_table_create(&writers[p], env, at, paths[p], bn_table_schema(table), err);
	if (!rc)
		rc = write_parts(table, part_of, o, writers, err);
	for (size_t p = 0; !rc && p < o->part_count; p++) {
		rc = bn_table_writer_finish(writers[p], err);
		if (counts)
			counts[p] = bn_table_written_rows(writers[p]);
	}
	for (size_t p = 0; p < o->part_count && p < BN_SPLIT_MAX_PARTS; p++)
		bn_table_writer_free(writers[p]);
	bn_free(part_of);
	return rc;
}

/* ---- parts as datasets --------------------------------------------------------------------- */

/* where: canonical, or empty. */
static json_t *recipe_json(const bn_split_options *o, const char *where, size_t part)
{
	json_t *parts = json_object();
	for (size_t i = 0; parts && i < o->part_count; i++)
		json_object_set_new(parts, o->parts[i].name, json_real(o->parts[i].share));
	json_t *recipe = json_pack("{s:s, s:s, s:s?, s:I, s:o, s:s}", "do", "split", "how",
		kind_name(o->kind), "column", o->column, "seed", (json_int_t)o->seed, "parts",
		parts, "part", o->parts[part].name);
	if (recipe && o->kind == BN_SPLIT_GROUP) /* otherwise by a draw for each value separately,
						  * as in earlier versions */
		json_object_set_new(recipe, "shares_of", json_string("rows"));
	if (recipe && where[0])
		json_object_set_new(recipe, "where", json_string(where));
	return recipe;
}

static int publish_part(bn_dataset_version **out, bn_workspace *ws, const bn_dataset_version *v,
	const bn_split_options *o, const char *where, size_t part, const char *path, bn_err *err)
{
	char *name = bn_strf("%s.%s", v->name, o->parts[part].name);
	json_t *recipe = recipe_json(o, where, part);
	int rc = name && recipe ? 0 : bn_err_nomem(err, "a part");
	bn_dataset_draft draft = {.name = name,
		.table_at = bn_workspace_at(ws),
		.table_path = path,
		.take = true,
		.source_kind = "split",
		.parents = &v,
		.parent_count = 1,
		.recipe = recipe};
	if (!rc)
		rc = bn_dataset_publish(out, NULL, ws, &draft, err);
	bn_free(name);
	json_decref(recipe);
	return rc;
}

/* No parts are made of nothing. */
static int need_rows(const bn_table_reader *table, const bn_dataset_version *v,
	const bn_split_options *o, bn_err *err)
{
	if (bn_table_rows(table))
		return 0;
	if (!v->rows || !o->where)
		return bn_err_set(err, BN_EINVAL, "%s@v%lld has no rows to split", v->name,
			(long long)v->version);
	bn_err_set(err, BN_EINVAL,
		"--where keeps 0 of the %lld rows of %s@v%lld: there is nothing to split",
		(long long)v->rows, v->name, (long long)v->version);
	bn_err_hint(err, "binnacle data head %s@v%lld --where ... shows what an expression keeps",
		v->name, (long long)v->version);
	return BN_EINVAL;
}

int bn_dataset_split(bn_dataset_version **out, bn_workspace *ws, const bn_dataset_version *v,
	const bn_split_options *o, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_table_reader *table = NULL;
	char *paths[BN_SPLIT_MAX_PARTS] = {NULL};
	uint64_t tag = 0;
	size_t done = 0;
	bn_buf where = BN_BUF_INIT;
	int rc = parts_check(o, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_env_random(env, &tag, sizeof tag, err)) < 0 ||
		(rc = bn_dataset_open_held(&table, ws, v, o->progress, err)) < 0)
		goto out;
	if (o->where &&
		(rc = bn_dataset_where(&table, o->where, "--where", o->progress, &where, err)) < 0)
		goto out;
	if ((rc = need_rows(table, v, o, err)) < 0)
		goto out;
	for (size_t p = 0; p < o->part_count; p++) {
		paths[p] = bn_strf("tmp/split-%016llx-%zu.arrow", (unsigned long long)tag, p);
		if (!paths[p]) {
			rc = bn_err_nomem(err, "a path");
			goto out;
		}
	}
	if ((rc = bn_split_table(env, table, o, bn_workspace_at(ws), (const char *const *)paths,
		     NULL, err)) < 0)
		goto out;
	for (; done < o->part_count; done++)
		if ((rc = publish_part(&out[done], ws, v, o, where.ptr, done, paths[done], err)) <
			0)
			goto out;
out:
	for (size_t p = 0; rc < 0 && p < done; p++)
		bn_dataset_version_free(out[p]);
	for (size_t p = 0; p < o->part_count; p++) {
		if (paths[p])
			bn_dir_unlink(bn_workspace_at(ws), paths[p], NULL);
		bn_free(paths[p]);
	}
	bn_buf_release(&where);
	bn_table_reader_free(table);
	return rc;
}
