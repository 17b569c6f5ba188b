/* predict.c - predictions of a loaded model; see model.h. */
#include "core/learn/_model.h"

static size_t design_doubles(const bn_model *m)
{
	return BN_PREDICT_ROWS * bn_features_width(m->features);
}

size_t bn_model_scratch(const bn_model *m)
{
	return design_doubles(m) + bn_estimator_scratch(m->estimator) + 1;
}

void bn_model_answer(const bn_model *m, const bn_batch *in, double *scratch, double *out)
{
	double *design = scratch, *rest = scratch + design_doubles(m);
	size_t outputs = bn_model_outputs(m);
	for (size_t first = 0; first < in->rows; first += BN_PREDICT_ROWS) {
		size_t left = in->rows - first, n = left < BN_PREDICT_ROWS ? left : BN_PREDICT_ROWS;
		bn_features_apply(m->features, in, first, n, design);
		bn_estimator_predict(m->estimator, design, n, out + first * outputs, rest);
	}
}
