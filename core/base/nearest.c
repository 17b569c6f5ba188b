/* nearest.c - see nearest.h. */
#include "core/base/nearest.h"

#include "core/base/str.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

bn_nearest bn_nearest_to(const char *word, bn_nearest_rule rule)
{
	int letters = (int)strlen(word), close = letters / 3 + 1;
	if (letters < 4)
		close = letters > 1;
	int most = rule == BN_NEAREST_ANY ? INT_MAX : close;
	return (bn_nearest){.word = word, .best = NULL, .distance = most};
}

static int distance_of(const char *word, const char *candidate)
{
	if (!strcasecmp(word, candidate))
		return -1;
	if (strlen(word) >= 3 && bn_str_starts(candidate, word))
		return 1;
	return bn_edit_distance(word, candidate);
}

void bn_nearest_offer(bn_nearest *n, const char *candidate)
{
	int distance = distance_of(n->word, candidate);
	if (distance < n->distance || (!n->best && distance == n->distance)) {
		n->best = candidate;
		n->distance = distance;
	}
}

void bn_nearest_hint(const bn_nearest *n, bn_err *err)
{
	if (n->best)
		bn_err_hint(err, "did you mean '%s'?", n->best);
}

const char *bn_nearest_word(const char *s, const char *const *words)
{
	bn_nearest near = bn_nearest_to(s, BN_NEAREST_CLOSE);
	for (; *words; words++)
		bn_nearest_offer(&near, *words);
	return near.best;
}
