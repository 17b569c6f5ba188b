/* image.c - see image.h: the layers. */
#include "core/package/image.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/package/_image.h"
#include "core/package/_layer.h"
#include "core/package/closure.h"
#include "core/predict/predictor.h"
#include "core/registry/proof.h"
#include "core/registry/registry.h"
#include "core/run/spec.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"
#include "core/track/run.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PIECE (256u << 10)

const char *bn_image_layer_name(int layer)
{
	static const char *const names[] = {"directories", "libraries", "program", "model"};
	return names[layer];
}

/* ---- directories ---------------------------------------------------------------------------- */

/* Runtimes mount over them; the files of /etc say what a program may ask for. */
static const struct {
	const char *path;
	mode_t mode;
	const char *text; /* NULL: a directory */
} stubs[] = {{"dev", 0755, NULL}, {"etc", 0755, NULL},
	{"etc/group", 0644, "root:x:0:\nnogroup:x:65534:\n"},
	{"etc/hosts", 0644, "127.0.0.1 localhost\n::1 localhost\n"},
	{"etc/nsswitch.conf", 0644, "passwd: files\ngroup: files\nhosts: files dns\n"},
	{"etc/passwd", 0644,
		"root:x:0:0:root:/:/nonexistent\nnobody:x:65534:65534:nobody:/:/nonexistent\n"},
	{"etc/resolv.conf", 0644, ""}, {"home", 0755, NULL}, {"proc", 0755, NULL},
	{"run", 0755, NULL}, {"sys", 0755, NULL}, {"tmp", 01777, NULL}, {"var", 0755, NULL},
	{"var/tmp", 01777, NULL}};

static int add_directories(bn_layer *layer, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < sizeof stubs / sizeof *stubs; i++)
		rc = stubs[i].text ? bn_layer_text(layer, stubs[i].path, stubs[i].text, err)
				   : bn_layer_dir(layer, stubs[i].path, stubs[i].mode, err);
	return rc;
}

/* ---- libraries ------------------------------------------------------------------------------ */

typedef struct placed {
	char *path; /* in the image, relative */
	const char *from;
} placed;

static int by_path(const void *a, const void *b)
{
	const placed *x = a, *y = b;
	return strcmp(x->path, y->path);
}

static int add_libraries(
	bn_layer *layer, const bn_env *env, const bn_closure *c, const bn_progress *p, bn_err *err)
{
	size_t n = 0;
	int rc = 0;
	placed *all = bn_alloc_zeroed(c->count + 1, sizeof *all);
	if (!all)
		return bn_err_nomem(err, "libraries");
	for (; n < c->count; n++)
		all[n] = (placed){bn_strf("%s/%s", c->directory + 1, c->libraries[n].name),
			c->libraries[n].path};
	if (c->loader)
		all[n++] = (placed){bn_strdup(c->loader + 1), c->loader};
	for (size_t i = 0; i < n; i++)
		if (!all[i].path) {
			rc = bn_err_nomem(err, "libraries");
			goto out;
		}
	qsort(all, n, sizeof *all, by_path);
	for (size_t i = 0; i < n; i++)
		if ((rc = bn_layer_copy(
			     layer, all[i].path, 0755, env, all[i].from, false, p, err)) < 0)
			goto out;
out:
	for (size_t i = 0; i < n; i++)
		bn_free(all[i].path);
	bn_free(all);
	return rc;
}

/* ---- the model ------------------------------------------------------------------------------ */

