/* pin.c - see pin.h. */
#include "core/govern/pin.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "bn1:"
#define SITE_FILE "/etc/binnacle/trusted"
enum { ID_DIGITS = 32, LINK_DIGITS = 32, TEXT_MOST = 200 };

/* ---- one invitation ------------------------------------------------------------------------- */

static int pin_wrong(bn_err *err, const char *text, size_t n, const char *what)
{
	bn_err_set(err, BN_EINVAL, "'%.*s' is not an invitation: %s", (int)(n < 80 ? n : 80), text,
		what);
	bn_err_hint(err,
		"one is " PREFIX "<32 hex digits>.<number>.<32 hex digits>, as `binnacle trust "
		"show` prints it");
	return BN_EINVAL;
}

/* Lower-case hex digits, without dashes. False on other characters or another length. */
static bool digits_take(char *out, const char *s, size_t n, size_t least, size_t most, bool dashes)
{
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];
		if (c == '-' && dashes)
			continue;
		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) || len == most)
			return false;
		out[len++] = c;
	}
	out[len] = '\0';
	return len >= least;
}

static void id_with_dashes(char out[BN_UUID_TEXT], const char *hex)
{
	snprintf(out, BN_UUID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
		hex + 20);
}

static int link_take(bn_pin *out, const char *s, size_t n)
{
	char hex[2 * sizeof out->link + 1], *end = hex;
	if (!digits_take(hex, s, n, LINK_DIGITS, sizeof hex - 1, false))
		return -1;
	out->link_digits = n;
	memset(end + n, '0', sizeof hex - 1 - n);
	hex[sizeof hex - 1] = '\0';
	return bn_unhex(hex, sizeof out->link, out->link);
}

int bn_pin_parse(bn_pin *out, const char *text, size_t n, bn_err *err)
{
	char hex[ID_DIGITS + 1];
	int64_t number;
	const char *id = text + strlen(PREFIX), *end = text + n;
	if (n > 2 && !memcmp(text, "bn", 2) && text[2] > '1' && text[2] <= '9')
		return pin_wrong(err, text, n, "it was made by a newer binnacle");
	if (n < strlen(PREFIX) || memcmp(text, PREFIX, strlen(PREFIX)))
		return pin_wrong(err, text, n, "it does not begin with " PREFIX);
	const char *dot = memchr(id, '.', (size_t)(end - id));
	const char *second = dot ? memchr(dot + 1, '.', (size_t)(end - dot - 1)) : NULL;
	if (!second || n > TEXT_MOST)
		return pin_wrong(err, text, n, "it does not have three parts separated by dots");
	if (!digits_take(hex, id, (size_t)(dot - id), ID_DIGITS, ID_DIGITS, true))
		return pin_wrong(err, text, n, "the workspace's id is not 32 hex digits");
	if (dot[1] < '0' || dot[1] > '9' ||
		!bn_parse_i64(dot + 1, (size_t)(second - dot - 1), &number) || number > UINT32_MAX)
		return pin_wrong(err, text, n, "the part between the dots is not a link's number");
	bn_pin pin = {.n = (uint32_t)number};
	if (link_take(&pin, second + 1, (size_t)(end - second - 1)) < 0)
		return pin_wrong(
			err, text, n, "the last part is not 32 to 64 hex digits of a link's id");
	id_with_dashes(pin.workspace_id, hex);
	*out = pin;
	return 0;
}

void bn_pin_format(
	char out[BN_PIN_TEXT], const char *workspace_id, uint32_t n, const uint8_t link[32])
{
	char id[ID_DIGITS + 1] = "", hex[LINK_DIGITS + 1];
	digits_take(id, workspace_id, strlen(workspace_id), ID_DIGITS, ID_DIGITS, true);
	bn_hex(link, LINK_DIGITS / 2, hex);
	snprintf(out, BN_PIN_TEXT, PREFIX "%s.%u.%s", id, n, hex);
}

bool bn_pin_is_of(const bn_pin *p, const uint8_t link[32])
{
	char a[65], b[65];
	bn_hex(p->link, 32, a);
	bn_hex(link, 32, b);
	return memcmp(a, b, p->link_digits) == 0;
}

/* ---- sources ------------------------------------------------------------------- */

static void note(bn_pins *p, const char *words)
{
	size_t n = strlen(p->notes);
	snprintf(p->notes + n, sizeof p->notes - n, "%s%s", n ? "; " : "", words);
}

