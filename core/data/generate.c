/*
 * generate.c - see generate.h.
 *
 * A job is drawn in the order in which things happen: its user, its request, the behaviour of the
 * program, its end, the meters' readings. Every draw comes from the job's own stream
 * ("generate.job", row) and every user from "generate.user", so nothing depends on the number of
 * rows except the clock of submissions, which depends only on earlier rows.
 */
#include "core/data/generate.h"

#include "core/base/rng.h"
#include "core/table/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define PM100_START_NS (INT64_C(1588291200) * SECOND_NS) /* 2020-05-01T00:00:00Z */
#define USERS 120
#define GROUPS 14
#define PROGRESS_ROWS 8192
#define SAMPLE_S 20.0 /* of the power meters; a shorter job has no sample */

/*
 * Marconi100, population of 120 nodes, 15 minute windows: median over nodes, deviation over time
 * within a window and over windows, deviation between nodes, envelope. Source: M100 ExaData
 * (CINECA), statistics of the aobench project, Apache-2.0.
 */
typedef struct metric_facts {
	double median, within, over, between, lo, hi;
} metric_facts;

static const metric_facts total_power = {644.0, 62.093, 219.2751, 59.4183, 260, 1820};
static const metric_facts socket_power = {49.2, 4.0, 39.55, 9.2, 4, 280};
static const metric_facts memory_power = {18.7, 1.4, 2.99, 0.42, 12, 56};
static const metric_facts ambient_temp = {22.6222, 0.1303, 2.9612, 2.3615, 7.4, 31.8};
static const metric_facts gpu_use = {25.0, 36.1751, 36.1751, 13.5887, 0, 100};
static const metric_facts cpu_use = {3.1, 17.2621, 17.2621, 1.5138, 0, 88.3};

/* A node of Marconi100: 2 x 16 cores POWER9 SMT4, 4 V100, 242 GB for jobs. */
#define NODE_CPUS 128
#define NODE_GPUS 4
#define NODE_MEMORY_GB 242.0

enum {
	C_JOB_ID,
	C_SUBMIT,
	C_ELIGIBLE,
	C_START,
	C_END,
	C_USER,
	C_GROUP,
	C_PARTITION,
	C_QOS,
	C_PRIORITY,
	C_TIME_LIMIT,
	C_NODES_REQ,
	C_NODES_ALLOC,
	C_CORES_REQ,
	C_CORES_ALLOC,
	C_GPUS_REQ,
	C_GPUS_ALLOC,
	C_MEM_REQ,
	C_MEM_ALLOC,
	C_TASKS,
	C_CORES_PER_TASK,
	C_THREADS,
	C_SHARED,
	C_RUN_TIME,
	C_STATE,
	C_REASON,
	C_EXIT,
	C_FAILED,
	C_CPU_USER,
	C_GPU_USE,
	C_AMBIENT,
	C_NODE_POWER,
	C_CPU_POWER,
	C_MEM_POWER,
	C_COUNT
};

