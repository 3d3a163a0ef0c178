"""A statement that the double has understood."""
from dataclasses import dataclass, field

from .reader import Name


@dataclass
class Statement:
    """What is to be done for one statement of the client.

    `kind` names it. `sql` is what PostgreSQL is sent, None if the session does it in its own way.
    """

    kind: str
    sql: str | None = None
    # Replaces the command tag of PostgreSQL's answer.
    tag: str | None = None
    # The table that changes, and how: "shared" for INSERT and COPY, "exclusive" for what takes
    # Redshift's exclusive lock, "created" for a new table. `temporary`: it is a temporary one.
    target: Name | None = None
    effect: str | None = None
    temporary: bool = False
    # Tables that LOCK names.
    locked: list[Name] = field(default_factory=list)
    # Tables that are gone after it.
    dropped: list[Name] = field(default_factory=list)
    renamed_to: Name | None = None
    # Redshift refuses it between BEGIN and COMMIT; this is its name in the error.
    outside_block: str | None = None
    # Numbers of the greatest parameter, 0 for none.
    parameters: int = 0
    # A query that finds a target row with several matches, for UPDATE ... FROM.
    ambiguity_query: str | None = None
    # It asks for PG_LAST_QUERY_ID().
    needs_query_id: bool = False
    # COPY's own description; (name, value) of SET.
    copy: object = None
    setting: tuple | None = None
