/* views.c - the tabs, and functions shared by the screens. See views.h. */
#include "tui/views/views.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/run/runlog.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const bn_tab bn_view_tabs[] = {
	{'1', "Overview", BN_CMD_OVERVIEW, bn_view_overview_new},
	{'2', "Data", BN_CMD_DATA, bn_view_data_new},
	{'3', "Runs", BN_CMD_RUNS, bn_view_runs_new},
	{'4', "Models", BN_CMD_MODELS, bn_view_models_new},
	{'5', "Serving", BN_CMD_ENDPOINTS, bn_view_endpoints_new},
	{'6', "Monitor", BN_CMD_MONITOR, bn_view_monitor_new},
	{'9', "Audit", BN_CMD_AUDIT, bn_view_audit_new},
};
const int bn_view_tab_count = sizeof bn_view_tabs / sizeof *bn_view_tabs;

const bn_side_screen bn_view_side[] = {
	{BN_CMD_JOBS, BN_ON(JOBS), bn_view_jobs_new},
	{BN_CMD_PEOPLE, BN_ON(PEOPLE), bn_view_people_new},
	{BN_CMD_USERS, BN_ON(PEOPLE), bn_view_people_new},
	{BN_CMD_CHAIN, BN_ON(CHAIN), bn_view_chain_new},
	{BN_CMD_LATE, BN_ON(LATE), bn_view_late_new},
	{BN_CMD_REMOTES, BN_ON(REMOTES), bn_view_remotes_new},
};
const int bn_view_side_count = sizeof bn_view_side / sizeof *bn_view_side;

_Static_assert(BN_TYPED_BYTES >= BN_INPUT_BYTES, "what is typed fits");
_Static_assert(BN_KEY_BYTES == BN_RUN_KEY_MAX + 1, "a key fits");
_Static_assert(BN_REF_BYTES > BN_NAME_MAX + 2 + 20, "a reference fits");

char *bn_ref_format(char ref[BN_REF_BYTES], const char *name, const char *sign, int64_t version)
{
	snprintf(ref, BN_REF_BYTES, "%s%s%lld", name, sign, (long long)version);
	return ref;
}

void *bn_view_alloc(size_t bytes, const bn_view_class *cls, bn_frame *f, bn_err *err)
{
	bn_view *v = bn_alloc_zeroed(1, bytes);
	if (v)
		bn_view_init(v, cls, f);
	else
		bn_err_nomem(err, "a screen");
	return v;
}

bool bn_view_open(bn_frame *f, int rc, bn_view *const *v, const bn_err *err)
{
	if (rc)
		bn_frame_error(f, err);
	else
		bn_frame_push(f, *v);
	return true;
}

const char *bn_state_word(bn_state s)
{
	static const char *const words[] = {"-", "OK", "WAIT", "RUN", "WARN", "FAIL"};
	return words[s];
}

bn_ink bn_state_ink(bn_state s)
{
	static const bn_ink inks[] = {
		BN_INK_DIM, BN_INK_OK, BN_INK_WARN, BN_INK_RUNNING, BN_INK_WARN, BN_INK_FAIL};
	return inks[s];
}

int bn_state_glyph(bn_state s)
{
	static const int glyphs[] = {BN_GLYPH_STATE_NONE, BN_GLYPH_STATE_OK, BN_GLYPH_STATE_WAIT,
		BN_GLYPH_STATE_RUN, BN_GLYPH_STATE_WARN, BN_GLYPH_STATE_FAIL};
	return glyphs[s];
}

void bn_state_cell(bn_grid_cell *out, bn_state s, const char *word)
{
	out->ink = bn_state_ink(s);
	out->number = s == BN_STATE_NONE ? NAN : (double)s;
	if (s == BN_STATE_NONE && !word)
		return;
	out->text = word ? word : bn_state_word(s);
	out->glyph = bn_state_glyph(s);
}

