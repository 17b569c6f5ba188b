/* cmd_model_ls.c - binnacle model ls: models, prompts, versions and what waits for approval. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/registry/model.h"
#include "tui/cli/model_json.h"
#include "tui/cli/model_ls.h"
#include "tui/cli/store.h"

#include <string.h>

const bn_opt bn_cli_model_ls_options[] = {{"versions", 0, NULL, "every version of every model"},
	{"all", 'a', NULL, "versions, including removed ones"},
	{"prompts", 0, NULL, "MLflow's prompts instead of models"},
	{"inbox", 'i', NULL, "what waits for approval, and what you may do"}, {0}};

/* What the workbench's list says of a model of this workspace; that has no models without versions. */
static const bn_model_row *row_of(const bn_model_page *p, const char *name)
{
	for (size_t i = 0; p && i < p->count; i++)
		if (!strcmp(p->items[i].name, name))
			return &p->items[i];
	return NULL;
}

/* "champion 3, canary 4" for people, and all of them for programs. */
static json_t *aliases_json(char **text, const bn_registered_model *m, json_int_t *champion)
{
	bn_buf b = BN_BUF_INIT;
	json_t *list = json_array();
	*champion = 0;
	for (size_t i = 0; i < m->n_aliases; i++) {
		const bn_registered_alias *a = &m->aliases[i];
		json_array_append_new(list, json_pack("{s:s, s:I}", "alias", a->alias, "version",
						    (json_int_t)a->version));
		bn_buf_addf(&b, "%s%s %lld", i ? ", " : "", a->alias, (long long)a->version);
		if (!strcmp(a->alias, "champion"))
			*champion = a->version;
	}
	*text = b.len ? bn_buf_take(&b, NULL) : NULL;
	bn_buf_release(&b);
	return list;
}

static json_t *positive(int64_t n)
{
	return n > 0 ? json_integer((json_int_t)n) : json_null();
}

/* own: NULL for a store elsewhere, which knows no requests. Of a model with versions UPDATED is the last change of the
 * state of one, not of a tag. */
static json_t *model_json(const bn_registered_model *m, const bn_model_page *own)
{
	const bn_model_row *row = row_of(own, m->name);
	json_int_t n = row ? (json_int_t)row->requested : 0;
	json_t *requested = own ? json_integer(n) : json_null();
	char *text = NULL;
	json_int_t champion;
	json_t *aliases = aliases_json(&text, m, &champion);
	json_t *o = json_pack("{s:s, s:o, s:o, s:I, s:o, s:o, s:o, s:s?, s:s?}", "name", m->name,
		"latest", positive(m->latest), "champion", positive(champion), "versions",
		(json_int_t)m->versions, "requested", requested, "updated_ms",
		positive(row ? row->updated_ms : m->updated_ms), "aliases", aliases, "alias_text", text, "description",
		m->description && *m->description ? m->description : NULL);
	bn_free(text);
	return o;
}

/* All of its versions are: --all lists them. One that never had any waits for its first. */
static bool is_removed(const bn_registered_model *m)
{
	return m->versions == 0 && m->removed > 0;
}

static int list_models(bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	static const bn_col cols[] = {{"name", "MODEL", BN_AS_TEXT},
		{"latest", "LATEST", BN_AS_INT}, {"versions", "VERSIONS", BN_AS_COUNT},
		{"alias_text", "ALIASES", BN_AS_TEXT}, {"requested", "TO APPROVE", BN_AS_COUNT},
		{"updated_ms", "UPDATED", BN_AS_TIME_MS}, {0}};
	static const bn_col prompts[] = {{"name", "PROMPT", BN_AS_TEXT},
		{"latest", "LATEST", BN_AS_INT}, {"versions", "VERSIONS", BN_AS_COUNT},
		{"alias_text", "ALIASES", BN_AS_TEXT}, {"updated_ms", "UPDATED", BN_AS_TIME_MS},
		{"description", "DESCRIPTION", BN_AS_TEXT}, {0}};
	bn_registered_models l = BN_REGISTERED_MODELS_INIT;
	bn_model_page *own = NULL;
	bn_mirror *m = bn_cli_mirror(cli);
	bool of_prompts = bn_cli_flag(cli, "prompts");
	json_t *items = json_array();
	int rc = m ? bn_mirror_models(&l, m, err) : bn_registered_model_list(&l, ws, err);
	if (rc < 0 || (!m && (rc = bn_model_list(&own, ws, err)) < 0))
		goto out;
	for (size_t i = 0; i < l.count; i++)
		if (l.items[i].is_prompt == of_prompts && !is_removed(&l.items[i]))
			json_array_append_new(items, model_json(&l.items[i], own));
	rc = bn_cli_list(cli, items, of_prompts ? prompts : cols,
		of_prompts ? "no prompt is registered"
			   : "no model is registered yet; register one with: binnacle model register "
			     "RUN --name NAME",
		err);
	items = NULL;
out:
	json_decref(items);
	bn_model_page_free(own);
	bn_registered_models_release(&l);
	return rc;
}

