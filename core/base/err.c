/* err.c - see err.h. The table that maps codes to statuses is only here. */
#include "core/base/err.h"

#include "core/base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	int code, exit_status, http_status;
	const char *name, *mlflow;
} code_table[] = {
	{BN_OK, 0, 200, "ok", ""},
	{BN_EFAILED, 1, 422, "check_failed", "BAD_REQUEST"},
	{BN_EINVAL, 2, 400, "invalid", "INVALID_PARAMETER_VALUE"},
	{BN_ENOTFOUND, 3, 404, "not_found", "RESOURCE_DOES_NOT_EXIST"},
	{BN_EREFUSED, 4, 403, "refused", "PERMISSION_DENIED"},
	{BN_EIO, 5, 500, "io", "INTERNAL_ERROR"},
	{BN_ECONFLICT, 6, 409, "conflict", "RESOURCE_ALREADY_EXISTS"},
	{BN_EINCONCLUSIVE, 7, 424, "inconclusive", "BAD_REQUEST"},
	{BN_EINTR, 130, 503, "interrupted", "REQUEST_LIMIT_EXCEEDED"},
	{BN_ENOMEM, 5, 507, "no_memory", "INTERNAL_ERROR"},
	{BN_ECORRUPT, 5, 500, "corrupt", "INTERNAL_ERROR"},
	{BN_EUNSUPPORTED, 2, 501, "unsupported", "NOT_IMPLEMENTED"},
};

static size_t code_index(int code)
{
	size_t io = 0;
	for (size_t i = 0; i < sizeof code_table / sizeof code_table[0]; i++) {
		if (code_table[i].code == code)
			return i;
		if (code_table[i].code == BN_EIO)
			io = i;
	}
	return io;
}

int bn_err_exit_status(const bn_err *err)
{
	int code = err->code;
	bool is_of_system = code == BN_EIO || code == BN_ENOTFOUND;
	if (is_of_system && (err->cause == EACCES || err->cause == EPERM))
		code = BN_EREFUSED;
	else if (is_of_system && (err->cause == ENOENT || err->cause == ENOTDIR))
		code = BN_ENOTFOUND;
	return bn_code_exit_status(code);
}

const char *bn_code_name(int code)
{
	return code_table[code_index(code)].name;
}

int bn_code_exit_status(int code)
{
	return code_table[code_index(code)].exit_status;
}

int bn_code_http_status(int code)
{
	return code_table[code_index(code)].http_status;
}

const char *bn_code_mlflow_name(int code)
{
	return code_table[code_index(code)].mlflow;
}

/* Names in a message are untrusted. Bytes that would control a terminal or break JSON become '?',
 * and a character truncated by the end of the buffer is removed. */
static void text_clean(char *text)
{
	size_t n = strlen(text), k, end = 0;
	for (size_t i = 0; i < n; i += k) {
		uint32_t cp;
		k = bn_utf8_decode(text + i, n - i, &cp);
		if (cp == BN_UTF8_BAD && n - i < 4 && n + 1 >= sizeof((bn_err *)0)->hint &&
			(unsigned char)text[i] >= 0xc0)
			break;
		if (bn_utf8_is_shown(cp)) {
			memmove(text + end, text + i, k);
			end += k;
		} else {
			text[end++] = '?';
		}
	}
	text[end] = '\0';
}

int bn_err_set(bn_err *err, int code, const char *fmt, ...)
{
	BN_BUG(code >= 0);
	if (!err || err->code)
		return code;
	err->code = code;
	err->cause = 0;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	text_clean(err->msg);
	return code;
}

/* Hints for system errors whose text is not helpful by itself. */
#define FULL_HINT "free some space (binnacle gc) or raise the quota, then try again"
#define DENIED_HINT "your account may not do this there: ask the owner for access"
#define MOUNT_HINT "the file system there does not answer: see mount, and mount it again"
static const struct {
	int errnum;
	const char *hint;
} sys_hints[] = {
	{ENOSPC, FULL_HINT},
	{EDQUOT, FULL_HINT},
	{EACCES, DENIED_HINT},
	{EPERM, DENIED_HINT},
	{EROFS, "it is mounted read-only: nothing can be written there"},
	{ENOTCONN, MOUNT_HINT},
	{ESTALE, MOUNT_HINT},
	{EHOSTDOWN, MOUNT_HINT},
	{ETIMEDOUT, MOUNT_HINT},
	{EIO, "the disk or file system reports a fault: see the system's log (dmesg)"},
};

int bn_err_sys(bn_err *err, int code, int errnum, const char *fmt, ...)
{
	if (errnum == ENOMEM)
		code = BN_ENOMEM;
	if (!err || err->code)
		return code;
	err->code = code;
	err->cause = errnum;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	size_t n = strlen(err->msg);
	snprintf(err->msg + n, sizeof err->msg - n, ": %s", strerror(errnum));
	text_clean(err->msg);
	for (size_t i = 0; i < sizeof sys_hints / sizeof *sys_hints; i++)
		if (sys_hints[i].errnum == errnum)
			bn_err_hint(err, "%s", sys_hints[i].hint);
	return code;
}

void bn_err_hint(bn_err *err, const char *fmt, ...)
{
	if (!err || !err->code || err->hint[0])
		return;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof err->hint, fmt, ap);
	va_end(ap);
	text_clean(err->hint);
}

void bn_err_prefix(bn_err *err, const char *fmt, ...)
{
	if (!err || !err->code)
		return;
	char old[sizeof err->msg];
	memcpy(old, err->msg, sizeof old);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	size_t n = strlen(err->msg);
	snprintf(err->msg + n, sizeof err->msg - n, ": %s", old);
	text_clean(err->msg);
}

int bn_err_recode(bn_err *to, bn_err *from, int code)
{
	BN_BUG(code >= 0);
	if (to && !to->code) {
		*to = *from;
		to->code = code;
	}
	bn_err_clear(from);
	return code;
}

int bn_err_move(bn_err *to, bn_err *from)
{
	return bn_err_recode(to, from, from->code);
}

bool bn_err_is_full(const bn_err *err)
{
	return err->code && (err->cause == ENOSPC || err->cause == EDQUOT);
}

void bn_err_clear(bn_err *err)
{
	if (err)
		*err = (bn_err)BN_ERR_INIT;
}

int bn_err_nomem(bn_err *err, const char *what)
{
	return bn_err_set(err, BN_ENOMEM, "out of memory for %s", what);
}

static void (*bug_hook)(void);

void bn_bug_set_hook(void (*hook)(void))
{
	bug_hook = hook;
}

void bn_bug(const char *file, int line, const char *func, const char *what)
{
	if (bug_hook)
		bug_hook();
	char text[512];
	int n = snprintf(
		text, sizeof text, "binnacle: bug at %s:%d in %s(): %s\n", file, line, func, what);
	if (n > 0) {
		size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
		ssize_t written = write(STDERR_FILENO, text, len);
		(void)written;
	}
	abort();
}
