/* sources.c - see sources.h. */
#include "core/source/sources.h"

#include "core/source/arrow_source.h"
#include "core/source/csv.h"
#include "core/source/node.h"
#include "core/source/signature.h"
#include "core/source/swf.h"
#include "core/table/arrow_read.h"

#include <string.h>
#include <strings.h>

static bool ends_like(const bn_input *in, const char *suffix)
{
	const char *name = bn_input_name(in);
	size_t n = strlen(name), k = strlen(suffix);

	return n >= k && !strcasecmp(name + n - k, suffix);
}

static int detect_csv(const bn_input *in)
{
	size_t n;

	bn_input_head(in, &n);
	return n == 0 ? 0 : ends_like(in, ".csv") ? 50 : 10;
}

/* In the first line with content: later text may contain tabs. */
static bool begins_with_tabs(const char *head, size_t n)
{
	const char *end;

	while (n && strchr(" \t\r\n", *head))
		head++, n--;
	end = n ? memchr(head, '\n', n) : NULL;
	return n && memchr(head, '\t', end ? (size_t)(end - head) : n);
}

static int detect_tsv(const bn_input *in)
{
	size_t n;
	const char *head = bn_input_head(in, &n);

	if (ends_like(in, ".tsv") || ends_like(in, ".tab"))
		return n ? 50 : 0;
	return begins_with_tabs(head, n) && !memchr(head, ',', n) ? 20 : 0;
}

static int detect_arrow(const bn_input *in)
{
	size_t n;
	const char *head = bn_input_head(in, &n);

	return bn_arrow_detect(head, n) ? 100 : 0;
}

static int open_csv(bn_stream **out, bn_input *in, const bn_source_options *options, bn_err *err)
{
	return bn_csv_open(out, in, ',', options, err);
}

static int open_tsv(bn_stream **out, bn_input *in, const bn_source_options *options, bn_err *err)
{
	return bn_csv_open(out, in, '\t', options, err);
}

static const bn_source source_csv = {"csv", "comma-separated values", false, detect_csv, open_csv};
static const bn_source source_tsv = {"tsv", "tab-separated values", false, detect_tsv, open_tsv};
static const bn_source source_arrow = {"arrow", "Arrow IPC file (Feather V2) or stream", false,
	detect_arrow, bn_arrow_stream_open};

static const bn_source *const sources[] = {
	&source_csv, &source_tsv, &source_arrow, &bn_source_swf, &bn_source_node, NULL};

static int unknown_source(const char *name, bn_err *err)
{
	bn_buf list = BN_BUF_INIT;

	for (const bn_source *const *s = sources; *s; s++)
		bn_buf_addf(&list, "%s%s", s == sources ? "" : ", ", (*s)->name);
	bn_err_set(err, BN_ENOTFOUND, "no source '%s'", name);
	bn_err_hint(err, "there are: %s", list.ptr);
	bn_buf_release(&list);
	return BN_ENOTFOUND;
}

/* Rejects files that are not text tables. With an explicit format csv, the file may begin like
 * JSON; with an explicit delimiter, also like svmlight. */
static int check_signature(
	const bn_source *s, bool named, const bn_input *in, const bn_source_options *o, bn_err *err)
{
	bn_signature_kind upto = o && o->delimiter ? BN_SIGNATURE_TEXT : BN_SIGNATURE_FORM;
	size_t n;
	const char *head = bn_input_head(in, &n);

	if (s != &source_csv && s != &source_tsv)
		return 0;
	return bn_signature_check(
		bn_input_name(in), head, n, named ? BN_SIGNATURE_BINARY : upto, err);
}

int bn_source_find(const bn_source **out, const char *name, const bn_input *in,
	const bn_source_options *options, bn_err *err)
{
	int best = 0;

	for (const bn_source *const *s = sources; name && *s; s++) {
		if (!strcmp((*s)->name, name)) {
			*out = *s;
			return check_signature(*s, true, in, options, err);
		}
	}
	if (name)
		return unknown_source(name, err);
	for (const bn_source *const *s = sources; *s; s++) {
		int bid = (*s)->detect(in);
		if (bid > best) {
			best = bid;
			*out = *s;
		}
	}
	if (best)
		return check_signature(*out, false, in, options, err);
	int rc = bn_input_need_file(in, err);
	if (rc < 0)
		return rc;
	bn_err_set(err, BN_EINVAL, "%s is empty", bn_input_name(in));
	bn_err_hint(err, "a table begins with a line that names its columns");
	return BN_EINVAL;
}

int bn_sources_open(bn_stream **out, const bn_source **source, const bn_env *env, const char *name,
	const char *uri, const bn_source_options *options, bn_err *err)
{
	const bn_source_options defaults = BN_SOURCE_OPTIONS_INIT;
	bn_input *in = NULL;
	int rc;

	if ((rc = bn_input_open(&in, env, uri, NULL, err)) < 0 ||
		(rc = bn_source_find(source, name, in, options, err)) < 0 ||
		(rc = (*source)->open(out, in, options ? options : &defaults, err)) < 0)
		bn_input_free(in);
	else
		(*out)->owned = in;
	return rc;
}

void bn_sources_close(bn_stream *s)
{
	if (!s)
		return;
	bn_input *in = s->owned;
	s->ops->free(s);
	bn_input_free(in);
}
