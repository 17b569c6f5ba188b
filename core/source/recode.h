/*
 * recode.h - converts text in another encoding to UTF-8 with the C library's iconv.
 *
 * The whole text is converted first, into a nameless file, as pipes are (input.h): its reader then
 * sees UTF-8, positions and sizes are those of the converted text, and the source's hash remains
 * that of the original bytes.
 */
#ifndef BN_SOURCE_RECODE_H
#define BN_SOURCE_RECODE_H
#include "core/source/input.h"

/* A new input of the converted text; yours. encoding: a name for iconv. BN_EINVAL: no such
 * encoding, or bytes that are invalid in it (with their line). */
int bn_recode(bn_input **out, bn_input *in, const char *encoding, const bn_progress *progress,
	bn_err *err);
/* "UTF-16", "UTF-32" by the byte order mark of a text; else NULL. */
const char *bn_recode_by_mark(const char *head, size_t n);
/* Whether it names UTF-8, in any spelling. */
bool bn_recode_is_utf8(const char *encoding);

#endif
