"""What the double refuses, as errors that travel to the client."""


class Refusal(Exception):
    """An error as Redshift would send it: SQLSTATE, text, and sometimes a detail.

    Messages that start with 'double:' are the double's own: Redshift might accept the statement, or
    accept it and do harm.
    """

    def __init__(self, sqlstate, message, detail=None):
        super().__init__(message)
        self.sqlstate = sqlstate
        self.message = message
        self.detail = detail


class NotImitated(Refusal):
    """The statement is good Redshift SQL, but the double cannot run it."""

    def __init__(self, what):
        super().__init__("0A000", f"double: {what} is not imitated")


def syntax_error(token):
    """`token` is the first one that does not fit; its kind is 'end' after the last."""
    if token.kind == "end":
        return Refusal("42601", "syntax error at end of input")
    return Refusal("42601", f'syntax error at or near "{token.source}"')


def unsupported(what):
    return Refusal("0A000", f"{what} is not supported")


def unsound(what):
    """Redshift would take it, and the loader must not send it."""
    return Refusal("0A000", f"double: {what}")
