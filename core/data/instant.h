/* instant.h - values of time and number columns as integers with their order: for spans and windows. */
#ifndef BN_DATA_INSTANT_H
#define BN_DATA_INSTANT_H
#include "core/base/err.h"
#include "core/table/table.h"

/* How instants of columns that are compared with each other are computed. */
typedef struct bn_instants {
	bool is_real; /* as doubles: one of the columns is a float or a decimal */
} bn_instants;

/* BN_EINVAL, naming the column, if it does not order rows in time, or is a time and `like` (NULL: none) a number, or
 * the reverse. what: "--time", for messages. Widens *u. */
int bn_instants_add(
	bn_instants *u, const bn_field *f, const bn_field *like, const char *what, bn_err *err);

/* The value plus `add`: nanoseconds of timestamps, dates (their midnight), times and durations, else the number
 * itself. Beyond int64 it is the nearest one. False if absent or NaN. */
bool bn_instant_of(int64_t *out, bn_instants u, const bn_column *c, size_t row, double add);

/* A length of time in the unit of that column: a duration ("6h") of time columns, else a number; >= 0. what:
 * "--horizon", for messages. BN_EINVAL. */
int bn_instant_length(double *out, const bn_field *f, const char *text, const char *what, bn_err *err);

/* The instant that is `by` later; beyond int64 the nearest one. */
int64_t bn_instant_plus(bn_instants u, int64_t a, double by);

/* The time of some rows: from the first event to the last one, and to the last end of a label. from > last: none. */
typedef struct bn_window {
	int64_t from, last, to;
} bn_window;

#define BN_WINDOW_NONE \
	{ \
		INT64_MAX, INT64_MIN, INT64_MIN \
	}

static inline void bn_window_widen(bn_window *w, int64_t event, int64_t end)
{
	w->from = event < w->from ? event : w->from;
	w->last = event > w->last ? event : w->last;
	w->to = end > w->to ? end : w->to;
}

/* Whether a row whose label lasts from `event` to `end` meets the window: its event is among the window's, or the two
 * intervals overlap; they may touch. That is purging as in M. Lopez de Prado, "Advances in Financial Machine
 * Learning" (2018), 7.4. */
static inline bool bn_window_meets(const bn_window *w, int64_t event, int64_t end)
{
	return (event >= w->from && event <= w->last) || (end > w->from && event < w->to);
}

#endif