static const struct {
	const char *name;
	bn_type type;
	bool nullable;
	const char *unit;
} columns[C_COUNT] = {
	{"job_id", BN_TYPE_INT64, false, NULL},
	{"submit_time", BN_TYPE_TIMESTAMP, false, NULL},
	{"eligible_time", BN_TYPE_TIMESTAMP, false, NULL},
	{"start_time", BN_TYPE_TIMESTAMP, false, NULL},
	{"end_time", BN_TYPE_TIMESTAMP, false, NULL},
	{"user_id", BN_TYPE_CATEGORY, false, NULL},
	{"group_id", BN_TYPE_CATEGORY, false, NULL},
	{"partition", BN_TYPE_CATEGORY, false, NULL},
	{"qos", BN_TYPE_CATEGORY, false, NULL},
	{"priority", BN_TYPE_INT64, false, NULL},
	{"time_limit", BN_TYPE_INT64, false, "min"},
	{"num_nodes_req", BN_TYPE_INT32, false, NULL},
	{"num_nodes_alloc", BN_TYPE_INT32, false, NULL},
	{"num_cores_req", BN_TYPE_INT32, false, NULL},
	{"num_cores_alloc", BN_TYPE_INT32, false, NULL},
	{"num_gpus_req", BN_TYPE_INT32, false, NULL},
	{"num_gpus_alloc", BN_TYPE_INT32, false, NULL},
	{"mem_req", BN_TYPE_FLOAT64, false, "GB"},
	{"mem_alloc", BN_TYPE_FLOAT64, false, "GB"},
	{"num_tasks", BN_TYPE_INT32, false, NULL},
	{"cores_per_task", BN_TYPE_INT32, false, NULL},
	{"threads_per_core", BN_TYPE_INT32, false, NULL},
	{"shared", BN_TYPE_BOOL, false, NULL},
	{"run_time", BN_TYPE_INT64, false, "s"},
	{"job_state", BN_TYPE_CATEGORY, false, NULL},
	{"state_reason", BN_TYPE_CATEGORY, false, NULL},
	{"derived_ec", BN_TYPE_CATEGORY, false, NULL},
	{"failed", BN_TYPE_BOOL, false, NULL},
	{"cpu_user", BN_TYPE_FLOAT64, true, "%"},
	{"gpu_utilization", BN_TYPE_FLOAT64, true, "%"},
	{"ambient", BN_TYPE_FLOAT64, true, "degC"},
	{"node_power_consumption", BN_TYPE_FLOAT64, true, "W"},
	{"cpu_power_consumption", BN_TYPE_FLOAT64, true, "W"},
	{"mem_power_consumption", BN_TYPE_FLOAT64, true, "W"},
};

typedef struct user {
	char name[16], group[16];
	double share;        /* cumulative weight among all users */
	double gpu_affinity; /* 0 .. 1: how often and how intensively the GPUs are used */
	double cpu_load;     /* 0 .. 1 */
	double log_nodes;    /* mean of log2(nodes) */
	double log_minutes;  /* mean of ln(natural run time) */
	double memory;       /* memory that the programs need, as a share of a node's */
	double care;         /* 0 careless .. 1 careful in requesting resources */
	double trouble;      /* log odds of failing without an external cause */
} user;

typedef struct generator {
	const bn_generate_options *options;
	user users[USERS];
	int64_t clock_ns; /* of the last submission */
} generator;

/* One job and its outcome. */
typedef struct job {
	uint64_t row;
	const user *user;
	int nodes, gpus, tasks, cores; /* gpus, cores: of all nodes together */
	double mem_req, mem_used;      /* GB per node */
	int64_t limit_min, run_s;
	double natural_s;
	int64_t submit, eligible, start, end;
	const char *partition, *qos, *state, *reason, *exit_code;
	double cpu_user, gpu_use, ambient; /* % % degC */
	double node_power, cpu_power, mem_power;
	bool sampled;
} job;

static double clamp(double x, double lo, double hi)
{
	return x < lo ? lo : x > hi ? hi : x;
}

static double logistic(double x)
{
	return 1 / (1 + exp(-x));
}

/* Readings have one decimal, like those of the real meters. */
static double reading(double x)
{
	return round(x * 10) / 10;
}

/* ---- users --------------------------------------------------------------------------------- */

