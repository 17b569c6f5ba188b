/* policy.c - the policy document: words, strict parsing, defaults. The history of policies is
 * in policy_history.c. See policy.h. */
#include "core/govern/policy.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BIT(role) (1u << (role))
#define MAX_APPROVALS 16
#define MAX_GATES 256
#define MAX_LINK_SIGNERS 64

/* The members of a document. */
static const char *const document_keys[] = {"default_role", "self_approval", "approvals",
	"gate_override", "protected_aliases", "allow", "gates", "links", "recheck", NULL};
static const char *const metric_keys[] = {"name", "metric", "part", "op", "threshold", "than",
	"margin", "severity", "by", "data", NULL};
static const char *const check_keys[] = {"name", "check", "severity", "by", NULL};
static const char *const links_keys[] = {"signers", NULL};

static const char *const role_names[BN_ROLES + 1] = {
	"viewer", "developer", "reviewer", "admin", NULL};
static const char *const act_names[BN_ACTS + 1] = {
	"register", "request", "approve", "alias", "tag", "attest", "remove", "policy", NULL};
static const char *const by_names[] = {"", "author", "other", NULL};
static const char *const op_names[] = {"<=", "<", ">=", ">", "==", NULL};

/* Default permissions. admin may always do everything. */
static const unsigned default_allow[BN_ACTS] = {
	[BN_ACT_REGISTER] = BIT(BN_ROLE_DEVELOPER) | BIT(BN_ROLE_REVIEWER),
	[BN_ACT_REQUEST] = BIT(BN_ROLE_DEVELOPER) | BIT(BN_ROLE_REVIEWER),
	[BN_ACT_APPROVE] = BIT(BN_ROLE_REVIEWER),
	[BN_ACT_ALIAS] = BIT(BN_ROLE_REVIEWER),
	[BN_ACT_TAG] = BIT(BN_ROLE_DEVELOPER) | BIT(BN_ROLE_REVIEWER),
	[BN_ACT_ATTEST] = BIT(BN_ROLE_DEVELOPER) | BIT(BN_ROLE_REVIEWER),
	[BN_ACT_REMOVE] = BIT(BN_ROLE_REVIEWER),
	[BN_ACT_POLICY] = 0,
};

const char *bn_role_name(bn_role role)
{
	return role_names[role];
}

const char *bn_act_name(bn_act act)
{
	return act_names[act];
}

const char *bn_gate_op_text(bn_gate_op op)
{
	return op_names[op];
}

/* Index of word in a NULL-terminated list, or -1. */
static int word_find(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

/* "viewer, developer, reviewer, admin" */
static void words_text(const char *const *words, char *out, size_t size)
{
	size_t n = 0;
	out[0] = '\0';
	for (int i = 0; words[i] && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i ? ", " : "", words[i]);
}

int bn_role_parse(bn_role *out, const char *word, bn_err *err)
{
	int i = word_find(role_names, word);
	if (i >= 0) {
		*out = (bn_role)i;
		return 0;
	}
	const char *near = bn_nearest_word(word, role_names);
	char all[80];
	words_text(role_names, all, sizeof all);
	bn_err_set(err, BN_EINVAL, "no role '%s'", word);
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	else
		bn_err_hint(err, "roles are %s", all);
	return BN_EINVAL;
}

void bn_roles_text(unsigned roles, char *out, size_t size)
{
	size_t n = 0;
	out[0] = '\0';
	for (int r = 0; r < BN_ROLES; r++)
		if ((roles & BIT(r)) && n < size)
			n += (size_t)snprintf(
				out + n, size - n, "%s%s", n ? ", " : "", role_names[r]);
	if (!n)
		snprintf(out, size, "-");
}

/* The next character of a name as a reader may take it; '\0' at the end. */
static char next_alike(const char **at)
{
	while (**at && strchr("-_.", **at))
		++*at;
	char c = **at;
	if (!c)
		return '\0';
	++*at;
	if (c >= 'A' && c <= 'Z')
		c = (char)(c | 32);
	if (c == '0')
		return 'o';
	return c == '1' || c == 'i' ? 'l' : c;
}

static bool is_alike(const char *a, const char *b)
{
	char c;
	do {
		if ((c = next_alike(&a)) != next_alike(&b))
			return false;
	} while (c);
	return true;
}

bool bn_policy_protects(const bn_policy *p, const char *alias)
{
	for (size_t i = 0; i < p->n_protected; i++)
		if (is_alike(p->protected_aliases[i], alias))
			return true;
	return false;
}

void bn_policy_free(bn_policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_protected; i++)
		bn_free(p->protected_aliases[i]);
	for (size_t i = 0; i < p->n_gates; i++) {
		bn_free(p->gates[i].name);
		bn_free(p->gates[i].metric);
		bn_free(p->gates[i].part);
		bn_free(p->gates[i].check);
		bn_free(p->gates[i].data);
	}
	bn_free(p->protected_aliases);
	bn_free(p->gates);
	bn_free(p);
}

