/* cmd_govern.c - binnacle policy and audit, and permissions of roles. (Users: cmd_people.c.) */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/left_out.h"
#include "core/data/dataset.h"
#include "core/govern/audit.h"
#include "core/govern/people.h"
#include "core/govern/rights.h"
#include "core/registry/registry.h"
#include "core/share/missing.h"
#include "tui/cli/model_json.h"
#include "tui/cli/people.h"
#include "tui/cli/proof_json.h"
#include "tui/cli/verbs.h"

#include <stdio.h>
#include <string.h>

/* ---- roles ---------------------------------------------------------------------------------- */

/* What each role may do under the present policy. */
static int run_role_ls(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"role", "ROLE", BN_AS_TEXT}, {"may", "MAY", BN_AS_TEXT},
		{"default", "EVERYBODY'S", BN_AS_BOOL}, {0}};
	bn_workspace *ws = NULL;
	bn_policy *p = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_workspace_refresh(ws, NULL, err);
	if (!rc)
		rc = bn_rights_policy(&p, ws, bn_workspace_index(ws), err);
	if (rc)
		return rc;
	json_t *items = json_array();
	for (int r = 0; r < BN_ROLES; r++) {
		bn_buf may = BN_BUF_INIT;
		bn_buf_adds(&may, "read");
		for (int a = 0; a < BN_ACTS; a++)
			if (p->allow[a] & (1u << r))
				bn_buf_addf(&may, ", %s", bn_act_name((bn_act)a));
		json_array_append_new(
			items, json_pack("{s:s, s:s, s:b}", "role", bn_role_name((bn_role)r), "may",
				       may.ptr, "default", (int)((int)p->default_role == r)));
		bn_buf_release(&may);
	}
	bn_policy_free(p);
	return bn_cli_list(cli, items, cols, NULL, err);
}

/* ---- policy --------------------------------------------------------------------------------- */

static int run_policy_show(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_policy *p = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_workspace_refresh(ws, NULL, err);
	if (!rc)
		rc = bn_rights_policy(&p, ws, bn_workspace_index(ws), err);
	if (!rc) {
		bn_cli_say(cli, "policy %.12s, with all defaults:", p->hash);
		rc = bn_cli_document(cli, bn_policy_document(p), err);
	}
	bn_policy_free(p);
	return rc;
}

/* BN_LINK_WAITS if others must sign, which has been reported. */
static int policy_put(bn_cli *cli, bn_workspace *ws, const json_t *doc, bn_err *err)
{
	uint8_t link[BN_CHAIN_ID_BYTES];
	const char *reason = bn_cli_opt(cli, "reason");
	if (!bn_authority_is_founded(bn_workspace_index(ws)))
		return bn_policy_set(ws, doc, reason, err);
	int rc = bn_people_set_policy(ws, doc, reason, link, err);
	if (rc == BN_LINK_WAITS)
		bn_cli_say_waits(cli, link);
	return rc;
}

static int run_policy_set(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	json_t *doc = NULL;
	bn_policy *p = NULL;
	const char *path = bn_cli_arg(cli, 0);
	int rc = bn_json_load(&doc, bn_cli_env(cli), path, err);
	if (!rc)
		rc = bn_policy_parse(&p, doc, path, err);
	if (!rc)
		rc = bn_cli_workspace(cli, &ws, err);
	if (!rc && bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would set policy %.12s with %zu gates", p->hash, p->n_gates);
		rc = bn_rights_may(ws, BN_ACT_POLICY, err);
		goto out;
	}
	if (!rc)
		rc = bn_cli_announce_key(cli, ws, err);
	if (!rc)
		rc = policy_put(cli, ws, doc, err);
	if (rc == BN_LINK_TAKEN)
		bn_cli_say(cli, "policy %.12s is in force: %zu gate%s, %d approval%s", p->hash,
			p->n_gates, p->n_gates == 1 ? "" : "s", p->approvals,
			p->approvals > 1 ? "s" : "");
	else if (rc == BN_LINK_WAITS)
		rc = 0;
out:
	bn_policy_free(p);
	json_decref(doc);
	return rc;
}

