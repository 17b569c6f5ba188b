/*
 * err.h - what went wrong, as a value.
 *
 * Every function that can fail returns 0 or one of the negative codes below and takes an optional
 * bn_err * as its last parameter. The struct lives on the caller's stack. The first error wins: a
 * bn_err that already holds an error is never overwritten, so calls chain with || and the message
 * names the root cause. On success it is untouched.
 *
 * A message names the thing, the place (file:line:column for input) and the limit that was broken;
 * the hint says what the user can do. One table (err.c) maps codes to exit statuses, HTTP statuses
 * and MLflow error codes; no other code decides those.
 */
#ifndef BN_BASE_ERR_H
#define BN_BASE_ERR_H
#include <stdbool.h>
#include <stddef.h>

typedef enum bn_code {
	BN_OK = 0,
	BN_EFAILED = -1,       /* a check, gate or test said no                       exit 1 */
	BN_EINVAL = -2,        /* the command line, an argument or an input is wrong  exit 2 */
	BN_ENOTFOUND = -3,     /* no such thing                                       exit 3 */
	BN_EREFUSED = -4,      /* role, policy or state does not allow it             exit 4 */
	BN_EIO = -5,           /* file system, network or another program failed      exit 5 */
	BN_ECONFLICT = -6,     /* exists already, changed meanwhile, or busy          exit 6 */
	BN_EINCONCLUSIVE = -7, /* the evidence needed is missing                      exit 7 */
	BN_EINTR = -8,         /* interrupted by the user                             exit 130 */
	BN_ENOMEM = -9,        /* out of memory or over a memory limit                exit 5 */
	BN_ECORRUPT = -10,     /* stored data fails its own checksum or invariant     exit 5 */
	BN_EUNSUPPORTED = -11, /* valid, but this build or machine cannot do it       exit 2 */
} bn_code;

typedef struct bn_err {
	int code;       /* 0 or a bn_code */
	char msg[512];  /* one line, no trailing full stop or newline */
	char hint[256]; /* what the user can do, or empty */
	int cause;      /* errno of the system call that failed; 0 for none or unknown */
} bn_err;

#define BN_ERR_INIT \
	{ \
		0, "", "", 0 \
	}

/* Records code and the formatted message unless err is NULL or already set. Returns code. */
int bn_err_set(bn_err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As bn_err_set, and appends ": " and the text of errno value errnum. ENOMEM maps to BN_ENOMEM,
 * ENOENT keeps code. */
int bn_err_sys(bn_err *err, int code, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Sets the hint of an error that has none yet. Safe on NULL. */
void bn_err_hint(bn_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Puts "prefix: " in front of the message of a set error ("data.csv:3:7", "run 7f3a"). */
void bn_err_prefix(bn_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Moves a caught error with its code, message and hint, unless `to` is NULL or already set. Clears
 * `from` and returns the code it had. */
int bn_err_move(bn_err *to, bn_err *from);
/* The same with another code: what is corrupt to one layer may be absent to another. */
int bn_err_recode(bn_err *to, bn_err *from, int code);
/* Whether the cause was a full disk or quota. */
bool bn_err_is_full(const bn_err *err);
/* Resets to the initial state. */
void bn_err_clear(bn_err *err);
/* Sets BN_ENOMEM and names what was being allocated, without formatting. */
int bn_err_nomem(bn_err *err, const char *what);

/* Unknown codes map like BN_EIO. */
const char *bn_code_name(int code); /* "not_found": stable, for --json */
int bn_code_exit_status(int code);  /* 0..130, see docs/cli */
/* The same for an error: missing files and denied permissions map to the statuses of BN_ENOTFOUND and
 * BN_EREFUSED, whatever the code is (the code says which part of the program may continue). */
int bn_err_exit_status(const bn_err *err);
int bn_code_http_status(int code);         /* 200, 400, 404, 403, ... */
const char *bn_code_mlflow_name(int code); /* "RESOURCE_DOES_NOT_EXIST", ... */

/*
 * For internal bugs. BN_BUG is active in release builds: it calls the hook (where the workbench
 * restores the terminal), writes the location to stderr and aborts.
 */
#define BN_BUG(cond) ((cond) ? bn_bug(__FILE__, __LINE__, __func__, #cond) : (void)0)
void bn_bug(const char *file, int line, const char *func, const char *what)
	__attribute__((noreturn));
void bn_bug_set_hook(void (*hook)(void));

#endif
