/* recode.c - see recode.h. */
#include "core/source/recode.h"

#include "core/base/file_out.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <errno.h>
#include <iconv.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FROM_BYTES = 1 << 16, TO_BYTES = 1 << 18 };

const char *bn_recode_by_mark(const char *s, size_t n)
{
	if (n >= 4 && (!memcmp(s, "\xff\xfe\0\0", 4) || !memcmp(s, "\0\0\xfe\xff", 4)))
		return "UTF-32";
	return n >= 2 && (!memcmp(s, "\xff\xfe", 2) || !memcmp(s, "\xfe\xff", 2)) ? "UTF-16" : NULL;
}

/* In lower case without '-', '_' and blanks, for comparing names of encodings; at most n - 1
 * bytes. */
static void squeeze(char *out, size_t n, const char *name)
{
	size_t k = 0;

	for (; *name && k + 1 < n; name++)
		if (!strchr("-_ ", *name))
			out[k++] = (char)(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
	out[k] = '\0';
}

bool bn_recode_is_utf8(const char *encoding)
{
	char name[32];

	squeeze(name, sizeof name, encoding);
	return !strcmp(name, "utf8") || !strcmp(name, "utf8sig") || !strcmp(name, "utf8bom");
}

/* The C library's converter, also by the names used in Python and Windows. */
static iconv_t open_converter(const char *encoding)
{
	static const struct {
		const char *begin, *iconv; /* what follows the beginning is kept */
	} families[] = {{"windows", "CP"}, {"cp", "CP"}, {"iso8859", "ISO-8859-"},
		{"latin", "LATIN"}, {"ansi", "CP1252"}, {"mbcs", "CP1252"},
		{"macroman", "MACINTOSH"}};
	char name[32], other[64];
	iconv_t found = iconv_open("UTF-8", encoding);

	squeeze(name, sizeof name, encoding);
	if (found == (iconv_t)-1)
		found = iconv_open("UTF-8", name);
	for (size_t i = 0; found == (iconv_t)-1 && i < sizeof families / sizeof *families; i++) {
		if (!bn_str_starts(name, families[i].begin))
			continue;
		snprintf(other, sizeof other, "%s%s", families[i].iconv,
			name + strlen(families[i].begin));
		found = iconv_open("UTF-8", other);
	}
	return found;
}

typedef struct recoding {
	bn_input *in;
	const char *encoding;
	iconv_t converter;
	bn_file_out *spool;
	uint64_t at, size, lines;
	char *from, *to;
	size_t left; /* bytes of `from` not converted yet */
} recoding;

static int write_out(recoding *r, size_t n, bn_err *err)
{
	for (const char *p = r->to; (p = memchr(p, '\n', n - (size_t)(p - r->to))); p++)
		r->lines++;
	r->size += n;
	return n ? bn_file_out_add(r->spool, r->to, n, err) : 0;
}

static int refuse_bytes(const recoding *r, bool cut, bn_err *err)
{
	bn_err_set(err, BN_EINVAL,
		cut ? "%s:%" PRIu64 ": the text ends in the middle of a character of %s"
		    : "%s:%" PRIu64 ": bytes that are not %s",
		bn_input_name(r->in), r->lines + 1, r->encoding);
	bn_err_hint(err, "name the file's encoding: windows-1252 and ISO-8859-1 are common");
	return BN_EINVAL;
}

/* Converts what is available; the rest is the beginning of a character. */
static int convert(recoding *r, bn_err *err)
{
	char *from = r->from;
	int rc = 0;

	while (r->left) {
		char *to = r->to;
		size_t room = TO_BYTES;
		size_t got = iconv(r->converter, &from, &r->left, &to, &room);
		int why = errno;
		if ((rc = write_out(r, (size_t)(to - r->to), err)) < 0)
			return rc;
		if (got != (size_t)-1 || why == EINVAL)
			break;
		if (why != E2BIG)
			return refuse_bytes(r, false, err);
	}
	memmove(r->from, from, r->left);
	return 0;
}

/* If combining marks follow their letters, the last letter is held back until the next character,
 * which may be one. */
static int flush(recoding *r, bn_err *err)
{
	char *to = r->to;
	size_t room = TO_BYTES;

	iconv(r->converter, NULL, NULL, &to, &room);
	return write_out(r, (size_t)(to - r->to), err);
}

static int copy(recoding *r, const bn_progress *progress, bn_err *err)
{
	uint64_t all = bn_input_size(r->in);
	size_t got = 1;
	int rc = 0;

	while (got) {
		if ((rc = bn_input_read(
			     r->in, r->from + r->left, FROM_BYTES - r->left, r->at, &got, err)) < 0)
			return rc;
		r->at += got;
		r->left += got;
		if ((rc = convert(r, err)) < 0 ||
			(rc = bn_progress_step(progress, "converting", r->at, all, err)) < 0)
			return rc;
	}
	return r->left ? refuse_bytes(r, true, err) : flush(r, err);
}

int bn_recode(bn_input **out, bn_input *in, const char *encoding, const bn_progress *progress,
	bn_err *err)
{
	recoding r = {.in = in, .encoding = encoding};
	int rc = bn_input_need_file(in, err);

	if (rc < 0)
		return rc;
	r.converter = open_converter(encoding);
	if (r.converter == (iconv_t)-1) {
		bn_err_set(err, BN_EINVAL, "no encoding '%s'", encoding);
		bn_err_hint(
			err, "for example ISO-8859-1, windows-1252, UTF-16LE; iconv -l lists them");
		return BN_EINVAL;
	}
	r.from = bn_alloc(FROM_BYTES);
	r.to = bn_alloc(TO_BYTES);
	if (!r.from || !r.to) {
		rc = bn_err_nomem(err, "a conversion");
		goto out;
	}
	if ((rc = bn_file_out_open(&r.spool, bn_input_env(in), NULL, 0600, err)) < 0 ||
		(rc = copy(&r, progress, err)) < 0)
		goto out;
	if ((rc = bn_input_of_spool(out, in, r.spool, r.size, err)) == 0)
		r.spool = NULL;
out:
	iconv_close(r.converter);
	bn_file_out_free(r.spool);
	bn_free(r.from);
	bn_free(r.to);
	return rc;
}