/* The bytes of one object, checked against its name on the way. */
static int add_object(bn_layer *layer, bn_object_store *store, const bn_manifest_part *part,
	char *piece, const bn_progress *progress, bn_err *err)
{
	uint64_t done = 0;
	bn_object_reader *r = NULL;
	size_t got;
	int rc = bn_object_reader_new(&r, store, part->hash, 0, UINT64_MAX, err);
	if (rc < 0)
		return rc;
	if (bn_object_reader_bytes(r) != part->bytes) {
		rc = bn_err_set(err, BN_ECORRUPT, "object %s has another size than the model says",
			part->hash);
		goto out;
	}
	do {
		if ((rc = bn_progress_step(progress, "packaging", done, part->bytes, err)) < 0 ||
			(rc = bn_object_read(r, piece, PIECE, &got, err)) < 0 ||
			(rc = bn_tar_add(&layer->tar, piece, got, err)) < 0)
			goto out;
		done += got;
	} while (got);
out:
	bn_object_reader_free(r);
	return rc;
}

/* A file is stored in one or several parts, which follow each other. */
static int add_file(bn_layer *layer, bn_object_store *store, const bn_manifest_part *const *parts,
	size_t n, char *piece, const bn_progress *progress, bn_err *err)
{
	uint64_t size = 0;
	for (size_t i = 0; i < n; i++)
		size += parts[i]->bytes;
	char *path = bn_strf("%s/%s", &BN_IMAGE_MODEL[1], parts[0]->path);
	int rc = path ? bn_layer_begin_file(layer, path, 0644, size, err)
		      : bn_err_nomem(err, "a file name");
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		if ((rc = add_object(layer, store, parts[i], piece, progress, err)) < 0)
			goto out;
out:
	if (rc < 0)
		bn_err_prefix(err, "file %s", parts[0]->path);
	bn_free(path);
	return rc;
}

/* Both are parts of one array, so parts of one file keep their order. */
static int by_part_path(const void *a, const void *b)
{
	const bn_manifest_part *x = *(const bn_manifest_part *const *)a;
	const bn_manifest_part *y = *(const bn_manifest_part *const *)b;
	int order = strcmp(x->path, y->path);
	return order ? order : (x > y) - (x < y);
}

static int add_files(bn_layer *layer, bn_object_store *store, const bn_manifest_part *const *parts,
	size_t n, const bn_progress *progress, bn_err *err)
{
	int rc = 0;
	char *piece = bn_alloc(PIECE);
	if (!piece)
		return bn_err_nomem(err, "a model");
	for (size_t first = 0, end; first < n; first = end) {
		end = first + 1;
		while (end < n && !strcmp(parts[end]->path, parts[first]->path))
			end++;
		if ((rc = add_file(
			     layer, store, parts + first, end - first, piece, progress, err)) < 0)
			goto out;
	}
out:
	bn_free(piece);
	return rc;
}

static int add_model(bn_layer *layer, bn_workspace *from, const bn_version *v,
	const bn_progress *progress, bn_err *err)
{
	bn_manifest m;
	bn_object_store *store;
	const bn_manifest_part **parts = NULL;
	int rc;
	bn_manifest_init(&m, BN_MANIFEST_MODEL);
	if ((rc = bn_manifest_load(&m, from, v->manifest, err)) < 0 ||
		(rc = bn_workspace_objects(&store, from, err)) < 0)
		goto out;
	if (!(parts = bn_alloc((m.count + 1) * sizeof *parts))) {
		rc = bn_err_nomem(err, "a model");
		goto out;
	}
	for (size_t i = 0; i < m.count; i++)
		parts[i] = &m.parts[i];
	qsort(parts, m.count, sizeof *parts, by_part_path);
	rc = add_files(layer, store, parts, m.count, progress, err);
out:
	bn_free(parts);
	bn_manifest_release(&m);
	return rc;
}

/* ---- the image ------------------------------------------------------------------------------ */

typedef struct building {
	bn_image *image;
	bn_layout *l;
	bn_workspace *from; /* where the version is read */
	const bn_version *version;
	const bn_closure *closure;
	const bn_progress *progress;
} building;

