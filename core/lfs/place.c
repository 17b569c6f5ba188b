/* place.c - see place.h. */
#include "core/lfs/place.h"

#include "core/base/fs.h"
#include "core/base/git2.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>
#include <strings.h>

typedef struct finding {
	bn_lfs_place *p;
	const bn_env *env;
	git_repository *repo;
	git_config *own;    /* of the repository, the user and the system */
	git_config *shared; /* .lfsconfig; or NULL */
	char remote[256];   /* or empty */
	bool shared_url;    /* the server is one that the repository brings along */
	bn_err *err;
} finding;

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	bn_free(text);
}

void bn_lfs_place_release(bn_lfs_place *p)
{
	bn_free(p->worktree);
	bn_free(p->store);
	bn_lfs_url_release(&p->api);
	bn_free(p->directory);
	bn_free(p->path);
	wipe(p->header);
	*p = (bn_lfs_place){.store = NULL};
}

/* ---- configuration ------------------------------------------------------------------------------ */

/* A value, or NULL. The caller frees it. */
static char *value_of(git_config *config, const char *key)
{
	git_buf buf = GIT_BUF_INIT;
	char *copy = NULL;
	if (config && git_config_get_string_buf(&buf, config, key) == 0 && buf.size)
		copy = bn_strndup(buf.ptr, buf.size);
	git_buf_dispose(&buf);
	return copy;
}

/* Of the repository's own configuration, else of .lfsconfig. */
static char *either(finding *f, const char *key)
{
	char *own = value_of(f->own, key);
	f->shared_url = !own;
	return own ? own : value_of(f->shared, key);
}

typedef struct remotes {
	char *first;
	size_t count;
} remotes;

static int look_at_remote(const git_config_entry *e, void *user)
{
	remotes *l = user;
	const size_t before = strlen("remote."), after = strlen(".url"), n = strlen(e->name);
	if (n <= before + after || strncmp(e->name, "remote.", before) != 0 ||
		strcmp(e->name + n - after, ".url") != 0)
		return 0;
	char *name = bn_strndup(e->name + before, n - before - after);
	if (!l->first || !name || strcmp(l->first, name) != 0)
		l->count++;
	if (!l->first)
		l->first = name;
	else
		bn_free(name);
	return 0;
}

/* remote.lfsdefault, origin, or the only one. Configurations are walked by git_config_foreach, not with a pattern (as
 * git_remote_list does): libgit2 1.5 leaks 20 kB for each name that does not match. */
static void choose_remote(finding *f)
{
	remotes l = {NULL, 0};
	char *chosen = either(f, "remote.lfsdefault"), *origin = value_of(f->own, "remote.origin.url");
	if (!chosen && origin)
		chosen = bn_strdup("origin");
	if (!chosen && f->own && git_config_foreach(f->own, look_at_remote, &l) == 0 && l.count == 1) {
		chosen = l.first;
		l.first = NULL;
	}
	if (chosen && strlen(chosen) < sizeof f->remote)
		strcpy(f->remote, chosen);
	wipe(origin); /* its URL may hold a password */
	bn_free(l.first);
	bn_free(chosen);
}

/* ---- servers ------------------------------------------------------------------------------------- */

/* The store of a remote that is a directory. */
static int take_directory(finding *f, const char *remote)
{
	static const char *const inner[] = {".git/lfs", "lfs", NULL};
	const char *at = bn_str_starts(remote, "file://") ? remote + 7 : remote;
	char *base = *at == '/' ? bn_strdup(at) : bn_strf("%s/%s", f->p->worktree, at);
	int rc = 0;
	for (const char *const *name = inner; base && *name && !f->p->directory; name++) {
		char *path = bn_path_join(base, *name);
		if (!path)
			rc = bn_err_nomem(f->err, "a path");
		else if (bn_fs_is_dir(f->env, path))
			f->p->directory = path;
		if (path != f->p->directory)
			bn_free(path);
	}
	bn_free(base);
	return rc;
}

/* The server or the directory of a Git remote. */
static int take_remote(finding *f, const char *remote)
{
	int rc = bn_lfs_url_of_remote(&f->p->api, remote, f->err);
	return rc < 0 || f->p->api.text ? rc : take_directory(f, remote);
}

static int find_server(finding *f)
{
	char *url, *key = NULL, *remote = NULL;
	int rc = 0;
	choose_remote(f);
	url = either(f, "lfs.url");
	if (!url && f->remote[0]) {
		key = bn_strf("remote.%s.lfsurl", f->remote);
		url = key ? either(f, key) : NULL;
		bn_free(key);
		key = bn_strf("remote.%s.url", f->remote);
		remote = key ? value_of(f->own, key) : NULL;
	}
	if (url && bn_lfs_url_is_http(url))
		rc = bn_lfs_url_parse(&f->p->api, url, f->err);
	else if (url)
		rc = take_directory(f, url);
	else if (remote)
		rc = take_remote(f, remote);
	f->shared_url &= url != NULL;
	wipe(url);
	bn_free(key);
	wipe(remote);
	return rc;
}

