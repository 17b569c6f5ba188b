/*
 * signature.h - files that are no table of text, known by their first bytes.
 *
 * A reader of CSV makes a table of almost anything. What a person sends by mistake (a workbook, a pointer of Git LFS, a
 * login page that a download became) is refused by name, with what to do instead.
 */
#ifndef BN_SOURCE_SIGNATURE_H
#define BN_SOURCE_SIGNATURE_H
#include "core/base/err.h"

#include <stdbool.h>

/* 0, or BN_EUNSUPPORTED with the kind and the cure. head: the first n bytes (BN_INPUT_HEAD of them show all that is
 * known). text_too: also what is text, but no table (JSON, HTML); not when the user said what it is. */
int bn_signature_check(const char *path, const char *head, size_t n, bool text_too, bn_err *err);

#endif
