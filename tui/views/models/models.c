/*
 * models.c - the registry: requests that wait come first, then every version with its state and
 * aliases. A approves and R rejects from here too, through the sheet's own rules.
 */
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/views/_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	COL_STATE,
	COL_MODEL,
	COL_ALIASES,
	COL_METRIC,
	COL_SIGNED,
	COL_AUTHOR,
	COL_AGE,
	COL_TRAINER,
	COL_DATA,
	COL_DIGEST,
	COLUMNS
};

static const bn_grid_column columns[COLUMNS] = {
	[COL_STATE] = {.title = "state", .form = BN_COLUMN_STATE, .falls = true, .min = 11},
	[COL_MODEL] = {.title = "model",
		.name = "version",
		.min = 10,
		.max = 36,
		.wish = 24,
		.flexible = true},
	[COL_ALIASES] = {.title = "alias", .name = "aliases", .min = 8, .max = 20, .priority = 1},
	[COL_METRIC] = {.title = "test", .min = 12, .max = 28, .priority = 2},
	[COL_SIGNED] = {.title = "signed",
		.name = "approvals",
		.form = BN_COLUMN_NUMBER,
		.falls = true,
		.min = 6,
		.priority = 3},
	[COL_AUTHOR] = {.title = "author", .min = 6, .max = 14, .priority = 3},
	[COL_AGE] = {.title = "changed",
		.name = "state_ms",
		.form = BN_COLUMN_AGE,
		.min = 8,
		.priority = 4},
	[COL_TRAINER] = {.title = "trainer", .min = 6, .max = 14, .priority = 5},
	[COL_DATA] = {.title = "data", .min = 6, .max = 20, .priority = 6},
	[COL_DIGEST] = {.title = "digest", .min = 8, .priority = 7},
};

static const bn_models *data_of(const void *ctx)
{
	return bn_list_data(ctx);
}

static const bn_version *version_at(const void *ctx, int64_t row)
{
	const bn_models *d = data_of(ctx);
	if (!d || row < 0)
		return NULL;
	size_t inbox = d->inbox ? d->inbox->count : 0, at = (size_t)row;
	if (at < inbox)
		return d->inbox->items[at].version;
	for (size_t i = 0, k = inbox; d->versions && i < d->versions->count; i++) {
		const bn_version *v = &d->versions->items[i];
		if (inbox && v->state == BN_MODEL_REQUESTED)
			continue; /* stands above */
		if (k++ == at)
			return v;
	}
	return NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_models *d = data_of(ctx);
	int64_t n = d && d->inbox ? (int64_t)d->inbox->count : 0;
	bool inbox = n > 0;
	for (size_t i = 0; d && d->versions && i < d->versions->count; i++)
		n += !inbox || d->versions->items[i].state != BN_MODEL_REQUESTED;
	return n;
}

static bn_state state_of(const bn_version *v)
{
	switch (v->state) {
	case BN_MODEL_APPROVED:
		return BN_STATE_OK;
	case BN_MODEL_REQUESTED:
		return BN_STATE_WAIT;
	case BN_MODEL_REJECTED:
		return BN_STATE_FAIL;
	case BN_MODEL_REGISTERED:
	case BN_MODEL_REMOVED:
		return BN_STATE_NONE;
	}
	return BN_STATE_NONE;
}

/* The usual summary of the task on the test part, else its first metric: "rmse 11.92". */
static void metric_cell(const bn_version *v, bn_grid_cell *out)
{
	static const char *const main_metrics[] = {"rmse", "roc_auc", "accuracy"};
	const json_t *test = json_object_get(v->metrics, "test");
	const char *key = NULL, *name;
	json_t *value;
	char number[BN_FORMAT_BYTES];
	for (size_t i = 0; !key && i < sizeof main_metrics / sizeof *main_metrics; i++)
		if (json_is_number(json_object_get(test, main_metrics[i])))
			key = main_metrics[i];
	json_object_foreach((json_t *)(uintptr_t)test, name, value)
	{
		if (!key && json_is_number(value))
			key = name;
	}
	if (!key)
		return;
	snprintf(out->buf, sizeof out->buf, "%.40s %s", key,
		bn_format_number(number, json_number_value(json_object_get(test, key))));
	out->text = out->buf;
}

static void aliases_cell(const bn_version *v, bn_grid_cell *out)
{
	size_t at = 0;
	for (size_t i = 0; i < v->n_aliases && at < sizeof out->buf - 1; i++) {
		int n = snprintf(
			out->buf + at, sizeof out->buf - at, "%s%s", i ? ", " : "", v->aliases[i]);
		at += n > 0 ? (size_t)n : 0;
	}
	if (v->n_aliases) {
		out->text = out->buf;
		out->ink = BN_INK_BEST;
	}
}

