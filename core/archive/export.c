/* export.c - see archive.h: writing an archive. */
#include "core/archive/_archive.h"
#include "core/archive/export_log.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/store/object/object.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

void bn_archive_report_release(bn_archive_report *r)
{
	bn_free(r->closure);
	bn_names_release(&r->left_out);
	*r = (bn_archive_report){.closure = NULL};
}

static void gather_release(bn_gather *g)
{
	bn_archive_list_release(&g->list);
	bn_version_free(g->model);
	bn_live_free(g->live);
	bn_live_free(g->held);
	bn_names_release(&g->roots);
	bn_names_release(&g->held_roots);
	json_decref(g->uids);
}

/* ---- bytes of entries ------------------------------------------------------------------------ */

/* Where bytes go: the file, a hash, or both. */
typedef struct outlet {
	bn_gather *g;
	bn_file_out *file;
	bn_tar_writer tar;
	bn_hasher *hasher;
	uint8_t *piece;
	const char *doing;
	uint64_t done, total; /* bytes, for progress */
} outlet;

static int to_file(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	outlet *o = ctx;
	return bn_file_out_add(o->file, bytes, n, err);
}

static int pass(outlet *o, const void *bytes, size_t n, bool write, bn_err *err)
{
	int rc;
	bn_hasher_add(o->hasher, bytes, n);
	if (write && (rc = bn_tar_add(&o->tar, bytes, n, err)) < 0)
		return rc;
	o->done += n;
	return bn_progress_step(o->g->o->progress, o->doing, o->done, o->total, err);
}

static int changed(const outlet *o, const bn_archive_entry *e, bn_err *err)
{
	bn_err_set(err, BN_ECONFLICT, "'%s/%s' changed while it was exported",
		bn_workspace_at(o->g->ws)->path, e->file ? e->file : e->path);
	bn_err_hint(err, "export again");
	return BN_ECONFLICT;
}

/* Bytes of a descriptor from `at` on. */
static int pass_fd(outlet *o, const bn_archive_entry *e, const bn_dir *at, int fd, uint64_t from, bool write,
	bn_err *err)
{
	const bn_env *env = bn_workspace_env(o->g->ws);
	for (uint64_t done = 0; done < e->bytes;) {
		size_t got, n = e->bytes - done < BN_ARCHIVE_PIECE ? (size_t)(e->bytes - done)
								   : BN_ARCHIVE_PIECE;
		int rc = bn_dir_read_at(env, at, e->path, fd, o->piece, n, (off_t)(from + done), &got, err);
		if (rc < 0)
			return rc;
		if (!got)
			return changed(o, e, err);
		if ((rc = pass(o, o->piece, got, write, err)) < 0)
			return rc;
		done += got;
	}
	return 0;
}

static int pass_file(outlet *o, const bn_archive_entry *e, bool write, bn_err *err)
{
	const bn_dir *at = bn_workspace_at(o->g->ws);
	bn_err why = BN_ERR_INIT;
	int fd = -1, rc = bn_dir_open_file(&fd, at, e->file, O_RDONLY, 0, &why);
	if (rc == BN_ENOTFOUND)
		return changed(o, e, err);
	if (rc < 0)
		return bn_err_move(err, &why);
	rc = pass_fd(o, e, at, fd, 0, write, err);
	at->env->fs->close(at->env, fd);
	return rc;
}

static int pass_object(outlet *o, const bn_archive_entry *e, bool write, bn_err *err)
{
	char hash[BN_SHA256_HEX + 1];
	bn_object_store *store = NULL;
	bn_object_reader *r = NULL;
	size_t got = 1;
	uint64_t done = 0;
	int rc;
	bn_archive_path_hash(e->path, hash);
	if ((rc = bn_workspace_objects(&store, o->g->ws, err)) < 0 ||
		(rc = bn_object_reader_new(&r, store, hash, 0, UINT64_MAX, err)) < 0)
		return rc;
	while (rc >= 0 && (rc = bn_object_read(r, o->piece, BN_ARCHIVE_PIECE, &got, err)) >= 0 && got) {
		if ((done += got) > e->bytes)
			rc = changed(o, e, err);
		else
			rc = pass(o, o->piece, got, write, err);
	}
	if (rc >= 0 && done != e->bytes)
		rc = changed(o, e, err);
	bn_object_reader_free(r);
	return rc;
}

