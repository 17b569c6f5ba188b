/* ignore.c - see ignore.h. */
#include "core/dvc/ignore.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#include <string.h>

/* ---- matching --------------------------------------------------------------------------------- */

/* One character at s; *used is its bytes. */
static uint32_t character(const char *s, size_t *used)
{
	uint32_t c;
	*used = bn_utf8_decode(s, strnlen(s, 4), &c);
	return c == BN_UTF8_BAD ? (unsigned char)*s : c;
}

/* A set "[a-z]" at p against c: *after is what follows it. A set that is not closed is the character '['. */
static bool in_set(const char *p, uint32_t c, const char **after)
{
	const char *at = p + 1;
	bool negated = *at == '!' || *at == '^', found = false;
	at += negated;
	for (bool first = true; *at && (*at != ']' || first); first = false) {
		size_t used;
		at += *at == '\\' && at[1];
		uint32_t from = character(at, &used), to = from;
		at += used;
		if (*at == '-' && at[1] && at[1] != ']') {
			at++;
			to = character(at, &used);
			at += used;
		}
		found |= c >= from && c <= to;
	}
	if (*at != ']') {
		*after = p + 1;
		return c == '[';
	}
	*after = at + 1;
	return found != negated;
}

/* Whether the first character of s is what the pattern says at p, which is not '*'. Moves both. */
static bool takes_one(const char **p, const char **s)
{
	size_t used, want;
	uint32_t c = character(*s, &used);
	const char *after = *p + 1;
	bool fits;
	if (!**p)
		return false;
	if (**p == '?' || **p == '[') {
		fits = c != '/' && (**p == '?' || in_set(*p, c, &after));
	} else {
		const char *literal = *p + (**p == '\\' && (*p)[1]);
		fits = character(literal, &want) == c;
		after = literal + want;
	}
	*p = after;
	*s += used;
	return fits;
}

/* Two marks to come back to suffice: the last '*' inside a component and the last "**" before it, as
 * what follows such a mark must match later in any case. */
static bool matches(const char *p, const char *s)
{
	const char *star_p = NULL, *star_s = NULL, *deep_p = NULL, *deep_s = NULL;
	bool begins = true; /* p is at the beginning of a component */
	for (;;) {
		if (begins && bn_str_starts(p, "**/")) {
			p += 3;
			deep_p = p;
			deep_s = s;
			star_p = NULL;
			continue;
		}
		if (begins && !strcmp(p, "**"))
			return *s != '\0';
		if (*p == '*') {
			p += strspn(p, "*");
			star_p = p;
			star_s = s;
			begins = false;
			continue;
		}
		if (!*s)
			return !*p;
		const char *at_p = p, *at_s = s;
		if (takes_one(&at_p, &at_s)) {
			begins = *s == '/';
			p = at_p;
			s = at_s;
			continue;
		}
		begins = false;
		if (star_p && *star_s && *star_s != '/') {
			s = ++star_s;
			p = star_p;
		} else if (deep_p && (deep_s = strchr(deep_s, '/'))) {
			s = ++deep_s;
			p = deep_p;
			star_p = NULL;
			begins = true;
		} else {
			return false;
		}
	}
}

bool bn_dvc_is_control_name(const char *name, size_t n)
{
	return bn_str_is(".git", name, n) || bn_str_is(".hg", name, n) ||
	       bn_str_is(".dvc", name, n);
}

static bool rule_fits(const bn_dvc_rule *r, const char *path, bool is_dir)
{
	if (r->dirs_only && !is_dir)
		return false;
	/* What is everything in a directory is the directory too, for DVC. */
	size_t n = strlen(path) - r->base;
	if (r->anchored && is_dir && strlen(r->pattern) == n + 3 &&
		!strncmp(r->pattern, path + r->base, n) && !strcmp(r->pattern + n, "/**"))
		return true;
	if (r->anchored)
		return matches(r->pattern, path + r->base);
	const char *slash = strrchr(path, '/');
	return matches(r->pattern, slash ? slash + 1 : path);
}

bool bn_dvc_ignore_has(const bn_dvc_ignore *ig, const char *path, bool is_dir)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	for (size_t i = ig->count; i-- > 0;)
		if (rule_fits(&ig->rules[i], path, is_dir))
			return !ig->rules[i].negated;
	return (is_dir || !strcmp(name, ".git")) && bn_dvc_is_control_name(name, strlen(name));
}

/* ---- rules ------------------------------------------------------------------------------------ */

static int add_rule(bn_dvc_ignore *ig, size_t base, const char *line, size_t n, bn_err *err)
{
	bn_dvc_rule r = {.base = base};
	if (*line == '!') {
		r.negated = true;
		line++;
		n--;
	} else if (*line == '\\' && n > 1 && (line[1] == '#' || line[1] == '!')) {
		line++;
		n--;
	}
	while (n && line[n - 1] == '/') {
		r.dirs_only = true;
		n--;
	}
	r.anchored = memchr(line, '/', n);
	if (n && *line == '/') {
		line++;
		n--;
	}
	if (!n)
		return 0;
	if (bn_grow(&ig->rules, &ig->cap, ig->count + 1, sizeof *ig->rules) < 0 ||
		!(r.pattern = bn_strndup(line, n)))
		return bn_err_nomem(err, "rules of " BN_DVC_IGNORE_FILE);
	ig->rules[ig->count++] = r;
	return 0;
}

int bn_dvc_ignore_add(bn_dvc_ignore *ig, size_t base, const char *text, size_t n, bn_err *err)
{
	int rc = 0;
	for (const char *p = text, *end = text + n; rc == 0 && p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
		while (p < stop && (*p == ' ' || *p == '\t' || *p == '\r'))
			p++;
		const char *last = stop;
		while (last > p && (last[-1] == ' ' || last[-1] == '\t' || last[-1] == '\r'))
			last--;
		if (last > p && *p != '#')
			rc = add_rule(ig, base, p, strnlen(p, (size_t)(last - p)), err);
		p = nl ? nl + 1 : end;
	}
	return rc;
}

void bn_dvc_ignore_back_to(bn_dvc_ignore *ig, size_t count)
{
	while (ig->count > count)
		bn_free(ig->rules[--ig->count].pattern);
}

void bn_dvc_ignore_release(bn_dvc_ignore *ig)
{
	bn_dvc_ignore_back_to(ig, 0);
	bn_free(ig->rules);
	*ig = (bn_dvc_ignore)BN_DVC_IGNORE_INIT;
}
