"""Runs the double until it is interrupted, for experiments by hand: python3 -m services.redshift"""
import argparse
import signal
import threading

from ..postgres import PostgresServer
from ..s3 import S3Server
from . import RedshiftDouble


def main():
    parser = argparse.ArgumentParser(prog="python3 -m services.redshift", description=__doc__)
    parser.add_argument("--port", type=int, default=5439, help="port of the double (default 5439, as Redshift's)")
    parser.add_argument("--user", default="lyceum")
    parser.add_argument("--password", default="Secret-1")
    parser.add_argument("--database", default="dev")
    parser.add_argument("--bucket", default="lyceum", help="a bucket to make in the S3 store")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with PostgresServer() as postgres, S3Server() as s3:
        s3.make_bucket(options.bucket)
        with RedshiftDouble(postgres, s3, user=options.user, password=options.password, database=options.database,
                            port=options.port) as double:
            print(f"redshift  {double.url}\nIAM role  {double.iam_role}\nS3        {s3.endpoint} (bucket "
                  f"{options.bucket}, key {s3.access_key}, secret {s3.secret_key})", flush=True)
            stop.wait()


if __name__ == "__main__":
    main()
