/* cmd_package.c - binnacle package, package ls: container images of model versions. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/form.h"
#include "core/package/package_log.h"
#include "core/registry/registry.h"
#include "tui/cli/verbs.h"

#include <stdio.h>
#include <string.h>

/* ---- package MODEL -------------------------------------------------------------------------- */

static json_t *layers_json(const bn_image *image)
{
	json_t *list = json_array();
	for (int i = 0; i < BN_IMAGE_LAYERS; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:I}", "name", bn_image_layer_name(i), "digest",
				      image->layers[i].digest, "bytes",
				      (json_int_t)image->layers[i].size));
	return list;
}

static json_t *made_json(const bn_package_made *made, bn_package_format format, bool dry_run)
{
	const bn_image *i = &made->image;
	char *model = bn_strf("%s/%lld", i->model, (long long)i->version);
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:s, s:s?, s:s?, s:b, s:b, s:s}",
		"model", model ? model : "", "format", bn_package_format_name(format), "path",
		made->path, "digest", i->manifest.digest, "config", i->config.digest, "bytes",
		(json_int_t)made->bytes, "layers", layers_json(i), "model_digest", i->model_digest,
		"run", i->run, "commit", i->commit, "approved", !i->is_unapproved, "written",
		!dry_run, "reference", i->reference);
	bn_free(model);
	return o;
}

/* What can be done with it now, as one command. */
static void tell_next(bn_cli *cli, const bn_package_made *made, bn_package_format format)
{
	static const char *const next[BN_PACKAGE_FORMATS] = {
		[BN_PACKAGE_OCI] = "skopeo inspect oci:%s",
		[BN_PACKAGE_OCI_ARCHIVE] = "podman load -i %s",
		[BN_PACKAGE_DOCKER_ARCHIVE] = "docker load -i %s",
		[BN_PACKAGE_DIR] = "ch-run --cd / %s -- /usr/bin/binnacle serve /model",
		[BN_PACKAGE_SIF_DEF] =
			"%s/serve.sh, or there: apptainer build model.sif binnacle.def",
		[BN_PACKAGE_CONTAINERFILE] = "%s/serve.sh, or there: podman build .",
	};
	char *text = NULL;
	const char *mark = strstr(next[format], "%s");
	text = bn_strf("%.*s%s%s", (int)(mark - next[format]), next[format], made->path, mark + 2);
	if (text)
		bn_cli_note(cli, "next: %s", text);
	bn_free(text);
}

static int run_package(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"model", "Model", BN_AS_WHOLE},
		{"approved", "Approved", BN_AS_BOOL}, {"format", "Format", BN_AS_TEXT},
		{"path", "Path", BN_AS_WHOLE}, {"digest", "Digest", BN_AS_WHOLE},
		{"bytes", "Size", BN_AS_BYTES}, {"commit", "Commit", BN_AS_WHOLE}, {0}};
	const char *format = bn_cli_opt(cli, "format");
	bn_workspace *ws = NULL;
	bn_package_made made = {.path = NULL};
	bn_progress progress = bn_cli_watch(cli);
	bn_package_making making = {.image = {.spec = bn_cli_arg(cli, 0),
					    .unapproved = bn_cli_flag(cli, "unapproved"),
					    .progress = &progress},
		.format = BN_PACKAGE_OCI,
		.path = bn_cli_opt(cli, "out"),
		.force = bn_cli_flag(cli, "force"),
		.dry_run = bn_cli_dry_run(cli)};
	int rc;
	if ((format && (rc = bn_package_format_parse(&making.format, format, err)) < 0) ||
		(rc = bn_cli_workspace(cli, &ws, err)) < 0)
		return rc;
	if ((rc = bn_image_check_model(ws, making.image.spec, err)) < 0)
		return rc;
	rc = bn_package_make(&made, ws, &making, err);
	bn_cli_progress_end(cli);
	if (rc < 0)
		return rc;
	if (made.image.is_unapproved)
		bn_cli_warn(cli, "%s/%lld is not approved; the image is labelled so",
			made.image.model, (long long)made.image.version);
	rc = bn_cli_object(cli, made_json(&made, making.format, making.dry_run), fields, err);
	if (!rc && !making.dry_run && bn_cli_is_text(cli))
		tell_next(cli, &made, making.format);
	bn_package_made_release(&made);
	return rc;
}