static int add_content(bn_layer *layer, const building *b, int which, bn_err *err)
{
	const bn_env *env = bn_workspace_env(b->from);
	switch (which) {
	case BN_IMAGE_DIRECTORIES:
		return add_directories(layer, err);
	case BN_IMAGE_LIBRARIES:
		return add_libraries(layer, env, b->closure, b->progress, err);
	case BN_IMAGE_PROGRAM_LAYER:
		return bn_layer_copy(layer, &BN_IMAGE_PROGRAM[1], 0755, env, b->closure->program,
			true, b->progress, err);
	default:
		return add_model(layer, b->from, b->version, b->progress, err);
	}
}

static int build_layer(const building *b, int which, bn_err *err)
{
	bn_layer layer;
	int rc;
	if ((rc = bn_layer_begin(&layer, b->l, err)) < 0 ||
		(rc = add_content(&layer, b, which, err)) < 0)
		goto out;
	rc = bn_layer_end(&layer, &b->image->layers[which], err);
out:
	bn_layer_release(&layer);
	return rc;
}

/* A document as a blob, or only its digest. */
static int put_document(
	bn_oci_descriptor *d, bn_layout *l, const char *type, const bn_buf *text, bn_err *err)
{
	strcpy(d->media_type, type);
	if (l)
		return bn_layout_put(d, l, text->ptr, text->len, err);
	bn_oci_digest(text->ptr, text->len, d->digest);
	d->size = text->len;
	return 0;
}

static int build_documents(const building *b, bn_err *err)
{
	bn_image *image = b->image;
	bn_buf config = BN_BUF_INIT, text = BN_BUF_INIT;
	bn_oci_manifest m = {.layers = image->layers, .layer_count = BN_IMAGE_LAYERS};
	int rc;
	strcpy(m.media_type, BN_OCI_MANIFEST);
	if ((rc = bn_image_config(&config, image, b->version, err)) < 0 ||
		(rc = put_document(&image->config, b->l, BN_OCI_CONFIG, &config, err)) < 0 ||
		(rc = bn_image_annotations(&m.annotations, image, err)) < 0)
		goto out;
	m.config = image->config;
	if ((rc = bn_oci_manifest_format(&text, &m, err)) < 0 ||
		(rc = put_document(&image->manifest, b->l, BN_OCI_MANIFEST, &text, err)) < 0)
		goto out;
	image->bytes = image->manifest.size + image->config.size;
	for (int i = 0; i < BN_IMAGE_LAYERS; i++)
		image->bytes += image->layers[i].size;
	if (b->l)
		rc = bn_layout_set_index(b->l, &image->manifest, image->reference, err);
out:
	json_decref(m.annotations);
	bn_buf_release(&config);
	bn_buf_release(&text);
	return rc;
}

/* The commit of the run's code, if its spec is here and says one. */
static int find_commit(char **out, bn_workspace *from, const bn_version *v, bn_err *err)
{
	bn_run_info *run = NULL;
	bn_spec *spec = NULL;
	int rc = 0;
	if (!v->run_id || bn_run_get(&run, from, v->run_id, NULL) < 0)
		return 0;
	if (run->spec_hash && bn_spec_fetch(&spec, from, run->spec_hash, NULL) == 0 &&
		spec->code.commit && bn_is_hex(spec->code.commit) &&
		!(*out = bn_strdup(spec->code.commit)))
		rc = bn_err_nomem(err, "a commit");
	bn_spec_free(spec);
	bn_run_info_free(run);
	return rc;
}

/* "power:3" by the rules of registries: lower case, and separators only inside. */
static char *reference_of(const char *model, int64_t version)
{
	char *text = bn_strf("%s:%lld", model, (long long)version);
	size_t to = 0;
	for (size_t i = 0; text && text[i]; i++) {
		bool is_letter = isalnum((unsigned char)text[i]) != 0;
		bool follows = to && isalnum((unsigned char)text[to - 1]);
		if (text[i] == ':')
			while (to && !isalnum((unsigned char)text[to - 1]))
				to--;
		if (is_letter || text[i] == ':' || follows)
			text[to++] = (char)tolower((unsigned char)text[i]);
	}
	if (text)
		text[to] = '\0';
	if (text && text[0] == ':') {
		bn_free(text);
		return bn_strf("model:%lld", (long long)version);
	}
	return text;
}

