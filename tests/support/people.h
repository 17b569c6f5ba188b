/*
 * people.h - several users in one test: each has an env of their own, and what they create through
 * it belongs to them, as stat() sees it through anybody's env. No root needed.
 *
 * Every person has a configuration directory (signing key) and a state directory (index) of their
 * own under the town's directory, so each is also an independent reader of the log. The clock is
 * common and moves by 1 ms whenever somebody looks at it, so order is what the test wrote.
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
	int64_t clock_offset_ms; /* this person's clock is wrong by so much */
	bn_workspace *ws;
} person;

typedef struct town {
	char dir[256];
	int64_t clock_ns;
	person people[PEOPLE]; /* ann (the founder), bob, cleo, dan; uid 5001 ... 5004 */
} town;

/* A workspace made by ann, open for everybody, folding the rooms of classes. Dies on failure. */
void town_make(town *t, const bn_fold_class *const *classes);
/* The same with a chain of authority (core/govern/authority.h), ann its founder. */
void town_make_signed(town *t, const bn_fold_class *const *classes);
void town_remove(town *t);
/* Closes and opens one person's workspace again; with a fresh index when wanted. */
void person_reopen(town *t, person *p, bool fresh_index);
/* The rows of every table of the rooms, in one text (yours); equal for equal logs. */
char *person_dump(person *p);

#endif
