/*
 * kin.h - the run above a run, and those directly below it, for what shows one run. Lists of runs have their own way
 * (bn_run_query.tree). A parent is what nest.h says. Reads the index of the last refresh.
 */
#ifndef BN_TRACK_KIN_H
#define BN_TRACK_KIN_H
#include "core/track/run.h"

typedef struct bn_run_kin {
	char id[BN_RUN_ID_TEXT];
	char *label; /* bn_run_label; of a run that is not known here its id */
	bn_run_status status;
} bn_run_kin;

typedef struct bn_run_kins {
	bool has_parent;
	bn_run_kin parent;
	bool parent_is_known;
	bn_run_kin *children; /* oldest first; at most `most` of them */
	size_t child_count, child_cap;
	int64_t child_total;
} bn_run_kins;
#define BN_RUN_KINS_INIT \
	{ \
		.has_parent = false \
	}

/* most: how many children are wanted at most. Children in the trash are not counted. Release *out also after an
 * error. BN_ENOTFOUND. */
int bn_run_kins_load(bn_run_kins *out, bn_workspace *ws, const char *id, size_t most, bn_err *err);
void bn_run_kins_release(bn_run_kins *k);

#endif
