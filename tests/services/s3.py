"""An S3 store for tests: moto's server in a process of its own, on a loopback port."""
import atexit
import importlib.util
import os
import signal
import subprocess
import sys

from . import service
from .service import ServiceAbsent


class S3Server:
    """A running store as a context manager.

    `endpoint` is its URL, `host_port` the same without scheme. It does not check signatures; any
    `access_key` and `secret_key` do, these are what `client()` uses.
    """

    access_key = "lyceum-test-key"
    secret_key = "lyceum-test-secret"
    region = "us-east-1"

    def __init__(self):
        self._process = None
        self._client = None
        self.port = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def host_port(self):
        return f"127.0.0.1:{self.port}"

    @property
    def endpoint(self):
        return f"http://{self.host_port}"

    def start(self):
        for module, package in (("moto", "moto[server]"), ("boto3", "boto3"), ("flask", "moto[server]")):
            if importlib.util.find_spec(module) is None:
                raise ServiceAbsent(f"Python package {package} is not installed (tests/services/requirements.txt)")
        atexit.register(self.stop)
        for attempt in range(5):
            self.port = service.free_port()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                env={**os.environ, "MOTO_S3_DEFAULT_MAX_KEYS": "1000"}, start_new_session=True)
            try:
                service.wait_until(lambda: service.answers(self.port), self._process, "the S3 server")
                return
            except RuntimeError:
                self.stop()
                if attempt == 4:
                    raise

    def stop(self):
        atexit.unregister(self.stop)
        if self._process is not None:
            service.end(self._process, signal.SIGTERM, timeout_seconds=3)
            self._process = None

    def client(self):
        """A boto3 client of the store, one for all callers: it is safe to share between threads."""
        if self._client is None:
            import boto3
            import botocore.config
            self._client = boto3.client(
                "s3", endpoint_url=self.endpoint, region_name=self.region, aws_access_key_id=self.access_key,
                aws_secret_access_key=self.secret_key,
                config=botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, proxies={}))
        return self._client

    def make_bucket(self, bucket):
        self.client().create_bucket(Bucket=bucket)

    def put(self, bucket, key, body):
        """Stores bytes, or text as UTF-8; returns the number of bytes."""
        content = body.encode() if isinstance(body, str) else body
        self.client().put_object(Bucket=bucket, Key=key, Body=content)
        return len(content)

    def get(self, bucket, key):
        """The object's bytes, or None if there is no such bucket or key."""
        from botocore.exceptions import ClientError
        try:
            return self.client().get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket", "404"):
                return None
            raise

    def delete(self, bucket, key):
        self.client().delete_object(Bucket=bucket, Key=key)

    def list(self, bucket, prefix=""):
        """All keys below the prefix in order; [] if there is no such bucket."""
        from botocore.exceptions import ClientError
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        try:
            return [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                return []
            raise
