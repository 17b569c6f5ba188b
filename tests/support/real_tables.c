/* real_tables.c - see _real.h. Integer arithmetic only: the same bytes everywhere. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "tests/support/_real.h"
#include "tests/support/check_main.h"

#include <string.h>

unsigned real_draw(unsigned row, unsigned column, unsigned n)
{
	uint64_t z = ((uint64_t)row * 64 + column + 1) * UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % n);
}

/* Around n / 2, as a sum of three numbers. */
static unsigned around(unsigned row, unsigned column, unsigned n)
{
	return (real_draw(row, column, n) + real_draw(row, column + 20, n) +
		       real_draw(row, column + 40, n)) /
	       3;
}

enum {
	NODES,
	USER,
	PARTITION,
	RUN,
	CPU,
	GPU,
	AMBIENT,
	NOISE,
	MEMORY,
	STATE,
	MINUTE,
	MISSING,
	BUSY
};

/* Tenths, or an empty cell. */
static void tenths_add(bn_buf *b, bool is_missing, unsigned tenths)
{
	if (is_missing)
		bn_buf_addf(b, ",");
	else
		bn_buf_addf(b, ",%u.%u", tenths / 10, tenths % 10);
}

static void job_add(bn_buf *b, const real_jobs *jobs, unsigned job, bool is_faulty)
{
	static const char *const partitions[] = {
		"batch", "batch", "batch", "gpu", "gpu", "long", "debug"};
	static const char *const states[] = {"COMPLETED", "COMPLETED", "COMPLETED", "COMPLETED",
		"COMPLETED", "COMPLETED", "FAILED", "TIMEOUT"};
	const char *partition = partitions[real_draw(job, PARTITION, 7)];
	bool has_gpu = partition[0] == 'g';
	unsigned nodes = 1u << real_draw(job, NODES, has_gpu ? 3 : 6);
	unsigned minute = job * 7 + real_draw(job, MINUTE, 7);
	unsigned run = 60 + real_draw(job, RUN, 90) * real_draw(job, RUN + 1, 240);
	unsigned cpu = (has_gpu ? 20 + around(job, CPU, 300) : 150 + around(job, CPU, 800)) +
		       (unsigned)jobs->warmer * 25;
	unsigned busy = real_draw(job, BUSY, 5) ? 1 : 0;
	unsigned gpu =
		has_gpu ? busy * (200 + around(job, GPU, 700)) + (unsigned)jobs->warmer * 20 : 0;
	unsigned ambient = 170 + around(job, AMBIENT, 100) + (unsigned)jobs->warmer * 10;
	unsigned memory = 40 + real_draw(job, MEMORY, 2300);
	gpu = gpu > 1000 ? 1000 : gpu;
	/* power of a node, in tenths of a watt */
	unsigned power =
		2400 + cpu * 5 + gpu * 12 + ambient * 3 + memory / 4 + around(job, NOISE, 900);
	if (is_faulty && job % 3 == 0)
		power = 0; /* the meter was off */
	bn_buf_addf(b, "%u,2026-02-%02uT%02u:%02u:00Z,m100,u%02u,%s,%u", job, 10 + minute / 1440,
		minute / 60 % 24, minute % 60, real_draw(job, USER, 12), partition, nodes);
	tenths_add(b, real_draw(job, MISSING, 25) == 0, memory);
	bn_buf_addf(b, ",%u", run);
	tenths_add(b, false, cpu);
	tenths_add(b, !has_gpu, is_faulty && job % 5 == 0 ? gpu + 900 : gpu);
	tenths_add(b, false, ambient);
	bn_buf_addf(
		b, ",%s", is_faulty && job % 7 == 0 ? "UNKNOWN" : states[real_draw(job, STATE, 8)]);
	tenths_add(b, false, power);
	bn_buf_addf(b, "\n");
}

char *real_jobs_csv(const real_jobs *jobs)
{
	bn_buf b = BN_BUF_INIT;
	bn_buf_addf(&b,
		"job_id,submit_time,cluster,user,partition,num_nodes,mem_gb,run_time,cpu_user,"
		"gpu_utilization,ambient,state,node_power\n");
	for (int i = 0; i < jobs->rows; i++)
		job_add(&b, jobs, (unsigned)(jobs->first + i),
			jobs->has_faults && i >= jobs->rows - 60);
	return bn_buf_take(&b, NULL);
}

void real_jobs_write(const team *t, const char *name, const real_jobs *jobs)
{
	bn_err err = BN_ERR_INIT;
	char *path = bn_strf("%s/%s", t->dir, name), *text = real_jobs_csv(jobs);
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), path, text, strlen(text), 0644, &err), &err);
	bn_free(path);
	bn_free(text);
}
