/* _remote.h - the parts of a store elsewhere: remote.c (opening, title), remote_pages.c, remote_models.c,
 * remote_acts.c, remote_lacks.c. See remote.h. */
#ifndef BN_TUI_VIEWS_REMOTE_INTERNAL_H
#define BN_TUI_VIEWS_REMOTE_INTERNAL_H
#include "tui/views/_source.h"
#include "tui/views/remote/remote.h"

struct bn_remote {
	const bn_env *env;
	bn_remote_source_options o;
	bn_mirror_follower *follower; /* NULL: cached */
	char *address, *title;
};

/* Asks for the points of a run, if the server is followed. */
void bn_remote_want_run(const bn_reader *r, const char *run);
/* 0, or why nothing can be changed now: the server does not answer. */
int bn_remote_need(const bn_reader *r, bn_err *err);

int bn_remote_status(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_overview(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_runs(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_run(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_compare(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_statistics(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_charts(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_models(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_sheet(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_card(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_action(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_lacks_data(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_lacks_starts(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_lacks_reports(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_lacks_servers(void *, const void *, bn_page *, bn_job *, bn_err *);
int bn_remote_lacks_audit(void *, const void *, bn_page *, bn_job *, bn_err *);

#endif
