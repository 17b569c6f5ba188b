/* fake.c - canned servers. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

int bn_fake_endpoints(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_endpoint items[] = {{.id = (char *)"7c01d9e2ab34",
					      .models = (char *)"power/3",
					      .url = (char *)"http://127.0.0.1:8420",
					      .unix_path = (char *)"/home/ada/.power.sock",
					      .host = (char *)"n12",
					      .user = (char *)"ada",
					      .pid = 40312,
					      .port = 8420,
					      .started_ms = NOW - 7500000,
					      .seen_ms = NOW - 12000,
					      .requests = 41203,
					      .errors = 2,
					      .predictions = 164812,
					      .p50_ms = 0.08,
					      .p95_ms = 0.31,
					      .p99_ms = 1.02,
					      .state = BN_ENDPOINT_RUNNING},
		{.id = (char *)"19be00f2c5d7",
			.models = (char *)"power/2, power/1",
			.url = (char *)"unix:/run/user/1003/power",
			.unix_path = (char *)"/run/user/1003/power",
			.host = (char *)"n07",
			.user = (char *)"lin",
			.pid = 977,
			.started_ms = NOW - 90000000,
			.seen_ms = NOW - 86400000,
			.requests = 12,
			.p50_ms = 0.2,
			.p95_ms = 0.4,
			.p99_ms = 0.4,
			.state = BN_ENDPOINT_LOST},
		{.id = (char *)"e3aa41d0b6f8",
			.models = (char *)"a-model-with-a-rather-long-name/12",
			.url = (char *)"https://[2001:db8::17]:8420",
			.host = (char *)"n12",
			.user = (char *)"grace",
			.pid = 31002,
			.port = 8420,
			.started_ms = NOW - 190000000,
			.seen_ms = NOW - 100000000,
			.stopped_ms = NOW - 100000000,
			.p50_ms = NAN,
			.p95_ms = NAN,
			.p99_ms = NAN,
			.state = BN_ENDPOINT_STOPPED}};
	static const bn_endpoints list = {items, 3}, none = {NULL, 0};
	bn_fake_take(page, fake->is_empty ? &none : &list, sizeof list);
	return 0;
}
