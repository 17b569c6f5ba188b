/* job_draw.c - see job_draw.h. */
#include "tui/ui/job_draw.h"

#include "tui/ui/format.h"
#include "tui/ui/glyph.h"

#include <stdio.h>
#include <string.h>

#define BAR 24

int bn_job_glyph(bn_job_state s)
{
	static const int glyphs[] = {BN_GLYPH_STATE_WAIT, BN_GLYPH_STATE_RUN, BN_GLYPH_STATE_RUN,
		BN_GLYPH_STATE_OK, BN_GLYPH_STATE_FAIL, BN_GLYPH_STATE_NONE};
	return glyphs[s];
}

bn_ink bn_job_ink(bn_job_state s)
{
	static const bn_ink inks[] = {
		BN_INK_DIM, BN_INK_RUNNING, BN_INK_WARN, BN_INK_OK, BN_INK_FAIL, BN_INK_DIM};
	return inks[s];
}

/* done or total, with its unit. */
static const char *amount(char *buf, const bn_job_info *job, int64_t n)
{
	char count[BN_FORMAT_BYTES];
	if (job->unit && strcmp(job->unit, "B") == 0)
		return bn_format_bytes(buf, n);
	bn_format_count(count, n);
	snprintf(buf, BN_FORMAT_BYTES, "%.24s%s%.12s", count, job->unit ? " " : "",
		job->unit ? job->unit : "");
	return buf;
}

const char *bn_job_how_far(char *buf, const bn_job_info *job)
{
	if (job->state != BN_JOB_RUNS || job->done <= 0)
		snprintf(buf, BN_FORMAT_BYTES, "%s", bn_job_state_name(job->state));
	else if (job->total > 0)
		snprintf(buf, BN_FORMAT_BYTES, "%d %%",
			(int)(100 * (double)job->done / (double)job->total));
	else
		return amount(buf, job, job->done);
	return buf;
}

int64_t bn_job_left_ms(const bn_job_info *job, int64_t now_ms)
{
	int64_t passed = now_ms - job->started_ms;
	if (job->state != BN_JOB_RUNS || !job->started_ms || job->total <= 0 || job->done <= 0 ||
		job->done > job->total || passed < 1000)
		return -1;
	double left = (double)passed * (double)(job->total - job->done) / (double)job->done;
	return left < 1e12 ? (int64_t)left : -1;
}

static int bar_draw(bn_area a, int row, int col, double share)
{
	int eighths = (int)(share * BAR * 8 + 0.5);
	bool fine = a.s->alphabet == BN_ALPHABET_BRAILLE;
	for (int i = 0; i < BAR; i++, eighths -= 8) {
		uint32_t cp = bn_glyph(a.s->alphabet, BN_GLYPH_DOT);
		bool full = eighths >= 8, part = !full && eighths > 0 && fine;
		if (full)
			cp = a.s->alphabet == BN_ALPHABET_ASCII ? '#' : 0x2588;
		else if (part) /* U+2588 is the whole block, U+258F its eighth */
			cp = 0x2590 - (uint32_t)eighths;
		bn_area_cp(a, row, col + i, full || part ? BN_INK_RUNNING : BN_INK_DIM, cp);
	}
	return col + BAR;
}

/* "3.1 MiB of 12.0 MiB", and below it "0.8 MiB a second, about 11 s left". */
static int speed_draw(bn_area a, int row, const bn_job_info *job, int64_t now_ms)
{
	char one[BN_FORMAT_BYTES], two[BN_FORMAT_BYTES];
	int64_t passed = now_ms - job->started_ms, left = bn_job_left_ms(job, now_ms);
	int col = 1;
	if (job->done <= 0)
		return row;
	if (job->total > 0) {
		col = bar_draw(a, row, col, (double)job->done / (double)job->total);
		bn_area_textf(a, row++, col, BN_INK_STRONG, " %s", bn_job_how_far(one, job));
		bn_area_textf(a, row++, 1, BN_INK_TEXT, "%s of %s", amount(one, job, job->done),
			amount(two, job, job->total));
	} else {
		bn_area_textf(a, row++, 1, BN_INK_TEXT, "%s so far, of how many is not known",
			amount(one, job, job->done));
	}
	if (!job->started_ms || passed < 1000)
		return row;
	col = bn_area_textf(a, row, 1, BN_INK_DIM, "%s a second",
		amount(one, job, (int64_t)((double)job->done * 1000 / (double)passed)));
	if (left >= 0)
		bn_area_textf(
			a, row, col, BN_INK_DIM, ", about %s left", bn_format_duration(two, left));
	return row + 1;
}

static int state_draw(bn_area a, const bn_job_info *job, int64_t now_ms)
{
	char text[BN_FORMAT_BYTES];
	int col = bn_area_glyph(
		a, 0, 1, bn_job_ink(job->state), (bn_glyph_id)bn_job_glyph(job->state));
	col = bn_area_text(a, 0, col + 1, bn_job_ink(job->state), bn_job_state_name(job->state));
	bn_area_name(a, 0, col + 2, a.cols - col - 2, BN_INK_STRONG, job->title);
	if (job->state == BN_JOB_WAITS) {
		bn_area_textf(a, 1, 1, BN_INK_DIM, "since %s; %d at a time",
			bn_format_duration(text, now_ms - job->asked_ms), BN_JOBS_AT_ONCE);
		return 2;
	}
	if (job->state < BN_JOB_DONE)
		bn_area_textf(a, 1, 1, BN_INK_TEXT, "%s%sfor %s", job->what,
			job->what[0] ? ", " : "",
			bn_format_duration(text, now_ms - job->started_ms));
	else
		bn_area_textf(a, 1, 1, BN_INK_DIM, "after %s",
			bn_format_duration(text, job->ended_ms - job->started_ms));
	return job->state < BN_JOB_DONE ? speed_draw(a, 2, job, now_ms) : 2;
}

static void log_draw(bn_area a, int row, bn_jobs *jobs, uint64_t id)
{
	bn_buf log = BN_BUF_INIT;
	size_t lines = bn_jobs_log(jobs, id, &log);
	int room = a.rows - row - 1;
	const char *at = log.ptr;
	if (lines && room > 0 && !log.failed) {
		bn_area_text(a, row, 1, BN_INK_HEADER, "log");
		for (; lines > (size_t)room; lines--)
			at = strchr(at, '\n') + 1;
		for (int r = 1; *at && r <= room; r++) {
			size_t n = strcspn(at, "\n");
			bn_area_textf(a, row + r, 1, BN_INK_TEXT, "%.*s", (int)n, at);
			at += n + 1;
		}
	}
	bn_buf_release(&log);
}

bool bn_job_draw(bn_area a, bn_jobs *jobs, uint64_t id, int64_t now_ms)
{
	bn_job_info job;
	if (!bn_jobs_find(jobs, id, &job))
		return false;
	int row = state_draw(a, &job, now_ms);
	if (job.state == BN_JOB_FAILED) {
		bn_area text = bn_area_sub(a, 0, 1, a.rows, a.cols - 2);
		row += bn_area_paragraph(text, row, 0, BN_INK_ERROR, job.err.msg);
		if (job.err.hint[0])
			row += bn_area_paragraph(text, row, 0, BN_INK_TEXT, job.err.hint);
	}
	log_draw(a, row + 1, jobs, id);
	return true;
}
