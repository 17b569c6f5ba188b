/*
 * doctor.h - tests what a directory's file system offers to a workspace.
 *
 * Creates a scratch directory there, tries the operations the store relies on, measures them, and
 * removes it. It cannot tell what other hosts see: that needs a second host.
 */
#ifndef BN_STORE_DOCTOR_H
#define BN_STORE_DOCTOR_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum bn_fs_state {
	BN_FS_OK,
	BN_FS_OFF,  /* not available; the store works without it */
	BN_FS_FAIL, /* a workspace here would not be safe */
} bn_fs_state;

typedef struct bn_fs_check {
	const char *what; /* "hard links"; static */
	bn_fs_state state;
	char detail[200];
	const char *cure; /* NULL if nothing is to be done; static */
} bn_fs_check;

typedef struct bn_fs_report {
	char type[24];
	bool is_network;
	double fsync_median_ms, fsync_p99_ms; /* of a 4 KiB append; NaN when it failed */
	bn_fs_check checks[12];
	size_t count;
	bn_fs_state verdict; /* the worst of the checks */
} bn_fs_report;

/* BN_ENOTFOUND when dir is no directory, BN_EIO when nothing can be made in it. */
int bn_fs_examine(bn_fs_report *out, const bn_env *env, const char *dir, bn_err *err);
const char *bn_fs_state_name(bn_fs_state state); /* "OK", "OFF", "FAIL" */

#endif
