/*
 * bundle.h - copies at remotes of what a manifest names, such as the files of a model: as of dataset versions (transfer.h).
 *
 * On the remote its objects are where all others are, and a description says that they are whole:
 *
 *	models/NAME/vN-HASH.json   by number and hash of its manifest
 *
 * What is sent and got is what is missing; everything that is got is hashed.
 */
#ifndef BN_SHARE_BUNDLE_H
#define BN_SHARE_BUNDLE_H
#include "core/share/transfer.h"

typedef struct bn_share_bundle {
	const char *name;        /* of the model */
	int64_t version;
	const char *manifest;    /* its hash */
	const char *description; /* JSON text */
	int64_t created_ms;
	bool left_out; /* it may not be sent */
} bn_share_bundle;

/* Each fills *out, which is to be released also after an error. BN_ENOTFOUND: bytes that are in neither place. The options'
 * refs are not used. */
int bn_share_bundle_status(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_bundle *list, size_t n, const bn_share_options *o, bn_err *err);
int bn_share_bundle_push(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_bundle *list, size_t n, const bn_share_options *o, bn_err *err);
int bn_share_bundle_fetch(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_bundle *list, size_t n, const bn_share_options *o, bn_err *err);

#endif
