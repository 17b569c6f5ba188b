/*
 * styles.h - the colour and the marker by which a run is known in every chart.
 *
 * A style is a function of the run's id, so a run looks the same on every screen and in every picture. Runs of one
 * picture whose styles would be alike get the next free ones, in the order of their ids: with up to six of them no two
 * share a colour or a marker, with up to BN_RUN_STYLES no two share both.
 */
#ifndef BN_TRACK_STYLES_H
#define BN_TRACK_STYLES_H
#include "core/base/err.h"

#include <stddef.h>

#define BN_STYLE_COLOURS 6
#define BN_STYLE_SHAPES 6
#define BN_RUN_STYLES (BN_STYLE_COLOURS * BN_STYLE_SHAPES)

/* Of a style, 0 to BN_RUN_STYLES - 1. Styles below 6 have the colour and the shape of their number. */
int bn_style_colour(int style);
int bn_style_shape(int style);
/* styles[count]. BN_ENOMEM. */
int bn_run_styles(int *styles, const char *const *ids, size_t count, bn_err *err);

#endif
