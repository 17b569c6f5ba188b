/*
 * forge_server.h - a server on loopback that plays GitLab and GitHub: notes, commit statuses, artifacts and generic
 * packages, with the answers and headers that those give, and faults on demand.
 *
 *	GitLab at /gitlab/api/v4, GitHub at /github (its API has no prefix of its own)
 *
 * Every call is recorded. Calls with another token than the server's get 401. Lists come in pages of two.
 */
#ifndef BN_TEST_FORGE_SERVER_H
#define BN_TEST_FORGE_SERVER_H
#include <stdbool.h>
#include <stddef.h>

#define FORGE_TOKEN "glpat-s3cret-0123456789abcdef"
#define FORGE_PROJECT "team/sub/power" /* of GitLab; its number is 42 */
#define FORGE_REPOSITORY "team/power"  /* of GitHub */
#define FORGE_COMMIT "0123456789abcdef0123456789abcdef01234567"

typedef enum forge_act {
	FORGE_ANSWER = 0,   /* status, headers and body of the fault, before any effect */
	FORGE_ANSWER_AFTER, /* the effect, then that answer */
	FORGE_CUT,          /* the connection, before any effect */
	FORGE_CUT_AFTER,    /* the effect, then the connection is cut without an answer */
	FORGE_CUT_WITHIN,   /* the effect, and half of the answer */
	FORGE_SLOW,         /* the right answer, after 300 ms */
	FORGE_HUGE,         /* 70 MiB of JSON */
	FORGE_GARBAGE,      /* the effect, then text that is not JSON, with the right status */
	FORGE_WRONG,        /* the effect, then JSON of wrong types, with the right status */
} forge_act;

typedef struct forge_fault {
	const char *method, *path; /* path: a part of the target; NULL: any */
	int times;                 /* how often it applies; 0: always */
	forge_act act;
	int status;
	const char *headers; /* whole lines with CRLF */
	const char *body;
} forge_fault;

typedef struct forge_server forge_server;

forge_server *forge_server_start(void); /* aborts on failure */
void forge_server_free(forge_server *s);
const char *forge_server_url(const forge_server *s); /* "http://127.0.0.1:PORT" */

/* Before requests are sent. fault: copied, in addition to those before. */
void forge_server_fault(forge_server *s, const forge_fault *fault);
/* A note that is there: author 7 or "octo" is the account of the token, others are other people. */
void forge_server_add_note(forge_server *s, const char *body, long author);
void forge_server_add_artifact(forge_server *s, const char *branch, const char *text);
/* The tokens of GitHub Actions: /user is 403, and the account is a bot. */
void forge_server_is_installation(forge_server *s);
/* Files of packages are at this server, which needs no token; it must not get one. */
void forge_server_store_at(forge_server *s, forge_server *store);
/* As older GitLabs: uploads are not described, and files have no SHA-256. */
void forge_server_is_old(forge_server *s);

/* How many calls there were; method and path as in a fault. */
int forge_server_count(forge_server *s, const char *method, const char *path);
int forge_server_notes(forge_server *s); /* that are there */
const char *forge_server_note(
	forge_server *s, int i);            /* its body; borrowed until the next change */
int forge_server_statuses(forge_server *s); /* that were set */
const char *forge_server_status(forge_server *s, int i); /* "success binnacle DESCRIPTION TARGET" */
int forge_server_files(forge_server *s);                 /* of packages, every upload counts */
/* The bytes of the newest upload of that name; NULL if there is none. */
const char *forge_server_file(forge_server *s, const char *name, size_t *size);
/* package: "power/3.0.0" */
void forge_server_put_file(
	forge_server *s, const char *package, const char *name, const char *bytes, size_t size);
void forge_server_drop_file(forge_server *s, const char *name);
/* Everything that was received: heads and bodies, with '?' for bytes 0. */
const char *forge_server_received(forge_server *s);

#endif
