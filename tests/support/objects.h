/* objects.h - the path of an object of a workspace, for tests that alter or age its file. */
#ifndef BN_TEST_OBJECTS_H
#define BN_TEST_OBJECTS_H
#include "core/store/workspace.h"

/* Yours (bn_free). BN_ENOTFOUND if it does not exist. */
int object_path(bn_workspace *ws, const char *hash, char **path, bn_err *err);

#endif
