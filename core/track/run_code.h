/*
 * run_code.h - the differences between the code of two runs, by their specs.
 */
#ifndef BN_TRACK_RUN_CODE_H
#define BN_TRACK_RUN_CODE_H
#include "core/run/code_diff.h"
#include "core/store/workspace.h"

#include <jansson.h>

/* From run a to run b (full ids): their commits and uncommitted changes; see core/run/code_diff.h.
 * A run without a spec has no known commit. BN_ENOTFOUND; BN_EIO, BN_ECORRUPT: its uncommitted
 * changes cannot be read. */
int bn_run_code_diff(
	bn_code_diff *out, bn_workspace *ws, const char *a, const char *b,
	const bn_progress *watch, bn_err *err);
/* {"a", "b": ids, "compared": bool, "reason": text or null, "files": [{"path", "status", "binary",
 * "added", "removed"}], "files_left_out", "patch"}; bytes that are not UTF-8 become '?'. */
int bn_run_code_diff_to_json(
	json_t **out, const bn_code_diff *d, const char *a, const char *b, bn_err *err);

#endif
