/* _routes.h - the routes of core/api, by file. */
#ifndef BN_API__ROUTES_H
#define BN_API__ROUTES_H
#include "core/api/_api.h"

/* route_server.c */
extern const bn_api_about bn_api_health, bn_api_version, bn_api_metrics, bn_api_server_info;

#endif
