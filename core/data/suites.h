/*
 * suites.h - suites of checks attached to a dataset, which run at each of its new versions.
 *
 * Events of class "suite", whose entity is "suite/DATASET":
 *
 * 	suite.attached  {name, suite, policy}  suite: the hash of its JSON, an object that everybody can
 * 	                read; policy: "require" or "warn". Replaces the one of that name.
 * 	suite.detached  {name}
 *
 * Both need the right to tag (core/govern/rights.h), when requested and again in every fold. A
 * required suite keeps versions out (suite_gate.h): who may attach one decides what others can add.
 */
#ifndef BN_DATA_SUITES_H
#define BN_DATA_SUITES_H
#include "core/base/err.h"
#include "core/check/suite.h"
#include "core/store/workspace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bn_fold_class;
extern const struct bn_fold_class bn_suite_class; /* for core/pipeline/fold_classes.c */

typedef struct bn_suite_attached {
	char *dataset, *name;
	char hash[65]; /* of the suite's JSON */
	bool required;
	int64_t attached_ms;
	char *user; /* who attached it */
} bn_suite_attached;

typedef struct bn_suites {
	bn_suite_attached *items; /* by dataset and name */
	size_t count;
} bn_suites;

/* dataset NULL: of every dataset. Refreshes the index. Release it after a failure too. */
int bn_suites_load(bn_suites *out, bn_workspace *ws, const char *dataset, bn_err *err);
void bn_suites_release(bn_suites *l);
/* NULL: there is none of that name. Borrowed. */
const bn_suite_attached *bn_suites_find(const bn_suites *l, const char *name);
/* Its checks. BN_EINVAL if this program does not know one of them. *out is yours. */
int bn_suite_attached_read(
	bn_suite **out, bn_workspace *ws, const bn_suite_attached *a, bn_err *err);

/* name: of the suite from now on, a valid name; NULL: its own. The dataset need not exist yet. Its
 * newest version is private: BN_EREFUSED, unless `shared` is set, since everybody can read the
 * suite. */
int bn_suite_attach(bn_workspace *ws, const char *dataset, const bn_suite *suite, const char *name,
	bool required, bool shared, bn_err *err);
/* BN_ENOTFOUND, with the nearest name. */
int bn_suite_detach(bn_workspace *ws, const char *dataset, const char *name, bn_err *err);

#endif
