/* evaluate.c - see evaluate.h. */
#include "core/learn/evaluate.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/profile/keys.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const bn_metric_def metric_defs[] = {
	{"rmse", BN_TASK_REGRESSION, false, "root of the mean squared error"},
	{"mae", BN_TASK_REGRESSION, false, "mean absolute error"},
	{"r2", BN_TASK_REGRESSION, true, "share of the variance that is explained"},
	{"mape", BN_TASK_REGRESSION, false, "mean absolute error relative to the target"},
	{"max_error", BN_TASK_REGRESSION, false, "largest absolute error"},
	{"median_ae", BN_TASK_REGRESSION, false, "median absolute error"},
	{"accuracy", BN_TASK_CLASSIFICATION, true, "share of rows with the right class"},
	{"precision", BN_TASK_CLASSIFICATION, true,
		"of the rows called positive, the share that is (two classes)"},
	{"recall", BN_TASK_CLASSIFICATION, true,
		"of the positive rows, the share that is found (two classes)"},
	{"f1", BN_TASK_CLASSIFICATION, true, "harmonic mean of precision and recall (two classes)"},
	{"precision_macro", BN_TASK_CLASSIFICATION, true, "precision, mean over the classes"},
	{"recall_macro", BN_TASK_CLASSIFICATION, true, "recall, mean over the classes"},
	{"f1_macro", BN_TASK_CLASSIFICATION, true, "F1, mean over the classes"},
	{"roc_auc", BN_TASK_CLASSIFICATION, true,
		"area under the ROC curve; over two classes one against the rest, mean"},
	{"log_loss", BN_TASK_CLASSIFICATION, false, "mean cross-entropy, natural logarithm"},
};

size_t bn_metric_count(void)
{
	return sizeof metric_defs / sizeof *metric_defs;
}

const bn_metric_def *bn_metric_get(size_t i)
{
	return i < bn_metric_count() ? &metric_defs[i] : NULL;
}

const bn_metric_def *bn_metric_find(const char *name)
{
	for (size_t i = 0; i < bn_metric_count(); i++)
		if (strcmp(metric_defs[i].name, name) == 0)
			return &metric_defs[i];
	return NULL;
}

/* ---- regression ----------------------------------------------------------------------------- */

int bn_evaluate_regression(bn_regression_metrics *out, size_t rows, const double *y,
	const double *predicted, bn_err *err)
{
	bn_regression_metrics m = {rows, NAN, NAN, NAN, NAN, NAN, NAN};
	double sum = 0, square = 0, absolute = 0, relative = 0, largest = 0, spread = 0;
	bool any = false;
	if (rows == 0) {
		*out = m;
		return 0;
	}
	uint64_t *errors = bn_alloc(rows * sizeof *errors);
	int rc = errors ? 0 : bn_err_nomem(err, "evaluation");
	for (size_t i = 0; i < rows && rc == 0; i++) {
		double e = fabs(y[i] - predicted[i]);
		if (!isfinite(e))
			rc = bn_err_set(err, BN_EINVAL,
				"evaluation: row %zu has no finite prediction or target", i);
		errors[i] = bn_key_of(isnan(e) ? 0 : e);
		sum += y[i];
		square += e * e;
		absolute += e;
		relative += e / fmax(fabs(y[i]), DBL_EPSILON);
		largest = fmax(largest, e);
		any = any || y[i] != 0;
	}
	if (rc == 0) {
		static const double half = 0.5;
		double n = (double)rows, mean = sum / n;
		for (size_t i = 0; i < rows; i++)
			spread += (y[i] - mean) * (y[i] - mean);
		m.rmse = sqrt(square / n);
		m.mae = absolute / n;
		m.mape = any ? relative / n : NAN;
		m.max_error = largest;
		bn_keys_quantiles(&m.median_ae, errors, rows, &half, 1);
		/* A constant target leaves at most rounding errors. */
		bool varies = rows > 1 && spread > n * pow(mean * DBL_EPSILON, 2) * n;
		m.r2 = varies ? 1 - square / spread : NAN;
		*out = m;
	}
	bn_free(errors);
	return rc;
}

/* ---- classification ------------------------------------------------------------------------- */

size_t bn_argmax(const double *probability, size_t n)
{
	size_t best = 0;
	for (size_t k = 1; k < n; k++)
		if (probability[k] > probability[best])
			best = k;
	return best;
}

void bn_classification_metrics_release(bn_classification_metrics *m)
{
	bn_free(m->confusion);
	m->confusion = NULL;
}

