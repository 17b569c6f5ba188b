/*
 * models.c - the registry: first versions that wait for the user, then those that wait for others, those in use, and
 * all others with the reason; beside it, if there is room, the sheet of the selected version. A approves and R rejects
 * here too, once the sheet has been seen.
 */
#include "core/base/hash_key.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/ui/format.h"
#include "tui/views/_list.h"
#include "tui/views/models/_models.h"
#include "tui/views/models/_sheet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	COL_STATE,
	COL_MODEL,
	COL_METRIC,
	COL_CHANGE,
	COL_GATES,
	COL_REMARK,
	COL_AUTHOR,
	COL_AGE,
	COL_ALIASES,
	COL_SIGNED,
	COL_TRAINER,
	COL_DATA,
	COL_DIGEST,
	COLUMNS
};

static const bn_grid_column columns[COLUMNS] = {
	[COL_STATE] = {.stays = true, .title = "state", .form = BN_COLUMN_STATE, .falls = true, .min = 11},
	[COL_MODEL] = {.stays = true, .title = "model", .name = "version", .min = 10, .max = 24},
	[COL_METRIC] = {.title = "test", .min = 11, .max = 24, .priority = 1},
	[COL_CHANGE] = {.title = "champion", .name = "change", .min = 8, .priority = 2},
	[COL_GATES] = {.title = "gates", .min = 8, .max = 20, .hidden = true, .priority = 4},
	[COL_REMARK] = {.title = "why",
		.name = "remark",
		.min = 20,
		.max = 80,
		.prose = true,
		.flexible = true},
	[COL_AUTHOR] = {.title = "author", .min = 6, .max = 14, .priority = 4},
	[COL_AGE] = {.title = "changed",
		.name = "state_ms",
		.form = BN_COLUMN_AGE,
		.min = 8,
		.priority = 3},
	[COL_ALIASES] = {.title = "alias", .name = "aliases", .min = 8, .max = 20, .priority = 5},
	[COL_SIGNED] = {.title = "signed",
		.name = "approvals",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.min = 6,
		.priority = 5},
	[COL_TRAINER] = {.title = "trainer", .min = 6, .max = 14, .priority = 6},
	[COL_DATA] = {.title = "data", .min = 6, .max = 20, .priority = 7},
	[COL_DIGEST] = {.title = "digest", .min = 8, .priority = 8},
};

typedef enum section {
	SECTION_MINE,
	SECTION_OTHERS,
	SECTION_IN_USE,
	SECTION_REST,
	SECTIONS
} section;

typedef struct model_row {
	const bn_version *version;       /* NULL: a section's title */
	const bn_inbox_item *item;       /* its request */
	const bn_version *champion;      /* another version of the same model; NULL: none */
	const bn_endpoint *endpoint;     /* the server that serves it now */
	const bn_monitor_report *report; /* the newest report about it */
	section section;
} model_row;

typedef struct models_view {
	bn_list list;
	bn_view *detail;
	model_row *rows;
	size_t count;
	char rules[SECTIONS][64];
	bool is_split, in_detail;
	bn_version_asked asked;
	char made[BN_REF_BYTES]; /* the version that was registered here, and is not listed yet */
} models_view;

/* ---- rows ---------------------------------------------------------------------------------------- */

static const bn_version *champion_of(const bn_models *d, const bn_version *v)
{
	for (size_t i = 0; d->versions && i < d->versions->count; i++) {
		const bn_version *other = &d->versions->items[i];
		if (strcmp(other->name, v->name) == 0 && bn_version_is_champion(other))
			return other->version == v->version ? NULL : other;
	}
	return NULL;
}

static bool is_named(const char *list, const char *spec)
{
	size_t n = strlen(spec);
	for (const char *at = list; at && (at = strstr(at, spec)); at += n)
		if ((at == list || at[-1] == ' ') && (at[n] == '\0' || at[n] == ','))
			return true;
	return false;
}

