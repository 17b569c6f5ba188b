/* backend.c - see backend.h. */
#include "kernels/backend.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WHY_BYTES = 320, PATH_BYTES = 4096 };

static pthread_mutex_t cuda_lock = PTHREAD_MUTEX_INITIALIZER;
static const bnk_backend *cuda_backend; /* set once a plug-in answered, available or not */
static char cuda_why[WHY_BYTES];

/* Default locations of the plug-in: next to the running program (a build), or in
 * ../lib/binnacle from there (an installation). */
static int near_program(char *out, size_t out_size)
{
	static const char *const folders[] = {"", "../lib/binnacle/"};
	char self[PATH_BYTES];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n <= 0)
		return 0;
	self[n] = '\0';
	char *slash = strrchr(self, '/');
	if (!slash)
		return 0;
	*slash = '\0';
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		int len = snprintf(out, out_size, "%s/%s%s", self, folders[i], BNK_CUDA_PLUGIN);
		if (len > 0 && (size_t)len < out_size && access(out, R_OK) == 0)
			return 1;
	}
	return 0;
}

/* NULL, and why, if path is not a plug-in of ours. */
static const bnk_backend *open_plugin(const char *path, char *why, size_t why_size)
{
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		const char *text = dlerror();
		snprintf(why, why_size, "%s", text ? text : "dlopen failed");
		return NULL;
	}
	bnk_plugin_entry entry;
	*(void **)&entry = dlsym(lib, BNK_PLUGIN_ENTRY);
	const bnk_backend *b = entry ? entry(BNK_API_VERSION) : NULL;
	if (!b || b->api_version != BNK_API_VERSION || b->struct_bytes != sizeof(bnk_backend)) {
		snprintf(why, why_size, "%s is not a plug-in of kernel API version %d", path,
			BNK_API_VERSION);
		dlclose(lib);
		return NULL;
	}
	return b; /* stays loaded: it contains the table */
}

/* The CUDA back end if it is usable here, else NULL and why. */
static const bnk_backend *cuda_get(const char *plugin, char *why, size_t why_size)
{
	char found[PATH_BYTES];
	const bnk_backend *usable = NULL;
	pthread_mutex_lock(&cuda_lock);
	if (!cuda_backend) {
		if (plugin && *plugin)
			cuda_backend = open_plugin(plugin, cuda_why, sizeof cuda_why);
		else if (!near_program(found, sizeof found))
			snprintf(cuda_why, sizeof cuda_why,
				"no %s next to the program or in ../lib/binnacle", BNK_CUDA_PLUGIN);
		else
			cuda_backend = open_plugin(found, cuda_why, sizeof cuda_why);
	}
	if (cuda_backend && cuda_backend->devices(cuda_why, sizeof cuda_why))
		usable = cuda_backend;
	if (why_size)
		snprintf(why, why_size, "%s", usable ? "" : cuda_why);
	pthread_mutex_unlock(&cuda_lock);
	return usable;
}

/* The N of "cuda:N"; 0 for "cuda", -1 for another word. */
static int cuda_device(const char *which)
{
	int n = 0;
	if (strcmp(which, "cuda") == 0)
		return 0;
	if (strncmp(which, "cuda:", 5) != 0 || !which[5] || strlen(which + 5) > 3)
		return -1;
	for (const char *p = which + 5; *p; p++) {
		if (*p < '0' || *p > '9')
			return -1;
		n = n * 10 + (*p - '0');
	}
	return n;
}

static int select_cuda(bnk_target *out, int device, const char *plugin, char *why, size_t why_size)
{
	const bnk_backend *found = cuda_get(plugin, why, why_size);
	if (!found)
		return BNK_EUNSUPPORTED;
	int count = found->devices(why, why_size);
	if (device >= count) {
		snprintf(why, why_size, "there is no device %d, only %d", device, count);
		return BNK_EUNSUPPORTED;
	}
	out->backend = found;
	out->device = device;
	return BNK_OK;
}

int bnk_backend_select(
	bnk_target *out, const char *which, const char *plugin, char *why, size_t why_size)
{
	char reason[WHY_BYTES] = "";
	int rc = BNK_OK;
	bnk_target found = {.backend = bnk_backend_cpu()};
	if (!which || strcmp(which, "auto") == 0) {
		select_cuda(&found, 0, plugin, reason, sizeof reason);
	} else if (cuda_device(which) >= 0) {
		rc = select_cuda(&found, cuda_device(which), plugin, reason, sizeof reason);
	} else if (strcmp(which, "cpu") != 0) {
		snprintf(reason, sizeof reason, "no back end '%.40s': cpu, cuda or auto", which);
		rc = BNK_EINVAL;
	}
	if (why && why_size)
		snprintf(why, why_size, "%s", reason);
	if (rc == BNK_OK) {
		out->backend = found.backend;
		out->device = found.device;
	}
	return rc;
}

static void describe_one(const bnk_backend *b, char *out, size_t out_size)
{
	bnk_context *ctx = NULL;
	int rc = b->open(&ctx, 0, 0, NULL);
	if (rc == BNK_OK)
		b->describe(ctx, out, out_size);
	else
		snprintf(out, out_size, "%s: not used: %s", b->name, bnk_status_text(rc));
	b->close(ctx);
}

size_t bnk_backend_describe(const char *plugin, char *out, size_t out_size)
{
	char cpu[WHY_BYTES] = "", cuda[WHY_BYTES + 32] = "", why[WHY_BYTES] = "";
	describe_one(bnk_backend_cpu(), cpu, sizeof cpu);
	const bnk_backend *b = cuda_get(plugin, why, sizeof why);
	if (b)
		describe_one(b, cuda, sizeof cuda);
	else
		snprintf(cuda, sizeof cuda, "cuda: not used: %s", why);
	int n = snprintf(out, out_size, "%s\n%s\n", cpu, cuda);
	return n < 0 ? 0 : (size_t)n;
}
