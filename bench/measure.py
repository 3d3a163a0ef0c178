"""Runs a command and tells how long it took and how much memory it had, children included."""
import os
import pathlib
import subprocess
import threading
import time


def tree(pid):
    """The process and all its descendants."""
    found, todo = [], [pid]
    while todo:
        current = todo.pop()
        found.append(current)
        for task in pathlib.Path(f"/proc/{current}/task").glob("*/children"):
            try:
                todo += [int(child) for child in task.read_text().split()]
            except OSError:
                pass
    return found


class Peak(threading.Thread):
    """Samples the memory of a process tree until told to stop."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.done, self.most = pid, threading.Event(), {}

    def run(self):
        while not self.done.wait(0.02):
            for pid in tree(self.pid):
                try:
                    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                        if line.startswith("VmHWM:"):
                            self.most[pid] = int(line.split()[1])
                except OSError:
                    pass

    def mebibytes(self):
        self.done.set()
        self.join()
        return sum(self.most.values()) / 1024


class Run:
    """One finished command: seconds, peak memory in MiB, what it printed."""

    def __init__(self, arguments, **options):
        start = time.monotonic()
        process = subprocess.Popen([str(argument) for argument in arguments], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, **options)
        peak = Peak(process.pid)
        peak.start()
        self.output, _ = process.communicate()
        self.seconds = time.monotonic() - start
        self.mebibytes = peak.mebibytes()
        if process.returncode not in (0, 2):
            raise SystemExit(f"{' '.join(map(str, arguments))}\n{self.output}")
        # A contender whose start does not count says itself how long it worked.
        for line in self.output.splitlines():
            if line.startswith("work "):
                self.seconds = float(line.split()[1])


def settle():
    """Lets what others wrote reach the disk, so that it does not count for the next one."""
    os.sync()
    time.sleep(0.5)
