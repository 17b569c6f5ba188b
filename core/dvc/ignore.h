/*
 * ignore.h - .dvcignore: which files DVC does not see. The patterns are those of .gitignore.
 *
 * A walk adds the file of each directory when it enters it and takes its rules back when it leaves: the deepest
 * matching rule decides, and within a file the last one. What is in an ignored directory is not asked about, as a
 * walk does not enter it. .git, .hg and .dvc are always ignored.
 *
 * A pattern takes linear memory and at most (length of the pattern) x (length of the path) steps.
 */
#ifndef BN_DVC_IGNORE_H
#define BN_DVC_IGNORE_H
#include "core/base/dir.h"

#include <stdbool.h>
#include <stddef.h>

#define BN_DVC_IGNORE_FILE ".dvcignore"

typedef struct bn_dvc_rule {
	char *pattern;
	size_t base; /* so many bytes of a path, with the slash, are the directory of the rule's file */
	bool negated, dirs_only, anchored;
} bn_dvc_rule;

typedef struct bn_dvc_ignore {
	bn_dvc_rule *rules;
	size_t count, cap;
} bn_dvc_ignore;

#define BN_DVC_IGNORE_INIT \
	{ \
		NULL, 0, 0 \
	}

/* Adds the rules of a file. base: length of its directory's path with the slash, 0 at the root. */
int bn_dvc_ignore_add(bn_dvc_ignore *ig, size_t base, const char *text, size_t n, bn_err *err);
/* Adds the rules of a directory's file, if it has one: at is the directory, base as above. */
int bn_dvc_ignore_load(bn_dvc_ignore *ig, const bn_dir *at, size_t base, bn_err *err);
/* Adds the rules of all directories above a path of the repository at root; *ignored: one of them, or the path, is
 * ignored. */
int bn_dvc_ignore_load_above(bn_dvc_ignore *ig, bool *ignored, const bn_dir *root, const char *path,
	bool is_dir, bn_err *err);
/* Forgets all rules but the first `count`. */
void bn_dvc_ignore_back_to(bn_dvc_ignore *ig, size_t count);
/* path: below the root of the rules, in a directory that is not ignored. */
bool bn_dvc_ignore_has(const bn_dvc_ignore *ig, const char *path, bool is_dir);
void bn_dvc_ignore_release(bn_dvc_ignore *ig);

/* Whether a component of a path is a directory of a version control system or of DVC. */
bool bn_dvc_is_control_name(const char *name, size_t n);

#endif
