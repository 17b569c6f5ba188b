/* queue_environ.c - see queue_environ.h. */
#include "core/launch/queue_environ.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/process.h"
#include "core/launch/queue_limits.h"
#include "core/run/run_dir.h"

#include <stdio.h>
#include <string.h>

#define UNSTARTED "unstarted"

static bool is_secret(const bn_spec *spec, const char *text)
{
	const char *name;
	json_t *reference;
	json_object_foreach(spec->secrets, name, reference)
	{
		size_t n = strlen(name);
		if (!strncmp(text, name, n) && text[n] == '=')
			return true;
	}
	return false;
}

/* Copies the strings that may be stored in a file. */
static int leave_secrets_out(bn_buf *out, const bn_buf *all, const bn_spec *spec, bn_err *err)
{
	for (size_t at = 0, n; at < all->len; at += n) {
		n = strlen(all->ptr + at) + 1;
		if (!is_secret(spec, all->ptr + at))
			bn_buf_add(out, all->ptr + at, n);
	}
	return bn_buf_check(out, err, "an environment");
}

int bn_queue_environ_save(bn_workspace *ws, const char *id, const bn_spec *spec, bn_err *err)
{
	bn_buf all = BN_BUF_INIT, kept = BN_BUF_INIT;
	bn_dir *dir = NULL;
	int rc = bn_process_environment(&all, err);
	if (rc < 0 || (rc = leave_secrets_out(&kept, &all, spec, err)) < 0)
		goto out;
	if ((rc = bn_run_dir_open_own(&dir, ws, id, err)) < 0)
		goto out;
	if ((rc = bn_queue_limits_save(dir, id, err)) < 0)
		goto out;
	rc = bn_dir_write_file(dir, BN_QUEUE_ENVIRON, kept.ptr, kept.len, 0600, err);
out:
	bn_dir_close(dir);
	for (int i = 0; i < 2; i++) {
		bn_buf *b = i ? &kept : &all;
		explicit_bzero(b->ptr, b->len);
		bn_buf_release(b);
	}
	return rc;
}

int bn_queue_environ_restore(const bn_dir *run_dir, const char *id, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = bn_dir_read_file(run_dir, BN_QUEUE_ENVIRON, &text, err);
	if (rc < 0) {
		bn_err_prefix(err, "the environment that it was queued in");
		goto out;
	}
	/* It names the run that both belong to. */
	if ((rc = bn_queue_limits_restore(run_dir, id, err)) < 0)
		goto out;
	rc = bn_process_set_environment(text.ptr, text.len, err);
out:
	bn_buf_release(&text);
	return rc;
}

void bn_queue_note_failure(bn_workspace *ws, const char *id, const char *why)
{
	bn_dir *dir = NULL;
	if (bn_run_dir_open_own(&dir, ws, id, NULL) == 0 && bn_dir_has(dir, BN_QUEUE_ENVIRON))
		bn_dir_write_file(dir, UNSTARTED, why, strlen(why), 0644, NULL);
	bn_dir_close(dir);
}

bool bn_queue_read_failure(char why[BN_QUEUE_WHY], bn_workspace *ws, const char *id)
{
	bn_buf text = BN_BUF_INIT;
	bn_dir *dir = NULL;
	why[0] = '\0';
	if (bn_run_dir_open_own(&dir, ws, id, NULL) == 0 &&
		bn_dir_read_file(dir, UNSTARTED, &text, NULL) == 0 && text.len > 0)
		snprintf(why, BN_QUEUE_WHY, "%s", text.ptr);
	bn_buf_release(&text);
	bn_dir_close(dir);
	return why[0] != '\0';
}

/* The environment last: while it exists, the others may exist. */
void bn_queue_forget(bn_workspace *ws, const char *id)
{
	bn_dir *dir = NULL;
	if (bn_run_dir_open_own(&dir, ws, id, NULL) == 0 && bn_dir_has(dir, BN_QUEUE_ENVIRON)) {
		bn_dir_unlink(dir, UNSTARTED, NULL);
		bn_dir_unlink(dir, BN_QUEUE_LIMITS, NULL);
		bn_dir_unlink(dir, BN_QUEUE_ENVIRON, NULL);
	}
	bn_dir_close(dir);
}
