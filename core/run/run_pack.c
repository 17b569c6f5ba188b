/* run_pack.c - see run_pack.h. */
#include "core/run/run_pack.h"

#include "core/run/run_dir.h"
#include "core/run/run_log.h"
#include "core/run/supervisor.h"

#include <string.h>

/* In the order of their removal; the clock is the last but one. */
static const char *const done_with[] = {BN_RUN_SPEC_FILE, BN_RUN_STOP_FILE, BN_RUN_RESUMES_FILE,
	BN_RUN_RESERVE_FILE, BN_RUN_CLOCK_FILE, BN_RUN_SUPERVISOR_FILE};

enum { DONE_WITH = sizeof done_with / sizeof *done_with };

static bool stays(const char *name, const bn_run_pack *how)
{
	return how->keep_clock && !strcmp(name, BN_RUN_CLOCK_FILE);
}

int bn_run_pack_is_due(bool *due, const bn_dir *run_dir, const bn_run_pack *how, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = bn_dir_list(run_dir, NULL, &names, err);
	*due = false;
	for (size_t i = 0; rc >= 0 && i < names.count; i++) {
		for (size_t k = 0; k < DONE_WITH; k++)
			*due = *due ||
			       (!strcmp(names.items[i], done_with[k]) && !stays(done_with[k], how));
		*due = *due || bn_run_log_is_loose(names.items[i]);
	}
	bn_names_release(&names);
	return rc < 0 ? rc : 0;
}

int bn_run_dir_pack(const bn_dir *run_dir, const char *id, const bn_run_pack *how, bn_err *err)
{
	bn_supervisor_lock lock = {.fd = -1};
	int rc = 0;
	if (!how->has_lock && (rc = bn_supervisor_take_over(&lock, run_dir, id, err)) < 0)
		return rc;
	if ((rc = bn_run_log_pack(run_dir, err)) < 0)
		goto out;
	for (size_t i = 0; i < DONE_WITH; i++)
		if (!stays(done_with[i], how) &&
			(rc = bn_dir_unlink(run_dir, done_with[i], err)) < 0)
			goto out;
out:
	bn_supervisor_release(&lock);
	return rc;
}
