/*
 * upload_memory.c - addresses of unfinished uploads, so that the next process continues them.
 *
 * A file of mode 0600 for each blob, below uploads/ in the user's state directory:
 *
 *	{"registry": ..., "name": ..., "digest": ..., "location": ...}
 *
 * Only addresses at the registry's own origin are kept: there they are worth nothing without credentials, while
 * those of a storage server may be all that it asks for.
 */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/_distribution.h"

#include <string.h>

#define MOST_AGE_S (7 * 86400) /* registries forget uploads after some days */

/* The caller frees it; NULL on failure. dir: gets the directory, likewise. */
static char *path_of(const bn_distribution *d, const char *digest, char **dir)
{
	char *state = NULL, *key = bn_strf("%s/%s@%s", d->base, d->ref.name, digest), *path = NULL;
	char hex[BN_SHA256_HEX + 1];
	*dir = NULL;
	if (key && bn_env_state_dir(&state, d->env, NULL) == 0) {
		bn_sha256_hex(key, strlen(key), hex);
		*dir = bn_strf("%s/uploads", state);
		path = *dir ? bn_strf("%s/%s.json", *dir, hex) : NULL;
	}
	bn_free(key);
	bn_free(state);
	return path;
}

/* Removes what no registry knows any more. */
static void remove_old(const bn_env *env, const char *dir)
{
	bn_names names = BN_NAMES_INIT;
	int64_t now = bn_env_now_ns(env) / 1000000000;
	struct stat st;
	bn_fs_list_dir(env, dir, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		char *path = bn_path_join(dir, names.items[i]);
		if (path && env->fs->stat(env, NULL, path, &st) == 0 &&
			st.st_mtime < now - MOST_AGE_S)
			env->fs->unlink(env, NULL, path);
		bn_free(path);
	}
	bn_names_release(&names);
}

char *bn_upload_memory_load(const bn_distribution *d, const char *digest)
{
	char *dir, *location = NULL, *path;
	bn_buf text = BN_BUF_INIT;
	json_t *doc = NULL;
	if (!d->o.remembers)
		return NULL;
	path = path_of(d, digest, &dir);
	if (dir)
		remove_old(d->env, dir);
	if (path && bn_fs_read_file(d->env, path, &text, NULL) == 0 &&
		bn_json_parse(&doc, text.ptr, text.len, path, NULL) == 0) {
		const char *found = bn_json_str(doc, "location", "");
		if (!strcmp(bn_json_str(doc, "digest", ""), digest) &&
			bn_http_url_same_origin(found, d->base))
			location = bn_strdup(found);
	}
	json_decref(doc);
	bn_buf_release(&text);
	bn_free(path);
	bn_free(dir);
	return location;
}

void bn_upload_memory_save(const bn_distribution *d, const char *digest, const char *location)
{
	char *dir, *path;
	bn_buf text = BN_BUF_INIT;
	if (!d->o.remembers || !bn_http_url_same_origin(location, d->base))
		return;
	path = path_of(d, digest, &dir);
	json_t *doc = json_pack("{s:s, s:s, s:s, s:s}", "registry", d->ref.registry, "name",
		d->ref.name, "digest", digest, "location", location);
	if (path && doc && bn_json_canonical(doc, &text, NULL) == 0) {
		bn_fs_make_dirs(d->env, dir, 0700, NULL);
		bn_fs_write_file(d->env, path, text.ptr, text.len, 0600, NULL);
	}
	json_decref(doc);
	bn_buf_release(&text);
	bn_free(path);
	bn_free(dir);
}

void bn_upload_memory_forget(const bn_distribution *d, const char *digest)
{
	char *dir, *path;
	if (!d->o.remembers)
		return;
	path = path_of(d, digest, &dir);
	if (path)
		d->env->fs->unlink(d->env, NULL, path);
	bn_free(path);
	bn_free(dir);
}
