/* cmd_run_chart.c - binnacle run chart: the metrics of runs as text, as JSON, or as an SVG file. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/track/chart_svg.h"
#include "core/track/charts.h"
#include "core/track/run.h"
#include "tui/cli/_cli.h"
#include "tui/cli/run_follow.h"
#include "tui/cli/store.h"
#include "tui/cli/verbs.h"
#include "tui/ui/chart_item.h"

#include <langinfo.h>
#include <math.h>
#include <string.h>

enum { METRICS_MOST = 64, TEXT_COLS = 100, TEXT_ROWS = 18, LEGEND_ROWS = 8, ACROSS = 2 };

typedef struct chart_wish {
	bn_charts_query query;
	bn_chart_look look;
	const char *metrics[METRICS_MOST];
} chart_wish;

static const bn_opt chart_options[] = {
	{"metric", 'm', "NAME", "a metric, or a group of them (system/gpu*/power); may be repeated"},
	{"match", 0, "WORDS", "every metric whose name contains these words"},
	{"x", 'x', "AXIS", "step, relative (seconds since the start), time, or epoch"},
	{"from", 0, "X", "begin of the visible part of the axis"},
	{"to", 0, "X", "its end"},
	{"log", 0, NULL, "logarithmic values"},
	{"smooth", 0, "WEIGHT", "moving average: the weight of the past, 0 to 0.999; the raw line stays behind"},
	{"out", 'o', "FILE", "write an SVG picture"},
	{"force", 0, NULL, "replace an existing file"},
	{"ascii", 0, NULL, "plain ASCII, even in a UTF-8 locale"},
	{0},
};

static int wish_read(bn_cli *cli, chart_wish *w, bn_err *err)
{
	const char *axis = bn_cli_opt(cli, "x"), *name;
	int rc;
	*w = (chart_wish){.look = {.selected = -1, .utc = bn_cli_utc(cli), .log_y = bn_cli_flag(cli, "log")}};
	if (axis && (rc = bn_run_axis_find(&w->look.axis, axis, err)) < 0)
		return rc;
	double from = NAN, to = NAN;
	if ((rc = bn_cli_opt_num(cli, "smooth", 0, 0.999, &w->look.smoothing, err)) < 0 ||
		(rc = bn_cli_opt_num(cli, "from", -1e18, 1e18, &from, err)) < 0 ||
		(rc = bn_cli_opt_num(cli, "to", -1e18, 1e18, &to, err)) < 0)
		return rc;
	if (isnan(from) != isnan(to))
		return bn_err_set(err, BN_EINVAL, "--from and --to belong together");
	if (from >= to)
		return bn_err_set(err, BN_EINVAL, "--from %g is not below --to %g", from, to);
	if (!isnan(from)) {
		w->look.from = from;
		w->look.to = to;
	}
	for (size_t i = 0; (name = bn_cli_opt_nth(cli, "metric", i)); i++) {
		if (i == METRICS_MOST)
			return bn_err_set(err, BN_EINVAL, "at most %d times --metric", METRICS_MOST);
		w->metrics[w->query.metric_count++] = name;
	}
	if (w->query.metric_count && bn_cli_opt(cli, "match"))
		return bn_err_set(err, BN_EINVAL, "either --metric or --match");
	w->query.metrics = w->metrics;
	w->query.words = bn_cli_opt(cli, "match");
	w->query.axis = w->look.axis;
	w->query.from = w->look.from;
	w->query.to = w->look.to;
	return 0;
}

/* Without --metric and --match: the main metric of the first run that has one. */
static int main_metric(char **out, bn_workspace *ws, const chart_wish *w, bn_err *err)
{
	int rc = 0;
	*out = NULL;
	for (size_t i = 0; i < w->query.run_count && !*out && rc >= 0; i++) {
		bn_series_list list = BN_SERIES_LIST_INIT;
		const bn_series_info *s;
		if ((rc = bn_series_find_all(&list, ws, w->query.ids[i], err)) >= 0 &&
			(s = bn_series_main(&list)) && !(*out = bn_strdup(s->key)))
			rc = bn_err_nomem(err, "a chart");
		bn_series_list_release(&list);
	}
	if (rc >= 0 && !*out) {
		bn_err_set(err, BN_ENOTFOUND, "%s logged no metric",
			w->query.run_count == 1 ? "the run" : "the runs");
		return BN_ENOTFOUND;
	}
	return rc;
}

