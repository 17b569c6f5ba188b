/*
 * recode.h - text in another encoding as UTF-8, by the C library's iconv.
 *
 * The whole text is converted first, into a file without a name, as pipes are (input.h): what reads it then
 * sees UTF-8, places and sizes are those of the converted text, and the source's hash stays that of its own bytes.
 */
#ifndef BN_SOURCE_RECODE_H
#define BN_SOURCE_RECODE_H
#include "core/source/input.h"

/* A new input of the converted text; yours. encoding: as iconv has it. BN_EINVAL: no such encoding, or bytes that
 * are none of it (with their line). */
int bn_recode(bn_input **out, bn_input *in, const char *encoding, const bn_progress *progress,
	bn_err *err);
/* "UTF-16", "UTF-32" by the byte order mark at the beginning of a text; else NULL. */
const char *bn_recode_by_mark(const char *head, size_t n);
/* UTF-8 in any spelling? */
bool bn_recode_is_utf8(const char *encoding);

#endif
