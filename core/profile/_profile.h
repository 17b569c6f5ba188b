/* _profile.h - making the columns of a profile, shared by column_finish.c and profile_json.c. */
#ifndef BN_PROFILE__PROFILE_H
#define BN_PROFILE__PROFILE_H
#include "core/profile/profile.h"

/* Sets the n most frequent values of a column, with copies of their texts. */
int bn_profile_set_top(
	bn_profile_column *c, const bn_profile_value *values, size_t n, bn_err *err);

#endif
