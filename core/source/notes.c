/* notes.c - a source's notes on how it was read: see source.h. */
#include "core/source/source.h"

#include "core/base/mem.h"
#include "core/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int bn_source_note_add(bn_source_notes *n, bool warning, bn_err *err, const char *fmt, ...)
{
	va_list ap;

	if (bn_grow(&n->items, &n->cap, n->count + 1, sizeof *n->items))
		return bn_err_nomem(err, "the notes on a source");
	bn_source_note *note = &n->items[n->count++];
	note->warning = warning;
	va_start(ap, fmt);
	vsnprintf(note->text, sizeof note->text, fmt, ap);
	va_end(ap);
	/* It quotes the file; truncation must not leave half a character. */
	for (size_t k = strlen(note->text); k && !bn_utf8_is_valid(note->text, k);)
		note->text[--k] = '\0';
	return 0;
}

int bn_source_notes_copy(bn_source_notes *out, const bn_source_notes *n, bn_err *err)
{
	*out = (bn_source_notes){.dialect = n->dialect};
	if (!n->count)
		return 0;
	if (!(out->items = bn_alloc(n->count * sizeof *out->items)))
		return bn_err_nomem(err, "the notes on a source");
	memcpy(out->items, n->items, n->count * sizeof *out->items);
	out->count = out->cap = n->count;
	return 0;
}

void bn_source_notes_release(bn_source_notes *n)
{
	bn_free(n->items);
	*n = (bn_source_notes){.items = NULL};
}