static const bn_endpoint *endpoint_of(const bn_models *d, const char *spec)
{
	for (size_t i = 0; d->endpoints && i < d->endpoints->count; i++) {
		const bn_endpoint *e = &d->endpoints->items[i];
		if (e->state == BN_ENDPOINT_RUNNING && is_named(e->models, spec))
			return e;
	}
	return NULL;
}

static const bn_monitor_report *report_of(const bn_models *d, const bn_version *v)
{
	char number[24];
	snprintf(number, sizeof number, "%lld", (long long)v->version);
	for (size_t i = 0; d->reports && i < d->reports->count; i++) {
		const bn_monitor_report *r = d->reports->items[i];
		if (strcmp(r->model, v->name) == 0 && r->version && strcmp(r->version, number) == 0)
			return r;
	}
	return NULL;
}

static section section_of(const model_row *r)
{
	const bn_inbox_item *d = r->item;
	if (d)
		return d->waits_for_me ? SECTION_MINE : SECTION_OTHERS;
	return r->version->n_aliases || r->endpoint ? SECTION_IN_USE : SECTION_REST;
}

static model_row row_of(const bn_models *d, const bn_version *v, const bn_inbox_item *item)
{
	char spec[BN_REF_BYTES];
	model_row r = {.version = v, .item = item, .champion = champion_of(d, v)};
	bn_ref_format(spec, v->name, "/", v->version);
	r.endpoint = endpoint_of(d, spec);
	r.report = report_of(d, v);
	r.section = section_of(&r);
	return r;
}

/* Rows by section, each with a title row; a version with a request is listed only once, as the request. */
static int rows_make(models_view *v, const bn_models *d)
{
	size_t inbox = d->inbox ? d->inbox->count : 0,
	       versions = d->versions ? d->versions->count : 0;
	model_row *all = bn_alloc_zeroed(inbox + versions + 1, sizeof *all);
	model_row *rows = bn_alloc_zeroed(inbox + versions + SECTIONS + 1, sizeof *rows);
	size_t n = 0, count = 0;
	if (!all || !rows) {
		bn_free(all);
		bn_free(rows);
		return -1;
	}
	for (size_t i = 0; i < inbox; i++)
		all[n++] = row_of(d, d->inbox->items[i].version, &d->inbox->items[i]);
	for (size_t i = 0; i < versions; i++)
		if (!inbox || d->versions->items[i].state != BN_MODEL_REQUESTED)
			all[n++] = row_of(d, &d->versions->items[i], NULL);
	for (int s = 0; s < SECTIONS; s++) {
		size_t begin = count++;
		for (size_t i = 0; i < n; i++)
			if ((int)all[i].section == s)
				rows[count++] = all[i];
		rows[begin].section = (section)s;
		if (count == begin + 1)
			count = begin;
	}
	bn_free(all);
	bn_free(v->rows);
	v->rows = rows;
	v->count = count;
	return 0;
}

static void rules_make(models_view *v)
{
	size_t n[SECTIONS] = {0};
	for (size_t i = 0; i < v->count; i++)
		n[v->rows[i].section] += v->rows[i].version != NULL;
	snprintf(
		v->rules[SECTION_MINE], sizeof v->rules[0], "waits for you (%zu)", n[SECTION_MINE]);
	snprintf(v->rules[SECTION_OTHERS], sizeof v->rules[0], "waits for others (%zu)",
		n[SECTION_OTHERS]);
	snprintf(v->rules[SECTION_IN_USE], sizeof v->rules[0], "in use");
	snprintf(v->rules[SECTION_REST], sizeof v->rules[0], "%s versions",
		n[SECTION_MINE] + n[SECTION_OTHERS] + n[SECTION_IN_USE] ? "other" : "all");
}

static const model_row *row_at(const void *ctx, int64_t row)
{
	const models_view *v = ctx;
	return row >= 0 && (size_t)row < v->count ? &v->rows[row] : NULL;
}

static const model_row *selected(const models_view *v)
{
	const model_row *r = row_at(v, bn_grid_selected_row(&v->list.grid));
	return r && r->version ? r : NULL;
}

static int64_t grid_rows(void *ctx)
{
	return (int64_t)((const models_view *)ctx)->count;
}

