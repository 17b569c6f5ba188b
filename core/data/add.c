/* add.c - see add.h. */
#include "core/data/add.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/profile/profiler.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* The hash of the source, on a thread of its own. */
typedef struct hashing {
	const bn_env *env;
	const char *path;
	char hex[65];
	uint64_t size;
	int rc;
	pthread_t thread;
	bool started;
	atomic_bool stop; /* nobody wants it any more */
} hashing;

enum { HASH_BLOCK = 1 << 18 };

static int hash_file(hashing *h, int fd, bn_hasher *hasher, uint8_t *block)
{
	uint8_t raw[BN_SHA256_BYTES];
	size_t got = 0;
	do {
		if (atomic_load(&h->stop))
			return BN_EINTR;
		int rc = bn_fs_read_at(
			h->env, fd, block, HASH_BLOCK, (off_t)h->size, &got, h->path, NULL);
		if (rc < 0)
			return rc;
		bn_hasher_add(hasher, block, got);
		h->size += got;
	} while (got == HASH_BLOCK);
	bn_hasher_finish(hasher, raw);
	bn_hex(raw, sizeof raw, h->hex);
	return 0;
}

static void *hash_main(void *arg)
{
	hashing *h = arg;
	bn_hasher *hasher = NULL;
	uint8_t *block = bn_alloc(HASH_BLOCK);
	int fd = h->env->fs->open(h->env, NULL, h->path, O_RDONLY, 0);
	if (block && fd >= 0 && bn_hasher_new(&hasher, NULL) == 0)
		h->rc = hash_file(h, fd, hasher, block);
	bn_hasher_free(hasher);
	if (fd >= 0)
		h->env->fs->close(h->env, fd);
	bn_free(block);
	return NULL;
}

static bool profile_report(void *ctx, uint64_t done, uint64_t total)
{
	const bn_progress *p = ctx;
	return bn_progress_step(p, "profiling", done, total, NULL) == 0;
}

static void hash_start(hashing *h, const bn_env *env, const char *path)
{
	memset(h, 0, sizeof *h);
	h->env = env;
	h->path = path;
	h->rc = -1;
	if (bn_fs_exists(env, path) && !bn_fs_is_dir(env, path))
		h->started = pthread_create(&h->thread, NULL, hash_main, h) == 0;
}

static void hash_join(hashing *h)
{
	if (h->started)
		pthread_join(h->thread, NULL);
}

/* The name of a new file below the workspace's directory. */
static int temporary(char **path, bn_workspace *ws, bn_err *err)
{
	uint64_t tag;
	int rc = bn_env_random(bn_workspace_env(ws), &tag, sizeof tag, err);
	if (rc)
		return rc;
	*path = bn_strf("tmp/add-%016llx.arrow", (unsigned long long)tag);
	return *path ? 0 : bn_err_nomem(err, "a path");
}

/* What the user said about reading it; absent when it was nothing. */
static json_t *options_json(const bn_source_options *o)
{
	json_t *types = json_object();
	for (size_t i = 0; o && i < o->type_count; i++)
		json_object_set_new(
			types, o->types[i].column, json_string(bn_type_name(o->types[i].type)));
	json_t *recipe = json_pack("{s:s, s:o}", "do", "ingest", "types", types);
	if (recipe && o && o->no_header)
		json_object_set_new(recipe, "no_header", json_true());
	if (recipe && o && o->rejects)
		json_object_set_new(recipe, "on_error", json_string("reject"));
	return recipe;
}

int bn_dataset_add(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	const char *source_name, const char *uri, const bn_source_options *options,
	bn_ingest_report *report, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_ingest_report mine = {0};
	char *path = NULL;
	hashing h;
	const bn_source *source = NULL;
	int rc = bn_dataset_check_name(name, err);
	if (!rc) /* before a device without end is hashed */
		rc = bn_source_find(&source, env, source_name, uri, err);
	if (!rc)
		rc = temporary(&path, ws, err);
	if (rc)
		return rc;
	hash_start(&h, env, uri);
	rc = bn_ingest(env, source_name, uri, options, bn_workspace_at(ws), path, &mine, err);
	atomic_store(&h.stop, rc != 0);
	hash_join(&h);
	bn_profile_progress profiling = {
		profile_report, (void *)(uintptr_t)(options ? options->profiling : NULL)};
	json_t *recipe = rc ? NULL : options_json(options);
	if (!rc) {
		bn_dataset_draft d = {.name = name,
			.table_at = bn_workspace_at(ws),
			.table_path = path,
			.take = true,
			.progress = &profiling,
			.source_kind = mine.source->name,
			.source_path = uri,
			.source_size = h.size,
			.source_sha256 = h.rc ? NULL : h.hex,
			.rejected = (int64_t)mine.rejected,
			.recipe = recipe};
		rc = bn_dataset_publish(out, added, ws, &d, err);
	}
	bn_dir_unlink(bn_workspace_at(ws), path, NULL);
	json_decref(recipe);
	bn_free(path);
	if (rc || !report)
		bn_ingest_report_release(&mine);
	else
		*report = mine;
	return rc;
}

int bn_dataset_generate(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	const bn_generate_options *o, bn_err *err)
{
	char *path = NULL;
	int rc = temporary(&path, ws, err);
	if (!rc)
		rc = bn_generate_jobs(bn_workspace_env(ws), bn_workspace_at(ws), path, o, err);
	json_t *recipe = json_pack("{s:s, s:s, s:b, s:I, s:I, s:f}", "do", "generate", "what",
		"HPC job telemetry", "synthetic", 1, "rows", (json_int_t)o->rows, "seed",
		(json_int_t)o->seed, "drift", o->drift);
	bn_dataset_draft d = {.name = name,
		.table_at = bn_workspace_at(ws),
		.table_path = path,
		.take = true,
		.source_kind = "generate",
		.recipe = recipe};
	if (!rc)
		rc = bn_dataset_publish(out, added, ws, &d, err);
	if (path)
		bn_dir_unlink(bn_workspace_at(ws), path, NULL);
	json_decref(recipe);
	bn_free(path);
	return rc;
}
