/*
 * id.h - identifiers: UUIDs, run ids and the readable names that go with them.
 */
#ifndef BN_BASE_ID_H
#define BN_BASE_ID_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <stdint.h>

#define BN_UUID_TEXT 37   /* 8-4-4-4-12 and a NUL */
#define BN_RUN_ID_TEXT 33 /* 32 hex digits (MLflow's form) and a NUL */

int bn_uuid_new(const bn_env *env, char out[BN_UUID_TEXT], bn_err *err); /* version 4, RFC 9562 */
/* Version 8: the first 16 bytes of a hash, less version and variant. */
void bn_uuid_of_hash(const uint8_t hash[16], char out[BN_UUID_TEXT]);
int bn_run_id_new(const bn_env *env, char out[BN_RUN_ID_TEXT], bn_err *err);
/* "steady-heron-417": a pronounceable name, a pure function of the id. */
void bn_readable_name(const char *id, char *out, size_t size);

#endif
