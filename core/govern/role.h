/*
 * role.h - the names of roles in a workspace. The policy (policy.h) defines what each may do.
 */
#ifndef BN_GOVERN_ROLE_H
#define BN_GOVERN_ROLE_H
#include "core/base/err.h"

typedef enum bn_role {
	BN_ROLE_VIEWER,
	BN_ROLE_DEVELOPER,
	BN_ROLE_REVIEWER,
	BN_ROLE_ADMIN,
	BN_ROLES
} bn_role;

const char *bn_role_name(bn_role role);
int bn_role_parse(bn_role *out, const char *word, bn_err *err); /* BN_EINVAL, with the nearest */

#endif