char *bn_spark_text(
	char out[BN_SPARK_TEXT], const double *y, int count, int width, bn_alphabet alphabet)
{
	double lo = INFINITY, hi = -INFINITY;
	size_t at = 0;
	for (int i = 0; i < count; i++) {
		lo = fmin(lo, y[i]);
		hi = fmax(hi, y[i]);
	}
	width = width < count ? width : count;
	for (int i = 0; i < width; i++) { /* each column shows the point at its position */
		double v = y[width > 1 ? i * (count - 1) / (width - 1) : 0];
		double part = hi > lo && !isnan(v) ? (v - lo) / (hi - lo) : 0;
		at += bn_utf8_encode(bn_glyph_level(alphabet, 1 + (int)(7 * part + 0.5)), out + at);
	}
	out[at] = '\0';
	return out;
}

int bn_area_fact(bn_area a, int row, const char *name, bn_ink ink, const char *value)
{
	int at = BN_FACT_COL;
	bn_area_text(a, row, 0, BN_INK_DIM, name);
	bn_area_field(a, row, at, a.cols - at, value ? ink : BN_INK_DIM, value ? value : "-");
	return row + 1;
}

bn_state bn_run_state(bn_run_status s)
{
	switch (s) {
	case BN_RUN_SCHEDULED:
	case BN_RUN_QUEUED:
		return BN_STATE_WAIT;
	case BN_RUN_RUNNING:
		return BN_STATE_RUN;
	case BN_RUN_FINISHED:
		return BN_STATE_OK;
	case BN_RUN_FAILED:
	case BN_RUN_KILLED:
	case BN_RUN_LOST:
		return BN_STATE_FAIL;
	}
	return BN_STATE_NONE;
}

void bn_view_do(bn_view *v, bn_ui_action action, const char *ref, const char *reason, bool override)
{
	bn_action_arg arg = {.action = action, .override = override};
	snprintf(arg.ref, sizeof arg.ref, "%s", ref);
	snprintf(arg.reason, sizeof arg.reason, "%s", reason ? reason : "");
	bn_view_load(v, BN_LANE_QUICK, BN_KIND_ACTION, bn_view_source(v)->action, &arg, sizeof arg);
}

/* A new version is not on the screens of runs. */
static const char *where_of(const bn_view *v, const char *text)
{
	bool elsewhere = v->cls->kind & (BN_ON(RUNS) | BN_ON(RUN));
	return elsewhere && strncmp(text, BN_REGISTERED, sizeof BN_REGISTERED - 1) == 0 ? "; Models (4) shows it" : "";
}

bool bn_view_action_done(bn_view *v, bn_page *p)
{
	if (p->kind != BN_KIND_ACTION)
		return false;
	bn_frame_undo_settle(v->frame, p->data != NULL);
	if (p->data)
		bn_frame_message(v->frame, "%s%s", (const char *)p->data, where_of(v, p->data));
	bn_page_free(p);
	v->cls->refresh(v);
	return true;
}

void bn_view_act(bn_view *v, const bn_action_arg *act, const bn_action_arg *back, const char *what)
{
	bn_page_fn fn = bn_view_source(v)->action;
	if (back)
		bn_frame_undo_offer(v->frame, what, fn, back, sizeof *back);
	bn_view_load(v, BN_LANE_QUICK, BN_KIND_ACTION, fn, act, sizeof *act);
}

bool bn_act_runs(bn_action_arg *act, const bn_grid *g, const char *id)
{
	snprintf(act->ref, sizeof act->ref, "%s", id);
	for (size_t i = 0; i < g->mark_count && i < BN_STOP_MAX; i++)
		snprintf(act->stop[act->stop_count++], sizeof act->stop[0], "%016llx",
			(unsigned long long)g->marks[i]);
	return g->mark_count <= BN_STOP_MAX;
}

void bn_act_words(const bn_action_arg *act, const char *name, char *out, size_t size)
{
	if (act->stop_count > 1)
		snprintf(out, size, "%zu runs", act->stop_count);
	else
		snprintf(out, size, "%.80s", name);
}

