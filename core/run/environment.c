/* environment.c - see environment.h. */
#include "core/run/environment.h"

#include "core/base/curl.h"
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "kernels/backend.h"
#include "kernels/blas.h"

#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zstd.h>

static void set_text(json_t *o, const char *key, const char *text)
{
	if (text && text[0])
		json_object_set_new(o, key, json_string(text));
}

/* Value of the first line "key<blanks>: value" of a /proc file's text; length in *n. */
static const char *proc_value(const char *text, const char *key, size_t *n)
{
	size_t len = strlen(key);
	for (const char *at = text; (at = strstr(at, key)); at += len) {
		if (at != text && at[-1] != '\n')
			continue;
		const char *colon = at + len + strspn(at + len, " \t");
		if (*colon != ':')
			continue;
		colon += 1 + strspn(colon + 1, " \t");
		*n = strcspn(colon, "\n");
		return colon;
	}
	return NULL;
}

static void describe_cpu(json_t *o, const bn_env *env)
{
	static const struct {
		const char *key, *name;
	} wanted[] = {{"model name", "cpu"}, {"flags", "cpu_flags"}, {"Features", "cpu_flags"}};
	bn_buf b = BN_BUF_INIT;
	size_t n;
	if (bn_fs_read_file(env, "/proc/cpuinfo", &b, NULL) == 0)
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
			const char *v = proc_value(b.ptr, wanted[i].key, &n);
			if (v)
				json_object_set_new(o, wanted[i].name, json_stringn(v, n));
		}
	bn_buf_release(&b);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (cores > 0)
		json_object_set_new(o, "cores", json_integer(cores));
}

static void describe_gpu(json_t *o, const bn_env *env)
{
	static const char dir[] = "/proc/driver/nvidia/gpus";
	bn_names names = BN_NAMES_INIT;
	json_t *list = json_array();
	if (bn_fs_list_dir(env, dir, &names, NULL) != 0)
		names.count = 0;
	for (size_t i = 0; i < names.count; i++) {
		char path[512];
		size_t n;
		bn_buf b = BN_BUF_INIT;
		snprintf(path, sizeof path, "%s/%s/information", dir, names.items[i]);
		const char *model = bn_fs_read_file(env, path, &b, NULL) == 0
					    ? proc_value(b.ptr, "Model", &n)
					    : NULL;
		if (model)
			json_array_append_new(list, json_stringn(model, n));
		bn_buf_release(&b);
	}
	if (json_array_size(list))
		json_object_set(o, "gpu", list);
	json_decref(list);
	bn_names_release(&names);
}

static void describe_libraries(json_t *o, const bn_env *env)
{
	json_t *l = json_object();
	char text[40];
	snprintf(text, sizeof text, "%d.%d.%d", JANSSON_MAJOR_VERSION, JANSSON_MINOR_VERSION,
		JANSSON_MICRO_VERSION);
	set_text(l, "jansson", text);
	set_text(l, "sqlite", sqlite3_libversion());
	set_text(l, "zstd", ZSTD_versionString());
	set_text(l, "openssl", OpenSSL_version(OPENSSL_VERSION));
	if (bn_curl_open(NULL) == 0)
		set_text(l, "curl", curl_version_info(CURLVERSION_NOW)->version);
	const bnk_blas *blas = bnk_blas_open(NULL, 0);
	set_text(l, "openblas", blas ? blas->get_config() : NULL);
	set_text(o, "blas_core", blas ? blas->get_corename() : NULL);
	char variants[1024];
	if (bnk_variants_describe(bn_env_get(env, "BINNACLE_KERNELS"), variants, sizeof variants) ==
		BNK_OK)
		set_text(o, "kernel_variants", variants);
	json_object_set_new(o, "libraries", l);
}

static void describe_scheduler(json_t *o, const bn_env *env)
{
	static const char *const names[] = {"SLURM_JOB_ID", "SLURM_JOB_PARTITION",
		"SLURM_JOB_NODELIST", "SLURM_NTASKS", "SLURM_CPUS_PER_TASK", "FLUX_JOB_ID",
		"PBS_JOBID", "CUDA_VISIBLE_DEVICES"};
	json_t *s = json_object();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		set_text(s, names[i], bn_env_get(env, names[i]));
	if (json_object_size(s))
		json_object_set(o, "scheduler", s);
	json_decref(s);
}

int bn_environment_describe(json_t **out, const bn_env *env, bn_err *err)
{
	struct utsname u;
	json_t *o = json_object();
	if (!o)
		return bn_err_nomem(err, "an environment");
	set_text(o, "binnacle", BN_VERSION);
	set_text(o, "compiler", __VERSION__);
	set_text(o, "host", env->host(env));
	if (uname(&u) == 0) {
		char text[200];
		snprintf(text, sizeof text, "%.40s %.80s %.40s", u.sysname, u.release, u.machine);
		set_text(o, "kernel", text);
	}
	describe_libraries(o, env);
	describe_cpu(o, env);
	describe_gpu(o, env);
	describe_scheduler(o, env);
	set_text(o, "modules", bn_env_get(env, "LOADEDMODULES"));
	const char *conda = bn_env_get(env, "CONDA_PREFIX");
	set_text(o, "python", conda ? conda : bn_env_get(env, "VIRTUAL_ENV"));
	set_text(o, "container", bn_env_get(env, "APPTAINER_CONTAINER"));
	*out = o;
	return 0;
}
