"""Functions that Redshift has, and what PostgreSQL is asked to call for each.

A function that is not in the table does not exist. The numbers are the least and the greatest count of
arguments that Redshift takes; PostgreSQL checks the types.
"""
from dataclasses import dataclass

from .reader import OWN_SCHEMA
from .refusal import NotImitated, Refusal

ANY = 99


@dataclass(frozen=True)
class Function:
    least: int
    most: int
    call: str  # as PostgreSQL calls it
    aggregate: bool = False
    window: bool = False  # only with OVER
    part_first: bool = False  # the first argument is a date part, as a word or a string


def _own(name):
    return f"{OWN_SCHEMA}.{name}"


FUNCTIONS = {
    # aggregates
    "count": Function(0, 1, "count", aggregate=True),
    "sum": Function(1, 1, "sum", aggregate=True),
    "min": Function(1, 1, "min", aggregate=True),
    "max": Function(1, 1, "max", aggregate=True),
    # Redshift's average of integers is an integer, and that of decimals keeps their scale.
    "avg": Function(1, 1, _own("avg"), aggregate=True),
    "stddev": Function(1, 1, "stddev", aggregate=True),
    "stddev_samp": Function(1, 1, "stddev_samp", aggregate=True),
    "stddev_pop": Function(1, 1, "stddev_pop", aggregate=True),
    "variance": Function(1, 1, "variance", aggregate=True),
    "var_samp": Function(1, 1, "var_samp", aggregate=True),
    "var_pop": Function(1, 1, "var_pop", aggregate=True),
    "bool_and": Function(1, 1, "bool_and", aggregate=True),
    "bool_or": Function(1, 1, "bool_or", aggregate=True),
    "bit_and": Function(1, 1, "bit_and", aggregate=True),
    "bit_or": Function(1, 1, "bit_or", aggregate=True),
    "any_value": Function(1, 1, "min", aggregate=True),
    "listagg": Function(1, 2, "string_agg", aggregate=True),
    # windows
    "row_number": Function(0, 0, "row_number", window=True),
    "rank": Function(0, 0, "rank", window=True),
    "dense_rank": Function(0, 0, "dense_rank", window=True),
    "percent_rank": Function(0, 0, "percent_rank", window=True),
    "cume_dist": Function(0, 0, "cume_dist", window=True),
    "ntile": Function(1, 1, "ntile", window=True),
    "lag": Function(1, 2, "lag", window=True),
    "lead": Function(1, 2, "lead", window=True),
    "first_value": Function(1, 1, "first_value", window=True),
    "last_value": Function(1, 1, "last_value", window=True),
    "nth_value": Function(2, 2, "nth_value", window=True),
    # conditions
    "coalesce": Function(1, ANY, "coalesce"),
    "nvl": Function(1, ANY, "coalesce"),
    "nullif": Function(2, 2, "nullif"),
    "greatest": Function(1, ANY, "greatest"),
    "least": Function(1, ANY, "least"),
    # text
    "len": Function(1, 1, "length"),
    "length": Function(1, 1, "length"),
    "char_length": Function(1, 1, "length"),
    "character_length": Function(1, 1, "length"),
    "octet_length": Function(1, 1, "octet_length"),
    "lower": Function(1, 1, "lower"),
    "upper": Function(1, 1, "upper"),
    "initcap": Function(1, 1, "initcap"),
    "btrim": Function(1, 2, "btrim"),
    "ltrim": Function(1, 2, "ltrim"),
    "rtrim": Function(1, 2, "rtrim"),
    "lpad": Function(2, 3, "lpad"),
    "rpad": Function(2, 3, "rpad"),
    "left": Function(2, 2, "left"),
    "right": Function(2, 2, "right"),
    "substr": Function(2, 3, "substr"),
    "strpos": Function(2, 2, "strpos"),
    "charindex": Function(2, 2, _own("charindex")),
    "replace": Function(3, 3, "replace"),
    "translate": Function(3, 3, "translate"),
    "repeat": Function(2, 2, "repeat"),
    "replicate": Function(2, 2, "repeat"),
    "reverse": Function(1, 1, "reverse"),
    "split_part": Function(3, 3, "split_part"),
    "concat": Function(2, 2, _own("concat")),
    "chr": Function(1, 1, "chr"),
    "ascii": Function(1, 1, "ascii"),
    "quote_literal": Function(1, 1, _own("quote_literal")),
    "quote_ident": Function(1, 1, "quote_ident"),
    "md5": Function(1, 1, "md5"),
    "sha2": Function(2, 2, _own("sha2")),
    "to_hex": Function(1, 1, "to_hex"),
    # numbers
    "abs": Function(1, 1, "abs"),
    "ceil": Function(1, 1, "ceil"),
    "ceiling": Function(1, 1, "ceil"),
    "floor": Function(1, 1, "floor"),
    "round": Function(1, 2, _own("round")),
    "trunc": Function(1, 2, _own("trunc")),
    "mod": Function(2, 2, "mod"),
    "power": Function(2, 2, "power"),
    "pow": Function(2, 2, "power"),
    "sqrt": Function(1, 1, "sqrt"),
    "exp": Function(1, 1, "exp"),
    "ln": Function(1, 1, "ln"),
    "log": Function(1, 1, "log"),
    "sign": Function(1, 1, "sign"),
    "random": Function(0, 0, "random"),
    # dates; DATE_TRUNC of a date is a TIMESTAMP without zone
    "getdate": Function(0, 0, _own("getdate")),
    "dateadd": Function(3, 3, _own("dateadd"), part_first=True),
    "date_add": Function(3, 3, _own("dateadd"), part_first=True),
    "datediff": Function(3, 3, _own("datediff"), part_first=True),
    "date_diff": Function(3, 3, _own("datediff"), part_first=True),
    "date_trunc": Function(2, 2, _own("date_trunc"), part_first=True),
    "date_part": Function(2, 2, _own("date_part"), part_first=True),
    "datepart": Function(2, 2, _own("date_part"), part_first=True),
    "last_day": Function(1, 1, _own("last_day")),
    "to_char": Function(2, 2, "to_char"),
    "to_date": Function(2, 3, _own("to_date")),
    "to_timestamp": Function(2, 3, _own("to_timestamp")),
    "to_number": Function(2, 2, "to_number"),
    "convert_timezone": Function(2, 3, _own("convert_timezone")),
    # sessions and the catalog
    "version": Function(0, 0, _own("version")),
    "current_schema": Function(0, 0, "current_schema"),
    "current_database": Function(0, 0, "current_database"),
    "current_setting": Function(1, 1, _own("setting")),
    "pg_backend_pid": Function(0, 0, "pg_backend_pid"),
    "pg_last_copy_id": Function(0, 0, _own("last_copy_id")),
    "pg_last_copy_count": Function(0, 0, _own("last_copy_count")),
    "pg_last_query_id": Function(0, 0, _own("last_query_id")),
    "pg_get_userbyid": Function(1, 1, "pg_get_userbyid"),
    "has_schema_privilege": Function(2, 3, "has_schema_privilege"),
    "has_table_privilege": Function(2, 3, "has_table_privilege"),
    "has_database_privilege": Function(2, 3, "has_database_privilege"),
    "format_type": Function(2, 2, "format_type"),
    "pg_table_is_visible": Function(1, 1, "pg_table_is_visible"),
}

