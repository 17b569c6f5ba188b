/* origin_pages.c - what a run comes from and what became of it, line by line: data, code, environment, spec, datasets and
 * models that a protocol said, artifacts, versions, the runs around it. */
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/run/spec.h"
#include "core/track/logged_model.h"
#include "core/track/run_files.h"
#include "tui/ui/format.h"
#include "tui/views/_source.h"

#include <string.h>

enum { LINES_MOST = 256, KINS_LISTED = 100 };

static void line_add(
	bn_origin *o, bn_origin_opens opens, const char *what, const char *text, const char *ref)
{
	if (o->count < LINES_MOST && what && text)
		o->lines[o->count++] =
			(bn_origin_line){what, text, ref, ref ? opens : BN_ORIGIN_NOTHING, NULL};
}

/* Why the line that was added last opens nothing. */
static void line_why(bn_origin *o, const char *why)
{
	if (o->count && o->lines[o->count - 1].opens == BN_ORIGIN_NOTHING)
		o->lines[o->count - 1].why = why;
}

static void data_lines(bn_origin *o, bn_arena *arena, const bn_spec *spec)
{
	for (size_t i = 0; i < spec->data_count; i++) {
		const bn_spec_data *d = &spec->data[i];
		const char *ref = bn_arena_strf(
			arena, "%s@v%lld", d->name ? d->name : "", (long long)d->version);
		line_add(o, BN_ORIGIN_ROWS,
			bn_arena_strf(arena, "data, %s", d->part ? d->part : "train"), ref, ref);
	}
}

static int json_line(bn_origin *o, bn_arena *arena, const char *what, const char *text,
	const json_t *json, bn_err *err)
{
	bn_buf pretty = BN_BUF_INIT;
	int rc = json ? bn_json_pretty(json, &pretty, err) : 0;
	if (json && rc >= 0)
		line_add(o, BN_ORIGIN_TEXT, what, text, bn_arena_strdup(arena, pretty.ptr));
	bn_buf_release(&pretty);
	return rc;
}

static int spec_lines(
	bn_origin *o, bn_arena *arena, bn_reader *r, const bn_run_info *run, bn_err *err)
{
	bn_spec *spec = NULL;
	json_t *all = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = run->spec_hash ? bn_spec_fetch(&spec, r->ws, run->spec_hash, &why) : 0;
	if (rc < 0 && (rc != BN_ENOTFOUND || !run->bytes_gone))
		return bn_err_move(err, &why);
	bn_err_clear(&why);
	if (!spec)
		return 0;
	if ((rc = bn_spec_to_json(&all, spec, err)) < 0)
		goto out;
	data_lines(o, arena, spec);
	if (spec->code.commit)
		line_add(o, BN_ORIGIN_OBJECT, "code",
			bn_arena_strf(arena, "%.12s%s%s%s", spec->code.commit,
				spec->code.branch ? " on " : "",
				spec->code.branch ? spec->code.branch : "",
				spec->code.diff ? ", with changes that were not committed" : ""),
			spec->code.diff ? bn_arena_strdup(arena, spec->code.diff) : NULL);
	if (spec->code.commit)
		line_why(o, bn_arena_strf(arena, "nothing was changed in this commit: git show %.12s has it",
				    spec->code.commit));
	if ((rc = json_line(o, arena, "environment", "libraries, processor, modules",
		     spec->environment, err)) < 0)
		goto out;
	rc = json_line(o, arena, "spec", bn_arena_strdup(arena, run->spec_hash), all, err);
out:
	json_decref(all);
	bn_spec_free(spec);
	return rc;
}

static int version_lines(bn_origin *o, bn_arena *arena, bn_reader *r, const char *run, bn_err *err)
{
	bn_version_page *all = NULL;
	int rc = bn_version_list(&all, r->ws, NULL, false, err);
	for (size_t i = 0; rc >= 0 && i < all->count; i++) {
		const bn_version *v = &all->items[i];
		if (!v->run_id || strcmp(v->run_id, run) != 0)
			continue;
		const char *ref = bn_arena_strf(arena, "%s/%lld", v->name, (long long)v->version);
		line_add(o, BN_ORIGIN_MODEL, "version", ref, ref);
	}
	bn_version_page_free(all);
	return rc;
}

