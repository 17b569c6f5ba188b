/*
 * solve.h - small dense symmetric systems, on the host.
 *
 * Normal equations and Newton steps have one unknown per feature, so they are solved on the CPU,
 * whichever back end summed them. One thread, fixed order, double precision.
 */
#ifndef BNK_SOLVE_H
#define BNK_SOLVE_H
#include <stddef.h>

/* a[n,n] symmetric positive definite (row-major; the lower triangle is read) becomes its Cholesky
 * factor L in the lower triangle, the upper one is untouched. BNK_ESINGULAR if a pivot is not
 * above n * 2^-52 times the largest diagonal element. */
int bnk_cholesky_factor(size_t n, double *a);
/* b[n] becomes the solution of L L^T x = b. */
void bnk_cholesky_solve(size_t n, const double *factor, double *b);

#endif
