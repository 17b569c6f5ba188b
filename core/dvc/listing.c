/* listing.c - see listing.h. */
#include "core/dvc/listing.h"

#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/dvc/ignore.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_MOST = 4096 };

void bn_dvc_listing_release(bn_dvc_listing *l)
{
	bn_free(l->items);
	bn_arena_release(&l->texts);
	*l = (bn_dvc_listing)BN_DVC_LISTING_INIT;
}

int bn_dvc_listing_add(
	bn_dvc_listing *l, const char *path, const char *md5, int64_t size, bn_err *err)
{
	bn_dvc_entry e = {.size = size};
	if (bn_grow(&l->items, &l->cap, l->count + 1, sizeof e) < 0 ||
		!(e.path = bn_arena_strdup(&l->texts, path)))
		return bn_err_nomem(err, "a listing");
	if (md5)
		memcpy(e.md5, md5, sizeof e.md5);
	l->items[l->count++] = e;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const bn_dvc_entry *)a)->path, ((const bn_dvc_entry *)b)->path);
}

void bn_dvc_listing_sort(bn_dvc_listing *l)
{
	bool ordered = true;
	for (size_t i = 1; i < l->count && ordered; i++)
		ordered = strcmp(l->items[i - 1].path, l->items[i].path) < 0;
	if (!ordered)
		qsort(l->items, l->count, sizeof *l->items, by_path);
}

const bn_dvc_entry *bn_dvc_listing_find(const bn_dvc_listing *l, const char *path)
{
	const bn_dvc_entry key = {.path = path};
	return l->count ? bsearch(&key, l->items, l->count, sizeof key, by_path) : NULL;
}

/* ---- parsing ---------------------------------------------------------------------------------- */

typedef struct reader {
	const char *p, *end, *name;
	size_t entry; /* number of the current one, from 1 */
	bn_buf text;  /* a string */
	bn_err *err;
} reader;

static int fail(const reader *r, const char *what)
{
	return bn_err_set(r->err, BN_EINVAL, "%s: entry %zu: %s", r->name, r->entry, what);
}

static void skip_blanks(reader *r)
{
	while (r->p < r->end && strchr(" \t\r\n", *r->p) && *r->p)
		r->p++;
}