/* The gates of a document against a version: exit 1 when one fails, 7 when one is inconclusive. */
static int gates_show(bn_cli *cli, const bn_policy *p, const char *spec, bn_err *err)
{
	static const bn_col cols[] = {{"verdict", "VERDICT", BN_AS_TEXT},
		{"name", "GATE", BN_AS_TEXT}, {"claim", "CLAIM", BN_AS_TEXT},
		{"evidence", "EVIDENCE", BN_AS_TEXT}, {"source", "SOURCE", BN_AS_TEXT},
		{"severity", "SEVERITY", BN_AS_TEXT}, {0}};
	bn_workspace *ws = NULL;
	bn_version *v = NULL;
	bn_gate_report *r = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_version_get(&v, ws, spec, err);
	if (!rc)
		rc = bn_gate_evaluate(&r, bn_workspace_index(ws), p, v->name, v->version, err);
	if (!rc)
		rc = bn_cli_list(
			cli, bn_gate_report_json(r), cols, "the document has no gates", err);
	if (!rc && r->failed)
		rc = bn_err_set(err, BN_EFAILED, "%zu of %zu gates fail", r->failed, r->count);
	else if (!rc && r->inconclusive)
		rc = bn_err_set(err, BN_EINCONCLUSIVE, "%zu of %zu gates are inconclusive",
			r->inconclusive, r->count);
	bn_gate_report_free(r);
	bn_version_free(v);
	return rc;
}

static int run_policy_check(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"hash", "Policy", BN_AS_TEXT},
		{"approvals", "Approvals", BN_AS_INT}, {"gates", "Gates", BN_AS_INT}, {0}};
	json_t *doc = NULL;
	bn_policy *p = NULL;
	const char *path = bn_cli_arg(cli, 0), *spec = bn_cli_opt(cli, "model");
	int rc = bn_json_load(&doc, bn_cli_env(cli), path, err);
	if (!rc)
		rc = bn_policy_parse(&p, doc, path, err);
	if (!rc && spec)
		rc = gates_show(cli, p, spec, err);
	else if (!rc)
		rc = bn_cli_object(cli,
			json_pack("{s:s, s:i, s:I}", "hash", p->hash, "approvals", p->approvals,
				"gates", (json_int_t)p->n_gates),
			fields, err);
	bn_policy_free(p);
	json_decref(doc);
	return rc;
}

/* ---- audit ---------------------------------------------------------------------------------- */

/* One outcome, or several: "refused|late" or "refused,late". */
static int outcome_option(bn_cli *cli, unsigned *outcomes, bn_err *err)
{
	const char *text = bn_cli_opt(cli, "outcome");
	*outcomes = 0;
	for (const char *at = text ? text : ""; *at; at += strspn(at, "|,")) {
		size_t n = strcspn(at, "|,");
		unsigned bit = 0;
		for (int o = BN_OUTCOME_APPLIED; o <= BN_OUTCOME_LATE; o++)
			if (!strncmp(at, bn_outcome_name((bn_outcome)o), n) &&
				strlen(bn_outcome_name((bn_outcome)o)) == n)
				bit = 1u << o;
		if (!bit)
			return bn_err_set(err, BN_EINVAL,
				"--outcome '%s': expected applied, refused, invalid, newer or "
				"late, or "
				"several as in 'refused|late'",
				text);
		*outcomes |= bit;
		at += n;
	}
	return 0;
}

static json_t *audit_json(const bn_audit_row *r)
{
	json_t *payload = NULL;
	if (r->payload)
		bn_json_parse(&payload, r->payload, strlen(r->payload), "payload", NULL);
	return json_pack("{s:I, s:s, s:I, s:s?, s:s, s:s, s:s, s:s, s:s, s:s?, s:s, s:b, s:s, s:I, "
			 "s:s?, s:o}",
		"time_ms", (json_int_t)r->time_ms, "user", r->user, "uid", (json_int_t)r->uid,
		"person", r->person, "who", r->person ? r->person : r->user, "kind", r->kind,
		"entity", r->entity, "outcome", bn_outcome_name(r->outcome), "standing",
		r->standing, "reason", r->reason, "summary", r->summary, "signed",
		(int)r->is_signed, "writer", r->writer, "seq", (json_int_t)r->seq, "unknown_fields",
		r->unknown, "payload", payload ? payload : json_null());
}

