/* list.c - see _archive.h: the entries of an archive, and the manifest's text. */
#include "core/archive/_archive.h"
#include "core/base/id.h"
#include "core/base/utf8.h"
#include "core/store/log/segment.h"
#include "core/store/log/slot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- paths ---------------------------------------------------------------------------------- */

static bool is_part(const char *p, size_t n)
{
	if (!n || n > 255 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 127)
			return false;
	return true;
}

/* Relative, of 1 to `most` parts, as tar and every file system take them. */
static bool is_path(const char *p, int most)
{
	int parts = 0;
	size_t length = strlen(p);
	if (length > BN_ARCHIVE_PATH_MAX || !bn_utf8_is_valid(p, length))
		return false;
	for (;; p++) {
		size_t n = strcspn(p, "/");
		if (!is_part(p, n) || ++parts > most)
			return false;
		p += n;
		if (!*p)
			return true;
	}
}

static bool is_hash(const char *p, size_t n)
{
	return strlen(p) == n && strspn(p, "0123456789abcdef") == n;
}

static bool is_segment(const char *p)
{
	char writer[BN_WRITER_NAME_MAX + 1];
	bn_slot_name slot;
	uint64_t first, last;
	size_t n = strcspn(p, "/");
	if (!p[n] || n > BN_WRITER_NAME_MAX)
		return false;
	memcpy(writer, p, n);
	writer[n] = '\0';
	return bn_slot_parse_name(&slot, writer) && (!strcmp(p + n + 1, BN_SEGMENT_OPEN) ||
							    bn_segment_parse_name(p + n + 1, &first, &last));
}

/* "ID/PATH" of a run. */
static bool is_of_run(const char *p)
{
	size_t n = strcspn(p, "/");
	return n + 1 == BN_RUN_ID_TEXT && strspn(p, "0123456789abcdef") == n && p[n] == '/' && p[n + 1];
}

bn_archive_kind bn_archive_kind_of(const char *path)
{
	char hash[BN_SHA256_HEX + 1];
	if (!is_path(path, 64))
		return BN_ARCHIVE_BAD;
	if (!strcmp(path, BN_ARCHIVE_LEFT_OUT))
		return BN_ARCHIVE_LEFT;
	if (!strncmp(path, "claims/", 7))
		return is_path(path, 8) ? BN_ARCHIVE_CLAIM : BN_ARCHIVE_BAD;
	if (!strncmp(path, "log/", 4))
		return is_segment(path + 4) ? BN_ARCHIVE_SEGMENT : BN_ARCHIVE_BAD;
	if (!strncmp(path, "runs/", 5))
		return is_of_run(path + 5) ? BN_ARCHIVE_RUN : BN_ARCHIVE_BAD;
	if (!strncmp(path, "private/runs/", 13))
		return is_of_run(path + 13) ? BN_ARCHIVE_PRIVATE_RUN : BN_ARCHIVE_BAD;
	if (!bn_archive_path_hash(path, hash))
		return BN_ARCHIVE_BAD;
	return path[0] == 'o' ? BN_ARCHIVE_OBJECT : BN_ARCHIVE_PRIVATE_OBJECT;
}

bool bn_archive_path_hash(const char *path, char hash[BN_SHA256_HEX + 1])
{
	hash[0] = '\0';
	if (!strncmp(path, "private/objects/", 16) && is_hash(path + 16, BN_SHA256_HEX)) {
		memcpy(hash, path + 16, BN_SHA256_HEX + 1);
		return true;
	}
	if (strncmp(path, "objects/", 8) != 0 || strlen(path) != 8 + BN_SHA256_HEX + 1 || path[10] != '/')
		return false;
	memcpy(hash, path + 8, 2);
	memcpy(hash + 2, path + 11, BN_SHA256_HEX - 1);
	return is_hash(hash, BN_SHA256_HEX);
}

/* ---- entries -------------------------------------------------------------------------------- */

int bn_archive_list_init(bn_archive_list *l, const bn_env *env, bn_err *err)
{
	*l = (bn_archive_list){.arena = BN_ARENA_INIT};
	return bn_file_out_open(&l->spool, env, NULL, 0600, err);
}

