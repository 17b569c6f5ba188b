/* Any bytes as lines of MLflow's metric files, of a run and of a logged model: refused, or fields that are whole. */
#include "core/base/utf8.h"
#include "core/exchange/metric_line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data, *end = s + size;
	while (s < end) {
		const char *eol = memchr(s, '\n', (size_t)(end - s));
		size_t n = (size_t)((eol ? eol : end) - s);
		for (int of_model = 0; of_model < 2; of_model++) {
			bn_metric_line l;
			if (!bn_metric_line_parse(&l, s, n, of_model))
				continue;
			if (!bn_utf8_is_valid(l.dataset, strlen(l.dataset)) || (of_model && !l.run[0]) ||
				(!l.dataset[0] != !l.digest[0]))
				abort();
		}
		s += n + 1;
	}
	return 0;
}
