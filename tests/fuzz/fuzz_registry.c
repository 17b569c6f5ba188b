/* Any bytes as the headers of a 401 and as a reference: refused with a message, or read into fields that keep their
 * promises. A reference reads back equal from what it is formatted as. */
#include "core/base/mem.h"
#include "core/package/challenge.h"
#include "core/package/reference.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_field(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			abort();
}

static void try_challenge(const char *text)
{
	bn_challenge c = {0};
	bn_err err = BN_ERR_INIT;
	if (bn_challenge_read(&c, text, &err) < 0) {
		if (!err.msg[0] || err.code != BN_EIO)
			abort();
		return;
	}
	if (c.kind == BN_CHALLENGE_BEARER && !c.realm[0])
		abort();
	check_field(c.realm);
	check_field(c.service);
	check_field(c.scope);
	check_field(c.error);
}

static void try_reference(const char *text)
{
	bn_reference r, again;
	bn_err err = BN_ERR_INIT;
	if (bn_reference_parse(&r, text, &err) < 0) {
		if (!err.msg[0] || err.code != BN_EINVAL)
			abort();
		return;
	}
	/* These become parts of URLs and of paths. */
	if (!bn_reference_is_name(r.name) || strstr(r.name, "..") ||
		strpbrk(r.registry, "/@ ?#%") || strpbrk(r.tag, "/:@?#%"))
		abort();
	char *shown = bn_reference_format(&r);
	if (!shown || bn_reference_parse(&again, shown, &err) < 0 ||
		strcmp(again.registry, r.registry) || strcmp(again.name, r.name) ||
		strcmp(again.tag, r.tag) || strcmp(again.digest, r.digest))
		abort();
	bn_free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = bn_strndup((const char *)data, size);
	if (!text)
		return 0;
	try_challenge(text);
	try_reference(text);
	bn_free(text);
	return 0;
}
