/*
 * cmd_package_registry.c - binnacle package push, pull: images to and from container registries.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/package/image.h"
#include "core/package/package_log.h"
#include "core/package/transfer.h"
#include "tui/cli/verbs.h"

#include <string.h>

/* clang-format off */
#define REGISTRY_OPTS \
	{"auth-file", 0, "FILE", "credentials: a file like Docker's config.json or Podman's auth.json"}, \
	{"ca-file", 0, "FILE", "trust the certificate authorities in FILE (PEM) instead of the system's"}, \
	{"plain-http", 0, NULL, "use http to another machine: passwords can be read on the way"}
/* clang-format on */

/* A registry that a verb talks to. */
typedef struct remote {
	bn_cli *cli;
	bn_reference ref;
	bn_credentials *credentials;
	bn_distribution *d;
	bn_progress progress;
} remote;

static void warn_line(void *user, const char *text)
{
	bn_cli_warn(user, "%s", text);
}

/* chunk: bytes of a request that pushes; 0 to pull. */
static int remote_open(remote *r, bn_cli *cli, const bn_reference *ref, int64_t chunk, bn_err *err)
{
	const bn_env *env = bn_cli_env(cli);
	const bn_credentials_options where = {
		.auth_file = bn_cli_opt(cli, "auth-file"), .warn = warn_line, .user = cli};
	int rc;
	r->cli = cli;
	r->ref = *ref;
	r->progress = bn_cli_watch(cli);
	if ((rc = bn_credentials_find(&r->credentials, env, ref, &where, err)) < 0)
		return rc;
	if (r->credentials && bn_cli_flag(cli, "plain-http") && !bn_reference_is_loopback(ref))
		bn_cli_warn(cli, "the password for %s is sent without encryption", ref->registry);
	bn_distribution_options o = {.credentials = r->credentials,
		.ca_file = bn_cli_opt(cli, "ca-file"),
		.plain_http = bn_cli_flag(cli, "plain-http"),
		.writes = chunk > 0,
		.chunk_bytes = (uint64_t)chunk,
		.remembers = true,
		.progress = &r->progress};
	return bn_distribution_open(&r->d, env, ref, &o, err);
}

static void remote_close(remote *r)
{
	bn_cli_progress_end(r->cli);
	bn_distribution_close(r->d);
	bn_credentials_free(r->credentials);
}

/* ---- push ----------------------------------------------------------------------------------- */

static const char *state_name(bn_blob_state state)
{
	static const char *const names[] = {"present", "mounted", "sent", "missing"};
	return names[state];
}

static json_t *blob_json(const bn_transfer_blob *b, bool with_state)
{
	json_t *o = json_pack("{s:s, s:I, s:s, s:s}", "digest", b->blob.digest, "bytes",
		(json_int_t)b->blob.size, "media_type", b->blob.media_type, "kind",
		b->is_config ? "config" : "layer");
	if (with_state)
		json_object_set_new(o, "state", json_string(state_name(b->state)));
	return o;
}

/* Without a digest: the name of what was pushed or pulled. */
static json_t *transfer_json(const bn_transfer *t, const bn_reference *ref, bool with_state)
{
	char *model = t->model ? bn_strf("%s/%lld", t->model, (long long)t->version) : NULL;
	json_t *blobs = json_array();
	for (size_t i = 0; i < t->count; i++)
		json_array_append_new(blobs, blob_json(&t->blobs[i], with_state));
	char *name = bn_reference_format(ref);
	json_t *o = json_pack("{s:s?, s:s, s:s, s:s, s:s?, s:o}", "reference", name, "registry",
		ref->registry, "name", ref->name, "digest", t->manifest.digest, "model", model,
		"blobs", blobs);
	if (ref->tag[0])
		json_object_set_new(o, "tag", json_string(ref->tag));
	bn_free(name);
	bn_free(model);
	return o;
}

static int show_plan(bn_cli *cli, const bn_transfer *t, const bn_reference *ref, bn_err *err)
{
	static const bn_col cols[] = {{"digest", "BLOB", BN_AS_WHOLE}, {"kind", "KIND", BN_AS_TEXT},
		{"bytes", "SIZE", BN_AS_BYTES}, {"state", "STATE", BN_AS_TEXT}, {0}};
	char bytes[BN_FMT];
	json_t *items = json_array();
	for (size_t i = 0; i < t->count; i++)
		json_array_append_new(items, blob_json(&t->blobs[i], true));
	bn_cli_say(cli, "would send %s and the manifest %s to %s/%s:%s",
		bn_fmt_bytes(t->bytes, bytes), t->manifest.digest, ref->registry, ref->name,
		ref->tag);
	return bn_cli_list(cli, items, cols, "the image has no blobs", err);
}

