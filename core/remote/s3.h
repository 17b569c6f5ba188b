/*
 * s3.h - an S3 bucket as a remote: how it is spoken to. There is nothing to call here but store.h.
 *
 * Requests are signed here (sigv4.h), with the keys that aws_profile.h finds. The body's SHA-256 is always part of the
 * signature, also over TLS: a server takes no other bytes than those that were hashed. Style: https://BUCKET.HOST/KEY for
 * AWS unless the bucket's name has a dot (no certificate has it), https://HOST/BUCKET/KEY elsewhere.
 *
 * Again. Busy servers (429, 500, 502, 503 SlowDown, 504), lost connections and timeouts are tried again with growing waits, as
 * core/net/client.h says. A server that names another region is asked again for that; one whose clock differs by more
 * than minutes, so that it refuses (RequestTimeTooSkewed), is asked again in its own time, once; the error names the
 * difference.
 *
 * Put if absent. A PUT carries If-None-Match: *, which AWS, MinIO and Ceph's radosgw (16.2, tried) decide atomically;
 * a server that answers 501 is asked by HEAD instead, which is a moment earlier. For an upload in parts radosgw 16
 * ignores it, so HEAD is asked before, and AWS decides at the end.
 *
 * Parts. Above part_bytes a put is an upload in parts, several at a time. An interrupted one stays on the server: the
 * next put of the same key with a known SHA-256 looks for it (ListMultipartUploads), and sends only the parts that are not there
 * (ListParts) with the same size and MD5: the ETag of a part, where the server does not encrypt. What is never
 * continued stays, as with every client, until a lifecycle rule (AbortIncompleteMultipartUpload) removes it.
 *
 * Not done: server-side encryption settings, storage classes, versions of keys, ACLs, batch deletion.
 */
#ifndef BN_REMOTE_S3_H
#define BN_REMOTE_S3_H

#define BN_S3_PART_BYTES ((uint64_t)16 << 20)
#define BN_S3_LEAST_PART_BYTES ((uint64_t)5 << 20)
#define BN_S3_PARTS_MAX 10000

#endif
