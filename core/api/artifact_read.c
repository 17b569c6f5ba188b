/* artifact_read.c - GET of artifacts: streamed from the object store, with ranges. */
#include "core/api/_artifact.h"
#include "core/api/_routes.h"
#include "core/api/run_state.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/object/object.h"
#include "core/track/logged_model.h"

#include <inttypes.h>
#include <string.h>

/* ---- finding --------------------------------------------------------------------------------- */

int bn_api_artifacts_of(
	bn_artifacts *out, bn_api_call *c, const bn_api_artifact_path *p, bn_err *err)
{
	*out = (bn_artifacts)BN_ARTIFACTS_INIT;
	if (p->owner == BN_API_OF_RUN)
		return bn_run_artifacts(out, c->ws, p->id, err);
	return p->owner == BN_API_OF_LOGGED ? bn_logged_artifacts(out, c->ws, p->id, err) : 0;
}

const bn_artifact *bn_api_artifact_find(const bn_artifacts *all, const char *path, bool *is_dir)
{
	size_t n = strlen(path);
	const bn_artifact *found = NULL;
	*is_dir = n == 0 && all->count > 0;
	for (size_t i = 0; i < all->count; i++) {
		const char *p = all->items[i].path;
		if (n && !strncmp(p, path, n) && p[n] == '/')
			*is_dir = true;
		else if (!strcmp(p, path))
			found = &all->items[i];
	}
	return found;
}

int bn_api_no_artifact(bn_api_call *c, const char *whole)
{
	return bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST, "No such artifact: '%s'", whole);
}

int bn_api_run_root(char **out, bn_api_call *c, const char *id, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_run_info *run = NULL;
	bn_experiment *e = NULL;
	bn_buf root = BN_BUF_INIT;
	int rc = bn_run_get(&run, c->ws, id ? id : "None", &why);
	if (rc == BN_ENOTFOUND)
		return bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST, "Run with id=%s not found",
			id ? id : "None");
	if (rc < 0) {
		bn_err_move(err, &why);
		goto out;
	}
	if ((rc = bn_experiment_by_name(&e, c->ws, run->experiment, err)) < 0)
		goto out;
	bn_api_experiment_root(&root, e->id, e->artifact_location);
	bn_buf_addf(&root, "/%s/artifacts", run->id);
	if (!(*out = bn_buf_take(&root, NULL)))
		rc = bn_err_nomem(err, "a path");
out:
	bn_buf_release(&root);
	bn_experiment_free(e);
	bn_run_info_free(run);
	return rc;
}

/* ---- sending --------------------------------------------------------------------------------- */

typedef struct sending {
	bn_object_reader *reader;
} sending;

static ssize_t on_read(void *user, void *out, size_t size)
{
	sending *s = user;
	bn_err err = BN_ERR_INIT;
	size_t got = 0;
	/* A whole object is checked against its hash: its last bytes only come if that is right. */
	return bn_object_read(s->reader, out, size, &got, &err) < 0 ? BN_HTTP_SOURCE_BROKEN
								    : (ssize_t)got;
}

static void on_close(void *user)
{
	sending *s = user;
	bn_object_reader_free(s->reader);
	bn_free(s);
}

typedef struct range {
	uint64_t from, count;
} range;

static bool digits(const char **p, uint64_t *out)
{
	const char *begin = *p;
	*out = 0;
	for (; **p >= '0' && **p <= '9' && *p - begin < 19; (*p)++)
		*out = *out * 10 + (uint64_t)(**p - '0');
	return *p > begin;
}

/* "bytes=5-9", "bytes=5-", "bytes=-5". 1: a range; 0: none that we take, so the whole is sent (RFC 9110 14.2); -1: it is
 * beyond the end. */
