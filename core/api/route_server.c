/* route_server.c - the routes that tell about the server itself. */
#include "core/api/_routes.h"

/*
 * The version of MLflow whose protocol this is. Clients only use it to choose how to send traces: from 3.4 on they
 * post them as OTLP to /v1/traces, below that a run's spans become an artifact. So this is the newest that does not
 * oblige us to OTLP.
 */
#define PROTOCOL_VERSION "3.3.2"

static int health(bn_api_call *c, bn_err *err)
{
	(void)err;
	c->response->content_type = "text/plain; charset=utf-8";
	bn_buf_adds(&c->response->body, "OK");
	return 0;
}
const bn_api_about bn_api_health = {.handle = health, .place = BN_API_QUICK};

static int version(bn_api_call *c, bn_err *err)
{
	(void)err;
	c->response->content_type = "text/plain; charset=utf-8";
	bn_buf_adds(&c->response->body, PROTOCOL_VERSION);
	return 0;
}
const bn_api_about bn_api_version = {.handle = version, .place = BN_API_QUICK};

static int metrics(bn_api_call *c, bn_err *err)
{
	(void)err;
	c->response->content_type = "text/plain; version=0.0.4; charset=utf-8";
	bn_api_write_metrics(c->api, &c->response->body);
	return 0;
}
const bn_api_about bn_api_metrics = {
	.handle = metrics, .need = BN_API_READER, .place = BN_API_QUICK};

static int server_info(bn_api_call *c, bn_err *err)
{
	bn_wire w = bn_api_answer(c);
	(void)err;
	bn_wire_put_text(&w, "store_type", "BinnacleStore");
	bn_wire_put_bool(&w, "workspaces_enabled", false);
	bn_wire_close(&w, '}');
	return 0;
}
const bn_api_about bn_api_server_info = {
	.handle = server_info, .need = BN_API_READER, .place = BN_API_QUICK};