static void users_draw(generator *g)
{
	double total = 0, drift = g->options->drift;
	for (int i = 0; i < USERS; i++) {
		user *u = &g->users[i];
		bn_rng r;
		bn_rng_init(&r, g->options->seed, "generate.user", (uint64_t)i);
		snprintf(u->name, sizeof u->name, "u%03d", i);
		snprintf(u->group, sizeof u->group, "g%02d", (int)bn_rng_below(&r, GROUPS));
		u->gpu_affinity = bn_rng_uniform(&r);
		u->gpu_affinity *= u->gpu_affinity;
		u->cpu_load = clamp(0.35 + 0.28 * bn_rng_normal(&r), 0.02, 0.97);
		u->log_nodes = clamp(0.6 + 1.3 * bn_rng_normal(&r), 0, 6);
		u->log_minutes = clamp(3.4 + 1.2 * bn_rng_normal(&r), 0.5, 6.8);
		u->memory = clamp(0.25 + 0.18 * bn_rng_normal(&r), 0.02, 0.9);
		u->care = bn_rng_uniform(&r);
		u->trouble = -2.9 + 1.1 * bn_rng_normal(&r);
		/* A few users submit most jobs; with drift, GPU users submit more. */
		double weight = 1 / pow(1 + (double)((i * 37) % USERS), 0.9);
		total += weight * exp(1.8 * drift * (u->gpu_affinity - 0.33));
		u->share = total;
	}
	for (int i = 0; i < USERS; i++)
		g->users[i].share /= total;
}

static const user *user_pick(const generator *g, double p)
{
	int lo = 0, hi = USERS - 1;
	while (lo < hi) {
		int mid = (lo + hi) / 2;
		if (g->users[mid].share > p)
			hi = mid;
		else
			lo = mid + 1;
	}
	return &g->users[lo];
}

/* ---- one job ------------------------------------------------------------------------------- */

/* Submissions are more frequent in working hours; the mean over a week is one in 55 s, as in
 * PM100. */
static void job_submit(generator *g, job *j, bn_rng *r)
{
	int64_t day_s = g->clock_ns / SECOND_NS % 86400;
	int64_t weekday = (g->clock_ns / SECOND_NS / 86400 + 4) % 7; /* 0: Sunday */
	double hour = (double)day_s / 3600;
	double rate = 1 + 0.7 * sin((hour - 8) / 24 * 2 * 3.14159265358979);
	if (weekday == 0 || weekday == 6)
		rate *= 0.5;
	double gap = -log(1 - bn_rng_uniform(r)) * 47 / rate;
	if (j->row > 0)
		g->clock_ns += (int64_t)(gap + 1) * SECOND_NS;
	j->submit = g->clock_ns;
	j->eligible = j->submit;
}

static void job_request(const generator *g, job *j, bn_rng *r)
{
	const user *u = j->user;
	double drift = g->options->drift;
	double log_nodes = clamp(u->log_nodes + 0.8 * bn_rng_normal(r), 0, 8);
	j->nodes = (int)(exp2(log_nodes) + 0.5);
	bool gpu = bn_rng_uniform(r) < 0.15 + 0.8 * u->gpu_affinity;
	int per_node = gpu ? 1 << bn_rng_below(r, 3) : 0;
	j->gpus = per_node * j->nodes;
	int tasks_per_node = gpu ? per_node : 1 << bn_rng_below(r, 6);
	j->tasks = tasks_per_node * j->nodes;
	j->cores = NODE_CPUS * j->nodes; /* nodes are exclusive */
	j->mem_used = NODE_MEMORY_GB * clamp(u->memory * exp(0.35 * bn_rng_normal(r)), 0.005, 0.99);
	double guess = NODE_MEMORY_GB * u->memory * (1.2 + 0.8 * u->care);
	j->mem_req = round(clamp(guess * exp(0.2 * bn_rng_normal(r)), 1, NODE_MEMORY_GB));
	j->natural_s = 60 * exp(u->log_minutes + 0.8 * bn_rng_normal(r));
	static const int64_t habits[] = {30, 60, 120, 240, 480, 720, 1440};
	double want = exp(u->log_minutes + 1.1 + 0.9 * u->care + 0.4 * drift);
	size_t k = 0;
	while (k + 1 < sizeof habits / sizeof *habits && (double)habits[k] < want)
		k++;
	j->limit_min = bn_rng_uniform(r) < 0.25 ? 1440 : habits[k];
	j->partition = j->limit_min <= 30 && j->nodes <= 2 ? "m100_usr_dbg" : "m100_usr_prod";
	j->qos = j->nodes > 16 ? "m100_qos_bprod" : "normal";
}

