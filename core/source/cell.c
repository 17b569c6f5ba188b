/* cell.c - see cell.h. */
#include "core/source/cell.h"

#include "core/base/str.h"
#include "core/base/timestamp.h"

#include <math.h>
#include <string.h>
#include <strings.h>

const char *const bn_cell_absent_texts[] = {"", "NA", "N/A", "n/a", "<NA>", "NaN", "nan", "-NaN",
	"-nan", "null", "NULL", "None", "#N/A", "#N/A N/A", "#NA", "1.#IND", "-1.#IND", "1.#QNAN",
	"-1.#QNAN", NULL};

bool bn_cell_is_absent(const char *text, size_t len)
{
	for (const char *const *p = bn_cell_absent_texts; *p; p++)
		if (strlen(*p) == len && !memcmp(*p, text, len))
			return true;
	return false;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && !strncasecmp(text, word, len);
}

static bool bool_number(const char *s, size_t n, double *out)
{
	if (is_word(s, n, "true") || is_word(s, n, "false")) {
		*out = is_word(s, n, "true");
		return true;
	}
	return bn_parse_f64(s, n, out) && (*out == 0 || *out == 1 || isnan(*out));
}

static bool timestamp_number(const char *s, size_t n, double *out)
{
	int64_t ns = 0;
	if (bn_timestamp_parse(s, n, &ns)) {
		*out = (double)ns;
		return true;
	}
	return bn_parse_f64(s, n, out) &&
	       (isnan(*out) || (*out == floor(*out) && fabs(*out) < 0x1p63));
}

bool bn_cell_number(bn_type type, const char *text, size_t len, double *out)
{
	while (len && (*text == ' ' || *text == '\t'))
		text++, len--;
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (type == BN_TYPE_BOOL)
		return bool_number(text, len, out);
	if (type == BN_TYPE_TIMESTAMP)
		return timestamp_number(text, len, out);
	return bn_type_is_number(type) && bn_parse_f64(text, len, out);
}

const char *bn_cell_wanted(bn_type type)
{
	switch (type) {
	case BN_TYPE_BOOL:
		return "true or false";
	case BN_TYPE_TIMESTAMP:
		return "a date or time";
	case BN_TYPE_INT64:
		return "an int64";
	case BN_TYPE_INT32:
		return "an int32";
	case BN_TYPE_INT8:
		return "an int8";
	default:
		return "a number";
	}
}
