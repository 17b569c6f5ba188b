/*
 * signature.h - recognises files that are not text tables by their first bytes.
 *
 * A CSV reader makes a table of almost anything. Files given by mistake (a workbook, a pointer of
 * Git LFS, a login page instead of a download) are rejected by name, with the way to convert them.
 */
#ifndef BN_SOURCE_SIGNATURE_H
#define BN_SOURCE_SIGNATURE_H
#include "core/base/err.h"

/* How far to check: each kind includes those before it. */
typedef enum bn_signature_kind {
	BN_SIGNATURE_BINARY, /* if the user named the format */
	BN_SIGNATURE_TEXT, /* text, not a table (JSON, HTML): if the user named the delimiter */
	BN_SIGNATURE_FORM, /* text that some delimiter makes a table of (svmlight, drawn tables) */
} bn_signature_kind;

/* 0, or BN_EUNSUPPORTED with the kind and a hint. head: the first n bytes (BN_INPUT_HEAD are enough
 * for all kinds). */
int bn_signature_check(
	const char *path, const char *head, size_t n, bn_signature_kind upto, bn_err *err);

#endif