static int describe(bn_image *image, bn_workspace *from, const bn_version *v, bn_err *err)
{
	image->version = v->version;
	image->is_unapproved = v->state != BN_MODEL_APPROVED;
	image->model = bn_strdup(v->name);
	image->model_digest = bn_strdup(v->digest);
	image->reference = reference_of(v->name, v->version);
	image->run = bn_strdup(v->run_id);
	if (!image->model || !image->model_digest || !image->reference ||
		(v->run_id && !image->run))
		return bn_err_nomem(err, "an image");
	return find_commit(&image->commit, from, v, err);
}

int bn_image_check_model(bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_predictor *p = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_predictor_open(&p, ws, spec, &why);
	bn_predictor_free(p);
	if (rc >= 0)
		return 0;
	if (rc != BN_EINVAL && rc != BN_EUNSUPPORTED)
		return bn_err_move(err, &why);
	bn_err_prefix(&why, "%s cannot be served, so an image of it would not start", spec);
	return bn_err_recode(err, &why, BN_EUNSUPPORTED);
}

static int check_state(const bn_version *v, bool unapproved, bn_err *err)
{
	char spec[BN_VERSION_SPEC];
	bn_version_spec(v, spec);
	if (v->state == BN_MODEL_REMOVED)
		return bn_err_set(err, BN_ENOTFOUND, "model version %s was removed", spec);
	if (v->key < 0)
		return bn_err_set(err, BN_EREFUSED,
			"%s does not hold its number, so an image cannot be named after it", spec);
	if (v->state == BN_MODEL_APPROVED || unapproved)
		return 0;
	bn_err_set(err, BN_EREFUSED, "%s is not approved (its state is %s)", spec,
		bn_model_state_name(v->state));
	bn_err_hint(err,
		v->state == BN_MODEL_REQUESTED ? "binnacle model show %s says what is missing; "
						 "--unapproved packages it as it is"
					       : "binnacle model request %s asks for it; "
						 "--unapproved packages it as it is",
		spec);
	return BN_EREFUSED;
}

int bn_image_build(
	bn_image *out, bn_layout *l, bn_workspace *ws, const bn_image_making *making, bn_err *err)
{
	bn_image image = {.model = NULL};
	bn_closure closure = {.program = NULL};
	bn_model_view *proven = NULL;
	bn_version *v = NULL;
	int rc;
	*out = image;
	if ((rc = bn_version_demand(&proven, ws, making->spec, err)) < 0)
		goto out;
	bn_workspace *from = proven ? bn_model_view_workspace(proven) : ws;
	if ((rc = bn_version_get(&v, from, making->spec, err)) < 0 ||
		(rc = check_state(v, making->unapproved, err)) < 0 ||
		(rc = describe(&image, from, v, err)) < 0 ||
		(rc = bn_closure_find(&closure, bn_workspace_env(ws), err)) < 0)
		goto out;
	const building b = {&image, l, from, v, &closure, making->progress};
	for (int i = 0; i < BN_IMAGE_LAYERS; i++)
		if ((rc = build_layer(&b, i, err)) < 0)
			goto out;
	if ((rc = build_documents(&b, err)) < 0)
		goto out;
	*out = image;
	image = (bn_image){.model = NULL};
out:
	bn_image_release(&image);
	bn_closure_release(&closure);
	bn_version_free(v);
	bn_model_view_close(proven);
	return rc;
}

void bn_image_release(bn_image *image)
{
	bn_free(image->model);
	bn_free(image->model_digest);
	bn_free(image->run);
	bn_free(image->commit);
	bn_free(image->reference);
	*image = (bn_image){.model = NULL};
}
