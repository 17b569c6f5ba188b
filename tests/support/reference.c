/* reference.c - see reference.h. */
#include "tests/support/reference.h"

#include <check.h>
#include <math.h>
#include <stdio.h>

json_t *reference_load(const char *name)
{
	char path[256];
	json_error_t error;
	snprintf(path, sizeof path, "tests/reference/%s.json", name);
	json_t *doc = json_load_file(path, 0, &error);
	ck_assert_msg(doc != NULL, "%s:%d: %s (run tests from the repository root)", path,
		error.line, error.text);
	return doc;
}

static size_t walk(const json_t *theirs, const double *ours, double *largest)
{
	size_t used = 0;
	if (json_is_array(theirs)) {
		for (size_t i = 0; i < json_array_size(theirs); i++)
			used += walk(json_array_get(theirs, i), ours + used, largest);
		return used;
	}
	double d = fabs(json_number_value(theirs) - *ours);
	/* NaN is infinitely far away. */
	if (!(d <= *largest))
		*largest = isnan(d) ? INFINITY : d;
	return 1;
}

double reference_distance(const json_t *theirs, const double *ours)
{
	double largest = 0;
	walk(theirs, ours, &largest);
	return largest;
}
