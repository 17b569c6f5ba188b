/*
 * state.h - the state of a model version: see registry.h.
 */
#ifndef BN_REGISTRY_STATE_H
#define BN_REGISTRY_STATE_H

typedef enum bn_model_state {
	BN_MODEL_REGISTERED,
	BN_MODEL_REQUESTED,
	BN_MODEL_APPROVED,
	BN_MODEL_REJECTED,
	BN_MODEL_REMOVED,
} bn_model_state;

const char *bn_model_state_name(bn_model_state s); /* "requested" */

#endif
