/* The table of verbs: help for every word, two examples, no conflicting options. */
#include "core/base/str.h"
#include "tests/support/check_main.h"
#include "tui/cli/verbs.h"

#include <string.h>

static int has_help(const bn_verb *v, void *ctx)
{
	int *count = ctx;
	const char *verb = v->verb ? v->verb : "";
	++*count;
	ck_assert_msg(v->summary && v->summary[0], "%s %s has no summary", v->noun, verb);
	ck_assert_msg(v->summary[strlen(v->summary) - 1] != '.', "%s %s: full stop", v->noun, verb);
	ck_assert_msg(v->args != NULL, "%s %s has no args text", v->noun, verb);
	ck_assert_msg(v->run != NULL, "%s %s does nothing", v->noun, verb);
	if (v->flags & BN_VERB_HIDDEN)
		return 0;
	ck_assert_msg(bn_noun_summary(v->noun) != NULL, "noun %s has no line in help.c", v->noun);
	ck_assert_msg(v->examples[0] && v->examples[1], "%s %s needs two examples", v->noun, verb);
	for (size_t i = 0; i < 3 && v->examples[i]; i++)
		ck_assert_msg(strstr(v->examples[i], "binnacle") != NULL,
			"%s %s: '%s' is no command line", v->noun, verb, v->examples[i]);
	return 0;
}

START_TEST(test_every_verb_has_help_and_two_examples)
{
	int count = 0;
	bn_verbs_each(has_help, &count);
	ck_assert_int_gt(count, 3);
}
END_TEST

static int options_are_distinct(const bn_verb *v, void *ctx)
{
	(void)ctx;
	for (const bn_opt *o = v->options; o && o->help; o++) {
		for (const bn_opt *p = o + 1; p->help; p++) {
			ck_assert_msg(strcmp(o->name, p->name) != 0, "%s %s: --%s twice", v->noun,
				v->verb ? v->verb : "", o->name);
			ck_assert_msg(!o->letter || o->letter != p->letter, "%s %s: -%c twice",
				v->noun, v->verb ? v->verb : "", o->letter);
		}
		for (const bn_opt *g = bn_global_options; g->help; g++) {
			ck_assert_msg(!g->name[0] || strcmp(o->name, g->name) != 0,
				"%s %s: --%s hides the global one", v->noun, v->verb ? v->verb : "",
				o->name);
			ck_assert_msg(!o->letter || o->letter != g->letter,
				"%s %s: -%c hides the global one", v->noun, v->verb ? v->verb : "",
				o->letter);
		}
	}
	return 0;
}

START_TEST(test_options_do_not_hide_each_other)
{
	bn_verbs_each(options_are_distinct, NULL);
}
END_TEST

/* The words of every example name a verb, so help never shows a command that does not exist. */
static int examples_exist(const bn_verb *v, void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < 3 && v->examples[i]; i++) {
		char text[512], *save = NULL;
		const char *words[2];
		size_t n = 0, used;
		const char *at = strstr(v->examples[i], "binnacle ");
		if (!at || at[9] == '-') /* options only: the workbench */
			continue;
		snprintf(text, sizeof text, "%s", at + 9);
		for (char *w = strtok_r(text, " ", &save); w && n < 2;
			w = strtok_r(NULL, " ", &save))
			if (w[0] != '-')
				words[n++] = w;
		if (n)
			ck_assert_msg(bn_verb_find(words, n, &used) != NULL, "example '%s'",
				v->examples[i]);
	}
	return 0;
}

START_TEST(test_examples_are_real_commands)
{
	bn_verbs_each(examples_exist, NULL);
}
END_TEST

/* A verb's need of trust in the workspace (core/govern/trust.h) is decided when the verb is added: verbs that only
 * read, or change only files of the user, are listed here; the others have a flag. */
static const char *const read_or_own[] = {"workbench", "cache status", "cache clear", "data gaps", "data anomalies", "data add",
	"data append", "data transform", "data generate", "data ls", "data show", "data split",
	"dvc status", "dvc pull", "dvc push", "dvc add",
	"data check", "suite ls", "suite show", "suite history", "data infer", "data describe", "data freq", "data diff", "data leaks", "data sample", "data balance", "data head",
	"data pull", "data fetch", "data status", "remote ls", "model fetch", "model status",
	"run start", "run show", "run ls", "run watch", "run log", "run stop", "run tag",
	"run note", "run rm", "run restore", "run artifacts", "run compare", "run chart", "run reproduce", "run resume",
	"experiment ls", "experiment show", "queue ls", "queue show", "queue pause", "queue resume", "queue set", "model ls",
	"model show", "model lineage", "model card", "package ls", "package pull", "endpoint ls",
	"endpoint show", "monitor report", "tour", "ci init", "ci gitlab", "ci github",
	"ci jenkins", "ci check", "ci note", "ci status", "ci baseline", "model pull", "monitor ls",
	"monitor show", "monitor targets", "monitor export", "user ls", "user key", "bot ls",
	"role ls", "policy show", "policy check", "audit log", "audit late", "audit verify", "init",
	"workspace import", "upgrade", "doctor fs", "help", "completion", "complete"};

static int need_is_decided(const bn_verb *v, void *ctx)
{
	char words[80];
	bool listed = false;
	(void)ctx;
	snprintf(
		words, sizeof words, "%s%s%s", v->noun, v->verb ? " " : "", v->verb ? v->verb : "");
	for (size_t i = 0; i < sizeof read_or_own / sizeof *read_or_own; i++)
		listed |= !strcmp(words, read_or_own[i]);
	bool flagged = (v->flags & (BN_VERB_NEEDS_TRUST | BN_VERB_UNJUDGED)) != 0;
	ck_assert_msg(listed != flagged, "%s: %s", words,
		flagged ? "has a flag, and stands among those that need none"
			: "signs, serves, verifies, exports, removes, or runs what "
			  "others made? Then BN_VERB_NEEDS_TRUST; else a line here");
	return 0;
}

START_TEST(test_what_a_verb_needs_of_the_workspace_is_decided)
{
	bn_verbs_each(need_is_decided, NULL);
}
END_TEST

BN_TEST_MAIN("tui/cli/verbs", test_what_a_verb_needs_of_the_workspace_is_decided,
	test_every_verb_has_help_and_two_examples, test_options_do_not_hide_each_other,
	test_examples_are_real_commands)
