/* roots.c - see _roots.h. */
#include "core/exchange/_roots.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdlib.h>
#include <string.h>

int bn_src_roots_open(bn_src_roots *out, const bn_env *env, bn_dir *own,
	const bn_import_options *options, bn_err *err)
{
	int rc = 0;
	*out = (bn_src_roots){0};
	out->dirs = bn_alloc_zeroed(options->artifact_root_count + 1, sizeof *out->dirs);
	if (!out->dirs) {
		bn_dir_close(own);
		return bn_err_nomem(err, "directories");
	}
	if (own)
		out->dirs[out->count++] = own;
	for (size_t i = 0; rc == 0 && i < options->artifact_root_count; i++)
		if ((rc = bn_dir_open(
			     &out->dirs[out->count], env, options->artifact_roots[i], err)) == 0)
			out->count++;
	if (rc < 0)
		bn_src_roots_close(out);
	return rc;
}

void bn_src_roots_close(bn_src_roots *r)
{
	for (size_t i = 0; i < r->count; i++)
		bn_dir_close(r->dirs[i]);
	bn_free(r->dirs);
	*r = (bn_src_roots){0};
}

/* The path in a URI of a kind that can be a local directory; NULL for others. */
static const char *path_of(const char *uri)
{
	static const char *const schemes[] = {"file:", "mlflow-artifacts:"};
	if (!uri)
		return NULL;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (bn_str_starts(uri, schemes[i])) {
			const char *path = uri + strlen(schemes[i]);
			if (strncmp(path, "//", 2) != 0)
				return path;
			return path[2] == '/' ? path + 2 : strchr(path + 2, '/'); /* after a host */
		}
	return strstr(uri, ":/") ? NULL : uri;
}

static bool has_component(const char *path, const char *must)
{
	size_t n = must ? strlen(must) : 0;
	if (!must)
		return strchr(path, '/') != NULL;
	for (const char *p = path; (p = strstr(p, must)); p += n)
		if ((p == path || p[-1] == '/') && (p[n] == '/' || !p[n]))
			return true;
	return false;
}

char *bn_src_roots_find(const bn_src_roots *r, const char *uri, const char *must)
{
	struct stat st;
	const char *path = path_of(uri);
	for (const char *p = path; p && *p; p = strchr(p, '/')) {
		p += strspn(p, "/");
		if (bn_str_starts(p, "./"))
			p += 2;
		if (!*p || !has_component(p, must))
			break; /* a shorter one has not either */
		for (size_t i = 0; i < r->count; i++) {
			char *name = bn_strndup(p, strlen(p) - bn_str_ends(p, "/"));
			bool is = name && bn_dir_stat(r->dirs[i], name, &st, NULL) >= 0 &&
				  S_ISDIR(st.st_mode);
			bn_free(name);
			if (is)
				return bn_strf("%zu:%s", i, p);
		}
	}
	return NULL;
}

void bn_src_roots_note(
	const bn_src_roots *r, const bn_src *s, const char *uri, const char *what, const char *id)
{
	const char *path = path_of(uri);
	(void)r;
	if (!uri || !*uri || s->options->no_artifacts)
		return;
	if (!path)
		bn_exchange_leave_out(s->report, "artifacts",
			"they are in a store that is not read here: import from the server, or "
			"copy them and "
			"name the copy with --artifact-root",
			"%s %s: %s", what, id, uri);
	else if (path[0] == '/' && bn_fs_is_dir(s->env, path))
		bn_exchange_leave_out(s->report, "artifacts",
			"they are outside of the source's directory: --artifact-root DIR allows to "
			"read them",
			"%s %s: %s", what, id, uri);
}

static const bn_dir *root_of(const bn_src_roots *r, const char *files, const char **path)
{
	char *end;
	unsigned long i = strtoul(files, &end, 10);
	*path = end + 1;
	return *end == ':' && i < r->count ? r->dirs[i] : NULL;
}

int bn_src_roots_files(const bn_src_roots *r, const bn_src *s, const char *files,
	bn_src_each_file *each, void *user, bn_err *err)
{
	const char *path;
	const bn_dir *at = root_of(r, files, &path);
	return at ? bn_src_walk(at, path, s->report, each, user, err) : 0;
}

int bn_src_roots_read(const bn_src_roots *r, const char *files, const char *path,
	bn_src_write *write, void *user, bn_err *err)
{
	const char *dir;
	const bn_dir *at = root_of(r, files, &dir);
	char *name = bn_strf("%s/%s", dir, path);
	int rc = name && at ? bn_src_copy(at, name, write, user, err) : bn_err_nomem(err, "a path");
	bn_free(name);
	return rc;
}