static int read_range(range *out, const char *text, uint64_t bytes)
{
	uint64_t first, last = bytes ? bytes - 1 : 0;
	if (!text || strncmp(text, "bytes=", 6) != 0 || strchr(text, ','))
		return 0;
	const char *p = text + 6;
	if (*p == '-') {
		p++;
		if (!digits(&p, &first) || *p)
			return 0;
		if (first == 0 || bytes == 0)
			return -1;
		*out = (range){first < bytes ? bytes - first : 0, first < bytes ? first : bytes};
		return 1;
	}
	if (!digits(&p, &first) || *p++ != '-' || (*p && !digits(&p, &last)) || *p || last < first)
		return first >= bytes && !*p ? -1 : 0;
	if (first >= bytes)
		return -1;
	if (last >= bytes)
		last = bytes - 1;
	*out = (range){first, last - first + 1};
	return 1;
}

static int add_headers(bn_api_call *c, const char *hash, const char *path, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	char tag[80];
	int rc;
	snprintf(tag, sizeof tag, "\"%s\"", hash);
	bn_api_add_disposition(&b, path);
	if ((rc = bn_buf_check(&b, err, "a header")) < 0 ||
		(rc = bn_http_response_add(c->response, "Content-Disposition", b.ptr, err)) < 0 ||
		(rc = bn_http_response_add(c->response, "Accept-Ranges", "bytes", err)) < 0 ||
		(rc = bn_http_response_add(c->response, "ETag", tag, err)) < 0)
		goto out;
	c->response->content_type = bn_api_media_type(path);
out:
	bn_buf_release(&b);
	return rc;
}

static int beyond_the_end(bn_api_call *c, uint64_t bytes, bn_err *err)
{
	char text[64];
	snprintf(text, sizeof text, "bytes */%" PRIu64, bytes);
	c->response->status = 416;
	return bn_http_response_add(c->response, "Content-Range", text, err);
}

int bn_api_send_head(bn_api_call *c, const char *tag, uint64_t bytes, const char *path,
	uint64_t *from, uint64_t *count, bn_err *err)
{
	range r = {0, bytes};
	char text[96];
	int rc, part = read_range(&r, bn_http_request_header(c->request, "Range"), bytes);
	if (part < 0)
		return beyond_the_end(c, bytes, err);
	*from = r.from;
	*count = r.count;
	if ((rc = add_headers(c, tag, path, err)) < 0 || !part)
		return rc < 0 ? rc : 1;
	snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, r.from,
		r.from + r.count - 1, bytes);
	c->response->status = 206;
	rc = bn_http_response_add(c->response, "Content-Range", text, err);
	return rc < 0 ? rc : 1;
}

int bn_api_send_object(
	bn_api_call *c, const char *hash, uint64_t bytes, const char *path, bn_err *err)
{
	uint64_t from = 0, count = 0;
	sending *s = NULL;
	int rc = bn_api_send_head(c, hash, bytes, path, &from, &count, err);
	if (rc <= 0)
		return rc;
	if (!(s = bn_alloc_zeroed(1, sizeof *s)))
		return bn_err_nomem(err, "a response");
	rc = bn_object_reader_new(
		&s->reader, c->api->objects, hash, from, count == bytes ? UINT64_MAX : count, err);
	if (rc < 0) {
		bn_free(s);
		return rc;
	}
	c->response->source = (bn_http_source){.read = on_read,
		.close = on_close,
		.user = s,
		.length = (int64_t)bn_object_reader_bytes(s->reader)};
	return 0;
}

/* The file at a path, or why there is none. */
static int send_path(bn_api_call *c, const bn_api_artifact_path *p, bn_err *err)
{
	bn_artifacts all = BN_ARTIFACTS_INIT;
	bool is_dir = false;
	int rc = bn_api_artifacts_of(&all, c, p, err);
	if (rc < 0)
		goto out;
	const bn_artifact *a = bn_api_artifact_find(&all, p->path, &is_dir);
	if (a)
		rc = bn_api_send_object(c, a->hash, (uint64_t)a->size_bytes, a->path, err);
	else if (is_dir)
		rc = bn_api_refuse(c, BN_API_BAD_REQUEST,
			"Artifact path refers to a directory, not a file: '%s'", p->whole);
	else
		rc = bn_api_no_artifact(c, p->whole);
out:
	bn_artifacts_release(&all);
	return rc;
}

