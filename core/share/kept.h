/*
 * kept.h - what a remote was found to have, kept for this user on this host, with its age.
 *
 * A remote can lose things, and another user can push to it, so this is never more than what was seen at a time: lists
 * and the workbench show it with that time, and nothing is skipped because of it. It lies beside the index
 * (core/store/index/place.h), can be removed at any time, and is not in the log.
 */
#ifndef BN_SHARE_KEPT_H
#define BN_SHARE_KEPT_H
#include "core/share/transfer.h"

/* Adds what was found, in place of what was known of the same versions. */
int bn_share_kept_save(bn_workspace *ws, const char *remote, const bn_share_report *r, bn_err *err);
/* Empty if nothing is kept. asked_ms is the oldest of them; each version has its own. Release *out also after an error. */
int bn_share_kept_load(bn_share_report *out, bn_workspace *ws, const char *remote, bn_err *err);

#endif
