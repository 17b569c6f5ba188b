/*
 * signer.h - a key made from a seed, for tests of signatures.
 */
#ifndef BN_TEST_SIGNER_H
#define BN_TEST_SIGNER_H
#include "core/store/log/sign.h"

/* The same seed gives the same key and the same signatures. Aborts on failure. */
void test_signer_init(bn_signer *signer, uint8_t seed);
void test_signer_release(bn_signer *signer);

#endif
