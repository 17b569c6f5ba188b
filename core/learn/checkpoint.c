/* checkpoint.c - see checkpoint.h. */
#include "core/learn/checkpoint.h"

#include "core/base/mem.h"

#include <stdio.h>
#include <string.h>

static const char recipe_key[] = "recipe";

/* 0, or the reason why the file is not used. */
static int read_state(const bn_checkpoint *c, const bn_fit_steps *steps, void *state, bn_err *err)
{
	bn_buf bytes = BN_BUF_INIT;
	bn_tensors *kept = NULL;
	int rc = bn_dir_read_file(c->at, c->name, &bytes, err);
	if (rc < 0)
		goto out;
	if ((rc = bn_safetensors_parse(&kept, bytes.ptr, bytes.len, c->name, err)) < 0)
		goto out;
	const char *recipe = bn_tensors_metadata(kept, recipe_key);
	if (!recipe || strcmp(recipe, c->recipe) != 0) {
		rc = bn_err_set(err, BN_ECONFLICT, "it is of another recipe");
		goto out;
	}
	rc = steps->restore(state, kept, err);
out:
	bn_tensors_free(kept);
	bn_buf_release(&bytes);
	return rc;
}

static void say(const bn_fit_request *r, const char *what, const char *more)
{
	char line[600];
	if (!r->hooks.log)
		return;
	snprintf(line, sizeof line, "%s%s", what, more);
	r->hooks.log(r->hooks.user, line);
}

int bn_checkpoint_resume(const bn_checkpoint *c, const bn_fit_steps *steps, void *state,
	const bn_fit_request *r, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	*c->last_ns = bn_env_monotonic_ns(c->at->env);
	int rc = read_state(c, steps, state, &why);
	if (rc == BN_ENOMEM || rc == BN_EIO)
		return bn_err_move(err, &why);
	if (rc == 0)
		say(r, "continues from a checkpoint", "");
	else if (rc != BN_ENOTFOUND)
		say(r, "the checkpoint is not used: ", why.msg);
	return 0;
}

int bn_checkpoint_keep(
	const bn_checkpoint *c, const bn_fit_steps *steps, const void *state, bn_err *err)
{
	bn_tensors *kept = NULL;
	bn_buf bytes = BN_BUF_INIT;
	int64_t now = bn_env_monotonic_ns(c->at->env);
	if (now - *c->last_ns < c->every_ms * 1000000)
		return 0;
	int rc = bn_tensors_new(&kept, err);
	if (rc < 0)
		return rc;
	if ((rc = steps->save(state, kept, err)) < 0)
		goto out;
	if ((rc = bn_tensors_set_metadata(kept, recipe_key, c->recipe, err)) < 0)
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

int bn_checkpoint_remove(const bn_checkpoint *c, bn_err *err)
{
	return bn_dir_unlink(c->at, c->name, err);
}
