/* cmd_model.c - binnacle model: versions, lineage and verification. Lists are in cmd_model_ls.c, requests and decisions
 * in cmd_approval.c. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/learn/pyfunc.h"
#include "core/registry/proof.h"
#include "tui/cli/evidence.h"
#include "tui/cli/model_json.h"
#include "tui/cli/model_ls.h"
#include "tui/cli/proof_json.h"
#include "tui/cli/store.h"
#include "tui/cli/verbs.h"

#include <string.h>

/* Registering a run's model again is allowed, but rarely intended. */
static void say_twin(bn_cli *cli, bn_workspace *ws, const bn_version *v)
{
	bn_version_page *all = NULL;
	char spec[BN_VERSION_SPEC];
	if (bn_version_list(&all, ws, NULL, false, NULL) < 0)
		return;
	for (size_t i = 0; i < all->count; i++) {
		const bn_version *other = &all->items[i];
		if (!strcmp(other->uuid, v->uuid) || strcmp(other->run_id, v->run_id) != 0)
			continue;
		bn_cli_say(
			cli, "the model of this run is already %s", bn_version_spec(other, spec));
		break;
	}
	bn_version_page_free(all);
}

/* On a store elsewhere the run may have logged several models. */
static int register_remote(
	bn_cli *cli, const char *name, const char *run, const bn_col *fields, bn_err *err)
{
	char id[BN_RUN_ID_TEXT], spec[BN_VERSION_SPEC];
	bn_version *v = NULL;
	int64_t number = 0;
	int rc = bn_cli_pull_run(cli, run, id, err);
	if (rc < 0 || (rc = bn_mirror_register(&number, bn_cli_mirror(cli), name, id,
			       bn_cli_opt(cli, "path"), err)) < 0)
		return rc;
	snprintf(spec, sizeof spec, "%.180s/%lld", name, (long long)number);
	if ((rc = bn_mirror_version(&v, bn_cli_mirror(cli), spec, err)) < 0)
		return rc;
	bn_cli_say(cli, "registered %s", spec);
	rc = bn_cli_object(cli, bn_version_json(v), fields, err);
	bn_version_free(v);
	return rc;
}

static int run_register(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"spec", "Model", BN_AS_TEXT},
		{"state", "State", BN_AS_TEXT}, {"run", "Run", BN_AS_ID},
		{"digest", "Digest", BN_AS_TEXT}, {"author", "Author", BN_AS_TEXT}, {0}};
	bn_workspace *ws = NULL;
	bn_version *v = NULL;
	int64_t number = 0;
	const char *run = bn_cli_arg(cli, 0), *name = bn_cli_opt(cli, "name");
	char spec[200];
	if (!name)
		return bn_err_set(err, BN_EINVAL, "give the model's name: --name NAME");
	int rc = bn_cli_workspace(cli, &ws, err);
	if (rc < 0)
		return rc;
	if (bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would register the model of run %s as a version of %s", run, name);
		return 0;
	}
	if (bn_cli_mirror(cli))
		return register_remote(cli, name, run, fields, err);
	if ((rc = bn_version_register(&number, ws, name, run, bn_cli_opt(cli, "path"), err)) < 0)
		return rc;
	snprintf(spec, sizeof spec, "%s/%lld", name, (long long)number);
	if ((rc = bn_version_get(&v, ws, spec, err)) < 0)
		return rc;
	bn_cli_say(cli, "registered %s", spec);
	say_twin(cli, ws, v);
	rc = bn_cli_object(cli, bn_version_json(v), fields, err);
	bn_version_free(v);
	return rc;
}

/* ---- one version ---------------------------------------------------------------------------- */

/* Parts side by side. The last values of the run's series are shown only if there is nothing else:
 * they mostly repeat it (--json has them). */
