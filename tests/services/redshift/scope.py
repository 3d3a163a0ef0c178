"""Finds correlation: a column in a subquery that belongs to a query around it.

Redshift turns correlated subqueries into joins and refuses those that it cannot (AWS: "Correlated
subquery patterns that are not supported"). Only qualified columns are seen, so a loader that wants to be
checked qualifies them.
"""
from .refusal import Refusal

_REFUSED = "This type of correlated subquery pattern is not supported yet"


class Scope:
    """The tables of one SELECT, or of a statement that changes rows, and the columns named in it."""

    def __init__(self, parent, in_outer_join=False):
        self.parent = parent
        self._in_outer_join = in_outer_join
        self._visible = set()
        self._pending = []  # (qualifier, how many SELECTs up)
        self.has_window = False

    def add_table(self, name, alias=None):
        if alias:
            self._visible.add((alias,))
        else:
            self._visible.add((name.name,))
            if name.schema:
                self._visible.add((name.schema, name.name))

    def add_column(self, qualifier):
        self._pending.append((qualifier, 0))

    def close(self):
        """Judges the columns now that all tables are known; what is not found here is looked for around it."""
        outside = [(qualifier, levels) for qualifier, levels in self._pending if qualifier not in self._visible]
        for qualifier, levels in self._pending:
            if qualifier in self._visible and levels > 1:
                raise Refusal("0A000", _REFUSED, f'"{".".join(qualifier)}" skips a query block')
        if not outside or self.parent is None:
            return
        if self.has_window:
            raise Refusal("0A000", _REFUSED, "a correlated subquery holds a window function")
        if self._in_outer_join:
            raise Refusal("0A000", _REFUSED, "a correlated subquery stands in the ON clause of an outer join")
        self.parent._pending += [(qualifier, levels + 1) for qualifier, levels in outside]