static int pass_entry(outlet *o, const bn_archive_entry *e, bool write, bn_err *err)
{
	switch (e->from) {
	case BN_FROM_FILE:
		return pass_file(o, e, write, err);
	case BN_FROM_OBJECT:
		return pass_object(o, e, write, err);
	case BN_FROM_SPOOL:
		break;
	}
	return pass_fd(o, e, NULL, bn_file_out_fd(o->g->list.spool), e->at, write, err);
}

/* ---- the archive ----------------------------------------------------------------------------- */

/* Of files that are read where they lie; all others are known. */
static int hash_files(outlet *o, bn_err *err)
{
	bn_archive_list *l = &o->g->list;
	o->doing = "hashing files";
	for (size_t i = 0; i < l->count; i++) {
		if (l->items[i].from != BN_FROM_FILE)
			continue;
		int rc = pass_file(o, &l->items[i], false, err);
		if (rc < 0)
			return rc;
		bn_hasher_finish(o->hasher, l->items[i].sha256);
	}
	return 0;
}

static json_t *words_json(const bn_names *words)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < words->count; i++)
		json_array_append_new(list, bn_utf8_is_valid(words->items[i], strlen(words->items[i]))
						    ? json_string(words->items[i])
						    : json_string("?"));
	return list;
}

static int header_text(bn_buf *text, bn_gather *g, bn_err *err)
{
	bn_buf identity = BN_BUF_INIT;
	json_t *j = NULL, *h = NULL, *w = NULL;
	static const char *const keys[] = {"id", "format", "chain", "founding"};
	int rc = bn_dir_read_file(bn_workspace_at(g->ws), "workspace.json", &identity, err);
	if (rc < 0 || (rc = bn_json_parse(&j, identity.ptr, identity.len, "workspace.json", err)) < 0)
		goto out;
	h = json_pack("{s:I, s:I, s:I, s:o, s:s, s:O, s:o}", "created_ms",
		(json_int_t)bn_env_now_ms(bn_workspace_env(g->ws)), "entries",
		(json_int_t)g->report->entries, "bytes", (json_int_t)g->report->bytes, "left_out",
		words_json(&g->report->left_out), "program", BN_VERSION, "uids", g->uids, "workspace",
		w = json_object());
	rc = h ? 0 : bn_err_nomem(err, "a manifest");
	for (size_t i = 0; rc >= 0 && i < sizeof keys / sizeof *keys; i++)
		if (json_object_get(j, keys[i]))
			json_object_set(w, keys[i], json_object_get(j, keys[i]));
	if (rc >= 0 && g->report->closure)
		json_object_set_new(h, "closure", json_string(g->report->closure));
	if (rc >= 0)
		rc = bn_json_canonical(h, text, err);
out:
	json_decref(j);
	json_decref(h);
	bn_buf_release(&identity);
	return rc;
}

static int add_text(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	outlet *o = ctx;
	return bn_tar_add(&o->tar, bytes, n, err);
}

static int write_manifest(outlet *o, bn_err *err)
{
	bn_buf header = BN_BUF_INIT;
	uint64_t bytes = 0;
	int rc;
	if ((rc = header_text(&header, o->g, err)) < 0 ||
		(rc = bn_archive_manifest_write(&bytes, &o->g->list, header.ptr, NULL, NULL, err)) < 0 ||
		(rc = bn_tar_begin_file(&o->tar, BN_ARCHIVE_MANIFEST, 0644, bytes, err)) < 0)
		goto out;
	rc = bn_archive_manifest_write(&bytes, &o->g->list, header.ptr, add_text, o, err);
out:
	bn_buf_release(&header);
	return rc;
}

static int write_entry(outlet *o, const bn_archive_entry *e, bn_err *err)
{
	uint8_t digest[BN_SHA256_BYTES];
	mode_t mode = e->path[0] == 'p' ? 0600 : 0644;
	int rc = bn_tar_begin_file(&o->tar, e->path, mode, e->bytes, err);
	if (rc < 0 || (rc = pass_entry(o, e, true, err)) < 0)
		return rc;
	bn_hasher_finish(o->hasher, digest);
	return memcmp(digest, e->sha256, sizeof digest) ? changed(o, e, err) : 0;
}

static int write_all(outlet *o, bn_err *err)
{
	const bn_archive_list *l = &o->g->list;
	int rc = write_manifest(o, err);
	o->doing = "exporting";
	for (size_t i = 0; rc >= 0 && i < l->count; i++)
		rc = write_entry(o, &l->items[i], err);
	return rc < 0 ? rc : bn_tar_finish(&o->tar, err);
}