/* Area under the ROC curve of class k against the rest: the Mann-Whitney statistic, ties counting
 * half. NaN if one side is empty. keys: room for rows elements. A probability is not negative, so
 * its key has its highest bit set: shifted, it has room for the bit that says whether the row is of
 * the class. */
static double auc_of_class(size_t rows, size_t classes, size_t k, const double *y,
	const double *probability, uint64_t *keys)
{
	double positives = 0, ranks = 0;
	for (size_t i = 0; i < rows; i++) {
		double p = probability[i * classes + k];
		keys[i] = bn_key_of(p > 0 ? p : 0) << 1 | ((size_t)y[i] == k);
	}
	bn_keys_sort(keys, rows);
	for (size_t i = 0; i < rows;) {
		size_t j = i, in_tie = 0;
		for (; j < rows && keys[j] >> 1 == keys[i] >> 1; j++)
			in_tie += keys[j] & 1;
		/* Ranks i + 1 .. j get their mean. */
		ranks += (double)in_tie * ((double)(i + 1 + j) / 2);
		positives += (double)in_tie;
		i = j;
	}
	double negatives = (double)rows - positives;
	return positives == 0 || negatives == 0
		       ? NAN
		       : (ranks - positives * (positives + 1) / 2) / (positives * negatives);
}

static int roc_auc(
	bn_classification_metrics *m, const double *y, const double *probability, bn_err *err)
{
	size_t first = m->classes == 2 ? 1 : 0;
	double sum = 0;
	uint64_t *keys = bn_alloc(m->rows * sizeof *keys);
	if (!keys)
		return bn_err_nomem(err, "evaluation");
	for (size_t k = first; k < m->classes; k++) /* one absent class makes the mean absent */
		sum += auc_of_class(m->rows, m->classes, k, y, probability, keys);
	m->roc_auc = sum / (double)(m->classes - first);
	bn_free(keys);
	return 0;
}

static double ratio(double a, double b)
{
	return b == 0 ? NAN : a / b;
}

static void from_confusion(bn_classification_metrics *m)
{
	size_t n = m->classes, seen = 0;
	double right = 0, precision = 0, recall = 0, f1 = 0;
	for (size_t k = 0; k < n; k++) {
		double hit = (double)m->confusion[k * n + k], is = 0, called = 0;
		for (size_t j = 0; j < n; j++) {
			is += (double)m->confusion[k * n + j];
			called += (double)m->confusion[j * n + k];
		}
		right += hit;
		if (is == 0 && called == 0)
			continue;
		seen++;
		precision += called == 0 ? 0 : hit / called;
		recall += is == 0 ? 0 : hit / is;
		f1 += 2 * hit / (is + called);
		if (n == 2 && k == 1) {
			m->precision = ratio(hit, called);
			m->recall = ratio(hit, is);
			m->f1 = ratio(2 * hit, is + called);
		}
	}
	m->accuracy = right / (double)m->rows;
	m->precision_macro = precision / (double)seen;
	m->recall_macro = recall / (double)seen;
	m->f1_macro = f1 / (double)seen;
}

int bn_evaluate_classification(bn_classification_metrics *out, size_t rows, size_t classes,
	const double *y, const double *probability, bn_err *err)
{
	int rc = 0;
	double loss = 0;
	bn_classification_metrics m = {rows, classes, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN,
		bn_alloc_zeroed(classes * classes, sizeof(uint64_t))};
	if (!m.confusion)
		return bn_err_nomem(err, "confusion matrix");
	for (size_t i = 0; i < rows && rc == 0; i++) {
		const double *p = probability + i * classes;
		if (!(y[i] >= 0 && y[i] < (double)classes) || !isfinite(p[0])) {
			rc = bn_err_set(err, BN_EINVAL,
				"evaluation: row %zu has no class or no finite prediction", i);
			break;
		}
		size_t truth = (size_t)y[i];
		double sum = 0;
		for (size_t k = 0; k < classes; k++)
			sum += p[k];
		double given = fmin(fmax(p[truth] / sum, DBL_EPSILON), 1 - DBL_EPSILON);
		loss -= log(given);
		m.confusion[truth * classes + bn_argmax(p, classes)]++;
	}
	if (rc == 0 && rows) {
		m.log_loss = loss / (double)rows;
		from_confusion(&m);
		rc = roc_auc(&m, y, probability, err);
	}
	if (rc)
		bn_classification_metrics_release(&m);
	else
		*out = m;
	return rc;
}

