/*
 * people.h - a team of several users in one test: each has their own env, and owns the files that
 * they create through it, as stat() shows in every env. No root needed.
 *
 * Every person has their own configuration directory (signing key) and state directory (index)
 * under the team's directory, so each is also an independent reader of the log. The clock is shared
 * and advances by 1 ms whenever it is read, so events are in the order of the test.
 */
#ifndef BN_TEST_PEOPLE_H
#define BN_TEST_PEOPLE_H
#include "core/base/env.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"

#define PEOPLE 4

typedef struct person {
	bn_env env;
	uid_t uid;
	const char *name;
	char config[300], state[300], index[300];
	int64_t clock_offset_ms; /* offset of this person's clock */
	const char *host;        /* name of the host in a fixed world */
	bn_workspace *ws;
} person;

typedef struct team {
	char top[200]; /* removed with the team; contains all directories */
	char dir[256]; /* the workspace: top, or a folder in it */
	int64_t clock_ns;
	bool is_fixed;
	person people[PEOPLE]; /* ann (the founder), bob, cleo, dan; uid 5001 ... 5004 */
} team;

/* Makes the people with their own directories; folder: name of the workspace's directory, made in
 * it (NULL: it is that directory). Nothing is open. */
void team_prepare(team *t, const char *folder);
/* A workspace made by ann, open for everybody, that folds the given classes. Aborts on failure. */
void team_make(team *t, const bn_fold_class *const *classes);
/* The same with a chain of authority (core/govern/authority.h), ann its founder. */
void team_make_signed(team *t, const bn_fold_class *const *classes);
void team_remove(team *t);
/* Closes and reopens one person's workspace; with a new index if wanted. */
void person_reopen(team *t, person *p, bool fresh_index);
/* The rows of every table of the classes, in one text (yours); equal for equal logs. */
char *person_dump(person *p);

#endif
