/* secret_file.c - see secret_file.h. */
#include "core/base/secret_file.h"

#include "core/base/fs.h"
#include "core/base/mem.h"

#include <fcntl.h>
#include <string.h>

static int check(
	const struct stat *st, const bn_env *env, const char *path, const char *what, bn_err *err)
{
	if (!S_ISREG(st->st_mode))
		return bn_err_set(err, BN_EREFUSED, "%s: '%s' is not a regular file", what, path);
	if (st->st_uid != env->uid(env))
		return bn_err_set(err, BN_EREFUSED, "%s: '%s' belongs to another user", what, path);
	if (st->st_mode & 077) {
		bn_err_set(err, BN_EREFUSED, "%s: others may use '%s' (mode %04o)", what, path,
			(unsigned)(st->st_mode & 07777));
		bn_err_hint(err, "chmod 600 %.200s", path);
		return BN_EREFUSED;
	}
	if (st->st_size > BN_SECRET_BYTES_MAX)
		return bn_err_set(err, BN_EINVAL, "%s: '%s' has over %d bytes", what, path,
			BN_SECRET_BYTES_MAX);
	return 0;
}

int bn_secret_file_read(
	char **out, const bn_env *env, const char *path, const char *what, bn_err *err)
{
	struct stat st;
	char *text = NULL;
	size_t got = 0;
	int e, rc = 0;
	int fd = env->fs->open(env, NULL, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return bn_err_sys(err, BN_ENOTFOUND, -fd, "%s: cannot open '%s'", what, path);
	if ((e = env->fs->fstat(env, fd, &st)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "%s: cannot look at '%s'", what, path);
		goto out;
	}
	if ((rc = check(&st, env, path, what, err)) < 0)
		goto out;
	if (!(text = bn_alloc_zeroed((size_t)st.st_size + 1, 1))) {
		rc = bn_err_nomem(err, "a secret");
		goto out;
	}
	if ((rc = bn_fs_read_at(env, fd, text, (size_t)st.st_size, 0, &got, path, err)) < 0)
		goto out;
	if (memchr(text, '\0', got)) {
		rc = bn_err_set(err, BN_EINVAL, "%s: '%s' holds a byte 0", what, path);
		explicit_bzero(text, got);
		goto out;
	}
	if (got && text[got - 1] == '\n')
		text[got - 1] = '\0';
	*out = text;
	text = NULL;
out:
	bn_secret_free(text);
	env->fs->close(env, fd);
	return rc;
}

void bn_secret_free(char *secret)
{
	if (!secret)
		return;
	explicit_bzero(secret, strlen(secret));
	bn_free(secret);
}

void bn_secret_hide(char *text, size_t n, const char *secret)
{
	size_t k = secret ? strlen(secret) : 0;
	char *end = text + n;
	for (char *at = text; k && (at = memmem(at, (size_t)(end - at), secret, k)); at += k)
		memset(at, '*', k);
}
