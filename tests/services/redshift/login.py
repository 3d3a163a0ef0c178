"""The first messages of a connection: encryption, parameters, password."""
import hashlib
import os
import struct

from . import wire
from .backend import Backend
from .refusal import Refusal
from .settings import check_float_digits

# What a client may send when it connects, beside user and database. The last ones are the official
# drivers'.
_KNOWN = ("user", "database", "application_name", "client_encoding", "datestyle", "timezone", "extra_float_digits",
          "search_path", "options", "statement_timeout", "client_protocol_version", "driver_version", "os_version",
          "plugin_name", "query_group")
_REPORTED = {"server_version": "8.0.2", "server_encoding": "UNICODE", "client_encoding": "UNICODE",
             "DateStyle": "ISO, MDY", "integer_datetimes": "on", "is_superuser": "off", "TimeZone": "UTC"}
# Redshift prints doubles with 15 digits unless it is told otherwise.
_BACKEND_OPTIONS = "-c TimeZone=UTC -c DateStyle=ISO,MDY -c extra_float_digits=0 -c client_min_messages=notice"


def log_in(double, client):
    """Returns the backend of a client that is let in, None if it is sent away."""
    while True:
        code, body = client.read_startup()
        if code in (wire.SSL_REQUEST, wire.GSS_REQUEST):
            client.send(b"N")
        elif code == wire.CANCEL_REQUEST:
            _cancel(double, body)
            return None
        else:
            break
    try:
        if code != wire.PROTOCOL_3:
            raise Refusal("0A000", f"unsupported frontend protocol {code >> 16}.{code & 0xffff}")
        parameters = _parameters(body)
        _check_password(double, client, parameters["user"])
        backend = _connect(double, parameters)
    except Refusal as refusal:
        client.send(wire.fields_message(b"E", wire.error_fields(refusal, "FATAL")))
        return None
    answer = wire.message(b"R", struct.pack("!I", 0))
    reported = {**_REPORTED, "session_authorization": parameters["user"],
                "application_name": parameters.get("application_name", "")}
    answer += b"".join(wire.parameter_status(name, value) for name, value in reported.items())
    client.send(answer + wire.message(b"K", backend.key) + wire.ready("I"))
    return backend


def _cancel(double, body):
    try:
        stream = wire.connect_unix(double.backend_path)
    except OSError:
        return
    stream.send(struct.pack("!II", len(body) + 8, wire.CANCEL_REQUEST) + body)
    stream.close()


def _parameters(body):
    parts = body.split(b"\0")
    pairs = dict(zip((part.decode() for part in parts[0::2]), (part.decode() for part in parts[1::2])))
    parameters = {}
    for name, value in pairs.items():
        if not name:
            continue
        if name.lower() not in _KNOWN:
            raise Refusal("42704", f'unrecognized configuration parameter "{name}"')
        parameters[name.lower()] = value
    if "options" in parameters:
        _check_options(parameters.pop("options"))
    if parameters.get("client_encoding", "UTF8").strip("'").upper() not in ("UTF8", "UTF-8", "UNICODE"):
        raise Refusal("22023", f"conversion between {parameters['client_encoding']} and UNICODE is not supported")
    if "extra_float_digits" in parameters:
        check_float_digits(parameters["extra_float_digits"])
    if "user" not in parameters:
        raise Refusal("28000", "no PostgreSQL user name specified in startup packet")
    return parameters


def _check_options(options):
    if options.strip():
        raise Refusal("0A000", "double: options at connect are not imitated; use SET")


def _check_password(double, client, user):
    if double.authentication == "md5":
        salt = os.urandom(4)
        client.send(wire.message(b"R", struct.pack("!I", 5) + salt))
        inner = hashlib.md5((double.password + double.user).encode()).hexdigest()
        expected = "md5" + hashlib.md5(inner.encode() + salt).hexdigest()
    else:
        client.send(wire.message(b"R", struct.pack("!I", 3)))
        expected = double.password
    kind, payload = client.read()
    if kind != b"p" or payload[:-1].decode(errors="replace") != expected or user != double.user:
        double.failed_logins += 1
        raise Refusal("28000", f'password authentication failed for user "{user}"')


def _connect(double, parameters):
    database = parameters.get("database", parameters["user"])
    if database != double.database:
        raise Refusal("3D000", f'database "{database}" does not exist')
    options = _BACKEND_OPTIONS
    for name in ("statement_timeout", "extra_float_digits", "timezone", "search_path"):
        if name in parameters:
            options += " -c {}={}".format(name, parameters[name].replace("\\", "\\\\").replace(" ", "\\ "))
    return Backend(double.backend_path, {
        "user": double.user, "database": double.backend_database, "client_encoding": "UTF8",
        "application_name": parameters.get("application_name", ""), "options": options})
