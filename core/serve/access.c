/* access.c - a request that is over, as the access log gets it. */
#include "core/serve/_server.h"

#include <string.h>

void bn_server_tell_access(bn_server *s, const bn_http_request *request,
	const bn_http_response *response, const bn_admission *a, bool whole)
{
	char id[40];
	if (!s->o.access)
		return;
	int64_t took = a->begun_ns ? bn_env_monotonic_ns(s->env) - a->begun_ns : 0;
	const bn_predictor *model = a->model ? s->models[a->model - 1] : NULL;
	bool has_body = strcmp(request->method, "HEAD") != 0;
	bn_access_entry entry = {.time_ns = bn_env_now_ns(s->env) - took,
		.took_ns = took,
		.handled_ns = a->handled_ns ? a->handled_ns : -1,
		.peer = request->peer,
		.method = request->method,
		.path = request->path,
		.request_id = bn_http_response_header(response, "X-Request-Id", id, sizeof id),
		.model = model ? bn_predictor_name(model) : NULL,
		.version = model ? bn_predictor_version(model) : NULL,
		.rows = a->rows,
		.bytes_in = request->body_len,
		.bytes_out = has_body ? response->body.len : 0,
		.status = response->status,
		.is_complete = whole};
	s->o.access(s->o.access_user, &entry);
}
