/*
 * ref.h - telling gc which objects a module's rows name.
 */
#ifndef BN_STORE_INDEX_REF_H
#define BN_STORE_INDEX_REF_H
#include "core/store/index/fold.h"

/* Call in apply(): the entity's rows now name the object, so gc keeps it. role says what it is
 * used for ("dataset", "artifact/model.safetensors"). The fold removes an entity's references
 * before it calls clear(); those from commuting events stay. */
int bn_fold_object_ref(bn_fold *f, const char *hash, const char *role, bn_err *err);
/* The same for one of the owner's private objects: it is not a fault that others lack it. */
int bn_fold_private_ref(bn_fold *f, const char *hash, const char *role, uid_t owner, bn_err *err);
/* The entity's rows no longer name the object in that role; hash NULL: none in that role. */
int bn_fold_object_unref(bn_fold *f, const char *hash, const char *role, bn_err *err);

#endif