/* The runs that it resumes, or that resume it. */
static void resumed_lines(bn_origin *o, bn_arena *arena, const bn_run_info *run)
{
	if (run->resumes)
		line_add(o, BN_ORIGIN_RUN, "resumes",
			bn_arena_strf(arena, "%s after %lld steps", run->resumes,
				(long long)run->resumed_step),
			bn_arena_strdup(arena, run->resumes));
	if (run->resumed_by)
		line_add(o, BN_ORIGIN_RUN, "resumed by", bn_arena_strdup(arena, run->resumed_by),
			bn_arena_strdup(arena, run->resumed_by));
}

/* The run above, and those below. */
static int kin_lines(bn_origin *o, bn_arena *arena, bn_reader *r, const char *run, bn_err *err)
{
	bn_run_kins k;
	int rc = bn_run_kins_load(&k, r->ws, run, KINS_LISTED, err);
	if (rc >= 0 && k.has_parent) {
		line_add(o, BN_ORIGIN_RUN, "parent", bn_arena_strdup(arena, k.parent.label),
			k.parent_is_known ? bn_arena_strdup(arena, k.parent.id) : NULL);
		line_why(o, "this run is not in this workspace");
	}
	for (size_t i = 0; rc >= 0 && i < k.child_count; i++)
		line_add(o, BN_ORIGIN_RUN, "run below", bn_arena_strdup(arena, k.children[i].label),
			bn_arena_strdup(arena, k.children[i].id));
	if (rc >= 0 && k.child_total > (int64_t)k.child_count) {
		line_add(o, BN_ORIGIN_NOTHING, "runs below",
			bn_arena_strf(arena, "and %lld more", (long long)k.child_total - (long long)k.child_count),
			NULL);
		line_why(o, "O on Runs unfolds all of them");
	}
	bn_run_kins_release(&k);
	return rc;
}

/* A dataset that a protocol said: its source, tags, schema and profile. */
static int input_line(bn_origin *o, bn_arena *arena, bn_reader *r, bn_dataset_input *d, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_err gone = BN_ERR_INIT;
	int rc;
	if (bn_dataset_input_load(d, r->ws, &gone) < 0)
		bn_err_clear(&gone); /* what is not there is left out */
	bn_buf_addf(&text, "name         %s\ndigest       %s\nsource type  %s\nsource       %s\n", d->name,
		d->digest, d->source_type, d->source);
	for (size_t i = 0; i < d->tags.count; i++)
		bn_buf_addf(&text, "tag          %s = %s\n", d->tags.items[i].key, d->tags.items[i].value);
	bn_buf_addf(&text, "\nschema\n%s\n\nprofile\n%s\n", d->schema ? d->schema : "-",
		d->profile ? d->profile : "-");
	if ((rc = bn_buf_check(&text, err, "a dataset")) >= 0)
		line_add(o, BN_ORIGIN_TEXT, "dataset", bn_arena_strf(arena, "%s, digest %s", d->name, d->digest),
			bn_arena_strdup(arena, text.ptr));
	bn_buf_release(&text);
	return rc;
}

