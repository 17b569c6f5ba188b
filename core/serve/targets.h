/*
 * targets.h - the servers of a workspace as a file of Prometheus' file-based service discovery (file_sd).
 *
 * A JSON array with an object for each server that is reached by TCP:
 *	{"targets": ["127.0.0.1:8420"],
 *	 "labels": {"workspace": "power", "endpoint": "3f9a61c2d07e", "serves": "power/3", "host": "n12", "user": "ann"}}
 * The labels model and version are not among them: a server's own samples have them, and would be renamed. A server
 * with TLS has __scheme__ "https". __meta_binnacle_model and __meta_binnacle_version, of a server of one model, are for
 * relabelling.
 *
 * A scraper sends its token to every target, and any member of a workspace may write that a server is somewhere. So only
 * the reader's own servers are listed, unless those of all members (core/govern/members.h) are asked for.
 *
 * Listed are servers that run, and those that disappeared without notice (LOST) within lost_ms, so that `up` is 0 and an
 * alert can fire; one that was stopped is not. Left out, and counted: servers on a Unix socket alone, and those on the
 * loopback of another host. The order is that of the ids, so equal states give equal bytes.
 */
#ifndef BN_SERVE_TARGETS_H
#define BN_SERVE_TARGETS_H
#include "core/serve/endpoint.h"

typedef struct bn_targets_counts {
	size_t listed;
	size_t lost;         /* of those */
	size_t on_sockets;   /* left out */
	size_t on_loopbacks; /* left out: of other hosts */
	size_t of_others;    /* left out: of other users */
} bn_targets_counts;

typedef struct bn_targets_options {
	const char *workspace; /* the label */
	int64_t lost_ms;
	bool all_users;
} bn_targets_options;

/* Appends the text to out. */
int bn_targets_write(bn_buf *out, bn_targets_counts *counts, bn_workspace *ws,
	const bn_targets_options *options, bn_err *err);

#endif
