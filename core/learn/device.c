/* device.c - see device.h. */
#include "core/learn/device.h"

#include "kernels/backend.h"

#include <stdio.h>
#include <string.h>

int bn_device_choose(const bnk_backend **out, const bn_env *env, int threads, char *line,
	size_t line_size, bn_err *err)
{
	char why[320] = "";
	bnk_context *ctx = NULL;
	const char *which = bn_env_get(env, "BINNACLE_BACKEND");
	const char *plugin = bn_env_get(env, "BINNACLE_CUDA_PLUGIN");
	int status =
		bnk_backend_select(out, which && *which ? which : "cpu", plugin, why, sizeof why);
	if (status != BNK_OK) {
		int code = status == BNK_EUNSUPPORTED ? BN_EUNSUPPORTED : BN_EINVAL;
		int rc = bn_err_set(err, code, "BINNACLE_BACKEND=%.40s: %s", which, why);
		bn_err_hint(err, "binnacle doctor shows the back ends of this machine");
		return rc;
	}
	snprintf(line, line_size, "back end %s", (*out)->name);
	if ((*out)->open(&ctx, threads) == BNK_OK)
		(*out)->describe(ctx, line, line_size);
	(*out)->close(ctx);
	return 0;
}

int bn_device_open(bn_device *d, const bnk_backend *backend, int threads, bn_err *err)
{
	*d = (bn_device)BN_DEVICE_INIT;
	d->be = backend ? backend : bnk_backend_cpu();
	return bn_device_check(d, d->be->open(&d->ctx, threads), "opening the back end", err);
}

void bn_device_close(bn_device *d)
{
	if (d->ctx) {
		for (size_t i = 0; i < d->count; i++)
			d->be->free(d->ctx, d->blocks[i]);
		d->be->close(d->ctx);
	}
	*d = (bn_device)BN_DEVICE_INIT;
}

int bn_device_alloc(bn_device *d, void *out, size_t bytes, const char *what, bn_err *err)
{
	void *p = NULL;
	BN_BUG(d->count == BN_DEVICE_BLOCKS);
	int rc = bn_device_check(d, d->be->alloc(d->ctx, &p, bytes), what, err);
	if (rc == 0) {
		d->blocks[d->count++] = p;
		memcpy(out, &p, sizeof p); /* out is the address of any pointer */
	}
	return rc;
}

int bn_device_put(
	bn_device *d, void *out, const void *host, size_t bytes, const char *what, bn_err *err)
{
	void *p = NULL;
	int rc = bn_device_alloc(d, &p, bytes, what, err);
	if (rc == 0)
		rc = bn_device_check(d, d->be->upload(d->ctx, p, host, bytes), what, err);
	if (rc == 0)
		memcpy(out, &p, sizeof p); /* out is the address of any pointer */
	return rc;
}

int bn_device_scratch(
	bn_device *d, void *out, bnk_op op, bnk_dtype dtype, bnk_shape shape, bn_err *err)
{
	return bn_device_alloc(
		d, out, d->be->scratch_bytes(op, dtype, shape), bnk_op_name(op), err);
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
	return bn_err_set(
		err, code, "%s: %s (back end %s)", what, bnk_status_text(status), d->be->name);
}
