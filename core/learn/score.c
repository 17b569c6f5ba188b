/* score.c - see score.h. */
#include "core/learn/score.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/dataset.h"
#include "core/learn/_model.h"
#include "core/learn/_parts.h"
#include "core/learn/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int bn_score_matrix(
	json_t **out, const bn_estimator *e, const bn_features *f, const bn_matrix *m, bn_err *err)
{
	const bn_design *d = &m->view;
	double *predicted = bn_alloc(d->rows * e->outputs * sizeof *predicted);
	double *scratch = bn_alloc(bn_estimator_scratch(e) * sizeof *scratch);
	json_t *one = NULL;
	int rc = predicted && scratch ? 0 : bn_err_nomem(err, "predictions");
	if (rc < 0)
		goto out;
	bn_estimator_predict(e, d->x, d->rows, predicted, scratch);
	if ((rc = bn_evaluate(&one, f, d->rows, d->y, predicted, err)) < 0)
		goto out;
	/* The matrix was built without them, so evaluation never saw them. */
	if (json_object_set_new(one, "rows_without_target", json_integer((json_int_t)m->dropped)) <
			0 ||
		(bn_features_task(f) == BN_TASK_CLASSIFICATION &&
			json_object_set_new(one, "rows_of_unseen_class",
				json_integer((json_int_t)m->unseen)) < 0))
		rc = bn_err_nomem(err, "metrics");
out:
	if (rc < 0)
		json_decref(one);
	else
		*out = one;
	bn_free(predicted);
	bn_free(scratch);
	return rc;
}

/* ---- data --------------------------------------------------------------------------------------- */

/* The columns that a model needs to be scored; names are its own. *out is yours. */
static int columns_of(const char ***out, size_t *n, const bn_features *f, bn_err *err)
{
	size_t inputs = bn_features_input_count(f);
	const char **names = bn_alloc_zeroed(inputs + 1, sizeof *names);
	if (!names)
		return bn_err_nomem(err, "names of columns");
	for (size_t i = 0; i < inputs; i++)
		names[i] = bn_features_input(f, i)->name;
	names[inputs] = bn_features_target(f);
	*out = names;
	*n = inputs + 1;
	return 0;
}

static int rows_score(bn_score *out, const bn_model *m, const bn_rowset *rows, bn_err *err)
{
	bn_matrix matrix = BN_MATRIX_INIT;
	int rc = bn_matrix_build(&matrix, m->features, bn_rowset_view(rows), err);
	if (rc < 0)
		goto out;
	out->rows = matrix.view.rows;
	if (!out->rows) {
		rc = bn_err_set(err, BN_EINCONCLUSIVE, "%s@v%lld has no rows to score",
			out->dataset, (long long)out->version);
		goto out;
	}
	rc = bn_score_matrix(&out->metrics, m->estimator, m->features, &matrix, err);
out:
	bn_matrix_release(&matrix);
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

static int part_score(bn_score *out, bn_workspace *ws, const bn_model *m, const bn_spec *spec,
	int part, const bn_progress *progress, bn_err *err)
{
	bn_parts_input in = {.ws = ws, .spec = spec, .progress = progress};
	bn_parts parts = {0};
	const char **columns = NULL;
	int rc = columns_of(&columns, &in.n_columns, m->features, err);
	in.columns = columns;
	if (rc < 0 || (rc = bn_parts_load(&parts, &in, err)) < 0)
		goto out;
	rc = parts.part[part] ? rows_score(out, m, parts.part[part], err)
			      : bn_err_set(err, BN_ENOTFOUND, "its run kept no rows for part '%s'",
					bn_part_names[part]);
out:
	bn_parts_release(&parts);
	bn_free(columns);
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
	return part_score(out, ws, m, spec, p, progress, err);
}

int bn_score_dataset(bn_score *out, bn_workspace *ws, const bn_model *m, const char *ref,
	const bn_progress *progress, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_table_reader *table = NULL;
	bn_rowset *rows = NULL;
	const char **columns = NULL;
	size_t n;
	*out = (bn_score){0};
	int rc = bn_dataset_resolve(&v, ws, ref, BN_DATASET_REMOVED_TOO, err);
	if (rc < 0)
		return rc;
	name_data(out, v->name, v->version, v->hash);
	if ((rc = columns_of(&columns, &n, m->features, err)) < 0 ||
		(rc = bn_dataset_open_held(&table, ws, v, progress, err)) < 0 ||
		(rc = bn_rowset_load(&rows, table, columns, n, err)) < 0)
		goto out;
	rc = rows_score(out, m, rows, err);
out:
	bn_rowset_free(rows);
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	bn_free(columns);
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