static int grid_rank(void *ctx, int64_t row)
{
	const model_row *r = row_at(ctx, row);
	return 2 * (int)r->section + (r->version != NULL);
}

static const char *grid_across(void *ctx, int64_t row, bool *is_rule)
{
	const model_row *r = row_at(ctx, row);
	*is_rule = r && !r->version;
	return *is_rule ? ((const models_view *)ctx)->rules[r->section] : NULL;
}

/* ---- cells --------------------------------------------------------------------------------------- */

/* The task's main metric on the test part, else its first metric. */
static const char *main_metric(const bn_version *v, double *value)
{
	static const char *const names[] = {"rmse", "roc_auc", "accuracy"};
	const json_t *test = json_object_get(v->metrics, "test");
	const char *name;
	json_t *one;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (json_is_number(json_object_get(test, names[i]))) {
			*value = json_number_value(json_object_get(test, names[i]));
			return names[i];
		}
	json_object_foreach((json_t *)(uintptr_t)test, name, one)
	{
		if (json_is_number(one)) {
			*value = json_number_value(one);
			return name;
		}
	}
	return NULL;
}

static void metric_cell(const bn_version *v, bn_grid_cell *out)
{
	double value = NAN;
	char number[BN_FORMAT_BYTES];
	const char *key = main_metric(v, &value);
	if (!key)
		return;
	snprintf(out->buf, sizeof out->buf, "%.40s %s", key, bn_format_number(number, value));
	out->text = out->buf;
}

static void change_cell(const model_row *r, bn_grid_cell *out)
{
	double value = NAN;
	const char *key = main_metric(r->version, &value);
	if (!key || !r->champion)
		return;
	bn_metric_change(out->buf, key, value, bn_version_metric(r->champion, "test", key));
	out->text = out->buf[0] ? out->buf : NULL;
}

static void gates_cell(const bn_gate_report *g, bn_grid_cell *out)
{
	size_t warns = 0, blocks = 0;
	for (size_t i = 0; g && i < g->count; i++) {
		bool bad = g->items[i].verdict == BN_VERDICT_FAIL ||
			   g->items[i].verdict == BN_VERDICT_INCONCLUSIVE;
		warns += bad && g->items[i].severity == BN_GATE_WARN;
		blocks += bad && g->items[i].severity == BN_GATE_BLOCK;
	}
	if (!g || !g->count)
		return;
	out->ink = blocks ? BN_INK_FAIL : warns ? BN_INK_WARN : BN_INK_TEXT;
	if (blocks)
		snprintf(out->buf, sizeof out->buf, "%zu block%s%s", blocks, blocks == 1 ? "s" : "",
			warns ? ", warns" : "");
	else if (warns)
		snprintf(out->buf, sizeof out->buf, "%zu pass, %zu warn%s", g->passed, warns,
			warns == 1 ? "s" : "");
	else
		snprintf(out->buf, sizeof out->buf, "%zu pass", g->passed);
	out->text = out->buf;
}

/* The newest decision with that result. */
static const bn_decision *last_decision(const bn_version *v, bool approved)
{
	for (size_t i = v->n_decisions; i-- > 0;)
		if (v->decisions[i].approved == approved)
			return &v->decisions[i];
	return NULL;
}

static void in_use_text(const model_row *r, char *out, size_t size)
{
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < r->version->n_aliases && at < size; i++)
		at += (size_t)snprintf(
			out + at, size - at, "%s%.20s", at ? ", " : "", r->version->aliases[i]);
	if (r->endpoint && at < size)
		at += (size_t)snprintf(out + at, size - at, "%sserves :%lld", at ? ", " : "",
			(long long)r->endpoint->port);
	else if (at < size)
		at += (size_t)snprintf(out + at, size - at, ", not served");
	if (r->report && at < size)
		snprintf(out + at, size - at, ", %zu/%zu drift", r->report->dataset.drifted,
			r->report->dataset.columns);
}

