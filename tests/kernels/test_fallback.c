/* A back end that lacks operations, or memory for them: only these run on the CPU, with the same bytes. */
#include "core/learn/trainer.h"
#include "kernels/backend.h"
#include "kernels/op/gather.h"
#include "kernels/op/gemv_t.h"
#include "kernels/op/relu_grad.h"
#include "tests/support/check_main.h"
#include "tests/support/kernel_ops.h"
#include "tests/support/matrix.h"
#include "tests/support/train_data.h"

#include <stdio.h>
#include <string.h>

enum { MAX_OUT = 4000000, ROWS = 900, COLS = 5 };

/* ---- a remote device: host memory at addresses that the host must not use ------------------- */

#define FAR ((uintptr_t)1 << 62)

static size_t blocks, queues, events, uploads, downloads;
static size_t largest_block; /* 0: unlimited */

static void *near(const void *p)
{
	return (void *)((uintptr_t)p ^ FAR);
}

static int far_devices(char *why, size_t why_size)
{
	snprintf(why, why_size, "%s", "");
	return 1;
}

static int far_open(bnk_context **out, int device, int threads, const char *variants)
{
	(void)threads;
	(void)variants;
	*out = (bnk_context *)&blocks;
	return device == 0 ? BNK_OK : BNK_EINVAL;
}

static void far_close(bnk_context *ctx)
{
	(void)ctx;
}

static void far_describe(bnk_context *ctx, char *out, size_t out_size)
{
	(void)ctx;
	snprintf(out, out_size, "far: host memory that the host may not touch");
}

static int far_alloc(bnk_context *ctx, void **out, size_t bytes)
{
	(void)ctx;
	if (largest_block && bytes > largest_block)
		return BNK_ENOMEM;
	void *p = malloc(bytes);
	ck_assert_ptr_nonnull(p);
	memset(p, 0xa5, bytes);
	blocks++;
	*out = near(p);
	return BNK_OK;
}

static void far_free(bnk_context *ctx, void *p)
{
	(void)ctx;
	blocks -= p != NULL;
	free(p ? near(p) : NULL);
}

static int far_memory_free(bnk_context *ctx, size_t *out)
{
	(void)ctx;
	*out = largest_block;
	return BNK_OK;
}

static int far_queue_new(bnk_context *ctx, void **out)
{
	(void)ctx;
	*out = &queues;
	queues++;
	return BNK_OK;
}

static void far_queue_free(bnk_context *ctx, void *queue)
{
	(void)ctx;
	queues -= queue != NULL;
}

static int far_copy(bnk_context *ctx, void *queue, void *to, const void *from, size_t bytes,
	bnk_direction direction)
{
	(void)ctx;
	ck_assert_ptr_eq(queue, &queues);
	uploads += direction == BNK_TO_DEVICE;
	downloads += direction == BNK_TO_HOST;
	memcpy(direction == BNK_TO_HOST ? to : near(to),
		direction == BNK_TO_DEVICE ? from : near(from), bytes);
	return BNK_OK;
}

static int far_zero(bnk_context *ctx, void *queue, void *p, size_t bytes)
{
	(void)ctx;
	(void)queue;
	memset(near(p), 0, bytes);
	return BNK_OK;
}

static int far_sync(bnk_context *ctx, void *queue)
{
	(void)ctx;
	(void)queue;
	return BNK_OK;
}

static int far_event_new(bnk_context *ctx, void **out)
{
	(void)ctx;
	*out = &events;
	events++;
	return BNK_OK;
}

static void far_event_free(bnk_context *ctx, void *event)
{
	(void)ctx;
	events -= event != NULL;
}

static int far_event_record(bnk_context *ctx, void *event, void *queue)
{
	ck_assert_ptr_eq(event, &events);
	return far_sync(ctx, queue);
}

static int far_event_wait(bnk_context *ctx, void *queue, void *event)
{
	ck_assert_ptr_eq(event, &events);
	return far_sync(ctx, queue);
}

/* Its only operation is relu_grad, for up to 100 elements, with scratch that it does not use. */
static int few(const void *args, bnk_dtype type)
{
	const bnk_relu_grad_args *a = args;
	(void)type;
	return a->grad.cols <= 100;
}

static size_t some_scratch(const void *args, bnk_dtype type)
{
	(void)args;
	(void)type;
	return 4096;
}

static int far_relu_grad(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_relu_grad_args *a = args;
	float *grad = near(bnk_view_data(&a->grad));
	const float *act = near(bnk_view_data(&a->act));
	(void)type;
	ck_assert_ptr_nonnull(call->scratch);
	for (size_t i = 0; i < a->grad.cols; i++)
		grad[i] = act[i] <= 0 ? 0 : grad[i];
	return BNK_OK;
}

static const bnk_impl relu_grad_impl = {few, some_scratch, far_relu_grad};
static const bnk_impl *const far_ops[] = {[BNK_OP_RELU_GRAD] = &relu_grad_impl};

