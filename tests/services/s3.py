"""An S3 store for tests: moto's server in a process of its own, on a loopback port."""
import atexit
import importlib.util
import os
import pathlib
import signal
import subprocess
import sys
import threading

from . import service
from .service import Service, ServiceAbsent


class S3Server(Service):
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
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.s3"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, cwd=pathlib.Path(__file__).resolve().parent.parent, start_new_session=True)
        said = self._process.stdout.readline()  # it says its port when it listens
        if not said:
            self.stop()
            raise RuntimeError("the S3 server ended while it started")
        self.port = int(said)

    def stop(self):
        atexit.unregister(self.stop)
        if self._process is not None:
            self._process.stdin.close()
            self._process.stdout.close()
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


def _serve():
    """Runs in the process of its own: listens, says its port, and ends when standard input does."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)

    def watch():
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve()
