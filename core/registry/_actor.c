/* _actor.c - see _actor.h. */
#include "core/registry/_actor.h"

#include <stdio.h>

int bn_actor_init(bn_actor *me, bn_workspace *ws, sqlite3 *db, bn_err *err)
{
	*me = (bn_actor){0};
	int rc = bn_self_read(&me->self, ws, db, err);
	if (rc < 0)
		return rc;
	me->uid = me->self.uid;
	me->is_chained = me->self.is_chained;
	snprintf(me->who, sizeof me->who, "%s", me->self.person);
	snprintf(me->user, sizeof me->user, "%s", me->self.name);
	bn_uid_rights_init(&me->by_uid, bn_workspace_id(ws), db, NULL);
	me->rights = &me->by_uid.rights;
	if (me->is_chained) {
		bn_person_rights_init(
			&me->by_person, db, NULL, me->self.epoch, me->self.is_bot);
		me->by_person.key = me->self.key;
		me->rights = &me->by_person.rights;
	}
	return 0;
}

void bn_actor_release(bn_actor *me)
{
	bn_uid_rights_release(&me->by_uid);
	bn_person_rights_release(&me->by_person);
}
