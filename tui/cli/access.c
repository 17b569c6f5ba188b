/* access.c - see access.h. */
#include "tui/cli/access.h"

#include "core/base/account.h"
#include "core/base/str.h"

#include <errno.h>
#include <string.h>

/* By name or number, as in chown. */
static int group_find(gid_t *out, const char *name, bn_err *err)
{
	int64_t number;
	int e = bn_account_find_group(out, name);
	if (e == 0)
		return 0;
	if (bn_parse_i64(name, strlen(name), &number) && number >= 0 && number < UINT32_MAX) {
		*out = (gid_t)number;
		return 0;
	}
	if (e == ENOENT)
		bn_err_set(err, BN_ENOTFOUND, "no group '%s'", name);
	else
		bn_err_set(err, BN_ENOTFOUND, "no group '%s': %s", name, strerror(e));
	bn_err_hint(err, "to list your groups: id -Gn");
	return BN_ENOTFOUND;
}

int bn_cli_access(bn_access *access, gid_t *group, bn_cli *cli, bn_err *err)
{
	const char *name = bn_cli_opt(cli, "shared");
	if (bn_cli_flag(cli, "private")) {
		*access = BN_ACCESS_PRIVATE;
		return name ? bn_err_set(
				      err, BN_EINVAL, "--private and --shared exclude each other")
			    : 0;
	}
	if (!name)
		return 0;
	*access = BN_ACCESS_GROUP;
	return group_find(group, name, err);
}