static int run_audit_log(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"time_ms", "WHEN", BN_AS_TIME_MS},
		{"who", "WHO", BN_AS_TEXT}, {"standing", "OUTCOME", BN_AS_TEXT},
		{"kind", "WHAT", BN_AS_TEXT}, {"entity", "ON", BN_AS_TEXT},
		{"summary", "DETAIL", BN_AS_TEXT}, {"reason", "REMARK", BN_AS_TEXT}, {0}};
	bn_workspace *ws = NULL;
	bn_audit_page *p = NULL;
	int64_t limit = 100, offset = 0;
	bn_audit_filter f = {
		.user = bn_cli_opt(cli, "user"),
		.kind = bn_cli_opt(cli, "kind"),
		.entity = bn_cli_opt(cli, "entity"),
		.text = bn_cli_opt(cli, "text"),
		.outcome = -1,
		.mine = bn_cli_flag(cli, "mine"),
		.decisions = bn_cli_flag(cli, "decisions"),
	};
	int rc = outcome_option(cli, &f.outcomes, err);
	if (!rc)
		rc = bn_cli_opt_past(cli, "since", &f.since_ms, err);
	if (!rc)
		rc = bn_cli_opt_past(cli, "until", &f.until_ms, err);
	if (!rc)
		rc = bn_cli_opt_int(cli, "limit", 1, 1000000, &limit, err);
	if (!rc)
		rc = bn_cli_opt_int(cli, "offset", 0, INT64_MAX, &offset, err);
	if (!rc)
		rc = bn_cli_workspace(cli, &ws, err);
	f.limit = (size_t)limit;
	f.offset = (size_t)offset;
	if (!rc)
		rc = bn_audit_read(&p, ws, &f, err);
	if (rc)
		return rc;
	json_t *items = json_array();
	for (size_t i = 0; i < p->count; i++)
		json_array_append_new(items, audit_json(&p->items[i]));
	if (p->total > p->count)
		bn_cli_say(cli, "%zu of %zu events, newest first (--limit, --offset)", p->count,
			p->total);
	if (p->newer)
		bn_cli_warn(cli,
			"%zu of them are wholly or partly from a newer binnacle: binnacle index "
			"status lists what is not shown",
			p->newer);
	if (p->newer_apart)
		bn_cli_say(cli,
			"%zu more records are of a newer binnacle, and may be decisions: without "
			"--decisions they are listed",
			p->newer_apart);
	bn_audit_page_free(p);
	return bn_cli_list(cli, items, cols, "no such events", err);
}

static bool show_progress(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, phase, done, total, "");
	return !bn_cli_interrupted();
}

static json_t *audit_report_json(const bn_audit_report *r)
{
	json_t *findings = json_array();
	for (size_t i = 0; i < r->findings.count; i++)
		json_array_append_new(findings, bn_proof_finding_json(&r->findings.items[i]));
	json_t *o = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s?, s:I, s:o}",
		"writers", (json_int_t)r->writers, "segments", (json_int_t)r->segments, "records",
		(json_int_t)r->records, "bytes", (json_int_t)r->bytes, "signatures",
		(json_int_t)r->signatures, "bad_signatures", (json_int_t)r->bad_signatures,
		"objects", (json_int_t)r->objects, "bad_objects", (json_int_t)r->bad_objects,
		"missing_objects", (json_int_t)r->missing_objects, "newer", (json_int_t)r->newer,
		"faults", (json_int_t)r->faults, "first_fault", r->first_fault, "without_effect",
		(json_int_t)r->findings.others, "findings", findings);
	if (!o)
		return NULL;
	json_object_set_new(o, "left_out_objects", json_integer((json_int_t)r->left_out_objects));
	json_object_set_new(o, "private_objects", json_integer((json_int_t)r->private_objects));
	json_object_set_new(
		o, "private_of", r->private_of ? json_string(r->private_of) : json_null());
	bn_proof_about_add(o, r->is_chained, &r->about);
	return o;
}

static void add_line(json_t *items, const char *state, int rule, const char *words)
{
	json_array_append_new(
		items, json_pack("{s:s, s:o, s:s}", "state", state, "rule",
			       rule ? json_integer(rule) : json_null(), "words", words));
}

/* Faults, records without effect, and what was not checked, line by line. */
static int list_findings(bn_cli *cli, const bn_audit_report *r, const json_t *left_out, bn_err *err)
{
	static const bn_col cols[] = {{"state", "FOUND", BN_AS_TEXT}, {"rule", "RULE", BN_AS_INT},
		{"words", "RECORD", BN_AS_WHOLE}, {0}};
	bn_buf line = BN_BUF_INIT;
	json_t *items = json_array();
	int rc = 0;
	for (int faults = 1; faults >= 0; faults--)
		for (size_t i = 0; i < r->findings.count && rc >= 0; i++) {
			const bn_proof_finding *f = &r->findings.items[i];
			if (f->is_fault != (bool)faults)
				continue;
			bn_buf_clear(&line);
			bn_proof_finding_text(f, &line);
			if ((rc = bn_buf_check(&line, err, "a report")) >= 0)
				add_line(items, faults ? "FAULT" : "no effect", f->rule, line.ptr);
		}
	for (size_t i = 0; i < r->about.before.count; i++)
		add_line(items, "before", 0, r->about.before.items[i]);
	for (size_t i = 0; i < r->about.unseen.count; i++)
		add_line(items, "not seen", 0, r->about.unseen.items[i]);
	for (size_t i = 0; i < json_array_size(left_out); i++)
		add_line(items, "left out", 0, json_string_value(json_array_get(left_out, i)));
	bn_buf_release(&line);
	if (rc >= 0 && json_array_size(items))
		return bn_cli_list(cli, items, cols, NULL, err);
	json_decref(items);
	return rc;
}

