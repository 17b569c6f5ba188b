/* oci.c - see oci.h. */
#include "core/package/oci.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"

#include <stdio.h>
#include <string.h>

#define REF_NAME "org.opencontainers.image.ref.name"
#define SIZE_MAX_BYTES ((int64_t)1 << 53) /* JSON numbers of other programs are exact below */
#define SHA256_PREFIX "sha256:"

void bn_oci_digest(const void *bytes, size_t n, char out[BN_OCI_DIGEST_TEXT])
{
	memcpy(out, SHA256_PREFIX, sizeof SHA256_PREFIX);
	bn_sha256_hex(bytes, n, out + strlen(SHA256_PREFIX));
}

bool bn_oci_digest_is_valid(const char *digest)
{
	size_t n = strlen(SHA256_PREFIX);
	return !strncmp(digest, SHA256_PREFIX, n) && strlen(digest + n) == BN_SHA256_HEX &&
	       bn_is_hex(digest + n);
}

bool bn_oci_name_is_valid(const char *name)
{
	static const char alnum[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t n = strlen(name);
	if (!n || n >= BN_OCI_NAME_TEXT || !strchr(alnum, name[0]) || !strchr(alnum, name[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!strchr(alnum, name[i]) && !strchr("-._:@/+", name[i]))
			return false;
	return true;
}

const char *bn_oci_architecture(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
	return "ppc64le";
#elif defined(__s390x__)
	return "s390x";
#elif defined(__riscv) && __riscv_xlen == 64
	return "riscv64";
#else
#error "the name that the OCI image specification gives this machine is missing here"
#endif
}

bool bn_oci_is_index(const char *media_type)
{
	return !strcmp(media_type, BN_OCI_INDEX) || !strcmp(media_type, BN_DOCKER_LIST);
}

static bool is_manifest(const char *media_type)
{
	return !strcmp(media_type, BN_OCI_MANIFEST) || !strcmp(media_type, BN_DOCKER_MANIFEST);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Copies a string without a NUL inside that fits. */
static int copy_text(char *out, size_t room, const json_t *value, const char *field,
	const char *source, bn_err *err)
{
	size_t n = json_string_length(value);
	if (!json_is_string(value) || strlen(json_string_value(value)) != n)
		return bn_err_set(err, BN_EINVAL, "%s: field '%s' is not a text", source, field);
	if (n >= room)
		return bn_err_set(err, BN_EINVAL, "%s: field '%s' has %zu bytes, the limit is %zu",
			source, field, n, room - 1);
	memcpy(out, json_string_value(value), n + 1);
	return 0;
}

static int read_descriptor(bn_oci_descriptor *out, const json_t *value, const char *what,
	const char *source, bn_err *err)
{
	char where[400];
	int64_t size;
	int rc;
	snprintf(where, sizeof where, "%.300s: %s", source, what);
	if (!json_is_object(value))
		return bn_err_set(err, BN_EINVAL, "%s: is not a descriptor (an object)", where);
	if ((rc = copy_text(out->media_type, sizeof out->media_type,
		     json_object_get(value, "mediaType"), "mediaType", where, err)) < 0)
		return rc;
	const json_t *digest = json_object_get(value, "digest");
	if (json_is_string(digest) && !strncmp(json_string_value(digest), "sha512:", 7))
		return bn_err_set(
			err, BN_EUNSUPPORTED, "%s: digests by SHA-512 are not supported", where);
	if ((rc = copy_text(out->digest, sizeof out->digest, digest, "digest", where, err)) < 0)
		return rc;
	if (!bn_oci_digest_is_valid(out->digest))
		return bn_err_set(err, BN_EINVAL,
			"%s: digest '%s' is not 'sha256:' and 64 lower-case hex digits", where,
			out->digest);
	if ((rc = bn_json_need_int(value, "size", &size, where, err)) < 0)
		return rc;
	if (size < 0 || size >= SIZE_MAX_BYTES)
		return bn_err_set(
			err, BN_EINVAL, "%s: size %lld is not a size", where, (long long)size);
	out->size = (uint64_t)size;
	return 0;
}

/* Parses a document of schema version 2. */
static int read_document(json_t **out, const char *text, size_t n, const char *source, bn_err *err)
{
	int64_t version;
	json_t *doc = NULL;
	int rc;
	if (n > BN_OCI_DOCUMENT_MAX)
		return bn_err_set(err, BN_EINVAL, "%s: has %zu bytes, the limit is %llu MiB",
			source, n, BN_OCI_DOCUMENT_MAX >> 20);
	if ((rc = bn_json_parse(&doc, text, n, source, err)) < 0)
		return rc;
	if (!json_is_object(doc)) {
		rc = bn_err_set(err, BN_EINVAL, "%s: is not a JSON object", source);
		goto out;
	}
	if ((rc = bn_json_need_int(doc, "schemaVersion", &version, source, err)) < 0)
		goto out;
	if (version != 2) {
		rc = bn_err_set(err, BN_EUNSUPPORTED,
			"%s: schemaVersion %lld is not supported, only 2", source,
			(long long)version);
		goto out;
	}
	*out = doc;
	doc = NULL;
out:
	json_decref(doc);
	return rc;
}

static int need_entries(
	json_t **out, const json_t *doc, const char *key, const char *source, bn_err *err)
{
	int rc = bn_json_need_array(doc, key, out, source, err);
	if (rc < 0 || json_array_size(*out) <= BN_OCI_ENTRIES_MAX)
		return rc;
	return bn_err_set(err, BN_EINVAL, "%s: %zu %s, the limit is %d", source,
		json_array_size(*out), key, BN_OCI_ENTRIES_MAX);
}

static int read_annotations(json_t **out, const json_t *doc, const char *source, bn_err *err)
{
	json_t *all = json_object_get(doc, "annotations"), *value;
	const char *key;
	if (!all || json_is_null(all))
		return 0;
	if (!json_is_object(all))
		return bn_err_set(err, BN_EINVAL, "%s: annotations is not an object", source);
	json_object_foreach(all, key, value) if (!json_is_string(value)) return bn_err_set(
		err, BN_EINVAL, "%s: annotation '%.80s' is not a text", source, key);
	*out = json_incref(all);
	return 0;
}

static int read_manifest(bn_oci_manifest *m, const json_t *doc, const char *source, bn_err *err)
{
	char what[40];
	json_t *layers, *type = json_object_get(doc, "mediaType");
	int rc;
	if (!json_object_get(doc, "config") && json_object_get(doc, "manifests"))
		return bn_err_set(err, BN_EINVAL, "%s: is an index, not a manifest", source);
	snprintf(m->media_type, sizeof m->media_type, "%s", BN_OCI_MANIFEST); /* if it says none */
	if (type && (rc = copy_text(m->media_type, sizeof m->media_type, type, "mediaType", source,
			     err)) < 0)
		return rc;
	if (!is_manifest(m->media_type))
		return bn_err_set(err, BN_EUNSUPPORTED, "%s: media type '%s' is not a manifest's",
			source, m->media_type);
	if ((type = json_object_get(doc, "artifactType")) &&
		(rc = copy_text(m->artifact_type, sizeof m->artifact_type, type, "artifactType",
			 source, err)) < 0)
		return rc;
	if ((rc = read_descriptor(
		     &m->config, json_object_get(doc, "config"), "config", source, err)) < 0 ||
		(rc = need_entries(&layers, doc, "layers", source, err)) < 0 ||
		(rc = read_annotations(&m->annotations, doc, source, err)) < 0)
		return rc;
	if (!(m->layers = bn_alloc_zeroed(json_array_size(layers) + 1, sizeof *m->layers)))
		return bn_err_nomem(err, "a manifest");
	for (size_t i = 0; i < json_array_size(layers); i++) {
		snprintf(what, sizeof what, "layers[%zu]", i);
		if ((rc = read_descriptor(&m->layers[m->layer_count++], json_array_get(layers, i),
			     what, source, err)) < 0)
			return rc;
	}
	return 0;
}

int bn_oci_manifest_parse(
	bn_oci_manifest *out, const char *text, size_t n, const char *source, bn_err *err)
{
	bn_oci_manifest m = {.layers = NULL};
	json_t *doc = NULL;
	*out = m;
	int rc;
	if ((rc = read_document(&doc, text, n, source, err)) < 0 ||
		(rc = read_manifest(&m, doc, source, err)) < 0)
		goto out;
	*out = m;
	m = (bn_oci_manifest){.layers = NULL};
out:
	bn_oci_manifest_release(&m);
	json_decref(doc);
	return rc;
}

void bn_oci_manifest_release(bn_oci_manifest *m)
{
	bn_free(m->layers);
	json_decref(m->annotations);
	*m = (bn_oci_manifest){.layers = NULL};
}

static int read_entry(
	bn_oci_index_entry *e, const json_t *value, size_t i, const char *source, bn_err *err)
{
	char what[40];
	int rc;
	snprintf(what, sizeof what, "manifests[%zu]", i);
	if ((rc = read_descriptor(&e->manifest, value, what, source, err)) < 0)
		return rc;
	const json_t *platform = json_object_get(value, "platform");
	const json_t *name = json_object_get(json_object_get(value, "annotations"), REF_NAME);
	snprintf(e->os, sizeof e->os, "%s", bn_json_str(platform, "os", ""));
	snprintf(e->architecture, sizeof e->architecture, "%s",
		bn_json_str(platform, "architecture", ""));
	return name ? copy_text(e->name, sizeof e->name, name, REF_NAME, source, err) : 0;
}

int bn_oci_index_parse(
	bn_oci_index *out, const char *text, size_t n, const char *source, bn_err *err)
{
	bn_oci_index x = {NULL, 0};
	json_t *doc = NULL, *list = NULL;
	int rc;
	*out = x;
	if ((rc = read_document(&doc, text, n, source, err)) < 0 ||
		(rc = need_entries(&list, doc, "manifests", source, err)) < 0)
		goto out;
	if (!(x.items = bn_alloc_zeroed(json_array_size(list) + 1, sizeof *x.items))) {
		rc = bn_err_nomem(err, "an index");
		goto out;
	}
	for (; x.count < json_array_size(list); x.count++)
		if ((rc = read_entry(&x.items[x.count], json_array_get(list, x.count), x.count,
			     source, err)) < 0)
			goto out;
	*out = x;
	x = (bn_oci_index){NULL, 0};
out:
	bn_oci_index_release(&x);
	json_decref(doc);
	return rc;
}

void bn_oci_index_release(bn_oci_index *x)
{
	bn_free(x->items);
	*x = (bn_oci_index){NULL, 0};
}

/* ---- writing -------------------------------------------------------------------------------- */

static json_t *descriptor_json(const bn_oci_descriptor *d)
{
	return json_pack("{s:s, s:s, s:I}", "mediaType", d->media_type, "digest", d->digest, "size",
		(json_int_t)d->size);
}

/* Takes value. */
static bool set(json_t *object, const char *key, json_t *value)
{
	return !json_object_set_new(object, key, value);
}

static int put_document(bn_buf *out, json_t *doc, bool complete, bn_err *err)
{
	int rc = doc && complete ? bn_json_canonical(doc, out, err)
				 : bn_err_nomem(err, "an image's document");
	json_decref(doc);
	return rc;
}

int bn_oci_manifest_format(bn_buf *out, const bn_oci_manifest *m, bn_err *err)
{
	json_t *layers = json_array();
	bool ok = layers != NULL;
	for (size_t i = 0; ok && i < m->layer_count; i++)
		ok = !json_array_append_new(layers, descriptor_json(&m->layers[i]));
	json_t *doc = json_pack("{s:i, s:s, s:o, s:o}", "schemaVersion", 2, "mediaType",
		m->media_type, "config", descriptor_json(&m->config), "layers", layers);
	if (doc && m->artifact_type[0])
		ok &= set(doc, "artifactType", json_string(m->artifact_type));
	if (doc && m->annotations)
		ok &= set(doc, "annotations", json_incref(m->annotations));
	return put_document(out, doc, ok, err);
}

static json_t *entry_json(const bn_oci_index_entry *e)
{
	json_t *o = descriptor_json(&e->manifest);
	bool ok = o != NULL;
	if (ok && e->architecture[0])
		ok = set(o, "platform",
			json_pack("{s:s, s:s}", "architecture", e->architecture, "os", e->os));
	if (ok && e->name[0])
		ok = set(o, "annotations", json_pack("{s:s}", REF_NAME, e->name));
	if (ok)
		return o;
	json_decref(o);
	return NULL;
}

int bn_oci_index_format(bn_buf *out, const bn_oci_index *x, bn_err *err)
{
	json_t *list = json_array();
	bool ok = list != NULL;
	for (size_t i = 0; ok && i < x->count; i++)
		ok = !json_array_append_new(list, entry_json(&x->items[i]));
	json_t *doc = json_pack("{s:i, s:s, s:o}", "schemaVersion", 2, "mediaType", BN_OCI_INDEX,
		"manifests", list);
	return put_document(out, doc, ok, err);
}

/* ---- choosing ------------------------------------------------------------------------------- */

static bool is_for_this_machine(const bn_oci_index_entry *e)
{
	return !strcmp(e->os, "linux") && !strcmp(e->architecture, bn_oci_architecture());
}

/* "a, b": the names or machines of the entries, for a hint. */
static void list_entries(bn_buf *text, const bn_oci_index *x)
{
	for (size_t i = 0; i < x->count && text->len < 160; i++) {
		const bn_oci_index_entry *e = &x->items[i];
		bn_buf_addf(text, "%s%.60s%s%.20s%s%.20s", i ? ", " : "",
			e->name[0] ? e->name : "(no name)", e->os[0] ? " " : "", e->os,
			e->architecture[0] ? "/" : "", e->architecture);
	}
}

int bn_oci_index_pick(const bn_oci_index_entry **out, const bn_oci_index *x, const char *name,
	const char *source, bn_err *err)
{
	const bn_oci_index_entry *any = NULL, *own = NULL;
	size_t named = 0, owned = 0;
	bn_buf there = BN_BUF_INIT;
	int rc = 0;
	for (size_t i = 0; i < x->count; i++) {
		const bn_oci_index_entry *e = &x->items[i];
		if (name && strcmp(e->name, name) != 0)
			continue;
		named++;
		any = e;
		if (is_for_this_machine(e)) {
			owned++;
			own = e;
		}
	}
	list_entries(&there, x);
	if (owned == 1 || named == 1) {
		*out = owned == 1 ? own : any;
	} else if (named) {
		rc = bn_err_set(err, owned ? BN_EINVAL : BN_ENOTFOUND,
			owned ? "%s: %zu images%s%.80s%s, and none is chosen"
			      : "%s: %zu images%s%.80s%s, and none is for linux/this machine",
			source, named, name ? " named '" : "", name ? name : "", name ? "'" : "");
		bn_err_hint(err, "there are: %s", there.ptr);
	} else {
		rc = name ? bn_err_set(
				    err, BN_ENOTFOUND, "%s: no image named '%.80s'", source, name)
			  : bn_err_set(err, BN_ENOTFOUND, "%s: no image", source);
		if (x->count)
			bn_err_hint(err, "there are: %s", there.ptr);
	}
	bn_buf_release(&there);
	return rc;
}
