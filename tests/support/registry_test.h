/*
 * registry_test.h - shared by the suites of the registry client: a server, a connection to it, a blob.
 */
#ifndef BN_TEST_REGISTRY_TEST_H
#define BN_TEST_REGISTRY_TEST_H
#include "core/package/distribution.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_server.h"
#include "tests/support/toy.h"

#define PASSWORD "pass-word"

extern registry_server *reg;
extern bn_distribution *d;
extern bn_err failure;
extern toy_dir scratch;
extern toy_env own;
extern bn_credentials ann;     /* user ann, PASSWORD */
extern bn_oci_descriptor blob; /* 10 000 bytes, in blob_fd from byte 100 on */
extern int blob_fd;
extern char blob_bytes[10000];

void registry_setup(void);
void registry_teardown(void);
void registry_serve(registry_options options);
/* Opens the repository group/power there; fields of o besides credentials may be set. */
int open_with(bn_distribution_options o);
void open_as(const bn_credentials *c); /* for writing, in chunks of 2 500 bytes */
int push(void);
void registry_says(const char *text, const char *part);
void registry_hides(const char *text, const char *part);
/* What a message may never hold. */
void holds_no_secret(void);
void arrived(void); /* the server has the blob */

#endif