/* Whether the next character is c, which is then passed. */
static bool takes(reader *r, char c)
{
	skip_blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool read_hex4(reader *r, uint32_t *out)
{
	uint32_t v = 0;
	if (r->end - r->p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		char c = r->p[i];
		const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
		if (!at)
			return false;
		v = v * 16 + (uint32_t)(at - digits);
	}
	r->p += 4;
	*out = v;
	return true;
}

/* \u, with a second one for a character beyond the first plane. */
static int read_unicode(reader *r)
{
	uint32_t c, low;
	char utf8[4];
	if (!read_hex4(r, &c))
		return fail(r, "a \\u without four hex digits");
	if (c >= 0xd800 && c < 0xdc00 && r->end - r->p >= 2 && r->p[0] == '\\' && r->p[1] == 'u') {
		r->p += 2;
		if (!read_hex4(r, &low) || low < 0xdc00 || low > 0xdfff)
			return fail(r, "half of a surrogate pair");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	if ((c >= 0xd800 && c < 0xe000) || c == 0)
		return fail(r, c ? "half of a surrogate pair" : "a NUL character");
	bn_buf_add(&r->text, utf8, bn_utf8_encode(c, utf8));
	return 0;
}

static int read_escape(reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char c = *r->p++;
	const char *at = c ? strchr(from, c) : NULL;
	if (c == 'u')
		return read_unicode(r);
	if (!at)
		return fail(r, "an unknown escape");
	bn_buf_addch(&r->text, to[at - from]);
	return 0;
}

static int read_string(reader *r)
{
	int rc;
	bn_buf_clear(&r->text);
	if (!takes(r, '"'))
		return fail(r, "a string is expected");
	for (;;) {
		const char *from = r->p;
		while (r->p < r->end && *r->p != '"' && *r->p != '\\' &&
			(unsigned char)*r->p >= 0x20)
			r->p++;
		bn_buf_add(&r->text, from, (size_t)(r->p - from));
		if (r->p == r->end)
			return fail(r, "a string that is not closed");
		if (*r->p == '"') {
			r->p++;
			return bn_buf_check(&r->text, r->err, r->name);
		}
		if (*r->p++ != '\\')
			return fail(r, "a control character in a string");
		if (r->p == r->end)
			return fail(r, "a string that is not closed");
		if ((rc = read_escape(r)) < 0)
			return rc;
	}
}

/* A value of a field that is not used: text, a number, true, false, null. */
static int skip_value(reader *r)
{
	skip_blanks(r);
	if (r->p < r->end && *r->p == '"')
		return read_string(r);
	const char *from = r->p;
	while (r->p < r->end && !strchr(", \t\r\n}]{[", *r->p))
		r->p++;
	return r->p > from ? 0 : fail(r, "a value is expected");
}

static int check_path(const reader *r, const char *path, size_t n)
{
	if (strlen(path) != n || !bn_utf8_is_valid(path, n))
		return fail(r, "relpath is not text in UTF-8");
	if (n == 0 || n > PATH_MOST)
		return fail(r, n ? "relpath is longer than 4096 bytes" : "relpath is empty");
	for (const char *p = path;; p++) {
		size_t part = strcspn(p, "/");
		if (part == 0 || bn_str_is(".", p, part) || bn_str_is("..", p, part))
			return fail(r, "relpath leads out of the directory: it must be relative, "
				       "without '.' and '..'");
		if (bn_dvc_is_control_name(p, part))
			return fail(r, "relpath leads into a control directory (.git, .hg, .dvc)");
		p += part;
		if (!*p)
			return 0;
	}
}

typedef struct fields {
	bool has_md5, has_path;
	char md5[BN_MD5_HEX + 1];
	char *path;
} fields;

static int read_field(reader *r, fields *f)
{
	int rc = read_string(r);
	if (rc < 0)
		return rc;
	bool is_md5 = !strcmp(r->text.ptr, "md5"), is_path = !strcmp(r->text.ptr, "relpath");
	if ((is_md5 && f->has_md5) || (is_path && f->has_path))
		return fail(r, "a field is there twice");
	if (!takes(r, ':'))
		return fail(r, "':' is expected");
	if (!is_md5 && !is_path)
		return skip_value(r);
	if ((rc = read_string(r)) < 0)
		return rc;
	if (is_md5) {
		if (r->text.len != BN_MD5_HEX || !bn_md5_is_hex(r->text.ptr))
			return fail(r, "md5 is not 32 hex digits");
		memcpy(f->md5, r->text.ptr, sizeof f->md5);
		f->has_md5 = true;
		return 0;
	}
	if ((rc = check_path(r, r->text.ptr, r->text.len)) < 0)
		return rc;
	f->has_path = true;
	f->path = bn_strdup(r->text.ptr);
	return f->path ? 0 : bn_err_nomem(r->err, r->name);
}

static int read_entry(reader *r, bn_dvc_listing *l)
{
	fields f = {.has_md5 = false};
	int rc = 0;
	r->entry++;
	if (!takes(r, '{')) {
		rc = fail(r, "'{' is expected");
		goto out;
	}
	do {
		if ((rc = read_field(r, &f)) < 0)
			goto out;
	} while (takes(r, ','));
	if (!takes(r, '}'))
		rc = fail(r, "'}' is expected");
	else if (!f.has_md5 || !f.has_path)
		rc = fail(r, f.has_md5 ? "relpath is missing" : "md5 is missing");
	else
		rc = bn_dvc_listing_add(l, f.path, f.md5, -1, r->err);
out:
	bn_free(f.path);
	return rc;
}

/* Below an entry there is no other one: one of them would be a directory in the way of the other. */
static int check_order(const bn_dvc_listing *l, const char *name, bn_err *err)
{
	for (size_t i = 1; i < l->count; i++)
		if (!strcmp(l->items[i - 1].path, l->items[i].path))
			return bn_err_set(err, BN_EINVAL, "%s: '%.200s' is there twice", name,
				l->items[i].path);
	for (size_t i = 0; i < l->count; i++) {
		char above[PATH_MOST + 1];
		memcpy(above, l->items[i].path, strlen(l->items[i].path) + 1);
		for (char *slash; (slash = strrchr(above, '/'));) {
			*slash = '\0';
			if (i && bn_str_starts(l->items[i - 1].path, above) &&
				l->items[i - 1].path[slash - above] == '/')
				break; /* the neighbour was checked for it */
			if (bn_dvc_listing_find(l, above))
				return bn_err_set(err, BN_EINVAL,
					"%s: '%.200s' is a file and a directory", name, above);
		}
	}
	return 0;
}

int bn_dvc_listing_parse(
	bn_dvc_listing *l, const char *text, size_t n, const char *name, bn_err *err)
{
	reader r = {.p = text, .end = text + n, .name = name, .text = BN_BUF_INIT, .err = err};
	int rc = 0;
	if (!takes(&r, '[')) {
		rc = bn_err_set(err, BN_EINVAL, "%s: not a listing of DVC: '[' is expected", name);
		goto out;
	}
	if (!takes(&r, ']')) {
		do {
			if ((rc = read_entry(&r, l)) < 0)
				goto out;
		} while (takes(&r, ','));
		if (!takes(&r, ']')) {
			rc = fail(&r, "',' or ']' is expected after it");
			goto out;
		}
	}
	skip_blanks(&r);
	if (r.p != r.end) {
		rc = bn_err_set(err, BN_EINVAL, "%s: text after the listing", name);
		goto out;
	}
	bn_dvc_listing_sort(l);
	rc = check_order(l, name, err);
out:
	bn_buf_release(&r.text);
	return rc;
}

/* ---- writing ---------------------------------------------------------------------------------- */

/* A JSON string as Python's json.dumps writes it. */
static int add_ascii(bn_buf *b, const char *s, bn_err *err)
{
	size_t n = strlen(s);
	uint32_t c;
	if (!bn_utf8_is_valid(s, n))
		return bn_err_set(err, BN_EINVAL,
			"the name '%.200s' is not UTF-8, which a listing of DVC cannot hold", s);
	bn_buf_addch(b, '"');
	for (size_t i = 0; i < n;) {
		static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
		i += bn_utf8_decode(s + i, n - i, &c);
		const char *at = c < 0x80 ? strchr(special, (char)c) : NULL;
		if (at)
			bn_buf_addf(b, "\\%c", letters[at - special]);
		else if (c >= 0x10000)
			bn_buf_addf(b, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
				0xdc00 + ((c - 0x10000) & 0x3ff));
		else if (c < 0x20 || c >= 0x7f)
			bn_buf_addf(b, "\\u%04x", c);
		else
			bn_buf_addch(b, (char)c);
	}
	bn_buf_addch(b, '"');
	return 0;
}

int bn_dvc_listing_write(bn_buf *text, const bn_dvc_listing *l, bn_err *err)
{
	int rc;
	bn_buf_addch(text, '[');
	for (size_t i = 0; i < l->count; i++) {
		bn_buf_addf(
			text, "%s{\"md5\": \"%s\", \"relpath\": ", i ? ", " : "", l->items[i].md5);
		if ((rc = add_ascii(text, l->items[i].path, err)) < 0)
			return rc;
		bn_buf_addch(text, '}');
	}
	bn_buf_addch(text, ']');
	return bn_buf_check(text, err, "a listing");
}
