/* objects.c - see objects.h. */
#include "core/dvc/objects.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/remote/each.h"

#include <stdlib.h>
#include <string.h>

#define V3 "files/md5/"

void bn_dvc_objects_release(bn_dvc_objects *set)
{
	bn_free(set->items);
	*set = (bn_dvc_objects)BN_DVC_OBJECTS_INIT;
}

int bn_dvc_objects_add(bn_dvc_objects *set, const bn_dvc_oid *oid, int64_t size, bn_err *err)
{
	bn_dvc_object o = {.oid = *oid, .size = size};
	if (bn_grow(&set->items, &set->cap, set->count + 1, sizeof o) < 0)
		return bn_err_nomem(err, "a list of objects");
	bn_dvc_key(oid, o.key);
	set->items[set->count++] = o;
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const bn_dvc_oid *x = &((const bn_dvc_object *)a)->oid,
			 *y = &((const bn_dvc_object *)b)->oid;
	/* "ab/..." of DVC 2 comes before "files/md5/ab/...", and "x" before "x.dir" */
	if (x->is_legacy != y->is_legacy)
		return x->is_legacy ? -1 : 1;
	int c = memcmp(x->md5, y->md5, BN_MD5_HEX);
	return c ? c : x->is_dir - y->is_dir;
}

void bn_dvc_objects_sort(bn_dvc_objects *set)
{
	size_t n = 0;
	if (set->count)
		qsort(set->items, set->count, sizeof *set->items, by_key);
	for (size_t i = 0; i < set->count; i++) {
		if (n && !strcmp(set->items[n - 1].key, set->items[i].key)) {
			if (set->items[n - 1].size < 0)
				set->items[n - 1].size = set->items[i].size;
			continue;
		}
		set->items[n++] = set->items[i];
	}
	set->count = n;
}

bn_dvc_object *bn_dvc_objects_find(const bn_dvc_objects *set, const bn_dvc_oid *oid)
{
	const bn_dvc_object key = {.oid = *oid};
	return set->count ? bsearch(&key, set->items, set->count, sizeof key, by_key) : NULL;
}

void bn_dvc_objects_keep_missing(bn_dvc_objects *set)
{
	size_t n = 0;
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].missing)
			set->items[n++] = set->items[i];
	set->count = n;
}

enum { LIST_FROM = 8, LIST_BYTES = 1 << 16 };

/* Looks for n objects that are in one directory of the cache, in order. A directory that is not much larger than that
 * is listed: a system call for many names instead of one for each. */
static size_t look_in(bn_dvc_object *items, size_t n, const bn_dvc_cache *c, const char *dir)
{
	const bn_env *env = c->env;
	bn_names names = BN_NAMES_INIT;
	bn_dir *at = NULL;
	struct stat st;
	size_t missing = 0, skip = strlen(dir) + 1, k = 0;
	if (bn_dir_open_below(&at, c->dir, dir, NULL) < 0)
		at = NULL;
	bool listed = at && n >= LIST_FROM && env->fs->fstat(env, at->fd, &st) == 0 &&
		      st.st_size <= LIST_BYTES && bn_dir_list(at, NULL, &names, NULL) == 0;
	for (size_t i = 0; i < n; i++) {
		const char *name = items[i].key + skip;
		while (listed && k < names.count && strcmp(names.items[k], name) < 0)
			k++;
		if (listed)
			items[i].missing = k == names.count || strcmp(names.items[k], name) != 0;
		else
			items[i].missing = !at || env->fs->stat(env, at, name, &st) < 0 ||
					   !S_ISREG(st.st_mode);
		missing += items[i].missing;
	}
	bn_names_release(&names);
	bn_dir_close(at);
	return missing;
}

size_t bn_dvc_objects_in_cache(bn_dvc_objects *set, const bn_dvc_cache *c)
{
	size_t missing = 0;
	for (size_t i = 0, n; i < set->count; i += n) {
		char dir[BN_DVC_KEY];
		size_t len = (size_t)(strrchr(set->items[i].key, '/') - set->items[i].key);
		memcpy(dir, set->items[i].key, len);
		dir[len] = '\0';
		for (n = 1; i + n < set->count && !strncmp(set->items[i + n].key, dir, len) &&
			    !strchr(set->items[i + n].key + len + 1, '/') &&
			    set->items[i + n].key[len] == '/';
			n++)
			;
		if (c->dir) {
			missing += look_in(&set->items[i], n, c, dir);
			continue;
		}
		for (size_t k = 0; k < n; k++)
			set->items[i + k].missing = true;
		missing += n;
	}
	return missing;
}

int bn_dvc_objects_in_remote(
	bn_dvc_objects *set, bn_remote_store *store, const bn_progress *progress, bn_err *err)
{
	size_t n = set->count, split = 0;
	const char **keys = bn_alloc_zeroed(n + 1, sizeof *keys);
	uint64_t *sizes = bn_alloc_zeroed(n + 1, sizeof *sizes);
	int rc = 0;
	if (!keys || !sizes) {
		rc = bn_err_nomem(err, "a list of objects");
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		keys[i] = set->items[i].key;
	while (split < n &&
		!bn_str_starts(keys[split], V3)) /* those of DVC 2 (ab/cd...) come first */
		split++;
	if ((split &&
		    (rc = bn_remote_sizes(sizes, store, "", keys, split, 0, progress, err)) < 0) ||
		(n > split && (rc = bn_remote_sizes(sizes + split, store, V3, keys + split,
				       n - split, 0, progress, err)) < 0))
		goto out;
	for (size_t i = 0; i < n; i++) {
		set->items[i].missing = sizes[i] == BN_REMOTE_MISSING;
		if (!set->items[i].missing && set->items[i].size < 0)
			set->items[i].size = (int64_t)sizes[i];
	}
out:
	bn_free(keys);
	bn_free(sizes);
	return rc;
}