/* ---- as JSON -------------------------------------------------------------------------------- */

static int put_real(json_t *o, const char *key, double v)
{
	return json_object_set_new(o, key, bn_json_real_or_null(v));
}

static int regression_json(json_t *doc, size_t rows, const double *y, const double *p, bn_err *err)
{
	bn_regression_metrics m;
	int rc = bn_evaluate_regression(&m, rows, y, p, err);
	if (rc)
		return rc;
	if (put_real(doc, "rmse", m.rmse) || put_real(doc, "mae", m.mae) ||
		put_real(doc, "r2", m.r2) || put_real(doc, "mape", m.mape) ||
		put_real(doc, "max_error", m.max_error) || put_real(doc, "median_ae", m.median_ae))
		return bn_err_nomem(err, "metrics");
	return 0;
}

static int confusion_json(json_t *doc, const bn_classification_metrics *m, const bn_features *f)
{
	json_t *rows = json_array(), *labels = json_array();
	int bad = 0;
	for (size_t i = 0; i < m->classes; i++) {
		json_t *row = json_array();
		for (size_t j = 0; j < m->classes; j++)
			bad = json_array_append_new(row,
				      json_integer((json_int_t)m->confusion[i * m->classes + j])) ||
			      bad;
		bad = json_array_append_new(rows, row) || bad;
		bad = json_array_append_new(labels, json_string(bn_features_class(f, i))) || bad;
	}
	bad = json_object_set_new(doc, "confusion", rows) || bad;
	return json_object_set_new(doc, "labels", labels) || bad;
}

static int classification_json(json_t *doc, const bn_features *f, size_t rows, const double *y,
	const double *p, bn_err *err)
{
	bn_classification_metrics m;
	int rc = bn_evaluate_classification(&m, rows, bn_features_class_count(f), y, p, err);
	if (rc)
		return rc;
	int bad = put_real(doc, "accuracy", m.accuracy) ||
		  put_real(doc, "precision", m.precision) || put_real(doc, "recall", m.recall) ||
		  put_real(doc, "f1", m.f1) ||
		  put_real(doc, "precision_macro", m.precision_macro) ||
		  put_real(doc, "recall_macro", m.recall_macro) ||
		  put_real(doc, "f1_macro", m.f1_macro) || put_real(doc, "roc_auc", m.roc_auc) ||
		  put_real(doc, "log_loss", m.log_loss) || confusion_json(doc, &m, f);
	bn_classification_metrics_release(&m);
	return bad ? bn_err_nomem(err, "metrics") : 0;
}

/* y and predicted without the rows that have no target. *out is yours: y, then predicted. */
static int drop_rows(double **out, size_t kept, size_t rows, size_t width, const double *y,
	const double *predicted, bn_err *err)
{
	double *copy = bn_alloc((kept + 1) * (width + 1) * sizeof *copy), *p = copy + kept;
	if (!copy)
		return bn_err_nomem(err, "evaluation");
	for (size_t i = 0, k = 0; i < rows; i++) {
		if (isnan(y[i]))
			continue;
		copy[k] = y[i];
		memcpy(p + k * width, predicted + i * width, width * sizeof *p);
		k++;
	}
	*out = copy;
	return 0;
}

int bn_evaluate(json_t **out, const bn_features *f, size_t rows, const double *y,
	const double *predicted, bn_err *err)
{
	size_t width = bn_features_task(f) == BN_TASK_REGRESSION ? 1 : bn_features_class_count(f);
	size_t kept = 0;
	double *copy = NULL;
	json_t *doc = json_object();
	int rc = doc ? 0 : bn_err_nomem(err, "evaluation");
	for (size_t i = 0; i < rows; i++)
		kept += !isnan(y[i]);
	if (rc == 0 && kept < rows)
		rc = drop_rows(&copy, kept, rows, width, y, predicted, err);
	if (copy) {
		y = copy;
		predicted = copy + kept;
	}
	if (rc == 0 && (json_object_set_new(doc, "rows", json_integer((json_int_t)kept)) ||
			       json_object_set_new(doc, "rows_without_target",
				       json_integer((json_int_t)(rows - kept)))))
		rc = bn_err_nomem(err, "metrics");
	if (rc == 0)
		rc = width == 1 ? regression_json(doc, kept, y, predicted, err)
				: classification_json(doc, f, kept, y, predicted, err);
	if (rc == 0)
		*out = doc;
	else
		json_decref(doc);
	bn_free(copy);
	return rc;
}
