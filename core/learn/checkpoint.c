/* checkpoint.c - see checkpoint.h. */
#include "core/learn/checkpoint.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/learn/device.h"
#include "kernels/blas.h"

#include <stdio.h>
#include <string.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#define LIBC "glibc", gnu_get_libc_version()
#else
#define LIBC "libc", "unknown"
#endif

/* Keys of the metadata. */
static const char recipe_key[] = "recipe", machine_key[] = "machine", steps_key[] = "steps",
		  digest_key[] = "digest";

/* ---- identity ------------------------------------------------------------------------------- */

int bn_checkpoint_recipe(char out[65], const bn_spec *spec, const char *limit, bn_err *err)
{
	bn_spec *copy = NULL;
	int rc = bn_spec_dup(&copy, spec, err);
	if (rc < 0)
		return rc;
	if (limit && copy->hyper) {
		json_t *hyper = json_deep_copy(copy->hyper);
		json_decref(copy->hyper);
		if (!(copy->hyper = hyper)) {
			rc = bn_err_nomem(err, "a recipe");
			goto out;
		}
		json_object_del(hyper, limit);
	}
	rc = bn_spec_recipe_hash(copy, out, err);
out:
	bn_spec_free(copy);
	return rc;
}

void bn_checkpoint_backend(char out[BN_CHECKPOINT_MACHINE], const bnk_target *target)
{
	snprintf(out, BN_CHECKPOINT_MACHINE, "binnacle %s, %s", BN_VERSION, target->backend->name);
}

void bn_checkpoint_machine(char out[BN_CHECKPOINT_MACHINE], const bnk_target *target)
{
	const bnk_blas *blas = bnk_blas_open(NULL, 0);
	char device[120] = "";
	bnk_device *d = NULL;
	bn_checkpoint_backend(out, target);
	size_t n = strlen(out);
	if (strcmp(target->backend->name, "cpu") == 0) {
		snprintf(out + n, BN_CHECKPOINT_MACHINE - n, ": %.100s %.30s, %s %.20s",
			blas ? blas->get_config() : "no OpenBLAS", blas ? blas->get_corename() : "",
			LIBC);
		return;
	}
	if (bnk_device_open(&d, target, 1) == BNK_OK)
		bnk_device_describe(d, device, sizeof device);
	bnk_device_close(d);
	snprintf(out + n, BN_CHECKPOINT_MACHINE - n, ": %s", device);
}

int bn_checkpoint_fits(const bn_checkpoint_about *a, const char *recipe, const char *backend,
	const char *machine, bn_err *err)
{
	if (strcmp(a->recipe, recipe) != 0)
		return bn_err_set(err, BN_ECONFLICT, "the checkpoint is of another recipe");
	if (strcmp(a->machine, backend) == 0 || strcmp(a->machine, machine) == 0)
		return 0;
	return bn_err_set(err, BN_ECONFLICT,
		"the checkpoint was computed by %s; this is %s, whose last digits may differ",
		a->machine, strchr(a->machine, ':') ? machine : backend);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The digest of everything in the file except itself. */
static int digest_of(char out[65], const bn_tensors *t, bn_err *err)
{
	static const char *const keys[] = {recipe_key, machine_key, steps_key};
	uint8_t sum[BN_SHA256_BYTES];
	bn_hasher *h = NULL;
	int rc = bn_hasher_new(&h, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *text = bn_tensors_metadata(t, keys[i]);
		bn_hasher_add(h, text ? text : "", text ? strlen(text) + 1 : 1);
	}
	for (size_t i = 0; i < bn_tensors_count(t); i++) {
		const bn_tensor *one = bn_tensors_get(t, i);
		bn_hasher_add(h, one->name, strlen(one->name) + 1);
		bn_hasher_add(h, one->data, (size_t)one->bytes);
	}
	bn_hasher_finish(h, sum);
	bn_hex(sum, sizeof sum, out);
	bn_hasher_free(h);
	return 0;
}

static int about_read(bn_checkpoint_about *out, const bn_tensors *t, const char *path, bn_err *err)
{
	const char *recipe = bn_tensors_metadata(t, recipe_key);
	const char *machine = bn_tensors_metadata(t, machine_key);
	const char *steps = bn_tensors_metadata(t, steps_key);
	const char *digest = bn_tensors_metadata(t, digest_key);
	char found[65];
	int rc = digest_of(found, t, err);
	if (rc < 0)
		return rc;
	if (!digest || strcmp(digest, found) != 0 || !recipe || !machine || !steps ||
		!bn_parse_i64(steps, strlen(steps), &out->steps) || out->steps < 1)
		return bn_err_set(err, BN_ECORRUPT, "'%s' is damaged", path);
	snprintf(out->recipe, sizeof out->recipe, "%s", recipe);
	snprintf(out->machine, sizeof out->machine, "%s", machine);
	return 0;
}

/* *out is yours. */
static int file_read(bn_tensors **out, bn_checkpoint_about *about, const bn_dir *at,
	const char *name, bn_err *err)
{
	bn_buf bytes = BN_BUF_INIT;
	bn_tensors *found = NULL;
	bn_err why = BN_ERR_INIT;
	char *path = bn_dir_join(at, name);
	struct stat st;
	int rc = path ? bn_dir_stat(at, name, &st, err) : bn_err_nomem(err, "a path");
	if (rc < 0)
		goto out;
	if (st.st_uid != at->env->uid(at->env)) {
		rc = bn_err_set(err, BN_EREFUSED, "'%s' belongs to another user", path);
		goto out;
	}
	if ((rc = bn_dir_read_file(at, name, &bytes, err)) < 0)
		goto out;
	if ((rc = bn_safetensors_parse(&found, bytes.ptr, bytes.len, path, &why)) < 0) {
		rc = rc == BN_ENOMEM ? bn_err_move(err, &why)
				     : bn_err_recode(err, &why, BN_ECORRUPT);
		goto out;
	}
	if ((rc = about_read(about, found, path, err)) < 0)
		goto out;
	*out = found;
	found = NULL;
out:
	bn_tensors_free(found);
	bn_buf_release(&bytes);
	bn_free(path);
	return rc;
}

int bn_checkpoint_look(bn_checkpoint_about *out, const bn_dir *at, const char *name, bn_err *err)
{
	bn_tensors *kept = NULL;
	int rc = file_read(&kept, out, at, name, err);
	bn_tensors_free(kept);
	return rc;
}

/* 0, or the reason why the file is not used. */
static int restore(
	const bn_checkpoint *c, const bn_fit_steps *steps, void *state, int64_t *done, bn_err *err)
{
	bn_checkpoint_about about;
	bn_tensors *kept = NULL;
	int rc = file_read(&kept, &about, c->at, c->name, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_checkpoint_fits(&about, c->recipe, c->backend, c->machine, err)) >= 0)
		rc = steps->restore(state, kept, err);
	if (rc >= 0)
		*done = about.steps;
	bn_tensors_free(kept);
	return rc;
}

