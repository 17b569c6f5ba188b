/* url.c - see url.h. */
#include "core/lfs/url.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

void bn_lfs_url_release(bn_lfs_url *u)
{
	bn_free(u->text);
	bn_free(u->user);
	if (u->password)
		explicit_bzero(u->password, strlen(u->password));
	bn_free(u->password);
	*u = (bn_lfs_url){.text = NULL};
}

bool bn_lfs_url_is_http(const char *text)
{
	return bn_str_starts(text, "https://") || bn_str_starts(text, "http://");
}

/* A copy of n bytes with %XX decoded, but %00; NULL if out of memory. */
static char *decoded(const char *text, size_t n)
{
	char *copy = bn_strndup(text, n), *to = copy;
	for (const char *p = copy; p && *p; p++) {
		char pair[3] = {p[0] == '%' ? p[1] : 0, p[0] == '%' && p[1] ? p[2] : 0, 0};
		uint8_t byte = 0;
		for (char *c = pair; *c; c++)
			*c = (char)(*c >= 'A' && *c <= 'F' ? *c + 32 : *c);
		if (pair[1] && bn_unhex(pair, 1, &byte) == 0 && byte) {
			*to++ = (char)byte;
			p += 2;
		} else {
			*to++ = *p;
		}
	}
	if (to)
		*to = '\0';
	return copy;
}

/* "user:password@host/...": *rest is what follows the '@'. */
static int take_user(bn_lfs_url *u, const char *at, const char **rest, bn_err *err)
{
	const char *sign = memrchr(at, '@', strcspn(at, "/?#"));
	*rest = at;
	if (!sign)
		return 0;
	const char *colon = memchr(at, ':', (size_t)(sign - at));
	u->user = decoded(at, (size_t)((colon ? colon : sign) - at));
	if (colon)
		u->password = decoded(colon + 1, (size_t)(sign - colon - 1));
	*rest = sign + 1;
	return u->user && (!colon || u->password) ? 0 : bn_err_nomem(err, "a URL");
}

static size_t without_slashes(const char *text)
{
	size_t n = strlen(text);
	while (n && text[n - 1] == '/')
		n--;
	return n;
}

int bn_lfs_url_parse(bn_lfs_url *out, const char *text, bn_err *err)
{
	size_t scheme = bn_str_starts(text, "https://") ? 8 : 7;
	const char *rest;
	int rc;
	*out = (bn_lfs_url){.text = NULL};
	if ((rc = take_user(out, text + scheme, &rest, err)) < 0)
		return rc;
	out->text = bn_strf("%.*s%.*s", (int)scheme, text, (int)without_slashes(rest), rest);
	return out->text ? 0 : bn_err_nomem(err, "a URL");
}

/* host/path as the URL of the API. */
static int add_info(bn_lfs_url *out, const char *scheme, const char *host, size_t host_bytes,
	const char *path, bn_err *err)
{
	path += strspn(path, "/");
	size_t n = without_slashes(path);
	bool has_git = n > 4 && !strncmp(path + n - 4, ".git", 4);
	char *text = bn_strf("%s%.*s/%.*s%s/info/lfs", scheme, (int)host_bytes, host, (int)n, path,
		has_git ? "" : ".git");
	bn_free(out->text);
	out->text = text;
	return text ? 0 : bn_err_nomem(err, "a URL");
}

int bn_lfs_url_of_remote(bn_lfs_url *out, const char *remote, bn_err *err)
{
	bn_lfs_url ssh = {.text = NULL};
	const char *colon = strchr(remote, ':'), *rest;
	bool is_ssh = bn_str_starts(remote, "ssh://");
	int rc;
	*out = ssh;
	if (bn_lfs_url_is_http(remote)) {
		if ((rc = bn_lfs_url_parse(out, remote, err)) < 0)
			return rc;
		rest = strstr(out->text, "://") + 3;
		size_t host = strcspn(rest, "/");
		return add_info(out, remote[4] == 's' ? "https://" : "http://", rest, host,
			rest + host, err);
	}
	bool is_short = colon && colon > remote && !memchr(remote, '/', (size_t)(colon - remote)) &&
			!bn_str_starts(colon, "://"); /* git@host:path */
	if (!is_ssh && !is_short)
		return 0;
	rc = take_user(&ssh, is_ssh ? remote + 6 : remote, &rest, err);
	bn_lfs_url_release(&ssh);
	if (rc < 0)
		return rc;
	size_t host = strcspn(rest, ":/");
	const char *path =
		is_short && rest[host] == ':' ? rest + host + 1 : rest + strcspn(rest, "/");
	return add_info(out, "https://", rest, host, path, err);
}
