"""A private Spark Connect server for tests: own folders, own port, gone at exit."""
import atexit
import contextlib
import importlib.util
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from . import service
from .service import Service, ServiceAbsent

_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"

# Becomes spark-submit, and leaves behind a watcher that ends the process group and takes its folder away
# when the pipe on standard input closes: that happens even when the test program is killed.
_WATCHED = ('exec 3<&0; ( trap "" TERM; read _ <&3; rm -rf "$PWD"; kill -s KILL -- -$$ ) 2>/dev/null &'
            ' exec "$@" 3<&- </dev/null')


def _home():
    """The folder of the PyPI package pyspark, which holds a whole Spark."""
    found = importlib.util.find_spec("pyspark")
    if found is None:
        raise ServiceAbsent("Python package pyspark is not installed (tests/services/requirements.txt)")
    home = pathlib.Path(found.origin).parent
    if not list((home / "jars").glob("spark-connect_*.jar")):
        raise ServiceAbsent("this pyspark has no Spark Connect server; version 4 has")
    return home


class SparkServer(Service):
    """A running server as a context manager.

    `url` is a connection string, `port` its loopback port, `process` the one to look at or to stop,
    `folder` is the server's own and gone with it.
    """

    def __init__(self, token=None, master="local[2]", jars=(), **settings):
        """`token` is asked of every client. `master` `local-cluster[2,1,1024]` runs two executors of one core in
        processes of their own. `jars` are files that Spark has not. `settings` are further `spark.` settings, with
        `_` for `.` where a name has no underscore of its own: `spark_sql_shuffle_partitions=2`."""
        self._token = token
        self._master = master
        self._jars = [str(jar) for jar in jars]
        self._settings = {name.replace("_", "."): value for name, value in settings.items()}
        self.process = None
        self.folder = None
        self.port = None

    @property
    def url(self):
        return f"sc://127.0.0.1:{self.port}"

    def start(self):
        package = _home()
        if not shutil.which("java"):
            raise ServiceAbsent("Java is not installed (Debian: openjdk-17-jre-headless)")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lyceum-spark-"))
        atexit.register(self.stop)
        try:
            # Executors work below Spark's home, so that each server has its own.
            self._spark_home = self.folder / "home"
            self._spark_home.mkdir()
            for name in ("bin", "jars"):
                (self._spark_home / name).symlink_to(package / name)
            self._start_process()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        atexit.unregister(self.stop)
        if self.process is not None:
            self.kill()
            self.process.stdin.close()
            self.process = None
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self):
        """Ends it as a power cut would."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def start_again(self):
        """Starts it anew after kill(), on the same port and without its sessions."""
        self.process.stdin.close()
        self._start_process(self.port)

    def executors(self):
        """The ids of the processes of a `local-cluster` that run now."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if b"CoarseGrainedExecutorBackend" in (folder / "cmdline").read_bytes():
                    if os.getpgid(int(folder.name)) == self.process.pid:
                        found.append(int(folder.name))
        return sorted(found)

    def said(self):
        """What it wrote to its log."""
        return (self.folder / "log").read_text(errors="replace")

    def _confs(self):
        return {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": self.port,
            "spark.ui.enabled": "false",
            "spark.driver.memory": "2g",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.local.dir": self.folder / "local",
            "spark.sql.warehouse.dir": self.folder / "warehouse",
            "spark.sql.catalogImplementation": "in-memory",  # no Derby
            "spark.sql.shuffle.partitions": "2",
            **({"spark.jars": ",".join(self._jars)} if self._jars else {}),
            **self._settings,
        }

    def _environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
        own = {"SPARK_HOME": str(self._spark_home), "SPARK_LOCAL_IP": "127.0.0.1", "TZ": "UTC",
               "LC_ALL": "C.UTF-8"}  # else Java cannot open a file with an umlaut in its name
        if self._token:
            own["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = self._token
        return {**kept, **own}

    def _start_process(self, port=None):
        for attempt in range(5):
            self.port = port or service.free_port()
            confs = [part for name, value in self._confs().items() for part in ("--conf", f"{name}={value}")]
            with open(self.folder / "log", "wb") as log:
                self.process = subprocess.Popen(
                    ["/bin/sh", "-c", _WATCHED, "sh", str(self._spark_home / "bin" / "spark-submit"), "--class", _CLASS,
                     "--master", self._master, *confs], stdout=log, stderr=log, stdin=subprocess.PIPE, cwd=self.folder,
                    env=self._environment(), start_new_session=True)
            try:
                # It listens before it serves, so that the port alone says too little.
                service.wait_until(lambda: "Spark Connect server started" in self.said(), self.process, "Spark", 120)
                return
            except RuntimeError as error:
                self.kill()
                self.process.stdin.close()
                if "Failed to bind" not in self.said() or attempt == 4:
                    raise RuntimeError(f"{error}: {self.said()[-3000:]}") from None
