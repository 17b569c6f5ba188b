/*
 * artifact_path.h - paths of artifacts as clients name them: ".../RUN/artifacts/PATH" for a run's, and
 * ".../models/m-ID/artifacts/PATH" for those of a logged model. What precedes is the experiment's location, which
 * places nothing here: the id does.
 *
 * A path is percent-decoded until that changes nothing, as MLflow does, since a client may have encoded it more than
 * once. Refused: "..", an absolute path, '#', control characters, and what is not UTF-8.
 */
#ifndef BN_API_ARTIFACT_PATH_H
#define BN_API_ARTIFACT_PATH_H
#include "core/api/_wire.h"

#define BN_API_ARTIFACT_ID 80

typedef enum bn_api_owner { BN_API_OF_NOTHING, BN_API_OF_RUN, BN_API_OF_LOGGED } bn_api_owner;

typedef struct bn_api_artifact_path {
	bn_api_owner owner;
	char id[BN_API_ARTIFACT_ID]; /* of the run, or "m-..." */
	char *whole;                 /* decoded; yours */
	const char *path;            /* below the owner's artifacts, "" for all of them; in whole */
} bn_api_artifact_path;

/* Checks text, which is decoded but for "%2F", and decodes that; *out is yours. INVALID_PARAMETER_VALUE "Invalid path", also if it
 * would be one after being decoded again, however often. A file may be called "a%20b": a client sends "a%2520b". */
int bn_api_path_decode(char **out, const char *text, bn_wire_fault *fault);
/* The same, and finds the owner. Release it, also after an error. */
int bn_api_path_parse(bn_api_artifact_path *out, const char *text, bn_wire_fault *fault);
/* For the name of a file to be written: it also resolves to itself ("a/./b" does not), and is not the whole. */
int bn_api_path_check_file(const bn_api_artifact_path *p, bn_wire_fault *fault);
void bn_api_path_release(bn_api_artifact_path *p);

/* A file's media type as MLflow's server chooses it, by its name. Static. */
const char *bn_api_media_type(const char *path);
/* "attachment; filename=a.txt", with the UTF-8 name where it has other characters (RFC 6266). Appends. */
void bn_api_add_disposition(bn_buf *out, const char *path);

#endif
