/* tar_read.c - see tar.h: reading. */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/package/_tar.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define EXTENDED_MAX (64u << 10) /* of a pax header, or a long name */
#define ENTRIES_MAX 1000000u
#define PIECE (256u << 10)

unsigned bn_tar_checksum(const bn_tar_header *h)
{
	const unsigned char *p = (const unsigned char *)h;
	const size_t from = offsetof(bn_tar_header, checksum);
	unsigned sum = 0;
	for (size_t i = 0; i < sizeof *h; i++)
		sum += i >= from && i < from + sizeof h->checksum ? ' ' : p[i];
	return sum;
}

void bn_tar_reader_init(bn_tar_reader *r, bn_tar_source source)
{
	*r = (bn_tar_reader){.source = source, .most = ENTRIES_MAX};
}

static int faulty(const bn_tar_reader *r, uint64_t at, const char *why, bn_err *err)
{
	return bn_err_set(err, BN_EINVAL, "%s: tar entry at byte %llu %s", r->source.name,
		(unsigned long long)at, why);
}

/* ---- fields --------------------------------------------------------------------------------- */

/* Octal digits between blanks, or GNU's form for large numbers: a first bit, then the number in binary. */
static bool number_of(uint64_t *out, const char *field, size_t width)
{
	const unsigned char *p = (const unsigned char *)field;
	uint64_t v = 0;
	size_t i = 0;
	if (p[0] & 0x80) {
		for (i = 0; i < width; i++) {
			unsigned char c = i ? p[i] : p[i] & 0x7f;
			if (v >> 55)
				return false;
			v = v << 8 | c;
		}
		*out = v;
		return true;
	}
	while (i < width && p[i] == ' ')
		i++;
	for (; i < width && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (unsigned)(p[i] - '0');
	if (i < width && p[i] != '\0' && p[i] != ' ')
		return false;
	*out = v;
	return true;
}

static size_t field_length(const char *field, size_t width)
{
	return strnlen(field, width);
}

/* Normalises a path: without "./", doubled and trailing slashes. False if it is absolute, too long, or leads
 * upwards. */
static bool path_of(char out[BN_TAR_PATH_MAX + 1], const char *text, size_t n)
{
	size_t len = 0;
	if (n && text[0] == '/')
		return false;
	for (size_t i = 0; i < n;) {
		const char *slash = memchr(text + i, '/', n - i);
		size_t part = slash ? (size_t)(slash - text) - i : n - i;
		if (part == 2 && text[i] == '.' && text[i + 1] == '.')
			return false;
		if (part && !(part == 1 && text[i] == '.')) {
			if (len + part + 1 > BN_TAR_PATH_MAX || memchr(text + i, '\0', part))
				return false;
			if (len)
				out[len++] = '/';
			memcpy(out + len, text + i, part);
			len += part;
		}
		i += part + 1;
	}
	out[len] = '\0';
	return true;
}

/* What extended headers say about the next entry. */
typedef struct extended {
	bn_buf path, target;
	bool has_path, has_target, has_size;
	uint64_t size;
} extended;

static void extended_release(extended *x)
{
	bn_buf_release(&x->path);
	bn_buf_release(&x->target);
}

static bool decimal_of(uint64_t *out, const char *text, size_t n)
{
	uint64_t v = 0;
	if (!n || n > 18)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (unsigned)(text[i] - '0');
	}
	*out = v;
	return true;
}

static void take_text(bn_buf *to, bool *has, const char *value, size_t n)
{
	bn_buf_clear(to);
	bn_buf_add(to, value, n);
	*has = true;
}

/* One record of a pax header. Returns why it is faulty, or NULL. */
static const char *take_record(extended *x, const char *record, size_t n)
{
	const char *equals = memchr(record, '=', n);
	if (!equals)
		return "has a pax record without '='";
	size_t key = (size_t)(equals - record), length = n - key - 1;
	const char *value = equals + 1;
	if (key == 4 && !memcmp(record, "path", 4))
		take_text(&x->path, &x->has_path, value, length);
	else if (key == 8 && !memcmp(record, "linkpath", 8))
		take_text(&x->target, &x->has_target, value, length);
	else if (key == 4 && !memcmp(record, "size", 4))
		return decimal_of(&x->size, value, length) ? (x->has_size = true, NULL)
							   : "has a pax size that is no number";
	else if (key >= 10 && !memcmp(record, "GNU.sparse", 10))
		return "is a sparse file, which is not supported";
	return NULL;
}

/* Records "LENGTH key=value\n". */
static const char *take_records(extended *x, const char *text, size_t n)
{
	while (n) {
		uint64_t length = 0;
		const char *blank = memchr(text, ' ', n);
		size_t digits = blank ? (size_t)(blank - text) : 0;
		if (!decimal_of(&length, text, digits) || length > n || length < digits + 3 ||
			text[length - 1] != '\n')
			return "has a pax record of a wrong length";
		const char *why = take_record(x, blank + 1, length - digits - 2);
		if (why)
			return why;
		text += length;
		n -= length;
	}
	return NULL;
}

