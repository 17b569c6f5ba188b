/*
 * exposition.h - the parts of Prometheus' text format 0.0.4 that several modules write.
 */
#ifndef BN_NET_EXPOSITION_H
#define BN_NET_EXPOSITION_H
#include "core/base/buf.h"
#include "core/base/env.h"

/* HELP and TYPE ("counter", "gauge", "histogram") of a family, before its samples. */
void bn_exposition_head(bn_buf *out, const char *name, const char *type, const char *help);
/* name="value", escaped as the format requires. Bytes that are not UTF-8, for which a scraper refuses everything,
 * become U+FFFD. */
void bn_exposition_label(bn_buf *out, const char *name, const char *value);
/* The value of a sample and the end of its line; NaN and infinities as the format has them. */
void bn_exposition_value(bn_buf *out, double value);

typedef struct bn_exposition_pair {
	const char *name, *value; /* value NULL: without that label */
} bn_exposition_pair;
/* A whole line. */
void bn_exposition_sample(bn_buf *out, const char *name, const bn_exposition_pair *labels, size_t n,
	double value);

/* The families process_... of this process; what the system does not say is left out. */
void bn_exposition_process(bn_buf *out, const bn_env *env);

#endif
