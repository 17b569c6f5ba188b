/*
 * proof_kept.h - that a version was proven, for who uses it again while nothing has changed.
 *
 * A proof (proof.h) reads the whole log. What a name proved to be is kept in the cache (core/store/cache.h), under a
 * key of all that the proof is made of but the objects and workspace.json: the name, the workspace, the state of the log
 * (core/store/log/state.h), what this reader remembers of the workspace (core/govern/memory.h) and the rules by which
 * it was proven. Any record more, a file that was replaced, a link, a removed person, anything newly remembered or
 * forgotten give another key, and it is proven anew.
 *
 * What it does not say: that the bytes are still in the workspace, or are these, is for the caller to find out by
 * `digest`; that this log is not an old one, nor its link 0 another, is for who looks at the workspace before
 * (core/govern/trust.h), each time;
 * and the state of a file is what its file system says of it: inode, size, owner and times, not its bytes.
 *
 * It is as good as the reader's memory: it lies in a directory of this user where nobody else may write, and what
 * another user could have written there is not read. `verify`, `serve` and exports prove each time.
 *
 * Not kept: what was proven within seconds of a change of the log, and anything on a network file system, whose
 * clients may look at old facts about files.
 */
#ifndef BN_REGISTRY_PROOF_KEPT_H
#define BN_REGISTRY_PROOF_KEPT_H
#include "core/registry/registry.h"
#include "core/store/cache.h"
#include "core/store/log/state.h"

enum { BN_PROOF_SETTLED_MS = 3000 };

typedef struct bn_kept_proof {
	bn_cache *cache; /* NULL: nothing is kept */
	bn_cache_key key;
	bn_log_state log; /* when it was opened */
	int64_t begun_ms;
} bn_kept_proof;

/* Looks at the log; before the proof begins. */
void bn_kept_proof_open(bn_kept_proof *out, bn_workspace *ws, const char *spec);
/* 1 and the name, number, digest and manifest that spec was proven to be; *out is yours (bn_version_free). 0: prove it. */
int bn_kept_proof_get(bn_version **out, const bn_kept_proof *k, bn_err *err);
/* It was proven, from the log as it was at open. */
void bn_kept_proof_put(const bn_kept_proof *k, bn_workspace *ws, const bn_version *v);
void bn_kept_proof_release(bn_kept_proof *k);

#endif
