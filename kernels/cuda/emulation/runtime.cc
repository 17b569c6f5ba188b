/* runtime.cc - memory, streams and grids of the emulated cards; see cuda_runtime.h. */
#include <cuda_runtime.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <vector>

/* One caller at a time: memory is open to all while a kernel runs. */
static std::recursive_mutex lock;
static thread_local int current_device;
static thread_local cudaError_t last_error;

static cudaError_t fail(cudaError_t e)
{
	last_error = e;
	return e;
}

cudaError_t cudaGetLastError()
{
	cudaError_t e = last_error;
	last_error = cudaSuccess;
	return e;
}

const char *cudaGetErrorString(cudaError_t e)
{
	return e == cudaErrorMemoryAllocation ? "out of memory" : "invalid value";
}

cudaError_t cudaGetDeviceCount(int *count)
{
	*count = BNK_EMU_DEVICES + 1;
	return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
	if (device < 0 || device > BNK_EMU_FAULTY)
		return fail(cudaErrorInvalidValue);
	current_device = device;
	return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *out, int device)
{
	memset(out, 0, sizeof *out);
	snprintf(out->name, sizeof out->name, "emulated card %d", device);
	out->totalGlobalMem = (size_t)1 << 30;
	return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version)
{
	*version = 12000;
	return cudaSuccess;
}

/* ---- memory --------------------------------------------------------------------------------- */

constexpr size_t PAGE = 4096, CARD = (size_t)1 << 30, ALIGN = 64;

struct mapping {
	void *base;
	size_t bytes, taken; /* without the guard page; what was asked for */
};

static std::map<void *, mapping> memory; /* by the address that was given out */
static size_t used;
static int open_count;

static void protect(int how)
{
	for (auto &m : memory)
		mprotect(m.second.base, m.second.bytes, how);
}

bnk_emu_access::bnk_emu_access()
{
	lock.lock();
	if (open_count++ == 0)
		protect(PROT_READ | PROT_WRITE);
}

bnk_emu_access::~bnk_emu_access()
{
	if (--open_count == 0)
		protect(PROT_NONE);
	lock.unlock();
}

/* The block ends where the guard page begins, as far as its alignment allows. */
cudaError_t cudaMalloc(void **out, size_t bytes)
{
	std::lock_guard<std::recursive_mutex> hold(lock);
	size_t aligned = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	if (bytes > CARD || used + aligned > CARD)
		return fail(cudaErrorMemoryAllocation);
	size_t pages = (aligned + PAGE - 1) / PAGE * PAGE;
	void *base = mmap(nullptr, pages + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return fail(cudaErrorMemoryAllocation);
	mprotect(base, pages, PROT_READ | PROT_WRITE);
	memset(base, 0xff, pages);
	mprotect(base, pages, PROT_NONE);
	*out = static_cast<char *>(base) + pages - aligned;
	memory[*out] = {base, pages, aligned};
	used += aligned;
	return cudaSuccess;
}

cudaError_t cudaFree(void *p)
{
	std::lock_guard<std::recursive_mutex> hold(lock);
	auto m = memory.find(p);
	if (!p)
		return cudaSuccess;
	if (m == memory.end())
		return fail(cudaErrorInvalidValue);
	munmap(m->second.base, m->second.bytes + PAGE);
	used -= m->second.taken;
	memory.erase(m);
	return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *available, size_t *total)
{
	*available = CARD - used;
	*total = CARD;
	return cudaSuccess;
}

/* Whether p .. p + bytes lies within one block of the card. */
static bool is_device(const void *p, size_t bytes)
{
	for (auto &m : memory) {
		auto from = static_cast<const char *>(m.first);
		auto at = static_cast<const char *>(p);
		if (at >= from && at + bytes <= from + m.second.taken)
			return true;
	}
	return false;
}

cudaError_t cudaMemcpyAsync(
	void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t)
{
	bnk_emu_access touch;
	if (is_device(to, bytes) != (kind != cudaMemcpyDeviceToHost) ||
		is_device(from, bytes) != (kind != cudaMemcpyHostToDevice))
		return fail(cudaErrorInvalidValue);
	memmove(to, from, bytes);
	return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void *p, int value, size_t bytes, cudaStream_t)
{
	bnk_emu_access touch;
	if (!is_device(p, bytes))
		return fail(cudaErrorInvalidValue);
	memset(p, value, bytes);
	return cudaSuccess;
}

/* ---- streams and events: all has run when a call returns ------------------------------------- */

struct bnk_emu_stream {
};
struct bnk_emu_event {
};

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned)
{
	*out = new bnk_emu_stream;
	return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
	delete stream;
	return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t)
{
	return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned)
{
	return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *out, unsigned)
{
	*out = new bnk_emu_event;
	return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
	delete event;
	return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t)
{
	return cudaSuccess;
}

