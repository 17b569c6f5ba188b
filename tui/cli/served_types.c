/* served_types.c - see served_types.h. */
#include "tui/cli/served_types.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/source/reading.h"

#include <string.h>

/* *doc stays NULL when there is no such document. */
static int get(
	json_t **doc, bn_http_client *http, const char *url, const char *authorization, bn_err *err)
{
	const char *headers[] = {authorization, NULL};
	bn_http_call call = {
		.url = url, .headers = headers, .to = {.max_bytes = BN_CLI_MOST_ANSWER}};
	bn_http_answer answer;
	int rc;
	if (!url)
		return bn_err_nomem(err, "a request");
	bn_http_answer_init(&answer);
	if ((rc = bn_http_do(http, &call, &answer, NULL)) < 0 || answer.status != 200)
		goto out;
	rc = bn_json_parse(doc, answer.body.ptr, answer.body.len, url, NULL);
out:
	bn_http_answer_release(&answer);
	return rc == BN_ENOMEM ? bn_err_nomem(err, "an answer") : 0;
}

/* "http://host/v2/models/NAME[/versions/V]"; NULL without memory. */
static char *model_url(const char *base, const char *name, size_t len, const char *version)
{
	return version ? bn_strf("%s/v2/models/%.*s/versions/%s", base, (int)len, name, version)
		       : bn_strf("%s/v2/models/%.*s", base, (int)len, name);
}

static int first_model_url(
	char **out, bn_http_client *http, const char *base, const char *authorization, bn_err *err)
{
	json_t *doc = NULL;
	char *url = bn_strf("%s/", base);
	int rc = get(&doc, http, url, authorization, err);
	const json_t *first = json_array_get(json_object_get(doc, "models"), 0);
	const char *name = bn_json_str(first, "name", NULL);
	if (rc < 0 || !name)
		goto out;
	if (!(*out = model_url(base, name, strlen(name), bn_json_str(first, "version", NULL))))
		rc = bn_err_nomem(err, "a request");
out:
	json_decref(doc);
	bn_free(url);
	return rc;
}

/* out: zeroed. */
static void read_type(bn_field *out, const json_t *input)
{
	const char *datatype = bn_json_str(input, "datatype", "");
	const char *type = bn_json_str(json_object_get(input, "parameters"), "type", NULL);
	if (type && bn_field_parse_type(out, type, NULL) == 0)
		return;
	bn_field_release(out);
	out->type = !strcmp(datatype, "BYTES") ? BN_TYPE_CATEGORY : BN_TYPE_FLOAT64;
	if (!strcmp(datatype, "BOOL"))
		out->type = BN_TYPE_BOOL;
}

/* How the server's model reads text: as its client, this program does so with files. */
static int read_reading(bn_field *out, const json_t *input, bn_err *err)
{
	const json_t *read = json_object_get(json_object_get(input, "parameters"), "read");
	bn_reading r = BN_READING_INIT;
	bn_buf text = BN_BUF_INIT;
	int rc = 0;
	if (!read)
		return 0;
	if ((rc = bn_json_canonical(read, &text, err)) < 0)
		goto out;
	/* Of a newer server: the text is read as usual. */
	if (bn_reading_parse(&r, text.ptr, NULL) == 0 && !(out->read = bn_strdup(text.ptr)))
		rc = bn_err_nomem(err, "an answer");
out:
	bn_reading_release(&r);
	bn_buf_release(&text);
	return rc;
}

static int read_inputs(bn_schema *out, const json_t *doc, bn_err *err)
{
	size_t i;
	json_t *input;
	json_array_foreach(json_object_get(doc, "inputs"), i, input)
	{
		bn_field f = {0};
		read_type(&f, input);
		f.nullable = true;
		int rc = read_reading(&f, input, err);
		if (rc == 0)
			rc = bn_schema_add_field(out, &f, bn_json_str(input, "name", ""), err);
		bn_field_release(&f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int bn_cli_served_types(bn_schema *out, bn_http_client *http, const char *base, const char *model,
	const char *authorization, bn_err *err)
{
	json_t *doc = NULL;
	char *url = NULL;
	size_t name = model ? strcspn(model, "/") : 0;
	int rc = 0;
	if (model)
		url = model_url(base, model, name, model[name] ? model + name + 1 : NULL);
	else if ((rc = first_model_url(&url, http, base, authorization, err)) < 0)
		goto out;
	if (!url) {
		rc = model ? bn_err_nomem(err, "a request") : 0;
		goto out;
	}
	if ((rc = get(&doc, http, url, authorization, err)) < 0)
		goto out;
	rc = read_inputs(out, doc, err);
out:
	json_decref(doc);
	bn_free(url);
	return rc;
}
