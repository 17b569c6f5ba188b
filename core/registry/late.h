/*
 * late.h - late acts: signed records that the signer of the next link had not seen, and how they are repeated.
 *
 * A registration is repeated automatically by its owner's next process (bn_registry_repeat): the same version,
 * with its uuid, under the newest link. Everything else must be repeated by the person, and is listed with the
 * command that does so, until it is obsolete. So are one's links that were beaten (core/govern/lost.h), and
 * unsigned records that an older program of one's account wrote into a log closed by an upgrade.
 */
#ifndef BN_REGISTRY_LATE_H
#define BN_REGISTRY_LATE_H
#include "core/store/workspace.h"

#include <stddef.h>

typedef struct bn_late_act {
	char *writer; /* the record */
	uint64_t seq;
	char *kind;    /* "model.approved" */
	char *entity;  /* "model/power" */
	char *reason;  /* why it does not count */
	char *command; /* for a shell: "binnacle model approve power/3 --reason 'fine'" */
	int64_t time_ms;
} bn_late_act;

typedef struct bn_late_list {
	bn_late_act *items;
	size_t count;
} bn_late_list;

/* Those of this process's user, oldest first, unsigned ones before the rest, links last; empty without a chain
 * of authority. */
int bn_registry_late(bn_late_list **out, bn_workspace *ws, bn_err *err);
void bn_late_list_free(bn_late_list *l);
/* Repeats one's own late registrations; *repeated says how many. Does nothing and returns 0 if one may no
 * longer register. */
int bn_registry_repeat(bn_workspace *ws, size_t *repeated, bn_err *err);

#endif
