/*
 * _action.h - one act of whoever runs this process on one model: checked against the rules as of now, written,
 * and made visible. A refused act is written too, so that the audit log knows of it.
 */
#ifndef BN_REGISTRY_ACTION_H
#define BN_REGISTRY_ACTION_H
#include "core/registry/_actor.h"
#include "core/registry/_entry.h"

/* One act on one model: who, on what, by which rules. */
typedef struct bn_action {
	bn_workspace *ws;
	sqlite3 *db;
	bn_actor me;
	char *name;
	bn_entry entry;
	bn_entry_version *version; /* that the spec names; NULL: it was not asked for */
	bn_entry_act act;
} bn_action;

/* name: of the model; NULL: spec says it, and the version, which must be there. bn_action_end in any case. */
int bn_action_begin(bn_action *d, bn_workspace *ws, bn_entry_kind kind, const char *name,
	const char *spec, bn_err *err);
void bn_action_end(bn_action *d);
/* Checks what the payload says. */
int bn_action_check(bn_entry_finding *found, bn_action *d, json_t *payload, bn_err *err);
/* Writes the event when the verdict is 0 or a refusal (the attempt is worth remembering, unless nobody knows
 * whose it is). Reference to payload taken. Returns the verdict, or why it could not be written. */
int bn_action_write(bn_action *d, bool is_signed, json_t *payload, int verdict, bn_err *err);
/* The next number for a registration, claimed. Under a chain of authority claims only keep honest writers apart: a
 * number that was registered is not taken although its claim is gone, and where none can be claimed the next one
 * is taken. */
int bn_action_number(bn_action *d, const char *uuid, bn_err *err);
/* An act that needs no more than its payload. */
int bn_action_take(bn_action *d, bool is_signed, json_t *payload, bn_err *err);

#endif
