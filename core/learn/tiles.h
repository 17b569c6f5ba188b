/*
 * tiles.h - one pass over the rows that sums a quantity: divided into tiles of 4096 rows by row
 * number, each tile summed independently in float64, the tiles added in one fixed tree (tree.h).
 *
 * Tiles are computed in parallel, each in a lane: an open back end with room for one tile. The CPU
 * has a lane per thread, a device has one. The lane that computes a tile does not affect the
 * result.
 */
#ifndef BN_LEARN_TILES_H
#define BN_LEARN_TILES_H
#include "core/learn/device.h"
#include "core/learn/rows.h"
#include "core/learn/tree.h"

/* Changing it changes the last bits of models, so the CHANGELOG must mention it. */
#define BN_TILE_ROWS 4096
#define BN_LANES_MAX 64

typedef struct bn_lane {
	bn_device dev;
	size_t rows, cols;
	bnk_view x, y, w; /* of the current tile; w absent: ones */
	const double *host_y, *host_w;
	void *own; /* the trainer's */
	bool host; /* the rows are read in place */
	bnk_buffer lent[3];
	bnk_view room[3]; /* x, y, w on a device with its own memory */
} bn_lane;

typedef struct bn_lanes {
	bn_lane lane[BN_LANES_MAX];
	size_t count;
} bn_lanes;

/* lane_bytes: what the caller allocates for each lane, besides the tile; the number of lanes keeps
 * the total within 256 MiB, but is at least one. Release it also after an error. */
int bn_lanes_open(bn_lanes *l, const bnk_target *target, int threads, const bn_rows_facts *rows,
	size_t lane_bytes, bn_err *err);
void bn_lanes_close(bn_lanes *l);

/* Sum of the weights of the current tile. */
double bn_lane_weight(const bn_lane *l);

/* Sums the lane's tile into sum: queued, downloaded. A bnk_status. Called from several threads,
 * each with its own lane. A value that is not finite must make the sum not finite: rows are only
 * examined if a sum is not. */
typedef int (*bn_tile_sum)(void *self, bn_lane *lane, double *sum);

/* *root: the sum over all rows and processes, borrowed from the tree until it is cleared or summed
 * into again. what: for messages. */
int bn_tiles_sum(const double **root, bn_tree *tree, bn_rows *rows, bn_lanes *lanes,
	bn_tile_sum sum, void *self, const bn_reduce *reduce, const char *what, bn_err *err);

#endif
