/* _models.h - the inside of the screens of models: models.c (the list), model.c (a sheet), steps.c (what is done to a
 * version on either). */
#ifndef BN_TUI_VIEWS_MODELS__MODELS_H
#define BN_TUI_VIEWS_MODELS__MODELS_H
#include "tui/views/views.h"

/* The next step in a version's life, aliases and withdrawing: true when the command was one of these. champion: of its
 * model, another version; NULL: there is none. */
bool bn_version_command(bn_view *view, const bn_version *m, const bn_version *champion,
	bn_command_id id, const char *arg);
/* A dialog of these was confirmed. */
bool bn_version_answer(bn_view *view, const bn_version *m, const bn_version *champion,
	bn_command_id id, const char *text);
/* Why one of these cannot be done now. */
bool bn_version_refuses(const bn_version *m, bn_command_id id, char *why, size_t size);
int bn_version_words(const bn_view *view, bn_command_id id, const char **out, int most);

/* The sheet beside the list follows the selection. */
void bn_view_model_show(bn_view *model, const char *spec);

#endif
