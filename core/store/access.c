/* access.c - see access.h. */
#include "core/store/access.h"

#include <string.h>

static const struct {
	const char *name;
	mode_t mode; /* mode of directories to which all writers add */
} accesses[] = {[BN_ACCESS_OWNER] = {"owner", 0755},
	[BN_ACCESS_PRIVATE] = {"private", 0700},
	[BN_ACCESS_GROUP] = {"group", 03770}};

const char *bn_access_name(bn_access access)
{
	return accesses[access].name;
}

mode_t bn_access_dir_mode(bn_access access)
{
	return accesses[access].mode;
}

int bn_access_find(bn_access *out, const bn_dir *root, const char *name, bn_err *err)
{
	struct stat st;
	for (size_t i = 0; name && i < sizeof accesses / sizeof *accesses; i++)
		if (!strcmp(name, accesses[i].name)) {
			*out = (bn_access)i;
			return 0;
		}
	int e = root->env->fs->fstat(root->env, root->fd, &st);
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot look at '%s'", root->path);
	if (st.st_mode & 022)
		*out = BN_ACCESS_GROUP;
	else
		*out = st.st_mode & 055 ? BN_ACCESS_OWNER : BN_ACCESS_PRIVATE;
	return 0;
}
