/* tiles.c - see tiles.h. */
#include "core/learn/tiles.h"

#include "core/base/mem.h"
#include "core/learn/_rows.h"
#include "kernels/backend.h"
#include "kernels/parallel.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { LANES_BYTES = 256 << 20, ROOMS_BYTES = 64 << 20 };

/* ---- lanes ---------------------------------------------------------------------------------- */

static int open_lane(
	bn_lane *l, const bnk_target *target, int threads, const bn_rows_facts *rows, bn_err *err)
{
	static const double here;
	bnk_buffer probe = bnk_buffer_wrap_const(&here, sizeof here);
	int rc = bn_device_open(&l->dev, target, threads, err);
	l->cols = rows->cols;
	if (rc < 0)
		return rc;
	l->host = bnk_buffer_is_on(&probe, l->dev.dev);
	if (l->host)
		return 0;
	if ((rc = bn_device_alloc(
		     &l->dev, &l->room[0], BNK_F64, BN_TILE_ROWS, rows->cols, "rows", err)) < 0 ||
		(rc = bn_device_alloc(
			 &l->dev, &l->room[1], BNK_F64, 1, BN_TILE_ROWS, "target", err)) < 0)
		return rc;
	return bn_device_alloc(&l->dev, &l->room[2], BNK_F64, 1, BN_TILE_ROWS, "weights", err);
}

