/*
 * exposition.h - the parts of Prometheus' text format 0.0.4 that several modules write.
 */
#ifndef BN_NET_EXPOSITION_H
#define BN_NET_EXPOSITION_H
#include "core/base/buf.h"

/* name="value", escaped as the format requires. */
void bn_exposition_label(bn_buf *out, const char *name, const char *value);

#endif