/* Like a plug-in of an older program, without the operations after relu_grad. */
static const bnk_backend far = {
	.api_version = BNK_API_VERSION,
	.struct_bytes = sizeof(bnk_backend),
	.op_count = BNK_OP_RELU_GRAD + 1,
	.name = "far",
	.ops = far_ops,
	.devices = far_devices,
	.open = far_open,
	.close = far_close,
	.describe = far_describe,
	.alloc = far_alloc,
	.free = far_free,
	.memory_free = far_memory_free,
	.queue_new = far_queue_new,
	.queue_free = far_queue_free,
	.copy = far_copy,
	.zero = far_zero,
	.sync = far_sync,
	.event_new = far_event_new,
	.event_free = far_event_free,
	.event_record = far_event_record,
	.event_wait = far_event_wait,
};

static void ck_nothing_is_held(void)
{
	ck_assert_uint_eq(blocks, 0);
	ck_assert_uint_eq(queues, 0);
	ck_assert_uint_eq(events, 0);
}

/* ---- tests ---------------------------------------------------------------------------------- */

START_TEST(test_every_operation_falls_back_with_the_bytes_of_the_cpu)
{
	static double want[MAX_OUT], got[MAX_OUT];
	bnk_target target = {.backend = &far};
	size_t n;
	const kernel_case *cases = kernel_cases(&n);
	for (size_t i = 0; i < n; i++) {
		if (cases[i].m * (cases[i].n + 1) > 50000)
			continue;
		size_t a = kernel_run(NULL, 2, &cases[i], want, MAX_OUT);
		size_t b = kernel_run(&target, 2, &cases[i], got, MAX_OUT);
		ck_assert_uint_eq(a, b);
		ck_assert_mem_eq(want, got, a * sizeof *got);
	}
	ck_nothing_is_held();
}
END_TEST

START_TEST(test_one_operation_falls_back_and_is_counted)
{
	bnk_device *d = NULL;
	bnk_queue *q = NULL;
	bnk_buffer buffer;
	float host[200], back[200];
	bnk_target target = {.backend = &far};
	for (int i = 0; i < 200; i++)
		host[i] = (float)(i % 7 - 3);
	ck_assert_int_eq(bnk_device_open(&d, &target, 1), BNK_OK);
	ck_assert_int_eq(bnk_queue_new(&q, d), BNK_OK);
	ck_assert_int_eq(bnk_buffer_new(&buffer, d, sizeof host), BNK_OK);
	bnk_view all = bnk_vector(&buffer, BNK_F32, 0, 200);
	bnk_buffer act = bnk_buffer_wrap_const(host, sizeof host);
	/* Supported, so it runs on the device. */
	bnk_upload(q, &all, host);
	bnk_relu_grad_args a = {
		bnk_vector(&buffer, BNK_F32, 0, 100), bnk_vector(&buffer, BNK_F32, 100, 100)};
	ck_assert_int_eq(bnk_run(q, BNK_OP_RELU_GRAD, BNK_F32, &a), BNK_OK);
	ck_assert_uint_eq(bnk_queue_count(q, BNK_OP_RELU_GRAD).fallbacks, 0);
	/* An operand in host memory is used in place. */
	size_t before = downloads;
	a.act = bnk_vector(&act, BNK_F32, 100, 100);
	ck_assert_int_eq(bnk_run(q, BNK_OP_RELU_GRAD, BNK_F32, &a), BNK_OK);
	ck_assert_uint_eq(bnk_queue_count(q, BNK_OP_RELU_GRAD).fallbacks, 1);
	ck_assert_uint_eq(downloads, before + 1);
	/* No device memory for scratch, with a new queue that has none yet. */
	bnk_queue *second = NULL;
	ck_assert_int_eq(bnk_queue_new(&second, d), BNK_OK);
	largest_block = 1000;
	a.act = bnk_vector(&buffer, BNK_F32, 100, 100);
	ck_assert_int_eq(bnk_run(second, BNK_OP_RELU_GRAD, BNK_F32, &a), BNK_OK);
	largest_block = 0;
	ck_assert_uint_eq(bnk_queue_count(second, BNK_OP_RELU_GRAD).runs, 1);
	ck_assert_uint_eq(bnk_queue_count(second, BNK_OP_RELU_GRAD).fallbacks, 1);
	ck_assert_int_eq(bnk_download(q, back, &all), BNK_OK);
	for (int i = 0; i < 200; i++)
		ck_assert_float_eq(back[i], i < 100 && host[100 + i] <= 0 ? 0 : host[i]);
	bnk_queue_free(second);
	bnk_queue_free(q);
	bnk_buffer_release(&buffer);
	bnk_device_close(d);
	ck_nothing_is_held();
}
END_TEST

