/*
 * artifact_parts.c - uploads of a large file in parts (MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD).
 *
 *	POST mpu/create/DIR    {"path": NAME, "num_parts": N}   -> upload_id, and a URL of ours for each part
 *	PUT  mpu/part/ID/I     a part: an object of its own, named by its hash, which is its ETag
 *	POST mpu/complete/DIR  the parts in order become one object, which gets its name in the log
 *	POST mpu/abort/DIR     forgets it
 *
 * Uploads in progress are in memory only: after a restart a client begins again. Memory is used for parts that arrived,
 * not for those that were announced. A token has a share of the places, so that it cannot take those of others; an upload
 * without a request for KEEP_NS is forgotten, and if there is no place, so is the one that was idle longest, from IDLE_NS
 * on. Parts of forgotten ones are objects that no row names, so gc removes them. Joining reads and writes the file once more, on a reader's thread, so that writes of
 * others do not wait for it.
 */
#include "core/api/_artifact.h"
#include "core/api/_routes.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/object/object.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { UPLOADS = 64, SHARE_LEAST = 4, PARTS_MOST = 10000, ID_TEXT = 33, BLOCK = 1 << 18 };
#define KEEP_NS ((int64_t)3600 * 1000000000)
#define IDLE_NS ((int64_t)600 * 1000000000)

typedef struct part {
	uint32_t number; /* 1, 2... */
	uint8_t hash[BN_SHA256_BYTES];
} part;

typedef struct upload {
	char id[ID_TEXT]; /* "" free */
	char *whole;      /* the path that it was created for */
	part *parts;      /* that arrived, by number */
	size_t here, cap;
	size_t count; /* that were announced */
	const bn_api_client *owner;
	int64_t used_ns;
} upload;

struct bn_api_parts {
	pthread_mutex_t lock;
	upload uploads[UPLOADS];
};

int bn_api_parts_new(bn_api_parts **out, bn_err *err)
{
	if (!(*out = bn_alloc_zeroed(1, sizeof **out)))
		return bn_err_nomem(err, "a server");
	pthread_mutex_init(&(*out)->lock, NULL);
	return 0;
}

static void forget(upload *u)
{
	bn_free(u->whole);
	bn_free(u->parts);
	*u = (upload){0};
}

void bn_api_parts_free(bn_api_parts *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < UPLOADS; i++)
		forget(&p->uploads[i]);
	pthread_mutex_destroy(&p->lock);
	bn_free(p);
}

/* With the lock held. Borrowed. */
static upload *find(bn_api_call *c, const char *id)
{
	bn_api_parts *p = c->api->parts;
	for (size_t i = 0; id && *id && i < UPLOADS; i++)
		if (!strcmp(p->uploads[i].id, id)) {
			p->uploads[i].used_ns = c->begun_ns;
			return &p->uploads[i];
		}
	return NULL;
}

static int no_upload(bn_api_call *c, const char *id)
{
	return bn_api_refuse(c, BN_API_RESOURCE_DOES_NOT_EXIST,
		"No multipart upload with ID '%s': it is complete, was aborted, or the server was "
		"started again",
		id ? id : "");
}

/* ---- paths ----------------------------------------------------------------------------------- */

static const bn_wire_field create_fields[] = {{.name = "path", .flags = BN_WIRE_REQUIRED},
	{.name = "num_parts", .type = BN_WIRE_INT}, {0}};
static const bn_wire_field part_fields[] = {
	{.name = "part_number", .type = BN_WIRE_INT}, {.name = "etag"}, {.name = "url"}, {0}};
static const bn_wire_field end_fields[] = {{.name = "path", .flags = BN_WIRE_REQUIRED},
	{.name = "upload_id"}, {.name = "parts", .type = BN_WIRE_LIST, .of = part_fields}, {0}};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The directory of the URL, and the base name of the local file that the client says. */
static int parse_target(bn_api_artifact_path *out, bn_api_call *c, bn_err *err)
{
	bn_buf whole = BN_BUF_INIT;
	*out = (bn_api_artifact_path){0};
	bn_buf_addf(&whole, "%s/%s", c->params[0], base_name(bn_wire_text(c->body, "path")));
	int rc = 0;
	if ((rc = bn_buf_check(&whole, err, "a path")) < 0 ||
		(rc = bn_api_path_parse(out, whole.ptr, &c->fault)) < 0)
		goto out;
	rc = bn_api_path_check_file(out, &c->fault);
out:
	bn_buf_release(&whole);
	return rc;
}

