/*
 * _mlp.h - shared by mlp.c (the model and its storage) and mlp_train.c (the epochs, on a back end).
 */
#ifndef BN_LEARN__MLP_H
#define BN_LEARN__MLP_H
#include "core/learn/_trainers.h"

#define BN_MLP_MAX_LAYERS 16

/* Shape of the net: width[0] inputs .. width[layers] outputs. Weights [width[l], width[l + 1]] and
 * biases of layer l start at weight_at[l] and bias_at[l] in one vector of size floats. */
typedef struct bn_mlp_net {
	size_t layers, size;
	size_t width[BN_MLP_MAX_LAYERS + 1];
	size_t weight_at[BN_MLP_MAX_LAYERS], bias_at[BN_MLP_MAX_LAYERS];
} bn_mlp_net;

/* The rows of a source with one role, in its order. */
typedef struct bn_mlp_part {
	bn_rows *rows;
	const uint32_t *index; /* count row numbers; NULL: all rows in order */
	size_t count;
} bn_mlp_part;

typedef struct bn_mlp_data {
	bn_mlp_part train, validation; /* validation.count 0: none */
	uint32_t *order; /* permutation of the training rows: those to learn from, then those kept
			  * for validation */
	double target_mean, target_scale;
	bool labels; /* targets are class indices */
} bn_mlp_data;

/* The epochs, as steps (bn_fit_steps): */
typedef struct bn_mlp_fit bn_mlp_fit;
/* parameters: initial ones, copied. The arguments must outlive the fit. *out is freed also after a
 * failure. */
int bn_mlp_fit_start(bn_mlp_fit **out, const float *parameters, const bn_mlp_net *net,
	const bn_mlp_data *data, const bn_fit_start *fit, bn_err *err);
int bn_mlp_fit_epoch(bn_mlp_fit *t, bn_err *err);
int bn_mlp_fit_save(const bn_mlp_fit *t, bn_tensors *out, bn_err *err);
int bn_mlp_fit_restore(bn_mlp_fit *t, const bn_tensors *from, bn_err *err);
/* The trained parameters, and e's iterations and converged. */
int bn_mlp_fit_finish(bn_mlp_fit *t, float *parameters, bn_estimator *e, bn_err *err);
void bn_mlp_fit_free(bn_mlp_fit *t);

#endif
