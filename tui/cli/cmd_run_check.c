/* cmd_run_check.c - binnacle run compare, binnacle run reproduce. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/id.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/launch/reproduce.h"
#include "core/registry/registry.h"
#include "core/track/compare.h"
#include "core/track/query.h"
#include "core/track/reconcile.h"
#include "core/track/run.h"
#include "core/track/run_code.h"
#include "tui/cli/verbs.h"

#include <math.h>
#include <string.h>

static int open_runs(bn_cli *cli, bn_workspace **ws, bn_err *err)
{
	int rc = bn_cli_workspace(cli, ws, err);
	if (rc < 0 || (rc = bn_workspace_refresh(*ws, NULL, err)) < 0)
		return rc;
	return bn_run_reconcile(*ws, NULL, err);
}

/* of a text in a column, and of what is shown before that in which texts differ */
enum { CELL_COLUMNS = 30, CELL_BEFORE = 12 };

/* ---- compare -------------------------------------------------------------------------------- */

static const bn_opt compare_options[] = {
	{"all", 'a', NULL, "include equal values"},
	{"baseline", 'b', "RUN", "run that the others are compared with; default: the first"},
	{"code", 0, NULL, "of two runs: what differs in their code, files and patch"},
	{0},
};

/* "+0.00012": comparisons must show small differences of small numbers. */
static const char *signed_text(double x, char buf[BN_FMT])
{
	char text[BN_FMT];
	if (fabs(x) < 0.1)
		snprintf(buf, BN_FMT, "%+.3g", x);
	else
		snprintf(buf, BN_FMT, "%s%.24s", x > 0 ? "+" : "", bn_fmt_sig(x, 3, text));
	return buf;
}

static int head_of(const char *text, size_t columns)
{
	return (int)bn_utf8_head(text, strlen(text), columns);
}

/* Bytes that both begin with, where two texts that differ would be cut to the same one; else 0. */
static size_t hidden_by_cut(const char *a, const char *b)
{
	size_t n = 0;
	if (!a || !b || strcmp(a, b) == 0)
		return 0;
	while (a[n] == b[n])
		n++;
	return n >= (size_t)head_of(a, CELL_COLUMNS) || n >= (size_t)head_of(b, CELL_COLUMNS) ? n
											      : 0;
}

/* How many bytes of a row's texts are left out before what tells them apart. */
static size_t left_out(const bn_compare_row *row, size_t runs)
{
	size_t most = 0;
	for (size_t i = 0; i < runs; i++)
		for (size_t k = 0; k < i; k++) {
			size_t n = hidden_by_cut(row->cells[i].text, row->cells[k].text);
			most = n > most ? n : most;
		}
	return most > CELL_BEFORE ? most - CELL_BEFORE : 0;
}

/* "...AND x > 2" */
static void tail_text(char *out, size_t size, const char *text, size_t from)
{
	size_t n = strlen(text);
	from = n < from ? n : from;
	while (from < n && ((unsigned char)text[from] & 0xc0) == 0x80)
		from++;
	snprintf(out, size, "...%.*s", head_of(text + from, CELL_COLUMNS - 3), text + from);
}

/* "11.92 (-1.2, -9.2 %)" */
static void cell_text(char *out, size_t size, const bn_compare_row *row, const bn_compare_cell *c,
	bool is_base, size_t from)
{
	char delta[BN_FMT], percent[BN_FMT];
	if (!c->text)
		snprintf(out, size, "-");
	else if (strlen(c->text) == BN_SHA256_HEX && bn_is_hex(c->text))
		snprintf(out, size, "%.12s", c->text);
	else if (from)
		tail_text(out, size, c->text, from);
	else if (is_base || isnan(c->delta) || c->delta == 0 || row->group > BN_COMPARE_METRIC)
		snprintf(out, size, "%.*s", head_of(c->text, CELL_COLUMNS), c->text);
	else if (isnan(c->percent))
		snprintf(out, size, "%.*s (%s)", head_of(c->text, 40), c->text,
			signed_text(c->delta, delta));
	else
		snprintf(out, size, "%.*s (%s, %s %%)", head_of(c->text, 40), c->text,
			signed_text(c->delta, delta), signed_text(c->percent, percent));
}

