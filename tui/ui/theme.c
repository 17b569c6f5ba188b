/* theme.c - see theme.h. */
#include "tui/ui/theme.h"

#include "core/base/embedded.h"
#include "core/base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct word {
	const char *s;
	size_t n;
} word;

static const char *const color_names[8] = {
	"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"};

static bool word_is(word w, const char *s)
{
	return strlen(s) == w.n && memcmp(w.s, s, w.n) == 0;
}

static word word_next(const char **at, const char *end)
{
	while (*at < end && isspace((unsigned char)**at))
		(*at)++;
	word w = {*at, 0};
	while (*at < end && !isspace((unsigned char)**at))
		(*at)++;
	w.n = (size_t)(*at - w.s);
	return w;
}

static bool color_parse(word w, bool rich, int32_t *out)
{
	bool bright = w.n > 7 && memcmp(w.s, "bright-", 7) == 0;
	word base = bright ? (word){w.s + 7, w.n - 7} : w;
	if (word_is(w, "default")) {
		*out = BN_COLOR_DEFAULT;
		return true;
	}
	for (int i = 0; i < 8; i++) {
		if (word_is(base, color_names[i])) {
			*out = i + (bright ? 8 : 0);
			if (rich)
				*out = bn_theme_ansi_rgb(*out);
			return true;
		}
	}
	if (!rich || w.n != 7 || w.s[0] != '#')
		return false;
	int32_t rgb = 0;
	for (size_t i = 1; i < 7; i++) {
		if (!isxdigit((unsigned char)w.s[i]))
			return false;
		int c = tolower((unsigned char)w.s[i]);
		rgb = rgb * 16 + (isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	*out = rgb;
	return true;
}

static bool attr_parse(word w, unsigned *attrs)
{
	static const struct {
		const char *name;
		unsigned bit;
	} table[] = {{"normal", 0}, {"bold", BN_ATTR_BOLD}, {"dim", BN_ATTR_DIM},
		{"underline", BN_ATTR_UNDERLINE}, {"reverse", BN_ATTR_REVERSE}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (word_is(w, table[i].name)) {
			*attrs |= table[i].bit;
			return true;
		}
	}
	return false;
}

/* "FG on BG attr attr"; part 0 has only attributes. */
static int look_parse(bn_look *out, const char *s, const char *end, int part, const char *file,
	int line, bn_err *err)
{
	bn_look look = {BN_COLOR_DEFAULT, BN_COLOR_DEFAULT, 0};
	bool expect_bg = false, have_fg = false;
	for (word w = word_next(&s, end); w.n; w = word_next(&s, end)) {
		if (expect_bg || (part > 0 && !have_fg && !attr_parse(w, &look.attrs))) {
			if (!color_parse(w, part == 2, expect_bg ? &look.bg : &look.fg))
				return bn_err_set(err, BN_EINVAL, "%s:%d: no colour '%.*s'", file,
					line, (int)w.n, w.s);
			have_fg = true;
			expect_bg = false;
		} else if (part > 0 && word_is(w, "on")) {
			expect_bg = true;
		} else if (!attr_parse(w, &look.attrs)) {
			return bn_err_set(err, BN_EINVAL, "%s:%d: no attribute '%.*s'", file, line,
				(int)w.n, w.s);
		}
	}
	if (expect_bg)
		return bn_err_set(
			err, BN_EINVAL, "%s:%d: 'on' without a colour after it", file, line);
	*out = look;
	return 0;
}

static int role_parse(bn_theme *t, int role, const char *s, const char *end, const char *file,
	int line, bn_err *err)
{
	bn_look looks[3] = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
	for (int part = 0; part < 3; part++) {
		const char *stop = memchr(s, ';', (size_t)(end - s));
		if (!stop && part < 2)
			return bn_err_set(err, BN_EINVAL,
				"%s:%d: expected 'mono ; 16 colours ; rich colours', found %d of 3",
				file, line, part + 1);
		if (stop && part == 2)
			return bn_err_set(
				err, BN_EINVAL, "%s:%d: more than three parts", file, line);
		int rc = look_parse(&looks[part], s, stop ? stop : end, part, file, line, err);
		if (rc)
			return rc;
		s = stop ? stop + 1 : end;
	}
	t->roles[role] = (bn_ink_look){looks[0].attrs, looks[1], looks[2]};
	return 0;
}

static int line_parse(bn_theme *t, bool *seen, const char *s, const char *end, const char *file,
	int line, bn_err *err)
{
	const char *eq = memchr(s, '=', (size_t)(end - s));
	if (!eq)
		return bn_err_set(err, BN_EINVAL, "%s:%d: expected 'role = ...'", file, line);
	const char *at = s, *val = eq + 1;
	word key = word_next(&at, eq);
	if (word_is(key, "name")) {
		word v = word_next(&val, end);
		snprintf(t->name, sizeof t->name, "%.*s", (int)v.n, v.s);
		return 0;
	}
	if (word_is(key, "background")) {
		word v = word_next(&val, end);
		t->is_explicit = word_is(v, "explicit");
		if (!t->is_explicit && !word_is(v, "terminal"))
			return bn_err_set(err, BN_EINVAL,
				"%s:%d: background is 'explicit' or 'terminal', not '%.*s'", file,
				line, (int)v.n, v.s);
		return 0;
	}
	int role = bn_ink_from_name(key.s, key.n);
	if (role < 0)
		return bn_err_set(
			err, BN_EINVAL, "%s:%d: no role '%.*s'", file, line, (int)key.n, key.s);
	if (seen[role])
		return bn_err_set(err, BN_EINVAL, "%s:%d: role '%.*s' is given twice", file, line,
			(int)key.n, key.s);
	seen[role] = true;
	return role_parse(t, role, val, end, file, line, err);
}

int bn_theme_parse(bn_theme *out, const char *text, const char *file, bn_err *err)
{
	bn_theme t = {.name = "unnamed"};
	bool seen[BN_INK_COUNT] = {false};
	int line = 0;
	for (const char *s = text; *s;) {
		const char *end = strchr(s, '\n');
		const char *next = end ? end + 1 : s + strlen(s);
		end = end ? end : next;
		line++;
		const char *first = s;
		while (first < end && isspace((unsigned char)*first))
			first++;
		if (first < end && *first != '#') {
			int rc = line_parse(&t, seen, s, end, file, line, err);
			if (rc)
				return rc;
		}
		s = next;
	}
	if (!seen[BN_INK_TEXT])
		return bn_err_set(err, BN_EINVAL, "%s: no line for the role 'text'", file);
	for (int i = 0; i < BN_INK_COUNT; i++)
		if (!seen[i])
			t.roles[i] = t.roles[BN_INK_TEXT];
	*out = t;
	return 0;
}

static int file_read(char **out, const char *path, bn_err *err)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return bn_err_sys(err, BN_ENOTFOUND, errno, "theme %s", path);
	char chunk[4096];
	bn_buf text = BN_BUF_INIT;
	size_t n;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0 && text.len < 1u << 20)
		bn_buf_add(&text, chunk, n);
	fclose(f);
	int rc = bn_buf_check(&text, err, "a theme");
	if (!rc)
		*out = bn_buf_take(&text, NULL);
	bn_buf_release(&text);
	return rc;
}

