/* model_listing.c - see model_listing.h. */
#include "core/ci/model_listing.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define KIND "binnacle.model.package"
#define FORMAT 1

void bn_model_listing_init(bn_model_listing *l)
{
	*l = (bn_model_listing){0};
	bn_manifest_init(&l->files, BN_MANIFEST_MODEL);
}

void bn_model_listing_release(bn_model_listing *l)
{
	bn_free(l->model);
	bn_free(l->run);
	bn_manifest_release(&l->files);
	bn_model_listing_init(l);
}

void bn_model_file_name(char name[BN_MODEL_FILE_NAME], const char *path, const char *sha256)
{
	bool plain = strlen(path) < BN_MODEL_FILE_NAME && path[0] != '.' && path[0] != '-' &&
		     strcmp(path, BN_MODEL_LISTING_FILE) != 0 && !bn_str_starts(path, "sha256-");
	for (const char *p = path; *p && plain; p++)
		plain = isalnum((unsigned char)*p) || strchr("._-", *p);
	if (plain)
		snprintf(name, BN_MODEL_FILE_NAME, "%s", path);
	else
		snprintf(name, BN_MODEL_FILE_NAME, "sha256-%.64s", sha256);
}

int bn_model_listing_format(bn_buf *out, const bn_model_listing *l, bn_err *err)
{
	json_t *files = json_array(), *o = NULL;
	int rc = 0;
	for (size_t i = 0; i < l->files.count; i++) {
		const bn_manifest_part *p = &l->files.parts[i];
		json_array_append_new(files, json_pack("{s:s, s:s, s:I}", "path", p->path, "sha256",
						     p->hash, "bytes", (json_int_t)p->bytes));
	}
	o = json_pack("{s:s, s:i, s:s*, s:s*, s:s, s:o, s:o*}", "kind", KIND, "format", FORMAT,
		"model", l->model, "run", l->run, "digest", l->files.content, "files", files,
		"version", l->version ? json_integer(l->version) : NULL);
	if (!o || json_array_size(files) != l->files.count) {
		rc = bn_err_nomem(err, "a listing");
		goto out;
	}
	rc = bn_json_pretty(o, out, err);
out:
	json_decref(o);
	return rc;
}

static bool is_digest(const char *s)
{
	return strlen(s) == BN_SHA256_HEX && bn_is_hex(s);
}

static int parse_file(bn_model_listing *l, const json_t *item, bn_err *err)
{
	const char *path, *hash;
	int64_t bytes;
	int rc;
	if ((rc = bn_json_need_str(item, "path", &path, "a file", err)) < 0 ||
		(rc = bn_json_need_str(item, "sha256", &hash, "a file", err)) < 0 ||
		(rc = bn_json_need_int(item, "bytes", &bytes, "a file", err)) < 0)
		return rc;
	if (!is_digest(hash))
		return bn_err_set(err, BN_EINVAL, "field 'sha256': '%.80s' is not a digest", hash);
	if (bytes < 0)
		return bn_err_set(
			err, BN_EINVAL, "field 'bytes': %lld is not a size", (long long)bytes);
	return bn_manifest_add_file(&l->files, path, hash, (uint64_t)bytes, err);
}

/* A file cannot be the folder of another one. */
static int check_folders(const bn_manifest *m, bn_err *err)
{
	for (size_t i = 0; i < m->count; i++)
		for (size_t k = i + 1;
			k < m->count && bn_str_starts(m->parts[k].path, m->parts[i].path); k++)
			if (m->parts[k].path[strlen(m->parts[i].path)] == '/')
				return bn_err_set(err, BN_EINVAL,
					"field 'path': '%.200s' is a file and a folder",
					m->parts[i].path);
	return 0;
}

static int copy_text(char **out, const json_t *o, const char *key, bn_err *err)
{
	const char *text = bn_json_str(o, key, NULL);
	if (text && !(*out = bn_strdup(text)))
		return bn_err_nomem(err, "a listing");
	return 0;
}

static int parse_object(bn_model_listing *l, const json_t *o, bn_err *err)
{
	const char *kind, *digest;
	int64_t format;
	json_t *files, *item;
	size_t i;
	int rc;
	if ((rc = bn_json_need_str(o, "kind", &kind, "it", err)) < 0 ||
		(rc = bn_json_need_int(o, "format", &format, "it", err)) < 0)
		return rc;
	if (strcmp(kind, KIND) != 0)
		return bn_err_set(err, BN_EINVAL, "field 'kind': '%.40s' is not " KIND, kind);
	if (format != FORMAT)
		return bn_err_set(err, BN_EUNSUPPORTED, "format %lld is that of a newer binnacle",
			(long long)format);
	if ((rc = bn_json_need_str(o, "digest", &digest, "it", err)) < 0 ||
		(rc = bn_json_need_array(o, "files", &files, "it", err)) < 0 ||
		(rc = copy_text(&l->model, o, "model", err)) < 0 ||
		(rc = copy_text(&l->run, o, "run", err)) < 0)
		return rc;
	l->version = bn_json_int(o, "version", 0);
	if (l->model && !bn_name_is_valid(l->model))
		return bn_err_set(err, BN_EINVAL, "field 'model': '%.80s' is not a name", l->model);
	json_array_foreach(files, i, item)
	{
		if ((rc = parse_file(l, item, err)) < 0) {
			bn_err_prefix(err, "file %zu", i + 1);
			return rc;
		}
	}
	if ((rc = check_folders(&l->files, err)) < 0 || (rc = bn_manifest_seal(&l->files, err)) < 0)
		return rc;
	if (!is_digest(digest) || strcmp(digest, l->files.content) != 0)
		return bn_err_set(err, BN_EINVAL, "field 'digest' is not that of its files");
	return 0;
}

int bn_model_listing_parse(
	bn_model_listing *out, const char *text, size_t n, const char *source, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	json_t *o = NULL;
	int rc;
	bn_model_listing_init(out);
	if ((rc = bn_json_parse(&o, text, n, source, &why)) < 0)
		goto out;
	if ((rc = parse_object(out, o, &why)) < 0)
		bn_err_prefix(&why, "%s", source);
out:
	json_decref(o);
	if (rc == BN_EINVAL)
		rc = bn_err_recode(err, &why, BN_ECORRUPT);
	else if (rc < 0)
		rc = bn_err_move(err, &why);
	if (rc < 0)
		bn_model_listing_release(out);
	return rc;
}
