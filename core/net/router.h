/*
 * router.h - a table of routes, and finding the route of a request.
 *
 * A route is a method, a path and the data its owner needs to answer it. The table is constant and
 * searched in order; a route without a name in braces precedes one with. The same table gives 404,
 * 405 with Allow, and the lists of routes shown to users.
 *
 *	/v2/models/{model}/infer     {model} is one segment, not empty
 *	/files/{path...}             the rest, one segment or more; only at the end
 *
 * A trailing slash is ignored. GET also answers HEAD.
 */
#ifndef BN_NET_ROUTER_H
#define BN_NET_ROUTER_H
#include <stdbool.h>
#include <stddef.h>

#define BN_ROUTE_MAX_PARAMS 4
#define BN_ROUTE_MAX_PATH 1024

typedef struct bn_route {
	const char *method;
	const char *path;
	unsigned flags;    /* BN_ROUTE_* */
	const void *owner; /* private data of the module that owns the table */
} bn_route;

#define BN_ROUTE_OPEN 1u /* needs no token; such a route takes no body */
#define BN_ROUTE_BODY 2u /* takes a body; otherwise a body is refused unread */

typedef struct bn_router {
	const bn_route *routes;
	size_t count;
} bn_router;

typedef struct bn_route_match {
	const bn_route *route; /* NULL: no such path, or not with that method */
	const bn_route *other; /* a route of the same path with another method, or NULL */
	size_t param_count;
	const char *params[BN_ROUTE_MAX_PARAMS]; /* the segments matched by braces, in order */
	char path[BN_ROUTE_MAX_PATH];            /* params point into this */
} bn_route_match;

/* True when a route was found. False with other set means 405, see bn_router_allow; else 404. A path
 * that is too long matches no route. */
bool bn_router_find(const bn_router *r, const char *method, const char *path, bn_route_match *out);
/* The methods of a path, for a 405: "GET, HEAD, POST", into allow[size]. */
const char *bn_router_allow(const bn_router *r, const char *path, char *allow, size_t size);

#endif
