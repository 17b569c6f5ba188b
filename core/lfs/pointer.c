/* pointer.c - see pointer.h. */
#include "core/lfs/pointer.h"

#include "core/base/str.h"

#include <string.h>

static const char *const versions[] = {
	"https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1", NULL};

bool bn_lfs_is_pointer(const char *head, size_t n)
{
	static const char *const starts[] = {"version https://git-lfs.github.com/spec/",
		"version https://hawser.github.com/spec/", NULL};
	for (const char *const *s = starts; *s; s++)
		if (n >= strlen(*s) && !memcmp(head, *s, strlen(*s)))
			return true;
	return false;
}

/* A line "key value" of the text at *p, which moves behind it. */
static bool next_line(const char **p, const char *end, char key[32], const char **value, size_t *n)
{
	const char *nl = memchr(*p, '\n', (size_t)(end - *p)), *stop = nl ? nl : end;
	const char *blank = memchr(*p, ' ', (size_t)(stop - *p));
	if (!blank || blank - *p >= 32)
		return false;
	memcpy(key, *p, (size_t)(blank - *p));
	key[blank - *p] = '\0';
	*value = blank + 1;
	*n = (size_t)(stop - blank - 1);
	if (*n && (*value)[*n - 1] == '\r')
		--*n;
	*p = nl ? nl + 1 : end;
	return true;
}

static int read_version(const char *value, size_t n, const char *name, bn_err *err)
{
	for (const char *const *v = versions; *v; v++)
		if (bn_str_is(*v, value, n))
			return 0;
	return bn_err_set(
		err, BN_EUNSUPPORTED, "%s:1: a pointer of Git LFS of an unknown version", name);
}

static int read_oid(
	bn_lfs_pointer *p, const char *value, size_t n, const char *name, size_t line, bn_err *err)
{
	if (n < 7 || memcmp(value, "sha256:", 7) != 0)
		return bn_err_set(
			err, BN_EUNSUPPORTED, "%s:%zu: an oid that is not sha256", name, line);
	if (n != 7 + BN_SHA256_HEX)
		return bn_err_set(
			err, BN_EINVAL, "%s:%zu: the oid is not 64 hex digits", name, line);
	memcpy(p->oid, value + 7, BN_SHA256_HEX);
	p->oid[BN_SHA256_HEX] = '\0';
	if (strlen(p->oid) != BN_SHA256_HEX || !bn_is_hex(p->oid))
		return bn_err_set(
			err, BN_EINVAL, "%s:%zu: the oid is not 64 hex digits", name, line);
	return 0;
}

int bn_lfs_pointer_parse(
	bn_lfs_pointer *p, const char *text, size_t n, const char *name, bn_err *err)
{
	const char *at = text, *end = text + n, *value;
	bool has_size = false;
	char key[32];
	size_t len;
	int64_t size;
	int rc;
	*p = (bn_lfs_pointer){.size = 0};
	if (n > BN_LFS_POINTER_MAX)
		return bn_err_set(
			err, BN_EINVAL, "%s: longer than a pointer of Git LFS can be", name);
	for (size_t line = 1; at < end; line++) {
		if (!next_line(&at, end, key, &value, &len))
			return bn_err_set(err, BN_EINVAL,
				"%s:%zu: not a line of a pointer of Git LFS", name, line);
		if (line == 1 && strcmp(key, "version") != 0)
			return bn_err_set(err, BN_EINVAL,
				"%s:1: a pointer of Git LFS begins with its version", name);
		if (!strncmp(key, "ext-", 4))
			return bn_err_set(err, BN_EUNSUPPORTED,
				"%s:%zu: extensions of Git LFS are not supported", name, line);
		if (line == 1)
			rc = read_version(value, len, name, err);
		else if (!strcmp(key, "oid"))
			rc = read_oid(p, value, len, name, line, err);
		else
			rc = 0; /* a field of later */
		if (rc < 0)
			return rc;
		if (strcmp(key, "size") != 0)
			continue;
		if (!bn_parse_i64(value, len, &size) || size < 0)
			return bn_err_set(err, BN_EINVAL,
				"%s:%zu: the size is not a number of bytes", name, line);
		p->size = (uint64_t)size;
		has_size = true;
	}
	if (!p->oid[0] || !has_size)
		return bn_err_set(err, BN_EINVAL, "%s: a pointer of Git LFS without %s", name,
			p->oid[0] ? "a size" : "an oid");
	return 0;
}
