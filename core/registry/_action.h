/*
 * _action.h - one act of this process's user on one model: checked against the current rules, written, and
 * made visible. A refused act is written too, so that the audit log shows it.
 */
#ifndef BN_REGISTRY_ACTION_H
#define BN_REGISTRY_ACTION_H
#include "core/registry/_actor.h"
#include "core/registry/_entry.h"

/* One act on one model: actor, subject and rules. */
typedef struct bn_action {
	bn_workspace *ws;
	sqlite3 *db;
	bn_actor me;
	char *name;
	bn_entry entry;
	bn_entry_version *version; /* named by the spec; NULL: not requested */
	bn_entry_act act;
} bn_action;

/* name: of the model; NULL: spec names it and the version, which must exist. Call bn_action_end in any
 * case. */
int bn_action_begin(bn_action *d, bn_workspace *ws, bn_entry_kind kind, const char *name,
	const char *spec, bn_err *err);
void bn_action_end(bn_action *d);
/* Checks the payload. */
int bn_action_check(bn_entry_finding *found, bn_action *d, json_t *payload, bn_err *err);
/* Writes the event if the verdict is 0 or a refusal (attempts are recorded, unless the actor is unknown).
 * Reference to payload taken. Returns the verdict, or why it could not be written. */
int bn_action_write(bn_action *d, bool is_signed, json_t *payload, int verdict, bn_err *err);
/* Claims the next number for a registration. Under a chain of authority claims only prevent accidental
 * conflicts: a registered number is not reused even if its claim is gone, and if none can be claimed the next
 * one is used. */
int bn_action_number(bn_action *d, const char *uuid, bn_err *err);
/* The same for that number: BN_ECONFLICT if it was registered or claimed. Claims the free ones before it too. */
int bn_action_take_number(bn_action *d, const char *uuid, int64_t number, bn_err *err);
/* Whether that number is claimed by this user and has no version: 1, and uuid is what it was claimed for; else 0. */
int bn_action_number_again(bn_action *d, char uuid[BN_UUID_TEXT], int64_t number, bn_err *err);
/* An act that only needs a payload. */
int bn_action_take(bn_action *d, bool is_signed, json_t *payload, bn_err *err);

#endif