/* Load of the processors and GPUs, by kind of program. */
static void job_load(const generator *g, job *j, bn_rng *r)
{
	const user *u = j->user;
	double drift = g->options->drift;
	double gpu = (double)j->gpus / (j->nodes * NODE_GPUS);
	double cpu = clamp(u->cpu_load * (j->gpus ? 0.6 : 1.1) + 0.08 * bn_rng_normal(r), 0, 1);
	j->cpu_user = clamp(cpu_use.median + cpu * (cpu_use.hi - cpu_use.median), 0, cpu_use.hi);
	j->gpu_use = 0;
	if (j->gpus) {
		double busy = 0.25 + 0.6 * u->gpu_affinity + 0.12 * drift;
		double spread = gpu_use.between / 100;
		j->gpu_use = 100 * clamp(busy + spread * bn_rng_normal(r), 0.01, 1) * gpu;
	}
	double season = sin((double)(j->submit - PM100_START_NS) / 1e9 / 86400 / 180 * 3.14159265);
	j->ambient = clamp(ambient_temp.median + 1.5 * season + 2.6 * drift +
				   ambient_temp.over * 0.6 * bn_rng_normal(r),
		ambient_temp.lo, ambient_temp.hi + 4 * drift);
}

static void job_ends(job *j, const char *state, const char *reason, const char *code, double run_s)
{
	j->state = state;
	j->reason = reason;
	j->exit_code = code;
	j->run_s = run_s < 1 ? 1 : (int64_t)run_s;
}

static void job_fate(job *j, bn_rng *r)
{
	double limit_s = 60.0 * (double)j->limit_min, p = bn_rng_uniform(r);
	double when = bn_rng_uniform(r), natural = j->natural_s;
	double pressure = j->mem_used / j->mem_req;
	double out_of_memory = logistic(14 * (pressure - 1.3));
	double fails = logistic(j->user->trouble + 0.22 * log2(j->nodes) + 0.25 * (j->gpus > 0));
	if (p < 0.0002 * j->nodes)
		job_ends(j, "NODE_FAIL", "NodeDown", "0:0", natural * when);
	else if (p > 1 - 0.03)
		job_ends(j, "CANCELLED", "None", "0:15", natural * when * 0.4);
	else if (bn_rng_uniform(r) < out_of_memory)
		job_ends(j, "OUT_OF_MEMORY", "OutOfMemory", "0:125", natural * when * 0.5);
	else if (bn_rng_uniform(r) < fails) /* four in ten fail immediately */
		job_ends(j, "FAILED", "NonZeroExitCode", "1:0",
			when < 0.4 ? 1 + 10 * when : natural * when);
	else
		job_ends(j, "COMPLETED", "None", "0:0", natural);
	if ((double)j->run_s > limit_s) /* Slurm notices some seconds late */
		job_ends(j, "TIMEOUT", "TimeLimit", "0:0", limit_s + 2 + 28 * when);
	double wait = exp(3.5 + 0.35 * log2(j->nodes) + 1.6 * bn_rng_normal(r));
	j->start = j->eligible + (int64_t)clamp(wait, 1, 6 * 86400.0) * SECOND_NS;
	j->end = j->start + j->run_s * SECOND_NS;
}

