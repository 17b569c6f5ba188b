/* _sheet.h - the lines of an approval sheet: sheet.c makes and draws them, model.c handles selection and commands. */
#ifndef BN_TUI_VIEWS_MODELS__SHEET_H
#define BN_TUI_VIEWS_MODELS__SHEET_H
#include "tui/views/views.h"

typedef enum bn_sheet_kind {
	BN_SHEET_HEAD,
	BN_SHEET_TO_SIGN,
	BN_SHEET_WHY_NOT,
	BN_SHEET_ABOUT,
	BN_SHEET_RULE_GATES,
	BN_SHEET_NO_GATES,
	BN_SHEET_GATE, /* `at`: its index */
	BN_SHEET_RULE_METRICS,
	BN_SHEET_METRIC, /* `at`: its index among the test metrics */
	BN_SHEET_RULE_EVIDENCE,
	BN_SHEET_DATA, /* `at`: its index in the data */
	BN_SHEET_RUN,
	BN_SHEET_ORIGIN,
	BN_SHEET_SOURCE, /* of a version of a store elsewhere */
	BN_SHEET_CARD,
	BN_SHEET_RULE_PACKAGES,
	BN_SHEET_PACKAGE, /* `at`: its index */
	BN_SHEET_RULE_SAID,
	BN_SHEET_DECISION, /* `at`: its index */
	BN_SHEET_ASKED,
	BN_SHEET_NOTHING_SAID,
} bn_sheet_kind;

typedef struct bn_sheet_line {
	bn_sheet_kind kind;
	size_t at;
} bn_sheet_line;

#define BN_SHEET_LINES 256
#define BN_SHEET_PACKAGES 8 /* shown; the newest */

/* Fills in at most BN_SHEET_LINES; returns the number of lines. */
int bn_sheet_lines(bn_sheet_line out[BN_SHEET_LINES], const bn_sheet *s);
/* Whether Enter opens something on that line. */
bool bn_sheet_opens(const bn_sheet *s, const bn_sheet_line *line);
void bn_sheet_draw(
	const bn_sheet *s, const bn_sheet_line *line, bn_area a, int row, const bn_frame *f);
/* A gate or a decision in full, as text. */
void bn_sheet_write(const bn_sheet *s, const bn_sheet_line *line, bool utc, bn_buf *out);
/* sheet_packages.c: one image that was built or pushed. */
void bn_sheet_package_draw(const bn_package *p, bn_area a, int row, const bn_frame *f);
void bn_sheet_package_write(const bn_package *p, bool utc, bn_buf *out);
/* "jobs@v3" for the data at that index. */
bool bn_sheet_data_ref(const bn_version *v, size_t at, char ref[BN_REF_BYTES]);
bn_state bn_model_state_of(bn_model_state s);
bool bn_version_is_champion(const bn_version *v);
/* A blocking gate asks whether the run can be reproduced, which :reproduce answers. */
bool bn_item_lacks_reproduction(const bn_inbox_item *d);
/* Only the gates keep this user from signing; evidence may still satisfy them. */
bool bn_item_waits_for_gates(const bn_inbox_item *d);
/* "-8.3 %"; for scores near 1 an absolute difference: "+0.006". "" if either value is unknown. */
char *bn_metric_change(char out[24], const char *metric, double own, double other);

#endif
