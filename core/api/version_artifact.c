/* version_artifact.c - GET /model-versions/get-artifact: a file of a registered version, from its manifest. */
#include "core/api/_artifact.h"
#include "core/api/_routes.h"
#include "core/api/registry_wire.h"

#include "core/base/mem.h"
#include "core/store/object/manifest.h"

static const bn_wire_field fields[] = {
	{.name = "name"}, {.name = "version"}, {.name = "path"}, {0}};

static int send_file(bn_api_call *c, const bn_version *v, const char *path, bn_err *err)
{
	bn_manifest m;
	bn_manifest_init(&m, BN_MANIFEST_MODEL);
	int rc = 0;
	if ((rc = bn_version_need_files(v, err)) < 0 ||
		(rc = bn_manifest_load(&m, c->ws, v->manifest, err)) < 0)
		goto out;
	const bn_manifest_part *part = bn_manifest_find(&m, path);
	rc = part && part->whole ? bn_api_send_object(c, part->hash, part->bytes, path, err)
				 : bn_api_no_artifact(c, path);
out:
	bn_manifest_release(&m);
	return rc;
}

static int get(bn_api_call *c, bn_err *err)
{
	bn_version *v = NULL;
	char *decoded = NULL;
	const char *name = bn_wire_text(c->body, "name"), *path = bn_wire_text(c->body, "path");
	int rc = 0;
	if (!path)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Missing value for required parameter 'path'. See the API docs for more "
			"information about request parameters.");
	if ((rc = bn_api_path_decode(&decoded, path, &c->fault)) < 0 ||
		(rc = bn_api_version_find(
			 &v, c, name ? name : "", bn_wire_text(c->body, "version"), err)) < 0)
		goto out;
	rc = send_file(c, v, decoded, err);
out:
	bn_free(decoded);
	bn_version_free(v);
	return rc;
}
const bn_api_about bn_api_version_artifact = {
	.handle = get, .fields = fields, .need = BN_API_READER, .place = BN_API_READS};