static int write_archive(bn_gather *g, bn_err *err)
{
	outlet o = {.g = g};
	uint64_t hashed = 0;
	int rc = (o.piece = bn_alloc(BN_ARCHIVE_PIECE)) ? bn_hasher_new(&o.hasher, err)
							: bn_err_nomem(err, "an archive");
	const char *path = strcmp(g->o->path, "-") != 0 ? g->o->path : "/dev/stdout";
	for (size_t i = 0; i < g->list.count; i++)
		if (g->list.items[i].from == BN_FROM_FILE)
			hashed += g->list.items[i].bytes;
	o.total = g->report->bytes + hashed;
	if (rc < 0 || (rc = hash_files(&o, err)) < 0 ||
		(rc = bn_file_out_open(&o.file, bn_workspace_env(g->ws), path, 0600, err)) < 0)
		goto out;
	bn_tar_init(&o.tar, (bn_tar_sink){to_file, &o});
	if ((rc = write_all(&o, err)) >= 0)
		rc = bn_file_out_finish(o.file, err);
	bn_tar_release(&o.tar);
out:
	bn_file_out_free(o.file);
	bn_hasher_free(o.hasher);
	bn_free(o.piece);
	return rc;
}

/* ---- what it is about ------------------------------------------------------------------------ */

static int find_model(bn_gather *g, bn_err *err)
{
	char spec[BN_VERSION_SPEC];
	int rc;
	if (!g->o->model)
		return 0;
	if ((rc = bn_version_get(&g->model, g->ws, g->o->model, err)) < 0)
		return rc;
	bn_version_spec(g->model, spec);
	if (g->model->state == BN_MODEL_REMOVED)
		return bn_err_set(err, BN_EREFUSED, "%s is removed", spec);
	return (g->report->closure = bn_strdup(spec)) ? 0 : bn_err_nomem(err, "a report");
}

static int check_target(const bn_archive_options *o, const bn_env *env, bn_err *err)
{
	if (o->force || !strcmp(o->path, "-") || bn_fs_is_device(env, o->path) || !bn_fs_exists(env, o->path))
		return 0;
	bn_err_set(err, BN_ECONFLICT, "'%s' exists already", o->path);
	bn_err_hint(err, "--force replaces it");
	return BN_ECONFLICT;
}

static int gather_all(bn_gather *g, bn_err *err)
{
	int rc;
	if ((rc = bn_gather_log(g, err)) < 0 || (rc = bn_workspace_refresh(g->ws, NULL, err)) < 0 ||
		(rc = bn_gather_claims(g, err)) < 0 || (rc = bn_gather_runs(g, err)) < 0 ||
		(rc = bn_gather_objects(g, err)) < 0)
		return rc;
	bn_archive_list_sort(&g->list);
	g->report->entries = g->list.count;
	for (size_t i = 0; i < g->list.count; i++)
		g->report->bytes += g->list.items[i].bytes;
	return 0;
}

int bn_archive_export(
	bn_archive_report *out, bn_workspace *ws, const bn_archive_options *o, bn_err *err)
{
	bn_gather g = {.ws = ws, .o = o, .report = out};
	int rc;
	*out = (bn_archive_report){.left_out = BN_NAMES_INIT};
	snprintf(out->id, sizeof out->id, "%.36s", bn_workspace_id(ws));
	if ((rc = check_target(o, bn_workspace_env(ws), err)) < 0 ||
		(rc = bn_archive_list_init(&g.list, bn_workspace_env(ws), err)) < 0 ||
		(rc = bn_workspace_refresh(ws, NULL, err)) < 0 || (rc = find_model(&g, err)) < 0)
		goto out;
	if (!(g.uids = json_array())) {
		rc = bn_err_nomem(err, "an archive");
		goto out;
	}
	if ((rc = bn_gather_datasets(&g, err)) < 0)
		goto out;
	const bn_export x = {.model = out->closure,
		.to = o->path,
		.reason = o->reason,
		.is_personal = g.is_personal,
		.private_too = o->private_too};
	if ((!o->dry_run && (rc = bn_export_record(ws, &x, err)) < 0) || (rc = gather_all(&g, err)) < 0)
		goto out;
	if (!o->dry_run)
		rc = write_archive(&g, err);
out:
	gather_release(&g);
	return rc;
}
