/* serve_access.c - see serve_access.h. */
#include "tui/cli/serve_access.h"

#include "tui/cli/_cli.h"

#include <string.h>
#include <unistd.h>

#define MAX_BYTES (INT64_C(64) << 20)
#define KEEP 5
#define TELL_MS 60000 /* interval of repeating that the log fails */

static int read_limits(bn_access_log_options *o, bn_cli *cli, bn_err *err)
{
	int rc = 0;
	int64_t keep = KEEP;
	o->max_bytes = MAX_BYTES;
	if ((rc = bn_cli_opt_bytes(cli, "access-log-max-bytes", &o->max_bytes, err)) < 0 ||
		(rc = bn_cli_opt_int(
			 cli, "access-log-keep", 0, BN_ACCESS_MOST_KEPT, &keep, err)) < 0)
		return rc;
	o->keep = (int)keep;
	if (o->max_bytes && o->max_bytes < BN_ACCESS_LEAST_BYTES)
		return bn_err_set(err, BN_EINVAL,
			"--access-log-max-bytes: at least %d bytes, or 0 for no limit",
			BN_ACCESS_LEAST_BYTES);
	return 0;
}

int bn_serve_access_open(bn_serve_access *a, bn_cli *cli, bn_err *err)
{
	static const char *const needing[] = {"access-log-max-bytes", "access-log-keep"};
	int rc = 0;
	const char *path = bn_cli_opt(cli, "access-log");
	bn_access_log_options o = {.path = path, .fd = -1};
	for (size_t i = 0; i < sizeof needing / sizeof *needing && !path; i++)
		if (bn_cli_opt(cli, needing[i]))
			return bn_err_set(
				err, BN_EINVAL, "--%s needs --access-log FILE", needing[i]);
	if (!path)
		return 0;
	if (!*path) {
		bn_err_set(err, BN_EINVAL, "--access-log needs the path of a file");
		bn_err_hint(err, "such as --access-log access.jsonl, or - for standard output");
		return BN_EINVAL;
	}
	if (!strcmp(path, "-")) {
		o.path = NULL;
		o.fd = STDOUT_FILENO;
	}
	if ((rc = read_limits(&o, cli, err)) < 0 ||
		(rc = bn_access_log_open(&a->log, bn_cli_env(cli), &o, err)) < 0)
		return rc;
	bn_cli_catch_hangup();
	return 0;
}

void bn_serve_access_look(bn_serve_access *a, bn_cli *cli, int64_t now_ms)
{
	bn_access_log_stats s;
	if (!a->log)
		return;
	if (bn_cli_was_hung_up())
		bn_access_log_reopen(a->log);
	bn_access_log_get_stats(a->log, &s);
	unsigned long long lost = s.lost_queue + s.lost_writes;
	bool failed = s.failures > a->failures && s.last_error[0];
	if (failed && (!a->is_failing || now_ms - a->told_ms >= TELL_MS)) {
		bn_cli_warn(cli, "%s; %llu requests have no line in it", s.last_error, lost);
		a->told_ms = now_ms;
		a->is_failing = true;
	}
	if (a->is_failing && !s.last_error[0]) {
		bn_cli_say(cli, "the access log is written again; %llu requests have no line in it",
			lost);
		a->is_failing = false;
	}
	a->failures = s.failures;
}

void bn_serve_access_finish(bn_serve_access *a, bn_cli *cli)
{
	bn_access_log_stats s;
	if (!a->log)
		return;
	bn_access_log_finish(a->log);
	bn_access_log_get_stats(a->log, &s);
	if (s.lost_queue + s.lost_writes)
		bn_cli_warn(cli, "%llu requests have no line in the access log%s%s",
			(unsigned long long)(s.lost_queue + s.lost_writes),
			s.last_error[0] ? ": " : "", s.last_error);
}
