"""The warehouses that every conformance test runs on, and what is special about each."""
import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))
sys.path.insert(0, str(TESTS / "scenarios"))

from services.postgres import PostgresServer  # noqa: E402
from services.postgres_proxy import PostgresProxy  # noqa: E402
from services.redshift.double import RedshiftDouble  # noqa: E402
from services.s3 import S3Server  # noqa: E402
from services.service import ServiceAbsent  # noqa: E402


class Servers:
    """Starts each server once, when a test first needs it, and ends all together."""

    def __init__(self):
        self._running = {}
        self._databases = 0

    def get(self, kind):
        if kind not in self._running:
            server = kind()
            try:
                server.start()
            except ServiceAbsent as absent:
                # Never passed: a test without its server is skipped, and says so.
                server = absent
                print(f"NOT RUN: {absent}", file=sys.stderr)
            self._running[kind] = server
        if isinstance(self._running[kind], ServiceAbsent):
            raise unittest.SkipTest(f"NOT RUN: {self._running[kind]}")
        return self._running[kind]

    def new_database(self):
        self._databases += 1
        return f"w{self._databases}"

    def stop(self):
        for server in self._running.values():
            if not isinstance(server, ServiceAbsent):
                server.stop()
        self._running.clear()


SERVERS = Servers()


class DuckDb:
    """A file. One process writes, so a second loader is sent away, and there is no connection to cut."""

    name = "duckdb"
    has_connections = False
    waits_for_others = False

    def __init__(self, folder):
        self.database = folder / "warehouse.duckdb"
        self.environment = {}

    @property
    def url(self):
        return f"duckdb:{self.database}"

    def create_table(self, name):
        import duckdb
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(f"CREATE TABLE {name} AS SELECT 42 AS mine")

    def close(self):
        pass


class Postgres:
    name = "postgresql"
    has_connections = True
    waits_for_others = True

    def __init__(self, _folder):
        server = SERVERS.get(PostgresServer)
        self.database = database = SERVERS.new_database()
        # Words in another order than bytes, another zone, another form of dates: none of it may matter.
        server.execute("postgres", f"""
            CREATE DATABASE {database} LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' TEMPLATE template0;
            ALTER DATABASE {database} SET timezone TO 'Asia/Kolkata';
            ALTER DATABASE {database} SET datestyle TO 'German, DMY';
            ALTER DATABASE {database} SET extra_float_digits TO 0;""")
        self.execute = lambda sql: server.execute(database, sql)
        self._proxy = PostgresProxy(server, database)
        self._proxy.start()
        self.environment = {}
        self.inject = self._proxy.inject
        self.clear_faults = self._proxy.clear_faults
        self.statements = self._proxy.statements
        self.refusals = []

    @property
    def url(self):
        return self._proxy.url

    def create_table(self, name):
        self.execute(f"CREATE TABLE public.{name} AS SELECT 42 AS mine")

    def close(self):
        self._proxy.stop()


class Redshift:
    """The double of Redshift, with the double of S3."""

    name = "redshift"
    has_connections = True
    waits_for_others = True
    bucket = "lake"

    def __init__(self, _folder):
        self.s3 = SERVERS.get(S3Server)
        self._double = RedshiftDouble(SERVERS.get(PostgresServer), self.s3)
        self._double.start()
        client = self.s3.client()
        if self.bucket not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
            client.create_bucket(Bucket=self.bucket)
        self.environment = {"AWS_ACCESS_KEY_ID": self.s3.access_key, "AWS_SECRET_ACCESS_KEY": self.s3.secret_key,
                            "AWS_REGION": self.s3.region, "AWS_ENDPOINT_URL": self.s3.endpoint}
        self.inject = self._double.inject
        self.clear_faults = self._double.clear_faults
        self.statements = self._double.statements
        self.refusals = self._double.refusals
        self.admin = self._double.admin

    @property
    def url(self):
        return (self._double.url.replace("postgresql://", "redshift://")
                + f"?sslmode=disable&stage=s3://{self.bucket}/stage&iam_role={self._double.iam_role}")

    def create_table(self, name):
        self.admin(f"CREATE TABLE public.{name} AS SELECT 42 AS mine")

    def close(self):
        self._double.stop()


ALL = (DuckDb, Postgres, Redshift)
