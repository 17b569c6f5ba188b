/* status.c - words for the codes and operations of kernels.h. */
#include "kernels/kernels.h"

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

const char *bnk_op_name(bnk_op op)
{
	static const char *const names[BNK_OP_COUNT] = {"gemm", "gram", "gemv", "gemv_t",
		"logistic", "softmax", "softmax_loss", "squared_loss", "bias_act", "relu_grad",
		"col_sum", "adam", "gather"};
	return (unsigned)op < BNK_OP_COUNT ? names[op] : "unknown";
}
