/* _actor.c - see _actor.h. */
#include "core/registry/_actor.h"

#include "core/base/hash.h"
#include "core/govern/key.h"

#include <stdio.h>
#include <string.h>

/* The person whose key this user has. */
static int person_find(bn_actor *me, const bn_env *env, sqlite3 *db, int64_t epoch, bn_err *err)
{
	uint8_t raw[BN_KEY_PUBLIC_HEX / 2];
	bn_key *key = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_key_find(&key, env, &why);
	if (rc == BN_ENOTFOUND || rc == BN_EREFUSED) {
		bn_err_clear(&why);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &why);
	rc = bn_unhex(bn_key_public(key), sizeof raw, raw);
	bn_key_free(key);
	if (rc < 0 || (rc = bn_authority_person(me->who, db, epoch, raw, err)) <= 0)
		return rc;
	bn_authority_name(db, epoch, me->who, me->user, sizeof me->user);
	return 0;
}

int bn_actor_init(bn_actor *me, bn_workspace *ws, sqlite3 *db, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	*me = (bn_actor){.uid = env->uid(env), .is_chained = bn_authority_is_founded(db)};
	env->user_name(env, me->uid, me->user, sizeof me->user);
	bn_uid_rights_init(&me->by_uid, bn_workspace_id(ws), db, NULL);
	me->rights = &me->by_uid.rights;
	if (!me->is_chained) {
		bn_uid_text(me->uid, me->who);
		return 0;
	}
	int64_t epoch = bn_authority_newest(db, NULL);
	bn_person_rights_init(&me->by_person, db, NULL, epoch, false);
	me->rights = &me->by_person.rights;
	return person_find(me, env, db, epoch, err);
}

void bn_actor_release(bn_actor *me)
{
	bn_uid_rights_release(&me->by_uid);
	bn_person_rights_release(&me->by_person);
}