/* ---- parsing -------------------------------------------------------------------------------- */

static int flag_parse(
	bool *out, const json_t *doc, const char *key, const char *source, bn_err *err)
{
	const json_t *v = json_object_get(doc, key);
	if (!v)
		return 0;
	if (!json_is_boolean(v))
		return bn_err_set(err, BN_EINVAL, "%s: %s: expected true or false", source, key);
	*out = json_is_true(v);
	return 0;
}

static int role_field(bn_role *out, const json_t *v, const char *where, bn_err *err)
{
	if (!json_is_string(v))
		return bn_err_set(err, BN_EINVAL, "%s: expected the name of a role", where);
	bn_err e = BN_ERR_INIT;
	if (bn_role_parse(out, json_string_value(v), &e) == 0)
		return 0;
	bn_err_prefix(&e, "%s", where);
	return bn_err_move(err, &e);
}

static int allow_parse(bn_policy *p, const json_t *allow, const char *source, bn_err *err)
{
	char where[200];
	const char *key;
	json_t *roles;
	if (!json_is_object(allow))
		return bn_err_set(err, BN_EINVAL, "%s: allow: expected an object", source);
	json_object_foreach((json_t *)allow, key, roles)
	{
		int act = word_find(act_names, key);
		if (act == BN_ACT_POLICY)
			return bn_err_set(err, BN_EINVAL,
				"%s: allow.policy: cannot be changed, it is for admin only",
				source);
		if (act < 0) {
			const char *near = bn_nearest_word(key, act_names);
			bn_err_set(err, BN_EINVAL, "%s: allow: no act '%s'", source, key);
			if (near)
				bn_err_hint(err, "did you mean '%s'?", near);
			return BN_EINVAL;
		}
		if (!json_is_array(roles))
			return bn_err_set(err, BN_EINVAL, "%s: allow.%s: expected a list of roles",
				source, key);
		p->allow[act] = 0;
		for (size_t i = 0; i < json_array_size(roles); i++) {
			bn_role role;
			snprintf(where, sizeof where, "%s: allow.%s[%zu]", source, key, i);
			int rc = role_field(&role, json_array_get(roles, i), where, err);
			if (rc < 0)
				return rc;
			p->allow[act] |= BIT(role);
		}
	}
	return 0;
}

static int protected_parse(bn_policy *p, const json_t *list, const char *source, bn_err *err)
{
	size_t n = json_array_size(list);
	if (!json_is_array(list))
		return bn_err_set(
			err, BN_EINVAL, "%s: protected_aliases: expected a list of names", source);
	p->protected_aliases = bn_alloc_zeroed(n ? n : 1, sizeof *p->protected_aliases);
	if (!p->protected_aliases)
		return bn_err_nomem(err, "a policy");
	for (size_t i = 0; i < n; i++) {
		const char *alias = json_string_value(json_array_get(list, i));
		if (!alias || !bn_name_is_valid(alias))
			return bn_err_set(err, BN_EINVAL,
				"%s: protected_aliases[%zu]: expected the name of an alias", source,
				i);
		if (!(p->protected_aliases[i] = bn_strdup(alias)))
			return bn_err_nomem(err, "a policy");
		p->n_protected++;
	}
	return 0;
}

static int number_field(
	double *out, const json_t *gate, const char *key, const char *where, bn_err *err)
{
	const json_t *v = json_object_get(gate, key);
	if (!v)
		return 0;
	if (!json_is_number(v))
		return bn_err_set(err, BN_EINVAL, "%s.%s: expected a number", where, key);
	*out = json_number_value(v);
	return 0;
}

static int text_field(
	char **out, const json_t *gate, const char *key, const char *where, bn_err *err)
{
	const json_t *v = json_object_get(gate, key);
	if (!v)
		return 0;
	if (!json_is_string(v) || !json_string_length(v) || json_string_length(v) > 128)
		return bn_err_set(
			err, BN_EINVAL, "%s.%s: expected text of 1 to 128 bytes", where, key);
	*out = bn_strdup(json_string_value(v));
	return *out ? 0 : bn_err_nomem(err, "a policy");
}

