/*
 * _saddle.h - binomial and Poisson terms that keep their digits when n is in the millions.
 *
 * Loader, "Fast and Accurate Computation of Binomial Probabilities", 2000: log terms are split
 * into Stirling errors and deviances, so no large numbers are subtracted from each other.
 */
#ifndef BN_MONITOR_SADDLE_H
#define BN_MONITOR_SADDLE_H

/* log(n!) - log(sqrt(2 pi n) (n / e)^n), n > 0. */
double bn_stirling_error(double n);
/* C(n, x) p^x q^(n - x), 0 <= x <= n, q = 1 - p passed separately so that neither loses digits. */
double bn_binomial_term(double x, double n, double p, double q);
/* mean^x e^-mean / Gamma(x + 1), x >= 0. */
double bn_poisson_term(double x, double mean);

#endif
