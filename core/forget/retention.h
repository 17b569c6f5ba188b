/*
 * retention.h - versions that are kept longer than they should be, and what needs them.
 *
 * A version is due when it is older than the retention that holds for it (core/data/protect.h: the shortest along its
 * lineage). Nothing removes it by itself: `gc` shows what is due, and `gc --expired` removes it (dataset.removed), so its bytes
 * go when gc's own limit has passed. What a registered model was trained on, and what a run that waits or runs uses, is
 * kept and named.
 */
#ifndef BN_FORGET_RETENTION_H
#define BN_FORGET_RETENTION_H
#include "core/data/dataset.h"

typedef struct bn_due_version {
	bn_dataset_version *v;
	int64_t due_ms;   /* its release date */
	char *needed_by;  /* "model power/3", "run 7f3a91c2"; NULL: nothing */
} bn_due_version;

typedef struct bn_due_versions {
	bn_due_version *items; /* by release date */
	size_t count, cap;
	uint64_t bytes; /* of those that nothing needs: at most what is freed, since versions share parts */
	size_t free;    /* how many that are */
} bn_due_versions;

/* Refreshes the index. Release *out also after an error. */
int bn_due_find(bn_due_versions *out, bn_workspace *ws, bn_err *err);
void bn_due_release(bn_due_versions *l);
/* Removes those that nothing needs. BN_EREFUSED without the right to remove. */
int bn_due_remove(bn_workspace *ws, const bn_due_versions *l, bn_err *err);

#endif
