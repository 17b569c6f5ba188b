/*
 * _workspace.h - what the parts of the store know about an open workspace.
 *
 * The store's one circle of includes goes through here, and is meant: a workspace opens its index and
 * its objects at first use and closes them, while index/ and object/ offer their work on a bn_workspace,
 * so that callers hold one handle. What is below the circle (log/, and the fold itself, which takes a
 * bn_index_source) knows no workspace.
 */
#ifndef BN_STORE__WORKSPACE_H
#define BN_STORE__WORKSPACE_H
#include "core/base/dir.h"
#include "core/store/log/writer.h"
#include "core/store/workspace.h"

struct bn_workspace {
	const bn_env *env;
	bn_dir *at;            /* .binnacle */
	char *dir, *root, *id; /* dir holds .binnacle, root is its path */
	int64_t format;        /* of workspace.json, as this process last saw it */
	const struct bn_fold_class *const *classes; /* NULL: never reads */
	bn_writer *writer;                          /* NULL until the first append */
	const bn_signer *signer;                    /* borrowed; NULL: nothing is signed */
	size_t merge_at;                 /* sealed segments from which on small ones are merged */
	struct bn_index *index;          /* NULL until first used; _index.h */
	struct bn_object_store *objects; /* NULL until first used; object/object.h */
};

/* Opens ws->index when that has not been done. */
int bn_workspace_need_index(bn_workspace *ws, bn_err *err);

#endif