/* ---- JSON --------------------------------------------------------------------------------------- */

static json_t *numbers_json(const double *x, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, isnan(x[i]) ? json_null() : bn_json_number(x[i]));
	return list;
}

static json_t *series_json(const bn_charts *c, const bn_charts_series *s)
{
	json_t *o = json_pack("{ss ss ss* sI sI so so}", "run", c->ids[s->run], "metric", s->key, "row",
		s->label, "points", (json_int_t)s->curve.points, "gaps", (json_int_t)s->curve.gaps, "x",
		numbers_json(s->curve.x, s->curve.n), "y", numbers_json(s->curve.y, s->curve.n));
	if (s->curve.mean_y)
		json_object_set_new(o, "mean", numbers_json(s->curve.mean_y, s->curve.mean_n));
	return o;
}

static json_t *charts_json(const bn_charts *c, const chart_wish *w)
{
	static const char *const kinds[] = {"lines", "rows", "histogram"};
	json_t *runs = json_array(), *items = json_array();
	for (size_t i = 0; i < c->run_count; i++)
		json_array_append_new(runs, json_pack("{ss ss si}", "id", c->ids[i], "name", c->names[i],
						    "style", c->styles[i]));
	for (size_t i = 0; i < c->count; i++) {
		const bn_charts_item *item = &c->items[i];
		json_t *series = json_array();
		for (size_t k = 0; k < item->count; k++)
			json_array_append_new(series, series_json(c, &item->series[k]));
		json_array_append_new(items, json_pack("{ss ss so}", "title", item->title, "kind",
						     kinds[item->kind], "series", series));
	}
	return json_pack("{ss so so}", "axis", bn_run_axis_name(w->look.axis), "runs", runs, "charts", items);
}

/* ---- text --------------------------------------------------------------------------------------- */

static bn_alphabet alphabet_of(const bn_cli *cli)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	return utf8 && !bn_cli_flag(cli, "ascii") ? BN_ALPHABET_BRAILLE : BN_ALPHABET_ASCII;
}

/* The rows of a surface, without blanks at their ends and blank rows below. */
static void surface_print(bn_cli *cli, const bn_surface *s, int rows)
{
	for (int r = 0; r < rows; r++) {
		bn_buf line = BN_BUF_INIT;
		int end = s->cols;
		const bn_surface_cell *cells = s->cells + (size_t)r * (size_t)s->cols;
		while (end > 0 && (cells[end - 1].cp == ' ' || cells[end - 1].cp == 0) &&
			cells[end - 1].width != 0)
			end--;
		for (int i = 0; i < end; i++) {
			uint32_t all[3] = {cells[i].cp, cells[i].mark[0], cells[i].mark[1]};
			char bytes[4];
			for (int k = 0; k < 3; k++)
				if (all[k])
					bn_buf_add(&line, bytes, bn_utf8_encode(all[k], bytes));
		}
		bn_cli_print(cli, "%s\n", line.len ? line.ptr : "");
		bn_buf_release(&line);
	}
}

static int text_print(bn_cli *cli, const bn_charts *c, const chart_wish *w, bn_err *err)
{
	size_t known = bn_stream_columns(&cli->out);
	int cols = known >= 40 ? (int)known : TEXT_COLS;
	bn_surface *s = NULL;
	int rc = bn_surface_new(&s, TEXT_ROWS, cols, alphabet_of(cli), err);
	if (rc < 0)
		return rc;
	bn_area a = bn_area_all(s);
	for (size_t i = 0; i < c->count; i++) {
		const bn_charts_item *item = &c->items[i];
		int rows = item->kind == BN_CHART_LINES ? TEXT_ROWS : (int)item->count + 1;
		if ((rc = bn_surface_resize(s, rows, cols, err)) < 0)
			goto out;
		bn_chart_item_draw(bn_area_all(s), c, item, &w->look);
		surface_print(cli, s, rows);
	}
	if ((rc = bn_surface_resize(s, LEGEND_ROWS, cols, err)) < 0)
		goto out;
	a = bn_area_all(s);
	surface_print(cli, s, bn_chart_legend_draw(a, c, -1));
out:
	bn_surface_free(s);
	return rc;
}

