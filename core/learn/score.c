/* score.c - see score.h. */
#include "core/learn/score.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/dataset.h"
#include "core/learn/_model.h"
#include "core/learn/_parts.h"
#include "core/learn/evaluate.h"
#include "kernels/parallel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Rows predicted in parallel, each independently. */
typedef struct predicting {
	const bn_estimator *e;
	const bn_block *block;
	double *out, *scratch;
	size_t scratch_each;
} predicting;

static int predict_rows(void *user, size_t shard, size_t begin, size_t end)
{
	const predicting *g = user;
	bn_estimator_predict(g->e, g->block->f64 + begin * g->block->cols, end - begin,
		g->out + begin * g->e->outputs, g->scratch + shard * g->scratch_each);
	return 0;
}

enum { SHARD_ROWS = 4096, SHARDS = 16 };

static int predict_all(double *out, const bn_estimator *e, bn_rows *rows, int threads, bn_err *err)
{
	bn_block b;
	predicting g = {.e = e, .block = &b, .scratch_each = bn_estimator_scratch(e)};
	g.scratch = bn_alloc(SHARDS * g.scratch_each * sizeof *g.scratch);
	int rc = g.scratch ? bn_rows_rewind(rows, err) : bn_err_nomem(err, "predictions");
	while (rc >= 0 && (rc = bn_rows_next(rows, &b, err)) > 0) {
		size_t shards = bnk_shard_count(b.rows, SHARD_ROWS);
		g.out = out;
		bnk_parallel_for(
			b.rows, shards < SHARDS ? shards : SHARDS, threads, predict_rows, &g);
		out += b.rows * e->outputs;
	}
	bn_free(g.scratch);
	return rc;
}

int bn_score_rows(json_t **out, const bn_estimator *e, const bn_features *f, bn_rows *rows,
	int threads, bn_err *err)
{
	const bn_rows_facts *about = bn_rows_about(rows);
	double *predicted = bn_alloc((about->rows + 1) * e->outputs * sizeof *predicted);
	json_t *one = NULL;
	int rc = predicted ? predict_all(predicted, e, rows, threads, err)
			   : bn_err_nomem(err, "predictions");
	if (rc < 0)
		goto out;
	if ((rc = bn_evaluate(&one, f, about->rows, bn_rows_targets(rows), predicted, err)) < 0)
		goto out;
	/* The rows were read without them, so evaluation did not count them. */
	if (json_object_set_new(
		    one, "rows_without_target", json_integer((json_int_t)about->dropped)) < 0 ||
		(bn_features_task(f) == BN_TASK_CLASSIFICATION &&
			json_object_set_new(one, "rows_of_unseen_class",
				json_integer((json_int_t)about->unseen)) < 0))
		rc = bn_err_nomem(err, "metrics");
out:
	if (rc < 0)
		json_decref(one);
	else
		*out = one;
	bn_free(predicted);
	return rc;
}

/* ---- data --------------------------------------------------------------------------------------- */

static int score_part(bn_score *out, const bn_model *m, const bn_part *part, bn_err *err)
{
	bn_rows *rows = NULL;
	int rc = bn_rows_open(&rows, part, m->features, "scored", NULL, 0, err);
	if (rc < 0)
		return rc;
	out->rows = bn_rows_about(rows)->rows;
	rc = out->rows ? bn_score_rows(&out->metrics, m->estimator, m->features, rows, 0, err)
		       : bn_err_set(err, BN_EINCONCLUSIVE, "%s@v%lld has no rows to score",
				 out->dataset, (long long)out->version);
	bn_rows_free(rows);
	return rc;
}

static void name_data(bn_score *out, const char *name, int64_t version, const char *digest)
{
	snprintf(out->dataset, sizeof out->dataset, "%s", name);
	snprintf(out->digest, sizeof out->digest, "%s", digest);
	out->version = version;
}

/* ---- scoring ------------------------------------------------------------------------------------ */

/* The version that a part's rows come from: its own, or the training data. */
static const bn_spec_data *data_of_part(const bn_spec *spec, const char *part)
{
	const bn_spec_data *training = NULL;
	for (size_t i = 0; i < spec->data_count; i++) {
		const bn_spec_data *d = &spec->data[i];
		if (d->part && !strcmp(d->part, part))
			return d;
		if (!d->part || !strcmp(d->part, bn_part_names[BN_PART_TRAIN]))
			training = d;
	}
	return training;
}

static int score_spec_part(bn_score *out, bn_workspace *ws, const bn_model *m, const bn_spec *spec,
	int part, const bn_progress *progress, bn_err *err)
{
	bn_parts_input in = {.ws = ws, .spec = spec, .progress = progress};
	bn_parts parts;
	int rc = bn_parts_open(&parts, &in, err);
	if (rc == 0)
		rc = parts.part[part].table && parts.part[part].rows
			     ? score_part(out, m, &parts.part[part], err)
			     : bn_err_set(err, BN_ENOTFOUND, "its run kept no rows for part '%s'",
				       bn_part_names[part]);
	bn_parts_release(&parts);
	return rc;
}

int bn_score_part(bn_score *out, bn_workspace *ws, const bn_model *m, const bn_spec *spec,
	const char *part, const bn_progress *progress, bn_err *err)
{
	int p = 0;
	*out = (bn_score){0};
	while (p < BN_PARTS && strcmp(part, bn_part_names[p]) != 0)
		p++;
	const bn_spec_data *data = p < BN_PARTS ? data_of_part(spec, part) : NULL;
	if (!data || !data->digest)
		return bn_err_set(err, BN_ENOTFOUND, "its run had no data for part '%s'", part);
	name_data(out, data->name, data->version, data->digest);
	return score_spec_part(out, ws, m, spec, p, progress, err);
}

int bn_score_dataset(bn_score *out, bn_workspace *ws, const bn_model *m, const char *ref,
	const bn_progress *progress, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	*out = (bn_score){0};
	int rc = bn_dataset_resolve(&v, ws, ref, BN_DATASET_REMOVED_TOO, err);
	if (rc < 0)
		return rc;
	name_data(out, v->name, v->version, v->hash);
	if ((rc = bn_dataset_open_held(&table, ws, v, progress, err)) < 0)
		goto out;
	bn_part all = {.table = table, .rows = bn_table_rows(table)};
	rc = score_part(out, m, &all, err);
out:
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	return rc;
}

void bn_score_release(bn_score *s)
{
	json_decref(s->metrics);
	*s = (bn_score){0};
}

double bn_score_metric(const bn_score *s, const char *metric)
{
	return bn_json_num(s->metrics, metric, NAN);
}
