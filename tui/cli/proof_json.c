/* proof_json.c - see proof_json.h. */
#include "tui/cli/proof_json.h"

#include "core/base/json_bytes.h"

#include <string.h>

void bn_proof_about_add(json_t *o, bool is_chained, const bn_proof_about *a)
{
	bool has_chain = a->epoch >= 0;
	json_t *unseen = json_array(), *before = json_array();
	for (size_t i = 0; i < a->before.count; i++)
		json_array_append_new(
			before, bn_json_lossy(a->before.items[i], strlen(a->before.items[i])));
	json_object_set_new(o, "upgraded", json_boolean(a->is_upgraded));
	json_object_set_new(o, "before_upgrade", before);
	for (size_t i = 0; i < a->unseen.count; i++)
		json_array_append_new(unseen, json_string(a->unseen.items[i]));
	json_object_set_new(o, "chained", json_boolean(is_chained));
	json_object_set_new(o, "epoch", has_chain ? json_integer(a->epoch) : json_null());
	json_object_set_new(o, "link", has_chain ? json_string(a->link) : json_null());
	json_object_set_new(o, "founder", a->founder ? json_string(a->founder) : json_null());
	json_object_set_new(o, "persons", a->persons ? json_string(a->persons) : json_null());
	json_object_set_new(o, "not_seen", unseen);
}

json_t *bn_proof_finding_json(const bn_proof_finding *f)
{
	return json_pack("{s:b, s:i, s:s, s:s?, s:o, s:s?, s:s?, s:s, s:I}", "fault",
		(int)f->is_fault, "rule", f->rule, "rule_name", bn_rule_name(f->rule), "writer",
		f->writer, "seq", f->writer ? json_integer((json_int_t)f->seq) : json_null(),
		"kind", f->kind, "entity", f->entity, "words", f->words, "count",
		(json_int_t)f->count);
}
