/* csv_infer.c - what a field looks like, and which type a column of such fields has. */
#include "core/base/timestamp.h"
#include "core/source/_csv_parts.h"

#include <string.h>

bool bn_csv_is_null(const csv_dialect *d, const char *s, size_t n)
{
	if (n && !d->null_first[(uint8_t)*s])
		return false;
	for (const char *const *p = d->nulls; *p; p++) {
		if (strlen(*p) == n && !memcmp(*p, s, n))
			return true;
	}
	return false;
}

int bn_csv_parse_bool(const char *s, size_t n)
{
	static const char *const words[] = {"false", "true", "False", "True", "FALSE", "TRUE"};

	for (int i = 0; i < 6; i++) {
		if (strlen(words[i]) == n && !memcmp(words[i], s, n))
			return i & 1;
	}
	return -1;
}

unsigned bn_csv_classify(const csv_dialect *d, const char *s, size_t n, bool quoted)
{
	int64_t i;
	double f;

	if (bn_csv_is_null(d, s, n))
		return 0;
	/* Blanks around a number mean nothing; around text they are text. */
	while (n && (*s == ' ' || *s == '\t'))
		s++, n--;
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	(void)quoted;
	switch (bn_csv_parse_number(s, n, &i, &f)) {
	case CSV_INT:
		return CSV_HAS_INT;
	case CSV_BIG_INT:
		return CSV_HAS_BIG_INT;
	case CSV_FLOAT:
		return CSV_HAS_FLOAT;
	default:
		break;
	}
	if (bn_csv_parse_bool(s, n) >= 0)
		return CSV_HAS_BOOL;
	if (bn_timestamp_parse(s, n, &i))
		return CSV_HAS_TIME;
	return CSV_HAS_TEXT;
}

bn_type bn_csv_type_of(unsigned facts, bool *empty)
{
	*empty = facts == 0;
	switch (facts) {
	case 0:
	case CSV_HAS_FLOAT:
	case CSV_HAS_FLOAT | CSV_HAS_INT:
		return BN_TYPE_FLOAT64;
	case CSV_HAS_INT:
	case CSV_HAS_BIG_INT:
	case CSV_HAS_INT | CSV_HAS_BIG_INT:
		return BN_TYPE_INT64;
	case CSV_HAS_BOOL:
		return BN_TYPE_BOOL;
	case CSV_HAS_TIME:
		return BN_TYPE_TIMESTAMP;
	default:
		return BN_TYPE_CATEGORY;
	}
}