/* Summary of the report. */
static int audit_conclude(bn_cli *cli, const bn_audit_report *r, bn_err *err)
{
	if (r->faults)
		return bn_err_set(err, BN_EFAILED, "%llu fault%s, first: %s",
			(unsigned long long)r->faults, r->faults > 1 ? "s" : "", r->first_fault);
	if (r->newer)
		bn_cli_say(cli,
			"whole except for %llu records or signatures of a newer binnacle, which "
			"this one cannot check",
			(unsigned long long)r->newer);
	else
		bn_cli_say(cli, "whole: every record, signature and object is as it was written");
	if (r->about.before.count)
		bn_cli_note(cli,
			"everything before the upgrade is vouched for only by %s, who upgraded, "
			"and listed above",
			r->about.founder);
	if (!r->is_chained)
		bn_cli_say(cli, "without a chain of authority attribution rests on the owners of "
				"files: nothing more is proven");
	else if (r->findings.others)
		bn_cli_say(cli, "%llu record%s had no effect, and %s listed%s above",
			(unsigned long long)r->findings.others, r->findings.others > 1 ? "s" : "",
			r->findings.others > 1 ? "are" : "is",
			r->findings.others > r->findings.count ? " or counted" : "");
	return 0;
}

static void add_text(void *list, const char *text)
{
	json_array_append_new(list, json_string(text));
}

/* Rows that the newest version of a dataset lacks because two hosts appended to one version: the
 * log is valid, but verifying must report them. Read from the index, so it does not affect the
 * result. A new reference. */
static json_t *find_left_out(bn_cli *cli, bn_workspace *ws)
{
	bn_err err = BN_ERR_INIT;
	bn_dataset_list *list = NULL;
	json_t *texts = json_array();
	if (bn_dataset_list_load(&list, ws, BN_DATASET_LIVE, &err) < 0)
		bn_cli_warn(cli, "rows that datasets lack were not looked for: %s", err.msg);
	for (size_t i = 0; list && i < list->count; i++)
		if (list->rows[i].latest)
			bn_dataset_left_out(ws, list->rows[i].latest, add_text, texts);
	bn_dataset_list_free(list);
	return texts;
}

static int show_audit(bn_cli *cli, bn_workspace *ws, const bn_audit_report *r, bn_err *err)
{
	static const bn_col fields[] = {{"epoch", "Epoch", BN_AS_INT},
		{"link", "Newest link", BN_AS_TEXT}, {"founder", "Founder", BN_AS_TEXT},
		{"persons", "Persons", BN_AS_TEXT}, {"writers", "Writers", BN_AS_COUNT},
		{"segments", "Segments", BN_AS_COUNT}, {"records", "Records", BN_AS_COUNT},
		{"bytes", "Bytes", BN_AS_BYTES}, {"signatures", "Signatures", BN_AS_COUNT},
		{"bad_signatures", "Bad signatures", BN_AS_COUNT},
		{"objects", "Objects", BN_AS_COUNT},
		{"bad_objects", "Damaged objects", BN_AS_COUNT},
		{"missing_objects", "Missing objects", BN_AS_COUNT},
		{"newer", "Of a newer binnacle", BN_AS_COUNT}, {"faults", "Faults", BN_AS_COUNT},
		{"first_fault", "First fault", BN_AS_TEXT}, {0}};
	json_t *left_out = find_left_out(cli, ws), *o = audit_report_json(r);
	int rc;
	if (o)
		json_object_set(o, "left_out", left_out);
	/* The members that only a chain has are left out of the list of fields without one. */
	if ((rc = bn_cli_object(cli, o, r->is_chained ? fields : fields + 4, err)) < 0)
		goto out;
	if (bn_cli_is_text(cli) && (rc = list_findings(cli, r, left_out, err)) < 0)
		goto out;
	if (r->left_out_objects)
		bn_cli_say(cli, "left out: %llu objects did not come along into this copy (workspace import)",
			(unsigned long long)r->left_out_objects);
	if (r->private_objects)
		bn_cli_say(cli, "private: %llu objects of %s, which nobody else can verify",
			(unsigned long long)r->private_objects, r->private_of);
	rc = audit_conclude(cli, r, err);
out:
	json_decref(left_out);
	return rc;
}