/* Gaps between the rows of an output belong to the caller. */
START_TEST(test_gaps_between_rows_stay_as_they_are)
{
	bnk_device *d = NULL;
	bnk_queue *q = NULL;
	bnk_buffer buffer;
	double host[12] = {1, 2, -1, 3, 4, -2, 5, 6, -3, 7, 7, 7}, back[12];
	bnk_target target = {.backend = &far};
	ck_assert_int_eq(bnk_device_open(&d, &target, 1), BNK_OK);
	ck_assert_int_eq(bnk_queue_new(&q, d), BNK_OK);
	ck_assert_int_eq(bnk_buffer_new(&buffer, d, sizeof host), BNK_OK);
	bnk_view all = bnk_vector(&buffer, BNK_F64, 0, 12);
	bnk_upload(q, &all, host);
	bnk_gemv_t_args a = {
		.x = {&buffer, 0, 3, 2, 3, BNK_F64}, .out = bnk_vector(&buffer, BNK_F64, 9, 2)};
	ck_assert_int_eq(bnk_run(q, BNK_OP_GEMV_T, BNK_F64, &a), BNK_OK);
	ck_assert_int_eq(bnk_download(q, back, &all), BNK_OK);
	ck_assert_mem_eq(host, back, 9 * sizeof *host);
	ck_assert(back[9] == 9 && back[10] == 12 && back[11] == 7);
	bnk_queue_free(q);
	bnk_buffer_release(&buffer);
	bnk_device_close(d);
}
END_TEST

START_TEST(test_events_join_the_queues_of_a_device_and_no_others)
{
	bnk_device *d = NULL, *cpu = NULL;
	bnk_queue *one = NULL, *two = NULL, *other = NULL;
	bnk_event *e = NULL;
	bnk_target target = {.backend = &far};
	ck_assert_int_eq(bnk_device_open(&d, &target, 1), BNK_OK);
	ck_assert_int_eq(bnk_device_open(&cpu, NULL, 1), BNK_OK);
	ck_assert_int_eq(bnk_queue_new(&one, d), BNK_OK);
	ck_assert_int_eq(bnk_queue_new(&two, d), BNK_OK);
	ck_assert_int_eq(bnk_queue_new(&other, cpu), BNK_OK);
	ck_assert_int_eq(bnk_event_new(&e, d), BNK_OK);
	ck_assert_int_eq(bnk_event_record(e, one), BNK_OK);
	ck_assert_int_eq(bnk_event_wait(two, e), BNK_OK);
	ck_assert_int_eq(bnk_event_wait(other, e), BNK_EINVAL);
	bnk_event_free(e);
	bnk_event_free(NULL);
	bnk_queue_free(other);
	bnk_queue_free(two);
	bnk_queue_free(one);
	bnk_device_close(cpu);
	bnk_device_close(d);
	ck_nothing_is_held();
}
END_TEST

static char said[400];

static void log_line(void *user, const char *line)
{
	(void)user;
	if (strstr(line, "instead of the device"))
		snprintf(said, sizeof said, "%s", line);
}

/* Trainers on a device without their operations: the same model as on the CPU, and a line in the log. */
START_TEST(test_trainers_go_on_and_say_so)
{
	static double x[ROWS * COLS], y[ROWS];
	uint64_t state = 3;
	for (size_t i = 0; i < ROWS; i++) {
		double sum = 0;
		for (size_t j = 0; j < COLS; j++) {
			x[i * COLS + j] = train_data_uniform(&state) * 2 - 1;
			sum += (double)j * x[i * COLS + j];
		}
		y[i] = sum + 2 * train_data_uniform(&state) > 1;
	}
	for (size_t t = 0; t < bn_trainer_count(); t++) {
		const bn_trainer *trainer = bn_trainer_get(t);
		bn_estimator *e[2] = {NULL, NULL};
		static double out[2][2 * ROWS], scratch[4096];
		/* A baseline only counts and sums its targets, without operations of a device. */
		bool computes = strcmp(trainer->name, "baseline") != 0;
		said[0] = '\0';
		for (int k = 0; k < 2; k++) {
			bn_err err = BN_ERR_INIT;
			bn_fit_request r = {.task = trainer->tasks & 1u << BN_TASK_REGRESSION
							    ? BN_TASK_REGRESSION
							    : BN_TASK_CLASSIFICATION,
				.classes = 2,
				.seed = 1,
				.hooks = {.log = log_line},
				.target = {.backend = k ? &far : NULL}};
			ck_assert_bn_ok(matrix_fit(&e[k], trainer, &r,
						&(bn_design){ROWS, COLS, x, y, NULL, 0}, &err),
				&err);
			ck_assert_int_eq(said[0] != '\0', k && computes);
			bn_estimator_predict(e[k], x, ROWS, out[k], scratch);
		}
		ck_assert_mem_eq(out[0], out[1], ROWS * e[0]->outputs * sizeof(double));
		ck_assert_msg(!computes || strstr(said, " time"), "%s: %s", trainer->name, said);
		bn_estimator_free(e[0]);
		bn_estimator_free(e[1]);
	}
	ck_nothing_is_held();
}
END_TEST

BN_TEST_MAIN("kernels/fallback", test_every_operation_falls_back_with_the_bytes_of_the_cpu,
	test_one_operation_falls_back_and_is_counted, test_gaps_between_rows_stay_as_they_are,
	test_events_join_the_queues_of_a_device_and_no_others, test_trainers_go_on_and_say_so)
