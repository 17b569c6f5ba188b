/* job_draw.h - a job as lines: state, how far, how fast, how long still, its error, its log. The same for a
 * screen that waits for one, for the answer beside the list of jobs, and for the sheet of one. */
#ifndef BN_TUI_UI_JOB_DRAW_H
#define BN_TUI_UI_JOB_DRAW_H
#include "tui/ui/job.h"
#include "tui/ui/surface.h"

/* A glyph, as states are shown everywhere. */
int bn_job_glyph(bn_job_state s);
bn_ink bn_job_ink(bn_job_state s);
/* "42 %", "12 345 rows", "waits", "done": one cell. Returns buf (BN_FORMAT_BYTES). */
const char *bn_job_how_far(char *buf, const bn_job_info *job);
/* Milliseconds of work that are left by the speed so far; -1: not known. */
int64_t bn_job_left_ms(const bn_job_info *job, int64_t now_ms);

/* As much of it as there is room for; the newest lines of the log. false: no such job any more. */
bool bn_job_draw(bn_area a, bn_jobs *jobs, uint64_t id, int64_t now_ms);

#endif
