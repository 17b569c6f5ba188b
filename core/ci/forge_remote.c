/* forge_remote.c - a project from a git repository: see forge.h and _forge_facts.h. */
#include "core/ci/_forge_facts.h"

#include "core/base/git2.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <ctype.h>
#include <string.h>

/* ---- the URL of a remote ---------------------------------------------------------------------- */

static bool is_host(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("-.[]:", s[i]))
			return false;
	return n > 0 && s[0] != '-';
}

static bool is_path(const char *s)
{
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("?#%\\", *p))
			return false;
	return strchr(s, '/') && s[0] != '/' && !bn_str_ends(s, "/") && !strstr(s, "//");
}

static int no_remote(const char *remote, bn_err *err)
{
	const char *at = strrchr(remote, '@'); /* what is before it may be a password */
	bn_err_set(err, BN_EINVAL, "the git remote '%.200s' does not name a project of a forge",
		at ? at + 1 : remote);
	bn_err_hint(err, "--url https://HOST --project GROUP/PROJECT");
	return BN_EINVAL;
}

int bn_forge_parse_remote(char **server, char **path, const char *remote, bn_err *err)
{
	const char *rest = strstr(remote, "://"), *host = remote, *scheme = "https";
	size_t n;
	*server = *path = NULL;
	bool is_url = rest != NULL, is_web = bn_str_starts(remote, "https://");
	if (bn_str_starts(remote, "http://")) {
		is_web = true;
		scheme = "http";
	}
	if (is_url && !is_web && !bn_str_starts(remote, "ssh://") &&
		!bn_str_starts(remote, "git+ssh://"))
		return no_remote(remote, err);
	if (is_url)
		host = rest + 3;
	n = strcspn(host, is_url ? "/" : ":/");
	const char *at = memchr(host, '@', n); /* a user name, and in old URLs a password */
	for (const char *next = at; next;
		next = memchr(next + 1, '@', n - (size_t)(next + 1 - host)))
		at = next;
	if (at) {
		n -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	const char *to = host + n;
	if (*to != (is_url ? '/' : ':'))
		return no_remote(remote, err);
	to++;
	to += strspn(to, "/");
	if (is_url && !is_web) /* the port of ssh is not that of https */
		n = host[0] == '[' ? n : strcspn(host, ":/");
	if (!is_host(host, n))
		return no_remote(remote, err);
	size_t length = strlen(to);
	while (length && to[length - 1] == '/')
		length--;
	if (length > 4 && !strncmp(to + length - 4, ".git", 4))
		length -= 4;
	char *s = bn_strf("%s://%.*s", scheme, (int)n, host), *p = bn_strndup(to, length);
	int rc = 0;
	if (!s || !p) {
		rc = bn_err_nomem(err, "a URL");
		goto out;
	}
	if (!is_path(p)) {
		rc = no_remote(remote, err);
		goto out;
	}
	*server = s;
	*path = p;
	s = p = NULL;
out:
	bn_free(s);
	bn_free(p);
	return rc;
}

/* ---- the repository ----------------------------------------------------------------------------- */

static int git_failed(const char *what, bn_err *err)
{
	const git_error *why = git_error_last();
	bn_err_set(err, BN_EIO, "cannot %s: %s", what, why ? why->message : "unknown error");
	bn_err_hint(err, "--project GROUP/PROJECT and --commit say it without the repository");
	return BN_EIO;
}

static int read_remote(char **out, git_repository *repo, bn_err *err)
{
	git_strarray names = {NULL, 0};
	git_remote *remote = NULL;
	int rc = 0, git = git_remote_lookup(&remote, repo, "origin");
	if (git == GIT_ENOTFOUND) {
		if (git_remote_list(&names, repo) != 0)
			return git_failed("list the remotes of the git repository", err);
		git = names.count == 1 ? git_remote_lookup(&remote, repo, names.strings[0]) : 0;
		git_strarray_dispose(&names);
	}
	if (git != 0)
		return git_failed("read the remote of the git repository", err);
	const char *url = remote ? git_remote_url(remote) : NULL;
	if (url && !(*out = bn_strdup(url)))
		rc = bn_err_nomem(err, "a URL");
	git_remote_free(remote);
	return rc;
}

int bn_forge_read_repository(bn_forge_repository *out, const char *dir, bn_err *err)
{
	git_repository *repo = NULL;
	git_oid head;
	char text[GIT_OID_HEXSZ + 1];
	int rc = 0;
	*out = (bn_forge_repository){0};
	if ((rc = bn_git2_open(err)) < 0)
		return rc;
	int git = git_repository_open_ext(&repo, dir, 0, NULL);
	if (git == GIT_ENOTFOUND)
		return 0;
	if (git != 0)
		return git_failed("open the git repository", err);
	if ((rc = read_remote(&out->remote, repo, err)) < 0)
		goto out;
	if (git_reference_name_to_id(&head, repo, "HEAD") == 0 &&
		!(out->commit = bn_strdup(git_oid_tostr(text, sizeof text, &head))))
		rc = bn_err_nomem(err, "a commit");
out:
	git_repository_free(repo);
	return rc;
}

void bn_forge_repository_release(bn_forge_repository *r)
{
	bn_free(r->remote);
	bn_free(r->commit);
	*r = (bn_forge_repository){0};
}
