/*
 * session.h - one piece of work on a DVC repository: the repository, its cache and its state opened together, and
 * what every step of the work needs.
 */
#ifndef BN_DVC_SESSION_H
#define BN_DVC_SESSION_H
#include "core/dvc/cache.h"
#include "core/dvc/state.h"

typedef struct bn_dvc_session {
	bn_dvc_repo *repo;
	bn_dvc_cache cache;
	bn_dvc_state *state;
	bn_dvc_tracked tracked;
	const bn_progress *progress; /* called by one thread at a time, which may be any */
} bn_dvc_session;

/* path: in the repository. to_write: its lock is taken, and its cache made. Reads what is tracked. The caller closes
 * it, also after a failure. */
int bn_dvc_session_open(bn_dvc_session *s, const bn_env *env, const char *path, bool to_write,
	const bn_progress *progress, bn_err *err);
void bn_dvc_session_close(bn_dvc_session *s);

/* 0, or the error of the .dvc file of that path (or that is it), which could not be read. */
int bn_dvc_session_problem(const bn_dvc_session *s, const char *path, bn_err *err);

/* The identities of an output, and of a file in it. */
bn_dvc_oid bn_dvc_oid_of(const bn_dvc_out *o);
bn_dvc_oid bn_dvc_oid_in(const bn_dvc_out *o, const bn_dvc_entry *e);

/*
 * Which outputs words of the command line mean: numbers in s->tracked.outs. No word: all. A word is the path of an
 * output, of something in a directory output (which means all of it), of a .dvc file, or of a directory with outputs.
 * A stage's file (dvc.lock, dvc.yaml) means its outputs. BN_ENOTFOUND for a path that is not tracked.
 */
typedef struct bn_dvc_chosen {
	size_t *numbers, count;
} bn_dvc_chosen;
int bn_dvc_choose(
	bn_dvc_chosen *c, const bn_dvc_session *s, const char *const *words, size_t n, bn_err *err);
void bn_dvc_chosen_release(bn_dvc_chosen *c);

#endif
