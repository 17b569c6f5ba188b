/* lineage.c - the graph from data to aliases around one model version. See provenance.h. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/dataset.h"
#include "core/registry/provenance.h"
#include "core/run/spec.h"
#include "core/track/run.h"

#include <string.h>

#define MAX_NODES 512

/* A lineage under construction. failed: out of memory, checked once at the end. */
typedef struct graph {
	bn_lineage *l;
	bn_workspace *ws;
	size_t cap_nodes, cap_edges;
	bool failed;
} graph;

void bn_lineage_free(bn_lineage *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_nodes; i++) {
		bn_free(l->nodes[i].label);
		bn_free(l->nodes[i].detail);
	}
	bn_free(l->nodes);
	bn_free(l->edges);
	bn_free(l);
}

/* Index of the node, which is unique. Takes label and detail. */
static size_t node_add(graph *g, const char *kind, char *label, char *detail, bool *is_new)
{
	bn_lineage *l = g->l;
	*is_new = false;
	for (size_t i = 0; label && i < l->n_nodes; i++)
		if (!strcmp(l->nodes[i].kind, kind) && !strcmp(l->nodes[i].label, label)) {
			bn_free(label);
			bn_free(detail);
			return i;
		}
	if (!label || bn_grow(&l->nodes, &g->cap_nodes, l->n_nodes + 1, sizeof *l->nodes)) {
		bn_free(label);
		bn_free(detail);
		g->failed = true;
		return 0;
	}
	l->nodes[l->n_nodes] = (bn_lineage_node){kind, label, detail};
	*is_new = true;
	return l->n_nodes++;
}

static void edge_add(graph *g, size_t from, size_t to, const char *verb)
{
	if (bn_grow(&g->l->edges, &g->cap_edges, g->l->n_edges + 1, sizeof *g->l->edges)) {
		g->failed = true;
		return;
	}
	g->l->edges[g->l->n_edges++] = (bn_lineage_edge){from, to, verb};
}

/* A dataset version, and what it was made from, as far as the workspace knows. */
static size_t data_add(graph *g, const char *name, int64_t version, const char *digest)
{
	bool is_new = false;
	size_t node = node_add(g, "data", bn_strf("%s@v%lld", name, (long long)version),
		digest ? bn_strdup(digest) : NULL, &is_new);
	if (!is_new || g->l->n_nodes > MAX_NODES)
		return node;
	bn_dataset_version *v = NULL;
	if (bn_dataset_resolve(&v, g->ws, g->l->nodes[node].label, BN_DATASET_REMOVED_TOO, NULL) !=
		0)
		return node;
	for (size_t i = 0; i < v->parent_count && !g->failed; i++) {
		const bn_dataset_parent *p = &v->parents[i];
		size_t from = p->version ? data_add(g, p->name, p->version, p->hash)
					 : node_add(g, "source", bn_strdup(p->name),
						   bn_strdup(p->hash), &is_new);
		edge_add(g, from, node, "derived");
	}
	if (!v->parent_count && v->source_path)
		edge_add(g,
			node_add(g, "source", bn_strdup(v->source_path),
				v->source_sha256[0] ? bn_strdup(v->source_sha256) : NULL, &is_new),
			node, "ingested");
	bn_dataset_version_free(v);
	return node;
}

static void code_add(graph *g, const bn_spec_code *code, size_t run)
{
	bool is_new;
	if (!code->commit)
		return;
	size_t node = node_add(g, "code", bn_strf("%.12s", code->commit),
		bn_strdup(code->dirty == 1 ? "with uncommitted changes" : "clean"), &is_new);
	edge_add(g, node, run, "ran");
}

static int run_add(graph *g, const bn_version *v, size_t model, bn_err *err)
{
	bn_run_info *run = NULL;
	bn_spec *spec = NULL;
	bool is_new;
	bn_err e = BN_ERR_INIT;
	int rc = bn_run_get(&run, g->ws, v->run_id, &e);
	if (rc == BN_ENOTFOUND) { /* known only by id */
		edge_add(g, node_add(g, "run", bn_strdup(v->run_id), NULL, &is_new), model,
			"produced");
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &e);
	size_t node = node_add(g, "run",
		bn_strf("%.8s%s%s", run->id, run->name ? " " : "", run->name ? run->name : ""),
		bn_strf("%s, %s, by %s", run->title ? run->title : run->kind,
			bn_run_status_name(run->status), run->user),
		&is_new);
	edge_add(g, node, model, "produced");
	if (run->spec_hash && bn_spec_fetch(&spec, g->ws, run->spec_hash, NULL) == 0)
		code_add(g, &spec->code, node);
	for (size_t i = 0; i < json_array_size(v->data); i++) {
		const json_t *d = json_array_get(v->data, i);
		size_t from = data_add(g, bn_json_str(d, "name", "?"), bn_json_int(d, "version", 0),
			bn_json_str(d, "digest", NULL));
		edge_add(g, from, node, i ? "used" : "trained");
	}
	bn_spec_free(spec);
	bn_run_info_free(run);
	return 0;
}

int bn_lineage_read(bn_lineage **out, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_version *v = NULL;
	bool is_new;
	graph g = {.ws = ws, .l = bn_alloc_zeroed(1, sizeof *g.l)};
	int rc = g.l ? bn_version_get(&v, ws, spec, err) : bn_err_nomem(err, "a lineage");
	if (rc)
		goto out;
	size_t model = node_add(&g, "model", bn_strf("%s/%lld", v->name, (long long)v->version),
		bn_strf("%s, by %s, %.19s", bn_model_state_name(v->state), v->author, v->digest),
		&is_new);
	if (v->run_id)
		rc = run_add(&g, v, model, err);
	for (size_t i = 0; !rc && i < v->n_aliases; i++)
		edge_add(&g, model,
			node_add(&g, "alias", bn_strf("%s@%s", v->name, v->aliases[i]), NULL,
				&is_new),
			"is");
	if (!rc && g.failed)
		rc = bn_err_nomem(err, "a lineage");
out:
	bn_version_free(v);
	if (rc)
		bn_lineage_free(g.l);
	else
		*out = g.l;
	return rc;
}