/* http.extraHeader, and http.<URL>.extraHeader for a URL that ours begins with; only one that authorises. A header for
 * every server does not go to one that .lfsconfig names. */
typedef struct header_search {
	const char *url;
	bool scoped; /* one for every server is not for this one */
	char *found;
	size_t best;
} header_search;

static int look_at_header(const git_config_entry *e, void *user)
{
	header_search *h = user;
	size_t n = strlen(e->name), scope = 0;
	const char *tail = ".extraheader";
	if (n < 4 + strlen(tail) || strncmp(e->name, "http.", 5) != 0 ||
		strcasecmp(e->name + n - strlen(tail), tail) != 0)
		return 0;
	if (n < 5 + strlen(tail) && h->scoped)
		return 0;
	if (n > 5 + strlen(tail) - 1) {
		scope = n - 5 - strlen(tail);
		if (strncmp(e->name + 5, h->url, scope) != 0 ||
			(e->name[5 + scope - 1] != '/' && h->url[scope] && h->url[scope] != '/'))
			return 0;
	}
	if (!e->value || strncasecmp(e->value, "authorization:", 14) != 0 || (h->found && scope < h->best))
		return 0;
	wipe(h->found);
	h->found = bn_strdup(e->value);
	h->best = scope;
	return 0;
}

/* ---- the repository ------------------------------------------------------------------------------- */

static int open_configs(finding *f)
{
	char *shared = bn_strf("%s/.lfsconfig", f->p->worktree);
	if (!shared)
		return bn_err_nomem(f->err, "a path");
	if (git_repository_config_snapshot(&f->own, f->repo) != 0)
		f->own = NULL;
	if (bn_fs_exists(f->env, shared) && git_config_open_ondisk(&f->shared, shared) != 0)
		f->shared = NULL;
	bn_free(shared);
	return 0;
}

static int find_store(finding *f)
{
	const char *common = git_repository_commondir(f->repo);
	char *set = value_of(f->own, "lfs.storage");
	if (set && *set == '/')
		f->p->store = bn_strdup(set);
	else
		f->p->store = bn_strf("%s%s", common, set ? set : "lfs"); /* common ends with '/' */
	bn_free(set);
	return f->p->store ? 0 : bn_err_nomem(f->err, "a path");
}

/* The path in the working tree, with links in its directory resolved. */
static int find_path(finding *f, const char *path)
{
	char *full = NULL, *real = NULL;
	const char *tree = f->p->worktree;
	size_t n = strlen(tree);
	int rc = bn_path_absolute(&full, path, f->err);
	if (rc < 0)
		return rc;
	char *slash = strrchr(full, '/');
	char *dir = bn_strndup(full, (size_t)(slash - full) + (slash == full));
	if (dir && bn_path_real(&real, dir, NULL) == 0 && !strncmp(real, tree, n) &&
		(!real[n] || real[n] == '/'))
		f->p->path = bn_strf(
			"%s%s%s", real[n] ? real + n + 1 : "", real[n] ? "/" : "", slash + 1);
	bn_free(dir);
	bn_free(full);
	bn_free(real);
	return 0;
}

static int read_repository(finding *f, const char *path)
{
	bn_lfs_place *p = f->p;
	const char *tree = git_repository_workdir(f->repo);
	header_search header = {.url = NULL};
	git_oid head;
	int rc;
	if (!tree)
		return bn_err_set(f->err, BN_ENOTFOUND,
			"'%s' is in a Git repository without a working tree", path);
	size_t n = strlen(tree);
	if (!(p->worktree = bn_strndup(tree, n > 1 ? n - 1 : n)))
		return bn_err_nomem(f->err, "a path");
	if ((rc = open_configs(f)) < 0 || (rc = find_store(f)) < 0 || (rc = find_server(f)) < 0 ||
		(rc = find_path(f, path)) < 0)
		return rc;
	if (git_reference_name_to_id(&head, f->repo, "HEAD") == 0)
		git_oid_tostr(p->rev, sizeof p->rev, &head);
	if (p->api.text && f->own) {
		header.url = p->api.text;
		header.scoped = f->shared_url;
		git_config_foreach(f->own, look_at_header, &header);
		p->header = header.found;
	}
	return 0;
}

int bn_lfs_place_find(bn_lfs_place *out, const bn_env *env, const char *path, bn_err *err)
{
	finding f = {.p = out, .env = env, .err = err};
	const char *slash = strrchr(path, '/');
	char *dir = slash ? bn_strndup(path, (size_t)(slash - path) + 1) : bn_strdup(".");
	int rc = 0;
	*out = (bn_lfs_place){.store = NULL};
	if (!dir)
		return bn_err_nomem(err, "a path");
	if ((rc = bn_git2_open(err)) < 0) {
		bn_free(dir);
		return rc;
	}
	if (git_repository_open_ext(&f.repo, dir, 0, NULL) != 0)
		rc = bn_err_set(err, BN_ENOTFOUND, "'%s' is in no Git repository", path);
	else
		rc = read_repository(&f, path);
	git_config_free(f.own);
	git_config_free(f.shared);
	git_repository_free(f.repo);
	bn_free(dir);
	return rc;
}
