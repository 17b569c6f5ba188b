/* device.c - see device.h. */
#include "core/learn/device.h"

#include "kernels/backend.h"

#include <stdio.h>
#include <string.h>

static int choose_variants(bnk_target *out, const char *text, bn_err *err)
{
	char why[1024];
	int status = text && strlen(text) >= sizeof out->variants
			     ? BNK_EINVAL
			     : bnk_variants_describe(text, why, sizeof why);
	if (status == BNK_OK) {
		snprintf(out->variants, sizeof out->variants, "%s", text ? text : "");
		return 0;
	}
	int code = status == BNK_EUNSUPPORTED ? BN_EUNSUPPORTED : BN_EINVAL;
	int rc = strlen(text) >= sizeof out->variants
			 ? bn_err_set(err, code, "BINNACLE_KERNELS is longer than %zu bytes",
				   sizeof out->variants - 1)
			 : bn_err_set(err, code, "BINNACLE_KERNELS: %s", why);
	bn_err_hint(err, "operation=variant,…; binnacle doctor shows those of this machine");
	return rc;
}

int bn_device_choose(
	bnk_target *out, const bn_env *env, int threads, char *line, size_t line_size, bn_err *err)
{
	char why[320] = "";
	bnk_device *d = NULL;
	const char *which = bn_env_get(env, "BINNACLE_BACKEND");
	const char *plugin = bn_env_get(env, "BINNACLE_CUDA_PLUGIN");
	*out = (bnk_target){.backend = NULL};
	int rc = choose_variants(out, bn_env_get(env, "BINNACLE_KERNELS"), err);
	if (rc < 0)
		return rc;
	int status =
		bnk_backend_select(out, which && *which ? which : "cpu", plugin, why, sizeof why);
	if (status != BNK_OK) {
		int code = status == BNK_EUNSUPPORTED ? BN_EUNSUPPORTED : BN_EINVAL;
		rc = bn_err_set(err, code, "BINNACLE_BACKEND=%.40s: %s", which, why);
		bn_err_hint(err, "binnacle doctor shows the back ends of this machine");
		return rc;
	}
	snprintf(line, line_size, "back end %s", out->backend->name);
	if (bnk_device_open(&d, out, threads) == BNK_OK)
		bnk_device_describe(d, line, line_size);
	bnk_device_close(d);
	return 0;
}

int bn_device_open(bn_device *d, const bnk_target *target, int threads, bn_err *err)
{
	*d = (bn_device)BN_DEVICE_INIT;
	int rc = bn_device_check(
		d, bnk_device_open(&d->dev, target, threads), "opening the back end", err);
	return rc < 0 ? rc : bn_device_check(d, bnk_queue_new(&d->queue, d->dev), "queue", err);
}

void bn_device_close(bn_device *d)
{
	for (size_t i = 0; i < d->count; i++)
		bnk_buffer_release(&d->blocks[i]);
	bnk_queue_free(d->queue);
	bnk_device_close(d->dev);
	*d = (bn_device)BN_DEVICE_INIT;
}

int bn_device_alloc(bn_device *d, bnk_view *out, bnk_dtype type, size_t rows, size_t cols,
	const char *what, bn_err *err)
{
	size_t size = bnk_dtype_bytes(type);
	BN_BUG(d->count == BN_DEVICE_BLOCKS);
	bnk_buffer *b = &d->blocks[d->count];
	int status = cols && rows > SIZE_MAX / size / cols
			     ? BNK_ENOMEM
			     : bnk_buffer_new(b, d->dev, rows * cols * size);
	int rc = bn_device_check(d, status, what, err);
	if (rc < 0)
		return rc;
	d->count++;
	*out = bnk_matrix(b, type, 0, rows, cols);
	return 0;
}

int bn_device_lend(bn_device *d, bnk_view *out, const void *host, bnk_dtype type, size_t rows,
	size_t cols, const char *what, bn_err *err)
{
	bnk_buffer here = bnk_buffer_wrap_const(host, rows * cols * bnk_dtype_bytes(type));
	if (!host) {
		*out = bnk_matrix(NULL, type, 0, rows, cols);
		return 0;
	}
	if (bnk_buffer_is_on(&here, d->dev)) {
		BN_BUG(d->count == BN_DEVICE_BLOCKS);
		d->blocks[d->count] = here;
		*out = bnk_matrix(&d->blocks[d->count++], type, 0, rows, cols);
		return 0;
	}
	int rc = bn_device_alloc(d, out, type, rows, cols, what, err);
	return rc < 0 ? rc : bn_device_check(d, bnk_upload(d->queue, out, host), what, err);
}

int bn_device_check(const bn_device *d, int status, const char *what, bn_err *err)
{
	int code;
	switch (status) {
	case BNK_OK:
		return 0;
	case BNK_ENOMEM:
		code = BN_ENOMEM;
		break;
	case BNK_EUNSUPPORTED:
		code = BN_EUNSUPPORTED;
		break;
	case BNK_EDEVICE:
		code = BN_EIO;
		break;
	default:
		code = BN_EINVAL;
	}
	bnk_op op = d->queue ? bnk_queue_failed(d->queue) : BNK_OP_COUNT;
	const char *name = d->dev ? bnk_device_backend(d->dev)->name : "cpu";
	return bn_err_set(err, code, "%s%s%s: %s (back end %s)", what,
		op < BNK_OP_COUNT ? ", " : "", op < BNK_OP_COUNT ? bnk_op_name(op) : "",
		bnk_status_text(status), name);
}

void bn_device_fallbacks(const bn_device *d, char *out, size_t out_size)
{
	size_t used = 0;
	out[0] = '\0';
	for (int i = 0; d->queue && i < BNK_OP_COUNT && used < out_size; i++) {
		uint64_t n = bnk_queue_count(d->queue, (bnk_op)i).fallbacks;
		if (n)
			used += (size_t)snprintf(out + used, out_size - used, "%s%s %llu time%s",
				used ? ", " : "", bnk_op_name((bnk_op)i), (unsigned long long)n,
				n == 1 ? "" : "s");
	}
}