/* ---- entries -------------------------------------------------------------------------------- */

static int read_exactly(const bn_tar_reader *r, void *bytes, size_t n, uint64_t at, bn_err *err)
{
	size_t got;
	int rc = r->source.read(r->source.ctx, bytes, n, at, &got, err);
	if (rc < 0)
		return rc;
	return got == n ? 0 : faulty(r, at, "is cut off", err);
}

/* The header at r->at, which is then behind it. 1; 0 at the end of the archive. */
static int read_header(bn_tar_header *h, uint64_t *size, bn_tar_reader *r, bn_err *err)
{
	static const bn_tar_header none;
	uint64_t sum, at = r->at;
	int rc;
	if (r->source.size - at < sizeof *h)
		return at == r->source.size && at ? 0 : faulty(r, at, "is cut off", err);
	if ((rc = read_exactly(r, h, sizeof *h, at, err)) < 0)
		return rc;
	if (!memcmp(h, &none, sizeof none))
		return 0;
	if (!number_of(&sum, h->checksum, sizeof h->checksum) || sum != bn_tar_checksum(h))
		return faulty(r, at,
			"has a wrong checksum, so this is no tar file or it is damaged", err);
	if (!number_of(size, h->size, sizeof h->size))
		return faulty(r, at, "has a size that is no number", err);
	if (++r->entries > r->most)
		return faulty(r, at, "is one of too many", err);
	r->at += sizeof *h;
	return 1;
}

static int skip(bn_tar_reader *r, uint64_t size, bn_err *err)
{
	uint64_t left = r->source.size - r->at;
	if (size > left)
		return faulty(r, r->at, "is longer than the archive", err);
	uint64_t whole = (size + BN_TAR_BLOCK - 1) / BN_TAR_BLOCK * BN_TAR_BLOCK;
	r->at += whole < left ? whole : left;
	return 0;
}

/* A header about the next entry: pax, or GNU's long name or long link. */
static int read_extended(extended *x, bn_tar_reader *r, char type, uint64_t size, bn_err *err)
{
	const char *why = NULL;
	uint64_t at = r->at;
	if (size > EXTENDED_MAX)
		return faulty(r, at, "has an extended header of more than 64 KiB", err);
	char *text = bn_alloc(size + 1);
	if (!text)
		return bn_err_nomem(err, "a tar header");
	int rc = size <= r->source.size - at ? read_exactly(r, text, size, at, err)
					     : faulty(r, at, "is cut off", err);
	if (rc < 0)
		goto out;
	if (type == 'x')
		why = take_records(x, text, size);
	else
		take_text(type == 'L' ? &x->path : &x->target,
			type == 'L' ? &x->has_path : &x->has_target, text, strnlen(text, size));
	if (!why && (x->path.failed || x->target.failed))
		rc = bn_err_nomem(err, "a tar header");
	else
		rc = why ? faulty(r, at, why, err) : skip(r, size, err);
out:
	bn_free(text);
	return rc;
}

/* The path in the header itself: ustar has a prefix, GNU's form has other fields there. */
static bool own_path(char out[BN_TAR_PATH_MAX + 1], const bn_tar_header *h)
{
	char text[sizeof h->prefix + 1 + sizeof h->name];
	size_t n = 0;
	if (!memcmp(h->magic, "ustar", 6) && h->prefix[0]) {
		n = field_length(h->prefix, sizeof h->prefix);
		memcpy(text, h->prefix, n);
		text[n++] = '/';
	}
	size_t length = field_length(h->name, sizeof h->name);
	memcpy(text + n, h->name, length);
	return path_of(out, text, n + length);
}

static int kind_of(bn_tar_kind *kind, const bn_tar_header *h)
{
	static const struct {
		char type;
		bn_tar_kind kind;
	} kinds[] = {{BN_TAR_TYPE_FILE, BN_TAR_FILE}, {'\0', BN_TAR_FILE}, {'7', BN_TAR_FILE},
		{BN_TAR_TYPE_DIR, BN_TAR_DIR}, {'1', BN_TAR_HARDLINK}, {'2', BN_TAR_SYMLINK}};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].type == h->type) {
			*kind = kinds[i].kind;
			return 0;
		}
	return -1;
}

static int fill_entry(bn_tar_entry *e, bn_tar_reader *r, const bn_tar_header *h, const extended *x,
	uint64_t size, bn_err *err)
{
	uint64_t mode, at = r->at - sizeof *h;
	if (kind_of(&e->kind, h) < 0)
		return faulty(r, at, "is neither file, directory nor link", err);
	if (!number_of(&mode, h->mode, sizeof h->mode))
		return faulty(r, at, "has a mode that is no number", err);
	if (x->has_path ? !path_of(e->path, x->path.ptr, x->path.len) : !own_path(e->path, h))
		return faulty(r, at, "has a path that leads out of its root, or is too long", err);
	if (!e->path[0] && e->kind != BN_TAR_DIR)
		return faulty(r, at, "has no path", err);
	size_t n = x->has_target ? x->target.len : field_length(h->linkname, sizeof h->linkname);
	if (n > BN_TAR_PATH_MAX)
		return faulty(r, at, "has a link that is too long", err);
	memcpy(e->target, x->has_target ? x->target.ptr : h->linkname, n);
	e->target[n] = '\0';
	e->mode = (mode_t)(mode & 07777);
	if (x->has_size)
		size = x->size;
	e->size = e->kind == BN_TAR_FILE ? size : 0;
	e->from = r->at;
	return skip(r, e->size, err);
}

