"""A connection to the PostgreSQL behind the double, and what is told to the client of its answers."""
import re

from . import wire
from .reader import OWN_SCHEMA
from .refusal import Refusal

# Messages that are passed on as they are, many at a time.
_PLAIN = frozenset(b"DT12nt3Is")
# What Redshift reports of itself while a session lasts; PostgreSQL reports more.
_REPORTED = ("client_encoding", "DateStyle", "TimeZone", "is_superuser", "session_authorization", "application_name")
# Fields of an error that PostgreSQL 8.0 does not have, or that tell of the double.
_HIDDEN_FIELDS = "VPpqWstcdnFLR"


def translated(fields, serialization_table="table"):
    """An error of PostgreSQL in Redshift's words."""
    fields = {code: value for code, value in fields.items() if code not in _HIDDEN_FIELDS}
    state, said = fields.get("C", ""), fields.get("M", "").replace(f"{OWN_SCHEMA}.", "")
    if state == "40001":
        return serialization_failure(serialization_table)
    if state == "57014" and "user request" in said:
        said = "Query cancelled on user's request"
    if state == "21000" and said.startswith("MERGE command cannot affect row a second time"):
        return {"S": "ERROR", "C": "XX000", "M": "Found multiple matches to update the same tuple."}
    if state == "23502":
        column = re.search(r'in column "([^"]+)"', said)
        said = f"Cannot insert a NULL value into column {column.group(1) if column else '?'}"
        fields.pop("D", None)
    fields["M"] = said
    return fields


def serialization_failure(table):
    return {"S": "ERROR", "C": "XX000", "M": "1023",
            "D": f"Serializable isolation violation on table - {table}, transactions forming the cycle are: "
                 "1001, 1002 (pid:1)"}


class Backend:
    """One connection. `status` is the transaction's: I outside, T inside, E failed."""

    def __init__(self, socket_path, parameters):
        self.stream = wire.connect_unix(socket_path)
        self.status = "I"
        self.key = b""
        self.reported = {}
        self.stream.send(wire.startup_message(parameters))
        while True:
            kind, payload = self.stream.read()
            if kind == b"E":
                fields = wire.read_fields(payload)
                raise Refusal(fields.get("C", "XX000"), fields.get("M", "no connection"))
            if kind == b"K":
                self.key = payload
            elif kind == b"S":
                name, value = payload.split(b"\0")[:2]
                self.reported[name.decode()] = value.decode()
            elif kind == b"Z":
                return

    def close(self, politely=True):
        if politely:
            try:
                self.stream.send(wire.message(b"X"))
            except wire.Disconnected:
                pass
        self.stream.close()

    def ask(self, sql):
        """Runs SQL for the double itself and returns its rows. Raises Refusal with PostgreSQL's error."""
        self.stream.send(wire.query(sql))
        return self.finish()

    def finish(self):
        """Reads the answer to a query up to its end."""
        rows, failure = [], None
        while True:
            kind, payload = self.stream.read()
            if kind == b"D":
                rows.append(wire.row_values(payload))
            elif kind == b"E":
                fields = translated(wire.read_fields(payload))
                failure = Refusal(fields["C"], fields["M"], fields.get("D"))
            elif kind == b"Z":
                self.status = payload.decode()
                if failure:
                    raise failure
                return rows

    def relay(self, client, tag=None, skip_completions=0, answers=None, table="table"):
        """Passes answers on to the client until the backend is ready; returns whether all went well.

        `tag` replaces the command tag, the first `skip_completions` tags are kept back. With `answers`,
        it stops after that many answers of the extended protocol instead.
        """
        stream, well = self.stream, True
        while True:
            data, size = stream.buffer, len(stream.buffer)
            start = at = 0
            out = []
            done = False
            while size - at >= 5 and not done:
                kind = data[at]
                end = at + 1 + int.from_bytes(data[at + 1:at + 5], "big")
                if end > size:
                    break
                if kind in _PLAIN:
                    if answers is not None and kind in b"12n3Is" or (answers is not None and kind == 84):
                        answers -= 1
                        done = answers == 0
                    at = end
                    continue
                out.append(data[start:at])
                payload = data[at + 5:end]
                start = at = end
                if kind == 67:  # C
                    if skip_completions:
                        skip_completions -= 1
                        continue
                    out.append(wire.command_complete(tag) if tag else data[end - len(payload) - 5:end])
                    if answers is not None:
                        answers -= 1
                        done = answers == 0
                elif kind == 69:  # E
                    well = False
                    out.append(wire.fields_message(b"E", translated(wire.read_fields(payload), table)))
                    done = answers is not None
                elif kind == 90:  # Z
                    self.status = payload.decode()
                    out.append(wire.ready(self.status))
                    done = True
                elif kind == 83:  # S
                    out.append(_report(payload))
                elif kind == 78:  # N
                    out.append(wire.fields_message(b"N", translated(wire.read_fields(payload))))
            out.append(data[start:at])
            stream.buffer = data[at:]
            joined = b"".join(out)
            if joined:
                client.send(joined)
            if done:
                return well
            stream.fill()


def _report(payload):
    name, value = (part.decode() for part in payload.split(b"\0")[:2])
    if name not in _REPORTED:
        return b""
    return wire.parameter_status(name, "UNICODE" if name == "client_encoding" else value)
