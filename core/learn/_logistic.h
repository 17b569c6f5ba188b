/* _logistic.h - shared by logistic.c (two classes) and multinomial.c (more). */
#ifndef BN_LEARN__LOGISTIC_H
#define BN_LEARN__LOGISTIC_H
#include "core/learn/_trainers.h"

extern const bn_fit_steps bn_multinomial_steps;
/* Logs a fit that a limit ended. */
void bn_logistic_say_stopped(
	const bn_fit_request *r, int64_t iterations, double largest, double tolerance);

#endif
