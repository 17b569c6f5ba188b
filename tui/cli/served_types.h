/* served_types.h - the input types of a model on a server, from its metadata. */
#ifndef BN_CLI_SERVED_TYPES_H
#define BN_CLI_SERVED_TYPES_H
#include "core/net/client.h"
#include "core/table/table.h"

/* Limit of one response: 4 KiB for each of a thousand rows. As a JSON tree it may take forty times as much. */
#define BN_CLI_MOST_ANSWER ((uint64_t)4 << 20)

/* base: the server's address without a slash at its end; model: NAME or NAME/VERSION, or NULL for the server's first;
 * authorization: a header line, or NULL. out stays empty if the server does not support the Open Inference
 * Protocol, or does not respond: the request for predictions then reports why. */
int bn_cli_served_types(bn_schema *out, bn_http_client *http, const char *base, const char *model,
	const char *authorization, bn_err *err);

#endif
