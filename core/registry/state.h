/*
 * state.h - the state of a model version: see registry.h.
 */
#ifndef BN_REGISTRY_STATE_H
#define BN_REGISTRY_STATE_H
#include <stdbool.h>

#define BN_VERSION_NUMBER_MAX 100000 /* that can be asked for: those below it are claimed one by one */

typedef enum bn_model_state {
	BN_MODEL_REGISTERED,
	BN_MODEL_REQUESTED,
	BN_MODEL_APPROVED,
	BN_MODEL_REJECTED,
	BN_MODEL_REMOVED,
} bn_model_state;

const char *bn_model_state_name(bn_model_state s); /* "requested" */

/* UTF-8 of at most BN_NAME_MAX bytes without control characters and / : @, not starting with '.' or '-' or a space, nor
 * ending with one. (MLflow's names may have spaces; @ and / separate a version or an alias from the name.) */
bool bn_model_name_is_valid(const char *name);

#endif
