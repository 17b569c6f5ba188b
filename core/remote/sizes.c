/*
 * sizes.c - which of many keys are there: see each.h.
 *
 * Asking for a key costs a request; a listing costs one for each thousand keys that are there, wanted or not. So a part
 * of the keys below the prefix is listed first, those that share their next two characters with the first key (objects
 * by their hash are spread evenly), and from their number follows what a listing of all of them would cost. A directory
 * is the same case: there a listing looks at every file.
 */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/remote/each.h"

#include <string.h>

enum { FEW = 64, PAGE = 1000, SHARDS = 256 };

typedef struct asking {
	uint64_t *sizes;
	const char *const *keys;
	size_t n, at;    /* at: the next key that a listing may meet */
	uint64_t listed; /* keys that the listing gave */
	uint64_t most;   /* it ends when there are more */
	const bn_progress *progress;
} asking;

static int ask_one(
	void *ctx, bn_remote_store *s, size_t i, const bn_progress *progress, bn_err *err)
{
	asking *a = ctx;
	bn_remote_info info;
	bn_err why = BN_ERR_INIT;
	(void)progress;
	int rc = bn_remote_store_stat(s, a->keys[i], &info, &why);
	if (rc == BN_ENOTFOUND)
		return 0;
	if (rc < 0)
		return bn_err_move(err, &why);
	a->sizes[i] = info.bytes;
	return 0;
}

/* Both are in order. */
static int meet(void *ctx, const char *key, const bn_remote_info *info, bn_err *err)
{
	asking *a = ctx;
	int rc = 0;
	if (++a->listed > a->most)
		return 1;
	if (a->listed % PAGE == 0 &&
		(rc = bn_progress_step(a->progress, "listing", a->listed, 0, err)) < 0)
		return rc;
	while (a->at < a->n && strcmp(a->keys[a->at], key) < 0)
		a->at++;
	if (a->at < a->n && !strcmp(a->keys[a->at], key))
		a->sizes[a->at++] = info->bytes;
	return 0;
}

/* Whether listing everything below the prefix takes fewer requests than n. */
static int listing_pays(bool *pays, asking *a, bn_remote_store *s, const char *prefix, bn_err *err)
{
	char shard[BN_REMOTE_KEY_MAX + 1];
	size_t len = strlen(prefix) + 2;
	bool is_directory = !strcmp(bn_remote_store_kind(s), "directory");
	/* Looking at a file of a listing costs what looking at a key does. */
	uint64_t a_request = is_directory ? 1 : PAGE;
	asking probe = {
		.keys = a->keys, .sizes = a->sizes, .most = a->n * a_request / SHARDS + PAGE};
	*pays = false;
	if (strlen(a->keys[0]) < len || len > BN_REMOTE_KEY_MAX)
		return 0;
	memcpy(shard, a->keys[0], len);
	shard[len] = '\0';
	int rc = bn_remote_store_list(s, shard, meet, &probe, err);
	*pays = rc == 0 && probe.listed * SHARDS / a_request <= a->n;
	return rc < 0 ? rc : 0;
}

int bn_remote_sizes(uint64_t *sizes, bn_remote_store *s, const char *prefix,
	const char *const *keys, size_t n, unsigned at_once, const bn_progress *progress,
	bn_err *err)
{
	asking a = {.sizes = sizes, .keys = keys, .n = n, .most = UINT64_MAX, .progress = progress};
	bool list = false;
	int rc = 0;
	for (size_t i = 0; i < n; i++)
		sizes[i] = BN_REMOTE_MISSING;
	if (n > FEW && bn_remote_store_can_list(s) &&
		(rc = listing_pays(&list, &a, s, prefix, err)) < 0)
		return rc;
	if (list)
		return bn_remote_store_list(s, prefix, meet, &a, err);
	bn_remote_work work = {.task = ask_one,
		.ctx = &a,
		.count = n,
		.at_once = at_once,
		.what = "looking at what is there"};
	return bn_remote_each(s, &work, progress, err);
}
