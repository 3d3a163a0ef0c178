"""SET, RESET and SHOW, and the parameters of a connection."""
from .reader import OWN_SCHEMA, Reader
from .refusal import NotImitated, Refusal, unsound
from .statement import Statement

# Redshift's own parameters; PostgreSQL keeps them under a prefix. The value is the default.
OWN_PARAMETERS = {
    "query_group": "default",
    "error_on_nondeterministic_update": "off",
    "wlm_query_slot_count": "1",
    "enable_result_cache_for_session": "on",
    "analyze_threshold_percent": "10",
    "enable_case_sensitive_identifier": "off",
    "enable_vacuum_boost": "off",
    "json_serialization_enable": "off",
    "describe_field_name_in_uppercase": "off",
    "use_fips_ssl": "off",
}
# Parameters that both have. extra_float_digits goes no higher than 2 on Redshift.
_SHARED_PARAMETERS = ("search_path", "statement_timeout", "timezone", "datestyle", "client_encoding",
                      "application_name", "extra_float_digits")
_READ_ONLY = ("server_version", "server_encoding", "is_superuser", "session_authorization", "max_cursor_result_set_size")
_SWITCHES = {"on": "on", "true": "on", "off": "off", "false": "off"}
_BOOLEAN = tuple(name for name, value in OWN_PARAMETERS.items() if value in ("on", "off"))


def own_parameter(name):
    """The name under which PostgreSQL keeps one of Redshift's own parameters."""
    return f"{OWN_SCHEMA}.{name}"


def _unknown(name):
    return Refusal("42704", f'unrecognized configuration parameter "{name}"')


def _parameter(reader):
    """Reads a parameter's name and how PostgreSQL calls it."""
    start = reader.at
    if reader.token.kind != "word":
        reader.fail()
    name = reader.advance().value
    if name == "time" and reader.accept("zone"):
        name = "timezone"
    if reader.accept("."):
        # A namespace of the client's own, as for any PostgreSQL.
        name = f"{name}.{reader.name()}"
        return name, name
    reader.drop(start)
    if name in OWN_PARAMETERS:
        reader.replace(start, own_parameter(name))
        return name, own_parameter(name)
    if name in _SHARED_PARAMETERS:
        reader.replace(start, name)
        return name, name
    raise _unknown(name)


def read_set(reader: Reader):
    start = reader.at
    reader.expect("set")
    if reader.sees_any("transaction", "constraints"):
        reader.fail()
    if reader.sees("session", "authorization") or reader.sees("session", "characteristics"):
        raise NotImitated(f"SET SESSION {reader.ahead(1).value.upper()}")
    if reader.sees_any("seed", "role"):
        raise NotImitated(f"SET {reader.token.value.upper()}")
    reader.accept_any("session", "local")
    name, _ = _parameter(reader)
    if not (name == "timezone" and reader.tokens[reader.at - 1].value == "zone"):
        if not reader.accept("="):
            reader.expect("to")
    values_at = reader.at
    values = []
    while True:
        values.append(_value(reader))
        if not reader.accept(","):
            break
    reader.expect_end()
    if len(values) > 1 and name != "search_path":
        raise Refusal("22023", f"SET {name} takes only one argument")
    _check_value(name, values)
    if name in _BOOLEAN and values[0] != "default":
        reader.drop(values_at)
        reader.replace(values_at, f"'{_SWITCHES[values[0]]}'")
    elif name in OWN_PARAMETERS and reader.tokens[values_at].kind != "string" and values[0] != "default":
        reader.replace(values_at, f"'{values[0]}'")
    return Statement("set", reader.sql(start), setting=(name, values))


def _value(reader):
    negative = reader.accept("-")
    token = reader.advance()
    if token.kind not in ("word", "quoted", "string", "number"):
        reader.at -= 1
        reader.fail()
    return ("-" if negative else "") + token.value


def _check_value(name, values):
    value = values[0].lower()
    if value == "default":
        return
    if name in _BOOLEAN and value not in _SWITCHES:
        raise Refusal("22023", f'parameter "{name}" requires a Boolean value')
    if name == "enable_case_sensitive_identifier" and _SWITCHES[value] == "on":
        raise NotImitated("enable_case_sensitive_identifier")
    if name == "client_encoding" and value not in ("utf8", "utf-8", "unicode"):
        raise Refusal("22023", f'conversion between "{values[0]}" and UNICODE is not supported')
    if name == "extra_float_digits":
        check_float_digits(value)
    if name == "search_path" and any(part.lower() == OWN_SCHEMA for part in values):
        raise unsound(f"{OWN_SCHEMA} is the double's own")


def check_float_digits(value):
    try:
        good = -15 <= int(value) <= 2
    except ValueError:
        good = False
    if not good:
        raise Refusal("22023", f"{value} is outside the valid range for parameter \"extra_float_digits\" (-15 .. 2)")


def read_reset(reader: Reader):
    start = reader.at
    reader.expect("reset")
    if reader.accept("all"):
        reader.expect_end()
        raise NotImitated("RESET ALL")
    name, _ = _parameter(reader)
    reader.expect_end()
    return Statement("set", reader.sql(start), setting=(name, ["default"]))


def read_show(reader: Reader):
    reader.expect("show")
    if reader.sees_any("tables", "columns", "schemas", "databases", "table", "view", "grants", "parameters", "all"):
        raise NotImitated(f"SHOW {reader.token.value.upper()}")
    if reader.sees_any(*_READ_ONLY):
        name = reader.advance().value
        value = {"server_version": "'8.0.2'", "server_encoding": "'UNICODE'"}.get(name, f"current_setting('{name}')")
        reader.expect_end()
        return Statement("show", f"SELECT {value} AS {name}", tag="SHOW")
    name, kept = _parameter(reader)
    reader.expect_end()
    value = "'UNICODE'" if name == "client_encoding" else f"current_setting('{kept}')"
    return Statement("show", f'SELECT {value} AS "{name}"', tag="SHOW")
