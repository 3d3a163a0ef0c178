"""Follows one session's transaction: which tables it wrote, and how Redshift would lock them.

INSERT and COPY share a table's lock; UPDATE, DELETE, MERGE and DDL need it alone. A transaction that
takes the shared lock first and the exclusive one later deadlocks with its like (AWS: "Potential deadlock
situation for concurrent write transactions"), so the double refuses it even when nobody else is there.
"""
from .reader import Name
from .refusal import Refusal, unsound
from .statement import Statement


class Transaction:
    """REQUIRES: `ended` is called whenever the session is outside a transaction again."""

    def __init__(self):
        self.schema = "public"
        self._temporary = set()
        self._start()

    def _start(self):
        self._shared = set()
        self._exclusive = set()
        self._created = set()
        self._new_temporary = set()
        self._gone_temporary = set()

    def ended(self, committed):
        if committed:
            self._temporary |= self._new_temporary
            self._temporary -= self._gone_temporary
        self._start()

    def is_temporary(self, name):
        return name is not None and self._resolve(name).schema == "pg_temp"

    def check(self, statement: Statement, inside):
        """Raises Refusal if the statement may not follow what the transaction did so far."""
        if inside and statement.outside_block:
            raise Refusal("25001", f"{statement.outside_block} cannot run inside a transaction block")
        if not inside or statement.effect != "exclusive":
            return
        for name in statement.dropped or [statement.target]:
            table = self._resolve(name)
            if table in self._shared - self._exclusive - self._created and table.schema != "pg_temp":
                raise unsound(f"{statement.kind} on '{name}' after INSERT or COPY into it in one transaction "
                              "deadlocks with another loader; change rows before inserting")

    def needs_lock(self, statement: Statement):
        """Whether the statement takes Redshift's exclusive lock and the transaction has it not yet."""
        if statement.kind not in ("update", "delete", "merge"):
            return False
        table = self._resolve(statement.target)
        return table.schema != "pg_temp" and table not in self._exclusive and table not in self._created

    def note(self, statement: Statement):
        """Remembers a statement that went well."""
        if statement.kind == "set" and statement.setting[0] == "search_path":
            first = statement.setting[1][0].split(",")[0].strip().strip('"')
            self.schema = "public" if first in ("default", "$user", "") else first
        for name in statement.locked:
            self._exclusive.add(self._resolve(name))
        for name in statement.dropped:
            table = self._resolve(name)
            if table.schema == "pg_temp":
                self._gone_temporary.add(table.name)
                self._new_temporary.discard(table.name)
        if statement.target is None:
            return
        if statement.effect == "created":
            self._note_created(statement)
            return
        table = self._resolve(statement.target)
        if statement.effect == "shared":
            self._shared.add(table)
        elif statement.effect == "exclusive":
            self._exclusive.add(table)
        if statement.renamed_to:
            self._note_renamed(table, statement.renamed_to)

    def _note_created(self, statement):
        if statement.temporary:
            self._new_temporary.add(statement.target.name)
            self._gone_temporary.discard(statement.target.name)
        else:
            self._created.add(self._resolve(statement.target))

    def _note_renamed(self, table, new):
        if table.schema == "pg_temp":
            self._gone_temporary.add(table.name)
            self._new_temporary.add(new.name)
            return
        renamed = Name(table.schema, new.name)
        for tables in (self._shared, self._exclusive, self._created):
            if table in tables:
                tables.add(renamed)

    def _resolve(self, name):
        known = (self._temporary | self._new_temporary) - self._gone_temporary
        if name.schema in (None, "pg_temp") and name.name in known:
            return Name("pg_temp", name.name)
        return Name(name.schema or self.schema, name.name)