static int list_versions(bn_cli *cli, bn_workspace *ws, const char *name, bn_err *err)
{
	static const bn_col cols[] = {{"spec", "MODEL", BN_AS_TEXT}, {"state", "STATE", BN_AS_TEXT},
		{"alias_text", "ALIASES", BN_AS_TEXT}, {"trainer", "TRAINER", BN_AS_TEXT},
		{"run", "RUN", BN_AS_ID}, {"digest", "DIGEST", BN_AS_ID},
		{"author", "AUTHOR", BN_AS_TEXT}, {"registered_ms", "REGISTERED", BN_AS_TIME_MS},
		{0}};
	bn_version_page *p = NULL;
	bn_mirror *m = bn_cli_mirror(cli);
	int rc = m ? bn_mirror_versions(&p, m, name, err)
		   : bn_version_list(&p, ws, name, bn_cli_flag(cli, "all"), err);
	if (rc)
		return rc;
	json_t *items = json_array();
	for (size_t i = 0; i < p->count; i++) {
		json_t *o = bn_version_json(&p->items[i]);
		if (o)
			bn_version_json_aliases(o);
		json_array_append_new(items, o);
	}
	bn_version_page_free(p);
	return bn_cli_list(cli, items, cols, "no versions", err);
}

static int list_inbox(bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	static const bn_col cols[] = {{"spec", "MODEL", BN_AS_TEXT},
		{"requester", "ASKED BY", BN_AS_TEXT}, {"requested_ms", "SINCE", BN_AS_TIME_MS},
		{"request_reason", "REASON", BN_AS_TEXT}, {"blocked", "GATES BLOCK", BN_AS_BOOL},
		{"can_approve", "I MAY APPROVE", BN_AS_BOOL}, {"why_not", "WHY NOT", BN_AS_TEXT},
		{0}};
	bn_inbox *box = NULL;
	int rc = bn_inbox_read(&box, ws, err);
	if (rc)
		return rc;
	json_t *items = json_array();
	for (size_t i = 0; i < box->count; i++)
		json_array_append_new(items, bn_sheet_json(&box->items[i]));
	bn_inbox_free(box);
	return bn_cli_list(cli, items, cols, "nothing waits for approval", err);
}

int bn_cli_model_ls(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	int rc = bn_cli_workspace(cli, &ws, err);
	if (rc)
		return rc;
	bn_mirror *m = bn_cli_mirror(cli);
	if (m && bn_cli_flag(cli, "inbox"))
		return bn_err_set(err, BN_EREFUSED, "a store elsewhere has no requests for approval");
	if (m && (rc = bn_cli_pull_models(cli, err)) < 0)
		return rc;
	if (bn_cli_flag(cli, "inbox"))
		return list_inbox(cli, ws, err);
	const char *name = bn_cli_arg(cli, 0);
	if (!name && !bn_cli_flag(cli, "versions") && !bn_cli_flag(cli, "all"))
		return list_models(cli, ws, err);
	bn_version *exists = NULL;
	if (name && !bn_cli_flag(cli, "all")) /* for its error message */
		rc = m ? bn_mirror_version(&exists, m, name, err) : bn_version_get(&exists, ws, name, err);
	bn_version_free(exists);
	return rc ? rc : list_versions(cli, ws, name, err);
}
