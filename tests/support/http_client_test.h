/*
 * http_client_test.h - shared by the suites of the HTTP client: a client, a raw server
 * (raw_server.h) and the last response.
 */
#ifndef BN_TEST_HTTP_CLIENT_TEST_H
#define BN_TEST_HTTP_CLIENT_TEST_H
#include "core/net/client.h"
#include "tests/support/check_main.h"
#include "tests/support/raw_server.h"
#include "tests/support/toy.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
/* A server that sends text and closes. */
#define ANSWER(name, text) \
	static const raw_step name[] = { \
		{RAW_HEAD, NULL, 0}, {RAW_SEND, text, 0}, {RAW_CLOSE, NULL, 0}, {0}}

extern raw_server *server;
extern bn_http_client *client;
extern bn_http_answer answer;
extern bn_err err;
extern toy_dir dir;

void setup(void);
void teardown(void);
void serve(const raw_step *const *scripts, size_t count); /* one script per connection */
#define SERVE(...) \
	do { \
		static const raw_step *const scripts_[] = {__VA_ARGS__}; \
		serve(scripts_, sizeof scripts_ / sizeof *scripts_); \
	} while (0)

char *url(const char *path); /* of the server; valid until the next call */
int get(const char *path);
int post(const char *path, const void *bytes, size_t n);
void client_with(const bn_http_client_options *o);
void has(const char *text, const char *part);
void lacks(const char *text, const char *part);

/* Bodies read by a callback: *(size_t *)user bytes, a thousand at a time. */
ssize_t count_down(void *user, void *out, size_t size, bn_err *e);
int file_of(const char *text); /* opened for reading and writing */

extern const raw_step hello[]; /* responds with "hello" once */

#endif
