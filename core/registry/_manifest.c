/* _manifest.c - see _manifest.h. */
#include "core/registry/_manifest.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#include <string.h>

void bn_manifest_release(manifest *m)
{
	for (size_t i = 0; i < m->count; i++)
		bn_free(m->files[i].path);
	bn_free(m->files);
	*m = (manifest)MANIFEST_INIT;
}

/* Relative, and stays inside the directory: no empty, "." or ".." part. */
static bool path_is_safe(const char *path)
{
	for (const char *p = path;;) {
		size_t n = strcspn(p, "/");
		if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		if (!p[n])
			return true;
		p += n + 1;
	}
}

int bn_manifest_add(manifest *m, const char *path, const char *sha256, uint64_t size, bn_err *err)
{
	if (!path_is_safe(path) || strlen(path) > 1024)
		return bn_err_set(err, BN_EINVAL, "'%.200s' is no path inside a model", path);
	if (strlen(sha256) != BN_SHA256_HEX || !bn_is_hex(sha256))
		return bn_err_set(err, BN_EINVAL, "'%s' has no SHA-256", path);
	if (m->count && strcmp(m->files[m->count - 1].path, path) >= 0)
		return bn_err_set(err, BN_EINVAL, "'%s' is listed twice or out of order", path);
	if (bn_grow(&m->files, &m->cap, m->count + 1, sizeof *m->files))
		return bn_err_nomem(err, "a manifest");
	manifest_file *f = &m->files[m->count];
	if (!(f->path = bn_strdup(path)))
		return bn_err_nomem(err, "a manifest");
	memcpy(f->sha256, sha256, sizeof f->sha256);
	f->size = size;
	m->count++;
	return 0;
}

int bn_manifest_seal(manifest *m, bn_err *err)
{
	bn_hasher *h = NULL;
	uint8_t raw[BN_SHA256_BYTES];
	if (!m->count)
		return bn_err_set(err, BN_EINVAL, "a model without files");
	int rc = bn_hasher_new(&h, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < m->count; i++) {
		bn_hasher_add(h, m->files[i].sha256, BN_SHA256_HEX);
		bn_hasher_add(h, "  ", 2);
		bn_hasher_add(h, m->files[i].path, strlen(m->files[i].path));
		bn_hasher_add(h, "\n", 1);
	}
	bn_hasher_finish(h, raw);
	bn_hex(raw, sizeof raw, m->digest);
	bn_hasher_free(h);
	return 0;
}

int bn_manifest_store(bn_workspace *ws, const manifest *m, char hash[65], bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	json_t *files = json_array();
	for (size_t i = 0; i < m->count; i++)
		json_array_append_new(
			files, json_pack("{s:s, s:s, s:I}", "path", m->files[i].path, "sha256",
				       m->files[i].sha256, "size", (json_int_t)m->files[i].size));
	json_t *o = json_pack("{s:o}", "files", files);
	int rc = o && json_array_size(files) == m->count ? bn_json_canonical(o, &text, err)
							 : bn_err_nomem(err, "a manifest");
	if (!rc)
		rc = bn_object_put(ws, text.ptr, text.len, hash, err);
	json_decref(o);
	bn_buf_release(&text);
	return rc;
}

static int manifest_parse(manifest *out, const json_t *o, const char *where, bn_err *err)
{
	json_t *files = NULL;
	int rc = bn_json_need_array(o, "files", &files, where, err);
	for (size_t i = 0; !rc && i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);
		const char *path = NULL, *sha256 = NULL;
		int64_t size = 0;
		rc = bn_json_need_str(file, "path", &path, where, err);
		if (!rc)
			rc = bn_json_need_str(file, "sha256", &sha256, where, err);
		if (!rc)
			rc = bn_json_need_int(file, "size", &size, where, err);
		if (!rc && size < 0)
			rc = bn_err_set(err, BN_EINVAL, "%s: '%s' has no size", where, path);
		if (!rc)
			rc = bn_manifest_add(out, path, sha256, (uint64_t)size, err);
	}
	return rc ? rc : bn_manifest_seal(out, err);
}

int bn_manifest_load(manifest *out, bn_workspace *ws, const char *hash, bn_err *err)
{
	char *path = NULL;
	json_t *o = NULL;
	bn_err e = BN_ERR_INIT;
	int rc = bn_object_path(ws, hash, &path, &e);
	if (!rc)
		rc = bn_json_load(&o, bn_workspace_env(ws), path, &e);
	if (!rc)
		rc = manifest_parse(out, o, "manifest", &e);
	if (rc == BN_EINVAL) /* nobody typed it: it was damaged, or is no manifest */
		rc = BN_ECORRUPT;
	if (rc) {
		bn_err_set(err, rc, "manifest %.12s: %s", hash, e.msg);
		bn_manifest_release(out);
	}
	json_decref(o);
	bn_free(path);
	return rc;
}

const manifest_file *bn_manifest_find(const manifest *m, const char *path)
{
	for (size_t i = 0; i < m->count; i++)
		if (!strcmp(m->files[i].path, path))
			return &m->files[i];
	return NULL;
}
