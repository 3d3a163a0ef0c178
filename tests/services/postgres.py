"""A private PostgreSQL 15 server for tests: own data folder, own socket, own port, gone at exit."""
import atexit
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from . import service
from .service import Service, ServiceAbsent

# Debian's place first: it is not on the PATH, on purpose.
_PLACES = ("/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin")

# Nothing of a test survives it, so nothing is ever written for safety. Autovacuum would take locks
# that tests of locking do not expect.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "deadlock_timeout": "200ms",
    "log_min_messages": "fatal",
    "listen_addresses": "127.0.0.1",
    "allow_system_table_mods": "on",  # the double of Redshift changes how text compares
}


def _binaries():
    for place in _PLACES:
        if os.access(f"{place}/postgres", os.X_OK):
            return pathlib.Path(place)
    found = shutil.which("postgres")
    if found and shutil.which("initdb"):
        return pathlib.Path(found).parent
    raise ServiceAbsent("PostgreSQL's server is not installed (Debian: postgresql-15)")


# Becomes PostgreSQL, and leaves behind a watcher that ends it when the pipe on standard input closes:
# that happens even when the test program is killed.
_WATCHED = 'exec 3<&0; ( read _ <&3; kill -QUIT $$ ) 2>/dev/null & exec "$@" 3<&- </dev/null'


class PostgresServer(Service):
    """A running server as a context manager.

    `url` is a libpq URL of database `postgres`, `port` its loopback port, `socket_directory` the folder
    of its unix socket (same port number). The superuser is `postgres`, without a password.
    """

    superuser = "postgres"

    def __init__(self, **settings):
        """`settings` are further server settings, as in postgresql.conf."""
        self._settings = {**_SETTINGS, **settings}
        self._process = None
        self._folder = None
        self.port = None

    @property
    def socket_directory(self):
        return str(self._folder)

    @property
    def url(self):
        return self.url_of("postgres")

    def url_of(self, database):
        return f"postgresql://{self.superuser}@127.0.0.1:{self.port}/{database}"

    def start(self):
        self._bin = _binaries()
        # A unix socket's path may have 107 bytes, so the folder stays short whatever TMPDIR says.
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="lyceum-pg-", dir="/tmp"))
        atexit.register(self.stop)
        try:
            self._become_user()
            self._run("initdb", "-D", self._data, "-U", self.superuser, "-A", "trust", "-E", "UTF8", "--no-locale",
                      "--no-sync", "--no-instructions")
            self._start_process()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        atexit.unregister(self.stop)
        if self._process is not None:
            self._process.stdin.close()
            service.end(self._process, signal.SIGQUIT)  # immediate: there is nothing to keep
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def create_database(self, name):
        """Creates an empty database and returns its URL."""
        self.execute("postgres", f'CREATE DATABASE "{name}"')
        return self.url_of(name)

    def execute(self, database, sql):
        """Runs SQL as the superuser through psql and returns what it printed, unaligned and without headers."""
        done = subprocess.run(
            [str(self._bin / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.socket_directory,
             "-p", str(self.port), "-U", self.superuser, "-d", database, "-f", "-"],
            input=sql, capture_output=True, text=True, check=False, env={**os.environ, "PGCLIENTENCODING": "UTF8"})
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return done.stdout

    @property
    def _data(self):
        return str(self._folder / "data")

    def _become_user(self):
        """Decides which user runs the server: PostgreSQL refuses to be root."""
        self._identity = {}
        if os.getuid() != 0:
            return
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            raise ServiceAbsent("there is no user 'postgres' to run the server as") from None
        os.chown(self._folder, user.pw_uid, user.pw_gid)
        self._identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _run(self, program, *arguments):
        done = subprocess.run([str(self._bin / program), *arguments], capture_output=True, text=True, check=False,
                              cwd=self._folder, env=self._environment(), **self._identity)
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr.strip()}")

    def _environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return {**kept, "LC_ALL": "C", "TZ": "UTC"}

    def _start_process(self):
        for attempt in range(5):
            self.port = service.free_port()
            settings = {**self._settings, "unix_socket_directories": self.socket_directory}
            arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            with open(self._folder / "log", "wb") as log:
                self._process = subprocess.Popen(
                    ["/bin/sh", "-c", _WATCHED, "sh", str(self._bin / "postgres"), "-D", self._data, "-p",
                     str(self.port), *arguments], stdout=log, stderr=log, stdin=subprocess.PIPE, cwd=self._folder,
                    env=self._environment(), start_new_session=True, **self._identity)
            try:
                service.wait_until(self._is_ready, self._process, "PostgreSQL")
                return
            except RuntimeError as error:
                self._process.stdin.close()
                said = (self._folder / "log").read_text(errors="replace")
                if "could not create any TCP/IP sockets" not in said or attempt == 4:
                    raise RuntimeError(f"{error}: {said}") from None

    def _is_ready(self):
        pid_file = self._folder / "data" / "postmaster.pid"
        try:
            lines = pid_file.read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"
