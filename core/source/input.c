/* input.c - see input.h. */
#include "core/source/input.h"

#include "core/base/file_out.h"
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 18, INLINE_BYTES = 2 << 20 };

struct bn_input {
	const bn_env *env;
	char *name;
	int fd;             /* -1: no file */
	int failed;         /* errno explaining why there is none */
	bn_file_out *spool; /* owner of fd; NULL: fd is ours */
	uint64_t size;
	char head[BN_INPUT_HEAD];
	size_t head_bytes;
	bn_hasher *hasher; /* NULL: not hashed */
	uint64_t hashed;   /* count of bytes, from the first on */
};

/* ---- opening ---------------------------------------------------------------------------------- */

/* Copies from the descriptor until its end. */
static int spool(bn_input *in, int from, const bn_progress *progress, bn_err *err)
{
	int rc = bn_file_out_open(&in->spool, in->env, NULL, 0600, err);
	uint8_t *block = bn_alloc(BLOCK);
	if (rc == 0 && !block)
		rc = bn_err_nomem(err, "a pipe's bytes");
	while (rc == 0) {
		ssize_t n = read(from, block, BLOCK);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			rc = bn_err_sys(err, BN_EIO, errno, "cannot read %s", in->name);
		if (n > 0 && (rc = bn_file_out_add(in->spool, block, (size_t)n, err)) == 0)
			in->size += (uint64_t)n;
		if (rc == 0)
			rc = bn_progress_step(progress, "reading a pipe", in->size, 0, err);
	}
	bn_free(block);
	if (rc == 0)
		in->fd = bn_file_out_fd(in->spool);
	return rc;
}

static int refuse_kind(const char *name, mode_t mode, bn_err *err)
{
	if (S_ISDIR(mode)) {
		bn_err_set(err, BN_EINVAL, "%s is a directory", name);
		bn_err_hint(err, "name one file");
		return BN_EINVAL;
	}
	bn_err_set(err, BN_EUNSUPPORTED, "%s is neither a regular file nor a pipe", name);
	bn_err_hint(err, "save its output to a file first");
	return BN_EUNSUPPORTED;
}

