/* own.c - predictors of models from our own trainers; see _predictor.h. */
#include "core/base/mem.h"
#include "core/predict/_predictor.h"

static int own_inputs(const bn_predictor *p, bn_schema *out, bn_err *err)
{
	for (size_t i = 0; i < bn_features_source_count(p->features); i++) {
		bn_field f = {0};
		int rc = bn_feature_source_field(&f, bn_features_source(p->features, i), err);
		if (rc < 0)
			return rc;
		rc = bn_schema_add_field(out, &f, NULL, err);
		bn_field_release(&f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int own_outputs(const bn_predictor *p, bn_schema *out, bn_err *err)
{
	int rc = bn_schema_add(out, "prediction",
		p->is_classifier ? BN_TYPE_CATEGORY : BN_TYPE_FLOAT64, true, NULL, err);
	if (rc < 0)
		return rc;
	for (size_t k = 0; k < bn_features_class_count(p->features); k++) {
		char *name = bn_strf("probability_%s", bn_features_class(p->features, k));
		rc = name ? bn_schema_add(out, name, BN_TYPE_FLOAT64, true, NULL, err)
			  : bn_err_nomem(err, "a name");
		bn_free(name);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static size_t own_scratch_bytes(const bn_predictor *p, size_t rows)
{
	(void)rows; /* it works in blocks */
	return bn_model_scratch(p->model) * sizeof(double);
}

static int own_predict(
	const bn_predictor *p, const bn_batch *in, void *scratch, double *out, bn_err *err)
{
	(void)err;
	bn_model_answer(p->model, in, scratch, out);
	return 0;
}

static void own_free(bn_predictor *p)
{
	bn_model_free(p->model);
}

const bn_predictor_ops bn_predictor_own = {
	own_inputs, own_outputs, own_scratch_bytes, own_predict, own_free};