static int model_line(bn_origin *o, bn_arena *arena, bn_reader *r, const char *what, const char *id, bn_err *err)
{
	bn_logged_model *m = NULL;
	bn_err gone = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	int rc;
	if (bn_logged_get(&m, r->ws, id, &gone) < 0) {
		line_add(o, BN_ORIGIN_NOTHING, what, bn_arena_strdup(arena, id), NULL);
		line_why(o, "this logged model is not in this workspace");
		return 0;
	}
	bn_buf_addf(&text, "id      %s\nname    %s\nstatus  %s\ntype    %s\nby      %s\n", m->id, m->name,
		bn_logged_status_name(m->status), m->type ? m->type : "-", m->user ? m->user : "-");
	for (size_t i = 0; i < m->params.count; i++)
		bn_buf_addf(&text, "param   %s = %s\n", m->params.items[i].key, m->params.items[i].value);
	for (size_t i = 0; i < m->tags.count; i++)
		bn_buf_addf(&text, "tag     %s = %s\n", m->tags.items[i].key, m->tags.items[i].value);
	for (size_t i = 0; i < m->metrics.count; i++)
		bn_buf_addf(&text, "metric  %s = %g\n", m->metrics.items[i].key, m->metrics.items[i].value);
	if ((rc = bn_buf_check(&text, err, "a logged model")) >= 0)
		line_add(o, BN_ORIGIN_TEXT, what,
			bn_arena_strf(arena, "%s %s, %s", m->name, m->id, bn_logged_status_name(m->status)),
			bn_arena_strdup(arena, text.ptr));
	bn_buf_release(&text);
	bn_logged_free(m);
	return rc;
}

static int link_lines(bn_origin *o, bn_arena *arena, bn_reader *r, const char *run, bn_err *err)
{
	bn_run_links l;
	int rc = bn_run_links_load(&l, r->ws, run, err);
	for (size_t i = 0; rc >= 0 && i < l.dataset_count; i++)
		rc = input_line(o, arena, r, &l.datasets[i], err);
	for (size_t i = 0; rc >= 0 && i < l.input_count; i++)
		rc = model_line(o, arena, r, "model used", l.inputs[i].model, err);
	for (size_t i = 0; rc >= 0 && i < l.output_count; i++)
		rc = model_line(o, arena, r, "model made", l.outputs[i].model, err);
	bn_run_links_release(&l);
	return rc;
}

static int artifact_line(bn_origin *o, bn_arena *arena, bn_reader *r, const char *run, bn_err *err)
{
	bn_run_files files = BN_RUN_FILES_INIT;
	bn_buf text = BN_BUF_INIT;
	char size[BN_FORMAT_BYTES];
	int64_t bytes = 0;
	int rc = bn_run_files_read(&files, r->ws, run, err);
	const bn_artifacts *all = &files.all;
	for (size_t i = 0; rc >= 0 && i < all->count; i++) {
		bytes += all->items[i].size_bytes;
		bn_buf_addf(&text, "%10s  %.12s  %s\n", bn_format_bytes(size, all->items[i].size_bytes),
			all->items[i].hash, all->items[i].path);
	}
	if (rc >= 0 && all->count && (rc = bn_buf_check(&text, err, "artifacts")) >= 0)
		line_add(o, BN_ORIGIN_TEXT, "artifacts",
			bn_arena_strf(arena, "%zu file%s, %s; binnacle run artifacts %.8s lists them",
				all->count, all->count == 1 ? "" : "s", bn_format_bytes(size, bytes), run),
			bn_arena_strdup(arena, text.ptr));
	bn_buf_release(&text);
	bn_run_files_release(&files);
	return rc;
}

int bn_source_origin(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_ref_arg *a = arg;
	bn_arena *arena = &page->arena;
	bn_origin *o = bn_arena_alloc(arena, sizeof *o);
	bn_run_info *run = NULL;
	int rc;
	(void)job;
	if (!o || !(o->lines = bn_arena_alloc(arena, LINES_MOST * sizeof *o->lines)))
		return bn_err_nomem(err, "where a run comes from");
	if ((rc = bn_reader_refresh(r, err)) < 0 || (rc = bn_run_get(&run, r->ws, a->ref, err)) < 0)
		return rc;
	if ((rc = spec_lines(o, arena, r, run, err)) < 0)
		goto out;
	resumed_lines(o, arena, run);
	if ((rc = version_lines(o, arena, r, run->id, err)) < 0 ||
		(rc = link_lines(o, arena, r, run->id, err)) < 0 ||
		(rc = artifact_line(o, arena, r, run->id, err)) < 0 ||
		(rc = kin_lines(o, arena, r, run->id, err)) < 0)
		goto out;
	page->data = o;
out:
	bn_run_info_free(run);
	return rc;
}
