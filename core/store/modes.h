/*
 * modes.h - the modes of what lies below .binnacle, and looking for those that are wrong.
 *
 *	                                       owner   private   group
 *	.binnacle and its parts                0755    0700      03770
 *	objects/ab, claims/model, ...          as the part that they lie in
 *	log/<writer>, runs/<id>                0755    0700      0750, 0755   its user's
 *	queue/<user>, trash/<uid>              0700                         its user's
 *	objects/private-<uid>                  0700                         its user's; objects there 0400
 *	objects, claims, sealed segments       0444, 0444, 0644
 *
 * They are set when something is made, whatever the umask is. In a group's workspace the directories that all
 * write to are sticky: a member adds entries, and removes, renames or replaces only his own. Nobody writes to
 * what another has made.
 */
#ifndef BN_STORE_MODES_H
#define BN_STORE_MODES_H
#include "core/base/dir.h"
#include "core/store/workspace.h"

/* objects/private-UID: of the user with that number (object/_private.h). */
#define BN_PRIVATE_PREFIX "private-"

/* ---- looking at what is there ----------------------------------------------------------------- */

typedef enum bn_mode_fault {
	BN_MODE_OPEN, /* others may write to it who shall not */
	BN_MODE_SHUT, /* those who shall use it cannot */
	BN_MODE_LOOSE, /* several write to it, and it is not sticky: each can remove and replace what is
			  * another's */
	BN_MODE_SHOWN,   /* others see what is private */
	BN_MODE_FOREIGN, /* neither the founder's nor root's: its owner can do that, sticky or not */
	BN_MODE_KIND,    /* no directory where there should be one */
	BN_MODE_DEVICE, /* on another file system than the workspace: what lies there is not used */
	BN_MODE_ABOVE,  /* a directory above the workspace, in which others may rename it */
} bn_mode_fault;

typedef struct bn_mode_finding {
	bn_mode_fault fault;
	char *path; /* absolute */
	uid_t owner;
	mode_t is, want;   /* 07777; want is also what chmod has to make of it */
	bool holds_others; /* of several users: what is another's can be lost today */
} bn_mode_finding;

typedef struct bn_mode_findings {
	bn_mode_finding *items; /* the first BN_MODE_FINDINGS of each fault */
	size_t count, cap;
	size_t left_out; /* further ones */
	bool stopped;    /* BN_MODE_ENTRIES were looked at, and there are more */
} bn_mode_findings;

enum { BN_MODE_FINDINGS = 16, BN_MODE_ENTRIES = 200000 };

/* Looks at .binnacle, at what lies below it as far as this user may, and at the directories above. founder: who
 * may own the parts; (uid_t)-1 when that is not known. Release it, also after a failure. */
int bn_modes_look(bn_mode_findings *out, const bn_workspace *ws, uid_t founder, bn_err *err);
void bn_modes_release(bn_mode_findings *f);

/* Makes sticky what is BN_MODE_LOOSE, and takes others' writing from what is BN_MODE_OPEN, of what is this user's own:
 * whoever may add there goes on adding, and nothing more is lost to others. What belongs to somebody else is left, for
 * doctor to name. BN_EIO when one of them cannot be. */
int bn_modes_protect(const bn_workspace *ws, bn_err *err);

#endif
