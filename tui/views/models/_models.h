/* _models.h - internals of the model screens: models.c (the list), model.c (a sheet), steps.c (actions on a version in
 * either). */
#ifndef BN_TUI_VIEWS_MODELS__MODELS_H
#define BN_TUI_VIEWS_MODELS__MODELS_H
#include "tui/views/views.h"

/* The action that a dialog asks about, as shown when it was opened. Confirming it runs this action, even if the list
 * was reloaded or the selection moved meanwhile. */
typedef struct bn_version_asked {
	bn_action_arg act, back;
	bool has_back;  /* u undoes it */
	bool measures;  /* gates are measured first, which may take long, so it is a job */
	char what[160]; /* what is undone: "the alias champion of power" */
} bn_version_asked;

/* The name by which a screen or an action finds the version. */
void bn_version_ref(char ref[BN_REF_BYTES], const bn_version *m);
/* The action about this version as it is shown. */
void bn_version_action(bn_action_arg *out, bn_ui_action action, const bn_version *m);
/* The next step in a version's life, aliases and withdrawing: true if the command was one of these. champion: another
 * version of the same model, or NULL. asked is set when a dialog opens. */
bool bn_version_command(bn_view *view, bn_version_asked *asked, const bn_version *m,
	const bn_version *champion, bn_command_id id, const char *arg);
/* The dialog was confirmed. text: the reason that was typed; NULL: none was requested. */
void bn_version_answer(bn_view *view, bn_version_asked *asked, const char *text);
/* Why such a command is not possible now. */
bool bn_version_refuses(const bn_version *m, bn_command_id id, char *why, size_t size);
int bn_version_words(const bn_view *view, bn_command_id id, const char **out, int most);

/* Why the version can be neither approved nor rejected: there is no open request. */
void bn_version_undecided(const bn_version *m, char *why, size_t size);
/* Why the user cannot decide on a request (BN_CMD_APPROVE or BN_CMD_REJECT), and the command that satisfies a gate;
 * false: the user can. */
bool bn_item_refuses(const bn_inbox_item *d, bn_command_id id, char *why, size_t size);

/* Shows a version on the sheet beside the list. */
void bn_view_model_show(bn_view *model, const char *spec);

#endif
