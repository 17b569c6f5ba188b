/*
 * identity.h - identities in a workspace: the public keys that users published, and signed events.
 *
 * A user is a uid: the owner of the segment file in which an event lies. Publishing a key is the
 * event user.key {"public_key": hex} on entity user/<uid>; only that uid may publish for itself
 * (other attempts are folded as refused), and the event is signed with the same key, so that no
 * user can publish a key of another. Older keys stay valid for what they signed after they were
 * published; a signature counts only when its key was published by the acting uid before the
 * event, in the order of all events.
 *
 * A signed event is an ordinary event whose payload has a member
 *	"signature": {"public_key": hex, "value": hex}
 * over the canonical JSON of
 *	{"workspace": id, "kind": ..., "entity": ..., "uid": n,
 *	 "payload": the payload without "signature"}
 * so it cannot be moved to another workspace, entity, kind or user.
 */
#ifndef BN_GOVERN_IDENTITY_H
#define BN_GOVERN_IDENTITY_H
#include "core/govern/key.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

/* Fold class "user": table user_key. */
extern const bn_fold_class bn_user_class;

/* For the fields of a kind signed in this form (bn_fold_kind). */
#define BN_SIGNATURE_FIELDS "signature.public_key", "signature.value"

/* ---- writing ------------------------------------------------------------------------------- */

/* Makes sure that the user has a key file; *created says that it was just created, which the caller
 * should announce (path: bn_key_path). Optional: append_signed does the same silently. */
int bn_identity_ready(bn_workspace *ws, bool *created, bn_err *err);
/* Signs payload in place (adds "signature") with the user's key and appends the event; publishes
 * the key before it unless the index shows it as published. Only buffers: commit as usual. */
int bn_identity_append_signed(
	bn_workspace *ws, const char *kind, const char *entity, json_t *payload, bn_err *err);

/* ---- reading ------------------------------------------------------------------------------- */

/* Checks that the event is signed with a key that ev->uid had published by then. 0, BN_EREFUSED if
 * there is no signature or the key is not theirs, BN_ECORRUPT if the signature is wrong. */
int bn_identity_check(sqlite3 *db, const char *workspace_id, const bn_event *ev, bn_err *err);
/* As bn_identity_check for parts of an event, without checking the owner of the key. */
int bn_identity_check_bytes(const char *workspace_id, const char *kind, const char *entity,
	uid_t uid, const json_t *payload, bn_err *err);
/* Whether uid had published public_hex before the event `at` (NULL: by now). */
bool bn_identity_has_key(sqlite3 *db, uid_t uid, const char *public_hex, const bn_event_key *at);
/* "user/1000" */
void bn_identity_entity(uid_t uid, char *out, size_t size);

#endif
