/* cmd_evidence.c - binnacle model check: evidence about a version, without a decision. See evidence.h. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/registry/evidence.h"
#include "core/registry/recompute.h"
#include "core/registry/registry.h"
#include "tui/cli/evidence.h"
#include "tui/cli/verbs.h"

#include <math.h>
#include <string.h>

/* ---- measuring ----------------------------------------------------------------------------------- */

static bool show_measuring(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, what, done, total, "");
	return !bn_cli_interrupted();
}

/* "measured and signed: test rmse of power/3 on jobs@v3 is 11.9 (reported 11.9; 1500 rows)". */
static void say_measured(bn_cli *cli, const bn_recomputed *x)
{
	char value[BN_FMT], reported[BN_FMT];
	bn_fmt_sig(x->value, 6, value);
	bn_fmt_sig(x->reported, 6, reported);
	if (x->problem)
		bn_cli_say(cli, "not measured: %s %s of %s: %s", x->part, x->metric, x->spec,
			x->problem);
	else
		bn_cli_say(cli, "%s: %s %s of %s on %s is %s (reported %s; %lld rows)",
			x->is_new ? "measured and signed" : "measured, same as already signed",
			x->part, x->metric, x->spec, x->dataset, value,
			isnan(x->reported) ? "nothing" : reported, (long long)x->rows);
}

static int measure(
	bn_recomputed_list **out, bn_cli *cli, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_progress progress = {show_measuring, cli};
	int rc = bn_version_recompute(out, ws, spec, &progress, err);
	bn_cli_progress_end(cli);
	for (size_t i = 0; rc >= 0 && i < (*out)->count; i++)
		say_measured(cli, &(*out)->items[i]);
	return rc;
}

int bn_cli_recompute(bn_cli *cli, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_recomputed_list *l = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = measure(&l, cli, ws, spec, &why);
	bn_recomputed_list_free(l);
	if (rc >= 0 || rc == BN_EREFUSED)
		return 0;
	return bn_err_move(err, &why);
}

/* ---- existing evidence
 * -------------------------------------------------------------------------------- */

static json_t *text_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

/* "test rmse", or the name of the check. */
static json_t *subject_json(const bn_evidence *x)
{
	char *text = x->metric ? bn_strf("%s %s", x->part ? x->part : "", x->metric)
			       : bn_strdup(x->check);
	json_t *subject = text_or_null(text);
	bn_free(text);
	return subject;
}

static json_t *evidence_json(const bn_evidence *x)
{
	return json_pack(
		"{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}",
		"id", x->id, "user", x->user, "counts", (int)x->counts, "subject", subject_json(x),
		"metric", text_or_null(x->metric), "part", text_or_null(x->part), "value",
		bn_json_real_or_null(x->value), "rows", (json_int_t)x->rows, "dataset",
		text_or_null(x->dataset), "dataset_digest", text_or_null(x->dataset_digest),
		"check", text_or_null(x->check), "verdict", text_or_null(x->verdict), "detail",
		text_or_null(x->detail), "how", text_or_null(x->how), "tool", text_or_null(x->tool),
		"time_ms", (json_int_t)x->time_ms);
}

int bn_cli_evidence_json(json_t **out, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_evidence_list *l = NULL;
	json_t *items = json_array();
	int rc = items ? bn_evidence_read(&l, ws, spec, err) : bn_err_nomem(err, "evidence");
	for (size_t i = 0; rc >= 0 && i < l->count; i++)
		if (json_array_append_new(items, evidence_json(&l->items[i])) < 0)
			rc = bn_err_nomem(err, "evidence");
	bn_evidence_list_free(l);
	if (rc < 0)
		json_decref(items);
	else
		*out = items;
	return rc;
}

void bn_cli_print_evidence(bn_cli *cli, const json_t *evidence)
{
	size_t i;
	json_t *x;
	char number[BN_FMT];
	if (json_array_size(evidence))
		bn_cli_print_in(cli, "bold", "\nEvidence\n");
	json_array_foreach((json_t *)(uintptr_t)evidence, i, x)
	{
		const char *verdict = bn_json_str(x, "verdict", NULL);
		const char *dataset = bn_json_str(x, "dataset", NULL);
		bn_fmt_sig(bn_json_num(x, "value", NAN), 6, number);
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, bn_json_str(x, "subject", ""), 16);
		bn_cli_print(cli, " %s%s%s, %s by %s%s\n", verdict ? verdict : number,
			dataset ? " on " : "", dataset ? dataset : "",
			bn_json_str(x, "how", "attested"), bn_json_str(x, "user", ""),
			bn_json_bool(x, "counts", false) ? "" : " (counts as reported)");
	}
}

/* ---- model check ----------------------------------------------------------------------------------- */

/* The current verdicts of the gates, or that there are none. */
static int gates_judge(bn_cli *cli, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_inbox_item *sheet = NULL;
	int rc = bn_inbox_item_read(&sheet, ws, spec, err);
	if (rc < 0)
		return rc;
	const bn_gate_report *r = sheet->gates;
	if (r && r->failed)
		rc = bn_err_set(
			err, BN_EFAILED, "%zu of %zu gates of %s fail", r->failed, r->count, spec);
	else if (!r || !r->count)
		bn_cli_warn(cli, "the policy has no gates: nothing to check for %s", spec);
	else if (r->inconclusive)
		rc = bn_err_set(err, BN_EINCONCLUSIVE, "%zu of %zu gates of %s are inconclusive",
			r->inconclusive, r->count, spec);
	bn_inbox_item_free(sheet);
	return rc;
}

static int run_check(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"subject", "WHAT", BN_AS_TEXT},
		{"value", "VALUE", BN_AS_NUM}, {"verdict", "VERDICT", BN_AS_TEXT},
		{"rows", "ROWS", BN_AS_INT}, {"dataset", "DATA", BN_AS_TEXT},
		{"user", "BY", BN_AS_TEXT}, {"counts", "COUNTS", BN_AS_BOOL},
		{"how", "HOW", BN_AS_TEXT}, {"time_ms", "WHEN", BN_AS_TIME_MS}, {0}};
	bn_workspace *ws = NULL;
	bn_recomputed_list *l = NULL;
	json_t *items = NULL;
	const char *spec = bn_cli_arg(cli, 0);
	int rc = bn_cli_workspace(cli, &ws, err);
	if (rc < 0)
		return rc;
	if (!bn_cli_dry_run(cli))
		rc = measure(&l, cli, ws, spec, err);
	bn_recomputed_list_free(l);
	if (rc < 0 || (rc = bn_cli_evidence_json(&items, ws, spec, err)) < 0 ||
		(rc = bn_cli_list(cli, items, cols, "there is no evidence about it", err)) < 0)
		return rc;
	return gates_judge(cli, ws, spec, err);
}

const bn_verb bn_verbs_evidence[] = {
	{"model", "check", "MODEL", 1, 1,
		"measure what the policy's gates need, and sign it as evidence",
		"On the registered bytes and the data of its run, or the version that a gate "
		"names, as approve does, but without a decision; then shows all evidence (with "
		"--dry-run only that). Needs a workspace with a chain of authority, and a user who "
		"is neither author nor registrar. Exit status 1 if a gate fails, 7 if evidence is "
		"missing.",
		{"binnacle model check power/3", "binnacle model check power/3 --dry-run --json",
			NULL},
		NULL, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_check},
	{0},
};
