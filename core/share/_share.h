/*
 * _share.h - shared by the files of this module: objects.c (what a version consists of), reference.c (a version as a
 * remote describes it), protection.c (what is known of its protection), bundle.c (manifests of anything), status.c (status, and what all have in common), send.c, receive.c, record.c. See transfer.h.
 */
#ifndef BN_SHARE__SHARE_H
#define BN_SHARE__SHARE_H
#include "core/base/fs.h"
#include "core/data/protect.h"
#include "core/remote/each.h"
#include "core/share/transfer.h"
#include "core/store/object/object.h"

/* ---- objects -------------------------------------------------------------------------------- */

/* In the order in which they are put: a later one names earlier ones. */
typedef enum bn_share_level { BN_SHARE_BYTES, BN_SHARE_GROUP, BN_SHARE_TOP } bn_share_level;

typedef struct bn_share_object {
	char hash[65];
	bn_share_level level;
	bool is_here, is_private; /* is_private: put it where only this user can read it */
	uint64_t bytes;           /* of it here, or as a manifest says; UINT64_MAX: not known */
	uint64_t there;           /* bytes at the remote; BN_REMOTE_MISSING */
} bn_share_object;

typedef struct bn_share_objects {
	bn_share_object *items; /* in order of hashes, once bn_share_objects_settle was called */
	size_t count, cap;
} bn_share_objects;
#define BN_SHARE_OBJECTS_INIT \
	{ \
		NULL, 0, 0 \
	}

void bn_share_objects_release(bn_share_objects *l);
int bn_share_objects_add(bn_share_objects *l, const char *hash, bn_share_level level,
	uint64_t bytes, bool is_private, bn_err *err);
/* Sorts, and makes each one unique. */
void bn_share_objects_settle(bn_share_objects *l);
bn_share_object *bn_share_objects_find(const bn_share_objects *l, const char *hash);
/* Whether each is here; of those the size is known. */
int bn_share_objects_look(bn_share_objects *l, bn_workspace *ws, bn_err *err);
/* Which the remote has. */
int bn_share_objects_ask(
	bn_share_objects *l, bn_remote_store *s, const bn_share_options *o, bn_err *err);
/* Adds what the version of that hash consists of, as far as its manifest and groups are here; *open: all of them are.
 * profile: "" for none. */
int bn_share_objects_of(bn_share_objects *l, bool *open, bn_workspace *ws, const char *hash,
	const char *profile, bool is_private, bn_err *err);

enum { BN_SHARE_KEY = 80 };
/* "objects/ab/cdef..."; returns key. */
const char *bn_share_object_key(char key[BN_SHARE_KEY], const char *hash);

/* ---- a version as a remote describes it ----------------------------------------------------- */

#define BN_SHARE_NAME_KEY 400 /* bytes of "datasets/NAME/vN-HASH.json" */

typedef struct bn_share_ref {
	char *name;
	int64_t version;
	char hash[65];
} bn_share_ref;

typedef struct bn_share_refs {
	bn_share_ref *items;
	size_t count, cap;
} bn_share_refs;
#define BN_SHARE_REFS_INIT \
	{ \
		NULL, 0, 0 \
	}

void bn_share_refs_release(bn_share_refs *l);
/* Versions that the remote describes: name NULL: of all datasets. Where the place cannot list, its index.json of that
 * name is read, and without a name BN_EUNSUPPORTED. */
int bn_share_refs_load(bn_share_refs *out, bn_remote_store *s, const char *name, bn_err *err);
const bn_share_ref *bn_share_refs_find(const bn_share_refs *l, const char *name, const char *hash);
void bn_share_ref_key(
	char key[BN_SHARE_NAME_KEY], const char *name, int64_t version, const char *hash);
/* The description of a version that is here. */
json_t *bn_share_ref_json(bn_workspace *ws, const bn_dataset_version *v);
/* Reads it from the remote: BN_ECORRUPT if it is not that of ref. *out is yours. */
int bn_share_ref_read(json_t **out, bn_remote_store *s, const bn_share_ref *ref, bn_err *err);
int bn_share_index_write(bn_remote_store *s, const char *name, bn_err *err);

/* ---- its protection -------------------------------------------------------------------------- */

/* What documents at a remote say of a version: the strictest of all. */
typedef struct bn_share_protection {
	bn_data_class level;
	int64_t keep_days; /* 0: no limit */
	char *owner, *licence, *purpose;
	bn_names personal;
} bn_share_protection;

/* Puts what holds for the version here, unless it is there; nothing if nothing is known. */
int bn_share_protection_put(
	bool *put, bn_workspace *ws, bn_remote_store *s, const bn_dataset_version *v, bn_err *err);
/* Adds the names of all documents of a dataset, for its index. */
int bn_share_protection_names(json_t *list, bn_remote_store *s, const char *name, bn_err *err);
/* BN_ECORRUPT for one that is damaged, or of another version. Release *out also after an error. */
int bn_share_protection_get(
	bn_share_protection *out, bn_remote_store *s, const char *name, const char *hash, bn_err *err);
void bn_share_protection_release(bn_share_protection *p);
/* Makes the protection of the dataset here as strict; what is stricter here stays. BN_EREFUSED for a user who may not set
 * one. only_ask: whether that would be refused. */
int bn_share_protection_take(bn_workspace *ws, const bn_remote_store *s, const char *name,
	const bn_share_protection *p, bool only_ask, bn_err *err);

/* ---- versions ------------------------------------------------------------------------------- */

/* The versions that the options choose, owned by the list; private ones of others are left out, or, if named,
 * BN_EREFUSED. */
typedef struct bn_share_chosen {
	bn_dataset_version **items;
	size_t count, cap;
} bn_share_chosen;

int bn_share_choose(bn_share_chosen *out, bn_workspace *ws, const bn_share_options *o, bn_err *err);
void bn_share_chosen_release(bn_share_chosen *c);
bn_share_version *bn_share_report_add(bn_share_report *r, const char *name, bn_err *err);
int bn_share_report_version(
	bn_share_version **out, bn_share_report *r, const bn_dataset_version *v, bn_err *err);
/* BN_EUNSUPPORTED for a place that is for reading alone. */
int bn_share_need_writable(const bn_remote_store *s, bn_err *err);
/* Sends the objects of one level that are here and not there. */
int bn_share_send_level(bn_share_report *r, bn_workspace *ws, bn_remote_store *s,
	bn_share_objects *all, bn_share_level level, const bn_share_options *o, bn_err *err);

typedef struct bn_share_wanted {
	const char *name, *hash, *profile; /* hash: of the manifest; profile: "" for none */
	bool is_private;
} bn_share_wanted;

/* Gets their manifests, then the groups and parts that these name. */
int bn_share_get_versions(bn_share_report *r, bn_workspace *ws, bn_remote_store *s,
	const bn_share_wanted *list, size_t n, const bn_share_options *o, bn_err *err);
/* Counts where the objects of a version are. */
int bn_share_count(bn_share_version *to, const bn_share_objects *all, bn_workspace *ws,
	const char *profile, bn_err *err);
/* Records a version whose bytes are here. */
int bn_share_record(bn_dataset_version **out, bn_workspace *ws, const bn_remote_store *s,
	const json_t *ref, bool is_private, const bn_share_options *o, bn_err *err);

#endif