void bn_archive_list_release(bn_archive_list *l)
{
	bn_file_out_free(l->spool);
	bn_arena_release(&l->arena);
	bn_free(l->items);
	*l = (bn_archive_list){.arena = BN_ARENA_INIT};
}

int bn_archive_list_add(bn_archive_entry **out, bn_archive_list *l, const char *path,
	bn_archive_from from, bn_err *err)
{
	if (bn_archive_kind_of(path) == BN_ARCHIVE_BAD)
		return bn_err_set(err, BN_EINVAL, "'%.200s' has a name that no archive can hold", path);
	if (l->count == BN_ARCHIVE_ENTRIES_MAX)
		return bn_err_set(err, BN_EINVAL, "there are more than %d files", BN_ARCHIVE_ENTRIES_MAX);
	char *copy = bn_arena_strdup(&l->arena, path);
	if (!copy || bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items))
		return bn_err_nomem(err, "the list of an archive");
	*out = &l->items[l->count++];
	**out = (bn_archive_entry){.path = copy, .from = from};
	return 0;
}

int bn_archive_list_keep(
	bn_archive_list *l, const char *path, const void *bytes, size_t n, bn_err *err)
{
	bn_archive_entry *e;
	int rc = bn_archive_list_add(&e, l, path, BN_FROM_SPOOL, err);
	if (rc < 0 || (n && (rc = bn_file_out_add(l->spool, bytes, n, err)) < 0))
		return rc;
	e->at = l->spooled;
	e->bytes = n;
	bn_sha256(bytes, n, e->sha256);
	l->spooled += n;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const bn_archive_entry *x = a, *y = b;
	return strcmp(x->path, y->path);
}

void bn_archive_list_sort(bn_archive_list *l)
{
	if (l->count)
		qsort(l->items, l->count, sizeof *l->items, by_path);
	for (size_t i = 1; i < l->count; i++)
		BN_BUG(!strcmp(l->items[i - 1].path, l->items[i].path));
}

/* ---- the manifest --------------------------------------------------------------------------- */

typedef struct text {
	bn_buf b;
	bn_hasher *hasher;
	uint64_t bytes;
	int (*give)(void *ctx, const void *bytes, size_t n, bn_err *err);
	void *ctx;
} text;

static int text_flush(text *t, bn_err *err)
{
	int rc = bn_buf_check(&t->b, err, "a manifest");
	if (rc < 0)
		return rc;
	bn_hasher_add(t->hasher, t->b.ptr, t->b.len);
	t->bytes += t->b.len;
	if (t->give)
		rc = t->give(t->ctx, t->b.ptr, t->b.len, err);
	bn_buf_clear(&t->b);
	return rc;
}

int bn_archive_manifest_write(uint64_t *bytes, const bn_archive_list *l, const char *header,
	int (*give)(void *ctx, const void *bytes, size_t n, bn_err *err), void *ctx, bn_err *err)
{
	text t = {.b = BN_BUF_INIT, .give = give, .ctx = ctx};
	uint8_t digest[BN_SHA256_BYTES];
	char hex[BN_SHA256_HEX + 1];
	int rc = bn_hasher_new(&t.hasher, err);
	if (rc < 0)
		return rc;
	bn_buf_addf(&t.b, BN_ARCHIVE_MAGIC " %d\n%s\n", BN_ARCHIVE_FORMAT, header);
	for (size_t i = 0; i < l->count; i++) {
		const bn_archive_entry *e = &l->items[i];
		bn_hex(e->sha256, sizeof e->sha256, hex);
		bn_buf_addf(&t.b, "%s %" PRIu64 " %s\n", hex, e->bytes, e->path);
		if (t.b.len > BN_ARCHIVE_PIECE && (rc = text_flush(&t, err)) < 0)
			goto out;
	}
	if ((rc = text_flush(&t, err)) < 0)
		goto out;
	bn_hasher_finish(t.hasher, digest);
	bn_hex(digest, sizeof digest, hex);
	bn_buf_addf(&t.b, "sha256 %s\n", hex);
	rc = text_flush(&t, err);
	*bytes = t.bytes;
out:
	bn_hasher_free(t.hasher);
	bn_buf_release(&t.b);
	return rc;
}
