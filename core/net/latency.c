/* latency.c - see latency.h. */
#include "core/net/latency.h"

#include "core/net/exposition.h"

#include <math.h>

/* The seconds as bn_fmt_f64 formats them, which would take most of the time of an exposition. */
static const struct {
	int64_t ns;
	const char *seconds;
} edges[BN_LATENCY_EDGES] = {{50000, "5e-05"}, {100000, "0.0001"}, {250000, "0.00025"},
	{500000, "0.0005"}, {1000000, "0.001"}, {2500000, "0.0025"}, {5000000, "0.005"},
	{10000000, "0.01"}, {25000000, "0.025"}, {50000000, "0.05"}, {100000000, "0.1"},
	{250000000, "0.25"}, {500000000, "0.5"}, {1000000000, "1"}, {2500000000, "2.5"},
	{10000000000, "10"}};

void bn_latency_count(bn_latency *l, int64_t ns)
{
	size_t e = 0;
	while (e < BN_LATENCY_EDGES && ns > edges[e].ns)
		e++;
	atomic_fetch_add(&l->counts[e], 1);
	atomic_fetch_add(&l->sum_ns, (uint64_t)(ns > 0 ? ns : 0));
}

uint64_t bn_latency_total(const bn_latency *l)
{
	uint64_t sum = 0;
	for (size_t e = 0; e <= BN_LATENCY_EDGES; e++)
		sum += atomic_load(&l->counts[e]);
	return sum;
}

static void sample(bn_buf *out, const char *name, const char *what, const char *labels, const char *le)
{
	bn_buf_adds(out, name);
	bn_buf_adds(out, what);
	if (*labels || le)
		bn_buf_addch(out, '{');
	bn_buf_adds(out, labels);
	if (le) {
		bn_buf_adds(out, *labels ? ",le=\"" : "le=\"");
		bn_buf_adds(out, le);
		bn_buf_addch(out, '"');
	}
	bn_buf_adds(out, *labels || le ? "} " : " ");
}

static void count(bn_buf *out, uint64_t n)
{
	bn_buf_add_u64(out, n);
	bn_buf_addch(out, '\n');
}

void bn_latency_write(bn_buf *out, const char *name, const char *labels,
	const bn_latency *const *parts, size_t n)
{
	uint64_t sum = 0, ns = 0;
	for (size_t e = 0; e <= BN_LATENCY_EDGES; e++) {
		for (size_t p = 0; p < n; p++)
			sum += atomic_load(&parts[p]->counts[e]);
		sample(out, name, "_bucket", labels, e < BN_LATENCY_EDGES ? edges[e].seconds : "+Inf");
		count(out, sum);
	}
	for (size_t p = 0; p < n; p++)
		ns += atomic_load(&parts[p]->sum_ns);
	sample(out, name, "_sum", labels, NULL);
	bn_exposition_value(out, (double)ns / 1e9);
	sample(out, name, "_count", labels, NULL);
	count(out, sum);
}

void bn_percentiles_count(bn_percentiles *p, int64_t ns)
{
	double at = ns < 1000 ? 0 : 1 + 8 * log2((double)ns / 1000);
	size_t last = BN_LATENCY_FINE - 1;
	atomic_fetch_add(&p->counts[at < (double)last ? (size_t)at : last], 1);
}

double bn_percentiles_get(const bn_percentiles *p, double share)
{
	uint64_t total = 0, seen = 0;
	for (size_t i = 0; i < BN_LATENCY_FINE; i++)
		total += atomic_load(&p->counts[i]);
	for (size_t i = 0; total && i < BN_LATENCY_FINE; i++) {
		seen += atomic_load(&p->counts[i]);
		if ((double)seen >= share * (double)total)
			return 1e-6 * exp2((double)i / 8); /* its upper edge */
	}
	return (double)NAN;
}
