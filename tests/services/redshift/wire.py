"""PostgreSQL's wire protocol, version 3: messages, and the streams they come in."""
import socket
import struct

PROTOCOL_3 = 196608
SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102

_CHUNK_BYTES = 262144


class Disconnected(Exception):
    """The other side is gone."""


def message(kind, payload=b""):
    return kind + struct.pack("!I", len(payload) + 4) + payload


def text(value):
    return value.encode() + b"\0"


def fields_message(kind, fields):
    """An ErrorResponse (E) or NoticeResponse (N) from {code letter: text}."""
    body = b"".join(code.encode() + text(value) for code, value in fields.items()) + b"\0"
    return message(kind, body)


def error_fields(refusal, severity="ERROR"):
    fields = {"S": severity, "C": refusal.sqlstate, "M": refusal.message}
    if refusal.detail:
        fields["D"] = refusal.detail
    return fields


def read_fields(payload):
    fields = {}
    for part in payload.split(b"\0"):
        if part:
            fields[chr(part[0])] = part[1:].decode(errors="replace")
    return fields


def command_complete(tag):
    return message(b"C", text(tag))


def ready(status):
    return message(b"Z", status.encode())


def parameter_status(name, value):
    return message(b"S", text(name) + text(value))


def query(sql):
    return message(b"Q", text(sql))


def row_values(payload):
    """The columns of a DataRow in text format; None is NULL."""
    count, at, values = struct.unpack_from("!H", payload)[0], 2, []
    for _ in range(count):
        size = struct.unpack_from("!i", payload, at)[0]
        at += 4
        values.append(None if size < 0 else payload[at:at + size].decode())
        at += max(size, 0)
    return values


def startup_message(parameters):
    body = struct.pack("!I", PROTOCOL_3)
    body += b"".join(text(name) + text(value) for name, value in parameters.items()) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


class Stream:
    """A socket with a buffer of what has come and was not yet read. For one thread at a time."""

    def __init__(self, connection):
        self.socket = connection
        self.buffer = b""

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            raise Disconnected from None

    def fill(self):
        """Waits for more bytes."""
        try:
            more = self.socket.recv(_CHUNK_BYTES)
        except OSError:
            raise Disconnected from None
        if not more:
            raise Disconnected
        self.buffer = self.buffer + more if self.buffer else more

    def take(self, size):
        while len(self.buffer) < size:
            self.fill()
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def read(self):
        """The next message as (kind, payload)."""
        head = self.take(5)
        return head[:1], self.take(int.from_bytes(head[1:], "big") - 4)

    def read_startup(self):
        """The code and the rest of a message without a kind."""
        size = int.from_bytes(self.take(4), "big")
        if not 8 <= size <= 10000:
            raise Disconnected
        body = self.take(size - 4)
        return int.from_bytes(body[:4], "big"), body[4:]

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


def connect_unix(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return Stream(connection)
