/* pages.c - data for the launch form; and starting: runs the displayed command lines one after the
 * other with this program. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/data/newer.h"
#include "core/data/shared_parts.h"
#include "core/launch/about_target.h"
#include "core/launch/executor.h"
#include "core/launch/resolve.h"
#include "core/run/spec.h"
#include "core/track/resume.h"
#include "tui/views/_source.h"

#include <stdio.h>
#include <string.h>

enum { DATA_MOST = 500, WORDS_MOST = 200, START_MS = 60000, OUTPUT_MOST = 1 << 20 };

/* ---- the form ------------------------------------------------------------------------------------ */

static void page_release(void *data)
{
	bn_launch_page *p = data;
	bn_spec_free(p->spec);
	if (p->schema)
		bn_schema_release(p->schema);
}

static int versions_read(bn_launch_page *p, bn_arena *arena, bn_reader *r, bn_err *err)
{
	bn_dataset_versions *all = NULL;
	int rc = bn_dataset_versions_load(&all, r->ws, NULL, BN_DATASET_LIVE, err);
	if (rc < 0)
		return rc;
	size_t n = all->count < DATA_MOST ? all->count : DATA_MOST;
	const char **names = bn_arena_alloc(arena, (n + 1) * sizeof *names);
	if (!names) {
		rc = bn_err_nomem(err, "datasets");
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		names[i] = bn_arena_strf(
			arena, "%s@v%lld", all->items[i]->name, (long long)all->items[i]->version);
	names[n] = NULL;
	p->data = names;
out:
	bn_dataset_versions_free(all);
	return rc;
}

/* The columns of the training data; none for a version that cannot be read, which is reported at
 * the start. */
static int columns_read(
	bn_launch_page *p, bn_arena *arena, bn_reader *r, const char *ref, bn_err *err)
{
	bn_table_reader *table = NULL;
	bn_err why = BN_ERR_INIT;
	if (!ref || bn_reader_table(&table, r, ref, "", &why) < 0)
		return 0;
	const bn_schema *s = bn_table_schema(table);
	const char **names = bn_arena_alloc(arena, (s->count + 1) * sizeof *names);
	bn_schema *schema = bn_arena_alloc(arena, sizeof *schema);
	if (!names || !schema)
		return bn_err_nomem(err, "columns");
	*schema = (bn_schema)BN_SCHEMA_INIT;
	p->schema = schema;
	int rc = bn_schema_copy(schema, s, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < s->count; i++)
		names[i] = bn_arena_strdup(arena, s->fields[i].name);
	names[s->count] = NULL;
	p->columns = names;
	return 0;
}

static const char *train_of(const bn_launch_page *p, bn_arena *arena)
{
	for (size_t i = 0; p->spec && i < p->spec->data_count; i++) {
		const bn_spec_data *d = &p->spec->data[i];
		if (!d->part || strcmp(d->part, "train") == 0)
			return bn_arena_strf(
				arena, "%s@v%lld", d->name ? d->name : "", (long long)d->version);
	}
	return NULL;
}

/* A name for the run that repeats one of that name. */
static int next_read(bn_launch_page *p, bn_arena *arena, bn_reader *r, bn_err *err)
{
	char *next = NULL;
	int rc = bn_run_next_name(&next, r->ws, p->name, err);
	if (rc < 0)
		return rc;
	p->next = bn_arena_strdup(arena, next);
	bn_free(next);
	return p->next ? 0 : bn_err_nomem(err, "a form");
}

static int again_read(
	bn_launch_page *p, bn_arena *arena, bn_reader *r, const char *run, bn_err *err)
{
	char id[BN_RUN_ID_TEXT];
	bn_run_info *info = NULL;
	int rc;
	if ((rc = bn_run_resolve(r->ws, run, id, err)) < 0 ||
		(rc = bn_run_get(&info, r->ws, id, err)) < 0)
		return rc;
	if (!info->spec_hash)
		rc = bn_err_set(
			err, BN_EINVAL, "run %.8s has no spec to repeat: it came from the API", id);
	else
		rc = bn_spec_fetch(&p->spec, r->ws, info->spec_hash, err);
	p->run = bn_arena_strdup(arena, id);
	char label[BN_RUN_LABEL_BYTES];
	p->name = bn_arena_strdup(arena, bn_run_label(label, info->name, info->title, id));
	if (rc >= 0)
		rc = next_read(p, arena, r, err);
	bn_run_info_free(info);
	return rc;
}

/* A run that cannot be resumed has no form. */
static int resume_read(
	bn_launch_page *p, bn_arena *arena, bn_reader *r, const char *run, bn_err *err)
{
	char id[BN_RUN_ID_TEXT];
	bn_resume *resume = NULL;
	int rc;
	if ((rc = bn_run_resolve(r->ws, run, id, err)) < 0 ||
		(rc = bn_resume_open(&resume, r->ws, id, err)) < 0)
		return rc;
	if ((rc = bn_resume_check(resume, err)) < 0)
		goto out;
	p->step = resume->checkpoint.steps;
	bn_resume_limit(resume, &p->limit);
	p->run = bn_arena_strdup(arena, id);
	p->name = bn_arena_strdup(arena, resume->run->name);
	p->spec = resume->spec;
	resume->spec = NULL;
	rc = next_read(p, arena, r, err);
out:
	bn_resume_free(resume);
	return rc;
}

int bn_source_launch(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_launch_arg *a = arg;
	bn_launch_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	int rc;
	(void)job;
	if (!p)
		return bn_err_nomem(err, "a form");
	p->cores = bn_process_cpus();
	if ((rc = bn_reader_refresh(r, err)) < 0)
		return rc;
	if (a->again[0] && (rc = (a->resumes ? resume_read : again_read)(
				    p, &page->arena, r, a->again, err)) < 0)
		goto out;
	const char *train = a->data[0] ? a->data : train_of(p, &page->arena);
	if ((rc = versions_read(p, &page->arena, r, err)) < 0 ||
		(rc = columns_read(p, &page->arena, r, train, err)) < 0)
		goto out;
	return BN_PAGE_TAKE(page, p, page_release);
out:
	page_release(p);
	return rc;
}

/* ---- warnings ------------------------------------------------------------------------------------ */

typedef struct warning_words {
	bn_buf text;
	size_t count;
} warning_words;

static void warning_add(void *ctx, const char *text)
{
	warning_words *s = ctx;
	bn_buf_addf(&s->text, "%s%s", s->count++ ? "; " : "", text);
}

static void target_add(void *ctx, bool warns, const char *text)
{
	(void)warns;
	warning_add(ctx, text);
}

/* Training again on old data is a choice, which one should know that one makes. */
static int newer_tell(bn_reader *r, const char *train, warning_words *s, bn_err *err)
{
	bn_newer newer;
	bn_err own = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	int rc = train[0] ? bn_newer_find(&newer, r->ws, train, &own) : 0;
	bn_err_clear(&own); /* an unknown name is reported with the spec */
	if (rc < 1)
		return 0;
	if (newer.is_parent)
		bn_buf_addf(&text, "%s was made from %s, and %s is newer", train, newer.than, newer.ref);
	else
		bn_buf_addf(&text, "%s is newer than %s", newer.ref, newer.than);
	if ((rc = bn_buf_check(&text, err, "a form")) == 0)
		warning_add(s, text.ptr);
	bn_buf_release(&text);
	return rc;
}

static int part_add(bn_spec *spec, const char *part, const char *ref, bn_err *err)
{
	bn_spec_data *d = NULL;
	int rc = ref[0] ? bn_spec_add_data(spec, &d, err) : 0;
	if (!d || rc < 0)
		return rc;
	d->part = part;
	d->name = bn_spec_text(spec, ref);
	return d->name ? 0 : bn_err_nomem(err, "a form");
}

static int features_add(bn_spec *spec, const char *text, bn_err *err)
{
	char copy[BN_TYPED_BYTES];
	int rc = 0;
	snprintf(copy, sizeof copy, "%s", text);
	for (char *rest = copy, *one; rc >= 0 && (one = strsep(&rest, ","));)
		if (*one)
			rc = bn_spec_add_text(spec, &spec->features, one, err);
	return rc;
}

static int spec_make(bn_spec **out, const bn_warnings_arg *a, bn_err *err)
{
	bn_spec *spec = NULL;
	int rc;
	if ((rc = bn_spec_new(&spec, err)) < 0)
		return rc;
	*out = spec;
	spec->trainer = a->trainer[0] ? a->trainer : NULL;
	spec->target = a->target[0] ? a->target : NULL;
	spec->task = a->task[0] ? a->task : NULL;
	spec->where = a->rows[0] ? a->rows : NULL;
	if ((rc = part_add(spec, "train", a->train, err)) < 0 ||
		(rc = part_add(spec, "valid", a->valid, err)) < 0 ||
		(rc = part_add(spec, "test", a->test, err)) < 0)
		return rc;
	return features_add(spec, a->features, err);
}

/* The output of `run start` before it starts: an error, or else its warnings. */
int bn_source_warnings(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_warnings_arg *a = arg;
	warning_words s = {BN_BUF_INIT, 0};
	bn_spec *spec = NULL, *whole = NULL;
	bn_warnings *w = bn_arena_alloc(&page->arena, sizeof *w);
	bn_err why = BN_ERR_INIT;
	int rc = w ? bn_reader_refresh(r, err) : bn_err_nomem(err, "a form");
	(void)job;
	if (rc < 0 || (rc = spec_make(&spec, a, err)) < 0)
		goto out;
	*w = (bn_warnings){.refused = false};
	if (spec->trainer && spec->target && spec->data_count)
		w->refused = bn_spec_resolve(&whole, r->ws, spec, &why) < 0;
	if (w->refused) {
		warning_add(&s, why.msg);
		if (why.hint[0])
			warning_add(&s, why.hint);
	} else {
		bn_target_tell(r->ws, spec, target_add, &s);
	}
	bn_shared_parts_tell(r->ws, spec, warning_add, &s);
	if (!w->refused && (rc = newer_tell(r, a->train, &s, err)) < 0)
		goto out;
	w->text = bn_arena_strdup(&page->arena, s.text.ptr ? s.text.ptr : "");
	rc = w->text ? bn_buf_check(&s.text, err, "a form") : bn_err_nomem(err, "a form");
	page->data = w;
out:
	bn_buf_release(&s.text);
	bn_spec_free(whole);
	bn_spec_free(spec);
	return rc;
}

/* ---- starting ------------------------------------------------------------------------------------ */

/* argv of one line: this program on this workspace, with stderr in its output. Returns the number
 * of words read. */
static size_t argv_make(const char *argv[WORDS_MOST + 12], const char *program, const char *dir,
	const char *words, bool *is_dry)
{
	static const char *const shell[] = {"/bin/sh", "-c", "exec \"$@\" 2>&1", "sh"};
	size_t n = 0, at = 0, word = 0;
	*is_dry = false;
	for (; n < sizeof shell / sizeof *shell; n++)
		argv[n] = shell[n];
	argv[n++] = program;
	argv[n++] = "-C";
	argv[n++] = dir;
	for (const char *w = words; *w; w += strlen(w) + 1, word++) {
		at = (size_t)(w - words) + strlen(w) + 1;
		*is_dry |= strcmp(w, "--dry-run") == 0;
		if (word == 0 || n >= WORDS_MOST)
			continue;
		argv[n++] = w;
		if (word == 2) /* run start, run resume */
			argv[n++] = "--json";
	}
	argv[n] = NULL;
	return at + 1;
}

/* The last printed object with that member; NULL: none. Yours. */
static json_t *object_read(const char *text, const char *member)
{
	json_t *found = NULL;
	for (const char *at = text; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL) {
		json_t *o = *at == '{' ? json_loads(at, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
		if (!json_object_get(o, member)) {
			json_decref(o);
			continue;
		}
		json_decref(found);
		found = o;
	}
	return found;
}

/* The error that the program printed: its message, and its hint. */
static int error_read(const char *text, int status, bn_err *err)
{
	json_t *o = object_read(text, "error"), *e = json_object_get(o, "error");
	const char *hint = bn_json_str(e, "hint", "");
	if (e)
		bn_err_set(err, BN_EREFUSED, "%s", bn_json_str(e, "message", "it failed"));
	else if (*text)
		bn_err_set(err, BN_EREFUSED, "%.*s", (int)strcspn(text, "\n"), text);
	else
		bn_err_set(err, BN_EREFUSED, "the command ended with status %d", status);
	if (*hint)
		bn_err_hint(err, "%s", hint);
	json_decref(o);
	return BN_EREFUSED;
}

static const char *id_read(const char *text, bn_arena *arena)
{
	json_t *o = object_read(text, "id");
	const char *id = json_string_value(json_object_get(o, "id"));
	id = id ? bn_arena_strdup(arena, id) : NULL;
	json_decref(o);
	return id;
}

static int start_one(bn_started *s, bn_arena *arena, bn_reader *r, const char *program,
	const char **words, bn_err *err)
{
	const char *argv[WORDS_MOST + 12];
	bn_buf text = BN_BUF_INIT;
	bool is_dry;
	int status = 0, rc;
	*words += argv_make(argv, program, bn_workspace_dir(r->ws), *words, &is_dry);
	if ((rc = bn_process_capture(argv, START_MS, OUTPUT_MOST, &text, &status, err)) < 0)
		goto out;
	if (status != 0) {
		rc = error_read(text.ptr ? text.ptr : "", status, err);
		goto out;
	}
	s->text = bn_arena_strdup(arena, text.ptr ? text.ptr : "");
	s->id = is_dry ? NULL : id_read(s->text, arena);
	s->runs += !is_dry;
out:
	bn_buf_release(&text);
	return rc;
}

int bn_source_start(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_start_arg *a = arg;
	bn_started *s = bn_arena_alloc(&page->arena, sizeof *s);
	const char *words = a->words;
	char *program = NULL;
	int rc = s ? bn_process_program(&program, err) : bn_err_nomem(err, "a run");
	if (rc < 0)
		return rc;
	if ((rc = bn_reader_refresh(r, err)) < 0)
		goto out;
	for (size_t i = 0; i < a->lines; i++) {
		bn_job_step(job, "starting", "runs", (int64_t)i, (int64_t)a->lines);
		if (bn_job_is_cancelled(job))
			break;
		bn_err why = BN_ERR_INIT;
		if ((rc = start_one(s, &page->arena, r, program, &words, &why)) < 0) {
			if (i > 0)
				bn_err_prefix(&why, "%zu of %zu were started", i, a->lines);
			bn_err_move(err, &why);
			goto out;
		}
	}
	page->data = s;
out:
	bn_free(program);
	return rc;
}
