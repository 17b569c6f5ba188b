/*
 * cuda_runtime.h - the part of CUDA's runtime that kernels/cuda uses, on the CPU, for tests.
 *
 * The sources of kernels/cuda are compiled with g++ against this folder; BNK_LAUNCH then runs the grid here.
 * Threads of a block are fibres that switch only at __syncthreads, in an order drawn from a seed; blocks run
 * sequentially, in such an order too. The seed is the device's number: BNK_EMU_DEVICES devices that are
 * otherwise equal, so that code depending on an order gives different bytes on different devices.
 * BNK_EMU_FAULTY is an additional one on which barriers do nothing: a test that passes there tests nothing.
 *
 * Device memory is initialised to NaN, ends at a guard page, and is accessible only to kernels and copies.
 * Shared memory is set to NaN at the start of each block.
 */
#ifndef BNK_EMU_CUDA_RUNTIME_H
#define BNK_EMU_CUDA_RUNTIME_H
#include <functional>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

constexpr int BNK_EMU_DEVICES = 6;
constexpr int BNK_EMU_FAULTY = BNK_EMU_DEVICES;

#define __global__
#define __device__
#define __shared__ static __attribute__((section("bnk_emu_shared")))

struct uint3 {
	unsigned x, y, z;
};

struct dim3 {
	unsigned x, y, z;
	dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_)
	{
	}
};

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

void __syncthreads();
/* Runs `thread` once for each thread of the grid. */
void bnk_emu_launch(dim3 grid, dim3 block, const std::function<void()> &thread);
/* While one exists, device memory is accessible. */
struct bnk_emu_access {
	bnk_emu_access();
	~bnk_emu_access();
};

enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorMemoryAllocation = 2 };
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum { cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2 };
typedef struct bnk_emu_stream *cudaStream_t;
typedef struct bnk_emu_event *cudaEvent_t;

struct cudaDeviceProp {
	char name[64];
	size_t totalGlobalMem;
	int major, minor;
};

cudaError_t cudaGetLastError();
const char *cudaGetErrorString(cudaError_t e);
cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *out, int device);
cudaError_t cudaDriverGetVersion(int *version);
cudaError_t cudaMalloc(void **out, size_t bytes);
cudaError_t cudaFree(void *p);
cudaError_t cudaMemGetInfo(size_t *available, size_t *total);
cudaError_t cudaMemcpyAsync(
	void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream);
cudaError_t cudaMemsetAsync(void *p, int value, size_t bytes, cudaStream_t stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *out, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);

#endif