/* op, threshold, than and margin of a gate about a metric. */
static int gate_limit_parse(bn_policy_gate *g, const json_t *gate, const char *where, bn_err *err)
{
	const char *op = bn_json_str(gate, "op", "");
	const json_t *than = json_object_get(gate, "than");
	char all[80];
	int rc, i = word_find(op_names, op);
	words_text(op_names, all, sizeof all);
	if (i < 0)
		return bn_err_set(err, BN_EINVAL, "%s.op: expected one of %s", where, all);
	g->op = (bn_gate_op)i;
	if (than && (!json_is_string(than) || strcmp(json_string_value(than), "champion")))
		return bn_err_set(err, BN_EINVAL, "%s.than: expected \"champion\"", where);
	g->than_champion = than != NULL;
	if ((rc = number_field(&g->threshold, gate, "threshold", where, err)) < 0)
		return rc;
	if ((rc = number_field(&g->margin, gate, "margin", where, err)) < 0)
		return rc;
	if (g->than_champion == !isnan(g->threshold))
		return bn_err_set(err, BN_EINVAL,
			"%s: expected either a threshold or \"than\": \"champion\"", where);
	if (!g->than_champion && json_object_get(gate, "margin"))
		return bn_err_set(err, BN_EINVAL,
			"%s.margin: only together with \"than\": \"champion\"", where);
	return 0;
}

/* "NAME@v3" or "NAME@sha256:" and 64 digits. */
static bool names_data(const char *data)
{
	const char *at = strchr(data, '@');
	int64_t version;
	if (!at || at == data || at - data > 128)
		return false;
	if (at[1] == 'v')
		return bn_parse_i64(at + 2, strlen(at + 2), &version) && version > 0;
	return !strncmp(at + 1, "sha256:", 7) && strlen(at + 8) == 64 && bn_is_hex(at + 8);
}

/* Whose evidence counts, and on which data. */
static int gate_source_parse(bn_policy_gate *g, const json_t *gate, const char *where, bn_err *err)
{
	const json_t *by = json_object_get(gate, "by");
	int i = by ? word_find(by_names, json_is_string(by) ? json_string_value(by) : "") : 0;
	if (by && i < 1)
		return bn_err_set(err, BN_EINVAL, "%s.by: expected \"author\" or \"other\"", where);
	g->by = (bn_gate_by)i;
	const json_t *data = json_object_get(gate, "data");
	if (!data)
		return 0;
	if (!json_is_string(data) || !names_data(json_string_value(data)))
		return bn_err_set(err, BN_EINVAL,
			"%s.data: expected a version of a dataset, as \"jobs@v3\" or "
			"\"jobs@sha256:\" "
			"and the whole digest",
			where);
	g->data = bn_strdup(json_string_value(data));
	return g->data ? 0 : bn_err_nomem(err, "a policy");
}

static int gate_parse(bn_policy_gate *g, const json_t *gate, const char *where, bn_err *err)
{
	if (!json_is_object(gate))
		return bn_err_set(err, BN_EINVAL, "%s: expected an object", where);
	bool is_check = json_object_get(gate, "check") && !json_object_get(gate, "metric");
	int rc = bn_json_only_keys(gate, is_check ? check_keys : metric_keys, where, err);
	if (rc < 0)
		return rc;
	g->threshold = NAN;
	const char *severity = bn_json_str(gate, "severity", "block");
	if (strcmp(severity, "block") && strcmp(severity, "warn"))
		return bn_err_set(
			err, BN_EINVAL, "%s.severity: expected \"block\" or \"warn\"", where);
	g->severity = strcmp(severity, "warn") ? BN_GATE_BLOCK : BN_GATE_WARN;
	if ((rc = text_field(&g->name, gate, "name", where, err)) < 0)
		return rc;
	if ((rc = text_field(&g->metric, gate, "metric", where, err)) < 0)
		return rc;
	if ((rc = text_field(&g->part, gate, "part", where, err)) < 0)
		return rc;
	if ((rc = text_field(&g->check, gate, "check", where, err)) < 0)
		return rc;
	if (!g->metric && !g->check)
		return bn_err_set(err, BN_EINVAL, "%s: expected a metric or a check", where);
	if ((rc = gate_source_parse(g, gate, where, err)) < 0)
		return rc;
	if (g->metric && (rc = gate_limit_parse(g, gate, where, err)) < 0)
		return rc;
	if (g->metric && !g->part && !(g->part = bn_strdup("test")))
		return bn_err_nomem(err, "a policy");
	if (!g->name && !(g->name = bn_strdup(g->metric ? g->metric : g->check)))
		return bn_err_nomem(err, "a policy");
	return 0;
}

