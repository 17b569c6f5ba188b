/* objects.h - where an object of a workspace lies, for tests that alter or age its file. */
#ifndef BN_TEST_OBJECTS_H
#define BN_TEST_OBJECTS_H
#include "core/store/workspace.h"

/* Yours (bn_free). BN_ENOTFOUND when it is not there. */
int object_path(bn_workspace *ws, const char *hash, char **path, bn_err *err);

#endif
