"""An S3 server on 127.0.0.1, and what is in its buckets."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.server import ThreadedMotoServer

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "someone", "AWS_SECRET_ACCESS_KEY": "not-to-be-shown"}


@contextmanager
def serve() -> Iterator[str]:
    """Give the address of a server that is empty."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


def read_all(address: str, bucket: str) -> dict[str, bytes]:
    """Read all objects of a bucket, by their keys."""
    place = _open(address).Bucket(bucket)
    return {entry.key: entry.get()["Body"].read() for entry in place.objects.all()}


def write(address: str, bucket: str, key: str, content: bytes) -> None:
    """Write an object into a bucket, which is made where it lacks."""
    place = _open(address)
    place.create_bucket(Bucket=bucket)
    place.Object(bucket, key).put(Body=content)


def _open(address: str):  # type: ignore[no-untyped-def]
    return boto3.resource(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
