/* _local.h - shared by the local back end (local.c) and storing whole files (local_file.c). */
#ifndef BN_STORE__LOCAL_H
#define BN_STORE__LOCAL_H
#include "core/base/dir.h"
#include "core/store/object/_private.h"
#include "core/store/object/object.h"

typedef struct local_store {
	bn_object_store base;
	bn_workspace *ws;
	const bn_env *env;
	const bn_dir *root; /* the workspace's */
	bool is_private;    /* stores private objects */
	bn_private_memory no_private;
} local_store;

/* An unpredictable name in tmp/. */
int bn_local_tmp_name(local_store *s, char name[BN_OBJECT_NAME], bn_err *err);
/* True if the object exists with that size and a durable name; its time is renewed. */
bool bn_local_renew(local_store *s, const char *hash, uint64_t size);
/* Makes the open file of that name in tmp/ read-only and durable. */
int bn_local_finish(local_store *s, int fd, const char *name, bn_err *err);
/* Gives the finished file of that name in tmp/ its final name. */
int bn_local_publish(local_store *s, const char *tmp, const char *hash, bn_err *err);

#endif
