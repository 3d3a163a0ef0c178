"""One client's connection: reads its messages, has each statement judged, and lets PostgreSQL run it."""
import struct
import sys
import time
import traceback

from . import load, wire
from .backend import Backend, serialization_failure
from .faults import CONNECT
from .login import log_in
from .parquet import LoadError
from .reader import Name, OWN_SCHEMA
from .recognise import recognise
from .refusal import Refusal, unsound
from .statement import Statement
from .transaction import Transaction

# Statements that end or begin a transaction pass even when it has failed.
_ENDING = ("commit", "rollback")
MAX_PARAMETERS = 32767


class Cut(Exception):
    """An injected fault ends the connection."""


class Session:
    """Serves one connection in one thread. `double` is the RedshiftDouble that owns it."""

    def __init__(self, double, connection, number):
        self.double = double
        self.number = number
        self.client = wire.Stream(connection)
        self.backend: Backend | None = None
        self.transaction = Transaction()
        self.nondeterministic_update_fails = False
        self._prepared = {}  # name -> Statement or None
        self._portals = {}
        self._batch = []
        self._skipping = False
        self._had_failed = False

    def serve(self):
        politely = True
        try:
            for fault in self.double.faults.striking(CONNECT):
                fault.done.set()
                return
            self.backend = log_in(self.double, self.client)
            if self.backend is None:
                return
            while True:
                kind, payload = self.client.read()
                if kind == b"X":
                    return
                self._message(kind, payload)
        except Cut:
            politely = False
        except (wire.Disconnected, OSError):
            politely = False
        except Exception:  # a fault of the double itself: the test must see it
            politely = False
            traceback.print_exc(file=sys.stderr)
            self._tell_fatal(Refusal("XX000", "double: internal error, see the test's standard error"))
        finally:
            self.close(politely)

    def close(self, politely=False):
        self.client.close()
        if self.backend is not None:
            self.backend.close(politely)

    def _message(self, kind, payload):
        if kind == b"Q":
            self._query(_decoded(payload[:-1]))
        elif kind in (b"P", b"B", b"D", b"E", b"C"):
            if not self._skipping:
                self._batch.append((kind, payload))
        elif kind in (b"S", b"H"):
            self._run_batch(ends=kind == b"S")
        elif kind in (b"d", b"c", b"f"):
            pass  # the rest of a COPY that was refused
        else:
            self._fail(unsound(f"message {kind!r} of the protocol"))

    # Simple queries.

    def _query(self, sql):
        self.double.statements.append((self.number, sql))
        try:
            statement = self._judge(sql)
            if statement is None:
                self.client.send(wire.message(b"I") + wire.ready(self.backend.status))
                return
            faults = self._before(statement, sql)
            self._run(statement, faults)
        except Refusal as refusal:
            self._refuse(sql, refusal)

    def _judge(self, sql):
        """The recognised statement, or None for an empty one."""
        self._had_failed = self.backend.status == "E"
        statement = recognise(sql)
        if statement is None or self.backend.status == "E" and statement.kind not in _ENDING:
            if statement is not None:
                raise Refusal("25P02", "current transaction is aborted, commands ignored until end of transaction block")
            return None
        return statement

    def _before(self, statement: Statement, sql):
        """Checks the statement's place and lets faults strike; returns those that strike later."""
        inside = self.backend.status == "T"
        self.transaction.check(statement, inside)
        if statement.outside_block == "ALTER TABLE APPEND":
            raise Refusal("0A000", "double: ALTER TABLE APPEND is not imitated")
        later = []
        for fault in self.double.faults.striking(sql):
            if fault.kind in ("slow", "slow_copy"):
                time.sleep(fault.seconds)
            elif fault.kind in ("drop_before", "drop_before_commit"):
                fault.done.set()
                raise Cut
            elif fault.kind == "error":
                raise Refusal(fault.sqlstate, fault.message, fault.detail)
            elif fault.kind == "serialization_failure":
                fields = serialization_failure(str(statement.target or "table"))
                raise Refusal(fields["C"], fields["M"], fields["D"])
            else:
                later.append(fault)
                continue
            fault.done.set()
        for fault in later:
            if fault.kind == "delay_commit":
                self._delay_commit(fault)
        self._set_up(statement, inside)
        return later

    def _set_up(self, statement, inside):
        """What Redshift does of itself before a statement: locks, and the check for several matches."""
        query_id = self.double.next_query_id()
        if statement.locked:
            self._refuse_views(statement.locked)
        if statement.needs_query_id:
            self.backend.ask(f"SET {OWN_SCHEMA}.query_id = '{query_id - 1}'")
        if inside and self.transaction.needs_lock(statement):
            self.backend.ask(f"LOCK TABLE {statement.target.quoted()} IN SHARE ROW EXCLUSIVE MODE")
        if statement.ambiguity_query and self.nondeterministic_update_fails and not statement.parameters:
            if self.backend.ask(statement.ambiguity_query):
                raise Refusal("XX000", "Found multiple matches to update the same tuple.")

    def _refuse_views(self, names):
        """Looks from outside the transaction, whose snapshot must not be taken before LOCK."""
        for name in names:
            table = Name(name.schema or self.transaction.schema, name.name).quoted().replace("'", "''")
            if self.double.admin(f"SELECT 1 FROM pg_class WHERE oid = to_regclass('{table}') AND relkind = 'v'"):
                raise Refusal("42809", f'"{name.name}" is not a table')

    def _delay_commit(self, fault):
        """The client is cut off at once; what it sent is committed later all the same."""
        self.client.close()
        time.sleep(fault.seconds)
        self.backend.ask("COMMIT")
        fault.done.set()
        raise Cut

    def _run(self, statement, faults):
        if faults:  # drop_after and drop_after_commit: it happens, and the client never hears
            self.client.close()
            try:
                self._execute_alone(statement)
            finally:
                for fault in faults:
                    fault.done.set()
            raise Cut
        if statement.kind == "copy" or statement.kind == "truncate" and self.backend.status == "T":
            answer = self._execute_alone(statement)
            self.client.send(answer + wire.ready(self.backend.status))
            return
        sql, skipped = statement.sql, 0
        if self.backend.status == "I" and self.transaction.needs_lock(statement):
            # Several statements in one query are one transaction for PostgreSQL.
            sql = f"LOCK TABLE {statement.target.quoted()} IN SHARE ROW EXCLUSIVE MODE; {sql}"
            skipped = 1
        self.backend.stream.send(wire.query(sql))
        well = self.backend.relay(self.client, statement.tag, skipped, table=str(statement.target or "table"))
        self._after(statement, well)

    def _execute_alone(self, statement):
        """Runs a statement whose answer the double writes; returns that answer."""
        if statement.kind == "copy":
            answer = self._copy(statement)
        elif statement.kind == "truncate" and self.backend.status == "T":
            self.backend.ask(f"{statement.sql}; COMMIT")  # Redshift commits what came before, too
            answer = wire.command_complete(statement.tag)
        else:
            self.backend.ask(statement.sql)
            answer = wire.command_complete(statement.tag or statement.kind.upper())
        self._after(statement, True)
        return answer

    def _after(self, statement, well):
        if well:
            self.transaction.note(statement)
            if statement.kind == "set" and statement.setting[0] == "error_on_nondeterministic_update":
                self.nondeterministic_update_fails = statement.setting[1][0].lower() in ("on", "true")
        if self.backend.status == "I":
            # COMMIT of a failed transaction is a rollback.
            self.transaction.ended(committed=well and statement.kind != "rollback" and not self._had_failed)

    def _copy(self, statement):
        command, query_id = statement.copy, self.double.next_query_id()
        columns, table_id = load.table_columns(self.backend, command)
        self.backend.ask(f"SET {OWN_SCHEMA}.copy_id = '{query_id}'")
        started = load.now()
        try:
            ready_load = load.prepare(self.double.s3, command, columns, self.double.iam_roles, self.double.user_arn)
        except LoadError as error:
            self.double.record_load_error(query_id, self.backend, command, table_id, started, error)
            raise
        load.run(self.backend, ready_load)
        self.backend.ask(f"SET {OWN_SCHEMA}.copy_count = '{ready_load.rows}'")
        self.double.record_load(query_id, self.backend, command, started, ready_load)
        said = (f"Load into table '{command.table.name}' completed, {ready_load.rows} record(s) loaded "
                "successfully.")
        notice = wire.fields_message(b"N", {"S": "INFO", "C": "00000", "M": said})
        return notice + wire.command_complete("COPY")

    # Refusals.

    def _refuse(self, sql, refusal):
        self.double.refusals.append((self.number, sql, refusal.message))
        self._break_transaction(refusal)
        self.client.send(wire.fields_message(b"E", wire.error_fields(refusal)) + wire.ready(self.backend.status))

    def _break_transaction(self, refusal):
        """A failed statement kills the transaction on Redshift, so PostgreSQL's must fail too."""
        if self.backend.status != "T":
            return
        said = ", ".join("'" + part.replace("'", "''") + "'"
                         for part in (refusal.sqlstate, refusal.message, refusal.detail or ""))
        try:
            self.backend.ask(f"SELECT {OWN_SCHEMA}.refuse({said})")
        except Refusal:
            pass

    def _fail(self, refusal):
        self._tell_fatal(refusal)
        raise Cut

    def _tell_fatal(self, refusal):
        try:
            self.client.send(wire.fields_message(b"E", wire.error_fields(refusal, "FATAL")))
        except wire.Disconnected:
            pass

    # The extended protocol: messages are kept until Sync or Flush and judged together.

    def _run_batch(self, ends):
        batch, self._batch = self._batch, []
        try:
            if batch:
                self._run_messages(batch, ends)
            elif ends:
                self.client.send(wire.ready(self.backend.status))
        except Refusal as refusal:
            sql = next((_sql_of(payload) for kind, payload in batch if kind == b"P"), "")
            self.double.refusals.append((self.number, sql, refusal.message))
            self._break_transaction(refusal)
            self.client.send(wire.fields_message(b"E", wire.error_fields(refusal)))
            self._skipping = not ends
            if ends:
                self.client.send(wire.ready(self.backend.status))
        if ends:
            self._skipping = False

    def _run_messages(self, batch, ends):
        sent, executed = [], []
        for kind, payload in batch:
            if kind == b"P":
                payload = self._parse(payload)
            elif kind == b"B":
                self._bind(payload)
            elif kind == b"E":
                executed.append(self._portals.get(payload.split(b"\0", 1)[0]))
            sent.append(wire.message(kind, payload))
        statements = [statement for statement in executed if statement is not None]
        if len(statements) > 1:
            raise unsound("several statements between two Syncs")
        if not statements:
            self._forward(sent, ends)
            return
        statement, sql = statements[0]
        faults = self._before(statement, sql)
        if faults or statement.kind == "copy" or statement.kind == "truncate" and self.backend.status == "T":
            self._emulate(batch, statement, faults, ends)
            return
        well = self._forward(sent, ends, statement)
        self._after(statement, well)

    def _forward(self, sent, ends, statement=None):
        self.backend.stream.send(b"".join(sent) + wire.message(b"S" if ends else b"H"))
        tag = statement.tag if statement else None
        table = str(statement.target or "table") if statement else "table"
        return self.backend.relay(self.client, tag, answers=None if ends else len(sent), table=table)

    def _emulate(self, batch, statement, faults, ends):
        if faults:
            self._run(statement, faults)
        answers = {b"P": wire.message(b"1"), b"B": wire.message(b"2"), b"C": wire.message(b"3")}
        for kind, payload in batch:
            if kind == b"D":
                described = wire.message(b"t", struct.pack("!H", 0)) if payload[:1] == b"S" else b""
                self.client.send(described + wire.message(b"n"))
            elif kind == b"E":
                self.client.send(self._execute_alone(statement))
            else:
                self.client.send(answers[kind])
        if ends:
            self.client.send(wire.ready(self.backend.status))

    def _parse(self, payload):
        """Judges a Parse message and returns it in PostgreSQL's words."""
        name, sql, rest = payload.split(b"\0", 2)
        text = _decoded(sql)
        self.double.statements.append((self.number, text))
        statement = self._judge(text)
        if statement is not None and statement.parameters > MAX_PARAMETERS:
            raise Refusal("54000", f"a statement can have at most {MAX_PARAMETERS} parameters")
        self._prepared[name] = (statement, text) if statement else None
        if statement is None or statement.kind == "copy":
            return name + b"\0\0" + rest
        return name + b"\0" + statement.sql.encode() + b"\0" + rest

    def _bind(self, payload):
        portal, name, rest = payload.split(b"\0", 2)
        formats = struct.unpack_from("!H", rest)[0]
        at = 2 + 2 * formats
        if any(code for code, in struct.iter_unpack("!H", rest[2:at])):
            raise unsound("a parameter in binary form")
        self._portals[portal] = self._prepared.get(name)


def _decoded(sql):
    """The text of a statement; bytes that are no UTF-8 are kept as lone surrogates, which no token takes."""
    return sql.decode(errors="surrogateescape")


def _sql_of(payload):
    return payload.split(b"\0", 2)[1].decode(errors="replace")
