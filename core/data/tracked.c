/* tracked.c - see tracked.h. */
#include "core/data/tracked.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/dvc/source.h"
#include "core/lfs/object.h"

#include <string.h>

void bn_tracked_release(bn_tracked *t)
{
	json_decref(t->record);
	bn_free(t->note);
	*t = (bn_tracked)BN_TRACKED_INIT;
}

int bn_tracked_tell(const bn_tracked *t, bn_source_notes *notes, bn_err *err)
{
	return t->note ? bn_source_note_add(notes, false, err, "%s", t->note) : 0;
}

/* The note is taken. */
static int record(bn_tracked *t, json_t *what, char *note, const char *rev, bn_err *err)
{
	t->record = what;
	t->note = note;
	if (!what || !note || (rev[0] && json_object_set_new(what, "rev", json_string(rev)) != 0))
		return bn_err_nomem(err, "the record of a source");
	return 0;
}

/* *out stays NULL if DVC does not track the path. */
static int open_dvc(bn_input **out, bn_tracked *t, const bn_env *env, const char *uri,
	const bn_progress *progress, bn_err *err)
{
	bn_dvc_source s;
	int rc = bn_dvc_source_open(&s, env, uri, progress, err);
	if (rc < 0)
		goto out;
	if (s.changed)
		t->note = bn_strf("%s is not what DVC tracks: it is read as it is there", uri);
	if (s.fd < 0)
		goto out;
	char *note =
		s.fetched ? bn_strf("%s is tracked by %s: read from %s", uri, s.file, s.remote)
			  : bn_strf("%s is tracked by %s: read from the cache of DVC", uri, s.file);
	rc = record(t,
		json_pack("{s:s, s:s, s:s, s:s}", "by", "dvc", "file", s.file, "path", s.path,
			"md5", s.md5),
		note, s.rev, err);
	if (rc < 0)
		goto out;
	int fd = s.fd;
	s.fd = -1;
	rc = bn_input_of_file(out, env, fd, s.name, err);
out:
	bn_dvc_source_close(&s);
	return rc;
}

/* in is a pointer: *out becomes the file. */
static int open_lfs(bn_input **out, bn_tracked *t, const bn_env *env, const bn_input *in,
	const char *uri, const bn_progress *progress, bn_err *err)
{
	bn_lfs_object o = {.fd = -1};
	bn_lfs_pointer p;
	size_t n;
	const char *head = bn_input_head(in, &n);
	int rc;
	if ((rc = bn_lfs_pointer_parse(&p, head, n, uri, err)) < 0 ||
		(rc = bn_lfs_object_open(&o, env, uri, &p, progress, err)) < 0)
		goto out;
	rc = record(t,
		json_pack("{s:s, s:s, s:o}", "by", "git-lfs", "path", o.path ? o.path : uri, "oid",
			json_sprintf("sha256:%s", p.oid)),
		bn_strf("%s is a pointer of Git LFS: read from %s", uri, o.from), o.rev, err);
	if (rc < 0)
		goto out;
	int fd = o.fd;
	o.fd = -1;
	rc = bn_input_of_file(out, env, fd, uri, err);
out:
	bn_lfs_object_close(&o);
	return rc;
}

int bn_tracked_open(bn_input **out, bn_tracked *t, const bn_env *env, const char *uri,
	const bn_progress *progress, bn_err *err)
{
	bn_input *in = NULL;
	size_t n;
	int rc;
	if (strcmp(uri, "-") != 0 && (rc = open_dvc(&in, t, env, uri, progress, err)) < 0)
		return rc;
	if (in) {
		*out = in;
		return 0;
	}
	if ((rc = bn_input_open(&in, env, uri, progress, err)) < 0)
		return rc;
	const char *head = bn_input_head(in, &n);
	if (!strcmp(uri, "-") || bn_input_size(in) > BN_LFS_POINTER_MAX ||
		!bn_lfs_is_pointer(head, n)) {
		*out = in;
		return 0;
	}
	rc = open_lfs(out, t, env, in, uri, progress, err);
	bn_input_free(in);
	return rc;
}
