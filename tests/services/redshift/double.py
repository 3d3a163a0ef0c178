"""The double itself: a server that speaks as Redshift does, before a database of a PostgreSQL server."""
import itertools
import pathlib
import socket
import sys
import threading
import urllib.parse

from .backend import Backend
from ..service import Service
from .faults import Faults
from .session import Session
from .settings import OWN_PARAMETERS, own_parameter

_TEMPLATE = "redshift_template"
_names = itertools.count(1)
_making_databases = threading.Lock()


class RedshiftDouble(Service):
    """A running double as a context manager, over a PostgresServer and, for COPY, an S3Server.

    `host`, `port`, `url` lead to it. `statements` is the list of all (connection number, SQL) in order,
    `refusals` of all (connection number, SQL, message). `failed_logins` counts wrong passwords.
    """

    host = "127.0.0.1"
    iam_role = "arn:aws:iam::123456789012:role/lyceum-copy"

    def __init__(self, postgres, s3=None, *, user="lyceum", password="Secret-1", database="dev",
                 authentication="md5", iam_roles=None, port=0):
        """`authentication` is 'md5' or 'password' (cleartext). The first of `iam_roles` is the default one."""
        self.postgres = postgres
        self.s3 = s3
        self.user = user
        self.password = password
        self.database = database
        self.authentication = authentication
        self.iam_roles = list(iam_roles or [self.iam_role])
        self.user_arn = f"arn:aws:redshift:us-east-1:123456789012:dbuser:double/{user}"
        self.backend_database = f"redshift_{next(_names)}"
        self.faults = Faults()
        self.statements = []
        self.refusals = []
        self.failed_logins = 0
        self.port = port
        self._query_ids = itertools.count(1001)
        self._sessions = set()
        self._lock = threading.Lock()
        self._listener = None
        self._admin = None

    @property
    def url(self):
        password = urllib.parse.quote(self.password, safe="")
        return f"postgresql://{self.user}:{password}@{self.host}:{self.port}/{self.database}"

    @property
    def backend_path(self):
        return f"{self.postgres.socket_directory}/.s.PGSQL.{self.postgres.port}"

    def start(self):
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 20000))  # expressions are read by recursion
        self._create_database()
        self._admin = Backend(self.backend_path, {"user": self.postgres.superuser, "database": self.backend_database})
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for connections
            self._listener.close()
            self._listener = None
        self.cut_connections()
        if self._admin is not None:
            self._admin.close()
            self._admin = None

    def inject(self, kind, **options):
        """Asks for a fault (see faults.py for kinds and options) and returns it."""
        return self.faults.add(kind, **options)

    def clear_faults(self):
        self.faults.clear()

    def cut_connections(self):
        """Cuts all clients off at once, as a restart of the cluster does; what was open is rolled back."""
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close()

    def connections(self):
        """How many clients are connected now."""
        with self._lock:
            return len(self._sessions)

    def next_query_id(self):
        return next(self._query_ids)

    def admin(self, sql):
        """Runs SQL behind the double's back, as PostgreSQL's superuser; returns rows as lists of text."""
        with self._lock:
            return self._admin.ask(sql)

    def record_load_error(self, query_id, backend, command, table_id, started, error):
        column = error.column
        self._record("load_errors", query_id, _pid(backend), table_id, str(command.table), started, error.file_name,
                     error.line, column.name if column else "", column.base if column else "",
                     str(column.numbers[0]) if column and column.numbers else "", 0, error.code, error.explained)

    def record_load(self, query_id, backend, command, started, load):
        from .load import now
        for url, size, _, rows in load.files:
            self._record("loads", query_id, _pid(backend), str(command.table), started, now(), url, size, rows)

    def _record(self, table, *values):
        spelled = ", ".join(_literal(str(value)) for value in values)
        self.admin(f"INSERT INTO redshift_double.{table} VALUES ({spelled})")

    def _create_database(self):
        """Makes the double's database as a copy of one that has the shims, which is made once per server."""
        superuser = {"user": self.postgres.superuser, "database": "postgres"}
        admin = Backend(self.backend_path, superuser)
        try:
            with _making_databases:
                if not admin.ask(f"SELECT 1 FROM pg_database WHERE datname = '{_TEMPLATE}'"):
                    admin.ask(f"CREATE DATABASE {_TEMPLATE}")
                    shims = Backend(self.backend_path, {**superuser, "database": _TEMPLATE})
                    shims.ask((pathlib.Path(__file__).parent / "shims.sql").read_text())
                    shims.close()
                if not admin.ask(f"SELECT 1 FROM pg_roles WHERE rolname = {_literal(self.user)}"):
                    admin.ask(f"CREATE ROLE {_quoted(self.user)} LOGIN")
                admin.ask(f"CREATE DATABASE {self.backend_database} TEMPLATE {_TEMPLATE} OWNER {_quoted(self.user)}")
            for name, value in OWN_PARAMETERS.items():
                admin.ask(f"ALTER DATABASE {self.backend_database} SET {own_parameter(name)} = '{value}'")
        finally:
            admin.close()

    def _accept(self):
        listener = self._listener
        for number in itertools.count(1):
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(self, connection, number)
            with self._lock:
                self._sessions.add(session)
            threading.Thread(target=self._serve, args=(session,), daemon=True).start()

    def _serve(self, session):
        try:
            session.serve()
        finally:
            with self._lock:
                self._sessions.discard(session)


def _literal(value):
    return "'" + value.replace("'", "''") + "'"


def _quoted(name):
    return '"' + name.replace('"', '""') + '"'


def _pid(backend):
    return int.from_bytes(backend.key[:4], "big")
