/* _profile.h - making the columns of a profile, and what its stored form leaves out: shared by column_finish.c,
 * profile_json.c and profile_read.c. */
#ifndef BN_PROFILE__PROFILE_H
#define BN_PROFILE__PROFILE_H
#include "core/profile/profile.h"

#define BN_PROFILE_FORMAT 1 /* everything, as stored by the first version */
#define BN_PROFILE_STORED 2 /* without redundant parts */

/* Sets the n most frequent values of a column, with copies of their texts. */
int bn_profile_set_top(
	bn_profile_column *c, const bn_profile_value *values, size_t n, bn_err *err);

/* Quantiles and histogram follow from the values if all of them are among the frequent ones. */
static inline bool bn_profile_has_all_values(const bn_profile_column *c)
{
	return c->is_numeric && c->distinct_exact && c->top_count == c->distinct &&
	       !c->top_error && !c->quantile_texts;
}

/* Bytes and lists: only their lengths have statistics. */
static inline bool bn_profile_has_sizes(bn_type type)
{
	return type == BN_TYPE_BINARY || bn_type_is_list(type);
}

#endif
