/* served_types.h - the types of the inputs of a model that a server elsewhere has, as its metadata say. */
#ifndef BN_CLI_SERVED_TYPES_H
#define BN_CLI_SERVED_TYPES_H
#include "core/net/client.h"
#include "core/table/table.h"

/* Bytes of one answer of a server: 4 KiB for each of a thousand rows. As a tree of JSON it may take forty times as
 * much. */
#define BN_CLI_MOST_ANSWER ((uint64_t)4 << 20)

/* base: the server's address without a slash at its end; model: NAME or NAME/VERSION, or NULL for the server's first;
 * authorization: a header line, or NULL. out stays empty where the server does not speak the Open Inference
 * Protocol, or does not answer: whoever asks it for predictions then finds out why. */
int bn_cli_served_types(bn_schema *out, bn_http_client *http, const char *base, const char *model,
	const char *authorization, bn_err *err);

#endif
