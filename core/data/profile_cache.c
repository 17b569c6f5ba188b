/* profile_cache.c - see profile_cache.h. */
#include "core/data/profile_cache.h"


static void key_make(bn_cache_key *k, const bn_dataset_version *v, const char *filter)
{
	bn_cache_key_init(k, "profile", BN_PROFILE_OPERATION);
	bn_cache_key_add(k, "content", v->content);
	bn_cache_key_add(k, "filter", filter);
}

bool bn_profile_recall(
	bn_profile **out, bn_cache *cache, const bn_dataset_version *v, const char *filter)
{
	bn_cache_key key;
	bn_buf text = BN_BUF_INIT;
	key_make(&key, v, filter);
	bool hit = v->content[0] && bn_cache_get(cache, &key, &text) &&
		   bn_profile_parse(out, text.ptr, text.len, NULL) == 0;
	bn_buf_release(&text);
	bn_cache_key_release(&key);
	return hit;
}

int bn_profile_remember(bn_cache *cache, const bn_dataset_version *v, const char *filter,
	const bn_profile *p, bn_err *err)
{
	bn_cache_key key;
	bn_buf text = BN_BUF_INIT;
	int rc;
	if (!v->content[0]) /* nothing identifies the rows */
		return 0;
	key_make(&key, v, filter);
	if ((rc = bn_profile_write_buf(&text, p, err)) < 0)
		goto out;
	rc = bn_cache_put(cache, &key, text.ptr, text.len, err);
out:
	bn_buf_release(&text);
	bn_cache_key_release(&key);
	return rc;
}
