/*
 * proof_json.h - what a proof says of itself (core/govern/prove.h), as the JSON that the verbs show.
 */
#ifndef BN_TUI_PROOF_JSON_H
#define BN_TUI_PROOF_JSON_H
#include "core/govern/prove.h"

#include <jansson.h>

/* Adds "chained", "epoch", "link", "founder", "persons" and "not_seen"; null what there is not. */
void bn_proof_about_add(json_t *o, bool is_chained, const bn_proof_about *a);
/* {"fault", "rule", "rule_name", "writer", "seq", "kind", "entity", "words"} */
json_t *bn_proof_finding_json(const bn_proof_finding *f);

#endif
