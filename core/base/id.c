/* id.c - see id.h. */
#include "core/base/id.h"

#include "core/base/hash.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Sets version and variant (RFC 9562) and formats the text. */
static void uuid_format(uint8_t raw[16], unsigned version, char out[BN_UUID_TEXT])
{
	char hex[33];
	raw[6] = (uint8_t)((raw[6] & 0x0f) | version << 4);
	raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
	bn_hex(raw, 16, hex);
	snprintf(out, BN_UUID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
		hex + 20);
}

int bn_uuid_new(const bn_env *env, char out[BN_UUID_TEXT], bn_err *err)
{
	uint8_t raw[16];
	int rc = bn_env_random(env, raw, sizeof raw, err);
	if (rc < 0)
		return rc;
	uuid_format(raw, 4, out);
	return 0;
}

void bn_uuid_of_hash(const uint8_t hash[16], char out[BN_UUID_TEXT])
{
	uint8_t raw[16];
	memcpy(raw, hash, sizeof raw);
	uuid_format(raw, 8, out);
}

int bn_run_id_new(const bn_env *env, char out[BN_RUN_ID_TEXT], bn_err *err)
{
	uint8_t raw[16];
	int rc = bn_env_random(env, raw, sizeof raw, err);
	if (rc < 0)
		return rc;
	bn_hex(raw, sizeof raw, out);
	return 0;
}

void bn_readable_name(const char *id, char *out, size_t size)
{
	static const char *const qualities[] = {"amber", "blue", "brave", "bright", "broad", "calm",
		"clear", "cool", "deep", "early", "fair", "fast", "fine", "firm", "fresh", "gentle",
		"gold", "grand", "green", "keen", "kind", "light", "merry", "mild", "noble", "open",
		"plain", "quick", "quiet", "rapid", "sharp", "silver", "sound", "steady", "still",
		"stout", "sunny", "swift", "warm", "wise"};
	static const char *const things[] = {"anchor", "beacon", "breeze", "buoy", "cape",
		"channel", "cliff", "compass", "coral", "crane", "current", "delta", "dolphin",
		"fjord", "gull", "harbour", "heron", "island", "keel", "lagoon", "lantern", "mast",
		"osprey", "otter", "pilot", "plover", "reef", "rudder", "sail", "seal", "sextant",
		"shoal", "shore", "sound", "spray", "swell", "tern", "tide", "wave", "wharf"};
	uint8_t h[BN_SHA256_BYTES];
	bn_sha256(id, strlen(id), h);
	unsigned number = (unsigned)(h[2] << 8 | h[3]) % 900 + 100;
	snprintf(out, size, "%s-%s-%u", qualities[h[0] % (sizeof qualities / sizeof *qualities)],
		things[h[1] % (sizeof things / sizeof *things)], number);
}
