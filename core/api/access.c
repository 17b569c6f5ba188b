/*
 * access.c - who sends a request: tokens, roles, and how many requests a token may send.
 *
 * Tokens are kept and compared as SHA-256, so the time of a comparison says nothing about them.
 */
#include "core/api/_api.h"

#include "core/base/hash.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *word;
	bn_api_role role;
} roles[] = {{"reader", BN_API_READER}, {"writer", BN_API_WRITER}, {"manager", BN_API_MANAGER}};

/* The next word of a line, which ends at `end`; *n 0: none. */
static const char *next_word(const char **at, const char *end, size_t *n)
{
	const char *word = *at;
	while (word < end && (*word == ' ' || *word == '\t' || *word == '\r'))
		word++;
	*n = 0;
	while (word + *n < end && word[*n] != ' ' && word[*n] != '\t' && word[*n] != '\r')
		++*n;
	*at = word + *n;
	return word;
}

static int bad_line(int line, const char *what, bn_err *err)
{
	bn_err_set(err, BN_EINVAL, "tokens:%d: %s", line, what);
	bn_err_hint(err, "a line is NAME ROLE TOKEN, and ROLE is reader, writer or manager");
	return BN_EINVAL;
}

static int read_line(bn_api_client *c, const char *at, const char *end, int line, bn_err *err)
{
	size_t name_n, role_n, token_n, rest_n;
	const char *name = next_word(&at, end, &name_n);
	const char *role = next_word(&at, end, &role_n);
	const char *token = next_word(&at, end, &token_n);
	next_word(&at, end, &rest_n);
	if (!token_n || rest_n)
		return bad_line(
			line, token_n ? "more than three words" : "fewer than three words", err);
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (bn_str_is(roles[i].word, role, role_n))
			c->role = roles[i].role;
	if (!c->role)
		return bad_line(line, "no such role", err);
	if (memchr(name, ':', name_n))
		return bad_line(line, "a name without ':' is needed", err);
	bn_sha256(token, token_n, c->token);
	if (!(c->name = bn_strndup(name, name_n)))
		return bn_err_nomem(err, "a token");
	return 0;
}

int bn_api_clients_read(bn_api *a, const char *text, bn_err *err)
{
	size_t cap = 0;
	int line = 0, rc;
	for (const char *at = text ? text : ""; *at;) {
		size_t n = strcspn(at, "\n");
		const char *first = at + strspn(at, " \t\r");
		line++;
		if (first < at + n && *first != '#') {
			if (bn_grow(&a->clients, &cap, a->client_count + 1, sizeof *a->clients))
				return bn_err_nomem(err, "a token");
			bn_api_client *c = &a->clients[a->client_count];
			memset(c, 0, sizeof *c);
			pthread_mutex_init(&c->lock, NULL);
			a->client_count++;
			if ((rc = read_line(c, at, at + n, line, err)) < 0)
				return rc;
		}
		at += n + (at[n] == '\n');
	}
	return 0;
}

void bn_api_clients_release(bn_api *a)
{
	for (size_t i = 0; i < a->client_count; i++) {
		pthread_mutex_destroy(&a->clients[i].lock);
		explicit_bzero(a->clients[i].token, sizeof a->clients[i].token);
		bn_free(a->clients[i].name);
	}
	bn_free(a->clients);
	a->clients = NULL;
	a->client_count = 0;
}

static bn_api_client *find(const bn_api *a, const char *name, const char *token)
{
	uint8_t hash[BN_SHA256_BYTES];
	bn_api_client *found = NULL;
	bn_sha256(token, strlen(token), hash);
	for (size_t i = 0; i < a->client_count; i++) {
		bn_api_client *c = &a->clients[i];
		if (!memcmp(c->token, hash, sizeof hash) && (!name || !strcmp(c->name, name)))
			found = c;
	}
	explicit_bzero(hash, sizeof hash);
	return found;
}

static bn_api_client *find_basic(const bn_api *a, const char *coded)
{
	char *text = NULL;
	bn_api_client *found = NULL;
	if (bn_base64_read(&text, coded) < 0)
		return NULL;
	char *colon = strchr(text, ':');
	size_t n = strlen(text);
	if (colon) {
		*colon = '\0';
		found = find(a, text, colon + 1);
	}
	explicit_bzero(text, n);
	bn_free(text);
	return found;
}

bn_api_role bn_api_role_of(const bn_api *a, const bn_http_request *request, bn_api_client **client)
{
	const char *header = bn_http_request_header(request, "Authorization");
	*client = NULL;
	if (request->peer && request->peer->is_unix)
		return BN_API_MANAGER;
	if (header && !strncasecmp(header, "Bearer ", 7))
		*client = find(a, NULL, header + 7 + strspn(header + 7, " "));
	else if (header && !strncasecmp(header, "Basic ", 6))
		*client = find_basic(a, header + 6 + strspn(header + 6, " "));
	if (*client)
		return (*client)->role;
	return a->o.no_auth ? BN_API_MANAGER : BN_API_NOBODY;
}

bool bn_api_client_take(bn_api_client *c, unsigned per_second, int64_t now_ns)
{
	pthread_mutex_lock(&c->lock);
	double most = per_second;
	c->left += c->seen_ns ? (double)(now_ns - c->seen_ns) * 1e-9 * most : most;
	if (c->left > most)
		c->left = most;
	c->seen_ns = now_ns;
	bool may = c->left >= 1;
	if (may)
		c->left -= 1;
	else
		atomic_fetch_add(&c->limited, 1);
	pthread_mutex_unlock(&c->lock);
	return may;
}
