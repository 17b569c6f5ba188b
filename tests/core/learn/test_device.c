/* BINNACLE_BACKEND: the values it takes and their effect. */
#include "core/learn/device.h"
#include "kernels/op/softmax.h"
#include "tests/support/check_main.h"

#include <string.h>

static const char *backend_word, *plugin_path, *variants;

static const char *fake_get(const bn_env *env, const char *name)
{
	(void)env;
	if (strcmp(name, "BINNACLE_BACKEND") == 0)
		return backend_word;
	if (strcmp(name, "BINNACLE_KERNELS") == 0)
		return variants;
	return strcmp(name, "BINNACLE_CUDA_PLUGIN") == 0 ? plugin_path : NULL;
}

static int choose(const char *word, char *line, size_t size, bn_err *err)
{
	bnk_target target;
	bn_env env = *bn_env_real();
	env.get = fake_get;
	backend_word = word;
	plugin_path = "/nowhere/plugin.so";
	bn_err_clear(err);
	int rc = bn_device_choose(&target, &env, 3, line, size, err);
	ck_assert(rc != 0 || target.backend != NULL);
	return rc;
}

START_TEST(test_the_environment_chooses_the_back_end)
{
	char line[200];
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(choose(NULL, line, sizeof line, &err), 0);
	ck_assert_ptr_nonnull(strstr(line, "cpu: OpenBLAS"));
	ck_assert_ptr_nonnull(strstr(line, "3 threads"));
	ck_assert_int_eq(choose("auto", line, sizeof line, &err), 0);
	ck_assert_int_eq(choose("cpu", line, sizeof line, &err), 0);
	ck_assert_int_eq(choose("tpu", line, sizeof line, &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "BINNACLE_BACKEND=tpu: no back end 'tpu': cpu, cuda or auto");
	ck_assert_int_eq(choose("cuda", line, sizeof line, &err), BN_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.msg, "/nowhere/plugin.so"));
	ck_assert_ptr_nonnull(strstr(err.hint, "doctor"));
}
END_TEST

START_TEST(test_the_environment_chooses_variants)
{
	char line[200];
	bn_err err = BN_ERR_INIT;
	variants = "adam=portable,gemm=openblas";
	ck_assert_int_eq(choose("cpu", line, sizeof line, &err), 0);
	variants = "adam=portable,gemmm=openblas";
	ck_assert_int_eq(choose("cpu", line, sizeof line, &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "BINNACLE_KERNELS: gemmm=openblas: no such operation");
	variants = "adam=mmx";
	ck_assert_int_eq(choose("cpu", line, sizeof line, &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "BINNACLE_KERNELS: adam=mmx: no such variant");
	ck_assert_ptr_nonnull(strstr(err.hint, "doctor"));
	char many[1200];
	memset(many, ',', sizeof many);
	many[sizeof many - 1] = '\0';
	variants = many;
	ck_assert_int_eq(choose("cpu", line, sizeof line, &err), BN_EINVAL);
	variants = NULL;
}
END_TEST

START_TEST(test_memory_of_a_device_is_given_back_at_once)
{
	bn_device d = BN_DEVICE_INIT;
	bn_err err = BN_ERR_INIT;
	bnk_view x;
	double host[3] = {1, 2, 3}, back[3] = {0, 0, 0};
	ck_assert_bn_ok(bn_device_open(&d, NULL, 1, &err), &err);
	ck_assert_bn_ok(bn_device_alloc(&d, &x, BNK_F64, 1, 3, "numbers", &err), &err);
	ck_assert_int_eq(bnk_upload(d.queue, &x, host), BNK_OK);
	ck_assert_int_eq(bnk_download(d.queue, back, &x), BNK_OK);
	ck_assert_mem_eq(host, back, sizeof host);
	ck_assert_int_eq(
		bn_device_alloc(&d, &x, BNK_U8, SIZE_MAX, 1, "far too much", &err), BN_ENOMEM);
	ck_assert_str_eq(err.msg, "far too much: out of memory (back end cpu)");
	bn_err_clear(&err);
	ck_assert_int_eq(
		bn_device_alloc(&d, &x, BNK_F64, SIZE_MAX / 4, 4, "far too much", &err), BN_ENOMEM);
	bn_device_close(&d);
	bn_device_close(&d);
}
END_TEST

/* Numbers kept by the caller are not copied on the CPU, and operations cannot write to them. */
START_TEST(test_lent_numbers_are_used_where_they_lie)
{
	bn_device d = BN_DEVICE_INIT;
	bn_err err = BN_ERR_INIT;
	bnk_view x, none;
	const double host[3] = {1, 2, 3};
	ck_assert_bn_ok(bn_device_open(&d, NULL, 1, &err), &err);
	ck_assert_bn_ok(bn_device_lend(&d, &x, host, BNK_F64, 1, 3, "numbers", &err), &err);
	ck_assert_ptr_eq(bnk_view_data(&x), host);
	ck_assert_bn_ok(bn_device_lend(&d, &none, NULL, BNK_F64, 1, 3, "numbers", &err), &err);
	ck_assert_ptr_null(none.buffer);
	int status = bnk_run(d.queue, BNK_OP_SOFTMAX, BNK_F64, &(bnk_softmax_args){.z = x});
	ck_assert_int_eq(status, BNK_EINVAL);
	ck_assert_int_eq(bn_device_check(&d, bnk_zero(d.queue, &x), "scores", &err), BN_EINVAL);
	ck_assert_str_eq(err.msg, "scores, softmax: invalid shape or pointer (back end cpu)");
	bn_device_close(&d);
}
END_TEST

BN_TEST_MAIN("core/learn/device", test_the_environment_chooses_the_back_end,
	test_the_environment_chooses_variants, test_lent_numbers_are_used_where_they_lie,
	test_memory_of_a_device_is_given_back_at_once)
