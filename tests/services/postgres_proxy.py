"""A proxy before PostgreSQL that cuts and delays connections when a test asks for it."""
import itertools
import socket
import threading
import time

from .redshift import wire
from .redshift.faults import Faults
from .service import Service

_STRIKES = ("drop_before", "drop_after", "drop_before_commit", "drop_after_commit", "delay_commit", "slow")


class PostgresProxy(Service):
    """A running proxy as a context manager. `url` leads through it to a database of a PostgresServer.

    `inject(kind, **options)` asks for a fault, as with the double of Redshift; `statements` is the list of
    all (connection number, SQL) in order.
    """

    host = "127.0.0.1"

    def __init__(self, postgres, database):
        self.postgres = postgres
        self.database = database
        self.faults = Faults()
        self.statements = []
        self._listener = None

    def start(self):
        self._listener = socket.create_server((self.host, 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self._listener.close()

    @property
    def url(self):
        port = self._listener.getsockname()[1]
        return f"postgresql://{self.postgres.superuser}@{self.host}:{port}/{self.database}?sslmode=disable"

    def inject(self, kind, **options):
        if kind not in _STRIKES:
            raise ValueError(f"the proxy knows no fault '{kind}'")
        return self.faults.add(kind, **options)

    def clear_faults(self):
        self.faults.clear()

    def _accept(self):
        for number in itertools.count(1):
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_Relay(self, connection, number).serve, daemon=True).start()


class _Cut(Exception):
    """A fault ends the connection."""


class _Relay:
    """One connection, in one thread: a client's request goes on, then the server's answer comes back."""

    def __init__(self, proxy, connection, number):
        self.proxy = proxy
        self.number = number
        self.client = wire.Stream(connection)
        path = f"{proxy.postgres.socket_directory}/.s.PGSQL.{proxy.postgres.port}"
        self.server = wire.connect_unix(path)

    def serve(self):
        try:
            code, body = self.client.read_startup()
            if code in (wire.SSL_REQUEST, wire.GSS_REQUEST):
                self.client.send(b"N")
                code, body = self.client.read_startup()
            self.server.send((len(body) + 8).to_bytes(4, "big") + code.to_bytes(4, "big") + body)
            if code == wire.CANCEL_REQUEST:
                return
            self._answer()
            while True:
                kind, payload = self.client.read()
                faults = self._faults(kind, payload)
                self.server.send(wire.message(kind, payload))
                if kind in (b"Q", b"S", b"c", b"f"):
                    self._answer(silent=bool(faults))
                    if faults and kind == b"Q":
                        for fault in faults:
                            fault.done.set()
                        raise _Cut
        except (_Cut, wire.Disconnected, OSError):
            pass
        finally:
            self.client.close()
            self.server.close()

    def _faults(self, kind, payload):
        """Lets faults strike that come before a statement; returns those that come after it."""
        if kind not in (b"Q", b"P"):
            return []
        sql = payload.split(b"\0")[0 if kind == b"Q" else 1].decode(errors="replace")
        self.proxy.statements.append((self.number, sql))
        later = []
        for fault in self.proxy.faults.striking(sql):
            if fault.kind == "slow":
                time.sleep(fault.seconds)
            elif fault.kind in ("drop_before", "drop_before_commit"):
                fault.done.set()
                raise _Cut
            elif fault.kind == "delay_commit":
                self.client.close()
                time.sleep(fault.seconds)
                self.server.send(wire.message(kind, payload))
                self._answer(silent=True)
                fault.done.set()
                raise _Cut
            else:
                later.append(fault)
        return later

    def _answer(self, silent=False):
        """Passes the server's messages on until it waits for the client again."""
        while True:
            kind, payload = self.server.read()
            if not silent:
                self.client.send(wire.message(kind, payload))
            if kind in (b"Z", b"G"):
                return
