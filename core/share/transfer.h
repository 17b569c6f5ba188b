/*
 * transfer.h - copies of dataset versions at remotes: push, fetch, pull, status.
 *
 * On a remote, by core/remote/store.h:
 *
 *	objects/ab/cdef...             bytes, by their SHA-256: parts, manifests, profiles
 *	datasets/NAME/vN-HASH.json     a version: what its event says, by number and hash of its manifest
 *	datasets/NAME/protection/HASH-SHA256.json
 *	                               what holds for that version by data protect (class, owner, licence, purpose, retention,
 *	                               personal columns), each named by its own hash too
 *	datasets/NAME/index.json       the names of these, for servers that cannot list; not evidence, and made anew
 *
 * Several workspaces may share a remote: equal bytes are there once, and versions of one number are told apart by their
 * hashes. What is needed by something is put before it (parts, manifest, version), and never replaced, so a reader meets
 * only whole versions, at whatever moment a push was killed. Pushing again sends what is missing, and continues large
 * objects (core/remote). A get is hashed before it becomes an object here (core/store/object), and continues likewise.
 *
 * What is where is asked of the remote each time, since a remote can lose things; the answer may be kept with its age
 * (kept.h), and is never in the log.
 *
 * push   sends versions that are here.
 * fetch  gets missing bytes of versions that the log names; writes no event.
 * pull   the same, and records versions that this workspace does not know, under the next number of that name. Their
 *        parents, sources and recipe as they were elsewhere are kept in the recipe.
 *
 * Protection goes with a version (protection.c). Who pulls it takes the strictest of all documents there and of what holds
 * here; without a document nothing changes. Pseudonyms' secrets, and remotes to which restricted data may go, stay.
 *
 * Trust. A version that is pulled by name is what the remote says it is, like a file that was handed over; by
 * NAME@sha256:HASH it is the very version. Statistics and profile come with it, and are not computed again.
 */
#ifndef BN_SHARE_TRANSFER_H
#define BN_SHARE_TRANSFER_H
#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/remote/store.h"
#include "core/share/remotes.h"

typedef struct bn_share_options {
	const char *const
		*refs;     /* NAME, NAME@v3, NAME@sha256:...; a name alone: its newest version */
	size_t ref_count;  /* 0: every dataset */
	bool all;          /* all versions of these names, not the newest alone */
	const char *remote; /* the name of the remote, by which restricted data may go there (protect.h); NULL: it has none */
	bool verify;       /* push: what is there is read back, and replaced if its bytes are not those of its name */
	bool private_too;  /* push: versions that only this user can read here */
	bool private_here; /* pull: only this user can read it here */
	bool dry_run;      /* find out, and change nothing */
	unsigned at_once;  /* requests; 0: as core/remote/each.h */
	const bn_progress *progress;
} bn_share_options;

/* A version, and where its bytes are. */
typedef struct bn_share_version {
	char *name;
	int64_t version; /* here; 0: this workspace does not know it */
	int64_t number;  /* at the remote; 0: it has no such version */
	char hash[65];   /* names it */
	int64_t rows;    /* -1: not known */
	int64_t created_ms;
	bool is_private;
	bool is_open;              /* what it consists of is known: its manifest is here */
	bool recorded;             /* the remote has its description, so it can be pulled by name */
	uint64_t objects, bytes;   /* of which it consists, as far as is known */
	uint64_t here, here_bytes; /* of these, the ones here */
	uint64_t there, there_bytes;       /* and the ones at the remote, with the right size */
	uint64_t to_push, to_push_bytes;   /* here and not there */
	uint64_t to_fetch, to_fetch_bytes; /* there and not here */
	int64_t asked_ms;                  /* of what is kept (kept.h); else 0: the report's */
	uint64_t nowhere;                  /* in neither */
	bool left_out;                     /* private, and not asked for; or not allowed to leave */
} bn_share_version;

typedef struct bn_share_report {
	bn_share_version *versions;
	size_t count, cap;
	uint64_t objects, bytes; /* sent, or got */
	uint64_t present;        /* needed no sending or getting */
	uint64_t damaged;        /* push: of the right size there, but other bytes; sent again */
	int64_t asked_ms;        /* when the remote was asked */
} bn_share_report;

void bn_share_report_release(bn_share_report *r);
/* "both", "here", "there", "part", "lost": where all of its bytes are; "lost" if some are in neither place. */
const char *bn_share_state(const bn_share_version *v);

/* Each fills *out, which is to be released also after an error. BN_ENOTFOUND: a version that is in neither place, or at
 * a fetch some of its bytes. */
int bn_share_status(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_options *o, bn_err *err);
int bn_share_push(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_options *o, bn_err *err);
int bn_share_fetch(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_options *o, bn_err *err);
int bn_share_pull(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_options *o, bn_err *err);

/* Whether a version may be copied to a remote: the one place that is asked. 0, or BN_EREFUSED with the reason. */
int bn_share_may_leave(bn_workspace *ws, const bn_dataset_version *v, const bn_remote_store *s,
	const bn_share_options *o, bn_err *err);

/* One step of trying a remote: "write", "read", "list"... */
typedef struct bn_share_probe {
	const char *what;
	int64_t ns;
	bool done; /* else `why` says what is wrong, or it was not tried */
	bn_err why;
} bn_share_probe;
enum { BN_SHARE_PROBES = 6 };
/* Reads and, where the place is writable, puts, reads back, puts again if absent, lists and removes a small key. *count
 * of the probes were made; the code is that of the first failure, whose error stays in the probe. */
int bn_share_try(bn_share_probe probes[BN_SHARE_PROBES], size_t *count, const bn_env *env,
	bn_remote_store *s, bn_err *err);

#endif
