/*
 * _workspace.h - what the parts of the store know about an open workspace.
 */
#ifndef BN_STORE__WORKSPACE_H
#define BN_STORE__WORKSPACE_H
#include "core/store/index/fold.h"
#include "core/store/log/writer.h"

struct bn_workspace {
	const bn_env *env;
	char *dir, *root, *id;
	const bn_fold_class *const *classes; /* NULL: never reads */
	bn_writer *writer;                   /* NULL until the first append */
	struct bn_index *index;              /* NULL until first used; _index.h */
	struct bn_object_store *objects;     /* NULL until first used; object/object.h */
	uint64_t seen_clock;                 /* the highest clock that this process has folded */
};

/* A clock further ahead than this comes from a machine whose clock is wrong: it is folded where it
 * says it belongs, but nobody's own clock follows it, or one bad host would set everyone's for
 * ever. */
enum { BN_CLOCK_AHEAD_MS = 86400000 };
bool bn_clock_is_sane(const bn_env *env, uint64_t clock);

/* A new name under tmp/ that nobody else uses; yours. */
char *bn_workspace_tmp_name(bn_workspace *ws, const char *what, bn_err *err);

#endif
