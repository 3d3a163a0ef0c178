"""A small SQL client for tests: one connection to PostgreSQL or to the double of Redshift."""
import hashlib
import socket
import struct
import urllib.parse

from .redshift import wire


class SqlError(Exception):
    """An error of the server: `sqlstate`, `message`, `detail` or None."""

    def __init__(self, fields):
        self.sqlstate = fields.get("C")
        self.message = fields.get("M")
        self.detail = fields.get("D")
        super().__init__(f"{self.sqlstate} {self.message}")


class SqlClient:
    """Use as a context manager or close it. Values are text, None for NULL. For one thread at a time."""

    def __init__(self, url, timeout_seconds=30, **parameters):
        """`parameters` go into the first message, as libpq's application_name and client_encoding do."""
        parts = urllib.parse.urlparse(url)
        self._user = urllib.parse.unquote(parts.username)
        self._password = urllib.parse.unquote(parts.password or "")
        self.stream = wire.Stream(socket.create_connection((parts.hostname, parts.port), timeout_seconds))
        self._address = (parts.hostname, parts.port)
        self._key = b""
        self.reported = {}
        self.notices = []
        self.tag = None
        self.columns = []
        self.status = "I"
        startup = {"user": self._user, "database": parts.path[1:], **parameters}
        self.stream.send(wire.startup_message(startup))
        try:
            self._log_in()
        except BaseException:
            self.stream.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.stream.send(wire.message(b"X"))
        except wire.Disconnected:
            pass
        self.stream.close()

    def query(self, sql):
        """Runs one simple query and returns its rows. Raises SqlError, or wire.Disconnected."""
        self.stream.send(wire.query(sql))
        return self._answer()

    def execute(self, sql, *values):
        """The same through Parse, Bind, Describe, Execute and Sync, as PQexecParams does it."""
        bind = b"\0\0" + struct.pack("!HH", 0, len(values))
        for value in values:
            encoded = None if value is None else str(value).encode()
            bind += struct.pack("!i", -1) if encoded is None else struct.pack("!i", len(encoded)) + encoded
        bind += struct.pack("!H", 0)
        self.stream.send(wire.message(b"P", b"\0" + wire.text(sql) + struct.pack("!H", 0)) + wire.message(b"B", bind)
                         + wire.message(b"D", b"P\0") + wire.message(b"E", b"\0" + struct.pack("!I", 0))
                         + wire.message(b"S"))
        return self._answer()

    def cancel(self):
        """Asks the server to end the statement that runs now; may be called from another thread."""
        with socket.create_connection(self._address, 5) as connection:
            connection.sendall(struct.pack("!II", 8 + len(self._key), wire.CANCEL_REQUEST) + self._key)
            connection.recv(1)

    def value(self, sql):
        """The only value of the only row."""
        (row,) = self.query(sql)
        (value,) = row
        return value

    def _log_in(self):
        while True:
            kind, payload = self.stream.read()
            if kind == b"E":
                raise SqlError(wire.read_fields(payload))
            if kind == b"R":
                self._authenticate(payload)
            elif kind == b"S":
                self._note_parameter(payload)
            elif kind == b"K":
                self._key = payload
            elif kind == b"Z":
                return

    def _authenticate(self, payload):
        method = int.from_bytes(payload[:4], "big")
        if method == 3:
            self.stream.send(wire.message(b"p", wire.text(self._password)))
        elif method == 5:
            inner = hashlib.md5((self._password + self._user).encode()).hexdigest()
            answer = "md5" + hashlib.md5(inner.encode() + payload[4:8]).hexdigest()
            self.stream.send(wire.message(b"p", wire.text(answer)))

    def _note_parameter(self, payload):
        name, value = payload.split(b"\0")[:2]
        self.reported[name.decode()] = value.decode()

    def _answer(self):
        rows, error, self.tag, self.columns = [], None, None, []
        while True:
            kind, payload = self.stream.read()
            if kind == b"D":
                rows.append(wire.row_values(payload))
            elif kind == b"T":
                self.columns = _column_names(payload)
            elif kind == b"C":
                self.tag = payload[:-1].decode()
            elif kind == b"E":
                error = SqlError(wire.read_fields(payload))
            elif kind == b"N":
                self.notices.append(wire.read_fields(payload)["M"])
            elif kind == b"S":
                self._note_parameter(payload)
            elif kind == b"Z":
                self.status = payload.decode()
                if error:
                    raise error
                return rows


def _column_names(payload):
    names, at = [], 2
    for _ in range(int.from_bytes(payload[:2], "big")):
        end = payload.index(b"\0", at)
        names.append(payload[at:end].decode())
        at = end + 19
    return names