static void data_cell(const bn_version *v, bn_grid_cell *out)
{
	const json_t *first = json_array_get(v->data, 0);
	const char *name = json_string_value(json_object_get(first, "name"));
	if (!name)
		return;
	snprintf(out->buf, sizeof out->buf, "%.60s@v%lld", name,
		(long long)json_integer_value(json_object_get(first, "version")));
	out->text = out->buf;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_version *v = version_at(ctx, row);
	if (!v)
		return;
	switch (col) {
	case COL_STATE:
		bn_state_cell(out, state_of(v), bn_model_state_name(v->state));
		out->number = v->state;
		return;
	case COL_MODEL:
		snprintf(out->buf, sizeof out->buf, "%.70s/%lld", v->name, (long long)v->version);
		out->text = out->buf;
		return;
	case COL_ALIASES:
		aliases_cell(v, out);
		return;
	case COL_METRIC:
		metric_cell(v, out);
		return;
	case COL_SIGNED:
		if (v->approvals_needed > 0) {
			out->number = v->approvals;
			snprintf(out->buf, sizeof out->buf, "%d of %d", v->approvals,
				v->approvals_needed);
			out->text = out->buf;
		}
		return;
	case COL_AUTHOR:
		out->text = v->author;
		return;
	case COL_AGE:
		out->number = (double)(v->state_ms > 0 ? v->state_ms : v->registered_ms);
		return;
	case COL_TRAINER:
		out->text = v->trainer;
		return;
	case COL_DATA:
		data_cell(v, out);
		return;
	default:
		if (v->digest) {
			out->full = v->digest;
			snprintf(out->buf, sizeof out->buf, "%.8s", v->digest);
			out->text = out->buf;
			out->ink = BN_INK_DIM;
		}
		return;
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	const bn_version *v = version_at(ctx, row);
	uint64_t h = 1469598103934665603u; /* FNV-1a */
	for (const char *s = v ? v->name : ""; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h + (uint64_t)(v ? v->version : 0);
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

static void draw(bn_view *view, bn_area a, bool focused)
{
	const bn_models *d = data_of(view);
	if (d && d->inbox && d->inbox->count && a.rows > 6) {
		bn_area_textf(a, 0, 1, BN_INK_WARN, "%zu %s for approval", d->inbox->count,
			d->inbox->count == 1 ? "request waits" : "requests wait");
		bn_area_textf(a, 0, 32, BN_INK_DIM, "%zu that you may decide", d->inbox->for_me);
		a = bn_area_sub(a, 1, 0, a.rows - 1, a.cols);
	}
	bn_list_draw(view, a, focused);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_list *l = (bn_list *)view;
	const bn_version *v = version_at(l, bn_grid_selected_row(&l->grid));
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	char spec[BN_REF_BYTES];
	(void)arg;
	/* Deciding happens on the sheet, where the evidence is. */
	if ((id != BN_CMD_OPEN && id != BN_CMD_APPROVE && id != BN_CMD_REJECT) || !v)
		return false;
	snprintf(spec, sizeof spec, "%.120s/%lld", v->name, (long long)v->version);
	bn_view_open(view->frame, bn_view_model_new(&made, view->frame, spec, &err), &made, &err);
	if (id != BN_CMD_OPEN)
		bn_frame_message(view->frame, "read the evidence first; then %s again",
			id == BN_CMD_APPROVE ? "A" : "R");
	return true;
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	bn_list *l = (bn_list *)view;
	const bn_version *v = version_at(l, bn_grid_selected_row(&l->grid));
	if (id == BN_CMD_OPEN && !v) {
		snprintf(why, size, "no model yet: binnacle model register NAME RUN");
		return true;
	}
	if ((id != BN_CMD_APPROVE && id != BN_CMD_REJECT) || (v && v->state == BN_MODEL_REQUESTED))
		return false;
	snprintf(why, size, "only an open request can be decided%s%s", v ? "; this one is " : "",
		v ? bn_model_state_name(v->state) : "");
	return true;
}

static void refresh(bn_view *view)
{
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->models, NULL, 0);
}

static void cli(const bn_view *view, bn_buf *out)
{
	(void)view;
	bn_buf_adds(out, "binnacle model ls --json");
}

static const bn_view_class models_class = {
	.name = "Models",
	.kind = BN_ON(MODELS),
	.refresh_ms = 5000,
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = bn_list_page,
	.refresh = refresh,
	.cli = cli,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_models_new(bn_view **out, bn_frame *f, bn_err *err)
{
	bn_list *l = NULL;
	int rc = bn_list_new(&l, sizeof *l, &models_class, f, &source, columns, COLUMNS, NULL, err);
	if (rc)
		return rc;
	l->grid.empty = "no models yet: binnacle model register NAME RUN";
	*out = &l->view;
	return 0;
}