/* ---- package ls ----------------------------------------------------------------------------- */

/* "registry.example.org/group/power:3", with a digest in place of a missing tag. */
static char *destination(const bn_package *p)
{
	return bn_strf("%s/%s%s%s", p->registry, p->name, p->tag ? ":" : "@",
		p->tag ? p->tag : p->manifest_digest);
}

static json_t *package_json(const bn_package *p)
{
	bool built = p->act == BN_PACKAGE_BUILT;
	char *model = p->model ? bn_strf("%s/%lld", p->model, (long long)p->version) : NULL;
	char *to = built ? NULL : destination(p);
	char image[13]; /* the digest as runtimes show it in lists */
	snprintf(image, sizeof image, "%s", p->digest + strlen("sha256:"));
	json_t *o = json_pack("{s:s, s:s?, s:s, s:s, s:s?, s:o, s:s?, s:s?, s:s, s:I, s:o}", "act",
		built ? "built" : "pushed", "model", model, "image", image, "digest", p->digest,
		"format", p->format, "bytes", p->bytes < 0 ? json_null() : json_integer(p->bytes),
		"where", built ? p->path : to, "host", p->host, "user", p->user, "time_ms",
		(json_int_t)p->time_ms, "approved",
		built ? json_boolean(!p->is_unapproved) : json_null());
	bn_free(model);
	bn_free(to);
	return o;
}

/* "power", "power/3" or "power@champion". */
static int read_packages(bn_packages *out, bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	const char *spec = bn_cli_arg(cli, 0);
	bn_version *v = NULL;
	if (!spec || !strpbrk(spec, "/@"))
		return bn_package_list(out, ws, spec, 0, 0, err);
	int rc = bn_version_get(&v, ws, spec, err);
	if (rc < 0)
		return rc;
	rc = bn_package_list(out, ws, v->name, v->version, 0, err);
	bn_version_free(v);
	return rc;
}

static int run_ls(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"model", "MODEL", BN_AS_TEXT}, {"act", "ACT", BN_AS_TEXT},
		{"format", "FORMAT", BN_AS_TEXT}, {"bytes", "SIZE", BN_AS_BYTES},
		{"image", "IMAGE", BN_AS_WHOLE}, {"user", "USER", BN_AS_GROUP},
		{"time_ms", "TIME", BN_AS_TIME_MS}, {"where", "WHERE", BN_AS_LONG}, {0}};
	bn_packages l = {NULL, 0};
	bn_workspace *ws = NULL;
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = read_packages(&l, cli, ws, err)) < 0)
		return rc;
	json_t *items = json_array();
	for (size_t i = 0; i < l.count; i++)
		json_array_append_new(items, package_json(&l.items[i]));
	bn_packages_release(&l);
	return bn_cli_list(cli, items, cols,
		"nothing packaged yet: binnacle package MODEL writes an image", err);
}

static const bn_opt package_options[] = {
	{"format", 'f', "FORMAT",
		"oci (default), oci-archive, docker-archive, dir, sif-def, containerfile"},
	{"out", 'o', "PATH", "file or directory to write (default: MODEL-VERSION.oci and so on)"},
	{"unapproved", 0, NULL, "also a version that is not approved; the image says so"},
	{"force", 0, NULL, "replace an earlier package at that path"}, {0}};

const bn_verb bn_verbs_package[] = {
	{"package", NULL, "MODEL", 1, 1, "Write a container image of a model version",
		"The image holds the server with its libraries and the model, and nothing else: no "
		"shell, no\npackage manager. It runs as user 65534. No other program is needed, no "
		"daemon and no root.\nThe same version with the same program gives the same "
		"digest. "
		"oci and oci-archive are for\nskopeo, umoci, podman and registries, docker-archive "
		"for "
		"docker load, dir for ch-run and\napptainer; sif-def and containerfile come with "
		"serve.sh, which picks a runtime.",
		{"binnacle package power@champion --format oci-archive",
			"binnacle package power/3 --format containerfile --out power-image"},
		package_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_package},
	{"package", "ls", "[MODEL]", 0, 1, "List packages and where they were pushed",
		"MODEL is a model (power) or one version of it (power/3, power@champion).",
		{"binnacle package ls", "binnacle package ls power/3 --json"}, NULL, BN_VERB_LISTS,
		run_ls},
	{0}};
