/* objects.c - see objects.h. */
#include "tests/support/objects.h"

#include "core/store/object/object.h"

int object_path(bn_workspace *ws, const char *hash, char **path, bn_err *err)
{
	char name[BN_OBJECT_NAME];
	int rc = bn_object_file(ws, hash, name, err);
	if (rc < 0)
		return rc;
	*path = bn_workspace_path(ws, "%s", name);
	return *path ? 0 : bn_err_nomem(err, "a file name");
}
