"""boto3 beside core/remote, for tests/peers/s3.sh.

    s3_clients.py make DIRECTORY           10 000 files of 4 KB in DIRECTORY/small, 4 of 64 MiB in DIRECTORY/large
    s3_clients.py bucket ENDPOINT NAME     makes a bucket
    s3_clients.py check ENDPOINT NAME      each object of a pushed workspace has the SHA-256 that its key says, and no
                                           upload is unfinished; prints how many objects there are
    s3_clients.py put|get DIRECTORY ENDPOINT NAME PREFIX   with 16 threads
"""
import concurrent.futures
import hashlib
import os
import random
import sys

import boto3
import botocore.config
from boto3.s3.transfer import TransferConfig


def client(endpoint):
    config = botocore.config.Config(
        max_pool_connections=32,
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=config)


def make(directory):
    draw = random.Random(7)
    for kind, count, size in (("small", 10000, 4000), ("large", 4, 64 << 20)):
        os.makedirs(f"{directory}/{kind}", exist_ok=True)
        for i in range(count):
            with open(f"{directory}/{kind}/{i:05d}", "wb") as f:
                f.write(draw.randbytes(size))


def keys(s3, bucket, prefix=""):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            yield item["Key"]


def check(endpoint, bucket):
    s3 = client(endpoint)
    count = 0
    for key in keys(s3, bucket):
        if "/objects/" not in key:
            continue
        digest = hashlib.sha256(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest()
        if digest != key[-65:].replace("/", ""):
            sys.exit(f"{key} holds {digest}")
        count += 1
    uploads = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    if uploads:
        sys.exit(f"{len(uploads)} unfinished uploads")
    print(count)


def copy(verb, directory, endpoint, bucket, prefix):
    s3 = client(endpoint)
    config = TransferConfig(multipart_threshold=16 << 20, multipart_chunksize=16 << 20, max_concurrency=4)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        if verb == "put":
            work = [
                pool.submit(s3.upload_file, f"{directory}/{n}", bucket, f"{prefix}/{n}", Config=config)
                for n in sorted(os.listdir(directory))
            ]
        else:
            work = [
                pool.submit(s3.download_file, bucket, k, f"{directory}/{k.split('/')[-1]}", Config=config)
                for k in keys(s3, bucket, prefix + "/")
            ]
        for done in work:
            done.result()


verb, args = sys.argv[1], sys.argv[2:]
if verb == "make":
    make(*args)
elif verb == "bucket":
    client(args[0]).create_bucket(Bucket=args[1])
elif verb == "check":
    check(*args)
else:
    copy(verb, *args)