/* The reason for its place: the request's reason, who may sign, why it was rejected, what uses it. */
static void remark_cell(const model_row *r, bn_grid_cell *out)
{
	const bn_version *v = r->version;
	const bn_decision *d = last_decision(v, v->state != BN_MODEL_REJECTED);
	if (r->section == SECTION_OTHERS && r->item->why_not) {
		out->text = r->item->why_not;
		out->ink = BN_INK_DIM;
		return;
	}
	if (r->item) {
		bn_grid_cell gates;
		bn_grid_cell_clear(&gates);
		gates_cell(r->item->gates, &gates);
		snprintf(out->buf, sizeof out->buf, "%.30s%s%s%.50s%s",
			gates.text ? gates.text : "no gates", v->request_reason ? ": " : "",
			v->request_reason ? "'" : "", v->request_reason ? v->request_reason : "",
			v->request_reason ? "'" : "");
		out->text = out->buf;
		out->ink = gates.ink;
		return;
	}
	if (r->section == SECTION_IN_USE) {
		in_use_text(r, out->buf, sizeof out->buf);
		if (r->report && r->report->dataset.verdict == BN_DRIFT_FOUND)
			out->ink = BN_INK_WARN;
	} else if (d) {
		snprintf(out->buf, sizeof out->buf, "%s%.60s%s%s%.20s", d->reason ? "'" : "",
			d->reason ? d->reason : "", d->reason ? "', " : "by ",
			d->override ? "OVERRODE, " : "", d->user ? d->user : "-");
	} else {
		return;
	}
	out->text = out->buf;
}

static void data_cell(const bn_version *v, bn_grid_cell *out)
{
	char ref[BN_REF_BYTES];
	if (!bn_sheet_data_ref(v, 0, ref))
		return;
	snprintf(out->buf, sizeof out->buf, "%s", ref);
	out->text = out->buf;
}

static void rest_cell(const bn_version *v, int col, bn_grid_cell *out)
{
	size_t at = 0;
	switch (col) {
	case COL_ALIASES:
		for (size_t i = 0; i < v->n_aliases && at < sizeof out->buf - 1; i++)
			at += (size_t)snprintf(out->buf + at, sizeof out->buf - at, "%s%.30s",
				i ? ", " : "", v->aliases[i]);
		out->text = v->n_aliases ? out->buf : NULL;
		out->ink = BN_INK_BEST;
		return;
	case COL_SIGNED:
		if (v->approvals_needed > 0) {
			out->number = v->approvals;
			snprintf(out->buf, sizeof out->buf, "%d of %d", v->approvals,
				v->approvals_needed);
			out->text = out->buf;
		}
		return;
	case COL_TRAINER:
		out->text = v->is_external ? "external" : v->trainer;
		return;
	case COL_DATA:
		data_cell(v, out);
		return;
	default:
		out->full = v->digest;
		snprintf(out->buf, sizeof out->buf, "%.8s", v->digest ? v->digest : "");
		out->text = v->digest ? out->buf : NULL;
		out->ink = BN_INK_DIM;
		return;
	}
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const model_row *r = row_at(ctx, row);
	const bn_version *v = r ? r->version : NULL;
	if (!v)
		return;
	switch (col) {
	case COL_STATE:
		bn_state_cell(out, bn_model_state_of(v->state), bn_model_state_name(v->state));
		out->number = v->state;
		return;
	case COL_MODEL:
		snprintf(out->buf, sizeof out->buf, "%.150s/%lld", v->name, (long long)v->version);
		out->text = out->buf;
		return;
	case COL_METRIC:
		metric_cell(v, out);
		return;
	case COL_CHANGE:
		change_cell(r, out);
		return;
	case COL_GATES:
		gates_cell(r->item ? r->item->gates : NULL, out);
		return;
	case COL_REMARK:
		remark_cell(r, out);
		return;
	case COL_AUTHOR:
		out->text = v->author;
		return;
	case COL_AGE:
		out->number = (double)(v->state_ms > 0 ? v->state_ms : v->registered_ms);
		return;
	default:
		rest_cell(v, col, out);
		return;
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	const model_row *r = row_at(ctx, row);
	if (!r || !r->version)
		return 0;
	return bn_hash_key(r->version->name) +
	       (uint64_t)(r->version->key ? r->version->key : r->version->version);
}

static const bn_grid_source source = {.rows = grid_rows,
	.cell = grid_cell,
	.key = grid_key,
	.rank = grid_rank,
	.across = grid_across};

/* ---- the screen ---------------------------------------------------------------------------------- */

static void detail_follow(models_view *v, const model_row *r)
{
	char spec[BN_REF_BYTES];
	bn_err err = BN_ERR_INIT;
	if (bn_frame_is_asking(v->list.view.frame, &v->list.view) ||
		bn_frame_is_asking(v->list.view.frame, v->detail))
		return;
	bn_version_ref(spec, r->version);
	if (!v->detail && bn_view_model_new(&v->detail, v->list.view.frame, NULL, &err))
		bn_frame_error(v->list.view.frame, &err);
	if (v->detail)
		bn_view_model_show(v->detail, spec);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	models_view *v = (models_view *)view;
	const model_row *r = selected(v);
	bn_area list, detail;
	v->is_split = bn_view_split(view, a, &list, &detail) && r;
	v->in_detail = v->in_detail && v->is_split;
	bn_list_draw(view, v->is_split ? list : a, focused && !v->in_detail);
	if (!v->is_split)
		return;
	detail_follow(v, r);
	if (v->detail)
		v->detail->cls->draw(v->detail, detail, focused && v->in_detail);
}

/* The runs of the marked versions, else of the selected one and the champion; false: there are not two. */
static bool compared(const models_view *v, bn_compare_arg *out)
{
	const bn_grid *g = &v->list.grid;
	const model_row *here = selected(v);
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < v->count && out->count < BN_COMPARE_MAX; i++) {
		const bn_version *m = v->rows[i].version;
		if (m && m->run_id && bn_grid_is_marked(g, (int64_t)i))
			snprintf(out->ids[out->count++], BN_RUN_ID_TEXT, "%s", m->run_id);
	}
	if (out->count == 0 && here && here->champion && here->champion->run_id &&
		here->version->run_id) {
		snprintf(out->ids[out->count++], BN_RUN_ID_TEXT, "%s", here->champion->run_id);
		snprintf(out->ids[out->count++], BN_RUN_ID_TEXT, "%s", here->version->run_id);
	}
	return out->count >= 2;
}

