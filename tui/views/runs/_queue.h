/*
 * _queue.h - the local queue (core/launch/queue.h) on the screens of runs. Internal to tui/views.
 */
#ifndef BN_TUI_VIEWS__QUEUE_H
#define BN_TUI_VIEWS__QUEUE_H
#include "core/launch/queue.h"
#include "tui/ui/surface.h"
#include "tui/ui/view.h"
#include "tui/views/source.h"

/* The position of a run in the queue, from 1; 0 if it is not in it. q may be NULL. */
int64_t bn_queue_place(const bn_queue *q, const char *run);
/* Draws one line about the queue at the bottom of a, and removes it from a, if runs are waiting or
 * the queue is paused. q may be NULL. */
void bn_queue_line(bn_area *a, const bn_queue *q);
/* The commands that pause and resume it. False: it is another command. */
bool bn_queue_command(bn_view *view, bn_command_id id);
bool bn_queue_refuses(const bn_queue *q, bn_command_id id, char *why, size_t size);

#endif
