/* _forge_facts.h - where a place comes from: the variables of a CI job, and a git repository. */
#ifndef BN_CI__FORGE_FACTS_H
#define BN_CI__FORGE_FACTS_H
#include "core/ci/forge.h"

/* What the CI job around this process says; kind 0: nothing about a forge (no job, or one of Jenkins). path gets the project's path where out->project is
 * its number (yours, or NULL). out is set in any case. */
int bn_forge_read_job(bn_forge_place *out, char **path, const bn_env *env, bn_err *err);

typedef struct bn_forge_repository {
	char *remote; /* URL of the remote "origin", or of the only one; NULL: none */
	char *commit; /* of HEAD; NULL: none yet */
} bn_forge_repository;

/* Of the repository that holds dir; both NULL if there is none. out is set in any case. */
int bn_forge_read_repository(bn_forge_repository *out, const char *dir, bn_err *err);
void bn_forge_repository_release(bn_forge_repository *r);

#endif
