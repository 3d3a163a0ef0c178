-- Run once, as superuser, in the database behind the double. It gives PostgreSQL Redshift's functions
-- and system views, and changes how text compares and how long it may be.

CREATE SCHEMA redshift_double;

-- Errors of the double, raised here so that an open transaction fails with them.
CREATE FUNCTION redshift_double.refuse(state text, said text, explained text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF explained = '' THEN
    RAISE EXCEPTION USING errcode = state, message = said;
  END IF;
  RAISE EXCEPTION USING errcode = state, message = said, detail = explained;
END $$;

-- VARCHAR(n) means n bytes. PostgreSQL calls the cast of a type to itself to apply a length, so this
-- cast takes the place of its own: storing a longer value fails, CAST cuts it between characters.
CREATE FUNCTION redshift_double.longer(value varchar, size int, explicit boolean) RETURNS varchar
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  cut varchar := value;
BEGIN
  IF NOT explicit THEN
    RAISE EXCEPTION USING errcode = '22001', message = 'value too long for type character varying(' || size || ')';
  END IF;
  cut := left(cut, size);
  WHILE octet_length(cut) > size LOOP
    cut := left(cut, length(cut) - 1);
  END LOOP;
  RETURN cut;
END $$;
CREATE FUNCTION redshift_double.varchar_bytes(value varchar, modifier int, explicit boolean) RETURNS varchar
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN modifier >= 4 AND octet_length(value) > modifier - 4
              THEN redshift_double.longer(value, modifier - 4, explicit) ELSE value END
$$;
UPDATE pg_cast SET castfunc = 'redshift_double.varchar_bytes'::regproc
WHERE castsource = 'varchar'::regtype AND casttarget = 'varchar'::regtype;

-- Trailing blanks do not count when text is compared, grouped or joined. PostgreSQL has functions that
-- compare so, those of CHAR; text borrows them, for its operators, its hashes and its order.
UPDATE pg_operator AS o SET oprcode = b.oprcode FROM pg_operator AS b
WHERE o.oprleft = 'text'::regtype AND o.oprright = 'text'::regtype AND o.oprname IN ('=', '<>', '<', '>', '<=', '>=')
  AND b.oprleft = 'bpchar'::regtype AND b.oprright = 'bpchar'::regtype AND b.oprname = o.oprname;
UPDATE pg_amproc AS a SET amproc = b.amproc
FROM pg_amproc AS b, pg_opfamily AS fa, pg_opfamily AS fb
WHERE a.amproclefttype = 'text'::regtype AND a.amprocrighttype = 'text'::regtype AND fa.oid = a.amprocfamily
  AND b.amproclefttype = 'bpchar'::regtype AND b.amprocrighttype = 'bpchar'::regtype AND fb.oid = b.amprocfamily
  AND a.amprocnum = b.amprocnum AND fa.opfmethod = fb.opfmethod AND fa.opfname = 'text_ops'
  AND fb.opfname = 'bpchar_ops' AND fa.opfmethod IN (SELECT oid FROM pg_am WHERE amname IN ('btree', 'hash'));

-- AVG of integers is an integer, cut towards zero; AVG of decimals keeps their scale.
CREATE FUNCTION redshift_double.avg_integer_step(state numeric[], value bigint) RETURNS numeric[]
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT ARRAY[state[1] + 1, state[2] + value] $$;
CREATE FUNCTION redshift_double.avg_integer_end(state numeric[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN state[1] > 0 THEN div(state[2], state[1])::bigint END $$;
CREATE AGGREGATE redshift_double.avg(bigint) (
  sfunc = redshift_double.avg_integer_step, stype = numeric[], initcond = '{0,0}',
  finalfunc = redshift_double.avg_integer_end);
CREATE FUNCTION redshift_double.avg_small_end(state bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN state[1] > 0 THEN state[2] / state[1] END $$;
CREATE AGGREGATE redshift_double.avg(integer) (
  sfunc = int4_avg_accum, stype = bigint[], initcond = '{0,0}', finalfunc = redshift_double.avg_small_end);
CREATE AGGREGATE redshift_double.avg(smallint) (
  sfunc = int2_avg_accum, stype = bigint[], initcond = '{0,0}', finalfunc = redshift_double.avg_small_end);
CREATE FUNCTION redshift_double.avg_decimal_step(state numeric[], value numeric) RETURNS numeric[]
LANGUAGE sql IMMUTABLE STRICT AS
$$ SELECT ARRAY[state[1] + 1, state[2] + value, greatest(state[3], scale(value))] $$;
CREATE FUNCTION redshift_double.avg_decimal_end(state numeric[]) RETURNS numeric LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN state[1] > 0 THEN trunc(state[2] / state[1], state[3]::int) END $$;
CREATE AGGREGATE redshift_double.avg(numeric) (
  sfunc = redshift_double.avg_decimal_step, stype = numeric[], initcond = '{0,0,0}',
  finalfunc = redshift_double.avg_decimal_end);
CREATE AGGREGATE redshift_double.avg(double precision) (
  sfunc = float8_accum, stype = float8[], initcond = '{0,0,0}', finalfunc = float8_avg);

-- Text.
CREATE FUNCTION redshift_double.concat(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT a || b $$;
CREATE FUNCTION redshift_double.charindex(part text, whole text) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT strpos(whole, part) $$;
CREATE FUNCTION redshift_double.quote_literal(value text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT '''' || replace(replace(value, '\', '\\'), '''', '''''') || '''' $$;
CREATE FUNCTION redshift_double.sha2(value text, bits int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN bits IN (0, 256) THEN encode(sha256(convert_to(value, 'UTF8')), 'hex')
              WHEN bits = 224 THEN encode(sha224(convert_to(value, 'UTF8')), 'hex')
              WHEN bits = 384 THEN encode(sha384(convert_to(value, 'UTF8')), 'hex')
              WHEN bits = 512 THEN encode(sha512(convert_to(value, 'UTF8')), 'hex')
              WHEN value IS NOT NULL THEN '' END
$$;

-- Numbers: Redshift also takes digits with a double.
CREATE FUNCTION redshift_double.round(value numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.round(value) $$;
CREATE FUNCTION redshift_double.round(value numeric, digits int) RETURNS numeric LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.round(value, digits) $$;
CREATE FUNCTION redshift_double.round(value double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.round(value::numeric)::double precision $$;
CREATE FUNCTION redshift_double.round(value double precision, digits int) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$ SELECT pg_catalog.round(value::numeric, digits)::double precision $$;
CREATE FUNCTION redshift_double.trunc(value numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.trunc(value) $$;
CREATE FUNCTION redshift_double.trunc(value numeric, digits int) RETURNS numeric LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.trunc(value, digits) $$;
CREATE FUNCTION redshift_double.trunc(value double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.trunc(value) $$;
CREATE FUNCTION redshift_double.trunc(value timestamp) RETURNS date LANGUAGE sql IMMUTABLE AS
$$ SELECT value::date $$;

-- Dates. GETDATE() has no fraction of a second and is the statement's time, SYSDATE is the transaction's.
CREATE FUNCTION redshift_double.getdate() RETURNS timestamp LANGUAGE sql STABLE AS
$$ SELECT pg_catalog.date_trunc('second', statement_timestamp()::timestamp) $$;
CREATE FUNCTION redshift_double.transaction_date() RETURNS timestamp LANGUAGE sql STABLE AS
$$ SELECT transaction_timestamp()::timestamp $$;
CREATE FUNCTION redshift_double.date_trunc(part text, value timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.date_trunc(part, value) $$;
CREATE FUNCTION redshift_double.date_trunc(part text, value date) RETURNS timestamp LANGUAGE sql IMMUTABLE AS
$$ SELECT pg_catalog.date_trunc(part, value::timestamp) $$;
CREATE FUNCTION redshift_double.date_trunc(part text, value timestamptz) RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT pg_catalog.date_trunc(part, value) $$;
CREATE FUNCTION redshift_double.date_part(part text, value timestamp) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$ SELECT trunc(pg_catalog.date_part(part, value)) $$;
CREATE FUNCTION redshift_double.date_part(part text, value date) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$ SELECT trunc(pg_catalog.date_part(part, value::timestamp)) $$;
CREATE FUNCTION redshift_double.extract(part text, value timestamp) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT trunc(pg_catalog.date_part(part, value))::int $$;
CREATE FUNCTION redshift_double.extract(part text, value date) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT trunc(pg_catalog.date_part(part, value::timestamp))::int $$;
CREATE FUNCTION redshift_double.extract(part text, value timestamptz) RETURNS double precision LANGUAGE sql STABLE AS
$$ SELECT trunc(pg_catalog.date_part(part, value)) $$;
CREATE FUNCTION redshift_double.last_day(value timestamp) RETURNS date LANGUAGE sql IMMUTABLE AS
$$ SELECT (pg_catalog.date_trunc('month', value) + interval '1 month' - interval '1 day')::date $$;
CREATE FUNCTION redshift_double.dateadd(part text, amount bigint, value timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE AS $$
  SELECT value + amount * CASE part WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || part)::interval END
$$;
CREATE FUNCTION redshift_double.datediff(part text, earlier timestamp, later timestamp) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  a timestamp := pg_catalog.date_trunc(part, earlier);
  b timestamp := pg_catalog.date_trunc(part, later);
  months bigint := (extract(year FROM b) - extract(year FROM a)) * 12 + extract(month FROM b) - extract(month FROM a);
  micros numeric := extract(epoch FROM b - a) * 1000000;
BEGIN
  RETURN CASE part
    WHEN 'century' THEN months / 1200 WHEN 'decade' THEN months / 120 WHEN 'year' THEN months / 12
    WHEN 'quarter' THEN months / 3 WHEN 'month' THEN months WHEN 'week' THEN micros / 604800000000
    WHEN 'day' THEN micros / 86400000000 WHEN 'hour' THEN micros / 3600000000 WHEN 'minute' THEN micros / 60000000
    WHEN 'second' THEN micros / 1000000 WHEN 'millisecond' THEN micros / 1000 ELSE micros END;
END $$;
CREATE FUNCTION redshift_double.to_date(value text, format text, strict boolean) RETURNS date LANGUAGE plpgsql AS $$
BEGIN
  IF NOT strict THEN
    PERFORM redshift_double.refuse('0A000', 'double: to_date without is_strict is not imitated', '');
  END IF;
  RETURN pg_catalog.to_date(value, format);
END $$;
CREATE FUNCTION redshift_double.to_timestamp(value text, format text, strict boolean) RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
  IF NOT strict OR value = '' THEN
    PERFORM redshift_double.refuse('0A000', 'double: to_timestamp without is_strict, or of '''', is not imitated', '');
  END IF;
  RETURN pg_catalog.to_timestamp(value, format);
END $$;
CREATE FUNCTION redshift_double.convert_timezone(source text, target text, value timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE AS $$ SELECT (value AT TIME ZONE source) AT TIME ZONE target $$;
CREATE FUNCTION redshift_double.convert_timezone(target text, value timestamp) RETURNS timestamp
LANGUAGE sql IMMUTABLE AS $$ SELECT (value AT TIME ZONE 'UTC') AT TIME ZONE target $$;
CREATE FUNCTION redshift_double.convert_timezone(source text, target text, value timestamptz) RETURNS timestamp
LANGUAGE sql IMMUTABLE AS $$ SELECT value AT TIME ZONE target $$;

-- The session.
CREATE FUNCTION redshift_double.version() RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), '
      || 'Redshift 1.0.77467'
$$;
CREATE FUNCTION redshift_double.setting(name text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF name IN ('server_version', 'server_version_num') THEN
    RAISE EXCEPTION USING errcode = '42501', message = 'must be superuser to examine "' || name || '"';
  END IF;
  RETURN coalesce(pg_catalog.current_setting('redshift_double.' || name, true), pg_catalog.current_setting(name));
END $$;
CREATE FUNCTION redshift_double.last_copy_id() RETURNS int LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(pg_catalog.current_setting('redshift_double.copy_id', true), ''), '-1')::int $$;
CREATE FUNCTION redshift_double.last_copy_count() RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(pg_catalog.current_setting('redshift_double.copy_count', true), ''), '0')::bigint $$;
CREATE FUNCTION redshift_double.last_query_id() RETURNS int LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(pg_catalog.current_setting('redshift_double.query_id', true), ''), '-1')::int $$;

-- What COPY did. Written by the double over a connection of its own, so a rollback does not undo it.
CREATE TABLE redshift_double.load_errors (
  query_id bigint, session_id int, table_id bigint, table_name text, start_time timestamp, file_name text,
  line_number bigint, column_name text, column_type text, column_length text, position int, error_code int,
  error_message text);
CREATE TABLE redshift_double.loads (
  query_id bigint, session_id int, table_name text, start_time timestamp, end_time timestamp, file_name text,
  file_bytes bigint, rows bigint);

CREATE VIEW redshift_double.sys_load_error_detail AS
SELECT 100 AS user_id, query_id, query_id AS transaction_id, session_id, current_database()::text AS database_name,
  table_id, start_time, file_name, line_number, column_name, column_type, column_length, position, error_code,
  error_message FROM redshift_double.load_errors;
CREATE VIEW redshift_double.stl_load_errors AS
SELECT 100 AS userid, 0 AS slice, table_id AS tbl, start_time AS starttime, session_id AS session, query_id AS query,
  rpad(file_name, 256)::char(256) AS filename, line_number, rpad(column_name, 127)::char(127) AS colname,
  rpad(column_type, 10)::char(10) AS type, rpad(column_length, 10)::char(10) AS col_length, position,
  ''::char(1024) AS raw_line, ''::char(1024) AS raw_field_value, error_code AS err_code,
  rpad(error_message, 100)::char(100) AS err_reason, 0 AS is_partial, 0 AS start_offset
FROM redshift_double.load_errors;
CREATE VIEW redshift_double.stl_loaderror_detail AS
SELECT userid, slice, session, query, filename, line_number, 0 AS field, colname, err_reason AS value, 0 AS is_null,
  type, col_length FROM redshift_double.stl_load_errors;
CREATE VIEW redshift_double.stl_load_commits AS
SELECT 100 AS userid, query_id AS query, 0 AS slice, file_name AS filename, rows AS lines_scanned, end_time AS curtime,
  1 AS status FROM redshift_double.loads;
CREATE VIEW redshift_double.sys_load_history AS
SELECT 100 AS user_id, query_id, session_id, current_database()::text AS database_name, 'completed' AS status,
  table_name, min(start_time) AS start_time, max(end_time) AS end_time, sum(rows)::bigint AS loaded_rows,
  sum(file_bytes)::bigint AS loaded_bytes, count(*) AS source_file_count, 0::bigint AS error_count
FROM redshift_double.loads GROUP BY query_id, session_id, table_name;
CREATE VIEW redshift_double.svv_tables AS
SELECT current_database()::text AS table_catalog, n.nspname::text AS table_schema, c.relname::text AS table_name,
  CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'BASE TABLE' END AS table_type, NULL::text AS remarks
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v') AND n.nspname NOT IN ('redshift_double', 'pg_toast');
CREATE VIEW redshift_double.svv_columns AS
SELECT table_catalog::text, table_schema::text, table_name::text, column_name::text, ordinal_position::int,
  column_default::text, is_nullable::text, data_type::text, character_maximum_length::int, numeric_precision::int,
  numeric_scale::int, NULL::text AS remarks
FROM information_schema.columns WHERE table_schema <> 'redshift_double';
CREATE VIEW redshift_double.svv_redshift_tables AS
SELECT table_catalog AS database_name, table_schema AS schema_name, table_name, table_type, ''::text AS table_acl,
  remarks FROM redshift_double.svv_tables;
CREATE VIEW redshift_double.svv_all_tables AS SELECT * FROM redshift_double.svv_redshift_tables;
CREATE VIEW redshift_double.svv_redshift_columns AS
SELECT table_catalog AS database_name, table_schema AS schema_name, table_name, column_name, ordinal_position,
  data_type, column_default, is_nullable, 'none'::text AS encoding, false AS distkey, 0 AS sortkey,
  ''::text AS column_acl, remarks FROM redshift_double.svv_columns;
CREATE VIEW redshift_double.svv_all_columns AS
SELECT table_catalog AS database_name, table_schema AS schema_name, table_name, column_name, ordinal_position,
  column_default, is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale, remarks
FROM redshift_double.svv_columns;
CREATE VIEW redshift_double.svv_table_info AS
SELECT current_database()::text AS "database", n.nspname::text AS "schema", c.oid::bigint AS table_id,
  c.relname::text AS "table", 'Y'::text AS encoded, 'AUTO(ALL)'::text AS diststyle, 'AUTO(SORTKEY)'::text AS sortkey1,
  pg_relation_size(c.oid) / 1048576 AS size, greatest(c.reltuples, 0)::numeric(38,0) AS tbl_rows,
  0::numeric(5,2) AS unsorted, 0::numeric(5,2) AS stats_off
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT IN ('redshift_double', 'pg_catalog', 'information_schema');
CREATE VIEW redshift_double.pg_table_def AS
SELECT n.nspname::text AS schemaname, c.relname::text AS tablename, a.attname::text AS "column",
  format_type(a.atttypid, a.atttypmod) AS type, 'none'::text AS encoding, false AS distkey, 0 AS sortkey,
  a.attnotnull AS notnull
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND pg_table_is_visible(c.oid)
  AND n.nspname <> 'redshift_double';
CREATE VIEW redshift_double.stv_db_isolation_level AS
SELECT oid::int AS db_id, datname::text AS db_name, 1 AS isolation_level FROM pg_database;
CREATE VIEW redshift_double.svv_transactions AS
SELECT l.pid, l.virtualtransaction AS xid, l.mode AS lock_mode, 'relation'::text AS lockable_object_type,
  l.relation::int AS relation, l.granted FROM pg_locks AS l WHERE l.locktype = 'relation';

GRANT USAGE ON SCHEMA redshift_double TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA redshift_double TO PUBLIC;
