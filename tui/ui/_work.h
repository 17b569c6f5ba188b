/* _work.h - state shared by a worker and the thread that requested the work: of a page (page.c) and
 * of a job (job.c). See work.h. */
#ifndef BN_TUI_UI__WORK_H
#define BN_TUI_UI__WORK_H
#include "tui/ui/work.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

struct bn_job {
	atomic_bool cancelled;
	_Atomic int64_t done, total;
	pthread_mutex_t lock; /* of what follows */
	char what[48];
	const char *unit; /* borrowed; never freed */
	char **lines;     /* BN_JOB_LOG_LINES, a ring; NULL before the first */
	size_t line_count;
};

void bn_job_init(bn_job *job);
void bn_job_release(bn_job *job);

#endif