/* ---- grids ---------------------------------------------------------------------------------- */

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

extern "C" {
extern char __start_bnk_emu_shared[] __attribute__((weak, visibility("hidden")));
extern char __stop_bnk_emu_shared[] __attribute__((weak, visibility("hidden")));
}

struct fibre {
	ucontext_t context;
	std::vector<char> stack;
	unsigned thread;
	bool waits; /* at a barrier; else it has nothing to do */
};

constexpr size_t STACK = 64 * 1024;
static std::vector<fibre *> idle;
static fibre *running;
static ucontext_t scheduler;
static const std::function<void()> *body;
static std::vector<unsigned> order; /* of the block's threads */
static size_t started;
static uint64_t state;

/* SplitMix64. */
static uint64_t draw()
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

template <typename T> static void shuffle(std::vector<T> &v)
{
	for (size_t i = v.size(); i > 1; i--)
		std::swap(v[i - 1], v[draw() % i]);
}

static void become(unsigned thread)
{
	threadIdx.x = thread % blockDim.x;
	threadIdx.y = thread / blockDim.x % blockDim.y;
	threadIdx.z = thread / blockDim.x / blockDim.y;
}

/* A fibre runs threads to their end, one after the other, until one has to wait. */
static void run_threads()
{
	for (;;) {
		while (started < order.size()) {
			running->thread = order[started++];
			become(running->thread);
			(*body)();
		}
		running->waits = false;
		swapcontext(&running->context, &scheduler);
	}
}

void __syncthreads()
{
	if (current_device == BNK_EMU_FAULTY)
		return;
	running->waits = true;
	swapcontext(&running->context, &scheduler);
}

static fibre *take_fibre()
{
	if (idle.empty()) {
		fibre *f = new fibre;
		f->stack.resize(STACK);
		getcontext(&f->context);
		f->context.uc_stack.ss_sp = f->stack.data();
		f->context.uc_stack.ss_size = f->stack.size();
		f->context.uc_link = nullptr;
		makecontext(&f->context, run_threads, 0);
		return f;
	}
	fibre *f = idle.back();
	idle.pop_back();
	return f;
}

/* Until it waits, in `next`, or has nothing to do. */
static void resume(fibre *f, std::vector<fibre *> &next)
{
	running = f;
	swapcontext(&scheduler, &f->context);
	(f->waits ? next : idle).push_back(f);
}

static void run_block()
{
	std::vector<fibre *> waiting, next;
	order.resize((size_t)blockDim.x * blockDim.y * blockDim.z);
	std::iota(order.begin(), order.end(), 0u);
	shuffle(order);
	memset(__start_bnk_emu_shared, 0xff,
		(size_t)(__stop_bnk_emu_shared - __start_bnk_emu_shared));
	for (started = 0; started < order.size();)
		resume(take_fibre(), waiting);
	while (!waiting.empty()) {
		shuffle(waiting);
		next.clear();
		for (fibre *f : waiting) {
			become(f->thread);
			resume(f, next);
		}
		waiting.swap(next);
	}
}

void bnk_emu_launch(dim3 grid, dim3 block, const std::function<void()> &thread)
{
	bnk_emu_access touch;
	if (grid.x == 0 || grid.y == 0 || grid.y > 65535 || block.x * block.y * block.z == 0 ||
		block.x * block.y * block.z > 1024) {
		fail(cudaErrorInvalidValue);
		return;
	}
	body = &thread;
	gridDim = grid;
	blockDim = block;
	state = (uint64_t)current_device;
	std::vector<unsigned> blocks((size_t)grid.x * grid.y);
	std::iota(blocks.begin(), blocks.end(), 0u);
	shuffle(blocks);
	for (unsigned b : blocks) {
		blockIdx = {b % grid.x, b / grid.x, 0};
		run_block();
	}
}
