/* frame_words.c - completion of the argument on the ':' line, by the kinds of words in the table of commands: columns,
 * themes and words of the top view are known here; names of the workspace's objects, values of a field and paths are
 * looked up by a worker. */
#include "tui/ui/_frame.h"
#include "tui/ui/theme.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The word being typed. */
typedef struct typed {
	bn_command_id id;
	bn_word_kind kind;
	size_t start;
	char field[BN_INPUT_BYTES]; /* for FILTER: the word is a value of this field; "": a name */
} typed;

/* ---- expressions --------------------------------------------------------------------------------- */

static bool is_joined(const char *word, size_t n)
{
	static const char *const words[] = {"and", "or", "not", "is", "null", "between"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == n && strncasecmp(word, words[i], n) == 0)
			return true;
	return false;
}

static bool is_operator(const char *word, size_t n)
{
	static const char *const words[] = {"in", "like", "ilike"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == n && strncasecmp(word, words[i], n) == 0)
			return true;
	return strspn(word, "=!<>~") >= n;
}

/* The length of one token: a quoted text or name, an operator, a bracket, or a word. */
static size_t token(const char *s)
{
	if (strchr("'\"`", *s)) {
		const char *end = strchr(s + 1, *s);
		return end ? (size_t)(end - s) + 1 : strlen(s);
	}
	if (strchr("=!<>~", *s))
		return strspn(s, "=!<>~");
	if (strchr("(),;+", *s))
		return 1;
	return strcspn(s, " ()=!<>~,;'\"`");
}

/* The last token is still being typed. After an operator it is a value of the name before that. */
static void expression_read(typed *t, const char *text, size_t from)
{
	char name[BN_INPUT_BYTES] = "";
	bool is_value = false;
	t->start = strlen(text);
	for (const char *at = text + from; *(at += strspn(at, " "));) {
		size_t n = token(at);
		bool is_word = !strchr("=!<>~(),;+", *at);
		if (!at[n] && is_word) {
			t->start = (size_t)(at - text);
			break;
		}
		if (is_operator(at, n)) {
			is_value = true;
		} else if (*at == ';' || is_joined(at, n)) {
			is_value = false;
		} else if (is_word && !is_value) {
			bool quoted = *at == '`' || *at == '"';
			snprintf(name, sizeof name, "%.*s", (int)(n - 2 * (size_t)quoted),
				at + quoted);
		} else if (is_word && strchr("(,", at[n + strspn(at + n, " ")]) == NULL) {
			is_value = false; /* a single value; a list continues */
		}
		at += n;
	}
	if (is_value)
		memcpy(t->field, name, sizeof name);
}

/* ---- the word being typed ------------------------------------------------------------------------ */

/* The last column of a list: "A,-B". */
static void column_read(typed *t, const char *text)
{
	for (size_t i = t->start; text[i]; i++)
		if (strchr(" ,", text[i]))
			t->start = i + 1;
	if (text[t->start] == '+' || text[t->start] == '-')
		t->start++;
}

static bool typed_read(typed *t, const bn_frame *f)
{
	const char *text = f->input.text;
	size_t n = strcspn(text, " ");
	*t = (typed){.id = BN_CMD_NONE};
	if (!text[n])
		return false;
	t->id = bn_command_for_name(text, n, bn_frame_kind(f));
	t->start = n + strspn(text + n, " ");
	if (t->id == BN_CMD_NONE || !bn_command_words(t->id))
		return false;
	int i = 0, last = bn_command_words(t->id) - 1;
	for (size_t end; (end = strcspn(text + t->start, " ")), text[t->start + end];) {
		bool is_option = strncmp(text + t->start, "--", 2) == 0;
		if (i == last && !is_option)
			break;
		i += !is_option;
		t->start += end + strspn(text + t->start + end, " ");
	}
	t->kind = bn_command_word(t->id, i);
	if (t->kind == BN_WORD_FILTER)
		expression_read(t, text, t->start);
	else if (t->kind == BN_WORD_COLUMN)
		column_read(t, text);
	else if (t->kind == BN_WORD_OWN && text[t->start] == '-')
		t->start++;
	return true;
}

/* ---- words that are looked up -------------------------------------------------------------------- */

static bool is_looked_up(const typed *t)
{
	switch (t->kind) {
	case BN_WORD_FILE:
	case BN_WORD_DATASET:
	case BN_WORD_MODEL:
	case BN_WORD_RUN:
	case BN_WORD_ROLE:
		return true;
	case BN_WORD_FILTER:
		return t->field[0] != '\0';
	default:
		return false;
	}
}

void bn_words_forget(bn_frame *f)
{
	if (f->words_asked.kind != BN_WORD_NONE && !f->words)
		bn_loader_cancel(f->loader, BN_WORDS_OWNER, -1);
	bn_page_free(f->words);
	f->words = NULL;
	f->words_tab = false;
	f->words_asked.kind = BN_WORD_NONE;
}

