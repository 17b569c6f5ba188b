/* key_pem.c - see _key_pem.h. Nothing of the key is left on the stack. */
#include "core/govern/_key_pem.h"

#include <stdio.h>
#include <string.h>

#define BEGIN "-----BEGIN PRIVATE KEY-----"
#define END "-----END PRIVATE KEY-----"

enum {
	SEED = BN_ED25519_SEED_BYTES,
	DER_MOST = 512, /* with attributes, which are skipped */
	CODED = 64,     /* characters of a key without them */
};

/* INTEGER 0 (or 1, with the public key behind), SEQUENCE {OID 1.3.101.112}, OCTET STRING {OCTET STRING}. */
static const uint8_t version[] = {2, 1};
static const uint8_t algorithm[] = {
	0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 2 + SEED, 4, SEED}; /* then the seed */
enum { HEAD = sizeof version + 1 + sizeof algorithm };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Decodes base64 up to the first other character, skipping blanks; *p is left there. Returns the bytes,
 * or 0 if too many. */
static size_t base64_read(uint8_t out[DER_MOST], const char **p, const char *end)
{
	uint32_t bits = 0;
	size_t n = 0, got = 0;
	for (; *p < end; ++*p) {
		const char *d = **p ? strchr(digits, **p) : NULL;
		if (!d && !strchr(" \t\r\n", **p))
			break;
		if (!d)
			continue;
		bits = bits << 6 | (uint32_t)(d - digits);
		if ((got += 6) < 8)
			continue;
		got -= 8;
		if (n == DER_MOST)
			return 0;
		out[n++] = (uint8_t)(bits >> got);
	}
	return n;
}

static bool der_read(uint8_t seed[SEED], const uint8_t *der, size_t n)
{
	size_t head = n > 1 && der[1] == 0x81 ? 3 : 2; /* how the length is written */
	if (n < head + HEAD + SEED || der[0] != 0x30 || (head == 2 && der[1] > 127) ||
		der[head - 1] != n - head)
		return false;
	const uint8_t *p = der + head;
	if (memcmp(p, version, sizeof version) != 0 || p[sizeof version] > 1 ||
		memcmp(p + sizeof version + 1, algorithm, sizeof algorithm) != 0)
		return false;
	memcpy(seed, p + HEAD, SEED);
	return true;
}

bool bn_key_pem_read(uint8_t seed[SEED], const char *text, size_t n)
{
	uint8_t der[DER_MOST];
	const char *end = text + n, *p = memmem(text, n, BEGIN, strlen(BEGIN));
	if (!p)
		return false;
	p += strlen(BEGIN);
	size_t len = base64_read(der, &p, end);
	while (p < end && strchr("= \t\r\n", *p))
		p++;
	bool ok = (size_t)(end - p) >= strlen(END) && !memcmp(p, END, strlen(END)) &&
		  der_read(seed, der, len);
	explicit_bzero(der, sizeof der);
	return ok;
}

void bn_key_pem_write(char out[BN_KEY_PEM_TEXT], const uint8_t seed[SEED])
{
	uint8_t der[2 + HEAD + SEED] = {0x30, HEAD + SEED};
	char coded[CODED + 1] = "";
	memcpy(der + 2, version, sizeof version);
	memcpy(der + 2 + sizeof version + 1, algorithm, sizeof algorithm);
	memcpy(der + 2 + HEAD, seed, SEED);
	for (size_t i = 0; i < sizeof der; i += 3) { /* 48 bytes: nothing is left over */
		uint32_t bits = (uint32_t)der[i] << 16 | (uint32_t)der[i + 1] << 8 | der[i + 2];
		for (size_t k = 0; k < 4; k++)
			coded[i / 3 * 4 + k] = digits[bits >> (18 - 6 * k) & 63];
	}
	snprintf(out, BN_KEY_PEM_TEXT, BEGIN "\n%s\n" END "\n", coded);
	explicit_bzero(der, sizeof der);
	explicit_bzero(coded, sizeof coded);
}
