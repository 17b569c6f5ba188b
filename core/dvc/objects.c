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
	return strcmp(((const bn_dvc_object *)a)->key, ((const bn_dvc_object *)b)->key);
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
	bn_dvc_object key = {.oid = *oid};
	bn_dvc_key(oid, key.key);
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

/* Objects are looked for in their directories, of which each is opened once: one system call for each object. */
size_t bn_dvc_objects_in_cache(bn_dvc_objects *set, const bn_dvc_cache *c)
{
	bn_dir *at = NULL;
	char dir[BN_DVC_KEY] = "";
	size_t missing = 0;
	struct stat st;
	for (size_t i = 0; i < set->count; i++) {
		bn_dvc_object *o = &set->items[i];
		const char *slash = strrchr(o->key, '/');
		size_t n = (size_t)(slash - o->key);
		if (c->dir && !bn_str_is(dir, o->key, n)) {
			bn_dir_close(at);
			at = NULL;
			memcpy(dir, o->key, n);
			dir[n] = '\0';
			if (bn_dir_open_below(&at, c->dir, dir, NULL) < 0)
				at = NULL;
		}
		o->missing = !at || c->env->fs->stat(c->env, at, slash + 1, &st) < 0 ||
			     !S_ISREG(st.st_mode);
		if (!o->missing && o->size < 0)
			o->size = st.st_size;
		missing += o->missing;
	}
	bn_dir_close(at);
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
