/* words.c - suggestions for a command line that names no verb. */
#include "core/base/str.h"
#include "tui/cli/_cli.h"
#include "tui/cli/verbs.h"

#include <string.h>

typedef struct word_list {
	const char *words[256];
	size_t n;
	const char *noun; /* collect the verbs of this noun, or the nouns themselves if NULL */
} word_list;

static int collect_word(const bn_verb *v, void *ctx)
{
	word_list *l = ctx;
	const char *word = l->noun ? v->verb : v->noun;
	if ((v->flags & BN_VERB_HIDDEN) || !word || (l->noun && strcmp(l->noun, v->noun)))
		return 0;
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->words[i], word))
			return 0;
	if (l->n + 1 < sizeof l->words / sizeof *l->words)
		l->words[l->n++] = word;
	l->words[l->n] = NULL;
	return 0;
}

/* Common words for commands that have another name here. */
static const char *other_words(const char *noun, const char *verb)
{
	static const struct {
		const char *noun, *verb, *command;
	} words[] = {{"queue", "cancel", "run stop RUN"}, {"queue", "stop", "run stop RUN"},
		{"queue", "kill", "run stop RUN"}, {"queue", "rm", "run stop RUN"},
		{"queue", "remove", "run stop RUN"}, {"queue", "add", "run start --queue ..."},
		{"queue", "submit", "run start --queue ..."},
		{"queue", "start", "queue resume, or binnacle run start --queue ..."},
		{"queue", "hold", "queue pause"}, {"queue", "status", "queue show"},
		{"run", "cancel", "run stop RUN"}, {"run", "kill", "run stop RUN"},
		{"run", "delete", "run rm RUN"}, {"run", "queue", "run start --queue ..."},
		{"run", "submit", "run start --queue ..."}, {"run", "status", "run show RUN"},
		{"run", "follow", "run watch RUN"}, {"run", "logs", "run log RUN"},
		{"run", "again", "run start --again RUN"}, {"run", "continue", "run resume RUN"},
		{"run", "rerun", "run start --again RUN"}};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i].noun, noun) && !strcmp(words[i].verb, verb))
			return words[i].command;
	return NULL;
}

const char *bn_cli_other_option(const bn_verb *verb, const char *name)
{
	static const struct {
		const char *noun, *verb, *option, *instead;
	} options[] = {{"run", "ls", "status", "--filter \"status = 'FAILED'\""},
		{"run", "ls", "state", "--filter \"status = 'FAILED'\""},
		{"run", "ls", "name", "--filter \"name LIKE 'mlp%'\""},
		{"run", "ls", "user", "--filter \"user = 'ada'\""},
		{"run", "ls", "tag", "--filter \"tags.stage = 'draft'\""},
		{"run", "ls", "since", "--filter \"created > '2h'\""},
		{"run", "log", "tail", "binnacle run log RUN | tail"},
		{"run", "log", "lines", "binnacle run log RUN | tail"},
		{"run", "log", "n", "binnacle run log RUN | tail"}};
	for (size_t i = 0; verb && verb->verb && i < sizeof options / sizeof *options; i++)
		if (!strcmp(options[i].noun, verb->noun) && !strcmp(options[i].verb, verb->verb) &&
			!strcmp(options[i].option, name))
			return options[i].instead;
	return NULL;
}

int bn_cli_word_unknown(const char *const *words, size_t n, bn_err *err)
{
	word_list nouns = {{NULL}, 0, NULL}, verbs = {{NULL}, 0, words[0]};
	bn_verbs_each(collect_word, &nouns);
	bn_verbs_each(collect_word, &verbs);
	if (!verbs.n) {
		const char *near = bn_nearest_word(words[0], nouns.words);
		bn_err_set(err, BN_EINVAL, "no command '%s'", words[0]);
		if (near)
			bn_err_hint(err, "did you mean '%s'?", near);
		else
			bn_err_hint(err, "see: binnacle help");
		return BN_EINVAL;
	}
	if (n < 2) {
		bn_err_set(err, BN_EINVAL, "'%s' needs one more word", words[0]);
		bn_err_hint(err, "see: binnacle help %s", words[0]);
		return BN_EINVAL;
	}
	const char *near = bn_nearest_word(words[1], verbs.words);
	const char *other = other_words(words[0], words[1]);
	if (!near && !strcmp(words[1], "list"))
		near = "ls";
	bn_err_set(err, BN_EINVAL, "no command '%s %s'", words[0], words[1]);
	if (other)
		bn_err_hint(err, "binnacle %s", other);
	else if (near)
		bn_err_hint(err, "did you mean '%s %s'?", words[0], near);
	else
		bn_err_hint(err, "see: binnacle help %s", words[0]);
	return BN_EINVAL;
}
