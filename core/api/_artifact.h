/* _artifact.h - shared by the artifact routes: the files of a run or of a logged model, as objects of the workspace. */
#ifndef BN_API__ARTIFACT_H
#define BN_API__ARTIFACT_H
#include "core/api/_api.h"
#include "core/api/artifact_path.h"
#include "core/store/object/object.h"
#include "core/track/run.h"

/* A body that is stored while it arrives. */
typedef struct bn_api_upload {
	bn_api_artifact_path to;
	bn_object_writer *writer;
	char hash[65];
	uint64_t bytes;
	bool is_stored;
	bn_err err; /* why not */
} bn_api_upload;

/* The same without a place to name it. */
int bn_api_upload_raw(bn_api_call *c, bn_http_sink *sink, bn_err *err);
/* 0 if the body, or none, is an object now. */
int bn_api_upload_stored(bn_api_call *c, bn_err *err);
/* Names what arrived in the log; on the writer's thread. */
int bn_api_upload_end(bn_api_call *c, bn_err *err);
void bn_api_upload_free(bn_api_call *c); /* of c->data */

/* All files of the owner, by path; none of an owner that is not there. Release *out also after an error. */
int bn_api_artifacts_of(
	bn_artifacts *out, bn_api_call *c, const bn_api_artifact_path *p, bn_err *err);
/* The file or, if there is none, NULL; *is_dir: there are files below it. */
const bn_artifact *bn_api_artifact_find(const bn_artifacts *all, const char *path, bool *is_dir);
/* The headers of a file, and the range of it that is asked for. 1: *count bytes from *from are to follow; 0: none. tag: of
 * its content, for ETag. */
int bn_api_send_head(bn_api_call *c, const char *tag, uint64_t bytes, const char *path,
	uint64_t *from, uint64_t *count, bn_err *err);
/* Answers with the bytes of an object, or with the range that is asked for. */
int bn_api_send_object(
	bn_api_call *c, const char *hash, uint64_t bytes, const char *path, bn_err *err);
/* The artifact URI of a run; yours. RESOURCE_DOES_NOT_EXIST. */
int bn_api_run_root(char **out, bn_api_call *c, const char *id, bn_err *err);
/* artifact_files.c: whether a run's files are in a directory of this machine, where its client wrote them: the root is a
 * path or a file:// URI, and the workspace has no artifacts of the run. */
int bn_api_is_local(bool *out, bn_api_call *c, const char *id, const char *root, bn_err *err);
int bn_api_send_file(bn_api_call *c, const char *root, const char *path, bn_err *err);
/* "files" of the answer. */
int bn_api_put_local(bn_wire *w, bn_api_call *c, const char *root, const char *path, bn_err *err);
/* "No such artifact: 'X'" */
int bn_api_no_artifact(bn_api_call *c, const char *whole);

#endif