int bn_checkpoint_resume(const bn_checkpoint *c, const bn_fit_steps *steps, void *state,
	const bn_fit_request *r, int64_t *done, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	*c->last_ns = bn_env_monotonic_ns(c->at->env);
	*done = 0;
	int rc = restore(c, steps, state, done, &why);
	if (rc >= 0) {
		bn_fit_log(r, "continues from a checkpoint after %lld step%s", (long long)*done,
			*done == 1 ? "" : "s");
		return 0;
	}
	if (c->is_required) {
		bn_err_prefix(&why, "the run that this one resumes cannot be continued");
		return bn_err_move(err, &why);
	}
	if (rc == BN_ENOMEM || rc == BN_EIO)
		return bn_err_move(err, &why);
	if (rc != BN_ENOTFOUND)
		bn_fit_log(r, "starts over: %s", why.msg);
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static int describe(
	bn_tensors *t, const bn_checkpoint *c, bool is_portable, int64_t done, bn_err *err)
{
	char steps[24], digest[65];
	int rc;
	snprintf(steps, sizeof steps, "%lld", (long long)done);
	if ((rc = bn_tensors_set_metadata(t, recipe_key, c->recipe, err)) < 0 ||
		(rc = bn_tensors_set_metadata(
			 t, machine_key, is_portable ? c->backend : c->machine, err)) < 0 ||
		(rc = bn_tensors_set_metadata(t, steps_key, steps, err)) < 0 ||
		(rc = digest_of(digest, t, err)) < 0)
		return rc;
	return bn_tensors_set_metadata(t, digest_key, digest, err);
}

int bn_checkpoint_keep(const bn_checkpoint *c, const bn_fit_steps *steps, const void *state,
	const bn_fit_request *r, int64_t done, bool now, bn_err *err)
{
	bn_tensors *kept = NULL;
	bn_buf bytes = BN_BUF_INIT;
	int64_t at = bn_env_monotonic_ns(c->at->env);
	if (!now && at - *c->last_ns < c->every_ms * 1000000)
		return 0;
	int rc = bn_tensors_new(&kept, err);
	if (rc < 0)
		return rc;
	if (r->hooks.settle && (rc = r->hooks.settle(r->hooks.user)) < 0)
		goto out;
	if ((rc = steps->save(state, kept, err)) < 0)
		goto out;
	if ((rc = describe(kept, c, steps->is_portable, done, err)) < 0)
		goto out;
	if ((rc = bn_safetensors_write(&bytes, kept, err)) < 0)
		goto out;
	rc = bn_dir_write_file(c->at, c->name, bytes.ptr, bytes.len, 0644, err);
	*c->last_ns = bn_env_monotonic_ns(c->at->env);
out:
	bn_tensors_free(kept);
	bn_buf_release(&bytes);
	return rc;
}
