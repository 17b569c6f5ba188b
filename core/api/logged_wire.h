/*
 * logged_wire.h - a logged model as an answer has it.
 */
#ifndef BN_API_LOGGED_WIRE_H
#define BN_API_LOGGED_WIRE_H
#include "core/api/run_wire.h"
#include "core/track/logged_model.h"

/* Where its files are: its own location, or below its experiment's. Appends. */
int bn_api_logged_root(
	bn_buf *out, bn_api_call *c, bn_api_places *places, const bn_logged_model *m, bn_err *err);
int bn_api_put_logged(bn_wire *w, const char *name, bn_api_call *c, bn_api_places *places,
	const bn_logged_model *m, bn_err *err);
/* MLflow's word for a status. */
const char *bn_api_logged_status(bn_logged_status status);

#endif
