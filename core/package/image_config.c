/* image_config.c - see image.h: how an image runs, and its labels (OCI image specification 1.1, "config"). */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/package/_image.h"

#include <stdio.h>
#include <string.h>

#define LABEL "binnacle."
#define OCI_LABEL "org.opencontainers.image."
#define CREATED "1970-01-01T00:00:00Z" /* a time would give each build another digest */

/* Adds a text; value NULL: unknown, so absent. */
static void label(json_t *labels, bool *ok, const char *key, const char *value)
{
	if (value && json_object_set_new(labels, key, json_string(value)))
		*ok = false;
}

static json_t *annotations(const bn_image *image, bool *ok)
{
	char version[24];
	json_t *o = json_object();
	snprintf(version, sizeof version, "%lld", (long long)image->version);
	label(o, ok, OCI_LABEL "title", image->model);
	label(o, ok, OCI_LABEL "version", version);
	label(o, ok, OCI_LABEL "revision", image->commit);
	return o;
}

int bn_image_annotations(json_t **out, const bn_image *image, bn_err *err)
{
	bool ok = true;
	json_t *o = annotations(image, &ok);
	if (o && ok) {
		*out = o;
		return 0;
	}
	json_decref(o);
	return bn_err_nomem(err, "annotations");
}

/* "jobs@v3, nodes@v1": the dataset versions that it was trained on. */
static char *data_of(const bn_version *v)
{
	bn_buf text = BN_BUF_INIT;
	size_t i;
	json_t *d;
	json_array_foreach(v->data, i, d)
	{
		const char *name = bn_json_str(d, "name", NULL);
		int64_t version = bn_json_int(d, "version", 0);
		if (name && version > 0)
			bn_buf_addf(&text, "%s%s@v%lld", text.len ? ", " : "", name,
				(long long)version);
	}
	if (!text.len) {
		bn_buf_release(&text);
		return NULL;
	}
	return bn_buf_take(&text, NULL);
}

static json_t *labels_of(const bn_image *image, const bn_version *v, bool *ok)
{
	char version[24], *data = data_of(v);
	json_t *o = annotations(image, ok);
	snprintf(version, sizeof version, "%lld", (long long)image->version);
	label(o, ok, LABEL "model", image->model);
	label(o, ok, LABEL "version", version);
	label(o, ok, LABEL "digest", image->model_digest);
	label(o, ok, LABEL "run", image->run);
	label(o, ok, LABEL "commit", image->commit);
	label(o, ok, LABEL "trainer", v->trainer);
	label(o, ok, LABEL "data", data);
	label(o, ok, LABEL "program", "binnacle " BN_VERSION);
	label(o, ok, LABEL "approved", image->is_unapproved ? "no" : "yes");
	bn_free(data);
	return o;
}

/* How it runs: the arguments after the entry point can be replaced. */
static json_t *running(const bn_image *image, const bn_version *v, bool *ok)
{
	char user[32], port[24], exposed[32];
	char *as = bn_strf("%s/%lld", image->model, (long long)image->version);
	snprintf(user, sizeof user, "%d:%d", BN_IMAGE_USER, BN_IMAGE_USER);
	snprintf(port, sizeof port, "%d", BN_IMAGE_PORT);
	snprintf(exposed, sizeof exposed, "%d/tcp", BN_IMAGE_PORT);
	json_t *o =
		as ? json_pack("{s:s, s:s, s:s, s:[s], s:[s, s, s, s, s, s, s], s:[s, s, s, s], "
			       "s:{s:{}}, s:o}",
			     "User", user, "WorkingDir", "/", "StopSignal", "SIGTERM", "Env",
			     "PATH=/usr/bin", "Entrypoint", BN_IMAGE_PROGRAM, "-C", "/", "serve",
			     BN_IMAGE_MODEL, "--as", as, "Cmd", "--host", "0.0.0.0", "--port", port,
			     "ExposedPorts", exposed, "Labels", labels_of(image, v, ok))
		   : NULL;
	bn_free(as);
	return o;
}

static json_t *rootfs(const bn_image *image, bool *ok)
{
	json_t *ids = json_array();
	for (int i = 0; i < BN_IMAGE_LAYERS;
		i++) /* without compression: the digests of the blobs */
		if (json_array_append_new(ids, json_string(image->layers[i].digest)))
			*ok = false;
	return json_pack("{s:s, s:o}", "type", "layers", "diff_ids", ids);
}

static json_t *history(bool *ok)
{
	json_t *list = json_array();
	for (int i = 0; i < BN_IMAGE_LAYERS; i++) {
		char text[80];
		snprintf(text, sizeof text, "binnacle package: %s", bn_image_layer_name(i));
		if (json_array_append_new(
			    list, json_pack("{s:s, s:s}", "created", CREATED, "created_by", text)))
			*ok = false;
	}
	return list;
}

int bn_image_config(bn_buf *out, const bn_image *image, const bn_version *v, bn_err *err)
{
	bool ok = true;
	json_t *run = running(image, v, &ok), *root = rootfs(image, &ok), *past = history(&ok);
	json_t *o = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "architecture",
		bn_oci_architecture(), "os", "linux", "created", CREATED, "config", run, "rootfs",
		root, "history", past);
	int rc = o && ok ? bn_json_canonical(o, out, err) : bn_err_nomem(err, "an image's config");
	json_decref(o);
	return rc;
}

int bn_image_labels(char **model, int64_t *version, const char *config, size_t n, bn_err *err)
{
	json_t *doc = NULL;
	*model = NULL;
	*version = 0;
	int rc = bn_json_parse(&doc, config, n, "the image's config", err);
	if (rc < 0)
		return rc;
	const json_t *labels = json_object_get(json_object_get(doc, "config"), "Labels");
	const char *name = bn_json_str(labels, LABEL "model", NULL);
	const char *number = bn_json_str(labels, LABEL "version", "");
	int64_t v = 0;
	if (name && bn_name_is_valid(name) && bn_parse_i64(number, strlen(number), &v) && v > 0) {
		*version = v;
		if (!(*model = bn_strdup(name)))
			rc = bn_err_nomem(err, "a name");
	}
	json_decref(doc);
	return rc;
}