const char *const *bn_theme_names(void)
{
	static const char *const names[] = {
		"default", "dark", "light", "high-contrast", "colour-blind", "mono", NULL};
	return names;
}

int bn_theme_load(bn_theme *out, const char *name_or_path, bn_err *err)
{
	const char *name = name_or_path ? name_or_path : "default";
	size_t n = strlen(name);
	if (strchr(name, '/') || (n > 6 && strcmp(name + n - 6, ".theme") == 0)) {
		char *text = NULL;
		int rc = file_read(&text, name, err);
		if (!rc)
			rc = bn_theme_parse(out, text, name, err);
		bn_free(text);
		return rc;
	}
	char path[96];
	snprintf(path, sizeof path, "themes/%.64s.theme", name);
	const bn_embedded_file *f = bn_embedded_get(path);
	if (!f) {
		bn_err_set(err, BN_ENOTFOUND, "no theme '%s'", name);
		bn_err_hint(err, "built in: default, dark, light, high-contrast, colour-blind, "
				 "mono; or give the path of a .theme file");
		return BN_ENOTFOUND;
	}
	return bn_theme_parse(out, f->data, path, err);
}

static double channel_linear(int32_t rgb, int shift)
{
	double v = (double)((rgb >> shift) & 0xff) / 255.0;
	return v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double luminance(int32_t rgb)
{
	return 0.2126 * channel_linear(rgb, 16) + 0.7152 * channel_linear(rgb, 8) +
	       0.0722 * channel_linear(rgb, 0);
}

double bn_theme_contrast(int32_t a, int32_t b)
{
	double la = luminance(a), lb = luminance(b);
	return (fmax(la, lb) + 0.05) / (fmin(la, lb) + 0.05);
}

int32_t bn_theme_ansi_rgb(int color)
{
	static const int32_t xterm[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee,
		0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff,
		0xff00ff, 0x00ffff, 0xffffff};
	return xterm[color & 15];
}

int bn_theme_nearest_256(int32_t rgb)
{
	static const int steps[6] = {0, 95, 135, 175, 215, 255};
	int best = 16;
	long best_distance = -1;
	for (int i = 16; i < 256; i++) {
		int r, g, b;
		if (i < 232) {
			r = steps[(i - 16) / 36];
			g = steps[(i - 16) / 6 % 6];
			b = steps[(i - 16) % 6];
		} else {
			r = g = b = 8 + (i - 232) * 10;
		}
		long dr = r - ((rgb >> 16) & 0xff), dg = g - ((rgb >> 8) & 0xff),
		     db = b - (rgb & 0xff);
		long d = 2 * dr * dr + 4 * dg * dg + 3 * db * db;
		if (best_distance < 0 || d < best_distance) {
			best_distance = d;
			best = i;
		}
	}
	return best;
}