/* ---- create ---------------------------------------------------------------------------------- */

static size_t share_of(const bn_api *a)
{
	size_t share = UPLOADS / (a->client_count ? a->client_count : 1);
	return share > SHARE_LEAST ? share : SHARE_LEAST;
}

/* A free place, or that of an upload that was given up. NULL: refused. With the lock held. */
static upload *take_place(bn_api_call *c)
{
	bn_api_parts *p = c->api->parts;
	upload *place = NULL, *oldest = NULL, *own = NULL;
	size_t count = 0, share = share_of(c->api);
	for (size_t i = 0; i < UPLOADS; i++) {
		upload *u = &p->uploads[i];
		if (u->id[0] && c->begun_ns - u->used_ns > KEEP_NS)
			forget(u);
		if (!u->id[0]) {
			place = u;
			continue;
		}
		if (!oldest || u->used_ns < oldest->used_ns)
			oldest = u;
		if (u->owner == c->client && (!own || u->used_ns < own->used_ns))
			own = u;
		count += u->owner == c->client;
	}
	if (count >= share)
		place = oldest = own;
	if (count < share && place)
		return place;
	if (oldest && c->begun_ns - oldest->used_ns > IDLE_NS) {
		forget(oldest);
		return oldest;
	}
	bn_api_refuse(c, BN_API_REQUEST_LIMIT_EXCEEDED,
		"%zu multipart uploads of this token, of at most %zu, and %d of all tokens are the "
		"most at a time",
		count, share, UPLOADS);
	return NULL;
}

static int begin(bn_api_call *c, const char *whole, size_t count, char id[ID_TEXT], bn_err *err)
{
	uint8_t bytes[16];
	bn_api_parts *p = c->api->parts;
	int rc = bn_env_random(c->api->env, bytes, sizeof bytes, err);
	if (rc < 0)
		return rc;
	bn_hex(bytes, sizeof bytes, id);
	pthread_mutex_lock(&p->lock);
	upload *u = take_place(c);
	if (!u) {
		rc = BN_EINVAL;
	} else if (!(u->whole = bn_strdup(whole))) {
		rc = bn_err_nomem(err, "an upload");
	} else {
		u->count = count;
		u->owner = c->client;
		u->used_ns = c->begun_ns;
		memcpy(u->id, id, ID_TEXT);
	}
	pthread_mutex_unlock(&p->lock);
	return rc;
}

/* The credentials of a request that named a token, written as short as they can be: what they are checked against is
 * short, but a client may add any number of blanks. */
static char *authorization(const bn_api_call *c)
{
	const char *given = bn_http_request_header(c->request, "Authorization");
	const char *rest = given ? strchr(given, ' ') : NULL;
	if (!c->client || !rest)
		return NULL;
	bool is_basic = !strncasecmp(given, "Basic ", 6);
	return bn_strf("%s %s", is_basic ? "Basic" : "Bearer", rest + strspn(rest, " "));
}

/* The client sends parts to these URLs with these headers and nothing else of its own, so it gets back the token that it
 * sent. */
static void put_credentials(bn_api_call *c, const char *id, size_t count)
{
	const char *host = bn_http_request_header(c->request, "Host");
	char *token = authorization(c);
	bool is_tls = c->request->peer && c->request->peer->is_tls;
	bn_wire w = bn_api_answer(c);
	bn_wire_put_text(&w, "upload_id", id);
	bn_wire_open(&w, "credentials", '[');
	for (size_t i = 1; i <= count; i++) {
		char url[512];
		snprintf(url, sizeof url, "%s://%.300s/api/2.0/mlflow-artifacts/mpu/part/%s/%zu",
			is_tls ? "https" : "http", host ? host : "localhost", id, i);
		bn_wire_open(&w, NULL, '{');
		bn_wire_put_text(&w, "url", url);
		bn_wire_put_int(&w, "part_number", (int64_t)i);
		bn_wire_open(&w, "headers", '{');
		if (token)
			bn_wire_put_text(&w, "Authorization", token);
		bn_wire_close(&w, '}');
		bn_wire_close(&w, '}');
	}
	bn_wire_close(&w, ']');
	bn_wire_close(&w, '}');
	bn_free(token);
}