static bool sheet_open(
	bn_view *view, const bn_version *m, const bn_inbox_item *item, bn_command_id id)
{
	char spec[BN_REF_BYTES];
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	bn_version_ref(spec, m);
	bn_view_open(view->frame, bn_view_model_new(&made, view->frame, spec, &err), &made, &err);
	char why[256];
	if (id == BN_CMD_OPEN)
		return true;
	if (item && bn_item_refuses(item, id, why, sizeof why))
		bn_frame_message(view->frame, "%s", why);
	else
		bn_frame_message(view->frame, "read the evidence first; then %s again",
			id == BN_CMD_APPROVE ? "A" : "R");
	return true;
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	models_view *v = (models_view *)view;
	const model_row *r = selected(v);
	bn_compare_arg runs;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	if (id == BN_CMD_REGISTER)
		return bn_view_register(view, arg, NULL);
	if (id == BN_CMD_NEXT_PANE && v->is_split) {
		v->in_detail = !v->in_detail;
		return true;
	}
	bool decides = id == BN_CMD_APPROVE || id == BN_CMD_REJECT;
	if (v->detail && v->is_split && (v->in_detail || decides) &&
		v->detail->cls->command(v->detail, id, arg))
		return true;
	if (!r)
		return false;
	if (bn_version_command(view, &v->asked, r->version, r->champion, id, arg))
		return true;
	if (id == BN_CMD_COMPARE && compared(v, &runs))
		return bn_view_open(view->frame,
			bn_view_compare_new(&made, view->frame, &runs, &err), &made, &err);
	return id == BN_CMD_OPEN || decides ? sheet_open(view, r->version, r->item, id) : false;
}