static void print_metrics(bn_cli *cli, const bn_version *v)
{
	static const char *const order[] = {"train", "valid", "test", "run"};
	const char *parts[16], *part, *metric;
	json_t *metrics, *value;
	size_t n = 0;
	char text[BN_FMT];
	bn_buf seen = BN_BUF_INIT;
	for (size_t i = 0; i < 3 + (json_object_size(v->metrics) == 1); i++)
		if (json_is_object(json_object_get(v->metrics, order[i])))
			parts[n++] = order[i];
	json_object_foreach(v->metrics, part, metrics)
	{
		bool known = false;
		for (size_t i = 0; i < 4; i++)
			known = known || !strcmp(order[i], part);
		if (!known && n < 16 && json_is_object(metrics))
			parts[n++] = part;
	}
	if (!n)
		return;
	bn_cli_print_in(cli, "bold", "\n%-26s", "Reported metric");
	for (size_t i = 0; i < n; i++) {
		bn_cli_print(cli, " ");
		bn_cli_print_field(cli, "bold", parts[i], -12);
	}
	bn_cli_print(cli, "\n");
	for (size_t i = 0; i < n; i++)
		json_object_foreach(json_object_get(v->metrics, parts[i]), metric, value)
		{
			char word[300];
			snprintf(word, sizeof word, "\n%.250s\n", metric);
			if (!json_is_number(value) || strstr(seen.ptr, word))
				continue;
			bn_buf_adds(&seen, word);
			bn_cli_print_field(cli, NULL, metric, 26);
			for (size_t k = 0; k < n; k++)
				bn_cli_print(cli, " %12s",
					bn_fmt_sig(
						bn_version_metric(v, parts[k], metric), 6, text));
			bn_cli_print(cli, "\n");
		}
	bn_buf_release(&seen);
}

static const char *verdict_color(bn_verdict v)
{
	return v == BN_VERDICT_PASS ? "good" : v == BN_VERDICT_FAIL ? "bad" : "warn";
}

static void print_sheet(bn_cli *cli, const bn_inbox_item *s)
{
	const bn_version *v = s->version;
	print_metrics(cli, v);
	if (s->gates && s->gates->count)
		bn_cli_print_in(cli, "bold", "\nGates\n");
	for (size_t i = 0; s->gates && i < s->gates->count; i++) {
		const bn_gate_result *g = &s->gates->items[i];
		bn_cli_print_in(
			cli, verdict_color(g->verdict), "  %-12s", bn_verdict_name(g->verdict));
		bn_cli_print(cli, " ");
		bn_cli_print_field(cli, NULL, g->name, 16);
		bn_cli_print(cli, " %s: %s [%s]%s\n", g->claim, g->evidence, g->source,
			g->severity == BN_GATE_WARN ? " (warning only)" : "");
	}
	if (v->n_decisions)
		bn_cli_print_in(cli, "bold", "\nDecisions\n");
	for (size_t i = 0; i < v->n_decisions; i++) {
		const bn_decision *d = &v->decisions[i];
		bn_cli_print(cli, "  %s by %s%s%s", d->approved ? "approved" : "rejected", d->user,
			d->override ? ", OVERRIDING the gates" : "", d->reason ? ": " : "");
		bn_cli_print_field(cli, NULL, d->reason ? d->reason : "", 0);
		bn_cli_print(cli, "\n");
	}
	if (v->state == BN_MODEL_REQUESTED)
		bn_cli_print(cli, "\n%d of %d approvals. %s%s\n", v->approvals, v->approvals_needed,
			s->recomputes ? "You may approve it, which first measures what is missing."
			: s->can_approve ? "You may approve it."
					 : "You may not approve it: ",
			s->can_approve ? "" : s->why_not);
}

/* Tags are what a store elsewhere, or a client of our server, keeps of a version. */
static void print_tags(bn_cli *cli, const bn_version *v)
{
	const char *key;
	json_t *value;
	bool any = false;
	json_object_foreach(v->tags, key, value)
	{
		if (bn_str_starts(key, "binnacle."))
			continue;
		if (!any)
			bn_cli_print_in(cli, "bold", "\nTags\n");
		any = true;
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, key, 24);
		bn_cli_print(cli, " ");
		bn_cli_print_field(cli, NULL, json_string_value(value), 0);
		bn_cli_print(cli, "\n");
	}
}