static int pins_add(
	bn_pins *p, const bn_pin *pin, bn_pin_source source, const char *where, bn_err *err)
{
	if (bn_grow(&p->items, &p->cap, p->count + 1, sizeof *p->items) < 0)
		return bn_err_nomem(err, "invitations");
	bn_pin *at = &p->items[p->count++];
	*at = *pin;
	at->source = source;
	snprintf(at->where, sizeof at->where, "%s", where);
	return 0;
}

/* Several with spaces or commas between. */
static int pins_of_text(
	bn_pins *p, const char *text, bn_pin_source source, const char *where, bn_err *err)
{
	static const char between[] = " ,\t\r\n";
	for (const char *at = text + strspn(text, between); *at; at += strspn(at, between)) {
		bn_pin pin;
		size_t n = strcspn(at, between);
		int rc = bn_pin_parse(&pin, at, n, err);
		if (rc < 0) {
			bn_err_prefix(err, "%s", where);
			return rc;
		}
		if ((rc = pins_add(p, &pin, source, where, err)) < 0)
			return rc;
		at += n;
	}
	return 0;
}

/* One line of a file, without its end. An invalid invitation becomes a note. */
static int pins_of_line(bn_pins *p, const char *s, size_t n, bn_pin_source source, const char *path,
	size_t number, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_pin pin;
	char where[160], words[300];
	const char *hash = memchr(s, '#', n);
	if (hash)
		n = (size_t)(hash - s);
	while (n && strchr(" \t\r", s[n - 1]) && s[n - 1])
		n--;
	for (; n && (*s == ' ' || *s == '\t'); n--)
		s++;
	if (!n)
		return 0;
	snprintf(where, sizeof where, "%.140s:%zu", path, number);
	if (bn_pin_parse(&pin, s, n, &why) == 0)
		return pins_add(p, &pin, source, where, err);
	snprintf(words, sizeof words, "%s: %.130s", where, why.msg);
	note(p, words);
	return 0;
}

static int pins_of_file(
	bn_pins *p, const bn_env *env, const char *path, bn_pin_source source, bn_err *err)
{
	char words[300];
	bn_err e = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	size_t got = 0, number = 0;
	int rc = 0, fd = env->fs->open(env, NULL, path, O_RDONLY | O_NONBLOCK, 0);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	const char *why = fd < 0 ? strerror(-fd) : bn_fs_distrust(env, fd, source == BN_PIN_SITE);
	if (why) {
		snprintf(words, sizeof words, "%.140s is not read: %s", path, why);
		note(p, words);
		goto out;
	}
	if (bn_buf_reserve(&text, BN_FS_TRUSTED_BYTES + 1) < 0) {
		rc = bn_err_nomem(err, path);
		goto out;
	}
	if (bn_fs_read_at(env, fd, text.ptr, BN_FS_TRUSTED_BYTES, 0, &got, path, &e) < 0) {
		note(p, e.msg);
		goto out;
	}
	for (const char *s = text.ptr, *end = s + got; s < end;) {
		const char *stop = memchr(s, '\n', (size_t)(end - s));
		size_t n = (size_t)((stop ? stop : end) - s);
		if ((rc = pins_of_line(p, s, n, source, path, ++number, err)) < 0)
			goto out;
		s += n + 1;
	}
out:
	if (fd >= 0)
		env->fs->close(env, fd);
	bn_buf_release(&text);
	return rc;
}

int bn_pins_load(bn_pins *out, const bn_env *env, const char *option, bn_err *err)
{
	const char *text = bn_env_get(env, "BINNACLE_TRUST");
	char *dir = NULL, *path = NULL;
	int rc;
	*out = (bn_pins){0};
	if (option && (rc = pins_of_text(out, option, BN_PIN_OPTION, "the option", err)) < 0)
		goto out;
	if (text && (rc = pins_of_text(out, text, BN_PIN_VARIABLE, "BINNACLE_TRUST", err)) < 0)
		goto out;
	if ((rc = bn_env_config_dir(&dir, env, NULL)) == BN_ENOMEM ||
		(dir && !(path = bn_path_join(dir, "trusted")))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	if (path && (rc = pins_of_file(out, env, path, BN_PIN_USER, err)) < 0)
		goto out;
	rc = pins_of_file(out, env, SITE_FILE, BN_PIN_SITE, err);
out:
	bn_free(path);
	bn_free(dir);
	return rc;
}

void bn_pins_release(bn_pins *p)
{
	bn_free(p->items);
	*p = (bn_pins){0};
}
