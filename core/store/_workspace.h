/*
 * _workspace.h - an open workspace, for the files of core/store and for object/, which is above it.
 *
 * log/ and index/ are below: a workspace hands them its handle and its id (bn_index_source), and they
 * know no workspace. The objects come at first use and are only kept here, until it is closed.
 */
#ifndef BN_STORE__WORKSPACE_H
#define BN_STORE__WORKSPACE_H
#include "core/base/dir.h"
#include "core/store/log/writer.h"
#include "core/store/workspace.h"

#include <time.h>

#define BN_IDENTITY "workspace.json"
/* SIGNED: with records that the first version cannot read. UPGRADED: judged by a link 0 that workspace.json names. */
enum { BN_FORMAT_OLDEST = 1, BN_FORMAT_SIGNED = 2, BN_FORMAT_UPGRADED = 3, BN_FORMAT = 3 };
enum { BN_LINK_NAME = 65 }; /* 64 hex digits */

struct bn_workspace {
	const bn_env *env;
	bn_dir *at;            /* .binnacle */
	char *dir, *root, *id; /* dir holds .binnacle, root is its path */
	int64_t format;        /* of workspace.json, as this process last saw it */
	const struct bn_fold_class *const *classes; /* NULL: never reads */
	bn_writer *writer;                          /* NULL until the first append */
	bn_err unsealed;     /* set: why a commit could not seal in passing; told once */
	bn_access access;    /* workspace.json says "access" */
	bool is_access_said; /* it does say; else access is what the mode of .binnacle tells */
	bool is_chained;     /* workspace.json says "chain": true */
	char founding
		[BN_LINK_NAME];  /* of an upgraded workspace: the id of its link 0; "" of another */
	bool sees_founding;      /* the index knows of it */
	uint64_t identity_inode; /* of workspace.json, as this process read it */
	struct timespec identity_time;
	bn_signer signer; /* sign NULL: nothing is signed */
	bn_signer_source
		*signer_of; /* asked before the first record, when the workspace is chained */
	uint8_t epoch[32];  /* of acts, when has_epoch */
	bool has_epoch;
	uint64_t seen_clock;    /* what this process was told (bn_workspace_see_clock) */
	size_t merge_at;        /* sealed segments from which on small ones are merged */
	struct bn_index *index; /* NULL until first used; index/index.h */
	int64_t recent_ns;      /* monotonic: when it was refreshed for the next reader; 0: not */
	bool recent_changed;    /* and that folded something */
	void (*index_close)(struct bn_index *ix);              /* set with index, so that a */
	uint64_t (*index_clock)(const struct bn_index *ix);    /* writer links no SQLite */
	int (*index_failed)(struct bn_index *ix, bn_err *err); /* bn_sql_failed */
	bool is_view; /* view.h: at, dir, root and id are another's, and nothing is written */
	bool (*wants)(
		void *ctx, const char *entity); /* of a view (bn_view_filter); NULL: everything */
	void *wants_ctx;
	struct bn_object_store *objects; /* NULL until first used; object/object.h */
	struct bn_object_store *private_objects; /* comes and goes with them */
	void (*objects_free)(struct bn_object_store *s);
	char stored[65]; /* the object to which this process gave its name last */
};

/* Reads workspace.json below root; *out is yours. */
int bn_workspace_load_identity(json_t **out, const bn_dir *root, bn_err *err);
/* Reads it into ws: format, chain, founding; and the id, which is compared when ws has one already. */
int bn_workspace_read_identity(bn_workspace *ws, bn_err *err);
/* Opens ws->index when that has not been done. */
int bn_workspace_need_index(bn_workspace *ws, bn_err *err);

#endif
