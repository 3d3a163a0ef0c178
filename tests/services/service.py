"""What all test servers share: finding a port, waiting until a server answers, and ending it."""
import socket
import subprocess
import time


class ServiceAbsent(Exception):
    """A server cannot run here because its software is not installed. Tests that need it are skipped."""


class Service:
    """A server that runs as long as a `with` block."""

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Starts it. Raises ServiceAbsent."""
        raise NotImplementedError

    def stop(self):
        """Ends it, however far it came."""
        raise NotImplementedError


def free_port():
    """A loopback port that nobody listens on. Somebody may take it before its user does, so callers retry."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(ready, process, what, timeout_seconds=30):
    """Waits until `ready()` is true. Raises RuntimeError if the process ends first or the time is over."""
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with code {process.returncode} while it started")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not answer within {timeout_seconds} seconds")
        time.sleep(0.02)


def answers(port):
    """Whether something listens on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end(process, ask, timeout_seconds=10):
    """Sends the signal `ask` and kills the process if it does not end in time."""
    if process.poll() is not None:
        return
    process.send_signal(ask)
    try:
        process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