static void print_comparison(bn_cli *cli, const bn_comparison *c, bool all)
{
	size_t key_width = 12, hidden = 0;
	int group = -1;
	char text[160];
	for (size_t i = 0; i < c->count; i++)
		if ((all || c->rows[i].differs) && bn_utf8_width(c->rows[i].key) > key_width)
			key_width = bn_utf8_width(c->rows[i].key);
	bn_cli_print(cli, "%-*s", (int)key_width + 4, "");
	for (size_t r = 0; r < c->runs; r++) {
		snprintf(text, sizeof text, "%.8s %.*s%s", c->ids[r], head_of(c->names[r], 20),
			c->names[r], r == c->baseline ? " *" : "");
		bn_cli_print_field(cli, "bold", text, 32);
	}
	bn_cli_print(cli, "\n");
	for (size_t i = 0; i < c->count; i++) {
		const bn_compare_row *row = &c->rows[i];
		hidden += !row->differs;
		if (!all && !row->differs)
			continue;
		if ((int)row->group != group)
			bn_cli_print_in(cli, "bold", "%s\n", bn_compare_group_name(row->group));
		group = (int)row->group;
		size_t from = left_out(row, c->runs);
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, row->key, (int)key_width + 2);
		for (size_t r = 0; r < c->runs; r++) {
			cell_text(text, sizeof text, row, &row->cells[r], r == c->baseline, from);
			bn_cli_print_field(cli, NULL, text, 32);
		}
		bn_cli_print(cli, "\n");
	}
	bn_cli_print(cli, "\n* baseline");
	if (!all)
		bn_cli_print(cli, "; %zu equal rows: --all shows them", hidden);
	bn_cli_print(cli, "\n");
}

static int compare_ids(
	bn_cli *cli, bn_workspace *ws, char (*ids)[BN_RUN_ID_TEXT], size_t *base, bn_err *err)
{
	const char *baseline = bn_cli_opt(cli, "baseline");
	char id[BN_RUN_ID_TEXT];
	int rc = 0, n = bn_cli_nargs(cli);
	for (int i = 0; i < n && rc == 0; i++)
		rc = bn_run_resolve(ws, bn_cli_arg(cli, i), ids[i], err);
	*base = 0;
	if (rc != 0 || !baseline || (rc = bn_run_resolve(ws, baseline, id, err)) != 0)
		return rc;
	for (int i = 0; i < n; i++)
		if (!strcmp(ids[i], id)) {
			*base = (size_t)i;
			return 0;
		}
	return bn_err_set(err, BN_EINVAL, "--baseline '%s' is none of the runs given", baseline);
}

/* The differences of commits and uncommitted changes from the baseline to the other run. */
static int show_code(bn_cli *cli, bn_workspace *ws, const char *a, const char *b, bn_err *err)
{
	bn_code_diff diff = {.patch = BN_BUF_INIT};
	bn_buf text = BN_BUF_INIT;
	const bn_progress watch = bn_cli_watch(cli);
	json_t *o = NULL;
	int rc;
	if ((rc = bn_run_code_diff(&diff, ws, a, b, &watch, err)) < 0)
		goto out;
	bn_cli_progress_end(cli);
	if (!bn_cli_is_text(cli)) {
		if ((rc = bn_run_code_diff_to_json(&o, &diff, a, b, err)) >= 0)
			rc = bn_cli_document(cli, o, err);
		goto out;
	}
	bn_code_diff_text(&text, &diff);
	if ((rc = bn_buf_check(&text, err, "a diff of code")) >= 0)
		bn_cli_write_data(cli, text.ptr, text.len);
out:
	bn_buf_release(&text);
	bn_code_diff_release(&diff);
	return rc;
}

