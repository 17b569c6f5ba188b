/*
 * golden.h - comparing text with a file of tests/golden/.
 *
 *	bn_golden_check("runs-80x24", text);
 *
 * With BINNACLE_GOLDEN=write (make golden) the file is written instead. A difference fails the test
 * and shows the first line that differs. Tests run in the source tree, as make does.
 */
#ifndef BN_TEST_GOLDEN_H
#define BN_TEST_GOLDEN_H
#include "tui/ui/surface.h"

void bn_golden_check(const char *name, const char *text); /* tests/golden/NAME.screen */
/* The dump of a surface with roles. */
void bn_golden_check_surface(const char *name, const bn_surface *s);

#endif
