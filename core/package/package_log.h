/*
 * package_log.h - which images were made of a model version, and where they were pushed.
 *
 * A build writes `package.built`, a push `package.pushed`; the entity of both is `package/<64 hex>`, the digest
 * of the image's manifest without "sha256:". An image that was built elsewhere can be pushed too: its events
 * then say which model version its labels name, or none. The records are history: nothing is decided by them.
 */
#ifndef BN_PACKAGE_PACKAGE_LOG_H
#define BN_PACKAGE_PACKAGE_LOG_H
#include "core/package/oci.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

typedef struct bn_package_built {
	const char *digest;       /* of the image: "sha256:..." of its manifest */
	const char *model;        /* "power" */
	int64_t version;          /* 1 or more */
	const char *model_digest; /* 64 hex digits: the version's manifest */
	const char *format;       /* "oci", "docker-archive", ... */
	const char *path;         /* absolute, on this host */
	uint64_t bytes;           /* of what was written */
	bool is_unapproved;       /* made although the version was not approved */
} bn_package_built;

typedef struct bn_package_pushed {
	const char *digest;          /* of the image, as above */
	const char *manifest_digest; /* what the registry calls it; usually the same */
	const char *registry;        /* "registry.example.org:5050" */
	const char *name;            /* "group/project/power" */
	const char *tag;             /* "3"; NULL: pushed by digest */
	const char *model;           /* by the image's labels; NULL: they name none */
	int64_t version;             /* 0: none */
} bn_package_pushed;

/* Each appends one event; the caller commits, even after a failure (writer.h). */
int bn_package_write_built(bn_workspace *ws, const bn_package_built *b, bn_err *err);
int bn_package_write_pushed(bn_workspace *ws, const bn_package_pushed *p, bn_err *err);

typedef enum bn_package_act { BN_PACKAGE_BUILT, BN_PACKAGE_PUSHED } bn_package_act;

typedef struct bn_package {
	bn_package_act act;
	char digest[BN_OCI_DIGEST_TEXT];
	char *model;     /* NULL: the image's labels name none */
	int64_t version; /* 0: none */
	char *user;
	int64_t time_ms;
	/* of a build */
	char *format, *path, *host; /* NULL otherwise */
	int64_t bytes;              /* -1: unknown */
	bool is_unapproved;
	/* of a push */
	char *registry, *name, *tag; /* NULL otherwise; tag also if it was pushed by digest */
	char manifest_digest[BN_OCI_DIGEST_TEXT];
} bn_package;

typedef struct bn_packages {
	bn_package *items; /* newest first */
	size_t count;
} bn_packages;

/* model NULL: of all; version 0: of all of the model. limit 0: all. Only records of members and of the reader
 * (core/govern/members.h) that are not dated a day or more ahead. */
int bn_package_list(bn_packages *out, bn_workspace *ws, const char *model, int64_t version,
	size_t limit, bn_err *err);
void bn_packages_release(bn_packages *l);

extern const bn_fold_class bn_package_class;

#endif