static int run_compare(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	bn_comparison *c = NULL;
	json_t *o = NULL;
	size_t base = 0, n = (size_t)bn_cli_nargs(cli);
	bool all = bn_cli_flag(cli, "all");
	char(*ids)[BN_RUN_ID_TEXT] = bn_alloc_zeroed(n, sizeof *ids);
	const char **list = bn_alloc_zeroed(n, sizeof *list);
	int rc = ids && list ? open_runs(cli, &ws, err) : bn_err_nomem(err, "a comparison");
	if (rc < 0)
		goto out;
	if ((rc = compare_ids(cli, ws, ids, &base, err)) < 0)
		goto out;
	if (bn_cli_flag(cli, "code") && n != 2) {
		rc = bn_err_set(err, BN_EINVAL, "--code compares two runs, not %zu", n);
		goto out;
	}
	if (bn_cli_flag(cli, "code")) {
		rc = show_code(cli, ws, ids[base], ids[1 - base], err);
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		list[i] = ids[i];
	if ((rc = bn_compare_runs(&c, ws, list, n, base, err)) < 0)
		goto out;
	if (bn_cli_is_text(cli)) {
		print_comparison(cli, c, all);
		goto out;
	}
	if ((rc = bn_comparison_to_json(&o, c, !all, err)) < 0)
		goto out;
	rc = bn_cli_document(cli, o, err);
out:
	bn_comparison_free(c);
	bn_free(list);
	bn_free(ids);
	return rc;
}

/* ---- reproduce ------------------------------------------------------------------------------ */

static const bn_opt reproduce_options[] = {
	{"threads", 0, "N", "number of threads; default: as in the spec"},
	{"attest", 0, NULL, "record the outcome as gate evidence of the models made by this run"},
	{0},
};

static void show_line(void *user, const char *line)
{
	bn_cli_say(user, "%s", line);
}

static bool is_cancelled(void *user)
{
	(void)user;
	return bn_cli_interrupted();
}

static json_t *reproduction_json(const bn_run_info *r, const bn_reproduction *p)
{
	json_t *o = json_pack("{ss ss sb ss ss sI}", "run", r->id, "result",
		p->identical ? "bit-identical" : "different", "identical", p->identical, "digest",
		p->digest, "original", p->original, "duration_ns", (json_int_t)p->duration_ns);
	json_object_set_new(o, "threads", p->threads > 0 ? json_integer(p->threads) : json_null());
	json_object_set_new(
		o, "difference", p->identical ? json_null() : json_string(p->difference));
	json_object_set_new(
		o, "code_changed", r->code_changed ? json_string(r->code_changed) : json_null());
	json_object_set_new(o, "why", p->identical ? json_null() : json_string(p->why));
	return o;
}

static int show_reproduction(
	bn_cli *cli, const bn_run_info *r, const bn_reproduction *p, bn_err *err)
{
	char time[BN_FMT];
	int rc = 0;
	if (!bn_cli_is_text(cli)) {
		rc = bn_cli_document(cli, reproduction_json(r, p), err);
	} else if (p->identical) {
		bn_cli_print(cli, "bit-identical  %.8s %s  model %.12s  %s\n", r->id, r->name,
			p->digest, bn_fmt_duration(p->duration_ns, time));
	} else {
		bn_cli_print(cli, "different  %.8s %s\n  %s\n  why: %s\n", r->id, r->name,
			p->difference, p->why);
	}
	return rc != 0 || p->identical
		       ? rc
		       : bn_err_set(err, BN_EFAILED, "run %.8s was not reproduced", r->id);
}

static int attest_version(bn_cli *cli, bn_workspace *ws, const bn_version *v,
	const bn_reproduction *p, const char *detail, bn_err *err)
{
	char name[200];
	snprintf(name, sizeof name, "%s/%lld", v->name, (long long)v->version);
	int rc = bn_version_attest(ws, name, "reproducible",
		p->identical ? BN_VERDICT_PASS : BN_VERDICT_FAIL, detail, err);
	if (rc >= 0)
		bn_cli_say(cli, "attested: %s is %sreproducible", name, p->identical ? "" : "not ");
	return rc;
}

/* The outcome as evidence for gates with check "reproducible", on every version of this run. */
static int attest_reproduction(
	bn_cli *cli, bn_workspace *ws, const bn_run_info *r, const bn_reproduction *p, bn_err *err)
{
	bn_version_page *versions = NULL;
	char detail[256];
	size_t found = 0;
	int rc = bn_version_list(&versions, ws, NULL, false, err);
	if (rc < 0)
		return rc;
	snprintf(detail, sizeof detail, p->identical ? "bit-identical, model %.12s" : "%.240s",
		p->identical ? p->digest : p->difference);
	for (size_t i = 0; i < versions->count; i++) {
		const bn_version *v = &versions->items[i];
		if (!v->run_id || strcmp(v->run_id, r->id) != 0)
			continue;
		if ((rc = attest_version(cli, ws, v, p, detail, err)) < 0)
			goto out;
		found++;
	}
	if (found == 0)
		bn_cli_warn(cli, "no model was registered from run %.8s: nothing to attest", r->id);
out:
	bn_version_page_free(versions);
	return rc;
}

static int check_reproducible(const bn_run_info *r, bn_err *err)
{
	if (r->spec_hash && r->model_digest)
		return 0;
	bn_err_set(err, BN_EUNSUPPORTED, "run %.8s stored no model of a trainer", r->id);
	bn_err_hint(err,
		"its status is %s; only a trainer's finished run can be "
		"reproduced bit for bit",
		bn_run_status_name(r->status));
	return BN_EUNSUPPORTED;
}

static int run_reproduce(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	bn_run_info *r = NULL;
	bn_reproduction p;
	bn_fit_hooks hooks = {.user = cli, .log = show_line, .is_cancelled = is_cancelled};
	char id[BN_RUN_ID_TEXT], uuid[BN_UUID_TEXT], *dir = NULL;
	int64_t threads = 0;
	int rc = bn_cli_opt_int(cli, "threads", 1, 4096, &threads, err);
	if (rc < 0 || (rc = open_runs(cli, &ws, err)) < 0)
		return rc;
	if ((rc = bn_run_resolve(ws, bn_cli_arg(cli, 0), id, err)) < 0)
		return rc;
	if ((rc = bn_run_get(&r, ws, id, err)) < 0)
		return rc;
	if ((rc = bn_cli_need_trust_of(cli, r->uid, err)) < 0)
		goto out;
	if (r->code_changed)
		bn_cli_warn(cli, "run %.8s did not start with the code that its spec names: %s",
			r->id, r->code_changed);
	if ((rc = check_reproducible(r, err)) < 0)
		goto out;
	if ((rc = bn_uuid_new(bn_cli_env(cli), uuid, err)) < 0)
		goto out;
	if (!(dir = bn_workspace_path(ws, "tmp/original-%s", uuid))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if ((rc = bn_run_export(ws, id, "model", dir, err)) < 0)
		goto out;
	if ((rc = bn_reproduce(&p, ws, r->spec_hash, dir, (int)threads, &hooks, err)) < 0)
		goto out;
	if (bn_cli_flag(cli, "attest") && (rc = attest_reproduction(cli, ws, r, &p, err)) < 0)
		goto out;
	rc = show_reproduction(cli, r, &p, err);
out:
	if (dir)
		bn_fs_remove_tree(bn_cli_env(cli), dir, NULL);
	bn_free(dir);
	bn_run_info_free(r);
	return rc;
}

const bn_verb bn_verbs_run_check[] = {
	{"run", "compare", "RUN RUN...", 1, -1, "differences between runs",
		"Metrics with a known direction show their best value, others their last.\n"
		"--code compares the commits with the uncommitted changes that each run started "
		"with;\n"
		"it needs the repository, and writes nothing into it.",
		{"binnacle run compare 7f3a 81bc", "binnacle run compare 7f3a 81bc --code",
			"binnacle run compare 7f3a 81bc c0de --baseline 81bc --all"},
		compare_options, 0, run_compare},
	{"run", "reproduce", "RUN", 1, 1, "train again from the spec, and compare every byte",
		"Prints bit-identical, or the first difference and what has changed (exit status "
		"1).",
		{"binnacle run reproduce latest",
			"binnacle run reproduce 7f3a --threads 4 --attest"},
		reproduce_options, 0, run_reproduce},
	{0},
};