/* Watts of one node, mean over the job; the mean over n nodes has 1/sqrt(n) of their deviation. */
static void job_power(const generator *g, job *j, bn_rng *r)
{
	double drift = g->options->drift, n = sqrt((double)j->nodes);
	double samples = fmax(1, (double)j->run_s / SAMPLE_S);
	double cpu = j->cpu_user / cpu_use.hi, gpu = j->gpu_use / 100;
	double memory = j->mem_used / NODE_MEMORY_GB;
	double idle = socket_power.median * 0.55, busy = socket_power.hi * 0.8;
	double cpu_power = 2 * (idle + (busy - idle) * pow(cpu, 0.9)) +
			   2 * socket_power.between / n * bn_rng_normal(r);
	double mem_power =
		2 * (memory_power.lo + 5) +
		2 * (memory_power.hi - memory_power.lo) * 0.55 * memory * (0.4 + 0.6 * cpu) +
		2 * memory_power.between / n * bn_rng_normal(r);
	double gpu_power = NODE_GPUS * (38 + (235 + 70 * drift) * gpu);
	double rest = 300 + 45 * drift; /* I/O, fans, disks, losses of the supplies */
	double heat = 4.5 * (j->ambient - ambient_temp.median);
	double noise = total_power.between * 0.6 / n * bn_rng_normal(r) +
		       total_power.within / sqrt(samples) * bn_rng_normal(r);
	j->sampled = (double)j->run_s >= SAMPLE_S;
	j->cpu_power = clamp(cpu_power, 2 * socket_power.lo, 2 * socket_power.hi);
	j->mem_power = clamp(mem_power, 2 * memory_power.lo, 2 * memory_power.hi);
	j->node_power = clamp(rest + j->cpu_power + j->mem_power + gpu_power + heat + noise,
		total_power.lo, 2300);
}

static void job_draw(generator *g, job *j, uint64_t row)
{
	bn_rng r;
	memset(j, 0, sizeof *j);
	j->row = row;
	bn_rng_init(&r, g->options->seed, "generate.job", row);
	j->user = user_pick(g, bn_rng_uniform(&r));
	job_submit(g, j, &r);
	job_request(g, j, &r);
	job_load(g, j, &r);
	job_fate(j, &r);
	job_power(g, j, &r);
	/* Meters have gaps: an hour of the week without room temperature, lost node samples. */
	if (j->submit / SECOND_NS / 3600 % 168 == 41 || bn_rng_uniform(&r) < 0.006)
		j->ambient = NAN;
	if (bn_rng_uniform(&r) < 0.01)
		j->sampled = false;
}

/* ---- writing ------------------------------------------------------------------------------- */

static void put_text(bn_table_writer *w, size_t column, const char *text)
{
	bn_table_row_text(w, column, text, strlen(text));
}

static void put_request(bn_table_writer *w, const job *j, bn_rng *r)
{
	bn_table_row_i64(w, C_JOB_ID, 100000 + (int64_t)j->row);
	bn_table_row_i64(w, C_SUBMIT, j->submit);
	bn_table_row_i64(w, C_ELIGIBLE, j->eligible);
	bn_table_row_i64(w, C_START, j->start);
	bn_table_row_i64(w, C_END, j->end);
	put_text(w, C_USER, j->user->name);
	put_text(w, C_GROUP, j->user->group);
	put_text(w, C_PARTITION, j->partition);
	put_text(w, C_QOS, j->qos);
	bn_table_row_i64(w, C_PRIORITY, 1000 + (int64_t)bn_rng_below(r, 200000));
	bn_table_row_i64(w, C_TIME_LIMIT, j->limit_min);
	bn_table_row_i64(w, C_NODES_REQ, j->nodes);
	bn_table_row_i64(w, C_NODES_ALLOC, j->nodes);
	bn_table_row_i64(w, C_CORES_REQ, (int64_t)j->tasks * (j->gpus ? 32 : 4));
	bn_table_row_i64(w, C_CORES_ALLOC, j->cores);
	bn_table_row_i64(w, C_GPUS_REQ, j->gpus);
	bn_table_row_i64(w, C_GPUS_ALLOC, j->gpus);
	bn_table_row_f64(w, C_MEM_REQ, j->mem_req * j->nodes);
	bn_table_row_f64(w, C_MEM_ALLOC, j->mem_req * j->nodes);
	bn_table_row_i64(w, C_TASKS, j->tasks);
	bn_table_row_i64(w, C_CORES_PER_TASK, j->gpus ? 32 : 4);
	bn_table_row_i64(w, C_THREADS, 4);
	bn_table_row_bool(w, C_SHARED, false);
}

