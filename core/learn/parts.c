/* parts.c - see _parts.h. */
#include "core/learn/_parts.h"

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/base/str.h"
#include "core/data/dataset.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const bn_part_names[BN_PARTS] = {"train", "valid", "test"};

static bool is_target(const bn_spec *spec, const bn_field *f)
{
	return spec->target && !strcmp(spec->target, f->name);
}

/* The columns of the training table to use: those given, or all except free text, which is
 * reported. */
static int choose_columns(bn_parts *f, const bn_parts_input *in, bn_err *err)
{
	bn_part *p = &f->part[BN_PART_TRAIN];
	const bn_schema *s = bn_table_schema(p->table);
	size_t n = in->columns ? in->n_columns : s->count, column;
	f->columns = bn_alloc((n + 1) * sizeof *f->columns);
	if (!f->columns)
		return bn_err_nomem(err, "columns");
	for (size_t i = 0; i < n; i++) {
		column = i;
		int rc = in->columns ? bn_schema_need(s, in->columns[i], &column, err) : 0;
		if (rc < 0)
			return rc == BN_ENOTFOUND && err ? (err->code = BN_EINVAL) : rc;
		const bn_field *field = &s->fields[column];
		bool vector = bn_input_is_vector(field) && !is_target(in->spec, field);
		if (bn_input_takes(field->type) || vector) {
			f->columns[p->column_count++] = column;
		} else if (!in->columns && !is_target(in->spec, field)) {
			if (in->skipped)
				in->skipped(in->ctx, field);
		} else {
			return bn_input_refuse(field, err);
		}
	}
	p->columns = f->columns;
	return 0;
}

static int open_version(
	bn_parts *f, int part, const bn_parts_input *in, const bn_spec_data *item, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_err why = BN_ERR_INIT;
	char *ref = bn_strf("%s@v%lld", item->name, (long long)item->version);
	int rc = ref ? 0 : bn_err_nomem(&why, "a name");
	if (rc < 0)
		goto out;
	if ((rc = bn_dataset_resolve(&v, in->ws, ref, BN_DATASET_REMOVED_TOO, &why)) < 0)
		goto out;
	if (strcmp(v->hash, item->digest) != 0) {
		rc = bn_err_set(&why, BN_ECORRUPT, "%s is %.12s, the spec says %.12s", ref, v->hash,
			item->digest);
		goto out;
	}
	if ((rc = bn_dataset_open_held(&f->table[part], in->ws, v, in->progress, &why)) < 0)
		goto out;
	f->all_rows[part] = bn_table_rows(f->table[part]);
	if (in->spec->where && (rc = bn_dataset_where(&f->table[part], in->spec->where, "where",
					in->progress, NULL, &why)) < 0)
		goto out;
	f->part[part] = (bn_part){.table = f->table[part],
		.which = (uint8_t)part,
		.rows = bn_table_rows(f->table[part])};
	if (part == BN_PART_TRAIN && (rc = choose_columns(f, in, &why)) < 0)
		goto out;
	snprintf(f->dataset[part], sizeof f->dataset[part], "%s", ref);
	snprintf(f->digest[part], sizeof f->digest[part], "sha256:%s", item->digest);
out:
	if (rc < 0) {
		bn_err_prefix(&why, "%s", ref ? ref : item->name);
		bn_err_move(err, &why);
	}
	bn_dataset_version_free(v);
	bn_free(ref);
	return rc;
}

/* Assigns each row to a part. Rows keep the table's order within a part. */
static int mark_parts(bn_parts *f, const size_t counts[BN_PARTS], size_t n, bool random,
	uint64_t seed, bn_err *err)
{
	uint32_t *order = bn_alloc((n + 1) * sizeof *order);
	f->part_of = bn_alloc_zeroed(n + 1, 1);
	if (!order || !f->part_of) {
		bn_free(order);
		return bn_err_nomem(err, "a split");
	}
	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	if (random) {
		bn_rng rng;
		bn_rng_init(&rng, seed, "spec.split", 0);
		bn_rng_permutation(&rng, order, n);
	}
	for (size_t i = counts[BN_PART_TRAIN]; i < n; i++)
		f->part_of[order[i]] = i < counts[BN_PART_TRAIN] + counts[BN_PART_VALID]
					       ? BN_PART_VALID
					       : BN_PART_TEST;
	bn_free(order);
	return 0;
}

static uint64_t seed_of(const bn_spec_split *split)
{
	return split->seed < 0 ? 0 : (uint64_t)split->seed;
}

