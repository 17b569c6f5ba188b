/*
 * A load for a server, where there is no wrk: bench_serve URL SECONDS BODY posts BODY over 16 kept
 * connections, one request at a time on each, and prints requests per second.
 */
#include "core/base/env.h"
#include "core/base/http.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS = 16 };

static const char *url, *body;
static int64_t until_ns;
static atomic_llong answered, failed;

static void *post(void *user)
{
	bn_http *h = NULL;
	bn_http_answer a;
	(void)user;
	bn_http_answer_init(&a);
	if (bn_http_new(&h, NULL))
		return NULL;
	bn_http_call call = {.url = url, .body = body, .body_len = strlen(body)};
	while (bn_env_monotonic_ns(bn_env_real()) < until_ns) {
		bool ok = !bn_http_do(h, &call, &a, NULL) && a.status == 200;
		atomic_fetch_add(ok ? &answered : &failed, 1);
	}
	bn_http_answer_release(&a);
	bn_http_free(h);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[CONNECTIONS];
	if (argc != 4)
		return 2;
	url = argv[1];
	body = argv[3];
	double seconds = atof(argv[2]);
	until_ns = bn_env_monotonic_ns(bn_env_real()) + (int64_t)(seconds * 1e9);
	for (int i = 0; i < CONNECTIONS; i++)
		pthread_create(&threads[i], NULL, post, NULL);
	for (int i = 0; i < CONNECTIONS; i++)
		pthread_join(threads[i], NULL);
	if (atomic_load(&failed))
		fprintf(stderr, "%lld requests failed\n", (long long)atomic_load(&failed));
	printf("%.0f\n", (double)atomic_load(&answered) / seconds);
	return 0;
}