enum { MISSING_SAID = 10 };

/* Which versions need the objects that are missing, and which remote has them. */
static int say_missing(bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	bn_dataset_versions *all = NULL;
	int rc = bn_dataset_versions_load(&all, ws, NULL, BN_DATASET_LIVE, err);
	for (size_t i = 0, said = 0; rc >= 0 && i < all->count && said < MISSING_SAID; i++) {
		char *words = NULL;
		rc = bn_share_missing_words(&words, ws, all->items[i], err);
		if (words)
			bn_cli_warn(cli, "%s", words);
		said += words != NULL;
		bn_free(words);
	}
	bn_dataset_versions_free(all);
	return rc;
}

static int run_audit_verify(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_audit_report *r = NULL;
	bn_progress progress = {show_progress, cli};
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_audit_verify(&r, ws, &progress, err);
	bn_cli_progress_end(cli);
	if (rc)
		return rc;
	rc = r->missing_objects ? say_missing(cli, ws, err) : 0;
	rc = rc < 0 ? rc : show_audit(cli, ws, r, err);
	bn_audit_report_free(r);
	/* A log with lost records looks whole to a reader who sees it for the first time. */
	return rc < 0 ? rc : bn_cli_need_trust(cli, err);
}

/* ---- tables --------------------------------------------------------------------------------- */

static const bn_opt reason_options[] = {{"reason", 'r', "TEXT", "why; kept in the audit log"}, {0}};
static const bn_opt check_options[] = {
	{"model", 'm', "MODEL", "evaluate its gates against this model version"}, {0}};
static const bn_opt audit_options[] = {{"user", 'u', "USER", "by this user (name or uid)"},
	{"kind", 'k', "GLOB", "events of this kind: 'model.*'"},
	{"entity", 'e', "GLOB", "about this entity: 'model/power'"},
	{"outcome", 'o', "WORD",
		"applied, refused, invalid, newer or late; several as 'refused|late'"},
	{"decisions", 0, NULL, "what persons decided, and what was refused"},
	{"mine", 0, NULL, "by my account, or signed with my key"},
	{"since", 0, "WHEN", "a date, or an age such as 2h"},
	{"until", 0, "WHEN", "a date, or an age such as 2h"},
	{"text", 't', "TEXT", "containing this text"}, {"limit", 0, "N", "at most this many (100)"},
	{"offset", 0, "N", "skip this many"}, {0}};

const bn_verb bn_verbs_govern[] = {
	{"role", "ls", "", 0, 0, "what each role may do", NULL,
		{"binnacle role ls", "binnacle role ls --json", NULL}, NULL, 0, run_role_ls},
	{"policy", "show", "", 0, 0, "the policy in force, as JSON", NULL,
		{"binnacle policy show", "binnacle policy show --json >policy.json", NULL}, NULL, 0,
		run_policy_show},
	{"policy", "set", "FILE", 1, 1, "put a policy document into force", NULL,
		{"binnacle policy set policy.json --reason 'two reviewers from now on'",
			"binnacle policy set policy.json --dry-run", NULL},
		reason_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_policy_set},
	{"policy", "check", "FILE", 1, 1, "check a document, and evaluate it on a model",
		"With --model the exit status is 1 when a gate fails, 7 when one is inconclusive.",
		{"binnacle policy check policy.json",
			"binnacle policy check policy.json --model power/3", NULL},
		check_options, 0, run_policy_check},
	{"audit", "log", "", 0, 0, "who did what, when, and whether it was allowed", NULL,
		{"binnacle audit log --entity model/power",
			"binnacle audit log --mine --outcome 'refused|late'",
			"binnacle audit log --since 7d --user alice --json"},
		audit_options, BN_VERB_LISTS, run_audit_log},
	{"audit", "verify", "", 0, 0,
		"read the whole log, check every signature, hash every object",
		"Reads the log itself, never the index. Exit status 1 if anything is not as it "
		"was written, or a named record is missing; each finding is listed by record and "
		"rule, and so are appended rows that a dataset lacks.",
		{"binnacle audit verify", "binnacle audit verify --json", NULL}, NULL,
		BN_VERB_NAMES_GAPS, run_audit_verify},
	{0},
};
