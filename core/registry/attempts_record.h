/*
 * attempts_record.h - the record of refused acts that have none of their own (attempts.h).
 */
#ifndef BN_REGISTRY_ATTEMPTS_RECORD_H
#define BN_REGISTRY_ATTEMPTS_RECORD_H
#include "core/registry/attempts.h"
#include "core/store/workspace.h"

/* Records how many there were in minutes that are over, or, with all, until now. */
int bn_attempts_flush(bn_attempts *a, bn_workspace *ws, bool all, bn_err *err);

#endif