# An aggregate over a window that is ordered must say its frame.
NEEDS_FRAME = frozenset(name for name, function in FUNCTIONS.items() if function.aggregate) | {
    "first_value", "last_value", "nth_value"}

# These run on the leader node only: they work without a table and fail with one, so none is taken.
_LEADER_ONLY = frozenset("""
now current_timestamp current_time localtime localtimestamp isfinite age clock_timestamp statement_timestamp
transaction_timestamp timeofday generate_series generate_subscripts string_agg array_agg array_to_string
string_to_array encode decode_bytea convert_from convert_to overlay make_date make_timestamp to_ascii
pg_sleep pg_advisory_lock pg_advisory_xact_lock pg_try_advisory_lock txid_current unnest justify_days
get_bit set_bit get_byte set_byte set_masklen setseed width_bucket nextval currval setval lastval
""".split())

# These are taken, but a query that calls them may read the catalog only.
LEADER_FUNCTIONS = frozenset(("current_schema", "has_schema_privilege", "has_table_privilege", "has_database_privilege"))

# Real functions of Redshift that nothing here needs. TRY_CAST and the like are read elsewhere.
_NOT_IMITATED = frozenset("""
decode nvl2 json_parse json_serialize json_extract_path_text json_extract_array_element_text json_array_length
is_valid_json is_valid_json_array can_json_parse json_typeof regexp_count regexp_instr regexp_replace
regexp_substr func_sha1 sha1 sha checksum fnv_hash farmfingerprint64 strtol crc32 median percentile_cont
percentile_disc approximate ratio_to_report add_months months_between next_day date_cmp timestamp_cmp
timeofday trim_array array array_concat split_to_array get_array_length subarray to_varbyte from_hex from_varbyte
dexp dlog1 dlog10 cbrt degrees radians pi sin cos tan asin acos atan atan2 cot soundex difference bit_shift
char_to_integer textlen pg_get_late_binding_view_cols pg_get_cols pg_last_unload_id pg_last_unload_count
current_user_id user_is_member_of role_is_member_of object convert_timezone_ntz greatest_ignore_nulls
""".split())

DATE_PARTS = {}
for _words in ("century centuries c cent cents", "decade decades dec decs", "year years y yr yrs",
               "quarter quarters qtr qtrs", "month months mon mons", "week weeks w", "day days d",
               "hour hours h hr hrs", "minute minutes m min mins", "second seconds s sec secs",
               "millisecond milliseconds ms msec msecs msecond mseconds millisec millisecs millisecon",
               "microsecond microseconds microsec microsecs microsecond usecond useconds us usec usecs",
               "dow dayofweek dw weekday", "doy dayofyear dy yearday", "epoch", "timezone", "timezone_hour",
               "timezone_minute", "millennium millennia mil mils"):
    for _word in _words.split():
        DATE_PARTS.setdefault(_word, _words.split()[0])


def not_on_tables(detail):
    """What Redshift says when something of the leader node meets a user's table."""
    return Refusal("0A000", "Specified types or functions (one per INFO message) not supported on Redshift tables.", detail)


def find_function(name):
    """The function, or a Refusal like Redshift's."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if name in _NOT_IMITATED:
        raise NotImitated(f"function {name}")
    if name in _LEADER_ONLY:
        raise not_on_tables(f'Function "{name}" not supported.')
    raise Refusal("42883", f"function {name} does not exist")


def find_date_part(word):
    if word.lower() not in DATE_PARTS:
        raise Refusal("22023", f'timestamp units "{word}" not recognized')
    return DATE_PARTS[word.lower()]
