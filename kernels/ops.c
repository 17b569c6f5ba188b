/* ops.c - the table of operations, and their common checks. */
#include "kernels/kernels.h"

static const bnk_op_row rows[BNK_OP_COUNT] = {
#define BNK_ROW(number, NAME, name, types, klass, tolerance) \
	[number] = {#name, (types), BNK_##klass, (tolerance), &bnk_op_##name},
	BNK_OPS(BNK_ROW)
#undef BNK_ROW
};

const bnk_op_row *bnk_op_get(bnk_op op)
{
	return (unsigned)op < BNK_OP_COUNT ? &rows[op] : NULL;
}

const char *bnk_op_name(bnk_op op)
{
	return (unsigned)op < BNK_OP_COUNT ? rows[op].name : "unknown";
}

/* Whether a view matches its operand, and is within its buffer. */
static int operand_fits(const bnk_view *v, const bnk_operand *o, bnk_dtype type)
{
	bnk_dtype wanted = o->type == BNK_SAME_TYPE ? type : (bnk_dtype)o->type;
	size_t span = bnk_view_span(v), size = bnk_dtype_bytes(wanted);
	if (!v->buffer)
		return o->access & BNK_OPTIONAL || span == 0;
	if (v->type != wanted || v->ld < v->cols || (o->access & BNK_OUT && v->buffer->read_only))
		return 0;
	if (v->rows > 1 && v->cols && v->ld > (SIZE_MAX - v->cols) / (v->rows - 1))
		return 0;
	size_t elements = v->buffer->bytes / size;
	return v->offset <= elements && span <= elements - v->offset;
}

int bnk_op_check(bnk_op op, bnk_dtype type, const void *args)
{
	const bnk_op_row *row = bnk_op_get(op);
	if (!row || !args || (unsigned)type >= BNK_DTYPE_COUNT || !(row->types & 1u << type))
		return BNK_EINVAL;
	for (size_t i = 0; i < row->def->operand_count; i++) {
		const bnk_operand *o = &row->def->operands[i];
		if (!operand_fits(
			    (const bnk_view *)(const void *)((const char *)args + o->at), o, type))
			return BNK_EINVAL;
	}
	return row->def->check(args, type);
}

const char *bnk_status_text(int status)
{
	switch ((bnk_status)status) {
	case BNK_OK:
		return "ok";
	case BNK_EINVAL:
		return "invalid shape or pointer";
	case BNK_ENOMEM:
		return "out of memory";
	case BNK_EDEVICE:
		return "the device or its driver failed";
	case BNK_EUNSUPPORTED:
		return "not supported by this back end";
	case BNK_ESINGULAR:
		return "the matrix is not positive definite";
	}
	return "unknown status";
}