static int show_remote(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"spec", "Model", BN_AS_TEXT},
		{"alias_text", "Aliases", BN_AS_TEXT}, {"stage", "Stage", BN_AS_TEXT},
		{"run", "Run", BN_AS_TEXT}, {"source", "Source", BN_AS_TEXT},
		{"logged_model", "Logged model", BN_AS_TEXT}, {"author", "Author", BN_AS_TEXT},
		{"registered_ms", "Registered", BN_AS_TIME_MS}, {"updated_ms", "Changed", BN_AS_TIME_MS},
		{"run_link", "Run link", BN_AS_TEXT}, {"description", "Description", BN_AS_TEXT}, {0}};
	bn_version *v = NULL;
	int rc = bn_cli_pull_models(cli, err);
	if (rc < 0 || (rc = bn_mirror_version(&v, bn_cli_mirror(cli), bn_cli_arg(cli, 0), err)) < 0)
		return rc;
	const bn_inbox_item item = {.version = v,
		.why_not = (char *)(uintptr_t)"a store elsewhere has no approval"};
	json_t *o = bn_sheet_json(&item);
	if (!o) {
		rc = bn_err_nomem(err, "a model");
		goto out;
	}
	bn_version_json_aliases(o);
	if ((rc = bn_cli_object(cli, o, fields, err)) >= 0 && bn_cli_is_text(cli)) {
		print_sheet(cli, &item);
		print_tags(cli, v);
	}
out:
	bn_version_free(v);
	return rc;
}

static int run_show(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"spec", "Model", BN_AS_TEXT},
		{"state", "State", BN_AS_TEXT}, {"alias_text", "Aliases", BN_AS_TEXT},
		{"trainer", "Trainer", BN_AS_TEXT}, {"run", "Run", BN_AS_TEXT},
		{"digest", "Digest", BN_AS_TEXT}, {"uuid", "UUID", BN_AS_TEXT},
		{"author", "Author", BN_AS_TEXT}, {"registrar", "Registered by", BN_AS_TEXT},
		{"registered_ms", "Registered", BN_AS_TIME_MS},
		{"requester", "Asked by", BN_AS_TEXT}, {"request_reason", "Request", BN_AS_TEXT},
		{"source", "Source", BN_AS_TEXT}, {"external", "External", BN_AS_BOOL},
		{"stage", "Stage", BN_AS_TEXT}, {"run_link", "Run link", BN_AS_TEXT},
		{"logged_model", "Logged model", BN_AS_TEXT},
		{"description", "Description", BN_AS_TEXT}, {"contested", "Contested", BN_AS_TEXT},
		{"bytes_gone", "Bytes gone", BN_AS_BOOL}, {0}};
	bn_workspace *ws = NULL;
	bn_inbox_item *sheet = NULL;
	json_t *o, *evidence = NULL;
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0)
		return rc;
	if (bn_cli_mirror(cli))
		return show_remote(cli, err);
	if ((rc = bn_inbox_item_read(&sheet, ws, bn_cli_arg(cli, 0), err)) < 0)
		goto out;
	if (!(o = bn_sheet_json(sheet))) {
		rc = bn_err_nomem(err, "a model");
		goto out;
	}
	bn_version_json_aliases(o);
	if ((rc = bn_cli_evidence_json(&evidence, ws, bn_cli_arg(cli, 0), err)) < 0) {
		json_decref(o);
		goto out;
	}
	json_object_set(o, "evidence", evidence);
	if ((rc = bn_cli_object(cli, o, fields, err)) < 0)
		goto out;
	print_sheet(cli, sheet);
	if (bn_cli_is_text(cli)) {
		print_tags(cli, sheet->version);
		bn_cli_print_evidence(cli, evidence);
	}
	rc = bn_cli_warn_newer(cli, ws, "model", sheet->version->name, err);
out:
	json_decref(evidence);
	bn_inbox_item_free(sheet);
	return rc;
}

