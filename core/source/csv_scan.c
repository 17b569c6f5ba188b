/*
 * csv_scan.c - finds delimiters and record ends outside of quotes.
 *
 * The portable scanner is the reference: a state machine, byte by byte. The others process 64 bytes
 * at once: compare with delimiter, line end and quote to get three bit masks, compute the running
 * parity of the quotes (which bytes are inside), and keep the separators outside. (Langdale and
 * Lemire, "Parsing gigabytes of JSON per second", VLDB J. 2019, for the parity.)
 *
 * Parity is only right if every opening quote is at the start of a field or immediately after a
 * closing one (a doubled quote). Any other block is passed to the state machine.
 */
#include "core/source/_csv_parts.h"
#include "core/source/csv.h"

#include <stdatomic.h>
#include <string.h>

typedef struct block_masks {
	uint64_t delimiters, newlines, quotes;
	bool odd;
} block_masks;

/* With an escape, comments or trim: the same state machine with more states. */
static csv_state next_state(const csv_dialect *d, csv_state state, char c, bool at_record)
{
	bool is_quote = c == d->quote && d->quote;

	switch (state) {
	case CSV_QUOTED:
		if (c == d->escape && d->escape)
			return CSV_QUOTED_ESCAPED;
		return is_quote ? CSV_QUOTE_SEEN : CSV_QUOTED;
	case CSV_QUOTED_ESCAPED:
		return CSV_QUOTED;
	case CSV_ESCAPED:
		return CSV_UNQUOTED;
	case CSV_COMMENT:
		return c == d->newline ? CSV_FIELD_START : CSV_COMMENT;
	default:
		break;
	}
	if (at_record && c == d->comment && d->comment)
		return CSV_COMMENT;
	if (d->trim && (state == CSV_FIELD_START || state == CSV_SPACE) &&
		(c == ' ' || (c == '\r' && d->delimiter == ' ' && d->newline == '\n')))
		return CSV_SPACE;
	if (c == d->newline || c == d->delimiter)
		return CSV_FIELD_START;
	if (c == d->escape && d->escape)
		return CSV_ESCAPED;
	return is_quote && state != CSV_UNQUOTED ? CSV_QUOTED : CSV_UNQUOTED;
}

/* With blanks as the delimiter, blanks at the end of a record are not separators. */
static void drop_last_blank(csv_scan *s, const csv_dialect *d, const char *text, csv_state before)
{
	if (d->trim && d->delimiter == ' ' && (before == CSV_SPACE || before == CSV_FIELD_START) &&
		s->sep_count && text[s->seps[s->sep_count - 1]] == ' ')
		s->sep_count--;
}

static void scan_escaped(
	csv_scan *s, const csv_dialect *d, const char *text, size_t from, size_t to)
{
	csv_state state = s->state;

	for (size_t i = from; i < to; i++) {
		char c = text[i];
		bool is_newline = c == d->newline;
		/* A line end before the start of a field ended a record. */
		bool at_record = state == CSV_FIELD_START && (i == 0 || text[i - 1] == d->newline);
		csv_state before = state;
		state = next_state(d, state, c, at_record);
		s->lines += is_newline;
		s->quotes += c == d->quote && d->quote;
		s->odd_bytes |= (uint8_t)c >= 0x80 || !c;
		if (state == CSV_FIELD_START) {
			if (is_newline)
				drop_last_blank(s, d, text, before);
			s->seps[s->sep_count++] = (uint32_t)i;
			s->records += is_newline;
		}
	}
	s->state = state;
}

static void scan_bytes(csv_scan *s, const csv_dialect *d, const char *text, size_t from, size_t to)
{
	csv_state state = s->state;
	uint32_t *out = s->seps + s->sep_count;

	for (size_t i = from; i < to; i++) {
		char c = text[i];
		bool is_newline = c == d->newline, is_quote = c == d->quote && d->quote;
		s->lines += is_newline;
		s->quotes += is_quote;
		s->odd_bytes |= (uint8_t)c >= 0x80 || !c;
		if (state == CSV_QUOTED) {
			state = is_quote ? CSV_QUOTE_SEEN : CSV_QUOTED;
		} else if (is_newline || c == d->delimiter) {
			*out++ = (uint32_t)i;
			s->records += is_newline;
			state = CSV_FIELD_START;
		} else if (is_quote && state != CSV_UNQUOTED) {
			state = CSV_QUOTED; /* opens a field, or doubles the previous quote */
		} else {
			state = CSV_UNQUOTED;
		}
	}
	s->sep_count = (size_t)(out - s->seps);
	s->state = state;
}

static bool has_more_states(const csv_dialect *d)
{
	return d->escape || d->comment || d->trim;
}

