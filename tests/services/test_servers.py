"""The servers that tests start: PostgreSQL and S3."""
import os
import socket
import tempfile
import unittest
from unittest import mock

from services import postgres, s3, service
from services.client import SqlClient
from services.double_case import servers
from services.service import ServiceAbsent


class Postgres(unittest.TestCase):
    def setUp(self):
        try:
            self.server, self.store = servers()
        except ServiceAbsent as absent:
            self.skipTest(str(absent))

    def test_both_ways_in(self):
        url = self.server.create_database("some")
        with SqlClient(url) as client:
            self.assertEqual(client.value("SELECT current_database()"), "some")
            self.assertEqual(client.value("SHOW max_connections"), "100")
            self.assertTrue(client.value("SHOW server_version").startswith(("15", "16", "17")))
        self.assertEqual(self.server.execute("some", "SELECT 1"), "1\n")
        self.assertTrue(os.path.exists(f"{self.server.socket_directory}/.s.PGSQL.{self.server.port}"))

    def test_errors_are_told(self):
        with self.assertRaises(RuntimeError) as caught:
            self.server.execute("postgres", "SELECT gone")
        self.assertIn('column "gone" does not exist', str(caught.exception))

    def test_nothing_stays_behind(self):
        with postgres.PostgresServer() as server:
            folder, port = server.socket_directory, server.port
            self.assertTrue(service.answers(port))
        self.assertFalse(os.path.exists(folder))
        self.assertFalse(service.answers(port))

    def test_a_taken_port(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ports = [taken.getsockname()[1], service.free_port()]
            with mock.patch.object(service, "free_port", lambda: ports.pop(0)), postgres.PostgresServer() as server:
                self.assertEqual(ports, [])
                self.assertTrue(service.answers(server.port))

    def test_absent(self):
        with mock.patch.object(postgres, "_PLACES", ()), mock.patch.dict(os.environ, {"PATH": tempfile.gettempdir()}):
            with self.assertRaises(ServiceAbsent) as caught:
                postgres.PostgresServer().start()
        self.assertEqual(str(caught.exception), "PostgreSQL's server is not installed (Debian: postgresql-15)")


class S3(unittest.TestCase):
    def setUp(self):
        try:
            _, self.store = servers()
        except ServiceAbsent as absent:
            self.skipTest(str(absent))

    def test_objects(self):
        self.store.make_bucket("lyceum-objects")
        self.assertEqual(self.store.put("lyceum-objects", "dt=1/a b.txt", "ä"), 2)
        self.store.put("lyceum-objects", "dt=2/c.txt", b"x")
        self.assertEqual(self.store.get("lyceum-objects", "dt=1/a b.txt"), "ä".encode())
        self.assertEqual(self.store.list("lyceum-objects"), ["dt=1/a b.txt", "dt=2/c.txt"])
        self.assertEqual(self.store.list("lyceum-objects", "dt=2"), ["dt=2/c.txt"])
        self.store.delete("lyceum-objects", "dt=2/c.txt")
        self.assertIsNone(self.store.get("lyceum-objects", "dt=2/c.txt"))
        self.assertIsNone(self.store.get("lyceum-none", "a"))
        self.assertEqual(self.store.list("lyceum-none"), [])

    def test_absent(self):
        with mock.patch.object(s3.importlib.util, "find_spec", lambda name: None):
            with self.assertRaises(ServiceAbsent) as caught:
                s3.S3Server().start()
        self.assertEqual(str(caught.exception),
                         "Python package moto[server] is not installed (tests/services/requirements.txt)")


if __name__ == "__main__":
    unittest.main()
