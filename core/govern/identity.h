/*
 * identity.h - who is who in a workspace: the public keys that users published, and signed events.
 *
 * A user is a uid: the owner of the segment file in which an event lies. Publishing a key is the
 * event user.key {"public_key": hex} on entity user/<uid>; only that uid may publish for itself
 * (anybody else's attempt is folded as refused), and the event is signed with that very key, so
 * that no user publishes a key of another. Older keys stay valid for what they signed
 * after they were published; a signature counts only when its key was published by the acting uid
 * before the event, in the order of all events.
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

/* For the fields of a kind that is signed so (bn_fold_kind). */
#define BN_SIGNATURE_FIELDS "signature.public_key", "signature.value"

/* ---- writing ------------------------------------------------------------------------------- */

/* Makes sure that the user has a key file; *created says that it was made just now, which a verb or
 * screen announces (path: bn_key_path). Optional: append_signed does the same silently. */
int bn_identity_ready(bn_workspace *ws, bool *created, bn_err *err);
/* Signs payload in place (adds "signature") with the user's key and appends the event; publishes
 * the key in front of it unless the index shows it as published. Buffers only: commit as usual. */
int bn_identity_append_signed(
	bn_workspace *ws, const char *kind, const char *entity, json_t *payload, bn_err *err);

/* ---- reading ------------------------------------------------------------------------------- */

/* Is the event signed by a key that ev->uid had published by then? 0, BN_EREFUSED when there is no
 * signature or the key is not theirs, BN_ECORRUPT when the signature is wrong. */
int bn_identity_check(sqlite3 *db, const char *workspace_id, const bn_event *ev, bn_err *err);
/* As bn_identity_check for parts of an event, without looking at who owns the key. */
int bn_identity_check_bytes(const char *workspace_id, const char *kind, const char *entity,
	uid_t uid, const json_t *payload, bn_err *err);
/* Had uid published public_hex before the event `at` (NULL: by now)? */
bool bn_identity_has_key(sqlite3 *db, uid_t uid, const char *public_hex, const bn_event_key *at);
/* "user/1000" */
void bn_identity_entity(uid_t uid, char *out, size_t size);

#endif
