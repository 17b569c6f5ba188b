/* fake.c - the launch form with values; starting a run only records the command line. See
 * tests/support/fake_source.h. */
#include "tests/tui/views/_fake.h"

#include <check.h>

static void spec_free(void *data)
{
	bn_spec_free(((bn_launch_page *)data)->spec);
}

static bn_spec *spec_make(void)
{
	static const struct {
		const char *name, *part;
	} data[] = {{"jobs.train", NULL}, {"jobs.val", "valid"}, {"jobs.test", "test"}};
	bn_spec *s = NULL;
	ck_assert_int_eq(bn_spec_new(&s, NULL), 0);
	s->trainer = "mlp";
	s->target = "node_power";
	s->seed = 1;
	s->hyper = json_pack(
		"{s:f, s:[i,i], s:i}", "learning_rate", 0.01, "hidden", 64, 32, "epochs", 100);
	for (int i = 0; i < 3; i++) {
		bn_spec_data *d = NULL;
		ck_assert_int_eq(bn_spec_add_data(s, &d, NULL), 0);
		d->name = data[i].name;
		d->version = 1;
		d->part = data[i].part;
	}
	return s;
}

static char power_name[] = "node_power", nodes_name[] = "num_nodes";
static bn_field schema_fields[] = {{.name = power_name, .type = BN_TYPE_FLOAT64, .nullable = true},
	{.name = nodes_name, .type = BN_TYPE_INT64, .nullable = true}};
static bn_schema schema = {.fields = schema_fields, .count = 2};

int bn_fake_launch(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_launch_arg *a = arg;
	static const char *const versions[] = {"jobs.train@v1", "jobs.val@v1", "jobs.test@v1",
		"jobs.train@v2", "jobs.test@v2", NULL};
	static const char *const names[] = {"node_power", "num_nodes", "run_time", "user_id", NULL};
	bn_launch_page p = {.data = versions, .columns = names, .schema = &schema, .cores = 8};
	if (a->again[0]) {
		p.spec = spec_make();
		p.name = "mlp-wide";
		p.next = "mlp-wide-2";
		p.run = bn_arena_strdup(&page->arena, a->again);
	}
	if (a->resumes) {
		p.step = 38;
		p.limit = "epochs";
	}
	bn_fake_take(page, &p, sizeof p);
	page->release = spec_free;
	return 0;
}

int bn_fake_warnings(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_warnings_arg *a = arg;
	bool same = a->test[0] && strcmp(a->train, a->test) == 0, text = !strcmp(a->target, "user_id");
	bn_warnings w = {.text = "", .refused = text};
	if (same)
		w.text = "train and test have the same rows";
	else if (text)
		w.text = "target 'user_id' is text, but ridge predicts numbers";
	bn_fake_take(page, &w, sizeof w);
	return 0;
}

int bn_fake_start(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	FAKE_BEGIN(page);
	const bn_start_arg *a = arg;
	const char *w = a->words;
	bn_started s = {.text = "starts at once on node017: mlp\n"};
	size_t n = 0;
	fake->starts = a->lines;
	for (size_t i = 0; i < a->lines; i++, w++) {
		bool dry = false;
		for (; *w; w += strlen(w) + 1) {
			dry |= strcmp(w, "--dry-run") == 0;
			if (n < sizeof fake->started - 1)
				n += (size_t)snprintf(
					fake->started + n, sizeof fake->started - n, "%s ", w);
		}
		if (n > 0 && n < sizeof fake->started)
			fake->started[n - 1] = '\n';
		s.runs += !dry;
	}
	s.id = "7f3b00000000000000000000000000aa";
	bn_fake_take(page, &s, sizeof s);
	return 0;
}