int bn_tar_next(bn_tar_entry *e, bn_tar_reader *r, bn_err *err)
{
	bn_tar_header h;
	extended x = {.path = BN_BUF_INIT, .target = BN_BUF_INIT};
	uint64_t size = 0;
	int rc;
	while ((rc = read_header(&h, &size, r, err)) == 1) {
		if (h.type == 'x' || h.type == 'L' || h.type == 'K')
			rc = read_extended(&x, r, h.type, size, err);
		else if (h.type == 'g') /* says nothing that is used here */
			rc = skip(r, size, err);
		else
			break;
		if (rc < 0)
			goto out;
	}
	if (rc == 1 && (rc = fill_entry(e, r, &h, &x, size, err)) == 0)
		rc = 1;
out:
	extended_release(&x);
	return rc;
}

/* ---- extracting ----------------------------------------------------------------------------- */

static int refuse(const bn_tar_source *s, const char *path, const char *why, bn_err *err)
{
	return bn_err_set(err, BN_EREFUSED, "%s: '%.200s' %s", s->name, path, why);
}

static int make_parent(const bn_dir *at, const char *path, bn_err *err)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return 0;
	char *parent = bn_strndup(path, (size_t)(slash - path));
	int rc = parent ? bn_dir_make(at, parent, 0755, err) : bn_err_nomem(err, "a file name");
	bn_free(parent);
	return rc;
}

static int extract_file(
	const bn_dir *at, const bn_tar_source *s, const bn_tar_entry *e, char *piece, bn_err *err)
{
	const bn_env *env = at->env;
	int fd = -1, rc;
	size_t got = 0;
	if ((rc = make_parent(at, e->path, err)) < 0)
		return rc;
	if (bn_dir_has(at, e->path))
		return refuse(s, e->path, "is in the archive twice", err);
	if ((rc = bn_dir_open_file(&fd, at, e->path, O_WRONLY | O_CREAT | O_EXCL,
		     (e->mode & 0777) | 0600, err)) < 0)
		return rc;
	for (uint64_t done = 0; done < e->size; done += got) {
		size_t n = e->size - done < PIECE ? (size_t)(e->size - done) : PIECE;
		if ((rc = s->read(s->ctx, piece, n, e->from + done, &got, err)) < 0)
			goto out;
		if (!got) {
			rc = refuse(s, e->path, "is cut off", err);
			goto out;
		}
		if ((rc = bn_dir_write_all(env, at, e->path, fd, piece, got, err)) < 0)
			goto out;
	}
	rc = bn_dir_sync_file(env, at, e->path, fd, err);
out:
	env->fs->close(env, fd);
	return rc;
}

/* A directory may be named twice, and after what is in it. */
static int extract_dir(const bn_dir *at, const bn_tar_entry *e, bn_err *err)
{
	const bn_env *env = at->env;
	if (!e->path[0])
		return 0;
	int rc = bn_dir_make(at, e->path, 0755, err);
	if (rc < 0)
		return rc;
	int fd = env->fs->open(env, at, e->path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return bn_dir_error(err, -fd, "cannot open the directory", at, e->path);
	int failed = env->fs->fchmod(env, fd, (e->mode & 01777) | 0700);
	env->fs->close(env, fd);
	return failed < 0 ? bn_dir_error(err, -failed, "cannot set the mode of", at, e->path) : 0;
}

int bn_tar_extract(const bn_dir *at, bn_tar_source source, bn_err *err)
{
	bn_tar_reader r;
	bn_tar_entry *e = bn_alloc(sizeof *e);
	char *piece = bn_alloc(PIECE);
	int rc = 0;
	if (!e || !piece) {
		rc = bn_err_nomem(err, "a tar file");
		goto out;
	}
	bn_tar_reader_init(&r, source);
	while ((rc = bn_tar_next(e, &r, err)) == 1) {
		if (!strncmp(bn_path_base(e->path), ".wh.", 4))
			rc = refuse(&source, e->path, "removes a file of another layer", err);
		else if (e->kind == BN_TAR_FILE)
			rc = extract_file(at, &source, e, piece, err);
		else if (e->kind == BN_TAR_DIR)
			rc = extract_dir(at, e, err);
		else
			rc = refuse(&source, e->path, "is a link, which is not unpacked", err);
		if (rc < 0)
			goto out;
	}
out:
	bn_free(e);
	bn_free(piece);
	return rc;
}
