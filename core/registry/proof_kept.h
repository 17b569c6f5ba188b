/*
 * proof_kept.h - caches that a version was proven, for repeated use while nothing has changed.
 *
 * A proof (proof.h) reads the whole log. The result for a name is kept in the cache (core/store/cache.h), under
 * a key of all inputs of the proof except the objects and workspace.json: the name, the workspace, the state of
 * the log (core/store/log/state.h), this reader's memory of the workspace (core/govern/memory.h) and the rules
 * of the proof. A new record, a replaced file, a link, a removed person, any change of the memory gives another
 * key, and it is proven again.
 *
 * It does not say that the bytes are still in the workspace or unchanged: the caller checks that by `digest`.
 * Nor that this log is not an old one, or its link 0 another: that is checked before, each time
 * (core/govern/trust.h). And the state of a file is what its file system reports: inode, size, owner and times,
 * not its bytes.
 *
 * It is as reliable as the reader's memory: it is in a directory of this user where nobody else may write, and
 * files that another user could have written are ignored. `verify`, `serve` and exports prove each time.
 *
 * Not kept: proofs within seconds of a change of the log, and anything on a network file system, whose clients
 * may see outdated attributes.
 */
#ifndef BN_REGISTRY_PROOF_KEPT_H
#define BN_REGISTRY_PROOF_KEPT_H
#include "core/registry/registry.h"
#include "core/store/cache.h"
#include "core/store/log/state.h"

enum { BN_PROOF_SETTLED_MS = 3000 };

typedef struct bn_kept_proof {
	bn_cache *cache; /* NULL: no cache */
	bn_cache_key key;
	bn_log_state log; /* when it was opened */
	int64_t begun_ms;
} bn_kept_proof;

/* Reads the state of the log; call before the proof begins. */
void bn_kept_proof_open(bn_kept_proof *out, bn_workspace *ws, const char *spec);
/* 1: the name, number, digest and manifest proven for spec; *out is yours (bn_version_free). 0: prove it. */
int bn_kept_proof_get(bn_version **out, const bn_kept_proof *k, bn_err *err);
/* Records that it was proven, from the log as it was at open. */
void bn_kept_proof_put(const bn_kept_proof *k, bn_workspace *ws, const bn_version *v);
void bn_kept_proof_release(bn_kept_proof *k);

#endif
