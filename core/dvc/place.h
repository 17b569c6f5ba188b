/*
 * place.h - puts objects of the cache into the working tree.
 *
 * A file appears by rename, complete: a clone, a hard link, a symbolic link or a copy, as cache.type says, the first that
 * works. Executable files are copies, as a link's mode is that of the object. What is in the way goes only if the cache
 * has it, or by force. Nothing is changed before all of an output was looked at.
 */
#ifndef BN_DVC_PLACE_H
#define BN_DVC_PLACE_H
#include "core/dvc/scan.h"

/* Of one session. */
typedef struct bn_dvc_placer {
	bn_dvc_session *s;
	size_t link;                  /* in the cache's links: those before it do not work here */
	struct bn_dvc_placed *placed; /* for the state */
	size_t count, cap;
	int64_t files, removed; /* files that were placed and removed */
} bn_dvc_placer;

void bn_dvc_placer_init(bn_dvc_placer *p, bn_dvc_session *s);
/* Notes in the state what was placed and has not changed since. */
void bn_dvc_placer_finish(bn_dvc_placer *p);

/* Puts one object at a path of the repository, over what is there. BN_ENOTFOUND if the cache lacks it. */
int bn_dvc_place(
	bn_dvc_placer *p, const bn_dvc_oid *oid, const char *path, bool is_exec, bn_err *err);
/* Makes an output's path what it says; all its objects are in the cache. BN_EREFUSED if that would lose something that
 * the cache lacks, unless `force`. */
int bn_dvc_checkout(bn_dvc_placer *p, const bn_dvc_out *o, bool force, bn_err *err);

/* Replaces a small text in the repository, or makes it with the modes of the umask. Durable. */
int bn_dvc_write_text(
	const bn_dir *root, const char *name, const char *text, size_t n, bn_err *err);

#endif
