/* _model.h - shared by model.c (the directory), card.c (its model card) and predict.c
 * (predictions). */
#ifndef BN_LEARN__MODEL_H
#define BN_LEARN__MODEL_H
#include "core/base/buf.h"
#include "core/learn/model.h"

struct bn_model {
	bn_estimator *estimator;
	bn_features *features;
	json_t *metrics, *mlmodel;
};

/* Appends model_card.md. */
int bn_model_card(bn_buf *out, const bn_estimator *e, const bn_features *f,
	const bn_model_about *about, bn_err *err);

#endif
