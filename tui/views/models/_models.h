/* _models.h - the inside of the screens of models: models.c (the list), model.c (a sheet), steps.c (what is done to a
 * version on either). */
#ifndef BN_TUI_VIEWS_MODELS__MODELS_H
#define BN_TUI_VIEWS_MODELS__MODELS_H
#include "tui/views/views.h"

/* What a dialog is about, as it was shown when it was opened. Its answer does that and nothing else, whatever was
 * reloaded or selected meanwhile. */
typedef struct bn_version_asked {
	bn_action_arg act, back;
	bool has_back;  /* u takes it back */
	char what[160]; /* what says so: "the alias champion of power" */
} bn_version_asked;

/* The action about this version as it is shown. */
void bn_version_action(bn_action_arg *out, bn_ui_action action, const bn_version *m);
/* The next step in a version's life, aliases and withdrawing: true when the command was one of these. champion: of its
 * model, another version; NULL: there is none. asked is set when it opens a dialog. */
bool bn_version_command(bn_view *view, bn_version_asked *asked, const bn_version *m,
	const bn_version *champion, bn_command_id id, const char *arg);
/* The dialog was confirmed. text: the reason that was typed; NULL: none was asked for. */
void bn_version_answer(bn_view *view, bn_version_asked *asked, const char *text);
/* Why one of these cannot be done now. */
bool bn_version_refuses(const bn_version *m, bn_command_id id, char *why, size_t size);
int bn_version_words(const bn_view *view, bn_command_id id, const char **out, int most);

/* Why the version can be neither approved nor rejected: nobody asks for it. */
void bn_version_undecided(const bn_version *m, char *why, size_t size);
/* Why the user cannot decide (BN_CMD_APPROVE or BN_CMD_REJECT) on a request, and the command that brings what a gate
 * lacks; false: the user can. */
bool bn_item_refuses(const bn_inbox_item *d, bn_command_id id, char *why, size_t size);

/* The sheet beside the list follows the selection. */
void bn_view_model_show(bn_view *model, const char *spec);

#endif
