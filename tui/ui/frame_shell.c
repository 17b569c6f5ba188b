/*
 * frame_shell.c - lines of the command line that are typed after ':', as screens, help and Y print them. What has the
 * same form here is taken; for the rest the error says how it is done here, or that it is for the shell.
 */
#include "tui/ui/_frame.h"

#include <stdio.h>
#include <string.h>

typedef struct shell_line {
	const char *words; /* its noun and verb */
	const char *takes; /* the command here that takes the same arguments; NULL: none */
	const char *here;  /* how it is done here; NULL: it is not */
} shell_line;

static const shell_line lines[] = {
	{"data add", "add", NULL},
	{"data check", NULL, "V on a version, then :check SUITE.json"},
	{"data describe", NULL, "I on a version"},
	{"data diff", NULL, "x on two marked versions"},
	{"data head", NULL, "Enter on a version"},
	{"data export", NULL, "e on its rows"},
	{"run start", NULL, "L on a run or a dataset"},
	{"run resume", NULL, ":resume on the run"},
	{"run reproduce", NULL, ":reproduce on the run; on a version's sheet it attests, too"},
	{"run stop", NULL, "S on the run"},
	{"run compare", NULL, "x on marked runs"},
	{"run rm", NULL, "D on the run"},
	{"model register", "register", NULL},
	{"model request", NULL, "P on the version"},
	{"model approve", NULL, "A on the version"},
	{"model reject", NULL, "R on the version"},
	{"model attest", NULL, ":reproduce on the sheet of a version attests that it is reproducible"},
	{"model alias", NULL, ":alias NAME on the version"},
	{"model rm", NULL, ":withdraw on the version"},
	{"monitor report", NULL, ":report on the model's sheet or report"},
	{"queue pause", "queue-pause", NULL},
	{"queue resume", "queue-resume", NULL},
	{"user accept", NULL, ":people, then A on the key that asks"},
	{"role grant", NULL, ":people, then :grant ROLE on the person"},
	{"role revoke", NULL, ":people, then :revoke ROLE on the person"},
	{"trust sign", NULL, ":chain, then A on the link"},
	{"audit verify", NULL, "9, then :verify"},
};

/* The line with that noun and verb; NULL: none. *rest: what follows them. */
static const shell_line *line_find(const char *text, const char **rest)
{
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		size_t n = strlen(lines[i].words);
		if (strncmp(text, lines[i].words, n) != 0 || (text[n] && text[n] != ' '))
			continue;
		*rest = text + n + strspn(text + n, " ");
		return &lines[i];
	}
	return NULL;
}

/* "RUN --name NAME" as "NAME RUN", which is the order here. */
static void register_order(const char *args, char *out, size_t size)
{
	static const char option[] = "--name";
	const char *at = strstr(args, option), *name = at ? at + strlen(option) : NULL;
	if (!name || (*name != ' ' && *name != '=')) {
		snprintf(out, size, "%s", args);
		return;
	}
	name += strspn(name, " =");
	int length = (int)strcspn(name, " "), before = (int)(at - args);
	while (before > 0 && args[before - 1] == ' ')
		before--;
	const char *after = name + length;
	after += strspn(after, " ");
	snprintf(out, size, "%.*s %.*s%s%s", length, name, before, args, before && *after ? " " : "", after);
}

const char *bn_shell_verb_here(const char *verb, size_t n)
{
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		const char *own = strchr(lines[i].words, ' ') + 1;
		if (strlen(own) == n && strncmp(own, verb, n) == 0 && lines[i].here)
			return lines[i].here;
	}
	return NULL;
}

static int refuse(const shell_line *l, const char *text, bn_err *err)
{
	int n = (int)(l ? strlen(l->words) : strcspn(text, " "));
	bn_err_set(err, BN_EINVAL, "binnacle %.*s is a command of the shell", n, text);
	if (l && l->here)
		bn_err_hint(err, "here: %s", l->here);
	else
		bn_err_hint(err, "^Z goes to the shell, fg returns");
	return BN_EINVAL;
}

int bn_shell_line_read(const char *line, char *out, size_t size, bn_err *err)
{
	static const char program[] = "binnacle ", own[] = "register ";
	const char *rest = line;
	bool named = strncmp(line, program, strlen(program)) == 0;
	const char *text = named ? line + strlen(program) + strspn(line + strlen(program), " ") : line;
	const shell_line *l = line_find(text, &rest);
	char args[BN_INPUT_BYTES];
	if (!l && strncmp(line, own, strlen(own)) == 0) {
		register_order(line + strlen(own), args, sizeof args);
		snprintf(out, size, "%s%s", own, args);
		return 0;
	}
	if (!l && !named) {
		snprintf(out, size, "%s", line);
		return 0;
	}
	if (!l || !l->takes)
		return refuse(l, text, err);
	if (strcmp(l->takes, "register") == 0)
		register_order(rest, args, sizeof args);
	else
		snprintf(args, sizeof args, "%s", rest);
	snprintf(out, size, "%s%s%s", l->takes, *args ? " " : "", args);
	return 0;
}
