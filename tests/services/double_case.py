"""The base of tests that talk to the double: its servers, started once per test program."""
import sys
import unittest

from services.client import SqlClient, SqlError
from services.postgres import PostgresServer
from services.redshift import RedshiftDouble
from services.s3 import S3Server
from services.service import ServiceAbsent

_running = []


def servers():
    """PostgreSQL and S3, running until the test program ends. Raises ServiceAbsent."""
    if not _running:
        for server in (PostgresServer(), S3Server()):
            server.start()
            _running.append(server)
            unittest.addModuleCleanup(_stop, server)
    return _running


def _stop(server):
    _running.remove(server)
    server.stop()


class DoubleCase(unittest.TestCase):
    """Each test has a double with an empty database of its own."""

    maxDiff = None

    def setUp(self):
        try:
            postgres, self.s3 = servers()
        except ServiceAbsent as absent:
            print(f"NOT RUN: {self.id()}, {absent}", file=sys.stderr)
            self.skipTest(str(absent))
        self.double = RedshiftDouble(postgres, self.s3)
        self.double.start()
        self.addCleanup(self.double.stop)
        self.client = self.connect()

    def connect(self, **parameters):
        client = SqlClient(self.double.url, **parameters)
        self.addCleanup(client.close)
        return client

    def refused(self, sql, client=None):
        """Runs a statement that must fail and returns 'SQLSTATE message'."""
        with self.assertRaises(SqlError, msg=sql) as caught:
            (client or self.client).query(sql)
        return str(caught.exception)
