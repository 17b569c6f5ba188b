/*
 * limits.h - limits of lengths in the log, in bytes without a terminating NUL. A reader accepts
 * no more, so a limit may grow only together with the format of the workspace.
 *
 * Two limits are elsewhere: a name that a user chooses (dataset, model, alias) has at most
 * BN_NAME_MAX bytes (core/base/str.h, 128), and a run's keys and values have at most
 * BN_RUN_KEY_MAX and BN_RUN_VALUE_MAX (core/run/runlog.h, 1000 and 32000, what MLflow's 250 and 8000 characters take). Runs and experiments have names
 * of at most BN_RUN_NAME_MAX (500: "experiment/" and it fit BN_ENTITY_MAX).
 */
#ifndef BN_STORE_LOG_LIMITS_H
#define BN_STORE_LOG_LIMITS_H

enum {
	BN_KIND_MAX = 128,   /* "run.created" */
	BN_ENTITY_MAX = 512, /* "model/NAME", "alias/NAME/ALIAS": three names and separators */
	BN_PAYLOAD_MAX = 16 << 20,
	BN_WRITER_NAME_MAX = 200,
	BN_SEG_HEADER_MAX = 1024,
	BN_SIGNATURE_BLOCK_MAX = 16 << 10, /* in total: lengths, key, epoch, signature */
};

#endif
