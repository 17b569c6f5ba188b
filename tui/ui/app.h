/*
 * app.h - the workbench as one call: what `binnacle` without arguments does.
 *
 * With a script the workbench runs without a terminal: keys and commands come from the file, each
 * step waits until nothing is being loaded, and `:save-screen NAME` writes the screen as text. That
 * is how golden tests and documentation screens are made.
 */
#ifndef BN_TUI_UI_APP_H
#define BN_TUI_UI_APP_H
#include "core/base/err.h"
#include "core/mlflow/client.h"
#include "core/store/workspace.h"

#define BN_DEMO_MARK \
	".demo" /* file left by `binnacle demo` in the directory of its workspace */

#include <stdbool.h>
#include <stdint.h>

typedef struct bn_tui_options {
	/* The workspace, open and judged, and its verdict (may be NULL): taken, so that it is opened and looked at once. */
	bn_workspace *workspace;
	struct bn_trust *trust;
	const char *store;  /* the address of a store elsewhere (tui/views/remote/remote.h), instead; NULL: none */
	const bn_mlflow_access *access; /* of that store; may be NULL */
	bool cached;        /* what is known of that store, without asking it */
	const char *theme;  /* name of a built-in theme or path of a .theme file; NULL: default */
	bool ascii;         /* ASCII glyphs even if the locale is UTF-8 */
	bool no_color;      /* monochrome theme (NO_COLOR does the same) */
	bool slow_line;     /* at most one frame in 2 s unless something was typed */
	bool mouse;         /* :mouse on from the start */
	bool readonly;      /* commands that change anything are rejected with that reason */
	bool utc;           /* times in UTC instead of local time */
	bool tour;          /* shows the guided tour (tui/ui/tour.h); only in a demo's workspace */
	const char *script; /* file of keys and commands; "-" is stdin; NULL: the terminal */
	const char *save_dir; /* where :save-screen writes NAME.screen; NULL: the current
			       * directory */
	const char *home;  /* what "~/" begins in a typed path; NULL: nothing */
	int rows, cols;    /* size for a script; 0: 24 x 80 */
	int64_t fixed_now_ms; /* the clock of a script, so that ages on screen are stable; 0: real */
} bn_tui_options;

/* Runs until the user leaves. BN_EUNSUPPORTED with a hint naming the CLI verbs if there is no
 * terminal. Losing the terminal (hangup) is a normal end: 0. */
int bn_tui_run(const bn_tui_options *opt, bn_err *err);

#endif
