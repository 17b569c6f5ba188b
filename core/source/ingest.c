/* ingest.c - see ingest.h. */
#include "core/source/ingest.h"

#include "core/base/fs.h"
#include "core/table/arrow_read.h"
#include "core/source/arrow_source.h"
#include "core/source/csv.h"
#include "core/source/node.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#define HEAD_BYTES 4096

/* ---- sources -------------------------------------------------------------------------------- */

static bool ends_like(const char *uri, const char *suffix)
{
	size_t n = strlen(uri), k = strlen(suffix);

	return n >= k && !strcasecmp(uri + n - k, suffix);
}

static int detect_csv(const char *uri, const char *head, size_t n)
{
	(void)head;
	return n == 0 ? 0 : ends_like(uri, ".csv") ? 50 : 10;
}

static int detect_tsv(const char *uri, const char *head, size_t n)
{
	const char *tab = n ? memchr(head, '\t', n) : NULL,
		   *comma = n ? memchr(head, ',', n) : NULL;

	if (ends_like(uri, ".tsv") || ends_like(uri, ".tab"))
		return n ? 50 : 0;
	return tab && !comma ? 20 : 0;
}

static int detect_arrow(const char *uri, const char *head, size_t n)
{
	(void)uri;
	return bn_arrow_detect(head, n) ? 100 : 0;
}

static int open_csv(bn_stream **out, const bn_env *env, const char *uri,
	const bn_source_options *options, bn_err *err)
{
	return bn_csv_open(out, env, uri, ',', options, err);
}

static int open_tsv(bn_stream **out, const bn_env *env, const char *uri,
	const bn_source_options *options, bn_err *err)
{
	return bn_csv_open(out, env, uri, '\t', options, err);
}

static const bn_source source_csv = {"csv", "comma-separated values", false, detect_csv, open_csv};
static const bn_source source_tsv = {"tsv", "tab-separated values", false, detect_tsv, open_tsv};
static const bn_source source_arrow = {"arrow", "Arrow IPC file (Feather V2), uncompressed", false,
	detect_arrow, bn_arrow_stream_open};

static const bn_source *const sources[] = {
	&source_csv, &source_tsv, &source_arrow, &bn_source_node, NULL};

static int unknown_source(const char *name, bn_err *err)
{
	bn_buf list = BN_BUF_INIT;

	for (const bn_source *const *s = sources; *s; s++)
		bn_buf_addf(&list, "%s%s", s == sources ? "" : ", ", (*s)->name);
	bn_err_set(err, BN_ENOTFOUND, "no source '%s'", name);
	bn_err_hint(err, "there are: %s", list.ptr);
	bn_buf_release(&list);
	return BN_ENOTFOUND;
}

/* The first bytes of a file; *n 0 when uri names none. */
static int read_head(const bn_env *env, const char *uri, char *head, size_t *n, int *open_errno)
{
	int fd = env->fs->open(env, NULL, uri, O_RDONLY, 0);

	*n = 0;
	*open_errno = fd < 0 ? -fd : 0;
	if (fd < 0)
		return 0;
	int rc = bn_fs_read_at(env, fd, head, HEAD_BYTES, 0, n, uri, NULL);
	env->fs->close(env, fd);
	return rc;
}

/* A directory has no bytes, and a device may have no end. What is not there may be no file at all
 * ("proc:"), or is refused by the source. */
static int check_kind(const bn_env *env, const char *uri, bn_err *err)
{
	struct stat st;

	if (env->fs->stat(env, NULL, uri, &st) < 0 || S_ISREG(st.st_mode))
		return 0;
	if (S_ISDIR(st.st_mode)) {
		bn_err_set(err, BN_EINVAL, "%s is a directory", uri);
		bn_err_hint(err, "name one file");
		return BN_EINVAL;
	}
	bn_err_set(err, BN_EUNSUPPORTED, "%s is not a regular file", uri);
	bn_err_hint(err, "it may have to be read twice: save it to a file first");
	return BN_EUNSUPPORTED;
}

int bn_source_find(
	const bn_source **out, const bn_env *env, const char *name, const char *uri, bn_err *err)
{
	char head[HEAD_BYTES];
	size_t n = 0;
	int best = 0, open_errno = 0;

	int rc = check_kind(env, uri, err);
	if (rc)
		return rc;
	for (const bn_source *const *s = sources; name && *s; s++) {
		if (!strcmp((*s)->name, name)) {
			*out = *s;
			return 0;
		}
	}
	if (name)
		return unknown_source(name, err);
	read_head(env, uri, head, &n, &open_errno);
	for (const bn_source *const *s = sources; *s; s++) {
		int bid = (*s)->detect(uri, head, n);
		if (bid > best) {
			best = bid;
			*out = *s;
		}
	}
	if (best)
		return 0;
	if (open_errno)
		return bn_err_sys(err, open_errno == ENOENT ? BN_ENOTFOUND : BN_EIO, open_errno,
			"cannot open %s", uri);
	return bn_err_set(err, BN_EINVAL, "%s is empty", uri);
}

/* ---- ingestion ------------------------------------------------------------------------------ */

void bn_ingest_report_release(bn_ingest_report *r)
{
	bn_schema_release(&r->schema);
	memset(r, 0, sizeof *r);
}

/* One attempt: 0, BN_STREAM_RESTART, or an error. */
static int copy_stream(bn_stream *stream, const bn_env *env, const bn_dir *at, const char *path,
	bn_ingest_report *report, bn_err *err)
{
	bn_table_writer *w = NULL;
	const bn_batch *batch = NULL;
	int rc = bn_table_create(&w, env, at, path, stream->ops->schema(stream), err);

	if (rc)
		return rc;
	while ((rc = stream->ops->next(stream, &batch, err)) == BN_STREAM_BATCH) {
		rc = bn_table_write_batch(w, batch, err);
		if (rc)
			break;
	}
	if (rc == BN_STREAM_END)
		rc = bn_table_writer_finish(w, err);
	if (!rc) {
		report->rows = bn_table_written_rows(w);
		report->bytes_out = bn_table_written_bytes(w);
		report->rejected = stream->ops->rejected(stream);
		report->bytes_in = stream->ops->bytes_total(stream);
		rc = bn_schema_copy(&report->schema, stream->ops->schema(stream), err);
		if (rc)
			env->fs->unlink(env, at, path);
	}
	bn_table_writer_free(w);
	return rc;
}

int bn_ingest(const bn_env *env, const char *source_name, const char *uri,
	const bn_source_options *options, const bn_dir *at, const char *path,
	bn_ingest_report *report, bn_err *err)
{
	const bn_source_options defaults = BN_SOURCE_OPTIONS_INIT;
	bn_ingest_report mine = {.passes = 0};
	bn_stream *stream = NULL;
	int64_t began = bn_env_monotonic_ns(env);
	int rc = bn_source_find(&mine.source, env, source_name, uri, err);

	options = options ? options : &defaults;
	if (!rc && mine.source->live && options->duration_ns <= 0)
		rc = bn_err_set(err, BN_EINVAL, "%s does not end by itself: say for how long", uri);
	rc = rc ? rc : mine.source->open(&stream, env, uri, options, err);
	if (rc)
		return rc;
	do {
		mine.passes++;
		rc = copy_stream(stream, env, at, path, &mine, err);
	} while (rc == BN_STREAM_RESTART);
	stream->ops->free(stream);
	mine.seconds = (double)(bn_env_monotonic_ns(env) - began) * 1e-9;
	if (rc || !report)
		bn_ingest_report_release(&mine);
	else
		*report = mine;
	return rc;
}