/* ---- GET /mlflow-artifacts/artifacts/PATH -------------------------------------------------------- */

static int get_artifact(bn_api_call *c, bn_err *err)
{
	bn_api_artifact_path p;
	int rc = bn_api_path_parse(&p, c->params[0], &c->fault);
	if (rc < 0)
		goto out;
	rc = send_path(c, &p, err);
out:
	bn_api_path_release(&p);
	return rc;
}

const bn_api_about bn_api_artifact_get = {
	.handle = get_artifact, .need = BN_API_READER, .place = BN_API_READS};

/* ---- GET /get-artifact?run_id=RUN&path=PATH ------------------------------------------------------- */

/* The owner's files are found by its id; the path in messages is the one below the artifact location. */
static int send_of(bn_api_call *c, bn_api_owner owner, const char *id, const char *root,
	const char *path, bn_err *err)
{
	bn_api_artifact_path p = {.owner = owner};
	char *decoded = NULL;
	int rc = bn_api_path_decode(&decoded, path, &c->fault);
	if (rc < 0)
		return rc;
	snprintf(p.id, sizeof p.id, "%s", id);
	p.path = decoded;
	if (!(p.whole = bn_strf("%s/%s", root, decoded)))
		rc = bn_err_nomem(err, "a path");
	else
		rc = send_path(c, &p, err);
	bn_api_path_release(&p);
	bn_free(decoded);
	return rc;
}

static const char *below_scheme(const char *uri)
{
	const char *scheme = "mlflow-artifacts:/";
	return strncmp(uri, scheme, strlen(scheme)) ? uri : uri + strlen(scheme);
}

static const bn_wire_field run_and_path[] = {
	{.name = "run_id"}, {.name = "run_uuid"}, {.name = "path"}, {0}};

static int get_artifact_of_run(bn_api_call *c, bn_err *err)
{
	const char *id = bn_wire_text(c->body, "run_id"), *path = bn_wire_text(c->body, "path");
	char *root = NULL;
	if (!id)
		id = bn_wire_text(c->body, "run_uuid");
	if (!path)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Missing value for required parameter 'path'. See the API docs for more "
			"information about request parameters.");
	bool is_local = false;
	int rc = bn_api_run_root(&root, c, id, err);
	if (rc < 0)
		return rc;
	rc = bn_api_is_local(&is_local, c, id, root, err);
	if (rc < 0)
		goto out;
	rc = is_local ? bn_api_send_file(c, root, path, err)
		      : send_of(c, BN_API_OF_RUN, id, below_scheme(root), path, err);
out:
	bn_free(root);
	return rc;
}

const bn_api_about bn_api_get_artifact = {.handle = get_artifact_of_run,
	.fields = run_and_path,
	.need = BN_API_READER,
	.place = BN_API_READS};

/* ---- GET /mlflow/logged-models/ID/artifacts/files?artifact_file_path=PATH --------------------------- */

static const bn_wire_field file_fields[] = {
	{.name = "artifact_file_path", .flags = BN_WIRE_REQUIRED}, {0}};

static int get_artifact_of_logged(bn_api_call *c, bn_err *err)
{
	bn_logged_model *m = NULL;
	char *root = NULL;
	int rc = bn_logged_get(&m, c->ws, c->params[0], err);
	if (rc == BN_ENOTFOUND)
		return bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST,
			"Logged model with ID '%s' not found.", c->params[0]);
	if (rc < 0)
		return rc;
	if (!(root = bn_strf("%s/models/%s/artifacts", m->experiment_id, m->id))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	rc = send_of(
		c, BN_API_OF_LOGGED, m->id, root, bn_wire_text(c->body, "artifact_file_path"), err);
out:
	bn_free(root);
	bn_logged_free(m);
	return rc;
}

const bn_api_about bn_api_logged_file = {.handle = get_artifact_of_logged,
	.fields = file_fields,
	.need = BN_API_READER,
	.place = BN_API_READS};
