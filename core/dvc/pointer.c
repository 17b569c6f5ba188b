/* pointer.c - see pointer.h; pointer_write.c writes them. */
#include "core/dvc/pointer.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/yaml.h"
#include "core/dvc/ignore.h"

#include <fnmatch.h>
#include <string.h>

static void out_release(bn_dvc_out *o)
{
	bn_free(o->file);
	bn_free(o->stage);
	bn_free(o->path);
	bn_free(o->remote);
}

void bn_dvc_outs_back_to(bn_dvc_outs *outs, size_t count)
{
	while (outs->count > count)
		out_release(&outs->items[--outs->count]);
}

void bn_dvc_outs_release(bn_dvc_outs *outs)
{
	bn_dvc_outs_back_to(outs, 0);
	bn_free(outs->items);
	*outs = (bn_dvc_outs)BN_DVC_OUTS_INIT;
}

/* ---- paths ------------------------------------------------------------------------------------ */

static int add_component(bn_buf *to, const char *part, size_t n, const char *name, bn_err *err)
{
	if (n == 0 || (n == 1 && *part == '.'))
		return 0;
	if (n == 2 && !memcmp(part, "..", 2)) {
		if (!to->len)
			return bn_err_set(err, BN_EINVAL, "%s leads out of the repository", name);
		const char *slash = strrchr(to->ptr, '/');
		bn_buf_truncate(to, slash ? (size_t)(slash - to->ptr) : 0);
		return 0;
	}
	if (to->len)
		bn_buf_addch(to, '/');
	bn_buf_add(to, part, n);
	return 0;
}

static int add_components(bn_buf *to, const char *path, const char *name, bn_err *err)
{
	int rc = 0;
	if (*path == '/')
		return bn_err_set(
			err, BN_EINVAL, "%s is absolute; it must be below the repository", name);
	while (rc == 0 && *path) {
		size_t n = strcspn(path, "/");
		rc = add_component(to, path, n, name, err);
		path += n + (path[n] == '/');
	}
	return rc;
}

static int check_components(const char *path, const char *name, bn_err *err)
{
	if (!*path)
		return bn_err_set(err, BN_EINVAL, "%s is the repository itself", name);
	while (*path) {
		size_t n = strcspn(path, "/");
		if (bn_dvc_is_control_name(path, n))
			return bn_err_set(err, BN_EINVAL, "%s leads into %.*s, which is not data",
				name, (int)n, path);
		path += n + (path[n] == '/');
	}
	return 0;
}

int bn_dvc_path_below(char **out, const char *file, const char *wdir, const char *path,
	const char *name, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	const char *slash = strrchr(file, '/');
	int rc = 0;
	if (slash)
		bn_buf_add(&b, file, (size_t)(slash - file));
	if ((wdir && (rc = add_components(&b, wdir, name, err)) < 0) ||
		(rc = add_components(&b, path, name, err)) < 0 ||
		(rc = bn_buf_check(&b, err, "a path")) < 0 ||
		(rc = check_components(b.ptr, name, err)) < 0)
		goto out;
	*out = bn_buf_take(&b, NULL);
	if (!*out)
		rc = bn_err_nomem(err, "a path");
out:
	bn_buf_release(&b);
	return rc;
}

/* ---- one output --------------------------------------------------------------------------------- */

/* Where an output stands, for messages: the field's name in the text and its line. */
typedef struct place {
	const char *text, *file, *wdir, *stage;
	size_t n;
	bn_buf list; /* "outs", "stages.train.outs" */
	bn_err *err;
} place;

/* Marks the error with "file:line". */
static int at_field(const place *p, size_t i, const char *field, int rc)
{
	char *name = bn_strf("%s[%zu].%s", p->list.ptr, i, field);
	size_t line = name ? bn_yaml_line(p->text, p->n, name) : 0;
	bn_free(name);
	if (line)
		bn_err_prefix(p->err, "%s:%zu", p->file, line);
	else
		bn_err_prefix(p->err, "%s", p->file);
	return rc;
}

static int wrong(const place *p, size_t i, const char *field, const char *what)
{
	return at_field(p, i, field, bn_err_set(p->err, BN_EINVAL, "field '%s' %s", field, what));
}

