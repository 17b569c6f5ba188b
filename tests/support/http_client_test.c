/* http_client_test.c - see http_client_test.h. */
#include "tests/support/http_client_test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

raw_server *server;
bn_http_client *client;
bn_http_answer answer;
bn_err err;
toy_dir dir;

const raw_step hello[] = {{RAW_HEAD, NULL, 0},
	{RAW_SEND, OK_HEAD "Content-Length: 5\r\nConnection: close\r\n\r\nhello", 0},
	{RAW_DRAIN, NULL, 0}, {0}};

void setup(void)
{
	err = (bn_err)BN_ERR_INIT;
	toy_dir_make(&dir);
	ck_assert_bn_ok(bn_http_client_new(&client, bn_env_real(), NULL, &err), &err);
	bn_http_answer_init(&answer);
}

void teardown(void)
{
	bn_http_answer_release(&answer);
	bn_http_client_free(client);
	raw_server_free(server);
	toy_dir_remove(&dir);
}

void serve(const raw_step *const *scripts, size_t count)
{
	server = raw_server_start(&(raw_server_options){.scripts = scripts, .count = count});
}

char *url(const char *path)
{
	static char text[300];
	snprintf(text, sizeof text, "%s%s", raw_server_url(server), path);
	return text;
}

int get(const char *path)
{
	bn_http_call c = {.url = url(path)};
	bn_err_clear(&err);
	return bn_http_do(client, &c, &answer, &err);
}

int post(const char *path, const void *bytes, size_t n)
{
	bn_http_call c = {.url = url(path),
		.body = {.kind = BN_HTTP_BYTES, .bytes = bytes, .length = (int64_t)n}};
	bn_err_clear(&err);
	return bn_http_do(client, &c, &answer, &err);
}

void has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no '%s' in: %s", part, text);
}

void lacks(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) == NULL, "'%s' is in: %s", part, text);
}

void client_with(const bn_http_client_options *o)
{
	bn_http_client_free(client);
	ck_assert_bn_ok(bn_http_client_new(&client, bn_env_real(), o, &err), &err);
}

ssize_t count_down(void *user, void *out, size_t size, bn_err *e)
{
	(void)e;
	size_t *left = user, n = size < *left ? size : *left;
	n = n < 1000 ? n : 1000;
	memset(out, 'z', n);
	*left -= n;
	return (ssize_t)n;
}

int file_of(const char *text)
{
	char path[320];
	snprintf(path, sizeof path, "%s/file", dir.path);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	return fd;
}
