/*
 * registry_team.h - the team of people.h with registered models.
 */
#ifndef BN_TEST_REGISTRY_TEAM_H
#define BN_TEST_REGISTRY_TEAM_H
#include "core/registry/registry.h"
#include "tests/support/people.h"

extern const bn_fold_class *const registry_team_classes[];

/* Registers a model of three small files as p, with that author. metrics: JSON text. Returns the
 * version; fails the test on an error. */
int64_t team_register(person *p, const char *name, const person *author, const char *metrics);
/* The same, returning the code. */
int team_try_register(
	person *p, const char *name, const person *author, const char *metrics, int64_t *version);
/* The dataset version used by the next function: jobs@v3. */
#define TEAM_DATA "da7ada7ada7ada7ada7ada7ada7ada7ada7ada7ada7ada7ada7ada7ada7ada7a"
/* A registration that names its run and its data. */
int64_t team_register_run(
	person *p, const char *name, const person *author, const char *run, const char *metrics);
int team_try_register_run(person *p, const char *name, const person *author, const char *run,
	const char *metrics, int64_t *version);
/* A run with that id of 32 hex digits, created by p in a sealed segment. */
void team_run(person *p, const char *run);
void team_policy(person *p, const char *document);
bn_model_state team_state(person *p, const char *spec);
/* The number of events of that kind and outcome in the audit log that p sees. */
size_t team_count(person *p, const char *kind, bn_outcome outcome);

#endif