static int job_write(bn_table_writer *w, const job *j, uint64_t seed, bn_err *err)
{
	bn_rng r;
	bn_rng_init(&r, seed, "generate.priority", j->row);
	put_request(w, j, &r);
	bn_table_row_i64(w, C_RUN_TIME, j->run_s);
	put_text(w, C_STATE, j->state);
	put_text(w, C_REASON, j->reason);
	put_text(w, C_EXIT, j->exit_code);
	bn_table_row_bool(w, C_FAILED, strcmp(j->state, "COMPLETED") != 0);
	if (!isnan(j->ambient))
		bn_table_row_f64(w, C_AMBIENT, reading(j->ambient));
	if (j->sampled) {
		bn_table_row_f64(w, C_CPU_USER, reading(j->cpu_user));
		bn_table_row_f64(w, C_GPU_USE, reading(j->gpu_use));
		bn_table_row_f64(w, C_NODE_POWER, reading(j->node_power));
		bn_table_row_f64(w, C_CPU_POWER, reading(j->cpu_power));
		bn_table_row_f64(w, C_MEM_POWER, reading(j->mem_power));
	}
	return bn_table_row_end(w, err);
}

static int schema_make(bn_schema *s, const bn_generate_options *o, bn_err *err)
{
	char text[64];
	int rc = 0;
	for (size_t i = 0; !rc && i < C_COUNT; i++)
		rc = bn_schema_add(s, columns[i].name, columns[i].type, columns[i].nullable,
			columns[i].unit, err);
	if (!rc)
		rc = bn_schema_set_meta(s, "synthetic", "true", err);
	if (!rc)
		rc = bn_schema_set_meta(s, "title",
			"SYNTHETIC HPC job telemetry: generated, no row of it ever ran", err);
	if (!rc)
		rc = bn_schema_set_meta(s, "source",
			"column names of PM100 (10.5281/zenodo.8129257); levels and spreads of "
			"M100 ExaData, CINECA (10.1038/s41597-023-02174-3), Apache-2.0",
			err);
	snprintf(text, sizeof text, "jobs 1, seed %llu, drift %g", (unsigned long long)o->seed,
		o->drift);
	return rc ? rc : bn_schema_set_meta(s, "generator", text, err);
}

static int options_check(const bn_generate_options *o, bn_err *err)
{
	if (o->rows > BN_GENERATE_MAX_ROWS)
		return bn_err_set(err, BN_EINVAL, "%llu rows are more than the limit of %llu",
			(unsigned long long)o->rows, BN_GENERATE_MAX_ROWS);
	if (!(o->drift >= 0 && o->drift <= 2))
		return bn_err_set(err, BN_EINVAL, "a drift of %g is not within 0 .. 2", o->drift);
	return 0;
}

int bn_generate_jobs(const bn_env *env, const bn_dir *at, const char *path,
	const bn_generate_options *o, bn_err *err)
{
	bn_schema schema = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	generator *g = NULL;
	job j;
	int rc = options_check(o, err);
	if (!rc)
		rc = schema_make(&schema, o, err);
	if (!rc)
		rc = bn_table_create(&w, env, at, path, &schema, err);
	if (!rc && !(g = bn_alloc_zeroed(1, sizeof *g)))
		rc = bn_err_nomem(err, "the generator");
	if (rc)
		goto out;
	g->options = o;
	g->clock_ns = o->start_ns ? o->start_ns : PM100_START_NS;
	users_draw(g);
	for (uint64_t row = 0; !rc && row < o->rows; row++) {
		job_draw(g, &j, row);
		rc = job_write(w, &j, o->seed, err);
		if (!rc && row % PROGRESS_ROWS == 0 && o->progress &&
			!o->progress(o->progress_ctx, row, o->rows))
			rc = bn_err_set(err, BN_EINTR, "generating was interrupted");
	}
	if (!rc)
		rc = bn_table_writer_finish(w, err);
out:
	bn_table_writer_free(w);
	bn_schema_release(&schema);
	bn_free(g);
	return rc;
}
