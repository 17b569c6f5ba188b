/* reference.h - committed tables of expected numbers, tests/reference/NAME.json. */
#ifndef BN_TEST_REFERENCE_H
#define BN_TEST_REFERENCE_H
#include <jansson.h>

/* Fails the test if it cannot be read. Yours (json_decref). Tests run from the repository root. */
json_t *reference_load(const char *name);

/* Largest |ours - theirs| over the numbers of an array (nested ones in order). */
double reference_distance(const json_t *theirs, const double *ours);

#endif
