/* card.c - the model card: the model's own text, then what the registry knows. See
 * provenance.h. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/timestamp.h"
#include "core/registry/provenance.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"

#include <string.h>

enum { CARD_BYTES = 4 << 20 };

static int own_card(bn_buf *out, bn_workspace *ws, const bn_version *v, bn_err *err)
{
	bn_manifest m;
	int rc = bn_manifest_load(&m, ws, v->manifest, err);
	if (rc < 0)
		return rc;
	const bn_manifest_part *f = bn_manifest_find(&m, "model_card.md");
	if (f)
		rc = bn_object_load(out, ws, f->hash, CARD_BYTES, err);
	else
		bn_buf_addf(out, "# %s\n", v->name);
	if (rc == 0 && out->len && out->ptr[out->len - 1] != '\n')
		bn_buf_addch(out, '\n');
	bn_manifest_release(&m);
	return rc;
}

static void add_facts(bn_buf *out, const bn_version *v)
{
	char at[BN_TIMESTAMP_TEXT];
	bn_buf_addf(out,
		"\n## Registry\n\n- version: %s/%lld (%s)\n- uuid: %s\n- digest: sha256:%s\n",
		v->name, (long long)v->version, bn_model_state_name(v->state), v->uuid, v->digest);
	bn_buf_addf(out, "- author: %s, registered by %s on %s\n", v->author, v->registrar,
		bn_timestamp_iso(v->registered_ms * 1000000, at));
	if (v->run_id)
		bn_buf_addf(out, "- run: %s\n", v->run_id);
	for (size_t i = 0; i < json_array_size(v->data); i++) {
		const json_t *d = json_array_get(v->data, i);
		bn_buf_addf(out, "- data: %s@v%lld, digest %s\n", bn_json_str(d, "name", "?"),
			(long long)bn_json_int(d, "version", 0),
			bn_json_str(d, "digest", "not recorded"));
	}
	for (size_t i = 0; i < v->n_aliases; i++)
		bn_buf_addf(out, "- alias: %s\n", v->aliases[i]);
}

static void add_decisions(bn_buf *out, const bn_version *v)
{
	char at[BN_TIMESTAMP_TEXT];
	if (v->n_decisions)
		bn_buf_adds(out, "\n## Decisions\n\n");
	for (size_t i = 0; i < v->n_decisions; i++) {
		const bn_decision *d = &v->decisions[i];
		bn_buf_addf(out, "- %s by %s on %s%s%s%s\n", d->approved ? "approved" : "rejected",
			d->user, bn_timestamp_iso(d->time_ms * 1000000, at),
			d->override ? ", OVERRIDING the gates" : "", d->reason ? ": " : "",
			d->reason ? d->reason : "");
	}
}

static void add_gates(bn_buf *out, const bn_gate_report *g)
{
	if (g->count)
		bn_buf_adds(out,
			"\n## Gates\n\n| gate | claim | verdict | evidence |\n|---|---|---|---|\n");
	for (size_t i = 0; i < g->count; i++)
		bn_buf_addf(out, "| %s | %s | %s | %s (%s) |\n", g->items[i].name,
			g->items[i].claim, bn_verdict_name(g->items[i].verdict),
			g->items[i].evidence, g->items[i].source);
}

int bn_version_card(bn_buf *out, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_inbox_item *sheet = NULL;
	int rc = bn_inbox_item_read(&sheet, ws, spec, err);
	if (!rc)
		rc = own_card(out, ws, sheet->version, err);
	if (!rc) {
		add_facts(out, sheet->version);
		add_decisions(out, sheet->version);
		if (sheet->gates)
			add_gates(out, sheet->gates);
		rc = bn_buf_check(out, err, "a model card");
	}
	bn_inbox_item_free(sheet);
	return rc;
}