void bn_csv_scan_portable(
	csv_scan *s, const csv_dialect *d, const char *text, size_t from, size_t to)
{
	if (has_more_states(d))
		scan_escaped(s, d, text, from, to);
	else
		scan_bytes(s, d, text, from, to);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

/* Bit i of the result: the parity of bits 0 .. i. */
INLINE uint64_t running_parity(uint64_t x)
{
	x ^= x << 1;
	x ^= x << 2;
	x ^= x << 4;
	x ^= x << 8;
	x ^= x << 16;
	x ^= x << 32;
	return x;
}

/* Writes the positions of mask's bits, eight at a time: surplus ones are overwritten later. */
INLINE uint32_t *put_places(uint32_t *out, uint64_t mask, size_t at)
{
	unsigned n = (unsigned)__builtin_popcountll(mask);
	uint32_t *end = out + n;

	do {
		for (int k = 0; k < 8; k++) {
			out[k] = (uint32_t)at + (uint32_t)__builtin_ctzll(mask | 1ull << 63);
			mask &= mask - 1;
		}
		out += 8;
	} while (out < end);
	return end;
}

/* One block by its masks; false (and nothing is changed) if it needs the state machine. */
INLINE bool scan_block(csv_scan *s, block_masks m, size_t at)
{
	uint64_t inside = 0, seps = m.delimiters | m.newlines, newlines = m.newlines;
	uint64_t was_sep = s->state == CSV_FIELD_START, was_closing = s->state == CSV_QUOTE_SEEN;

	if (m.quotes || s->state == CSV_QUOTED) {
		inside = running_parity(m.quotes) ^ (s->state == CSV_QUOTED ? ~0ull : 0);
		seps &= ~inside;
		newlines &= ~inside;
		uint64_t closing = m.quotes & ~inside;
		uint64_t may_open = seps << 1 | was_sep | closing << 1 | was_closing;
		if (m.quotes & inside & ~may_open)
			return false;
		s->state = inside >> 63    ? CSV_QUOTED
			   : closing >> 63 ? CSV_QUOTE_SEEN
			   : seps >> 63    ? CSV_FIELD_START
					   : CSV_UNQUOTED;
	} else {
		s->state = seps >> 63 ? CSV_FIELD_START : CSV_UNQUOTED;
	}
	s->odd_bytes |= m.odd;
	s->lines += (size_t)__builtin_popcountll(m.newlines);
	s->records += (size_t)__builtin_popcountll(newlines);
	s->quotes += (size_t)__builtin_popcountll(m.quotes);
	if (seps)
		s->sep_count = (size_t)(put_places(s->seps + s->sep_count, seps, at) - s->seps);
	return true;
}

__attribute__((target("avx512f,avx512bw,bmi,bmi2,popcnt"))) static void scan_avx512(
	csv_scan *s, const csv_dialect *d, const char *text, size_t from, size_t to)
{
	const __m512i delimiter = _mm512_set1_epi8(d->delimiter);
	const __m512i newline = _mm512_set1_epi8(d->newline), quote = _mm512_set1_epi8(d->quote);
	const uint64_t quotes = d->quote ? ~0ull : 0;
	size_t i = from;

	for (; i + 64 <= to; i += 64) {
		__m512i v = _mm512_loadu_si512((const void *)(text + i));
		block_masks m = {_mm512_cmpeq_epi8_mask(v, delimiter),
			_mm512_cmpeq_epi8_mask(v, newline),
			_mm512_cmpeq_epi8_mask(v, quote) & quotes,
			(_mm512_movepi8_mask(v) | _mm512_testn_epi8_mask(v, v)) != 0};
		if (!scan_block(s, m, i))
			scan_bytes(s, d, text, i, i + 64);
	}
	_mm256_zeroupper(); /* otherwise all SSE code of this thread waits for the upper halves */
	scan_bytes(s, d, text, i, to);
}

__attribute__((target("avx2"))) INLINE uint64_t equal_mask(__m256i a, __m256i b, __m256i x)
{
	uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, x));
	uint32_t high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, x));

	return low | (uint64_t)high << 32;
}

__attribute__((target("avx2,bmi,bmi2,popcnt"))) static void scan_avx2(
	csv_scan *s, const csv_dialect *d, const char *text, size_t from, size_t to)
{
	const __m256i delimiter = _mm256_set1_epi8(d->delimiter), zero = _mm256_setzero_si256();
	const __m256i newline = _mm256_set1_epi8(d->newline), quote = _mm256_set1_epi8(d->quote);
	const uint64_t quotes = d->quote ? ~0ull : 0;
	size_t i = from;

	for (; i + 64 <= to; i += 64) {
		__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(text + i));
		__m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(text + i + 32));
		bool odd =
			equal_mask(a, b, zero) || _mm256_movemask_epi8(_mm256_or_si256(a, b)) != 0;
		block_masks m = {equal_mask(a, b, delimiter), equal_mask(a, b, newline),
			equal_mask(a, b, quote) & quotes, odd};
		if (!scan_block(s, m, i))
			scan_bytes(s, d, text, i, i + 64);
	}
	_mm256_zeroupper(); /* otherwise all SSE code of this thread waits for the upper halves */
	scan_bytes(s, d, text, i, to);
}
#endif

static int isa_limit;
static atomic_int isa_best = -1; /* cpuid is slow in a virtual machine: query once */

void bn_csv_limit_isa(int level)
{
	isa_limit = level;
}

int bn_csv_isa_level(void)
{
	int level = atomic_load_explicit(&isa_best, memory_order_relaxed);

	if (level < 0) {
		level = 2;
#if defined(__x86_64__)
		__builtin_cpu_init();
		if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
			level = __builtin_cpu_supports("avx512bw") ? 0 : 1;
#endif
		atomic_store_explicit(&isa_best, level, memory_order_relaxed);
	}
	return level > isa_limit ? level : isa_limit;
}

void bn_csv_scan_text(csv_scan *s, const csv_dialect *d, const char *text, size_t from, size_t to)
{
#if defined(__x86_64__)
	int level = has_more_states(d) ? 2 : bn_csv_isa_level();
	if (level == 0)
		scan_avx512(s, d, text, from, to);
	else if (level == 1)
		scan_avx2(s, d, text, from, to);
	else
#endif
		bn_csv_scan_portable(s, d, text, from, to);
}