static int create(bn_api_call *c, bn_err *err)
{
	bn_api_artifact_path p;
	int64_t count = 1;
	char id[ID_TEXT] = "";
	int rc = 0;
	bn_wire_int(c->body, "num_parts", &count);
	if (count < 1 || count > PARTS_MOST)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid value %lld for parameter 'num_parts' supplied: 1 to %d",
			(long long)count, PARTS_MOST);
	if ((rc = parse_target(&p, c, err)) < 0 ||
		(rc = begin(c, p.whole, (size_t)count, id, err)) < 0)
		goto out;
	put_credentials(c, id, (size_t)count);
out:
	bn_api_path_release(&p);
	return rc;
}

const bn_api_about bn_api_parts_create = {
	.handle = create, .fields = create_fields, .need = BN_API_WRITER, .place = BN_API_QUICK};

/* ---- a part ---------------------------------------------------------------------------------- */

static int receive_part(bn_api_call *c, bn_http_sink *sink, bn_err *err)
{
	pthread_mutex_lock(&c->api->parts->lock);
	const upload *u = find(c, c->params[0]);
	long n = strtol(c->params[1], NULL, 10);
	bool is_there = u && n >= 1 && (size_t)n <= u->count;
	pthread_mutex_unlock(&c->api->parts->lock);
	return is_there ? bn_api_upload_raw(c, sink, err) : no_upload(c, c->params[0]);
}

/* With the lock held. */
static int note_part(upload *u, size_t number, const char *hash, bn_err *err)
{
	size_t at = u->here;
	part p = {.number = (uint32_t)number};
	bn_unhex(hash, sizeof p.hash, p.hash);
	while (at && u->parts[at - 1].number >= number)
		at--;
	if (at == u->here || u->parts[at].number != number) {
		if (bn_grow(&u->parts, &u->cap, u->here + 1, sizeof *u->parts))
			return bn_err_nomem(err, "an upload");
		memmove(&u->parts[at + 1], &u->parts[at], (u->here - at) * sizeof *u->parts);
		u->here++;
	}
	u->parts[at] = p;
	return 0;
}

static int put_part(bn_api_call *c, bn_err *err)
{
	const bn_api_upload *up = c->data;
	char tag[80];
	size_t n = (size_t)strtol(c->params[1], NULL, 10);
	int rc = bn_api_upload_stored(c, err);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&c->api->parts->lock);
	upload *u = find(c, c->params[0]);
	rc = u ? note_part(u, n, up->hash, err) : no_upload(c, c->params[0]);
	pthread_mutex_unlock(&c->api->parts->lock);
	if (rc < 0)
		return rc;
	snprintf(tag, sizeof tag, "\"%s\"", up->hash);
	return bn_http_response_add(c->response, "ETag", tag, err);
}

const bn_api_about bn_api_parts_put = {.handle = put_part,
	.need = BN_API_WRITER,
	.place = BN_API_QUICK,
	.receive = receive_part,
	.release = bn_api_upload_free};

/* ---- complete -------------------------------------------------------------------------------- */

/* Copies what is to be joined, so that the lock is not held while files are read. */
static int take_parts(part **out, size_t *count, bn_api_call *c, const char *whole, bn_err *err)
{
	const char *id = bn_wire_text(c->body, "upload_id");
	int rc = 0;
	pthread_mutex_lock(&c->api->parts->lock);
	const upload *u = find(c, id);
	size_t missing =
		0; /* parts are sorted, so the first gap is where numbers and places part */
	while (u && missing < u->here && u->parts[missing].number == missing + 1)
		missing++;
	if (!u || strcmp(u->whole, whole) != 0)
		rc = no_upload(c, id);
	else if (missing < u->count)
		rc = bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"part %zu of %zu was not uploaded", missing + 1, u->count);
	else if (!(*out = bn_alloc(u->count * sizeof **out)))
		rc = bn_err_nomem(err, "an upload");
	else
		memcpy(*out, u->parts, (*count = u->count) * sizeof **out);
	pthread_mutex_unlock(&c->api->parts->lock);
	return rc;
}

