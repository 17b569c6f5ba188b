/* fake.c - canned remotes. See tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

#define KIB 1024

int bn_fake_remotes(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	static bn_remote_row items[] = {{.remote = (char *)"lab",
						.ref = "jobs@v3",
						.state = "here",
						.asked_ms = NOW - 60000,
						.version = {.version = 3,
							.rows = 41203,
							.is_open = true,
							.objects = 4,
							.bytes = 3200 * KIB,
							.here = 4,
							.to_push = 4,
							.to_push_bytes = 3200 * KIB}},
		{.remote = (char *)"lab",
			.ref = "jobs@v2",
			.state = "both",
			.asked_ms = NOW - 60000,
			.version = {.version = 2,
				.rows = 30000,
				.is_open = true,
				.objects = 3,
				.bytes = 2100 * KIB,
				.here = 3,
				.there = 3}},
		{.remote = (char *)"lab",
			.ref = "jobs@v1",
			.state = "lost",
			.asked_ms = NOW - 60000,
			.version = {.version = 1,
				.rows = 20000,
				.objects = 2,
				.bytes = 700,
				.nowhere = 2}},
		{.remote = (char *)"scratch",
			.ref = "power@v7",
			.state = "there",
			.asked_ms = NOW - 86400000,
			.version = {.version = 7,
				.rows = 900,
				.is_open = true,
				.objects = 3,
				.bytes = 64 * KIB,
				.there = 3,
				.to_fetch = 3,
				.to_fetch_bytes = 64 * KIB}},
		{.remote = (char *)"scratch",
			.ref = "weather@sha256:3fa2b810",
			.state = "only there",
			.asked_ms = NOW - 86400000,
			.version = {.number = 4, .rows = -1}}};
	static const bn_remote_rows list = {items, 5, 2}, none = {NULL, 0, 0};
	bn_fake_take(page, fake->is_empty ? &none : &list, sizeof list);
	return 0;
}
