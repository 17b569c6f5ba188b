/*
 * _trainers.h - for the files that implement a trainer: the table's entries, and shared functions.
 */
#ifndef BN_LEARN__TRAINERS_H
#define BN_LEARN__TRAINERS_H
#include "core/learn/device.h"
#include "core/learn/trainer.h"

#include <stdarg.h>
#include <stdio.h>

#define BN_TRAINER_DECLARE(name) extern const bn_trainer bn_trainer_##name;
BN_TRAINERS(BN_TRAINER_DECLARE)
#undef BN_TRAINER_DECLARE

/* Logs a line if operations fell back to the CPU. */
void bn_fit_log_device(const bn_fit_request *r, const bn_device *d);

/* BN_EINVAL unless the tensor exists with that dtype and shape (cols 0: a vector). out may be
 * NULL. */
int bn_estimator_need(const bn_estimator *e, const bn_tensor **out, const char *name,
	bn_dtype dtype, size_t rows, size_t cols, bn_err *err);

/* The same for other tensors; what: "checkpoint". */
int bn_tensor_need(const bn_tensor **out, const bn_tensors *from, const char *what,
	const char *name, bn_dtype dtype, size_t rows, size_t cols, bn_err *err);

/* linear.c: the common part of ridge and logistic models: coef [outputs or 1, inputs] and
 * intercept, float64. */
int bn_linear_store(
	bn_estimator *e, size_t rows, const double *coef, const double *intercept, bn_err *err);
int bn_linear_check(bn_estimator *e, bn_err *err); /* part 0: coef, 1: intercept */
size_t bn_linear_scratch(const bn_estimator *e);
void bn_linear_predict(
	const bn_estimator *e, const double *x, size_t rows, double *out, double *scratch);

/* In place, n values: probabilities from scores. */
void bn_softmax_row(double *z, size_t n);

#endif
