/* queue.c - see _queue.h. */
#include "tui/views/runs/_queue.h"

#include "tui/views/views.h"

#include <stdio.h>
#include <string.h>

int64_t bn_queue_place(const bn_queue *q, const char *run)
{
	for (size_t i = 0; q && i < q->count; i++)
		if (strcmp(q->items[i].run, run) == 0)
			return q->items[i].position;
	return 0;
}

static const bn_queue_item *first_in_line(const bn_queue *q)
{
	for (size_t i = 0; i < q->count; i++)
		if (q->items[i].position == 1)
			return &q->items[i];
	return NULL;
}

void bn_queue_line(bn_area *a, const bn_queue *q)
{
	if (!q || a->rows < 5 || (q->waiting == 0 && q->paused_ms < 0))
		return;
	const bn_queue_item *first = first_in_line(q);
	bn_ink ink = q->paused_ms >= 0 ? BN_INK_WARN : BN_INK_DIM;
	int row = a->rows - 1;
	int col = bn_area_textf(*a, row, 1, ink, "queue%s: %zu waiting, %lld running",
		q->paused_ms >= 0 ? " (paused)" : "", q->waiting, (long long)q->used.at_once);
	if (first && q->paused_ms < 0 && first->reason[0])
		bn_area_textf(*a, row, col, BN_INK_DIM, "; %s: %s", first->name, first->reason);
	a->rows--;
}

bool bn_queue_command(bn_view *view, bn_command_id id)
{
	if (id == BN_CMD_QUEUE_PAUSE)
		bn_view_do(view, BN_ACTION_QUEUE_PAUSE, "queue", NULL, false);
	else if (id == BN_CMD_QUEUE_RESUME)
		bn_view_do(view, BN_ACTION_QUEUE_RESUME, "queue", NULL, false);
	else
		return false;
	return true;
}

bool bn_queue_refuses(const bn_queue *q, bn_command_id id, char *why, size_t size)
{
	bool paused = q && q->paused_ms >= 0;
	if (id == BN_CMD_QUEUE_PAUSE && paused)
		snprintf(why, size, "the queue is paused already");
	else if (id == BN_CMD_QUEUE_RESUME && !paused)
		snprintf(why, size, "the queue is not paused");
	else
		return false;
	return true;
}
