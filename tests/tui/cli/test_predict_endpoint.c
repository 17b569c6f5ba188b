/*
 * predict --endpoint with a hostile server, or one that uses another dialect. Its response gives as many
 * predictions as were requested, or is refused; and it takes no more memory than those would.
 */
#include "tests/support/check_main.h"
#include "tests/support/listener_test.h"
#include "tests/support/raw_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define CLOSES "Connection: close\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" CLOSES

static const raw_step no_types[] = {{RAW_HEAD},
	{RAW_SEND, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n" CLOSES "\r\n"}, {RAW_DRAIN},
	{0}};

/* Sends three rows to a server with these scripts; said gets the output. Returns the exit status. */
static int predict(char *said, size_t size, raw_server *server, const char *option)
{
	char dir[] = "/tmp/bn-predict-XXXXXX", command[600];
	const char *program = getenv("BINNACLE");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(command, sizeof command,
		"printf 'x\\n1\\n2\\n3\\n' >%s/x.csv; '%s' predict %s/x.csv --endpoint %s %s "
		"2>&1; "
		"s=$?; rm -r %s; exit $s",
		dir, program ? program : "build/binnacle", dir, raw_server_url(server), option,
		dir);
	FILE *f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(said, 1, size - 1, f);
	said[n] = '\0';
	int status = pclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The same with a response that has this body. */
static int answered(char *said, size_t size, const char *body, const char *option)
{
	char text[2000];
	snprintf(text, sizeof text, OK "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	const raw_step answers[] = {{RAW_HEAD}, {RAW_SEND, text}, {RAW_DRAIN}, {0}};
	const raw_step *const scripts[] = {no_types, answers};
	raw_server *server = raw_server_start(&(raw_server_options){scripts, 2});
	int status = predict(said, size, server, option);
	raw_server_free(server);
	return status;
}

START_TEST(test_what_is_no_prediction_is_refused)
{
	NEED_LOOPBACK();
	static const char *const bodies[] = {"[1,[2],3]", "[1,{},3]", "{\"a\":1,\"b\":2,\"c\":3}",
		"[1,2]", "[1,2,3,4]", "[]", "null", "\"abc\""};
	char said[4000], body[200];
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		for (int json = 0; json < 2; json++) {
			snprintf(body, sizeof body, "{\"predictions\":%s}", bodies[i]);
			int status = answered(said, sizeof said, body, json ? "--json" : "");
			ck_assert_msg(status == 5, "%s: %d: %s", bodies[i], status, said);
		}
	ck_assert_int_eq(answered(said, sizeof said, "{\"predictions\":[1,[2],3]}", ""), 5);
	ck_assert_ptr_nonnull(strstr(said, "row 2"));
	ck_assert_int_eq(answered(said, sizeof said, "[1,2,3]", ""), 5);
}
END_TEST

START_TEST(test_what_other_servers_answer_is_taken)
{
	NEED_LOOPBACK();
	char said[4000];
	ck_assert_int_eq(
		answered(said, sizeof said, "{\"predictions\":[1.5,\"a\\u001b\",null]}", ""), 0);
	ck_assert_ptr_nonnull(strstr(said, "prediction\n1.5\na"));
	ck_assert_int_eq(answered(said, sizeof said, "{\"predictions\":[true,false,7]}", ""), 0);
	ck_assert_msg(strstr(said, "prediction\ntrue\nfalse\n7\n") != NULL, "%s", said);
}
END_TEST

/* Columns of probabilities have the class names that the server gives; inconsistent responses are refused. */
START_TEST(test_probabilities_are_columns_when_they_are_there)
{
	NEED_LOOPBACK();
	char said[4000];
	const char *good =
		"{\"predictions\":[\"a\",\"b\",null],\"classes\":[\"a\",\"x,\\\"y\\\"\"],"
		"\"probabilities\":[[1,0],[0.25,0.75],[null,0.5]]}";
	ck_assert_int_eq(answered(said, sizeof said, good, ""), 0);
	ck_assert_msg(strstr(said, "prediction,probability_a,\"probability_x,\"\"y\"\"\"\n"
				   "a,1,0\nb,0.25,0.75\n,,0.5\n") != NULL,
		"%s", said);
	ck_assert_int_eq(answered(said, sizeof said, good, "--json"), 0);
	ck_assert_msg(strstr(said, "\"a\": 0.25") != NULL, "%s", said);
	static const char *const wrong[] = {
		"\"classes\":[1,2],\"probabilities\":[[1,0],[0,1],[0,1]]",
		"\"classes\":[\"a\",\"b\"]",
		"\"classes\":[\"a\",\"b\"],\"probabilities\":[[1,0],[0,1]]",
		"\"classes\":[\"a\",\"b\"],\"probabilities\":[[1,0],[0],[0,1]]",
		"\"classes\":[\"a\",\"b\"],\"probabilities\":[[1,0],[0,\"x\"],[0,1]]",
		"\"classes\":[\"a\",\"b\"],\"probabilities\":{\"a\":[1]}"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char body[300];
		snprintf(body, sizeof body, "{\"predictions\":[1,2,3],%s}", wrong[i]);
		int status = answered(said, sizeof said, body, i % 2 ? "--json" : "");
		ck_assert_msg(status == 5, "%s: %d: %s", wrong[i], status, said);
	}
	/* without class names there are no columns for them */
	ck_assert_int_eq(answered(said, sizeof said,
				 "{\"predictions\":[1,2,3],\"probabilities\":[[1],[1],[1]]}", ""),
		0);
	ck_assert_msg(strstr(said, "prediction\n1\n2\n3\n") != NULL, "%s", said);
}
END_TEST

START_TEST(test_an_answer_has_a_size_that_fits_the_question)
{
	NEED_LOOPBACK();
	enum { BLANKS = 6 << 20 };
	char said[4000], head[300];
	const char *types = "{\"models\":[{\"name\":\"m\"}]}", *rows = "{\"predictions\":[1,2,3]}";
	snprintf(head, sizeof head, OK "Content-Length: %zu\r\n\r\n", BLANKS + strlen(rows));
	const raw_step answers[] = {{RAW_HEAD}, {RAW_SEND, head}, {RAW_FILL, " ", BLANKS},
		{RAW_SEND, rows}, {RAW_DRAIN}, {0}};
	const raw_step *const scripts[] = {no_types, answers};
	raw_server *server = raw_server_start(&(raw_server_options){scripts, 2});
	int status = predict(said, sizeof said, server, "");
	ck_assert_msg(status == 5 && strstr(said, "larger than"), "%d: %s", status, said);
	raw_server_free(server);
	/* the same limit for the model's metadata; the rows are sent without it */
	char of_types[300];
	snprintf(of_types, sizeof of_types, OK "Content-Length: %zu\r\n\r\n",
		BLANKS + strlen(types));
	const raw_step large[] = {{RAW_HEAD}, {RAW_SEND, of_types}, {RAW_FILL, " ", BLANKS},
		{RAW_SEND, types}, {RAW_DRAIN}, {0}};
	const raw_step *const first[] = {large, no_types};
	server = raw_server_start(&(raw_server_options){first, 2});
	ck_assert_int_ne(predict(said, sizeof said, server, ""), 0);
	const char *received = raw_server_received(server);
	ck_assert_ptr_nonnull(strstr(received, "/invocations"));
	ck_assert_msg(!strstr(received, "/v2/models/m"), "%s", received);
	raw_server_free(server);
}
END_TEST

BN_TEST_MAIN("tui/cli/predict_endpoint", test_what_is_no_prediction_is_refused,
	test_probabilities_are_columns_when_they_are_there, test_what_other_servers_answer_is_taken,
	test_an_answer_has_a_size_that_fits_the_question)
