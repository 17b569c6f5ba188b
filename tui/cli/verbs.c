/* verbs.c - see verbs.h. */
#include "tui/cli/verbs.h"

#include <string.h>

#define TABLE_POINTER(name) bn_verbs_##name,
static const bn_verb *const tables[] = {BN_VERB_TABLES(TABLE_POINTER)};

int bn_verbs_each(int (*each)(const bn_verb *, void *), void *ctx)
{
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		for (const bn_verb *v = tables[t]; v->noun; v++) {
			int rc = each(v, ctx);
			if (rc)
				return rc;
		}
	return 0;
}

typedef struct search {
	const char *const *words;
	size_t n;
	const bn_verb *found;
} search;

static int verb_matches(const bn_verb *v, void *ctx)
{
	search *s = ctx;
	if (strcmp(v->noun, s->words[0]))
		return 0;
	if (v->verb && (s->n < 2 || strcmp(v->verb, s->words[1])))
		return 0;
	s->found = v;
	return v->verb != NULL; /* "log verify" wins over a bare "log" */
}

const bn_verb *bn_verb_find(const char *const *words, size_t n, size_t *used)
{
	search s = {words, n, NULL};
	if (n)
		bn_verbs_each(verb_matches, &s);
	if (s.found)
		*used = s.found->verb ? 2 : 1;
	return s.found;
}