static int show_pushed(bn_cli *cli, const bn_transfer *t, const remote *r, bn_err *err)
{
	static const bn_col fields[] = {{"reference", "Pushed", BN_AS_WHOLE},
		{"model", "Model", BN_AS_TEXT}, {"digest", "Digest", BN_AS_WHOLE},
		{"sent_blobs", "Blobs sent", BN_AS_COUNT},
		{"sent_bytes", "Bytes sent", BN_AS_BYTES},
		{"present_blobs", "There already", BN_AS_COUNT}, {0}};
	json_int_t sent = 0;
	for (size_t i = 0; i < t->count; i++)
		sent += t->blobs[i].state == BN_BLOB_SENT;
	json_t *o = transfer_json(t, &r->ref, true);
	json_object_set_new(o, "sent_blobs", json_integer(sent));
	json_object_set_new(o, "present_blobs", json_integer((json_int_t)t->count - sent));
	json_object_set_new(o, "sent_bytes", json_integer((json_int_t)bn_distribution_sent(r->d)));
	return bn_cli_object(cli, o, fields, err);
}

/* Records the push in the workspace around us, if there is one. */
static int note_pushed(bn_workspace *ws, const bn_transfer *t, const bn_reference *ref, bn_err *err)
{
	bn_package_pushed p = {.digest = t->manifest.digest,
		.manifest_digest = t->manifest.digest,
		.registry = ref->registry,
		.name = ref->name,
		.tag = ref->tag,
		.model = t->model,
		.version = t->version};
	int rc = bn_package_write_pushed(ws, &p, err);
	int done = bn_workspace_commit(ws, rc < 0 ? NULL : err);
	return rc < 0 ? rc : done;
}

/* *ws stays NULL outside of a workspace. */
static int find_workspace(bn_workspace **ws, bn_cli *cli, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = bn_cli_workspace(cli, ws, &why);
	if (rc == BN_ENOTFOUND)
		*ws = NULL;
	return rc < 0 && rc != BN_ENOTFOUND ? bn_err_move(err, &why) : 0;
}

static int read_push_target(bn_reference *ref, const char *text, bn_err *err)
{
	int rc = bn_reference_parse(ref, text, err);
	if (rc < 0)
		return rc;
	if (ref->digest[0])
		return bn_err_set(err, BN_EINVAL,
			"'%.200s': an image is pushed to a tag; its digest follows from its "
			"content",
			text);
	if (ref->tag[0])
		return 0;
	bn_err_set(err, BN_EINVAL, "'%.200s' has no tag", text);
	bn_err_hint(err, "add one, such as :3 (or :latest, if that is meant)");
	return BN_EINVAL;
}

/* What is pushed: an image of a layout, or one that is made for it. */
typedef struct image_source {
	bn_layout *layout;
	bn_oci_descriptor manifest;
} image_source;

/* The image of a model version, in a layout that is removed afterwards. */
static int build_image(
	image_source *s, bn_cli *cli, bn_workspace *ws, const bn_progress *progress, bn_err *err)
{
	const bn_env *env = bn_cli_env(cli);
	const char *dir = bn_env_get(env, "TMPDIR");
	const bn_layout_making how = {0};
	const bn_image_making making = {.spec = bn_cli_arg(cli, 0),
		.unapproved = bn_cli_flag(cli, "unapproved"),
		.progress = progress};
	bn_image image = {0};
	uint64_t tag = 0;
	char *path = NULL;
	int rc;
	if ((rc = bn_image_check_model(ws, making.spec, err)) < 0 ||
		(rc = bn_env_random(env, &tag, sizeof tag, err)) < 0)
		return rc;
	path = bn_strf(
		"%s/binnacle-push-%016llx", dir && *dir ? dir : "/tmp", (unsigned long long)tag);
	if (!path)
		return bn_err_nomem(err, "a file name");
	if ((rc = bn_layout_create(&s->layout, env, path, &how, err)) < 0 ||
		(rc = bn_image_build(&image, s->layout, ws, &making, err)) < 0)
		goto out;
	s->manifest = image.manifest;
	if (image.is_unapproved)
		bn_cli_warn(cli, "%s/%lld is not approved; the image is labelled so", image.model,
			(long long)image.version);
out:
	bn_image_release(&image);
	bn_free(path);
	return rc;
}