static int read_md5(bn_dvc_out *o, const place *p, const json_t *item, size_t i)
{
	const json_t *v = json_object_get(item, "md5");
	const char *hash = bn_json_str(item, "hash", NULL), *text = json_string_value(v);
	char digits[BN_FMT];
	o->is_legacy = !hash;
	if (hash && strcmp(hash, "md5") != 0) {
		bn_err_set(p->err, BN_EUNSUPPORTED,
			"field 'hash' is '%.40s', only md5 is supported", hash);
		return at_field(p, i, "hash", BN_EUNSUPPORTED);
	}
	if (!v || json_is_null(v))
		return 0;       /* added without a commit, or an output of a stage that never ran */
	if (json_is_integer(v)) /* 32 digits do not fit: what does is not an MD5 */
		text = bn_fmt_i64(json_integer_value(v), digits);
	size_t n = text ? strlen(text) : 0;
	o->is_dir = n == BN_MD5_HEX + 4 && bn_str_ends(text, ".dir");
	if (!text || (n != BN_MD5_HEX && !o->is_dir))
		return wrong(p, i, "md5", "is not an MD5: 32 hex digits, and .dir for a directory");
	memcpy(o->md5, text, BN_MD5_HEX);
	o->md5[BN_MD5_HEX] = '\0';
	if (!bn_md5_is_hex(o->md5))
		return wrong(p, i, "md5", "is not an MD5: 32 hex digits, and .dir for a directory");
	return 0;
}

static int read_counts(bn_dvc_out *o, const place *p, const json_t *item, size_t i)
{
	o->size = bn_json_int(item, "size", -1);
	o->nfiles = bn_json_int(item, "nfiles", -1);
	if (json_object_get(item, "size") && o->size < 0)
		return wrong(p, i, "size", "is not a number of bytes");
	if (json_object_get(item, "nfiles") && o->nfiles < 0)
		return wrong(p, i, "nfiles", "is not a number of files");
	return 0;
}

static int read_path(bn_dvc_out *o, const place *p, const json_t *item, size_t i)
{
	const char *path = bn_json_str(item, "path", NULL);
	if (!path)
		return wrong(p, i, "path", "is missing, or is not text");
	int rc = bn_dvc_path_below(&o->path, p->file, p->wdir, path, "field 'path'", p->err);
	return rc < 0 ? at_field(p, i, "path", rc) : 0;
}

static int read_out(bn_dvc_out *o, const place *p, const json_t *item, size_t i)
{
	static const char *const versioned[] = {"files", "version_id", "etag", "checksum", NULL};
	const char *remote;
	int rc;
	if (!json_is_object(item))
		return wrong(p, i, "path", "is missing: an output is a mapping");
	for (const char *const *key = versioned; *key; key++)
		if (json_object_get(item, *key)) {
			bn_err_set(p->err, BN_EUNSUPPORTED,
				"field '%s': outputs in storage that keeps versions are not "
				"supported",
				*key);
			return at_field(p, i, *key, BN_EUNSUPPORTED);
		}
	if ((rc = read_md5(o, p, item, i)) < 0 || (rc = read_counts(o, p, item, i)) < 0 ||
		(rc = read_path(o, p, item, i)) < 0)
		return rc;
	o->number = i;
	o->is_exec = bn_json_bool(item, "isexec", false);
	o->uncached = !bn_json_bool(item, "cache", true);
	o->no_push = !bn_json_bool(item, "push", true);
	remote = bn_json_str(item, "remote", NULL);
	o->file = bn_strdup(p->file);
	o->stage = bn_strdup(p->stage);
	o->remote = bn_strdup(remote);
	if (!o->file || (p->stage && !o->stage) || (remote && !o->remote))
		return bn_err_nomem(p->err, "an output");
	return 0;
}

static int add_outs(bn_dvc_outs *outs, const place *p, const json_t *list, const bn_dvc_out *like)
{
	const json_t *item;
	size_t i;
	int rc;
	json_array_foreach(list, i, item)
	{
		bn_dvc_out o = {.imported = like->imported, .has_deps = like->has_deps};
		if (bn_grow(&outs->items, &outs->cap, outs->count + 1, sizeof o) < 0)
			return bn_err_nomem(p->err, "outputs");
		if ((rc = read_out(&o, p, item, i)) < 0) {
			out_release(&o);
			return rc;
		}
		outs->items[outs->count++] = o;
	}
	return 0;
}

/* ---- files ------------------------------------------------------------------------------------ */

/* Whether the data come from another repository (dvc import). */
static bool is_import(const json_t *root)
{
	const json_t *dep;
	size_t i;
	json_array_foreach(json_object_get(root, "deps"), i,
		dep) if (json_object_get(dep, "repo")) return true;
	return false;
}

static int need_mapping(const json_t *root, const char *file, bn_err *err)
{
	if (json_is_object(root))
		return 0;
	bn_err_set(err, BN_EINVAL, "%s:1: not a file of DVC: a mapping is expected", file);
	bn_err_hint(err, "a merge conflict? git checkout restores the file");
	return BN_EINVAL;
}