/* What the client says of a part it sent must be what arrived. */
static int check_tags(bn_api_call *c, const part *parts, size_t count)
{
	size_t i;
	json_t *said;
	json_array_foreach(bn_wire_list(c->body, "parts"), i, said)
	{
		int64_t n = 0;
		char hash[BN_SHA256_HEX + 1];
		const char *tag = bn_wire_text(said, "etag");
		if (!bn_wire_int(said, "part_number", &n) || n < 1 || (size_t)n > count)
			return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
				"there is no part %lld", (long long)n);
		if (tag && *tag == '"')
			tag++;
		bn_hex(parts[n - 1].hash, BN_SHA256_BYTES, hash);
		if (tag && strncmp(tag, hash, 64) != 0)
			return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
				"the etag of part %lld is not that of what arrived", (long long)n);
	}
	return 0;
}

static int join_one(bn_object_writer *w, bn_api_call *c, const part *p, char *block, bn_err *err)
{
	bn_object_reader *r = NULL;
	size_t got = 0;
	char hash[BN_SHA256_HEX + 1];
	bn_hex(p->hash, sizeof p->hash, hash);
	int rc = bn_object_reader_new(&r, c->api->objects, hash, 0, UINT64_MAX, err);
	if (rc < 0)
		return rc;
	do {
		if ((rc = bn_object_read(r, block, BLOCK, &got, err)) < 0 ||
			(rc = bn_object_write(w, block, got, err)) < 0)
			break;
	} while (got);
	bn_object_reader_free(r);
	return rc;
}

static int join(bn_api_call *c, const part *parts, size_t count, bn_err *err)
{
	bn_api_upload *u = c->data;
	char *block = bn_alloc(BLOCK);
	int rc = 0;
	if (!block)
		return bn_err_nomem(err, "an upload");
	if ((rc = bn_object_writer_new(&u->writer, c->api->objects, NULL, err)) < 0)
		goto out;
	for (size_t i = 0; i < count; i++)
		if ((rc = join_one(u->writer, c, &parts[i], block, err)) < 0)
			goto out;
	rc = bn_object_commit(u->writer, u->hash, &u->bytes, err);
	u->is_stored = rc == 0;
out:
	bn_object_writer_free(u->writer);
	u->writer = NULL;
	bn_free(block);
	return rc;
}

static int name_joined(bn_api_call *c, bn_err *err)
{
	int rc = bn_api_upload_end(c, err);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&c->api->parts->lock);
	upload *u = find(c, bn_wire_text(c->body, "upload_id"));
	if (u)
		forget(u);
	pthread_mutex_unlock(&c->api->parts->lock);
	return 0;
}

static const bn_api_about joined = {.handle = name_joined,
	.need = BN_API_WRITER,
	.place = BN_API_ALONE,
	.release = bn_api_upload_free};

static int complete(bn_api_call *c, bn_err *err)
{
	part *parts = NULL;
	size_t count = 0;
	int rc = 0;
	bn_api_upload *u = c->data = bn_alloc_zeroed(1, sizeof *u);
	if (!u)
		return bn_err_nomem(err, "an upload");
	if ((rc = parse_target(&u->to, c, err)) < 0 ||
		(rc = take_parts(&parts, &count, c, u->to.whole, err)) < 0 ||
		(rc = check_tags(c, parts, count)) < 0 || (rc = join(c, parts, count, err)) < 0)
		goto out;
	c->then = &joined;
out:
	bn_free(parts);
	return rc;
}

const bn_api_about bn_api_parts_complete = {.handle = complete,
	.fields = end_fields,
	.need = BN_API_WRITER,
	.place = BN_API_READS,
	.release = bn_api_upload_free};

/* ---- abort ----------------------------------------------------------------------------------- */

static int abort_upload(bn_api_call *c, bn_err *err)
{
	(void)err;
	const char *id = bn_wire_text(c->body, "upload_id");
	pthread_mutex_lock(&c->api->parts->lock);
	upload *u = find(c, id);
	if (u)
		forget(u);
	pthread_mutex_unlock(&c->api->parts->lock);
	return u ? 0 : no_upload(c, id);
}

const bn_api_about bn_api_parts_abort = {
	.handle = abort_upload, .fields = end_fields, .need = BN_API_WRITER, .place = BN_API_QUICK};

static int presigned(bn_api_call *c, bn_err *err)
{
	(void)err;
	return bn_api_refuse(c, BN_API_NOT_IMPLEMENTED,
		"Multipart download is not supported for the current artifact repository");
}

const bn_api_about bn_api_presigned = {
	.handle = presigned, .need = BN_API_READER, .place = BN_API_QUICK};
