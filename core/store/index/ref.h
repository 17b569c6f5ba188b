/*
 * ref.h - telling gc which objects a room's rows name.
 */
#ifndef BN_STORE_INDEX_REF_H
#define BN_STORE_INDEX_REF_H
#include "core/store/index/fold.h"

/* Called in apply(): the entity's rows now name the object, so gc keeps it. role says what as
 * ("dataset", "artifact/model.safetensors"). The fold removes an entity's references before it
 * calls clear(); those made by commuting events stay. */
int bn_fold_object_ref(bn_fold *f, const char *hash, const char *role, bn_err *err);
/* The same of an object that lies among the owner's private ones: that others do not have it is no fault. */
int bn_fold_private_ref(bn_fold *f, const char *hash, const char *role, uid_t owner, bn_err *err);

#endif
