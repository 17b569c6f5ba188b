/* job_draw.h - draws a job as lines: state, progress, speed, time left, error, log. Used by screens
 * that wait for one, beside the list of jobs, and on the page of one. */
#ifndef BN_TUI_UI_JOB_DRAW_H
#define BN_TUI_UI_JOB_DRAW_H
#include "tui/ui/job.h"
#include "tui/ui/surface.h"

/* A glyph, as for all states. */
int bn_job_glyph(bn_job_state s);
bn_ink bn_job_ink(bn_job_state s);
/* "42 %", "12 345 rows", "waits", "done": one cell. Returns buf (BN_FORMAT_BYTES). */
const char *bn_job_how_far(char *buf, const bn_job_info *job);
/* Estimated milliseconds of remaining work, at the speed so far; -1: unknown. */
int64_t bn_job_left_ms(const bn_job_info *job, int64_t now_ms);

/* As much of it as fits, with the newest lines of the log. false: there is no such job any more. */
bool bn_job_draw(bn_area a, bn_jobs *jobs, uint64_t id, int64_t now_ms);

#endif
