/*
 * _workspace.h - an open workspace, internal to core/store and object/, which is layered above it.
 *
 * log/ and index/ are below: a workspace passes them its handle and its id (bn_index_source), and
 * they do not know the workspace. The object stores are created at first use and only kept here,
 * until it is closed.
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
	int64_t format;        /* state of workspace.json as this process last saw it */
	const struct bn_fold_class *const *classes; /* NULL: never reads */
	bn_writer *writer;                          /* NULL until the first append */
	bool in_group;       /* what is appended belongs together: workspace.h */
	bn_err unsealed;     /* set: why a commit could not also seal; reported once */
	bn_access access;    /* workspace.json says "access" */
	bool is_access_said; /* it says so; otherwise access comes from the mode of .binnacle */
	bool is_chained;     /* workspace.json says "chain": true */
	char founding[BN_LINK_NAME]; /* of an upgraded workspace: the id of its link 0; else "" */
	bool sees_founding;          /* the index knows it */
	uint64_t identity_inode;     /* workspace.json, as this process read it */
	struct timespec identity_time;
	bn_signer signer; /* sign NULL: nothing is signed */
	bn_signer_source
		*signer_of; /* called before the first record if the workspace is chained */
	uint8_t epoch[32];  /* epoch of acts, if has_epoch */
	bool has_epoch;
	uint64_t seen_clock;    /* as given by bn_workspace_see_clock */
	size_t merge_at;        /* number of sealed segments from which small ones are merged */
	struct bn_index *index; /* NULL until first used; index/index.h */
	int64_t recent_ns; /* monotonic: when it was refreshed ahead for the next reader; 0: not */
	bool recent_changed;                                   /* that refresh folded something */
	void (*index_close)(struct bn_index *ix);              /* set with index, so that a */
	uint64_t (*index_clock)(const struct bn_index *ix);    /* writer links no SQLite */
	int (*index_failed)(struct bn_index *ix, bn_err *err); /* bn_sql_failed */
	int (*forgotten)(bn_workspace *ws, const char *hash, bn_err *err); /* bn_object_forgotten; NULL: no index */
	bool in_snapshot;
	void *kept; /* see bn_workspace_snapshot_keep */
	bool is_view; /* view.h: at, dir, root and id are borrowed, and nothing is written */
	bool (*wants)(
		void *ctx, const char *entity); /* of a view (bn_view_filter); NULL: everything */
	void *wants_ctx;
	struct bn_object_store *objects;         /* NULL until first used; object/object.h */
	struct bn_object_store *private_objects; /* created and freed with them */
	void (*objects_free)(struct bn_object_store *s);
	char stored[65]; /* the object that this process named last */
};

/* Makes log/, objects/ and the others below .binnacle. */
int bn_workspace_make_parts(const bn_dir *root, const bn_workspace_making *how, bn_err *err);
/* Group and mode of a directory that the workspace's writers share, regardless of the umask. */
int bn_workspace_set_access(const bn_dir *d, const bn_workspace_making *how, bn_err *err);
/* Reads workspace.json below root; the caller owns *out. st: what the file was then. */
int bn_workspace_load_identity(json_t **out, struct stat *st, const bn_dir *root, bn_err *err);
/* Reads it into ws: format, chain, founding, and the id, which is compared if ws already has one. */
int bn_workspace_read_identity(bn_workspace *ws, bn_err *err);
/* Opens ws->index unless it is open. */
int bn_workspace_need_index(bn_workspace *ws, bn_err *err);

#endif