static int run_lineage(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_lineage *l = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_lineage_read(&l, ws, bn_cli_arg(cli, 0), err);
	if (rc)
		return rc;
	if (bn_cli_is_text(cli)) {
		for (size_t i = 0; i < l->n_edges; i++) {
			const bn_lineage_node *a = &l->nodes[l->edges[i].from];
			const bn_lineage_node *b = &l->nodes[l->edges[i].to];
			bn_cli_print(cli, "%-7s ", a->kind);
			bn_cli_print_field(cli, NULL, a->label, 32);
			bn_cli_print(cli, " --%s--> %-6s ", l->edges[i].verb, b->kind);
			bn_cli_print_field(cli, NULL, b->label, 0);
			bn_cli_print(cli, "\n");
		}
		for (size_t i = 0; !l->n_edges && i < l->n_nodes; i++)
			bn_cli_print(cli, "%s %s (nothing else is recorded)\n", l->nodes[i].kind,
				l->nodes[i].label);
		goto out;
	}
	json_t *nodes = json_array(), *edges = json_array();
	for (size_t i = 0; i < l->n_nodes; i++)
		json_array_append_new(
			nodes, json_pack("{s:s, s:s, s:s?}", "kind", l->nodes[i].kind, "label",
				       l->nodes[i].label, "detail", l->nodes[i].detail));
	for (size_t i = 0; i < l->n_edges; i++)
		json_array_append_new(
			edges, json_pack("{s:I, s:I, s:s}", "from", (json_int_t)l->edges[i].from,
				       "to", (json_int_t)l->edges[i].to, "verb", l->edges[i].verb));
	rc = bn_cli_document(cli, json_pack("{s:o, s:o}", "nodes", nodes, "edges", edges), err);
out:
	bn_lineage_free(l);
	return rc;
}

static bool show_verifying(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, what, done, total, "");
	return !bn_cli_interrupted();
}

static json_t *verify_lines(const bn_verify_report *r)
{
	json_t *items = json_array();
	for (size_t i = 0; i < r->count; i++) {
		const bn_verify_line *l = &r->items[i];
		json_array_append_new(items, json_pack("{s:s, s:s, s:s?}", "state",
						     l->problem   ? "FAIL"
						     : l->is_note ? "NOTE"
								  : "OK",
						     "what", l->what, "problem", l->problem));
	}
	return items;
}

/* As a document that includes who vouches for it, or as a table followed by that as text. */
static int show_verified(bn_cli *cli, const bn_verify_report *r, bn_err *err)
{
	static const bn_col cols[] = {{"state", "STATE", BN_AS_TEXT}, {"what", "WHAT", BN_AS_WHOLE},
		{"problem", "PROBLEM", BN_AS_TEXT}, {0}};
	json_t *items = verify_lines(r);
	if (bn_cli_is_json(cli)) {
		json_t *o = json_pack("{s:I, s:o}", "count", (json_int_t)r->count, "items", items);
		if (o)
			bn_proof_about_add(o, r->is_chained, &r->about);
		return bn_cli_document(cli, o, err);
	}
	for (size_t i = 0; i < r->about.unseen.count; i++)
		json_array_append_new(items, json_pack("{s:s, s:s, s:n}", "state", "NOT SEEN",
						     "what", r->about.unseen.items[i], "problem"));
	int rc = bn_cli_list(cli, items, cols, NULL, err);
	if (rc >= 0 && r->is_chained && r->about.epoch >= 0)
		bn_cli_say(cli, "under link %lld, %s by %s; persons: %s", (long long)r->about.epoch,
			r->about.is_upgraded ? "upgraded" : "founded", r->about.founder,
			r->about.persons);
	if (rc >= 0 && r->about.before.count)
		bn_cli_note(cli,
			"everything before the upgrade is vouched for only by %s, who upgraded; "
			"%zu items without a key are listed by: binnacle audit verify",
			r->about.founder, r->about.before.count);
	if (rc >= 0 && !(r->is_chained && r->about.epoch >= 0))
		bn_cli_say(cli, "without a chain of authority who did what is the word of the "
				"files' owners: "
				"this proves no more");
	return rc;
}

static int run_verify(bn_cli *cli, bn_err *err)
{
	bn_progress progress = {show_verifying, cli};
	bn_workspace *ws = NULL;
	bn_verify_report *r = NULL;
	const char *spec = bn_cli_arg(cli, 0);
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_version_verify(&r, ws, spec, &progress, err);
	bn_cli_progress_end(cli);
	if (rc)
		return rc;
	rc = show_verified(cli, r, err);
	if (rc >= 0 && r->problems)
		rc = bn_err_set(err, BN_EFAILED, "%zu of %zu checks of %s failed", r->problems,
			r->count, spec);
	bn_verify_report_free(r);
	return rc;
}

static int run_card(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_buf card = BN_BUF_INIT;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc)
		rc = bn_version_card(&card, ws, bn_cli_arg(cli, 0), err);
	if (!rc && bn_cli_is_json(cli))
		rc = bn_cli_document(cli, json_pack("{s:s}", "card", card.ptr), err);
	else if (!rc)
		bn_cli_write_data(cli, card.ptr, card.len);
	bn_buf_release(&card);
	return rc;
}

