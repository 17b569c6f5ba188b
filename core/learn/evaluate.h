/*
 * evaluate.h - metrics of predictions. Definitions are scikit-learn's (sklearn.metrics 1.x).
 *
 * A metric that is undefined for the input (R2 of a constant target, AUC of one class) is absent:
 * NaN here, null in JSON, `-` on screen. It is never 0.
 */
#ifndef BN_LEARN_EVALUATE_H
#define BN_LEARN_EVALUATE_H
#include "core/base/err.h"
#include "core/learn/features.h"

#include <jansson.h>

typedef struct bn_regression_metrics {
	size_t rows;
	double rmse, mae, r2, mape, max_error, median_ae;
} bn_regression_metrics;

/* y, predicted: rows values. MAPE divides by max(|y|, 2^-52) as scikit-learn does, and is absent if
 * every y is 0. R2 needs two rows and a target that varies. */
int bn_evaluate_regression(bn_regression_metrics *out, size_t rows, const double *y,
	const double *predicted, bn_err *err);

typedef struct bn_classification_metrics {
	size_t rows, classes;
	double accuracy;
	/* Binary: of class 1. Multiclass: absent. A zero denominator makes it absent. */
	double precision, recall, f1;
	/* Mean over classes that occur in y or in the predictions, a zero denominator counting 0
	 * (scikit-learn's zero_division=0). */
	double precision_macro, recall_macro, f1_macro;
	double roc_auc;      /* binary: ties count half; multiclass: one-vs-rest, macro */
	double log_loss;     /* natural logarithm, probabilities clipped to [2^-52, 1 - 2^-52] */
	uint64_t *confusion; /* classes * classes, [true * classes + predicted]; yours */
} bn_classification_metrics;

/* y[rows]: class index; probability[rows * classes]. The predicted class is the first of the
 * largest probabilities. */
int bn_evaluate_classification(bn_classification_metrics *out, size_t rows, size_t classes,
	const double *y, const double *probability, bn_err *err);
void bn_classification_metrics_release(bn_classification_metrics *m);

/* Index of the first of the largest of n probabilities. */
size_t bn_argmax(const double *probability, size_t n);

/* One metric by name, for any task: the form in which run logs, gates and tables use it. */
typedef struct bn_metric_def {
	const char *name; /* "rmse", "roc_auc" */
	bn_task task;
	bool higher_is_better;
	const char *doc;
} bn_metric_def;

size_t bn_metric_count(void);
const bn_metric_def *bn_metric_get(size_t i);
const bn_metric_def *bn_metric_find(const char *name); /* NULL if unknown */

/* {"rmse": 1.5, "r2": null, ...} and for classification {"confusion": [[..]], "labels": [..]}. y as
 * from bn_features_target_of (rows whose y is NaN are left out and counted in
 * "rows_without_target"), out as from bn_estimator_predict. *out is yours. */
int bn_evaluate(json_t **out, const bn_features *f, size_t rows, const double *y,
	const double *predicted, bn_err *err);

#endif
