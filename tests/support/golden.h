/*
 * golden.h - compares text with a golden file: for a screen next to its other tests, for the frame
 * and charts in tests/golden/.
 *
 * 	bn_golden_check("runs/runs-80x24-utf8", text);	tests/tui/views/runs/golden/runs-80x24-utf8.screen
 * 	bn_golden_check("help-80x24-utf8", text);	tests/golden/help-80x24-utf8.screen
 *
 * With BINNACLE_GOLDEN=write (make golden) the file is written instead. A difference fails the test
 * and shows the first line that differs. Tests run in the source tree, as make does.
 */
#ifndef BN_TEST_GOLDEN_H
#define BN_TEST_GOLDEN_H
#include "tui/ui/surface.h"

void bn_golden_check(const char *name, const char *text); /* fails when they differ */
/* The dump of a surface with roles. */
void bn_golden_check_surface(const char *name, const bn_surface *s);

#endif