static int open_source(
	image_source *s, bn_cli *cli, bn_workspace *ws, const bn_progress *progress, bn_err *err)
{
	const char *what = bn_cli_arg(cli, 0), *image = bn_cli_opt(cli, "image");
	bool is_path = bn_fs_exists(bn_cli_env(cli), what);
	int rc;
	if (!is_path && !ws) {
		bn_err_set(err, BN_ENOTFOUND, "there is no image '%s'", what);
		bn_err_hint(err, "a model is pushed in its workspace: -C DIR");
		return BN_ENOTFOUND;
	}
	if (!is_path && image)
		return bn_err_set(
			err, BN_EINVAL, "--image chooses one of a layout, and '%s' is none", what);
	if (!is_path)
		return build_image(s, cli, ws, progress, err);
	if (bn_cli_flag(cli, "unapproved"))
		return bn_err_set(
			err, BN_EINVAL, "--unapproved is for a model, and '%s' is an image", what);
	if ((rc = bn_layout_open(&s->layout, bn_cli_env(cli), what, err)) < 0)
		return rc;
	return bn_layout_find(&s->manifest, s->layout, image, err);
}

/* Pushes it, and says so. */
static int push_image(remote *r, const image_source *s, bn_workspace *ws, bn_err *err)
{
	bn_cli *cli = r->cli;
	bn_transfer t = {0};
	bn_push_options o = {.tag = r->ref.tag,
		.mount_from = bn_cli_opt(cli, "mount-from"),
		.dry_run = bn_cli_dry_run(cli),
		.progress = &r->progress};
	int rc;
	if ((rc = bn_image_push(&t, r->d, s->layout, &s->manifest, &o, err)) < 0)
		return rc;
	bn_cli_progress_end(cli);
	if (o.dry_run) {
		rc = show_plan(cli, &t, &r->ref, err);
		goto out;
	}
	if (ws && (rc = note_pushed(ws, &t, &r->ref, err)) < 0) {
		bn_err_prefix(err, "the image was pushed, but not recorded");
		goto out;
	}
	rc = show_pushed(cli, &t, r, err);
out:
	bn_transfer_release(&t);
	return rc;
}

static int run_push(bn_cli *cli, bn_err *err)
{
	const char *from = bn_cli_opt(cli, "mount-from");
	int64_t chunk = (int64_t)BN_CHUNK_BYTES;
	bn_progress progress = bn_cli_watch(cli);
	bn_workspace *ws = NULL;
	image_source s = {0};
	bn_reference ref;
	remote r = {.cli = cli};
	int rc;
	if ((rc = read_push_target(&ref, bn_cli_arg(cli, 1), err)) < 0 ||
		(rc = bn_cli_opt_bytes(cli, "chunk", &chunk, err)) < 0)
		return rc;
	if (chunk < BN_CHUNK_LEAST || chunk > (int64_t)1 << 40)
		return bn_err_set(err, BN_EINVAL, "--chunk: from 1K to 1024G, such as 16M");
	if (from && !bn_reference_is_name(from))
		return bn_err_set(err, BN_EINVAL,
			"--mount-from '%.100s' is not the name of a repository: group/name", from);
	if ((rc = find_workspace(&ws, cli, err)) < 0 ||
		(rc = open_source(&s, cli, ws, &progress, err)) < 0 ||
		(rc = remote_open(&r, cli, &ref, chunk, err)) < 0)
		goto out;
	rc = push_image(&r, &s, ws, err);
out:
	remote_close(&r);
	bn_layout_close(s.layout);
	return rc;
}

/* ---- pull ----------------------------------------------------------------------------------- */

static int show_pulled(
	bn_cli *cli, const bn_transfer *t, const remote *r, const char *path, bn_err *err)
{
	static const bn_col fields[] = {{"reference", "Pulled", BN_AS_WHOLE},
		{"model", "Model", BN_AS_TEXT}, {"digest", "Digest", BN_AS_WHOLE},
		{"path", "Path", BN_AS_WHOLE}, {"bytes", "Size", BN_AS_BYTES},
		{"received_bytes", "Received", BN_AS_BYTES}, {0}};
	json_t *o = transfer_json(t, &r->ref, false);
	json_object_set_new(o, "path", json_string(path));
	json_object_set_new(o, "bytes", json_integer((json_int_t)t->bytes));
	json_object_set_new(
		o, "received_bytes", json_integer((json_int_t)bn_distribution_received(r->d)));
	return bn_cli_object(cli, o, fields, err);
}

static int read_pull_source(bn_reference *ref, const char *text, bn_err *err)
{
	int rc = bn_reference_parse(ref, text, err);
	if (rc < 0 || ref->tag[0] || ref->digest[0])
		return rc;
	bn_err_set(err, BN_EINVAL, "'%.200s' has neither a tag nor a digest", text);
	bn_err_hint(err, "add one: :3, @sha256:..., or :latest, if that is meant");
	return BN_EINVAL;
}

