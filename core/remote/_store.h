/*
 * _store.h - what a back end is to store.c: directory.c, http.c, s3.c.
 */
#ifndef BN_REMOTE__STORE_H
#define BN_REMOTE__STORE_H
#include "core/remote/store.h"

#define BN_REMOTE_TMP ".binnacle-tmp"

typedef struct bn_remote_ops {
	const char *kind;
	bool writes, lists;
	/* Another handle with the same settings. */
	int (*again)(bn_remote_store **out, const bn_remote_store *s, bn_err *err);
	void (*close)(bn_remote_store *s);
	/* As their twins of store.h, with keys that were checked. */
	int (*stat)(bn_remote_store *s, const char *key, bn_remote_info *out, bn_err *err);
	/* Bytes from .. from + count - 1, UINT64_MAX: to the end. *to was set to `from`. */
	int (*get)(bn_remote_store *s, const char *key, uint64_t from, uint64_t count,
		const bn_remote_sink *sink, uint64_t *to, const bn_progress *progress, bn_err *err);
	int (*list)(bn_remote_store *s, const char *prefix, bn_remote_each_key *each, void *ctx,
		bn_err *err);
	int (*put)(bn_remote_store *s, const char *key, const bn_remote_source *source,
		bn_remote_when when, bool *put, const bn_progress *progress, bn_err *err);
	int (*remove)(bn_remote_store *s, const char *key, bn_err *err);
} bn_remote_ops;

/* The first member of every back end's struct. */
struct bn_remote_store {
	const bn_remote_ops *ops;
	const bn_env *env;
	char *place;       /* for messages */
	char *server;      /* URL, or NULL */
	char *credentials; /* where they come from, or NULL */
};

/* Allocates n bytes (zeroed) that begin with a bn_remote_store. */
int bn_remote_store_new(void *out, size_t n, const bn_remote_ops *ops, const bn_env *env,
	const char *place, bn_err *err);
void bn_remote_store_free(bn_remote_store *s); /* what store_new made */

/* path: absolute, or relative to the working directory. */
int bn_remote_directory_open(bn_remote_store **out, const bn_env *env, const char *path,
	const bn_remote_options *o, bn_err *err);
int bn_remote_http_open(bn_remote_store **out, const bn_env *env, const char *url,
	const bn_remote_options *o, bn_err *err);
int bn_remote_s3_open(bn_remote_store **out, const bn_env *env, const char *url,
	const bn_remote_options *o, bn_err *err);

/* n bytes of the source from byte `from` on. */
int bn_remote_source_read(const bn_env *env, const bn_remote_source *source, uint64_t from,
	void *bytes, size_t n, bn_err *err);
/* "KEY is not at PLACE" */
int bn_remote_no_key(const bn_remote_store *s, const char *key, bn_err *err);

#endif
