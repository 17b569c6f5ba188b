/* terms.c - see terms.h. */
#include "core/track/terms.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/run/spec.h"

#include <string.h>

/* A name and a value, each closed by a byte that neither holds. */
static void term(bn_buf *key, const char *name, const char *value)
{
	if (value && value[0])
		bn_buf_addf(key, "%s\x1f%s\x1e", name, value);
}

static const bn_spec_data *part_find(const bn_spec *spec, const char *part)
{
	for (size_t i = 0; i < spec->data_count; i++) {
		const char *own = spec->data[i].part ? spec->data[i].part : "train";
		if (strcmp(own, part) == 0)
			return &spec->data[i];
	}
	return NULL;
}

/* The digest names the rows; before it is resolved name and version do. */
static bool part_term(bn_buf *key, const bn_spec *spec, const char *part)
{
	const bn_spec_data *d = part_find(spec, part);
	if (!d)
		return false;
	if (d->digest)
		term(key, part, d->digest);
	else
		bn_buf_addf(key, "%s\x1f%s@v%lld\x1e", part, d->name ? d->name : "",
			(long long)d->version);
	return true;
}

static void spec_terms(bn_buf *key, const bn_spec *spec)
{
	term(key, "target", spec->target);
	term(key, "task", spec->task);
	term(key, "where", spec->where);
	bool valid = part_term(key, spec, "valid"), test = part_term(key, spec, "test");
	if (valid && test)
		return;
	part_term(key, spec, "train");
	term(key, "split", spec->split.kind);
	if (spec->split.kind)
		bn_buf_addf(key, "%.17g\x1f%.17g\x1f%lld\x1e", spec->split.valid, spec->split.test,
			(long long)spec->split.seed);
}

static int text_keep(char **out, const char *text, bn_err *err)
{
	if (!text || !text[0])
		return 0;
	*out = bn_strdup(text);
	return *out ? 0 : bn_err_nomem(err, "the terms of a run");
}

int bn_run_terms_read(bn_run_terms *out, bn_workspace *ws, const bn_run_info *run, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_spec *spec = NULL;
	bn_run_terms t = {NULL, NULL, NULL};
	bn_buf key = BN_BUF_INIT;
	int rc = run->spec_hash ? bn_spec_fetch(&spec, ws, run->spec_hash, &why) : 0;
	if (rc == BN_ENOTFOUND && run->bytes_gone) {
		bn_err_clear(&why);
		*out = t;
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &why);
	bn_buf_adds(&key, spec ? "spec\x1e" : "api\x1e");
	if (spec) {
		spec_terms(&key, spec);
	} else {
		term(&key, "dataset", run->dataset);
	}
	if ((rc = bn_buf_check(&key, err, "the terms of a run")) < 0 ||
		(rc = text_keep(&t.key, key.ptr, err)) < 0 ||
		(rc = text_keep(&t.target, spec ? spec->target : NULL, err)) < 0 ||
		(rc = text_keep(&t.where, spec ? spec->where : NULL, err)) < 0)
		bn_run_terms_release(&t);
	else
		*out = t;
	bn_buf_release(&key);
	bn_spec_free(spec);
	return rc;
}

bool bn_run_terms_are_same(const bn_run_terms *a, const bn_run_terms *b)
{
	return a->key && b->key && strcmp(a->key, b->key) == 0;
}

void bn_run_terms_release(bn_run_terms *t)
{
	bn_free(t->key);
	bn_free(t->target);
	bn_free(t->where);
	*t = (bn_run_terms){NULL, NULL, NULL};
}
