/* _eraser.h - shared by the parts of eraser.h. */
#ifndef BN_DATA__ERASER_H
#define BN_DATA__ERASER_H
#include "core/data/eraser.h"
#include "core/store/object/manifest.h"
#include "core/table/dict.h"
#include "core/table/table.h"

typedef struct bn_erase_part {
	char hash[65];
	bn_erase_found found;
	uint8_t *bits; /* bit r: row r matches; NULL: none does */
	bool clean;    /* after settling */
} bn_erase_part;

/* A part that was written anew, after another one (""; none): several manifest parts at most when it grew. */
typedef struct bn_erased_part {
	char hash[65], after[65];
	bool is_private;
	bn_manifest_part *parts;
	size_t count;
} bn_erased_part;

struct bn_eraser {
	bn_workspace *ws;
	const bn_erase_what *what;
	const bn_progress *progress;
	bn_erase_part *parts;
	size_t count, cap;
	bn_dict_builder texts; /* column, NUL, text: of categories */
	uint8_t *seen;         /* of each: where it was used */
	size_t seen_cap;
	bn_dict_builder asked; /* texts of the expressions */
	bn_erased_part *made;
	size_t made_count, made_cap;
};

enum { BN_ERASE_MATCHED = 1, BN_ERASE_KEPT = 2 };

bn_erase_part *bn_eraser_find(const bn_eraser *e, const char *hash); /* or NULL */
static inline bool bn_erase_matches(const bn_erase_part *p, uint64_t row)
{
	return p->bits && p->bits[row >> 3] >> (row & 7) & 1;
}

#endif
