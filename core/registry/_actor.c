/* _actor.c - see _actor.h. */
#include "core/registry/_actor.h"

#include <stdio.h>

int bn_actor_init(bn_actor *me, bn_workspace *ws, sqlite3 *db, bn_err *err)
{
	bn_self self;
	int rc = bn_self_read(&self, ws, db, err);
	if (rc < 0)
		return rc;
	*me = (bn_actor){.uid = self.uid, .is_chained = self.is_chained};
	snprintf(me->who, sizeof me->who, "%s", self.person);
	snprintf(me->user, sizeof me->user, "%s", self.name);
	bn_uid_rights_init(&me->by_uid, bn_workspace_id(ws), db, NULL);
	me->rights = &me->by_uid.rights;
	if (me->is_chained) {
		bn_person_rights_init(&me->by_person, db, NULL, self.epoch, self.is_bot);
		me->rights = &me->by_person.rights;
	}
	return 0;
}

void bn_actor_release(bn_actor *me)
{
	bn_uid_rights_release(&me->by_uid);
	bn_person_rights_release(&me->by_person);
}
