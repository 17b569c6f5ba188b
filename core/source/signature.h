/*
 * signature.h - recognises files that are not text tables by their first bytes.
 *
 * A CSV reader makes a table of almost anything. Files given by mistake (a workbook, a pointer of
 * Git LFS, a login page instead of a download) are rejected by name, with the way to convert them.
 */
#ifndef BN_SOURCE_SIGNATURE_H
#define BN_SOURCE_SIGNATURE_H
#include "core/base/err.h"

#include <stdbool.h>

/* 0, or BN_EUNSUPPORTED with the kind and a hint. head: the first n bytes (BN_INPUT_HEAD are enough
 * for all kinds). text_too: also reject text that is not a table (JSON, HTML); false if the user
 * named the format. */
int bn_signature_check(const char *path, const char *head, size_t n, bool text_too, bn_err *err);

#endif