/* Why no version is selected. */
static void none_words(const models_view *v, char *why, size_t size)
{
	const char *text = "no model yet: :register MODEL RUN makes a run a version of one";
	if (v->count && v->list.grid.filter[0])
		text = "no version matches the filter; Esc shows all";
	else if (v->count)
		text = "this is the title of a section: go to a version with j or k";
	snprintf(why, size, "%s", text);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	models_view *v = (models_view *)view;
	const model_row *r = selected(v);
	bn_compare_arg runs;
	switch (id) {
	case BN_CMD_OPEN:
	case BN_CMD_PROMOTE:
	case BN_CMD_ALIAS:
	case BN_CMD_WITHDRAW:
		none_words(v, why, size);
		return !r || bn_version_refuses(r->version, id, why, size);
	case BN_CMD_COMPARE:
		snprintf(why, size,
			"mark two versions that came from runs, or go to one that is not "
			"the champion");
		return !compared(v, &runs);
	case BN_CMD_NEXT_PANE:
		snprintf(why, size, "no sheet beside the list on this screen; Enter opens it");
		return !v->is_split;
	case BN_CMD_APPROVE:
	case BN_CMD_REJECT:
		if (v->is_split && v->detail && r && r->item)
			return v->detail->cls->refuses(v->detail, id, why, size);
		if (!r)
			none_words(v, why, size);
		else
			bn_version_undecided(r->version, why, size);
		return !r || r->version->state != BN_MODEL_REQUESTED;
	default:
		return false;
	}
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	(void)id;
	bn_version_answer(view, &((models_view *)view)->asked, text);
}

/* Goes to the version that was registered here, once it is listed. */
static void made_select(models_view *v)
{
	char spec[BN_REF_BYTES];
	bn_grid *g = &v->list.grid;
	int64_t made = -1;
	for (size_t i = 0; v->made[0] && i < v->count && made < 0; i++) {
		if (!v->rows[i].version)
			continue;
		bn_version_ref(spec, v->rows[i].version);
		made = strcmp(spec, v->made) == 0 ? (int64_t)i : -1;
	}
	if (made < 0)
		return;
	v->made[0] = '\0';
	for (int64_t at = 0; at < bn_grid_count(g); at++)
		if (bn_grid_row(g, at) == made)
			bn_grid_select(g, at);
}

/* The rows point into the shown page. */
static void page(bn_view *view, bn_page *p)
{
	models_view *v = (models_view *)view;
	bool first = !v->list.page;
	if (p->kind == BN_KIND_ACTION && p->data && bn_str_starts(p->data, BN_REGISTERED))
		snprintf(v->made, sizeof v->made, "%s", (const char *)p->data + sizeof BN_REGISTERED - 1);
	if (bn_view_action_done(view, p))
		return;
	if (!p->data || rows_make(v, p->data)) {
		bn_page_free(p);
		return;
	}
	rules_make(v);
	bn_list_page(view, p);
	if (first || bn_grid_is_rule(&v->list.grid, v->list.grid.selected))
		bn_grid_command(&v->list.grid, BN_CMD_TOP, NULL);
	made_select(v);
}

static void refresh(bn_view *view)
{
	models_view *v = (models_view *)view;
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->models, NULL, 0);
	if (v->detail && v->is_split)
		v->detail->cls->refresh(v->detail);
}

static void cli(const bn_view *view, bn_buf *out)
{
	(void)view;
	bn_buf_adds(out, "binnacle model ls --json");
}

static void view_free(bn_view *view)
{
	models_view *v = (models_view *)view;
	bn_view_free(v->detail);
	bn_free(v->rows);
	bn_list_free(view);
}

static const bn_view_class models_class = {
	.name = "Models",
	.kind = BN_ON(MODELS),
	.refresh_ms = 5000,
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.answer = answer,
	.page = page,
	.refresh = refresh,
	.cli = cli,
	.words = bn_version_words,
	.table = bn_list_grid,
	.free = view_free,
};

int bn_view_models_new(bn_view **out, bn_frame *f, bn_err *err)
{
	models_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &models_class, f, &source, columns, COLUMNS, NULL, err);
	if (rc)
		return rc;
	v->list.grid.empty = "no models yet: :register MODEL RUN makes a run a version of one";
	*out = &v->list.view;
	return 0;
}