static int open_file(bn_input *in, bool is_stdin, const bn_progress *progress, bn_err *err)
{
	const bn_env *env = in->env;
	struct stat st;
	int rc = 0, fd = is_stdin ? STDIN_FILENO : -1;
	if (!is_stdin) {
		/* A device may have no end, and opening it may have side effects: check first. */
		if (env->fs->stat(env, NULL, in->name, &st) == 0 && !S_ISREG(st.st_mode) &&
			!S_ISFIFO(st.st_mode))
			return refuse_kind(in->name, st.st_mode, err);
		if ((fd = env->fs->open(env, NULL, in->name, O_RDONLY, 0)) < 0) {
			in->failed = -fd;
			return 0;
		}
	}
	if (is_stdin && bn_fs_is_held(fd)) {
		bn_err_set(err, BN_EINVAL, "%s is closed", in->name);
		bn_err_hint(err, "name a file, or give it one: < FILE");
		return BN_EINVAL;
	}
	int e = env->fs->fstat(env, fd, &st);
	if (e < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot read %s", in->name);
	else if (S_ISREG(st.st_mode) && !is_stdin) {
		in->size = (uint64_t)st.st_size;
		in->fd = fd;
		return 0;
	} else if (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
		rc = spool(in, fd, progress, err);
	else
		rc = refuse_kind(in->name, st.st_mode, err);
	if (!is_stdin)
		env->fs->close(env, fd);
	return rc;
}

int bn_input_open(bn_input **out, const bn_env *env, const char *uri, const bn_progress *spooling,
	bn_err *err)
{
	bn_input *in = bn_alloc_zeroed(1, sizeof *in);
	if (!in)
		return bn_err_nomem(err, "an input");
	in->env = env;
	in->fd = -1;
	bool is_stdin = !strcmp(uri, "-");
	int rc = (in->name = bn_strdup(is_stdin ? "standard input" : uri))
			 ? open_file(in, is_stdin, spooling, err)
			 : bn_err_nomem(err, "the name of a file");
	if (rc == 0 && in->fd >= 0)
		rc = bn_fs_read_at(
			env, in->fd, in->head, sizeof in->head, 0, &in->head_bytes, in->name, err);
	if (rc < 0) {
		bn_input_free(in);
		return rc;
	}
	*out = in;
	return 0;
}

void bn_input_free(bn_input *in)
{
	if (!in)
		return;
	if (in->fd >= 0 && !in->spool)
		in->env->fs->close(in->env, in->fd);
	bn_file_out_free(in->spool);
	bn_hasher_free(in->hasher);
	bn_free(in->name);
	bn_free(in);
}

int bn_input_of_file(bn_input **out, const bn_env *env, int fd, const char *name, bn_err *err)
{
	struct stat st;
	bn_input *in = bn_alloc_zeroed(1, sizeof *in);
	int rc, e = env->fs->fstat(env, fd, &st);
	if (!in) {
		env->fs->close(env, fd);
		return bn_err_nomem(err, "an input");
	}
	in->env = env;
	in->fd = fd;
	if (!(in->name = bn_strdup(name)))
		rc = bn_err_nomem(err, "the name of a file");
	else if (e < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot read %s", name);
	else
		rc = bn_fs_read_at(env, fd, in->head, sizeof in->head, 0, &in->head_bytes, name, err);
	if (rc < 0) {
		bn_input_free(in);
		return rc;
	}
	in->size = (uint64_t)st.st_size;
	*out = in;
	return 0;
}

int bn_input_of_spool(
	bn_input **out, const bn_input *like, bn_file_out *spool, uint64_t size, bn_err *err)
{
	bn_input *in = bn_alloc_zeroed(1, sizeof *in);
	int rc;

	if (!in)
		return bn_err_nomem(err, "an input");
	in->env = like->env;
	in->fd = -1;
	if (!(in->name = bn_strdup(like->name))) {
		rc = bn_err_nomem(err, "the name of a file");
		goto out;
	}
	in->fd = bn_file_out_fd(spool);
	in->size = size;
	rc = bn_fs_read_at(
		in->env, in->fd, in->head, sizeof in->head, 0, &in->head_bytes, in->name, err);
	if (rc == 0)
		in->spool = spool;
out:
	if (rc < 0) {
		in->fd = -1; /* the spool stays the caller's */
		bn_input_free(in);
	} else {
		*out = in;
	}
	return rc;
}

/* ---- detection ------------------------------------------------------------------------------- */

const bn_env *bn_input_env(const bn_input *in)
{
	return in->env;
}

const char *bn_input_name(const bn_input *in)
{
	return in->name;
}

bool bn_input_is_file(const bn_input *in)
{
	return in->fd >= 0;
}

int bn_input_need_file(const bn_input *in, bn_err *err)
{
	if (in->fd >= 0)
		return 0;
	if (in->failed == EINTR)
		return bn_err_set(err, BN_EINTR, "waiting for %s was interrupted", in->name);
	int rc = bn_err_sys(err, in->failed == ENOENT ? BN_ENOTFOUND : BN_EIO, in->failed,
		"cannot open %s", in->name);
	if (in->failed == ENOENT && !strchr(in->name, '/'))
		bn_err_hint(err, "a path is relative to the current directory: ls shows its files");
	return rc;
}

int bn_input_fd(const bn_input *in)
{
	return in->fd;
}

uint64_t bn_input_size(const bn_input *in)
{
	return in->size;
}

int bn_input_crew(bn_crew **out, const bn_input *in, int threads, bn_err *err)
{
	if (in->size < INLINE_BYTES || threads == 1)
		return 0;
	return threads > 0 ? bn_crew_new(out, (size_t)threads, err) : bn_crew_new_default(out, err);
}

const char *bn_input_head(const bn_input *in, size_t *n)
{
	*n = in->head_bytes;
	return in->head;
}

/* ---- bytes ------------------------------------------------------------------------------------ */

int bn_input_read(bn_input *in, void *bytes, size_t n, uint64_t at, size_t *got, bn_err *err)
{
	int rc = bn_fs_read_at(in->env, in->fd, bytes, n, (off_t)at, got, in->name, err);
	if (rc < 0 || !in->hasher || at > in->hashed || at + *got <= in->hashed)
		return rc;
	size_t known = (size_t)(in->hashed - at);
	bn_hasher_add(in->hasher, (const uint8_t *)bytes + known, *got - known);
	in->hashed = at + *got;
	return rc;
}

int bn_input_hash(bn_input *in, bn_err *err)
{
	return in->hasher ? 0 : bn_hasher_new(&in->hasher, err);
}

int bn_input_digest(bn_input *in, char hex[65], bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	size_t got = 1;
	int rc = 0;
	uint8_t *block = bn_alloc(BLOCK);
	if (!block)
		return bn_err_nomem(err, "a hash");
	while (rc == 0 && got && in->hashed < in->size)
		rc = bn_input_read(in, block, BLOCK, in->hashed, &got, err);
	bn_free(block);
	if (rc == 0 && in->hashed != in->size)
		rc = bn_err_set(err, BN_ECONFLICT, "%s became shorter while it was read", in->name);
	if (rc < 0)
		return rc;
	bn_hasher_finish(in->hasher, raw);
	bn_hex(raw, sizeof raw, hex);
	return 0;
}
