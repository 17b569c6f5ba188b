/*
 * model_share.h - the files of model versions at remotes, as versions of datasets are there (core/share/bundle.h).
 *
 * push sends them, fetch gets back what is missing here, status says where they are. The registration and the decisions stay
 * in the log: a copy of the files proves nothing by itself, and elsewhere a version is brought by an archive
 * (core/archive), with the log. A version may go where the datasets may go that it was trained on (core/data/protect.h).
 * Versions whose files are elsewhere (is_external) have none.
 */
#ifndef BN_REGISTRY_MODEL_SHARE_H
#define BN_REGISTRY_MODEL_SHARE_H
#include "core/registry/registry.h"
#include "core/share/bundle.h"

typedef int bn_model_share_action(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_bundle *list, size_t n, const bn_share_options *o, bn_err *err);

/* action: bn_share_bundle_push, _fetch or _status. o->refs are versions (bn_version_get); none: all versions that are not
 * removed. A named version that may not leave: BN_EREFUSED at a push; others are left out. Refreshes the index. */
int bn_model_share(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	bn_model_share_action *action, const bn_share_options *o, bn_err *err);

#endif
