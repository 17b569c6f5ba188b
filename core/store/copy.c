/* copy.c - see copy.h. */
#include "core/store/copy.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/log/slot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE (BN_SHA256_HEX + 1)
#define SLOT_LEAST 10000 /* above the numbers of any workspace that was not copied */

int bn_copy_begin(const bn_dir *root, const bn_workspace_making *how, bn_err *err)
{
	int e = root->env->fs->fchmod(root->env, root->fd, 0700);
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot set the mode of '%s'", root->path);
	return bn_workspace_make_parts(root, how, err);
}

mode_t bn_copy_own_dir_mode(bn_access access)
{
	return 0700 | (bn_access_dir_mode(access) & 055);
}

/* Nobody writes to these logs any more, so what was left open is closed after its last whole record. */
static int close_logs(const bn_dir *root, bn_err *err)
{
	bn_names writers = BN_NAMES_INIT;
	int rc = bn_dir_list(root, "log", &writers, err);
	for (size_t i = 0; i < writers.count && rc >= 0; i++) {
		bn_log_point end;
		bn_err why = BN_ERR_INIT;
		char *dir = bn_path_join("log", writers.items[i]);
		if (!dir) {
			rc = bn_err_nomem(err, "a file name");
			break;
		}
		rc = bn_slot_adopt(&end, root, dir, &why);
		/* A log that was damaged, or of a newer binnacle, stays as it is: verifying names it. */
		if (rc == BN_ECORRUPT || rc == BN_EUNSUPPORTED)
			rc = 0;
		if (rc < 0)
			bn_err_move(err, &why);
		bn_free(dir);
	}
	bn_names_release(&writers);
	return rc < 0 ? rc : 0;
}

static int reserve_slots(const bn_dir *root, bn_err *err)
{
	uint32_t n = 0;
	char text[24];
	int rc = bn_env_random(root->env, &n, sizeof n, err);
	if (rc < 0)
		return rc;
	n = SLOT_LEAST + n % (BN_SLOT_FIRST_MAX - SLOT_LEAST);
	int len = snprintf(text, sizeof text, "%" PRIu32 "\n", n);
	return bn_dir_write_file(root, BN_SLOT_FIRST_FILE, text, (size_t)len, 0644, err);
}

static int write_identity(const bn_dir *root, const bn_workspace_making *how,
	const json_t *identity, bn_err *err)
{
	static const char *const keys[] = {"id", "format", "chain", "founding"};
	bn_buf text = BN_BUF_INIT;
	json_t *o = json_pack("{s:s}", "access", bn_access_name(how->access));
	int rc = o ? 0 : bn_err_nomem(err, BN_IDENTITY);
	for (size_t i = 0; i < sizeof keys / sizeof *keys && rc >= 0; i++) {
		json_t *v = json_object_get(identity, keys[i]);
		if (v && json_object_set(o, keys[i], v) < 0)
			rc = bn_err_nomem(err, BN_IDENTITY);
	}
	if (rc < 0 || (rc = bn_json_pretty(o, &text, err)) < 0)
		goto out;
	rc = bn_dir_write_file(root, BN_IDENTITY, text.ptr, text.len, 0644, err);
out:
	json_decref(o);
	bn_buf_release(&text);
	return rc;
}

int bn_copy_finish(
	const bn_dir *root, const bn_workspace_making *how, const json_t *identity, bn_err *err)
{
	int rc;
	if ((rc = close_logs(root, err)) < 0 || (rc = reserve_slots(root, err)) < 0 ||
		(rc = write_identity(root, how, identity, err)) < 0)
		return rc;
	return bn_workspace_set_access(root, how, err);
}

/* ---- what did not come along ------------------------------------------------------------------ */

static int check_lines(const bn_buf *text, const bn_dir *root, bn_err *err)
{
	bool fits = text->len % LINE == 0;
	for (size_t at = 0; at < text->len && fits; at += LINE) {
		fits = text->ptr[at + BN_SHA256_HEX] == '\n' &&
		       (!at || memcmp(text->ptr + at - LINE, text->ptr + at, LINE) < 0);
		for (size_t i = 0; i < BN_SHA256_HEX && fits; i++)
			fits = strchr("0123456789abcdef", text->ptr[at + i]) && text->ptr[at + i];
	}
	return fits ? 0
		    : bn_err_set(err, BN_ECORRUPT, "'%s/" BN_COPY_LEFT_OUT "' is no ascending list of SHA-256",
			      root->path);
}

int bn_copy_left_out_load(bn_copy_left_out *out, const bn_dir *root, bn_err *err)
{
	struct stat file, dir;
	int rc;
	bn_buf_init(&out->text);
	if (!bn_dir_has(root, BN_COPY_LEFT_OUT))
		return 0;
	if ((rc = bn_dir_stat(root, BN_COPY_LEFT_OUT, &file, err)) < 0)
		return rc;
	int e = root->env->fs->fstat(root->env, root->fd, &dir);
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot stat '%s'", root->path);
	if (file.st_uid != dir.st_uid)
		return 0;
	if ((rc = bn_dir_read_file(root, BN_COPY_LEFT_OUT, &out->text, err)) >= 0)
		rc = check_lines(&out->text, root, err);
	if (rc < 0)
		bn_copy_left_out_release(out);
	return rc;
}

static int by_line(const void *hash, const void *line)
{
	return memcmp(hash, line, BN_SHA256_HEX);
}

bool bn_copy_is_left_out(const bn_copy_left_out *l, const char *hash)
{
	return l->text.len && bsearch(hash, l->text.ptr, l->text.len / LINE, LINE, by_line);
}

size_t bn_copy_left_out_count(const bn_copy_left_out *l)
{
	return l->text.len / LINE;
}

void bn_copy_left_out_release(bn_copy_left_out *l)
{
	bn_buf_release(&l->text);
}
