/*
 * serve_access.h - the options --access-log... of `binnacle serve`, and what is said about the log.
 */
#ifndef BN_TUI_CLI_SERVE_ACCESS_H
#define BN_TUI_CLI_SERVE_ACCESS_H
#include "core/serve/access_log.h"
#include "tui/cli/cli.h"

typedef struct bn_serve_access {
	bn_access_log *log; /* NULL: none was asked for */
	uint64_t failures;  /* of the log, when last looked at */
	bool is_failing;    /* and that was said */
	int64_t told_ms;
} bn_serve_access;

/* The rows of the verb's table of options. */
#define BN_SERVE_ACCESS_OPTIONS \
	{"access-log", 0, "FILE", "a line of JSON for each request (-: standard output)"}, \
		{"access-log-max-bytes", 0, "BYTES", \
			"then it becomes FILE.1 and a new one begins (default 64M; 0: never)"}, \
	{ \
		"access-log-keep", 0, "N", "older files that are kept (default 5)" \
	}

/* Opens the log that the options name. From then on SIGHUP means that its file is opened again. */
int bn_serve_access_open(bn_serve_access *a, bn_cli *cli, bn_err *err);
/* Several times a second, from the thread of the verb: reopens after SIGHUP, and says when the log fails (each minute)
 * and works again. */
void bn_serve_access_look(bn_serve_access *a, bn_cli *cli, int64_t now_ms);
/* Writes what waits, and says how many requests have no line. */
void bn_serve_access_finish(bn_serve_access *a, bn_cli *cli);

#endif