void bn_words_ask(bn_frame *f)
{
	const bn_view *v = bn_frame_top(f);
	bn_words_arg arg;
	typed t;
	memset(&arg, 0, sizeof arg);
	if (!f->opt.words || f->modal != BN_MODAL_COMMAND || !typed_read(&t, f) ||
		!is_looked_up(&t)) {
		bn_words_forget(f);
		return;
	}
	arg.kind = t.kind;
	arg.view = bn_frame_kind(f);
	if (v && v->cls->words_scope)
		v->cls->words_scope(v, arg.scope);
	memcpy(arg.field, t.field, sizeof arg.field);
	snprintf(arg.begin, sizeof arg.begin, "%s", f->input.text + t.start);
	if (memcmp(&arg, &f->words_asked, sizeof arg) == 0)
		return;
	bn_words_forget(f);
	f->words_asked = arg;
	bn_loader_submit(
		f->loader, BN_LANE_QUICK, BN_WORDS_OWNER, 0, f->opt.words, &arg, sizeof arg);
}

void bn_words_page(bn_frame *f, bn_page *p)
{
	bool tab = f->words_tab;
	if (f->words_asked.kind == BN_WORD_NONE || f->words || !p->data) {
		bn_page_free(p); /* no error is shown; the word can be typed */
		return;
	}
	f->words = p;
	f->words_tab = false;
	if (tab)
		bn_modal_words_complete(f);
}

/* ---- all words ----------------------------------------------------------------------------------- */

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

/* Words of the top view: names, or values of the field. */
static int own_words(
	const bn_frame *f, const typed *t, const char *begin, const char **out, int n, int most)
{
	const bn_view *v = bn_frame_top(f);
	const char *own[BN_WORDS_MOST];
	size_t field = strlen(t->field);
	int count = v && v->cls->words ? v->cls->words(v, t->id, own, BN_WORDS_MOST) : 0;
	for (int i = 0; i < count; i++) {
		bool is_value = field && strncmp(own[i], t->field, field) == 0 &&
				own[i][field] == '=' && own[i][field + 1];
		if (is_value)
			n = add(out, n, most, own[i] + field + 1, begin);
		else if (!field)
			n = add(out, n, most, own[i], begin);
	}
	return n;
}

int bn_modal_words(const bn_frame *f, const char **out, int most, size_t *start)
{
	static const char *const alphabets[] = {"ascii", "block", "braille"};
	static const char *const switches[] = {"off", "on"};
	const bn_grid *g = bn_frame_table(f);
	const bn_words *looked_up = f->words ? f->words->data : NULL;
	int n = 0;
	typed t;
	if (!typed_read(&t, f))
		return 0;
	*start = t.start;
	const char *begin = f->input.text + t.start;
	for (int i = 0; t.kind == BN_WORD_THEME && bn_theme_names()[i]; i++)
		n = add(out, n, most, bn_theme_names()[i], begin);
	for (int i = 0; t.kind == BN_WORD_GLYPHS && i < 3; i++)
		n = add(out, n, most, alphabets[i], begin);
	for (int i = 0; t.kind == BN_WORD_SWITCH && i < 2; i++)
		n = add(out, n, most, switches[i], begin);
	const char *own[1]; /* the names that the screen has for this command instead of its columns */
	const bn_view *v = bn_frame_top(f);
	if (t.kind == BN_WORD_COLUMN && v && v->cls->words && v->cls->words(v, t.id, own, 1))
		g = NULL;
	for (int c = 0; g && t.kind == BN_WORD_COLUMN && c < g->column_count; c++)
		n = add(out, n, most, bn_grid_column_name(&g->columns[c]), begin);
	for (int c = 0; g && t.kind == BN_WORD_COLUMN && !n && c < g->column_count; c++)
		n = add(out, n, most, bn_grid_title(g, c), begin);
	n = own_words(f, &t, begin, out, n, most);
	for (size_t i = 0; looked_up && is_looked_up(&t) && i < looked_up->count && n < most; i++)
		n = add(out, n, most, looked_up->items[i], "");
	return n;
}

/* The longest common prefix of all candidates. */
void bn_modal_words_complete(bn_frame *f)
{
	const char *words[BN_WORDS_MOST];
	const bn_words *looked_up = f->words ? f->words->data : NULL;
	char line[BN_INPUT_BYTES];
	size_t start = 0, same;
	bn_words_ask(f);
	if (f->words_asked.kind != BN_WORD_NONE && !f->words) {
		f->words_tab = true;
		return;
	}
	int n = bn_modal_words(f, words, BN_WORDS_MOST, &start);
	if (n < 1 || (looked_up && looked_up->more))
		return;
	same = strlen(words[0]);
	for (int i = 1; i < n; i++) {
		size_t k = 0;
		while (k < same && words[i][k] == words[0][k])
			k++;
		same = k;
	}
	if (same < strlen(f->input.text + start))
		return; /* only some words need the quote */
	snprintf(line, sizeof line, "%.*s%.*s", (int)start, f->input.text, (int)same, words[0]);
	bn_input_set(&f->input, line);
	bn_words_ask(f);
}
