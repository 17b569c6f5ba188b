/* BINNACLE_BACKEND: what it asks for and what comes of it. */
#include "core/learn/device.h"
#include "tests/support/check_main.h"

#include <string.h>

static const char *backend_word, *plugin_path;

static const char *fake_get(const bn_env *env, const char *name)
{
	(void)env;
	if (strcmp(name, "BINNACLE_BACKEND") == 0)
		return backend_word;
	return strcmp(name, "BINNACLE_CUDA_PLUGIN") == 0 ? plugin_path : NULL;
}

static int choose(const char *word, char *line, size_t size, bn_err *err)
{
	const bnk_backend *be = NULL;
	bn_env env = *bn_env_real();
	env.get = fake_get;
	backend_word = word;
	plugin_path = "/nowhere/plugin.so";
	bn_err_clear(err);
	int rc = bn_device_choose(&be, &env, 3, line, size, err);
	ck_assert(rc != 0 || be != NULL);
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

START_TEST(test_memory_of_a_device_is_given_back_at_once)
{
	bn_device d = BN_DEVICE_INIT;
	bn_err err = BN_ERR_INIT;
	double *x = NULL, host[3] = {1, 2, 3}, back[3] = {0, 0, 0};
	ck_assert_bn_ok(bn_device_open(&d, NULL, 1, &err), &err);
	ck_assert_bn_ok(bn_device_put(&d, &x, host, sizeof host, "numbers", &err), &err);
	ck_assert_int_eq(d.be->download(d.ctx, back, x, sizeof back), BNK_OK);
	ck_assert_mem_eq(host, back, sizeof host);
	ck_assert_int_eq(bn_device_alloc(&d, &x, SIZE_MAX, "far too much", &err), BN_ENOMEM);
	ck_assert_str_eq(err.msg, "far too much: out of memory (back end cpu)");
	bn_device_close(&d);
	bn_device_close(&d);
}
END_TEST

BN_TEST_MAIN("core/learn/device", test_the_environment_chooses_the_back_end,
	test_memory_of_a_device_is_given_back_at_once)
