"""An S3 on loopback, in a process of its own, with one bucket, and a line to it that a test may cut."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from tests.support.line import Line
from tests.support.ports import free_port
from tests.support.waiting import wait_for

BUCKET, PREFIX = "shelfwise", "production"


@dataclass(frozen=True)
class Bucket:
    """A bucket: how the service is told of it, and what lies in it."""

    line: Line
    client: Any  # boto3's, which carries no types

    @property
    def url(self) -> str:
        """What SHELFWISE_STORE_URL says."""
        return f"s3://{BUCKET}/{PREFIX}"

    @property
    def environment(self) -> dict[str, str]:
        """What else a process must be told to find it."""
        return {
            "AWS_ENDPOINT": f"http://127.0.0.1:{self.line.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "shelfwise",
            "AWS_SECRET_ACCESS_KEY": "of-nobody",
        }

    def keys(self, folder: str = "") -> set[str]:
        """The keys that lie in the service's part of the bucket, below a folder of it."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{PREFIX}/{folder}")
        return {found["Key"].removeprefix(f"{PREFIX}/") for page in pages for found in page.get("Contents", ())}

    def parts(self, key: str) -> int:
        """In how many parts an object has come."""
        head = self.client.head_object(Bucket=BUCKET, Key=f"{PREFIX}/{key}", PartNumber=1)
        return int(head.get("PartsCount", 1))

    def unfinished(self) -> list[str]:
        """The keys of uploads in parts that were neither completed nor given up."""
        return [each["Key"] for each in self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ())]


@contextmanager
def running_s3(log: Path) -> Iterator[Bucket]:
    """Run a server, and end it with the block. All that is stored goes with it."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written, env=os.environ | {"MOTO_PORT": str(port)})
        try:
            wait_for(lambda: process.poll() is not None or _answers(port), 60, "the S3 server")
            assert process.poll() is None, log.read_text()[-3000:]
            client = boto3.client(
                "s3",
                endpoint_url=f"http://127.0.0.1:{port}",
                region_name="us-east-1",
                aws_access_key_id="shelfwise",
                aws_secret_access_key="of-nobody",
                config=Config(proxies={}),
            )
            client.create_bucket(Bucket=BUCKET)
            line = Line(port)
            try:
                yield Bucket(line, client)
            finally:
                line.close()
                client.close()
        finally:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/moto-api/", trust_env=False).is_success
    except httpx.TransportError:
        return False
