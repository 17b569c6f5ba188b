/* frame_words.c - completion of the arguments on the ':' line: columns, names of themes, and words
 * known to the top view. */
#include "tui/ui/_frame.h"
#include "tui/ui/theme.h"

#include <stdio.h>
#include <string.h>

/* The command being typed, once its name is complete; and the start of its last word. */
static bn_command_id command_typed(const bn_frame *f, size_t *start)
{
	const char *text = f->input.text;
	size_t n = strcspn(text, " ");
	if (!text[n])
		return BN_CMD_NONE;
	*start = n + strspn(text + n, " ");
	for (size_t i = *start; text[i]; i++)
		if (strchr(" ,(", text[i]))
			*start = i + 1;
	if (text[*start] == '+' || text[*start] == '-')
		++*start;
	return bn_command_for_name(text, n, bn_frame_kind(f));
}

static int add(const char **out, int n, int most, const char *word, const char *begin)
{
	if (n >= most || strncmp(word, begin, strlen(begin)) != 0)
		return n;
	for (int i = 0; i < n; i++)
		if (strcmp(out[i], word) == 0)
			return n;
	out[n] = word;
	return n + 1;
}

int bn_modal_words(const bn_frame *f, const char **out, int most, size_t *start)
{
	static const char *const alphabets[] = {"ascii", "block", "braille"};
	const bn_grid *t = bn_frame_table(f);
	const bn_view *v = bn_frame_top(f);
	bn_command_id id = command_typed(f, start);
	const char *begin = f->input.text + *start, *own[BN_WORDS_MOST];
	int n = 0;
	if (id == BN_CMD_NONE)
		return 0;
	for (int i = 0; id == BN_CMD_THEME && bn_theme_names()[i]; i++)
		n = add(out, n, most, bn_theme_names()[i], begin);
	for (int i = 0; id == BN_CMD_GLYPHS && i < 3; i++)
		n = add(out, n, most, alphabets[i], begin);
	bool of_columns = id == BN_CMD_SORT || id == BN_CMD_COLUMNS || id == BN_CMD_GROUP;
	for (int c = 0; t && of_columns && c < t->column_count; c++)
		n = add(out, n, most, bn_grid_column_name(&t->columns[c]), begin);
	int count = v && v->cls->words ? v->cls->words(v, id, own, BN_WORDS_MOST) : 0;
	for (int i = 0; i < count; i++)
		n = add(out, n, most, own[i], begin);
	return n;
}

/* The longest common prefix of all candidates. */
void bn_modal_words_complete(bn_frame *f)
{
	const char *words[BN_WORDS_MOST];
	char line[BN_INPUT_BYTES];
	size_t start = 0, same;
	int n = bn_modal_words(f, words, BN_WORDS_MOST, &start);
	if (n < 1)
		return;
	same = strlen(words[0]);
	for (int i = 1; i < n; i++) {
		size_t k = 0;
		while (k < same && words[i][k] == words[0][k])
			k++;
		same = k;
	}
	snprintf(line, sizeof line, "%.*s%.*s", (int)start, f->input.text, (int)same, words[0]);
	bn_input_set(&f->input, line);
}
