/*
 * proof_json.h - a proof (core/govern/prove.h) as the JSON shown by the verbs.
 */
#ifndef BN_TUI_PROOF_JSON_H
#define BN_TUI_PROOF_JSON_H
#include "core/govern/prove.h"

#include <jansson.h>

/* Adds "chained", "epoch", "link", "founder", "persons" and "not_seen"; absent ones are null. */
void bn_proof_about_add(json_t *o, bool is_chained, const bn_proof_about *a);
/* {"fault", "rule", "rule_name", "writer", "seq", "kind", "entity", "words"} */
json_t *bn_proof_finding_json(const bn_proof_finding *f);

#endif
