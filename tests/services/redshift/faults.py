"""Faults that a test asks for, and when they strike."""
import re
import threading
from dataclasses import dataclass, field

KINDS = {
    "error": "answers the statement with an error, in place of running it",
    "serialization_failure": "answers the statement with 1023, as after a conflict",
    "drop_before": "cuts the connection before the statement runs",
    "drop_after": "runs the statement, then cuts the connection before its answer",
    "drop_before_commit": "cuts the connection when COMMIT comes; nothing is committed",
    "drop_after_commit": "commits, then cuts the connection: the client never hears",
    "delay_commit": "cuts the connection when COMMIT comes, and commits `seconds` later",
    "slow_copy": "lets COPY take `seconds` longer",
    "drop_connect": "cuts a new connection before it is let in",
    "slow": "lets the statement take `seconds` longer",
}
# Stands for a new connection where a statement is expected.
CONNECT = "<connect>"
_ON_COMMIT = ("drop_before_commit", "drop_after_commit", "delay_commit")


@dataclass
class Fault:
    """A fault that strikes `times` times, first at the n-th statement that matches.

    `matching` is a regular expression, searched in the statement with its space made single and its
    case ignored. `fired` counts the strikes; `done` is set after each.
    """

    kind: str
    matching: str = ""
    nth: int = 1
    times: int = 1
    seconds: float = 0.0
    sqlstate: str = "XX000"
    message: str = "double: an injected error"
    detail: str | None = None
    fired: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    _seen: int = 0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"no fault is called '{self.kind}'; there are {', '.join(KINDS)}")
        if self.kind in _ON_COMMIT and not self.matching:
            self.matching = r"^(commit|end)\b"
        if self.kind == "slow_copy" and not self.matching:
            self.matching = r"^copy\b"
        if self.kind == "drop_connect":
            self.matching = f"^{re.escape(CONNECT)}$"

    def strikes(self, sql):
        """Counts the statement if it matches and says whether the fault strikes at it."""
        if self.fired >= self.times or not re.search(self.matching, " ".join(sql.split()), re.IGNORECASE):
            return False
        self._seen += 1
        if self._seen < self.nth:
            return False
        self.fired += 1
        return True


class Faults:
    """All faults of a double; safe to use from many threads."""

    def __init__(self):
        self._faults = []
        self._lock = threading.Lock()

    def add(self, kind, **options):
        fault = Fault(kind, **options)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self):
        with self._lock:
            self._faults.clear()

    def striking(self, sql):
        """The faults that strike at this statement."""
        with self._lock:
            return [fault for fault in self._faults if fault.strikes(sql)]
