/* split.c - see split.h. */
#include "core/data/_split.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/profile/cell_hash.h"
#include "core/profile/tally.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {
	"random", "stratified", "temporal", "group", "stratified-group", "expanding", "rolling", NULL};

const char *bn_split_kind_name(bn_split_kind kind)
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
	bn_err_hint(err, "random, stratified, temporal, group, stratified-group, expanding or rolling");
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
	return 0;
}

static int times_check(const bn_split_options *o, bn_err *err)
{
	bool has_end = o->end || o->horizon;

	if (o->end && o->horizon)
		return bn_err_set(err, BN_EINVAL, "--end and --horizon both say when a label ends: give one");
	if (has_end && !bn_split_is_by_time(o->kind))
		return bn_err_set(err, BN_EINVAL, "%s is of splits by time: temporal, expanding or rolling",
			o->end ? "--end" : "--horizon");
	if (!o->embargo || (o->kind == BN_SPLIT_TEMPORAL && o->folds))
		return 0;
	bn_err_set(err, BN_EINVAL, "--embargo leaves out training rows after a test, and there are none here");
	bn_err_hint(err, "--how temporal --folds K has them; --horizon leaves out rows before a test");
	return BN_EINVAL;
}

int bn_split_check_kind(const bn_split_options *o, bn_err *err)
{
	bool by_group = o->kind == BN_SPLIT_STRATIFIED_GROUP;

	if (o->kind != BN_SPLIT_RANDOM && !o->column) {
		bn_err_set(err, BN_EINVAL, "a %s split needs a column", kind_names[o->kind]);
		bn_err_hint(err, "--by COLUMN names it");
		return BN_EINVAL;
	}
	if (by_group && !o->group) {
		bn_err_set(err, BN_EINVAL, "a stratified-group split needs two columns");
		bn_err_hint(err, "--by CLASS --group COLUMN");
		return BN_EINVAL;
	}
	if (o->group && !by_group)
		return bn_err_set(err, BN_EINVAL, "--group is of stratified-group splits: of group splits, --by is the group");
	if ((o->kind == BN_SPLIT_EXPANDING || o->kind == BN_SPLIT_ROLLING) && !o->folds) {
		bn_err_set(err, BN_EINVAL, "--how %s has folds, not parts", kind_names[o->kind]);
		bn_err_hint(err, "--folds K");
		return BN_EINVAL;
	}
	return times_check(o, err);
}

int bn_split_check(const bn_split_options *o, bn_err *err)
{
	int rc = parts_check(o, err);

	return rc < 0 ? rc : bn_split_check_kind(o, err);
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
void bn_split_counts(uint64_t rows, const bn_split_options *o, uint64_t *counts)
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

static void assign_random(uint8_t *part_of, uint64_t rows, const bn_split_options *o)
{
	uint64_t left[BN_SPLIT_MAX_PARTS];
	bn_rng r;
	bn_split_counts(rows, o, left);
	bn_rng_init(&r, o->seed, "data.split", 0);
	for (uint64_t i = 0; i < rows; i++)
		part_of[i] = bn_split_draw(&r, left, o->part_count, rows - i);
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

/* ---- all parts ----------------------------------------------------------------------------- */

static int assign_rows(uint8_t *part_of, bn_split_outcome *outcome, bn_table_reader *table,
	const bn_split_options *o, bn_err *err)
{
	size_t column = 0;
	int rc;

	if (o->kind == BN_SPLIT_RANDOM) {
		assign_random(part_of, outcome->rows, o);
		return 0;
	}
	if ((rc = bn_schema_need(bn_table_schema(table), o->column, &column, err)) < 0)
		return rc;
	switch (o->kind) {
	case BN_SPLIT_STRATIFIED:
		return bn_split_strata(part_of, outcome, table, column, o, err);
	case BN_SPLIT_GROUP:
		return bn_split_groups(part_of, outcome, table, column, o, err);
	case BN_SPLIT_STRATIFIED_GROUP:
		return bn_split_group_strata(part_of, outcome, table, column, o, err);
	default:
		return bn_split_by_time(part_of, outcome, table, o, err);
	}
}

int bn_split_assign(uint8_t **out, bn_table_reader *table, const bn_split_options *o, bn_err *err)
{
	uint64_t rows = bn_table_rows(table);
	bn_split_outcome outcome = {.rows = rows};
	uint8_t *part_of;
	int rc;

	if ((rc = bn_split_check(o, err)) < 0)
		return rc;
	if (!(part_of = bn_alloc(rows + 1)))
		return bn_err_nomem(err, "the parts of a split");
	if ((rc = assign_rows(part_of, &outcome, table, o, err)) < 0) {
		bn_free(part_of);
		return rc;
	}
	for (uint64_t r = 0; r < rows; r++)
		if (part_of[r] != BN_SPLIT_LEFT_OUT)
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

int bn_split_write(const bn_env *env, bn_table_reader *table, const bn_split_options *o, const uint8_t *part_of,
	const bn_dir *at, const char *const *paths, uint64_t *counts, bn_err *err)
{
	bn_table_writer *writers[BN_SPLIT_MAX_PARTS] = {NULL};
	int rc = 0;

	for (size_t p = 0; p < o->part_count; p++)
		if ((rc = bn_table_create(&writers[p], env, at, paths[p], bn_table_schema(table), err)) < 0)
			goto out;
	if ((rc = write_parts(table, part_of, o, writers, err)) < 0)
		goto out;
	for (size_t p = 0; p < o->part_count; p++) {
		if ((rc = bn_table_writer_finish(writers[p], err)) < 0)
			goto out;
		if (counts)
			counts[p] = bn_table_written_rows(writers[p]);
	}
out:
	for (size_t p = 0; p < o->part_count; p++)
		bn_table_writer_free(writers[p]);
	return rc;
}

int bn_split_table(const bn_env *env, bn_table_reader *table, const bn_split_options *o,
	const bn_dir *at, const char *const *paths, uint64_t *counts, bn_err *err)
{
	uint8_t *part_of = NULL;
	int rc = bn_split_assign(&part_of, table, o, err);

	if (rc >= 0)
		rc = bn_split_write(env, table, o, part_of, at, paths, counts, err);
	bn_free(part_of);
	return rc;
}
