/* cell_form.c - see cell_form.h. */
#include "core/source/cell_form.h"

#include "core/source/_csv_parts.h"
#include "core/source/cell.h"

#include <string.h>

_Static_assert(BN_CELL_PLAIN == CSV_NUMBER_BYTES, "the longest number in plain form");

struct bn_cell_form {
	bn_reading reading;
	csv_dialect dialect;
};

int bn_cell_form_new(bn_cell_form **out, const char *read, bn_err *err)
{
	const char *const *nulls = NULL;
	bn_cell_form *f;
	int rc;

	*out = NULL;
	if (!read)
		return 0;
	if (!(f = bn_alloc_zeroed(1, sizeof *f)))
		return bn_err_nomem(err, "how a column is read");
	f->reading = (bn_reading)BN_READING_INIT;
	if ((rc = bn_reading_parse(&f->reading, read, err)) < 0 ||
		(rc = bn_reading_nulls(&nulls, &f->reading, err)) < 0)
		goto out;
	f->dialect.decimal = f->reading.decimal ? f->reading.decimal : '.';
	f->dialect.thousands = f->reading.thousands;
	f->dialect.date_order = f->reading.date_order;
	bn_csv_set_nulls(&f->dialect, nulls, 0);
	*out = f;
	f = NULL;
out:
	bn_cell_form_free(f);
	return rc;
}

void bn_cell_form_free(bn_cell_form *f)
{
	if (!f)
		return;
	bn_reading_release(&f->reading);
	bn_free(f);
}

bool bn_cell_form_is_absent(const bn_cell_form *f, bool is_text, const char *s, size_t n)
{
	if (!f)
		return bn_cell_is_absent(s, n);
	return is_text ? bn_csv_is_null_text(&f->dialect, s, n) : bn_csv_is_null(&f->dialect, s, n);
}

const char *bn_cell_form_plain(
	const bn_cell_form *f, bn_type type, const char *s, size_t *n, char plain[BN_CELL_PLAIN])
{
	char iso[64];

	if (!f)
		return s;
	csv_trim_tabs(&s, n);
	if (type == BN_TYPE_TIMESTAMP || type == BN_TYPE_DATE) {
		const char *date = bn_csv_iso_date(&f->dialect, s, n, iso);
		if (date == iso)
			memcpy(plain, iso, *n);
		return date == iso ? plain : s;
	}
	if (!bn_type_is_number(type))
		return s;
	const char *number = bn_csv_plain_number(&f->dialect, s, n, plain);
	return number || f->dialect.thousands == '.' ? number : s;
}

void bn_cell_form_trim(const bn_cell_form *f, const char **s, size_t *n)
{
	const char *e = *s + *n;

	if (!f || !f->reading.trim)
		return;
	csv_trim(s, &e);
	*n = (size_t)(e - *s);
}