bool bn_view_open_suites(bn_frame *f, const char *ref)
{
	char dataset[BN_REF_BYTES];
	bn_view *made = NULL;
	bn_err err = BN_ERR_INIT;
	snprintf(dataset, sizeof dataset, "%.*s", (int)strcspn(ref, "@"), ref);
	return bn_view_open(f, bn_view_suites_new(&made, f, dataset, &err), &made, &err);
}

bool bn_run_again_refused(const char *kind, char *why, size_t size)
{
	if (!kind || strcmp(kind, "api") != 0)
		return false;
	snprintf(why, size, "a program reported this run: only that program can run it again");
	return true;
}

bool bn_view_register(bn_view *v, const char *arg, const char *run)
{
	bn_action_arg act = {.action = BN_ACTION_REGISTER};
	size_t n = arg ? strcspn(arg, " ") : 0;
	const char *named = arg ? arg + n + strspn(arg + n, " ") : "";
	if (*named)
		run = named;
	if (!n || !run) {
		bn_frame_prompt(v->frame, "register ");
		bn_frame_message(v->frame, run ? "as a version of which model? :register MODEL"
					       : "which model, from which run? :register MODEL RUN");
		return true;
	}
	snprintf(act.ref, sizeof act.ref, "%.*s", (int)n, arg);
	snprintf(act.reason, sizeof act.reason, "%s", run);
	bn_view_act(v, &act, NULL, NULL);
	return true;
}

bool bn_view_launch(bn_view *v, const char *again, const char *data)
{
	bn_view *made = NULL;
	bn_err err = BN_ERR_INIT;
	return bn_view_open(
		v->frame, bn_view_launch_new(&made, v->frame, again, data, &err), &made, &err);
}

bool bn_view_resume(bn_view *v, const char *run)
{
	bn_view *made = NULL;
	bn_err err = BN_ERR_INIT;
	return bn_view_open(v->frame, bn_view_resume_new(&made, v->frame, run, &err), &made, &err);
}

bool bn_view_stop_refused(const bn_view *v, char *why, size_t size)
{
	if (bn_frame_is_readonly(v->frame))
		snprintf(why, size, "'stop' changes things, and this is --readonly");
	return bn_frame_is_readonly(v->frame);
}

void bn_view_ask_stop_marked(bn_view *v, size_t count)
{
	char question[64];
	snprintf(question, sizeof question, "Stop the %zu marked runs?", count);
	bn_frame_confirm(v->frame, v, BN_CMD_STOP, question,
		"Those that run are asked to end, and killed when they do not within their time of "
		"grace. "
		"Those that wait in the queue will not start. What is over stays as it is.",
		"stop them");
}

void bn_view_stop_marked(bn_view *v, const uint64_t *marks, size_t count)
{
	bn_action_arg arg = {.action = BN_ACTION_STOP, .ref = "marked"};
	for (size_t i = 0; i < count && i < BN_STOP_MAX; i++)
		snprintf(arg.stop[arg.stop_count++], sizeof arg.stop[0], "%016llx",
			(unsigned long long)marks[i]);
	bn_view_load(v, BN_LANE_QUICK, BN_KIND_ACTION, bn_view_source(v)->action, &arg, sizeof arg);
}

void bn_view_ask_stop(
	bn_view *v, const char *id, const char *name, const char *title, bool is_queued)
{
	char question[128], body[512], label[BN_RUN_LABEL_BYTES];
	snprintf(question, sizeof question, "%s run %.60s?", is_queued ? "Cancel" : "Stop",
		bn_run_label(label, name, title, id));
	snprintf(body, sizeof body, "%.8s  %.120s\n%s", id, title ? title : "",
		is_queued ? "It waits in the queue, and will not start."
			  : "It is asked to end, and killed when it does not within its time of "
			    "grace. What it has logged stays; what it has not saved is lost.");
	bn_frame_confirm(
		v->frame, v, BN_CMD_STOP, question, body, is_queued ? "cancel it" : "stop it");
}
