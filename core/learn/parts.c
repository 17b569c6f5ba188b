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

static int load_version(bn_rowset **out, bn_parts *f, const bn_parts_input *in,
	const bn_spec_data *item, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
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
	if ((rc = bn_dataset_open_held(&table, in->ws, v, in->progress, &why)) < 0)
		goto out;
	if ((rc = bn_rowset_load(out, table, in->columns, in->n_columns, &why)) < 0)
		goto out;
	if (!f->dataset[0]) {
		snprintf(f->dataset, sizeof f->dataset, "%s", ref);
		snprintf(f->digest, sizeof f->digest, "sha256:%s", item->digest);
		for (size_t i = 0; in->skipped && i < bn_rowset_skipped_count(*out); i++)
			in->skipped(in->ctx, bn_rowset_skipped(*out, i));
	}
out:
	if (rc < 0) {
		bn_err_prefix(&why, "%s", ref ? ref : item->name);
		bn_err_move(err, &why);
	}
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	bn_free(ref);
	return rc;
}

/* Takes the shares off f->part[BN_PART_TRAIN]. Rows stay in the order of the table within a part. */
static int divide(bn_parts *f, const bn_parts_input *in, bn_err *err)
{
	const bn_spec_split *split = &in->spec->split;
	size_t n = bn_rowset_view(f->part[BN_PART_TRAIN])->rows, counts[BN_PARTS] = {0, 0, 0};
	double share[BN_PARTS] = {0, fmax(split->valid, 0), fmax(split->test, 0)};
	bool random = !split->kind || !strcmp(split->kind, "random");
	uint64_t seed = split->seed < 0 ? 0 : (uint64_t)split->seed;
	char a[BN_FMT], b[BN_FMT];
	snprintf(f->split, sizeof f->split, "%s, valid %s, test %s, seed %llu",
		random ? "random" : "order", bn_fmt_sig(share[BN_PART_VALID], 6, a),
		bn_fmt_sig(share[BN_PART_TEST], 6, b), (unsigned long long)seed);
	counts[BN_PART_VALID] = (size_t)floor((double)n * share[BN_PART_VALID] + 1e-9);
	counts[BN_PART_TEST] = (size_t)floor((double)n * share[BN_PART_TEST] + 1e-9);
	if (counts[BN_PART_VALID] + counts[BN_PART_TEST] == 0)
		return 0;
	counts[BN_PART_TRAIN] = n - counts[BN_PART_VALID] - counts[BN_PART_TEST];
	uint32_t *order = bn_alloc(n * sizeof *order), *rows = bn_alloc(n * sizeof *rows);
	unsigned char *part_of = bn_alloc_zeroed(n, 1);
	bn_rowset *all = f->part[BN_PART_TRAIN], *made[BN_PARTS] = {NULL, NULL, NULL};
	int rc = order && rows && part_of ? 0 : bn_err_nomem(err, "a split");
	if (rc == 0) {
		for (size_t i = 0; i < n; i++)
			order[i] = (uint32_t)i;
		if (random) {
			bn_rng rng;
			bn_rng_init(&rng, seed, "spec.split", 0);
			bn_rng_permutation(&rng, order, n);
		}
		for (size_t i = counts[BN_PART_TRAIN]; i < n; i++)
			part_of[order[i]] = i < counts[BN_PART_TRAIN] + counts[BN_PART_VALID]
						    ? BN_PART_VALID
						    : BN_PART_TEST;
	}
	for (int p = 0; p < BN_PARTS && rc == 0; p++) {
		size_t k = 0;
		for (size_t i = 0; i < n; i++)
			if (part_of[i] == p)
				rows[k++] = (uint32_t)i;
		if (k)
			rc = bn_rowset_select(&made[p], all, rows, k, err);
	}
	for (int p = 0; p < BN_PARTS; p++) {
		if (rc != 0 || !made[p]) {
			bn_rowset_free(made[p]);
			continue;
		}
		bn_rowset_free(f->part[p]);
		f->part[p] = made[p];
	}
	bn_free(order);
	bn_free(rows);
	bn_free(part_of);
	return rc;
}

static int part_of(const bn_spec_data *item)
{
	for (int p = 0; item->part && p < BN_PARTS; p++)
		if (!strcmp(item->part, bn_part_names[p]))
			return p;
	return BN_PART_TRAIN;
}

int bn_parts_load(bn_parts *f, const bn_parts_input *in, bn_err *err)
{
	int rc;
	*f = (bn_parts){0};
	for (size_t i = 0; i < in->spec->data_count; i++) {
		const bn_spec_data *item = &in->spec->data[i];
		int p = part_of(item);
		if (f->part[p])
			return bn_err_set(err, BN_EUNSUPPORTED,
				"two dataset versions for part '%s'", bn_part_names[p]);
		if ((rc = load_version(&f->part[p], f, in, item, err)) < 0)
			return rc;
	}
	if (!f->part[BN_PART_TRAIN])
		return bn_err_set(err, BN_EINVAL, "no dataset version to train on");
	if ((rc = divide(f, in, err)) < 0)
		return rc;
	if (bn_rowset_view(f->part[BN_PART_TRAIN])->rows == 0)
		return bn_err_set(err, BN_EINVAL, "%s has no rows to train on", f->dataset);
	return 0;
}

void bn_parts_release(bn_parts *f)
{
	for (int p = 0; p < BN_PARTS; p++)
		bn_rowset_free(f->part[p]);
}
