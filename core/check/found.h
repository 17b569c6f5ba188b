/*
 * found.h - what a check found, in words for people.
 */
#ifndef BN_CHECK_FOUND_H
#define BN_CHECK_FOUND_H
#include "core/base/buf.h"

#include <jansson.h>

/* Appends what one of the "results" of a result document (expect.h) says: "2 of 100 rows: -3, 130", "observed 7",
 * the message of an error. Values are those of the table, and untrusted. */
void bn_expect_found(bn_buf *b, const json_t *item);

#endif
