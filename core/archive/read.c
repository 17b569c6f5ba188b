/*
 * read.c - see _archive.h: an archive as it comes, checked while it is read.
 *
 * The bytes come once, in their order, perhaps through a pipe. The manifest goes into a nameless file and is read along with
 * the entries; so memory does not depend on what an archive holds. The reader accepts one thing only: the listed entry, of
 * the listed size and hash, next.
 */
#include "core/archive/_archive.h"
#include "core/base/json.h"
#include "core/base/str.h"

#include <stdio.h>
#include <string.h>

struct bn_archive_reader {
	const bn_env *env;
	bn_archive_stream from;
	uint64_t at; /* bytes that came */
	bn_tar_reader tar;
	bn_tar_entry *entry;
	bn_archive_entry now;
	uint64_t due; /* bytes of the entry that are not read yet */
	bool is_read; /* its hash was checked */
	bn_hasher *hasher;
	json_t *header;
	/* the manifest */
	bn_file_out *spool;
	uint64_t lines_at, lines_end; /* what is left of it */
	uint64_t entries, count;      /* read; listed in the header */
	bn_buf line;
	char last[BN_ARCHIVE_PATH_MAX + 1];
};

static int damaged(const bn_archive_reader *r, const char *path, const char *why, bn_err *err)
{
	bn_err_set(err, BN_ECORRUPT, "%s: '%.200s' %s", r->from.name, path, why);
	bn_err_hint(err, "the archive was cut off or damaged on its way: copy or export it again");
	return BN_ECORRUPT;
}

