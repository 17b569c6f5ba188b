/* tar_write.c - see tar.h: writing. */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/package/_tar.h"

#include <stdio.h>
#include <string.h>

static const char zeros[BN_TAR_BLOCK];

void bn_tar_init(bn_tar_writer *w, bn_tar_sink sink)
{
	*w = (bn_tar_writer){.sink = sink};
}

void bn_tar_release(bn_tar_writer *w)
{
	bn_free(w->last);
	w->last = NULL;
}

static int put(bn_tar_writer *w, const void *bytes, size_t n, bn_err *err)
{
	return n ? w->sink.add(w->sink.ctx, bytes, n, err) : 0;
}

static uint64_t padding_of(uint64_t size)
{
	return (BN_TAR_BLOCK - size % BN_TAR_BLOCK) % BN_TAR_BLOCK;
}

/* The last bytes of the field are a NUL; a number that does not fit has been given to a pax header, and the field
 * is 0. */
static void octal(char *field, size_t width, uint64_t number)
{
	if (number >> (3 * (width - 1)))
		number = 0;
	for (size_t i = width - 1; i-- > 0; number >>= 3)
		field[i] = (char)('0' + (number & 7));
	field[width - 1] = '\0';
}

static int put_header(
	bn_tar_writer *w, const char *path, char type, mode_t mode, uint64_t size, bn_err *err)
{
	bn_tar_header h;
	memset(&h, 0, sizeof h);
	size_t n = strlen(path);
	memcpy(h.name, path, n < sizeof h.name ? n : sizeof h.name);
	octal(h.mode, sizeof h.mode, mode & 07777);
	octal(h.uid, sizeof h.uid, 0);
	octal(h.gid, sizeof h.gid, 0);
	octal(h.size, sizeof h.size, size);
	octal(h.mtime, sizeof h.mtime, 0);
	h.type = type;
	memcpy(h.magic, "ustar", 6);
	memcpy(h.version, "00", 2);
	octal(h.checksum, sizeof h.checksum - 1, bn_tar_checksum(&h));
	h.checksum[sizeof h.checksum - 1] = ' ';
	return put(w, &h, sizeof h, err);
}

/* "LENGTH key=value\n", where LENGTH counts itself. */
static void add_record(bn_buf *b, const char *key, const char *value)
{
	size_t rest = strlen(key) + strlen(value) + 3, length = rest, digits = 0;
	do {
		length = rest + digits;
		digits = (size_t)snprintf(NULL, 0, "%zu", length);
	} while (length != rest + digits);
	bn_buf_addf(b, "%zu %s=%s\n", length, key, value);
}

/* A pax header for what does not fit into the entry's own. */
static int put_extended(bn_tar_writer *w, const char *path, uint64_t size, bn_err *err)
{
	bn_buf records = BN_BUF_INIT;
	char number[24];
	int rc = 0;
	if (strlen(path) > sizeof((bn_tar_header *)NULL)->name)
		add_record(&records, "path", path);
	snprintf(number, sizeof number, "%llu", (unsigned long long)size);
	if (size >> 33)
		add_record(&records, "size", number);
	if (!records.len)
		goto out;
	if ((rc = bn_buf_check(&records, err, "a tar header")) < 0 ||
		(rc = put_header(w, "PaxHeaders/0", 'x', 0644, records.len, err)) < 0 ||
		(rc = put(w, records.ptr, records.len, err)) < 0)
		goto out;
	rc = put(w, zeros, padding_of(records.len), err);
out:
	bn_buf_release(&records);
	return rc;
}

static int put_entry(
	bn_tar_writer *w, const char *path, char type, mode_t mode, uint64_t size, bn_err *err)
{
	BN_BUG(w->due || w->padding);
	BN_BUG(w->last && strcmp(w->last, path) >= 0);
	char *copy = bn_strdup(path);
	if (!copy)
		return bn_err_nomem(err, "a tar header");
	bn_free(w->last);
	w->last = copy;
	int rc = put_extended(w, path, size, err);
	if (rc < 0 || (rc = put_header(w, path, type, mode, size, err)) < 0)
		return rc;
	w->due = size;
	w->padding = padding_of(size);
	return 0;
}

int bn_tar_put_dir(bn_tar_writer *w, const char *path, mode_t mode, bn_err *err)
{
	char *name = bn_strf("%s/", path);
	int rc = name ? put_entry(w, name, BN_TAR_TYPE_DIR, mode, 0, err)
		      : bn_err_nomem(err, "a tar header");
	bn_free(name);
	return rc;
}

int bn_tar_begin_file(bn_tar_writer *w, const char *path, mode_t mode, uint64_t size, bn_err *err)
{
	return put_entry(w, path, BN_TAR_TYPE_FILE, mode, size, err);
}

int bn_tar_add(bn_tar_writer *w, const void *bytes, size_t n, bn_err *err)
{
	BN_BUG(n > w->due);
	int rc = put(w, bytes, n, err);
	if (rc < 0)
		return rc;
	w->due -= n;
	if (w->due)
		return 0;
	rc = put(w, zeros, w->padding, err);
	w->padding = 0;
	return rc;
}

int bn_tar_put_file(
	bn_tar_writer *w, const char *path, mode_t mode, const void *bytes, size_t n, bn_err *err)
{
	int rc = bn_tar_begin_file(w, path, mode, n, err);
	return rc < 0 ? rc : bn_tar_add(w, bytes, n, err);
}

int bn_tar_finish(bn_tar_writer *w, bn_err *err)
{
	BN_BUG(w->due || w->padding);
	int rc = put(w, zeros, sizeof zeros, err);
	return rc < 0 ? rc : put(w, zeros, sizeof zeros, err);
}
