/*
 * draft.h - a first binnacle.yaml, from what a project's directory holds.
 *
 * Nothing is invented: what was neither given nor found stands as a commented line that says what belongs there, and
 * where several files would do, all are named. The result is read with settings.h before it is returned.
 *
 * Found are: tables (.csv, .tsv, .arrow, .feather) in the directory and in data/; suites and policies (JSON) there and
 * in suites/, checks/ and ci/; the targets `lint`, `test` and `check` of a Makefile; ruff and pytest in pyproject.toml;
 * CMakeLists.txt. Links are not followed into other directories, and at most BN_CI_ENTRIES_MOST names are looked at.
 */
#ifndef BN_CI_DRAFT_H
#define BN_CI_DRAFT_H
#include "core/base/buf.h"
#include "core/base/env.h"

enum { BN_CI_ENTRIES_MOST = 2000 };

/* What the user says; NULL: it is looked for. */
typedef struct bn_ci_wishes {
	const char *model, *data, *data_name, *suite, *trainer, *target, *seed, *policy, *lint,
		*unit, *image;
} bn_ci_wishes;

/* Appends the text. BN_EINVAL if a wish cannot be a setting. */
int bn_ci_draft(
	bn_buf *out, const bn_env *env, const char *dir, const bn_ci_wishes *wishes, bn_err *err);

#endif