static int no_archive(const bn_archive_reader *r, const char *why, bn_err *err)
{
	return bn_err_set(err, BN_EINVAL, "%s is no archive of a workspace: %s", r->from.name, why);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

/* For the tar reader, which asks for bytes in their order; what it skips is padding. */
static int read_forward(void *ctx, void *bytes, size_t n, uint64_t at, size_t *got, bn_err *err)
{
	bn_archive_reader *r = ctx;
	char skipped[BN_ARCHIVE_LINE_MAX];
	size_t have = 1;
	*got = 0;
	BN_BUG(at < r->at);
	while (r->at < at && have) {
		size_t most = at - r->at < sizeof skipped ? (size_t)(at - r->at) : sizeof skipped;
		int rc = r->from.read(r->from.ctx, skipped, most, &have, err);
		if (rc < 0)
			return rc;
		r->at += have;
	}
	while (*got < n && have) {
		int rc = r->from.read(r->from.ctx, (char *)bytes + *got, n - *got, &have, err);
		if (rc < 0)
			return rc;
		r->at += have;
		*got += have;
	}
	return 0;
}

/* ---- the manifest --------------------------------------------------------------------------- */

/* The next line, without its newline, in r->line; false at the end. */
static int next_line(bool *found, bn_archive_reader *r, size_t most, bn_err *err)
{
	char block[1024];
	bn_buf_clear(&r->line);
	*found = false;
	while (r->lines_at < r->lines_end) {
		size_t got, n = r->lines_end - r->lines_at < sizeof block
					? (size_t)(r->lines_end - r->lines_at)
					: sizeof block;
		int rc = bn_fs_read_at(r->env, bn_file_out_fd(r->spool), block, n, (off_t)r->lines_at,
			&got, "a temporary file", err);
		if (rc < 0)
			return rc;
		if (!got)
			return bn_err_set(err, BN_EIO, "a temporary file became shorter");
		char *end = memchr(block, '\n', got);
		size_t part = end ? (size_t)(end - block) : got;
		bn_buf_add(&r->line, block, part);
		r->lines_at += part + (end != NULL);
		if ((rc = bn_buf_check(&r->line, err, "a manifest")) < 0)
			return rc;
		if (r->line.len > most)
			return damaged(r, BN_ARCHIVE_MANIFEST, "has a line that is too long", err);
		if (end) {
			*found = strlen(r->line.ptr) == r->line.len;
			return *found ? 0 : damaged(r, BN_ARCHIVE_MANIFEST, "has a NUL", err);
		}
	}
	return r->line.len ? damaged(r, BN_ARCHIVE_MANIFEST, "ends within a line", err) : 0;
}

static int check_magic(bn_archive_reader *r, bn_err *err)
{
	const size_t n = strlen(BN_ARCHIVE_MAGIC " ");
	int64_t format = 0;
	if (strncmp(r->line.ptr, BN_ARCHIVE_MAGIC " ", n) != 0 ||
		!bn_parse_i64(r->line.ptr + n, r->line.len - n, &format) || format < 1)
		return no_archive(r, "its manifest begins otherwise", err);
	if (format == BN_ARCHIVE_FORMAT)
		return 0;
	bn_err_set(err, BN_EUNSUPPORTED, "%s has format %lld, of a newer binnacle: this one reads format %d",
		r->from.name, (long long)format, BN_ARCHIVE_FORMAT);
	bn_err_hint(err, "import it with the newer binnacle");
	return BN_EUNSUPPORTED;
}

static int check_header(bn_archive_reader *r, bn_err *err)
{
	json_t *w;
	const char *id;
	int64_t entries, bytes, format;
	int rc = bn_json_parse(&r->header, r->line.ptr, r->line.len, BN_ARCHIVE_MANIFEST, err);
	if (rc < 0 || (rc = bn_json_need_int(r->header, "entries", &entries, BN_ARCHIVE_MANIFEST, err)) < 0 ||
		(rc = bn_json_need_int(r->header, "bytes", &bytes, BN_ARCHIVE_MANIFEST, err)) < 0 ||
		(rc = bn_json_need_object(r->header, "workspace", &w, BN_ARCHIVE_MANIFEST, err)) < 0 ||
		(rc = bn_json_need_str(w, "id", &id, BN_ARCHIVE_MANIFEST, err)) < 0 ||
		(rc = bn_json_need_int(w, "format", &format, BN_ARCHIVE_MANIFEST, err)) < 0)
		return rc;
	if (entries < 0 || entries > BN_ARCHIVE_ENTRIES_MAX || bytes < 0 || strlen(id) != 36 ||
		strspn(id, "0123456789abcdef-") != 36)
		return bn_err_set(err, BN_EINVAL, "%s: the manifest's entries, bytes or id are out of bounds",
			r->from.name);
	r->count = (uint64_t)entries;
	return 0;
}

/* The last line is the hash of all text before it. */
static int check_sum(bn_archive_reader *r, bn_err *err)
{
	enum { TAIL = 7 + BN_SHA256_HEX + 1 };
	char tail[TAIL + 1], hex[BN_SHA256_HEX + 1], block[4096];
	uint8_t digest[BN_SHA256_BYTES];
	const int fd = bn_file_out_fd(r->spool);
	size_t got;
	int rc;
	if (r->lines_end < TAIL)
		return no_archive(r, "its manifest is too short", err);
	r->lines_end -= TAIL;
	for (uint64_t at = 0; at < r->lines_end; at += got) {
		size_t n = r->lines_end - at < sizeof block ? (size_t)(r->lines_end - at) : sizeof block;
		if ((rc = bn_fs_read_at(r->env, fd, block, n, (off_t)at, &got, "a temporary file", err)) < 0)
			return rc;
		if (!got)
			return bn_err_set(err, BN_EIO, "a temporary file became shorter");
		bn_hasher_add(r->hasher, block, got);
	}
	bn_hasher_finish(r->hasher, digest);
	bn_hex(digest, sizeof digest, hex);
	if ((rc = bn_fs_read_at(r->env, fd, tail, TAIL, (off_t)r->lines_end, &got, "a temporary file", err)) < 0)
		return rc;
	tail[TAIL] = '\0';
	if (got != TAIL || strncmp(tail, "sha256 ", 7) != 0 || strncmp(tail + 7, hex, BN_SHA256_HEX) != 0 ||
		tail[TAIL - 1] != '\n')
		return damaged(r, BN_ARCHIVE_MANIFEST, "is not what its last line says", err);
	return 0;
}

static int spool_manifest(bn_archive_reader *r, bn_err *err)
{
	char block[4096];
	size_t got;
	uint64_t most = (uint64_t)BN_ARCHIVE_ENTRIES_MAX * BN_ARCHIVE_LINE_MAX;
	if (r->entry->size > most)
		return no_archive(r, "its manifest is too large", err);
	for (uint64_t done = 0; done < r->entry->size; done += got) {
		size_t n = r->entry->size - done < sizeof block ? (size_t)(r->entry->size - done)
								: sizeof block;
		int rc = read_forward(r, block, n, r->entry->from + done, &got, err);
		if (rc < 0)
			return rc;
		if (!got)
			return damaged(r, BN_ARCHIVE_MANIFEST, "is cut off", err);
		if ((rc = bn_file_out_add(r->spool, block, got, err)) < 0)
			return rc;
	}
	r->lines_end = r->entry->size;
	return 0;
}

static int read_manifest(bn_archive_reader *r, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bool found;
	int rc = bn_tar_next(r->entry, &r->tar, &why);
	if (rc == BN_EINVAL)
		return no_archive(r, "it does not begin as a tar file", err);
	if (rc < 0)
		return bn_err_move(err, &why);
	if (rc != 1 || r->entry->kind != BN_TAR_FILE || strcmp(r->entry->path, BN_ARCHIVE_MANIFEST) != 0)
		return no_archive(r, "its first entry is not '" BN_ARCHIVE_MANIFEST "'", err);
	if ((rc = spool_manifest(r, err)) < 0 || (rc = next_line(&found, r, 64, err)) < 0)
		return rc;
	if (!found)
		return no_archive(r, "its manifest is empty", err);
	if ((rc = check_magic(r, err)) < 0)
		return rc;
	uint64_t behind = r->lines_at;
	if ((rc = check_sum(r, err)) < 0)
		return rc;
	r->lines_at = behind;
	if ((rc = next_line(&found, r, BN_ARCHIVE_HEADER_MAX, err)) < 0)
		return rc;
	return found ? check_header(r, err) : no_archive(r, "its manifest has no header", err);
}

int bn_archive_reader_new(
	bn_archive_reader **out, const bn_env *env, bn_archive_stream from, bn_err *err)
{
	int rc;
	bn_archive_reader *r = bn_alloc_zeroed(1, sizeof *r);
	if (!r)
		return bn_err_nomem(err, "an archive");
	r->env = env;
	r->from = from;
	r->is_read = true;
	bn_buf_init(&r->line);
	if (!(r->entry = bn_alloc(sizeof *r->entry))) {
		rc = bn_err_nomem(err, "an archive");
		goto out;
	}
	bn_tar_reader_init(&r->tar,
		(bn_tar_source){.read = read_forward, .ctx = r, .size = UINT64_MAX / 2, .name = from.name});
	r->tar.most = BN_ARCHIVE_ENTRIES_MAX + 1;
	if ((rc = bn_hasher_new(&r->hasher, err)) < 0 ||
		(rc = bn_file_out_open(&r->spool, env, NULL, 0600, err)) < 0 ||
		(rc = read_manifest(r, err)) < 0)
		goto out;
	*out = r;
	r = NULL;
out:
	bn_archive_reader_free(r);
	return rc;
}

void bn_archive_reader_free(bn_archive_reader *r)
{
	if (!r)
		return;
	bn_file_out_free(r->spool);
	bn_hasher_free(r->hasher);
	bn_buf_release(&r->line);
	json_decref(r->header);
	bn_free(r->entry);
	bn_free(r);
}

const json_t *bn_archive_reader_header(const bn_archive_reader *r)
{
	return r->header;
}

/* ---- entries -------------------------------------------------------------------------------- */

/* "SHA256 BYTES PATH" in r->line. */
static int parse_line(bn_archive_reader *r, bn_err *err)
{
	char *bytes = r->line.ptr + BN_SHA256_HEX + 1, *path, hash[BN_SHA256_HEX + 1];
	uint8_t named[BN_SHA256_BYTES];
	int64_t n = -1;
	bool fits = r->line.len > BN_SHA256_HEX + 1 && bytes[-1] == ' ' && (path = strchr(bytes, ' '));
	if (!fits || !bn_parse_i64(bytes, (size_t)(path - bytes), &n) || n < 0)
		return damaged(r, BN_ARCHIVE_MANIFEST, "has a line that is no entry", err);
	bytes[-1] = '\0';
	r->now = (bn_archive_entry){.path = path + 1, .bytes = (uint64_t)n};
	if (bn_unhex(r->line.ptr, sizeof r->now.sha256, r->now.sha256) != 0)
		return damaged(r, BN_ARCHIVE_MANIFEST, "has a line without a SHA-256", err);
	if (bn_archive_kind_of(path + 1) == BN_ARCHIVE_BAD)
		return bn_err_set(err, BN_EINVAL, "%s: no archive may hold '%.200s'", r->from.name, path + 1);
	if (strcmp(r->last, path + 1) >= 0)
		return bn_err_set(err, BN_EINVAL, "%s: '%.200s' is listed twice, or out of order",
			r->from.name, path + 1);
	if (bn_archive_path_hash(path + 1, hash) &&
		(bn_unhex(hash, sizeof named, named) != 0 || memcmp(named, r->now.sha256, sizeof named) != 0))
		return bn_err_set(err, BN_EINVAL, "%s: object '%.200s' is listed with another hash",
			r->from.name, path + 1);
	snprintf(r->last, sizeof r->last, "%s", path + 1);
	return 0;
}

/* Nothing may follow the last entry. */
static int check_end(bn_archive_reader *r, bn_err *err)
{
	int rc = bn_tar_next(r->entry, &r->tar, err);
	if (rc < 0)
		return rc;
	if (rc == 1)
		return bn_err_set(err, BN_EINVAL, "%s: '%.200s' is not in its manifest", r->from.name,
			r->entry->path);
	if (r->entries != r->count)
		return damaged(r, BN_ARCHIVE_MANIFEST, "lists another number of entries than it says", err);
	return 0;
}

static const char *kind_name(bn_tar_kind kind)
{
	switch (kind) {
	case BN_TAR_FILE:
		return "file";
	case BN_TAR_DIR:
		return "directory";
	case BN_TAR_SYMLINK:
	case BN_TAR_HARDLINK:
		break;
	}
	return "link";
}

/* A damaged header is reported as the entry that should be there. */
static int next_entry(bn_archive_reader *r, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = bn_tar_next(r->entry, &r->tar, &why);
	if (rc == BN_EINVAL)
		return damaged(r, r->now.path, why.msg, err);
	if (rc < 0)
		return bn_err_move(err, &why);
	if (rc != 1)
		return damaged(r, r->now.path, "is missing, and all that would follow", err);
	if (strcmp(r->entry->path, r->now.path) != 0 || r->entry->kind != BN_TAR_FILE)
		return bn_err_set(err, BN_EINVAL, "%s: the manifest has '%.200s', and there is %s '%.200s'",
			r->from.name, r->now.path, kind_name(r->entry->kind), r->entry->path);
	if (r->entry->size != r->now.bytes)
		return damaged(r, r->now.path, "has another size than the manifest says", err);
	return 0;
}

int bn_archive_reader_next(const bn_archive_entry **e, bn_archive_reader *r, bn_err *err)
{
	bool found;
	int rc;
	BN_BUG(!r->is_read);
	if ((rc = next_line(&found, r, BN_ARCHIVE_LINE_MAX, err)) < 0)
		return rc;
	if (!found)
		return check_end(r, err);
	if (r->entries == r->count)
		return damaged(r, BN_ARCHIVE_MANIFEST, "lists another number of entries than it says", err);
	if ((rc = parse_line(r, err)) < 0 || (rc = next_entry(r, err)) < 0)
		return rc;
	r->entries++;
	r->due = r->now.bytes;
	r->is_read = false;
	*e = &r->now;
	return 1;
}

int bn_archive_reader_read(bn_archive_reader *r, void *bytes, size_t n, size_t *got, bn_err *err)
{
	uint8_t digest[BN_SHA256_BYTES];
	*got = 0;
	if (r->is_read)
		return 0;
	if (!r->due) {
		bn_hasher_finish(r->hasher, digest);
		r->is_read = true;
		return memcmp(digest, r->now.sha256, sizeof digest)
			       ? damaged(r, r->now.path, "does not hash to what the manifest says", err)
			       : 0;
	}
	if (n > r->due)
		n = (size_t)r->due;
	int rc = read_forward(r, bytes, n, r->entry->from + (r->now.bytes - r->due), got, err);
	if (rc < 0)
		return rc;
	if (!*got)
		return damaged(r, r->now.path, "is cut off", err);
	bn_hasher_add(r->hasher, bytes, *got);
	r->due -= *got;
	return 0;
}
