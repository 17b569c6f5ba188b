/*
 * ticks.h - round values for the axes of charts, on screens and in pictures alike.
 */
#ifndef BN_TRACK_TICKS_H
#define BN_TRACK_TICKS_H
#include <stdbool.h>

/* The distance of round values, 1, 2 or 5 times a power of ten: at most `steps` of them in the range. */
double bn_ticks_step(double range, int steps);
/* Extends the range outward to such values. A live curve then keeps its scale while it grows, which is easier to read
 * and costs a slow line little. */
void bn_ticks_widen(double *lo, double *hi, int steps);

#define BN_TICKS_MOST 32
/* Round values within lo to hi, at most `most` (at least 2) or a few more. is_log: both bounds are powers of ten; the
 * values are 1, 2, 5, 10, ... if these are few, else whole powers, and are returned as powers, too. */
int bn_ticks_find(double out[BN_TICKS_MOST], double lo, double hi, bool is_log, int most);

#endif