static int gates_parse(bn_policy *p, const json_t *gates, const char *source, bn_err *err)
{
	char where[200];
	size_t n = json_array_size(gates);
	if (!json_is_array(gates) || n > MAX_GATES)
		return bn_err_set(err, BN_EINVAL, "%s: gates: expected a list of at most %d gates",
			source, MAX_GATES);
	p->gates = bn_alloc_zeroed(n ? n : 1, sizeof *p->gates);
	if (!p->gates)
		return bn_err_nomem(err, "a policy");
	for (size_t i = 0; i < n; i++) {
		snprintf(where, sizeof where, "%s: gates[%zu]", source, i);
		p->n_gates++;
		int rc = gate_parse(&p->gates[i], json_array_get(gates, i), where, err);
		if (rc < 0)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(p->gates[k].name, p->gates[i].name))
				return bn_err_set(err, BN_EINVAL,
					"%s.name: gates[%zu] is also called '%s'", where, k,
					p->gates[i].name);
	}
	return 0;
}

static int approvals_parse(bn_policy *p, const json_t *v, const char *source, bn_err *err)
{
	json_int_t n = json_integer_value(v);
	if (!json_is_integer(v) || n < 1 || n > MAX_APPROVALS)
		return bn_err_set(err, BN_EINVAL,
			"%s: approvals: expected a whole number from 1 to %d", source,
			MAX_APPROVALS);
	p->approvals = (int)n;
	return 0;
}

/* By default only "champion" is protected. */
static int protected_default(bn_policy *p, const char *source, bn_err *err)
{
	json_t *champion = json_pack("[s]", "champion");
	if (!champion)
		return bn_err_nomem(err, "a policy");
	int rc = protected_parse(p, champion, source, err);
	json_decref(champion);
	return rc;
}

static int links_parse(bn_policy *p, const json_t *links, const char *source, bn_err *err)
{
	char where[200];
	const json_t *v = json_object_get(links, "signers");
	snprintf(where, sizeof where, "%s: links", source);
	if (!json_is_object(links))
		return bn_err_set(err, BN_EINVAL, "%s: expected an object", where);
	int rc = bn_json_only_keys(links, links_keys, where, err);
	if (rc < 0 || !v)
		return rc;
	json_int_t n = json_integer_value(v);
	if (!json_is_integer(v) || n < 1 || n > MAX_LINK_SIGNERS)
		return bn_err_set(err, BN_EINVAL,
			"%s.signers: expected a whole number from 1 to %d", where,
			MAX_LINK_SIGNERS);
	p->link_signers = (int)n;
	return 0;
}

static int policy_fill(bn_policy *p, const json_t *doc, const char *source, bn_err *err)
{
	char where[200];
	const json_t *v;
	if (!json_is_object(doc))
		return bn_err_set(err, BN_EINVAL, "%s: expected an object", source);
	int rc = bn_json_only_keys(doc, document_keys, source, err);
	if (rc < 0)
		return rc;
	snprintf(where, sizeof where, "%s: default_role", source);
	if ((v = json_object_get(doc, "default_role")) &&
		(rc = role_field(&p->default_role, v, where, err)) < 0)
		return rc;
	if (p->default_role == BN_ROLE_ADMIN)
		return bn_err_set(err, BN_EINVAL, "%s: may not be admin", where);
	if ((rc = flag_parse(&p->self_approval, doc, "self_approval", source, err)) < 0)
		return rc;
	if ((rc = flag_parse(&p->gate_override, doc, "gate_override", source, err)) < 0)
		return rc;
	if ((rc = flag_parse(&p->recheck, doc, "recheck", source, err)) < 0)
		return rc;
	if ((v = json_object_get(doc, "approvals")) &&
		(rc = approvals_parse(p, v, source, err)) < 0)
		return rc;
	if ((v = json_object_get(doc, "allow")) && (rc = allow_parse(p, v, source, err)) < 0)
		return rc;
	if ((v = json_object_get(doc, "gates")) && (rc = gates_parse(p, v, source, err)) < 0)
		return rc;
	if ((v = json_object_get(doc, "links")) && (rc = links_parse(p, v, source, err)) < 0)
		return rc;
	v = json_object_get(doc, "protected_aliases");
	return v ? protected_parse(p, v, source, err) : protected_default(p, source, err);
}