static int export_remote(bn_cli *cli, const char *spec, const char *dir, bn_err *err)
{
	const bn_progress watch = bn_cli_watch(cli);
	bn_version *v = NULL;
	int rc = bn_cli_pull_models(cli, err);
	if (rc < 0 || (rc = bn_mirror_version(&v, bn_cli_mirror(cli), spec, err)) < 0)
		return rc;
	rc = bn_mirror_version_download(NULL, bn_cli_mirror(cli), v, dir, &watch, err);
	bn_cli_progress_end(cli);
	bn_version_free(v);
	return rc;
}

static int run_export(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	const char *spec = bn_cli_arg(cli, 0), *dir = bn_cli_arg(cli, 1);
	int rc = bn_cli_workspace(cli, &ws, err);
	if (!rc && bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would copy the files of %s to %s", spec, dir);
		return 0;
	}
	if (rc < 0)
		return rc;
	if (bn_cli_mirror(cli)) {
		if ((rc = export_remote(cli, spec, dir, err)) < 0)
			return rc;
	} else if ((rc = bn_version_export(ws, spec, dir, err)) < 0 ||
		   (rc = bn_model_add_pyfunc(bn_cli_env(cli), dir, err)) < 0) {
		return rc;
	}
	bn_cli_say(cli, "wrote %s to %s", spec, dir);
	return bn_cli_is_text(cli)
		       ? 0
		       : bn_cli_document(
				 cli, json_pack("{s:s, s:s}", "spec", spec, "dir", dir), err);
}

static const bn_opt register_options[] = {
	{"name", 'm', "NAME", "the model that gets a new version"},
	{"path", 0, "PATH", "which of several models: its directory among the run's files"}, {0}};

const bn_verb bn_verbs_model[] = {
	{"model", "register", "RUN", 1, 1, "make a run's model a version of a named model", NULL,
		{"binnacle model register latest --name power",
			"binnacle model register steady-heron-417 --name power --json", NULL},
		register_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST | BN_VERB_REMOTE, run_register},
	{"model", "ls", "[NAME]", 0, 1, "models, or the versions of one", NULL,
		{"binnacle model ls", "binnacle model ls power", "binnacle model ls --inbox"},
		bn_cli_model_ls_options, BN_VERB_LISTS | BN_VERB_REMOTE | BN_VERB_REMOTE_READS,
		bn_cli_model_ls},
	{"model", "show", "MODEL", 1, 1, "one version: state, metrics, gates, decisions",
		"MODEL is NAME/3, NAME@alias, NAME@latest, NAME (its champion, else the latest) or "
		"a"
		" UUID.",
		{"binnacle model show power/3", "binnacle model show power@champion --json", NULL},
		NULL, BN_VERB_REMOTE | BN_VERB_REMOTE_READS, run_show},
	{"model", "lineage", "MODEL", 1, 1, "what it was made from: data, code, run", NULL,
		{"binnacle model lineage power/3", "binnacle model lineage power@champion --json",
			NULL},
		NULL, 0, run_lineage},
	{"model", "verify", "MODEL", 1, 1, "hash every file and check every signature",
		"Exit status 1 if anything is not what was registered or signed.",
		{"binnacle model verify power/3", "binnacle model verify power@champion --json",
			NULL},
		NULL, BN_VERB_NEEDS_TRUST, run_verify},
	{"model", "card", "MODEL", 1, 1, "the model card, with what the registry knows", NULL,
		{"binnacle model card power/3", "binnacle model card power@champion >CARD.md",
			NULL},
		NULL, 0, run_card},
	{"model", "export", "MODEL DIR", 2, 2,
		"copy its files to a directory that MLflow and Python can load",
		"mlflow.pyfunc.load_model(DIR) and `mlflow models predict -m DIR --env-manager "
		"local` "
		"predict with it; so does,\nwithout MLflow, DIR/code/binnacle_model.py. Both need "
		"NumPy and no Binnacle, and answer with the columns\nof `binnacle predict DIR "
		"FILE`. From a store elsewhere it gets the files as they are.",
		{"binnacle model export power/3 ./power-3",
			"binnacle model export power@champion /scratch/power", NULL},
		NULL, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST | BN_VERB_REMOTE, run_export},
	{0},
};
