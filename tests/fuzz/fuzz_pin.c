/* Any bytes as an invitation: refused with a message, or one that names a link and reads back equal. */
#include "core/govern/pin.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_err err = BN_ERR_INIT;
	bn_pin p, again;
	char text[BN_PIN_TEXT];
	if (bn_pin_parse(&p, (const char *)data, size, &err) < 0) {
		if (!err.msg[0] || !err.hint[0])
			abort();
		return 0;
	}
	if (p.link_digits < 32 || p.link_digits > 64 || !bn_pin_is_of(&p, p.link))
		abort();
	bn_pin_format(text, p.workspace_id, p.n, p.link);
	if (bn_pin_parse(&again, text, strlen(text), &err) < 0 || again.n != p.n ||
		strcmp(again.workspace_id, p.workspace_id) || memcmp(again.link, p.link, 16))
		abort();
	return 0;
}