int bn_policy_parse(bn_policy **out, const json_t *document, const char *source, bn_err *err)
{
	bn_policy *p = bn_alloc_zeroed(1, sizeof *p);
	if (!p)
		return bn_err_nomem(err, "a policy");
	p->default_role = BN_ROLE_DEVELOPER;
	p->approvals = 1;
	p->link_signers = 1;
	memcpy(p->allow, default_allow, sizeof p->allow);
	int rc = policy_fill(p, document, source, err);
	if (rc < 0)
		goto out;
	for (int a = 0; a < BN_ACTS; a++)
		p->allow[a] |= BIT(BN_ROLE_ADMIN);
	if ((rc = bn_json_hash(document, p->hash, err)) < 0)
		goto out;
	*out = p;
	p = NULL;
out:
	bn_policy_free(p);
	return rc;
}

/* ---- documents of a newer binnacle ------------------------------------------------------------ */

static bool has_others(const json_t *object, const char *const *known)
{
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)object, key, v)
	{
		if (word_find(known, key) < 0)
			return true;
	}
	return false;
}

static bool roles_are_newer(const json_t *roles)
{
	for (size_t i = 0; i < json_array_size(roles); i++) {
		const char *word = json_string_value(json_array_get(roles, i));
		if (word && word_find(role_names, word) < 0)
			return true;
	}
	return false;
}

static bool document_is_newer(const json_t *doc)
{
	const char *role = bn_json_str(doc, "default_role", "viewer"), *act;
	const json_t *gates = json_object_get(doc, "gates"), *allow = json_object_get(doc, "allow");
	json_t *roles;
	if (has_others(doc, document_keys) || word_find(role_names, role) < 0 ||
		has_others(allow, act_names) ||
		has_others(json_object_get(doc, "links"), links_keys))
		return true;
	json_object_foreach((json_t *)allow, act, roles)
	{
		if (roles_are_newer(roles))
			return true;
	}
	for (size_t i = 0; i < json_array_size(gates); i++)
		if (has_others(json_array_get(gates, i), metric_keys) &&
			has_others(json_array_get(gates, i), check_keys))
			return true;
	return false;
}

int bn_policy_link_check(const json_t *document, bn_err *err)
{
	bn_policy *p = NULL;
	if (document_is_newer(document))
		return bn_err_set(err, BN_EUNSUPPORTED,
			"the policy has content that this version does not know");
	int rc = bn_policy_parse(&p, document, "policy", err);
	bn_policy_free(p);
	return rc;
}

/* ---- writing it out ------------------------------------------------------------------------- */

static json_t *gate_document(const bn_policy_gate *g)
{
	const char *severity = g->severity == BN_GATE_BLOCK ? "block" : "warn";
	const char *by = g->by == BN_GATE_BY_UNSAID ? NULL : by_names[g->by];
	if (g->check)
		return json_pack("{s:s, s:s, s:s, s:s*}", "name", g->name, "check", g->check,
			"severity", severity, "by", by);
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*, s:s*}", "name", g->name, "metric",
		g->metric, "part", g->part, "op", op_names[g->op], "severity", severity, "by", by,
		"data", g->data);
	if (o && g->than_champion) {
		json_object_set_new(o, "than", json_string("champion"));
		json_object_set_new(o, "margin", json_real(g->margin));
	} else if (o) {
		json_object_set_new(o, "threshold", json_real(g->threshold));
	}
	return o;
}

json_t *bn_policy_document(const bn_policy *p)
{
	json_t *allow = json_object(), *gates = json_array(), *aliases = json_array();
	for (int a = 0; a < BN_ACTS; a++) {
		json_t *roles = json_array();
		for (int r = 0; r < BN_ROLES; r++)
			if (p->allow[a] & BIT(r))
				json_array_append_new(roles, json_string(role_names[r]));
		if (a == BN_ACT_POLICY)
			json_decref(roles);
		else
			json_object_set_new(allow, act_names[a], roles);
	}
	for (size_t i = 0; i < p->n_gates; i++)
		json_array_append_new(gates, gate_document(&p->gates[i]));
	for (size_t i = 0; i < p->n_protected; i++)
		json_array_append_new(aliases, json_string(p->protected_aliases[i]));
	return json_pack("{s:s, s:b, s:i, s:b, s:o, s:o, s:o, s:{s:i}, s:b}", "default_role",
		role_names[p->default_role], "self_approval", (int)p->self_approval, "approvals",
		p->approvals, "gate_override", (int)p->gate_override, "allow", allow, "gates",
		gates, "protected_aliases", aliases, "links", "signers", p->link_signers, "recheck",
		(int)p->recheck);
}
