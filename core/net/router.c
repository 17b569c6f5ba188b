/* router.c - see router.h. */
#include "core/net/router.h"

#include <stdio.h>
#include <string.h>

#define MAX_SEGMENTS 24

typedef struct segments {
	char *at[MAX_SEGMENTS];
	size_t count;
	char *end; /* of the path */
} segments;

/* Splits the copy of the path at its slashes, ignoring empty segments. False if it is too long. */
static bool split(segments *s, char copy[BN_ROUTE_MAX_PATH], const char *path)
{
	size_t n = strlen(path);
	if (n >= BN_ROUTE_MAX_PATH)
		return false;
	memcpy(copy, path, n + 1);
	s->count = 0;
	s->end = copy + n;
	for (char *p = copy; *p;) {
		if (*p == '/') {
			*p++ = '\0';
			continue;
		}
		if (s->count == MAX_SEGMENTS)
			return false;
		s->at[s->count++] = p;
		p += strcspn(p, "/");
	}
	return true;
}

/* Puts the slashes back into the last segments, for {path...}. */
static void join(const segments *s, size_t first)
{
	for (char *p = s->at[first]; p < s->end; p++)
		if (!*p)
			*p = '/';
	for (char *p = s->end; p > s->at[first] && p[-1] == '/'; p--)
		p[-1] = '\0';
}

typedef enum fit { NO_FIT, FIT, FIT_REST } fit;

/* Whether the pattern matches the segments. params gets the indexes of those in braces. */
static fit fits(const char *pattern, const segments *s, size_t params[], size_t *count)
{
	size_t i = 0;
	*count = 0;
	for (const char *p = pattern; *p;) {
		p += *p == '/';
		size_t n = strcspn(p, "/");
		if (!n)
			break;
		if (i == s->count)
			return NO_FIT;
		if (*p == '{') {
			if (*count == BN_ROUTE_MAX_PARAMS)
				return NO_FIT;
			params[(*count)++] = i;
			if (n > 5 && !memcmp(p + n - 4, "...}", 4))
				return FIT_REST;
		} else if (strncmp(s->at[i], p, n) != 0 || s->at[i][n]) {
			return NO_FIT;
		}
		p += n;
		i++;
	}
	return i == s->count ? FIT : NO_FIT;
}

static bool is_method(const bn_route *r, const char *method)
{
	return !strcmp(r->method, method) || (!strcmp(method, "HEAD") && !strcmp(r->method, "GET"));
}

bool bn_router_find(const bn_router *r, const char *method, const char *path, bn_route_match *out)
{
	segments s;
	size_t params[BN_ROUTE_MAX_PARAMS], count = 0;
	out->route = out->other = NULL;
	out->param_count = 0;
	if (!split(&s, out->path, path))
		return false;
	for (size_t i = 0; i < r->count; i++) {
		fit how = fits(r->routes[i].path, &s, params, &count);
		if (how == NO_FIT)
			continue;
		if (!is_method(&r->routes[i], method)) {
			out->other = &r->routes[i];
			continue;
		}
		if (how == FIT_REST)
			join(&s, params[count - 1]);
		for (size_t k = 0; k < count; k++)
			out->params[k] = s.at[params[k]];
		out->param_count = count;
		out->route = &r->routes[i];
		return true;
	}
	return false;
}

const char *bn_router_allow(const bn_router *r, const char *path, char *allow, size_t size)
{
	char copy[BN_ROUTE_MAX_PATH];
	segments s;
	size_t params[BN_ROUTE_MAX_PARAMS], count = 0, used = 0;
	*allow = '\0';
	if (!split(&s, copy, path))
		return allow;
	for (size_t i = 0; i < r->count; i++) {
		if (fits(r->routes[i].path, &s, params, &count) == NO_FIT)
			continue;
		const char *method = r->routes[i].method;
		const char *text = strcmp(method, "GET") ? method : "GET, HEAD";
		int n = snprintf(allow + used, size - used, "%s%s", used ? ", " : "", text);
		used += n > 0 && (size_t)n < size - used ? (size_t)n : 0;
		allow[used] = '\0';
	}
	return allow;
}