/* ---- a picture ---------------------------------------------------------------------------------- */

static int target_check(const bn_cli *cli, const char *path, bn_err *err)
{
	bn_path_kind kind;
	int rc = 0;
	if (!bn_str_ends(path, ".svg"))
		rc = bn_err_set(err, BN_EINVAL, "--out '%.200s' does not end with .svg, the one form of pictures", path);
	if (rc < 0 || (rc = bn_fs_look(&kind, bn_cli_env(cli), path, err)) < 0 || kind == BN_PATH_ABSENT ||
		bn_cli_flag(cli, "force"))
		return rc;
	bn_err_set(err, BN_ECONFLICT, "'%.200s' exists", path);
	bn_err_hint(err, "--force replaces it");
	return BN_ECONFLICT;
}

static int picture_write(bn_cli *cli, const bn_charts *c, const chart_wish *w, const char *path, bn_err *err)
{
	bn_buf out = BN_BUF_INIT;
	int rc;
	if ((rc = bn_charts_add_svg(&out, c, &w->query, w->look.log_y, w->look.smoothing,
		     ACROSS, false, err)) < 0 ||
		(rc = bn_fs_write_file(bn_cli_env(cli), path, out.ptr, out.len, 0644, err)) < 0)
		goto out;
	bn_cli_say(cli, "wrote %s", path);
out:
	bn_buf_release(&out);
	return rc;
}

static int run_chart(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	chart_wish w;
	bn_charts *c = NULL;
	char *metric = NULL;
	const char *path = bn_cli_opt(cli, "out");
	size_t n = (size_t)bn_cli_nargs(cli);
	char(*ids)[BN_RUN_ID_TEXT] = bn_alloc_zeroed(n, sizeof *ids);
	const char **list = bn_alloc_zeroed(n, sizeof *list);
	int rc = ids && list ? wish_read(cli, &w, err) : bn_err_nomem(err, "charts");
	if (rc < 0 || (path && (rc = target_check(cli, path, err)) < 0))
		goto out;
	if ((rc = bn_cli_open_runs(cli, &ws, NULL, NULL, err)) < 0)
		goto out;
	for (size_t i = 0; i < n; i++) {
		if ((rc = bn_cli_find_run(cli, ws, bn_cli_arg(cli, (int)i), ids[i], err)) < 0)
			goto out;
		list[i] = ids[i];
	}
	w.query.ids = list;
	w.query.run_count = n;
	if (!w.query.metric_count && !w.query.words) {
		if ((rc = main_metric(&metric, ws, &w, err)) < 0)
			goto out;
		w.metrics[0] = metric;
		w.query.metric_count = 1;
	}
	if ((rc = bn_charts_read(&c, ws, &w.query, err)) < 0)
		goto out;
	if (!c->count) {
		rc = bn_err_set(err, BN_ENOTFOUND, "no metric with a curve has a name that contains '%.100s'",
			w.query.words);
		goto out;
	}
	if (path)
		rc = picture_write(cli, c, &w, path, err);
	else if (bn_cli_is_text(cli))
		rc = text_print(cli, c, &w, err);
	if (rc >= 0 && !bn_cli_is_text(cli))
		rc = bn_cli_document(cli, charts_json(c, &w), err);
out:
	bn_charts_free(c);
	bn_free(metric);
	bn_free(list);
	bn_free(ids);
	return rc;
}

const bn_verb bn_verbs_run_chart[] = {
	{"run", "chart", "RUN...", 1, -1, "metrics of runs as charts: text, SVG or numbers",
		"Without --metric and --match: the metric with the most points.\n"
		"Of a series of more than 2000 points the least and the largest value of each of 1000 parts\n"
		"are drawn, so that no peak is lost; values that are not numbers are gaps, and counted.\n"
		"--json gives the points that are drawn.",
		{"binnacle run chart 7f3a 81bc --metric val_loss --smooth 0.9",
			"binnacle run chart 7f3a --match loss --log --out loss.svg"},
		chart_options, BN_VERB_REMOTE | BN_VERB_REMOTE_READS | BN_VERB_REMOTE_POINTS,
		run_chart},
	{0},
};
