/*
 * shared_parts.h - which parts of a run may hold the same rows (shared_rows.h), as text: for the
 * form or verb that starts a run, and for its log.
 */
#ifndef BN_DATA_SHARED_PARTS_H
#define BN_DATA_SHARED_PARTS_H
#include "core/run/spec.h"
#include "core/store/workspace.h"

typedef void (*bn_shared_tell)(void *ctx, const char *text);

/* Calls tell once for each two parts of the spec that may share rows. Skips names that do not
 * resolve. */
void bn_shared_parts_tell(bn_workspace *ws, const bn_spec *spec, bn_shared_tell tell, void *ctx);

#endif
