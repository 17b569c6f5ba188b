/*
 * latency.h - how long a server's requests took: a histogram as Prometheus has them, and percentiles.
 *
 * Counting is lock-free; a reader may see a request in one of the two and not yet in the other. All zero is a valid
 * empty state.
 */
#ifndef BN_NET_LATENCY_H
#define BN_NET_LATENCY_H
#include "core/base/buf.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BN_LATENCY_EDGES = 16, /* from 50 us to 10 s */
	BN_LATENCY_FINE = 208  /* 8 per octave from 1 us */
};

typedef struct bn_latency {
	atomic_uint_fast64_t counts[BN_LATENCY_EDGES + 1]; /* the last one: above all edges */
	atomic_uint_fast64_t sum_ns;
} bn_latency;

typedef struct bn_percentiles {
	atomic_uint_fast64_t counts[BN_LATENCY_FINE];
} bn_percentiles;

/* Negative times count as 0. */
void bn_latency_count(bn_latency *l, int64_t ns);
uint64_t bn_latency_total(const bn_latency *l); /* requests counted */
/* The samples NAME_bucket, NAME_sum (seconds) and NAME_count of the n parts together. labels: those of each sample, as
 * `route="infer"`, or "". The family's head (bn_exposition_head) is the caller's. */
void bn_latency_write(bn_buf *out, const char *name, const char *labels,
	const bn_latency *const *parts, size_t n);

void bn_percentiles_count(bn_percentiles *p, int64_t ns);
/* The time in seconds that this share of the requests did not exceed, at most 9 % above it; NaN: none was counted. */
double bn_percentiles_get(const bn_percentiles *p, double share);

#endif
