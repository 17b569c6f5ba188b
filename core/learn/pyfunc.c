/* pyfunc.c - see pyfunc.h. */
#include "core/learn/pyfunc.h"

#include "core/base/buf.h"
#include "core/base/embedded.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/yaml.h"
#include "core/learn/model.h"

#define MODULE "binnacle_model"
#define LOADER "share/embed/" MODULE ".py"
#define CODE_DIR "code"

static int move_inputs(json_t *doc, const char *digest, bn_err *err)
{
	json_t *signature = json_object_get(doc, "signature");
	json_t *metadata = json_object_get(doc, "metadata");
	json_t *inputs = json_object_get(signature, "inputs");
	if (!json_is_object(metadata) || !inputs)
		return bn_err_set(err, BN_EINVAL, "MLmodel has no metadata or no signature");
	if (json_object_set(metadata, "inputs", inputs) || json_object_del(signature, "inputs") ||
		json_object_set_new(metadata, "digest", json_sprintf("sha256:%s", digest)))
		return bn_err_nomem(err, "MLmodel");
	return 0;
}

static int change_mlmodel(
	bn_buf *out, const char *path, const bn_buf *was, const char *digest, bn_err *err)
{
	json_t *doc = NULL, *flavours;
	int rc;
	if ((rc = bn_yaml_parse(&doc, was->ptr, was->len, path, err)) < 0)
		return rc;
	if ((rc = bn_json_need_object(doc, "flavors", &flavours, path, err)) < 0)
		goto out;
	if (json_object_get(flavours, "python_function"))
		goto out;
	if ((rc = move_inputs(doc, digest, err)) < 0)
		goto out;
	if (json_object_set_new(flavours, "python_function",
		    json_pack("{s:s, s:s}", "loader_module", MODULE, "code", CODE_DIR))) {
		rc = bn_err_nomem(err, "MLmodel");
		goto out;
	}
	rc = bn_yaml_write(out, doc, err);
out:
	json_decref(doc);
	return rc;
}

/* The loader first: an MLmodel that names it then finds it. */
static int write_loader(const bn_env *env, const char *dir, bn_err *err)
{
	const bn_embedded_file *loader = bn_embedded_get(LOADER);
	char *code = bn_path_join(dir, CODE_DIR),
	     *path = bn_path_join(code ? code : "", MODULE ".py");
	int rc = code && path ? 0 : bn_err_nomem(err, "a path");
	BN_BUG(!loader);
	if (rc < 0 || (rc = bn_fs_make_dirs(env, code, 0755, err)) < 0)
		goto out;
	rc = bn_fs_write_file(env, path, loader->data, loader->len, 0644, err);
out:
	bn_free(code);
	bn_free(path);
	return rc;
}

int bn_model_add_pyfunc(const bn_env *env, const char *dir, bn_err *err)
{
	char digest[BN_MODEL_DIGEST_HEX + 1];
	bn_buf was = BN_BUF_INIT, now = BN_BUF_INIT;
	char *path = bn_path_join(dir, "MLmodel");
	int rc;
	if (!path)
		return bn_err_nomem(err, "a path");
	if ((rc = bn_model_digest(digest, env, NULL, dir, err)) < 0)
		goto out;
	if ((rc = bn_fs_read_file(env, path, &was, err)) < 0)
		goto out;
	if ((rc = change_mlmodel(&now, path, &was, digest, err)) < 0 || !now.len)
		goto out;
	if ((rc = write_loader(env, dir, err)) < 0)
		goto out;
	rc = bn_fs_write_file(env, path, now.ptr, now.len, 0644, err);
out:
	bn_free(path);
	bn_buf_release(&was);
	bn_buf_release(&now);
	return rc;
}
