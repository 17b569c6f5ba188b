/*
 * fake_source.h - a bn_page_source of canned data, so that every screen can be drawn without a
 * workspace. Its clock is fixed at BN_FAKE_NOW_MS (2026-03-01 12:00:00 UTC).
 */
#ifndef BN_TEST_FAKE_SOURCE_H
#define BN_TEST_FAKE_SOURCE_H
#include "tui/ui/frame.h"
#include "tui/views/source.h"

#include <stdatomic.h>

#define BN_FAKE_NOW_MS 1772366400000

typedef struct bn_fake {
	bool is_empty;       /* a workspace where nothing was done yet */
	bool is_gone;        /* what the lists had first is not there any more */
	size_t many_columns; /* of datasets; only the first few may be read */
	bool is_slow;        /* every page takes 30 ms */
	int64_t many_runs;   /* instead of the canned runs */
	bool is_nested;      /* the first run has the others below it */
	bool measures;       /* approving measures a gate first */
	bool own_request;    /* the request is the user's own, so it cannot be approved */
	bool is_unmade;      /* profiles and frequencies are computed by a job */
	bool job_fails;
	atomic_bool hold;   /* jobs stay at 42 % until it is false, or they are stopped */
	atomic_int jobs;    /* that began */
	bool has_long_name; /* a run whose name is wider than what is there for it */
	bool has_mixed_runs; /* of two trainers, when they are compared */
	int silent_s;       /* the seconds since the heartbeat of the run; 0: 2 */
	int console_lines;  /* of a run, instead of the canned ones */
	bool has_queue;     /* the first of them waits, with others that a filter hides */
	bool is_paused;
	bool is_reported;  /* programs reported the runs */
	const char *stuck; /* why nothing can be changed; NULL: it can */
	bool has_chain;     /* a chain of authority; the user is ada, its admin */
	bool is_nobody;     /* in it, the user's key is not admitted */
	bn_action_arg last; /* the last requested action */
	bn_protect_arg protect; /* the last one */
	int actions;
	char started[2048]; /* the command lines that were started, each ended by a newline */
	size_t starts;
	char copied[512];      /* the content of the clipboard */
	bool no_clipboard;
	char remembered[1024]; /* saved views */
	char base[64];       /* the pinned baseline */
	bool is_demo;          /* there is a tour */
	bool answered_tour;    /* its offer was answered */
	int64_t now_ms;
	const char *save_dir; /* for screens and exported files; NULL: a folder that does not exist */
} bn_fake;

const bn_page_source *bn_fake_source(void);
int bn_fake_authority(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err);
/* A frame on the fake; fake must outlive it. */
bn_frame *bn_fake_frame(bn_fake *fake, bool readonly);

#endif
