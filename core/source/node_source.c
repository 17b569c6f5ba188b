/* node_source.c - the counters of this node as an ingest source (see node.h). */
#include "core/base/str.h"
#include "core/source/node.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define ROWS 1024             /* of one batch */
#define SLICE_NS 50000000     /* interval of the check for cancellation while sleeping */
#define INTERVAL_NS 100000000 /* without --every */
#define INTERVAL_MIN_NS 1000000

typedef struct node_stream {
	bn_stream base;
	const bn_env *env;
	bn_source_options options;
	bn_node *node;
	int64_t start_ns, interval_ns, duration_ns; /* monotonic */
	int64_t tick;                               /* number of the next sample: 1, 2, 3 ... */
	bool stopped;
	uint64_t rows;
	bn_batch batch;
	double *sample;
	int64_t *times;
	double *values;    /* column after column, ROWS each */
	uint8_t *validity; /* likewise, ROWS / 8 each */
} node_stream;

static const bn_schema *stream_schema(bn_stream *base)
{
	return bn_node_schema(((node_stream *)base)->node);
}

/* The size of a live source is its time. */
static uint64_t stream_done(const bn_stream *base)
{
	const node_stream *s = (const node_stream *)base;
	return (uint64_t)(s->tick * s->interval_ns);
}

static uint64_t stream_total(const bn_stream *base)
{
	(void)base;
	return 0;
}

static uint64_t stream_rejected(const bn_stream *base)
{
	(void)base;
	return 0;
}

static bool wants_more(node_stream *s)
{
	const bn_source_options *o = &s->options;
	if (!s->stopped && o->progress &&
		!o->progress(o->progress_ctx, (uint64_t)(bn_env_monotonic_ns(s->env) - s->start_ns),
			(uint64_t)s->duration_ns, s->rows))
		s->stopped = true;
	return !s->stopped;
}

/* Sleeps until the sample's time, in slices; false if it was cancelled. */
static bool wait_for_tick(node_stream *s)
{
	int64_t due = s->start_ns + s->tick * s->interval_ns;
	for (;;) {
		int64_t left = due - bn_env_monotonic_ns(s->env);
		if (!wants_more(s))
			return false;
		if (left <= 0)
			return true;
		if (left > SLICE_NS)
			left = SLICE_NS;
		struct timespec t = {0, (long)left};
		nanosleep(&t, NULL);
	}
}

static void keep_sample(node_stream *s, size_t row)
{
	size_t columns = s->batch.column_count - 1;
	s->times[row] = bn_env_now_ns(s->env);
	for (size_t c = 0; c < columns; c++) {
		uint8_t *byte = &s->validity[c * (ROWS / 8) + row / 8];
		bool there = isfinite(s->sample[c]);
		s->values[c * ROWS + row] = there ? s->sample[c] : 0;
		*byte = (uint8_t)((*byte & ~(1u << (row & 7))) | (unsigned)there << (row & 7));
		s->batch.columns[c + 1].nulls += !there;
	}
}

static void batch_begin(node_stream *s)
{
	for (size_t c = 0; c < s->batch.column_count; c++)
		s->batch.columns[c].nulls = 0;
	s->batch.first_row = s->rows;
	s->batch.rows = 0;
}

static int stream_next(bn_stream *base, const bn_batch **out, bn_err *err)
{
	node_stream *s = (node_stream *)base;
	size_t rows = 0;
	batch_begin(s);
	while (rows < ROWS && s->tick * s->interval_ns <= s->duration_ns && wait_for_tick(s)) {
		int64_t now = bn_env_monotonic_ns(s->env);
		int rc = bn_node_sample(s->node, now, s->sample, err);
		if (rc)
			return rc;
		keep_sample(s, rows++);
		s->rows++;
		/* A sample more than an interval late is skipped, and the grid is kept. */
		int64_t behind = (bn_env_monotonic_ns(s->env) - s->start_ns) / s->interval_ns;
		s->tick = behind > s->tick ? behind + 1 : s->tick + 1;
	}
	s->batch.rows = rows;
	for (size_t c = 0; c < s->batch.column_count; c++)
		s->batch.columns[c].rows = rows;
	*out = &s->batch;
	return rows ? BN_STREAM_BATCH : BN_STREAM_END;
}

static void stream_free(bn_stream *base)
{
	node_stream *s = (node_stream *)base;
	bn_node_free(s->node);
	bn_free(s->batch.columns);
	bn_free(s->sample);
	bn_free(s->times);
	bn_free(s->values);
	bn_free(s->validity);
	bn_free(s);
}

static const bn_stream_ops node_ops = {stream_schema, stream_next, stream_done, stream_total,
	stream_rejected, NULL, NULL, stream_free};

static int stream_buffers(node_stream *s, bn_err *err)
{
	size_t columns = bn_node_schema(s->node)->count;
	s->batch.columns = bn_alloc_zeroed(columns, sizeof *s->batch.columns);
	s->sample = bn_alloc_zeroed(columns, sizeof *s->sample);
	s->times = bn_alloc_zeroed(ROWS, sizeof *s->times);
	s->values = bn_alloc_zeroed(columns * ROWS, sizeof *s->values);
	s->validity = bn_alloc_zeroed(columns * (ROWS / 8), 1);
	if (!s->batch.columns || !s->sample || !s->times || !s->values || !s->validity)
		return bn_err_nomem(err, "a sampler");
	s->batch.column_count = columns;
	s->batch.columns[0].type = BN_TYPE_TIMESTAMP;
	s->batch.columns[0].i64 = s->times;
	for (size_t c = 1; c < columns; c++) {
		s->batch.columns[c].type = BN_TYPE_FLOAT64;
		s->batch.columns[c].f64 = s->values + (c - 1) * ROWS;
		s->batch.columns[c].validity = s->validity + (c - 1) * (ROWS / 8);
	}
	return 0;
}

static int node_open(bn_stream **out, bn_input *in, const bn_source_options *options, bn_err *err)
{
	const bn_env *env = bn_input_env(in);
	const char *uri = bn_input_name(in);
	const char *root = bn_str_starts(uri, "proc:") ? uri + strlen("proc:") : uri;
	int64_t every = options->interval_ns ? options->interval_ns : INTERVAL_NS;
	if (every < INTERVAL_MIN_NS)
		return bn_err_set(err, BN_EINVAL, "sampling more often than every 1 ms");
	node_stream *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a sampler");
	s->base.ops = &node_ops;
	s->env = env;
	s->options = *options;
	s->interval_ns = every;
	s->duration_ns = options->duration_ns;
	s->tick = 1;
	int rc = bn_node_new(&s->node, env, root, err);
	if (!rc)
		rc = stream_buffers(s, err);
	if (rc) {
		stream_free(&s->base);
		return rc;
	}
	s->start_ns = bn_env_monotonic_ns(env);
	*out = &s->base;
	return 0;
}

static int node_detect(const bn_input *in)
{
	return bn_str_starts(bn_input_name(in), "proc:") ? 1000 : 0;
}

const bn_source bn_source_node = {
	"proc", "live counters of this node (proc:, or proc:/ROOT)", true, node_detect, node_open};
