/* variants.c - which variant of each operation runs on this processor. */
#include "kernels/backend.h"
#include "kernels/cpu/cpu.h"

#include <stdio.h>
#include <string.h>

static const bnk_cpu_op *const ops[BNK_OP_COUNT] = {
#define BNK_ROW(number, NAME, name, types, klass, tolerance) &bnk_cpu_##name,
	BNK_OPS(BNK_ROW)
#undef BNK_ROW
};

unsigned bnk_cpu_features(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	return (__builtin_cpu_supports("avx2") ? BNK_CPU_AVX2 : 0) |
	       (__builtin_cpu_supports("avx512f") ? BNK_CPU_AVX512 : 0) |
	       (__builtin_cpu_supports("fma") ? BNK_CPU_FMA : 0);
#else
	return 0;
#endif
}

/* The operation's variant of that name of n bytes, or NULL. */
static const bnk_cpu_variant *find_variant(const bnk_cpu_op *op, const char *name, size_t n)
{
	for (size_t i = 0; i < op->variant_count; i++)
		if (strncmp(op->variants[i].name, name, n) == 0 && !op->variants[i].name[n])
			return &op->variants[i];
	return NULL;
}

/* Applies one word of n bytes, "op=variant" or "variant". */
static int apply(const bnk_cpu_variant *out[BNK_OP_COUNT], const char *word, size_t n, char *why,
	size_t why_size)
{
	const char *equals = memchr(word, '=', n);
	const char *name = equals ? equals + 1 : word;
	size_t name_n = n - (size_t)(name - word), op_n = equals ? (size_t)(equals - word) : 0;
	unsigned features = bnk_cpu_features();
	int seen_op = 0, seen = 0;
	for (int i = 0; i < BNK_OP_COUNT; i++) {
		const char *op = bnk_op_name((bnk_op)i);
		if (equals && (strncmp(op, word, op_n) != 0 || op[op_n]))
			continue;
		seen_op = 1;
		const bnk_cpu_variant *v = find_variant(ops[i], name, name_n);
		if (!v)
			continue;
		if (v->needs & ~features) {
			snprintf(why, why_size, "%.*s: this processor lacks it", (int)n, word);
			return BNK_EUNSUPPORTED;
		}
		seen = 1;
		out[i] = v;
	}
	if (seen)
		return BNK_OK;
	snprintf(why, why_size, "%.*s: %s", (int)n, word,
		!seen_op ? "no such operation" : "no such variant");
	return BNK_EINVAL;
}

int bnk_cpu_choose(
	const bnk_cpu_variant *out[BNK_OP_COUNT], const char *text, char *why, size_t why_size)
{
	unsigned features = bnk_cpu_features();
	for (int i = 0; i < BNK_OP_COUNT; i++) {
		const bnk_cpu_variant *v = ops[i]->variants;
		while (v->needs & ~features)
			v++;
		out[i] = v;
	}
	for (const char *p = text ? text : ""; *p;) {
		size_t n = strcspn(p, ",");
		int rc = n ? apply(out, p, n, why, why_size) : BNK_OK;
		if (rc != BNK_OK)
			return rc;
		p += n + (p[n] == ',');
	}
	return BNK_OK;
}

int bnk_variants_describe(const char *variants, char *out, size_t out_size)
{
	const bnk_cpu_variant *chosen[BNK_OP_COUNT];
	int rc = bnk_cpu_choose(chosen, variants, out, out_size);
	if (rc != BNK_OK)
		return rc;
	size_t used = 0;
	for (int i = 0; i < BNK_OP_COUNT && used < out_size; i++)
		used += (size_t)snprintf(out + used, out_size - used, "%s%s=%s", i ? "," : "",
			bnk_op_name((bnk_op)i), chosen[i]->name);
	return BNK_OK;
}
