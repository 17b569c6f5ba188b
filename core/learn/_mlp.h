/*
 * _mlp.h - between mlp.c (what an MLP is, how it is kept and used) and mlp_train.c (the epochs, on
 * a back end).
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

/* Host arrays. y holds scaled numbers, or class indices (uint32_t) in the same bytes. */
typedef struct bn_mlp_part {
	size_t rows;
	float *x, *y, *w;
} bn_mlp_part;

typedef struct bn_mlp_data {
	bn_mlp_part train, validation; /* validation.rows 0: none */
	uint32_t *rows;                /* permutation: train_count to learn, aside_count to watch */
	size_t train_count, aside_count;
	double target_mean, target_scale;
} bn_mlp_data;

/* From initial to trained parameters, in place. Sets e->iterations and e->converged. */
int bn_mlp_train(float *parameters, const bn_mlp_net *net, const bn_mlp_data *data, bn_estimator *e,
	const bn_fit_request *r, const json_t *hyper, bn_err *err);

#endif