int bn_dvc_pointer_parse(
	bn_dvc_outs *outs, const char *text, size_t n, const char *file, bn_err *err)
{
	place p = {.text = text, .n = n, .file = file, .list = BN_BUF_INIT, .err = err};
	json_t *root = NULL;
	int rc;
	bn_buf_adds(&p.list, "outs");
	if ((rc = bn_buf_check(&p.list, err, file)) < 0 ||
		(rc = bn_yaml_parse(&root, text, n, file, err)) < 0 ||
		(rc = need_mapping(root, file, err)) < 0)
		goto out;
	const json_t *list = json_object_get(root, "outs");
	const bn_dvc_out like = {
		.imported = is_import(root), .has_deps = json_object_get(root, "deps") != NULL};
	p.wdir = bn_json_str(root, "wdir", NULL);
	if (list && !json_is_array(list)) {
		rc = bn_err_set(err, BN_EINVAL, "%s:%zu: field 'outs' is not a list", file,
			bn_yaml_line(text, n, "outs"));
		goto out;
	}
	rc = add_outs(outs, &p, list, &like);
out:
	json_decref(root);
	bn_buf_release(&p.list);
	return rc;
}

/* ---- dvc.lock and dvc.yaml ---------------------------------------------------------------------- */

/* The definition of a stage in dvc.yaml: of "train@xl", made by foreach or matrix, that of "train". NULL: none. */
static const json_t *definition(const json_t *yaml, const char *stage)
{
	const json_t *stages = json_object_get(yaml, "stages"),
		     *at = json_object_get(stages, stage), *inner;
	const char *sign = strchr(stage, '@');
	char *base = !at && sign ? bn_strndup(stage, (size_t)(sign - stage)) : NULL;
	if (base)
		at = json_object_get(stages, base);
	bn_free(base);
	inner = json_object_get(at, "do");
	return inner ? inner : at;
}

/* Whether a path is that of an entry of dvc.yaml, in which "${...}" stands for any text. */
static bool is_entry(const char *entry, const char *path)
{
	bn_buf pattern = BN_BUF_INIT;
	for (const char *p = entry; *p; p++) {
		const char *close = bn_str_starts(p, "${") ? strchr(p, '}') : NULL;
		if (close)
			p = close;
		if (!close && strchr("*?[\\", *p))
			bn_buf_addch(&pattern, '\\');
		bn_buf_addch(&pattern, close ? '*' : *p);
	}
	bool is = !pattern.failed && !fnmatch(pattern.ptr, path, 0);
	bn_buf_release(&pattern);
	return is;
}

/* Whether dvc.yaml says "cache: false" of an output. */
static bool is_uncached(const json_t *stage, const char *path)
{
	static const char *const lists[] = {"outs", "metrics", "plots", NULL};
	const json_t *entry;
	json_t *options;
	const char *name;
	size_t i;
	for (const char *const *list = lists; *list; list++) {
		json_array_foreach(json_object_get(stage, *list), i, entry)
		{
			json_object_foreach((json_t *)entry, name,
				options) if (!bn_json_bool(options, "cache", true) &&
					     is_entry(name, path)) return true;
		}
	}
	return false;
}

static int add_stage(bn_dvc_outs *outs, place *p, const json_t *yaml, const json_t *locked)
{
	const json_t *stage = definition(yaml, p->stage), *list = json_object_get(locked, "outs");
	const bn_dvc_out like = {.has_deps = true};
	size_t before = outs->count;
	int rc;
	if (!stage)
		return 0; /* what a removed stage made is no longer tracked */
	p->wdir = bn_json_str(stage, "wdir", NULL);
	if (p->wdir && strstr(p->wdir, "${"))
		return bn_err_set(p->err, BN_EUNSUPPORTED,
			"%s: stage '%.80s' has a 'wdir' with '${', which is not supported", p->file,
			p->stage);
	if ((rc = add_outs(outs, p, list, &like)) < 0)
		return rc;
	for (size_t i = before; i < outs->count; i++) {
		const json_t *item = json_array_get(list, outs->items[i].number);
		outs->items[i].uncached |= is_uncached(stage, bn_json_str(item, "path", ""));
	}
	return 0;
}

int bn_dvc_lock_parse(bn_dvc_outs *outs, const char *text, size_t n, const char *file,
	const json_t *yaml, bn_err *err)
{
	place p = {.text = text, .n = n, .file = file, .list = BN_BUF_INIT, .err = err};
	json_t *root = NULL, *stage;
	const char *name;
	int rc;
	if ((rc = bn_yaml_parse(&root, text, n, file, err)) < 0 ||
		(rc = need_mapping(root, file, err)) < 0)
		goto out;
	const char *schema = bn_json_str(root, "schema", NULL);
	if (!schema || strcmp(schema, "2.0") != 0) {
		rc = bn_err_set(err, BN_EUNSUPPORTED, "%s: schema '%.20s', only '2.0' is supported",
			file, schema ? schema : "1.0");
		goto out;
	}
	json_object_foreach(json_object_get(root, "stages"), name, stage)
	{
		bn_buf_clear(&p.list);
		bn_buf_addf(&p.list, "stages.%s.outs", name);
		p.stage = name;
		if ((rc = bn_buf_check(&p.list, err, file)) < 0 ||
			(rc = add_stage(outs, &p, yaml, stage)) < 0)
			goto out;
	}
out:
	json_decref(root);
	bn_buf_release(&p.list);
	return rc;
}
