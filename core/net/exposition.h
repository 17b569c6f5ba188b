/*
 * exposition.h - Prometheus' text format 0.0.4, as far as several modules write it.
 */
#ifndef BN_NET_EXPOSITION_H
#define BN_NET_EXPOSITION_H
#include "core/base/buf.h"

/* name="value", escaped as the format wants it. */
void bn_exposition_label(bn_buf *out, const char *name, const char *value);

#endif
