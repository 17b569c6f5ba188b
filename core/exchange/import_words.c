/* import_words.c - what a name, a key or an id of a source is here: see _import.h. */
#include "core/exchange/_import.h"

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/run/run_id.h"
#include "core/run/runlog.h"

#include <stdio.h>
#include <string.h>

json_t *bn_import_words(bn_importer *m, const json_t *words, bn_import_key_rule *rule,
	const char *what, const char *of, const char *id)
{
	json_t *out = json_object(), *v;
	const char *key;
	json_object_foreach((json_t *)(uintptr_t)words, key, v)
	{
		bn_err why = BN_ERR_INIT;
		if (!strcmp(key, BN_IMPORT_TAG))
			continue;
		if (rule(what, key, &why) < 0)
			bn_exchange_leave_out(
				m->report, what, BN_IMPORT_BAD_KEY, "%s %s: '%s'", of, id, key);
		else if (json_string_length(v) > BN_RUN_VALUE_MAX)
			bn_exchange_leave_out(m->report, what, "its value has more than 32 000 bytes",
				"%s %s: '%s' (%zu bytes)", of, id, key, json_string_length(v));
		else if (json_string_length(v) != strlen(json_string_value(v)))
			bn_exchange_leave_out(m->report, what, "its value has a byte 0",
				"%s %s: '%s'", of, id, key);
		else if (json_object_set(out, key, v) < 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

void bn_import_run_id(
	char id[BN_RUN_ID_TEXT], const bn_src *s, const char *run, const char *identity)
{
	char hex[BN_SHA256_HEX + 1];
	bn_buf text = BN_BUF_INIT;
	/* An id that a Binnacle made belongs to the log that made it. */
	if (!identity && bn_run_id_is_valid(run) &&
		bn_run_id_maker(run, "", NULL) == BN_RUN_MAKER_UNSAID) {
		snprintf(id, BN_RUN_ID_TEXT, "%s", run);
		return;
	}
	for (int n = 0;; n++) {
		bn_buf_clear(&text);
		bn_buf_addf(&text, "binnacle import\n%s\n%s\n%d", s->ops->source,
			identity ? identity : run, n);
		bn_sha256_hex(text.ptr, text.len, hex);
		snprintf(id, BN_RUN_ID_TEXT, "%.32s", hex);
		if (text.failed || bn_run_id_maker(id, "", NULL) == BN_RUN_MAKER_UNSAID)
			break; /* one of 2^32 has the form by chance */
	}
	bn_buf_release(&text);
}

void bn_import_model_id(char id[BN_LOGGED_ID_TEXT], const bn_src *s, const char *model)
{
	char digits[BN_RUN_ID_TEXT];
	bool is_id = bn_logged_id_is_valid(model);
	bn_import_run_id(digits, s, is_id ? model + 2 : model, is_id ? NULL : model);
	snprintf(id, BN_LOGGED_ID_TEXT, "m-%s", digits);
}
