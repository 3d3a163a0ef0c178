"""A proxy before a Spark Connect server that cuts connections when a test asks for it."""
import socket
import threading
import time
from dataclasses import dataclass

from .service import Service


@dataclass
class Cut:
    """Strikes at a statement that holds the text `marker`, `times` times.

    `after_bytes` of the answers still pass; with None not even the statement does. `delay_seconds` lets the
    server work before the connection is cut.
    """

    marker: str
    after_bytes: int | None = None
    times: int = 1
    delay_seconds: float = 0.0
    fired: int = 0


class SparkProxy(Service):
    """A running proxy as a context manager; `url` leads through it. `num_connections` counts what came."""

    def __init__(self, server_port):
        self._server_port = server_port
        self._cuts = []
        self._listener = None
        self._relays = []
        self.num_connections = 0

    @property
    def url(self):
        return f"sc://127.0.0.1:{self._listener.getsockname()[1]}"

    def start(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self._listener.close()
        for relay in self._relays:
            relay.close()

    def cut(self, marker, **options):
        """Asks for a cut; returns it, so that the test can see whether it struck."""
        self._cuts.append(Cut(marker, **options))
        return self._cuts[-1]

    def striking(self, text):
        """The cut that a request's bytes call for."""
        for cut in self._cuts:
            if cut.fired < cut.times and cut.marker.encode() in text:
                cut.fired += 1
                return cut
        return None

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.num_connections += 1
            self._relays.append(_Relay(self, client, self._server_port))


class _Relay:
    """One connection: a thread for each direction."""

    def __init__(self, proxy, client, port):
        self.proxy = proxy
        self.client = client
        self.left = None  # bytes of answers that may still pass
        try:
            self.server = socket.create_connection(("127.0.0.1", port))
        except OSError:
            client.close()
            return
        for connection in (self.client, self.server):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._guarded, args=(self._requests,), daemon=True).start()
        threading.Thread(target=self._guarded, args=(self._answers,), daemon=True).start()

    def close(self):
        for connection in (self.client, getattr(self, "server", None)):
            if connection is not None:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                connection.close()

    def _guarded(self, work):
        try:
            work()
        except OSError:
            pass
        finally:
            self.close()

    def _requests(self):
        tail = b""  # a marker may come in two pieces
        while data := self.client.recv(1 << 16):
            cut = self.proxy.striking(tail + data)
            tail = b"" if cut else (tail + data)[-100:]
            if cut and cut.after_bytes is None:
                return
            if cut:
                self.left = cut.after_bytes
            self.server.sendall(data)
            if cut and cut.delay_seconds:
                time.sleep(cut.delay_seconds)
            if cut and cut.after_bytes == 0:
                return

    def _answers(self):
        while data := self.server.recv(1 << 16):
            if self.left is not None:
                data = data[:self.left]
                self.left -= len(data)
            self.client.sendall(data)
            if self.left == 0:
                return