int bn_lanes_open(bn_lanes *l, const bnk_target *target, int threads, const bn_rows_facts *rows,
	size_t lane_bytes, bn_err *err)
{
	bool host = !target->backend || target->backend == bnk_backend_cpu();
	size_t most = LANES_BYTES / (lane_bytes + 1) + 1, n = 1;
	*l = (bn_lanes){.count = 0};
	if (host) {
		int given = threads > 0 ? threads : bnk_threads_default();
		n = given > BN_LANES_MAX ? BN_LANES_MAX : (size_t)given;
		n = n < most ? n : most;
		/* A lane that is the only one uses all threads. */
		threads = n > 1 ? 1 : threads;
	}
	for (size_t i = 0; i < n; i++) {
		l->count = i + 1;
		int rc = open_lane(&l->lane[i], target, threads, rows, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void bn_lanes_close(bn_lanes *l)
{
	for (size_t i = 0; i < l->count; i++)
		bn_device_close(&l->lane[i].dev);
	l->count = 0;
}

double bn_lane_weight(const bn_lane *l)
{
	double sum = 0;
	for (size_t r = 0; r < l->rows; r++)
		sum += l->host_w ? l->host_w[r] : 1.0;
	return sum;
}

/* ---- a pass --------------------------------------------------------------------------------- */

typedef struct tile {
	size_t rows;
	const double *x, *y, *w;
} tile;

typedef struct pass {
	bn_tree *tree;
	bn_lanes *lanes;
	bn_rows *rows;
	bn_tile_sum sum;
	void *self;
	const char *what;
	atomic_bool taken[BN_LANES_MAX];
	tile ready[BNK_MAX_SHARDS]; /* tiles from number `next` on */
	double *room[BNK_MAX_SHARDS];
	bool finite[BNK_MAX_SHARDS];
	size_t count, most; /* most: limit of tiles kept until they are summed together */
	uint64_t next;
	/* The tile whose rows are still incomplete. */
	double *x, *y, *w;
	size_t held, cols;
} pass;

static void load_one(bn_lane *l, int i, bnk_view *out, const double *from, size_t rows, size_t cols)
{
	*out = bnk_matrix(NULL, BNK_F64, 0, rows, cols);
	if (!from)
		return;
	if (l->host) {
		l->lent[i] = bnk_buffer_wrap_const(from, rows * cols * sizeof *from);
		out->buffer = &l->lent[i];
		return;
	}
	out->buffer = l->room[i].buffer;
	bnk_upload(l->dev.queue, out, from);
}

static void load(bn_lane *l, const tile *t)
{
	l->rows = t->rows;
	l->host_y = t->y;
	l->host_w = t->w;
	load_one(l, 0, &l->x, t->x, t->rows, l->cols);
	load_one(l, 1, &l->y, t->y, 1, t->rows);
	load_one(l, 2, &l->w, t->w, 1, t->rows);
}

/* There are no more threads than lanes. */
static size_t take_lane(pass *p)
{
	for (size_t i = 0;; i = (i + 1) % p->lanes->count)
		if (!atomic_exchange(&p->taken[i], true))
			return i;
}

static int sum_tile(void *user, size_t shard, size_t begin, size_t end)
{
	pass *p = user;
	size_t i = take_lane(p);
	bn_lane *lane = &p->lanes->lane[i];
	(void)begin;
	(void)end;
	load(lane, &p->ready[shard]);
	int status = p->sum(p->self, lane, p->room[shard]);
	bool finite = true;
	for (size_t k = 0; k < p->tree->size; k++)
		finite &= isfinite(p->room[shard][k]) != 0;
	p->finite[shard] = finite;
	atomic_store(&p->taken[i], false);
	return status;
}

/* A sum that is not finite indicates a row with such a value; otherwise the trainer has to handle
 * it. */
static int check_tiles(const pass *p, size_t n, bn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		int rc = p->finite[i]
				 ? 0
				 : bn_rows_check_finite(p->rows, p->ready[i].x,
					   (p->next + i) * BN_TILE_ROWS, p->ready[i].rows, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Sums the complete tiles. */
static int flush(pass *p, bn_err *err)
{
	size_t n = p->count, rooms = 0, added = 0;
	int rc = 0;
	p->count = 0;
	if (n == 0)
		return 0;
	for (; rooms < n; rooms++)
		if (!(p->room[rooms] = bn_tree_room(p->tree))) {
			rc = bn_err_nomem(err, p->what);
			goto out;
		}
	int status = bnk_parallel_for(n, n, (int)p->lanes->count, sum_tile, p);
	if ((rc = bn_device_check(&p->lanes->lane[0].dev, status, p->what, err)) < 0)
		goto out;
	if ((rc = check_tiles(p, n, err)) < 0)
		goto out;
	while (added < n && rc == 0)
		rc = bn_tree_add(p->tree, 0, p->next++, p->room[added++], err);
out:
	for (; added < rooms; added++)
		bn_tree_give_back(p->tree, p->room[added]);
	return rc;
}

static int add(pass *p, tile t, bn_err *err)
{
	p->ready[p->count++] = t;
	return p->count == p->most ? flush(p, err) : 0;
}

/* As many as there are shards, unless their sums are large; a multiple of the lanes. */
static size_t most_ready(const bn_tree *tree, const bn_lanes *lanes)
{
	size_t n = ROOMS_BYTES / (tree->size * sizeof(double) + 1);
	n = n < BNK_MAX_SHARDS ? n : BNK_MAX_SHARDS;
	return n <= lanes->count ? lanes->count : n / lanes->count * lanes->count;
}

/* Keeps rows of an incomplete tile. */
static void hold(pass *p, const bn_block *b, size_t from, size_t n)
{
	memcpy(p->x + p->held * p->cols, b->f64 + from * p->cols, n * p->cols * sizeof *p->x);
	memcpy(p->y + p->held, b->y + from, n * sizeof *p->y);
	if (b->w)
		memcpy(p->w + p->held, b->w + from, n * sizeof *p->w);
	p->held += n;
}

static tile held_tile(const pass *p, bool weighted)
{
	return (tile){p->held, p->x, p->y, weighted ? p->w : NULL};
}

static int take_block(pass *p, const bn_block *b, bn_err *err)
{
	size_t at = 0;
	int rc = 0;
	if (p->held) {
		size_t missing = BN_TILE_ROWS - p->held;
		at = b->rows < missing ? b->rows : missing;
		hold(p, b, 0, at);
		if (p->held < BN_TILE_ROWS)
			return 0;
		rc = add(p, held_tile(p, b->w != NULL), err);
	}
	for (; rc == 0 && b->rows - at >= BN_TILE_ROWS; at += BN_TILE_ROWS)
		rc = add(p,
			(tile){BN_TILE_ROWS, b->f64 + at * p->cols, b->y + at,
				b->w ? b->w + at : NULL},
			err);
	/* The block, and the kept rows, are only valid until the next one. */
	if (rc == 0)
		rc = flush(p, err);
	p->held = 0;
	if (rc == 0)
		hold(p, b, at, b->rows - at);
	return rc;
}

static int sum_blocks(pass *p, bn_rows *rows, bn_err *err)
{
	bn_block b;
	int rc = bn_rows_rewind(rows, err);
	while (rc >= 0 && (rc = bn_rows_next_raw(rows, &b, err)) > 0)
		rc = take_block(p, &b, err);
	if (rc == 0 && p->held)
		rc = add(p, held_tile(p, bn_rows_about(rows)->weighted), err);
	return rc < 0 ? rc : flush(p, err);
}

int bn_tiles_sum(const double **root, bn_tree *tree, bn_rows *rows, bn_lanes *lanes,
	bn_tile_sum sum, void *self, const bn_reduce *reduce, const char *what, bn_err *err)
{
	size_t cols = bn_rows_about(rows)->cols;
	pass p = {.tree = tree,
		.lanes = lanes,
		.rows = rows,
		.most = most_ready(tree, lanes),
		.sum = sum,
		.self = self,
		.what = what,
		.cols = cols,
		.x = bn_alloc(BN_TILE_ROWS * cols * sizeof *p.x),
		.y = bn_alloc(BN_TILE_ROWS * sizeof *p.y),
		.w = bn_alloc(BN_TILE_ROWS * sizeof *p.w),
		.next = bn_rows_about(rows)->first / BN_TILE_ROWS};
	bn_tree_clear(tree);
	int rc = p.x && p.y && p.w ? sum_blocks(&p, rows, err) : bn_err_nomem(err, what);
	if (rc == 0 && reduce)
		rc = reduce->tree(reduce->self, tree, err);
	if (rc == 0 && !(*root = bn_tree_root(tree)))
		rc = bn_err_set(err, BN_EINVAL, "%s: there are no rows", what);
	bn_free(p.x);
	bn_free(p.y);
	bn_free(p.w);
	return rc;
}
