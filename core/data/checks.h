/*
 * checks.h - the verdicts of suites on a dataset, as recorded by bn_dataset_record_check.
 */
#ifndef BN_DATA_CHECKS_H
#define BN_DATA_CHECKS_H
#include "core/base/err.h"
#include "core/store/workspace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_dataset_check {
	char *suite;     /* its name; of one without a name the beginning of its hash */
	int64_t version; /* of the dataset */
	int64_t checked_ms;
	bool success;              /* no critical check failed */
	int64_t evaluated, failed; /* expectations */
	char suite_hash[65], result_hash[65]; /* their JSON (bn_dataset_load_json) */
	char *user;                           /* who checked */
	bool is_private;                      /* of the version: only its user can read the result */
} bn_dataset_check;

typedef struct bn_dataset_checks {
	bn_dataset_check *items; /* newest first */
	size_t count;
} bn_dataset_checks;

/* The newest check with each suite, of the versions of that dataset that are not removed, by members or the reader
 * (core/govern/members.h). None for an unknown dataset. Release it after a failure too. */
int bn_dataset_checks_load(
	bn_dataset_checks *out, bn_workspace *ws, const char *name, bn_err *err);
/* All checks of one version (0: of all that are not removed), newest version and check first, of one
 * suite by its name (NULL: of all). The rest as above. */
int bn_dataset_checks_history(bn_dataset_checks *out, bn_workspace *ws, const char *name,
	int64_t version, const char *suite, bn_err *err);
void bn_dataset_checks_release(bn_dataset_checks *l);

#endif
