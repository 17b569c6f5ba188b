/* site_limits.c - see site_limits.h. */
#include "core/launch/site_limits.h"

#include "core/base/process.h"

int bn_site_executor(const char **name, const bn_settings *s, const char *given, bn_err *err)
{
	*name = given ? given : bn_settings_get(s, BN_SETTING_EXECUTOR)->text;
	return given ? bn_settings_check_text(s, BN_SETTING_EXECUTOR, given, "executor", err) : 0;
}

static int check_words(const bn_spec *spec, const bn_settings *s, bn_err *err)
{
	const bn_spec_resources *r = &spec->resources;
	int rc;
	if (r->partition && (rc = bn_settings_check_text(s, BN_SETTING_PARTITION, r->partition,
				     "spec: resources: partition", err)) < 0)
		return rc;
	return r->account ? bn_settings_check_text(s, BN_SETTING_ACCOUNT, r->account,
				    "spec: resources: account", err)
			  : 0;
}

static int limit_cores(bn_spec *spec, const bn_settings *s, bn_err *err)
{
	int64_t most = bn_settings_number(s, BN_SETTING_LOGIN_CORES, -1), cpus = bn_process_cpus();
	int rc;
	if (most < 0)
		return 0;
	if ((rc = bn_settings_check_number(s, BN_SETTING_LOGIN_CORES, spec->resources.cpus,
		     "spec: resources: cpus", err)) < 0 ||
		(rc = bn_settings_check_number(
			 s, BN_SETTING_LOGIN_CORES, spec->threads, "spec: threads", err)) < 0)
		return rc;
	if (spec->trainer && spec->threads <= 0 && most < cpus)
		spec->threads = most;
	return 0;
}

static int limit_time(bn_spec *spec, const bn_settings *s, bn_err *err)
{
	int64_t minutes = bn_settings_number(s, BN_SETTING_LOGIN_MINUTES, -1);
	if (minutes < 0)
		return 0;
	if (spec->time_limit_s > 0)
		return bn_settings_check_number(s, BN_SETTING_LOGIN_MINUTES,
			(spec->time_limit_s + 59) / 60, "spec: time_limit_s", err);
	spec->time_limit_s = minutes * 60;
	return 0;
}

int bn_site_limits(bn_spec *spec, const bn_settings *s, const bn_env *env, bn_err *err)
{
	int rc = check_words(spec, s, err);
	if (rc < 0 || !bn_settings_on_login_host(s, env))
		return rc;
	if ((rc = limit_cores(spec, s, err)) < 0)
		return rc;
	return limit_time(spec, s, err);
}
