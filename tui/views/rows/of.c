/* of.c - the selection of rows: see pages.h. */
#include "tui/views/rows/pages.h"

#include <stdio.h>
#include <string.h>

bn_rows_of bn_rows_of_version(const char *ref, const char *filter)
{
	bn_rows_of of;
	memset(&of, 0, sizeof of);
	snprintf(of.ref, sizeof of.ref, "%s", ref);
	snprintf(of.filter, sizeof of.filter, "%s", filter);
	return of;
}

bool bn_rows_of_add(bn_rows_of *of, const bn_rows_base *base, const char *title)
{
	size_t at = strlen(of->title);
	if (of->bases == BN_ROWS_BASES)
		return false;
	of->base[of->bases++] = *base;
	snprintf(of->title + at, sizeof of->title - at, "%s%s", at ? ", " : "", title);
	return true;
}

void bn_rows_of_words(const bn_rows_of *of, char *out, size_t size)
{
	size_t at = (size_t)snprintf(out, size, "%s", of->title);
	if (of->filter[0] && at < size)
		snprintf(out + at, size - at, "%swhere %s", at ? " " : "", of->filter);
}