static int read_format(bool *model_alone, bn_cli *cli, bn_err *err)
{
	const char *format = bn_cli_opt(cli, "format");
	if (format && strcmp(format, "oci") && strcmp(format, "dir"))
		return bn_err_set(err, BN_EINVAL,
			"--format '%.40s': oci (an image layout) or dir (the model's folder)",
			format);
	*model_alone = format && !strcmp(format, "dir");
	if (*model_alone && bn_cli_flag(cli, "force"))
		return bn_err_set(err, BN_EINVAL, "--force replaces a layout, and no other folder");
	return 0;
}

/* What is there is found before anything is received. */
static int check_target(const bn_pull_options *o, bn_err *err)
{
	bn_path_kind kind;
	int rc = bn_fs_look(&kind, o->env, o->path, err);
	if (rc < 0 || kind == BN_PATH_ABSENT || o->force)
		return rc;
	bn_err_set(err, BN_ECONFLICT, "'%s' already exists", o->path);
	bn_err_hint(err, "name another folder%s",
		o->model_alone ? "" : ", or add --force, which replaces a layout");
	return BN_ECONFLICT;
}

static int run_pull(bn_cli *cli, bn_err *err)
{
	bn_reference ref;
	bn_transfer t = {0};
	remote r = {.cli = cli};
	bn_pull_options o = {.env = bn_cli_env(cli),
		.path = bn_cli_opt(cli, "out"),
		.force = bn_cli_flag(cli, "force")};
	int rc;
	if ((rc = read_pull_source(&ref, bn_cli_arg(cli, 0), err)) < 0 ||
		(rc = read_format(&o.model_alone, cli, err)) < 0)
		return rc;
	if (!o.path)
		return bn_err_set(err, BN_EINVAL, "name the folder to write: --out DIR");
	o.name = ref.tag[0] ? ref.tag : NULL;
	o.progress = &r.progress;
	if ((rc = check_target(&o, err)) < 0 || (rc = remote_open(&r, cli, &ref, 0, err)) < 0 ||
		(rc = bn_image_pull(&t, r.d, ref.digest[0] ? ref.digest : ref.tag, &o, err)) < 0)
		goto out;
	bn_cli_progress_end(cli);
	rc = show_pulled(cli, &t, &r, o.path, err);
out:
	remote_close(&r);
	bn_transfer_release(&t);
	return rc;
}

static const bn_opt push_options[] = {
	{"image", 0, "NAME", "which image of a layout that holds several"},
	{"unapproved", 0, NULL, "also a model version that is not approved; the image says so"},
	{"mount-from", 0, "REPOSITORY",
		"take blobs that are missing from there, if the registry has them"},
	{"chunk", 0, "BYTES", "how much is sent in a request (16M)"}, REGISTRY_OPTS, {0}};
static const bn_opt pull_options[] = {{"out", 'o', "DIR", "the folder to write"},
	{"format", 'f', "FORMAT", "oci (default): an image layout; dir: the model's folder alone"},
	{"force", 0, NULL, "replace a layout that is there"}, REGISTRY_OPTS, {0}};

const bn_verb bn_verbs_package_registry[] = {
	{"package", "push", "MODEL|LAYOUT REGISTRY/NAME:TAG", 2, 2,
		"Send a model's image to a container registry",
		"The image of MODEL is made on the way, as `binnacle package` makes it; LAYOUT is "
		"a "
		"folder or an\noci-archive. Blobs that the registry has are not sent; large ones "
		"are sent in chunks, and an\ninterrupted push continues where the registry allows "
		"it.\n"
		"Credentials: BINNACLE_REGISTRY_USER and BINNACLE_REGISTRY_PASSWORD; in GitLab CI\n"
		"CI_REGISTRY_USER and CI_REGISTRY_PASSWORD; REGISTRY_AUTH_FILE; Podman's "
		"auth.json; "
		"Docker's\nconfig.json with its credential helpers. To this machine http is used, "
		"unless --ca-file is given.",
		{"binnacle package push power@champion registry.example.org/group/power:3",
			"binnacle package push power-3.oci localhost:5000/power:3 --dry-run"},
		push_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_push},
	{"package", "pull", "REGISTRY/NAME:TAG", 1, 1,
		"Receive an image from a container registry, or the model in it",
		"The folder appears when everything was received and its digests were verified. "
		"Until then it is\nDIR.partial, from which an interrupted pull continues. Of an "
		"image for several machines the one\nfor Linux on this machine is taken. --format "
		"dir receives and unpacks only the model of an image that\n`binnacle package` "
		"made: "
		"`binnacle predict DIR FILE` and `binnacle serve DIR` use it.",
		{"binnacle package pull registry.example.org/group/power:3 --out power-oci",
			"binnacle package pull localhost:5000/power:3 --format dir --out power"},
		pull_options, BN_VERB_NO_WORKSPACE, run_pull},
	{0}};
