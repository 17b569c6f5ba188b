/*
 * reference.h - the name of an image in a container registry: REGISTRY[:PORT]/NAME[/...][:TAG][@sha256:HEX].
 *
 * The grammar is that of the OCI distribution specification (and of Docker's references, where the two
 * differ): NAME is lower case, a tag has at most 128 characters, the digest is SHA-256. There is no default
 * registry, as `power:3` would otherwise be sent to a public one; "docker.io/..." is Docker Hub, and there a
 * NAME without a slash is in "library".
 */
#ifndef BN_PACKAGE_REFERENCE_H
#define BN_PACKAGE_REFERENCE_H
#include "core/base/err.h"
#include "core/package/oci.h"

#include <stdbool.h>

#define BN_REFERENCE_HOST_MAX 260 /* with the port */
#define BN_REFERENCE_NAME_MAX 255
#define BN_REFERENCE_TAG_MAX 128

typedef struct bn_reference {
	char registry[BN_REFERENCE_HOST_MAX +
		      1]; /* as written, in lower case: "docker.io", "host:5000" */
	char name[BN_REFERENCE_NAME_MAX + 1]; /* with "library/" on Docker Hub */
	char tag[BN_REFERENCE_TAG_MAX + 1];   /* or "" */
	char digest[BN_OCI_DIGEST_TEXT];      /* or "" */
} bn_reference;

/* BN_EINVAL says which part is wrong, and what would be right. A reference may have neither tag nor digest. */
int bn_reference_parse(bn_reference *out, const char *text, bn_err *err);
/* "REGISTRY/NAME:TAG@DIGEST", as far as there is a tag and a digest. The caller frees it; NULL if out of memory. */
char *bn_reference_format(const bn_reference *r);
/* Whether text is NAME, a repository within a registry. */
bool bn_reference_is_name(const char *text);
/* The host to connect to: the registry, except that Docker Hub's has another name. Borrowed from r, or static. */
const char *bn_reference_host(const bn_reference *r);
/* Whether that host is this machine: localhost, 127.x.y.z, [::1]. */
bool bn_reference_is_loopback(const bn_reference *r);

#endif
