/*
 * generate.h - synthetic HPC job telemetry, for demos, tests and tutorials.
 *
 * SYNTHETIC: no job of it ever ran. Column names are those of PM100 (Antici et al., "PM100: A job
 * power consumption dataset of a large-scale production HPC system", zenodo
 * 10.5281/zenodo.8129257), with three differences: the lists of 20 s power samples are given as
 * their mean over the job, per allocated node; cpu_user, gpu_utilization and ambient (means over
 * the job) are added; `failed` says whether job_state is anything but COMPLETED. Levels and spreads
 * of power, temperature and utilisation follow the population statistics of CINECA's Marconi100 in
 * M100 ExaData (Borghesi et al., Scientific Data 2023, 10.1038/s41597-023-02174-3) as published by
 * the aobench project (Apache-2.0). The schema's metadata has "synthetic": "true" and repeats this.
 *
 * There are relations to learn: node power is a function of processor, GPU and memory use, of the
 * room's temperature and of noise as large as Marconi100's between nodes; failure depends on the
 * user, on requested against needed memory, on size and on the time limit.
 *
 * `drift` changes the distribution: more GPU work, a warmer room, longer limits, and a different
 * relation of load to power. 0 is the reference; 1 is a clearly visible change.
 *
 * Row r of a seed is the same for any number of rows; the same options give the same bytes.
 */
#ifndef BN_DATA_GENERATE_H
#define BN_DATA_GENERATE_H
#include "core/base/dir.h"
#include "core/base/env.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct bn_generate_options {
	uint64_t rows;
	uint64_t seed;
	double drift;     /* 0 .. 2 */
	int64_t start_ns; /* submit time of the first job; 0: 2020-05-01T00:00:00Z as in PM100 */
	/* Called from time to time; returning false cancels (BN_EINTR). May be NULL. */
	bool (*progress)(void *ctx, uint64_t rows_done, uint64_t rows_total);
	void *progress_ctx;
} bn_generate_options;

#define BN_GENERATE_MAX_ROWS 2000000000ull

/* Writes an Arrow file to path. BN_EINVAL if an option is out of range. */
int bn_generate_jobs(const bn_env *env, const bn_dir *at, const char *path,
	const bn_generate_options *o, bn_err *err);

#endif
