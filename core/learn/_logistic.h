/* _logistic.h - between logistic.c (two classes) and multinomial.c (more). */
#ifndef BN_LEARN__LOGISTIC_H
#define BN_LEARN__LOGISTIC_H
#include "core/learn/_trainers.h"

double bn_logistic_total_weight(const bn_design *d);
int bn_multinomial_fit(bn_estimator *e, const bn_fit_request *r, const json_t *hyper, bn_err *err);

#endif
