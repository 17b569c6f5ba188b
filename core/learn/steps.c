/* steps.c - see steps.h: the hooks of a request, as a trainer calls them. */
#include "core/learn/steps.h"

#include <stdarg.h>
#include <stdio.h>

int bn_fit_metric(const bn_fit_request *r, const char *name, int64_t step, double value)
{
	return r->hooks.metric ? r->hooks.metric(r->hooks.user, name, step, value) : 0;
}

int bn_fit_check_cancel(const bn_fit_request *r, bn_err *err)
{
	if (r->hooks.is_cancelled && r->hooks.is_cancelled(r->hooks.user))
		return bn_err_set(err, BN_EINTR, "training was cancelled");
	return 0;
}

void bn_fit_log(const bn_fit_request *r, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	if (!r->hooks.log)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	r->hooks.log(r->hooks.user, line);
}
