/*
 * _seen.h - what the signer of a decision had seen, and judging the decision only with that. See
 * evidence.h.
 *
 * In every signed record of a model that was refused to its signer, and is kept only for the audit log:
 *	"attempt"  true: it never counts
 * In an approval and a rejection under the chain of authority:
 *	"seen"     {writer: [sequence number, chain hash after it in hex]} of the last signed record of each writer
 *	           that its signer knew, beyond the horizon of the epoch
 *	"rules"    BN_GATE_RULES
 *	"claim"    {"uuid", "owner"}: the claim of the version's number as found by the signer, for information
 */
#ifndef BN_REGISTRY_SEEN_H
#define BN_REGISTRY_SEEN_H
#include "core/govern/authority.h"
#include "core/registry/_entry.h"

/* bn_entry_rights.sees for the fold: evidence of an earlier epoch; earlier evidence of the act's writer; and
 * evidence of the act's epoch within `seen`, if the log has the record named there. */
int bn_model_sees(sqlite3 *db, const bn_entry_act *a, const bn_entry_evidence *x, bn_err *err);
/* Checks these members of a decision: 0, BN_EINVAL or BN_EUNSUPPORTED. */
int bn_model_decision_check(const bn_entry_act *a, bn_err *err);
/* Stores the records that the decision has seen and the log lacks: the model is replayed when one
 * arrives. */
int bn_model_seen_wait(bn_fold *f, const bn_entry_act *a, bn_err *err);
/* Adds seen and rules to a decision to be signed now. */
int bn_model_seen_add(json_t *payload, sqlite3 *db, bn_err *err);

/* The class's before_replay: models that wait for a record that has arrived, or whose author is changed by a
 * new seal. */
int bn_model_before_replay(bn_fold *f, bn_err *err);

#endif
