/* reproduce.c - trains a run again from its spec, as a job, and compares the bytes (core/launch/reproduce.h). */
#include "core/launch/reproduce.h"

#include "core/base/fs.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/track/run.h"
#include "core/track/run_files.h"
#include "tui/ui/format.h"
#include "tui/views/_source.h"
#include "tui/views/run/_run.h"

#include <stdio.h>
#include <string.h>

static void line_log(void *job, const char *line)
{
	bn_job_log(job, "%s", line);
}

static bool is_cancelled(void *job)
{
	return bn_job_is_cancelled(job);
}

static int can_reproduce(const bn_run_info *run, bn_err *err)
{
	if (run->spec_hash && run->model_digest)
		return 0;
	return bn_err_set(err, BN_EUNSUPPORTED,
		"run %.8s stored no model of a trainer: only such a run can be reproduced",
		run->id);
}

static const char *words_of(
	const bn_reproduction *p, const bn_run_info *run, const char *version, bn_arena *arena)
{
	const char *attested = version[0] ? bn_arena_strf(arena, "; attested for %s", version) : "";
	attested = attested ? attested : "";
	char time[BN_FORMAT_BYTES];
	if (p->identical)
		return bn_arena_strf(arena, "bit-identical%s: %s, model %.12s, %s", attested, run->name,
			p->digest, bn_format_duration(time, p->duration_ns / 1000000));
	return bn_arena_strf(arena, "different%s: %s\n%s\nwhy: %s", attested, run->name, p->difference, p->why);
}

/* As binnacle run reproduce --attest does. */
static int attest(bn_reader *r, const char *version, const bn_reproduction *p, bn_job *job, bn_err *err)
{
	char detail[256];
	snprintf(detail, sizeof detail, p->identical ? "bit-identical, model %.12s" : "%.240s",
		p->identical ? p->digest : p->difference);
	int rc = bn_version_attest(r->ws, version, "reproducible",
		p->identical ? BN_VERDICT_PASS : BN_VERDICT_FAIL, detail, err);
	if (rc < 0)
		return rc;
	bn_job_log(job, "attested: %s is %sreproducible", version, p->identical ? "" : "not ");
	r->generation++; /* as after an action: other pages see it */
	return 0;
}

int bn_source_reproduce(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_reproduce_arg *a = arg;
	const bn_env *env = bn_workspace_env(r->ws);
	const bn_fit_hooks hooks = {.user = job, .log = line_log, .is_cancelled = is_cancelled};
	bn_run_info *run = NULL;
	bn_reproduction p;
	char uuid[BN_UUID_TEXT], *dir = NULL;
	int rc;
	if ((rc = bn_reader_need_trust(r, err)) < 0 || (rc = bn_reader_refresh(r, err)) < 0 ||
		(rc = bn_run_get(&run, r->ws, a->run, err)) < 0 ||
		(rc = can_reproduce(run, err)) < 0 || (rc = bn_uuid_new(env, uuid, err)) < 0)
		goto out;
	if (!(dir = bn_workspace_path(r->ws, "tmp/original-%s", uuid))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if ((rc = bn_run_export(r->ws, run->id, "model", dir, err)) < 0 ||
		(rc = bn_reproduce(&p, r->ws, run->spec_hash, dir, 0, &hooks, err)) < 0)
		goto out;
	if (a->version[0] && (rc = attest(r, a->version, &p, job, err)) < 0)
		goto out;
	page->data = (void *)(uintptr_t)words_of(&p, run, a->version, &page->arena);
	rc = page->data ? 0 : bn_err_nomem(err, "a result");
	if (page->data)
		bn_job_log(job, "%.*s", (int)strcspn(page->data, "\n"), (const char *)page->data);
out:
	if (dir)
		bn_fs_remove_tree(env, dir, NULL);
	bn_free(dir);
	bn_run_info_free(run);
	return rc;
}

static int result_open(bn_view **out, bn_frame *f, bn_page *page, const void *arg, bn_err *err)
{
	(void)arg;
	return bn_view_text_new(out, f, "reproduced", page->data, err);
}

void bn_view_reproduce(bn_view *v, const char *run, const char *name, const char *version)
{
	bn_reproduce_arg arg = {"", ""};
	char title[BN_REF_BYTES + 24];
	snprintf(arg.run, sizeof arg.run, "%s", run);
	snprintf(arg.version, sizeof arg.version, "%s", version ? version : "");
	snprintf(title, sizeof title, "reproduction of %.100s", name);
	bn_frame_start(v->frame, &(bn_job_spec){.title = title,
					 .fn = bn_view_source(v)->reproduce,
					 .arg = &arg,
					 .arg_bytes = sizeof arg,
					 .open = result_open});
}
