/* run_code.c - see run_code.h. */
#include "core/track/run_code.h"

#include "core/base/json.h"
#include "core/base/shown.h"
#include "core/base/utf8.h"
#include "core/run/spec.h"
#include "core/store/object/object.h"
#include "core/track/run.h"

#include <string.h>

#define PATCH_MOST ((size_t)64 << 20)

/* The code of one run; its texts are borrowed from the spec and the patch. */
typedef struct run_code {
	bn_spec *spec;
	bn_buf patch;
	bn_code_state state;
} run_code;

static int code_read(run_code *c, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_run_info *r = NULL;
	int rc;
	if ((rc = bn_run_get(&r, ws, id, err)) < 0)
		return rc;
	if (r->spec_hash && (rc = bn_spec_fetch(&c->spec, ws, r->spec_hash, err)) < 0)
		goto out;
	if (!c->spec)
		goto out;
	const bn_spec_code *code = &c->spec->code;
	if (code->diff && (rc = bn_object_load(&c->patch, ws, code->diff, PATCH_MOST, err)) < 0)
		goto out;
	c->state = (bn_code_state){code->path ? code->path : c->spec->workdir, code->commit,
		c->patch.len ? c->patch.ptr : NULL};
out:
	bn_run_info_free(r);
	return rc;
}

static void code_release(run_code *c)
{
	bn_spec_free(c->spec);
	bn_buf_release(&c->patch);
}

int bn_run_code_diff(bn_code_diff *out, bn_workspace *ws, const char *a, const char *b,
	const bn_progress *watch, bn_err *err)
{
	run_code from = {.patch = BN_BUF_INIT}, to = {.patch = BN_BUF_INIT};
	int rc;
	if ((rc = code_read(&from, ws, a, err)) < 0 || (rc = code_read(&to, ws, b, err)) < 0)
		goto out;
	rc = bn_code_diff_make(out, &from.state, &to.state, watch, err);
out:
	code_release(&from);
	code_release(&to);
	return rc;
}

/* Files may be in any encoding: '?' for what is not UTF-8. */
static json_t *text_json(const char *text)
{
	bn_buf b = BN_BUF_INIT;
	if (bn_utf8_is_valid(text, strlen(text)))
		return json_string(text);
	bn_shown_add(&b, text, strlen(text), BN_SHOWN_LINES);
	json_t *o = json_string(b.ptr ? b.ptr : "");
	bn_buf_release(&b);
	return o;
}

int bn_run_code_diff_to_json(
	json_t **out, const bn_code_diff *d, const char *a, const char *b, bn_err *err)
{
	json_t *files = json_array();
	for (size_t i = 0; i < d->count; i++) {
		const bn_code_file *f = &d->files[i];
		const char status[2] = {f->status, '\0'};
		json_t *one = json_pack("{s:o, s:s, s:b}", "path", text_json(f->path), "status",
			status, "binary", f->is_binary);
		json_object_set_new(one, "added",
			f->is_binary ? json_null() : json_integer((json_int_t)f->added));
		json_object_set_new(one, "removed",
			f->is_binary ? json_null() : json_integer((json_int_t)f->removed));
		json_array_append_new(files, one);
	}
	*out = json_pack("{s:s, s:s, s:b, s:o, s:o, s:I, s:o}", "a", a, "b", b, "compared",
		d->apart == NULL, "reason", d->apart ? text_json(d->apart) : json_null(), "files",
		files, "files_left_out", (json_int_t)d->left_out, "patch",
		text_json(d->patch.ptr ? d->patch.ptr : ""));
	return *out ? 0 : bn_err_nomem(err, "a diff of code");
}
