/*
 * exp.h - exp of what is not above 0, with the same bits on every processor.
 *
 * The C library chooses among its versions of exp by processor, and their last bits differ; a model's bytes and its
 * answers must not. Of plain multiplications and additions; the error is below 1 unit in the last place
 * (tests/kernels/test_logistic.c).
 */
#ifndef BNK_EXP_H
#define BNK_EXP_H
#include <stdint.h>
#include <string.h>

/* exp(x) of x <= 0, which is not smaller than exp(-708): nothing that is added to 1 sees the difference. With k the
 * integer that is nearest to x / log 2, 2^k times the series of exp(x - k log 2). */
static inline __attribute__((always_inline)) double bnk_exp_above(double x)
{
	const double round = 0x1.8p52;
	x = x < -708 ? -708 : x;
	double shifted = x * 0x1.71547652b82fep0 + round, k = shifted - round;
	double r = (x - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33;
	double y = 1.0 / 6227020800;
	y = y * r + 1.0 / 479001600;
	y = y * r + 1.0 / 39916800;
	y = y * r + 1.0 / 3628800;
	y = y * r + 1.0 / 362880;
	y = y * r + 1.0 / 40320;
	y = y * r + 1.0 / 5040;
	y = y * r + 1.0 / 720;
	y = y * r + 1.0 / 120;
	y = y * r + 1.0 / 24;
	y = y * r + 1.0 / 6;
	y = y * r + 0.5;
	y = 1 + (r + r * r * y);
	uint64_t bits, power;
	memcpy(&bits, &y, sizeof bits);
	memcpy(&power, &shifted, sizeof power);
	bits += power << 52; /* k into the exponent */
	memcpy(&y, &bits, sizeof y);
	return y;
}

/* exp(x) of x <= 0; NaN of NaN. */
static inline double bnk_exp(double x)
{
	if (x != x || x >= -708)
		return x != x ? x : bnk_exp_above(x);
	return x < -746 ? 0 : bnk_exp_above(x + 64) * 0x1.969d47321e4ccp-93; /* exp(-64) */
}

#endif
