/*
 * modes.h - the file modes below .binnacle, and checking them.
 *
 *	                                       owner   private   group
 *	.binnacle and its parts                0755    0700      03770
 *	objects/ab, claims/model, ...          as the part that they lie in
 *	log/<writer>, runs/<id>                0755    0700      0750, 0755   its user's
 *	queue/<user>, trash/<uid>              0700                         its user's
 *	objects/private-<uid>                  0700                         its user's; objects there 0400
 *	objects, claims, sealed segments       0444, 0444, 0644
 *
 * They are set on creation, regardless of the umask. In a group's workspace the shared directories are
 * sticky: a member can add entries, but can remove, rename or replace only his own. Nobody writes to files of
 * another.
 */
#ifndef BN_STORE_MODES_H
#define BN_STORE_MODES_H
#include "core/base/dir.h"
#include "core/store/workspace.h"

/* objects/private-UID: of the user with that number (object/_private.h). */
#define BN_PRIVATE_PREFIX "private-"

/* ---- checking what exists ----------------------------------------------------------------- */

typedef enum bn_mode_fault {
	BN_MODE_OPEN, /* writable by others who must not write */
	BN_MODE_SHUT, /* inaccessible to its users */
	BN_MODE_LOOSE, /* shared but not sticky: each writer can remove and replace files of others */
	BN_MODE_SHOWN, /* others see what is private */
	BN_MODE_FOREIGN, /* owned by neither the founder nor root: its owner can do that, sticky or not */
	BN_MODE_KIND,   /* not a directory where there must be one */
	BN_MODE_DEVICE, /* on another file system than the workspace: its content is not used */
	BN_MODE_ABOVE,  /* a directory above the workspace, in which others may rename it */
} bn_mode_fault;

typedef struct bn_mode_finding {
	bn_mode_fault fault;
	char *path; /* absolute */
	uid_t owner;
	mode_t is, want;   /* 07777; want is the mode for chmod */
	bool holds_others; /* shared by several users: data of others can be lost now */
} bn_mode_finding;

typedef struct bn_mode_findings {
	bn_mode_finding *items; /* the first BN_MODE_FINDINGS of each fault */
	size_t count, cap;
	size_t left_out; /* further ones */
	bool stopped;    /* BN_MODE_ENTRIES were checked, and there are more */
} bn_mode_findings;

enum { BN_MODE_FINDINGS = 16, BN_MODE_ENTRIES = 200000 };

/* Checks .binnacle, what is below it as far as this user can read, and the directories above. founder: the user
 * who may own the parts; (uid_t)-1 if not known. Release it, also after a failure. */
int bn_modes_look(bn_mode_findings *out, const bn_workspace *ws, uid_t founder, bn_err *err);
void bn_modes_release(bn_mode_findings *f);

/* Among the directories of this user, makes those that are BN_MODE_LOOSE sticky and removes others' write
 * permission from those that are BN_MODE_OPEN: legitimate writers can still add, and others can no longer
 * destroy anything. What other users own is left for doctor to report. BN_EIO if one of them cannot be
 * changed. */
int bn_modes_protect(const bn_workspace *ws, bn_err *err);

#endif