/* "random, valid 0.15, test 0.15, seed 1", "valid jobs.val@v1, test jobs.test@v1": parts are shares
 * of the training rows, or versions of their own. */
static void describe(bn_parts *f, const bn_spec_split *split)
{
	const double share[BN_PARTS] = {0, fmax(split->valid, 0), fmax(split->test, 0)};
	bool divided = share[BN_PART_VALID] > 0 || share[BN_PART_TEST] > 0;
	char number[BN_FMT];
	size_t n = 0;

	if (divided)
		n = (size_t)snprintf(f->split, sizeof f->split, "%s",
			!split->kind || !strcmp(split->kind, "random") ? "random" : "order");
	for (int p = BN_PART_VALID; p < BN_PARTS; p++) {
		bool given = f->dataset[p][0];
		if (!given && !divided)
			continue;
		n += (size_t)snprintf(f->split + n, sizeof f->split - n, "%s%s %s", n ? ", " : "",
			bn_part_names[p], given ? f->dataset[p] : bn_fmt_sig(share[p], 6, number));
	}
	if (divided)
		snprintf(f->split + n, sizeof f->split - n, ", seed %llu",
			(unsigned long long)seed_of(split));
	else if (!n)
		snprintf(f->split, sizeof f->split, "none: every row is trained on");
}

/* Removes the shares from the training part. */
static int divide(bn_parts *f, const bn_parts_input *in, bn_err *err)
{
	const bn_spec_split *split = &in->spec->split;
	bn_part *whole = &f->part[BN_PART_TRAIN];
	size_t n = (size_t)whole->rows, counts[BN_PARTS] = {0, 0, 0};
	double share[BN_PARTS] = {0, fmax(split->valid, 0), fmax(split->test, 0)};
	bool random = !split->kind || !strcmp(split->kind, "random");
	uint64_t seed = seed_of(split);
	counts[BN_PART_VALID] = (size_t)floor((double)n * share[BN_PART_VALID] + 1e-9);
	counts[BN_PART_TEST] = (size_t)floor((double)n * share[BN_PART_TEST] + 1e-9);
	if (counts[BN_PART_VALID] + counts[BN_PART_TEST] == 0)
		return 0;
	counts[BN_PART_TRAIN] = n - counts[BN_PART_VALID] - counts[BN_PART_TEST];
	int rc = mark_parts(f, counts, n, random, seed, err);
	whole->part_of = f->part_of;
	for (int p = 0; p < BN_PARTS && rc == 0; p++) {
		if (!counts[p] && p != BN_PART_TRAIN)
			continue;
		f->part[p] = *whole;
		f->part[p].which = (uint8_t)p;
		f->part[p].rows = counts[p];
	}
	return rc;
}

static int part_of(const bn_spec_data *item)
{
	for (int p = 0; item->part && p < BN_PARTS; p++)
		if (!strcmp(item->part, bn_part_names[p]))
			return p;
	return BN_PART_TRAIN;
}

int bn_parts_open(bn_parts *f, const bn_parts_input *in, bn_err *err)
{
	int rc;
	*f = (bn_parts){0};
	for (size_t i = 0; i < in->spec->data_count; i++) {
		const bn_spec_data *item = &in->spec->data[i];
		int p = part_of(item);
		if (f->part[p].table)
			return bn_err_set(err, BN_EUNSUPPORTED,
				"two dataset versions for part '%s'", bn_part_names[p]);
		if ((rc = open_version(f, p, in, item, err)) < 0)
			return rc;
	}
	bn_part *train = &f->part[BN_PART_TRAIN];
	if (!train->table)
		return bn_err_set(err, BN_EINVAL, "no dataset version to train on");
	if (train->rows > UINT32_MAX)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"%llu rows: training takes at most 2^32 - 1",
			(unsigned long long)train->rows);
	describe(f, &in->spec->split);
	if ((rc = divide(f, in, err)) < 0)
		return rc;
	if (train->rows == 0)
		return bn_err_set(err, BN_EINVAL, "%s has no rows to train on%s%s",
			f->dataset[BN_PART_TRAIN], in->spec->where ? " with " : "",
			in->spec->where ? in->spec->where : "");
	return 0;
}

void bn_parts_release(bn_parts *f)
{
	for (int p = 0; p < BN_PARTS; p++)
		bn_table_reader_free(f->table[p]);
	bn_free(f->part_of);
	bn_free(f->columns);
	*f = (bn_parts){0};
}
