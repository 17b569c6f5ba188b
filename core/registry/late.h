/*
 * late.h - what somebody signed, and the signer of the next link had not seen: late acts, and how they are repeated.
 *
 * A registration is repeated by its owner's next process on its own (bn_registry_repeat): the same version, with
 * its uuid, under the newest link. Everything else is a person's to repeat, and is listed with the one command
 * that does so, until something makes it pointless. So are one's links that others beat (core/govern/lost.h), and what
 * an older program of one's account wrote, unsigned, into a log that an upgrade had closed.
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

/* Of whoever runs this process, oldest first, what is unsigned before the rest, links last; empty without a chain of authority. */
int bn_registry_late(bn_late_list **out, bn_workspace *ws, bn_err *err);
void bn_late_list_free(bn_late_list *l);
/* Repeats one's own late registrations; *repeated says how many. Nothing is done, and 0 returned, where one may not
 * register any more. */
int bn_registry_repeat(bn_workspace *ws, size_t *repeated, bn_err *err);

#endif
