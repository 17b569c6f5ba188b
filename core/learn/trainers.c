/* trainers.c - the table of trainers, and functions that they share; see trainer.h and
 * _trainers.h. */
#include "core/learn/_trainers.h"

#include "core/base/str.h"

#include <string.h>

#define ENTRY(name) &bn_trainer_##name,
static const bn_trainer *const trainers[] = {BN_TRAINERS(ENTRY)};

enum { TRAINERS = sizeof trainers / sizeof *trainers };

size_t bn_trainer_count(void)
{
	return TRAINERS;
}

const bn_trainer *bn_trainer_get(size_t i)
{
	return i < TRAINERS ? trainers[i] : NULL;
}

int bn_trainer_find(const bn_trainer **out, const char *name, bn_err *err)
{
	const char *words[TRAINERS + 1] = {NULL};
	for (size_t i = 0; i < TRAINERS; i++) {
		if (strcmp(trainers[i]->name, name) == 0) {
			*out = trainers[i];
			return 0;
		}
		words[i] = trainers[i]->name;
	}
	const char *near = bn_nearest_word(name, words);
	int rc = bn_err_set(err, BN_ENOTFOUND, "no trainer '%.60s'", name);
	if (near) {
		bn_err_hint(err, "did you mean '%s'?", near);
		return rc;
	}
	char list[128] = "";
	for (size_t i = 0, n = 0; i < TRAINERS && n < sizeof list; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", words[i]);
	bn_err_hint(err, "trainers: %s", list);
	return rc;
}

/* ---- for the trainers ----------------------------------------------------------------------- */

void bn_fit_log_device(const bn_fit_request *r, const bn_device *d)
{
	char what[200];
	bn_device_fallbacks(d, what, sizeof what);
	if (what[0])
		bn_fit_log(r, "on the CPU instead of the device: %s", what);
}

int bn_tensor_need(const bn_tensor **out, const bn_tensors *from, const char *what,
	const char *name, bn_dtype dtype, size_t rows, size_t cols, bn_err *err)
{
	const bn_tensor *t = bn_tensors_find(from, name);
	size_t rank = cols ? 2 : 1;
	if (!t)
		return bn_err_set(err, BN_EINVAL, "%s: no tensor '%s'", what, name);
	if (t->dtype != dtype || t->rank != rank || t->shape[0] != rows ||
		(cols && t->shape[1] != cols))
		return bn_err_set(err, BN_EINVAL, "%s: tensor '%s' is not %s of %zu x %zu", what,
			name, bn_dtype_name(dtype), rows, cols ? cols : 1);
	if (out)
		*out = t;
	return 0;
}

int bn_estimator_need(const bn_estimator *e, const bn_tensor **out, const char *name,
	bn_dtype dtype, size_t rows, size_t cols, bn_err *err)
{
	char what[64];
	snprintf(what, sizeof what, "%s model", e->trainer->name);
	return bn_tensor_need(out, e->tensors, what, name, dtype, rows, cols, err);
}
